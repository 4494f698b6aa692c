//! `parasol backup`: a copy of the embedded store and of what lies beside it, taken while the node runs.
//!
//! The copy is a data folder of its own: `doctor`, `audit` and `up` work on it as on any other, and putting it back is
//! putting the folder where the old one was. It is whole or not there: it is written beside its place, brought to disk
//! and renamed. PostgreSQL has tools of its own, and a bucket too; what is said then is where to look.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use parasol_runtime::clock::Clock;
use parasol_runtime::config::Config;
use parasol_runtime::identity::KEY_FILE;
use serde::Serialize;

use super::{Common, Exit};
use crate::node::{self, VAULT_KEYS_FILE, archive};
use crate::vault::journal::JOURNAL_FILE;

pub(super) const EXAMPLE: &str = "\
Taken while the node runs, which does not wait for it. The copy holds the keys unless they are left out: keep it \
as safe as the data folder. After putting it back say so with `parasol migrate --restored`.

Examples:
  parasol backup --data ./parasol-data --to /backup/2026-06-08
  parasol backup --without-key --to /backup/2026-06-08";

/// What was copied, beside the copy.
const NOTE_FILE: &str = "backup.json";
/// What a copy that is being written ends with; one that was cut off is left under this name.
const UNFINISHED: &str = ".unfinished";

#[derive(clap::Args)]
pub(super) struct Args {
    /// Folder to make; it must not be there yet
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// Leave the signing key and the keys of the vault out, where they are kept elsewhere. Without them all tokens and links
    /// given out are void, and nothing personal in the copy can be read
    #[arg(long)]
    without_key: bool,
}

/// What a copy is of.
#[derive(Serialize)]
struct Note<'a> {
    folder: &'a Path,
    /// When the store was copied; what was acknowledged by then is in the copy.
    taken_at: String,
    /// The last position of the feed in the copy.
    feed_position: u64,
    store_bytes: u64,
    /// Photos and films copied, with their marks.
    evidence_files: u64,
    evidence_bytes: u64,
    /// Where evidence is kept that was not copied; empty when it was.
    evidence_elsewhere: &'a str,
    signing_key: bool,
    version: &'static str,
}

pub(super) async fn run(args: Args, common: &Common, config: &Config) -> anyhow::Result<Exit> {
    ensure!(
        config.is_embedded(),
        "the cases are in PostgreSQL: copy them with its own tools, as docs/operations.md says"
    );
    let store = config.data_dir.join(node::STORE_FILE);
    ensure!(store.exists(), "there is no {}", store.display());
    let to = args.to.as_path();
    ensure!(!to.exists(), "{} is there already; name a folder that is not", to.display());
    let mut unfinished = to.as_os_str().to_owned();
    unfinished.push(UNFINISHED);
    let unfinished = PathBuf::from(unfinished);
    let made = DirBuilder::new().mode(0o700).create(&unfinished);
    made.with_context(|| format!("{} cannot be made", unfinished.display()))?;
    let note = copy(&args, config, &unfinished).await.with_context(|| {
        format!("there is no copy; what was written of it lies in {}", unfinished.display())
    })?;
    fs::rename(&unfinished, to).context("the copy cannot be put in its place")?;
    to_disk(to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
    common.answer(&note, || note.text())?;
    Ok(Exit::Done)
}

/// The store first: what its rows refer to was there before them, and is copied after them.
async fn copy<'a>(args: &'a Args, config: &'a Config, into: &Path) -> anyhow::Result<Note<'a>> {
    let file = into.join(node::STORE_FILE);
    let taken_at = Clock::system().now().to_string();
    let store = node::open_store(config).await?;
    let copied = store.copy_to(&file).await;
    store.close().await?;
    copied.context("the store cannot be copied")?;
    let copy = node::open_store(&Config { data_dir: into.to_owned(), ..config.clone() }).await?;
    let feed_position = copy.feed_position().await;
    copy.close().await?;
    let feed_position = feed_position.context("the copy cannot be read")?;
    to_disk(&file)?;
    if !args.without_key {
        secret(&config.data_dir, into, KEY_FILE)?;
        secret(config.kept(), into, VAULT_KEYS_FILE)?;
    }
    // The journal of erasures too: where it is newer than the copy, it is the one to go on with.
    secret(config.kept(), into, JOURNAL_FILE)?;
    let here = config.evidence.bucket().is_none();
    let from = config.data_dir.join(archive::FOLDER);
    let mut evidence = (0, 0);
    if here && from.exists() {
        evidence = tree(&from, &into.join(archive::FOLDER))?;
    }
    let note = Note {
        folder: &args.to,
        taken_at,
        feed_position,
        store_bytes: fs::metadata(&file)?.len(),
        evidence_files: evidence.0,
        evidence_bytes: evidence.1,
        evidence_elsewhere: if here { "" } else { &config.evidence.store },
        signing_key: !args.without_key,
        version: env!("CARGO_PKG_VERSION"),
    };
    let path = into.join(NOTE_FILE);
    fs::write(&path, serde_json::to_string_pretty(&note)?)?;
    to_disk(&path)?;
    to_disk(into)?;
    Ok(note)
}

/// A file beside the store, for its owner alone as it was; keys of the vault and a journal may not be there yet.
fn secret(from: &Path, into: &Path, name: &'static str) -> anyhow::Result<()> {
    let secret = match fs::read(from.join(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && name != KEY_FILE => return Ok(()),
        read => read.context(name)?,
    };
    let (path, mut options) = (into.join(name), File::options());
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    io::Write::write_all(&mut file, &secret)?;
    Ok(file.sync_all()?)
}

/// A folder with everything in it: how many files, and their bytes. What goes while it is copied was swept because
/// nothing refers to it.
fn tree(from: &Path, to: &Path) -> anyhow::Result<(u64, u64)> {
    let told = |path: &Path| format!("{} cannot be copied", path.display());
    DirBuilder::new().mode(0o700).create(to).with_context(|| told(to))?;
    let (mut files, mut bytes) = (0, 0);
    for entry in fs::read_dir(from).with_context(|| told(from))? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            let below = tree(&source, &target)?;
            (files, bytes) = (files + below.0, bytes + below.1);
        } else if kind.is_file() {
            match fs::copy(&source, &target) {
                Ok(length) => (files, bytes) = (files + 1, bytes + length),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error).with_context(|| told(&source)),
            }
            to_disk(&target)?;
        } else {
            bail!("{} is neither a file nor a folder", source.display());
        }
    }
    to_disk(to)?;
    Ok((files, bytes))
}

fn to_disk(path: &Path) -> anyhow::Result<()> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.with_context(|| format!("{} cannot be brought to disk", path.display()))
}

impl Note<'_> {
    fn text(&self) -> String {
        let Self { taken_at, feed_position, store_bytes, evidence_files, .. } = self;
        let mut said = format!(
            "{} holds everything until {taken_at}: {feed_position} event(s), {} KiB, {evidence_files} photo(s) and \
             film(s).",
            self.folder.display(),
            store_bytes.div_ceil(1 << 10),
        );
        if !self.evidence_elsewhere.is_empty() {
            let place = self.evidence_elsewhere;
            said.push_str(&format!("\nPhotos and films are in {place}; copy that too."));
        }
        if !self.signing_key {
            said.push_str("\nThe signing key and the keys of the vault are not in it.");
        }
        said
    }
}
