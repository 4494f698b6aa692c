//! `UploadEvidence`: a photo or a film comes in.
//!
//! Nothing is written before the whole file has come, was read in a process of its own and is on disk; then
//! its row is committed with the answer. What breaks before leaves nothing, and what breaks between the two
//! leaves an object that nobody refers to and that the repetition finds.

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use parasol_api::intake::v1::{UploadEvidenceRequest, UploadEvidenceResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, actor};
use parasol_evidence::{Arrival, VIDEO_BYTES_MAX};
use parasol_journey::ids::{CaseId, EvidenceId};
use prost::Message as _;
use tonic::{Request, Status, Streaming};
use uuid::Uuid;

use crate::Intake;
use crate::evidence::{self, Announced, OF_A_CASE_MAX, Piece};

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<Streaming<UploadEvidenceRequest>>,
) -> Result<UploadEvidenceResponse, Status> {
    let call = Call::reading(&request, "UploadEvidence")?;
    Ok(take(intake, call, request.into_inner()).await?)
}

/// What the first message says, with the bytes it brings.
struct Head {
    request_id: Uuid,
    said: Announced,
    /// The fingerprint announced; empty when there is none.
    sha256: String,
    /// The length announced; 0 when there is none.
    bytes: u64,
    /// The message without its bytes, as the wire has it: with the file's fingerprint it is what makes a
    /// repetition one.
    encoded: Vec<u8>,
    data: Bytes,
}

async fn take(
    intake: &Intake,
    call: Call,
    messages: impl Stream<Item = Result<UploadEvidenceRequest, Status>> + Unpin,
) -> Result<UploadEvidenceResponse, Error> {
    let desk = &intake.desk;
    let place = intake.places.take(call.principal.to_string())?;
    let mut messages = messages;
    let first = messages.next().await.transpose().map_err(|status| Error::from_status(&status))?;
    let first = first.ok_or_else(|| Error::new(Reason::RequestIdMissing))?;
    let head = head(intake, first)?;
    // A caller that says what comes need not send it again to hear what became of it, whosever the case is by now.
    if !head.sha256.is_empty() {
        let call = keyed(&call, &head, &head.sha256);
        if let Some(answer) = desk.saved(&call).await? {
            return Ok(answer);
        }
    }
    let case = desk.case(&call.principal, head.said.case).await?;
    if !evidence::may_hand_in(&call.principal, &case) {
        return Err(Error::new(Reason::NotFound));
    }
    let is_full = evidence::count(&desk.store, case.id).await? >= OF_A_CASE_MAX;
    // What was not announced may be the last file that still had room, sent again: its content says.
    if is_full && !head.sha256.is_empty() {
        return Err(Error::new(Reason::EvidenceFull));
    }
    let data = head.data.clone();
    let rest = messages.map(|message| match message {
        Ok(message) => Ok(Bytes::from(message.data)),
        Err(status) => Err(Error::from_status(&status)),
    });
    let source = stream::once(async move { Ok(data) }).chain(rest);
    let arrival = intake.archive.quarantine.take(source).await?;
    check_announced(&head, &arrival)?;
    let call = keyed(&call, &head, &arrival.sha256);
    if let Some(answer) = desk.saved(&call).await? {
        return Ok(answer);
    }
    if is_full {
        return Err(Error::new(Reason::EvidenceFull));
    }
    let answer = keep(intake, &call, &head.said, arrival).await;
    drop(place);
    answer
}

/// Keeps what has come, and answers for good.
async fn keep(
    intake: &Intake,
    call: &Call,
    said: &Announced,
    arrival: Arrival,
) -> Result<UploadEvidenceResponse, Error> {
    let desk = &intake.desk;
    let by = actor(&call.principal);
    if let Some(known) = evidence::same_again(&desk.store, said, &by, &arrival.sha256).await? {
        let answer = answer(intake, call, &known).await?;
        return desk.record(call, Vec::new(), &answer, None).await;
    }
    let (kind, sha256, bytes) = (arrival.kind, arrival.sha256.clone(), arrival.bytes);
    let rendition = intake.archive.workshop.make(arrival).await?;
    let id = EvidenceId::new(desk.ids.next());
    let origin = evidence::Origin { sha256: &sha256, bytes };
    let (piece, rows) = evidence::piece(id, said, &by, &origin, &rendition, desk.clock.now());
    let look = rendition.look;
    let shelf = &intake.archive.shelf;
    shelf.keep(&rendition).await?;
    let is_told = evidence::is_of_the_platform(&call.principal);
    let seen = is_told && evidence::seen_elsewhere(&desk.store, &piece, look).await?;
    tracing::debug!(%id, ?kind, bytes, "a piece of evidence is kept");
    let answer = UploadEvidenceResponse { evidence: Some(evidence::shown(&piece, seen)) };
    let answer = desk.record(call, rows, &answer, None).await?;
    // The sweep may have put aside what lay there unreferred to when it was found: it looks again after that, and
    // this looks again after the row, so one of the two sees the other.
    if !shelf.has(&rendition.sha256).await? {
        shelf.keep(&rendition).await?;
    }
    Ok(answer)
}

async fn answer(
    intake: &Intake,
    call: &Call,
    known: &Piece,
) -> Result<UploadEvidenceResponse, Error> {
    let store = &intake.desk.store;
    let seen = evidence::is_of_the_platform(&call.principal)
        && evidence::seen_elsewhere(store, known, evidence::look(store, known).await?).await?;
    Ok(UploadEvidenceResponse { evidence: Some(evidence::shown(known, seen)) })
}

fn keyed(call: &Call, head: &Head, sha256: &str) -> Call {
    let body = [&head.encoded[..], sha256.as_bytes()].concat();
    call.clone().with_key(head.request_id, &body)
}

fn head(intake: &Intake, mut wire: UploadEvidenceRequest) -> Result<Head, Error> {
    let now = intake.desk.clock.now();
    let data = Bytes::from(std::mem::take(&mut wire.data));
    let mut check = Checker::new();
    let request_id = check.request_id(&wire.request_id);
    let case = check.id::<CaseId>("case_id", &wire.case_id);
    let kind = check.listed("kind", wire.kind);
    let sha256 = match wire.sha256.as_str() {
        "" => Some(String::new()),
        text => check.sha256("sha256", text),
    };
    let most = i64::try_from(VIDEO_BYTES_MAX).unwrap_or(i64::MAX);
    let bytes = match wire.bytes {
        // Larger than anything that is taken, which has a reason of its own.
        bytes if bytes > most => {
            return Err(Error::new(Reason::EvidenceTooLarge)
                .message(format!("a film may have {most} bytes, and a photo fewer")));
        }
        bytes => check.number("bytes", bytes, 0..=most),
    };
    let taken_at = check.optional_instant("taken_at", &wire.taken_at);
    if taken_at.flatten().is_some_and(|at| at > now) {
        check.refuse::<()>("taken_at", Reason::FieldInvalid, "an instant in the past");
    }
    let all = (request_id, case, kind, sha256, bytes, taken_at);
    let (request_id, case, kind, sha256, bytes, taken_at) = check.all(all)?;
    let said = Announced { case, kind, taken_at };
    let bytes = u64::try_from(bytes).unwrap_or_default();
    Ok(Head { request_id, said, sha256, bytes, encoded: wire.encode_to_vec(), data })
}

fn check_announced(head: &Head, arrival: &Arrival) -> Result<(), Error> {
    let other_hash = !head.sha256.is_empty() && head.sha256 != arrival.sha256;
    let other_length = head.bytes != 0 && head.bytes != arrival.bytes;
    if other_hash || other_length {
        return Err(Error::new(Reason::EvidenceHashWrong)
            .with("sha256", &arrival.sha256)
            .with("bytes", arrival.bytes.to_string()));
    }
    Ok(())
}
