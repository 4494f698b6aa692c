//! Random courses: what holds whatever anybody does.

use parasol_journey::event::Ending;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::{ActorKind, Case, Command, Event, Fact, Stage, Task, Verb, table};
use proptest::prelude::*;

use crate::course::{Course, filing};

/// One random step: which command, by whom, after how long.
fn step() -> impl Strategy<Value = (usize, usize, i64)> {
    let gap = prop_oneof![
        3 => 0i64..60_000_000,
        2 => 0i64..Span::hours(6).micros(),
        1 => 0i64..Span::days(8).micros(),
    ];
    (0..Verb::ALL.len(), 0..ActorKind::ALL.len(), gap)
}

fn check(course: &Course, before: &Case) -> Result<(), TestCaseError> {
    let case = &course.case;
    let replayed = Case::replay(case.id, &course.log).expect("the log folds");
    prop_assert_eq!(&replayed, case, "the state is not the fold of its log");
    let numbered = course.log.iter().zip(1u64..).all(|(event, seq)| event.seq == seq);
    prop_assert!(numbered && case.version == course.log.len() as u64);
    prop_assert!(course.log.windows(2).all(|pair| pair[0].at <= pair[1].at));
    let now = course.now.max(case.updated_at);
    let total: i64 = case.turn.times(now).iter().map(|(_, span)| span.micros()).sum();
    prop_assert_eq!(total, case.turn.elapsed(now).micros(), "party times do not add up");
    prop_assert_eq!(case.turn.holder(), case.holder());
    prop_assert_eq!(case.turn.holder().is_none(), case.stage.is_ended());
    if case.stage.is_ended() {
        prop_assert!(case.obligations.is_empty(), "{} owes {:?}", case.stage, case.obligations);
    } else {
        let waits = case.obligations.iter().any(|owed| matches!(owed.task, Task::Clock(_)));
        prop_assert!(waits, "{} waits for nobody's deadline", case.stage);
    }
    prop_assert!(case.offer.is_none() || case.work_order.is_none(), "two live dispatches");
    if before.stage == Stage::Closed && case.stage != Stage::Closed {
        prop_assert_eq!(case.stage, Stage::Disputed, "a closed case moved without an appeal");
    }
    prop_assert!(before.stage != Stage::Cancelled || case.stage == Stage::Cancelled);
    prop_assert_eq!(case.pause.is_some(), case.stage == Stage::Paused);
    prop_assert_eq!(case.cancel_from.is_some(), case.stage == Stage::CancelRequested);
    if case.ending.is_some_and(|(ending, _)| ending == Ending::Silence) && before.ending.is_none() {
        check_silence(course)?;
    }
    if case.version != before.version {
        check_tasks(course)?;
        check_reads_back(course, before)?;
    }
    Ok(())
}

/// Whose silence closed the case was told a week before, and of this outcome.
fn check_silence(course: &Course) -> Result<(), TestCaseError> {
    let (closed, before) = course.log.split_last().expect("a case has entries");
    let told = before.iter().rev().take_while(|event| event.stage == Stage::AwaitConfirm);
    let told = told.filter(|event| matches!(event.fact, Fact::NoticeDelivered { .. }));
    let told_at = told.map(|event| event.at).next();
    prop_assert!(told_at.is_some_and(|at| closed.at.since(at) >= Span::days(7)), "not told");
    Ok(())
}

/// What is written down is read again as it was.
fn check_reads_back(course: &Course, before: &Case) -> Result<(), TestCaseError> {
    let known = usize::try_from(before.version).unwrap();
    for event in &course.log[known..] {
        let written = serde_json::to_string(event).unwrap();
        let read = serde_json::from_str::<Event>(&written);
        prop_assert!(matches!(&read, Ok(read) if read == event), "{written}: {read:?}");
    }
    let written = serde_json::to_string(&course.case).unwrap();
    let read: Result<Case, _> = serde_json::from_str(&written);
    prop_assert!(read.is_ok_and(|read| read == course.case), "{written}");
    Ok(())
}

/// What is armed has its subject, and what is armed can fire.
fn check_tasks(course: &Course) -> Result<(), TestCaseError> {
    let case = &course.case;
    for owed in &case.obligations {
        prop_assert!(case.has_subject(owed.task), "{} in {}", owed.task, case.stage);
        if !matches!(owed.task, Task::Clock(_)) {
            continue;
        }
        let mut later = course.clone();
        later.now = later.now.max(owed.due);
        let fire = Command::Fire { task: owed.task, generation: owed.generation };
        let fired = later.give(ActorKind::Timer, &fire);
        prop_assert!(fired.is_ok(), "{} in {}: {fired:?}", owed.task, case.stage);
        let again = later.case.owes(owed.task).map(|armed| armed.generation);
        prop_assert_ne!(again, Some(owed.generation), "{} fired and is still armed", owed.task);
    }
    Ok(())
}

/// Every move that is open in a stage, with the first who may make it.
fn moves(stage: Stage) -> Vec<(ActorKind, Verb)> {
    let may = |verb| ActorKind::ALL.iter().find(move |kind| table::allows(stage, verb, **kind));
    Verb::ALL.iter().filter_map(|verb| Some((*may(*verb)?, *verb))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_anybody_does_the_log_holds(steps in prop::collection::vec(step(), 1..120)) {
        let mut course = Course::filed(filing());
        for (verb, actor, gap) in steps {
            course.wait(Span::from_micros(gap));
            let before = course.case.clone();
            let command = course.sample_of(Verb::ALL[verb]);
            if course.give(ActorKind::ALL[actor], &command).is_err() {
                prop_assert_eq!(&course.case, &before, "a refusal changed the case");
            }
            check(&course, &before)?;
        }
    }

    /// Only legal moves, so that courses get far; and the timer fires whenever nobody moves.
    #[test]
    fn every_case_ends_if_only_the_timers_move(steps in prop::collection::vec(step(), 0..40)) {
        let mut course = Course::filed(filing());
        for (pick, actor, gap) in steps {
            course.wait(Span::from_micros(gap % Span::minutes(5).micros()));
            let kind = ActorKind::ALL[actor];
            let open = table::open_to(course.case.stage, kind);
            let forward = open.iter().filter(|verb| **verb != Verb::Remind);
            let forward: Vec<_> = forward.collect();
            let Some(verb) = forward.get(pick % forward.len().max(1)) else { continue };
            let before = course.case.clone();
            let command = course.sample_of(**verb);
            let _ = course.give(kind, &command);
            check(&course, &before)?;
        }
        for _ in 0..200 {
            if course.case.stage.is_ended() {
                break;
            }
            let before = course.case.clone();
            match course.case.stage {
                Stage::Filed => course.sample(ActorKind::Policy, Verb::Triage),
                Stage::ChoosingCentre if course.case.offers_made < 3 => {
                    course.sample(ActorKind::Policy, Verb::MakeOffer)
                }
                Stage::ChoosingCentre => course.sample(ActorKind::Policy, Verb::ReportNoCoverage),
                Stage::Deciding => course.sample(ActorKind::Policy, Verb::Decide),
                Stage::Refunding => course.sample(ActorKind::Payment, Verb::RecordRefund),
                Stage::Compensating => course.sample(ActorKind::Payment, Verb::RecordCompensation),
                Stage::Replacing => course.sample(ActorKind::Carrier, Verb::ReportReplacement),
                Stage::Repairing => course.sample(ActorKind::Centre, Verb::CompleteRepair),
                stage if stage.silence().is_some() && !course.case.is_told() => {
                    course.sample(ActorKind::Policy, Verb::RecordNotice)
                }
                _ => course.miss_next(),
            };
            check(&course, &before)?;
        }
        prop_assert!(course.case.stage.is_ended(), "stuck in {}", course.case.stage);
    }

    /// From anywhere, by moves that are open: where random commands from the filing on hardly get.
    #[test]
    fn wherever_a_case_goes_its_deadlines_can_fire(
        from in 0..Stage::ALL.len(),
        steps in prop::collection::vec((any::<prop::sample::Index>(), 0i64..7_200), 1..25),
    ) {
        let from = Stage::ALL[from];
        prop_assume!(!matches!(from, Stage::VerdictIn | Stage::Inspecting));
        let mut course = crate::course::standing_in(from);
        for (pick, seconds) in steps {
            course.wait(Span::from_micros(seconds * 1_000_000));
            let open = moves(course.case.stage);
            let (kind, verb) = open[pick.index(open.len())];
            let before = course.case.clone();
            let command = course.sample_of(verb);
            if course.give(kind, &command).is_err() {
                prop_assert_eq!(&course.case, &before, "a refusal changed the case");
            }
            check(&course, &before)?;
        }
    }

    /// A fired task of another generation, or before its time, moves nothing.
    #[test]
    fn a_stale_or_early_task_moves_nothing(shift in 1u64..5, early in 1i64..1_000) {
        let mut course = crate::course::standing_in(Stage::Dispatched);
        let owed = *course.case.next_deadline().unwrap();
        let before = course.case.clone();
        let task = owed.task;
        course.now = owed.due + Span::days(1);
        let stale = Command::Fire { task, generation: owed.generation + shift };
        prop_assert_eq!(course.give(ActorKind::Timer, &stale).unwrap_err().code(), "TASK_SUPERSEDED");
        course.now = Timestamp::from_micros(owed.due.micros() - early);
        let early = Command::Fire { task, generation: owed.generation };
        prop_assert_eq!(course.give(ActorKind::Timer, &early).unwrap_err().code(), "TASK_SUPERSEDED");
        prop_assert_eq!(course.case, before);
    }
}
