//! The keys of the vault, as they lie in the folder of what is kept ([`Config::kept`]).
//!
//! Owns one file and the chore that seals. The first key follows from the cell's secret, so that processes that share
//! the secret share the vault; it is written down at the first start all the same, so that another secret later on
//! closes nothing. Further keys are made by `parasol vault rotate`. What keys do is the casebook's to know.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use parasol_casebook::{KEY_LEN, Keyring, Mark, Store};
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::clock::Clock;
use parasol_runtime::config::Config;
use parasol_runtime::identity::TokenKey;
use parasol_runtime::supervisor::{Backoff, OnFailure, OnStop, Progress, Supervisor, TaskKind};
use tempfile::NamedTempFile;
use tokio::sync::Mutex;

use super::anchor::HEADS_FILE;
use crate::vault::journal::JOURNAL_FILE;

/// The file in the data folder: a line for each key, its number and 64 hexadecimal digits.
pub const VAULT_KEYS_FILE: &str = "vault.keys";
/// What the first key follows from the cell's secret for.
const DOMAIN: &str = "vault key";
/// How often it is looked whether rows are to be sealed, or traces to be cleared.
const RESEAL_EVERY: Duration = Duration::from_secs(60);
/// How long traces of what retention has taken stay in the file at most while a process goes on: clearing them keeps
/// writers waiting, and is done at the start for what a process before has left.
const TRACES_FOR: Span = Span::hours(12);
/// How many rows one turn takes.
const RESEAL_BATCH: u64 = 200;

/// A key with its number.
pub type Numbered = (u32, [u8; KEY_LEN]);

/// The keys of a cell: those of the file, else the one that follows from the secret; `None` where there is
/// neither. Makes nothing.
///
/// # Errors
/// When the file cannot be read, holds something else, or is open to others.
pub fn vault_keys(config: &Config) -> anyhow::Result<Option<Keyring>> {
    let keys = match read(config.kept())? {
        Some(keys) => keys,
        // A secret that cannot be used is found by whoever needs it for tokens.
        None => match TokenKey::load(&config.data_dir) {
            Ok(Some(key)) => vec![first(&key)],
            Ok(None) | Err(_) => return Ok(None),
        },
    };
    Keyring::new(keys).context("the vault has no key").map(Some)
}

/// The keys of a data folder, written down if they were not. Of processes that start at once all end up with the same.
/// A folder that nobody may write to goes on with the key that follows from its secret.
///
/// # Errors
/// As [`vault_keys`].
pub(super) fn load_or_create(folder: &Path, key: &TokenKey) -> anyhow::Result<Keyring> {
    if read(folder)?.is_none()
        && let Err(error) = create(folder, key)
    {
        tracing::warn!(%error, "{VAULT_KEYS_FILE} cannot be made: the vault closes with another secret");
    }
    let keys = read(folder)?.unwrap_or_else(|| vec![first(key)]);
    Keyring::new(keys).context("the vault has no key")
}

/// Where another folder than the data folder is named for what is kept: refuses one that lacks a file of it which the
/// data folder has. A vault with another key would not open, and who was erased would be back unnoticed.
///
/// # Errors
/// Which file has to be moved.
pub fn moved(config: &Config) -> anyhow::Result<()> {
    let (kept, data) = (config.kept(), config.data_dir.as_path());
    ensure!(kept.is_dir() || kept == data, "keep_dir {} is no folder", kept.display());
    for name in [VAULT_KEYS_FILE, JOURNAL_FILE, HEADS_FILE] {
        let left = data.join(name).exists() && !kept.join(name).exists();
        ensure!(!left, "move {} to {}", data.join(name).display(), kept.display());
    }
    Ok(())
}

/// Writes the first key down, unless another process was first.
fn create(folder: &Path, key: &TokenKey) -> anyhow::Result<()> {
    let made = draft(folder, &[first(key)])?.persist_noclobber(folder.join(VAULT_KEYS_FILE));
    match made.map_err(|error| error.error) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.into()),
        Err(_) | Ok(_) => sync(folder),
    }
}

/// Replaces the keys of a data folder.
///
/// # Errors
/// What the operating system says; the file is then as before.
pub fn replace_vault_keys(folder: &Path, keys: &[Numbered]) -> anyhow::Result<()> {
    let draft = draft(folder, keys)?;
    draft.persist(folder.join(VAULT_KEYS_FILE)).context("the keys cannot be replaced")?;
    sync(folder)
}

/// The keys of the file, if it is there, in its order.
///
/// # Errors
/// As [`vault_keys`].
pub fn read(folder: &Path) -> anyhow::Result<Option<Vec<Numbered>>> {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join(VAULT_KEYS_FILE);
    let told = || format!("the keys of the vault in {}", path.display());
    if !path.try_exists().with_context(told)? {
        return Ok(None);
    }
    let mode = fs::metadata(&path).with_context(told)?.permissions().mode();
    ensure!(mode & 0o077 == 0, "{} can be read by others; run chmod 600 on it", path.display());
    let text = fs::read_to_string(&path).with_context(told)?;
    let Some(keys) = text.lines().map(parse).collect::<Option<Vec<_>>>() else {
        bail!("a line of {} is not a number and 64 hexadecimal digits", path.display());
    };
    let mut numbers: Vec<_> = keys.iter().map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let sound = !keys.is_empty() && numbers.len() == keys.len() && numbers[0] > 0;
    ensure!(sound, "{} names no key, or one number twice", path.display());
    Ok(Some(keys))
}

fn parse(line: &str) -> Option<Numbered> {
    let (number, digits) = line.trim().split_once(' ')?;
    let mut key = [0; KEY_LEN];
    hex::decode_to_slice(digits, &mut key).ok()?;
    Some((number.parse().ok()?, key))
}

fn first(key: &TokenKey) -> Numbered {
    (1, key.mac(DOMAIN, b"v1"))
}

/// A file beside its place that only its owner reads, so that the keys appear whole or not at all.
fn draft(folder: &Path, keys: &[Numbered]) -> anyhow::Result<NamedTempFile> {
    let mut file = NamedTempFile::new_in(folder).context("the data folder cannot be written")?;
    for (number, key) in keys {
        writeln!(file, "{number} {}", hex::encode(key))?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}

fn sync(folder: &Path) -> anyhow::Result<()> {
    Ok(fs::File::open(folder)?.sync_all()?)
}

/// Where the chore is.
#[derive(Default)]
struct Chore {
    /// A walk that is under way: where it is, when it began, and how many rows it has found in clear.
    walk: Option<(Option<Mark>, Timestamp, u64)>,
    /// Since when traces are known of that this process has not cleared yet.
    traces_since: Option<Timestamp>,
    /// Whether it was looked for traces that a process before has left.
    has_looked: bool,
}

/// Rows in clear are sealed, and those of an older key come under the newest: soon after the start, and once a day. Traces
/// in the file are cleared.
pub(super) fn reseal(supervisor: &Supervisor, store: &Store, clock: &Clock) {
    let kind = TaskKind {
        name: "casebook.vault",
        on_stop: OnStop::Drain,
        on_failure: OnFailure::Restart(Backoff::STANDARD),
    };
    let (store, clock) = (store.clone(), clock.clone());
    let chore: Arc<Mutex<Chore>> = Arc::default();
    supervisor.spawn_loop(kind, RESEAL_EVERY, (), move || {
        let (store, chore, now) = (store.clone(), Arc::clone(&chore), clock.now());
        async move { chore.lock().await.run_once(&store, now).await }
    });
}

impl Chore {
    async fn run_once(&mut self, store: &Store, now: Timestamp) -> anyhow::Result<Progress> {
        if self.walk.is_none() && store.is_reseal_due(now).await? {
            self.walk = Some((None, now, 0));
        }
        let mut found = 0;
        if let Some((place, began, earlier)) = &mut self.walk {
            let done = store.reseal(place.take(), RESEAL_BATCH).await?;
            *earlier += done.sealed;
            if done.next.is_some() {
                *place = done.next;
                return Ok(Progress::More);
            }
            store.note_resealed(*began).await?;
            found = *earlier;
            self.walk = None;
        }
        self.clear_traces(store, now, found > 0).await?;
        Ok(Progress::Idle)
    }

    /// Clears the file of traces: at once of what was in clear and of what a process before has left, and of what has
    /// been destroyed since when it has been long enough. A file that could not be cut is cut by the next turn.
    async fn clear_traces(
        &mut self,
        store: &Store,
        now: Timestamp,
        at_once: bool,
    ) -> anyhow::Result<()> {
        if !store.has_traces().await? {
            (self.traces_since, self.has_looked) = (None, true);
            return Ok(());
        }
        let since = *self.traces_since.get_or_insert(now);
        if at_once || !self.has_looked || since + TRACES_FOR <= now {
            store.scrub().await?;
            (self.traces_since, self.has_looked) = (None, true);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use parasol_runtime::config::Sources;

    use super::*;

    fn file(text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(VAULT_KEYS_FILE);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        folder
    }

    /// The settings of a cell whose data is here.
    fn cell(folder: &Path) -> Config {
        let data = ("data_dir".to_owned(), folder.display().to_string());
        Config::load(&Sources { overrides: vec![data], ..Sources::default() }).unwrap()
    }

    #[test]
    fn what_is_kept_elsewhere_is_moved_there_first() {
        let (data, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let one = TokenKey::from_secret(&[1; 32]);
        load_or_create(data.path(), &one).unwrap();
        let mut config = cell(data.path());
        moved(&config).unwrap();
        config.keep_dir = kept.path().to_owned();
        let refused = moved(&config).unwrap_err().to_string();
        assert!(refused.contains("move") && refused.contains(VAULT_KEYS_FILE), "{refused}");
        fs::rename(data.path().join(VAULT_KEYS_FILE), kept.path().join(VAULT_KEYS_FILE)).unwrap();
        moved(&config).unwrap();
        assert_eq!(vault_keys(&config).unwrap().unwrap().newest(), 1);
        config.keep_dir = kept.path().join("missing");
        assert!(moved(&config).unwrap_err().to_string().contains("is no folder"));
    }

    #[test]
    fn the_first_key_follows_from_the_secret_and_outlives_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(vault_keys(&cell(folder.path())).unwrap().is_none());
        let (one, other) = (TokenKey::from_secret(&[1; 32]), TokenKey::from_secret(&[2; 32]));
        load_or_create(folder.path(), &one).unwrap();
        let written = read(folder.path()).unwrap().unwrap();
        assert_eq!(written, [first(&one)]);
        let mode = fs::metadata(folder.path().join(VAULT_KEYS_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        load_or_create(folder.path(), &other).unwrap();
        assert_eq!(read(folder.path()).unwrap().unwrap(), written);
        assert_ne!(first(&one), first(&other));
    }

    #[test]
    fn keys_are_read_as_they_were_written_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let keys = [(1, [1; KEY_LEN]), (3, [3; KEY_LEN])];
        replace_vault_keys(folder.path(), &keys).unwrap();
        assert_eq!(read(folder.path()).unwrap().unwrap(), keys);
        assert_eq!(vault_keys(&cell(folder.path())).unwrap().unwrap().newest(), 3);
        let digits = "ab".repeat(KEY_LEN);
        let twice = format!("1 {digits}\n1 {digits}\n");
        for text in ["", "\n", "1", "1 ab", &digits, &format!("0 {digits}"), &twice] {
            let refused = vault_keys(&cell(file(text).path()));
            assert!(refused.is_err(), "{text} was taken");
        }
        let open = file(&format!("1 {digits}"));
        let path = open.path().join(VAULT_KEYS_FILE);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = vault_keys(&cell(open.path())).unwrap_err().to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
    }
}
