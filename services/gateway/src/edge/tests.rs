//! The port when too much is asked at once. The other end is a gate: what is let in waits there.

use axum::Router;
use axum::http::{Request, StatusCode, header};
use futures::poll;
use parasol_api::admin::v1::CheckedCallback;
use parasol_journey::time::Span;
use parasol_runtime::health::Health;
use parasol_runtime::identity::Role;
use parasol_runtime::transport::Transport;
use prost::Message as _;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::*;
use crate::rest::{Callbacks, Rest};
use crate::web::fixture::{answered, noon, web};

const CASE: &str = "/v1/cases/case_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b";
const CHECK: &str = "/parasol.admin.v1.NetworkService/CheckCallback";

struct Bench {
    routes: Router,
    web: Web,
    /// Opened by adding permits: one lets one call go on.
    gate: Arc<Semaphore>,
}

type Calling = Pin<Box<dyn Future<Output = Response> + Send>>;

impl Bench {
    fn open() -> Self {
        let gate = Arc::new(Semaphore::new(0));
        let waits = Arc::clone(&gate);
        let transport =
            Transport::new(tower::service_fn(move |request: Request<tonic::body::Body>| {
                let waits = Arc::clone(&waits);
                async move {
                    // Whose a callback is, is known at once; what is then asked waits like everything else.
                    if request.uri().path() == CHECK {
                        let partner = CheckedCallback {
                            role: "brand".to_owned(),
                            subject: "aurora".to_owned(),
                            brand: "aurora".to_owned(),
                            request_id: "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b".to_owned(),
                        };
                        return Ok(answered(Ok(partner.encode_to_vec())));
                    }
                    waits.acquire().await.expect("the gate stands").forget();
                    Ok(answered(Err(Error::new(Reason::NotFound))))
                }
            }));
        let web = web(transport.clone());
        let vouching = Arc::clone(&web.key);
        let vouches = move |who: &Principal| vouching.issue(who, noon(), Span::minutes(1));
        let callbacks = Callbacks::new(transport.clone(), Arc::new(vouches));
        let admits = Arc::new(|_: &str, _: &HeaderMap| std::future::ready(Ok(())).boxed());
        let rest = Rest::new(transport, admits, callbacks, 1 << 20);
        let grpc = "127.0.0.1:7443".parse().unwrap();
        let routes = crate::router(Health::new(), grpc, rest, web.clone());
        Self { routes, web, gate }
    }

    fn token(&self, role: Role, subject: &str) -> String {
        let principal = Principal::new(role, subject).of_brand(subject);
        self.web.key.issue(&principal, noon(), Span::hours(1))
    }

    fn ask(&self, request: Request<Body>) -> Calling {
        let routes = self.routes.clone();
        Box::pin(async move { tower::ServiceExt::oneshot(routes, request).await.unwrap() })
    }

    /// Begins so many calls; those that were answered at once, and those that go on.
    async fn begin(
        &self,
        many: usize,
        request: impl Fn() -> Request<Body>,
    ) -> (Vec<Response>, Vec<Calling>) {
        let (mut told, mut going_on) = (Vec::new(), Vec::new());
        for _ in 0..many {
            // So many calls without a pause are more than a task is let do.
            tokio::task::yield_now().await;
            let mut calling = self.ask(request());
            match poll!(calling.as_mut()) {
                Poll::Ready(answer) => told.push(answer),
                Poll::Pending => going_on.push(calling),
            }
        }
        (told, going_on)
    }

    /// Whether a call is let in, which then waits at the gate, or is answered with a status.
    async fn now(&self, request: Request<Body>) -> Option<StatusCode> {
        tokio::task::yield_now().await;
        match poll!(self.ask(request)) {
            Poll::Ready(answer) => Some(answer.status()),
            Poll::Pending => None,
        }
    }
}

fn call(token: &str) -> Request<Body> {
    let request = Request::get(CASE).header(AUTHORIZATION, format!("Bearer {token}"));
    request.header(header::ACCEPT_LANGUAGE, "en").body(Body::empty()).unwrap()
}

fn page(path: &str, session: &str) -> Request<Body> {
    let request = Request::get(path).header(header::COOKIE, format!("parasol_session={session}"));
    request.header(header::ACCEPT_LANGUAGE, "en").body(Body::empty()).unwrap()
}

fn callback(body: Body) -> Request<Body> {
    let request = Request::post("/v1/callbacks/aurora").header("webhook-id", "msg_1");
    let request = request.header("webhook-timestamp", "1").header("webhook-signature", "v1,x");
    request.body(body).unwrap()
}

/// A body that begins and never ends.
fn slow() -> Body {
    let begun = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
    Body::from_stream(futures::StreamExt::chain(begun, futures::stream::pending()))
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn an_eager_tenant_fills_its_share_and_another_is_still_served_by_rest_and_on_pages() {
    let bench = Bench::open();
    let eager = bench.token(Role::Brand, "aurora");
    let (refused, held) = bench.begin(250, || call(&eager)).await;
    assert_eq!((refused.len(), held.len()), (150, 100));
    for answer in refused {
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        let seconds = answer.headers()[RETRY_AFTER].to_str().unwrap().parse::<u64>().unwrap();
        assert!(seconds >= 1);
        let told: Value = serde_json::from_str(&text(answer).await).unwrap();
        assert_eq!(told["reason"], "OVERLOADED");
    }
    let centre = Principal::new(Role::Centre, "au-1").of_brand("aurora");
    let centre = bench.web.key.issue(&centre, noon(), Span::hours(1));
    let of_the_brand = bench.now(call(&centre)).await;
    assert_eq!(of_the_brand, Some(StatusCode::TOO_MANY_REQUESTS), "a centre of the same brand");
    let on_its_pages = bench.now(page("/portal", &eager)).await;
    assert_eq!(on_its_pages, Some(StatusCode::SERVICE_UNAVAILABLE), "the same share on pages");

    let other = bench.token(Role::Brand, "borealis");
    let customer = bench.token(Role::Customer, "cust-1");
    assert_eq!(bench.now(call(&other)).await, None, "let in by REST");
    assert_eq!(bench.now(page("/portal", &other)).await, None, "let in on pages");
    assert_eq!(bench.now(page("/my", &customer)).await, None, "let in on pages");
    let asked = || {
        let request = Request::post("/parasol.intake.v1.IntakeService/GetCase");
        let request = request.header(AUTHORIZATION, format!("Bearer {other}"));
        let request = request.header(CONTENT_TYPE, "application/grpc-web+proto");
        request.body(Body::from(&[0_u8; 5][..])).unwrap()
    };
    let (told, going_on) = bench.begin(60, asked).await;
    assert_eq!((told.len(), going_on.len()), (10, 50), "gRPC-Web has the same places");
    let head = told[0].headers();
    assert_eq!(
        (&head["grpc-status"], &head[CONTENT_TYPE]),
        (&HeaderValue::from_static("8"), &HeaderValue::from_static("application/grpc-web+proto"))
    );

    // What was let in is answered, and afterwards everybody is let in again.
    bench.gate.add_permits(1_000);
    for calling in held.into_iter().chain(going_on) {
        assert!(matches!(calling.await.status(), StatusCode::OK | StatusCode::NOT_FOUND));
    }
    bench.gate.forget_permits(usize::MAX);
    let (refused, held) = bench.begin(101, || call(&eager)).await;
    assert_eq!((refused.len(), held.len()), (1, 100));
}

#[tokio::test(start_paused = true)]
async fn slow_bodies_of_nobody_delay_no_signed_call_and_end_soon() {
    let bench = Bench::open();
    let (refused, held) = bench.begin(300, || callback(slow())).await;
    assert_eq!((refused.len(), held.len()), (284, 16), "half of a small pool");
    for answer in refused {
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(answer.headers().contains_key(RETRY_AFTER));
    }
    let brand = bench.token(Role::Brand, "aurora");
    let (refused, signed) = bench.begin(100, || call(&brand)).await;
    assert_eq!((refused.len(), signed.len()), (0, 100), "as if nobody else were here");
    for open in ["/livez", "/portal/sign-in", "/errors", "/style.css", "/installer/"] {
        let request = Request::get(open).body(Body::empty()).unwrap();
        assert_eq!(bench.now(request).await, Some(StatusCode::OK), "{open}");
    }
    // Nobody's token is nobody's share.
    let forged = || {
        let forged = Request::post("/v1/cases").header(AUTHORIZATION, "Bearer forged");
        forged.body(slow()).unwrap()
    };
    let (refused, reading) = bench.begin(40, forged).await;
    assert_eq!((refused.len(), reading.len()), (32, 8), "half of what is left");
    drop(reading);

    for calling in held {
        let answer = calling.await;
        assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
        assert!(text(answer).await.contains("DEADLINE_EXCEEDED"));
    }
    let (_, held) = bench.begin(20, || callback(slow())).await;
    assert_eq!(held.len(), 16, "their places are free again");
}

#[tokio::test]
async fn a_callback_whose_partner_is_known_counts_in_its_share() {
    let bench = Bench::open();
    let body = r#"{"type":"offer.accept","data":{"caseId":"case_1"}}"#;
    let (refused, held) = bench.begin(120, || callback(Body::from(body))).await;
    assert_eq!((refused.len(), held.len()), (20, 100), "no place of the unsigned is kept");
    let brand = bench.token(Role::Brand, "aurora");
    let refused = bench.now(call(&brand)).await;
    assert_eq!(refused, Some(StatusCode::TOO_MANY_REQUESTS), "it has its share");
    drop(held);
    assert_eq!(bench.now(call(&brand)).await, None);
}

#[tokio::test]
async fn whoever_watches_takes_no_place_from_calls_and_people_are_told_on_a_page() {
    let bench = Bench::open();
    let customer = bench.token(Role::Customer, "cust-1");
    let listening = || {
        let mut request = page("/my/cases/case_1/events", &customer);
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        request
    };
    let (none, watching) = bench.begin(101, listening).await;
    assert_eq!((none.len(), watching.len()), (1, 100));
    assert_eq!(none[0].status(), StatusCode::NO_CONTENT, "a browser listens no more");
    let (_, calls) = bench.begin(100, || call(&customer)).await;
    assert_eq!(calls.len(), 100);

    for (language, words) in [("en", "Nothing was done."), ("zh-CN", "什么都没有处理")] {
        let mut request = page("/my", &customer);
        request.headers_mut().insert(header::ACCEPT_LANGUAGE, language.parse().unwrap());
        let answer = bench.ask(request).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.headers().contains_key(RETRY_AFTER));
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        let text = text(answer).await;
        assert!(text.contains(words) && text.contains("<h1>"), "{text}");
    }
    // A shared link is nobody's: pages behind it have few places, and take none of the others.
    let shared = || {
        let request = Request::get("/s/sl_x/events").header(ACCEPT, "text/event-stream");
        request.body(Body::empty()).unwrap()
    };
    let (_, shared) = bench.begin(64, shared).await;
    assert_eq!(shared.len(), 32);
    drop(watching);
    assert_eq!(bench.now(listening()).await, None);
}

#[test]
fn doors_are_a_closed_set() {
    for (path, known) in [
        ("/v1/callbacks/acme", "/v1/callbacks"),
        ("/v1/notices/receipts", "/v1/notices"),
        ("/my", "/my"),
        ("/s/sl_x/events", "/s"),
        ("/style.css", ""),
        ("/mine", ""),
        ("/", ""),
    ] {
        assert_eq!(door(path), known, "{path}");
    }
}
