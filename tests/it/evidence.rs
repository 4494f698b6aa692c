//! Files made to harm whoever reads them, handed in to a running node with its real child processes.

use std::io::Cursor;
use std::path::Path;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use image::{DynamicImage, GrayImage, ImageFormat, Luma, RgbImage};
use parasol_api::common::v1::EvidenceKind;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::intake::v1::{
    Evidence, GetEvidenceRequest, ListEvidenceRequest, UploadEvidenceRequest,
};
use parasol_api::{Error, Reason};
use parasol_evidence::{Fault, Limits, Quarantine, Rendition, Workshop};
use parasol_runtime::identity::{Principal, Role};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::bad_input::{filer, filing};
use crate::house::House;
use crate::program::program;
use crate::tenancy::cases::{ASTER_ONE, Reached, World};

/// What nobody may find in anything that is kept.
const CANARY: &str = "GPS-CANARY-30.2741N-120.1551E";

/// A node with one case of a customer.
pub struct Door {
    pub house: House,
    pub owner: Principal,
    pub case: String,
    next: u128,
}

impl Door {
    async fn open() -> Self {
        Self::of(House::open().await).await
    }

    pub async fn of(house: House) -> Self {
        let owner = Principal::new(Role::Customer, filer());
        let request = house.request_of(&owner, filing());
        let filed = IntakeServiceClient::new(house.channel.clone()).file_case(request).await;
        let case = filed.expect("it is filed").into_inner().case.expect("a case").case_id;
        Self { house, owner, case, next: 0 }
    }

    pub fn head(&mut self) -> UploadEvidenceRequest {
        self.next += 1;
        UploadEvidenceRequest {
            request_id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + self.next)
                .to_string(),
            case_id: self.case.clone(),
            kind: EvidenceKind::Fault.into(),
            ..UploadEvidenceRequest::default()
        }
    }

    /// Hands a stream of pieces in.
    pub async fn stream(
        &mut self,
        pieces: impl stream::Stream<Item = Vec<u8>> + Send + 'static,
    ) -> Result<Evidence, Error> {
        let head = self.head();
        let pieces =
            pieces.map(|data| UploadEvidenceRequest { data, ..UploadEvidenceRequest::default() });
        let messages = stream::once(async move { head }).chain(pieces);
        let request = self.house.request_of(&self.owner, messages);
        let mut client = IntakeServiceClient::new(self.house.channel.clone());
        let answer = client.upload_evidence(request).await;
        let answer = answer.map_err(|status| Error::from_status(&status))?;
        Ok(answer.into_inner().evidence.expect("a piece"))
    }

    pub async fn upload(&mut self, bytes: &[u8]) -> Result<Evidence, Error> {
        let pieces: Vec<_> = bytes.chunks(100_000).map(<[u8]>::to_vec).collect();
        self.stream(stream::iter(pieces)).await
    }

    async fn refused(&mut self, bytes: &[u8]) -> Reason {
        self.upload(bytes).await.expect_err("it is refused").reason()
    }

    async fn content(&self, piece: &Evidence) -> Vec<u8> {
        let request = GetEvidenceRequest { evidence_id: piece.evidence_id.clone() };
        let request = self.house.request_of(&self.owner, request);
        let mut client = IntakeServiceClient::new(self.house.channel.clone());
        let pieces = client.get_evidence(request).await.expect("it is there").into_inner();
        let pieces: Vec<_> = pieces.try_collect().await.expect("it comes whole");
        pieces.into_iter().flat_map(|piece| piece.data).collect()
    }

    pub async fn listed(&self) -> Vec<Evidence> {
        let request = ListEvidenceRequest { case_id: self.case.clone() };
        let request = self.house.request_of(&self.owner, request);
        let mut client = IntakeServiceClient::new(self.house.channel.clone());
        client.list_evidence(request).await.expect("it is listed").into_inner().evidence
    }

    /// Every file of the data folder that is no database.
    pub fn kept(&self) -> Vec<Vec<u8>> {
        let mut files = Vec::new();
        for folder in ["evidence", "quarantine"] {
            collect(&self.house.folder().join(folder), &mut files);
        }
        files
    }
}

fn collect(folder: &Path, files: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(std::fs::read(path).expect("a file can be read"));
        }
    }
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn encoded(picture: DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("it can be written");
    bytes.into_inner()
}

fn scene() -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_fn(320, 240, |x, y| {
        image::Rgb([(x % 251) as u8, (y % 241) as u8, ((x / 40 + y / 40) * 37 % 256) as u8])
    }))
}

pub fn jpeg() -> Vec<u8> {
    encoded(scene(), ImageFormat::Jpeg)
}

/// A JPEG with a segment behind its beginning.
fn with_segment(jpeg: &[u8], marker: u8, segment: &[u8]) -> Vec<u8> {
    let length = u16::try_from(segment.len() + 2).expect("a segment is short").to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, segment, &jpeg[2..]].concat()
}

/// The checksum of PNG's chunks.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 }
        })
    })
}

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [&name[..], data].concat();
    let length = u32::try_from(data.len()).expect("a chunk is short").to_be_bytes();
    [&length[..], &named, &crc(&named).to_be_bytes()].concat()
}

/// A PNG that says it has so many dots.
fn png_of(width: u32, height: u32) -> Vec<u8> {
    let says = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let whole = encoded(scene(), ImageFormat::Png);
    // Signature, length, name and 13 bytes of what it says, and the checksum.
    [&whole[..8], &chunk(b"IHDR", &says), &whole[33..]].concat()
}

/// A JPEG that says it has so many dots.
fn jpeg_of(width: u16, height: u16) -> Vec<u8> {
    let mut whole = jpeg();
    let frame = whole.windows(2).position(|pair| pair == [0xFF, 0xC0]).expect("a frame");
    whole[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    whole[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    whole
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_made_to_harm_are_refused_by_name_and_leave_nothing() {
    let mut door = Door::open().await;
    let whole_png = encoded(scene(), ImageFormat::Png);
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    let too_long = [jpeg(), vec![0; 17 << 20]].concat();
    let page = b"<!doctype html><script>alert(1)</script>";
    for (what, bytes, wanted) in [
        ("60,000 dots a side, PNG", png_of(60_000, 60_000), Reason::EvidenceTooLarge),
        ("60,000 dots a side, JPEG", jpeg_of(60_000, 60_000), Reason::EvidenceTooLarge),
        ("many dots on allowed sides", png_of(16_000, 16_000), Reason::EvidenceTooLarge),
        ("no dots", png_of(0, 5), Reason::EvidenceUnreadable),
        ("a long body", too_long, Reason::EvidenceTooLarge),
        ("an SVG with a script", svg.to_vec(), Reason::EvidenceTypeRefused),
        ("a page", page.to_vec(), Reason::EvidenceTypeRefused),
        ("an archive", b"PK\x03\x04 and so on".to_vec(), Reason::EvidenceTypeRefused),
        ("half a PNG", whole_png[..whole_png.len() / 2].to_vec(), Reason::EvidenceUnreadable),
        ("half a JPEG", jpeg()[..4_000].to_vec(), Reason::EvidenceUnreadable),
        ("three bytes of a JPEG", b"\xFF\xD8\xFF".to_vec(), Reason::EvidenceUnreadable),
        (
            "a film of nothing",
            b"\0\0\0\x14ftypisom\0\0\0\0isom".to_vec(),
            Reason::EvidenceUnreadable,
        ),
    ] {
        assert_eq!(door.refused(&bytes).await, wanted, "{what}");
    }
    // Whoever waited for its end would wait for ever.
    let gif = stream::once(async { b"GIF89a".to_vec() });
    let endless = gif.chain(stream::repeat_with(|| vec![0; 64 * 1024]));
    let refused = door.stream(endless).await.expect_err("it is refused");
    assert_eq!(refused.reason(), Reason::EvidenceTypeRefused);
    let head = jpeg();
    let endless = stream::once(async { head }).chain(stream::repeat_with(|| vec![0; 64 * 1024]));
    let refused = door.stream(endless).await.expect_err("it is refused");
    assert_eq!(refused.reason(), Reason::EvidenceTooLarge);
    assert!(door.listed().await.is_empty());
    assert!(door.kept().is_empty(), "something is left");
    // The house goes on.
    assert!(door.upload(&jpeg()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_hides_beside_a_picture_is_in_nothing_that_is_kept() {
    let mut door = Door::open().await;
    let exif = [b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0", CANARY.as_bytes()].concat();
    let archive = [b"PK\x03\x04".as_slice(), CANARY.as_bytes(), b"PK\x05\x06"].concat();
    let page = format!("<script>alert('{CANARY}')</script>");
    let text = [b"Comment\0".as_slice(), CANARY.as_bytes()].concat();
    let png = encoded(scene(), ImageFormat::Png);
    let hiding = [
        with_segment(&jpeg(), 0xE1, &exif),
        with_segment(&jpeg(), 0xFE, CANARY.as_bytes()),
        with_segment(&jpeg(), 0xED, CANARY.as_bytes()),
        [jpeg(), archive].concat(),
        [jpeg(), page.into_bytes()].concat(),
        [&png[..33], &chunk(b"tEXt", &text), &png[33..]].concat(),
        [&png[..33], &chunk(b"eXIf", &exif[6..]), &png[33..], CANARY.as_bytes()].concat(),
        film(),
    ];
    for (nth, bytes) in hiding.iter().enumerate() {
        assert!(has(bytes, CANARY.as_bytes()), "the {nth}th hides nothing");
        let piece = door.upload(bytes).await.unwrap_or_else(|error| panic!("{nth}: {error:?}"));
        assert_eq!(piece.sha256, hex::encode(Sha256::digest(bytes)));
        let seen = door.content(&piece).await;
        assert_eq!(piece.stored_sha256, hex::encode(Sha256::digest(&seen)), "{nth}");
    }
    let kept = door.kept();
    // Four of the photos show the same and hide in different ways; what is kept of them is one.
    assert!(kept.len() >= 3, "only {} files", kept.len());
    for file in kept {
        for part in [CANARY.as_bytes(), b"PK\x03\x04", b"<script", b"Exif"] {
            assert!(!has(&file, part), "{} is kept", String::from_utf8_lossy(part));
        }
    }
}

/// A film that says where it was taken.
fn film() -> Vec<u8> {
    let boxed = |name: &[u8; 4], content: &[u8]| {
        let length = u32::try_from(content.len() + 8).expect("a box is short").to_be_bytes();
        [&length[..], name, content].concat()
    };
    let said = boxed(b"udta", &boxed(b"\xA9xyz", CANARY.as_bytes()));
    let movie = boxed(b"moov", &[boxed(b"trak", &boxed(b"tkhd", &[0; 84])), said].concat());
    [boxed(b"ftyp", b"isom\0\0\0\0isom"), movie, boxed(b"mdat", &[7; 100_000])].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_that_goes_away_leaves_nothing() {
    let mut door = Door::open().await;
    let head = door.head();
    let begun = UploadEvidenceRequest { data: jpeg()[..2_000].to_vec(), ..head.clone() };
    let (came, coming) = tokio::sync::oneshot::channel();
    let messages = stream::once(async move {
        let _ = came.send(());
        begun
    });
    let request = door.house.request_of(&door.owner, messages.chain(stream::pending()));
    let mut client = IntakeServiceClient::new(door.house.channel.clone());
    tokio::select! {
        answer = client.upload_evidence(request) => panic!("it was answered: {answer:?}"),
        _ = coming => {}
    }
    assert!(door.listed().await.is_empty() && door.kept().is_empty());
    // The same request with the whole file is a new one: nothing was answered before.
    let whole = UploadEvidenceRequest { data: jpeg(), ..head };
    let request = door.house.request_of(&door.owner, stream::iter([whole]));
    assert!(client.upload_evidence(request).await.is_ok());
    assert_eq!(door.listed().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_goes_in_and_out_over_rest_as_it_is() {
    let door = Door::open().await;
    let bytes = with_segment(&jpeg(), 0xFE, CANARY.as_bytes());
    let sha256 = hex::encode(Sha256::digest(&bytes));
    let (case, key) = (&door.case, Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00aa));
    let post = format!(
        "POST /v1/cases/{case}/evidence?kind=EVIDENCE_KIND_NAMEPLATE&sha256={sha256} HTTP/1.1\r\n\
         idempotency-key: {key}\r\ncontent-type: image/jpeg\r\ncontent-length: {}\r\n",
        bytes.len()
    );
    let (head, body) = door.http(&post, &bytes).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head} {}", String::from_utf8_lossy(&body));
    let told: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(told["evidence"]["sha256"], sha256);
    let (_, again) = door.http(&post, &bytes).await;
    assert_eq!(again, body, "a repetition gets the same bytes");
    let id = told["evidence"]["evidenceId"].as_str().expect("an id");
    let (head, content) = door.http(&format!("GET /v1/evidence/{id} HTTP/1.1\r\n"), b"").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    for line in ["content-type: image/jpeg", "nosniff", "sandbox", "no-store"] {
        assert!(head.contains(line), "{line} is not in {head}");
    }
    let stored = told["evidence"]["storedSha256"].as_str().expect("a fingerprint");
    assert_eq!(hex::encode(Sha256::digest(&content)), stored);
    let (head, _) = door.http(&format!("GET /v1/cases/{case}/evidence HTTP/1.1\r\n"), b"").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    // A body that ends before its length is no file.
    let cut = post.replace(&key.to_string(), &Uuid::from_u128(7 << 64 | 0x7000 << 48).to_string());
    let mut stream = TcpStream::connect(door.house.node.http).await.expect("the port is open");
    let request = door.written(&cut);
    stream.write_all(request.as_bytes()).await.expect("it takes the head");
    stream.write_all(&bytes[..bytes.len() / 2]).await.expect("it takes a half");
    stream.shutdown().await.expect("it ends");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(door.listed().await.len(), 1);
}

impl Door {
    pub fn written(&self, head: &str) -> String {
        let token = self.house.node.tokens().token(&self.owner);
        format!("{head}host: parasol\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n")
    }

    async fn http(&self, head: &str, body: &[u8]) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(self.house.node.http).await.expect("the port is open");
        let request = self.written(head);
        stream.write_all(request.as_bytes()).await.expect("it takes the head");
        stream.write_all(body).await.expect("it takes the body");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("it answers");
        let end = answer.windows(4).position(|part| part == b"\r\n\r\n").expect("a head");
        let body = answer.split_off(end + 4);
        (String::from_utf8(answer).expect("a head is text"), body)
    }
}

/// Partners may keep their files; whoever decides by hand sees that they did.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_sees_which_photos_of_a_certificate_nobody_has_handed_in() {
    let world = World::open().await;
    let target = world.drive(ASTER_ONE, Reached::Repairing).await;
    let explain = async |caller: Principal| {
        let path = "/parasol.verification.v1.DecisionService/ExplainDecision";
        let body = json!({"case_id": target.names["case"]});
        world.house.act(&caller, path, &body).await["shown"].clone()
    };
    let shown = explain(Principal::new(Role::Agent, "tests")).await;
    assert_eq!(shown["certificate_id"], target.names["certificate"], "{shown}");
    assert_eq!(shown["not_in_our_store"].as_array().map(Vec::len), Some(3), "{shown}");
    assert_eq!(shown["claims"].as_array().map(Vec::len), Some(3), "{shown}");
}

/// A workshop with real child processes under these limits.
async fn make(bytes: &[u8], limits: Limits) -> Result<Rendition, Fault> {
    let folder = tempfile::tempdir().expect("a temp folder");
    let quarantine = Quarantine::open(folder.path(), limits).expect("a quarantine");
    let bytes = Bytes::copy_from_slice(bytes);
    let arrival = quarantine.take(stream::iter([Ok(bytes)])).await.expect("it comes");
    Workshop::of_program(program(), folder.path(), limits).make(arrival).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_eats_memory_or_time_is_ended() {
    // Forty million dots of one colour: a few kilobytes that become hundreds of megabytes.
    let bomb = GrayImage::from_pixel(8_000, 5_000, Luma([200]));
    let bomb = encoded(DynamicImage::ImageLuma8(bomb), ImageFormat::Png);
    assert!(bomb.len() < 1 << 20, "{} bytes", bomb.len());
    let made = make(&bomb, Limits::default()).await.expect("within the limits it is a photo");
    assert_eq!((made.width, made.height, made.look), (8_000, 5_000, None));
    // With a quarter of a gigabyte it would do; with an eighth the process ends where it has no more, and with a
    // sixteenth its decoder says beforehand that it would.
    for memory in [128, 64] {
        let little = Limits { memory: memory << 20, ..Limits::default() };
        let refused = make(&bomb, little).await;
        assert!(matches!(refused, Err(Fault::TooCostly(_))), "{memory}: {refused:?}");
    }
    let hurried = Limits { time: std::time::Duration::from_millis(5), ..Limits::default() };
    let refused = make(&bomb, hurried).await;
    assert!(matches!(refused, Err(Fault::TooCostly(_))), "{refused:?}");
}
