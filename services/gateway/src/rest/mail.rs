//! E-mail as the operator's mail gateway hands it in: `POST /v1/mail` with the message as its body, as it came.
//!
//! A mail gateway knows no request ids, so that of the call follows from the message: one that is delivered twice
//! is one note. Nothing of the message is looked at here.

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use parasol_api::Error;
use parasol_api::intake::v1::ReceiveMailRequest;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use sha2::{Digest as _, Sha256};
use tonic::Request;
use tonic::metadata::MetadataMap;
use uuid::Uuid;

use super::{READING_MAX, Rest, passed_on};
use crate::edge;

/// Bytes of a message.
const MAIL_BYTES_MAX: usize = 1024 * 1024;
/// The method that takes it.
const METHOD: &str = "/parasol.intake.v1.IntakeService/ReceiveMail";

/// Hands a message in.
///
/// # Errors
/// `MESSAGE_TOO_LARGE`, `DEADLINE_EXCEEDED`, and what the method says.
pub(super) async fn take(rest: &Rest, parts: &Parts, body: Body) -> Result<Response, Error> {
    (rest.admits)(METHOD, &parts.headers).await?;
    let message = edge::read(body, MAIL_BYTES_MAX, READING_MAX).await?;
    let request_id = id_of(&message).to_string();
    let mut request = Request::new(ReceiveMailRequest { request_id, message: message.to_vec() });
    *request.metadata_mut() = MetadataMap::from_headers(passed_on(&parts.headers));
    let answer = IntakeServiceClient::new(rest.transport.clone()).receive_mail(request).await;
    let answer = answer.map_err(|status| Error::from_status(&status))?.into_inner();
    let told = serde_json::json!({
        "caseId": answer.case_id,
        "noteId": answer.note_id,
        "cut": answer.cut,
        "filesDropped": answer.files_dropped,
    });
    Ok(axum::Json(told).into_response())
}

/// The request id of a message: the same for the same bytes.
fn id_of(message: &[u8]) -> Uuid {
    let hash = Sha256::digest(message);
    let mut half = [0; 16];
    half.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(half).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_message_is_the_same_intent_and_another_is_another() {
        assert_eq!(id_of(b"a"), id_of(b"a"));
        assert_ne!(id_of(b"a"), id_of(b"b"));
        assert!(!id_of(b"").is_nil());
    }
}
