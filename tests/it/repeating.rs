//! Whatever was answered once is answered the same again, however far its case has come since.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use parasol::demo::{JOURNAL_FILE, JournalLine};
use parasol_casebook::{Pools, Store};
use uuid::Uuid;

use crate::house::texts;
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

    let before = entries(folder.path());
    play(folder.path());
    let again = self::answers(folder.path());
    for (id, answer) in &answers {
        // What was refused changed nothing, and may be refused for another reason by now.
        let refused = |answer: &(String, Uuid)| answer.0 != "OK";
        let same = answer == &again[id] || (refused(answer) && refused(&again[id]));
        assert!(same, "{id} was answered {answer:?}, and now {:?}", again[id]);
    }
    assert_eq!(entries(folder.path()), before, "asking again wrote something");
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

/// How many entries the logs of all cases have.
fn entries(folder: &Path) -> Vec<String> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let url = format!("sqlite://{}", folder.join("parasol.db").display());
        let store = Store::open(&url, Pools::default()).await.expect("the store opens");
        let count = "SELECT lower(hex(case_id)) || ' ' || count(*) FROM events GROUP BY case_id";
        let mut entries = texts(&store, count).await;
        entries.sort();
        store.close().await.expect("the store closes");
        entries
    })
}

/// The first answer to each request of a journal: how it went, and its bytes in short.
fn answers(folder: &Path) -> BTreeMap<String, (String, Uuid)> {
    let mut answers = BTreeMap::new();
    for line in lines(folder) {
        if let JournalLine::Answered { id, reason, answer } = line {
            answers.entry(id).or_insert((reason, answer));
        }
    }
    answers
}
