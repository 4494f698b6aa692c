//! Whatever was answered once is answered the same again, however far its case has come since.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use parasol::demo::{JOURNAL_FILE, JournalLine};

use crate::program::command;

/// All stories, each several times.
const CASES: &str = "24";
/// The players' kinds of request; a story that asks less is no longer told.
const METHODS_MIN: usize = 10;

/// The players are made to forget every answer, and ask everything once more at the end of all cases.
#[test]
fn proc_every_request_of_a_finished_game_is_answered_as_it_was() {
    let folder = tempfile::tempdir().expect("a temp folder");
    play(folder.path());
    let answers = answers(folder.path());
    let journal = folder.path().join(JOURNAL_FILE);
    let text = fs::read_to_string(&journal).expect("the journal is text");
    let sent = |line: &&str| matches!(serde_json::from_str(line), Ok(JournalLine::Sent { .. }));
    let forgotten: String = text.lines().filter(sent).flat_map(|line| [line, "\n"]).collect();
    fs::write(&journal, forgotten).expect("the journal can be written");
    let methods: std::collections::BTreeSet<_> = lines(folder.path())
        .into_iter()
        .filter_map(|line| match line {
            JournalLine::Sent { path, .. } => Some(path),
            JournalLine::Answered { .. } => None,
        })
        .collect();
    assert!(methods.len() >= METHODS_MIN, "{methods:?}");

    play(folder.path());
    let again = self::answers(folder.path());
    for (id, reason) in &answers {
        // What was refused changed nothing, and may be refused for another reason by now.
        let same = reason == &again[id] || (reason != "OK" && again[id] != "OK");
        assert!(same, "{id} was answered {reason}, and now {}", again[id]);
    }
    assert!(answers.len() > 100, "{} answers", answers.len());
}

fn play(folder: &Path) {
    let output = command("demo", folder)
        .args(["--cases", CASES, "--once", "--pace", "0", "--lang", "en"])
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn lines(folder: &Path) -> Vec<JournalLine> {
    let text = fs::read_to_string(folder.join(JOURNAL_FILE)).expect("the journal is text");
    text.lines().map(|line| serde_json::from_str(line).expect("a line of the journal")).collect()
}

/// The first answer to each request of a journal.
fn answers(folder: &Path) -> BTreeMap<String, String> {
    let mut answers = BTreeMap::new();
    for line in lines(folder) {
        if let JournalLine::Answered { id, reason } = line {
            answers.entry(id).or_insert(reason);
        }
    }
    answers
}
