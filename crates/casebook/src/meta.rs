//! Facts about the store itself: its feed epoch, and how far a test clock was advanced.

use sea_orm::{ActiveValue::Set, DbErr, EntityTrait, sea_query::OnConflict};
use uuid::Uuid;

use crate::store::Store;
use crate::tables::meta;

/// The key of the feed epoch.
const EPOCH: &str = "feed_epoch";

impl Store {
    /// A stored fact.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn meta(&self, name: &str) -> Result<Option<String>, DbErr> {
        let row = meta::Entity::find_by_id(name.to_owned()).one(&self.writer).await?;
        Ok(row.map(|row| row.value))
    }

    /// Stores a fact.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn set_meta(&self, name: &str, value: &str) -> Result<(), DbErr> {
        let row = meta::ActiveModel { name: Set(name.to_owned()), value: Set(value.to_owned()) };
        let replace =
            OnConflict::column(meta::Column::Name).update_column(meta::Column::Value).to_owned();
        meta::Entity::insert(row).on_conflict(replace).exec_without_returning(&self.writer).await?;
        Ok(())
    }

    /// A fact that is stored once: what is stored, which is `value` if nothing was. Of several processes that ask
    /// at the same time all are told the same.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn meta_once(&self, name: &str, value: &str) -> Result<String, DbErr> {
        let row = meta::ActiveModel { name: Set(name.to_owned()), value: Set(value.to_owned()) };
        let keep = OnConflict::column(meta::Column::Name).do_nothing().to_owned();
        meta::Entity::insert(row).on_conflict(keep).exec_without_returning(&self.writer).await?;
        let stored = self.meta(name).await?;
        stored.ok_or_else(|| DbErr::Custom(format!("{name} was stored and is not there")))
    }

    /// The epoch of the feed: positions and tokens of another epoch mean nothing here. Made on first
    /// use, from the id given.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn feed_epoch(&self, fresh: Uuid) -> Result<Uuid, DbErr> {
        let stored = self.meta_once(EPOCH, &fresh.to_string()).await?;
        Uuid::try_parse(&stored).map_err(|_| DbErr::Custom("the feed epoch is not an id".into()))
    }

    /// Begins a new epoch of the feed, after the store was put back to an earlier state: positions are given a second
    /// time then, and a token of the time that is lost would name another event. No process may work on the store
    /// meanwhile, since each knows the epoch from its start.
    ///
    /// # Errors
    /// What the engine says; the epoch is then as before.
    pub async fn begin_feed_epoch(&self, fresh: Uuid) -> Result<(), DbErr> {
        self.set_meta(EPOCH, &fresh.to_string()).await
    }
}
