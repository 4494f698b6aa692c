//! `ImportNetwork`: counties, brands, centres and technicians, row by row.
//!
//! The whole stream is read before anything is written: its digest is the fingerprint of the request,
//! and a stream that breaks or is too long has changed nothing. Rows are then written in chunks, and the
//! answer is saved last. A process that dies in between leaves rows that the repetition finds unchanged.

use std::sync::Arc;

use futures::{Stream, StreamExt as _};
use parasol_api::admin::v1::{ImportNetworkRequest, ImportNetworkResponse};
use parasol_api::common::v1::{RowResult, RowStatus};
use parasol_api::limits::{IMPORT_BYTES_MAX, IMPORT_ROWS_MAX};
use parasol_api::{Error, Reason};
use parasol_casebook::{Deed, RowsDeed, Submission, Target};
use parasol_desk::{Call, actor, to_error};
use prost::Message;
use sha2::{Digest, Sha256};
use tonic::{Request, Status, Streaming};
use uuid::Uuid;

use crate::Dispatch;
use crate::import::{Fault, Outcome, Plan, Row, Seen, Stored, plan, read};
use crate::network::stamp;

/// Rows planned together: bounds the lists in a query.
const CHUNK: usize = 500;
/// Table rows in one commit: few enough that nobody behind it waits long, and within what one
/// statement may bind.
const WRITES_MAX: usize = 1_000;

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<Streaming<ImportNetworkRequest>>,
) -> Result<ImportNetworkResponse, Status> {
    let call = Call::reading(&request, "ImportNetwork")?;
    let came = collect(request.into_inner()).await?;
    let call = call.with_key(came.request_id, &came.fingerprint);
    if let Some(answer) = dispatch.desk.saved(&call).await? {
        return Ok(answer);
    }
    let mut seen = Seen::default();
    let mut outcomes = Vec::with_capacity(came.rows.len());
    for chunk in came.rows.chunks(CHUNK) {
        outcomes.extend(write(dispatch, &call, chunk, &mut seen).await?);
    }
    let answer = answer(&came.numbers, outcomes);
    Ok(dispatch.desk.record(&call, Vec::new(), &answer, None).await?)
}

/// A stream, read to its end.
struct Came {
    request_id: Uuid,
    fingerprint: [u8; 32],
    numbers: Vec<i64>,
    rows: Vec<Result<Row, Fault>>,
}

async fn collect(
    stream: impl Stream<Item = Result<ImportNetworkRequest, Status>>,
) -> Result<Came, Status> {
    let mut stream = std::pin::pin!(stream);
    let mut digest = Sha256::new();
    let mut request_id = None;
    let mut bytes_in_all = 0;
    let (mut numbers, mut rows) = (Vec::new(), Vec::new());
    while let Some(message) = stream.next().await {
        let message = message?;
        if rows.is_empty() {
            request_id = Some(first_id(&message)?);
        }
        let bytes = message.encode_to_vec();
        bytes_in_all += bytes.len();
        if rows.len() == IMPORT_ROWS_MAX || bytes_in_all > IMPORT_BYTES_MAX {
            let limit =
                format!("at most {IMPORT_ROWS_MAX} rows and {IMPORT_BYTES_MAX} bytes in one call");
            return Err(Error::new(Reason::MessageTooLarge).message(limit).into());
        }
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(&bytes);
        let place = i64::try_from(rows.len() + 1).unwrap_or(i64::MAX);
        numbers.push(if message.row == 0 { place } else { message.row });
        rows.push(read(message));
    }
    let request_id = request_id.ok_or_else(|| Error::new(Reason::RequestIdMissing))?;
    Ok(Came { request_id, fingerprint: digest.finalize().into(), numbers, rows })
}

fn first_id(message: &ImportNetworkRequest) -> Result<Uuid, Error> {
    let id = Uuid::try_parse(&message.request_id).ok().filter(|id| !id.is_nil());
    id.ok_or_else(|| {
        let expected = "a UUID made by the caller, on the first message";
        Error::field("request_id", Reason::RequestIdMissing, expected)
    })
}

/// Writes a chunk, and says what became of each row in it.
async fn write(
    dispatch: &Dispatch,
    call: &Call,
    chunk: &[Result<Row, Fault>],
    seen: &mut Seen,
) -> Result<Vec<Outcome>, Error> {
    let sound = || chunk.iter().filter_map(|row| row.as_ref().ok());
    let stored = Stored::about(&dispatch.desk.store, sound()).await?;
    let Plan { ops, outcomes } = plan(sound(), &stored, seen);
    for piece in ops.chunks(WRITES_MAX) {
        let mut rows = piece.to_vec();
        rows.push(stamp(dispatch.desk.ids.next()));
        let deed = RowsDeed { rows, answer: Vec::new() };
        let written = dispatch.desk.submitter.submit(unkeyed(call, Arc::new(deed))).await;
        // A version that somebody else has made meanwhile: the next attempt reads that one.
        written.map_err(|error| to_error(error, Reason::Overloaded))?;
        dispatch.directory.look_again();
    }
    let mut outcomes = outcomes.into_iter();
    let all = chunk.iter().map(|row| match row {
        Ok(_) => outcomes.next().expect("a plan has an outcome for each row"),
        Err(fault) => Outcome::Refused(fault.clone()),
    });
    Ok(all.collect())
}

fn unkeyed(call: &Call, deed: Arc<dyn Deed>) -> Submission {
    let (caller, actor) = (call.caller(), actor(&call.principal));
    Submission { target: Target::NoCase, key: None, caller, actor, expected: None, deed }
}

fn answer(numbers: &[i64], outcomes: Vec<Outcome>) -> ImportNetworkResponse {
    let rows = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
    let mut answer = ImportNetworkResponse { rows, ..ImportNetworkResponse::default() };
    for (row, outcome) in numbers.iter().copied().zip(outcomes) {
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
        answer.results.push(RowResult { row, status: status.into(), reason, message, field });
    }
    answer
}
