//! Technicians' calendars at their private links: `GET /v1/calendars/{token}.ics`.
//!
//! The link is the credential, so nothing else is asked for, and every link that opens nothing answers alike.
//! Calendar programs ask every few minutes: one that has the newest is told so without it.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use parasol_api::technician::v1::GetCalendarRequest;
use parasol_api::technician::v1::visit_service_client::VisitServiceClient;
use parasol_api::{Error, Language, Reason};
use sha2::{Digest as _, Sha256};

use super::Rest;

/// Answers with the calendar in a file of this name.
///
/// # Errors
/// `NOT_FOUND` for every link that opens nothing; what the service says.
pub(super) async fn answer(
    rest: &Rest,
    file: &str,
    language: Language,
    headers: &HeaderMap,
) -> Result<Response, Error> {
    let token = file.strip_suffix(".ics").ok_or_else(|| Error::new(Reason::NotFound))?;
    let language = match language {
        Language::Zh => "zh",
        Language::En => "en",
    };
    let request = GetCalendarRequest { token: token.to_owned(), language: language.to_owned() };
    let mut visits = VisitServiceClient::new(rest.callbacks.service())
        .max_decoding_message_size(CALENDAR_BYTES_MAX);
    let answer = visits.get_calendar(request).await;
    let content = answer.map_err(|status| Error::from_status(&status))?.into_inner().content;
    let etag = format!("\"{}\"", hex::encode(&Sha256::digest(&content)[..16]));
    let has_it = headers.get_all(header::IF_NONE_MATCH).iter().any(|known| {
        let known = known.to_str().unwrap_or_default();
        known.split(',').any(|one| one.trim().trim_start_matches("W/") == etag)
    });
    let etag = HeaderValue::from_str(&etag).map_err(Error::internal)?;
    let common = [
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300")),
        (header::ETAG, etag),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    if has_it {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let own = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "inline; filename=\"visits.ics\""),
    ];
    Ok((common, own, content).into_response())
}

/// The largest calendar: a thousand visits of at most a kibibyte each.
const CALENDAR_BYTES_MAX: usize = 2 * 1024 * 1024;
