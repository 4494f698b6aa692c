//! Disputes: opened, answered, proven, tested, heard.
//!
//! A dispute has one hearing. Either side may hand in evidence for a limited time, the other side has a
//! time of its own to answer, and a laboratory or a panel of experts may be asked. Whatever ends the
//! hearing leads to the decision, which says whom the tests cost.

use crate::case::{Case, Dispute};
use crate::command::{Command, Verb};
use crate::deadline::Clock;
use crate::event::{Awaited, Fact, OfferedRemedy};
use crate::rejection::Rejection;
use crate::stage::Stage;
use crate::table;
use crate::task::Task;
use crate::vocab::{Cause, Function, Party};

use super::draft::{Draft, Tasks};

/// How long after closing an appeal is open (platform dispute rules: 7 calendar days).
const APPEAL: Clock = Clock::Appeal;
/// How often evidence may be handed in on one case, by all sides together.
const EVIDENCE_CALLS_MAX: u32 = 20;
/// How few experts make a panel.
const EXPERTS_MIN: usize = 3;
/// How many do.
const EXPERTS_MAX: usize = 7;

pub(super) fn decide(draft: &mut Draft<'_>, command: &Command) -> Result<(), Rejection> {
    match command {
        Command::OpenDispute { reason } => open(draft, reason),
        Command::AnswerDispute { concedes } => answer(draft, *concedes),
        Command::AwaitInDispute { awaited } => wait_for(draft, *awaited),
        Command::AddEvidence { pieces, proves, is_all } => {
            add_evidence(draft, *pieces, *proves, *is_all)
        }
        Command::ReportAtLab => at_lab(draft),
        Command::ConvenePanel { experts } => convene(draft, experts),
        Command::GiveOpinion { function, cause } => give_opinion(draft, *function, *cause),
        Command::Reopen { reason } => reopen(draft, reason),
        other => unreachable!("{} is not a command of a dispute", other.verb()),
    }
}

fn open(draft: &mut Draft<'_>, reason: &str) -> Result<(), Rejection> {
    if draft.case().dispute.as_ref().is_some_and(|dispute| dispute.heard) {
        return Err(Rejection::DisputeHeard);
    }
    start(draft, reason)
}

/// The other side has its time to answer, and both sides have theirs for evidence.
pub(super) fn start(draft: &mut Draft<'_>, reason: &str) -> Result<(), Rejection> {
    let tasks = Tasks::default().and_arm(Clock::DisputeReply, draft.due(Clock::DisputeReply)?);
    let evidence_until = Some(draft.due(Clock::DisputeEvidence)?);
    let reason = reason.to_owned();
    draft.go_with(Fact::DisputeOpened { reason, evidence_until }, Stage::Disputed, tasks)
}

fn reopen(draft: &mut Draft<'_>, reason: &str) -> Result<(), Rejection> {
    let case = draft.case();
    let closed_at = case.ending.map_or(case.updated_at, |(_, at)| at);
    let limit = draft.ctx().deadlines.due(APPEAL, closed_at, draft.ctx().calendar)?;
    if draft.now() > limit {
        return Err(Rejection::AppealWindowOver);
    }
    if case.dispute.as_ref().is_some_and(|dispute| dispute.heard) {
        return Err(Rejection::DisputeHeard);
    }
    draft.go(Fact::Reopened, Stage::Disputed)?;
    start(draft, reason)
}

fn disputed<'a>(draft: &'a Draft<'_>) -> Result<&'a Dispute, Rejection> {
    draft.case().dispute.as_ref().ok_or(Rejection::NotDisputed)
}

/// Who gives in ends the hearing. Any other answer leaves both sides what is left of their time for
/// evidence, unless the customer has said that there is no more; what else the dispute waits for, it
/// goes on waiting for.
fn answer(draft: &mut Draft<'_>, conceded: bool) -> Result<(), Rejection> {
    if disputed(draft)?.answered && !conceded {
        // What comes after the answer is evidence; only giving in is news.
        let (stage, verb, actor) =
            (draft.case().stage, Verb::AnswerDispute, draft.ctx().actor.kind);
        let open = table::open_to(stage, actor);
        return Err(Rejection::IllegalTransition { stage, verb, actor, open });
    }
    let by = draft.ctx().actor.kind.party();
    draft.note(Fact::DisputeAnswered { by, conceded })?;
    let dispute = disputed(draft)?;
    let until = dispute.evidence_until.filter(|until| draft.now() < *until);
    let customer_is_done = dispute.complete.contains(&Party::Customer);
    match (dispute.awaits, until) {
        (Awaited::Reply, Some(until)) if !conceded && !customer_is_done => {
            let tasks = Tasks::default().and_arm(Clock::DisputeEvidence, until);
            let (awaited, evidence_until) = (Awaited::Evidence, None);
            draft.note_with(Fact::DisputeAwaits { awaited, evidence_until }, tasks)
        }
        (Awaited::Lab | Awaited::Panel | Awaited::Evidence, _) if !conceded => Ok(()),
        _ => hear(draft),
    }
}

fn hear(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    draft.go(Fact::DisputeHeard, Stage::Deciding)
}

/// Asks for something else before the decision: more evidence, with a new time for it, or a laboratory.
fn wait_for(draft: &mut Draft<'_>, awaited: Awaited) -> Result<(), Rejection> {
    disputed(draft)?;
    let (clock, evidence_until) = match awaited {
        Awaited::Reply => (Clock::DisputeReply, None),
        Awaited::Evidence => (Clock::DisputeEvidence, Some(draft.due(Clock::DisputeEvidence)?)),
        Awaited::Lab => (Clock::LabTransit, None),
        // A panel is somebody in particular.
        Awaited::Panel => return Err(Rejection::PanelInvalid),
    };
    let tasks = Tasks::default().and_arm(clock, draft.due(clock)?);
    draft.go_with(Fact::DisputeAwaits { awaited, evidence_until }, Stage::Disputed, tasks)
}

/// What runs for a dispute that goes on after an interruption.
pub(super) fn running(draft: &Draft<'_>) -> Result<Tasks, Rejection> {
    let dispute = disputed(draft)?;
    let clock = match dispute.awaits {
        Awaited::Reply => Clock::DisputeReply,
        Awaited::Evidence => {
            let until = dispute.evidence_until.unwrap_or(draft.now()).max(draft.now());
            return Ok(Tasks::default().and_arm(Clock::DisputeEvidence, until));
        }
        Awaited::Lab if dispute.at_lab => Clock::LabReport,
        Awaited::Lab => Clock::LabTransit,
        Awaited::Panel => Clock::PanelOpinions,
    };
    Ok(Tasks::default().and_arm(clock, draft.due(clock)?))
}

/// Evidence comes in time or not at all. In a dispute that waits for nothing else, two sides that have
/// nothing more end the hearing.
fn add_evidence(
    draft: &mut Draft<'_>,
    pieces: u32,
    proves: bool,
    is_all: bool,
) -> Result<(), Rejection> {
    let case = draft.case();
    if case.evidence_added >= EVIDENCE_CALLS_MAX {
        return Err(Rejection::EvidenceFull);
    }
    let held_until = case.owes(Task::Clock(Clock::BrandEvidence)).map(|owed| owed.due);
    let until = match case.stage {
        Stage::VerdictHeld => held_until,
        _ => disputed(draft)?.evidence_until,
    };
    if let Some(until) = until.filter(|until| draft.now() > *until) {
        return Err(Rejection::EvidenceClosed { until });
    }
    let by = draft.ctx().actor.kind.party();
    draft.note(Fact::EvidenceAdded { by, pieces, proves, is_all })?;
    let is_over = draft.case().dispute.as_ref().is_some_and(|dispute| {
        let customer = dispute.complete.contains(&Party::Customer);
        let other = dispute.complete.iter().any(|one| matches!(one, Party::Brand | Party::Centre));
        dispute.awaits == Awaited::Evidence && customer && other
    });
    if is_over && draft.case().stage == Stage::Disputed { hear(draft) } else { Ok(()) }
}

/// Its own time begins when the laboratory has the unit: the way there is the carrier's.
fn at_lab(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let dispute = disputed(draft)?;
    if dispute.awaits != Awaited::Lab || dispute.at_lab {
        return Err(Rejection::LabNotAwaited);
    }
    let tasks = Tasks::default().and_arm(Clock::LabReport, draft.due(Clock::LabReport)?);
    draft.note_with(Fact::UnitAtLab, tasks)
}

/// One panel a dispute, of an odd number so that it can come to a majority, without whoever asks it.
fn convene(draft: &mut Draft<'_>, experts: &[String]) -> Result<(), Rejection> {
    let dispute = disputed(draft)?;
    let asks = draft.ctx().actor.id.as_ref();
    let fits = (EXPERTS_MIN..=EXPERTS_MAX).contains(&experts.len()) && experts.len() % 2 == 1;
    let repeats = experts.iter().enumerate().any(|(at, one)| experts[..at].contains(one));
    let biased = asks.is_some_and(|asks| experts.contains(asks));
    if dispute.panel.is_some() || !fits || repeats || biased {
        return Err(Rejection::PanelInvalid);
    }
    let due = draft.due(Clock::PanelOpinions)?;
    let tasks = Tasks::default().and_arm(Clock::PanelOpinions, due);
    draft.go_with(Fact::PanelConvened { experts: experts.to_vec() }, Stage::Disputed, tasks)
}

/// Each expert has one opinion. More than half of all of them make a finding at once; when all have
/// spoken without that, there is none.
fn give_opinion(draft: &mut Draft<'_>, function: Function, cause: Cause) -> Result<(), Rejection> {
    let awaits_panel = disputed(draft)?.awaits == Awaited::Panel;
    let panel = disputed(draft)?.panel.as_ref().filter(|_| awaits_panel);
    let expert = draft.ctx().actor.id.clone().unwrap_or_default();
    let is_asked = panel.is_some_and(|panel| {
        let has_spoken = panel.opinions.iter().any(|one| one.expert == expert);
        panel.experts.contains(&expert) && !has_spoken
    });
    if !is_asked {
        return Err(Rejection::NotOnPanel);
    }
    draft.note(Fact::OpinionGiven { expert, function, cause })?;
    let Some(panel) = disputed(draft)?.panel.as_ref() else { return Ok(()) };
    match panel.majority(panel.experts.len()) {
        Some((function, cause, votes)) => {
            draft.note(Fact::PanelConcluded { function, cause, votes })?;
            hear(draft)
        }
        None if panel.opinions.len() == panel.experts.len() => hear(draft),
        None => Ok(()),
    }
}

/// The time for evidence or for opinions is over: the dispute is decided on what is there. Of a panel
/// that has a quorum the majority of those who spoke is its finding.
pub(super) fn run_out(draft: &mut Draft<'_>, clock: Clock) -> Result<(), Rejection> {
    let panel = disputed(draft)?.panel.as_ref().filter(|_| clock == Clock::PanelOpinions);
    let found = panel
        .filter(|panel| panel.has_quorum())
        .and_then(|panel| panel.majority(panel.opinions.len()));
    if let Some((function, cause, votes)) = found {
        draft.note(Fact::PanelConcluded { function, cause, votes })?;
    }
    hear(draft)
}

/// Says, with the decision, whom the dispute went against: the customer who gains nothing by it, else
/// the business, which also bears a test that could not tell (北京 art. 11).
pub(super) fn settle(draft: &mut Draft<'_>, offered: &[OfferedRemedy]) -> Result<(), Rejection> {
    let case = draft.case();
    let Some(dispute) = case.dispute.as_ref().filter(|dispute| dispute.loser.is_none()) else {
        return Ok(());
    };
    let loser = match gains(case, offered) || could_not_tell(case, dispute) {
        true => Party::Brand,
        false => Party::Customer,
    };
    draft.note(Fact::DisputeDecided { loser, tests: dispute.tests })
}

/// Whether the new decision gives something that the disputed one did not.
fn gains(case: &Case, offered: &[OfferedRemedy]) -> bool {
    let before = case.decision.as_ref().map(|decision| decision.offered.as_slice());
    let before = before.unwrap_or_default();
    offered.iter().any(|now| {
        let same = before.iter().find(|then| then.remedy == now.remedy);
        same.is_none_or(|then| now.amount_fen > then.amount_fen)
    })
}

fn could_not_tell(case: &Case, dispute: &Dispute) -> bool {
    let inconclusive =
        |function, cause| cause == Cause::Undetermined || function == Function::Untested;
    let by_panel = dispute.panel.as_ref().map(|panel| panel.finding);
    match by_panel {
        Some(finding) => finding.is_none_or(|(function, cause)| inconclusive(function, cause)),
        None => case.finding().is_some_and(|newest| {
            newest.answers_dispute && inconclusive(newest.finding.function, newest.finding.cause)
        }),
    }
}
