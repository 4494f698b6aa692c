//! Rate cards as rows.

use parasol_casebook::{RowOp, Store};
use parasol_journey::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

use super::{Body, Card};
use crate::tables::rate_cards::{self, Column, Entity};

/// The card that counts for units of a brand at a moment.
///
/// # Errors
/// What the store says, or that a row cannot be read.
pub async fn in_force(store: &Store, brand: &str, at: Timestamp) -> Result<Card, DbErr> {
    for owner in [brand, ""] {
        let row = Entity::find()
            .filter(Column::Brand.eq(owner))
            .filter(Column::ValidFrom.lte(at.micros()))
            .order_by(Column::Revision, Order::Desc)
            .one(store.reader())
            .await?;
        if let Some(row) = row {
            return read(row);
        }
    }
    Ok(Card::of_the_program().clone())
}

/// The revisions of a card, the newest first.
///
/// # Errors
/// As [`in_force`].
pub async fn revisions(store: &Store, brand: &str, limit: u64) -> Result<Vec<Card>, DbErr> {
    let rows = Entity::find()
        .filter(Column::Brand.eq(brand))
        .order_by(Column::Revision, Order::Desc)
        .limit(limit)
        .all(store.reader())
        .await?;
    rows.into_iter().map(read).collect()
}

/// The row of a new revision, which only one can write.
pub fn row(card: &Card, said_by: &str, now: Timestamp) -> RowOp {
    let body = serde_json::to_string(&Body::of(card)).expect("words and numbers are JSON");
    RowOp::claim(rate_cards::ActiveModel {
        brand: Set(card.brand.clone()),
        revision: Set(card.revision),
        valid_from: Set(card.valid_from.micros()),
        body: Set(body),
        said_by: Set(said_by.to_owned()),
        at: Set(now.micros()),
    })
}

fn read(row: rate_cards::Model) -> Result<Card, DbErr> {
    let unreadable =
        || DbErr::Custom(format!("rate card {}/{} cannot be read", row.brand, row.revision));
    let (rates, source) = Body::read(&row.body).ok_or_else(unreadable)?;
    let valid_from = Timestamp::from_micros(row.valid_from);
    Ok(Card { brand: row.brand, revision: row.revision, valid_from, rates, source })
}
