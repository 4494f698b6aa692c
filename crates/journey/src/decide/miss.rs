//! A deadline has passed: what the clock table says follows.
//!
//! A task that fires is only a reminder. The obligation in the state decides: another generation, or
//! none, and nothing moves.

use crate::deadline::{BEFORE_VISIT, Clock, ESCALATIONS_MAX, Miss, Then};
use crate::event::{Ending, Fact};
use crate::rejection::Rejection;
use crate::stage::Stage;
use crate::task::Task;
use crate::vocab::Party;

use super::draft::{Draft, Tasks};
use super::{asking, dispatch, dispute, holding, parts, proposal, remedy, visit};

pub(super) fn fire(draft: &mut Draft<'_>, task: Task, generation: u64) -> Result<(), Rejection> {
    let armed = draft.case().owes(task).filter(|owed| owed.generation == generation);
    let Some(armed) = armed else {
        return Err(Rejection::TaskSuperseded);
    };
    if draft.now() < armed.due {
        return Err(Rejection::TaskSuperseded);
    }
    let Task::Clock(clock) = task else {
        return Err(Rejection::TaskSuperseded);
    };
    if clock == Clock::Promise {
        return break_promises(draft);
    }
    let cancelling = draft.case().stage == Stage::CancelRequested;
    match clock.row().miss {
        Miss::NoShow | Miss::DecideAgain if cancelling => grant_cancellation(draft, clock),
        Miss::ExpireOffer => expire_offer(draft, clock),
        Miss::Redispatch => redispatch(draft, clock),
        Miss::DecideWithoutBrand | Miss::DecideAgain => decide_again(draft, clock),
        Miss::Escalate(then) => escalate(draft, clock, then),
        Miss::Record if clock == Clock::PartsReturn => parts::overdue(draft),
        Miss::Record => {
            charge(draft, clock);
            Ok(())
        }
        Miss::ReachByAgent => {
            charge(draft, clock);
            asking::undelivered(draft)
        }
        Miss::NoShow => {
            charge(draft, clock);
            visit::no_show(draft, Party::Technician)
        }
        Miss::ReleaseHold => visit::release(draft),
        Miss::ReleaseWindows => visit::release_windows(draft),
        Miss::ChooseForCustomer => choose_for_customer(draft),
        Miss::Close => remedy::close(draft, ending(clock)),
        Miss::Cancel => holding::end_cancelled(draft),
        Miss::Hear => dispute::run_out(draft, clock),
        Miss::LapseProposal => proposal::lapse(draft),
        Miss::Resume => holding::resume(draft),
        Miss::Never => Err(Rejection::TaskSuperseded),
    }
}

fn ending(clock: Clock) -> Ending {
    if clock == Clock::AnswerDenial { Ending::DenialAccepted } else { Ending::Silence }
}

/// Records the miss against whoever held the clock and disarms it.
fn charge(draft: &mut Draft<'_>, clock: Clock) {
    let tasks = Tasks::default().and_cancel(draft.case(), clock);
    draft.record_miss(clock, clock.row().owner, tasks);
}

/// Who has asked to cancel wants nothing of what the deadline would lead to: neither another visit nor
/// a decision.
fn grant_cancellation(draft: &mut Draft<'_>, clock: Clock) -> Result<(), Rejection> {
    charge(draft, clock);
    holding::end_cancelled(draft)
}

fn expire_offer(draft: &mut Draft<'_>, clock: Clock) -> Result<(), Rejection> {
    let Some(offer) = draft.case().offer.as_ref().map(|live| live.id) else {
        return Err(Rejection::TaskSuperseded);
    };
    charge(draft, clock);
    draft.go(Fact::OfferExpired { offer }, Stage::ChoosingCentre)
}

fn redispatch(draft: &mut Draft<'_>, clock: Clock) -> Result<(), Rejection> {
    charge(draft, clock);
    if draft.case().stage == Stage::RemoteGuidance {
        return draft.go(Fact::GuidanceFailed, Stage::ChoosingCentre);
    }
    if draft.case().stage == Stage::EvidenceLinked
        && let Some(certificate) = draft.case().linked_certificate
    {
        let reason = "not_read_in_time".to_owned();
        let fact = Fact::LinkedCertificateRefused { certificate, reason };
        return draft.go(fact, Stage::ChoosingCentre);
    }
    dispatch::withdraw(draft, clock.as_str())
}

/// To the decision, which sees the breach. Whatever the field still had is taken back first, so that
/// nobody travels for a case that is being decided.
fn decide_again(draft: &mut Draft<'_>, clock: Clock) -> Result<(), Rejection> {
    charge(draft, clock);
    back_to_decision(draft, clock)
}

fn back_to_decision(draft: &mut Draft<'_>, clock: Clock) -> Result<(), Rejection> {
    let dispatched = BEFORE_VISIT.contains(&draft.case().stage);
    let live = draft.case().offer.is_some() || draft.case().work_order.is_some();
    if dispatched && live {
        dispatch::withdraw(draft, clock.as_str())?;
    }
    let fact = match draft.case().stage {
        Stage::ChoosingCentre if clock != Clock::Promise => {
            Fact::CoverageExhausted { asked: draft.case().offers_made }
        }
        Stage::Disputed => Fact::DisputeHeard,
        _ => Fact::BackToDecision { because: clock },
    };
    draft.go(fact, Stage::Deciding)
}

/// Whatever promise is broken by now is recorded as such, and charged to whom its pack names. What follows
/// is said by the table of promises: the policy is asked at once what the breach is worth, or whatever is
/// under way goes on.
fn break_promises(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let broken = draft.case().promises_due(draft.now());
    if broken.is_empty() {
        return Err(Rejection::TaskSuperseded);
    }
    for (promise, clock) in &broken {
        draft.note(Fact::PromiseMissed { promise: promise.clone() })?;
        draft.record_miss(Clock::Promise, clock.charged_to, Tasks::default());
    }
    if !broken.iter().any(|(_, clock)| draft.case().is_decided_anew(clock)) {
        return Ok(());
    }
    if draft.case().pause.is_some() {
        holding::resume(draft)?;
    }
    back_to_decision(draft, Clock::Promise)
}

/// What ends after some misses is asked for at the same pace till then; what is asked for without end
/// is asked for less and less often, so that an outage does not fill the log.
fn escalate(draft: &mut Draft<'_>, clock: Clock, then: Then) -> Result<(), Rejection> {
    let misses = draft.case().missed(clock) + 1;
    let is_last = misses >= ESCALATIONS_MAX;
    let due = match (then, clock) {
        (Then::Redispatch, _) if is_last => return redispatch(draft, clock),
        (Then::DecideAgain, _) if is_last => return decide_again(draft, clock),
        (Then::KeepAsking, _) => draft.due_backed_off(clock, misses)?,
        (_, Clock::NextContact) => draft.due(Clock::FirstContact)?,
        _ => draft.due(clock)?,
    };
    let tasks = Tasks::default().and_arm(clock, due);
    draft.record_miss(clock, clock.row().owner, tasks);
    Ok(())
}

/// What the customer asked for is not on offer, or was tried before: the first remedy is carried out.
fn choose_for_customer(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let offered = draft.case().decision.as_ref().and_then(|decision| decision.offered.first());
    let Some(first) = offered.map(|one| one.remedy) else {
        return Err(Rejection::TaskSuperseded);
    };
    remedy::choose(draft, first)
}
