//! Deciding: may this command be given now, and what does it write into the log?
//!
//! Pure: the state, the command, and a context that holds everything else (time, actor, calendar,
//! limits). The same inputs give the same events. A refusal writes nothing.

mod asking;
mod dispatch;
mod dispute;
mod draft;
mod filing;
mod holding;
mod miss;
mod parts;
mod proposal;
mod remedy;
mod verdict;
mod visit;

use crate::actor::{Actor, ActorKind};
use crate::calendar::Calendar;
use crate::case::Case;
use crate::command::Command;
use crate::deadline::Deadlines;
use crate::event::{Event, Heard};
use crate::ids::CaseId;
use crate::rejection::Rejection;
use crate::table;
use crate::time::Timestamp;

use draft::Draft;

/// Everything a decision may depend on beside the case and the command.
#[derive(Clone, Copy, Debug)]
pub struct Ctx<'a> {
    /// Now. A case's time never runs backwards: an earlier `now` counts as the last event's time.
    pub now: Timestamp,
    /// Who asks.
    pub actor: &'a Actor,
    /// The calendar in force.
    pub calendar: &'a Calendar,
    /// The limits in force.
    pub deadlines: &'a Deadlines,
}

/// What a command writes: new entries of the log, and the case after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The entries, numbered on from the case's version; at least one.
    pub events: Vec<Event>,
    /// The case after the last of them.
    pub case: Case,
}

impl Decided {
    /// The same, as caused by a message that its sender numbered.
    #[must_use]
    pub fn heard(mut self, heard: Heard) -> Self {
        if let Some(first) = self.events.first_mut() {
            first.heard = Some(heard);
            self.case.hear(first);
        }
        self
    }
}

/// Files a new case.
///
/// # Errors
/// [`Rejection::IllegalTransition`] when the command is not [`Command::File`] or the actor may not
/// file.
pub fn file(id: CaseId, command: &Command, ctx: &Ctx<'_>) -> Result<Decided, Rejection> {
    let may_file = table::row(command.verb()).by.contains(&ctx.actor.kind);
    match command {
        Command::File { filing } if may_file => {
            let mut draft = Draft::new(Case::unfiled(id, filing.clone(), ctx.now), ctx);
            filing::file(&mut draft, filing)?;
            Ok(draft.finish())
        }
        _ => Err(Rejection::IllegalTransition {
            stage: crate::stage::Stage::Filed,
            verb: command.verb(),
            actor: ctx.actor.kind,
            open: Vec::new(),
        }),
    }
}

/// Decides on a command to a filed case.
///
/// # Errors
/// Any [`Rejection`]; the case is then unchanged.
pub fn decide(case: &Case, command: &Command, ctx: &Ctx<'_>) -> Result<Decided, Rejection> {
    check_legal(case, command, ctx.actor.kind)?;
    let mut draft = Draft::new(case.clone(), ctx);
    route(&mut draft, command)?;
    let decided = draft.finish();
    debug_assert!(
        table::leads(command.verb(), case.stage, decided.case.stage),
        "{} led from {} to {}",
        command.verb(),
        case.stage,
        decided.case.stage
    );
    Ok(decided)
}

fn check_legal(case: &Case, command: &Command, actor: ActorKind) -> Result<(), Rejection> {
    let verb = command.verb();
    if table::allows(case.stage, verb, actor) {
        return Ok(());
    }
    if case.stage.is_ended() && actor == ActorKind::Timer {
        return Err(Rejection::TaskSuperseded);
    }
    if case.stage.is_ended() {
        return Err(Rejection::CaseEnded { stage: case.stage });
    }
    let open = table::open_to(case.stage, actor);
    Err(Rejection::IllegalTransition { stage: case.stage, verb, actor, open })
}

/// Hands the command to the file that knows it; the list is exhaustive, so a new command cannot be
/// forgotten.
#[rustfmt::skip]
fn route(draft: &mut Draft<'_>, command: &Command) -> Result<(), Rejection> {
    match command {
        Command::File { .. } => unreachable!("the table opens filing in no stage"),
        Command::Fire { task, generation } => miss::fire(draft, *task, *generation),
        Command::Triage { .. }
        | Command::SolveByGuidance
        | Command::FailGuidance
        | Command::LinkCertificate { .. }
        | Command::RefuseLinkedCertificate { .. }
        | Command::DeclareIntact
        | Command::ReportPickup { .. } => filing::decide(draft, command),
        Command::MakeOffer { .. }
        | Command::ReportNoCoverage
        | Command::AcceptOffer { .. }
        | Command::DeclineOffer { .. }
        | Command::WithdrawOffer { .. }
        | Command::AssignCentre { .. }
        | Command::AssignTechnician { .. }
        | Command::ReassignTechnician { .. } => dispatch::decide(draft, command),
        Command::ReportContactFailed { .. }
        | Command::HoldSlot { .. }
        | Command::ReleaseSlot
        | Command::ProposeWindows { .. }
        | Command::ReleaseWindows
        | Command::BookAppointment { .. }
        | Command::RescheduleAppointment { .. }
        | Command::HandOverVisit { .. }
        | Command::StartTravel { .. }
        | Command::CheckIn { .. }
        | Command::ReportNoShow { .. }
        | Command::ReportUnable { .. }
        | Command::ExpectParts { .. } => visit::decide(draft, command),
        Command::SubmitCertificate { .. }
        | Command::ConfirmCertificate { .. }
        | Command::ContestCertificate { .. }
        | Command::Decide { .. }
        | Command::Deny { .. }
        | Command::SendToAgent { .. }
        | Command::OrderSecondInspection { .. } => verdict::decide(draft, command),
        Command::ProposeDecision { .. }
        | Command::ApproveProposal { .. }
        | Command::RefuseProposal { .. } => proposal::decide(draft, command),
        Command::RequestParts { .. }
        | Command::ShipParts { .. }
        | Command::ReportBackorder { .. }
        | Command::ReceiveParts { .. }
        | Command::InstallParts { .. }
        | Command::ReturnParts { .. } => parts::decide(draft, command),
        Command::ChooseRemedy { .. }
        | Command::ReportReceived
        | Command::ReportReturned
        | Command::CompleteRepair
        | Command::ReportRepairFailed
        | Command::RenewCode
        | Command::WaiveCode { .. }
        | Command::CompleteVisit { .. }
        | Command::RecordRefund { .. }
        | Command::RecordPaymentAccepted { .. }
        | Command::RecordReplacementOrdered { .. }
        | Command::ReportReplacement { .. }
        | Command::RecordCompensation { .. }
        | Command::GrantGoodwill { .. }
        | Command::QuoteRepair { .. }
        | Command::AcceptQuote { .. }
        | Command::AcceptDenial
        | Command::ConfirmOutcome
        | Command::RejectOutcome => remedy::decide(draft, command),
        Command::OpenDispute { .. }
        | Command::AnswerDispute { .. }
        | Command::AwaitInDispute { .. }
        | Command::AddEvidence { .. }
        | Command::ReportAtLab
        | Command::ConvenePanel { .. }
        | Command::GiveOpinion { .. }
        | Command::Reopen { .. } => dispute::decide(draft, command),
        Command::Pause { .. }
        | Command::Resume
        | Command::Cancel
        | Command::AcknowledgeCancel
        | Command::RefuseCancel { .. }
        | Command::Remind
        | Command::AnswerReminder
        | Command::AnswerSurvey { .. }
        | Command::RaiseAnomaly { .. }
        | Command::Note { .. }
        | Command::Merge { .. }
        | Command::KeepMessage { .. } => holding::decide(draft, command),
        Command::RecordNotice { .. } | Command::RecordNoNotice { .. } => asking::decide(draft, command),
    }
}
