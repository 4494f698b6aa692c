//! `parasol policy export`: the built-in pack as files to read and change.

use std::path::Path;

use anyhow::Context as _;
use parasol_policy::Pack;
use serde_json::json;

use crate::cli::{Common, Exit};

pub(super) fn run(folder: &Path, common: &Common) -> anyhow::Result<Exit> {
    let wrong = || format!("the folder {} cannot be made", folder.display());
    std::fs::create_dir(folder).with_context(wrong)?;
    let files = Pack::builtin_files();
    for file in &files {
        let path = folder.join(&file.name);
        std::fs::write(&path, &file.text)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let names: Vec<_> = files.iter().map(|file| &file.name).collect();
    common.answer(&json!({ "folder": folder, "files": names }), || {
        let next = format!("Check a change with: parasol policy validate {}", folder.display());
        format!("{} files are in {}.\n{next}", names.len(), folder.display())
    })?;
    Ok(Exit::Done)
}
