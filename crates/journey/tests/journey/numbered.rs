//! Messages that their sender numbers, and anomalies.

use parasol_journey::event::Heard;
use parasol_journey::time::Span;
use parasol_journey::{Actor, ActorKind, Case, Command, Fact, Rejection, Stage, Verb};

use crate::course::{Course, actor, decided, standing_in};

fn numbered(course: &mut Course, kind: ActorKind, verb: Verb, sequence: u64) {
    let command = course.sample_of(verb);
    let occurred_at = Some(course.now - Span::minutes(1));
    let decided = decided(course, kind, &command).unwrap().heard(Heard { sequence, occurred_at });
    course.log.extend(decided.events);
    course.case = decided.case;
}

#[test]
fn a_message_is_stale_once_a_later_one_of_its_sender_has_moved_the_case() {
    let mut course = standing_in(Stage::Dispatched);
    let (centre, brand) = (actor(ActorKind::Centre), actor(ActorKind::Brand));
    assert!(!course.case.is_stale(&centre, 1), "nothing was heard of it yet");
    numbered(&mut course, ActorKind::Centre, Verb::AcceptOffer, 5);
    for (sequence, stale) in [(0, false), (4, true), (5, true), (6, false)] {
        assert_eq!(course.case.is_stale(&centre, sequence), stale, "{sequence}");
    }
    assert!(!course.case.is_stale(&brand, 1), "each party counts for itself");
    assert!(!course.case.is_stale(&Actor::new(ActorKind::Centre, "another"), 1));
    let first = course.log.iter().find(|event| event.heard.is_some()).unwrap();
    assert!(matches!(first.fact, Fact::OfferAccepted { .. }), "the first entry of the step has it");
    assert_eq!(Case::replay(course.case.id, &course.log), Some(course.case.clone()));
}

#[test]
fn a_message_that_was_only_kept_makes_none_stale() {
    let mut course = standing_in(Stage::Dispatched);
    numbered(&mut course, ActorKind::Centre, Verb::KeepMessage, 9);
    assert!(!course.case.is_stale(&actor(ActorKind::Centre), 1));
    assert_eq!(Case::replay(course.case.id, &course.log), Some(course.case.clone()));
}

#[test]
fn of_many_parties_those_heard_last_are_remembered() {
    let mut course = standing_in(Stage::Dispatched);
    let of = |nth: usize| Actor::new(ActorKind::Centre, format!("c-{nth}"));
    for nth in 0..20 {
        let command = course.sample_of(Verb::RaiseAnomaly);
        let decided = crate::course::decided_by(&course, &of(nth), &command).unwrap();
        let decided = decided.heard(Heard { sequence: 3, occurred_at: None });
        course.log.extend(decided.events);
        course.case = decided.case;
    }
    assert_eq!(course.case.heard.len(), 16);
    assert!(course.case.is_stale(&of(19), 3) && !course.case.is_stale(&of(0), 3));
}

#[test]
fn an_anomaly_moves_nothing_and_there_are_so_many() {
    let mut course = standing_in(Stage::Appointed);
    let (stage, owed) = (course.case.stage, course.case.obligations.clone());
    for _ in 0..50 {
        course.sample(ActorKind::Centre, Verb::RaiseAnomaly);
    }
    assert_eq!((course.case.stage, &course.case.obligations), (stage, &owed));
    let command = course.sample_of(Verb::RaiseAnomaly);
    assert_eq!(course.give(ActorKind::Brand, &command), Err(Rejection::EvidenceFull));
    assert!(matches!(
        course.give(ActorKind::Customer, &command),
        Err(Rejection::IllegalTransition { .. })
    ));
    let Command::RaiseAnomaly { .. } = command else { unreachable!("the sample of a verb") };
}
