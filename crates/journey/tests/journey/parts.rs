//! Parts for a repair: whose turn it is meanwhile, which clocks run, and what goes back.

use parasol_journey::deadline::Clock;
use parasol_journey::time::Span;
use parasol_journey::vocab::{PartStage, Party, PauseCause};
use parasol_journey::{ActorKind, Command, Fact, Rejection, Stage, Task, Verb};

use crate::course::{Course, standing_in};

fn request(course: &mut Course, part: &str) {
    course.must(ActorKind::Centre, &Command::RequestParts { part: part.into() });
}

fn receive(course: &mut Course, part: &str) {
    course.must(ActorKind::Centre, &Command::ReceiveParts { part: part.into() });
}

fn install(course: &mut Course, part: &str, returns: bool) {
    course.must(ActorKind::Technician, &Command::InstallParts { part: part.into(), returns });
}

fn due(course: &Course, clock: Clock) -> Option<Span> {
    course.case.owes(Task::Clock(clock)).map(|owed| owed.due.since(course.now))
}

#[test]
fn waiting_for_parts_is_the_brands_turn_and_ends_with_the_last_of_them() {
    let mut course = standing_in(Stage::Repairing);
    assert_eq!(course.case.turn.holder(), Some(Party::Technician));
    request(&mut course, "a");
    course.wait(Span::days(2));
    request(&mut course, "b");
    assert_eq!(course.case.turn.holder(), Some(Party::Brand));
    assert_eq!(due(&course, Clock::LegalParts), Some(Span::days(88)), "the first request counts");
    course.wait(Span::days(3));
    receive(&mut course, "a");
    assert_eq!(course.case.turn.holder(), Some(Party::Brand), "one is still awaited");
    assert!(due(&course, Clock::LegalParts).is_some());
    course.wait(Span::days(1));
    receive(&mut course, "b");
    assert_eq!(course.case.turn.holder(), Some(Party::Technician));
    assert_eq!(due(&course, Clock::LegalParts), None);
    assert_eq!(course.case.repairs.parts_spent, Span::days(6));
    let times = course.case.turn.times(course.now);
    let brand = times.iter().find(|(party, _)| *party == Party::Brand).unwrap().1;
    assert!(brand >= Span::days(6), "the wait is in the brand's account: {brand:?}");
}

#[test]
fn the_warranty_stands_still_while_parts_are_awaited_and_the_ninety_days_run() {
    let mut course = standing_in(Stage::Repairing);
    let before = course.case.warranty_stopped(course.now);
    request(&mut course, "a");
    course.wait(Span::days(10));
    assert_eq!(course.case.warranty_stopped(course.now), before + Span::days(10));
    assert_eq!(due(&course, Clock::LegalParts), Some(Span::days(80)));
    // Neither the brand nor the centre can stop the case for it; an agent can, and the 90 days go on.
    let resume_at = course.now + Span::days(20);
    let (owner, cause) = (Party::Brand, PauseCause::PartOnOrder);
    let pause = Command::Pause { owner, cause, resume_at };
    for who in [ActorKind::Brand, ActorKind::Centre] {
        assert!(course.give(who, &pause).is_err());
    }
    course.must(ActorKind::Agent, &pause).wait(Span::days(5));
    assert_eq!(due(&course, Clock::LegalParts), Some(Span::days(75)));
    assert_eq!(course.case.turn.holder(), Some(Party::Brand));
    receive(&mut course, "a");
    assert_eq!((course.case.stage, course.case.pause.as_ref()), (Stage::Repairing, None));
    assert_eq!(due(&course, Clock::LegalParts), None);
    course.sample(ActorKind::Technician, Verb::CompleteRepair);
    let stopped = course.case.warranty_stopped(course.now);
    assert_eq!(stopped, before + Span::days(15));
    course.wait(Span::days(3));
    assert_eq!(course.case.warranty_stopped(course.now), stopped, "after the repair it runs again");
}

#[test]
fn parts_in_a_pause_for_another_cause_do_not_end_it() {
    let mut course = standing_in(Stage::Repairing);
    request(&mut course, "a");
    course.sample(ActorKind::Customer, Verb::Pause).wait(Span::hours(1));
    receive(&mut course, "a");
    assert_eq!(course.case.stage, Stage::Paused);
    assert_eq!(due(&course, Clock::LegalParts), None);
}

#[test]
fn ninety_days_without_parts_go_to_the_decision_however_often_they_were_put_off() {
    let mut course = standing_in(Stage::Repairing);
    request(&mut course, "a");
    for day in [20, 40, 60] {
        course.wait(Span::days(7));
        let expected_at = course.now + Span::days(day);
        let put_off = Command::ReportBackorder { part: "a".into(), expected_at };
        course.must(ActorKind::Brand, &put_off);
    }
    assert_eq!(due(&course, Clock::LegalParts), Some(Span::days(69)));
    // The 30 days of the repair run out first; they are the centre's.
    let mut course = standing_in(Stage::Repairing);
    request(&mut course, "a");
    let owed = *course.case.owes(Task::Clock(Clock::LegalParts)).unwrap();
    course.now = owed.due;
    let fire = Command::Fire { task: owed.task, generation: owed.generation };
    course.must(ActorKind::Timer, &fire);
    assert_eq!(course.case.stage, Stage::Deciding);
    let breach = course.case.breaches.iter().find(|one| one.clock == Clock::LegalParts).unwrap();
    assert_eq!(breach.charged_to, Party::Brand);
    assert!(course.case.parts.is_empty(), "nobody waits for them any more");
}

#[test]
fn ordering_in_turns_wins_no_time() {
    let mut course = standing_in(Stage::Repairing);
    request(&mut course, "a");
    course.wait(Span::days(15));
    receive(&mut course, "a");
    course.wait(Span::days(1));
    request(&mut course, "b");
    assert_eq!(due(&course, Clock::LegalParts), Some(Span::days(75)));
}

#[test]
fn parts_are_told_once_and_in_order() {
    let mut course = standing_in(Stage::Repairing);
    let not_awaited = |course: &mut Course, verb| {
        let command = course.sample_of(verb);
        assert_eq!(course.give(ActorKind::Centre, &command), Err(Rejection::PartNotAwaited));
    };
    for verb in [Verb::ReceiveParts, Verb::InstallParts, Verb::ReturnParts, Verb::ReportBackorder] {
        not_awaited(&mut course, verb);
    }
    request(&mut course, "compressor");
    receive(&mut course, "compressor");
    not_awaited(&mut course, Verb::ReceiveParts);
    not_awaited(&mut course, Verb::ReportBackorder);
    install(&mut course, "compressor", false);
    not_awaited(&mut course, Verb::InstallParts);
    not_awaited(&mut course, Verb::ReturnParts);
    assert!(course.case.parts.is_empty());
}

#[test]
fn what_is_built_in_has_been_there() {
    let mut course = standing_in(Stage::Repairing);
    request(&mut course, "a");
    course.wait(Span::days(4));
    install(&mut course, "a", false);
    assert_eq!(course.case.repairs.parts_spent, Span::days(4));
    assert_eq!(course.case.turn.holder(), Some(Party::Technician));
}

#[test]
fn a_defective_part_goes_back_in_thirty_days_or_its_centre_is_charged() {
    let mut course = standing_in(Stage::Repairing);
    for part in ["a", "b"] {
        request(&mut course, part);
        receive(&mut course, part);
        install(&mut course, part, true);
        course.wait(Span::days(2));
    }
    assert_eq!(due(&course, Clock::PartsReturn), Some(Span::days(26)));
    course.must(ActorKind::Centre, &Command::ReturnParts { part: "a".into() });
    assert_eq!(due(&course, Clock::PartsReturn), Some(Span::days(28)), "the other has its own");
    let owed = *course.case.owes(Task::Clock(Clock::PartsReturn)).unwrap();
    course.now = owed.due;
    let fire = Command::Fire { task: owed.task, generation: owed.generation };
    course.must(ActorKind::Timer, &fire);
    let breach = course.case.breaches.last().unwrap();
    assert_eq!((breach.clock, breach.charged_to), (Clock::PartsReturn, Party::Centre));
    assert_eq!((course.case.stage, due(&course, Clock::PartsReturn)), (Stage::Repairing, None));
    assert_eq!(course.case.parts[0].stage, PartStage::Returning, "it is still to come");
}

#[test]
fn a_case_never_waits_for_a_defective_part_and_takes_it_after_its_end() {
    let mut course = standing_in(Stage::Repairing);
    request(&mut course, "a");
    install(&mut course, "a", true);
    course.sample(ActorKind::Technician, Verb::CompleteVisit);
    assert_eq!(course.case.stage, Stage::Closed);
    assert!(course.case.obligations.is_empty());
    course.wait(Span::days(3));
    course.must(ActorKind::Centre, &Command::ReturnParts { part: "a".into() });
    assert_eq!((course.case.stage, course.case.parts.len()), (Stage::Closed, 0));
    assert!(course.case.obligations.is_empty());
    assert!(matches!(course.log.last().unwrap().fact, Fact::PartsReturned { .. }));
}

#[test]
fn a_case_orders_so_much_and_no_more() {
    let mut course = standing_in(Stage::Repairing);
    for nth in 0..50 {
        request(&mut course, &format!("part-{nth}"));
    }
    let more = Command::RequestParts { part: "one-more".into() };
    assert_eq!(course.give(ActorKind::Centre, &more), Err(Rejection::EvidenceFull));
}
