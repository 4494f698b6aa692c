//! Expiry and holds: what is over its time is destroyed, and what somebody may have to prove something with is not.
//!
//! A row that is deleted about a subject on hold is put aside by the database itself, whoever deletes it: retention,
//! an erasure, a hand. Aside it stays sealed, under the same keys, and nobody who reads the vault finds it. Once no hold
//! is on its subject any more it is destroyed. Services have tables of their own kept so, see [`Aside`].
//!
//! It does not decide what is over, nor who may hold: whoever asks knows.

use parasol_journey::time::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait as _, DbErr, EntityTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::Place;
use crate::store::Store;
use crate::tables::{vault, vault_held, vault_withheld};

/// The most rows or subjects in one statement.
const AT_ONCE: usize = 200;

/// A table whose rows about a subject on hold are put aside when they are deleted.
#[derive(Clone, Copy, Debug)]
pub struct Aside {
    /// The table.
    pub table: &'static str,
    /// Where its rows are put; it has the same columns and the same key.
    pub aside: &'static str,
    /// The column that names the subject.
    pub subject: &'static str,
}

/// The vault's own.
pub const VAULT_ASIDE: Aside =
    Aside { table: "vault", aside: "vault_withheld", subject: "subject" };

impl Store {
    /// Destroys these rows of the vault with their keys, those that were written again since `written_before` aside.
    /// In one commit; answers with how many are gone. Those about a subject on hold are put aside. Nothing is said
    /// about later: unlike after an erasure, somebody may write about the same subjects again.
    ///
    /// # Errors
    /// What the engine says; nothing is destroyed then.
    pub async fn expire(
        &self,
        rows: &[(Uuid, String)],
        written_before: Timestamp,
    ) -> Result<u64, DbErr> {
        let transaction = self.writer.begin().await?;
        // A hold that is being placed is there by then, or waits until this is over.
        self.engine.keep_writers_out(&transaction, "vault_held").await?;
        let mut gone = 0;
        for some in rows.chunks(AT_ONCE) {
            let one = |(subject, kind): &(Uuid, String)| {
                vault::Column::Subject.eq(*subject).and(vault::Column::Kind.eq(kind))
            };
            let these = some.iter().fold(Condition::any(), |any, row| any.add(one(row)));
            let rows = vault::Entity::delete_many()
                .filter(these)
                .filter(vault::Column::At.lt(written_before.micros()));
            gone += rows.exec(&transaction).await?.rows_affected;
        }
        if gone > 0 {
            self.note_traces(&transaction).await?;
        }
        transaction.commit().await?;
        Ok(gone)
    }

    /// Puts further subjects under a hold that is there, for what came into being after it was placed.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn hold_also(&self, hold: Uuid, subjects: &[Uuid]) -> Result<(), DbErr> {
        for some in subjects.chunks(AT_ONCE) {
            let rows = some
                .iter()
                .map(|subject| vault_held::ActiveModel { subject: Set(*subject), hold: Set(hold) });
            let key = [vault_held::Column::Subject, vault_held::Column::Hold];
            let once = OnConflict::columns(key).do_nothing().to_owned();
            let insert = vault_held::Entity::insert_many(rows).on_conflict(once);
            insert.exec_without_returning(&self.writer).await?;
        }
        Ok(())
    }

    /// Which of these subjects are on hold.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn held(&self, subjects: &[Uuid]) -> Result<Vec<Uuid>, DbErr> {
        let mut found = Vec::new();
        for some in subjects.chunks(AT_ONCE) {
            let rows = vault_held::Entity::find()
                .select_only()
                .column(vault_held::Column::Subject)
                .distinct()
                .filter(vault_held::Column::Subject.is_in(some.iter().copied()));
            found.extend(rows.into_tuple::<Uuid>().all(self.house()).await?);
        }
        Ok(found)
    }

    /// What a hold keeps of these subjects out of everybody's sight: subject, kind and the data as JSON. For an operator
    /// who has to hand it over; nothing that serves customers, partners or the retailer's people may ask.
    ///
    /// # Errors
    /// As [`Store::reveal`].
    pub async fn withheld(&self, subjects: &[Uuid]) -> Result<Vec<(Uuid, String, String)>, DbErr> {
        let mut found = Vec::new();
        for some in subjects.chunks(AT_ONCE) {
            let rows = vault_withheld::Entity::find()
                .filter(vault_withheld::Column::Subject.is_in(some.iter().copied()))
                .order_by_asc(vault_withheld::Column::Subject)
                .order_by_asc(vault_withheld::Column::Kind);
            for row in rows.all(self.house()).await? {
                let place = Place { subject: row.subject, kind: &row.kind };
                let body = self.open_row(place, row.body, row.sealed_by, &row.sealed)?;
                found.push((row.subject, row.kind, body));
            }
        }
        Ok(found)
    }

    /// Destroys what was put aside about subjects that no hold is on any more, of at most `limit` of them. Answers with how
    /// many rows are gone.
    ///
    /// # Errors
    /// What the engine says; nothing is destroyed then.
    pub async fn destroy_released(&self, aside: &Aside, limit: u64) -> Result<u64, DbErr> {
        let Aside { aside, subject, .. } = *aside;
        let held = Query::select()
            .expr(Expr::value(1))
            .from("vault_held")
            .and_where(Expr::col(("vault_held", "subject")).equals((aside, subject)))
            .to_owned();
        let released = Query::select()
            .distinct()
            .column(subject)
            .from(aside)
            .and_where(Expr::exists(held).not())
            .limit(limit)
            .to_owned();
        // Most often there is nothing: that is found without keeping anybody waiting.
        if self.house().query_one(&released).await?.is_none() {
            return Ok(0);
        }
        let transaction = self.writer.begin().await?;
        self.engine.keep_writers_out(&transaction, "vault_held").await?;
        let rows = transaction.query_all(&released).await?;
        let subjects =
            rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<Vec<Uuid>, _>>()?;
        let mut gone = 0;
        for some in subjects.chunks(AT_ONCE) {
            let delete = Query::delete()
                .from_table(aside)
                .and_where(Expr::col(subject).is_in(some.iter().copied()))
                .to_owned();
            gone += transaction.execute(&delete).await?.rows_affected();
        }
        self.note_traces(&transaction).await?;
        transaction.commit().await?;
        Ok(gone)
    }
}
