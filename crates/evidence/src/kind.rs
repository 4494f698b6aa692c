//! What a file is, by its first bytes and never by what a sender says.

use crate::fault::Fault;

/// Bytes at the beginning of a file that say what it is.
pub(crate) const HEAD: usize = 64;

/// What is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A photo.
    Jpeg,
    /// A photo or a picture of a screen.
    Png,
    /// A photo.
    Webp,
    /// A film in ISO base media (MP4).
    Mp4,
    /// A film of a telephone in the older form of the same (MOV).
    QuickTime,
    /// A film in a browser's own form.
    Webm,
}

impl Kind {
    /// What a file is by its first 64 bytes, or fewer where it is shorter.
    ///
    /// # Errors
    /// [`Fault::Type`] with what it looks like instead.
    pub fn of(head: &[u8]) -> Result<Self, Fault> {
        let brand = head.get(4..12).filter(|part| part.starts_with(b"ftyp")).map(|part| &part[4..]);
        match (head, brand) {
            ([0xFF, 0xD8, 0xFF, ..], _) => Ok(Self::Jpeg),
            ([0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..], _) => Ok(Self::Png),
            ([b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..], _) => Ok(Self::Webp),
            ([0x1A, 0x45, 0xDF, 0xA3, ..], _) => Ok(Self::Webm),
            (_, Some(b"qt  ")) => Ok(Self::QuickTime),
            (
                _,
                Some(
                    b"isom" | b"iso2" | b"iso4" | b"iso5" | b"iso6" | b"mp41" | b"mp42" | b"avc1"
                    | b"M4V " | b"3gp4" | b"3gp5" | b"3gp6" | b"dash",
                ),
            ) => Ok(Self::Mp4),
            (_, Some(b"heic" | b"heix" | b"hevc" | b"mif1" | b"msf1" | b"heim" | b"heis")) => {
                Err(Fault::Type("HEIC"))
            }
            (_, Some(b"avif" | b"avis")) => Err(Fault::Type("AVIF")),
            _ => Err(Fault::Type(looks_like(head))),
        }
    }

    /// The media type it is served as, as it comes.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Mp4 => "video/mp4",
            Self::QuickTime => "video/quicktime",
            Self::Webm => "video/webm",
        }
    }

    /// Whether it is a film.
    pub fn is_film(self) -> bool {
        matches!(self, Self::Mp4 | Self::QuickTime | Self::Webm)
    }
}

/// What a file that is not taken looks like, for whoever has to make another one.
fn looks_like(head: &[u8]) -> &'static str {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let lower = text.to_ascii_lowercase();
    let known: [(&[u8], &str); 9] = [
        (b"gif8", "GIF"),
        (b"bm", "BMP"),
        (b"ii*\0", "TIFF"),
        (b"mm\0*", "TIFF"),
        (b"%pdf", "PDF"),
        (b"pk\x03\x04", "a ZIP archive"),
        (b"<svg", "SVG"),
        (b"<?xml", "XML"),
        (b"<", "HTML"),
    ];
    match known.iter().find(|(start, _)| lower.starts_with(start)) {
        Some((_, name)) => name,
        None if head.is_empty() => "an empty file",
        None => "a file of an unknown type",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_what_their_first_bytes_say() {
        let taken: [(&[u8], Kind); 6] = [
            (b"\xFF\xD8\xFF\xE0", Kind::Jpeg),
            (b"\x89PNG\r\n\x1A\n", Kind::Png),
            (b"RIFF1234WEBPVP8 ", Kind::Webp),
            (b"\0\0\0\x18ftypisom", Kind::Mp4),
            (b"\0\0\0\x14ftypqt  ", Kind::QuickTime),
            (b"\x1A\x45\xDF\xA3", Kind::Webm),
        ];
        for (head, kind) in taken {
            assert_eq!(Kind::of(head).unwrap(), kind, "{head:?}");
        }
    }

    #[test]
    fn what_is_not_taken_is_named() {
        let refused: [(&[u8], &str); 9] = [
            (b"GIF89a", "GIF"),
            (b"\0\0\0\x18ftypheic", "HEIC"),
            (b"\0\0\0\x18ftypavif", "AVIF"),
            (b"<svg xmlns=", "SVG"),
            (b"\xEF\xBB\xBF <?xml version", "XML"),
            (b"<!doctype html>", "HTML"),
            (b"PK\x03\x04", "a ZIP archive"),
            (b"", "an empty file"),
            (b"\0\0\0\x18ftypevil", "a file of an unknown type"),
        ];
        for (head, name) in refused {
            assert!(matches!(Kind::of(head), Err(Fault::Type(found)) if found == name), "{head:?}");
        }
    }
}
