//! Streams of several cells as one.
//!
//! Each message carries the places of all cells behind it, so that whoever comes back goes on in each where they were.
//! What one cell says keeps its order. A stream that began without a cell says so in its first header and is cut after
//! a while, so that its reader comes back and finds the cell again; one that loses a cell on the way ends.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use futures::stream::{self, SelectAll};
use futures::{Stream, StreamExt as _};
use http::Response;
use parasol_api::Error;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use tokio::time::timeout;
use tonic::body::Body;
use tonic::{Status, Streaming};

use crate::ask::{Call, Cell, gathered, in_time, partial};
use crate::frames::framed;
use crate::places::{Field, Places};
use crate::reply::many;

/// How long a stream lasts that lacks a cell.
const PARTIAL_STREAM_MAX: Duration = Duration::from_secs(60);

/// What a cell's stream brings: its number, and a message, a failure, or that it has ended.
type Brought = (u16, Result<Bytes, Status>);

/// Follows all cells.
///
/// # Errors
/// What the cells say before the first message.
pub async fn follow(
    cells: &[Cell],
    call: &Call,
    request: &DynamicMessage,
    (place, kind): (Field, MessageDescriptor),
) -> Result<Response<Body>, Error> {
    let mut places = place.read(request)?.unwrap_or_default();
    let opened = cells.iter().map(|cell| {
        let mut question = request.clone();
        place.ask(&mut question, places.get(&cell.route.number).cloned().unwrap_or_default());
        async move {
            let message = Bytes::from(question.encode_to_vec());
            (cell, in_time(cell, cell.follow(call, message)).await)
        }
    });
    let opened = gathered(join_all(opened).await)?;
    for cell in cells {
        places.entry(cell.route.number).or_default();
    }
    let lacks = (!opened.missing.is_empty()).then(|| {
        let gone = cells
            .iter()
            .find(|cell| !opened.answers.iter().any(|(one, _)| *one == cell.route.number));
        gone.map(Cell::unavailable)
    });
    let all: SelectAll<_> =
        opened.answers.into_iter().map(|(cell, answers)| brought(cell, answers).boxed()).collect();
    let ways = cells.to_vec();
    let messages = joined(all, places, place, kind).map(move |message| {
        message.map_err(|(cell, status)| {
            let cell = ways.iter().find(|one| one.route.number == cell);
            cell.map_or_else(|| Error::from_status(&status), |cell| cell.said(&status))
        })
    });
    let partial = partial(opened.missing);
    Ok(match lacks.flatten() {
        None => many(messages, partial.as_ref()),
        Some(gone) => {
            let over = Box::pin(timeout(PARTIAL_STREAM_MAX, std::future::pending::<()>()));
            let end = stream::once(async { Err(gone) });
            many(messages.take_until(over).chain(end), partial.as_ref())
        }
    })
}

fn brought(cell: u16, answers: Streaming<Bytes>) -> impl Stream<Item = Brought> + Send {
    answers.map(move |message| (cell, message))
}

/// The messages of all, each with the places of all.
fn joined(
    all: impl Stream<Item = Brought> + Send + 'static,
    mut places: Places,
    place: Field,
    kind: MessageDescriptor,
) -> impl Stream<Item = Result<Bytes, (u16, Status)>> + Send + 'static {
    all.map(move |(cell, message)| {
        let message = message.map_err(|status| (cell, status))?;
        let unreadable = |error: &dyn std::error::Error| {
            (cell, Status::from(Error::internal(error.to_string())))
        };
        let mut message =
            DynamicMessage::decode(kind.clone(), message).map_err(|error| unreadable(&error))?;
        let told = place.told(&message);
        if !told.is_empty() {
            places.insert(cell, told);
        }
        place.tell(&mut message, &places);
        framed(&message.encode_to_vec()).map_err(|error| (cell, error.into()))
    })
}

#[cfg(test)]
mod tests {
    use parasol_api::partner::v1::StreamOffersResponse;

    use super::*;

    #[tokio::test]
    async fn every_message_carries_the_places_of_all_cells() {
        let planned =
            crate::plan::planned("/parasol.partner.v1.OfferService/StreamOffers").unwrap();
        let (input, output) = (planned.method.input(), planned.method.output());
        let place = Field::of(&input, &output).unwrap();
        let message = |cursor: &str| {
            let message = StreamOffersResponse { cursor: cursor.to_owned(), ..Default::default() };
            Ok(Bytes::from(message.encode_to_vec()))
        };
        let all = stream::iter([(1, message("a1")), (2, message("b1")), (1, message("a2"))]);
        let places = Places::from([(1, "a0".to_owned()), (2, String::new())]);
        let told: Vec<_> = joined(all, places, place.clone(), output.clone()).collect().await;
        let read = |framed: &Bytes| {
            let message = DynamicMessage::decode(output.clone(), &framed[5..]).unwrap();
            let mut request = DynamicMessage::new(input.clone());
            place.ask(&mut request, place.told(&message));
            let places = place.read(&request).unwrap().unwrap();
            places.into_values().collect::<Vec<_>>()
        };
        let told: Vec<_> = told.iter().map(|one| read(one.as_ref().unwrap())).collect();
        assert_eq!(told, [["a1", ""], ["a1", "b1"], ["a2", "b1"]]);
    }
}
