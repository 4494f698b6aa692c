//! Packs and facts from files.

use std::path::Path;

use anyhow::Context as _;
use parasol_policy::{Facts, FactsForm, Pack, PackFile};

/// The most bytes read of a file with facts of one case.
const FACTS_BYTES_MAX: u64 = 1 << 16;
/// The most bytes read of a file of a pack; a larger one is refused.
const PACK_FILE_BYTES_MAX: u64 = 1 << 20;
/// The most files of a folder looked at.
const FOLDER_FILES_MAX: usize = 1_000;

/// The files of a pack: all of a folder that end in `.toml`, those beside a manifest, or the one file.
///
/// # Errors
/// When they cannot be read.
pub(super) fn of_pack(path: &Path) -> anyhow::Result<Vec<PackFile>> {
    let is_manifest = path.file_name().is_some_and(|name| name == "pack.toml");
    let folder = if path.is_dir() {
        Some(path)
    } else if is_manifest {
        path.parent()
    } else {
        None
    };
    let Some(folder) = folder else { return Ok(vec![file(path)?]) };
    // A manifest without a folder in front of it lies in the current one.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let unread = || format!("the folder {} cannot be read", folder.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(unread)?.take(FOLDER_FILES_MAX) {
        let path = entry.with_context(unread)?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| file(path)).collect()
}

fn file(path: &Path) -> anyhow::Result<PackFile> {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(PackFile::new(name, text(path, PACK_FILE_BYTES_MAX)?))
}

fn text(path: &Path, bytes_max: u64) -> anyhow::Result<String> {
    let unread = || format!("{} cannot be read", path.display());
    let length = std::fs::metadata(path).with_context(unread)?.len();
    anyhow::ensure!(length <= bytes_max, "{} is larger than {bytes_max} bytes", path.display());
    std::fs::read_to_string(path).with_context(unread)
}

/// A pack; without a path the one that comes with the program.
///
/// # Errors
/// When it cannot be read, or is refused.
pub(super) fn pack(path: Option<&Path>) -> anyhow::Result<Pack> {
    match path {
        None => Ok(Pack::builtin()),
        Some(path) => {
            let refused = || format!("the pack {} is refused", path.display());
            Pack::read(&of_pack(path)?).with_context(refused)
        }
    }
}

/// The facts of one case, in the words of a pack.
///
/// # Errors
/// When they cannot be read, or something is missing.
pub(super) fn facts(path: &Path, pack: &Pack) -> anyhow::Result<Facts> {
    let text = text(path, FACTS_BYTES_MAX)?;
    let wrong = || format!("the facts in {} cannot be read", path.display());
    let is_json = path.extension().is_some_and(|ending| ending == "json");
    let form = FactsForm::read(&text, is_json).map_err(anyhow::Error::msg).with_context(wrong)?;
    form.facts(pack).map_err(anyhow::Error::msg).with_context(wrong)
}
