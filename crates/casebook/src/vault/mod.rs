//! The vault: the one place where personal data lives, sealed.
//!
//! Events, tasks, logs and the bell carry references only. This module finds and reads; writing goes
//! through the committer like everything else, with [`secret`]. No row leaves the committer in clear: it seals
//! whatever is meant for this table, so that nobody who writes can forget it, and a store without keys writes
//! none. Rows from before there were keys are read as they are until [`Store::reseal`] has passed them.
//!
//! It does not decide who may read: whoever asks has been let in by then.

mod erase;
mod hold;
mod keyring;
mod reseal;
mod traces;

use parasol_journey::time::Timestamp;
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

pub use self::hold::{Aside, VAULT_ASIDE};
pub use self::keyring::{KEY_LEN, Keyring, Unreadable};
pub use self::reseal::{Mark, Resealed};
use crate::row::{Cell, RowOp, Table};
use crate::store::Store;
use crate::tables::vault;
use keyring::Place;

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

/// The row that writes a piece of personal data; the committer seals it.
pub fn secret(secret: Secret, at: Timestamp) -> RowOp {
    RowOp::put(vault::ActiveModel {
        subject: Set(secret.subject),
        kind: Set(secret.kind.to_owned()),
        lookup: Set(secret.lookup),
        body: Set(secret.body),
        at: Set(at.micros()),
        sealed_by: Set(0),
        sealed: Set(Vec::new()),
    })
}

impl Store {
    /// The data of a kind about a subject, as JSON.
    ///
    /// # Errors
    /// What the engine says, and [`DbErr::Custom`] with an [`Unreadable`] in words: a row that does not open is
    /// never taken for one that is not there.
    pub async fn reveal(&self, subject: Uuid, kind: &str) -> Result<Option<String>, DbErr> {
        let row = vault::Entity::find_by_id((subject, kind.to_owned())).one(self.house()).await?;
        row.map(|row| self.open_row(Place { subject, kind }, row.body, row.sealed_by, &row.sealed))
            .transpose()
    }

    /// The data of a kind about several subjects, as JSON; in no order, unknown ones are left out.
    ///
    /// # Errors
    /// As [`Store::reveal`], also if only one of them does not open.
    pub async fn reveal_many(
        &self,
        subjects: impl IntoIterator<Item = Uuid>,
        kind: &str,
    ) -> Result<Vec<(Uuid, String)>, DbErr> {
        use vault::Column;
        let rows: Vec<(Uuid, String, i64, Vec<u8>)> = vault::Entity::find()
            .select_only()
            .columns([Column::Subject, Column::Body, Column::SealedBy, Column::Sealed])
            .filter(Column::Subject.is_in(subjects))
            .filter(Column::Kind.eq(kind))
            .into_tuple()
            .all(self.house())
            .await?;
        let open = |(subject, body, by, sealed): (Uuid, String, i64, Vec<u8>)| {
            Ok((subject, self.open_row(Place { subject, kind }, body, by, &sealed)?))
        };
        rows.into_iter().map(open).collect()
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
            .all(self.house())
            .await
    }

    /// Whether the keys of this store open its vault: tried on any one sealed row.
    ///
    /// # Errors
    /// As [`Store::reveal`].
    pub async fn try_keys(&self) -> Result<(), DbErr> {
        let sealed = vault::Entity::find().filter(vault::Column::SealedBy.gt(0));
        if let Some(row) = sealed.one(self.house()).await? {
            let place = Place { subject: row.subject, kind: &row.kind };
            self.open_row(place, row.body, row.sealed_by, &row.sealed)?;
        }
        Ok(())
    }

    fn open_row(
        &self,
        place: Place<'_>,
        body: String,
        sealed_by: i64,
        sealed: &[u8],
    ) -> Result<String, DbErr> {
        // A release that knows of no keys writes in clear and leaves the columns of the seal as they were.
        if sealed_by == 0 || !body.is_empty() {
            return Ok(body);
        }
        let opened = match &self.keyring {
            Some(ring) => ring.open(place, sealed_by, sealed),
            None => Err(Unreadable::Locked),
        };
        opened.map_err(|error| {
            let Place { subject, kind } = place;
            tracing::error!(%subject, kind, %error, "a row of the vault cannot be read");
            DbErr::Custom(format!("vault: {error}"))
        })
    }

    /// Seals whatever of these rows is meant for the vault.
    pub(crate) fn seal_rows(&self, rows: &mut [RowOp]) -> Result<(), Unreadable> {
        for row in rows {
            let (RowOp::Put(table, cells) | RowOp::Claim(table, cells)) = row else { continue };
            if std::ptr::eq(*table, Table::of::<vault::Entity>()) {
                self.seal_row(cells)?;
            }
        }
        Ok(())
    }

    fn seal_row(&self, row: &mut [Cell]) -> Result<(), Unreadable> {
        // The columns of the entity, in its order.
        let [
            Cell::Id(subject),
            Cell::Text(kind),
            _,
            Cell::Text(body),
            _,
            Cell::Int(by),
            Cell::Bytes(sealed),
        ] = row
        else {
            unreachable!("a row of the vault has its columns")
        };
        let ring = self.keyring.as_ref().ok_or(Unreadable::Locked)?;
        *sealed = ring.seal(Place { subject: *subject, kind }, body)?;
        *by = ring.newest();
        body.clear();
        Ok(())
    }
}
