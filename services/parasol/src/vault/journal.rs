//! The journal of erasures: a file beside the database, so that a database that is put back from a copy does not
//! bring back who was erased since.
//!
//! A line is a subject's id and the microsecond; it names nobody. Lines are only added. It has to be kept with the
//! keys and not with the copies of the database: a copy of it that is as old as the database says nothing new.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use parasol_journey::time::Timestamp;
use uuid::Uuid;

/// The file in the data folder.
pub const JOURNAL_FILE: &str = "vault.erased";

/// Adds these subjects, on disk before it returns.
///
/// # Errors
/// What the operating system says.
pub fn append(folder: &Path, subjects: &[Uuid], at: Timestamp) -> anyhow::Result<()> {
    let path = folder.join(JOURNAL_FILE);
    let told = || format!("the journal {} cannot be written", path.display());
    let mut options = OpenOptions::new();
    let file = options.create(true).append(true).read(true).mode(0o600).open(&path);
    let mut file = file.with_context(told)?;
    // Processes of a cell may share the file, over a network too, where an append is no single step. Goes with the file.
    file.lock().with_context(told)?;
    // A line that broke off must not swallow the next one.
    let ends = fs::read(&path).with_context(told)?.last().is_none_or(|byte| *byte == b'\n');
    let mut text = if ends { String::new() } else { "\n".to_owned() };
    for subject in subjects {
        text += &format!("{subject} {}\n", at.micros());
    }
    file.write_all(text.as_bytes()).with_context(told)?;
    file.sync_all().with_context(told)?;
    Ok(File::open(folder)?.sync_all()?)
}

/// Who is erased, and since when; nobody where there is no journal. A line that broke off was never acted on, and is
/// passed over.
///
/// # Errors
/// What the operating system says, and when the file is no journal.
pub fn read(folder: &Path) -> anyhow::Result<Vec<(Uuid, Timestamp)>> {
    let path = folder.join(JOURNAL_FILE);
    let told = || format!("the journal {} cannot be read", path.display());
    if !path.try_exists().with_context(told)? {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(&path).with_context(told)?;
    let mut entries = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        match parse(line) {
            Some(entry) => entries.push(entry),
            None => {
                tracing::warn!(file = %path.display(), "a line of the journal of erasures broke off")
            }
        }
    }
    Ok(entries)
}

fn parse(line: &str) -> Option<(Uuid, Timestamp)> {
    let (subject, at) = line.split_once(' ')?;
    Some((Uuid::try_parse(subject).ok()?, Timestamp::from_micros(at.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_read_back_and_a_line_that_broke_off_costs_no_other() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap(), []);
        let at = |micros| Timestamp::from_micros(micros);
        let [one, two, three] = [1, 2, 3].map(Uuid::from_u128);
        append(folder.path(), &[one, two], at(5)).unwrap();
        let path = folder.path().join(JOURNAL_FILE);
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(&three.to_string().as_bytes()[..20]).unwrap();
        append(folder.path(), &[three], at(6)).unwrap();
        assert_eq!(read(folder.path()).unwrap(), [(one, at(5)), (two, at(5)), (three, at(6))]);
    }
}
