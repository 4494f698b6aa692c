//! The chain of the audit trail as a process looks after it: how far it is behind, and its heads kept beside the
//! database.
//!
//! Owns the file of heads in the data folder, which tells when the newest rows of the trail were cut off together
//! with their links, and the measuring. The chain itself is the casebook's.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use parasol_casebook::{ChainKeys, Head, Store, Unchained};
use parasol_journey::time::{SECOND, Span};
use parasol_runtime::clock::Clock;
use parasol_runtime::identity::TokenKey;
use parasol_runtime::metrics::{Gauge, Metrics};

/// The file of heads, in the data folder: one a line, the newest last.
pub const HEADS_FILE: &str = "audit-heads";
/// What the key of the chain follows from the cell's secret for.
const DOMAIN: &str = "audit chain key";
/// How long a row of the trail may wait for its link.
const LAG_MAX: Span = Span::from_micros(60 * SECOND);

/// The keys of the cell's chain: that of its secret links, and those of secrets that it had before are known when the
/// chain is looked at.
pub fn chain_keys(key: &TokenKey, older: &[TokenKey]) -> ChainKeys {
    let of = |key: &TokenKey| key.mac(DOMAIN, b"v1");
    ChainKeys::new(of(key), older.iter().map(of))
}

/// Heads that a process has kept.
#[derive(Debug, Default)]
pub struct KeptHeads {
    /// Those that can be read, oldest first.
    pub heads: Vec<Head>,
    /// How many lines cannot: one that was being written when the machine stopped is no head.
    pub unreadable: usize,
}

impl KeptHeads {
    /// Reads the heads of a data folder; none where there is no file.
    ///
    /// # Errors
    /// When there is one and it cannot be read.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(HEADS_FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => {
                return Err(error).with_context(|| format!("{} cannot be read", path.display()));
            }
        };
        let mut kept = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            match line.parse() {
                Ok(head) => kept.heads.push(head),
                Err(_) => kept.unreadable += 1,
            }
        }
        Ok(kept)
    }
}

/// Looks after the chain for one process. Cheap to clone.
#[derive(Clone)]
pub(super) struct Anchor {
    store: Store,
    clock: Clock,
    metrics: Metrics,
    path: PathBuf,
    /// The head that was kept last.
    last: Arc<Mutex<Option<Head>>>,
}

impl Anchor {
    /// Over a store that chains with the cell's keys.
    pub fn new(store: Store, clock: Clock, metrics: Metrics, folder: &Path) -> Self {
        Self { store, clock, metrics, path: folder.join(HEADS_FILE), last: Arc::default() }
    }

    /// Measures how far the chain is behind, and says so in the log where that is too far.
    ///
    /// # Errors
    /// What the store says.
    pub async fn measure(&self) -> anyhow::Result<Unchained> {
        let found = self.store.unchained().await?;
        let lag = found.oldest.map_or(Span::ZERO, |oldest| self.clock.now().since(oldest));
        let (rows, seconds) =
            ((found.waiting + found.backlog) as f64, lag.micros().max(0) as f64 / SECOND as f64);
        self.metrics.set(Gauge::AuditUnchained, rows, &[]);
        self.metrics.set(Gauge::AuditLag, seconds, &[]);
        if lag > LAG_MAX {
            tracing::warn!(rows = found.waiting, seconds, "the audit trail is not being chained");
        }
        Ok(found)
    }

    /// Keeps the head of the chain in the file and in the log, unless it is the one that was kept last.
    ///
    /// # Errors
    /// What the store or the file says; the head is then kept the next time.
    pub async fn keep(&self) -> anyhow::Result<()> {
        let Some(head) = self.store.audit_head().await? else { return Ok(()) };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref() == Some(&head) {
            return Ok(());
        }
        append(&self.path, &head).with_context(|| self.path.display().to_string())?;
        tracing::info!(%head, "the head of the audit chain");
        *last = Some(head);
        Ok(())
    }
}

/// Appends a line and sees to it that it stays. Processes of a cell may share the file, over a network too, where an
/// append is no single step: each has it alone meanwhile. What another process was writing when it was killed is ended first.
fn append(path: &Path, head: &Head) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    // Goes with the file.
    file.lock()?;
    let torn = !ends_a_line(&mut file)?;
    let line = format!("{}{head}\n", if torn { "\n" } else { "" });
    file.write_all(line.as_bytes())?;
    file.sync_data()
}

fn ends_a_line(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_back_in_order_and_a_torn_line_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        assert!(KeptHeads::read(folder.path()).unwrap().heads.is_empty());
        let head = |position: u64| -> Head {
            let (link, code) = ("05".repeat(32), "06".repeat(32));
            format!("audit-head-1.{position}.7.0123456789abcdef.{link}.{code}").parse().unwrap()
        };
        let path = folder.path().join(HEADS_FILE);
        append(&path, &head(1)).unwrap();
        append(&path, &head(2)).unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"audit-head-1.3.7.01").unwrap();
        append(&path, &head(4)).unwrap();
        let kept = KeptHeads::read(folder.path()).unwrap();
        assert_eq!((kept.heads, kept.unreadable), (vec![head(1), head(2), head(4)], 1));
    }
}
