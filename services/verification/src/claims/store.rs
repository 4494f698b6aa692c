//! Claims as rows: reading them, and what an act writes.

use parasol_casebook::{RowOp, Store};
use parasol_journey::ids::{CaseId, CertificateId, ClaimId};
use parasol_journey::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::liable::Liable;
use super::lines::{self, Line};
use super::{Claim, ClaimAct, ClaimKind, ClaimState};
use crate::ledger::Posting;
use crate::settlement::period::Period;
use crate::tables::{claim_steps, claims};

/// Parts the rules of a claim, and no rule has one.
const PARTED: char = ' ';

/// Who did something to a claim: the caller, or the house itself.
pub const HOUSE: &str = "role:settlement";

/// The rows of a claim that a step of its case raises, posting included.
pub fn raised(claim: &Claim, posting: Posting) -> Vec<RowOp> {
    let mut rows = vec![row(claim), RowOp::put(step(claim, ClaimAct::Raise, HOUSE))];
    rows.extend(posting.rows());
    rows
}

/// The same for a claim that is raised beside its case: written once, whoever tries again.
pub fn raised_once(claim: &Claim, posting: Posting) -> Vec<RowOp> {
    let mut rows = vec![row(claim), RowOp::claim(step(claim, ClaimAct::Raise, HOUSE))];
    rows.extend(posting.rows_once());
    rows
}

/// The same for one that is made of lines.
pub fn raised_with_lines(claim: &Claim, posting: Posting, lines: &[Line]) -> Vec<RowOp> {
    let mut rows = raised_once(claim, posting);
    rows.extend(lines::rows(claim.id, lines));
    rows
}

/// The rows of an act, posting and lines included. The number of the act is a key that only one can take: of two who
/// act at once, one is refused.
pub fn acted(
    after: &Claim,
    act: ClaimAct,
    by: &str,
    posting: Option<Posting>,
    lines: &[Line],
) -> Vec<RowOp> {
    let mut rows = vec![row(after), RowOp::claim(step(after, act, by))];
    rows.extend(posting.into_iter().flat_map(Posting::rows_once));
    rows.extend(lines::rows(after.id, lines));
    rows
}

fn row(claim: &Claim) -> RowOp {
    RowOp::put(claims::ActiveModel {
        claim: Set(claim.id.uuid()),
        version: Set(claim.version),
        case_id: Set(claim.case.uuid()),
        kind: Set(claim.kind.as_str().to_owned()),
        party: Set(claim.liable.key()),
        brand: Set(claim.brand.clone()),
        amount_fen: Set(claim.amount_fen),
        state: Set(claim.state.as_str().to_owned()),
        certificate: Set(claim.certificate.map(CertificateId::uuid).unwrap_or_default()),
        rules: Set(claim.rules.join(&PARTED.to_string())),
        reference: Set(claim.reference.clone()),
        raised_at: Set(claim.raised_at.micros()),
        respond_by: Set(claim.respond_by.micros()),
        changed_at: Set(claim.changed_at.micros()),
        period: Set(claim.period.map(|period| period.to_string()).unwrap_or_default()),
        payee: Set(claim.payee.as_ref().map(Liable::key).unwrap_or_default()),
        requested_fen: Set(claim.requested_fen),
    })
}

fn step(claim: &Claim, act: ClaimAct, by: &str) -> claim_steps::ActiveModel {
    claim_steps::ActiveModel {
        claim: Set(claim.id.uuid()),
        number: Set(claim.version),
        at: Set(claim.changed_at.micros()),
        act: Set(act.as_str().to_owned()),
        said_by: Set(by.to_owned()),
    }
}

/// What a list of claims is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Claims on this partner, and those raised for it; empty for all.
    pub party: String,
    /// In this state.
    pub state: Option<ClaimState>,
    /// Of this case.
    pub case: Option<CaseId>,
}

/// A claim.
///
/// # Errors
/// What the store says, or that the row cannot be read.
pub async fn find(store: &Store, id: ClaimId) -> Result<Option<Claim>, DbErr> {
    let row = claims::Entity::find_by_id(id.uuid()).one(store.reader()).await?;
    row.map(read).transpose()
}

/// Claims in the order in which they were raised, after a place in it.
///
/// # Errors
/// As [`find`].
pub async fn page(
    store: &Store,
    wanted: &Wanted,
    after: Option<(i64, Uuid)>,
    limit: u64,
) -> Result<Vec<Claim>, DbErr> {
    use claims::Column::{CaseId as OfCase, Claim as Id, RaisedAt, State};
    let mut query =
        claims::Entity::find().order_by(RaisedAt, Order::Asc).order_by(Id, Order::Asc).limit(limit);
    if !wanted.party.is_empty() {
        query = query.filter(concerns(&wanted.party));
    }
    if let Some(state) = wanted.state {
        query = query.filter(State.eq(state.as_str()));
    }
    if let Some(case) = wanted.case {
        query = query.filter(OfCase.eq(case.uuid()));
    }
    if let Some((at, id)) = after {
        let same_moment = Condition::all().add(RaisedAt.eq(at)).add(Id.gt(id));
        query = query.filter(Condition::any().add(RaisedAt.gt(at)).add(same_moment));
    }
    query.all(store.reader()).await?.into_iter().map(read).collect()
}

/// Claims that are on a partner, or raised for it.
fn concerns(party: &str) -> Condition {
    Condition::any().add(claims::Column::Party.eq(party)).add(claims::Column::Payee.eq(party))
}

/// Claims that concern a partner and changed in a stretch of time, behind a place in it, in the order of that.
///
/// # Errors
/// As [`find`].
pub async fn changed(
    store: &Store,
    party: &str,
    (after, until): ((i64, Uuid), Timestamp),
    limit: u64,
) -> Result<Vec<Claim>, DbErr> {
    use claims::Column::{ChangedAt, Claim as Id};
    let (at, id) = after;
    let same_moment = Condition::all().add(ChangedAt.eq(at)).add(Id.gt(id));
    let rows = claims::Entity::find()
        .filter(concerns(party))
        .filter(Condition::any().add(ChangedAt.gt(at)).add(same_moment))
        .filter(ChangedAt.lte(until.micros()))
        .order_by(ChangedAt, Order::Asc)
        .order_by(Id, Order::Asc)
        .limit(limit)
        .all(store.reader())
        .await?;
    rows.into_iter().map(read).collect()
}

/// Some claims that concern a partner, as they stand.
///
/// # Errors
/// As [`find`].
pub async fn some(store: &Store, party: &str, ids: &[ClaimId]) -> Result<Vec<Claim>, DbErr> {
    let ids = ids.iter().map(|id| id.uuid());
    let rows = claims::Entity::find()
        .filter(concerns(party))
        .filter(claims::Column::Claim.is_in(ids))
        .order_by(claims::Column::ChangedAt, Order::Asc)
        .all(store.reader())
        .await?;
    rows.into_iter().map(read).collect()
}

/// Claims whose time for an answer is over, the longest overdue first.
///
/// # Errors
/// As [`find`].
pub async fn lapsed(store: &Store, now: Timestamp, limit: u64) -> Result<Vec<Claim>, DbErr> {
    let rows = claims::Entity::find()
        .filter(claims::Column::State.eq(ClaimState::Raised.as_str()))
        .filter(claims::Column::RespondBy.lte(now.micros()))
        .order_by(claims::Column::RespondBy, Order::Asc)
        .limit(limit)
        .all(store.reader())
        .await?;
    rows.into_iter().map(read).collect()
}

/// What was done to a claim, oldest first.
///
/// # Errors
/// What the store says.
pub async fn steps(store: &Store, id: ClaimId) -> Result<Vec<claim_steps::Model>, DbErr> {
    claim_steps::Entity::find()
        .filter(claim_steps::Column::Claim.eq(id.uuid()))
        .order_by(claim_steps::Column::Number, Order::Asc)
        .all(store.reader())
        .await
}

/// A claim out of its row.
///
/// # Errors
/// That the row is of another release.
pub fn read(row: claims::Model) -> Result<Claim, DbErr> {
    let id = row.claim;
    let unreadable = |what: &str| DbErr::Custom(format!("claim {id}: {what} cannot be read"));
    let kind = ClaimKind::parse(&row.kind).ok_or_else(|| unreadable("its kind"))?;
    let state = ClaimState::parse(&row.state).ok_or_else(|| unreadable("its state"))?;
    let liable = Liable::parse(&row.party).ok_or_else(|| unreadable("its party"))?;
    let payee = match row.payee.as_str() {
        "" => None,
        text => Some(Liable::parse(text).ok_or_else(|| unreadable("its payee"))?),
    };
    let requested_fen = if row.requested_fen == 0 { row.amount_fen } else { row.requested_fen };
    let certificate = Some(row.certificate).filter(|id| !id.is_nil()).map(CertificateId::new);
    let rules = row.rules.split(PARTED).filter(|rule| !rule.is_empty()).map(str::to_owned);
    Ok(Claim {
        id: ClaimId::new(row.claim),
        version: row.version,
        case: CaseId::new(row.case_id),
        kind,
        liable,
        brand: row.brand,
        payee,
        requested_fen,
        amount_fen: row.amount_fen,
        state,
        certificate,
        rules: rules.collect(),
        reference: row.reference,
        raised_at: Timestamp::from_micros(row.raised_at),
        respond_by: Timestamp::from_micros(row.respond_by),
        changed_at: Timestamp::from_micros(row.changed_at),
        period: Period::parse(&row.period),
    })
}
