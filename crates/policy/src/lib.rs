//! What a customer is owed, as a pure function of a rule pack and the facts of one case.
//!
//! Law, provincial overlays and promises are rows of a versioned [`Pack`], read from a text file
//! that people who do not program can edit. [`evaluate`] walks the rows in four stages and says
//! which of them fired; [`entitlements_before_inspection`] answers the same question before anybody
//! has looked at the unit.
//!
//! Architecture invariants: this crate reads no clock and does no I/O, so the same pack and the
//! same facts give the same bytes for ever; [`Facts`] has no field for who the customer is, what
//! they spend or how well known they are; money is integer fen. What to do about an outcome,
//! whether a certificate is acceptable, and when a clock has run out are decided elsewhere and
//! arrive here as facts.

mod amount;
mod condition;
mod evaluate;
mod facts;
mod filing;
mod form;
mod guidance;
mod layer;
mod outcome;
mod pack;
mod parameters;
mod plain;
mod probe;
mod problems;
mod promises;
mod replay;
mod rule;
mod sample;
mod shelf;
mod space;
mod terms;
mod trial;
mod validity;
mod wording;

pub use amount::{PRICE_FEN_MAX, Refund, RefundRule, depreciation_fee_fen};
pub use evaluate::{Prospect, entitlements_before_inspection, evaluate};
pub use facts::{
    Age, Breaches, Facts, Finding, GuidedTest, History, Identity, Prices, Proof, Province,
    UnknownProvince,
};
pub use filing::NoFacts;
pub use layer::{Layer, LayerKind, PackError, PackFile};
pub use outcome::{
    Denial, DenialReason, Extra, FiredRule, Goodwill, Heard, Instead, Need, Offer, Outcome, Payer,
    Requirement, Ruling,
};
pub use pack::{Cover, Grant, Months, Pack, Scope, Warranty};
pub use parameters::{ParameterName, Settings};
pub use plain::plainly;
pub use problems::Problem;
pub use promises::PromiseSet;
pub use replay::{Difference, Replay, Sum};
pub use rule::{BadRuleId, Inspection, RuleId, RuleText, Stage};
pub use sample::Sampler;
pub use shelf::Shelf;
pub use terms::{ClockForm, Given, PromiseForm};
pub use trial::FailedTest;
pub use validity::{DayRange, day_count, days_covered, in_validity, months_elapsed, validity_end};
pub use wording::FactsForm;
