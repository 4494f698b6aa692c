//! A film, looked through from outside: its boxes are walked, never its frames.
//!
//! Runs in the child process. A film is kept as it came, except that the boxes of an MP4, and the elements of a
//! WebM, in which cameras write where they were are overwritten: they become free space of the same length, so that
//! nothing else moves. A file whose boxes do not add up to its length is refused, and with it whatever hides behind
//! a film. Positions written between the frames, as some action cameras do, are not found.

use std::io::{Read, Seek, SeekFrom, Write};

use crate::fault::Fault;
use crate::kind::Kind;
use crate::webm;

/// Boxes of a film that are looked at; real ones have a few hundred.
const BOXES_MAX: usize = 20_000;
/// How deep boxes may lie in each other.
const DEPTH_MAX: usize = 6;
/// Bytes copied at a time.
const CHUNK: usize = 64 * 1024;

/// Boxes that hold boxes on the way to what is overwritten.
const HOLDERS: [&[u8; 4]; 5] = [b"moov", b"trak", b"mdia", b"moof", b"traf"];
/// Boxes that hold what a camera says about itself: user data, metadata, extensions.
const TALKERS: [&[u8; 4]; 3] = [b"udta", b"meta", b"uuid"];

/// What a walk found.
#[derive(Default)]
struct Walk {
    boxes: usize,
    has_movie: bool,
    has_frames: bool,
    /// Width and height of the first picture track.
    size: Option<(u32, u32)>,
    /// What is overwritten.
    silenced: Vec<Silence>,
}

/// A stretch of a film that is overwritten: by its head, and then by zeros.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Silence {
    /// Where it begins.
    pub begin: u64,
    /// Where it ends.
    pub end: u64,
    /// What stands at its beginning afterwards.
    pub head: Vec<u8>,
}

/// Copies a film and answers its width and height in dots, 0 where it does not say.
///
/// # Errors
/// [`Fault::Unreadable`] for a container that does not add up; [`Fault::Store`] when `to` cannot be written.
pub(crate) fn copy(
    kind: Kind,
    mut from: impl Read + Seek,
    to: impl Write,
) -> Result<(u32, u32), Fault> {
    let length = from.seek(SeekFrom::End(0)).map_err(Fault::store)?;
    let mut walk = Walk::default();
    if kind == Kind::Webm {
        walk.silenced = webm::walk(&mut from, length)?;
    } else {
        walk_boxes(&mut from, 0, length, 0, &mut walk)?;
        if !walk.has_movie || !walk.has_frames {
            return Err(Fault::unreadable("the film has no movie in it"));
        }
    }
    from.seek(SeekFrom::Start(0)).map_err(Fault::store)?;
    copy_silenced(from, to, &walk.silenced)?;
    Ok(walk.size.unwrap_or_default())
}

fn walk_boxes(
    from: &mut (impl Read + Seek),
    begin: u64,
    end: u64,
    depth: usize,
    walk: &mut Walk,
) -> Result<(), Fault> {
    let odd = || Fault::unreadable("the boxes of the film do not add up");
    let mut at = begin;
    while at < end {
        walk.boxes += 1;
        if walk.boxes > BOXES_MAX {
            return Err(Fault::unreadable(format!("the film has more than {BOXES_MAX} boxes")));
        }
        let (name, head, length) = read_head(from, at, end)?;
        let next = at.checked_add(length).filter(|next| *next <= end).ok_or_else(odd)?;
        if length < head || !name.iter().all(|byte| (b' '..0x7F).contains(byte) || *byte == 0xA9) {
            return Err(odd());
        }
        walk.has_movie |= &name == b"moov";
        walk.has_frames |= matches!(&name, b"mdat" | b"moof");
        if TALKERS.contains(&&name) {
            // The length stays, the name becomes that of free space.
            walk.silenced.push(Silence { begin: at + 4, end: next, head: b"free".to_vec() });
        } else if HOLDERS.contains(&&name) && depth < DEPTH_MAX {
            walk_boxes(from, at + head, next, depth + 1, walk)?;
        } else if &name == b"tkhd" && length >= head + 8 {
            let size = size_of_track(from, next)?;
            walk.size = walk.size.or(size);
        }
        at = next;
    }
    Ok(())
}

/// The name of a box, the length of its head and its own.
fn read_head(
    from: &mut (impl Read + Seek),
    at: u64,
    end: u64,
) -> Result<([u8; 4], u64, u64), Fault> {
    let mut head = [0; 8];
    from.seek(SeekFrom::Start(at)).map_err(Fault::store)?;
    from.read_exact(&mut head).map_err(|_| Fault::unreadable("the film ends within a box"))?;
    let [a, b, c, d, name @ ..] = head;
    match u32::from_be_bytes([a, b, c, d]) {
        // To the end of what holds it.
        0 => Ok((name, 8, end - at)),
        1 => {
            let mut long = [0; 8];
            let cut = |_| Fault::unreadable("the film ends within a box");
            from.read_exact(&mut long).map_err(cut)?;
            Ok((name, 16, u64::from_be_bytes(long)))
        }
        length => Ok((name, 8, u64::from(length))),
    }
}

/// The last eight bytes of a track's head: width and height, 16 bits before the point and 16 after.
fn size_of_track(from: &mut (impl Read + Seek), end: u64) -> Result<Option<(u32, u32)>, Fault> {
    let mut size = [0; 8];
    from.seek(SeekFrom::Start(end - 8)).map_err(Fault::store)?;
    from.read_exact(&mut size).map_err(|_| Fault::unreadable("the film ends within a track"))?;
    let whole = |high, low| u32::from(u16::from_be_bytes([high, low]));
    let (width, height) = (whole(size[0], size[1]), whole(size[4], size[5]));
    Ok((width > 0 && height > 0).then_some((width, height)))
}

fn copy_silenced(
    mut from: impl Read,
    mut to: impl Write,
    silenced: &[Silence],
) -> Result<(), Fault> {
    let mut buffer = vec![0; CHUNK];
    let mut at = 0_u64;
    loop {
        let read = from.read(&mut buffer).map_err(Fault::store)?;
        if read == 0 {
            return to.flush().map_err(Fault::store);
        }
        let end = at + read as u64;
        for silence in silenced {
            for place in silence.begin.max(at)..silence.end.min(end) {
                let nth = usize::try_from(place - silence.begin).unwrap_or(usize::MAX);
                let byte = silence.head.get(nth).copied().unwrap_or_default();
                buffer[usize::try_from(place - at).unwrap_or_default()] = byte;
            }
        }
        to.write_all(&buffer[..read]).map_err(Fault::store)?;
        at = end;
    }
}

#[cfg(test)]
pub(crate) mod samples {
    /// A box with this content.
    pub(crate) fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
        [&length[..], name, content].concat()
    }

    /// A film of one track that says where it was taken.
    pub(crate) fn mp4(place: &str) -> Vec<u8> {
        let track = [&[0; 76][..], &[0x07, 0x80, 0, 0, 0x04, 0x38, 0, 0]].concat();
        let track = [boxed(b"tkhd", &track), boxed(b"udta", place.as_bytes())].concat();
        let said = boxed(b"\xA9xyz", place.as_bytes());
        let movie = [boxed(b"trak", &track), boxed(b"udta", &said)].concat();
        let meta = boxed(b"meta", place.as_bytes());
        [
            boxed(b"ftyp", b"isom\0\0\0\0isom"),
            boxed(b"moov", &[movie, meta].concat()),
            boxed(b"mdat", &[7; 200_000]),
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::samples::{boxed, mp4};
    use super::*;

    fn copied(kind: Kind, bytes: &[u8]) -> Result<((u32, u32), Vec<u8>), Fault> {
        let mut out = Vec::new();
        let size = copy(kind, Cursor::new(bytes), &mut out)?;
        Ok((size, out))
    }

    #[test]
    fn a_film_is_kept_without_the_place_it_was_taken_at() {
        let place = "+30.2741+120.1551/";
        let film = mp4(place);
        let (size, kept) = copied(Kind::Mp4, &film).unwrap();
        assert_eq!(size, (1920, 1080));
        assert_eq!(kept.len(), film.len());
        assert!(!kept.windows(place.len()).any(|part| part == place.as_bytes()));
        assert!(kept.ends_with(&[7; 200_000]));
        // A second time nothing is left to do.
        assert_eq!(copied(Kind::Mp4, &kept).unwrap().1, kept);
    }

    #[test]
    fn boxes_that_do_not_add_up_are_refused() {
        let film = mp4("");
        let behind = [&film[..], b"PK\x03\x04 a second file"].concat();
        let long = [&boxed(b"ftyp", b"isom")[..], &[0, 0, 0, 99], b"moov"].concat();
        let bare = boxed(b"ftyp", b"isom");
        let deep = (0..40).fold(b"x".to_vec(), |inner, _| boxed(b"moov", &inner));
        for wrong in [&film[..film.len() - 1], &behind, &long, &bare, &deep] {
            assert!(matches!(copied(Kind::Mp4, wrong), Err(Fault::Unreadable(_))));
        }
        let many = boxed(b"free", b"").repeat(BOXES_MAX + 1);
        assert!(matches!(copied(Kind::Mp4, &many), Err(Fault::Unreadable(_))));
    }
}
