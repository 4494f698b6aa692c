//! The live figures equal a recount from the beginning, whatever order the feed has and however often it is read.
//!
//! In memory with many cases, by the very functions that the store's rows are made with; and with fewer on both
//! engines, through the real committer, sequencer and counting, with processes that come and go.

use std::collections::BTreeMap;

use parasol_casebook::Store;
use parasol_journey::ids::CaseId;
use parasol_journey::time::{DAY, Span};
use parasol_journey::{ActorKind, Event};
use parasol_tracking::scores::follow::{Pass, Scorer};
use parasol_tracking::scores::indicator::{Id, Level};
use parasol_tracking::scores::ledger::{Ledger, Tally, recount};
use parasol_tracking::scores::marks::{Figure, Marks, marks};
use parasol_tracking::scores::period::Month;
use parasol_tracking::scores::sheets::lines;
use parasol_tracking::scores::tables::{
    score_periods, score_published, score_restatements, score_sheets,
};
use sea_orm::{EntityTrait, QueryOrder};
use uuid::Uuid;

use crate::gathering::spread_and_gathered_it_is_the_same;
use crate::rows::{
    Counted, as_an_older_release, every_way_of_reading_agrees, stored_figures, with_a_row_each,
};
use crate::simulated::{Dice, Simulated, simulate};
use crate::world::World;

/// Cases whose logs are in memory at a time; a later lot comes after months of the earlier ones were published.
const LOT: u64 = 500;

fn counted(id: CaseId, log: &[Event]) -> Marks {
    marks(id, log, &[]).expect("a log is a log")
}

/// What is not zero.
fn standing(figures: &BTreeMap<Figure, Tally>) -> BTreeMap<Figure, Tally> {
    let some = figures.iter().filter(|(_, tally)| **tally != Tally::default());
    some.map(|(figure, tally)| (figure.clone(), *tally)).collect()
}

/// Feeds a lot of cases in pieces, events of different cases in a random order, some pieces twice. Months are
/// published on the way.
fn feed(ledger: &mut Ledger, lot: &[Simulated], dice: &mut Dice) {
    // Each case's events stay in order; which case is next is chance.
    let mut order: Vec<usize> = Vec::new();
    for (place, one) in lot.iter().enumerate() {
        order.extend(std::iter::repeat_n(place, one.log.len()));
    }
    dice.shuffle(&mut order);
    let mut read = vec![0; lot.len()];
    let piece = order.len() / 4 + 1;
    for (number, part) in order.chunks(piece).enumerate() {
        let mut touched = Vec::new();
        for place in part {
            read[*place] += 1;
            touched.push(*place);
        }
        touched.sort_unstable();
        touched.dedup();
        // A process that dies after its commit is followed by one that reads the same piece again.
        let times = if dice.one_in(3) { 2 } else { 1 };
        for place in std::iter::repeat_n(&touched, times).flatten() {
            let one = &lot[*place];
            ledger.take(one.id, counted(one.id, &one.log[..read[*place]]));
        }
        let month = ["2026-06", "2026-07", "2026-08"].get(number);
        if let Some(month) = month.and_then(|month| Month::parse(month))
            && !ledger.months.contains(&month)
            && dice.one_in(2)
        {
            ledger.publish(month);
        }
    }
}

/// What the simulated cases have been through, so that a test which counts nothing is found out.
#[derive(Debug, Default)]
struct Seen {
    closed: usize,
    overturned: usize,
    reopened: usize,
    surveys: usize,
    /// Decisions by agents against the policy.
    overrides: usize,
    /// Chases that agents answered.
    answers: usize,
}

impl Seen {
    fn of(&mut self, log: &[Event]) {
        use parasol_journey::Fact;
        use parasol_journey::vocab::Party;
        let has = |fits: fn(&Fact) -> bool| usize::from(log.iter().any(|event| fits(&event.fact)));
        self.closed += has(|fact| matches!(fact, Fact::Closed { .. }));
        self.reopened += has(|fact| matches!(fact, Fact::Reopened));
        self.surveys += has(|fact| matches!(fact, Fact::SurveyAnswered { .. }));
        let by_agents = log.iter().filter(|event| event.actor.kind == ActorKind::Agent);
        for event in by_agents {
            let decision = match &event.fact {
                Fact::Decided(decision) | Fact::Denied(decision) => Some(decision),
                _ => None,
            };
            self.overrides += usize::from(decision.is_some_and(|one| one.overrides));
            self.answers += usize::from(event.fact == Fact::ReminderAnswered);
        }
        self.overturned += has(
            |fact| matches!(fact, Fact::DisputeDecided { loser, .. } if *loser != Party::Customer),
        );
    }
}

fn live_equals_recount(cases: u64) {
    let (mut ledger, mut dice) = (Ledger::default(), Dice::new(7));
    let mut whole: BTreeMap<CaseId, Marks> = BTreeMap::new();
    let mut seen = Seen::default();
    for first in (0..cases).step_by(LOT as usize) {
        let lot: Vec<Simulated> = (first..(first + LOT).min(cases)).map(simulate).collect();
        feed(&mut ledger, &lot, &mut dice);
        for one in &lot {
            seen.of(&one.log);
            whole.insert(one.id, counted(one.id, &one.log));
        }
    }
    let live = standing(&ledger.figures);
    let again = standing(&recount(whole.values()));
    assert_eq!(live.len(), again.len());
    for (figure, tally) in &again {
        assert_eq!(live.get(figure), Some(tally), "{figure:?}");
    }
    let few = usize::try_from(cases).unwrap() / 20;
    assert!(seen.closed > few && seen.surveys > few / 2, "{seen:?}");
    assert!(seen.overturned > 0 && seen.reopened > 0, "{seen:?}");
    of_agents(&again, &seen);
    restated_from_what_was_published(&ledger);
}

/// What agents did is in figures of theirs, as often as the logs say.
fn of_agents(figures: &BTreeMap<Figure, Tally>, seen: &Seen) {
    let sum = |indicator: Id| {
        let of_it = figures.iter().filter(|(figure, _)| figure.indicator == indicator);
        of_it.fold(Tally::default(), |sum, (figure, tally)| {
            assert_eq!(figure.level, Level::Agent);
            sum.changed(*tally)
        })
    };
    let (overrides, answers) = (sum(Id::Overrides), sum(Id::ChasesInTime));
    assert!(seen.overrides > 10 && seen.answers > 10, "{seen:?}");
    assert_eq!(usize::try_from(overrides.sum).unwrap(), seen.overrides);
    assert_eq!(overrides.count, sum(Id::HandReopened).count, "of the same decisions");
    assert!(answers.sum > 0 && answers.sum < answers.count, "some in time and some not");
    assert!(usize::try_from(answers.count).unwrap() <= seen.answers);
    let acts = sum(Id::AgentActs);
    assert!(acts.sum > acts.count && acts.count > 0, "{acts:?}");
}

/// What was published, with every change that was told since, is what stands now; and each change begins where the
/// one before ended.
fn restated_from_what_was_published(ledger: &Ledger) {
    assert!(!ledger.restated.is_empty(), "nothing was ever restated");
    let mut stands: BTreeMap<&Figure, Tally> = BTreeMap::new();
    for change in &ledger.restated {
        let stood = stands.get(&change.figure).copied();
        let stood = stood.or_else(|| ledger.published.get(&change.figure).copied());
        assert_eq!(stood.unwrap_or_default(), change.before, "{:?}", change.figure);
        stands.insert(&change.figure, change.after);
    }
    for (figure, published) in &ledger.published {
        let now = stands.get(figure).copied().unwrap_or(*published);
        assert_eq!(now, ledger.figures[figure], "{figure:?}");
    }
}

#[test]
fn live_figures_equal_a_recount_of_twenty_thousand_cases() {
    live_equals_recount(20_000);
}

#[test]
fn figures_do_not_depend_on_the_order_of_cases() {
    let lot: Vec<Simulated> = (0..300).map(simulate).collect();
    let mut results = Vec::new();
    for seed in 1..4 {
        let (mut ledger, mut dice) = (Ledger::default(), Dice::new(seed));
        feed(&mut ledger, &lot, &mut dice);
        results.push(standing(&ledger.figures));
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
}

/// Cases that go through a store.
const STORED: u64 = 120;

async fn a_store_counts_what_a_recount_counts(world: World) {
    let lot: Vec<Simulated> = (0..STORED).map(simulate).collect();
    let mut dice = Dice::new(11);
    let mut turns: Vec<usize> = Vec::new();
    for (place, one) in lot.iter().enumerate() {
        turns.extend(std::iter::repeat_n(place, one.steps.len()));
    }
    dice.shuffle(&mut turns);
    let mut next = vec![0; lot.len()];
    let (mut holder, mut scorer) = (1, world.scorer(1));
    let piece = turns.len() / 6 + 1;
    for (number, part) in turns.chunks(piece).enumerate() {
        for place in part {
            let one = &lot[*place];
            world.write(one.id, &one.steps[next[*place]]).await;
            next[*place] += 1;
        }
        world.sequence().await;
        let before = match number {
            4 => Some(Counted::so_far(&world.store).await),
            _ => None,
        };
        // Counted in parts, and the process may go before it has read everything.
        let passes = if number % 2 == 0 { 1 } else { 100 };
        for _ in 0..passes {
            if !scorer.run_once(world.clock.now()).await.unwrap().more {
                break;
            }
        }
        // Another one takes over once the lease has lapsed, and not before.
        holder += 1;
        let other = world.scorer(holder);
        let early = other.run_once(world.clock.now()).await.unwrap();
        assert_eq!(early, Pass::default(), "two count at once");
        world.wait(Span::from_micros(40_000_000));
        scorer = other;
        if number == 1 {
            as_an_older_release(&world.store).await;
        }
        if let Some(before) = before {
            before.and_then_by_an_older_release(&world.store).await;
        }
        if number == 3 {
            // The first month is published now, and what comes restates it.
            world.wait(Span::from_micros(45 * DAY));
            world.count_all(&scorer).await;
        }
    }
    world.count_all(&scorer).await;
    world.wait(Span::from_micros(120 * DAY));
    world.count_all(&world.scorer(99)).await;
    let whole: Vec<Marks> = lot.iter().map(|one| counted(one.id, &one.log)).collect();
    let again = standing(&recount(&whole));
    assert_eq!(standing(&stored_figures(&world.store).await), again);
    let marks: usize = whole.iter().map(BTreeMap::len).sum();
    let sheets = score_sheets::Entity::find().all(world.store.reader()).await.unwrap();
    let stored: usize = sheets.iter().map(|row| lines(row).unwrap().len()).sum();
    assert_eq!(stored, marks);
    published_with_restatements_is_what_stands(&world.store, &again).await;
    every_way_of_reading_agrees(&world.store).await;
    let figures: Vec<Figure> = stored_figures(&world.store).await.into_keys().collect();
    with_a_row_each(&world.store).await;
    spread_and_gathered_it_is_the_same(&world.store, &figures).await;
}

async fn published_with_restatements_is_what_stands(store: &Store, now: &BTreeMap<Figure, Tally>) {
    let periods = score_periods::Entity::find().all(store.reader()).await.unwrap();
    assert!(periods.len() >= 2, "{periods:?}");
    let restated = score_restatements::Entity::find()
        .order_by_asc(score_restatements::Column::Pass)
        .order_by_asc(score_restatements::Column::CaseId)
        .all(store.reader())
        .await
        .unwrap();
    assert!(!restated.is_empty(), "nothing was restated");
    assert!(restated.iter().all(|row| !row.cause.is_empty()));
    let mut left: BTreeMap<Uuid, (i64, i64)> = BTreeMap::new();
    for one in &restated {
        let after = left.insert(one.figure, (one.counted_after, one.total_after));
        let before = (one.counted_before, one.total_before);
        assert_eq!(before, after.unwrap_or(before), "each tells what the one before it left");
    }
    let published = score_published::Entity::find().all(store.reader()).await.unwrap();
    let mut checked = 0;
    for row in &published {
        let changes: Vec<_> =
            restated.iter().filter(|change| change.figure == row.figure).collect();
        let moved: i64 = changes.iter().map(|one| one.counted_after - one.counted_before).sum();
        let added: i64 = changes.iter().map(|one| one.total_after - one.total_before).sum();
        let stands = now.iter().find(|(figure, _)| figure.id() == row.figure);
        let stands = stands.map_or(Tally::default(), |(_, tally)| *tally);
        assert_eq!((row.counted + moved, row.total + added), (stands.count, stands.sum));
        checked += usize::from(!changes.is_empty());
    }
    assert!(checked > 0, "no published figure was restated");
}

/// A store that was put back has its feed written anew: everything is counted again, and nothing twice.
async fn in_another_epoch_it_begins_anew(world: World) {
    for one in (0..12).map(simulate) {
        for step in &one.steps {
            world.write(one.id, step).await;
        }
    }
    world.sequence().await;
    let first = world.scorer(1);
    world.count_all(&first).await;
    let counted = stored_figures(&world.store).await;
    assert!(!counted.is_empty());
    let other = Scorer::new(world.desk.clone(), Uuid::from_u128(6), Uuid::from_u128(2));
    assert_eq!(other.run_once(world.clock.now()).await.unwrap(), Pass::default(), "leased");
    world.wait(Span::from_micros(40_000_000));
    let pass = other.run_once(world.clock.now()).await.unwrap();
    assert!(pass.events > 0, "it begins anew");
    world.count_all(&other).await;
    assert_eq!(stored_figures(&world.store).await, counted);
}

mod in_another_epoch_it_begins_anew {
    use crate::world::World;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn on_sqlite() {
        Box::pin(super::in_another_epoch_it_begins_anew(World::on_sqlite().await)).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn on_postgres() {
        let world = World::on_postgres("scores_epoch").await;
        Box::pin(super::in_another_epoch_it_begins_anew(world)).await;
    }
}

mod a_store_counts_what_a_recount_counts {
    use crate::world::World;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn on_sqlite() {
        let world = World::on_sqlite().await;
        Box::pin(super::a_store_counts_what_a_recount_counts(world)).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn on_postgres() {
        let world = World::on_postgres("scores").await;
        Box::pin(super::a_store_counts_what_a_recount_counts(world)).await;
    }
}
