//! Traces: what stays in the embedded file of rows that are gone, until the file is written anew.
//!
//! That they have to be cleared is noted in the commit that destroys the rows, so that a process that dies before it
//! has cleared them is made up for by the next one. The server engine has no such file: there its own housekeeping
//! overwrites what is gone, and nothing is noted.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use crate::dialect::{self, Engine};
use crate::store::Store;
use crate::tables::meta;

/// The fact that there are traces; its value tells a note from an earlier one.
const TRACES: &str = "vault_traces";

impl Store {
    /// Notes, in the commit that destroys rows, that the file has traces of them.
    pub(crate) async fn note_traces(&self, connection: &impl ConnectionTrait) -> Result<(), DbErr> {
        if self.engine == Engine::Postgres {
            return Ok(());
        }
        // Another value than before: a scrub that began earlier does not answer for this commit.
        let earlier = meta::Entity::find_by_id(TRACES.to_owned()).one(connection).await?;
        let number = earlier.and_then(|row| row.value.parse::<u64>().ok()).unwrap_or(0);
        let row = meta::ActiveModel {
            name: Set(TRACES.to_owned()),
            value: Set(number.wrapping_add(1).to_string()),
        };
        let replace =
            OnConflict::column(meta::Column::Name).update_column(meta::Column::Value).to_owned();
        meta::Entity::insert(row).on_conflict(replace).exec_without_returning(connection).await?;
        Ok(())
    }

    /// Whether the file has traces of rows that are gone; never on a server.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn has_traces(&self) -> Result<bool, DbErr> {
        Ok(self.meta(TRACES).await?.is_some())
    }

    /// Writes the embedded file anew, so that nothing of what was overwritten or deleted is left in it, nor beside it
    /// in what is logged for it. Takes as long as copying the file, and writers wait. The server engine has no such
    /// file: there the engine's own housekeeping overwrites what is gone.
    ///
    /// # Errors
    /// What the engine says, and when somebody was still reading the log after the time the engine waits: the log then
    /// still has traces, and so [`Store::has_traces`] says.
    pub async fn scrub(&self) -> Result<(), DbErr> {
        let noted = self.meta(TRACES).await?;
        dialect::scrub(self.writer.pool()).await?;
        if let Some(noted) = noted {
            meta::Entity::delete_many()
                .filter(meta::Column::Name.eq(TRACES))
                .filter(meta::Column::Value.eq(noted))
                .exec(&self.writer)
                .await?;
        }
        Ok(())
    }
}
