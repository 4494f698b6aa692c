//! Where a file lies while it comes: in a nameless file that goes with whoever holds it.
//!
//! A stream that is cut, a process that dies, a file that is refused: in no case is anything left to clear
//! away, because the file never had a name. It is counted and fingerprinted as it comes, so that one that is
//! too long is refused when it is, and not when it is over.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use parasol_api::{Error, Reason};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use crate::fault::Fault;
use crate::kind::{HEAD, Kind};
use crate::limits::Limits;

/// The folder. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Quarantine {
    folder: PathBuf,
    limits: Limits,
}

/// A file that has come whole.
#[derive(Debug)]
pub struct Arrival {
    /// What it is by its first bytes.
    pub kind: Kind,
    /// SHA-256 of it as it came, in lower-case hexadecimal digits.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    pub(crate) file: File,
}

impl Quarantine {
    /// A quarantine in this folder, which is made if need be.
    ///
    /// # Errors
    /// When it cannot be made or written to.
    pub fn open(folder: &Path, limits: Limits) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        tempfile::tempfile_in(folder)?;
        Ok(Self { folder: folder.to_owned(), limits })
    }

    /// Takes a file in.
    ///
    /// # Errors
    /// What the source says; `EVIDENCE_TYPE_REFUSED` by the first bytes, `EVIDENCE_TOO_LARGE` at the first byte
    /// that is too many, `DEADLINE_EXCEEDED` for a sender that falls silent or takes for ever,
    /// `STORE_UNAVAILABLE` when the disk fails.
    pub async fn take(
        &self,
        source: impl Stream<Item = Result<Bytes, Error>>,
    ) -> Result<Arrival, Error> {
        let taken = timeout(self.limits.coming, self.take_all(source)).await;
        taken.unwrap_or_else(|_| Err(too_slow()))
    }

    async fn take_all(
        &self,
        source: impl Stream<Item = Result<Bytes, Error>>,
    ) -> Result<Arrival, Error> {
        let mut source = std::pin::pin!(source);
        let file = tempfile::tempfile_in(&self.folder).map_err(Fault::store)?;
        let mut file = tokio::fs::File::from_std(file);
        let (mut hash, mut bytes, mut head) = (Sha256::new(), 0_u64, Vec::with_capacity(HEAD));
        let mut kind = None;
        while let Some(chunk) =
            timeout(self.limits.quiet, source.next()).await.map_err(|_| too_slow())?
        {
            let chunk = chunk?;
            bytes += chunk.len() as u64;
            if kind.is_none() {
                head.extend(chunk.iter().take(HEAD - head.len()));
                if head.len() == HEAD {
                    kind = Some(Kind::of(&head)?);
                }
            }
            self.check_length(kind, bytes)?;
            hash.update(&chunk);
            file.write_all(&chunk).await.map_err(Fault::store)?;
        }
        let kind = kind.map_or_else(|| Kind::of(&head), Ok)?;
        self.check_length(Some(kind), bytes)?;
        file.flush().await.map_err(Fault::store)?;
        let (file, sha256) = (file.into_std().await, hex::encode(hash.finalize()));
        Ok(Arrival { kind, sha256, bytes, file })
    }

    fn check_length(&self, kind: Option<Kind>, bytes: u64) -> Result<(), Fault> {
        let (what, most) = match kind {
            Some(kind) if kind.is_film() => ("film", self.limits.video_bytes),
            _ => ("photo", self.limits.photo_bytes),
        };
        if bytes <= most {
            return Ok(());
        }
        Err(Fault::TooLarge(format!("a {what} may have {most} bytes")))
    }
}

fn too_slow() -> Error {
    Error::new(Reason::DeadlineExceeded).message("the file came too slowly")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::stream;

    use super::*;

    fn chunks(bytes: &[u8]) -> impl Stream<Item = Result<Bytes, Error>> {
        let chunks: Vec<_> = bytes.chunks(7).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
        stream::iter(chunks)
    }

    fn limits() -> Limits {
        Limits {
            photo_bytes: 1_000,
            video_bytes: 2_000,
            quiet: Duration::from_millis(20),
            coming: Duration::from_millis(200),
            ..Limits::default()
        }
    }

    const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0 a photo";

    #[tokio::test]
    async fn a_file_is_fingerprinted_and_leaves_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let quarantine = Quarantine::open(folder.path(), limits()).unwrap();
        let taken = quarantine.take(chunks(JPEG)).await.unwrap();
        assert_eq!((taken.kind, taken.bytes), (Kind::Jpeg, JPEG.len() as u64));
        assert_eq!(taken.sha256, hex::encode(Sha256::digest(JPEG)));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn what_is_too_long_or_of_no_kind_is_refused_while_it_comes() {
        let folder = tempfile::tempdir().unwrap();
        let quarantine = Quarantine::open(folder.path(), limits()).unwrap();
        let reason = async |head: &'static [u8]| {
            // Without end: whoever waits for the end of it waits for ever.
            let endless = stream::once(async move { Ok(Bytes::from_static(head)) })
                .chain(stream::repeat_with(|| Ok(Bytes::from_static(&[0; 64]))));
            quarantine.take(endless).await.unwrap_err().reason()
        };
        assert_eq!(reason(JPEG).await, Reason::EvidenceTooLarge);
        assert_eq!(reason(b"\0\0\0\x18ftypisom").await, Reason::EvidenceTooLarge);
        assert_eq!(reason(b"GIF89a").await, Reason::EvidenceTypeRefused);
        let empty = quarantine.take(chunks(b"")).await.unwrap_err();
        assert_eq!(empty.reason(), Reason::EvidenceTypeRefused);
    }

    #[tokio::test]
    async fn a_silent_sender_and_a_slow_one_are_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let quarantine = Quarantine::open(folder.path(), limits()).unwrap();
        let silent = chunks(JPEG).chain(stream::pending());
        let refused = quarantine.take(silent).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::DeadlineExceeded);
        // A byte now and then is no silence, and there is an end to it all the same.
        let drip = stream::unfold((), |()| async {
            let _ = timeout(Duration::from_millis(5), std::future::pending::<()>()).await;
            Some((Ok(Bytes::from_static(b"\xFF")), ()))
        });
        let drip = chunks(&JPEG[..4]).chain(drip);
        let refused = quarantine.take(drip).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::DeadlineExceeded);
    }

    #[tokio::test]
    async fn what_the_source_says_is_what_the_sender_reads() {
        let folder = tempfile::tempdir().unwrap();
        let quarantine = Quarantine::open(folder.path(), limits()).unwrap();
        let cut = chunks(JPEG).chain(stream::iter([Err(Error::new(Reason::FieldInvalid))]));
        assert_eq!(quarantine.take(cut).await.unwrap_err().reason(), Reason::FieldInvalid);
    }
}
