//! Filings as cases, filed by an agent one by one, as the telephone would bring them.

use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _};
use parasol_api::Error;
use parasol_api::common::v1::{RowResult, RowStatus};
use parasol_api::intake::v1::FileCaseRequest;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_runtime::transport::{Transport, local};
use prost::Message as _;
use tonic::transport::Channel;
use uuid::Uuid;

use super::lines::Lines;
use super::parse::{Body, Row};
use super::send::{limited, patiently};
use super::{Batch, FileReport, Kind, Progress, Report, Source};
use crate::cli::refused;

/// Names the space the request ids are made in: the same filing is the same request in every import,
/// so that it is not filed again after its case has ended.
const FILINGS: Uuid = Uuid::from_u128(0x8a52_71d0_3c94_5f16_9b7e_20d4_c61f_5a08);
/// Cases that are filed at a time.
const AT_A_TIME: usize = 8;

/// Files every filing of these files. A unit that has an open case counts as unchanged; a filing that
/// was filed by an earlier import gets its old answer, and counts as it did then.
///
/// # Errors
/// When a file cannot be read or the node does not take calls any more; what was filed stays filed.
pub async fn file_cases(
    channel: &Channel,
    agent_token: &str,
    sources: Vec<Source>,
    progress: &dyn Progress,
) -> anyhow::Result<Report> {
    let way = local::with_token(local::remote(channel.clone()), agent_token);
    let client = IntakeServiceClient::new(way);
    let mut report = Report::default();
    for source in sources {
        let file = file_all(&client, &source, progress, &mut report).await;
        let file = file.with_context(|| {
            let name = source.name();
            format!("{name} was not filed to its end; importing again files nothing twice")
        })?;
        report.files.push(file);
    }
    Ok(report)
}

async fn file_all(
    client: &IntakeServiceClient<Transport>,
    source: &Source,
    progress: &dyn Progress,
    report: &mut Report,
) -> anyhow::Result<FileReport> {
    let mut lines = Lines::new(source.open().await?);
    let mut file = FileReport::new(source.name(), Kind::Filings);
    let mut batch = Batch::new(Kind::Filings);
    let mut told = 0;
    loop {
        let line = lines.next().await.context("the file cannot be read")?;
        let ended = line.is_none();
        if let Some((number, line)) = line {
            batch.take(number, line);
        }
        if ended || batch.is_full() {
            let (rows, faults) = batch.empty();
            let filed: Vec<RowResult> = futures::stream::iter(rows)
                .map(|(number, row)| file_one(client.clone(), number, row))
                .buffer_unordered(AT_A_TIME)
                .try_collect()
                .await?;
            report.add(&mut file, faults, filed);
            progress.advance(source.name(), lines.bytes_read() - told);
            told = lines.bytes_read();
        }
        if ended {
            return Ok(file);
        }
    }
}

async fn file_one(
    client: IntakeServiceClient<Transport>,
    number: u64,
    row: Row,
) -> anyhow::Result<RowResult> {
    let mut result = RowResult { row: i64::try_from(number)?, ..RowResult::default() };
    let Body::Filing(mut filing) = row.body else {
        return Ok(result);
    };
    filing.request_id = request_id(&filing);
    let answer =
        patiently(async || client.clone().file_case(limited((*filing).clone())).await).await;
    match answer {
        Ok(answer) => {
            let existing = answer.into_inner().existing;
            let status = if existing { RowStatus::Unchanged } else { RowStatus::Added };
            result.set_status(status);
        }
        Err(error) if concerns_the_row(&error) => {
            result.set_status(RowStatus::Refused);
            error.reason().code().clone_into(&mut result.reason);
            error.text().clone_into(&mut result.message);
            if let Some(violation) = error.violations().first() {
                result.field.clone_from(&violation.field);
            }
        }
        Err(error) => return Err(refused(&error).context("the node took no filing")),
    }
    Ok(result)
}

fn request_id(filing: &FileCaseRequest) -> String {
    Uuid::new_v5(&FILINGS, &filing.encode_to_vec()).to_string()
}

/// Whether another filing might fare better.
fn concerns_the_row(error: &Error) -> bool {
    use parasol_api::Kind::{
        AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, OutOfRange,
    };
    matches!(
        error.kind(),
        AlreadyExists | FailedPrecondition | InvalidArgument | NotFound | OutOfRange
    )
}
