//! Money as the contract shows it.

use parasol_api::common::v1::Money;
use parasol_api::convert::{Listed, etag, to_money, to_timestamp};
use parasol_api::verification::v1::{
    Claim as WireClaim, ClaimKind as WireKind, ClaimLine as WireLine, ClaimState as WireState,
    ClaimStep, Payment, PaymentState as WirePayment, Rate as WireRate, RateCard, StatementLine,
};
use parasol_casebook::Store;
use parasol_journey::ids::{CaseId, ClaimId};
use parasol_journey::time::Timestamp;
use sea_orm::DbErr;
use serde::Deserialize;

use crate::claims::liable::Liable;
use crate::claims::lines::Line;
use crate::claims::{Claim, ClaimKind, ClaimState};
use crate::payment::legs::{Leg, LegState};
use crate::rates::{Card, Rate};
use crate::tables::{claim_steps, ledger_entries};

/// Under which kind the vault keeps what was said about a claim.
pub const SAID: &str = "claim";

/// What somebody said, as the vault keeps it.
#[derive(Deserialize)]
struct Said {
    text: String,
}

/// An amount, perhaps below zero.
#[expect(
    clippy::unnecessary_wraps,
    reason = "every amount of the contract is optional on the wire"
)]
pub fn money(fen: i64) -> Option<Money> {
    Some(to_money(fen))
}

/// A claim with what was said about it last, and with its lines where they are asked for. What cannot be read is
/// shown without.
///
/// # Errors
/// What the store says.
pub async fn claim(store: &Store, claim: &Claim, lines: &[Line]) -> Result<WireClaim, DbErr> {
    // Nobody says anything about a claim that was only raised.
    if claim.version == 1 {
        return Ok(saying(claim, String::new(), lines));
    }
    let said = store.reveal(claim.id.uuid(), SAID).await?;
    let said = said.and_then(|body| serde_json::from_str::<Said>(&body).ok());
    Ok(saying(claim, said.map(|said| said.text).unwrap_or_default(), lines))
}

/// A claim with these words.
pub fn saying(claim: &Claim, remark: String, lines: &[Line]) -> WireClaim {
    WireClaim {
        claim_id: claim.id.to_string(),
        etag: etag(u64::try_from(claim.version).unwrap_or_default()),
        case_id: claim.case.to_string(),
        kind: kind(claim.kind).into(),
        partner: claim.liable.key(),
        amount: money(claim.amount_fen),
        state: state(claim.state).into(),
        certificate_id: claim.certificate.map(|id| id.to_string()).unwrap_or_default(),
        rules: claim.rules.clone(),
        reference: claim.reference.clone(),
        raised_at: Some(to_timestamp(claim.raised_at)),
        respond_by: Some(to_timestamp(claim.respond_by)),
        period: claim.period.map(|period| period.to_string()).unwrap_or_default(),
        remark,
        payee: claim.payee.as_ref().map(Liable::key).unwrap_or_default(),
        requested: money(claim.requested_fen),
        lines: lines.iter().map(claim_line).collect(),
        changed_at: Some(to_timestamp(claim.changed_at)),
    }
}

fn claim_line(line: &Line) -> WireLine {
    WireLine {
        number: i32::try_from(line.number).unwrap_or(i32::MAX),
        code: line.code.as_str().to_owned(),
        item: line.item.clone(),
        quantity: line.quantity,
        unit: money(line.unit_fen),
        requested: money(line.requested_fen()),
        approved: money(line.approved_fen),
        paid: money(line.paid_fen),
        payee: line.payee.as_ref().map(Liable::key).unwrap_or_default(),
    }
}

/// What was done to a claim: who did it is told as a kind only.
pub fn claim_step(step: claim_steps::Model) -> ClaimStep {
    let by = step.said_by.strip_prefix("role:").unwrap_or(&step.said_by);
    ClaimStep {
        number: step.number,
        at: Some(to_timestamp(Timestamp::from_micros(step.at))),
        act: step.act,
        by: by.split(':').next().unwrap_or_default().to_owned(),
    }
}

/// A rate card.
pub fn card(card: &Card) -> RateCard {
    let rate = |rate: &Rate| WireRate {
        code: rate.code.as_str().to_owned(),
        category: rate.category.map_or(0, Listed::number),
        item: rate.item.clone(),
        amount: money(rate.amount_fen),
    };
    RateCard {
        brand: card.brand.clone(),
        revision: card.revision,
        valid_from: Some(to_timestamp(card.valid_from)),
        rates: card.rates.iter().map(rate).collect(),
        source: card.source.clone(),
    }
}

fn kind(kind: ClaimKind) -> WireKind {
    match kind {
        ClaimKind::Refund => WireKind::Refund,
        ClaimKind::Replacement => WireKind::Replacement,
        ClaimKind::Penalty => WireKind::Penalty,
        ClaimKind::Part => WireKind::Part,
        ClaimKind::Test => WireKind::Test,
        ClaimKind::Repair => WireKind::Repair,
    }
}

fn state(state: ClaimState) -> WireState {
    match state {
        ClaimState::Raised => WireState::Raised,
        ClaimState::Accepted => WireState::Accepted,
        ClaimState::Disputed => WireState::Disputed,
        ClaimState::Netted => WireState::Netted,
        ClaimState::Withdrawn => WireState::Withdrawn,
    }
}

/// The state that the contract's word stands for.
pub fn state_of(wire: WireState) -> Option<ClaimState> {
    ClaimState::ALL.iter().copied().find(|one| state(*one) == wire)
}

/// The contract's word for how far a payment has come.
pub fn leg_state(state: LegState) -> WirePayment {
    match state {
        LegState::Planned => WirePayment::Planned,
        LegState::Sent => WirePayment::Sent,
        LegState::Accepted => WirePayment::Accepted,
        LegState::Succeeded => WirePayment::Succeeded,
        LegState::Failed => WirePayment::Failed,
        LegState::Unknown => WirePayment::Unknown,
    }
}

/// The state that the contract's word stands for.
pub fn leg_state_of(wire: WirePayment) -> Option<LegState> {
    LegState::ALL.iter().copied().find(|one| leg_state(*one) == wire)
}

/// A payment.
pub fn payment(leg: Leg) -> Payment {
    Payment {
        operation: leg.operation.as_str().to_owned(),
        case_id: leg.case.to_string(),
        kind: leg.kind.as_str().to_owned(),
        amount: money(leg.amount_fen),
        state: leg_state(leg.state).into(),
        attempts: leg.attempts,
        planned_at: Some(to_timestamp(leg.planned_at)),
        changed_at: Some(to_timestamp(leg.changed_at)),
        reason: leg.reason,
    }
}

/// A line of the ledger as a statement shows it.
pub fn line(row: ledger_entries::Model) -> StatementLine {
    let shown = |id: uuid::Uuid, text: fn(uuid::Uuid) -> String| match id.is_nil() {
        true => String::new(),
        false => text(id),
    };
    StatementLine {
        at: Some(to_timestamp(Timestamp::from_micros(row.at))),
        account: row.account,
        about: row.kind,
        amount: money(row.amount_fen),
        case_id: shown(row.case_id, |id| CaseId::new(id).to_string()),
        claim_id: shown(row.claim, |id| ClaimId::new(id).to_string()),
    }
}
