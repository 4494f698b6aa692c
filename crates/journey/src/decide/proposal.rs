//! Four eyes: what is above somebody's authority waits for a second person.
//!
//! How far an authority reaches is not known here; whoever gives the command has looked. What is held
//! here is that a proposal is approved by another person than the one who made it, that it is carried
//! out in the step that approves it, and that it stands on the case as it was: whatever moves the case
//! ends it.

use crate::command::{Command, Verb};
use crate::deadline::Clock;
use crate::event::{Decision, Fact, Proposal, Proposed};
use crate::ids::ProposalId;
use crate::rejection::Rejection;
use crate::table;

use super::draft::{Draft, Tasks};
use super::{remedy, verdict};

pub(super) fn decide(draft: &mut Draft<'_>, command: &Command) -> Result<(), Rejection> {
    match command {
        Command::ProposeDecision { proposal } => propose(draft, proposal),
        Command::ApproveProposal { proposal } => approve(draft, *proposal),
        Command::RefuseProposal { proposal } => {
            check_waiting(draft, *proposal)?;
            draft.note(Fact::ProposalRefused { proposal: *proposal })
        }
        other => unreachable!("{} is not a command of a proposal", other.verb()),
    }
}

fn propose(draft: &mut Draft<'_>, proposal: &Proposal) -> Result<(), Rejection> {
    if draft.case().proposal.is_some() {
        return Err(Rejection::ProposalWaiting);
    }
    match &proposal.what {
        Proposed::Decision(decision) => check_open(draft, verb(decision))?,
        Proposed::Goodwill(amount_fen) => remedy::check_goodwill(draft, *amount_fen)?,
    }
    let tasks = Tasks::default().and_arm(Clock::Approval, draft.due(Clock::Approval)?);
    draft.note_with(Fact::DecisionProposed(proposal.clone()), tasks)
}

fn verb(decision: &Decision) -> Verb {
    if decision.offered.is_empty() { Verb::Deny } else { Verb::Decide }
}

/// What could not be done now is not proposed either.
fn check_open(draft: &Draft<'_>, verb: Verb) -> Result<(), Rejection> {
    let (stage, actor) = (draft.case().stage, draft.ctx().actor.kind);
    if table::allows(stage, verb, actor) {
        return Ok(());
    }
    Err(Rejection::IllegalTransition { stage, verb, actor, open: table::open_to(stage, actor) })
}

fn check_waiting(draft: &Draft<'_>, proposal: ProposalId) -> Result<(), Rejection> {
    let waits = draft.case().proposal.as_ref().map(|waiting| waiting.proposal.id);
    if waits == Some(proposal) { Ok(()) } else { Err(Rejection::ProposalUnknown) }
}

fn approve(draft: &mut Draft<'_>, proposal: ProposalId) -> Result<(), Rejection> {
    check_waiting(draft, proposal)?;
    let Some(waiting) = draft.case().proposal.clone() else {
        return Err(Rejection::ProposalUnknown);
    };
    if waiting.by.id == draft.ctx().actor.id {
        return Err(Rejection::FourEyesNeeded);
    }
    draft.note(Fact::ProposalApproved { proposal })?;
    match &waiting.proposal.what {
        Proposed::Decision(decision) if decision.offered.is_empty() => {
            verdict::deny(draft, decision)
        }
        Proposed::Decision(decision) => verdict::offer(draft, decision),
        Proposed::Goodwill(amount_fen) => remedy::grant_goodwill(draft, *amount_fen),
    }
}

/// Nobody looked in time. The case is where it was, and so is whoever has to decide it.
pub(super) fn lapse(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let waiting = draft.case().proposal.as_ref().ok_or(Rejection::TaskSuperseded)?;
    let proposal = waiting.proposal.id;
    draft.note(Fact::ProposalLapsed { proposal })
}
