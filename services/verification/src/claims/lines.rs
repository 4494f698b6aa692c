//! What a claim is made of, where it is made of more than one amount: requested by a rate card, approved by
//! whoever is claimed from, paid by a statement.

use parasol_casebook::{RowOp, Store};
use parasol_journey::ids::ClaimId;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder};

use super::liable::Liable;
use super::{Claim, ClaimState};
use crate::rates::RateCode;
use crate::tables::claim_lines::{self, Column, Entity};

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its place, from 1 on.
    pub number: i64,
    /// What for.
    pub code: RateCode,
    /// Which; empty where the code says it.
    pub item: String,
    /// How many.
    pub quantity: i64,
    /// What one costs, in fen.
    pub unit_fen: i64,
    /// What was approved, in fen.
    pub approved_fen: i64,
    /// What was paid, in fen.
    pub paid_fen: i64,
    /// Who gets it; `None` where it is the retailer's.
    pub payee: Option<Liable>,
}

impl Line {
    /// What was requested, in fen.
    pub fn requested_fen(&self) -> i64 {
        self.quantity.saturating_mul(self.unit_fen)
    }
}

/// What was requested in some lines together, in fen.
pub fn total_fen(lines: &[Line]) -> i64 {
    lines.iter().fold(0, |sum, line| sum.saturating_add(line.requested_fen()))
}

/// The lines of a claim after an act: approved whole, or as far as `cuts` say, once it is accepted; paid once it
/// is netted; neither any more once it is withdrawn.
pub fn after(lines: &[Line], state: ClaimState, cuts: &[(i64, i64)]) -> Vec<Line> {
    let approved = |line: &Line| {
        let cut = cuts.iter().find(|(number, _)| *number == line.number);
        cut.map_or(line.requested_fen(), |(_, fen)| *fen)
    };
    let moved = |line: &Line| {
        let (approved_fen, paid_fen) = match state {
            ClaimState::Accepted => (approved(line), 0),
            ClaimState::Netted => (line.approved_fen, line.approved_fen),
            ClaimState::Raised | ClaimState::Disputed | ClaimState::Withdrawn => (0, 0),
        };
        Line { approved_fen, paid_fen, ..line.clone() }
    };
    lines.iter().map(moved).collect()
}

/// The rows of lines.
pub fn rows(claim: ClaimId, lines: &[Line]) -> Vec<RowOp> {
    let row = |line: &Line| {
        RowOp::put(claim_lines::ActiveModel {
            claim: Set(claim.uuid()),
            number: Set(line.number),
            code: Set(line.code.as_str().to_owned()),
            item: Set(line.item.clone()),
            quantity: Set(line.quantity),
            unit_fen: Set(line.unit_fen),
            approved_fen: Set(line.approved_fen),
            paid_fen: Set(line.paid_fen),
            payee: Set(line.payee.as_ref().map(Liable::key).unwrap_or_default()),
        })
    };
    lines.iter().map(row).collect()
}

/// The lines of a claim, in their order; none for one of a kind that has none.
///
/// # Errors
/// What the store says, or that a row cannot be read.
pub async fn of(store: &Store, claim: &Claim) -> Result<Vec<Line>, DbErr> {
    if !claim.kind.has_lines() {
        return Ok(Vec::new());
    }
    let rows = Entity::find()
        .filter(Column::Claim.eq(claim.id.uuid()))
        .order_by(Column::Number, Order::Asc)
        .all(store.reader())
        .await?;
    rows.into_iter().map(read).collect()
}

fn read(row: claim_lines::Model) -> Result<Line, DbErr> {
    let unreadable =
        || DbErr::Custom(format!("line {} of {} cannot be read", row.number, row.claim));
    let payee = match row.payee.as_str() {
        "" => None,
        text => Some(Liable::parse(text).ok_or_else(unreadable)?),
    };
    Ok(Line {
        number: row.number,
        code: RateCode::parse(&row.code).ok_or_else(unreadable)?,
        item: row.item,
        quantity: row.quantity,
        unit_fen: row.unit_fen,
        approved_fen: row.approved_fen,
        paid_fen: row.paid_fen,
        payee,
    })
}
