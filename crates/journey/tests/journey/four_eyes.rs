//! What one person may not do alone, and what a customer may have done at a price.

use parasol_journey::deadline::Clock;
use parasol_journey::event::{Fact, Proposal, Proposed};
use parasol_journey::ids::ProposalId;
use parasol_journey::time::Span;
use parasol_journey::vocab::Remedy;
use parasol_journey::{Actor, ActorKind, Command, Rejection, Stage, Task, Verb};

use crate::course::{Course, decided_by, standing_in};

fn by(course: &mut Course, id: &str, command: &Command) -> Result<(), Rejection> {
    let decided = decided_by(course, &Actor::new(ActorKind::Agent, id), command)?;
    course.log.extend(decided.events);
    course.case = decided.case;
    Ok(())
}

fn proposal(course: &mut Course, what: Proposed) -> (ProposalId, Command) {
    let id = ProposalId::new(course.next_id());
    let proposal = Box::new(Proposal { id, what, worth_fen: 399_900 });
    (id, Command::ProposeDecision { proposal })
}

/// A case about which a-1 has proposed a repair.
fn proposed() -> (Course, ProposalId) {
    let mut course = standing_in(Stage::Deciding);
    let decision = course.decision(Remedy::Repair);
    let (id, propose) = proposal(&mut course, Proposed::Decision(decision));
    by(&mut course, "a-1", &propose).unwrap();
    (course, id)
}

#[test]
fn another_person_approves_and_what_was_proposed_is_done() {
    let (mut course, proposal) = proposed();
    assert_eq!(course.case.stage, Stage::Deciding, "a proposal decides nothing");
    let approve = Command::ApproveProposal { proposal };
    assert_eq!(by(&mut course, "a-1", &approve), Err(Rejection::FourEyesNeeded));
    let other = Command::ApproveProposal { proposal: ProposalId::new(course.next_id()) };
    assert_eq!(by(&mut course, "m-1", &other), Err(Rejection::ProposalUnknown));
    by(&mut course, "m-1", &approve).unwrap();
    assert_eq!(course.case.stage, Stage::Repairing);
    assert!(course.case.proposal.is_none());
    let approved =
        course.log.iter().find(|event| matches!(event.fact, Fact::ProposalApproved { .. }));
    assert_eq!(approved.unwrap().actor.id.as_deref(), Some("m-1"));
    assert_eq!(by(&mut course, "m-2", &approve).unwrap_err().code(), "ILLEGAL_TRANSITION");
}

#[test]
fn a_proposal_is_refused_taken_back_or_lapses() {
    for who in ["m-1", "a-1"] {
        let (mut course, proposal) = proposed();
        by(&mut course, who, &Command::RefuseProposal { proposal }).unwrap();
        assert!(course.case.proposal.is_none());
        assert!(course.case.owes(Task::Clock(Clock::Approval)).is_none());
    }
    let (mut course, proposal) = proposed();
    let owed = *course.case.owes(Task::Clock(Clock::Approval)).unwrap();
    assert_eq!(owed.due, course.now + Span::hours(24));
    course.now = owed.due;
    let fire = Command::Fire { task: owed.task, generation: owed.generation };
    course.must(ActorKind::Timer, &fire);
    let late = by(&mut course, "m-1", &Command::ApproveProposal { proposal });
    assert_eq!(late, Err(Rejection::ProposalUnknown));
    assert_eq!(course.case.stage, Stage::Deciding);
}

#[test]
fn one_proposal_waits_at_a_time_and_none_outlives_what_it_was_made_for() {
    let (mut course, _) = proposed();
    let (_, second) = proposal(&mut course, Proposed::Goodwill(100));
    assert_eq!(by(&mut course, "a-2", &second), Err(Rejection::ProposalWaiting));
    course.sample(ActorKind::Policy, Verb::Deny);
    assert!(course.case.proposal.is_none() && course.case.stage == Stage::Denied);
    assert!(course.case.owes(Task::Clock(Clock::Approval)).is_none());
}

#[test]
fn what_could_not_be_done_is_not_proposed() {
    let mut course = standing_in(Stage::Denied);
    let decision = course.decision(Remedy::Repair);
    let (_, propose) = proposal(&mut course, Proposed::Decision(decision));
    assert_eq!(by(&mut course, "a-1", &propose).unwrap_err().code(), "ILLEGAL_TRANSITION");
    let price = course.case.filing.price_fen;
    let (_, propose) = proposal(&mut course, Proposed::Goodwill(price + 1));
    let refused = by(&mut course, "a-1", &propose);
    assert_eq!(refused, Err(Rejection::AmountOutOfRange { most_fen: price }));
}

#[test]
fn goodwill_never_takes_anything_away() {
    for stage in [Stage::Deciding, Stage::RemedyOffered, Stage::Denied, Stage::AwaitConfirm] {
        let mut course = standing_in(stage);
        let before = (course.case.decision.clone(), course.case.remedy);
        course.sample(ActorKind::Agent, Verb::GrantGoodwill);
        assert_eq!(course.case.to_pay_fen(), 5_000);
        course.sample(ActorKind::Payment, Verb::RecordCompensation);
        assert_eq!(course.case.stage, stage);
        assert_eq!((course.case.decision.clone(), course.case.remedy), before, "{stage}");
        assert_eq!((course.case.paid_fen(), course.case.is_paid_by_rule()), (5_000, false));
    }
}

#[test]
fn a_denied_customer_may_pay_for_a_repair() {
    let mut course = standing_in(Stage::Denied);
    course.sample(ActorKind::Centre, Verb::QuoteRepair);
    let dearer = Command::AcceptQuote { amount_fen: 30_001 };
    assert_eq!(course.give(ActorKind::Customer, &dearer), Err(Rejection::QuoteNotValid));
    let mut late = course.clone();
    late.wait(Span::days(7) + Span::from_micros(1));
    let accept = Command::AcceptQuote { amount_fen: 30_000 };
    assert_eq!(late.give(ActorKind::Customer, &accept), Err(Rejection::QuoteNotValid));
    course.must(ActorKind::Customer, &accept);
    assert_eq!(course.case.stage, Stage::Repairing);
    assert!(course.case.technician().is_some(), "whoever inspected repairs");
    let price = course.case.filing.price_fen;
    let mut course = standing_in(Stage::Denied);
    for wrong in [-1, 0, price + 1] {
        let refused = course.give(ActorKind::Agent, &Command::QuoteRepair { amount_fen: wrong });
        assert_eq!(refused, Err(Rejection::AmountOutOfRange { most_fen: price }));
    }
}

#[test]
fn a_paid_repair_of_a_unit_nobody_has_seen_finds_a_centre_first() {
    let mut course = standing_in(Stage::Filed);
    let path = parasol_journey::event::Path::NoVisit;
    course.must(ActorKind::Policy, &Command::Triage { path, rules: vec!["R61".into()] });
    course.sample(ActorKind::Policy, Verb::Deny).sample(ActorKind::Agent, Verb::QuoteRepair);
    course.must(ActorKind::Customer, &Command::AcceptQuote { amount_fen: 30_000 });
    assert_eq!(course.case.stage, Stage::ChoosingCentre);
    for (kind, verb) in [
        (ActorKind::Policy, Verb::MakeOffer),
        (ActorKind::Centre, Verb::AcceptOffer),
        (ActorKind::Centre, Verb::AssignTechnician),
        (ActorKind::Customer, Verb::BookAppointment),
        (ActorKind::Technician, Verb::CheckIn),
        (ActorKind::Technician, Verb::SubmitCertificate),
    ] {
        course.sample(kind, verb);
    }
    assert_eq!(course.case.stage, Stage::Repairing, "nothing is left to decide");
}
