//! Refunds while whole processes are killed and the payment provider, over HTTP, misbehaves: its books are ours.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use parasol_casebook::{Pools, Store};
use parasol_testkit::payments::{FakeProvider, PaymentServer, Rates};

use crate::house::texts;
use crate::program::command;

/// How often a process is killed.
const KILLS: usize = 25;
/// Refunds of one game.
const CASES: usize = 17;
/// Every run gets at most this long before it is killed.
const LIFE_MAX_MS: u64 = 1_200;
/// How long a run that is not killed may take.
const PATIENCE: Duration = Duration::from_secs(240);

#[test]
fn proc_killed_processes_and_a_bad_provider_leave_equal_books() {
    // What is taken on and paid later is asked about after a minute: that is for tests that move the clock.
    let rates = Rates { accepted_then_paid: 0, accepted_then_failed: 0, ..Rates::STORMY };
    let provider = Arc::new(FakeProvider::new(0x9a1d, rates));
    let server = PaymentServer::start(Arc::clone(&provider)).expect("a port is free");
    let (mut dice, mut kills, mut games) = (0x5eed_u64, 0, 0);
    let mut below = |limit: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % limit
    };
    let mut paid_before = 0;
    while kills < KILLS {
        let folder = tempfile::tempdir().expect("a temp folder");
        games += 1;
        loop {
            let mut child = start(folder.path(), &server.url());
            let life = match kills < KILLS {
                true => Duration::from_millis(300 + below(LIFE_MAX_MS)),
                false => PATIENCE,
            };
            match ends_within(&mut child, life) {
                Some(success) => {
                    assert!(success, "a run failed after {kills} kills");
                    break;
                }
                None if kills < KILLS => {
                    child.kill().expect("the process can be killed");
                    child.wait().expect("the process can be waited for");
                    kills += 1;
                }
                None => panic!("the last run never ended"),
            }
        }
        paid_before += check(folder.path(), &provider, paid_before);
    }
    println!("{kills} kills in {games} games, {:?}", provider.bitten());
    assert!(provider.bitten().len() >= 4, "hardly anything went wrong: {:?}", provider.bitten());
}

fn start(folder: &Path, payments: &str) -> Child {
    let mut child = command("demo", folder)
        .args(["--story", "refund", "--cases", &CASES.to_string(), "--once", "--pace", "0"])
        .env("PARASOL__PAYMENTS__URL", payments)
        // Every kill may cost an attempt.
        .env("PARASOL__TASKS__ATTEMPTS_MAX", "100")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
    // The first line says that both ports are open.
    let _ = lines.next();
    std::thread::spawn(move || lines.for_each(drop));
    child
}

/// Whether the process ended by itself, and how.
fn ends_within(child: &mut Child, time: Duration) -> Option<bool> {
    // A clock that only counts: the wait of an empty channel.
    let (_keep, clock) = mpsc::channel::<()>();
    let step = Duration::from_millis(5);
    for _ in 0..=time.as_millis() / step.as_millis() {
        if let Some(status) = child.try_wait().expect("the process can be asked") {
            return Some(status.success());
        }
        let _ = clock.recv_timeout(step);
    }
    None
}

/// Holds the store of a game against what the provider paid in it; answers with how many payments that were.
fn check(folder: &Path, provider: &FakeProvider, paid_before: usize) -> usize {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let url = format!("sqlite://{}", folder.join("parasol.db").display());
        let store = Store::open(&url, Pools::default()).await.expect("the store opens");
        let one =
            "SELECT operation || ' ' || amount_fen FROM payment_legs WHERE state = 'succeeded'";
        let mut ours = texts(&store, one).await;
        ours.sort();
        let mut theirs: Vec<_> =
            provider.paid().iter().map(|one| format!("{} {}", one.number, one.fen)).collect();
        let all = theirs.len();
        theirs.retain(|line| ours.contains(line));
        assert_eq!(ours, theirs, "the books differ, or a number was paid twice");
        assert_eq!(all - paid_before, ours.len(), "the provider paid what nobody recorded");
        assert!(ours.len() >= CASES / 2, "only {} refunds", ours.len());
        let open = "SELECT operation || ' ' || state FROM payment_legs WHERE state <> 'succeeded'";
        assert_eq!(texts(&store, open).await, [""; 0]);
        check_ledger(&store).await;
        store.close().await.expect("the store closes");
        ours.len()
    })
}

async fn check_ledger(store: &Store) {
    let unbalanced = "SELECT lower(hex(posting)) FROM ledger_entries \
                      GROUP BY posting HAVING sum(amount_fen) <> 0";
    assert_eq!(texts(store, unbalanced).await, [""; 0]);
    let sums = "SELECT account || ' ' || sum(amount_fen) FROM ledger_entries GROUP BY account";
    let balances: BTreeMap<_, i64> = texts(store, sums)
        .await
        .iter()
        .filter_map(|line| line.split_once(' '))
        .map(|(account, fen)| (account.to_owned(), fen.parse().expect("a sum is a number")))
        .collect();
    let on = |account: &str| balances.get(account).copied().unwrap_or_default();
    assert_eq!(balances.values().sum::<i64>(), 0);
    assert_eq!((on("customer_payable"), on("advances")), (0, 0));
    // What was paid or handed out is claimed from somebody, or borne.
    let given = -on("provider_clearing") - on("replacement_stock") - on("penalties_deferred");
    let answered = on("claims_pending") + on("refund_expense") + on("goodwill_expense");
    assert_eq!(answered, given);
    let claimed = "SELECT cast(coalesce(sum(amount_fen), 0) AS TEXT) FROM claims";
    assert_eq!(texts(store, claimed).await, [on("claims_pending").to_string()]);
}
