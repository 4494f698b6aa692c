//! Reading the register.

use parasol_api::{Error, Role};
use parasol_casebook::Store;
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::Certified;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder};

use super::identity::{self, Identity};
use crate::authority::Person;
use crate::handlers::store_error;
use crate::tables::staff::{accounts, certifications};

/// A person of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The account.
    pub account: accounts::Model,
    /// What they are certified for, by name.
    pub certifications: Vec<certifications::Model>,
}

impl Entry {
    /// What grants of authority ask for, at a time.
    pub fn person(&self, at: Timestamp) -> Person {
        let since = self.account.since;
        let held = self.certifications.iter().filter(|one| certified(one).holds(at));
        Person {
            since: (since != 0).then(|| Timestamp::from_micros(since)),
            score: self.account.score,
            certifications: held.map(|one| one.name.clone()).collect(),
        }
    }

    /// The role of the account.
    pub fn role(&self) -> Role {
        Role::parse(&self.account.role).unwrap_or(Role::Agent)
    }
}

/// A certification as a row has it.
pub fn certified(row: &certifications::Model) -> Certified {
    let until = row.valid_until;
    Certified {
        name: row.name.clone(),
        from: Timestamp::from_micros(row.valid_from),
        until: (until != 0).then(|| Timestamp::from_micros(until)),
    }
}

/// The person registered under a subject.
///
/// # Errors
/// What the store says.
pub async fn find(store: &Store, subject: &str) -> Result<Option<Entry>, Error> {
    let account = accounts::Entity::find_by_id(subject).one(store.reader()).await;
    let Some(account) = account.map_err(store_error)? else { return Ok(None) };
    let certifications = certifications_of(store, &[subject.to_owned()]).await?;
    Ok(Some(Entry { account, certifications }))
}

/// The certifications of some people, by subject and name.
///
/// # Errors
/// What the store says.
pub async fn certifications_of(
    store: &Store,
    subjects: &[String],
) -> Result<Vec<certifications::Model>, Error> {
    certifications::Entity::find()
        .filter(certifications::Column::Subject.is_in(subjects))
        .order_by(certifications::Column::Subject, Order::Asc)
        .order_by(certifications::Column::Name, Order::Asc)
        .all(store.reader())
        .await
        .map_err(store_error)
}

/// Who somebody is, out of the vault.
///
/// # Errors
/// What the store says.
pub async fn identity(store: &Store, subject: &str) -> Result<Option<Identity>, Error> {
    let body = store.reveal(identity::vault_id(subject), identity::KIND).await;
    Ok(body.map_err(store_error)?.and_then(|body| serde_json::from_str(&body).ok()))
}
