//! Claims, which verification tells of, on their way to webhooks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use http_body_util::BodyExt as _;
use parasol_api::convert::{etag, to_timestamp};
use parasol_api::verification::v1::{
    Claim, ClaimState, ListClaimChangesRequest, ListClaimChangesResponse,
};
use parasol_api::{Error, Reason};
use parasol_dispatch::Post;
use parasol_journey::ids::{CaseId, ClaimId};
use parasol_journey::time::Timestamp;
use parasol_runtime::transport::Transport;
use prost::Message as _;
use uuid::Uuid;

use super::receiver::{Receiver, Seen};
use super::{hook, log, seconds, send_on, service};
use crate::world::{World, brand};

/// Verification as far as webhooks know it: a list of changes, and whether it answers.
#[derive(Clone, Default)]
struct Told {
    changes: Arc<Mutex<Vec<Claim>>>,
    is_down: Arc<Mutex<bool>>,
    asked: Arc<Mutex<Vec<ListClaimChangesRequest>>>,
}

impl Told {
    fn change(&self, number: u128, version: u64, state: ClaimState) {
        self.changes.lock().unwrap().push(Claim {
            claim_id: ClaimId::new(Uuid::from_u128(number)).to_string(),
            case_id: CaseId::new(Uuid::from_u128(900 + number)).to_string(),
            etag: etag(version),
            partner: "brand:aurora".to_owned(),
            state: state.into(),
            changed_at: Some(to_timestamp(Timestamp::from_micros(1_000_000))),
            ..Claim::default()
        });
    }

    /// The cursor is how many changes were told.
    fn answer(&self, request: &ListClaimChangesRequest) -> Result<ListClaimChangesResponse, Error> {
        if *self.is_down.lock().unwrap() {
            return Err(Error::new(Reason::StoreUnavailable));
        }
        let changes = self.changes.lock().unwrap();
        let newest: HashMap<_, _> =
            changes.iter().map(|claim| (claim.claim_id.clone(), claim.clone())).collect();
        if !request.claim_ids.is_empty() {
            let claims = request.claim_ids.iter().filter_map(|id| newest.get(id).cloned());
            return Ok(ListClaimChangesResponse { claims: claims.collect(), ..Default::default() });
        }
        let from: usize = request.cursor.parse().unwrap_or_default();
        let size = usize::try_from(request.page_size).unwrap();
        let rest = &changes[from..];
        let page: Vec<_> = rest.iter().take(size).cloned().collect();
        let (cursor, more) = ((from + page.len()).to_string(), rest.len() > size);
        Ok(ListClaimChangesResponse { claims: page, cursor, more })
    }

    fn transport(&self) -> Transport {
        let told = self.clone();
        Transport::new(tower::service_fn(move |request: http::Request<tonic::body::Body>| {
            let told = told.clone();
            async move {
                let body = request.into_body().collect().await?.to_bytes();
                let request = ListClaimChangesRequest::decode(body.slice(5..)).unwrap();
                let answer = told.answer(&request);
                told.asked.lock().unwrap().push(request);
                Ok(match answer {
                    Ok(answer) => framed(&answer.encode_to_vec()),
                    Err(error) => tonic::Status::from(error).into_http(),
                })
            }
        }))
    }
}

/// A message as gRPC frames it.
fn framed(message: &[u8]) -> http::Response<tonic::body::Body> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let frame = [&[0][..], &length, message].concat();
    let mut trailers = http::HeaderMap::new();
    trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
    let frames =
        [http_body::Frame::data(bytes::Bytes::from(frame)), http_body::Frame::trailers(trailers)];
    let frames = futures::stream::iter(frames.map(Ok::<_, tonic::Status>));
    let body = tonic::body::Body::new(http_body_util::StreamBody::new(frames));
    let mut response = http::Response::new(body);
    let kind = http::HeaderValue::from_static("application/grpc");
    response.headers_mut().insert("content-type", kind);
    response
}

fn post(world: &World, told: &Told) -> Post {
    service(world).asking(told.transport()).post(world.desk.ids.next())
}

/// What a receiver got since it was asked last, as type and claim.
fn got(receiver: &Receiver) -> Vec<(String, String)> {
    let seen = receiver.take().into_iter();
    let claim = |one: &Seen| one.body["data"]["claimId"].as_str().unwrap().to_owned();
    seen.map(|one| (one.kind().to_owned(), claim(&one))).collect()
}

#[tokio::test]
async fn a_claim_is_told_when_it_is_raised_answered_and_settled() {
    let world = World::new().await;
    let receiver = Receiver::new().await;
    let id = hook(&world, &brand("aurora"), &receiver.url).await;
    let told = Told::default();
    let post_office = post(&world, &told);
    told.change(7, 1, ClaimState::Raised);
    told.change(8, 1, ClaimState::Raised);
    send_on(&world, &post_office).await;
    let claim = |number: u128| ClaimId::new(Uuid::from_u128(number)).to_string();
    let raised = "claim.raised".to_owned();
    let mut first = got(&receiver);
    first.sort();
    assert_eq!(first, [(raised.clone(), claim(7)), (raised, claim(8))]);
    // Nobody asks again for half a minute, and nothing is told twice.
    let asked = told.asked.lock().unwrap().len();
    told.change(7, 2, ClaimState::Accepted);
    send_on(&world, &post_office).await;
    assert_eq!(told.asked.lock().unwrap().len(), asked);
    world.clock.advance(seconds(31)).unwrap();
    send_on(&world, &post_office).await;
    told.change(7, 3, ClaimState::Netted);
    world.clock.advance(seconds(31)).unwrap();
    // Another process goes on where the first one stood.
    send_on(&world, &post(&world, &told)).await;
    let rest = got(&receiver);
    assert_eq!(
        rest,
        [("claim.answered".to_owned(), claim(7)), ("claim.settled".to_owned(), claim(7))]
    );
    let entries = log(&world, &id).await;
    assert_eq!(entries.len(), 4);
    let case = CaseId::new(Uuid::from_u128(907)).to_string();
    assert!(entries.iter().any(|entry| entry.case_id == case), "the log names the case");
    let first = told.asked.lock().unwrap()[0].clone();
    assert_eq!(first.partner, "brand:aurora");
    assert!(first.changed_since.is_some(), "nothing from before the webhook is told");
}

#[tokio::test]
async fn a_claim_that_is_not_taken_is_told_again_as_it_stands_and_verification_may_be_away() {
    let world = World::new().await;
    let receiver = Receiver::new().await;
    hook(&world, &brand("aurora"), &receiver.url).await;
    let told = Told::default();
    let post_office = post(&world, &told);
    told.change(7, 1, ClaimState::Raised);
    receiver.answer_all(500);
    send_on(&world, &post_office).await;
    assert_eq!(got(&receiver).len(), 1);
    // It changes while it waits, and verification is away when it is due.
    told.change(7, 2, ClaimState::Disputed);
    *told.is_down.lock().unwrap() = true;
    receiver.answer_all(204);
    world.clock.advance(seconds(60)).unwrap();
    send_on(&world, &post_office).await;
    assert!(got(&receiver).is_empty(), "nobody says what it is now");
    *told.is_down.lock().unwrap() = false;
    world.clock.advance(seconds(60)).unwrap();
    send_on(&world, &post_office).await;
    world.clock.advance(seconds(600)).unwrap();
    send_on(&world, &post_office).await;
    let events = got(&receiver);
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].0, "claim.answered", "as it stands, once");
}
