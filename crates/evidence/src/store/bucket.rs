//! The same promises against a server of S3 that others wrote, over a socket.

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;

use super::tests::{content, rendition};
use super::*;

const BUCKET: &str = "evidence";
const KEY: (&str, &str) = ("AKEY", "a secret");

/// A server of S3 on a free port, with one bucket in a folder that goes away with it.
struct Server {
    endpoint: String,
    _folder: tempfile::TempDir,
}

impl Server {
    #[expect(
        clippy::disallowed_methods,
        reason = "a server of a test ends with the runtime of its test; there is no supervisor below it"
    )]
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).unwrap());
        service.set_auth(SimpleAuth::from_single(KEY.0, KEY.1));
        let service = service.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let served =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service.clone());
                tokio::spawn(served);
            }
        });
        Self { endpoint, _folder: folder }
    }

    fn shelf(&self, bucket: &str, (id, secret): (&str, &str)) -> Shelf {
        let patience = Patience {
            call: Duration::from_secs(20),
            retries: 0,
            retrying: Duration::from_secs(20),
        };
        let s3 = S3 {
            bucket: bucket.to_owned(),
            prefix: "cell/7".to_owned(),
            endpoint: self.endpoint.clone(),
            region: "us-east-1".to_owned(),
            access_key_id: id.to_owned(),
            secret_access_key: secret.to_owned(),
            patience,
        };
        Shelf::open(&Location::S3(s3)).unwrap()
    }
}

/// In one piece and in several, kept twice and kept once.
#[tokio::test]
async fn what_a_bucket_keeps_comes_back_under_its_fingerprint() {
    let server = Server::start().await;
    let shelf = server.shelf(BUCKET, KEY);
    shelf.check().await.unwrap();
    for length in [5, PART, 2 * PART + 3] {
        let bytes = vec![7; length];
        let sha256 = rendition(&bytes).sha256;
        assert!(!shelf.has(&sha256).await.unwrap());
        for _ in 0..2 {
            shelf.keep(&rendition(&bytes)).await.unwrap();
        }
        assert!(shelf.has(&sha256).await.unwrap());
        assert!(content(&shelf, &sha256).await.unwrap().unwrap() == bytes, "{length}");
    }
    assert!(content(&shelf, &"0".repeat(64)).await.is_none());
}

#[tokio::test]
async fn a_bucket_is_swept_as_a_folder_is() {
    let server = Server::start().await;
    let shelf = server.shelf(BUCKET, KEY);
    let sha256 = rendition(b"a photo").sha256;
    shelf.keep(&rendition(b"a photo")).await.unwrap();
    let number = u8::from_str_radix(&sha256[..2], 16).unwrap();
    let names = |kept: Vec<Kept>| kept.into_iter().map(|one| one.sha256).collect::<Vec<_>>();
    let kept = shelf.folder(number).await.unwrap();
    assert!(kept[0].at_micros > 0, "how old it is decides whether it is swept");
    assert_eq!(names(kept), [sha256.as_str()]);
    for _ in 0..2 {
        shelf.put_aside(&sha256).await.unwrap();
    }
    assert!(content(&shelf, &sha256).await.is_none());
    assert_eq!(names(shelf.aside().await.unwrap()), [sha256.as_str()]);
    assert!(shelf.folder(number).await.unwrap().is_empty());
    shelf.take_back(&sha256).await.unwrap();
    assert_eq!(content(&shelf, &sha256).await.unwrap().unwrap(), b"a photo");
    shelf.put_aside(&sha256).await.unwrap();
    for _ in 0..2 {
        shelf.forget(&sha256).await.unwrap();
    }
    assert!(!shelf.has(&sha256).await.unwrap());
    assert!(shelf.aside().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_wrong_bucket_and_a_wrong_key_are_told_apart_before_anything_is_kept() {
    let server = Server::start().await;
    let said = async |bucket, key| server.shelf(bucket, key).check().await;
    assert_eq!(said(BUCKET, KEY).await, Ok(()));
    assert_eq!(said("elsewhere", KEY).await, Err(Unusable::NoBucket));
    assert_eq!(said(BUCKET, (KEY.0, "another secret")).await, Err(Unusable::NotLetIn));
    assert_eq!(said(BUCKET, ("ANOTHER", KEY.1)).await, Err(Unusable::NotLetIn));
}
