//! In which language a page is wanted.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use parasol_api::Language;
use serde::Deserialize;

/// The language of a request: `?lang=` if it names one of ours, else the best of `Accept-Language`,
/// else Chinese.
pub(crate) struct Wanted(pub Language);

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    lang: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let asked = Query::<Asked>::from_request_parts(parts, state).await.ok();
        let asked = asked.and_then(|Query(asked)| Language::of_tag(&asked.lang));
        Ok(Self(asked.unwrap_or_else(|| of_headers(&parts.headers))))
    }
}

/// The best language of `Accept-Language`, else Chinese.
pub(crate) fn of_headers(headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    accepted.and_then(Language::of_accept).unwrap_or_default()
}
