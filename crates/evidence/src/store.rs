//! Where renditions are kept: objects whose name is the SHA-256 of their content, in a folder of this
//! machine or in a bucket that speaks S3.
//!
//! An object is there whole or not at all, and on disk before anybody is told that it is. Writing one that is
//! there already changes nothing. What is read is hashed on its way, so that a file that was changed by
//! somebody else is never taken for what was kept. An object that nobody refers to is put aside before it is
//! deleted, so that whoever refers to it at that moment gets it back.

use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Name;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, ObjectStoreExt as _, RetryConfig};
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;

use crate::fault::Fault;
use crate::workshop::Rendition;

/// Bytes that are written at a time; S3 takes no parts under 5 MiB.
const PART: usize = 8 * 1024 * 1024;

/// The longest one call to a bucket may take.
const CALL_MAX: Duration = Duration::from_secs(30);
/// How often a call that a bucket fails or does not answer is made again.
const RETRIES_MAX: usize = 3;
/// How long a call may be tried all in all; one that is under way then may end.
const RETRYING_MAX: Duration = Duration::from_secs(45);
/// Objects of one folder that are listed.
const LISTED_MAX: usize = 20_000;
/// Characters of what a store says about a failure.
const SAID_MAX: usize = 200;
/// Where objects lie that are about to be deleted.
const ASIDE: &str = "aside";

/// Where the objects are.
#[derive(Clone, Debug)]
pub enum Location {
    /// In a folder of this machine.
    Folder(PathBuf),
    /// In a bucket.
    S3(S3),
}

/// A bucket.
#[derive(Clone)]
pub struct S3 {
    /// Its name.
    pub bucket: String,
    /// What stands before every name in it; may be empty.
    pub prefix: String,
    /// The address of the service; empty for Amazon's own. Plain `http://` is allowed where it says so.
    pub endpoint: String,
    /// The region, for example `us-east-1`.
    pub region: String,
    /// The key's id; empty for what the machine itself is given.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: String,
    /// How long it is waited for.
    pub patience: Patience,
}

/// How long a bucket is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For one call.
    pub call: Duration,
    /// How often a call that fails is made again.
    pub retries: usize,
    /// For a call with all its repetitions.
    pub retrying: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { call: CALL_MAX, retries: RETRIES_MAX, retrying: RETRYING_MAX }
    }
}

/// Why a place cannot be used, for whoever set it up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The key is not let in.
    #[error("the store of evidence does not let us in: its key is wrong, or may not use it")]
    NotLetIn,
    /// There is no such bucket.
    #[error("there is no such bucket")]
    NoBucket,
    /// It does not answer, or not as a store does; that may pass.
    #[error("the store of evidence does not answer: {0}")]
    NoAnswer(String),
}

/// An object as a list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// SHA-256 of its content, which is its name.
    pub sha256: String,
    /// When it was written, in microseconds since 1970.
    pub at_micros: i64,
}

impl std::fmt::Debug for S3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "S3({}/{})", self.bucket, self.prefix)
    }
}

/// The objects. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shelf {
    objects: Arc<dyn ObjectStore>,
    prefix: String,
}

impl Shelf {
    /// Opens a place; a folder is made if need be. A bucket is not looked at before it is used.
    ///
    /// # Errors
    /// When the folder cannot be made, or the bucket is described in a way that cannot be one.
    pub fn open(location: &Location) -> io::Result<Self> {
        match location {
            Location::Folder(folder) => {
                std::fs::create_dir_all(folder)?;
                let objects = LocalFileSystem::new_with_prefix(folder).map_err(io::Error::other)?;
                let objects = Arc::new(objects.with_fsync(true));
                Ok(Self { objects, prefix: String::new() })
            }
            Location::S3(s3) => {
                let mut builder = AmazonS3Builder::new()
                    .with_bucket_name(&s3.bucket)
                    .with_region(&s3.region)
                    .with_retry(s3.patience.retry())
                    .with_client_options(
                        ClientOptions::new()
                            .with_timeout(s3.patience.call)
                            .with_connect_timeout(s3.patience.call)
                            .with_allow_http(s3.endpoint.starts_with("http://")),
                    );
                if !s3.endpoint.is_empty() {
                    builder = builder.with_endpoint(&s3.endpoint);
                }
                if !s3.access_key_id.is_empty() {
                    builder = builder
                        .with_access_key_id(&s3.access_key_id)
                        .with_secret_access_key(&s3.secret_access_key);
                }
                let objects = Arc::new(builder.build().map_err(io::Error::other)?);
                Ok(Self { objects, prefix: s3.prefix.clone() })
            }
        }
    }

    /// Keeps a rendition; once this returns it survives whatever happens to the process.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn keep(&self, rendition: &Rendition) -> Result<(), Fault> {
        let name = self.name(&rendition.sha256);
        match self.objects.head(&name).await {
            Ok(known) if known.size == rendition.bytes => return Ok(()),
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(Fault::store(error)),
        }
        let mut file = rendition.file.try_clone().map_err(Fault::store)?;
        file.seek(SeekFrom::Start(0)).map_err(Fault::store)?;
        let (mut file, first) = part_of(file).await?;
        if (first.len() as u64) == rendition.bytes {
            return self.objects.put(&name, first.into()).await.map(drop).map_err(Fault::store);
        }
        let mut upload = self.objects.put_multipart(&name).await.map_err(Fault::store)?;
        let mut part = first;
        let written = loop {
            if part.is_empty() {
                break upload.complete().await.map(drop);
            }
            if let Err(error) = upload.put_part(part.into()).await {
                break Err(error);
            }
            (file, part) = part_of(file).await?;
        };
        if written.is_err() {
            // What stays of it is cleared away by the bucket's own rules.
            let _ = upload.abort().await;
        }
        written.map_err(Fault::store)
    }

    /// A kept object, piece by piece; `None` when there is none of that name. The last piece fails where the
    /// content is not what the name says.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn read(
        &self,
        sha256: &str,
    ) -> Result<Option<BoxStream<'static, Result<Bytes, Fault>>>, Fault> {
        if !is_name(sha256) {
            return Ok(None);
        }
        let pieces = match self.objects.get(&self.name(sha256)).await {
            Ok(found) => found.into_stream().map_err(Fault::store).boxed(),
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(Fault::store(error)),
        };
        let wanted = sha256.to_owned();
        let checked = stream::unfold(Some((pieces, Sha256::new())), move |state| {
            let wanted = wanted.clone();
            async move {
                let (mut pieces, mut hash) = state?;
                match pieces.next().await {
                    Some(Ok(piece)) => {
                        hash.update(&piece);
                        Some((Ok(piece), Some((pieces, hash))))
                    }
                    Some(Err(fault)) => Some((Err(fault), None)),
                    None if hex::encode(hash.finalize()) == wanted => None,
                    None => Some((Err(Fault::store("an object is not what its name says")), None)),
                }
            }
        });
        Ok(Some(checked.boxed()))
    }

    /// Whether the place can be used, by asking it for a list.
    ///
    /// # Errors
    /// [`Unusable`]; the first two pass by nothing but another setting.
    pub async fn check(&self) -> Result<(), Unusable> {
        let prefix = Name::from_iter(self.prefix.split('/').filter(|part| !part.is_empty()));
        let mut listed = self.objects.list(Some(&prefix));
        match listed.next().await {
            None | Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(unusable(&error)),
        }
    }

    /// Whether there is an object of this name.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn has(&self, sha256: &str) -> Result<bool, Fault> {
        is_there(self.objects.head(&self.name(sha256)).await)
    }

    /// The objects of one of the 256 folders, so many of them.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn folder(&self, number: u8) -> Result<Vec<Kept>, Fault> {
        self.listed(&format!("{number:02x}")).await
    }

    /// The objects that were put aside and not deleted, because whoever did it came to no end.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn aside(&self) -> Result<Vec<Kept>, Fault> {
        self.listed(ASIDE).await
    }

    async fn listed(&self, folder: &str) -> Result<Vec<Kept>, Fault> {
        let parts = self.prefix.split('/').chain([folder]).filter(|part| !part.is_empty());
        let found = self.objects.list(Some(&Name::from_iter(parts)));
        let kept = found.take(LISTED_MAX).try_filter_map(|meta| async move {
            let name = meta.location.filename().unwrap_or_default().to_owned();
            let at_micros = meta.last_modified.timestamp_micros();
            Ok(is_name(&name).then_some(Kept { sha256: name, at_micros }))
        });
        kept.try_collect().await.map_err(Fault::store)
    }

    /// Puts an object aside: nobody reads it any more, and it can be taken back.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn put_aside(&self, sha256: &str) -> Result<(), Fault> {
        self.moved(&self.name(sha256), &self.name_aside(sha256)).await
    }

    /// Takes back an object that was put aside.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn take_back(&self, sha256: &str) -> Result<(), Fault> {
        self.moved(&self.name_aside(sha256), &self.name(sha256)).await
    }

    /// Deletes an object that was put aside.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn forget(&self, sha256: &str) -> Result<(), Fault> {
        match self.objects.delete(&self.name_aside(sha256)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Fault::store(error)),
        }
    }

    /// Copies and deletes: whoever comes to no end between the two leaves both.
    async fn moved(&self, from: &Name, to: &Name) -> Result<(), Fault> {
        if !is_there(self.objects.head(from).await)? {
            return Ok(());
        }
        self.objects.copy(from, to).await.map_err(Fault::store)?;
        match self.objects.delete(from).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Fault::store(error)),
        }
    }

    fn name_aside(&self, sha256: &str) -> Name {
        let parts = self.prefix.split('/').chain([ASIDE, sha256]);
        Name::from_iter(parts.filter(|part| !part.is_empty()))
    }

    /// The name of an object: a folder for the first two digits, so that no folder grows without end.
    fn name(&self, sha256: &str) -> Name {
        let folder = sha256.get(..2).unwrap_or_default();
        Name::from_iter(
            self.prefix.split('/').chain([folder, sha256]).filter(|part| !part.is_empty()),
        )
    }
}

impl Patience {
    fn retry(self) -> RetryConfig {
        let backoff = BackoffConfig {
            init_backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(5),
            base: 2.0,
        };
        RetryConfig { backoff, max_retries: self.retries, retry_timeout: self.retrying }
    }
}

/// Whether a text is the name of an object.
fn is_name(sha256: &str) -> bool {
    sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_there(found: object_store::Result<object_store::ObjectMeta>) -> Result<bool, Fault> {
    match found {
        Ok(_) => Ok(true),
        Err(object_store::Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(Fault::store(error)),
    }
}

/// What a failure says about the place. The words of a store are kept short: they may quote what was sent.
fn unusable(error: &object_store::Error) -> Unusable {
    use object_store::Error::{NotFound, PermissionDenied, Unauthenticated};
    // The library gives the failures of a list no kind; what the store answered stands in its words alone.
    const ANSWERED: &str = "Server returned non-2xx status code: ";
    let text = error.to_string();
    let status = text.split_once(ANSWERED).and_then(|(_, rest)| rest.get(..3));
    match (error, status) {
        (PermissionDenied { .. } | Unauthenticated { .. }, _) | (_, Some("401" | "403")) => {
            Unusable::NotLetIn
        }
        (NotFound { .. }, _) | (_, Some("404")) => Unusable::NoBucket,
        _ => {
            let first = text.lines().next().unwrap_or_default();
            Unusable::NoAnswer(first.chars().take(SAID_MAX).collect())
        }
    }
}

/// The next piece of a file; empty at its end.
async fn part_of(mut file: std::fs::File) -> Result<(std::fs::File, Vec<u8>), Fault> {
    let read = spawn_blocking(move || {
        let mut part = Vec::new();
        file.by_ref().take(PART as u64).read_to_end(&mut part).map(|_| (file, part))
    });
    read.await.map_err(Fault::store)?.map_err(Fault::store)
}

#[cfg(test)]
mod bucket;

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    pub(super) fn rendition(bytes: &[u8]) -> Rendition {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        Rendition {
            media_type: "image/jpeg",
            sha256: hex::encode(Sha256::digest(bytes)),
            bytes: bytes.len() as u64,
            width: 1,
            height: 1,
            look: None,
            file,
        }
    }

    pub(super) async fn content(shelf: &Shelf, sha256: &str) -> Option<Result<Vec<u8>, Fault>> {
        let pieces = shelf.read(sha256).await.unwrap()?;
        let pieces: Result<Vec<Bytes>, Fault> = pieces.try_collect().await;
        Some(pieces.map(|pieces| pieces.concat()))
    }

    #[tokio::test]
    async fn what_is_kept_comes_back_under_its_fingerprint_and_is_kept_once() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(&Location::Folder(folder.path().to_owned())).unwrap();
        for length in [0, 5, PART, 2 * PART + 3] {
            let bytes = vec![7; length];
            let sha256 = rendition(&bytes).sha256;
            shelf.keep(&rendition(&bytes)).await.unwrap();
            shelf.keep(&rendition(&bytes)).await.unwrap();
            assert_eq!(content(&shelf, &sha256).await.unwrap().unwrap(), bytes);
            let beside = std::fs::read_dir(folder.path().join(&sha256[..2])).unwrap();
            assert_eq!(beside.count(), 1, "{length}");
        }
        for name in ["../secret.key", &"0".repeat(64), "", &"é".repeat(32)] {
            assert!(content(&shelf, name).await.is_none(), "{name}");
        }
    }

    #[tokio::test]
    async fn what_is_put_aside_is_not_read_and_can_be_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(&Location::Folder(folder.path().to_owned())).unwrap();
        shelf.check().await.unwrap();
        let sha256 = rendition(b"a photo").sha256;
        shelf.keep(&rendition(b"a photo")).await.unwrap();
        let number = u8::from_str_radix(&sha256[..2], 16).unwrap();
        let names = |kept: Vec<Kept>| kept.into_iter().map(|one| one.sha256).collect::<Vec<_>>();
        assert_eq!(names(shelf.folder(number).await.unwrap()), [sha256.as_str()]);
        for _ in 0..2 {
            shelf.put_aside(&sha256).await.unwrap();
        }
        assert!(content(&shelf, &sha256).await.is_none());
        assert_eq!(names(shelf.aside().await.unwrap()), [sha256.as_str()]);
        assert!(shelf.folder(number).await.unwrap().is_empty());
        for _ in 0..2 {
            shelf.take_back(&sha256).await.unwrap();
        }
        assert_eq!(content(&shelf, &sha256).await.unwrap().unwrap(), b"a photo");
        shelf.put_aside(&sha256).await.unwrap();
        for _ in 0..2 {
            shelf.forget(&sha256).await.unwrap();
        }
        shelf.take_back(&sha256).await.unwrap();
        assert!(!shelf.has(&sha256).await.unwrap());
    }

    #[tokio::test]
    async fn a_file_that_somebody_changed_is_not_what_was_kept() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(&Location::Folder(folder.path().to_owned())).unwrap();
        let sha256 = rendition(b"a photo").sha256;
        shelf.keep(&rendition(b"a photo")).await.unwrap();
        let path = folder.path().join(&sha256[..2]).join(&sha256);
        std::fs::write(path, b"another").unwrap();
        assert!(content(&shelf, &sha256).await.unwrap().is_err());
    }

    #[test]
    fn a_bucket_is_described_and_its_key_is_not_printed() {
        let s3 = S3 {
            bucket: "evidence".to_owned(),
            prefix: "cell/7".to_owned(),
            endpoint: "http://127.0.0.1:9000".to_owned(),
            region: "us-east-1".to_owned(),
            access_key_id: "id".to_owned(),
            secret_access_key: "very secret".to_owned(),
            patience: Patience::default(),
        };
        assert!(!format!("{s3:?}").contains("secret"));
        let shelf = Shelf::open(&Location::S3(s3)).unwrap();
        let name = shelf.name(&"ab".repeat(32)).to_string();
        assert_eq!(name, format!("cell/7/ab/{}", "ab".repeat(32)));
    }
}
