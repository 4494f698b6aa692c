//! The cursor: every change exactly once, in order, whatever the page size and whoever commits.

use std::collections::{BTreeMap, HashMap};

use parasol_api::Reason;
use parasol_api::admin::v1::import_network_request::Content;
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::work_order_change::Change;
use parasol_api::partner::v1::{ListWorkOrdersRequest, ListWorkOrdersResponse};
use parasol_dispatch::Dispatch;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_journey::vocab::Category;
use parasol_journey::{ActorKind, Command, Stage};
use parasol_runtime::identity::Principal;
use sea_orm::ConnectionTrait as _;
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use uuid::Uuid;

use crate::world::{SHANGCHENG, World, XIHU, a_brand, a_centre, brand, by, centre, filing, reason};

/// Runs each test on both engines.
macro_rules! on_both_engines {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                Box::pin(super::$test(crate::world::World::new().await)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                let name = concat!("d_", stringify!($test));
                let name = &name[..name.len().min(40)];
                Box::pin(super::$test(crate::world::World::on_postgres(name).await)).await;
            }
        }
    )+};
}

on_both_engines!(
    every_change_is_read_once_and_in_order,
    nothing_is_missed_while_two_processes_commit,
    the_first_look_pages_through_whatever_is_open,
);

/// What changed, at which version of its case: as it was read, or as it stands in the tables.
type Seen = (String, u64);

/// Lets the centres take whatever comes, and leaves nobody without work.
async fn make_room(world: &World) {
    let roomy = |name: &str, county: &str| {
        let mut centre = a_centre(name, "aurora", county);
        centre.daily_capacity.iter_mut().for_each(|one| one.visits = 1_000);
        Content::Centre(centre)
    };
    let rows = vec![roomy("a-1", XIHU), roomy("a-2", SHANGCHENG), roomy("a-3", SHANGCHENG)];
    let answer = world.import([vec![Content::Brand(a_brand("aurora"))], rows].concat()).await;
    assert_eq!(answer.unwrap().updated, 3);
}

async fn list(
    dispatch: &Dispatch,
    who: &Principal,
    cursor: &str,
    page_size: i32,
) -> ListWorkOrdersResponse {
    let request = ListWorkOrdersRequest { cursor: cursor.into(), page_size };
    dispatch.list_work_orders(by(who, request)).await.unwrap().into_inner()
}

fn seen(page: &ListWorkOrdersResponse) -> Vec<(Seen, i32)> {
    let version = |etag: &str| parasol_api::convert::version_of(etag).unwrap();
    page.changes
        .iter()
        .map(|change| match change.change.as_ref().unwrap() {
            Change::Offer(one) => ((one.offer_id.clone(), version(&one.etag)), one.state),
            Change::WorkOrder(one) => {
                let etag = &one.case.as_ref().unwrap().etag;
                ((one.work_order_id.clone(), version(etag)), one.state)
            }
        })
        .collect()
}

/// Reads to the end in pages of this size; every page starts from nothing but the cursor's text.
async fn read_on(
    dispatch: &Dispatch,
    who: &Principal,
    cursor: &mut String,
    page_size: i32,
) -> Vec<(Seen, i32)> {
    let mut all = Vec::new();
    loop {
        let page = list(dispatch, who, cursor, page_size).await;
        assert!(page.changes.len() <= usize::try_from(page_size).unwrap());
        all.extend(seen(&page));
        *cursor = page.cursor.clone();
        if !page.more {
            return all;
        }
    }
}

/// Every row of a partner as it stands: id, version of its last change, state. The live work order of
/// a case changes with every version of it.
async fn standing(world: &World, who: &Principal) -> Vec<(String, u64, String)> {
    let mine = if who.role == parasol_runtime::identity::Role::Brand { "brand" } else { "centre" };
    let mut rows = Vec::new();
    for (table, key, prefix) in
        [("offers", "offer", "offer_"), ("work_orders", "work_order", "wo_")]
    {
        let query = Query::select()
            .columns([key, "case_id", "changed_seq", "state"])
            .from(table)
            .and_where(Expr::col(mine).eq(who.subject.as_str()))
            .order_by(key, Order::Asc)
            .to_owned();
        for row in world.desk.store.reader().query_all(&query).await.unwrap() {
            let id: Uuid = row.try_get("", key).unwrap();
            let seq: i64 = row.try_get("", "changed_seq").unwrap();
            let case = world.case(CaseId::new(row.try_get("", "case_id").unwrap())).await;
            let is_live = case.work_order.as_ref().is_some_and(|live| live.id.uuid() == id);
            let seq = if is_live { i64::try_from(case.version).unwrap() } else { seq };
            let seq = u64::try_from(seq).unwrap();
            let id = format!("{prefix}{}", id.simple());
            rows.push((id, seq, row.try_get("", "state").unwrap()));
        }
    }
    rows
}

/// Moves a case one step on, in a way that depends on `choice` alone.
async fn move_on(world: &World, case: CaseId, choice: u64) {
    let state = world.case(case).await;
    let live = state.offer.as_ref().filter(|_| state.stage == Stage::Dispatched);
    match (state.stage, choice % 5) {
        (Stage::Dispatched, 0) => world.wait(Span::from_micros(1)).await,
        (Stage::Dispatched, 1 | 2) => {
            let offer = live.unwrap();
            let me = centre(offer.centre.as_str());
            let request = world.refusal(case, offer.id);
            // Another may have been faster; then it is kept, which is a change of the case as well.
            let _ = world.dispatch.decline_offer(by(&me, request)).await;
        }
        (Stage::Dispatched, _) => {
            let offer = live.unwrap();
            let _ = world.accept(&centre(offer.centre.as_str()), case, offer.id).await;
        }
        (stage, 0) if !stage.is_ended() && stage != Stage::Deciding => {
            world.give(case, ActorKind::Customer, Command::Cancel).await;
        }
        (stage, _) if !stage.is_ended() => {
            world.give(case, ActorKind::Customer, Command::Remind).await;
        }
        _ => {}
    }
    world.choose().await;
}

/// A sequence of numbers that is the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}

async fn every_change_is_read_once_and_in_order(world: World) {
    make_room(&world).await;
    let partners = [brand("aurora"), centre("a-1"), centre("a-2"), centre("a-3"), brand("boreal")];
    for page_size in [1, 2, 3, 7] {
        let mut dice = Dice(u64::try_from(page_size).unwrap());
        let mut cases = Vec::new();
        // Wherever the cell stands now is where these readers begin.
        world.sequence().await;
        let mut cursors = Vec::new();
        let mut truth: Vec<Vec<Seen>> = Vec::new();
        let mut found: Vec<Vec<Seen>> = Vec::new();
        let mut before = Vec::new();
        for who in &partners {
            let mut cursor = String::new();
            read_on(&world.dispatch, who, &mut cursor, 200).await;
            cursors.push(cursor);
            truth.push(Vec::new());
            found.push(Vec::new());
            before.push(standing(&world, who).await);
        }
        for _ in 0..40 {
            if cases.len() < 6 && dice.roll().is_multiple_of(2) {
                let county = if dice.roll().is_multiple_of(2) { XIHU } else { SHANGCHENG };
                cases.push(world.file_for(filing(Category::Refrigerator, county)).await);
                world.choose().await;
            } else if !cases.is_empty() {
                let place = usize::try_from(dice.roll()).unwrap() % cases.len();
                move_on(&world, cases[place], dice.roll()).await;
            }
            world.sequence().await;
            for (nth, who) in partners.iter().enumerate() {
                let now = standing(&world, who).await;
                let news = now.iter().filter(|row| !before[nth].contains(row));
                truth[nth].extend(news.map(|(id, seq, _)| (id.clone(), *seq)));
                before[nth] = now;
                let read = read_on(&world.dispatch, who, &mut cursors[nth], page_size).await;
                found[nth].extend(read.into_iter().map(|(seen, _)| seen));
            }
        }
        for (nth, who) in partners.iter().enumerate() {
            // An offer shows the version its case has by now, which may be past its own change.
            let ids = |seen: &[Seen]| -> BTreeMap<String, usize> {
                seen.iter().fold(BTreeMap::new(), |mut counts, (id, _)| {
                    *counts.entry(id.clone()).or_default() += 1;
                    counts
                })
            };
            assert_eq!(ids(&found[nth]), ids(&truth[nth]), "{who} in pages of {page_size}");
            in_order(&found[nth]);
        }
        assert!(!found[0].is_empty() && found[4].is_empty());
        let all: usize = found[1..4].iter().map(Vec::len).sum();
        assert_eq!(all, found[0].len(), "the brand reads what its centres read");
    }
}

/// The versions of one thing only ever rise.
fn in_order(found: &[Seen]) {
    let mut newest: HashMap<&str, u64> = HashMap::new();
    for (id, version) in found {
        let before = newest.insert(id, *version).unwrap_or_default();
        assert!(before < *version, "{id} went from {before} to {version}");
    }
}

async fn nothing_is_missed_while_two_processes_commit(world: World) {
    make_room(&world).await;
    let other = world.neighbour(2).await;
    let writers = [&world, &other];
    let who = brand("aurora");
    let stop = std::sync::atomic::AtomicBool::new(false);
    let mut all: Vec<(Seen, i32)> = Vec::new();
    // The reader is there first: what opened and closed before it came is not its business.
    let mut cursor = String::new();
    assert!(read_on(&world.dispatch, &who, &mut cursor, 1).await.is_empty());
    let write = async {
        let mut dice = Dice(11);
        for round in 0..12 {
            let mut running = Vec::new();
            for writer in writers {
                let choice = dice.roll();
                running.push(async move {
                    let case = writer.file().await;
                    writer.choose().await;
                    for step in 0..4 {
                        move_gently(writer, case, choice.wrapping_add(step)).await;
                    }
                });
            }
            futures::future::join_all(running).await;
            if round % 3 == 0 {
                tokio::task::yield_now().await;
            }
        }
        stop.store(true, std::sync::atomic::Ordering::SeqCst);
    };
    let read = async {
        let mut page_size = 1;
        loop {
            let last = stop.load(std::sync::atomic::Ordering::SeqCst);
            world.sequence().await;
            all.extend(read_on(&world.dispatch, &who, &mut cursor, page_size).await);
            page_size = page_size % 5 + 1;
            if last {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(write, read);
    let mut newest: HashMap<String, i32> = HashMap::new();
    for ((id, _), state) in &all {
        newest.insert(id.clone(), *state);
    }
    let rows = standing(&world, &who).await;
    assert!(rows.len() >= 24, "{}", rows.len());
    for (id, seq, state) in rows {
        let read = newest.get(&id).unwrap_or_else(|| panic!("{id} at {seq} ({state}) was missed"));
        assert_eq!(*read, number_of(&id, &state), "{id} was last read in another state");
    }
}

/// As [`move_on`], for a case that only this task moves and without letting time pass.
async fn move_gently(world: &World, case: CaseId, choice: u64) {
    let state = world.case(case).await;
    match &state.offer {
        Some(offer) if state.stage == Stage::Dispatched => {
            let me = centre(offer.centre.as_str());
            if choice.is_multiple_of(3) {
                let request = world.refusal(case, offer.id);
                world.dispatch.decline_offer(by(&me, request)).await.unwrap();
                world.choose().await;
            } else {
                world.accept(&me, case, offer.id).await.unwrap();
            }
        }
        _ if !state.stage.is_ended() => {
            world.give(case, ActorKind::Customer, Command::Remind).await;
        }
        _ => {}
    }
}

fn number_of(id: &str, state: &str) -> i32 {
    let offers = ["offered", "accepted", "declined", "expired", "withdrawn"];
    let orders = ["open", "planned", "in_progress", "completed", "unable_to_complete", "cancelled"];
    let place = match id.starts_with("offer_") {
        true => offers.iter().position(|one| *one == state),
        false => orders.iter().position(|one| *one == state),
    };
    i32::try_from(place.unwrap() + 1).unwrap()
}

async fn the_first_look_pages_through_whatever_is_open(world: World) {
    make_room(&world).await;
    let who = brand("aurora");
    for nth in 0..6 {
        let (case, offer) = world.offered().await;
        match nth % 3 {
            0 => drop(world.accept(&who, case, offer).await.unwrap()),
            1 => world.give(case, ActorKind::Customer, Command::Cancel).await,
            _ => {}
        }
        // Half of it has no number yet when the reader comes.
        if nth == 2 {
            world.sequence().await;
        }
    }
    for page_size in 1..=5 {
        let mut cursor = String::new();
        let read = read_on(&world.dispatch, &who, &mut cursor, page_size).await;
        let open: Vec<_> = read.iter().filter(|(_, state)| *state == 1).collect();
        assert_eq!(open.len(), 4, "two offers and two work orders wait, in pages of {page_size}");
        assert!(read_on(&world.dispatch, &who, &mut cursor, page_size).await.is_empty());
    }
    // What changes while the snapshot is read comes after it.
    let first = list(&world.dispatch, &who, "", 1).await;
    let mut cursor = first.cursor.clone();
    let gone = world.offered().await.0;
    world.give(gone, ActorKind::Customer, Command::Cancel).await;
    world.sequence().await;
    let rest = read_on(&world.dispatch, &who, &mut cursor, 2).await;
    let withdrawn = rest.iter().filter(|(_, state)| *state == 5).count();
    assert_eq!(withdrawn, 2, "the one cancelled last before had no number yet either");
}

#[tokio::test]
async fn a_cursor_of_another_caller_epoch_or_future_asks_for_a_resynchronisation() {
    let world = World::new().await;
    world.offered().await;
    world.sequence().await;
    let (me, other) = (centre("a-1"), centre("a-2"));
    let cursor = list(&world.dispatch, &me, "", 10).await.cursor;
    let refused = async |dispatch: &Dispatch, who: &Principal, cursor: &str| {
        let request = ListWorkOrdersRequest { cursor: cursor.into(), page_size: 1 };
        let listed = reason(dispatch.list_work_orders(by(who, request)).await);
        let request = parasol_api::partner::v1::StreamOffersRequest { cursor: cursor.into() };
        let streamed = dispatch.stream_offers(by(who, request)).await.map(|_| ());
        assert_eq!((listed, reason(streamed)), (Reason::ResyncRequired, Reason::ResyncRequired));
    };
    refused(&world.dispatch, &other, &cursor).await;
    refused(&world.after_a_restore(), &me, &cursor).await;
    refused(&world.dispatch, &me, "0000").await;
    refused(&world.dispatch, &me, "not a cursor").await;
    // The same key and epoch over a store that has not got that far.
    let younger = World::new().await;
    refused(&younger.dispatch, &me, &cursor).await;
    let request = ListWorkOrdersRequest { cursor, page_size: -1 };
    let negative = world.dispatch.list_work_orders(by(&me, request)).await;
    assert_eq!(reason(negative), Reason::FieldInvalid);
}

#[tokio::test]
async fn a_page_lists_once_what_changed_often() {
    let world = World::new().await;
    world.sequence().await;
    let me = centre("a-1");
    let cursor = list(&world.dispatch, &me, "", 10).await.cursor;
    let (case, _) = world.accepted().await;
    world.sequence().await;
    for _ in 0..3 {
        world.give(case, ActorKind::Customer, Command::Remind).await;
        world.sequence().await;
    }
    let page = list(&world.dispatch, &me, &cursor, 50).await;
    assert_eq!(page.changes.len(), 2, "the offer and the work order");
    let version = world.case(case).await.version;
    assert!(seen(&page).iter().all(|((_, read), _)| *read == version));
}
