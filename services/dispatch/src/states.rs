//! How an offer and a work order stand, told from the case alone.
//!
//! The case has one stage; offers and work orders have life cycles of their own, which this module
//! reads off it. Nothing here is stored that the log does not say.

use parasol_api::partner::v1::{OfferState as WireOffer, WorkOrderState as WireWork};
use parasol_journey::{Case, Stage};

macro_rules! states {
    ($(#[$doc:meta])* $name:ident => $wire:ident {
        $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// The text form, as tables hold it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The state with this text form.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }

            /// The number messages carry for this text form; 0 for a text of no state.
            pub fn number_of(text: &str) -> i32 {
                match Self::parse(text) {
                    $(Some(Self::$variant) => $wire::$variant.into(),)+
                    None => 0,
                }
            }
        }
    };
}

pub(crate) use states;

states! {
    /// How an offer stands.
    OfferState => WireOffer {
        /// Waiting for an answer.
        Offered = "offered",
        /// Accepted.
        Accepted = "accepted",
        /// Declined.
        Declined = "declined",
        /// Not answered in time.
        Expired = "expired",
        /// Taken back.
        Withdrawn = "withdrawn",
    }
}

states! {
    /// How a work order stands.
    WorkState => WireWork {
        /// No visit is booked.
        Open = "open",
        /// A visit is booked.
        Planned = "planned",
        /// Somebody is at the door, the finding is being decided on, or the unit is in repair.
        InProgress = "in_progress",
        /// Done.
        Completed = "completed",
        /// Could not be done.
        UnableToComplete = "unable_to_complete",
        /// Cancelled.
        Cancelled = "cancelled",
    }
}

/// What a customer has seen of a centre in one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The case was closed and nobody complained.
    Well,
    /// The outcome was rejected, disputed or appealed against.
    Complaint,
}

impl Outcome {
    /// The text form, as tables hold it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Complaint => "complaint",
        }
    }
}

impl WorkState {
    /// Whether nobody works on it any more.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Completed | Self::UnableToComplete | Self::Cancelled)
    }
}

/// The stage that work goes on in: a pause and a request to cancel hide it, but do not change it.
pub fn working_stage(case: &Case) -> Stage {
    match case.stage {
        Stage::Paused => case.pause.as_ref().map_or(case.stage, |pause| pause.from),
        Stage::CancelRequested => case.cancel_from.unwrap_or(case.stage),
        stage => stage,
    }
}

/// How the live work order of a case stands. A case that is disputed or decided anew may send a
/// completed work order back into repair.
pub fn work_state(case: &Case) -> WorkState {
    match working_stage(case) {
        Stage::Appointed => WorkState::Planned,
        Stage::OnSite
        | Stage::Inspecting
        | Stage::VerdictIn
        | Stage::VerdictHeld
        | Stage::Deciding
        | Stage::RemedyOffered
        | Stage::Repairing
        | Stage::CancelRequested => WorkState::InProgress,
        Stage::Refunding
        | Stage::Replacing
        | Stage::Denied
        | Stage::Compensating
        | Stage::Disputed
        | Stage::AwaitConfirm
        | Stage::Closed => WorkState::Completed,
        Stage::Cancelled => WorkState::Cancelled,
        _ => WorkState::Open,
    }
}

/// The centre of the live work order, once the brand has named one.
pub fn working_centre(case: &Case) -> Option<&str> {
    let order = case.work_order.as_ref()?;
    (working_stage(case) != Stage::Accepted).then(|| order.centre.as_str())
}
