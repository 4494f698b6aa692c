//! Lines of a file as bytes, none of them longer than a row may be.

use std::io;

use parasol_api::limits::IMPORT_ROW_BYTES_MAX;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// What some programs write in front of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Its bytes, without the end of the line.
    Whole(Vec<u8>),
    /// It is longer than a row may be, and was read over.
    TooLong,
}

/// Reads lines, counting from 1. Blank ones are read over.
pub(super) struct Lines<R> {
    reader: R,
    number: u64,
    bytes: u64,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, number: 0, bytes: 0 }
    }

    /// How many bytes were read so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes
    }

    /// The next line that is not blank, with its number.
    pub async fn next(&mut self) -> io::Result<Option<(u64, Line)>> {
        while let Some(line) = self.any().await? {
            match line {
                Line::Whole(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => {}
                line => return Ok(Some((self.number, line))),
            }
        }
        Ok(None)
    }

    async fn any(&mut self) -> io::Result<Option<Line>> {
        let (mut line, mut too_long, mut begun) = (Vec::new(), false, false);
        loop {
            let buffer = self.reader.fill_buf().await?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let part = &buffer[..end.unwrap_or(buffer.len())];
            // A carriage return at the end does not count, so one byte more is kept until then.
            too_long |= line.len() + part.len() > IMPORT_ROW_BYTES_MAX + 1;
            if too_long {
                line.clear();
            } else {
                line.extend_from_slice(part);
            }
            let ended = end.is_some() || buffer.is_empty();
            let read = part.len() + usize::from(end.is_some());
            begun |= read > 0;
            self.reader.consume(read);
            self.bytes += read as u64;
            if ended {
                return Ok(begun.then(|| self.finish(line, too_long)));
            }
        }
    }

    fn finish(&mut self, mut line: Vec<u8>, too_long: bool) -> Line {
        self.number += 1;
        if line.ends_with(b"\r") {
            line.pop();
        }
        if self.number == 1 && line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        if too_long || line.len() > IMPORT_ROW_BYTES_MAX {
            Line::TooLong
        } else {
            Line::Whole(line)
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::BufReader;

    use super::*;

    /// Read through a buffer of seven bytes, so that every line crosses its edge.
    async fn read(bytes: &[u8]) -> Vec<(u64, Line)> {
        let mut lines = Lines::new(BufReader::with_capacity(7, bytes));
        let mut all = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            all.push(line);
        }
        assert_eq!(lines.bytes_read(), bytes.len() as u64);
        all
    }

    fn whole(number: u64, text: &str) -> (u64, Line) {
        (number, Line::Whole(text.as_bytes().to_vec()))
    }

    #[tokio::test]
    async fn lines_end_as_files_of_every_system_end_them() {
        assert_eq!(read(b"").await, []);
        assert_eq!(read(b"one").await, [whole(1, "one")]);
        assert_eq!(read(b"one\n").await, [whole(1, "one")]);
        let dos = "\u{feff}first line\r\nsecond line\r\n";
        assert_eq!(read(dos.as_bytes()).await, [whole(1, "first line"), whole(2, "second line")]);
        assert_eq!(read(b"one\n\n \t\ntwo\n\n").await, [whole(1, "one"), whole(4, "two")]);
    }

    #[tokio::test]
    async fn a_line_over_the_limit_is_read_over_and_the_next_one_is_read() {
        let longest = "x".repeat(IMPORT_ROW_BYTES_MAX);
        let text = format!("{longest}\r\n{longest}y\n{}\nlast", "z".repeat(1 << 20));
        let all = read(text.as_bytes()).await;
        assert_eq!(all[0], whole(1, &longest));
        assert_eq!(all[1..], [(2, Line::TooLong), (3, Line::TooLong), whole(4, "last")]);
    }
}
