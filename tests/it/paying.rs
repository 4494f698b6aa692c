//! Refunds while whole processes are killed and the payment provider, over HTTP, misbehaves: its books are ours.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use parasol_casebook::{Pools, Store};
use parasol_testkit::payments::{FakeProvider, PaymentServer, Rates};

use crate::house::texts;
use crate::mortal::Kills;
use crate::program::command;

/// Refunds of one game.
const CASES: usize = 17;
const KILLS: Kills = Kills { all: 25, life_ms: 300..1_500, seed: 0x5eed };

#[test]
fn proc_killed_processes_and_a_bad_provider_leave_equal_books() {
    // What is taken on and paid later is asked about after a minute: that is for tests that move the clock.
    let rates = Rates { accepted_then_paid: 0, accepted_then_failed: 0, ..Rates::STORMY };
    let provider = Arc::new(FakeProvider::new(0x9a1d, rates));
    let server = PaymentServer::start(Arc::clone(&provider)).expect("a port is free");
    let run = |folder: &Path| {
        let mut command = command("demo", folder);
        command
            .args(["--story", "refund", "--cases", &CASES.to_string(), "--once", "--pace", "0"])
            .env("PARASOL__PAYMENTS__URL", server.url())
            // Every kill may cost an attempt.
            .env("PARASOL__TASKS__ATTEMPTS_MAX", "100");
        command
    };
    let mut paid_before = 0;
    let games = KILLS.deal(run, |folder| paid_before += check(folder, &provider, paid_before));
    println!("{games} games, {:?}", provider.bitten());
    assert!(provider.bitten().len() >= 4, "hardly anything went wrong: {:?}", provider.bitten());
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
