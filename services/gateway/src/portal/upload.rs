//! A form with photos, read part by part: fields into memory, photos into the album.

use std::time::Duration;

use axum::extract::multipart::{Field, Multipart};
use axum::extract::{FromRequest as _, Request};
use futures::stream;
use parasol_api::{Error, Reason};
use tokio::time::timeout;

use super::Portal;
use super::choices::EVIDENCE;
use super::door::stale;
use super::form::{Form, TOKEN};
use super::photos::Photo;
use super::session::Visitor;

/// Photos of a form.
pub(super) const PHOTOS_MAX: usize = 12;
/// Bytes of a field that is no file.
const FIELD_BYTES_MAX: usize = 16 * 1024;
/// How long a form with photos may take to come; a telephone may be slow.
const READING_MAX: Duration = Duration::from_secs(90);

/// The field with the marks of photos that are kept.
pub(super) const KEPT: &str = "kept";

/// Reads a form whose token comes before its first photo, and keeps the photos. What was read until
/// something went wrong comes back too, so that nothing typed is lost.
pub(super) async fn read(
    portal: &Portal,
    visitor: &Visitor,
    request: Request,
) -> (Form, Result<(), Error>) {
    let mut form = Form::default();
    let reading = read_into(portal, visitor, request, &mut form);
    let read = timeout(READING_MAX, reading).await;
    let read = read.unwrap_or_else(|_| Err(Error::new(Reason::DeadlineExceeded)));
    (form, read)
}

async fn read_into(
    portal: &Portal,
    visitor: &Visitor,
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
        if !visitor.owns(portal, form.get(TOKEN)) {
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
        match keep(portal, part).await {
            Ok(sha256) => {
                let photo = Photo { shows, sha256 };
                form.add(KEPT, photo.mark(portal, &visitor.principal))?;
            }
            Err(error) => wrong = wrong.or(Some(error)),
        }
    }
    wrong.map_or(Ok(()), Err)
}

async fn keep(portal: &Portal, part: Field<'_>) -> Result<String, Error> {
    let chunks = stream::unfold(part, |mut part| async {
        let chunk = part.chunk().await.transpose()?;
        let cut = |error: axum::extract::multipart::MultipartError| {
            Error::new(Reason::FieldInvalid).message(error.body_text())
        };
        Some((chunk.map_err(cut), part))
    });
    let kept = portal.album.keep(portal.ids.next(), Box::pin(chunks)).await?;
    tracing::debug!(sha256 = kept.sha256, kind = ?kept.kind, bytes = kept.bytes, "a photo was kept");
    Ok(kept.sha256)
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
