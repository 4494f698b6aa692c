//! Asking the cells: one of them, one after the other, or all at once and not for ever.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use futures::stream;
use http::HeaderMap;
use http::uri::PathAndQuery;
use parasol_api::common::v1::{MissingCell, Partial};
use parasol_api::{Error, Kind, Reason};
use parasol_runtime::config::CellRoute;
use parasol_runtime::transport::Transport;
use parasol_runtime::transport::raw::Raw;
use prost::Message as _;
use prost_reflect::DynamicMessage;
use tokio::time::timeout;
use tonic::client::Grpc;
use tonic::metadata::MetadataMap;
use tonic::{Request, Status, Streaming};

/// How long a cell may take to answer where all are asked; then the others answer without it.
pub const FAN_OUT_MAX: Duration = Duration::from_secs(5);
/// Bytes of one answer that is put together with others.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A cell with the way to it.
#[derive(Clone)]
pub struct Cell {
    /// Its number, label, regions and addresses.
    pub route: CellRoute,
    /// The way to its gateways.
    pub way: Transport,
}

/// What goes to every cell alike: who calls, until when, in which trace, and what.
#[derive(Clone)]
pub struct Call {
    /// The headers of the caller's request.
    pub headers: HeaderMap,
    /// The method.
    pub path: PathAndQuery,
}

impl Cell {
    /// Calls a method with these messages and waits for its one answer.
    ///
    /// # Errors
    /// What the cell says; `CELL_UNAVAILABLE` where it cannot be reached.
    pub async fn ask(&self, call: &Call, messages: Vec<Bytes>) -> Result<Bytes, Error> {
        let (mut client, request) = self.prepared(call, messages);
        let answer = client.client_streaming(request, call.path.clone(), Raw).await;
        answer.map(tonic::Response::into_inner).map_err(|status| self.said(&status))
    }

    /// Opens a stream of answers.
    ///
    /// # Errors
    /// As [`Cell::ask`].
    pub async fn follow(&self, call: &Call, message: Bytes) -> Result<Streaming<Bytes>, Error> {
        let (mut client, request) = self.prepared(call, vec![message]);
        let answer = client.streaming(request, call.path.clone(), Raw).await;
        answer.map(tonic::Response::into_inner).map_err(|status| self.said(&status))
    }

    fn prepared(
        &self,
        call: &Call,
        messages: Vec<Bytes>,
    ) -> (Grpc<Transport>, Request<stream::Iter<std::vec::IntoIter<Bytes>>>) {
        let client = Grpc::new(self.way.clone()).max_decoding_message_size(ANSWER_BYTES_MAX);
        let mut request = Request::new(stream::iter(messages));
        *request.metadata_mut() = MetadataMap::from_headers(call.headers.clone());
        (client, request)
    }

    /// What a cell said, and `CELL_UNAVAILABLE` where it said nothing.
    pub fn said(&self, status: &Status) -> Error {
        let error = Error::from_status(status);
        if is_silence(&error) { self.unavailable().because(status.clone()) } else { error }
    }

    /// That this cell cannot be reached.
    pub fn unavailable(&self) -> Error {
        Error::new(Reason::CellUnavailable).with("cell", self.route.label.clone())
    }

    /// What an answer without this cell says of it.
    pub fn missing(&self, why: Reason) -> MissingCell {
        MissingCell {
            cell: self.route.number.into(),
            label: self.route.label.clone(),
            reason: why.code().to_owned(),
        }
    }
}

/// Whether a cell cannot answer now, whatever it is asked.
pub fn is_away(error: &Error) -> bool {
    matches!(error.kind(), Kind::Unavailable | Kind::DeadlineExceeded)
        || error.reason() == Reason::Overloaded
}

/// Whether nothing of a cell was heard at all.
fn is_silence(error: &Error) -> bool {
    matches!(error.reason(), Reason::StoreUnavailable | Reason::DeadlineExceeded)
}

/// What several cells answered.
pub struct Gathered<T> {
    /// The answers, in the order of the cells.
    pub answers: Vec<(u16, T)>,
    /// The cells that are not among them because they cannot be asked now.
    pub missing: Vec<MissingCell>,
}

/// Sorts out what cells said: one that is away is missing, one that knows nothing of it has nothing to add, and one that
/// refuses refuses for all.
///
/// # Errors
/// The first refusal in the order of the cells; `CELL_UNAVAILABLE` where all that might know it are away, and
/// `NOT_FOUND` where none does.
pub fn gathered<T>(said: Vec<(&Cell, Result<T, Error>)>) -> Result<Gathered<T>, Error> {
    let (mut answers, mut missing, mut unknown) = (Vec::new(), Vec::new(), None);
    let mut away = None;
    for (cell, said) in said {
        match said {
            Ok(answer) => answers.push((cell.route.number, answer)),
            Err(error) if is_away(&error) => {
                missing.push(cell.missing(error.reason()));
                away = away.or(Some(error));
            }
            Err(error) if error.kind() == Kind::NotFound => unknown = unknown.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    match away.or(unknown) {
        Some(error) if answers.is_empty() => Err(error),
        _ => Ok(Gathered { answers, missing }),
    }
}

/// Asks several cells at once, each its own question, and waits for none longer than [`FAN_OUT_MAX`].
///
/// # Errors
/// As [`gathered`].
pub async fn at_once(
    call: &Call,
    asked: Vec<(&Cell, DynamicMessage)>,
) -> Result<Gathered<Bytes>, Error> {
    let said = asked.into_iter().map(|(cell, request)| async move {
        let message = Bytes::from(request.encode_to_vec());
        (cell, in_time(cell, cell.ask(call, vec![message])).await)
    });
    gathered(join_all(said).await)
}

/// What comes of a question to a cell in the time there is.
///
/// # Errors
/// What the question's own are, and `CELL_UNAVAILABLE` after [`FAN_OUT_MAX`].
pub async fn in_time<T>(
    cell: &Cell,
    question: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    timeout(FAN_OUT_MAX, question).await.unwrap_or_else(|_| Err(cell.unavailable()))
}

/// What an answer says of the cells that are missing in it; nothing where it is whole.
pub fn partial(missing: Vec<MissingCell>) -> Option<Partial> {
    (!missing.is_empty()).then_some(Partial { missing })
}
