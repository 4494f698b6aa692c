//! Typed ids. Aggregates made by Parasol carry a UUIDv7 shown with a prefix (`case_…`); parties and
//! goods that others number (brands, centres, technicians, order lines) keep the id they came with.
//!
//! An id is never a bare `String` or `Uuid` outside this module, so two kinds cannot be mixed up.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is not an id of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {expected} id")]
pub struct BadId {
    /// The kind of id that was wanted, for example `case`.
    pub expected: &'static str,
}

macro_rules! made_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The text before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a UUID that an id source made.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside, as tables store it.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}", $prefix, self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            /// Reads exactly what `Display` prints: lower case, prefix, 32 hex digits.
            fn from_str(text: &str) -> Result<Self, BadId> {
                let bad = BadId { expected: $prefix };
                let hex = text
                    .strip_prefix(concat!($prefix, "_"))
                    .filter(|hex| hex.len() == 32 && !hex.contains(|c: char| c.is_ascii_uppercase()))
                    .ok_or_else(|| bad.clone())?;
                Uuid::try_parse(hex).map(Self).map_err(|_| bad)
            }
        }
    };
}

macro_rules! given_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The longest id accepted, in bytes.
            pub const LEN_MAX: usize = $max;

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            /// Accepts ASCII letters, digits, `-`, `_` and `.`, up to the length limit.
            fn from_str(text: &str) -> Result<Self, BadId> {
                let fits = !text.is_empty()
                    && text.len() <= $max
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
                if fits { Ok(Self(text.into())) } else { Err(BadId { expected: $kind }) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

made_id!(/// One case: one problem with one unit, filed once.
    CaseId, "case");
made_id!(/// One offer of a case to one service centre.
    OfferId, "offer");
made_id!(/// The job a centre accepted; at most one live per case.
    WorkOrderId, "wo");
made_id!(/// One visit to the customer.
    AppointmentId, "appt");
made_id!(/// Something the field says is wrong with a case.
    AnomalyId, "anomaly");
made_id!(/// Something the retailer's people keep in mind about a case; what it says lies in the vault under it.
    NoteId, "note");
made_id!(/// One inspection certificate (检测单); immutable.
    CertificateId, "cert");
made_id!(/// One photo or film of a case.
    EvidenceId, "ev");
made_id!(/// One decision on a case.
    DecisionId, "dec");
made_id!(/// A decision that waits for a second person.
    ProposalId, "prop");
made_id!(/// Authority that one person lends another.
    DelegationId, "deleg");
made_id!(/// Money claimed from whoever has to bear it.
    ClaimId, "claim");
made_id!(/// A link that shows one case to whoever holds it.
    LinkId, "link");
made_id!(/// A customer, as a reference into the vault; carries no personal data.
    CustomerId, "cust");

given_id!(/// A brand, as the operator numbers it.
    BrandId, "brand", 40);
given_id!(/// A brand's service centre (网点).
    CentreId, "centre", 64);
given_id!(/// A technician employed by a centre.
    TechnicianId, "technician", 64);
given_id!(/// One line of one customer order, as the retailer numbers it.
    OrderLineId, "order line", 64);
given_id!(/// The serial number of one unit, as printed on its nameplate.
    Serial, "serial", 64);
given_id!(/// A stock keeping unit.
    Sku, "SKU", 64);
given_id!(/// An administrative division code of GB/T 2260 at county level: six digits.
    County, "county", 6);

impl County {
    /// The province this county lies in: the first two digits, for example `33` for Zhejiang.
    pub fn province(&self) -> &str {
        self.as_str().get(..2).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_ids_read_what_they_print_and_nothing_else() {
        let id = CaseId::new(Uuid::from_u128(0x0190_5af1_2b3c_7def_8123_4567_89ab_cdef));
        assert_eq!(id.to_string(), "case_01905af12b3c7def8123456789abcdef");
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in ["", "case_", "offer_01905af12b3c7def8123456789abcdef", "case_XYZ"] {
            assert!(wrong.parse::<CaseId>().is_err(), "{wrong:?} was accepted");
        }
    }

    #[test]
    fn given_ids_have_a_limit_and_an_alphabet() {
        assert!("aurora-hangzhou-01".parse::<CentreId>().is_ok());
        assert!("".parse::<CentreId>().is_err());
        assert!("a b".parse::<CentreId>().is_err());
        assert!("x".repeat(65).parse::<CentreId>().is_err());
        assert_eq!("330106".parse::<County>().unwrap().province(), "33");
    }
}
