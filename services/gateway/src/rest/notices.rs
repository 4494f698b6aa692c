//! What comes back about notices: receipts of providers, signed, and customers who want no more of a kind.
//!
//! `POST /v1/notices/receipts` takes a message of Standard Webhooks; whether it is signed is tracking's to say.
//! `/v1/notices/unsubscribe/{token}` is the link in a notice: reading it changes nothing, so that whoever looks
//! at links before people do unsubscribes nobody; the button on it, and a mail program's one click (RFC 8058),
//! do.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use maud::{DOCTYPE, Markup, html};
use parasol_api::tracking::v1::notice_service_client::NoticeServiceClient;
use parasol_api::tracking::v1::{NoticeKind, TakeReceiptRequest, UnsubscribeRequest};
use parasol_api::{Error, Language, Reason};

use super::{READING_MAX, Rest};
use crate::edge;

/// Bytes of a receipt.
const RECEIPT_BYTES_MAX: usize = 64 * 1024;
/// Nothing is loaded from elsewhere and nothing runs; the form goes back to where it came from.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

/// Takes a receipt.
///
/// # Errors
/// `CALLBACK_UNSIGNED`, `CALLBACK_EXPIRED`, `MESSAGE_TOO_LARGE`, `FIELD_INVALID`, `NOT_FOUND`, `DEADLINE_EXCEEDED`.
pub(super) async fn receipt(
    rest: &Rest,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Error> {
    let unsigned = || Error::new(Reason::CallbackUnsigned);
    let head = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (id, timestamp) = head("webhook-id").zip(head("webhook-timestamp")).ok_or_else(unsigned)?;
    let signature = head("webhook-signature").ok_or_else(unsigned)?;
    let body = edge::read(body, RECEIPT_BYTES_MAX, READING_MAX).await?;
    let asked = TakeReceiptRequest {
        id: id.to_owned(),
        timestamp: timestamp.to_owned(),
        signature: signature.to_owned(),
        body: body.to_vec(),
    };
    let taken = NoticeServiceClient::new(rest.callbacks.service()).take_receipt(asked).await;
    taken.map_err(|status| Error::from_status(&status))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The page behind a link: it asks before it does anything.
pub(super) fn ask(language: Language) -> Response {
    let body = html! {
        p { (pick(language, "不再接收这一类通知？", "No more notices of this kind?")) }
        form method="post" {
            button type="submit" { (pick(language, "不再接收", "No more")) }
        }
    };
    page(language, &body)
}

/// Somebody pressed it.
///
/// # Errors
/// `NOT_FOUND` for a link that was not made here, `OVERLOADED`, and what the service says.
pub(super) async fn unsubscribe(
    rest: &Rest,
    token: String,
    language: Language,
) -> Result<Response, Error> {
    let mut notices = NoticeServiceClient::new(rest.callbacks.service());
    let done = notices.unsubscribe(UnsubscribeRequest { token }).await;
    let done = done.map_err(|status| Error::from_status(&status))?.into_inner();
    let language = Language::of_tag(&done.language).unwrap_or(language);
    let kind = NoticeKind::try_from(done.kind).unwrap_or_default();
    let (zh, en) = match kind {
        NoticeKind::Progress => ("进度通知", "news of progress"),
        NoticeKind::Visit => ("上门通知", "notices of visits"),
        NoticeKind::Outcome => ("处理结果通知", "notices of outcomes"),
        NoticeKind::Delay => ("延误通知", "notices of delays"),
        NoticeKind::Dispute => ("争议通知", "notices of disputes"),
        _ => ("评价邀请", "questions how it was"),
    };
    let body = html! {
        p { (pick(language, "您将不再收到：", "You get no more ")) (pick(language, zh, en)) (pick(language, "。", ".")) }
        p {
            (pick(language,
                "完工码和需要您操作的通知仍会发送。",
                "Completion codes, and what waits for you, still come.",
            ))
        }
    };
    Ok(page(language, &body))
}

fn pick(language: Language, zh: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Zh => zh,
        Language::En => en,
    }
}

fn page(language: Language, body: &Markup) -> Response {
    let title = pick(language, "通知设置", "Notices");
    let page = html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) }
                link rel="stylesheet" href="/style.css";
            }
            body { main { h1 { (title) } (body) } }
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, page.into_string()).into_response()
}
