//! The reference client for technicians, `examples/installer`, at `/installer/`: files that are the same for
//! everybody. It calls the REST API of this port with the credential it is given, like every other client; any
//! other server of files may serve it as well.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use sha2::{Digest as _, Sha256};

use crate::Gateway;
use crate::language::Wanted;
use crate::pages;

/// The files: name, type, content.
const FILES: [(&str, &str, &str); 11] = [
    ("", "text/html", include_str!("../../../examples/installer/index.html")),
    ("app.css", "text/css", include_str!("../../../examples/installer/app.css")),
    ("app.js", "text/javascript", include_str!("../../../examples/installer/app.js")),
    ("api.js", "text/javascript", include_str!("../../../examples/installer/api.js")),
    ("form.js", "text/javascript", include_str!("../../../examples/installer/form.js")),
    ("queue.js", "text/javascript", include_str!("../../../examples/installer/queue.js")),
    ("store.js", "text/javascript", include_str!("../../../examples/installer/store.js")),
    ("uploads.js", "text/javascript", include_str!("../../../examples/installer/uploads.js")),
    ("words.js", "text/javascript", include_str!("../../../examples/installer/words.js")),
    ("icon.svg", "image/svg+xml", include_str!("../../../examples/installer/icon.svg")),
    (
        "manifest.webmanifest",
        "application/manifest+json",
        include_str!("../../../examples/installer/manifest.webmanifest"),
    ),
];
/// The service worker, in which the version of all files has its place.
const WORKER: &str = include_str!("../../../examples/installer/sw.js");
const VERSION_HERE: &str = "__VERSION__";

/// What the page may load and reach: this port and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
                      connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";

/// Tells one set of files from another, so that a device takes up a new one whole.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for (name, _, content) in FILES {
        hash.update(name);
        hash.update(content);
    }
    hash.update(WORKER);
    hex::encode(&hash.finalize()[..8])
});

/// The routes of the client.
pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/installer", get(|| async { Redirect::permanent("/installer/") }))
        .route("/installer/", get(|headers: HeaderMap| async move { answer("", &headers) }))
        .route("/installer/{file}", get(file))
}

async fn file(Path(name): Path<String>, Wanted(language): Wanted, headers: HeaderMap) -> Response {
    let is_known = name == "sw.js" || FILES.iter().any(|(known, ..)| *known == name);
    if is_known { answer(&name, &headers) } else { pages::missing(language) }
}

fn answer(name: &str, headers: &HeaderMap) -> Response {
    let (kind, content) = match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, content)) => (*kind, (*content).to_owned()),
        None => ("text/javascript", WORKER.replace(VERSION_HERE, &VERSION)),
    };
    let etag = format!("\"{}\"", *VERSION);
    let common = [
        // Asked for again each time, and answered in a line while nothing has changed.
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, etag.clone()),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let own = [(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))];
    (common, own, content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worker keeps what the page needs, and the page needs nothing that is not served.
    #[test]
    fn every_file_is_served_and_kept_on_the_device() {
        for (name, ..) in FILES {
            let listed = if name.is_empty() { "'./'".to_owned() } else { format!("'{name}'") };
            assert!(WORKER.contains(&listed), "the worker does not keep {name}");
        }
        for (name, _, content) in FILES {
            for part in content.split("from './").skip(1) {
                let wanted = part.split('\'').next().unwrap_or_default();
                assert!(FILES.iter().any(|(known, ..)| *known == wanted), "{name} wants {wanted}");
            }
        }
    }

    #[test]
    fn a_file_is_answered_with_its_type_and_policy_and_once() {
        let first = answer("sw.js", &HeaderMap::new());
        assert_eq!(first.headers()[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
        let policy = first.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let etag = first.headers()[header::ETAG].clone();
        let again = answer("sw.js", &HeaderMap::from_iter([(header::IF_NONE_MATCH, etag)]));
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(WORKER.matches(VERSION_HERE).count(), 1);
    }
}
