//! Photos of certificates: kept in a folder, by their fingerprint.
//!
//! The contract takes the fingerprint of a piece of evidence and leaves the file with whoever made it. A
//! partner without a system has nowhere to keep it, so this side does. A photo is written beside its
//! place and renamed, so it is there whole or not at all; the same photo twice is one file. What a file
//! is follows from its first bytes, never from what a browser says.
//!
//! The folder belongs to one process; processes that share a database do not share it. Nothing is ever
//! removed here.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use parasol_api::{Error, Reason};
use sha2::{Digest as _, Sha256};
use tokio::fs;
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

/// Bytes of a photo or film.
pub(super) const PHOTO_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Bytes of all photos together.
const ALBUM_BYTES_MAX: u64 = 4_096 * 1024 * 1024;

/// The end of the name of a file that is being written.
const DRAFT: &str = "draft";

/// The folder. Cheap to clone.
#[derive(Clone)]
pub struct Album {
    folder: PathBuf,
    /// Bytes kept.
    held: Arc<AtomicU64>,
}

/// A photo that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// SHA-256 of the file, in lower-case hexadecimal digits.
    pub sha256: String,
    /// What it is.
    pub kind: Kind,
    /// Its size.
    pub bytes: u64,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Jpeg,
    Png,
    Webp,
    Heic,
    Mp4,
}

impl Kind {
    /// What a file is by its first bytes; `None` for everything that is no photo and no film.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let brand = head.get(4..12).filter(|part| part.starts_with(b"ftyp")).map(|part| &part[4..]);
        match (head, brand) {
            ([0xFF, 0xD8, 0xFF, ..], _) => Some(Self::Jpeg),
            ([0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..], _) => Some(Self::Png),
            ([b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..], _) => {
                Some(Self::Webp)
            }
            (_, Some(b"heic" | b"heix" | b"mif1" | b"msf1")) => Some(Self::Heic),
            (_, Some(b"isom" | b"iso2" | b"mp41" | b"mp42" | b"avc1" | b"M4V " | b"qt  ")) => {
                Some(Self::Mp4)
            }
            _ => None,
        }
    }

    /// Its media type.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Heic => "image/heic",
            Self::Mp4 => "video/mp4",
        }
    }
}

impl Album {
    /// Opens the folder, making it if need be, and clears away what was never finished.
    ///
    /// # Errors
    /// When it cannot be made or read.
    pub fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut held = 0;
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.path().extension().is_some_and(|end| end == DRAFT) {
                std::fs::remove_file(entry.path())?;
            } else {
                held += entry.metadata()?.len();
            }
        }
        Ok(Self { folder: folder.to_owned(), held: Arc::new(AtomicU64::new(held)) })
    }

    /// Keeps a photo; `draft` names the file while it is written, and nobody else may use it.
    ///
    /// # Errors
    /// `MESSAGE_TOO_LARGE`, `FIELD_INVALID` for what is no photo, `STORE_UNAVAILABLE` when there is no
    /// room or the disk fails, and what the source says.
    pub(super) async fn keep(
        &self,
        draft: Uuid,
        source: impl Stream<Item = Result<Bytes, Error>> + Unpin,
    ) -> Result<Kept, Error> {
        let path = self.folder.join(format!("{}.{DRAFT}", draft.simple()));
        let kept = self.write(&path, source).await;
        if kept.is_err() {
            // It may not have been made; one that stays is cleared away at the next start.
            let _ = fs::remove_file(&path).await;
        }
        kept
    }

    async fn write(
        &self,
        draft: &Path,
        mut source: impl Stream<Item = Result<Bytes, Error>> + Unpin,
    ) -> Result<Kept, Error> {
        let mut file = fs::File::create_new(draft).await.map_err(disk)?;
        let (mut hash, mut bytes, mut head) = (Sha256::new(), 0, Vec::new());
        while let Some(chunk) = source.next().await {
            let chunk = chunk?;
            bytes += chunk.len() as u64;
            if bytes > PHOTO_BYTES_MAX {
                let most = format!("a photo may have {PHOTO_BYTES_MAX} bytes");
                return Err(Error::new(Reason::MessageTooLarge).message(most));
            }
            if self.held.load(Ordering::Relaxed) + bytes > ALBUM_BYTES_MAX {
                return Err(disk("the album is full"));
            }
            head.extend(chunk.iter().take(16_usize.saturating_sub(head.len())));
            hash.update(&chunk);
            file.write_all(&chunk).await.map_err(disk)?;
        }
        let kind = Kind::of(&head).ok_or_else(|| {
            Error::field("photo", Reason::FieldInvalid, "a photo (JPEG, PNG, WebP, HEIC) or a film")
        })?;
        file.sync_all().await.map_err(disk)?;
        let sha256 = hex::encode(hash.finalize());
        let place = self.folder.join(&sha256);
        if !fs::try_exists(&place).await.map_err(disk)? {
            self.held.fetch_add(bytes, Ordering::Relaxed);
        }
        fs::rename(draft, &place).await.map_err(disk)?;
        Ok(Kept { sha256, kind, bytes })
    }

    /// A kept photo; `None` when there is none of that fingerprint.
    ///
    /// # Errors
    /// `STORE_UNAVAILABLE` when the disk fails.
    pub(super) async fn look_up(&self, sha256: &str) -> Result<Option<(Kind, Vec<u8>)>, Error> {
        let fits = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !fits {
            return Ok(None);
        }
        match fs::read(self.folder.join(sha256)).await {
            Ok(bytes) => Ok(Kind::of(&bytes).map(|kind| (kind, bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(disk(error)),
        }
    }
}

fn disk(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(Reason::StoreUnavailable).because(cause)
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    /// The beginning of a JPEG file, and something after it.
    const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0\x00\x10JFIF\x00 a photo";

    fn chunks(bytes: &[u8]) -> impl Stream<Item = Result<Bytes, Error>> + Unpin {
        let chunks: Vec<_> = bytes.chunks(3).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
        stream::iter(chunks)
    }

    #[tokio::test]
    async fn a_photo_is_kept_once_by_its_fingerprint() {
        let folder = tempfile::tempdir().unwrap();
        let album = Album::open(folder.path()).unwrap();
        let kept = album.keep(Uuid::from_u128(1), chunks(JPEG)).await.unwrap();
        assert_eq!((kept.kind, kept.bytes), (Kind::Jpeg, JPEG.len() as u64));
        assert_eq!(kept.sha256, hex::encode(Sha256::digest(JPEG)));
        let again = album.keep(Uuid::from_u128(2), chunks(JPEG)).await.unwrap();
        assert_eq!(again, kept);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let (kind, bytes) = album.look_up(&kept.sha256).await.unwrap().unwrap();
        assert_eq!((kind, bytes.as_slice()), (Kind::Jpeg, JPEG));
        assert_eq!(album.held.load(Ordering::Relaxed), JPEG.len() as u64);
        let opened = Album::open(folder.path()).unwrap();
        assert_eq!(opened.held.load(Ordering::Relaxed), JPEG.len() as u64);
    }

    #[tokio::test]
    async fn what_is_no_photo_or_too_large_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let album = Album::open(folder.path()).unwrap();
        let page = album.keep(Uuid::from_u128(1), chunks(b"<html>")).await.unwrap_err();
        assert_eq!(page.reason(), Reason::FieldInvalid);
        let huge = stream::repeat_with(|| Ok(Bytes::from_static(&[0xFF; 65_536])));
        let huge = album.keep(Uuid::from_u128(2), Box::pin(huge)).await.unwrap_err();
        assert_eq!(huge.reason(), Reason::MessageTooLarge);
        album.held.store(ALBUM_BYTES_MAX, Ordering::Relaxed);
        let full = album.keep(Uuid::from_u128(3), chunks(JPEG)).await.unwrap_err();
        assert_eq!(full.reason(), Reason::StoreUnavailable);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(album.look_up("../secret.key").await.unwrap().is_none());
        assert!(album.look_up(&"0".repeat(64)).await.unwrap().is_none());
    }

    #[test]
    fn files_are_what_their_first_bytes_say() {
        for (head, kind) in [
            (JPEG, Some(Kind::Jpeg)),
            (b"\x89PNG\r\n\x1A\n....", Some(Kind::Png)),
            (b"RIFF1234WEBPVP8 ", Some(Kind::Webp)),
            (b"\0\0\0\x18ftypheic", Some(Kind::Heic)),
            (b"\0\0\0\x18ftypisom", Some(Kind::Mp4)),
            (b"\0\0\0\x18ftypevil", None),
            (b"GIF89a", None),
            (b"<svg xmlns=", None),
            (b"", None),
        ] {
            assert_eq!(Kind::of(head), kind, "{head:?}");
        }
    }

    #[test]
    fn drafts_of_a_run_that_broke_off_are_cleared_away() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.draft"), "half").unwrap();
        let album = Album::open(folder.path()).unwrap();
        assert_eq!(album.held.load(Ordering::Relaxed), 0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
