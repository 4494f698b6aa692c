//! Programs in browsers: the contract by gRPC-Web, and from which pages.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use parasol_api::convert::Listed as _;
use parasol_api::intake::v1::{Case, FileCaseRequest, FileCaseResponse, GetCaseRequest};
use parasol_api::tracking::v1::{WatchCaseRequest, WatchCaseResponse};
use parasol_api::{Error, Reason};
use parasol_journey::vocab::CaseKind;
use parasol_runtime::identity::{Principal, Role};
use prost::Message;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::bad_input::{ORDER_LINE, filer};
use crate::house::House;
use crate::http::{self, Answer};

const FILE: &str = "POST /parasol.intake.v1.IntakeService/FileCase";
const GET: &str = "POST /parasol.intake.v1.IntakeService/GetCase";
const WATCH: &str = "POST /parasol.tracking.v1.TrackingService/WatchCase";
const TEXT: &str = "application/grpc-web-text";
const OURS: &str = "https://app.shop.example";

/// A message in its frame, as text.
fn frame(message: &impl Message) -> String {
    let body = message.encode_to_vec();
    let length = u32::try_from(body.len()).expect("a short message").to_be_bytes();
    BASE64_STANDARD.encode([&[0][..], &length, &body].concat())
}

/// The messages of an answer, and its trailers.
fn read(body: &str) -> (Vec<Vec<u8>>, String) {
    // Each piece was written in base64 by itself.
    let pieces = body.as_bytes().chunks(4);
    let bytes: Vec<u8> =
        pieces.flat_map(|piece| BASE64_STANDARD.decode(piece).expect("base64")).collect();
    let (mut rest, mut messages, mut trailers) = (&bytes[..], Vec::new(), String::new());
    while let Some((head, after)) = rest.split_at_checked(5) {
        let length = u32::from_be_bytes(head[1..].try_into().expect("four bytes"));
        let Some((body, next)) = after.split_at_checked(length as usize) else { break };
        match head[0] & 0x80 {
            0 => messages.push(body.to_vec()),
            _ => trailers = String::from_utf8(body.to_vec()).expect("trailers are text"),
        }
        rest = next;
    }
    (messages, trailers)
}

async fn call(
    house: &House,
    credential: &[(&str, &str)],
    line: &str,
    message: &impl Message,
) -> Answer {
    let mut headers = vec![("content-type", TEXT), ("accept", TEXT), ("x-grpc-web", "1")];
    headers.extend(credential);
    http::ask_with(house.node.http, &headers, line, &frame(message)).await
}

fn bearer(house: &House, role: Role, subject: &str) -> String {
    format!("Bearer {}", house.node.tokens().token(&Principal::new(role, subject)))
}

fn filing() -> FileCaseRequest {
    FileCaseRequest {
        request_id: "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4b01".to_owned(),
        order_line: ORDER_LINE.to_owned(),
        kind: CaseKind::Quality.number(),
        description: "it does not cool".to_owned(),
        ..FileCaseRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_is_spoken_by_grpc_web() {
    let house = House::open().await;
    let own = bearer(&house, Role::Customer, &filer());
    let own = [("authorization", own.as_str())];
    let filed = call(&house, &own, FILE, &filing()).await;
    let (messages, trailers) = read(&filed.body);
    assert_eq!(filed.status, 200, "{}", filed.head);
    assert!(trailers.contains("grpc-status:0"), "{trailers}");
    let [answer] = &messages[..] else { panic!("{messages:?}") };
    let filed = FileCaseResponse::decode(&answer[..]).expect("an answer");
    let case_id = filed.case.expect("a case").case_id;

    let get = GetCaseRequest { case_id: case_id.clone(), language: "en".to_owned() };
    let (messages, _) = read(&call(&house, &own, GET, &get).await.body);
    let case = Case::decode(&messages[0][..]).expect("a case");
    assert_eq!(case.view.expect("a view").case_id, case_id);

    // A stream is told piece by piece, as long as its connection lives.
    let watch = frame(&WatchCaseRequest { case_id, ..WatchCaseRequest::default() });
    let mut stream = TcpStream::connect(house.node.http).await.expect("the port is open");
    let asked = format!(
        "{WATCH} HTTP/1.1\r\nhost: parasol\r\ncontent-type: {TEXT}\r\naccept: {TEXT}\r\n\
         authorization: {}\r\ncontent-length: {}\r\n\r\n{watch}",
        own[0].1,
        watch.len(),
    );
    stream.write_all(asked.as_bytes()).await.expect("it is asked");
    let mut heard = String::new();
    let message = loop {
        let mut piece = [0; 4_096];
        let length = stream.read(&mut piece).await.expect("it goes on");
        assert!(length > 0, "it ended: {heard}");
        heard.push_str(std::str::from_utf8(&piece[..length]).expect("text"));
        let body = heard.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        // Chunks of one message each: a size, the piece, and so on.
        let mut lines = body.split("\r\n").skip(1).step_by(2).filter(|line| line.len() % 4 == 0);
        if let Some(message) = lines.find_map(|line| read(line).0.into_iter().next()) {
            break message;
        }
    };
    let told = WatchCaseResponse::decode(&message[..]).expect("what a watcher is told");
    assert!(told.event.is_some() && !told.resume_token.is_empty(), "{told:?}");
    house.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_credential_of_its_own_makes_a_call() {
    let house = House::open().await;
    let own = bearer(&house, Role::Customer, &filer());
    let cookie = format!("parasol_session={}", own.trim_start_matches("Bearer "));
    let stranger = bearer(&house, Role::Technician, "nobody");
    for (credential, reason) in [
        (vec![], Reason::Unauthenticated),
        // The cookie of the pages, as another site would have it sent.
        (vec![("cookie", cookie.as_str())], Reason::Unauthenticated),
        (vec![("authorization", stranger.as_str())], Reason::PermissionDenied),
    ] {
        let answer = call(&house, &credential, FILE, &filing()).await;
        let status = status_of(&answer);
        assert_eq!(Error::from_status(&status).reason(), reason, "{credential:?} {}", answer.head);
    }
    let other = http::ask_with(house.node.http, &[("content-type", "text/plain")], GET, "").await;
    assert_eq!(other.status, 404, "what is no gRPC-Web has its own routes");
    house.leave().await;
}

/// The status of a refusal, which stands in the head.
fn status_of(answer: &Answer) -> tonic::Status {
    let mut headers = tonic::codegen::http::HeaderMap::new();
    for line in answer.head.lines().skip(1) {
        let Some((name, value)) = line.split_once(": ") else { continue };
        let name: tonic::codegen::http::HeaderName = name.parse().expect("a name");
        headers.insert(name, value.parse().expect("a value"));
    }
    tonic::Status::from_header_map(&headers).unwrap_or_else(|| panic!("{}", answer.head))
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_named_origins_may_call_and_no_others() {
    let closed = House::empty().await;
    let ask = async |house: &House, origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type,x-grpc-web"),
        ];
        let line = GET.replace("POST", "OPTIONS");
        http::ask_with(house.node.http, &headers, &line, "").await.head.to_lowercase()
    };
    assert!(!ask(&closed, OURS).await.contains("access-control-allow"), "nobody was named");
    closed.leave().await;

    let open = House::set(&[("browser_origins", OURS)]).await;
    let allowed = ask(&open, OURS).await;
    assert!(allowed.contains(&format!("access-control-allow-origin: {OURS}")), "{allowed}");
    assert!(allowed.contains("authorization"), "{allowed}");
    assert!(!allowed.contains("allow-credentials"), "cookies are ours alone: {allowed}");
    let other = ask(&open, "https://app.shop.example.evil.example").await;
    assert!(!other.contains("access-control-allow-origin"), "{other}");
    open.leave().await;
}
