//! What a caller sees of an answer: messages pass here on their way out, and personal fields are masked or left out
//! as the contract says for the caller's class.
//!
//! What is shown of customers in full is noted here, too, for the log of [reveals](super::reveals).
//!
//! The one place where that is done. Whatever speaks to callers (gRPC, REST, pages) goes through these layers, so
//! nothing else masks what the contract's options cover. Messages are not decoded for it, and answers in which
//! nothing is to be masked for a class are not looked at. What cannot be read is not passed on.

use std::borrow::Cow;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame};
use parasol_api::visibility::{Class, Exposure, View};
use parasol_api::{Error, Reason, descriptor};
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use super::Layers;
use super::reveals::{Revealed, Reveals};
use crate::clock::Clock;
use crate::identity::Principal;
use crate::metrics::{Counter, Metrics};

/// What stands before each message: whether it is compressed, and its length.
const HEAD: usize = 5;

/// Masks answers.
#[derive(Clone)]
pub struct VisibilityLayer {
    /// Where it is noted what is shown, with what counts what cannot be noted, and what tells the time.
    noting: Option<(Reveals, Metrics, Clock)>,
}

impl VisibilityLayer {
    /// A layer that notes what is shown if these layers have somebody who writes it down.
    pub fn new(layers: &Layers) -> Self {
        let noting = layers.reveals.clone();
        Self { noting: noting.map(|to| (to, layers.metrics.clone(), layers.clock.clone())) }
    }

    /// How a caller sees the answers of a method; `None` where nothing is to be masked and nobody is shown.
    fn look(&self, path: &str, principal: Option<&Principal>) -> Option<Look> {
        static ANSWERS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
            let methods = descriptor::methods().iter();
            methods.map(|method| (method.path.as_str(), method.output.as_str())).collect()
        });
        let class = Class::of(principal.map(|principal| principal.role))?;
        let message = ANSWERS.get(path)?;
        let noting = self.noting.as_ref().zip(principal).zip(Exposure::of(message, class));
        let noting = noting.map(|(((to, metrics, clock), principal), exposure)| Noting {
            exposure,
            to: to.clone(),
            metrics: metrics.clone(),
            clock: clock.clone(),
            reader: principal.to_string(),
            method: path.rsplit('/').next().unwrap_or_default().to_owned(),
        });
        let view = View::of(message, class);
        (view.is_some() || noting.is_some()).then_some(Look { view, noting })
    }
}

impl<S> Layer<S> for VisibilityLayer {
    type Service = Seen<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Seen { inner, layer: self.clone() }
    }
}

/// A service whose answers are masked.
#[derive(Clone)]
pub struct Seen<S> {
    inner: S,
    layer: VisibilityLayer,
}

impl<S> Service<Request<Body>> for Seen<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let principal = request.extensions().get::<Principal>();
        let look = self.layer.look(request.uri().path(), principal);
        let response = self.inner.call(request);
        match look {
            None => Box::pin(response),
            Some(look) => Box::pin(async move {
                Ok(response
                    .await?
                    .map(|body| Body::new(Sifted { body, look, rest: BytesMut::new() })))
            }),
        }
    }
}

/// How answers are seen, and what is noted of it.
struct Look {
    view: Option<View>,
    noting: Option<Noting>,
}

impl Look {
    /// A message as it is shown.
    fn shown<'a>(&self, message: &'a [u8]) -> Result<Cow<'a, [u8]>, Status> {
        let shown = match &self.view {
            None => Cow::Borrowed(message),
            Some(view) => view.shown(message).map_err(|_| unreadable())?,
        };
        if let Some(noting) = &self.noting {
            noting.note(&shown)?;
        }
        Ok(shown)
    }
}

/// Who is shown what, and where that is noted.
struct Noting {
    exposure: Exposure,
    to: Reveals,
    metrics: Metrics,
    clock: Clock,
    reader: String,
    method: String,
}

impl Noting {
    fn note(&self, message: &[u8]) -> Result<(), Status> {
        let shown = self.exposure.look(message).map_err(|_| unreadable())?;
        if shown.is_empty() {
            return Ok(());
        }
        let (reader, method) = (self.reader.clone(), self.method.clone());
        if !self.to.note(Revealed { reader, method, at: self.clock.now(), shown }) {
            self.metrics.count(Counter::RevealsLost, 1, &[]);
        }
        Ok(())
    }
}

/// A body whose messages are masked.
struct Sifted {
    body: Body,
    look: Look,
    /// The beginning of a message of which the rest has not come yet.
    rest: BytesMut,
}

impl HttpBody for Sifted {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        loop {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                other => return Poll::Ready(other),
            };
            let data = match frame.into_data() {
                Ok(data) => data,
                Err(trailers) if self.rest.is_empty() => return Poll::Ready(Some(Ok(trailers))),
                Err(_) => return Poll::Ready(Some(Err(unreadable()))),
            };
            let Self { look, rest, .. } = &mut *self;
            let sifted = if rest.is_empty() {
                sift(look, data, rest)
            } else {
                rest.extend_from_slice(&data);
                let joined = std::mem::take(rest).freeze();
                sift(look, joined, rest)
            };
            match sifted {
                // A part of a message only.
                Ok(data) if data.is_empty() => {}
                Ok(data) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Err(status) => return Poll::Ready(Some(Err(status))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }
}

/// The whole messages of `data` as they may be seen; `rest` gets what follows them.
fn sift(look: &Look, data: Bytes, rest: &mut BytesMut) -> Result<Bytes, Status> {
    let mut changed: Option<BytesMut> = None;
    let (mut at, mut taken) = (0, 0);
    while let Some(head) = data.get(at..at + HEAD) {
        let length = (&head[1..]).get_u32() as usize;
        let Some(message) = data.get(at + HEAD..at + HEAD + length) else { break };
        if head[0] != 0 {
            // Compressed: it cannot be seen what is in it.
            return Err(unreadable());
        }
        if let Cow::Owned(seen) = look.shown(message)? {
            let out = changed.get_or_insert_with(|| BytesMut::with_capacity(data.len()));
            out.extend_from_slice(&data[taken..at]);
            out.put_u8(0);
            out.put_u32(u32::try_from(seen.len()).map_err(|_| unreadable())?);
            out.extend_from_slice(&seen);
            taken = at + HEAD + length;
        }
        at += HEAD + length;
    }
    rest.extend_from_slice(&data[at..]);
    Ok(match changed {
        None => data.slice(..at),
        Some(mut out) => {
            out.extend_from_slice(&data[taken..at]);
            out.freeze()
        }
    })
}

fn unreadable() -> Status {
    tracing::error!("an answer cannot be read and is not passed on");
    Error::new(Reason::Internal).into()
}

#[cfg(test)]
mod tests {
    use parasol_api::tracking::v1::TimelineEntry;
    use prost::Message as _;

    use super::*;
    use crate::identity::Role;

    const ENTRY: &str = "parasol.tracking.v1.TimelineEntry";

    fn look(class: Class) -> Look {
        Look { view: View::of(ENTRY, class), noting: None }
    }

    fn framed(messages: &[TimelineEntry]) -> Bytes {
        let mut bytes = BytesMut::new();
        for message in messages {
            bytes.put_u8(0);
            bytes.put_u32(u32::try_from(message.encoded_len()).unwrap());
            message.encode(&mut bytes).unwrap();
        }
        bytes.freeze()
    }

    fn entries() -> [TimelineEntry; 3] {
        let entry = |seq, phone: &str| TimelineEntry {
            seq,
            actor_phone: phone.to_owned(),
            ..TimelineEntry::default()
        };
        [entry(1, "13800138000"), entry(2, ""), entry(3, "13900139000")]
    }

    /// Everything that comes out when the bytes come in pieces of a length.
    fn passed(bytes: &Bytes, piece: usize) -> Bytes {
        let look = look(Class::Customer);
        let (mut rest, mut out) = (BytesMut::new(), BytesMut::new());
        for chunk in bytes.chunks(piece) {
            let mut joined = std::mem::take(&mut rest);
            joined.extend_from_slice(chunk);
            out.extend_from_slice(&sift(&look, joined.freeze(), &mut rest).unwrap());
        }
        assert!(rest.is_empty());
        out.freeze()
    }

    #[test]
    fn messages_are_masked_however_they_are_cut() {
        let mut masked = entries();
        masked[0].actor_phone = "138****8000".to_owned();
        masked[2].actor_phone = "139****9000".to_owned();
        let (sent, expected) = (framed(&entries()), framed(&masked));
        for piece in 1..=sent.len() {
            assert_eq!(passed(&sent, piece), expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn what_is_as_it_should_be_is_passed_on_as_it_came() {
        let plain = framed(&[entries()[1].clone(), TimelineEntry::default()]);
        let out = sift(&look(Class::Customer), plain.clone(), &mut BytesMut::new()).unwrap();
        assert_eq!(out.as_ptr(), plain.as_ptr(), "the very same bytes");
    }

    #[test]
    fn nothing_is_passed_on_that_cannot_be_read() {
        let look = look(Class::Customer);
        for bytes in [&[1, 0, 0, 0, 1, 0][..], &[0, 0, 0, 0, 2, 0x3a, 0x05]] {
            let refused = sift(&look, Bytes::copy_from_slice(bytes), &mut BytesMut::new());
            let reason = Error::from_status(&refused.unwrap_err()).reason();
            assert_eq!(reason, Reason::Internal);
        }
    }

    #[test]
    fn methods_are_known_by_what_they_answer() {
        let layer = VisibilityLayer { noting: None };
        let is_touched = |path: &str, role| {
            let caller = Principal::new(role, "somebody");
            layer.look(path, Some(&caller)).is_some()
        };
        assert!(is_touched("/parasol.tracking.v1.TrackingService/WatchCase", Role::Customer));
        assert!(!is_touched("/parasol.admin.v1.NetworkService/GetBrand", Role::Brand));
        assert!(layer.look("/grpc.health.v1.Health/Check", None).is_none());
    }

    #[test]
    fn what_is_shown_in_full_is_noted_and_what_cannot_be_is_counted() {
        use parasol_api::common::v1::{Address, CaseView, Personal};
        use parasol_api::partner::v1::WorkOrder;
        use parasol_journey::time::Timestamp;

        let (to, mut seen) = Reveals::new();
        let clock = Clock::manual(Timestamp::from_micros(5));
        let layer = VisibilityLayer { noting: Some((to, Metrics::silent(), clock)) };
        let order = WorkOrder {
            case: Some(CaseView { case_id: "case_1".to_owned(), ..CaseView::default() }),
            address: Some(Address { street: "文三路 1 号".to_owned(), ..Address::default() }),
            ..WorkOrder::default()
        };
        let mut bytes = BytesMut::new();
        bytes.put_u8(0);
        bytes.put_u32(u32::try_from(order.encoded_len()).unwrap());
        order.encode(&mut bytes).unwrap();
        let path = "/parasol.partner.v1.OfferService/GetWorkOrder";
        for role in [Role::Technician, Role::Service] {
            let caller = Principal::new(role, "t-1");
            let Some(look) = layer.look(path, Some(&caller)) else { continue };
            sift(&look, bytes.clone().freeze(), &mut BytesMut::new()).unwrap();
        }
        let [noted] = seen.waiting(10) else { panic!("one answer showed somebody") };
        assert_eq!(
            (noted.reader.as_str(), noted.method.as_str()),
            ("technician:t-1", "GetWorkOrder")
        );
        assert_eq!(noted.shown["case_1"], [Personal::Address].into());
    }
}
