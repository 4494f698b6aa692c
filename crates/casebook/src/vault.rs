//! The vault: the one place where personal data lives.
//!
//! Events, tasks, logs and the bell carry references only. This module finds and reads; writing goes
//! through the committer like everything else, with [`secret`].

use parasol_journey::time::Timestamp;
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::row::RowOp;
use crate::store::Store;
use crate::tables::vault;

/// A piece of personal data to write.
pub struct Secret {
    /// Whom or what it is about.
    pub subject: Uuid,
    /// What kind of data, for example `customer`.
    pub kind: &'static str,
    /// Keyed hash to find it by, or empty.
    pub lookup: String,
    /// The data, as JSON.
    pub body: String,
}

/// The row that writes a piece of personal data.
pub fn secret(secret: Secret, at: Timestamp) -> RowOp {
    RowOp::put(vault::ActiveModel {
        subject: Set(secret.subject),
        kind: Set(secret.kind.to_owned()),
        lookup: Set(secret.lookup),
        body: Set(secret.body),
        at: Set(at.micros()),
    })
}

impl Store {
    /// The data of a kind about a subject, as JSON.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn reveal(&self, subject: Uuid, kind: &str) -> Result<Option<String>, DbErr> {
        let row = vault::Entity::find_by_id((subject, kind.to_owned())).one(self.reader()).await?;
        Ok(row.map(|row| row.body))
    }

    /// The data of a kind about several subjects, as JSON; in no order, unknown ones are left out.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn reveal_many(
        &self,
        subjects: impl IntoIterator<Item = Uuid>,
        kind: &str,
    ) -> Result<Vec<(Uuid, String)>, DbErr> {
        vault::Entity::find()
            .select_only()
            .columns([vault::Column::Subject, vault::Column::Body])
            .filter(vault::Column::Subject.is_in(subjects))
            .filter(vault::Column::Kind.eq(kind))
            .into_tuple()
            .all(self.reader())
            .await
    }

    /// Who is found under a keyed hash; at most 20.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn find_subjects(&self, lookup: &str) -> Result<Vec<Uuid>, DbErr> {
        vault::Entity::find()
            .select_only()
            .column(vault::Column::Subject)
            .filter(vault::Column::Lookup.eq(lookup))
            .limit(20)
            .into_tuple()
            .all(self.reader())
            .await
    }
}
