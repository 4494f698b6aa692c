//! REST as a client meets it. The other end is a transport that keeps what it was asked and answers what
//! it was told to.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use parasol_api::error::Kind;
use parasol_api::intake::v1::{Case, ListCasesRequest};
use parasol_api::partner::v1::{AcceptOfferRequest, ListWorkOrdersResponse};
use parasol_api::tracking::v1::WatchCaseResponse;
use parasol_api::{Error, Reason, descriptor};
use parasol_runtime::health::Health;
use prost::Message;
use serde_json::{Value, json};
use tonic::Status;
use tower::ServiceExt as _;

use super::*;

const CASE: &str = "case_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b";

/// What was asked: path, credential, messages.
type Asked = Arc<Mutex<Vec<(String, Option<String>, Vec<Vec<u8>>)>>>;

/// The other end of the transport.
struct Bench {
    asked: Asked,
    routes: axum::Router,
}

/// A message as it stands on the wire.
fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0][..], &length, message].concat()
}

fn unframed(mut body: &[u8]) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while let Some((length, rest)) = body.get(1..5).zip(body.get(5..)) {
        let length = u32::from_be_bytes(length.try_into().unwrap()) as usize;
        messages.push(rest[..length].to_vec());
        body = &rest[length..];
    }
    messages
}

impl Bench {
    /// Answers every call with these messages, or with this failure at their end.
    fn answering(messages: &[Vec<u8>], failure: Option<Error>) -> Self {
        let asked = Asked::default();
        let body: Vec<u8> = messages.iter().flat_map(|message| framed(message)).collect();
        let only_fails = messages.is_empty();
        let keep = Arc::clone(&asked);
        let answer = tower::service_fn(move |request: Request<tonic::body::Body>| {
            let (keep, body, failure) = (Arc::clone(&keep), body.clone(), failure.clone());
            async move {
                let (parts, sent) = request.into_parts();
                let sent = to_bytes(Body::new(sent), usize::MAX).await.unwrap();
                let credential = parts.headers.get(header::AUTHORIZATION);
                let credential = credential.map(|value| value.to_str().unwrap().to_owned());
                keep.lock().unwrap().push((
                    parts.uri.path().to_owned(),
                    credential,
                    unframed(&sent),
                ));
                let status = failure.map_or_else(|| Status::ok(""), Status::from);
                if only_fails {
                    return Ok::<_, Status>(status.into_http());
                }
                let mut trailers = HeaderMap::new();
                status.add_header(&mut trailers).unwrap();
                let frames =
                    [http_body::Frame::data(body.into()), http_body::Frame::trailers(trailers)];
                let frames = futures::stream::iter(frames.map(Ok::<_, Status>));
                let answer = http::Response::new(tonic::body::Body::new(
                    http_body_util::StreamBody::new(frames),
                ));
                Ok(answer)
            }
        });
        let admits: Admits = Arc::new(|_, headers| {
            let is_refused = headers.contains_key("x-refused");
            let refusal = Error::new(Reason::Unauthenticated);
            Box::pin(std::future::ready(if is_refused { Err(refusal) } else { Ok(()) }))
        });
        let transport = Transport::new(answer);
        let callbacks = Callbacks::new(transport.clone(), Arc::new(|who| who.to_string()));
        let rest = Rest::new(transport, admits, callbacks, 1 << 16);
        let grpc = "127.0.0.1:7443".parse().unwrap();
        Self {
            asked,
            routes: crate::router(Health::new(), grpc, rest, crate::web::fixture::alone()),
        }
    }

    async fn ask(&self, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
        let answer = self.routes.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, 1 << 22).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn json(&self, request: Request<Body>) -> (StatusCode, Value) {
        let (status, _, body) = self.ask(request).await;
        (status, serde_json::from_str(&body).unwrap())
    }

    /// The one call that was made.
    fn call<M: Message + Default>(&self) -> (String, M) {
        let asked = self.asked.lock().unwrap();
        let [(path, _, messages)] = asked.as_slice() else { panic!("{asked:?}") };
        (path.clone(), M::decode(messages[0].as_slice()).unwrap())
    }
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

fn post(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).body(body.into()).unwrap()
}

#[test]
fn every_method_has_a_form() {
    let served: HashSet<_> = routes().all().iter().map(|route| route.method.full_name()).collect();
    let missing: Vec<_> = descriptor::pool()
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .map(|method| method.full_name().to_owned())
        .filter(|name| !served.contains(name.as_str()))
        .collect();
    assert!(missing.is_empty(), "methods without google.api.http: {missing:?}");
}

#[tokio::test]
async fn path_headers_and_body_become_one_message_and_the_credential_is_passed_on() {
    let bench = Bench::answering(&[Vec::new()], None);
    let path = format!("/v1/partner/cases/{CASE}/offers/offer%5F1:accept");
    let mut request = post(&path, json!({ "partnerOrderNo": "A-7", "centre": "c1" }).to_string());
    let headers = [
        ("authorization", "Bearer t"),
        ("idempotency-key", "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"),
        ("if-match", "\"3\""),
    ];
    for (name, value) in headers {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let (status, body) = bench.json(request).await;
    assert_eq!((status, body), (StatusCode::OK, json!({})));
    let (method, sent) = bench.call::<AcceptOfferRequest>();
    assert_eq!(method, "/parasol.partner.v1.OfferService/AcceptOffer");
    assert_eq!(bench.asked.lock().unwrap()[0].1.as_deref(), Some("Bearer t"));
    let expected = AcceptOfferRequest {
        request_id: "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b".into(),
        case_id: CASE.into(),
        etag: "3".into(),
        partner_order_no: "A-7".into(),
        offer_id: "offer_1".into(),
        centre: "c1".into(),
        ..Default::default()
    };
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn a_query_fills_plain_fields_by_either_name() {
    let bench = Bench::answering(&[Vec::new()], None);
    let path = "/v1/cases?pageSize=7&open_only=true&stage=STAGE_FILED&order_line=A%2F1";
    assert_eq!(bench.ask(get(path)).await.0, StatusCode::OK);
    let (_, sent) = bench.call::<ListCasesRequest>();
    assert_eq!((sent.page_size, sent.open_only), (7, true));
    assert_eq!((sent.stage, sent.order_line.as_str()), (1, "A/1"));
}

#[tokio::test]
async fn an_answer_is_protobufs_own_json() {
    let case = Case { order_line: "A-1".into(), ..Case::default() };
    let bench = Bench::answering(&[case.encode_to_vec()], None);
    let (status, headers, body) = bench.ask(get(&format!("/v1/cases/{CASE}"))).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(body, r#"{"orderLine":"A-1"}"#);
}

#[tokio::test]
async fn what_does_not_read_is_refused_with_its_place_and_nothing_is_called() {
    let bench = Bench::answering(&[Vec::new()], None);
    let accept = format!("/v1/partner/cases/{CASE}/offers/o:accept");
    let large = format!("{{\"centre\":\"{}\"}}", "x".repeat(1 << 16));
    let wrong = [
        (get("/v1/cases?pageSize=many"), 400, "FIELD_INVALID", "pageSize"),
        (get("/v1/cases?nothing=1"), 400, "FIELD_INVALID", "nothing"),
        (get("/v1/cases?pageSize=1&pageSize=2"), 400, "FIELD_INVALID", "given once"),
        (get("/v1/cases?openOnly=yes"), 400, "FIELD_INVALID", "true or false"),
        (get("/v1/nothing/here"), 404, "NOT_FOUND", ""),
        (post(&accept, "{"), 400, "FIELD_INVALID", "JSON"),
        (post(&accept, "[]"), 400, "FIELD_INVALID", "JSON object"),
        (post(&accept, "{\"centr\":\"x\"}"), 400, "FIELD_INVALID", "centr"),
        (post(&accept, "{\"partnerSequence\":\"x\"}"), 400, "FIELD_INVALID", "partnerSequence"),
        (post(&accept, "{\"offerId\":\"other\"}"), 400, "FIELD_INVALID", "the same in the path"),
        (
            post(&accept, "{\"offerId\":\"o\",\"offer_id\":\"other\"}"),
            400,
            "FIELD_INVALID",
            "the same in the path",
        ),
        (post(&accept, &b"\xff{}"[..]), 400, "FIELD_INVALID", "JSON"),
        (post(&accept, large), 413, "MESSAGE_TOO_LARGE", "bytes"),
    ];
    for (request, status, reason, names) in wrong {
        let what = format!("{} {}", request.method(), request.uri());
        let (got, body) = bench.json(request).await;
        assert_eq!(
            (got.as_u16(), body["reason"].as_str()),
            (status, Some(reason)),
            "{what}: {body}"
        );
        assert!(body.to_string().contains(names), "{what}: {body}");
        assert_eq!(body["type"], format!("/errors/{reason}"));
    }
    let (status, headers, _) = bench.ask(post("/v1/cases/x/timeline", "{}")).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(headers[header::ALLOW], "GET");
    assert!(bench.asked.lock().unwrap().is_empty(), "something was called");
}

#[tokio::test]
async fn the_body_of_a_caller_without_a_right_is_not_read() {
    let bench = Bench::answering(&[Vec::new()], None);
    let body =
        futures::stream::poll_fn(|_| -> std::task::Poll<Option<Result<bytes::Bytes, Status>>> {
            panic!("the body was read")
        });
    let mut request = post("/v1/admin/network:import", Body::from_stream(body));
    request.headers_mut().insert("x-refused", "1".parse().unwrap());
    let (status, body) = bench.json(request).await;
    assert_eq!((status, &body["reason"]), (StatusCode::UNAUTHORIZED, &json!("UNAUTHENTICATED")));
}

#[tokio::test]
async fn a_line_may_be_no_longer_than_a_message() {
    let bench = Bench::answering(&[Vec::new()], None);
    let lines = format!("{{\"row\":\"1\"}}\n{{\"requestId\":\"{}\"}}", "x".repeat(1 << 16));
    let (status, body) = bench.json(post("/v1/admin/network:import", lines)).await;
    assert_eq!((status, &body["metadata"]["line"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("2")));
    assert!(bench.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_failure_is_a_problem_in_the_readers_language() {
    for reason in Reason::ALL {
        let failure = Error::new(*reason).with("stage", "filed").violation("x", *reason, "less");
        let bench = Bench::answering(&[], Some(failure));
        let mut request = get("/v1/cases");
        request.headers_mut().insert(header::ACCEPT_LANGUAGE, "en".parse().unwrap());
        let (status, headers, body) = bench.ask(request).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(body["status"], status.as_u16());
        assert_eq!(
            (&body["reason"], &body["code"]),
            (&json!(reason.code()), &json!(reason.kind().name()))
        );
        assert_eq!(body["title"], reason.words(Language::En).what);
        assert_eq!(
            (&body["metadata"]["stage"], &body["violations"][0]["field"]),
            (&json!("filed"), &json!("x"))
        );
        assert_eq!(
            headers.contains_key(header::RETRY_AFTER),
            Error::new(*reason).retry_delay().is_some()
        );
        assert_eq!(
            headers.contains_key(header::WWW_AUTHENTICATE),
            reason.kind() == Kind::Unauthenticated
        );
        assert!(status.is_client_error() || status.is_server_error());
    }
}

#[tokio::test]
async fn a_stream_is_events_with_the_place_to_go_on_from() {
    let message = |token: &str| {
        WatchCaseResponse { resume_token: token.into(), ..Default::default() }.encode_to_vec()
    };
    let failure = Error::new(Reason::Overloaded);
    let bench = Bench::answering(&[message("t1"), message("t2")], Some(failure));
    let mut request = get(&format!("/v1/cases/{CASE}:watch"));
    request.headers_mut().insert("last-event-id", "t0".parse().unwrap());
    let (status, headers, body) = bench.ask(request).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[header::CONTENT_TYPE], "text/event-stream");
    let events: Vec<_> = body.trim().split("\n\n").collect();
    assert_eq!(events[0], "id: t1\ndata: {\"resumeToken\":\"t1\"}");
    assert_eq!(events[1], "id: t2\ndata: {\"resumeToken\":\"t2\"}");
    assert!(events[2].starts_with("event: problem\ndata: {") && events[2].contains("OVERLOADED"));
    let (_, sent) = bench.call::<parasol_api::tracking::v1::WatchCaseRequest>();
    assert_eq!((sent.case_id.as_str(), sent.resume_token.as_str()), (CASE, "t0"));

    let mut request = get(&format!("/v1/cases/{CASE}:watch"));
    request.headers_mut().insert(header::ACCEPT, "application/x-ndjson".parse().unwrap());
    let (_, headers, body) = bench.ask(request).await;
    assert_eq!(headers[header::CONTENT_TYPE], "application/x-ndjson");
    assert_eq!(body.lines().next(), Some("{\"resumeToken\":\"t1\"}"));
    assert!(body.lines().last().unwrap().starts_with("{\"problem\":{"));
}

#[tokio::test]
async fn a_method_that_takes_a_stream_reads_a_message_a_line_or_nothing() {
    let bench = Bench::answering(&[Vec::new()], None);
    let lines = "{\"row\":\"1\",\"brand\":{\"brand\":\"a\"}}\n\n{\"row\":\"2\"}\n";
    let mut request = post("/v1/admin/network:import", lines);
    request.headers_mut().insert("idempotency-key", "k".parse().unwrap());
    assert_eq!(bench.ask(request).await.0, StatusCode::OK);
    {
        use parasol_api::admin::v1::ImportNetworkRequest;
        let asked = bench.asked.lock().unwrap();
        let sent: Vec<_> = asked[0]
            .2
            .iter()
            .map(|one| ImportNetworkRequest::decode(one.as_slice()).unwrap())
            .collect();
        assert_eq!(sent.iter().map(|one| one.row).collect::<Vec<_>>(), [1, 2]);
        assert_eq!((sent[0].request_id.as_str(), sent[1].request_id.as_str()), ("k", ""));
    }
    let (status, body) =
        bench.json(post("/v1/admin/network:import", "{\"row\":\"1\"}\nnonsense")).await;
    assert_eq!((status, &body["metadata"]["line"]), (StatusCode::BAD_REQUEST, &json!("2")));
    assert_eq!(bench.asked.lock().unwrap().len(), 1, "half a file was sent");
}

#[tokio::test]
async fn the_document_names_every_route_and_refers_to_nothing_that_is_not_there() {
    let bench = Bench::answering(&[ListWorkOrdersResponse::default().encode_to_vec()], None);
    let (status, document) = bench.json(get("/openapi.json")).await;
    assert_eq!((status, &document["openapi"]), (StatusCode::OK, &json!("3.1.0")));
    let mut ids = BTreeSet::new();
    for route in routes().all() {
        let operation =
            &document["paths"][&route.template][route.verb.as_str().to_ascii_lowercase()];
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{operation}");
        assert!(
            operation["description"].as_str().is_some_and(|said| said.contains("Callers")),
            "{operation}"
        );
        assert!(!operation["x-callers"].as_array().unwrap().is_empty(), "{operation}");
    }
    let text = document.to_string();
    for part in text.split("#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name]["properties"].is_object(), "{name}");
    }
}
