//! Where renditions are kept: objects whose name is the SHA-256 of their content, in a folder of this
//! machine or in a bucket that speaks S3.
//!
//! An object is there whole or not at all, and on disk before anybody is told that it is. Writing one that is
//! there already changes nothing. What is read is hashed on its way, so that a file that was changed by
//! somebody else is never taken for what was kept.

use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Name;
use object_store::{ObjectStore, ObjectStoreExt as _};
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;

use crate::fault::Fault;
use crate::workshop::Rendition;

/// Bytes that are written at a time; S3 takes no parts under 5 MiB.
const PART: usize = 8 * 1024 * 1024;

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
                    .with_allow_http(s3.endpoint.starts_with("http://"));
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
    pub async fn keep(&self, rendition: Rendition) -> Result<(), Fault> {
        let name = self.name(&rendition.sha256);
        match self.objects.head(&name).await {
            Ok(known) if known.size == rendition.bytes => return Ok(()),
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(Fault::store(error)),
        }
        let mut file = rendition.file;
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
        let fits = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !fits {
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

    /// The name of an object: a folder for the first two digits, so that no folder grows without end.
    fn name(&self, sha256: &str) -> Name {
        let folder = sha256.get(..2).unwrap_or_default();
        Name::from_iter(
            self.prefix.split('/').chain([folder, sha256]).filter(|part| !part.is_empty()),
        )
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
mod tests {
    use std::io::Write as _;

    use super::*;

    fn rendition(bytes: &[u8]) -> Rendition {
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

    async fn content(shelf: &Shelf, sha256: &str) -> Option<Result<Vec<u8>, Fault>> {
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
            shelf.keep(rendition(&bytes)).await.unwrap();
            shelf.keep(rendition(&bytes)).await.unwrap();
            assert_eq!(content(&shelf, &sha256).await.unwrap().unwrap(), bytes);
            let beside = std::fs::read_dir(folder.path().join(&sha256[..2])).unwrap();
            assert_eq!(beside.count(), 1, "{length}");
        }
        for name in ["../secret.key", &"0".repeat(64), "", &"é".repeat(32)] {
            assert!(content(&shelf, name).await.is_none(), "{name}");
        }
    }

    #[tokio::test]
    async fn a_file_that_somebody_changed_is_not_what_was_kept() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(&Location::Folder(folder.path().to_owned())).unwrap();
        let sha256 = rendition(b"a photo").sha256;
        shelf.keep(rendition(b"a photo")).await.unwrap();
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
        };
        assert!(!format!("{s3:?}").contains("secret"));
        let shelf = Shelf::open(&Location::S3(s3)).unwrap();
        let name = shelf.name(&"ab".repeat(32)).to_string();
        assert_eq!(name, format!("cell/7/ab/{}", "ab".repeat(32)));
    }
}
