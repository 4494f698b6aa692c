//! The router itself: one call in, and whom it is handed to.
//!
//! A call that goes to one cell goes there as it came, headers and all, and its answer comes back as it was given. Only
//! what goes to several is read, asked anew and put together.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::FuturesOrdered;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Request, Response, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use parasol_api::intake::v1::FileCaseRequest;
use parasol_api::tracking::v1::Scorecard;
use parasol_api::{Error, Kind, Reason};
use parasol_runtime::config::{CellRoute, Limits};
use parasol_runtime::transport::Transport;
use parasol_runtime::transport::replicas::replicas;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;
use tonic::body::Body;
use tower::{Service as _, ServiceExt as _};

use crate::ask::{Call, Cell, at_once, in_time, is_away, partial};
use crate::frames::Reader;
use crate::places::Field;
use crate::plan::{Planned, Rule, planned};
use crate::reply::{refused, whole};
use crate::{follow, import, merge, named, score};

/// Hands calls to cells. Cheap to clone.
#[derive(Clone)]
pub struct Router {
    cells: Arc<[Cell]>,
    /// The largest message of a request, bytes.
    message_bytes: usize,
    /// Places of calls under way.
    places: Arc<Semaphore>,
}

/// Which cell serves an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    /// The one with this number.
    Of(u16),
    /// None does.
    Unserved,
    /// That is no county.
    Unreadable,
}

/// The cell that serves a county, by the province that its code (GB/T 2260) begins with.
pub(crate) fn area(cells: &[&CellRoute], county: &str) -> Area {
    let fits = county.len() == 6 && county.bytes().all(|byte| byte.is_ascii_digit());
    if !fits {
        return Area::Unreadable;
    }
    let province = &county[..2];
    let serves = |cell: &&&CellRoute| cell.regions.iter().any(|region| region == province);
    cells.iter().find(serves).map_or(Area::Unserved, |cell| Area::Of(cell.number))
}

impl Router {
    /// A router to these cells, with the limits of its own edge.
    ///
    /// # Errors
    /// When an address is none.
    pub fn new(cells: &[CellRoute], limits: &Limits) -> Result<Self, tonic::transport::Error> {
        let cells = cells.iter().map(|route| {
            Ok(Cell { route: route.clone(), way: replicas(&route.addresses, limits)? })
        });
        Ok(Self {
            cells: cells.collect::<Result<_, tonic::transport::Error>>()?,
            message_bytes: limits.message_bytes,
            places: Arc::new(Semaphore::new(limits.calls)),
        })
    }

    /// The router as whatever is called over a transport. Every failure is a gRPC status.
    pub fn transport(&self) -> Transport {
        let router = self.clone();
        Transport::new(tower::service_fn(move |request: Request<Body>| {
            let router = router.clone();
            async move { Ok::<_, Status>(router.call(request).await) }
        }))
    }

    async fn call(&self, request: Request<Body>) -> Response<Body> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return refused(Error::new(Reason::Overloaded));
        };
        let answer = Box::pin(self.answer(request)).await.unwrap_or_else(refused);
        // Its place is taken until the last message has left.
        answer.map(|body| Body::new(Held { body, _place: place }))
    }

    async fn answer(&self, request: Request<Body>) -> Result<Response<Body>, Error> {
        let (parts, body) = request.into_parts();
        let unknown = || Error::new(Reason::Unimplemented);
        let Planned { method, rule } = planned(parts.uri.path()).ok_or_else(unknown)?;
        let mut reader = Reader::new(body, self.message_bytes);
        if *rule == Rule::Rows {
            let call = call_of(&parts)?;
            return whole(&import::orders(&self.cells, &call, reader).await?, None);
        }
        let first = reader.peek().await?.unwrap_or_default();
        let message = DynamicMessage::decode(method.input(), first.clone());
        let message = message.map_err(|error| Error::new(Reason::FieldInvalid).because(error))?;
        if let Some(number) = named::cell(&message)? {
            let cell = self.cells.iter().find(|cell| cell.route.number == number);
            // What belongs to no cell of ours is not there, like anything else that is not.
            let cell = cell.ok_or_else(|| Error::new(Reason::NotFound))?;
            return hand_on(cell, parts, reader.into_body()).await;
        }
        let to_one = match rule {
            Rule::ById => Some(self.first()?),
            Rule::Region => self.of_region(&first)?,
            Rule::AtTheCell => return Err(Error::new(Reason::CallTheCell)),
            _ => None,
        };
        match to_one {
            Some(cell) => hand_on(cell, parts, reader.into_body()).await,
            None => self.of_several(*rule, method, &call_of(&parts)?, &message).await,
        }
    }

    async fn of_several(
        &self,
        rule: Rule,
        method: &MethodDescriptor,
        call: &Call,
        request: &DynamicMessage,
    ) -> Result<Response<Body>, Error> {
        let place = Field::of(&method.input(), &method.output());
        match rule {
            Rule::Any => self.any(call, request).await,
            Rule::Everywhere => self.everywhere(call, request).await,
            // One after the other where something is written: of two that know it only one may.
            Rule::Region | Rule::Find
                if method.input().get_field_by_name("request_id").is_some() =>
            {
                self.find(call, request, 1).await
            }
            Rule::Find => self.find(call, request, self.cells.len()).await,
            Rule::Sum => self.sum(call, request).await,
            Rule::Follow => {
                let place = place.ok_or_else(|| Error::internal("a stream has places"))?;
                let shape = (place, method.output());
                follow::follow(&self.cells, call, request, shape).await
            }
            _ => self.merge(method, place.as_ref(), call, request).await,
        }
    }

    /// The cell that the address of a filing lies in; `None` for a filing without an address.
    fn of_region(&self, request: &Bytes) -> Result<Option<&Cell>, Error> {
        let request = FileCaseRequest::decode(request.clone());
        let request = request.map_err(|error| Error::new(Reason::FieldInvalid).because(error))?;
        let Some(address) = request.address else { return Ok(None) };
        let routes: Vec<_> = self.cells.iter().map(|cell| &cell.route).collect();
        match area(&routes, &address.county) {
            Area::Of(number) => Ok(self.cells.iter().find(|cell| cell.route.number == number)),
            Area::Unserved => Err(Error::new(Reason::RegionUnserved)),
            Area::Unreadable => self.first().map(Some),
        }
    }

    fn first(&self) -> Result<&Cell, Error> {
        self.cells.first().ok_or_else(|| Error::internal("a router has cells"))
    }

    /// The first cell that can be reached.
    async fn any(&self, call: &Call, request: &DynamicMessage) -> Result<Response<Body>, Error> {
        let message = Bytes::from(request.encode_to_vec());
        let mut away = Error::new(Reason::CellUnavailable);
        for cell in self.cells.iter() {
            match in_time(cell, cell.ask(call, vec![message.clone()])).await {
                Err(error) if is_away(&error) => away = error,
                answer => return whole(&answer?, None),
            }
        }
        Err(away)
    }

    /// The first cell, in their order, that knows what is asked for; so many are asked at a time.
    async fn find(
        &self,
        call: &Call,
        request: &DynamicMessage,
        at_a_time: usize,
    ) -> Result<Response<Body>, Error> {
        let message = Bytes::from(request.encode_to_vec());
        let (mut missing, mut away, mut unknown) = (Vec::new(), None, None);
        for cells in self.cells.chunks(at_a_time.max(1)) {
            let mut said: FuturesOrdered<_> = cells
                .iter()
                .map(async |cell| {
                    (cell, in_time(cell, cell.ask(call, vec![message.clone()])).await)
                })
                .collect();
            while let Some((cell, said)) = said.next().await {
                match said {
                    Ok(answer) => return whole(&answer, partial(missing).as_ref()),
                    Err(error) if is_away(&error) => {
                        missing.push(cell.missing(error.reason()));
                        away = away.or(Some(error));
                    }
                    Err(error) if error.kind() == Kind::NotFound => {
                        unknown = unknown.or(Some(error));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Err(away.or(unknown).unwrap_or_else(|| Error::new(Reason::NotFound)))
    }

    /// Every cell, one after the other. A cell that is away does not keep the others from it, and one that refuses does.
    async fn everywhere(
        &self,
        call: &Call,
        request: &DynamicMessage,
    ) -> Result<Response<Body>, Error> {
        let message = Bytes::from(request.encode_to_vec());
        let (mut first, mut done, mut away) = (None, Vec::new(), None);
        let (mut without, mut unknown) = (Vec::new(), None);
        for cell in self.cells.iter() {
            match cell.ask(call, vec![message.clone()]).await {
                Ok(answer) => {
                    done.push(cell.route.label.as_str());
                    first = first.or(Some(answer));
                }
                Err(error) if is_away(&error) => away = away.or(Some(cell.unavailable())),
                Err(error) if error.kind() == Kind::NotFound => {
                    without.push(cell.missing(error.reason()));
                    unknown = unknown.or(Some(error));
                }
                Err(error) => {
                    let error = error.with("cell", cell.route.label.clone());
                    return Err(error.with("done", done.join(",")));
                }
            }
        }
        if let Some(away) = away {
            return Err(away.with("done", done.join(",")));
        }
        match first {
            Some(answer) => whole(&answer, partial(without).as_ref()),
            None => Err(unknown.unwrap_or_else(|| Error::new(Reason::NotFound))),
        }
    }

    async fn merge(
        &self,
        method: &MethodDescriptor,
        place: Option<&Field>,
        call: &Call,
        request: &DynamicMessage,
    ) -> Result<Response<Body>, Error> {
        let numbers: Vec<_> = self.cells.iter().map(|cell| cell.route.number).collect();
        let plan = merge::plan(request, place, &numbers)?;
        let asked: Vec<_> = plan.asked.iter().map(|(cell, _)| *cell).collect();
        let said = at_once(call, self.with_ways(plan.asked)).await?;
        let kind = method.output();
        let answers = said.answers.into_iter().map(|(cell, answer)| {
            let answer = DynamicMessage::decode(kind.clone(), answer).map_err(Error::internal)?;
            Ok((cell, answer))
        });
        let answers = answers.collect::<Result<_, Error>>()?;
        let all = merge::merge(&kind, place, (&asked, plan.places), answers);
        whole(&all.encode_to_vec(), partial(said.missing).as_ref())
    }

    async fn sum(&self, call: &Call, request: &DynamicMessage) -> Result<Response<Body>, Error> {
        let asked = self.cells.iter().map(|cell| (cell, request.clone())).collect();
        let said = at_once(call, asked).await?;
        let cards = said.answers.into_iter().map(|(_, card)| Scorecard::decode(card));
        let cards = cards.collect::<Result<_, _>>().map_err(Error::internal)?;
        whole(&score::together(cards)?.encode_to_vec(), partial(said.missing).as_ref())
    }

    fn with_ways(&self, asked: Vec<(u16, DynamicMessage)>) -> Vec<(&Cell, DynamicMessage)> {
        let way = |number| self.cells.iter().find(|cell| cell.route.number == number);
        asked.into_iter().filter_map(|(cell, question)| Some((way(cell)?, question))).collect()
    }
}

/// Hands a call to a cell as it came.
async fn hand_on(cell: &Cell, parts: Parts, body: Body) -> Result<Response<Body>, Error> {
    let mut way = cell.way.clone();
    let way = way.ready().await.map_err(|status| cell.said(&status))?;
    let answer = way.call(Request::from_parts(parts, body)).await;
    let answer = answer.map_err(|status| cell.said(&status))?;
    let silent = Status::from_header_map(answer.headers())
        .is_some_and(|status| Error::from_status(&status).reason() == Reason::StoreUnavailable);
    if silent { Err(cell.unavailable()) } else { Ok(answer) }
}

/// What is asked of several cells in the caller's name.
fn call_of(parts: &Parts) -> Result<Call, Error> {
    let mut headers = parts.headers.clone();
    // They speak of this connection and not of the call.
    let own = ["grpc-encoding", "grpc-accept-encoding", "content-length", "host", "user-agent"];
    own.iter().for_each(|name| drop(headers.remove(*name)));
    headers.remove(header::CONNECTION);
    let path: PathAndQuery = parts.uri.path().parse().map_err(Error::internal)?;
    Ok(Call { headers, path })
}

/// An answer that keeps its place until it has been given.
struct Held {
    body: Body,
    _place: OwnedSemaphorePermit,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Two cells, Zhejiang's and Beijing's, where nobody listens.
    pub(crate) fn unreachable() -> Vec<Cell> {
        let cell = |number, label: &str, region: &str| {
            let route = CellRoute {
                number,
                label: label.to_owned(),
                regions: vec![region.to_owned()],
                addresses: vec!["http://127.0.0.1:1".to_owned()],
            };
            let nobody = tower::service_fn(|_| async {
                Err::<Response<Body>, _>(Status::from(Error::new(Reason::StoreUnavailable)))
            });
            Cell { route, way: Transport::new(nobody) }
        };
        vec![cell(1, "east", "33"), cell(2, "north", "11")]
    }

    #[test]
    fn the_province_of_a_county_says_the_cell() {
        let cells = unreachable();
        let routes: Vec<_> = cells.iter().map(|cell| &cell.route).collect();
        assert_eq!(area(&routes, "330106"), Area::Of(1));
        assert_eq!(area(&routes, "110105"), Area::Of(2));
        assert_eq!(area(&routes, "650102"), Area::Unserved);
        for wrong in ["", "33", "33010x", "3301066"] {
            assert_eq!(area(&routes, wrong), Area::Unreadable);
        }
    }
}
