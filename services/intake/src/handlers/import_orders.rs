//! `ImportOrders`: what was sold, row by row, each standing for itself.
//!
//! The whole stream is read before anything is written: its digest is the fingerprint of the request,
//! and a stream that breaks or is too long has changed nothing. Rows are then written in chunks, and
//! the answer is saved last. A process that dies in between leaves rows that the repetition finds
//! unchanged.

use std::sync::Arc;

use futures::{Stream, StreamExt as _};
use parasol_api::common::v1::{RowResult, RowStatus};
use parasol_api::intake::v1::{ImportOrdersRequest, ImportOrdersResponse};
use parasol_api::limits::{IMPORT_BYTES_MAX, IMPORT_ROWS_MAX};
use parasol_api::{Error, Reason};
use parasol_casebook::{Error as CasebookError, RowOp, RowsDeed, Submission, Target};
use parasol_desk::{Call, actor, to_error};
use parasol_journey::time::Timestamp;
use prost::Message;
use sha2::{Digest, Sha256};
use tonic::{Request, Status, Streaming};
use uuid::Uuid;

use crate::Intake;
use crate::orders::{Fault, Outcome, Row, Seen, Stored, plan, read};

/// Rows in one commit: few enough that nobody behind it waits long.
const CHUNK: usize = 250;
/// How often a chunk is planned anew because another import took a key of it.
const TRIES_MAX: usize = 5;

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<Streaming<ImportOrdersRequest>>,
) -> Result<ImportOrdersResponse, Status> {
    let call = Call::reading(&request, "ImportOrders")?;
    let came = collect(request.into_inner(), intake.desk.clock.now(), IMPORT_BYTES_MAX).await?;
    let call = call.with_key(came.request_id, &came.fingerprint);
    if let Some(answer) = intake.desk.saved(&call).await? {
        return Ok(answer);
    }
    let mut results = came.refused;
    results.reserve(came.rows.len());
    let mut seen = Seen::default();
    for chunk in came.rows.chunks(CHUNK) {
        let outcomes = write(intake, &call, chunk, &mut seen).await?;
        results.extend(chunk.iter().zip(outcomes).map(|((place, _), outcome)| (*place, outcome)));
    }
    results.sort_by_key(|(place, _)| *place);
    let answer = answer(&came.numbers, results);
    Ok(intake.desk.record(&call, Vec::new(), &answer, None).await?)
}

/// A stream, read to its end.
struct Came {
    request_id: Uuid,
    fingerprint: [u8; 32],
    /// The numbers of all rows, by place.
    numbers: Vec<i64>,
    /// Rows that may be stored, with their places.
    rows: Vec<(i64, Row)>,
    /// Rows refused for what they are, with their places.
    refused: Vec<(i64, Outcome)>,
}

async fn collect(
    stream: impl Stream<Item = Result<ImportOrdersRequest, Status>>,
    now: Timestamp,
    bytes_max: usize,
) -> Result<Came, Status> {
    let mut stream = std::pin::pin!(stream);
    let mut digest = Sha256::new();
    let mut request_id = None;
    let mut bytes_in_all = 0;
    let (mut numbers, mut rows, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(message) = stream.next().await {
        let message = message?;
        if numbers.is_empty() {
            request_id = Some(first_id(&message)?);
        }
        let bytes = message.encode_to_vec();
        bytes_in_all += bytes.len();
        if numbers.len() == IMPORT_ROWS_MAX || bytes_in_all > bytes_max {
            let limit = format!("at most {IMPORT_ROWS_MAX} rows and {bytes_max} bytes in one call");
            return Err(Error::new(Reason::MessageTooLarge).message(limit).into());
        }
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(&bytes);
        let place = numbers.len() as i64;
        numbers.push(if message.row == 0 { place + 1 } else { message.row });
        match read(message, now) {
            Ok(row) => rows.push((place, row)),
            Err(fault) => refused.push((place, Outcome::Refused(fault))),
        }
    }
    let request_id = request_id.ok_or_else(|| Error::new(Reason::RequestIdMissing))?;
    Ok(Came { request_id, fingerprint: digest.finalize().into(), numbers, rows, refused })
}

fn first_id(message: &ImportOrdersRequest) -> Result<Uuid, Error> {
    let id = Uuid::try_parse(&message.request_id).ok().filter(|id| !id.is_nil());
    id.ok_or_else(|| {
        let expected = "a UUID made by the caller, on the first message";
        Error::field("request_id", Reason::RequestIdMissing, expected)
    })
}

/// Writes a chunk in one commit.
async fn write(
    intake: &Intake,
    call: &Call,
    rows: &[(i64, Row)],
    seen: &mut Seen,
) -> Result<Vec<Outcome>, Error> {
    let desk = &intake.desk;
    for _ in 0..TRIES_MAX {
        let stored = Stored::about(&desk.store, rows).await?;
        let mut seen_now = seen.clone();
        let (ops, outcomes) = plan(rows, stored, &mut seen_now, &desk.key, desk.clock.now());
        match commit(intake, call, ops).await {
            Ok(()) => {
                *seen = seen_now;
                return Ok(outcomes);
            }
            Err(CasebookError::Taken { .. }) => {}
            Err(error) => return Err(to_error(error, None)),
        }
    }
    Err(Error::new(Reason::Overloaded))
}

async fn commit(intake: &Intake, call: &Call, rows: Vec<RowOp>) -> Result<(), CasebookError> {
    if rows.is_empty() {
        return Ok(());
    }
    let submission = Submission {
        target: Target::NoCase,
        key: None,
        caller: call.caller(),
        actor: actor(&call.principal),
        expected: None,
        deed: Arc::new(RowsDeed { rows, answer: Vec::new() }),
    };
    intake.desk.submitter.submit(submission).await.map(|_| ())
}

fn answer(numbers: &[i64], results: Vec<(i64, Outcome)>) -> ImportOrdersResponse {
    let mut answer =
        ImportOrdersResponse { rows: numbers.len() as i64, ..ImportOrdersResponse::default() };
    for ((_, outcome), number) in results.into_iter().zip(numbers) {
        let (count, status, fault) = match outcome {
            Outcome::Added => (&mut answer.added, RowStatus::Added, None),
            Outcome::Unchanged => (&mut answer.unchanged, RowStatus::Unchanged, None),
            Outcome::Updated => (&mut answer.updated, RowStatus::Updated, None),
            Outcome::Refused(fault) => (&mut answer.refused, RowStatus::Refused, Some(fault)),
        };
        *count += 1;
        let (reason, message, field) = match fault {
            Some(Fault { reason, message, field }) => (reason.code().to_owned(), message, field),
            None => Default::default(),
        };
        let row = RowResult { row: *number, status: status.into(), reason, message, field };
        answer.results.push(row);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stream_is_read_up_to_its_limit_in_bytes() {
        let message = ImportOrdersRequest {
            request_id: Uuid::from_u128(1).to_string(),
            ..ImportOrdersRequest::default()
        };
        let bytes = message.encoded_len();
        let stream = || futures::stream::iter(vec![Ok(message.clone()); 3]);
        let now = Timestamp::from_micros(0);
        assert_eq!(collect(stream(), now, 3 * bytes).await.unwrap().numbers, [1, 2, 3]);
        let Err(status) = collect(stream(), now, 3 * bytes - 1).await else { panic!("too much") };
        assert_eq!(Error::from_status(&status).reason(), Reason::MessageTooLarge);
    }
}
