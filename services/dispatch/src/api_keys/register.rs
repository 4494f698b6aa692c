//! Keeping the copy of a process in step with the keys, and writing down when they were used.
//!
//! Whoever changes the keys changes their stamp in the same commit and looks at once. Every process looks at the stamp
//! once a second, and reads everything when it is another.

use std::collections::HashMap;
use std::sync::Arc;

use parasol_api::Error;
use parasol_casebook::{Caller, Error as CasebookError, RowOp, RowsDeed, Submission, Target};
use parasol_desk::Desk;
use parasol_journey::Actor;
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::api_keys::{ApiKey, ApiKeys, Fingerprint, Known};
use parasol_runtime::identity::{Principal, Role};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::STAMP;
use crate::tables::{api_key_uses, api_keys, network_stamps};
use crate::unreadable;

/// Fills the copy of a process. A clone fills the same one.
#[derive(Clone)]
pub struct Register {
    desk: Desk,
    keys: ApiKeys,
    /// The stamp under which everything was read last. Held over a reading, so that none that began earlier is put in
    /// place later.
    seen: Arc<Mutex<Option<Uuid>>>,
    /// The days that are written down, by key.
    days: Arc<Mutex<HashMap<Uuid, i64>>>,
}

impl Register {
    /// A register that has read nothing yet, so that no key is good.
    pub fn new(desk: Desk) -> Self {
        Self { desk, keys: ApiKeys::default(), seen: Arc::default(), days: Arc::default() }
    }

    /// The copy.
    pub fn keys(&self) -> &ApiKeys {
        &self.keys
    }

    /// Looks once; whether everything was read anew.
    ///
    /// # Errors
    /// What the store says; the copy then stays as it was.
    pub async fn run_once(&self) -> Result<bool, DbErr> {
        let mut seen = self.seen.lock().await;
        let reader = self.desk.store.reader();
        // The stamp first: what changes after it is read is another stamp at the next look.
        let row = network_stamps::Entity::find_by_id(STAMP).one(reader).await?;
        let stamp = row.map_or(Uuid::nil(), |row| row.stamp);
        if *seen == Some(stamp) {
            return Ok(false);
        }
        let now = self.desk.clock.now().micros();
        let rows = api_keys::Entity::find()
            .filter(api_keys::Column::RevokedAt.eq(0))
            .filter(api_keys::Column::ExpiresAt.gt(now))
            .all(reader)
            .await?;
        self.keys.put(rows.into_iter().filter_map(known).collect::<Known>());
        *seen = Some(stamp);
        Ok(true)
    }

    /// Writes down on which day keys were used that were used since the last time; how many there were to write.
    ///
    /// # Errors
    /// What the store says; those uses are then not written down, the next ones of the day are.
    pub async fn note_uses(&self) -> Result<usize, Error> {
        let used = self.keys.take_used();
        let mut days = self.days.lock().await;
        let of = |at: Timestamp| Timestamp::shanghai_midnight(at.shanghai_day()).micros();
        let new: Vec<_> = used
            .into_iter()
            .map(|(key, at)| (key, of(at)))
            .filter(|(key, day)| days.get(key).is_none_or(|known| known < day))
            .collect();
        if new.is_empty() {
            return Ok(0);
        }
        let row = |(key, day): &(Uuid, i64)| {
            RowOp::put(api_key_uses::ActiveModel { key: Set(*key), day: Set(*day) })
        };
        let submission = Submission {
            target: Target::NoCase,
            key: None,
            caller: Caller {
                principal: "service:dispatch".to_owned(),
                method: "note_uses",
                trace: String::new(),
            },
            actor: Actor::policy(),
            expected: None,
            deed: Arc::new(RowsDeed { rows: new.iter().map(row).collect(), answer: Vec::new() }),
        };
        match self.desk.submitter.submit(submission).await {
            Ok(_) => {}
            Err(error @ CasebookError::Overloaded) => {
                tracing::debug!(%error, "uses of keys were not written down");
                return Ok(0);
            }
            Err(error) => return Err(parasol_desk::to_error(error, None)),
        }
        let written = new.len();
        days.extend(new);
        Ok(written)
    }
}

/// A key as the edge knows it; `None` for what this release cannot read.
fn known(row: api_keys::Model) -> Option<(Fingerprint, ApiKey)> {
    let mut fingerprint = Fingerprint::default();
    hex::decode_to_slice(&row.fingerprint, &mut fingerprint).ok()?;
    let role = Role::parse(&row.role).filter(|role| matches!(role, Role::Brand | Role::Centre))?;
    let principal = Principal::new(role, row.subject).of_brand(row.brand);
    let ends = Timestamp::from_micros(row.expires_at);
    Some((fingerprint, ApiKey { id: row.key, principal, ends }))
}

/// The days on which keys were used last.
///
/// # Errors
/// What the store says.
pub async fn used(desk: &Desk, keys: Vec<Uuid>) -> Result<HashMap<Uuid, i64>, Error> {
    let rows = api_key_uses::Entity::find().filter(api_key_uses::Column::Key.is_in(keys));
    let rows = rows.all(desk.store.reader()).await.map_err(unreadable)?;
    Ok(rows.into_iter().map(|row| (row.key, row.day)).collect())
}
