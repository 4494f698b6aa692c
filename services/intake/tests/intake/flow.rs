//! Open cases as rows: written by the follower of the feed, on both engines, and the same as the cases say.

use parasol_casebook::{SEQUENCER, Sequenced, Store};
use parasol_intake::flow::{self, Order, Wanted};
use parasol_journey::deadline::Clock as Deadline;
use parasol_journey::event::Path;
use parasol_journey::ids::{CaseId, OfferId};
use parasol_journey::time::Span;
use parasol_journey::vocab::Party;
use parasol_journey::{ActorKind, Command, Stage};
use uuid::Uuid;

use crate::samples::{case_of, claim, file, order, world_with};
use crate::world::{World, customer};

/// Gives events their positions, as the sequencer of a node does.
async fn number(world: &World) {
    let (store, now) = (&world.desk.store, world.clock.now());
    let held = store.lease(SEQUENCER, Uuid::from_u128(9), now, Span::minutes(1)).await.unwrap();
    let numbered = store.sequence(&held.unwrap(), now).await.unwrap();
    assert_ne!(numbered, Sequenced::LeaseLost);
}

/// Follows the feed to its end; answers how many events there were.
async fn follow(world: &World, holder: u128) -> usize {
    number(world).await;
    let epoch = world.desk.store.feed_epoch(Uuid::from_u128(77)).await.unwrap();
    let follower = world.intake.follower(epoch, Uuid::from_u128(holder));
    let mut events = 0;
    loop {
        let followed = follower.run_once(world.clock.now()).await.unwrap();
        events += followed.events;
        if !followed.more {
            return events;
        }
    }
}

fn by(order: Order) -> Wanted {
    Wanted { order, brand: String::new(), holder: None, stage: None, after: None }
}

async fn listed(store: &Store, wanted: &Wanted) -> Vec<CaseId> {
    let rows = flow::list(store, wanted, 50).await.unwrap();
    rows.iter().map(|row| CaseId::new(row.case_id)).collect()
}

/// Three cases: filed, offered to a centre, and one that is left to end.
async fn three(world: &World) -> [CaseId; 3] {
    let mut cases = Vec::new();
    for n in 1..=3 {
        let me = customer(&format!("u-{n}"));
        cases.push(case_of(&file(world, &me, claim(n, u128::from(n))).await));
        world.wait(Span::minutes(1));
    }
    let triage = Command::Triage { path: Path::Inspection, rules: vec![] };
    world.give(cases[1], ActorKind::Policy, triage).await;
    let (offer, centre) = (OfferId::new(Uuid::from_u128(2)), "aurora-hz-01".parse().unwrap());
    let make = Command::MakeOffer { offer, centre, network: None };
    world.give(cases[1], ActorKind::Policy, make).await;
    cases.try_into().unwrap()
}

async fn rows_follow_cases(world: &World) {
    let [filed, offered, ended] = three(world).await;
    let store = &world.desk.store;
    assert!(follow(world, 1).await > 0);
    let counted = flow::count(store, "", world.clock.now()).await.unwrap();
    let stages: Vec<_> = counted.stages.iter().map(|one| (one.stage, one.cases)).collect();
    assert_eq!(stages, [(Stage::Filed, 2), (Stage::Dispatched, 1)]);
    assert_eq!(counted.behind, 0);
    let turns: Vec<_> = counted.turns.iter().map(|one| (one.holder, one.cases)).collect();
    assert_eq!(turns, [(Party::Retailer, 2), (Party::Brand, 1)]);
    assert_eq!(listed(store, &by(Order::Turn)).await[0], filed, "the oldest turn is the first");
    let of_brand = Wanted { holder: Some(Party::Brand), ..by(Order::Due) };
    assert_eq!(listed(store, &of_brand).await, [offered]);
    let nobodys = Wanted { brand: "borealis".to_owned(), ..by(Order::Due) };
    assert_eq!(listed(store, &nobodys).await, []);
    for row in flow::list(store, &by(Order::Due), 50).await.unwrap() {
        let case = world.case(CaseId::new(row.case_id)).await;
        let owed = case.next_deadline().unwrap();
        assert_eq!((row.due, &*row.stage), (owed.due.micros(), case.stage.as_str()));
        assert_eq!(row.since, case.turn.since().micros());
    }

    // A centre that lets its time pass is late in the turn it holds, and an ended case is gone.
    world.miss(offered, Deadline::AcceptAlarm).await;
    world.give(ended, ActorKind::Customer, Command::Cancel).await;
    let behind = flow::count(store, "", world.clock.now()).await.unwrap();
    assert_eq!(behind.stages.len(), 2, "nothing is known before the feed is followed");
    follow(world, 1).await;
    assert_eq!(listed(store, &by(Order::Late)).await, [offered]);
    let after = flow::count(store, "aurora", world.clock.now()).await.unwrap();
    let late: i64 = after.stages.iter().map(|one| one.late).sum();
    let cases: i64 = after.stages.iter().map(|one| one.cases).sum();
    assert_eq!((late, cases), (1, 2));
}

/// A store that was put back has its feed written anew: places of before mean nothing there.
async fn in_another_epoch_it_begins_anew(world: &World) {
    let [filed, ..] = three(world).await;
    let first = follow(world, 1).await;
    assert!(first > 0);
    assert_eq!(follow(world, 1).await, 0);
    let store = &world.desk.store;
    let before = flow::list(store, &by(Order::Turn), 50).await.unwrap();
    store.begin_feed_epoch(Uuid::from_u128(78)).await.unwrap();
    world.give(filed, ActorKind::Customer, Command::Remind).await;
    assert!(follow(world, 1).await > first, "what was followed before and what is new");
    let after = flow::list(store, &by(Order::Turn), 50).await.unwrap();
    assert_eq!(after.len(), before.len());
    let chased = |rows: &[flow::Row]| rows.iter().map(|row| row.reminders).sum::<i64>();
    assert_eq!((chased(&before), chased(&after)), (0, 1));
}

async fn pages_join_without_gaps(world: &World) {
    for n in 1..=5 {
        file(world, &customer(&format!("u-{n}")), claim(n, u128::from(n))).await;
    }
    follow(world, 1).await;
    let store = &world.desk.store;
    for order in [Order::Due, Order::Turn] {
        let whole = listed(store, &by(order)).await;
        assert_eq!(whole.len(), 5);
        let (mut after, mut joined) = (None, Vec::new());
        loop {
            let page = flow::list(store, &Wanted { after, ..by(order) }, 2).await.unwrap();
            joined.extend(page.iter().map(|row| CaseId::new(row.case_id)));
            match page.last() {
                Some(last) => after = Some(order.place(last)),
                None => break,
            }
        }
        assert_eq!(joined, whole, "{order:?}: they all began at one moment");
    }
}

mod on_sqlite {
    use super::*;

    #[tokio::test]
    async fn rows_follow_cases() {
        let world = world_with((1..=3).map(order)).await;
        super::rows_follow_cases(&world).await;
    }

    #[tokio::test]
    async fn in_another_epoch_it_begins_anew() {
        let world = world_with((1..=3).map(order)).await;
        super::in_another_epoch_it_begins_anew(&world).await;
    }

    #[tokio::test]
    async fn pages_join_without_gaps() {
        let world = world_with((1..=5).map(order)).await;
        super::pages_join_without_gaps(&world).await;
    }

    #[tokio::test]
    async fn another_process_goes_on_where_the_first_stood_and_only_one_follows() {
        let world = world_with((1..=3).map(order)).await;
        three(&world).await;
        let first = follow(&world, 1).await;
        assert!(first > 0);
        file(&world, &customer("u-1"), claim(1, 90)).await;
        // The first one's lease has not run out.
        let case = listed(&world.desk.store, &by(Order::Turn)).await[0];
        world.give(case, ActorKind::Customer, Command::Remind).await;
        assert_eq!(follow(&world, 2).await, 0, "two at once");
        world.wait(Span::minutes(2));
        let second = follow(&world, 2).await;
        assert!(second > 0 && second < first, "{second}: it does not begin anew");
        let row = flow::list(&world.desk.store, &by(Order::Turn), 50).await.unwrap();
        let row = row.iter().find(|row| CaseId::new(row.case_id) == case).unwrap();
        assert_eq!(row.reminders, 1);
        assert!(row.answer_due > world.clock.now().micros());
    }
}

mod on_postgres {
    use super::*;

    #[tokio::test]
    async fn rows_follow_cases() {
        let world = crate::samples::world_on_postgres("flow_rows", (1..=3).map(order)).await;
        super::rows_follow_cases(&world).await;
    }

    #[tokio::test]
    async fn in_another_epoch_it_begins_anew() {
        let world = crate::samples::world_on_postgres("flow_epoch", (1..=3).map(order)).await;
        super::in_another_epoch_it_begins_anew(&world).await;
    }

    #[tokio::test]
    async fn pages_join_without_gaps() {
        let world = crate::samples::world_on_postgres("flow_pages", (1..=5).map(order)).await;
        super::pages_join_without_gaps(&world).await;
    }
}
