//! What stands before any service: the folder, the store, the time, the key.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use parasol_casebook::{Engine, NewId, Now, Pools, Store};
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::clock::Clock;
use parasol_runtime::config::Config;
use parasol_runtime::identity::{KEY_FILE, TokenKey};
use parasol_runtime::ids::IdSource;
use secrecy::ExposeSecret as _;

use super::anchor::chain_keys;
use super::vault::{self, VAULT_KEYS_FILE};
use crate::migrations;

/// Where the store keeps how far its test clock is ahead, in microseconds.
pub const CLOCK_OFFSET: &str = "test_clock_offset";

/// The file of the embedded store, in the data folder.
pub const STORE_FILE: &str = "parasol.db";
/// The file whose lock says that a process owns the data folder.
pub const LOCK_FILE: &str = "parasol.lock";

pub(super) struct Base {
    pub store: Store,
    pub clock: Clock,
    pub ids: IdSource,
    pub key: Arc<TokenKey>,
}

impl Base {
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        let folder = &config.data_dir;
        std::fs::create_dir_all(folder)
            .with_context(|| format!("data_dir {} cannot be made", folder.display()))?;
        if config.is_embedded() {
            own(folder)?;
        }
        vault::moved(config)?;
        let store = open_store(config).await?;
        migrations::up(&store).await.context("the database could not be migrated")?;
        crate::vault::replay(&store, config.kept())
            .await
            .context("erasures cannot be made up for")?;
        if store.engine() == Engine::Sqlite {
            store.free_leases().await?;
        }
        let clock = open_clock(config, &store).await?;
        let ids = IdSource::new(clock.clone()).of_cell(config.cell);
        let key = TokenKey::load_or_create(folder, |bytes| ids.fill(bytes))?;
        let store = store.chaining_with(chain_keys(&key, &[]));
        let store = store.with_keys(vault::load_or_create(config.kept(), &key)?);
        store.try_keys().await.with_context(|| {
            format!(
                "put back the {VAULT_KEYS_FILE} (or {KEY_FILE}) that belongs to this database; \
                 nothing personal in it can be read without"
            )
        })?;
        Ok(Self { store, clock, ids, key: Arc::new(key) })
    }

    pub fn now(&self) -> Now {
        let clock = self.clock.clone();
        Arc::new(move || clock.now())
    }

    pub fn new_id(&self) -> NewId {
        let ids = self.ids.clone();
        Arc::new(move || ids.next())
    }
}

/// Opens the database the configuration names, with the keys of its vault if there are any yet.
///
/// # Errors
/// When it does not answer or would lose acknowledged steps, or the keys cannot be used.
pub async fn open_store(config: &Config) -> anyhow::Result<Store> {
    let url = config.database_url.expose_secret();
    let url = if url.is_empty() {
        format!("sqlite://{}?mode=rwc", config.data_dir.join(STORE_FILE).display())
    } else {
        url.to_owned()
    };
    let pools = Pools { write: config.pools.write, read: config.pools.read };
    let store = Store::open(&url, pools).await.context("the database cannot be used")?;
    let store = store.parking_after(config.tasks.attempts_max);
    Ok(match vault::vault_keys(config)? {
        Some(keys) => store.with_keys(keys),
        None => store,
    })
}

/// Takes the data folder for this process; its lock goes with the process, however it ends.
///
/// # Errors
/// When another process has it.
pub fn own(folder: &Path) -> anyhow::Result<()> {
    let path = folder.join(LOCK_FILE);
    let file = File::create(&path).with_context(|| format!("{} cannot be made", path.display()))?;
    match file.try_lock() {
        Ok(()) => {
            // Held until the process ends: the embedded store has one owner.
            Box::leak(Box::new(file));
            Ok(())
        }
        Err(TryLockError::WouldBlock) => bail!(
            "the data folder {} is in use by another process; stop it, or choose another --data",
            folder.display()
        ),
        Err(TryLockError::Error(error)) => Err(error).context("the data folder cannot be locked"),
    }
}

/// The machine's time, or a test clock that goes on where it stood.
///
/// # Errors
/// What the engine says.
pub async fn open_clock(config: &Config, store: &Store) -> anyhow::Result<Clock> {
    if !config.test_clock {
        return Ok(Clock::system());
    }
    let clock = match Timestamp::parse(&config.test_clock_start) {
        Some(start) => Clock::test_from(start),
        None => Clock::test(Span::ZERO),
    };
    let offset = store.meta_once(CLOCK_OFFSET, &clock.offset().micros().to_string()).await?;
    Ok(Clock::test(Span::from_micros(offset.parse()?)))
}
