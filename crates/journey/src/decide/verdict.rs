//! Certificates and decisions. The brand may confirm or contest a certificate but never decide; the
//! platform decides but never rewrites a certificate.

use crate::actor::ActorKind;
use crate::certificate::{Certificate, CertificateFault, Level};
use crate::command::Command;
use crate::deadline::Clock;
use crate::event::{Decision, Fact};
use crate::ids::CertificateId;
use crate::rejection::Rejection;
use crate::stage::Stage;
use crate::task::{Task, Work};
use crate::vocab::{Cause, Function};

use super::draft::{Draft, Tasks};
use super::remedy;

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
            let tasks = without_dispute_clocks(draft);
            let due = draft.due(Clock::SecondInspection)?;
            let tasks = tasks.and_arm(Clock::SecondInspection, due);
            let fact = Fact::SecondInspectionOrdered { rules: rules.clone() };
            draft.go_with(fact, Stage::ChoosingCentre, tasks)
        }
        other => unreachable!("{} is not a command of a verdict", other.verb()),
    }
}

/// A certificate that cannot be one is refused whole. A sound one moves the case on in the same
/// breath, unless it may be of another unit or a human must look at who it blames.
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
    let tasks = without_dispute_clocks(draft).and_cancel(draft.case(), Clock::SecondInspection);
    let id = certificate.id;
    let submitted =
        Fact::CertificateSubmitted { certificate: Box::new(certificate.clone()), finding };
    draft.go_with(submitted, Stage::VerdictIn, tasks)?;
    match hold {
        Some(reason) => {
            let reason = reason.to_owned();
            draft.go(Fact::CertificateHeld { certificate: id, reason }, Stage::VerdictHeld)
        }
        None => draft.go(Fact::CertificateAccepted { certificate: id }, Stage::Deciding),
    }
}

/// With what authority a certificate speaks follows from who inspects and why, not from what it
/// claims: one that claims less is raised, one that claims more is refused.
fn level_due(draft: &Draft<'_>) -> Level {
    if draft.ctx().actor.kind == ActorKind::Lab {
        Level::Lab
    } else if draft.case().second_opinion {
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
/// better options stay visible in the log (modifier m1); otherwise the customer chooses.
fn offer(draft: &mut Draft<'_>, decision: &Decision) -> Result<(), Rejection> {
    if decision.rules.is_empty() || decision.offered.is_empty() {
        return Err(Rejection::DecisionInvalid);
    }
    let tasks = close_dispute(draft)?;
    draft.go_with(Fact::Decided(decision.clone()), Stage::RemedyOffered, tasks)?;
    match draft.case().filing.wants {
        Some(wish) if decision.offered.iter().any(|one| one.remedy == wish) => {
            remedy::choose(draft, wish)
        }
        _ => Ok(()),
    }
}

fn deny(draft: &mut Draft<'_>, decision: &Decision) -> Result<(), Rejection> {
    if decision.rules.is_empty() || !decision.offered.is_empty() {
        return Err(Rejection::DecisionInvalid);
    }
    let tasks = close_dispute(draft)?;
    draft.go_with(Fact::Denied(decision.clone()), Stage::Denied, tasks)
}

/// Deciding while a dispute is being heard ends the hearing.
fn close_dispute(draft: &mut Draft<'_>) -> Result<Tasks, Rejection> {
    if draft.case().stage == Stage::Disputed {
        draft.note(Fact::DisputeHeard)?;
    }
    Ok(without_dispute_clocks(draft))
}

/// Cancels the clocks that only a dispute runs.
pub(super) fn without_dispute_clocks(draft: &Draft<'_>) -> Tasks {
    let mut tasks = Tasks::default();
    for clock in [Clock::DisputeReply, Clock::DisputeEvidence, Clock::LabReport] {
        tasks = tasks.and_cancel(draft.case(), clock);
    }
    tasks
}
