//! Silence counts only for who was told: closing by it, and pauses on the customer's account.

use parasol_journey::deadline::Clock;
use parasol_journey::event::Ending;
use parasol_journey::promise::{CountedIn, Pauses, Stop, Term, TermClock, Trigger, Worth};
use parasol_journey::time::Span;
use parasol_journey::vocab::{Channel, ContactFailure, Party, Remedy};
use parasol_journey::{ActorKind, Command, Rejection, Stage, Task, Verb};

use crate::course::{Course, filing, standing_in};

fn owes(course: &Course, clock: Clock) -> bool {
    course.case.owes(Task::Clock(clock)).is_some()
}

fn fire(course: &mut Course, clock: Clock) -> &mut Course {
    let owed = *course.case.owes(Task::Clock(clock)).unwrap();
    course.now = course.now.max(owed.due);
    course.must(ActorKind::Timer, &Command::Fire { task: owed.task, generation: owed.generation })
}

fn told(course: &Course, channel: Channel) -> Command {
    Command::RecordNotice { asked: course.case.asked.unwrap().seq, channel }
}

#[test]
fn the_seven_days_begin_when_the_notice_arrives() {
    let mut course = standing_in(Stage::AwaitConfirm);
    assert!(owes(&course, Clock::TellOutcome) && !owes(&course, Clock::Confirm));
    assert_eq!(course.case.holder(), Some(Party::Customer));
    course.wait(Span::hours(3));
    let (arrived, notice) = (course.now, told(&course, Channel::Sms));
    course.must(ActorKind::Policy, &notice);
    assert!(!owes(&course, Clock::TellOutcome));
    let due = course.case.owes(Task::Clock(Clock::Confirm)).unwrap().due;
    assert_eq!(due, arrived + Span::days(7));
    fire(&mut course, Clock::Confirm);
    assert_eq!(course.case.ending.map(|(ending, _)| ending), Some(Ending::Silence));
}

#[test]
fn who_was_not_told_is_an_agents_to_reach_and_silence_closes_nothing() {
    let mut course = standing_in(Stage::AwaitConfirm);
    fire(&mut course, Clock::TellOutcome);
    assert_eq!(course.case.holder(), Some(Party::Retailer), "the agent's turn");
    let breach = course.case.breaches.last().unwrap();
    assert_eq!((breach.clock, breach.charged_to), (Clock::TellOutcome, Party::Retailer));
    for _ in 0..20 {
        fire(&mut course, Clock::ReachCustomer);
        assert_eq!(course.case.stage, Stage::AwaitConfirm);
        assert!(!owes(&course, Clock::Confirm));
    }
    let notice = told(&course, Channel::Voice);
    course.must(ActorKind::Agent, &notice);
    assert_eq!(course.case.holder(), Some(Party::Customer));
    assert!(!owes(&course, Clock::ReachCustomer) && owes(&course, Clock::Confirm));
    fire(&mut course, Clock::Confirm);
    assert_eq!(course.case.stage, Stage::Closed);
}

/// One rule for a choice, a denial and an outcome: no clock of the customer's runs before a notice of the
/// question has arrived, and whoever could not be told is an agent's to reach.
#[test]
fn no_silence_answers_a_question_that_nobody_was_told_of() {
    for (stage, clock, days) in [
        (Stage::RemedyOffered, Clock::ChooseRemedy, 7),
        (Stage::Denied, Clock::AnswerDenial, 15),
        (Stage::AwaitConfirm, Clock::Confirm, 7),
    ] {
        let mut course = standing_in(stage);
        assert!(owes(&course, Clock::TellOutcome) && !owes(&course, clock), "{stage}");
        assert_eq!(course.case.holder(), Some(Party::Customer), "{stage}");
        fire(&mut course, Clock::TellOutcome);
        assert_eq!(course.case.holder(), Some(Party::Retailer), "{stage}");
        for _ in 0..40 {
            fire(&mut course, Clock::ReachCustomer);
            assert_eq!(course.case.stage, stage, "silence of somebody who does not know");
            assert!(!owes(&course, clock), "{stage}");
        }
        let (arrived, notice) = (course.now, told(&course, Channel::Voice));
        course.must(ActorKind::Agent, &notice);
        assert_eq!(course.case.holder(), Some(Party::Customer), "{stage}");
        assert!(!owes(&course, Clock::ReachCustomer), "{stage}");
        let due = course.case.owes(Task::Clock(clock)).unwrap().due;
        assert_eq!(due, arrived + Span::days(days), "{stage}");
        fire(&mut course, clock);
        let ending = course.case.ending.map(|(ending, _)| ending);
        match stage {
            Stage::RemedyOffered => assert_eq!(course.case.stage, Stage::Repairing),
            Stage::Denied => assert_eq!(ending, Some(Ending::DenialAccepted)),
            _ => assert_eq!(ending, Some(Ending::Silence)),
        }
    }
}

#[test]
fn what_cannot_be_delivered_goes_to_an_agent_at_once_and_may_still_arrive() {
    let mut course = standing_in(Stage::AwaitConfirm);
    let asked = course.case.asked.unwrap().seq;
    course.must(ActorKind::Policy, &Command::RecordNoNotice { asked });
    assert_eq!(course.case.holder(), Some(Party::Retailer));
    assert!(owes(&course, Clock::ReachCustomer) && !owes(&course, Clock::TellOutcome));
    let again = course.give(ActorKind::Policy, &Command::RecordNoNotice { asked });
    assert_eq!(again.unwrap_err().code(), "TASK_SUPERSEDED");
    let late = told(&course, Channel::Email);
    course.must(ActorKind::Policy, &late);
    assert!(owes(&course, Clock::Confirm) && !owes(&course, Clock::ReachCustomer));
}

#[test]
fn a_notice_of_an_earlier_question_says_nothing_about_this_one() {
    let mut course = standing_in(Stage::AwaitConfirm);
    let first = told(&course, Channel::Sms);
    course.sample(ActorKind::Customer, Verb::RejectOutcome);
    assert_eq!(course.give(ActorKind::Policy, &first).unwrap_err().code(), "ILLEGAL_TRANSITION");
    let decision = course.decision(Remedy::Refund);
    course.must(ActorKind::Policy, &Command::Decide { decision });
    if course.case.stage == Stage::RemedyOffered {
        course.sample(ActorKind::Customer, Verb::ChooseRemedy);
    }
    course.sample(ActorKind::Payment, Verb::RecordRefund);
    assert_eq!(course.case.stage, Stage::AwaitConfirm);
    let refused = course.give(ActorKind::Policy, &first);
    assert!(matches!(refused, Err(Rejection::TaskSuperseded)), "{refused:?}");
    assert!(!owes(&course, Clock::Confirm));
    let second = told(&course, Channel::Sms);
    course.must(ActorKind::Policy, &second);
    let twice = course.give(ActorKind::Policy, &second);
    assert!(matches!(twice, Err(Rejection::TaskSuperseded)), "{twice:?}");
}

#[test]
fn goodwill_in_between_asks_again() {
    for stage in [Stage::RemedyOffered, Stage::Denied, Stage::AwaitConfirm] {
        let clock = stage.silence().unwrap();
        let mut course = standing_in(stage);
        let notice = told(&course, Channel::Sms);
        course.must(ActorKind::Policy, &notice);
        assert!(owes(&course, clock), "{stage}");
        course.sample(ActorKind::Agent, Verb::GrantGoodwill);
        assert!(!owes(&course, clock), "{stage}");
        course.sample(ActorKind::Payment, Verb::RecordCompensation);
        assert!(owes(&course, Clock::TellOutcome) && !owes(&course, clock), "{stage}");
    }
}

/// A case filed with a promise that stands still while the customer is waited for, whose customer does not
/// answer.
fn unreachable() -> Course {
    let clock = TermClock {
        starts: Trigger::Filed,
        minutes: 30 * 24 * 60,
        counted_in: CountedIn::Natural,
        stops: Stop::Solved,
        pauses: Pauses::ForCustomer,
        charged_to: Party::Retailer,
        worth: Worth::Nothing,
    };
    let mut filing = filing();
    filing.terms = vec![Term { promise: "promise.test".into(), clock: Some(clock) }];
    let mut course = Course::filed(filing);
    for (kind, verb) in [
        (ActorKind::Policy, Verb::Triage),
        (ActorKind::Policy, Verb::MakeOffer),
        (ActorKind::Centre, Verb::AcceptOffer),
        (ActorKind::Centre, Verb::AssignTechnician),
    ] {
        course.sample(kind, verb);
    }
    for _ in 0..20 {
        if course.case.stage == Stage::Paused {
            break;
        }
        let next_at = course.now + Span::hours(20);
        let reason = ContactFailure::NoAnswer;
        course.must(ActorKind::Technician, &Command::ReportContactFailed { reason, next_at });
        course.wait(Span::hours(20));
    }
    assert_eq!(course.case.stage, Stage::Paused);
    course
}

#[test]
fn a_pause_for_who_does_not_answer_is_on_their_account_from_when_they_were_told() {
    for tell_after in [None, Some(Span::hours(10))] {
        let mut course = unreachable();
        let due = course.case.promises_running[0].due;
        assert_eq!(course.case.holder(), Some(Party::Retailer), "nobody has told them");
        assert!(owes(&course, Clock::Promise), "nothing stands still yet");
        let ends = course.case.pause.as_ref().unwrap().resume_at;
        let mut on_their_account = Span::ZERO;
        if let Some(wait) = tell_after {
            course.now = course.case.pause.as_ref().unwrap().since + wait;
            let notice = told(&course, Channel::Sms);
            course.must(ActorKind::Policy, &notice);
            assert_eq!(course.case.holder(), Some(Party::Customer));
            assert!(!owes(&course, Clock::Promise), "it stands still");
            on_their_account = ends.since(course.now);
        }
        fire(&mut course, Clock::Resume);
        assert_eq!(course.case.promises_running[0].due, due + on_their_account, "{tell_after:?}");
    }
}
