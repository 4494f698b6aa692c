//! The routes as a browser and a probe meet them, and the port as a bad client does.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use parasol_api::Language;
use parasol_api::error::Reason;
use parasol_runtime::shutdown::Shutdown;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

use super::*;

fn routes(health: &Health) -> Router {
    router(
        health.clone(),
        "127.0.0.1:7443".parse().unwrap(),
        rest::for_tests(),
        web::fixture::alone(),
    )
}

async fn ask(path: &str, accept_language: &str) -> (StatusCode, HeaderMap, String) {
    let request = Request::get(path).header(header::ACCEPT_LANGUAGE, accept_language);
    let request = request.body(Body::empty()).unwrap();
    let answer = routes(&Health::new()).oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn liveness_asks_nothing_and_readiness_tells_each_condition() {
    let health = Health::new();
    let latch = health.latch("store");
    let get = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = routes(&health).oneshot(request).await.unwrap();
        let status = answer.status();
        (status, to_bytes(answer.into_body(), 1 << 20).await.unwrap())
    };
    assert_eq!(get("/livez").await.0, StatusCode::OK);
    let (status, body) = get("/readyz").await;
    let told: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(told["latches"]["store"], false);
    latch.release().await;
    let (status, body) = get("/readyz").await;
    let told: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &told["ready"]), (StatusCode::OK, &true.into()));
    health.set_stopping().await;
    assert_eq!(get("/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get("/livez").await.0, StatusCode::OK);
}

#[tokio::test]
async fn every_reason_has_a_page_in_both_languages() {
    for reason in Reason::ALL {
        // So many answers without a pause are more than a task is let do, and each wants a lock at once.
        tokio::task::yield_now().await;
        for (tag, language) in [("zh", Language::Zh), ("en", Language::En)] {
            let (status, headers, page) =
                ask(&format!("/errors/{}?lang={tag}", reason.code()), "").await;
            assert_eq!(status, StatusCode::OK, "{reason}");
            assert_eq!(headers[header::CONTENT_LANGUAGE], language.tag());
            let words = reason.words(language);
            for sentence in [words.what, words.why, words.next] {
                assert!(page.contains(&pages::escape(sentence)), "{reason}: {sentence}");
            }
        }
    }
}

#[tokio::test]
async fn the_language_is_the_one_asked_for_then_the_readers_then_chinese() {
    for (path, accepted, tag) in [
        ("/?lang=en", "zh", "en"),
        ("/?lang=zh", "en", "zh-CN"),
        ("/", "en-GB,zh;q=0.5", "en"),
        ("/?lang=fr", "en", "en"),
        ("/", "fr", "zh-CN"),
        ("/", "", "zh-CN"),
        ("/?lang=%ff&lang=en", "en", "en"),
    ] {
        let (status, headers, page) = ask(path, accepted).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert_eq!(headers[header::CONTENT_LANGUAGE], tag, "{path} {accepted}");
        assert_eq!(headers[header::VARY], "accept-language");
        assert!(page.contains(&format!("<html lang=\"{tag}\">")), "{path} {accepted}");
        assert!(page.contains("127.0.0.1:7443"));
    }
}

#[tokio::test]
async fn pages_load_and_run_nothing_foreign_and_repeat_nothing_they_were_asked() {
    for path in ["/", "/errors", "/errors/NOT_FOUND", "/errors/%3Cscript%3E", "/x%22onload=x"] {
        let (status, headers, page) = ask(path, "en").await;
        let expected = if path.contains('%') { StatusCode::NOT_FOUND } else { StatusCode::OK };
        assert_eq!(status, expected, "{path}");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}");
        assert!(!page.contains("<script") && !page.contains("onload"), "{path}");
        assert!(page.contains("<h1>") && page.contains("name=\"viewport\""), "{path}");
    }
    assert_eq!(pages::escape("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    let (_, headers, style) = ask("/style.css", "").await;
    assert_eq!(headers[header::CONTENT_TYPE], "text/css; charset=utf-8");
    assert!(style.contains("prefers-color-scheme: dark"));
}

#[tokio::test]
async fn nothing_can_be_written() {
    for path in ["/", "/errors/NOT_FOUND", "/readyz"] {
        let request = Request::post(path).body(Body::from("x")).unwrap();
        let answer = routes(&Health::new()).oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

#[tokio::test]
async fn the_port_answers_refuses_long_heads_and_stops() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new();
    let serving = serve(listener, routes(&Health::new()), &shutdown);
    let asking = async {
        let plain =
            exchange(address, "GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        assert!(plain.await.starts_with("HTTP/1.1 200"));
        let long = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(20_000));
        assert!(exchange(address, &long).await.starts_with("HTTP/1.1 431"));
        // A connection that says nothing does not hold up the end.
        let _idle = TcpStream::connect(address).await.unwrap();
        shutdown.stop();
    };
    let (served, ()) = tokio::join!(serving, asking);
    served.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server that refuses may close before everything was read.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}
