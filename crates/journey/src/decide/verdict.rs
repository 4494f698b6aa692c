//! Certificates and decisions. The brand may confirm or contest a certificate but never decide; the
//! platform decides but never rewrites a certificate.

use crate::actor::ActorKind;
use crate::case::Case;
use crate::certificate::{Certificate, CertificateFault, Level};
use crate::command::Command;
use crate::deadline::Clock;
use crate::event::{Awaited, Decision, Fact, OfferedRemedy};
use crate::ids::CertificateId;
use crate::rejection::Rejection;
use crate::stage::Stage;
use crate::task::{Task, Work};
use crate::vocab::{CaseKind, Cause, Function, Party, Remedy};

use super::draft::{Draft, Tasks};
use super::{dispute, remedy};

/// The word of a rule for whoever a dispute goes against.
const LOSER: &str = "loser";

pub(super) fn decide(draft: &mut Draft<'_>, command: &Command) -> Result<(), Rejection> {
    match command {
        Command::SubmitCertificate { certificate } => submit(draft, certificate),
        Command::ConfirmCertificate { certificate } => {
            check_newest(draft, *certificate)?;
            let fact = Fact::CertificateConfirmed { certificate: *certificate };
            draft.go(fact, Stage::Deciding)
        }
        Command::ContestCertificate { certificate, reason } => {
            check_newest(draft, *certificate)?;
            let (certificate, reason) = (*certificate, reason.clone());
            draft.go(Fact::CertificateContested { certificate, reason }, Stage::Deciding)
        }
        Command::Decide { decision } => offer(draft, decision),
        Command::Deny { decision } => deny(draft, decision),
        Command::SendToAgent { rules } => {
            // The policy has done its part; the clock of deciding by hand runs on.
            let mut tasks = Tasks::default();
            tasks.cancel(draft.case(), Task::Work(Work::Decide));
            draft.note_with(Fact::SentToAgent { rules: rules.clone() }, tasks)
        }
        Command::OrderSecondInspection { rules } => {
            let due = draft.due(Clock::SecondInspection)?;
            let tasks = Tasks::default().and_arm(Clock::SecondInspection, due);
            let fact = Fact::SecondInspectionOrdered { rules: rules.clone() };
            draft.go_with(fact, Stage::ChoosingCentre, tasks)
        }
        other => unreachable!("{} is not a command of a verdict", other.verb()),
    }
}

/// A certificate that cannot be one is refused whole. A sound one moves the case on in the same
/// breath, unless it may be of another unit or a human must look at who it blames. One of a later level
/// is what a dispute is heard by, and ends the hearing.
fn submit(draft: &mut Draft<'_>, certificate: &Certificate) -> Result<(), Rejection> {
    let case = draft.case();
    let claims = certificate.level;
    let certificate = &Certificate { level: level_due(draft), ..certificate.clone() };
    let mut faults = certificate.faults(case, draft.now());
    if claims > certificate.level {
        faults.push(CertificateFault::LevelNotDue);
    }
    if !faults.is_empty() {
        return Err(Rejection::CertificateInvalid(faults));
    }
    let finding = certificate.finding(case);
    let hold = held_because(certificate, finding.serial_matches);
    let arrived_by_visit = case.stage == Stage::OnSite;
    if arrived_by_visit {
        draft.go(Fact::InspectionStarted, Stage::Inspecting)?;
    }
    let hears = certificate.level != Level::First;
    let id = certificate.id;
    let submitted =
        Fact::CertificateSubmitted { certificate: Box::new(certificate.clone()), finding };
    draft.go(submitted, Stage::VerdictIn)?;
    if hears {
        end_hearing(draft)?;
    }
    if is_agreed(draft) {
        draft.note(Fact::CertificateAccepted { certificate: id })?;
        return remedy::repair_at_a_price(draft);
    }
    match hold {
        Some(reason) => {
            let reason = reason.to_owned();
            let due = draft.due(Clock::BrandEvidence)?;
            let tasks = Tasks::default().and_arm(Clock::BrandEvidence, due);
            let fact = Fact::CertificateHeld { certificate: id, reason };
            draft.go_with(fact, Stage::VerdictHeld, tasks)
        }
        None => draft.go(Fact::CertificateAccepted { certificate: id }, Stage::Deciding),
    }
}

/// Whether the customer has agreed to pay for the repair, whatever is found.
fn is_agreed(draft: &Draft<'_>) -> bool {
    let case = draft.case();
    case.quote.is_some_and(|quote| quote.accepted) && case.work_order.is_some()
}

/// With what authority a certificate speaks follows from who inspects and why, not from what it
/// claims: one that claims less is raised, one that claims more is refused. In a dispute nobody gives
/// a first opinion any more; what an agent hands in there is what the dispute waits for.
fn level_due(draft: &Draft<'_>) -> Level {
    let case = draft.case();
    let disputed = case.stage == Stage::Disputed;
    let awaits_lab = case.dispute.as_ref().is_some_and(|one| one.awaits == Awaited::Lab);
    if draft.ctx().actor.kind == ActorKind::Lab || (disputed && awaits_lab) {
        Level::Lab
    } else if disputed || case.second_opinion {
        Level::Second
    } else {
        Level::First
    }
}

/// Why a first certificate waits for the brand: another serial, or the brand's own technician blames
/// the user, which the brand must stand behind. Later levels speak for themselves.
fn held_because(certificate: &Certificate, serial_matches: bool) -> Option<&'static str> {
    if certificate.level != Level::First {
        return None;
    }
    let blames_user = matches!(certificate.cause, Cause::User | Cause::UnauthorisedOpening);
    if !serial_matches {
        Some("serial_differs")
    } else if blames_user && certificate.function == Function::Fault {
        Some("blames_user")
    } else {
        None
    }
}

fn check_newest(draft: &Draft<'_>, certificate: CertificateId) -> Result<(), Rejection> {
    match draft.case().finding() {
        Some(newest) if newest.id == certificate => Ok(()),
        _ => Err(Rejection::CertificateUnknown),
    }
}

/// Offers the set. If the customer asked for something inside it, that is carried out at once and the
/// better options stay visible in the log (modifier m1); otherwise the customer chooses, and so they do where
/// what they asked for was tried and more has come on offer since.
pub(super) fn offer(draft: &mut Draft<'_>, decision: &Decision) -> Result<(), Rejection> {
    let sound = decision.offered.iter().all(is_sound);
    let empty = decision.rules.is_empty() || decision.offered.is_empty();
    if empty || !sound || pays_twice(draft, decision) {
        return Err(Rejection::DecisionInvalid);
    }
    end_hearing(draft)?;
    dispute::settle(draft, &decision.offered)?;
    let wish = wish(draft.case(), &decision.offered);
    draft.go(Fact::Decided(with_loser(draft.case(), decision)), Stage::RemedyOffered)?;
    match wish {
        Some(wish) => remedy::choose(draft, wish),
        None => Ok(()),
    }
}

/// What is carried out at once of an offer that is about to be made. Who returns without a reason wants the
/// money.
fn wish(case: &Case, offered: &[OfferedRemedy]) -> Option<Remedy> {
    let returned = (case.filing.kind == CaseKind::NoReason).then_some(Remedy::Refund);
    let wish = case.filing.wants.or(returned)?;
    let before = case.decision.as_ref().map(|decision| decision.offered.as_slice());
    let before = before.unwrap_or_default();
    let gives = |offered: &[OfferedRemedy], remedy| offered.iter().any(|one| one.remedy == remedy);
    let is_more = offered.iter().any(|one| !gives(before, one.remedy));
    let was_tried = gives(before, wish) && is_more;
    (gives(offered, wish) && !was_tried).then_some(wish)
}

/// The decision with the name of whoever pays where a rule says that the loser does. Something is given,
/// so it is not the customer unless the dispute was lost all the same.
fn with_loser(case: &Case, decision: &Decision) -> Decision {
    let loser = case.dispute.as_ref().and_then(|dispute| dispute.loser).unwrap_or(Party::Brand);
    let mut decision = decision.clone();
    for offered in decision.offered.iter_mut().filter(|one| one.payer == LOSER) {
        offered.payer = loser.as_str().to_owned();
    }
    decision
}

/// Only a refund moves money, and never backwards.
fn is_sound(offered: &OfferedRemedy) -> bool {
    match offered.remedy {
        Remedy::Refund => offered.amount_fen >= 0,
        Remedy::Repair | Remedy::Replace => offered.amount_fen == 0,
    }
}

/// The rules say what a case is worth once. What comes on top of money that was paid is for a person to
/// give, who has an authority and a reason.
fn pays_twice(draft: &Draft<'_>, decision: &Decision) -> bool {
    let refunds = decision.offered.iter().any(|one| one.remedy == Remedy::Refund);
    let by_rule = draft.ctx().actor.kind == ActorKind::Policy;
    by_rule && refunds && draft.case().is_paid_by_rule()
}

pub(super) fn deny(draft: &mut Draft<'_>, decision: &Decision) -> Result<(), Rejection> {
    if decision.rules.is_empty() || !decision.offered.is_empty() {
        return Err(Rejection::DecisionInvalid);
    }
    end_hearing(draft)?;
    dispute::settle(draft, &[])?;
    draft.go(Fact::Denied(decision.clone()), Stage::Denied)
}

/// A dispute is heard to its end by a decision, wherever the case stands by then.
fn end_hearing(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    if draft.case().dispute.as_ref().is_some_and(|dispute| !dispute.heard) {
        draft.note(Fact::DisputeHeard)?;
    }
    Ok(())
}
