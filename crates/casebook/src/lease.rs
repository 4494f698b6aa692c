//! Leases with fencing tokens: what only one process may do at a time.
//!
//! The token grows at every grant, and every write under a lease names it in the same transaction. A
//! holder that slept through its expiry finds its token refused, however late it wakes.

use parasol_journey::time::{Span, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
    QuerySelect,
};
use uuid::Uuid;

use crate::store::Store;
use crate::tables::leases;

/// A lease this process holds, or held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What is leased.
    pub name: &'static str,
    /// The fencing token.
    pub token: i64,
    /// Until when, unless it is renewed.
    pub expires_at: Timestamp,
}

impl Store {
    /// Takes or renews a lease; `None` while somebody else holds it.
    ///
    /// Renewing keeps the token as long as the lease never lapsed; every other grant has a new one.
    ///
    /// # Errors
    /// What the engine says; the lease must then be taken as not held.
    pub async fn lease(
        &self,
        name: &'static str,
        holder: Uuid,
        now: Timestamp,
        length: Span,
    ) -> Result<Option<Held>, DbErr> {
        let expires_at = now + length;
        if let Some(token) = self.renew(name, holder, now, expires_at).await? {
            return Ok(Some(Held { name, token, expires_at }));
        }
        let granted = leases::Entity::update_many()
            .col_expr(leases::Column::Holder, Expr::value(holder))
            .col_expr(leases::Column::Token, Expr::col(leases::Column::Token).add(1))
            .col_expr(leases::Column::ExpiresAt, Expr::value(expires_at.micros()))
            .filter(leases::Column::Name.eq(name))
            .filter(leases::Column::ExpiresAt.lte(now.micros()))
            .exec(&self.writer)
            .await?;
        if granted.rows_affected == 0 && !self.first_grant(name, holder, expires_at).await? {
            return Ok(None);
        }
        let token = self.token_of(name, holder).await?;
        Ok(token.map(|token| Held { name, token, expires_at }))
    }

    /// Gives back every lease of a holder that stops, so that the next one need not wait for their ends.
    ///
    /// # Errors
    /// What the engine says; the leases then end by themselves.
    pub async fn return_leases(&self, holder: Uuid) -> Result<(), DbErr> {
        let ended = leases::Entity::update_many()
            .col_expr(leases::Column::ExpiresAt, Expr::value(0_i64))
            .filter(leases::Column::Holder.eq(holder));
        ended.exec(&self.writer).await.map(|_| ())
    }

    async fn renew(
        &self,
        name: &'static str,
        holder: Uuid,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Option<i64>, DbErr> {
        let renewed = leases::Entity::update_many()
            .col_expr(leases::Column::ExpiresAt, Expr::value(expires_at.micros()))
            .filter(leases::Column::Name.eq(name))
            .filter(leases::Column::Holder.eq(holder))
            .filter(leases::Column::ExpiresAt.gt(now.micros()))
            .exec(&self.writer)
            .await?;
        if renewed.rows_affected == 1 { self.token_of(name, holder).await } else { Ok(None) }
    }

    async fn first_grant(
        &self,
        name: &'static str,
        holder: Uuid,
        expires_at: Timestamp,
    ) -> Result<bool, DbErr> {
        let row = leases::ActiveModel {
            name: Set(name.to_owned()),
            holder: Set(holder),
            token: Set(1),
            expires_at: Set(expires_at.micros()),
        };
        let nothing =
            sea_orm::sea_query::OnConflict::column(leases::Column::Name).do_nothing().to_owned();
        let inserted = leases::Entity::insert(row)
            .on_conflict(nothing)
            .exec_without_returning(&self.writer)
            .await?;
        Ok(inserted == 1)
    }

    async fn token_of(&self, name: &'static str, holder: Uuid) -> Result<Option<i64>, DbErr> {
        leases::Entity::find()
            .select_only()
            .column(leases::Column::Token)
            .filter(leases::Column::Name.eq(name))
            .filter(leases::Column::Holder.eq(holder))
            .into_tuple()
            .one(&self.writer)
            .await
    }
}

/// Locks the lease row inside a transaction; false when the lease is another's by now. A transaction
/// that got true commits before anybody can take the lease over.
pub(crate) async fn still_held(
    transaction: &impl ConnectionTrait,
    held: &Held,
    now: Timestamp,
) -> Result<bool, DbErr> {
    let touched = leases::Entity::update_many()
        .col_expr(leases::Column::Token, Expr::value(held.token))
        .filter(
            Condition::all()
                .add(leases::Column::Name.eq(held.name))
                .add(leases::Column::Token.eq(held.token))
                .add(leases::Column::ExpiresAt.gt(now.micros())),
        )
        .exec(transaction)
        .await?;
    Ok(touched.rows_affected == 1)
}
