//! Keeping the copy of a process in step with the register.
//!
//! Whoever changes the register changes its stamp in the same commit and looks at once. Every process looks at
//! the stamp when the bell rings, and once a second anyway, and reads everything when it is another.

use std::collections::HashMap;
use std::sync::Arc;

use parasol_api::Role;
use parasol_casebook::Store;
use parasol_runtime::identity::{Certified, Member, Members, Staff};
use sea_orm::{DbErr, EntityTrait};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::STAMP;
use super::register::certified;
use crate::tables::staff::{accounts, certifications, stamps};

/// Fills the copy of a process. A clone fills the same one.
#[derive(Clone)]
pub struct Roll {
    store: Store,
    staff: Staff,
    /// The stamp under which everything was read last. Held over a reading, so that none that began earlier is
    /// put in place later.
    seen: Arc<Mutex<Option<Uuid>>>,
}

impl Roll {
    /// A roll that has read nothing yet.
    pub fn new(store: Store, staff: Staff) -> Self {
        Self { store, staff, seen: Arc::default() }
    }

    /// The copy.
    pub fn staff(&self) -> &Staff {
        &self.staff
    }

    /// Looks once; whether everybody was read anew.
    ///
    /// # Errors
    /// What the store says; the copy then stays as it was.
    pub async fn run_once(&self) -> Result<bool, DbErr> {
        let mut seen = self.seen.lock().await;
        // The stamp first: what changes after it is read is another stamp at the next look.
        let row = stamps::Entity::find_by_id(STAMP).one(self.store.reader()).await?;
        let stamp = row.map_or(Uuid::nil(), |row| row.stamp);
        if *seen == Some(stamp) {
            return Ok(false);
        }
        self.staff.put(self.read().await?);
        *seen = Some(stamp);
        Ok(true)
    }

    async fn read(&self) -> Result<Members, DbErr> {
        let accounts = accounts::Entity::find().all(self.store.reader()).await?;
        let held = certifications::Entity::find().all(self.store.reader()).await?;
        let mut by_subject: HashMap<String, Vec<Certified>> = HashMap::new();
        for row in held {
            let one = certified(&row);
            by_subject.entry(row.subject).or_default().push(one);
        }
        let member = |row: accounts::Model| {
            let certifications = by_subject.remove(&row.subject).unwrap_or_default();
            let suspended = !row.suspended.is_empty();
            // A role that this release does not know is let in as none.
            let role = Role::parse(&row.role)?;
            Some((row.subject, Arc::new(Member { role, suspended, certifications })))
        };
        Ok(accounts.into_iter().filter_map(member).collect())
    }
}
