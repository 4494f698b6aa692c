//! The files below the paths somebody named.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

use super::report::PassedOver;
use super::source::{Kind, Source};

/// How deep folders are looked into.
const DEPTH_MAX: usize = 8;
/// Files of one import.
const FILES_MAX: usize = 10_000;
/// Folders of these names are read when they are named themselves, with the reason for it.
const SET_ASIDE: [(&str, &str); 2] = [
    ("bad", "rows that are to be refused; name it to import it"),
    ("checklists", "with them every inspection needs its form; name it to import it"),
];

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Files to import, by path; among them those that were named and are of no known kind.
    pub sources: Vec<Source>,
    /// Folders that were left out.
    pub passed_over: Vec<PassedOver>,
}

/// Finds the JSONL files that are named or lie in folders that are. Links to folders inside a folder
/// are not followed.
///
/// # Errors
/// When a path is not there or a folder cannot be read, or there are more files than one import takes.
pub fn find(paths: &[PathBuf]) -> anyhow::Result<Found> {
    let mut found = Found::default();
    for path in paths {
        let about = fs::metadata(path)
            .with_context(|| format!("{} is not there or cannot be read", path.display()))?;
        if about.is_dir() {
            look_into(path, DEPTH_MAX, &mut found)?;
        } else {
            found.sources.push(Source::file(path));
        }
    }
    Ok(found)
}

fn look_into(folder: &Path, depth: usize, found: &mut Found) -> anyhow::Result<()> {
    let read =
        || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>();
    let mut entries: Vec<PathBuf> =
        read().with_context(|| format!("{} cannot be read", folder.display()))?;
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            let why = match () {
                () if let Some((_, why)) = SET_ASIDE.iter().find(|(one, _)| *one == name) => *why,
                () if path.is_symlink() || name.starts_with('.') => continue,
                () if depth == 0 => "it lies too deep; name it to import it",
                () => {
                    look_into(&path, depth - 1, found)?;
                    continue;
                }
            };
            let file = path.display().to_string();
            found.passed_over.push(PassedOver { file, why: why.to_owned() });
        } else if name.ends_with(".jsonl") {
            found.sources.push(Source::file(&path));
            ensure!(found.sources.len() <= FILES_MAX, "more than {FILES_MAX} files: name fewer");
        }
    }
    Ok(())
}

impl Found {
    /// Takes the files of one kind out.
    pub fn take(&mut self, kind: Kind) -> Vec<Source> {
        self.sources.extract_if(.., |source| source.kind() == Some(kind)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_and_what_is_set_aside_is_told() {
        let folder = tempfile::tempdir().unwrap();
        for (place, name) in [
            ("network", "brands.jsonl"),
            ("bad", "orders.jsonl"),
            ("", "README.md"),
            ("", "x.jsonl"),
        ] {
            let place = folder.path().join(place);
            fs::create_dir_all(&place).unwrap();
            fs::write(place.join(name), "").unwrap();
        }
        let mut found = find(&[folder.path().to_owned()]).unwrap();
        let names: Vec<_> =
            found.sources.iter().map(|source| source.name().rsplit('/').next().unwrap()).collect();
        assert_eq!(names, ["brands.jsonl", "x.jsonl"]);
        assert_eq!(found.passed_over.len(), 1);
        assert_eq!(found.take(Kind::Brands).len(), 1);
        assert_eq!(found.sources.len(), 1);

        let named = find(&[folder.path().join("bad")]).unwrap();
        assert_eq!((named.sources.len(), named.passed_over.len()), (1, 0));
        let error = find(&[folder.path().join("nowhere")]).unwrap_err();
        assert!(error.to_string().contains("nowhere is not there"));
    }
}
