//! Parts and units on the move, as the tables keep them.
//!
//! A part order is written once; that it was shipped and that it arrived are facts of their own, so
//! that two reports at the same moment cannot undo each other.

use std::fmt;
use std::str::FromStr;

use parasol_api::common::v1::PartLine;
use parasol_api::partner::v1::PartOrderState;
use parasol_casebook::RowOp;
use parasol_journey::ids::{BadId, CaseId};
use parasol_journey::time::Timestamp;
use sea_orm::ActiveValue::Set;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::tables::movements;

/// A part order's id, for example `part_01905af12b3c7def8123456789abcdef`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartOrderId(pub Uuid);

impl fmt::Display for PartOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "part_{}", self.0.simple())
    }
}

impl FromStr for PartOrderId {
    type Err = BadId;

    /// Reads exactly what `Display` prints.
    fn from_str(text: &str) -> Result<Self, BadId> {
        let id = text.strip_prefix("part_").and_then(|hex| Uuid::try_parse(hex).ok()).map(Self);
        id.filter(|id| id.to_string() == text).ok_or(BadId { expected: "part order" })
    }
}

/// One line of a part order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The brand's part number.
    pub part_no: String,
    /// What it is called.
    pub name: String,
    /// How many.
    pub quantity: i32,
}

impl From<PartLine> for Line {
    fn from(wire: PartLine) -> Self {
        Self { part_no: wire.part_no, name: wire.name, quantity: wire.quantity }
    }
}

impl From<Line> for PartLine {
    fn from(line: Line) -> Self {
        Self { part_no: line.part_no, name: line.name, quantity: line.quantity }
    }
}

/// What moved where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    /// Parts to the workshop.
    PartsShipped,
    /// Parts that come later than expected.
    PartsBackordered,
    /// Parts at the workshop.
    PartsReceived,
    /// Parts built in; what is expected is the defective one, back at the brand.
    PartsInstalled,
    /// The defective part to the brand.
    PartsReturned,
    /// The unit at the workshop.
    UnitReceived,
    /// The unit back to the customer.
    UnitReturned,
}

impl Movement {
    /// The text form, as the table holds it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PartsShipped => "parts_shipped",
            Self::PartsBackordered => "parts_backordered",
            Self::PartsReceived => "parts_received",
            Self::PartsInstalled => "parts_installed",
            Self::PartsReturned => "parts_returned",
            Self::UnitReceived => "unit_received",
            Self::UnitReturned => "unit_returned",
        }
    }
}

/// What was reported of a movement.
#[derive(Clone, Debug)]
pub struct Report {
    /// Who carries it, or empty.
    pub carrier: String,
    /// The carrier's number, or empty.
    pub tracking_no: String,
    /// When it was reported.
    pub at: Timestamp,
    /// When it should arrive.
    pub expected_at: Option<Timestamp>,
}

impl Report {
    /// A report of nothing but the moment.
    pub const fn at(at: Timestamp) -> Self {
        Self { carrier: String::new(), tracking_no: String::new(), at, expected_at: None }
    }

    /// The row that keeps it; a later report of the same movement replaces it.
    pub fn row(&self, case: CaseId, subject: Uuid, movement: Movement) -> RowOp {
        RowOp::put(movements::ActiveModel {
            subject: Set(subject),
            kind: Set(movement.as_str().to_owned()),
            case_id: Set(case.uuid()),
            carrier: Set(self.carrier.clone()),
            tracking_no: Set(self.tracking_no.clone()),
            at: Set(self.at.micros()),
            expected_at: Set(self.expected_at.map_or(0, Timestamp::micros)),
        })
    }
}

/// How a part order stands, by what was reported of it. `returns` says whether the defective part has to go
/// back.
pub fn part_state(reported: impl Fn(Movement) -> bool, returns: bool) -> PartOrderState {
    use Movement::{PartsBackordered, PartsInstalled, PartsReceived, PartsReturned, PartsShipped};
    match (reported(PartsInstalled), returns) {
        (true, true) if reported(PartsReturned) => PartOrderState::Returned,
        (true, true) => PartOrderState::Returning,
        (true, false) => PartOrderState::Installed,
        _ if reported(PartsReceived) => PartOrderState::Received,
        _ if reported(PartsShipped) => PartOrderState::Shipped,
        _ if reported(PartsBackordered) => PartOrderState::Backordered,
        _ => PartOrderState::Ordered,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_order_stands_where_its_last_report_says() {
        use Movement::*;
        let told: [(&[Movement], bool, PartOrderState); 7] = [
            (&[], false, PartOrderState::Ordered),
            (&[PartsBackordered], false, PartOrderState::Backordered),
            (&[PartsBackordered, PartsShipped], false, PartOrderState::Shipped),
            (&[PartsShipped, PartsReceived], false, PartOrderState::Received),
            (&[PartsInstalled], false, PartOrderState::Installed),
            (&[PartsReceived, PartsInstalled], true, PartOrderState::Returning),
            (&[PartsInstalled, PartsReturned], true, PartOrderState::Returned),
        ];
        for (reported, returns, state) in told {
            assert_eq!(part_state(|one| reported.contains(&one), returns), state, "{reported:?}");
        }
    }

    #[test]
    fn an_id_reads_what_it_prints_and_nothing_else() {
        let id = PartOrderId(Uuid::from_u128(0x0190_5af1_2b3c_7def_8123_4567_89ab_cdef));
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in ["", "part_", "part_01905af1-2b3c-7def-8123-456789abcdef", "case_1"] {
            assert!(wrong.parse::<PartOrderId>().is_err(), "{wrong}");
        }
    }
}
