//! Promises with clocks: started, stopped and charged as their terms say, and what a breach leads to where.

use parasol_journey::deadline::Clock;
use parasol_journey::event::Path;
use parasol_journey::promise::{BREACHES, OnBreach, Pauses, Stop, Term, Trigger, Worth};
use parasol_journey::stage::OPEN;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::{CaseKind, Party, Remedy};
use parasol_journey::{ActorKind, Case, Command, Fact, Stage, Task, Verb};

use crate::course::{Course, filing, standing_in, start, terms};

/// A promise that is broken a day after filing, whatever happens, and whose breach is worth something.
fn day_long() -> Term {
    let mut term = terms().pop().unwrap();
    term.promise = "done_in_a_day".to_owned();
    let clock = term.clock.as_mut().unwrap();
    (clock.starts, clock.stops, clock.minutes) = (Trigger::Filed, Stop::Solved, 1_440);
    (clock.charged_to, clock.worth) = (Party::Retailer, Worth::Always);
    term
}

fn running(case: &Case, promise: &str) -> Option<Timestamp> {
    case.promises_running.iter().find(|one| one.promise == promise).map(|one| one.due)
}

fn break_next(course: &mut Course) {
    let owed = *course.case.owes(Task::Clock(Clock::Promise)).expect("a promise runs");
    course.now = course.now.max(owed.due);
    let fire = Command::Fire { task: owed.task, generation: owed.generation };
    course.must(ActorKind::Timer, &fire);
}

/// Puts a promise into a case that stands anywhere, as if it ran since its filing.
fn with_promise(mut course: Course, term: Term) -> Course {
    let (promise, due) = (term.promise.clone(), course.now + Span::hours(1));
    course.case.filing.terms = vec![term];
    course.case.promises_running.clear();
    course.case.obligations.retain(|owed| owed.task != Task::Clock(Clock::Promise));
    course.case.promises_running.push(parasol_journey::promise::Running { promise, due });
    course.case.obligations.push(parasol_journey::Obligation {
        task: Task::Clock(Clock::Promise),
        generation: course.case.version,
        due,
    });
    course
}

#[test]
fn every_open_stage_says_what_a_broken_promise_leads_to() {
    let stages: Vec<Stage> = BREACHES.iter().map(|row| row.stage).collect();
    assert_eq!(stages, OPEN);
    for row in BREACHES {
        assert!(!row.why.is_empty(), "{}", row.stage);
    }
}

#[test]
fn a_broken_promise_leads_where_the_table_says_from_every_stage() {
    for row in BREACHES.iter().filter(|row| row.stage != Stage::VerdictIn) {
        let mut course = with_promise(standing_in(row.stage), day_long());
        let expected = match row.then {
            OnBreach::DecideAnew => Stage::Deciding,
            // The paused one goes on at the door.
            OnBreach::GoOn => row.stage,
        };
        let before = course.case.stage;
        break_next(&mut course);
        assert_eq!(course.case.stage, expected, "{before}");
        assert_eq!(course.case.promises_missed, ["done_in_a_day"], "{before}");
        let live = course.case.work_order.is_some() || course.case.offer.is_some();
        let in_the_field = parasol_journey::deadline::BEFORE_VISIT.contains(&before);
        assert!(!(live && in_the_field), "{before}: somebody would travel for nothing");
        assert_eq!(Case::replay(course.case.id, &course.log).map(|_| ()), Some(()), "{before}");
    }
}

/// Said here apart from the table, so that a row that is changed is seen: where nobody has begun anything, or what was
/// begun is itself late, the decision is asked; where money, a new unit or a technician is on the way, it goes on.
#[test]
fn what_is_under_way_is_not_taken_apart_and_all_else_is_decided_anew() {
    let late = [
        Stage::RemoteGuidance,
        Stage::Returning,
        Stage::Deciding,
        Stage::RemedyOffered,
        Stage::Repairing,
        Stage::AwaitConfirm,
    ];
    let before_visit = parasol_journey::deadline::BEFORE_VISIT;
    for row in BREACHES {
        let is_anew = late.contains(&row.stage) || before_visit.contains(&row.stage);
        assert_eq!(row.then == OnBreach::DecideAnew, is_anew, "{}", row.stage);
    }
}

#[test]
fn in_a_pause_the_stage_counts_in_which_the_case_goes_on() {
    for (stage, then) in [
        (Stage::Appointed, Stage::Deciding),
        (Stage::Repairing, Stage::Deciding),
        (Stage::OnSite, Stage::Paused),
    ] {
        let mut course = standing_in(stage);
        course.sample(ActorKind::Customer, Verb::Pause);
        let mut course = with_promise(course, day_long());
        break_next(&mut course);
        assert_eq!(course.case.stage, then, "paused from {stage}");
        let is_paused = then == Stage::Paused;
        assert_eq!(course.case.pause.is_some(), is_paused, "{stage}");
        assert_eq!(course.case.owes(Task::Clock(Clock::Resume)).is_some(), is_paused);
        assert!(is_paused || course.case.work_order.is_none() || stage == Stage::Repairing);
    }
}

#[test]
fn a_breach_that_no_row_asks_for_moves_nothing() {
    for (worth, stage, moves) in [
        (Worth::Nothing, Stage::Repairing, false),
        (Worth::OnceInspected, Stage::Repairing, true),
        (Worth::OnceInspected, Stage::Appointed, false),
        (Worth::Always, Stage::Appointed, true),
    ] {
        let mut term = day_long();
        term.clock.as_mut().unwrap().worth = worth;
        let mut course = with_promise(standing_in(stage), term);
        break_next(&mut course);
        assert_eq!(course.case.stage == Stage::Deciding, moves, "{worth} in {stage}");
        assert_eq!(course.case.promises_missed.len(), 1);
        assert_eq!(course.case.breaches.last().unwrap().charged_to, Party::Retailer);
    }
}

#[test]
fn the_brand_has_a_day_from_receipt_and_is_charged_for_the_breach() {
    let mut course = standing_in(Stage::Repairing);
    course.sample(ActorKind::Centre, Verb::ReportReceived);
    let received = course.now;
    assert_eq!(running(&course.case, "vendor_24_hours"), Some(received + Span::hours(24)));
    assert_eq!(running(&course.case, "hundred_minutes"), Some(received + Span::minutes(100)));
    assert_eq!(course.now, start() + received.since(start()));
    break_next(&mut course);
    assert_eq!(course.case.promises_missed, ["hundred_minutes"]);
    assert_eq!(course.case.stage, Stage::Deciding);
    break_next(&mut course);
    assert_eq!(course.case.promises_missed, ["hundred_minutes", "vendor_24_hours"]);
    assert_eq!(course.case.breaches.last().unwrap().charged_to, Party::Brand);
}

#[test]
fn a_unit_that_is_on_its_way_back_stops_what_counts_its_return() {
    let mut course = standing_in(Stage::Repairing);
    course.sample(ActorKind::Centre, Verb::ReportReceived);
    course.sample(ActorKind::Centre, Verb::ReportReturned);
    assert_eq!(running(&course.case, "vendor_24_hours"), None);
    assert_eq!(running(&course.case, "five_working_days"), None);
    assert!(running(&course.case, "hundred_minutes").is_some(), "it is not solved by being sent");
    course.sample(ActorKind::Technician, Verb::CompleteRepair);
    assert!(course.case.promises_running.is_empty());
    assert!(course.case.owes(Task::Clock(Clock::Promise)).is_none());
}

#[test]
fn where_the_finished_repair_starts_the_day_it_runs_until_the_unit_is_sent() {
    let mut filing = filing();
    let mut term = terms().pop().unwrap();
    term.clock.as_mut().unwrap().starts = Trigger::WorkshopRepairFinished;
    filing.terms = vec![term];
    let mut at_home = standing_in(Stage::Repairing);
    at_home.case.filing.terms.clone_from(&filing.terms);
    let mut course = at_home.clone();
    at_home.sample(ActorKind::Technician, Verb::CompleteRepair);
    assert!(at_home.case.promises_running.is_empty(), "nothing has to come back");
    course.sample(ActorKind::Centre, Verb::ReportReceived);
    assert!(course.case.promises_running.is_empty());
    course.wait(Span::days(3)).sample(ActorKind::Technician, Verb::CompleteRepair);
    let finished = course.now;
    assert_eq!(running(&course.case, "vendor_24_hours"), Some(finished + Span::hours(24)));
    let mut late = course.clone();
    course.sample(ActorKind::Centre, Verb::ReportReturned);
    assert!(course.case.promises_running.is_empty());
    break_next(&mut late);
    assert_eq!((late.case.stage, late.case.repairs.at_workshop), (Stage::Deciding, false));
}

#[test]
fn what_was_tried_is_not_tried_again_while_more_is_on_offer() {
    let mut course = standing_in(Stage::Repairing);
    assert_eq!(course.case.filing.wants, Some(Remedy::Repair));
    course.sample(ActorKind::Centre, Verb::ReportReceived);
    course.now = course.now + Span::hours(24);
    break_next(&mut course);
    let mut decision = course.decision(Remedy::Repair);
    let again = decision.clone();
    decision.offered.extend(course.decision(Remedy::Refund).offered);
    let mut more = course.clone();
    more.must(ActorKind::Policy, &Command::Decide { decision });
    assert_eq!(more.case.stage, Stage::RemedyOffered, "the customer chooses among more");
    course.must(ActorKind::Policy, &Command::Decide { decision: again });
    assert_eq!(course.case.stage, Stage::Repairing, "nothing new, so the wish stands");
}

#[test]
fn a_return_nobody_picked_up_in_time_is_decided_and_paid() {
    let mut filing = filing();
    (filing.kind, filing.wants) = (CaseKind::NoReason, None);
    let mut term = day_long();
    term.promise = "audit_48_hours".to_owned();
    let clock = term.clock.as_mut().unwrap();
    (clock.starts, clock.stops) = (Trigger::DeclaredIntact, Stop::PickedUp);
    (clock.minutes, clock.pauses) = (2_880, Pauses::ForCustomer);
    filing.terms = vec![term];
    let mut course = Course::filed(filing);
    course.must(ActorKind::Policy, &Command::Triage { path: Path::NoReason, rules: vec![] });
    assert!(course.case.promises_running.is_empty(), "the customer has not declared it yet");
    course.wait(Span::days(1)).sample(ActorKind::Customer, Verb::DeclareIntact);
    let mut picked = course.clone();
    picked.must(ActorKind::Carrier, &Command::ReportPickup { intact: true, missing_gifts: vec![] });
    assert!(picked.case.promises_running.is_empty());
    break_next(&mut course);
    assert_eq!(course.now, start() + Span::days(3));
    let decision = course.decision(Remedy::Refund);
    course.must(ActorKind::Policy, &Command::Decide { decision });
    assert_eq!(course.case.stage, Stage::Refunding, "who returns without a reason wants the money");
}

#[test]
fn a_repair_the_customer_pays_for_is_not_taken_apart() {
    let mut course = standing_in(Stage::Denied);
    course.must(ActorKind::Centre, &Command::QuoteRepair { amount_fen: 30_000 });
    course.must(ActorKind::Customer, &Command::AcceptQuote { amount_fen: 30_000 });
    assert_eq!(course.case.stage, Stage::Repairing);
    course.sample(ActorKind::Centre, Verb::ReportReceived);
    course.now = course.now + Span::days(1);
    break_next(&mut course);
    assert_eq!(course.case.stage, Stage::Repairing);
    assert!(course.case.promises_missed.contains(&"vendor_24_hours".to_owned()));
}

#[test]
fn the_parts_of_a_repair_and_its_end_are_remembered() {
    let mut course = standing_in(Stage::Repairing);
    for part in ["compressor", "relay", "compressor"] {
        let part = part.to_owned();
        course.must(ActorKind::Centre, &Command::RequestParts { part: part.clone() });
        course.wait(Span::hours(1));
        course.must(ActorKind::Centre, &Command::InstallParts { part, returns: false });
    }
    course.sample(ActorKind::Technician, Verb::CompleteRepair);
    let fitted: Vec<_> = course.case.repairs.fitted.iter().map(|one| one.part.as_str()).collect();
    assert_eq!(fitted, ["relay", "compressor"], "each with its last time");
    assert_eq!(course.case.repairs.last_at, Some(course.now));
    let folded = Case::replay(course.case.id, &course.log).unwrap();
    assert_eq!(folded, course.case);
    assert!(course.log.iter().any(|event| matches!(event.fact, Fact::RepairCompleted)));
}
