//! The table of transitions: which command fits which stage, where it may lead, who may give it.
//!
//! Everything not listed is refused. `decide` never leads anywhere this table does not name, and the
//! diagram in `docs/journey.md` is drawn from it.

use crate::actor::ActorKind;
use crate::command::Verb;
use crate::stage::{OPEN, Stage};

/// One row: a command, where it is open, where it may lead, who may give it.
pub struct Transition {
    /// The command.
    pub verb: Verb,
    /// The stages it is open in.
    pub from: &'static [Stage],
    /// Where it may lead; empty when the case stays where it is. [`Stage::Paused`] and resuming
    /// lead "back", which is written as the stages a pause can start in.
    pub to: &'static [Stage],
    /// Who may give it.
    pub by: &'static [ActorKind],
}

const fn t(
    verb: Verb,
    from: &'static [Stage],
    to: &'static [Stage],
    by: &'static [ActorKind],
) -> Transition {
    Transition { verb, from, to, by }
}

use ActorKind::{Agent, Brand, Carrier, Centre, Customer, Lab, Payment, Policy, Technician, Timer};
use Stage as S;

const BRAND_SIDE: &[ActorKind] = &[Brand, Centre, Agent];
const FIELD: &[ActorKind] = &[Brand, Centre, Technician, Agent];
const ANYBODY: &[ActorKind] =
    &[Customer, Agent, Brand, Centre, Technician, Carrier, Lab, Payment, Policy, Timer];

/// The stages in which a work order is live and no finding is in.
const BEFORE_FINDING: &[Stage] = &[
    S::Dispatched,
    S::Accepted,
    S::CentreAssigned,
    S::TechnicianAssigned,
    S::Unreachable,
    S::Appointed,
];
const WITH_TECHNICIAN: &[Stage] = &[S::TechnicianAssigned, S::Unreachable, S::Appointed];
const TO_BOOK: &[Stage] = &[S::TechnicianAssigned, S::Unreachable];
/// Where a pause may start and therefore where resuming leads back to.
const PAUSABLE: &[Stage] = &[
    S::CentreAssigned,
    S::TechnicianAssigned,
    S::Unreachable,
    S::Appointed,
    S::OnSite,
    S::Inspecting,
    S::Repairing,
    S::Replacing,
    S::Returning,
];
/// Where the customer may be asked something that their silence answers.
const ASKED: &[Stage] = &[S::RemedyOffered, S::Denied, S::AwaitConfirm, S::Paused];
/// Where a case can still be cancelled.
const CANCELLABLE: &[Stage] = &[
    S::Filed,
    S::NoReason,
    S::RemoteGuidance,
    S::EvidenceLinked,
    S::Returning,
    S::ChoosingCentre,
    S::Dispatched,
    S::Accepted,
    S::CentreAssigned,
    S::TechnicianAssigned,
    S::Unreachable,
    S::Appointed,
    S::OnSite,
    S::Inspecting,
    S::RemedyOffered,
    S::Denied,
    S::Paused,
];
/// Where a case can end for another one about the same: nobody has been at the door and nothing is decided.
const MERGEABLE: &[Stage] = &[
    S::Filed,
    S::NoReason,
    S::RemoteGuidance,
    S::EvidenceLinked,
    S::ChoosingCentre,
    S::Dispatched,
    S::Accepted,
    S::CentreAssigned,
    S::TechnicianAssigned,
    S::Unreachable,
];
/// Where parts can be awaited: a pause for them does not stop their way.
const PARTS_AWAITED: &[Stage] = &[S::Repairing, S::Paused];
const BACK_FROM_CANCEL: &[Stage] = &[S::Appointed, S::OnSite, S::Inspecting];
/// Where somebody may decide or give by hand, and so propose it.
const BY_HAND: &[Stage] = &[S::Deciding, S::Disputed, S::RemedyOffered, S::Denied, S::AwaitConfirm];
/// Where a decision or goodwill by hand may lead.
const AFTER_HAND: &[Stage] =
    &[S::RemedyOffered, S::Refunding, S::Replacing, S::Repairing, S::Denied, S::Compensating];
const REMEDIES: &[Stage] = &[S::Refunding, S::Replacing, S::Repairing];
/// Where a missed deadline may lead, over all clocks.
const AFTER_MISS: &[Stage] = &[
    S::ChoosingCentre,
    S::Deciding,
    S::TechnicianAssigned,
    S::Refunding,
    S::Replacing,
    S::Repairing,
    S::Closed,
    S::Cancelled,
    S::CentreAssigned,
    S::Unreachable,
    S::Appointed,
    S::OnSite,
    S::Inspecting,
    S::Returning,
];

/// The whole table.
#[rustfmt::skip]
pub const TRANSITIONS: &[Transition] = &[
    t(Verb::File,                    &[],                          &[S::Filed],                             &[Customer, Agent]),
    t(Verb::Triage,                  &[S::Filed],                  &[S::ChoosingCentre, S::NoReason, S::Returning, S::RemoteGuidance, S::Deciding], &[Policy, Agent]),
    t(Verb::SolveByGuidance,         &[S::RemoteGuidance],         &[S::AwaitConfirm],                      &[Agent, Customer]),
    t(Verb::FailGuidance,            &[S::RemoteGuidance],         &[S::ChoosingCentre],                    &[Agent, Customer]),
    t(Verb::LinkCertificate,         &[S::Filed, S::RemoteGuidance, S::ChoosingCentre], &[S::EvidenceLinked], &[Customer, Agent]),
    t(Verb::RefuseLinkedCertificate, &[S::EvidenceLinked],         &[S::ChoosingCentre],                    &[Agent]),
    t(Verb::DeclareIntact,           &[S::NoReason],               &[S::Returning],                         &[Customer, Agent]),
    t(Verb::ReportPickup,            &[S::Returning],              &[S::Refunding, S::Disputed],            &[Carrier, Agent]),
    t(Verb::MakeOffer,               &[S::ChoosingCentre],         &[S::Dispatched],                        &[Policy, Agent]),
    t(Verb::ReportNoCoverage,        &[S::ChoosingCentre],         &[S::Deciding],                          &[Policy, Agent]),
    t(Verb::AcceptOffer,             &[S::Dispatched],             &[S::Accepted, S::CentreAssigned],       BRAND_SIDE),
    t(Verb::DeclineOffer,            &[S::Dispatched],             &[S::ChoosingCentre],                    BRAND_SIDE),
    t(Verb::WithdrawOffer,           BEFORE_FINDING,               &[S::ChoosingCentre],                    &[Policy, Agent]),
    t(Verb::AssignCentre,            &[S::Accepted],               &[S::CentreAssigned],                    &[Brand, Agent]),
    t(Verb::AssignTechnician,        &[S::CentreAssigned],         &[S::TechnicianAssigned],                BRAND_SIDE),
    t(Verb::ReassignTechnician,      WITH_TECHNICIAN,              &[S::TechnicianAssigned],                BRAND_SIDE),
    t(Verb::ReportContactFailed,     TO_BOOK,                      &[S::Unreachable, S::Paused],            FIELD),
    t(Verb::HoldSlot,                WITH_TECHNICIAN,              &[],                                     &[Customer, Agent, Brand, Centre]),
    t(Verb::ReleaseSlot,             WITH_TECHNICIAN,              &[],                                     &[Customer, Agent, Brand, Centre]),
    t(Verb::ProposeWindows,          TO_BOOK,                      &[],                                     &[Agent, Brand, Centre]),
    t(Verb::ReleaseWindows,             TO_BOOK,                      &[],                                     &[Customer, Agent, Brand, Centre]),
    t(Verb::BookAppointment,         TO_BOOK,                      &[S::Appointed],                         &[Customer, Agent, Brand, Centre]),
    t(Verb::RescheduleAppointment,   &[S::Appointed],              &[],                                     &[Customer, Agent, Brand, Centre]),
    t(Verb::HandOverVisit,           &[S::Appointed],              &[],                                     BRAND_SIDE),
    t(Verb::StartTravel,             &[S::Appointed],              &[],                                     &[Technician, Centre]),
    t(Verb::CheckIn,                 &[S::Appointed],              &[S::OnSite],                            &[Technician, Centre]),
    t(Verb::ReportNoShow,            &[S::Appointed, S::OnSite],   &[S::TechnicianAssigned],                &[Customer, Agent, Technician, Centre]),
    t(Verb::ReportUnable,            &[S::Appointed, S::OnSite, S::Inspecting], &[S::TechnicianAssigned, S::Paused], &[Technician, Centre, Agent]),
    t(Verb::ExpectParts,             WITH_TECHNICIAN,              &[],                                     FIELD),
    t(Verb::SubmitCertificate,       &[S::OnSite, S::Inspecting, S::EvidenceLinked, S::Disputed], &[S::VerdictIn, S::Deciding, S::VerdictHeld, S::Repairing], &[Technician, Centre, Brand, Lab, Agent]),
    t(Verb::ConfirmCertificate,      &[S::VerdictHeld],            &[S::Deciding],                          &[Brand]),
    t(Verb::ContestCertificate,      &[S::VerdictHeld],            &[S::Deciding],                          &[Brand]),
    t(Verb::Decide,                  &[S::Deciding, S::Disputed],  &[S::RemedyOffered, S::Refunding, S::Replacing, S::Repairing], &[Policy, Agent]),
    t(Verb::Deny,                    &[S::Deciding, S::Disputed],  &[S::Denied],                            &[Policy, Agent]),
    t(Verb::SendToAgent,             &[S::Deciding],               &[],                                     &[Policy]),
    t(Verb::OrderSecondInspection,   &[S::Deciding, S::Disputed],  &[S::ChoosingCentre],                    &[Policy, Agent]),
    t(Verb::ProposeDecision,         BY_HAND,                      &[],                                     &[Agent]),
    t(Verb::ApproveProposal,         BY_HAND,                      AFTER_HAND,                              &[Agent]),
    t(Verb::RefuseProposal,          BY_HAND,                      &[],                                     &[Agent]),
    t(Verb::ChooseRemedy,            &[S::RemedyOffered],          REMEDIES,                                &[Customer, Agent]),
    t(Verb::RequestParts,            &[S::Repairing],              &[],                                     FIELD),
    t(Verb::ShipParts,               &[S::Repairing],              &[],                                     BRAND_SIDE),
    t(Verb::ReportBackorder,         PARTS_AWAITED,                &[],                                     BRAND_SIDE),
    t(Verb::ReceiveParts,            PARTS_AWAITED,                &[S::Repairing],                         FIELD),
    t(Verb::InstallParts,            &[S::Repairing],              &[],                                     FIELD),
    t(Verb::ReturnParts,             Stage::ALL,                   &[],                                     BRAND_SIDE),
    t(Verb::ReportReceived,          &[S::Repairing],              &[],                                     BRAND_SIDE),
    t(Verb::ReportReturned,          &[S::Repairing, S::AwaitConfirm], &[],                                     BRAND_SIDE),
    t(Verb::CompleteRepair,          &[S::Repairing],              &[S::AwaitConfirm],                      FIELD),
    t(Verb::ReportRepairFailed,      &[S::Repairing],              &[S::Deciding],                          FIELD),
    t(Verb::RenewCode,               &[S::Repairing, S::AwaitConfirm], &[],                                 &[Customer, Agent, Brand, Centre, Technician]),
    t(Verb::WaiveCode,               &[S::Repairing, S::AwaitConfirm], &[S::Closed],                        &[Agent]),
    t(Verb::CompleteVisit,           &[S::Repairing, S::AwaitConfirm], &[S::Closed],                        FIELD),
    t(Verb::RecordRefund,            &[S::Refunding],              &[S::AwaitConfirm],                      &[Payment, Policy, Agent]),
    t(Verb::RecordPaymentAccepted,   &[S::Refunding, S::Compensating], &[],                              &[Payment, Policy]),
    t(Verb::RecordReplacementOrdered, &[S::Replacing, S::Paused],  &[],                                     &[Policy]),
    t(Verb::ReportReplacement,       &[S::Replacing],              &[S::AwaitConfirm],                      &[Carrier, Technician, Centre, Agent]),
    t(Verb::RecordCompensation,      &[S::Compensating],           BY_HAND,                                 &[Payment, Policy, Agent]),
    t(Verb::GrantGoodwill,           BY_HAND,                      &[S::Compensating],                      &[Agent]),
    t(Verb::QuoteRepair,             &[S::Denied],                 &[],                                     BRAND_SIDE),
    t(Verb::AcceptQuote,             &[S::Denied],                 &[S::Repairing, S::ChoosingCentre],      &[Customer, Agent]),
    t(Verb::AcceptDenial,            &[S::Denied],                 &[S::Closed],                            &[Customer, Agent]),
    t(Verb::ConfirmOutcome,          &[S::AwaitConfirm],           &[S::Closed],                            &[Customer, Agent]),
    t(Verb::RejectOutcome,           &[S::AwaitConfirm],           &[S::Deciding],                          &[Customer, Agent]),
    t(Verb::OpenDispute,             &[S::Denied, S::RemedyOffered, S::VerdictHeld, S::AwaitConfirm], &[S::Disputed], &[Customer, Agent]),
    t(Verb::AnswerDispute,           &[S::Disputed],               &[S::Deciding],                          &[Brand, Centre, Customer, Lab, Agent]),
    t(Verb::AwaitInDispute,          &[S::Disputed, S::Deciding],  &[S::Disputed],                          &[Agent, Policy]),
    t(Verb::AddEvidence,             &[S::VerdictHeld, S::Disputed], &[S::Deciding],                        &[Customer, Agent, Brand, Centre]),
    t(Verb::ReportAtLab,             &[S::Disputed],               &[],                                     &[Lab, Carrier, Agent]),
    t(Verb::ConvenePanel,            &[S::Disputed, S::Deciding],  &[S::Disputed],                          &[Agent]),
    t(Verb::GiveOpinion,             &[S::Disputed],               &[S::Deciding],                          &[Agent, Lab]),
    t(Verb::Reopen,                  &[S::Closed],                 &[S::Disputed],                          &[Customer, Agent]),
    t(Verb::Pause,                   PAUSABLE,                     &[S::Paused],                            &[Agent, Customer]),
    t(Verb::Resume,                  &[S::Paused],                 PAUSABLE,                                &[Agent, Customer, Technician, Centre, Timer]),
    t(Verb::Cancel,                  CANCELLABLE,                  &[S::Cancelled, S::CancelRequested],     &[Customer, Agent]),
    t(Verb::AcknowledgeCancel,       &[S::CancelRequested],        &[S::Cancelled],                         FIELD),
    t(Verb::RefuseCancel,            &[S::CancelRequested],        BACK_FROM_CANCEL,                        FIELD),
    t(Verb::Remind,                  OPEN,                         &[],                                     &[Customer, Agent]),
    t(Verb::AnswerReminder,          OPEN,                         &[],                                     &[Agent, Brand, Centre]),
    t(Verb::RaiseAnomaly,            OPEN,                         &[],                                     FIELD),
    t(Verb::Note,                    Stage::ALL,                   &[],                                     &[Agent]),
    t(Verb::Merge,                   MERGEABLE,                    &[S::Cancelled],                         &[Agent]),
    t(Verb::RecordNotice,            ASKED,                         &[],                                    &[Policy, Agent]),
    t(Verb::RecordNoNotice,          ASKED,                         &[],                                    &[Policy]),
    t(Verb::KeepMessage,             Stage::ALL,                   &[],                                     ANYBODY),
    t(Verb::AnswerSurvey,            &[S::Closed],                 &[],                                     &[Customer]),
    t(Verb::Fire,                    OPEN,                         AFTER_MISS,                              &[Timer]),
];

/// Where fewer may give a command than its row says: the command, the stage, who may there.
pub const NARROWED: &[(Verb, Stage, &[ActorKind])] = &[
    // A first opinion is what is disputed; only a later one can be heard.
    (Verb::SubmitCertificate, S::Disputed, &[Lab, Agent]),
    // Before a dispute only the brand's side has something to prove.
    (Verb::AddEvidence, S::VerdictHeld, &[Brand, Centre]),
];

/// The row of a command.
pub fn row(verb: Verb) -> &'static Transition {
    &TRANSITIONS[verb as usize]
}

/// Whether an actor may give a command in a stage.
pub fn allows(stage: Stage, verb: Verb, actor: ActorKind) -> bool {
    let row = row(verb);
    let narrowed = NARROWED.iter().find(|(only, there, _)| (*only, *there) == (verb, stage));
    let by = narrowed.map_or(row.by, |(_, _, by)| by);
    row.from.contains(&stage) && by.contains(&actor)
}

/// What an actor may do in a stage: the moves an illegal command is answered with.
pub fn open_to(stage: Stage, actor: ActorKind) -> Vec<Verb> {
    let verbs = TRANSITIONS.iter().map(|row| row.verb);
    verbs.filter(|verb| *verb != Verb::KeepMessage && allows(stage, *verb, actor)).collect()
}

/// Whether a command may lead from one stage to another.
pub fn leads(verb: Verb, from: Stage, to: Stage) -> bool {
    from == to || row(verb).to.contains(&to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_per_verb_in_order() {
        assert_eq!(TRANSITIONS.len(), Verb::ALL.len());
        for (row, verb) in TRANSITIONS.iter().zip(Verb::ALL) {
            assert_eq!(row.verb, *verb);
        }
    }

    #[test]
    fn a_narrowed_command_is_open_to_fewer_and_to_somebody() {
        for (verb, stage, by) in NARROWED {
            let row = row(*verb);
            assert!(row.from.contains(stage), "{verb} is not open in {stage}");
            assert!(!by.is_empty() && by.len() < row.by.len(), "{verb} in {stage}");
            assert!(by.iter().all(|kind| row.by.contains(kind)), "{verb} in {stage}");
        }
    }

    #[test]
    fn every_open_stage_can_be_left_and_every_stage_reached() {
        for stage in OPEN {
            let out = TRANSITIONS
                .iter()
                .any(|row| row.from.contains(stage) && row.to.iter().any(|to| to != stage));
            assert!(out, "{stage} cannot be left");
        }
        for stage in Stage::ALL {
            assert!(
                TRANSITIONS.iter().any(|row| row.to.contains(stage)),
                "{stage} is never reached"
            );
        }
    }

    #[test]
    fn an_ended_case_moves_only_by_reopening() {
        for stage in Stage::ALL.iter().filter(|stage| stage.is_ended()) {
            for row in TRANSITIONS.iter().filter(|row| row.from.contains(stage)) {
                let moves = !row.to.is_empty();
                assert_eq!(moves, row.verb == Verb::Reopen, "{} moves {stage}", row.verb);
            }
        }
    }
}
