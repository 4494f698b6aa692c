//! Calls that carry rows: bounded, and repeated as they were while the node says to wait.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use parasol_api::admin::v1::checklist_service_client::ChecklistServiceClient;
use parasol_api::admin::v1::network_service_client::NetworkServiceClient;
use parasol_api::admin::v1::{GetChecklistRequest, ImportNetworkRequest, PublishChecklistRequest};
use parasol_api::common::v1::{Checklist, RowResult, RowStatus};
use parasol_api::intake::v1::ImportOrdersRequest;
use parasol_api::intake::v1::order_service_client::OrderServiceClient;
use parasol_api::{Error, Kind, Reason};
use parasol_journey::time::Span;
use parasol_runtime::clock::Clock;
use parasol_runtime::ids::IdSource;
use parasol_runtime::transport::{Transport, local};
use tonic::{Request, Status};
use uuid::Uuid;

use super::parse::{Body, Row};
use super::{Numbered, Target};
use crate::cli::refused;

/// How long one call may take.
const CALL_MAX: Duration = Duration::from_secs(120);
/// The largest answer: every row of a call refused, with a long sentence each.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// How often a call is made that the node cannot take now.
const ATTEMPTS_MAX: u32 = 6;
/// The longest wait between two attempts.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Sends the rows of one import.
pub(super) struct Sender {
    network: NetworkServiceClient<Transport>,
    orders: OrderServiceClient<Transport>,
    checklists: ChecklistServiceClient<Transport>,
    /// Request ids follow from it and the number of the call, so that a call that is made again is the
    /// same request. Another import is another request even with the same rows: a row that was refused
    /// for want of an earlier one must not get its old answer.
    import: Uuid,
    calls: u64,
}

impl Sender {
    pub fn new(target: &Target) -> Self {
        let way = |token: &str| local::with_token(local::remote(target.channel.clone()), token);
        Self {
            network: NetworkServiceClient::new(way(&target.operator_token))
                .max_decoding_message_size(ANSWER_BYTES_MAX),
            orders: OrderServiceClient::new(way(&target.retailer_token))
                .max_decoding_message_size(ANSWER_BYTES_MAX),
            checklists: ChecklistServiceClient::new(way(&target.operator_token)),
            import: IdSource::new(Clock::system()).next(),
            calls: 0,
        }
    }

    /// Sends rows of one kind, each with its number; answers with what became of each.
    pub async fn send(&mut self, rows: Numbered<Row>) -> anyhow::Result<Vec<RowResult>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        self.calls += 1;
        let count = rows.len();
        let id = Uuid::new_v5(&self.import, &self.calls.to_be_bytes()).to_string();
        let (mut network, mut orders, mut checklists) = (Vec::new(), Vec::new(), Vec::new());
        for (number, Row { body, .. }) in rows {
            let (request_id, row) = (id.clone(), i64::try_from(number)?);
            match body {
                Body::Network(content) => {
                    let content = Some(*content);
                    network.push(ImportNetworkRequest { request_id, row, content });
                }
                Body::Order(content) => {
                    let content = Some(*content);
                    orders.push(ImportOrdersRequest { request_id, row, content });
                }
                Body::Checklist(content) => checklists.push((row, *content)),
                // Filings are no rows of an import; they go their own way.
                Body::Filing(_) => {}
            }
        }
        let results = match () {
            () if !network.is_empty() => self.send_network(network).await,
            () if !checklists.is_empty() => self.send_checklists(&id, checklists).await,
            () => self.send_orders(orders).await,
        };
        let results = results.map_err(|error| refused(&error)).context("the node took no rows")?;
        ensure!(results.len() == count, "{count} rows were sent and {} answered", results.len());
        Ok(results)
    }

    async fn send_network(&self, rows: Vec<ImportNetworkRequest>) -> Result<Vec<RowResult>, Error> {
        let answer = patiently(async || {
            let mut client = self.network.clone();
            client.import_network(limited(tokio_stream::iter(rows.clone()))).await
        });
        Ok(answer.await?.into_inner().results)
    }

    async fn send_orders(&self, rows: Vec<ImportOrdersRequest>) -> Result<Vec<RowResult>, Error> {
        let answer = patiently(async || {
            let mut client = self.orders.clone();
            client.import_orders(limited(tokio_stream::iter(rows.clone()))).await
        });
        Ok(answer.await?.into_inner().results)
    }
}

impl Sender {
    /// Publishes checklists one by one: each is a document with faults of its own.
    async fn send_checklists(
        &self,
        call: &str,
        rows: Vec<(i64, Checklist)>,
    ) -> Result<Vec<RowResult>, Error> {
        let mut results = Vec::with_capacity(rows.len());
        for (row, content) in rows {
            let request_id = Uuid::new_v5(&self.import, format!("{call}/{row}").as_bytes());
            let request = PublishChecklistRequest {
                request_id: request_id.to_string(),
                checklist: Some(content.clone()),
            };
            let known = self.checklist(&content.checklist).await?;
            let answer = patiently(async || {
                self.checklists.clone().publish_checklist(limited(request.clone())).await
            });
            results.push(match (answer.await, known) {
                (Ok(_), true) => told(row, RowStatus::Unchanged),
                (Ok(_), false) => told(row, RowStatus::Added),
                (Err(error), _) if error.kind() == Kind::InvalidArgument => {
                    let field = error.violations().first().map(|one| one.field.clone());
                    RowResult {
                        reason: error.reason().code().to_owned(),
                        message: error.text().to_owned(),
                        field: field.unwrap_or_default(),
                        ..told(row, RowStatus::Refused)
                    }
                }
                (Err(error), _) => return Err(error),
            });
        }
        Ok(results)
    }

    /// Whether a checklist of this name is published.
    async fn checklist(&self, name: &str) -> Result<bool, Error> {
        let request = GetChecklistRequest { checklist: name.to_owned() };
        let answer = patiently(async || {
            self.checklists.clone().get_checklist(limited(request.clone())).await
        });
        match answer.await {
            Ok(_) => Ok(true),
            // A name that is none is told when it is published.
            Err(error) if matches!(error.kind(), Kind::NotFound | Kind::InvalidArgument) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

fn told(row: i64, status: RowStatus) -> RowResult {
    RowResult { row, status: status.into(), ..RowResult::default() }
}

/// A request with the deadline of an import's calls.
pub(super) fn limited<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(CALL_MAX);
    request
}

/// Makes a call again, unchanged, while waiting may help.
pub(super) async fn patiently<T>(
    mut call: impl AsyncFnMut() -> Result<T, Status>,
) -> Result<T, Error> {
    let clock = Clock::system();
    let mut attempts = 0;
    loop {
        attempts += 1;
        let error = match call().await {
            Ok(answer) => return Ok(answer),
            Err(status) => Error::from_status(&status),
        };
        // What took two minutes once would take them again.
        let hopeless = !error.is_transient() || error.reason() == Reason::DeadlineExceeded;
        if hopeless || attempts == ATTEMPTS_MAX {
            return Err(error);
        }
        let wait = error.retry_delay().unwrap_or(Duration::from_secs(1)).min(WAIT_MAX);
        let wait = Span::from_micros(i64::try_from(wait.as_micros()).unwrap_or(0));
        clock.sleep_until(clock.now() + wait).await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    async fn attempts(error: Error) -> (u32, Reason) {
        let made = Cell::new(0);
        let answer: Result<(), Error> = patiently(async || {
            made.set(made.get() + 1);
            Err(Status::from(error.clone().retry_after(Duration::ZERO)))
        })
        .await;
        (made.get(), answer.unwrap_err().reason())
    }

    #[tokio::test]
    async fn only_what_waiting_can_mend_is_tried_again() {
        assert_eq!(attempts(Error::new(Reason::Overloaded)).await.0, ATTEMPTS_MAX);
        let refused = attempts(Error::new(Reason::PermissionDenied)).await;
        assert_eq!(refused, (1, Reason::PermissionDenied));
        assert_eq!(attempts(Error::new(Reason::DeadlineExceeded)).await.0, 1);
    }

    #[tokio::test]
    async fn a_node_that_comes_back_gets_the_rows() {
        let made = Cell::new(0);
        let answer = patiently(async || {
            made.set(made.get() + 1);
            let away = Error::new(Reason::StoreUnavailable).retry_after(Duration::ZERO);
            if made.get() < 3 { Err(Status::from(away)) } else { Ok(made.get()) }
        });
        assert_eq!(answer.await.unwrap(), 3);
    }
}
