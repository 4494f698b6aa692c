//! Who causes an entry of the log.

use serde::{Deserialize, Serialize};

use crate::vocab::{Party, vocabulary};

vocabulary! {
    /// The kinds of actor that may write into a case.
    ActorKind {
        /// The person who filed.
        Customer = "customer",
        /// A registered agent of the retailer.
        Agent = "agent",
        /// The brand, by API or portal.
        Brand = "brand",
        /// A service centre.
        Centre = "centre",
        /// A technician.
        Technician = "technician",
        /// A carrier or warehouse.
        Carrier = "carrier",
        /// A laboratory.
        Lab = "lab",
        /// The payment provider.
        Payment = "payment",
        /// The platform's own rules: triage, choice of centre, decision.
        Policy = "policy",
        /// A deadline that passed.
        Timer = "timer",
    }
}

impl ActorKind {
    /// The party this kind of actor speaks for.
    pub const fn party(self) -> Party {
        match self {
            Self::Customer => Party::Customer,
            Self::Agent | Self::Policy | Self::Timer => Party::Retailer,
            Self::Brand => Party::Brand,
            Self::Centre => Party::Centre,
            Self::Technician => Party::Technician,
            Self::Carrier => Party::Carrier,
            Self::Lab => Party::Lab,
            Self::Payment => Party::Payment,
        }
    }
}

/// Who did it. The id is a reference (an account, a centre, a technician), never a name or a number
/// a person could be called at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// What kind of actor.
    pub kind: ActorKind,
    /// Which one; absent for timers and rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl Actor {
    /// An actor with a reference to who it is.
    pub fn new(kind: ActorKind, id: impl Into<String>) -> Self {
        Self { kind, id: Some(id.into()) }
    }

    /// The platform's own rules.
    pub const fn policy() -> Self {
        Self { kind: ActorKind::Policy, id: None }
    }

    /// A deadline that passed.
    pub const fn timer() -> Self {
        Self { kind: ActorKind::Timer, id: None }
    }
}
