//! Who takes part at present: suspensions and versions of brands, centres and technicians.
//!
//! Owns the columns that an import neither reads nor writes, the claim that makes every version once, and
//! the stamp that tells other processes that the network has changed. What a suspension moves on is the
//! sweep's.

use parasol_api::admin::v1;
use parasol_api::convert::to_timestamp;
use parasol_casebook::RowOp;
use parasol_journey::time::Timestamp;
use sea_orm::ActiveValue::Set;
use uuid::Uuid;

use crate::states::states;
use crate::tables::{brands, centres, network_claims, network_stamps, technicians};

/// The name of the one row of stamps.
pub const STAMP: &str = "network";

states! {
    /// Why somebody is suspended.
    SuspensionReason => WireReason {
        /// The work is not good enough.
        Quality = "quality",
        /// There is a suspicion of fraud.
        Fraud = "fraud",
        /// The contract is in question.
        Contract = "contract",
        /// A licence is missing.
        Licence = "licence",
        /// The deposit is short.
        Deposit = "deposit",
        /// They asked for it.
        Requested = "requested",
        /// Another, told in words.
        Other = "other",
    }
}

use v1::SuspensionReason as WireReason;

impl SuspensionReason {
    /// The reason that a message carries.
    pub fn of_wire(wire: WireReason) -> Option<Self> {
        match wire {
            WireReason::Unspecified => None,
            WireReason::Quality => Some(Self::Quality),
            WireReason::Fraud => Some(Self::Fraud),
            WireReason::Contract => Some(Self::Contract),
            WireReason::Licence => Some(Self::Licence),
            WireReason::Deposit => Some(Self::Deposit),
            WireReason::Requested => Some(Self::Requested),
            WireReason::Other => Some(Self::Other),
        }
    }
}

/// What is kept of a brand, a centre or a technician beside what was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Why it is suspended; empty when it is not.
    pub suspended: String,
    /// Who said so, or empty.
    pub by: String,
    /// Since when, microseconds, or 0.
    pub at: i64,
    /// Its version.
    pub revision: i64,
}

impl Standing {
    /// That of somebody new, as a message has it. Where it names no time it is since now that they are
    /// suspended, which only the caller knows; an import is not allowed that.
    pub fn of_new(wire: Option<&v1::Suspension>) -> Self {
        let reason = wire.and_then(|wire| SuspensionReason::of_wire(wire.reason()));
        let since =
            wire.and_then(|wire| wire.since.as_ref()).and_then(parasol_api::convert::timestamp);
        match (reason, since) {
            (Some(reason), Some(since)) => Self {
                suspended: reason.as_str().to_owned(),
                by: wire.map_or_else(String::new, |wire| wire.by.clone()),
                at: since.micros(),
                revision: 1,
            },
            _ => Self { suspended: String::new(), by: String::new(), at: 0, revision: 1 },
        }
    }

    /// As a message; absent when nobody is suspended.
    pub fn suspension(&self) -> Option<v1::Suspension> {
        (!self.suspended.is_empty()).then(|| v1::Suspension {
            reason: SuspensionReason::number_of(&self.suspended),
            since: Some(to_timestamp(Timestamp::from_micros(self.at))),
            by: self.by.clone(),
        })
    }
}

/// Whose standing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A brand's.
    Brand,
    /// A centre's.
    Centre,
    /// A technician's.
    Technician,
}

impl Kind {
    /// The text form, as tables hold it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Brand => "brand",
            Self::Centre => "centre",
            Self::Technician => "technician",
        }
    }
}

/// A brand, a centre or a technician.
pub trait Member: Clone + PartialEq {
    /// Which of the three.
    const KIND: Kind;

    /// Its id.
    fn id(&self) -> &str;

    /// Its standing.
    fn standing(&self) -> Standing;

    /// Gives it another standing.
    fn set_standing(&mut self, standing: Standing);

    /// The row written.
    fn put(self) -> RowOp;
}

macro_rules! member {
    ($kind:ident, $table:ident, $id:ident) => {
        impl Member for $table::Model {
            const KIND: Kind = Kind::$kind;

            fn id(&self) -> &str {
                &self.$id
            }

            fn standing(&self) -> Standing {
                Standing {
                    suspended: self.suspended.clone(),
                    by: self.suspended_by.clone(),
                    at: self.suspended_at,
                    revision: self.revision,
                }
            }

            fn set_standing(&mut self, standing: Standing) {
                let Standing { suspended, by, at, revision } = standing;
                self.suspended = suspended;
                self.suspended_by = by;
                self.suspended_at = at;
                self.revision = revision;
            }

            fn put(self) -> RowOp {
                RowOp::put(sea_orm::IntoActiveModel::into_active_model(self))
            }
        }
    };
}

member!(Brand, brands, brand);
member!(Centre, centres, centre);
member!(Technician, technicians, technician);

/// The rows of a changed member: its next version, claimed, so that of two changes at the same moment
/// none undoes the other.
pub fn changed<M: Member>(row: &mut M) -> [RowOp; 2] {
    let standing = row.standing();
    let revision = standing.revision + 1;
    row.set_standing(Standing { revision, ..standing });
    let name = format!("{}:{}@{revision}", M::KIND.as_str(), row.id());
    [RowOp::claim(network_claims::ActiveModel { name: Set(name) }), row.clone().put()]
}

/// The row that tells everybody that the network has changed; part of every commit that changes it.
pub fn stamp(stamp: Uuid) -> RowOp {
    RowOp::put(network_stamps::ActiveModel { name: Set(STAMP.to_owned()), stamp: Set(stamp) })
}
