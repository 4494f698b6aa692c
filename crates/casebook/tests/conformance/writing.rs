//! The one write path: what a step writes, who shares a commit, what a refusal leaves behind.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;

use futures::future::join_all;
use parasol_bell::{Heard, Ring};
use parasol_casebook::tables::{cases, commands, commits, events, horizons, tasks};
use parasol_casebook::{Deed, Error, Limits, Refusal, RowOp, Submission, Written};
use parasol_journey::task::Role;
use parasol_journey::{Case, Ctx, Event, Fact, Rejection};
use sea_orm::{
    ConnectionTrait as _, Database, DbBackend, EntityTrait as _, QuerySelect as _, Statement,
    TransactionTrait as _,
};
use tokio::time::timeout;
use uuid::Uuid;

use crate::ask::{Ask, case};
use crate::books::{all, check, commits_of, count, everything};
use crate::rows::{board, note, notes, slot, slots};
use crate::world::{LIMIT, World};

on_both_engines!(
    a_step_writes_everything_in_one_commit,
    many_cases_share_a_commit,
    commands_to_one_case_take_effect_in_order,
    a_busy_case_does_not_hold_up_the_others,
    commits_in_flight_never_meet,
    a_full_memory_keeps_the_newest,
    a_stale_version_is_answered_with_the_current_one,
    everybody_who_listens_is_told_after_the_commit,
    a_refusal_leaves_no_row_anywhere,
    a_refusal_on_a_stale_case_is_decided_again,
    commands_keep_their_order_when_the_memory_is_stale,
    a_case_that_is_not_there_is_unknown,
    a_case_that_is_hidden_is_unknown_at_every_version,
    a_case_is_filed_once,
    rows_without_a_case_are_audited,
    rows_on_a_case_stand_only_if_it_has_not_moved_on,
    every_kind_of_value_reads_back,
    the_last_word_on_a_row_counts,
    a_thousand_rows_fit_one_command,
    a_deed_that_panics_stops_nobody,
    a_row_the_engine_refuses_stops_nobody,
    a_case_that_cannot_be_read_stops_nobody,
    a_caller_who_leaves_changes_nothing,
    a_full_queue_refuses_at_once,
    whoever_waits_when_the_committer_ends_learns_that_nothing_is_known,
);

behind_a_pooler!(
    a_step_writes_everything_in_one_commit,
    many_cases_share_a_commit,
    a_busy_case_does_not_hold_up_the_others,
    commits_in_flight_never_meet,
    a_stale_version_is_answered_with_the_current_one,
    a_refusal_leaves_no_row_anywhere,
    rows_on_a_case_stand_only_if_it_has_not_moved_on,
    every_kind_of_value_reads_back,
    the_last_word_on_a_row_counts,
    a_thousand_rows_fit_one_command,
    a_row_the_engine_refuses_stops_nobody
);

async fn a_step_writes_everything_in_one_commit(world: World) {
    let mut process = world.process().await;
    let file = Ask::file(1).with([RowOp::claim(slot("li", 10, 1)), RowOp::put(note(5, "five"))]);
    process.must([file.keyed(1, "file")]).await;
    let store = &process.store;
    let case = store.case(case(1)).await.unwrap().unwrap();
    assert_eq!(count::<cases::Entity>(store).await, 1);
    assert_eq!(count::<events::Entity>(store).await as u64, case.version);
    assert_eq!(count::<tasks::Entity>(store).await, case.obligations.len());
    assert!(!case.obligations.is_empty(), "a filed case owes something");
    assert_eq!(count::<horizons::Entity>(store).await, 1);
    assert_eq!(count::<slots::Entity>(store).await, 1);
    assert_eq!(count::<notes::Entity>(store).await, 1);
    let trail = all::<commands::Entity>(store).await;
    let [row] = trail.as_slice() else { panic!("one command, one row: {trail:?}") };
    assert_eq!((row.principal.as_str(), row.method.as_str()), ("customer:1", "Test"));
    assert_eq!((row.first_seq, row.last_seq), (1, i64::try_from(case.version).unwrap()));
    let waiting = all::<commits::Entity>(store).await;
    assert_eq!(waiting.iter().map(|one| one.id).collect::<Vec<_>>(), [row.commit_id]);
    let logged = store.log_after(case.id, 0, 10).await.unwrap();
    assert!(logged.iter().all(|one| one.trace.starts_with("00-4bf92f")), "the trace is lost");
    check(store).await;

    process.must([Ask::triage(1)]).await;
    let before = case;
    let case = process.store.case(before.id).await.unwrap().unwrap();
    assert!(case.version > before.version);
    let trail = all::<commands::Entity>(&process.store).await;
    let answered = trail.iter().filter(|row| !row.fingerprint.is_nil()).count();
    assert_eq!((trail.len(), answered), (2, 1), "no key, no saved answer");
    assert_eq!(count::<board::Entity>(&process.store).await, 1);
    check(&process.store).await;
}

async fn many_cases_share_a_commit(world: World) {
    let mut process = world.process().await;
    process.must((1..=150).map(Ask::file)).await;
    let trail = all::<commands::Entity>(&process.store).await;
    let shared: BTreeSet<_> = trail.iter().map(|row| row.commit_id).collect();
    assert_eq!(trail.len(), 150);
    assert_eq!(shared.len(), 3, "64, 64 and 22 commands");
    assert_eq!(count::<commits::Entity>(&process.store).await, 3);
    process.must((1..=150).map(Ask::triage)).await;
    assert_eq!(count::<commits::Entity>(&process.store).await, 6);
    check(&process.store).await;
}

async fn commands_to_one_case_take_effect_in_order(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1), Ask::triage(1), Ask::offer(1, 9)]).await;
    let messages = (0..10).flat_map(|n| [Ask::message(1, &format!("m{n}")), Ask::file(100 + n)]);
    process.must(messages).await;
    let log = process.store.log_after(case(1), 0, 100).await.unwrap();
    let said: Vec<_> = log.iter().filter_map(|one| reason(&one.event)).collect();
    assert_eq!(said, (0..10).map(|n| format!("m{n}")).collect::<Vec<_>>());
    check(&process.store).await;
}

fn reason(event: &Event) -> Option<String> {
    match &event.fact {
        Fact::MessageKept { reason, .. } => Some(reason.clone()),
        _ => None,
    }
}

async fn a_busy_case_does_not_hold_up_the_others(world: World) {
    let mut process = world.process().await;
    process.must((1..=41).map(Ask::file)).await;
    let before = count::<commits::Entity>(&process.store).await;
    let busy = (0..200).map(|n| Ask::message(1, &n.to_string()));
    process.must(busy.chain((2..=41).map(Ask::remind))).await;
    let after = count::<commits::Entity>(&process.store).await;
    assert_eq!(after - before, 200, "one command a case and commit");
    let mut shared = BTreeSet::new();
    for number in 2..=41 {
        shared.extend(commits_of(&process.store, Uuid::from_u128(number)).await);
    }
    assert_eq!(shared.len(), 2, "filed in one commit, reminded in the next free one");
    check(&process.store).await;
}

async fn commits_in_flight_never_meet(world: World) {
    let limits = Limits { batch_max: 3, commits_max: 4, second_min: 1, ..Limits::default() };
    let mut process = world.process_with(limits, &[], 1).await;
    process.must((1..=8).map(Ask::file)).await;
    let running = process.run();
    let asks = (0..160_u128).map(|n| {
        // Every tenth also wants a cell that others want.
        let taken = RowOp::claim(slot("li", i64::try_from(n % 20).unwrap(), n));
        let claims = (n % 10 == 0).then_some(taken);
        let ask = Ask::message(n % 8 + 1, &format!("m{n:03}")).with(claims).keyed(n, "message");
        let submitter = running.submitter.clone();
        async move { (n, submitter.submit(ask.submission()).await) }
    });
    let answers = timeout(LIMIT, join_all(asks)).await.unwrap();
    let (kept, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, one)| one.is_ok());
    assert!(lost.iter().all(|(_, one)| matches!(one, Err(Error::Taken { .. }))), "{lost:?}");
    assert_eq!(lost.len(), 14, "sixteen wanted one of two cells");
    for number in 1..=8 {
        let log = running.store.log_after(case(number), 0, 100).await.unwrap();
        let said: Vec<_> = log.iter().filter_map(|one| reason(&one.event)).collect();
        let own = kept.iter().filter(|(n, _)| n % 8 + 1 == number);
        assert_eq!(said, own.map(|(n, _)| format!("m{n:03}")).collect::<Vec<_>>());
    }
    check(&running.store).await;
}

/// Somebody holds a case for a while; commits of other cases go past the one that waits for it.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "somebody else's transaction, not a step of ours")]
async fn a_second_commit_passes_one_that_waits_on_postgres() {
    let world = World::on_postgres("passes").await;
    let mut process = world.process().await;
    process.must((1..=9).map(Ask::file)).await;
    let running = process.run();
    let other = Database::connect(world.url.as_str()).await.unwrap();
    let holding = other.begin().await.unwrap();
    let id = Uuid::from_u128(1);
    cases::Entity::find_by_id(id).lock_exclusive().one(&holding).await.unwrap().unwrap();
    let mut first = std::pin::pin!(running.ask(Ask::remind(1)));
    let sql = "SELECT count(*) FROM pg_stat_activity \
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waiting = async || {
        let row = other.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await;
        row.unwrap().unwrap().try_get_by_index::<i64>(0).unwrap()
    };
    while waiting().await == 0 {
        assert!(futures::poll!(first.as_mut()).is_pending());
    }
    let others = join_all((2..=9).map(|number| running.ask(Ask::remind(number))));
    let all_answered = timeout(LIMIT, async {
        tokio::select! {
            biased;
            answers = others => answers.iter().all(Result::is_ok),
            answer = first.as_mut() => panic!("nobody let the case go: {answer:?}"),
        }
    });
    assert!(all_answered.await.unwrap());
    holding.rollback().await.unwrap();
    assert!(timeout(LIMIT, first).await.unwrap().is_ok());
    check(&running.store).await;
}

async fn a_full_memory_keeps_the_newest(world: World) {
    let limits = Limits { cached_cases_max: 8, ..Limits::default() };
    let mut process = world.process_with(limits, &[], 1).await;
    // The old ones are asked for much more often than any new one.
    process.must((1..=8).map(Ask::file)).await;
    for _ in 0..20 {
        process.must((1..=8).map(|n| Ask::message(n, "again")).collect::<Vec<_>>()).await;
    }
    for number in 9..=60 {
        process.must([Ask::file(number)]).await;
        // What has to go goes on the occasion of later questions.
        for _ in 0..1_000 {
            let _ = process.submitter.recent_case(case(1));
        }
        let known = process.submitter.recent_case(case(number));
        assert!(known.is_some(), "case {number} was turned away");
    }
}

async fn a_stale_version_is_answered_with_the_current_one(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1), Ask::message(1, "one")]).await;
    let current = process.store.case(case(1)).await.unwrap().unwrap().version;
    let before = everything(&process.store).await;
    let answer = process.ask(Ask::message(1, "stale").expecting(current - 1)).await;
    assert!(matches!(answer, Err(Error::VersionConflict { current: now }) if now == current));
    let answer = process.ask(Ask::message(1, "early").expecting(current + 1)).await;
    assert!(matches!(answer, Err(Error::VersionConflict { current: now }) if now == current));
    assert_eq!(everything(&process.store).await, before);

    // Another process moves the case on; this one still remembers it as it was.
    let mut other = world.process().await;
    other.must([Ask::message(1, "elsewhere").expecting(current)]).await;
    let before = everything(&process.store).await;
    let answer = process.ask(Ask::message(1, "stale").expecting(current)).await;
    assert!(matches!(answer, Err(Error::VersionConflict { current: now }) if now == current + 1));
    assert_eq!(everything(&process.store).await, before);
    process.must([Ask::message(1, "fresh").expecting(current + 1)]).await;
    check(&process.store).await;
}

async fn everybody_who_listens_is_told_after_the_commit(world: World) {
    let mut process = world.process_with(Limits::default(), &[Role::Dispatch], 9).await;
    let mut listener = process.bell.listen();
    let committed = process.handoff.committed();
    let heard = |ring| Heard::Ring(ring);
    process.must([Ask::file(1)]).await;
    assert_eq!(listener.next().await, heard(Ring::Case { case: case(1), version: 1 }));
    assert_eq!(listener.next().await, heard(Ring::Work { role: Role::Intake }));
    timeout(LIMIT, committed.notified()).await.unwrap();
    timeout(LIMIT, process.handoff.wake(Role::Intake).notified()).await.unwrap();
    timeout(LIMIT, process.handoff.wake(Role::Timer).notified()).await.unwrap();
    // Work that is handed over here wakes nobody elsewhere.
    process.must([Ask::triage(1)]).await;
    assert_eq!(listener.next().await, heard(Ring::Case { case: case(1), version: 2 }));
    assert!(process.ask(Ask::triage(1)).await.is_err());
    process.must([Ask::file(2)]).await;
    assert_eq!(listener.next().await, heard(Ring::Case { case: case(2), version: 1 }));
}

async fn a_refusal_leaves_no_row_anywhere(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1), Ask::triage(1)]).await;
    let before = everything(&process.store).await;
    let rows = [RowOp::claim(slot("li", 1, 1)), RowOp::put(note(1, "refused"))];
    let answer = process.ask(Ask::triage(1).with(rows).keyed(1, "again")).await;
    let illegal = |answer| {
        matches!(answer, Err(Error::Refused(Refusal::Journey(Rejection::IllegalTransition { .. }))))
    };
    assert!(illegal(answer));
    assert_eq!(everything(&process.store).await, before);
    // A refusal is not saved: the same request id may succeed later.
    process.must([Ask::offer(1, 3).keyed(1, "now it fits")]).await;
    check(&process.store).await;
}

async fn a_refusal_on_a_stale_case_is_decided_again(world: World) {
    let mut process = world.process().await;
    let mut other = world.process().await;
    process.must([Ask::file(1)]).await;
    other.must([Ask::triage(1)]).await;
    // In this process's memory the case is still filed, where an offer would be refused.
    process.must([Ask::offer(1, 3)]).await;
    check(&process.store).await;
}

async fn commands_keep_their_order_when_the_memory_is_stale(world: World) {
    let mut process = world.process().await;
    let mut other = world.process().await;
    process.must([Ask::file(1)]).await;
    other.must([Ask::triage(1)]).await;
    let asks = [Ask::offer(1, 3), Ask::message(1, "first"), Ask::message(1, "second")];
    process.must(asks).await;
    let log = process.store.log_after(case(1), 0, 100).await.unwrap();
    let told = log.iter().map(|one| match &one.event.fact {
        Fact::OfferMade { .. } => "offer".to_owned(),
        _ => reason(&one.event).unwrap_or_default(),
    });
    let told: Vec<_> = told.filter(|one| !one.is_empty()).collect();
    assert_eq!(told, ["offer", "first", "second"]);
}

async fn a_case_that_is_not_there_is_unknown(world: World) {
    let mut process = world.process().await;
    let before = everything(&process.store).await;
    let answers = process.together(vec![Ask::remind(1), Ask::remind(2).keyed(1, "x")]).await;
    assert!(answers.iter().all(|answer| matches!(answer, Err(Error::CaseUnknown))), "{answers:?}");
    assert_eq!(everything(&process.store).await, before);
}

async fn a_case_is_filed_once(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1), Ask::message(1, "moved on")]).await;
    let before = everything(&process.store).await;
    let mut asks: Vec<_> = (10..20).map(Ask::file).collect();
    asks.insert(5, Ask::file(1).keyed(9, "filed under another request"));
    let mut answers = process.together(asks).await;
    let answer = answers.remove(5);
    assert!(matches!(answer, Err(Error::Taken { table: "cases", .. })), "{answer:?}");
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let after = everything(&process.store).await;
    assert!(after["cases"].contains(&before["cases"][0]), "the first filing was disturbed");
    check(&process.store).await;
}

async fn rows_without_a_case_are_audited(world: World) {
    let mut process = world.process().await;
    process.must([Ask::rows(vec![RowOp::put(note(1, "import"))]).keyed(1, "import")]).await;
    let store = &process.store;
    assert_eq!(count::<notes::Entity>(store).await, 1);
    let waiting = all::<commits::Entity>(store).await;
    let [commit] = waiting.as_slice() else { panic!("one commit: {waiting:?}") };
    assert_eq!(commit.entries, "[]", "no event, nothing to number");
    assert!(!commit.audit.is_empty(), "a row to chain");
    let trail = all::<commands::Entity>(store).await;
    assert_eq!((trail.len(), trail[0].case_id, trail[0].last_seq), (1, Uuid::nil(), 0));
    process.must([Ask::rows(vec![])]).await;
    assert_eq!(count::<commands::Entity>(&process.store).await, 2);
}

/// Writes a row about a case and no event, unless the case is cancelled.
struct Remark;

impl Deed for Remark {
    fn decide(&self, case: Option<&Case>, _: &Ctx<'_>) -> Result<Written, Refusal> {
        let case = case.expect("a remark is about a case");
        if case.stage.is_ended() {
            let message = "too late".to_owned();
            return Err(Refusal::Service { code: "TOO_LATE", message });
        }
        let rows = vec![RowOp::put(note(case.id.uuid().as_u128(), "remark"))];
        Ok(Written { decided: None, rows, answer: case.version.to_string().into_bytes() })
    }
}

fn deed(ask: Ask, deed: impl Deed + 'static) -> Submission {
    Submission { deed: Arc::new(deed), ..ask.submission() }
}

async fn rows_on_a_case_stand_only_if_it_has_not_moved_on(world: World) {
    let mut process = world.process().await;
    let mut other = world.process().await;
    process.must([Ask::file(1), Ask::file(2)]).await;
    let submitter = process.submitter.clone();
    let version = process.store.case(case(1)).await.unwrap().unwrap().version;
    let remarked = submitter.submit(deed(Ask::remind(1), Remark));
    let answer = process.drive(remarked).await.unwrap();
    assert_eq!(answer.body, version.to_string().into_bytes());
    check(&process.store).await;

    other.must([Ask::cancel(2)]).await;
    let before = everything(&process.store).await;
    let late = process.drive(submitter.submit(deed(Ask::remind(2), Remark))).await;
    let Err(Error::Refused(refusal)) = late else { panic!("decided on a stale case: {late:?}") };
    assert_eq!(refusal.code(), "TOO_LATE");
    assert_eq!(everything(&process.store).await, before);
}

/// Asked by somebody who must not know of any case.
struct Stranger;

impl Deed for Stranger {
    fn decide(&self, _: Option<&Case>, _: &Ctx<'_>) -> Result<Written, Refusal> {
        panic!("a stranger was let in")
    }

    fn hides(&self, _: &Case) -> bool {
        true
    }
}

async fn a_case_that_is_hidden_is_unknown_at_every_version(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1)]).await;
    let submitter = process.submitter.clone();
    let version = process.store.case(case(1)).await.unwrap().unwrap().version;
    let before = everything(&process.store).await;
    for expected in [None, Some(version), Some(version + 1)] {
        let ask = Submission { expected, ..deed(Ask::remind(1), Stranger) };
        let answer = process.drive(submitter.submit(ask)).await;
        assert!(matches!(answer, Err(Error::CaseUnknown)), "{expected:?}: {answer:?}");
    }
    assert_eq!(everything(&process.store).await, before);
}

async fn every_kind_of_value_reads_back(world: World) {
    let mut process = world.process().await;
    let texts =
        ["", "'; DROP TABLE cases; --", "空调不制冷 🧊", "{\"a\": \"b\\u0000\"}", "a,b{c}\\"];
    let mut wanted = Vec::new();
    for (id, text) in texts.iter().enumerate() {
        let number = [0, -1, i64::MIN, i64::MAX, 1][id];
        let bytes = [vec![], vec![0], vec![255, 0, 92], vec![39; 3], vec![1]][id].clone();
        let id = Uuid::from_u128(if id == 0 { 0 } else { u128::MAX - id as u128 });
        wanted.push(notes::Model { id, text: (*text).to_owned(), number, bytes });
    }
    wanted.sort_by_key(|row| row.id);
    let puts = wanted.iter().cloned().map(|row| RowOp::put(notes::ActiveModel::from(row).reset()));
    process.must([Ask::rows(puts.collect())]).await;
    assert_eq!(all::<notes::Entity>(&process.store).await, wanted);
}

trait Reset {
    fn reset(self) -> Self;
}

impl Reset for notes::ActiveModel {
    /// Every value counts as set.
    fn reset(self) -> Self {
        sea_orm::ActiveModelTrait::reset_all(self)
    }
}

async fn the_last_word_on_a_row_counts(world: World) {
    let mut process = world.process().await;
    process.must((1..=4).map(Ask::file)).await;
    let gone = |id: u128| RowOp::delete::<notes::Entity>(vec![Uuid::from_u128(id).into()]);
    let put = |id: u128, text: &str| RowOp::put(note(id, text));
    process.must([Ask::rows(vec![put(1, "old"), put(2, "old"), put(3, "old")])]).await;
    let asks = [
        Ask::remind(1).with([put(1, "new"), gone(2), put(4, "new")]),
        Ask::remind(2).with([gone(1), put(2, "newer"), gone(4)]),
        Ask::remind(3).with([gone(3), put(3, "again"), put(5, "first")]),
        Ask::remind(4).with([put(5, "second")]),
    ];
    process.must(asks).await;
    let rows = all::<notes::Entity>(&process.store).await;
    let left: Vec<_> = rows.iter().map(|row| (row.id.as_u128(), row.text.as_str())).collect();
    assert_eq!(left, [(2, "newer"), (3, "again"), (5, "second")]);
}

async fn a_thousand_rows_fit_one_command(world: World) {
    let mut process = world.process().await;
    let puts = (0..20_000).map(|id| RowOp::put(note(id, "bulk"))).collect();
    process.must([Ask::rows(puts)]).await;
    assert_eq!(notes_there(&process.store).await, 20_000);
    let claims = (0..20_000).map(|cell| RowOp::claim(slot("li", cell, 1))).collect();
    process.must([Ask::rows(claims)]).await;
    let gone = (0..20_000)
        .map(|id| RowOp::delete::<notes::Entity>(vec![Uuid::from_u128(id).into()]))
        .collect();
    process.must([Ask::rows(gone)]).await;
    assert_eq!(notes_there(&process.store).await, 0);
    assert_eq!(count::<slots::Entity>(&process.store).await, 20_000);
}

async fn notes_there(store: &parasol_casebook::Store) -> usize {
    notes::Entity::find().all(store.reader()).await.unwrap().len()
}

struct Panics;

impl Deed for Panics {
    fn decide(&self, _: Option<&Case>, _: &Ctx<'_>) -> Result<Written, Refusal> {
        panic!("a bug in a service (this panic is part of the test)")
    }
}

async fn a_deed_that_panics_stops_nobody(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1), Ask::file(2)]).await;
    let submitter = process.submitter.clone();
    let bad = submitter.submit(deed(Ask::remind(1), Panics));
    let good = submitter.submit(Ask::remind(2).submission());
    let (bad, good) = process.drive(futures::future::join(bad, good)).await;
    assert!(
        matches!(&bad, Err(Error::Refused(refusal)) if refusal.code() == "INTERNAL"),
        "{bad:?}"
    );
    good.unwrap();
    check(&process.store).await;
}

async fn a_row_the_engine_refuses_stops_nobody(world: World) {
    let mut process = world.process().await;
    process.must((1..=64).map(Ask::file)).await;
    // PostgreSQL takes no zero byte in a text; SQLite does.
    let bad = Ask::remind(33).with([RowOp::put(note(1, "\0"))]);
    let good = (1..=64).filter(|number| *number != 33).map(Ask::remind);
    let mut answers = process.together(good.chain([bad]).collect()).await;
    let bad = answers.pop().unwrap();
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    match world.engine() {
        parasol_casebook::Engine::Sqlite => drop(bad.unwrap()),
        parasol_casebook::Engine::Postgres => {
            assert!(matches!(bad, Err(Error::Store(_))), "{bad:?}");
            assert_eq!(count::<notes::Entity>(&process.store).await, 0);
        }
    }
    check(&process.store).await;
}

async fn a_case_that_cannot_be_read_stops_nobody(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1), Ask::file(2)]).await;
    let spoil = "UPDATE cases SET state = '{\"from\": \"a newer release\"}' WHERE version > 0";
    let one = all::<cases::Entity>(&process.store).await.remove(1);
    process.store.for_migrations().execute_unprepared(spoil).await.unwrap();
    let mut fresh = world.process().await;
    fresh.must([Ask::file(3)]).await;
    let before = everything(&fresh.store).await;
    let answers = fresh.together(vec![Ask::remind(1), Ask::cancel(2)]).await;
    for answer in answers {
        assert!(
            matches!(&answer, Err(Error::Refused(refusal)) if refusal.code() == "INTERNAL"),
            "{answer:?}"
        );
    }
    assert_eq!(everything(&fresh.store).await, before);
    fresh.must([Ask::remind(3)]).await;
    assert_eq!(one.id, Uuid::from_u128(2));
}

async fn a_caller_who_leaves_changes_nothing(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1)]).await;
    let version = process.store.case(case(1)).await.unwrap().unwrap().version;
    let submitter = process.submitter.clone();
    {
        let mut leaving = pin!(submitter.submit(Ask::remind(1).submission()));
        let polled = futures::poll!(&mut leaving);
        assert!(polled.is_pending());
    }
    process.must([Ask::file(2)]).await;
    let now = process.store.case(case(1)).await.unwrap().unwrap().version;
    assert_eq!(now, version + 1, "what was handed in takes effect");
    check(&process.store).await;
}

async fn a_full_queue_refuses_at_once(world: World) {
    let limits = Limits { queue_max: 2, ..Limits::default() };
    let mut process = world.process_with(limits, &[], 0).await;
    let answers = process.together((1..=5).map(Ask::file).collect()).await;
    let refused = answers.iter().filter(|one| matches!(one, Err(Error::Overloaded))).count();
    assert_eq!((answers.iter().filter(|one| one.is_ok()).count(), refused), (2, 3));
    assert_eq!(count::<cases::Entity>(&process.store).await, 2);
}

async fn whoever_waits_when_the_committer_ends_learns_that_nothing_is_known(world: World) {
    let process = world.process().await;
    let submitter = process.submitter.clone();
    let mut waiting = pin!(submitter.submit(Ask::file(1).submission()));
    assert!(futures::poll!(&mut waiting).is_pending());
    drop(process);
    let answer = timeout(LIMIT, waiting).await.unwrap();
    assert!(matches!(answer, Err(Error::Store(_))), "it may have been in a commit: {answer:?}");
    let answer = submitter.submit(Ask::file(1).submission()).await;
    assert!(matches!(answer, Err(Error::Stopped)), "{answer:?}");
}
