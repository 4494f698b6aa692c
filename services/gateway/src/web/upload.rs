//! A form with photos, read part by part: fields into memory, photos on to the evidence of their case, with
//! the visitor's own credential. Nothing of a photo stays here.

use std::time::Duration;

use axum::extract::multipart::{Field, Multipart};
use axum::extract::{FromRequest as _, Request};
use futures::{TryFutureExt as _, stream};
use parasol_api::intake::v1::UploadEvidenceRequest;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::{Error, Reason};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::choice::{EVIDENCE, number};
use super::door::stale;
use super::form::{Form, TOKEN};
use super::photos::Photo;
use super::session::Visitor;
use super::{Pages, failed};

/// Photos of a form.
pub(crate) const PHOTOS_MAX: usize = 12;
/// Bytes of a field that is no file.
const FIELD_BYTES_MAX: usize = 16 * 1024;
/// How long a form with photos may take to come; a telephone may be slow.
const READING_MAX: Duration = Duration::from_secs(90);

/// Pieces of a photo that have been read and not yet been sent.
const PIECES_AHEAD: usize = 4;

/// The field with the marks of photos that are kept.
pub(crate) const KEPT: &str = "kept";

/// Reads a form whose token comes before its first photo, and keeps the photos. What was read until
/// something went wrong comes back too, so that nothing typed is lost.
pub(crate) async fn read(
    pages: &Pages,
    visitor: &Visitor,
    case: &str,
    request: Request,
) -> (Form, Result<(), Error>) {
    let mut form = Form::default();
    let reading = read_into(pages, visitor, case, request, &mut form);
    let read = timeout(READING_MAX, reading).await;
    let read = read.unwrap_or_else(|_| Err(Error::new(Reason::DeadlineExceeded)));
    (form, read)
}

async fn read_into(
    pages: &Pages,
    visitor: &Visitor,
    case: &str,
    request: Request,
    form: &mut Form,
) -> Result<(), Error> {
    let unreadable = |error: String| Error::new(Reason::FieldInvalid).message(error);
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|error| unreadable(error.body_text()))?;
    // The first thing that went wrong with a photo; the fields after it are still wanted.
    let mut wrong = None;
    let mut photos = 0;
    while let Some(part) =
        parts.next_field().await.map_err(|error| unreadable(error.body_text()))?
    {
        let name = part.name().unwrap_or_default().to_owned();
        let Some(shows) = name.strip_prefix("photo_") else {
            form.add(&name, text(part).await?)?;
            continue;
        };
        if !visitor.owns(pages, form.get(TOKEN)) {
            return Err(stale());
        }
        if part.file_name().is_none_or(str::is_empty) {
            continue;
        }
        let known = EVIDENCE.iter().any(|choice| choice.value == shows);
        let shows = shows.to_owned();
        photos += 1;
        if photos + form.all(KEPT).count() > PHOTOS_MAX || !known {
            let most = format!("at most {PHOTOS_MAX} photos");
            wrong = wrong.or_else(|| Some(Error::field("photo", Reason::FieldTooLong, most)));
            continue;
        }
        match keep(pages, visitor, (case, shows), part).await {
            Ok(photo) => form.add(KEPT, photo.mark(pages, &visitor.principal))?,
            Err(error) => wrong = wrong.or(Some(error)),
        }
    }
    wrong.map_or(Ok(()), Err)
}

/// Hands a photo in while it is read. One that breaks off has no end for whoever takes it: the call is dropped.
async fn keep(
    pages: &Pages,
    visitor: &Visitor,
    (case, shows): (&str, String),
    mut part: Field<'_>,
) -> Result<Photo, Error> {
    let head = UploadEvidenceRequest {
        request_id: pages.ids.next().to_string(),
        case_id: case.to_owned(),
        kind: number(EVIDENCE, "photo", &shows)?,
        ..UploadEvidenceRequest::default()
    };
    let (ahead, pieces) = mpsc::channel(PIECES_AHEAD);
    let pump = async move {
        let mut next = Some(head);
        while let Some(message) = next {
            if ahead.send(message).await.is_err() {
                // The call has been answered; what it says is told there.
                std::future::pending::<()>().await;
            }
            let piece = part
                .chunk()
                .await
                .map_err(|error| Error::new(Reason::FieldInvalid).message(error.body_text()))?;
            next = piece.map(|data| UploadEvidenceRequest {
                data: data.to_vec(),
                ..UploadEvidenceRequest::default()
            });
        }
        Ok(())
    };
    let messages = stream::unfold(pieces, |mut pieces| async {
        pieces.recv().await.map(|message| (message, pieces))
    });
    let mut client = IntakeServiceClient::new(pages.transport_of(visitor));
    let call = client.upload_evidence(messages).map_err(failed);
    let ((), answer) = futures::try_join!(pump, call)?;
    let piece = answer.into_inner().evidence.unwrap_or_default();
    Ok(Photo { shows, sha256: piece.sha256, evidence: piece.evidence_id })
}

async fn text(mut part: Field<'_>) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let unreadable = |error: String| Error::new(Reason::FieldInvalid).message(error);
    while let Some(chunk) = part.chunk().await.map_err(|error| unreadable(error.body_text()))? {
        if bytes.len() + chunk.len() > FIELD_BYTES_MAX {
            return Err(Error::new(Reason::MessageTooLarge));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|error| unreadable(error.to_string()))
}
