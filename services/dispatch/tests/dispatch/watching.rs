//! The stream: live, bookmarked, cut when stalled, ended at the stop.

use std::time::Duration;

use futures::StreamExt as _;
use parasol_api::Reason;
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::stream_offers_response::Change;
use parasol_api::partner::v1::{
    ListWorkOrdersRequest, OfferState, StreamOffersRequest, StreamOffersResponse, WorkOrderState,
};
use parasol_dispatch::{Dispatch, OfferStream, Pace};
use tokio::time::timeout;

use crate::world::{World, by, centre, reason, start};

/// Longer than anything here takes, unless it hangs.
const LIMIT: Duration = Duration::from_secs(20);

async fn open(dispatch: &Dispatch, cursor: &str) -> OfferStream {
    let request = StreamOffersRequest { cursor: cursor.into() };
    dispatch.stream_offers(by(&centre("a-1"), request)).await.unwrap().into_inner()
}

async fn next(stream: &mut OfferStream) -> StreamOffersResponse {
    let item = timeout(LIMIT, stream.next()).await.expect("nothing came within the limit");
    item.expect("the stream ended").unwrap()
}

fn quick() -> Pace {
    Pace { rest: Duration::from_millis(1), poll: Duration::from_millis(5), ..Pace::default() }
}

#[tokio::test]
async fn changes_come_as_they_are_committed_and_polling_goes_on_from_them() {
    let world = World::new().await;
    let dispatch = world.dispatch.clone().paced(quick());
    let mut stream = open(&dispatch, "").await;
    let (case, offer) = world.offered().await;
    world.sequence().await;
    let first = next(&mut stream).await;
    let Some(Change::Offer(shown)) = first.change else { panic!("{first:?}") };
    assert_eq!(
        (shown.offer_id.as_str(), shown.state()),
        (&*offer.to_string(), OfferState::Offered)
    );

    world.accept(&centre("a-1"), case, offer).await.unwrap();
    world.sequence().await;
    let accepted = next(&mut stream).await;
    let Some(Change::Offer(shown)) = &accepted.change else { panic!("{accepted:?}") };
    assert_eq!(shown.state(), OfferState::Accepted);
    let order = next(&mut stream).await;
    let Some(Change::WorkOrder(shown)) = &order.change else { panic!("{order:?}") };
    assert_eq!(shown.state(), WorkOrderState::Open);

    // Both changes have one place in the feed; the cursor knows which of them was read.
    let poll = ListWorkOrdersRequest { cursor: accepted.cursor, page_size: 10 };
    let polled = dispatch.list_work_orders(by(&centre("a-1"), poll)).await.unwrap().into_inner();
    assert_eq!(polled.changes.len(), 1);
    let poll = ListWorkOrdersRequest { cursor: order.cursor, page_size: 10 };
    let polled = dispatch.list_work_orders(by(&centre("a-1"), poll)).await.unwrap().into_inner();
    assert!(polled.changes.is_empty() && !polled.more);
    let mut resumed = open(&dispatch, &polled.cursor).await;
    world.give(case, parasol_journey::ActorKind::Customer, parasol_journey::Command::Cancel).await;
    world.sequence().await;
    let Some(Change::WorkOrder(shown)) = next(&mut resumed).await.change else { panic!() };
    assert_eq!(shown.state(), WorkOrderState::Cancelled);
}

#[tokio::test]
async fn a_quiet_stream_says_up_to_when_it_is_complete() {
    let world = World::new().await;
    let pace = Pace { bookmark: Duration::ZERO, ..quick() };
    let dispatch = world.dispatch.clone().paced(pace);
    let mut stream = open(&dispatch, "").await;
    let bookmark = next(&mut stream).await;
    let Some(Change::Bookmark(mark)) = &bookmark.change else { panic!("{bookmark:?}") };
    assert_eq!(mark.complete_until, Some(parasol_api::convert::to_timestamp(start())));

    // What is committed but has no number yet is not claimed to be read.
    world.offered().await;
    world.clock.advance(parasol_journey::time::Span::hours(1)).unwrap();
    let held_back = next(&mut open(&dispatch, &bookmark.cursor).await).await;
    let Some(Change::Bookmark(mark)) = held_back.change else { panic!("{held_back:?}") };
    assert_eq!(mark.complete_until, Some(parasol_api::convert::to_timestamp(start())));
    world.sequence().await;
    let change = next(&mut open(&dispatch, &held_back.cursor).await).await.change;
    assert!(matches!(change, Some(Change::Offer(_))), "{change:?}");
}

#[tokio::test]
async fn a_reader_that_stalls_is_cut_and_may_resume() {
    let world = World::new().await;
    for _ in 0..2 {
        world.offered().await;
    }
    world.sequence().await;
    let impatient = world.dispatch.clone().paced(Pace { patience: Duration::ZERO, ..quick() });
    let mut stream = open(&impatient, "").await;
    let first = next(&mut stream).await;
    let cut = stream.next().await.unwrap();
    assert_eq!(reason(cut), Reason::Overloaded);
    assert!(stream.next().await.is_none());
    let mut resumed = open(&world.dispatch, &first.cursor).await;
    let second = next(&mut resumed).await;
    assert!(matches!(second.change, Some(Change::Offer(_))));
}

#[tokio::test]
async fn the_stream_ends_when_the_process_stops() {
    let world = World::new().await;
    let mut stream = open(&world.dispatch, "").await;
    let ended = timeout(LIMIT, async {
        let stop = async { world.shutdown.stop() };
        let (item, ()) = tokio::join!(stream.next(), stop);
        item.is_none()
    });
    assert!(ended.await.unwrap());
}
