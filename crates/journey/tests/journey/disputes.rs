//! How a dispute runs: who may hand in evidence until when, whom it waits for, and who pays its tests.

use parasol_journey::case::Dispute;
use parasol_journey::deadline::Clock;
use parasol_journey::event::{Awaited, Fact, OfferedRemedy};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::{Cause, Function, Party, Remedy};
use parasol_journey::{Actor, ActorKind, Command, Rejection, Stage, Task, Verb};

use crate::course::{Course, centre, decided_by, standing_in};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn due(course: &Course, clock: Clock) -> Timestamp {
    course.case.owes(Task::Clock(clock)).unwrap_or_else(|| panic!("{clock} does not run")).due
}

fn fire(course: &mut Course, clock: Clock) {
    let owed = *course.case.owes(Task::Clock(clock)).unwrap();
    course.now = course.now.max(owed.due);
    let fire = Command::Fire { task: owed.task, generation: owed.generation };
    course.must(ActorKind::Timer, &fire);
}

fn dispute(course: &Course) -> &Dispute {
    course.case.dispute.as_ref().unwrap()
}

fn evidence(is_all: bool) -> Command {
    Command::AddEvidence { pieces: 1, proves: false, is_all }
}

/// A denial disputed at this time.
fn disputed_at(text: &str) -> Course {
    let mut course = standing_in(Stage::Denied);
    course.now = at(text);
    course.sample(ActorKind::Customer, Verb::OpenDispute);
    course
}

fn by(course: &mut Course, kind: ActorKind, id: &str, command: &Command) -> Result<(), Rejection> {
    let decided = decided_by(course, &Actor::new(kind, id), command)?;
    course.log.extend(decided.events);
    course.case = decided.case;
    Ok(())
}

#[test]
fn evidence_is_taken_for_four_working_hours_of_any_day_and_not_a_moment_longer() {
    // Of the second pair both days are holidays.
    for (opened, closes) in [
        ("2026-06-10T10:00:00+08:00", "2026-06-10T14:00:00+08:00"),
        ("2026-10-01T14:01:00+08:00", "2026-10-02T09:01:00+08:00"),
        ("2026-06-10T22:00:00+08:00", "2026-06-11T13:00:00+08:00"),
    ] {
        let mut course = disputed_at(opened);
        let until = at(closes);
        assert_eq!(dispute(&course).evidence_until, Some(until), "{opened}");
        for side in [ActorKind::Customer, ActorKind::Brand, ActorKind::Centre] {
            course.now = until;
            course.must(side, &evidence(false));
            let mut late = course.clone();
            late.now = until + Span::from_micros(1);
            let refused = late.give(side, &evidence(false));
            assert_eq!(refused, Err(Rejection::EvidenceClosed { until }), "{side}");
        }
        // The answer itself has its 24 hours.
        course.now = until + Span::hours(1);
        course.sample(ActorKind::Brand, Verb::AnswerDispute);
        assert_eq!(course.case.stage, Stage::Deciding);
    }
}

#[test]
fn an_answer_leaves_both_sides_the_rest_of_their_time() {
    let mut course = disputed_at("2026-06-10T10:00:00+08:00");
    course.wait(Span::hours(1)).sample(ActorKind::Brand, Verb::AnswerDispute);
    assert_eq!(course.case.turn.holder(), Some(Party::Customer));
    assert_eq!(due(&course, Clock::DisputeEvidence), at("2026-06-10T14:00:00+08:00"));
    assert!(course.case.owes(Task::Clock(Clock::DisputeReply)).is_none());
    let again = course.give(ActorKind::Centre, &Command::AnswerDispute { concedes: false });
    assert_eq!(again.unwrap_err().code(), "ILLEGAL_TRANSITION", "there is one answer");
    let mut silent = course.clone();
    fire(&mut silent, Clock::DisputeEvidence);
    assert_eq!(silent.case.stage, Stage::Deciding);
    assert!(silent.case.breaches.is_empty(), "nobody has to have evidence");
    // Who has nothing more need not wait for the other's time to pass.
    course.must(ActorKind::Customer, &evidence(true));
    assert_eq!(course.case.stage, Stage::Disputed);
    course.must(ActorKind::Centre, &evidence(true));
    assert_eq!(course.case.stage, Stage::Deciding);
    assert!(dispute(&course).heard);
}

#[test]
fn who_gives_in_and_who_has_said_everything_is_heard_at_once() {
    let mut course = disputed_at("2026-06-10T10:00:00+08:00");
    course.must(ActorKind::Brand, &Command::AnswerDispute { concedes: true });
    assert_eq!(course.case.stage, Stage::Deciding);
    let mut course = disputed_at("2026-06-10T10:00:00+08:00");
    course.must(ActorKind::Customer, &evidence(true));
    course.sample(ActorKind::Brand, Verb::AnswerDispute);
    assert_eq!(course.case.stage, Stage::Deciding);
}

#[test]
fn evidence_has_an_end() {
    let mut course = disputed_at("2026-06-10T10:00:00+08:00");
    for _ in 0..20 {
        course.must(ActorKind::Customer, &evidence(false));
    }
    let refused = course.give(ActorKind::Brand, &evidence(false));
    assert_eq!(refused, Err(Rejection::EvidenceFull));
}

#[test]
fn an_agent_may_ask_for_more_evidence_with_a_time_of_its_own() {
    let mut course = disputed_at("2026-06-10T10:00:00+08:00");
    course.now = at("2026-06-10T15:00:00+08:00");
    assert!(course.give(ActorKind::Customer, &evidence(false)).is_err());
    let ask = Command::AwaitInDispute { awaited: Awaited::Evidence };
    course.must(ActorKind::Agent, &ask);
    assert_eq!(dispute(&course).evidence_until, Some(at("2026-06-11T10:00:00+08:00")));
    course.must(ActorKind::Customer, &evidence(false));
}

#[test]
fn the_way_to_the_laboratory_does_not_count_as_its_time() {
    let mut course = disputed_at("2026-06-10T10:00:00+08:00");
    course.must(ActorKind::Agent, &Command::AwaitInDispute { awaited: Awaited::Lab });
    assert_eq!(course.case.turn.holder(), Some(Party::Carrier));
    assert!(course.case.owes(Task::Clock(Clock::LabReport)).is_none());
    course.wait(Span::days(2)).sample(ActorKind::Lab, Verb::ReportAtLab);
    assert_eq!(course.case.turn.holder(), Some(Party::Lab));
    assert_eq!(due(&course, Clock::LabReport), course.now + Span::days(15));
    assert!(course.case.owes(Task::Clock(Clock::LabTransit)).is_none());
    let twice = course.give(ActorKind::Lab, &Command::ReportAtLab);
    assert_eq!(twice, Err(Rejection::LabNotAwaited));
    course.sample(ActorKind::Lab, Verb::SubmitCertificate);
    assert_eq!((course.case.stage, dispute(&course).tests), (Stage::Deciding, 1));
}

fn opinion(cause: Cause) -> Command {
    Command::GiveOpinion { function: Function::Fault, cause }
}

fn convened(experts: &[&str]) -> Course {
    let mut course = disputed_at("2026-06-10T10:00:00+08:00");
    let experts = experts.iter().map(|one| (*one).to_owned()).collect();
    course.must(ActorKind::Agent, &Command::ConvenePanel { experts });
    course
}

#[test]
fn a_panel_finds_what_most_of_its_experts_find() {
    let mut course = convened(&["e-1", "e-2", "e-3"]);
    by(&mut course, ActorKind::Lab, "e-1", &opinion(Cause::User)).unwrap();
    by(&mut course, ActorKind::Agent, "e-2", &opinion(Cause::Product)).unwrap();
    assert_eq!(course.case.stage, Stage::Disputed);
    for (kind, id) in [(ActorKind::Lab, "e-1"), (ActorKind::Agent, "stranger")] {
        let refused = by(&mut course, kind, id, &opinion(Cause::Product));
        assert_eq!(refused, Err(Rejection::NotOnPanel), "{id}");
    }
    by(&mut course, ActorKind::Agent, "e-3", &opinion(Cause::Product)).unwrap();
    assert_eq!(course.case.stage, Stage::Deciding, "two of three are most");
    let found = dispute(&course).panel.as_ref().unwrap().finding;
    assert_eq!(found, Some((Function::Fault, Cause::Product)));
    assert!(dispute(&course).heard);
}

#[test]
fn a_panel_of_another_number_or_with_whoever_asks_it_is_none() {
    for experts in [
        &["e-1"][..],
        &["e-1", "e-2"],
        &["e-1", "e-2", "e-2"],
        &["e-1", "e-2", "agent-1"],
        &["1", "2", "3", "4", "5", "6", "7", "8", "9"],
    ] {
        let mut course = disputed_at("2026-06-10T10:00:00+08:00");
        let experts = experts.iter().map(|one| (*one).to_owned()).collect();
        let refused = course.give(ActorKind::Agent, &Command::ConvenePanel { experts });
        assert_eq!(refused, Err(Rejection::PanelInvalid));
    }
}

#[test]
fn a_panel_that_is_late_finds_by_quorum_or_not_at_all() {
    for (said, found) in [
        (&[Cause::User][..], None),
        (&[Cause::User, Cause::Product], None),
        (&[Cause::User, Cause::User], None),
        (&[Cause::User, Cause::User, Cause::Product], Some(Cause::User)),
    ] {
        let mut course = convened(&["e-1", "e-2", "e-3", "e-4", "e-5"]);
        for (number, cause) in (1..).zip(said) {
            by(&mut course, ActorKind::Agent, &format!("e-{number}"), &opinion(*cause)).unwrap();
        }
        fire(&mut course, Clock::PanelOpinions);
        assert_eq!(course.case.stage, Stage::Deciding);
        let finding = dispute(&course).panel.as_ref().unwrap().finding;
        assert_eq!(finding.map(|(_, cause)| cause), found, "{said:?}");
    }
}

#[test]
fn a_panel_of_which_no_opinion_has_most_is_heard_without_a_finding() {
    let mut course = convened(&["e-1", "e-2", "e-3"]);
    for (id, cause) in [("e-1", Cause::User), ("e-2", Cause::Product), ("e-3", Cause::Transport)] {
        by(&mut course, ActorKind::Agent, id, &opinion(cause)).unwrap();
    }
    assert_eq!(course.case.stage, Stage::Deciding);
    assert_eq!(dispute(&course).panel.as_ref().unwrap().finding, None);
}

/// The dispute as it was decided.
fn settled(course: &Course) -> (Party, u32) {
    let decided = course.log.iter().rev().find_map(|event| match &event.fact {
        Fact::DisputeDecided { loser, tests } => Some((*loser, *tests)),
        _ => None,
    });
    decided.unwrap()
}

#[test]
fn whoever_a_dispute_goes_against_pays_its_tests() {
    for (gives, cause, loser) in [
        (true, Cause::Product, Party::Brand),
        (false, Cause::User, Party::Customer),
        // What cannot be tested is the business's to prove.
        (false, Cause::Undetermined, Party::Brand),
    ] {
        let mut course = disputed_at("2026-06-10T10:00:00+08:00");
        course.must(ActorKind::Agent, &Command::AwaitInDispute { awaited: Awaited::Lab });
        let mut certificate = course.certificate();
        certificate.cause = cause;
        let certificate = Box::new(certificate);
        course.must(ActorKind::Lab, &Command::SubmitCertificate { certificate });
        let mut decision = course.decision(Remedy::Repair);
        decision.offered[0].payer = "loser".to_owned();
        if gives {
            course.must(ActorKind::Policy, &Command::Decide { decision });
            let payer = &course.case.decision.as_ref().unwrap().offered[0].payer;
            assert_eq!(payer, "brand", "the decision names who pays");
        } else {
            decision.offered.clear();
            course.must(ActorKind::Policy, &Command::Deny { decision });
        }
        assert_eq!(settled(&course), (loser, 1), "{cause}");
    }
}

#[test]
fn an_offer_that_was_disputed_and_stays_the_same_was_disputed_in_vain() {
    for (more, loser) in [(0, Party::Customer), (1, Party::Brand)] {
        let mut course = standing_in(Stage::Deciding);
        let mut refund = |amount_fen| {
            let mut decision = course.decision(Remedy::Refund);
            let (payer, recourse) = ("seller".to_owned(), String::new());
            decision.offered =
                vec![OfferedRemedy { remedy: Remedy::Refund, amount_fen, payer, recourse }];
            Command::Decide { decision }
        };
        let (first, last) = (refund(1_000), refund(1_000 + more));
        course.must(ActorKind::Policy, &first).sample(ActorKind::Customer, Verb::OpenDispute);
        course.must(ActorKind::Agent, &last);
        assert_eq!(settled(&course), (loser, 0));
    }
}

#[test]
fn a_second_opinion_is_another_centres_and_another_persons() {
    let mut course = standing_in(Stage::Deciding);
    let first = course.case.certificates[0].clone();
    course.sample(ActorKind::Agent, Verb::OrderSecondInspection);
    let Command::MakeOffer { offer, .. } = course.sample_of(Verb::MakeOffer) else {
        unreachable!("the sample of a verb is of that verb")
    };
    let centre_before = first.centre.unwrap();
    let again = Command::MakeOffer { offer, centre: centre_before.clone(), network: None };
    let refused = course.give(ActorKind::Policy, &again);
    assert_eq!(refused, Err(Rejection::CentrePassedOver { centre: centre_before }));
    let other = Command::MakeOffer { offer, centre: centre(90), network: None };
    course.must(ActorKind::Policy, &other).sample(ActorKind::Centre, Verb::AcceptOffer);
    let technician = first.technician.unwrap();
    let same = Command::AssignTechnician { technician: technician.clone(), helper: None };
    let expected = Err(Rejection::TechnicianInspectedBefore { technician });
    assert_eq!(course.give(ActorKind::Centre, &same), expected);
    let technician = "tech-9".parse().unwrap();
    course.must(ActorKind::Centre, &Command::AssignTechnician { technician, helper: None });
}

#[test]
fn a_brand_that_blames_the_user_has_four_working_hours_to_prove_it() {
    let mut course = standing_in(Stage::OnSite);
    course.now = at("2026-06-10T10:00:00+08:00");
    let mut certificate = course.certificate();
    certificate.cause = Cause::User;
    let certificate = Box::new(certificate);
    course.must(ActorKind::Technician, &Command::SubmitCertificate { certificate });
    assert_eq!(due(&course, Clock::BrandEvidence), at("2026-06-10T14:00:00+08:00"));
    let proof = |proves| Command::AddEvidence { pieces: 3, proves, is_all: false };
    assert!(course.give(ActorKind::Customer, &proof(true)).is_err());

    let mut late = course.clone();
    fire(&mut late, Clock::BrandEvidence);
    assert_eq!(late.case.stage, Stage::Deciding);
    assert!(late.case.finding().unwrap().lacks_proof());
    assert_eq!(late.case.breaches[0].charged_to, Party::Brand);

    course.must(ActorKind::Brand, &proof(false));
    assert!(course.case.owes(Task::Clock(Clock::BrandEvidence)).is_some(), "it proves nothing");
    course.must(ActorKind::Brand, &proof(true));
    assert!(course.case.owes(Task::Clock(Clock::BrandEvidence)).is_none());
    assert_eq!(course.case.stage, Stage::VerdictHeld, "the brand still has to stand behind it");
    assert!(!course.case.finding().unwrap().lacks_proof());
}
