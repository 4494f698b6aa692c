//! Files that never end and senders that fall silent, over HTTP and gRPC: each has an end, is told why, and leaves
//! nothing.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use parasol_api::Reason;
use parasol_evidence::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::evidence::{Door, jpeg};
use crate::house::House;

/// More than a photo may have, and far less than a sender without end sends.
const SENT_MAX: usize = 48 << 20;

async fn hurried() -> Door {
    let limits = Limits {
        quiet: Duration::from_millis(300),
        coming: Duration::from_millis(1_500),
        ..Limits::default()
    };
    Door::of(House::with_files(limits).await).await
}

impl Door {
    /// A connection that has sent the head of an upload in chunks.
    async fn begun(&self, nth: u128) -> TcpStream {
        let key = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0b00 + nth);
        let head = self.written(&format!(
            "POST /v1/cases/{}/evidence?kind=EVIDENCE_KIND_FAULT HTTP/1.1\r\n\
             idempotency-key: {key}\r\ntransfer-encoding: chunked\r\n",
            self.case
        ));
        let mut stream = TcpStream::connect(self.house.node.http).await.expect("the port is open");
        stream.write_all(head.as_bytes()).await.expect("it takes the head");
        stream
    }

    async fn nothing_is_left(&self) {
        assert!(self.listed().await.is_empty());
        assert!(self.kept().is_empty(), "something is left");
    }
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// What comes on a connection until it ends.
async fn answer(mut reading: impl tokio::io::AsyncRead + Unpin) -> String {
    let mut answer = Vec::new();
    let _ = reading.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_without_end_is_refused_at_the_byte_too_many() {
    let mut door = Door::of(House::open().await).await;
    let stream = door.begun(1).await;
    let (reading, mut writing) = stream.into_split();
    let mut answers = tokio::task::JoinSet::new();
    let answered = answers.spawn(answer(reading));
    let (mut sent, zeros) = (0, chunk(&[0; 64 * 1024]));
    let _ = writing.write_all(&chunk(&jpeg())).await;
    while !answered.is_finished() && sent < SENT_MAX {
        if writing.write_all(&zeros).await.is_err() {
            break;
        }
        sent += zeros.len();
    }
    assert!(sent < SENT_MAX, "it takes everything");
    let said = answers.join_next().await.expect("one is awaited").expect("it is answered");
    assert!(said.contains("EVIDENCE_TOO_LARGE"), "{said}");
    door.nothing_is_left().await;
    // The house goes on.
    assert!(door.upload(&jpeg()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_falls_silent_over_http_is_let_go_and_told_why() {
    let mut door = hurried().await;
    // More often than one caller has places: each is given back.
    for nth in 0..6 {
        let mut stream = door.begun(10 + nth).await;
        stream.write_all(&chunk(&jpeg()[..2_000])).await.expect("it takes a part");
        let said = answer(&mut stream).await;
        assert!(said.contains("DEADLINE_EXCEEDED"), "{said}");
        assert!(!said.starts_with("HTTP/1.1 200"), "{said}");
    }
    door.nothing_is_left().await;
    assert!(door.upload(&jpeg()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_falls_silent_over_grpc_is_let_go_and_told_why() {
    let mut door = hurried().await;
    for _ in 0..6 {
        let begun = stream::once(async { jpeg()[..2_000].to_vec() });
        let refused = door.stream(begun.chain(stream::pending())).await.expect_err("it is refused");
        assert_eq!(refused.reason(), Reason::DeadlineExceeded);
    }
    door.nothing_is_left().await;
    assert!(door.upload(&jpeg()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_drips_has_an_end_too() {
    let mut door = hurried().await;
    let head = stream::once(async { jpeg()[..2_000].to_vec() });
    let drops = stream::unfold((), |()| async {
        let never = std::future::pending::<()>();
        let _ = tokio::time::timeout(Duration::from_millis(50), never).await;
        Some((vec![0xFF], ()))
    });
    let refused = door.stream(head.chain(drops)).await.expect_err("it is refused");
    assert_eq!(refused.reason(), Reason::DeadlineExceeded);
    door.nothing_is_left().await;
}
