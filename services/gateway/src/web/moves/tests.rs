//! Listening without a node: one watch for a side, handed on from page to page.

use std::sync::{Arc, Mutex};

use axum::http::{Request, header};
use bytes::{BufMut as _, Bytes, BytesMut};
use futures::StreamExt as _;
use futures::channel::mpsc;
use http_body_util::{BodyExt as _, StreamBody};
use parasol_api::Language;
use parasol_api::tracking::v1::CaseEntry;
use parasol_runtime::identity::Principal;
use prost::Message as _;

use super::*;
use crate::web::fixture::{noon, web};
use crate::web::session::Guest;

/// What was asked, with whose credential, and the other end of each watch.
#[derive(Clone, Default)]
struct Watches(Arc<Mutex<Vec<Opened>>>);

struct Opened {
    request: WatchCasesRequest,
    credential: String,
    end: mpsc::UnboundedSender<Bytes>,
}

impl Watches {
    fn transport(&self) -> Transport {
        let opened = Arc::clone(&self.0);
        Transport::new(tower::service_fn(move |request: Request<tonic::body::Body>| {
            let opened = Arc::clone(&opened);
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await?.to_bytes();
                let (end, frames) = mpsc::unbounded();
                opened.lock().unwrap().push(Opened {
                    request: WatchCasesRequest::decode(body.slice(5..)).unwrap(),
                    credential: parts.headers[header::AUTHORIZATION].to_str().unwrap().to_owned(),
                    end,
                });
                let frames =
                    frames.map(|frame| Ok::<_, tonic::Status>(http_body::Frame::data(frame)));
                let body = tonic::body::Body::new(StreamBody::new(frames));
                let mut response = http::Response::new(body);
                let kind = "application/grpc".parse().unwrap();
                response.headers_mut().insert(header::CONTENT_TYPE, kind);
                Ok(response)
            }
        }))
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Something happens in a case, told by the how-manieth watch.
    fn move_case(&self, watch: usize, token: &str) {
        let entry = CaseEntry { case_id: "case_1".into(), ..CaseEntry::default() };
        let message = WatchCasesResponse {
            event: Some(Event::Entry(Box::new(entry))),
            resume_token: token.to_owned(),
        };
        let message = message.encode_to_vec();
        let mut frame = BytesMut::new();
        frame.put_u8(0);
        frame.put_u32(u32::try_from(message.len()).unwrap());
        frame.extend_from_slice(&message);
        self.0.lock().unwrap()[watch].end.unbounded_send(frame.freeze()).unwrap();
    }
}

/// Somebody who looks at the desk, the board or a brand's pages.
fn visitor(pages: &Pages, role: Role, subject: &str) -> Visitor {
    let principal = Principal::new(role, subject);
    let guest = Guest {
        site: pages.site,
        language: Language::En,
        secure: false,
        foreign: false,
        path: String::new(),
        now: noon(),
        cookies: Vec::new(),
    };
    let token = format!("{role}.{subject}");
    Visitor { guest, principal, token, form_token: String::new() }
}

const CHANGED: Option<&str> = Some("event: changed\ndata: -\n\n");

#[tokio::test(start_paused = true)]
async fn pages_of_a_side_share_one_watch_and_hand_it_on() {
    let watches = Watches::default();
    let web = web(watches.transport());
    let (moves, pages) = (Moves::new(&web), Pages::new(&crate::desk::SITE, &web));
    let mut first = moves.listen(&pages, &visitor(&pages, Role::Agent, "a-1")).unwrap();
    let mut second = moves.listen(&pages, &visitor(&pages, Role::Operator, "op-1")).unwrap();
    // What happened before a side was listened to may have been missed: pages look once.
    assert_eq!(first.next().await, CHANGED);
    assert_eq!(second.next().await, CHANGED);
    assert_eq!(watches.count(), 1, "one watch for all");
    watches.move_case(0, "t-1");
    watches.move_case(0, "t-2");
    assert_eq!(first.next().await, CHANGED);
    assert_eq!(second.next().await, CHANGED);
    assert_eq!(first.next().await, Some("event: alive\ndata: -\n\n"), "two changes are one line");

    drop(first);
    watches.move_case(0, "t-3");
    assert_eq!(second.next().await, CHANGED, "another page has the lead");
    assert_eq!(watches.count(), 1, "and it is the same watch");
    let asked = |at: usize| watches.0.lock().unwrap()[at].request.clone();
    assert!(asked(0).only_new && asked(0).resume_token.is_empty());

    // The watch ends, as when a process stops: pages come again, and it goes on from its place.
    watches.0.lock().unwrap()[0].end = mpsc::unbounded().0;
    assert_eq!(second.next().await, None);
    let mut third = moves.listen(&pages, &visitor(&pages, Role::Manager, "m-1")).unwrap();
    assert_eq!(third.next().await, Some("event: alive\ndata: -\n\n"), "nothing was missed");
    assert_eq!((watches.count(), asked(1).resume_token.as_str()), (2, "t-3"));
}

#[tokio::test(start_paused = true)]
async fn a_brand_is_told_by_a_watch_of_its_own_and_others_by_none() {
    let watches = Watches::default();
    let web = web(watches.transport());
    let (moves, pages) = (Moves::new(&web), Pages::new(&crate::steward::SITE, &web));
    let mut aurora = moves.listen(&pages, &visitor(&pages, Role::Brand, "aurora")).unwrap();
    let mut borealis = moves.listen(&pages, &visitor(&pages, Role::Brand, "borealis")).unwrap();
    assert_eq!((aurora.next().await, borealis.next().await), (CHANGED, CHANGED));
    let of = |at: usize| watches.0.lock().unwrap()[at].credential.clone();
    assert_eq!((of(0), of(1)), ("Bearer brand.aurora".into(), "Bearer brand.borealis".into()));
    watches.move_case(0, "t-1");
    assert_eq!(aurora.next().await, CHANGED);
    assert_eq!(borealis.next().await, Some("event: alive\ndata: -\n\n"), "not its case");
    assert!(moves.listen(&pages, &visitor(&pages, Role::Customer, "u-1")).is_none());
}

#[tokio::test]
async fn sides_nobody_listens_to_make_room_and_a_full_house_takes_no_further_one() {
    let watches = Watches::default();
    let web = web(watches.transport());
    let (moves, pages) = (Moves::new(&web), Pages::new(&crate::steward::SITE, &web));
    let listen = |number: usize| {
        moves.listen(&pages, &visitor(&pages, Role::Brand, &format!("brand-{number}")))
    };
    let mut kept: Vec<_> = (0..SIDES_MAX).map(|number| listen(number).unwrap()).collect();
    assert!(listen(SIDES_MAX).is_none());
    assert!(listen(0).is_some(), "a side that is there takes further pages");
    kept.pop();
    assert!(listen(SIDES_MAX).is_some());
}
