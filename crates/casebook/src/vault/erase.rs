//! Erasure: the rows of a subject are destroyed with their keys, and stay so.
//!
//! What is left is a tombstone: the subject's id and when. The database itself takes nothing about a subject that
//! has one, whoever writes it and however late: a step that says something about them is taken, and these rows of it
//! are left out. Who belongs to a person, and what survives a database that is put back, is the caller's to know.

use parasol_journey::time::Timestamp;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::store::{Store, instant};
use crate::tables::{vault, vault_erased};

/// The most subjects in one statement.
const AT_ONCE: usize = 500;

impl Store {
    /// Destroys what the vault has about these subjects, and lets it take nothing about them any more. In one
    /// commit; answers with how many rows are gone. Erasing what is erased changes nothing. What is about a subject on
    /// hold leaves the vault likewise, and is put aside until the hold is lifted.
    ///
    /// # Errors
    /// What the engine says; nothing is erased then.
    pub async fn erase(&self, subjects: &[Uuid], at: Timestamp) -> Result<u64, DbErr> {
        let transaction = self.writer.begin().await?;
        // Whoever is writing has committed by then, and whoever writes later sees the tombstones.
        self.engine.keep_writers_out(&transaction, "vault").await?;
        // A hold that is being placed is there by then, or waits until this is over.
        self.engine.keep_writers_out(&transaction, "vault_held").await?;
        let mut gone = 0;
        for some in subjects.chunks(AT_ONCE) {
            let stones = some.iter().map(|subject| vault_erased::ActiveModel {
                subject: Set(*subject),
                at: Set(at.micros()),
            });
            let once = OnConflict::column(vault_erased::Column::Subject).do_nothing().to_owned();
            vault_erased::Entity::insert_many(stones)
                .on_conflict(once)
                .exec_without_returning(&transaction)
                .await?;
            let rows = vault::Entity::delete_many()
                .filter(vault::Column::Subject.is_in(some.iter().copied()));
            gone += rows.exec(&transaction).await?.rows_affected;
        }
        if gone > 0 {
            self.note_traces(&transaction).await?;
        }
        transaction.commit().await?;
        Ok(gone)
    }

    /// Which of these subjects are erased, and since when. What the vault says of them is nothing, and this is how
    /// that is told from nothing ever having been said.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn erased(&self, subjects: &[Uuid]) -> Result<Vec<(Uuid, Timestamp)>, DbErr> {
        let mut found = Vec::new();
        for some in subjects.chunks(AT_ONCE) {
            let rows = vault_erased::Entity::find()
                .filter(vault_erased::Column::Subject.is_in(some.iter().copied()));
            let rows = rows.all(self.house()).await?;
            found.extend(rows.into_iter().map(|row| (row.subject, instant(row.at))));
        }
        Ok(found)
    }

    /// Of which of these subjects the vault has anything, of what kinds, and when that was written.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn kinds_of(
        &self,
        subjects: &[Uuid],
    ) -> Result<Vec<(Uuid, String, Timestamp)>, DbErr> {
        let mut found = Vec::new();
        for some in subjects.chunks(AT_ONCE) {
            let rows = vault::Entity::find()
                .select_only()
                .columns([vault::Column::Subject, vault::Column::Kind, vault::Column::At])
                .filter(vault::Column::Subject.is_in(some.iter().copied()));
            let rows = rows.into_tuple::<(Uuid, String, i64)>().all(self.house()).await?;
            found.extend(rows.into_iter().map(|(subject, kind, at)| (subject, kind, instant(at))));
        }
        Ok(found)
    }
}
