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
use parasol_api::limits::IMPORT_ROWS_MAX;
use parasol_api::{Error, Reason};
use parasol_casebook::{
    Deed, Error as CasebookError, Refusal, RowOp, RowsDeed, Submission, Target, Written,
};
use parasol_desk::{Call, actor, to_error};
use parasol_journey::time::Timestamp;
use parasol_journey::{Case, Ctx};
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
    let came = collect(request.into_inner(), intake.desk.clock.now()).await?;
    let call = call.with_key(came.request_id, &came.fingerprint);
    if let Some(answer) = answered(intake, &call).await? {
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
    Ok(intake.desk.record(&call, Vec::new(), &answer, Reason::Overloaded).await?)
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
) -> Result<Came, Status> {
    let mut stream = std::pin::pin!(stream);
    let mut digest = Sha256::new();
    let mut request_id = None;
    let (mut numbers, mut rows, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(message) = stream.next().await {
        let message = message?;
        if numbers.len() == IMPORT_ROWS_MAX {
            let limit = format!("at most {IMPORT_ROWS_MAX} rows in one call");
            return Err(Error::new(Reason::MessageTooLarge).message(limit).into());
        }
        if numbers.is_empty() {
            request_id = Some(first_id(&message)?);
        }
        let bytes = message.encode_to_vec();
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

/// The answer saved under this key, if there is one: asked for with a command that is always refused,
/// because a refusal gives way to a saved answer and writes nothing.
async fn answered(intake: &Intake, call: &Call) -> Result<Option<ImportOrdersResponse>, Error> {
    match intake.desk.submitter.submit(submission(call, call.key(), Arc::new(Nothing))).await {
        Ok(saved) => {
            let answer = ImportOrdersResponse::decode(saved.body.as_slice());
            Ok(Some(answer.map_err(Error::internal)?))
        }
        Err(CasebookError::Refused(_)) => Ok(None),
        Err(error) => Err(to_error(error, Reason::Overloaded)),
    }
}

struct Nothing;

impl Deed for Nothing {
    fn decide(&self, _: Option<&Case>, _: &Ctx<'_>) -> Result<Written, Refusal> {
        Err(Refusal::Service { code: "NOTHING", message: "nothing is to be done".to_owned() })
    }
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
            Err(error) => return Err(to_error(error, Reason::Overloaded)),
        }
    }
    Err(Error::new(Reason::Overloaded))
}

async fn commit(intake: &Intake, call: &Call, rows: Vec<RowOp>) -> Result<(), CasebookError> {
    if rows.is_empty() {
        return Ok(());
    }
    let deed = Arc::new(RowsDeed { rows, answer: Vec::new() });
    intake.desk.submitter.submit(submission(call, None, deed)).await.map(|_| ())
}

fn submission(
    call: &Call,
    key: Option<parasol_casebook::RequestKey>,
    deed: Arc<dyn Deed>,
) -> Submission {
    let (caller, actor) = (call.caller(), actor(&call.principal));
    Submission { target: Target::NoCase, key, caller, actor, expected: None, deed }
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
