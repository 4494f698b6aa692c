//! Fifty kills at random moments while fifty cases run: nothing acknowledged is lost, nothing takes
//! effect twice, every case ends.
//!
//! On SQLite a killed process cannot lose what the kernel has; that acknowledged steps are synced before
//! they are answered is asserted when the store opens. What this shows is atomicity, exactly-once and
//! recovery.

use std::collections::BTreeMap;
use std::path::Path;

use parasol::demo::{JOURNAL_FILE, JournalLine};
use parasol::node::{KeptHeads, chain_keys};
use parasol_casebook::{Pools, RequestKey, SEQUENCER, Sequenced, Store};
use parasol_journey::ids::CaseId;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::{Case, Stage};
use parasol_runtime::identity::TokenKey;

use crate::mortal::Kills;
use crate::program::command;

const CASES: &str = "50";
const KILLS: Kills = Kills { all: 50, life_ms: 20..920, seed: 0x5eed_2026 };

#[test]
fn fifty_kills_lose_nothing_and_double_nothing() {
    let run = |folder: &Path| {
        let mut command = command("demo", folder);
        command.args(["--cases", CASES, "--once", "--pace", "0", "--lang", "en"]);
        command
    };
    let games = KILLS.deal(run, check);
    println!("{games} games");
}

fn check(folder: &Path) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let url = format!("sqlite://{}", folder.join("parasol.db").display());
        let key = TokenKey::load(folder).expect("the key can be read").expect("there is a key");
        let keys = chain_keys(&key, &[]);
        let store = Store::open(&url, Pools::default()).await.expect("the store opens");
        let store = store.chaining_with(keys.clone());
        let (cases, answered) = check_store(&store, folder, CASES).await;
        let heads = KeptHeads::read(folder).expect("heads can be read").heads;
        let trail = store.verify_audit(&keys, &heads).await.expect("the trail can be read");
        assert_eq!((trail.problem, trail.waiting), (None, 0), "a kill broke the audit chain");
        assert!(trail.sound > 500 && trail.heads > 0, "{} rows prove little", trail.sound);
        assert!(answered > cases * 5, "{answered} answers for {cases} cases prove little");
        store.close().await.expect("the store closes");
    });
}

/// Every case is whole and has ended, the feed has every event, and every answer in the journal of a game stands once:
/// how many cases and answers there were.
pub async fn check_store(store: &Store, folder: &Path, expected: &str) -> (usize, usize) {
    let cases = check_cases(store, expected).await;
    (cases, check_journal(store, folder).await)
}

async fn check_cases(store: &Store, expected: &str) -> usize {
    let cases = store.cases_after(None, 1_000).await.expect("cases can be read");
    assert_eq!(cases.len().to_string(), expected, "a case was lost or doubled");
    for case in &cases {
        let log = store.log_after(case.id, 0, 10_000).await.expect("the log can be read");
        let log: Vec<_> = log.into_iter().map(|logged| logged.event).collect();
        let gap_free = log.iter().zip(1_u64..).all(|(event, seq)| event.seq == seq);
        assert!(gap_free && log.len() as u64 == case.version, "{} has a gap", case.id);
        let replayed = Case::replay(case.id, &log).expect("the log folds");
        assert_eq!(&replayed, case, "{} is not the fold of its log", case.id);
        assert_eq!(case.stage, Stage::Closed, "{} did not end", case.id);
    }
    check_feed(store, &cases).await;
    cases.len()
}

/// Every event is in the feed once, each case in order, once the sequencer of a next process has run.
async fn check_feed(store: &Store, cases: &[Case]) {
    number_what_waits(store).await;
    let mut next: BTreeMap<CaseId, u64> = BTreeMap::new();
    let mut position = 0;
    loop {
        let page = store.feed_after(position, 16).await.expect("the feed can be read");
        if page.events.is_empty() {
            break;
        }
        for one in page.events {
            position += 1;
            assert_eq!(one.position, position, "the feed has a gap");
            let expected = next.entry(one.case).or_insert(1);
            assert_eq!(one.seq, *expected, "{} is out of order in the feed", one.case);
            *expected += 1;
        }
    }
    for case in cases {
        let fed = next.get(&case.id).map_or(0, |next| next - 1);
        assert_eq!(fed, case.version, "the feed lacks events of {}", case.id);
    }
}

/// The last commits may not have been numbered before the process ended. Whoever held the lease is
/// gone, so a moment far enough ahead gets it.
async fn number_what_waits(store: &Store) {
    let later = Timestamp::from_micros(i64::MAX / 4);
    let holder = uuid::Uuid::from_u128(1);
    let lease = store.lease(SEQUENCER, holder, later, Span::minutes(1)).await;
    let held = lease.expect("leases can be taken").expect("nobody holds it");
    let sequenced = store.sequence(&held, later).await.expect("the sequencer runs");
    assert_ne!(sequenced, Sequenced::LeaseLost);
}

/// Every answer the players got is in the store exactly once, and no request took effect twice.
async fn check_journal(store: &Store, folder: &Path) -> usize {
    let text = std::fs::read(folder.join(JOURNAL_FILE)).expect("the journal is there");
    let mut keys = BTreeMap::new();
    let mut answers = BTreeMap::new();
    for line in text.split(|byte| *byte == b'\n') {
        match serde_json::from_slice(line) {
            Ok(JournalLine::Sent { id, path, player, .. }) => {
                keys.insert(id.clone(), key(&id, &path, &player));
            }
            Ok(JournalLine::Answered { id, reason, .. }) => {
                // The first answer is the one a later one has to agree with.
                let first = answers.entry(id.clone()).or_insert(reason.clone());
                let agrees = *first == reason || first != "OK";
                assert!(agrees, "{id} was answered OK and then {reason}");
                if reason == "OK" {
                    answers.insert(id, reason);
                }
            }
            Err(_) => {}
        }
    }
    for (id, key) in &keys {
        let effects = store.effects_of(*key).await.expect("the audit trail can be read");
        let expected = match answers.get(id).map(String::as_str) {
            Some("OK") => 1,
            Some(_) => 0,
            None => panic!("{id} was never answered"),
        };
        assert_eq!(effects, expected, "{id} ({:?}) took effect {effects} times", answers.get(id));
    }
    answers.values().filter(|reason| *reason == "OK").count()
}

fn key(id: &str, path: &str, player: &str) -> RequestKey {
    let method = path.rsplit('/').next().unwrap_or_default();
    let mut parts = player.split('|');
    let role = parts.next().unwrap_or_default();
    let subject = parts.next().unwrap_or_default();
    let id = uuid::Uuid::try_parse(id).expect("a request id is a UUID");
    RequestKey::new(&format!("{role}:{subject}"), method, id, b"")
}
