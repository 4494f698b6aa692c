//! The chore of the vault: rows in clear are sealed, rows of an older key come under the newest.
//!
//! A row is changed only if it is still what was read, so that the chore may run beside writers, and at several
//! processes at once.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::keyring::{Keyring, Place, Unreadable};
use crate::dialect;
use crate::store::Store;
use crate::tables::vault;

/// What one pass over a stretch of the vault did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Rows that were in clear and are sealed.
    pub sealed: u64,
    /// Rows whose key was wrapped by an older key.
    pub rewrapped: u64,
    /// Rows that do not open and were left as they are.
    pub unreadable: u64,
    /// Where the next pass begins; `None` after the last row.
    pub next: Option<(Uuid, String)>,
}

/// Whether a row is in clear: it was never sealed, or was written over by a release that knows of no keys.
fn is_plain(row: &vault::Model) -> bool {
    row.sealed_by == 0 || !row.body.is_empty()
}

impl Store {
    /// Seals and wraps anew at most `limit` rows behind a place; every row whose key is older than the newest.
    ///
    /// # Errors
    /// What the engine says; [`DbErr::Custom`] when the store has no keys.
    pub async fn reseal(
        &self,
        after: Option<(Uuid, String)>,
        limit: u64,
    ) -> Result<Resealed, DbErr> {
        use vault::Column;
        let locked = || DbErr::Custom(format!("vault: {}", Unreadable::Locked));
        let ring = self.keyring.as_ref().ok_or_else(locked)?;
        let mut rows = vault::Entity::find()
            .filter(
                Condition::any().add(Column::SealedBy.lt(ring.newest())).add(Column::Body.ne("")),
            )
            .cursor_by((Column::Subject, Column::Kind));
        if let Some(place) = after {
            rows.after(place);
        }
        let rows = rows.first(limit).all(self.reader()).await?;
        let full = u64::try_from(rows.len()).is_ok_and(|read| read >= limit);
        let last = rows.last().map(|row| (row.subject, row.kind.clone()));
        let mut done = Resealed { next: last.filter(|_| full), ..Resealed::default() };
        for row in rows {
            let (was_plain, subject, kind) = (is_plain(&row), row.subject, row.kind.clone());
            match self.reseal_row(ring, row).await? {
                Ok(changed) if was_plain => done.sealed += changed,
                Ok(changed) => done.rewrapped += changed,
                Err(error) => {
                    tracing::error!(%subject, kind, %error, "a row of the vault cannot be sealed anew");
                    done.unreadable += 1;
                }
            }
        }
        Ok(done)
    }

    async fn reseal_row(
        &self,
        ring: &Keyring,
        row: vault::Model,
    ) -> Result<Result<u64, Unreadable>, DbErr> {
        use vault::Column;
        let place = Place { subject: row.subject, kind: &row.kind };
        let sealed = match is_plain(&row) {
            true => ring.seal(place, &row.body),
            false => ring.rewrap(place, row.sealed_by, &row.sealed),
        };
        let sealed = match sealed {
            Ok(sealed) => sealed,
            Err(error) => return Ok(Err(error)),
        };
        let changed = vault::Entity::update_many()
            .col_expr(Column::Body, Expr::value(""))
            .col_expr(Column::SealedBy, Expr::value(ring.newest()))
            .col_expr(Column::Sealed, Expr::value(sealed))
            .filter(Column::Subject.eq(row.subject))
            .filter(Column::Kind.eq(&row.kind))
            // Only if it is still what was read.
            .filter(Column::SealedBy.eq(row.sealed_by))
            .filter(Column::Body.eq(&row.body))
            .filter(Column::Sealed.eq(row.sealed.clone()))
            .exec(&self.writer)
            .await?;
        Ok(Ok(changed.rows_affected))
    }

    /// Writes the embedded file anew, so that nothing of what was overwritten or deleted is left in it, nor beside it
    /// in what is logged for it. Takes as long as copying the file, and writers wait. The server engine has no such
    /// file: there the engine's own housekeeping overwrites what is gone.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn scrub(&self) -> Result<(), DbErr> {
        dialect::scrub(self.writer.pool()).await
    }
}
