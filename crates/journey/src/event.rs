//! The entries of a case's log.
//!
//! An event carries everything that folding needs: what happened, the stage after it, who holds the
//! turn next, what was armed and cancelled. Folding therefore needs no calendar, no limits and no
//! rules, and an old log reads the same under new rules.

use serde::{Deserialize, Serialize};

pub use crate::fact::Fact;

use crate::actor::Actor;
use crate::gift::Gift;
use crate::ids::{
    AppointmentId, BrandId, CertificateId, County, CustomerId, DecisionId, OrderLineId, Serial, Sku,
};
use crate::pinned::{Contract, RepairsBefore};
use crate::promise::Term;
pub use crate::proposal::{Proposal, Proposed};
use crate::stage::Stage;
use crate::task::Task;
use crate::time::{Span, Timestamp};
use crate::vocab::{CaseKind, Category, Party, Promise, Remedy};

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the case: 1, 2, 3 …
    pub seq: u64,
    /// When it was recorded; never earlier than the entry before it.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: Actor,
    /// What happened.
    pub fact: Fact,
    /// Where the case stands after it.
    pub stage: Stage,
    /// Who holds the turn after it; `None` when the case has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<Party>,
    /// Tasks armed by it, with the time each is due.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub armed: Vec<(Task, Timestamp)>,
    /// Tasks cancelled by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancelled: Vec<Task>,
    /// How the sender numbered the message that caused it, if a partner did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<Heard>,
}

/// A partner's own count and time of a message. Nothing is decided by the time: a partner's clock is
/// not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// Its number among the sender's messages on the case, from 1; 0 when it is not numbered.
    #[serde(default)]
    pub sequence: u64,
    /// When it happened on the sender's side, if that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
}

/// What the retailer knows about the unit and the sale when the case is filed, pinned for its life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filing {
    /// The customer, as a reference into the vault.
    pub customer: CustomerId,
    /// The order line the unit was sold under.
    pub order_line: OrderLineId,
    /// The stock keeping unit.
    pub sku: Sku,
    /// The brand.
    pub brand: BrandId,
    /// The appliance category.
    pub category: Category,
    /// The serial number sold.
    pub serial: Serial,
    /// Where the unit stands; selects the provincial overlay and the coverage.
    pub county: County,
    /// What is claimed.
    pub kind: CaseKind,
    /// What the customer would like; `None` leaves it open, and the customer then chooses among what
    /// is offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wants: Option<Remedy>,
    /// The coded symptom, for example `not_cooling`.
    pub symptom: String,
    /// When the unit was received.
    pub received_at: Timestamp,
    /// When its installation was completed, if the seller installs; the moment of filing while that
    /// is outstanding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed_at: Option<Timestamp>,
    /// The price actually paid, in fen.
    pub price_fen: i64,
    /// Promises that came with the unit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promises: Vec<Promise>,
    /// Promises that only the policy pack knows, or whose clocks it sets, as they stood at filing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<Term>,
    /// The policy pack in force at filing.
    pub policy: String,
    /// Completed repairs of this unit before this case.
    #[serde(default)]
    pub prior_repairs: u32,
    /// What those of the same fault left behind.
    #[serde(default, skip_serializing_if = "RepairsBefore::is_none")]
    pub repairs_before: RepairsBefore,
    /// What came with the unit as a gift.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gifts: Vec<Gift>,
    /// What the brand's contract says about money.
    #[serde(default)]
    pub contract: Contract,
    /// Whether the customer declared the unit intact at filing; only means something for a return
    /// without a reason.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub declared_intact: bool,
    /// Whether the customer reported a danger such as a smell of gas, fire or an electric shock.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub danger: bool,
    /// Whether the unit arrived damaged and this was said at signing or within 48 hours.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub damaged_on_arrival: bool,
}

impl Filing {
    /// When the legal periods start: completion of installation if the seller installs, else receipt
    /// (实施条例 art. 18).
    pub fn period_start(&self) -> Timestamp {
        self.installed_at.unwrap_or(self.received_at)
    }
}

/// Where triage sends a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Path {
    /// A technician inspects at home.
    Inspection,
    /// Seven-day return without a reason; nobody inspects.
    NoReason,
    /// The retailer guides first.
    RemoteGuidance,
    /// A promise answers the case without a visit (for example replace-only).
    NoVisit,
}

/// An arrival window promised to the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Window {
    /// Its first instant.
    pub start: Timestamp,
    /// Its end, exclusive.
    pub end: Timestamp,
}

/// One remedy on offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedRemedy {
    /// What.
    pub remedy: Remedy,
    /// The refund in fen; 0 for other remedies.
    pub amount_fen: i64,
    /// Who pays in the end, by the rule.
    pub payer: String,
    /// Whom the payer may recover it from, by the rule; empty when the rule names nobody.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub recourse: String,
}

/// What the policy or an agent decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Its id.
    pub id: DecisionId,
    /// The pack that was asked.
    pub policy: String,
    /// Every rule that fired, in order.
    pub rules: Vec<String>,
    /// The remedies the customer may choose among; empty for a denial.
    pub offered: Vec<OfferedRemedy>,
    /// The certificate it stands on, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateId>,
    /// Whether somebody made it by hand for whom the policy had another answer, when it was made or proposed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overrides: bool,
}

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The customer gave the technician the completion code.
    Code,
    /// The customer told an agent that the work is done; there was no code to give.
    CodeWaived,
    /// The customer confirmed.
    Confirmed,
    /// The customer said nothing for the whole term after being asked.
    Silence,
    /// The customer accepted a denial, or let its term pass.
    DenialAccepted,
}

/// How often a new completion code may take the place of the one before.
pub const NEW_CODES_MAX: u32 = 5;
/// How long a completion code stands at least.
pub const NEW_CODES_APART: Span = Span::minutes(1);

/// The most windows proposed at once.
pub const PROPOSED_MAX: usize = 3;

/// One of the windows a customer is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedWindow {
    /// The appointment it would become.
    pub appointment: AppointmentId,
    /// When.
    pub window: Window,
}

/// What the other side of a dispute is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Awaited {
    /// The brand's reply.
    Reply,
    /// The customer's evidence.
    Evidence,
    /// A laboratory's report.
    Lab,
    /// The opinions of a panel of experts.
    Panel,
}
