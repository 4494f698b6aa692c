//! A WebM, looked through from outside: its elements are walked, never its frames.
//!
//! Titles, dates, tags, chapters and attached files become empty space of the same length, and the names of the
//! programs that wrote it are blanked. Recorders that write while they record leave the lengths of the segment and of
//! its clusters open; those end where the next element of their parent begins. What is no element where one must
//! begin, and whatever lies behind the segment, is refused.

use std::io::{Read, Seek, SeekFrom};

use crate::fault::Fault;
use crate::film::Silence;

/// Elements of a film that are looked at; a cluster has one for each frame.
const ELEMENTS_MAX: usize = 1_000_000;

/// The head of the file.
const EBML: u32 = 0x1A45_DFA3;
const DOC_TYPE: u32 = 0x4282;
const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1F43_B675;
const INFO: u32 = 0x1549_A966;
const TRACKS: u32 = 0x1654_AE6B;
const TRACK: u32 = 0xAE;
/// Empty space.
const VOID: u32 = 0xEC;

/// What lies in a segment: seek heads, information, clusters, tracks, cues, attachments, chapters, tags.
const OF_SEGMENT: [u32; 8] =
    [0x114D_9B74, INFO, CLUSTER, TRACKS, 0x1C53_BB6B, 0x1941_A469, 0x1043_A770, 0x1254_C367];
/// What says where, when, by whom or with what a film was made: attachments, chapters, tags; title, date, file names
/// and ids of the segment and its neighbours; the name of a track.
const TALKERS: [u32; 12] = [
    0x1941_A469,
    0x1043_A770,
    0x1254_C367,
    0x7BA9,
    0x4461,
    0x7384,
    0x73A4,
    0x3C_B923,
    0x3C_83AB,
    0x3E_B923,
    0x3E_83BB,
    0x536E,
];
/// The programs that muxed and wrote it: a film must have both, so they are blanked and stay.
const PROGRAMS: [u32; 2] = [0x4D80, 0x5741];

/// An element: what it is, where its content begins, and where it ends; `None` where that is open.
struct Element {
    id: u32,
    begin: u64,
    content: u64,
    end: Option<u64>,
}

/// What is to be overwritten in a film.
///
/// # Errors
/// [`Fault::Unreadable`] for what is no WebM, or does not add up.
pub(crate) fn walk(from: &mut (impl Read + Seek), length: u64) -> Result<Vec<Silence>, Fault> {
    let mut walk = Walk { from, length, elements: 0, silenced: Vec::new() };
    let head = walk.element(0, length)?;
    let end = head.end.filter(|_| head.id == EBML).ok_or_else(no_webm)?;
    walk.check_type(head.content, end)?;
    let mut at = end;
    let mut segments = 0;
    while at < length {
        let element = walk.element(at, length)?;
        at = match (element.id, element.end) {
            (SEGMENT, _) if segments == 0 => {
                segments += 1;
                walk.segment(&element)?
            }
            (VOID, Some(end)) => end,
            _ => return Err(Fault::unreadable("something lies behind the film")),
        };
    }
    if segments == 0 { Err(no_webm()) } else { Ok(walk.silenced) }
}

fn no_webm() -> Fault {
    Fault::unreadable("the film is no WebM")
}

fn odd() -> Fault {
    Fault::unreadable("the elements of the film do not add up")
}

struct Walk<'a, F> {
    from: &'a mut F,
    length: u64,
    elements: usize,
    silenced: Vec<Silence>,
}

impl<F: Read + Seek> Walk<'_, F> {
    /// The element that begins at a place, inside something that ends at another.
    fn element(&mut self, at: u64, limit: u64) -> Result<Element, Fault> {
        self.elements += 1;
        if self.elements > ELEMENTS_MAX {
            return Err(Fault::unreadable(format!(
                "the film has more than {ELEMENTS_MAX} elements"
            )));
        }
        self.from.seek(SeekFrom::Start(at)).map_err(Fault::store)?;
        let (id, id_length) = self.number(4, true)?;
        let (size, size_length) = self.number(8, false)?;
        let id = u32::try_from(id).map_err(|_| odd())?;
        let content = at + id_length + size_length;
        // All ones: open.
        let is_open = size == (1 << (7 * size_length)) - 1;
        let end = match is_open {
            true => None,
            false => Some(content.checked_add(size).filter(|end| *end <= limit).ok_or_else(odd)?),
        };
        if is_open && !matches!(id, SEGMENT | CLUSTER) {
            return Err(odd());
        }
        Ok(Element { id, begin: at, content, end })
    }

    /// A number of variable length: as many bytes as zeros stand before its first one, plus one. The mark stays in
    /// an id and goes from a length.
    fn number(&mut self, most: u32, keeps_mark: bool) -> Result<(u64, u64), Fault> {
        let mut bytes = [0; 8];
        let cut = |_| Fault::unreadable("the film ends within an element");
        self.from.read_exact(&mut bytes[..1]).map_err(cut)?;
        let length = bytes[0].leading_zeros() + 1;
        if length > most {
            return Err(odd());
        }
        let rest = bytes.get_mut(1..length as usize).ok_or_else(odd)?;
        self.from.read_exact(rest).map_err(cut)?;
        if !keeps_mark {
            bytes[0] &= u8::MAX.checked_shr(length).unwrap_or_default();
        }
        let number =
            bytes[..length as usize].iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        Ok((number, u64::from(length)))
    }

    /// Matroska has many forms; the one that browsers play says so.
    fn check_type(&mut self, begin: u64, end: u64) -> Result<(), Fault> {
        let mut at = begin;
        while at < end {
            let element = self.element(at, end)?;
            let next = element.end.ok_or_else(odd)?;
            if element.id == DOC_TYPE {
                let mut said =
                    vec![0; usize::try_from(next - element.content).unwrap_or_default().min(16)];
                self.from.seek(SeekFrom::Start(element.content)).map_err(Fault::store)?;
                self.from.read_exact(&mut said).map_err(|_| odd())?;
                let is_webm = said
                    .strip_prefix(b"webm")
                    .is_some_and(|rest| rest.iter().all(|byte| *byte == 0));
                return if is_webm { Ok(()) } else { Err(no_webm()) };
            }
            at = next;
        }
        Err(no_webm())
    }

    /// Walks a segment and answers where it ends.
    fn segment(&mut self, segment: &Element) -> Result<u64, Fault> {
        let limit = segment.end.unwrap_or(self.length);
        let mut at = segment.content;
        while at < limit {
            let element = self.element(at, limit)?;
            if TALKERS.contains(&element.id) {
                at = self.silence(&element)?;
                continue;
            }
            at = match (element.id, element.end) {
                (INFO | TRACKS, Some(end)) => {
                    self.children(element.content, end)?;
                    end
                }
                (CLUSTER, None) => self.open_cluster(element.content, limit)?,
                (id, Some(end)) if OF_SEGMENT.contains(&id) || is_common(id) => end,
                _ => return Err(odd()),
            };
        }
        Ok(limit)
    }

    /// Information and tracks: what talks in them, whatever else is there.
    fn children(&mut self, begin: u64, limit: u64) -> Result<(), Fault> {
        let mut at = begin;
        while at < limit {
            let element = self.element(at, limit)?;
            let end = element.end.ok_or_else(odd)?;
            if TALKERS.contains(&element.id) {
                self.silence(&element)?;
            } else if PROGRAMS.contains(&element.id) {
                let (begin, head) = (element.content, Vec::new());
                self.silenced.push(Silence { begin, end, head });
            } else if element.id == TRACK {
                self.children(element.content, end)?;
            }
            at = end;
        }
        Ok(())
    }

    /// A cluster whose length is open ends where the next element of the segment begins.
    fn open_cluster(&mut self, begin: u64, limit: u64) -> Result<u64, Fault> {
        let mut at = begin;
        while at < limit {
            let element = self.element(at, limit)?;
            if OF_SEGMENT.contains(&element.id) {
                return Ok(at);
            }
            at = element.end.ok_or_else(odd)?;
        }
        Ok(limit)
    }

    /// Makes an element empty space of the same length; answers where it ends.
    fn silence(&mut self, element: &Element) -> Result<u64, Fault> {
        let end = element.end.ok_or_else(odd)?;
        let length = end - element.begin;
        let head = match length {
            // One byte says that it is empty, one or eight say how long it is.
            ..2 => return Err(odd()),
            2..9 => vec![0xEC, 0x80 | u8::try_from(length - 2).map_err(|_| odd())?],
            _ => {
                let size = (1_u64 << 56) | (length - 9);
                [&[0xEC][..], &size.to_be_bytes()].concat()
            }
        };
        self.silenced.push(Silence { begin: element.begin, end, head });
        Ok(end)
    }
}

/// What may lie anywhere: empty space, and check sums.
fn is_common(id: u32) -> bool {
    matches!(id, VOID | 0xBF)
}

#[cfg(test)]
pub(crate) mod samples {
    /// An element with this content; a length in eight bytes.
    pub(crate) fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
        let size = ((1_u64 << 56) | content.len() as u64).to_be_bytes();
        [id, &size[..], content].concat()
    }

    /// An element whose length is open.
    pub(crate) fn open(id: &[u8], content: &[u8]) -> Vec<u8> {
        [id, &[0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], content].concat()
    }

    pub(crate) fn head() -> Vec<u8> {
        element(b"\x1A\x45\xDF\xA3", &element(b"\x42\x82", b"webm"))
    }

    /// A film that says where it was taken in every way it can; lengths open, as recorders leave them, or not.
    pub(crate) fn film(place: &str, is_open: bool) -> Vec<u8> {
        let said = place.as_bytes();
        let info = [
            element(b"\x7B\xA9", said),
            element(b"\x44\x61", &[1; 8]),
            element(b"\x4D\x80", said),
            element(b"\x57\x41", said),
        ]
        .concat();
        let track =
            element(b"\xAE", &[element(b"\x53\x6E", said), element(b"\xD7", &[1])].concat());
        let frames = [element(b"\xE7", &[0]), element(b"\xA3", &[7; 100_000])].concat();
        let make = |id: &[u8], content: &[u8]| match is_open {
            true => open(id, content),
            false => element(id, content),
        };
        let content = [
            element(b"\x15\x49\xA9\x66", &info),
            element(b"\x16\x54\xAE\x6B", &track),
            make(b"\x1F\x43\xB6\x75", &frames),
            make(b"\x1F\x43\xB6\x75", &frames),
            element(b"\x19\x41\xA4\x69", said),
            element(b"\x12\x54\xC3\x67", said),
        ]
        .concat();
        [head(), make(b"\x18\x53\x80\x67", &content)].concat()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::samples::{self, element, film, head, open};
    use super::*;
    use crate::film::copy;
    use crate::kind::Kind;

    fn copied(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut out = Vec::new();
        copy(Kind::Webm, Cursor::new(bytes), &mut out)?;
        Ok(out)
    }

    #[test]
    fn a_film_is_kept_without_where_when_and_with_what_it_was_taken() {
        let place = "+30.2741+120.1551/";
        for is_open in [false, true] {
            let film = film(place, is_open);
            let kept = copied(&film).unwrap();
            assert_eq!(kept.len(), film.len());
            assert!(!kept.windows(place.len()).any(|part| part == place.as_bytes()), "{is_open}");
            assert!(!kept.windows(8).any(|part| part == [1; 8]), "the date is there, {is_open}");
            let frames = |film: &[u8]| film.iter().filter(|byte| **byte == 7).count();
            assert_eq!(frames(&kept), frames(&film), "no frame is touched");
            // It is still a film, in which nothing is left to do but blanking what is blank.
            assert_eq!(copied(&kept).unwrap(), kept);
        }
    }

    #[test]
    fn short_elements_become_empty_space_too() {
        let short = |content: &[u8]| {
            let title =
                [b"\x7B\xA9", &[0x80 | u8::try_from(content.len()).unwrap()][..], content].concat();
            let info = element(b"\x15\x49\xA9\x66", &title);
            [head(), element(b"\x18\x53\x80\x67", &info)].concat()
        };
        for length in 0..40 {
            let film = short(&vec![b'x'; length]);
            let kept = copied(&film).unwrap();
            assert!(!kept.contains(&b'x'), "{length}");
            assert_eq!(copied(&kept).unwrap(), kept, "{length}");
        }
    }

    #[test]
    fn what_does_not_add_up_or_is_none_is_refused() {
        let film = film("", false);
        let behind = [&film[..], b"PK\x03\x04 a second file"].concat();
        let matroska = [
            element(b"\x1A\x45\xDF\xA3", &element(b"\x42\x82", b"matroska")),
            element(b"\x18\x53\x80\x67", b""),
        ]
        .concat();
        let foreign = [head(), element(b"\x18\x53\x80\x67", &element(b"\x8F", b"?"))].concat();
        let open_tags =
            [head(), open(b"\x18\x53\x80\x67", &open(b"\x12\x54\xC3\x67", b""))].concat();
        let open_behind = [&samples::film("", true)[..], b"PK\x03\x04"].concat();
        let cut = &film[..film.len() - 1];
        let none = head();
        let refused: [(&str, &[u8]); 9] = [
            ("cut", cut),
            ("behind", &behind),
            ("matroska", &matroska),
            ("foreign", &foreign),
            ("open tags", &open_tags),
            ("behind an open one", &open_behind),
            ("no segment", &none),
            ("nothing", b""),
            ("zeros", &[0; 64]),
        ];
        for (what, wrong) in refused {
            assert!(matches!(copied(wrong), Err(Fault::Unreadable(_))), "{what}");
        }
    }

    #[test]
    fn no_bytes_make_it_panic_or_go_on_for_ever() {
        let film = film("+30.2741+120.1551/", true);
        let (mut dice, mut taken) = (0x5eed_u64, 0);
        for _ in 0..2_000 {
            let mut broken = film[..2_000].to_vec();
            for _ in 0..3 {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let place = usize::try_from(dice >> 40).unwrap() % broken.len();
                broken[place] = u8::try_from(dice >> 32 & 0xFF).unwrap();
            }
            taken += usize::from(copied(&broken).is_ok());
        }
        assert!(taken < 2_000);
    }
}
