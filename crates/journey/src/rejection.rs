//! Why a command is refused. A refusal changes nothing.

use crate::actor::ActorKind;
use crate::calendar::NotCovered;
use crate::certificate::CertificateFault;
use crate::command::Verb;
use crate::ids::{CentreId, OfferId, TechnicianId};
use crate::stage::Stage;
use crate::time::Timestamp;
use crate::vocab::Remedy;

/// A refusal, with what its receiver needs to go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The command does not fit the stage, or not for this actor.
    #[error("{verb} is not open to {actor} while the case is {stage}")]
    IllegalTransition {
        /// Where the case stands.
        stage: Stage,
        /// What was asked.
        verb: Verb,
        /// By whom.
        actor: ActorKind,
        /// What this actor may do now.
        open: Vec<Verb>,
    },
    /// The case has ended.
    #[error("the case has ended ({stage})")]
    CaseEnded {
        /// How.
        stage: Stage,
    },
    /// The answer belongs to an offer that is no longer live.
    #[error("offer {offer} is not the live offer")]
    OfferSuperseded {
        /// The offer named.
        offer: OfferId,
        /// The one that is live, if any.
        live: Option<OfferId>,
    },
    /// The offer lapsed before the answer came.
    #[error("offer {offer} has expired")]
    OfferExpired {
        /// The offer named.
        offer: OfferId,
    },
    /// The centre was asked before, or gave the certificate under dispute.
    #[error("centre {centre} is out for this case")]
    CentrePassedOver {
        /// Which.
        centre: CentreId,
    },
    /// A centre can only accept for itself.
    #[error("centre {centre} was not offered this case")]
    CentreNotOffered {
        /// Which was named.
        centre: CentreId,
    },
    /// The window lies in the past.
    #[error("the window lies in the past")]
    WindowInPast,
    /// The window is empty, longer than a day or too far ahead.
    #[error("the window must be longer than nothing, at most a day, and within 90 days")]
    WindowInvalid,
    /// The technician is not the one on the job.
    #[error("the technician is not the one assigned")]
    TechnicianNotAssigned,
    /// The hold has lapsed or is another's.
    #[error("the slot is not held for this appointment any more")]
    HoldExpired,
    /// The customer was asked about windows as often as a case allows.
    #[error("the customer was asked about windows too often: call, and book what is agreed")]
    ProposedTooOften,
    /// The next contact must lie ahead, within a week.
    #[error("the next contact must lie ahead, within seven days")]
    NextContactRequired,
    /// The parts that the next visit needs have no arrival date.
    #[error(
        "the parts that were missing have no arrival date yet: say it, then book at or after it"
    )]
    PartsDateMissing,
    /// The parts that the next visit needs are not there by then.
    #[error("the parts that were missing arrive at {from}: book at or after it")]
    PartsNotThere {
        /// When they are.
        from: Timestamp,
    },
    /// The next visit needs a second technician, or another one.
    #[error("the visit before needed help: name a second technician or another one first")]
    HelpNeeded,
    /// It is too early to say that somebody did not show.
    #[error("nobody is missing before {from}")]
    NoShowTooEarly {
        /// From when it can be said.
        from: Timestamp,
    },
    /// The certificate cannot be one of this visit.
    #[error("the certificate is not acceptable")]
    CertificateInvalid(Vec<CertificateFault>),
    /// The certificate named is not the one in question.
    #[error("the certificate is not the one in question")]
    CertificateUnknown,
    /// The remedy is not on offer.
    #[error("{remedy} is not on offer")]
    RemedyNotOffered {
        /// What was asked for.
        remedy: Remedy,
        /// What is on offer.
        offered: Vec<Remedy>,
    },
    /// A decision without a rule, with a set that does not fit its kind, or with amounts that do not fit
    /// their remedies; or one of the policy to pay once more.
    #[error("a decision names its rules, offers something unless it denies, and pays once")]
    DecisionInvalid,
    /// An amount that is none, or more than the unit cost together with what was paid before.
    #[error("the amount must be more than nothing and at most {most_fen} fen")]
    AmountOutOfRange {
        /// The most that is left, in fen; 0 when nothing is.
        most_fen: i64,
    },
    /// Too many wrong completion codes.
    #[error("too many wrong completion codes")]
    CodeLocked,
    /// A new completion code was made too lately, or too often.
    #[error("a new code is to be had {}", from.map_or("no more".to_owned(), |at| format!("from {at}")))]
    CodeRenewedTooOften {
        /// From when on there may be one; `None` when there have been as many as there may be.
        from: Option<Timestamp>,
    },
    /// The term for an appeal has passed.
    #[error("the seven days for an appeal are over")]
    AppealWindowOver,
    /// The case is in no dispute.
    #[error("nothing is disputed")]
    NotDisputed,
    /// The time for evidence is over.
    #[error("evidence could be handed in until {until}")]
    EvidenceClosed {
        /// When it ended.
        until: Timestamp,
    },
    /// No laboratory is awaited, or it has the unit already.
    #[error("no laboratory is waited for")]
    LabNotAwaited,
    /// The panel has too few or too many experts, an even number, one twice, or whoever convenes it.
    #[error("a panel has 3, 5 or 7 different experts, and whoever convenes it is not one of them")]
    PanelInvalid,
    /// The caller was not asked for an opinion, or has given it.
    #[error("no opinion is awaited from this person")]
    NotOnPanel,
    /// The proposal is not the one that waits.
    #[error("no such proposal waits for approval")]
    ProposalUnknown,
    /// Another proposal waits already.
    #[error("another proposal waits for approval")]
    ProposalWaiting,
    /// Whoever proposes does not approve.
    #[error("a proposal is approved by another person than the one who made it")]
    FourEyesNeeded,
    /// There is no price to accept, or it holds no longer.
    #[error("there is no quote that holds")]
    QuoteNotValid,
    /// Whoever inspected before does not inspect again.
    #[error(
        "technician {technician} has inspected this unit before; a second opinion is another's"
    )]
    TechnicianInspectedBefore {
        /// Who.
        technician: TechnicianId,
    },
    /// The dispute has been heard; there is one appeal.
    #[error("the dispute has been heard to its end")]
    DisputeHeard,
    /// The pause has no end, or all pauses together are too long, or it stops the owner's own clock.
    #[error("a pause ends within 30 days, all pauses within 60, and no party stops its own clock")]
    PauseTooLong,
    /// The case keeps as many late or doubled messages, anomalies or part orders as it may.
    #[error("the case keeps as many of these messages as it may")]
    EvidenceFull,
    /// Nothing of the kind is to come of these parts.
    #[error("nothing of the kind is to come of these parts")]
    PartNotAwaited,
    /// The survey can be answered for a time after the closing.
    #[error("the survey can be answered for 14 days after the closing")]
    SurveyNotOpen,
    /// The customer has chased the case as often as it counts.
    #[error("the case has been chased too often")]
    RemindedTooOften,
    /// The task fired with a generation that is no longer armed.
    #[error("the task is no longer armed in this generation")]
    TaskSuperseded,
    /// Working days cannot be counted that far.
    #[error(transparent)]
    NotCovered(#[from] NotCovered),
}

impl Rejection {
    /// The stable code of this refusal; each has a page in `docs/errors/`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::IllegalTransition { .. } => "ILLEGAL_TRANSITION",
            Self::CaseEnded { .. } => "CASE_ENDED",
            Self::OfferSuperseded { .. } => "OFFER_SUPERSEDED",
            Self::OfferExpired { .. } => "OFFER_EXPIRED",
            Self::CentrePassedOver { .. } => "CENTRE_PASSED_OVER",
            Self::CentreNotOffered { .. } => "CENTRE_NOT_OFFERED",
            Self::WindowInPast => "WINDOW_IN_PAST",
            Self::WindowInvalid => "WINDOW_INVALID",
            Self::TechnicianNotAssigned => "TECHNICIAN_NOT_ASSIGNED",
            Self::HoldExpired => "HOLD_EXPIRED",
            Self::ProposedTooOften => "PROPOSED_TOO_OFTEN",
            Self::NextContactRequired => "NEXT_CONTACT_REQUIRED",
            Self::PartsDateMissing => "PARTS_DATE_MISSING",
            Self::PartsNotThere { .. } => "PARTS_NOT_THERE",
            Self::HelpNeeded => "HELP_NEEDED",
            Self::NoShowTooEarly { .. } => "NO_SHOW_TOO_EARLY",
            Self::CertificateInvalid(_) => "CERTIFICATE_INVALID",
            Self::CertificateUnknown => "CERTIFICATE_UNKNOWN",
            Self::RemedyNotOffered { .. } => "REMEDY_NOT_OFFERED",
            Self::DecisionInvalid => "DECISION_INVALID",
            Self::AmountOutOfRange { .. } => "AMOUNT_OUT_OF_RANGE",
            Self::CodeLocked => "CODE_LOCKED",
            Self::CodeRenewedTooOften { .. } => "CODE_RENEWED_TOO_OFTEN",
            Self::AppealWindowOver => "APPEAL_WINDOW_OVER",
            Self::NotDisputed => "NOT_DISPUTED",
            Self::EvidenceClosed { .. } => "EVIDENCE_CLOSED",
            Self::LabNotAwaited => "LAB_NOT_AWAITED",
            Self::PanelInvalid => "PANEL_INVALID",
            Self::NotOnPanel => "NOT_ON_PANEL",
            Self::ProposalUnknown => "PROPOSAL_UNKNOWN",
            Self::ProposalWaiting => "PROPOSAL_WAITING",
            Self::FourEyesNeeded => "FOUR_EYES_NEEDED",
            Self::QuoteNotValid => "QUOTE_NOT_VALID",
            Self::TechnicianInspectedBefore { .. } => "TECHNICIAN_INSPECTED_BEFORE",
            Self::DisputeHeard => "DISPUTE_HEARD",
            Self::PauseTooLong => "PAUSE_TOO_LONG",
            Self::EvidenceFull => "EVIDENCE_FULL",
            Self::PartNotAwaited => "PART_NOT_AWAITED",
            Self::SurveyNotOpen => "SURVEY_NOT_OPEN",
            Self::RemindedTooOften => "REMINDED_TOO_OFTEN",
            Self::TaskSuperseded => "TASK_SUPERSEDED",
            Self::NotCovered(_) => "CALENDAR_NOT_COVERED",
        }
    }
}
