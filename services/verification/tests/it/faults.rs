//! Money under faults: thousands of outcomes, processes that die anywhere, a provider that misbehaves.
//!
//! What must hold: the ledger balances in every snapshot, the provider has paid every number once and for what
//! we have recorded, and every payment that somebody else has to bear is claimed once. Every fault must have
//! bitten, or the run has proven nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures::StreamExt as _;
use parasol_api::Role;
use parasol_api::verification::v1::NotifyPaymentRequest;
use parasol_api::verification::v1::settlement_service_server::SettlementService as _;
use parasol_casebook::Store;
use parasol_journey::event::{Decision, Fact, OfferedRemedy, Path};
use parasol_journey::ids::{CaseId, DecisionId};
use parasol_journey::time::Span;
use parasol_journey::vocab::Remedy;
use parasol_journey::{ActorKind, Case, Command, Stage};
use parasol_testkit::payments::Rates;
use parasol_verification::settlement::period::Period;
use parasol_verification::settlement::statement::closed;
use parasol_verification::tables::{claims, ledger_entries, payment_legs};
use sea_orm::EntityTrait as _;

use crate::tills::{Cell, Process, check_balance};
use crate::world::{PRICE, by, filed, filing};

/// How many outcomes there are.
const OUTCOMES: usize = 5_000;
/// Steps handed in at a time.
const AT_ONCE: usize = 64;
/// Rounds of a minute after which whatever is still under way is stuck.
const ROUNDS: usize = 600;
/// Who the rule names, by turns: the brand and the carrier by name, the brand by recourse, nobody.
const TERMS: [(&str, &str); 5] =
    [("brand", ""), ("seller", "brand"), ("carrier", ""), ("seller", ""), ("insurer", "")];

mod on_sqlite {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn five_thousand_outcomes_balance() {
        Box::pin(super::outcomes(super::Cell::on_sqlite().await)).await;
    }
}

mod on_postgres {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn five_thousand_outcomes_balance() {
        Box::pin(super::outcomes(super::Cell::on_postgres("faults").await)).await;
    }
}

async fn outcomes(cell: Cell) {
    let watch = Watch::over(&cell).await;
    let ids: Vec<_> = (0..OUTCOMES).map(|_| CaseId::new(cell.ids.next())).collect();
    let mut process = cell.process().await;
    // The processes die while the cases are decided, too: in the middle of a commit or between two.
    for (place, chunk) in ids.chunks(OUTCOMES / 10).enumerate() {
        let dies = place % 2 == 0;
        while !decide_all(
            &cell,
            &process,
            chunk,
            dies && watch.deaths() < place as u64 / 2 + 1,
            &watch,
        )
        .await
        {
            process.kill().await;
            process = cell.process().await;
        }
    }
    cell.provider.set_rates(Rates::STORMY);
    cell.wire.kill_every(199);
    process = pay_all(&cell, process, &watch).await;
    watch.end().await;

    let store = cell.store().await;
    check_balance(&store).await;
    check_cases(&cell, &store, &ids).await;
    check_books(&cell, &store).await;
    check_reconciled(&cell, &process).await;
    check_settled(&cell, &process).await;
    for (what, times) in cell.provider.bitten().into_iter().chain(cell.wire.killed()) {
        println!("{:?} {what}: {times}", cell.engine());
    }
    assert_eq!(cell.provider.bitten().len(), 9, "a fault of the provider never bit");
    assert_eq!(cell.wire.killed().len(), 3, "{:?}", cell.wire.killed());
    assert!(cell.wire.killed().values().all(|times| *times >= 3), "{:?}", cell.wire.killed());
    println!("{:?} snapshots that balanced: {}", cell.engine(), watch.looks());
    assert!(watch.looks() >= 100, "only {} snapshots were looked at", watch.looks());
}

/// Looks at the balance again and again, on connections of its own.
struct Watch {
    looks: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    deaths: AtomicU64,
    looking: tokio::sync::Mutex<tokio::task::JoinSet<()>>,
    again: Arc<tokio::sync::Notify>,
}

impl Watch {
    async fn over(cell: &Cell) -> Self {
        let (looks, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let again = Arc::new(tokio::sync::Notify::new());
        let mut looking = tokio::task::JoinSet::new();
        let store = cell.store().await;
        let (counted, is_over, rung) = (Arc::clone(&looks), Arc::clone(&over), Arc::clone(&again));
        looking.spawn(async move {
            while !is_over.load(Ordering::SeqCst) {
                rung.notified().await;
                check_balance(&store).await;
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        let looking = tokio::sync::Mutex::new(looking);
        Self { looks, over, deaths: AtomicU64::new(0), looking, again }
    }

    /// Has it look now, beside whatever goes on.
    fn look(&self) {
        self.again.notify_one();
    }

    fn looks(&self) -> u64 {
        self.looks.load(Ordering::SeqCst)
    }

    fn deaths(&self) -> u64 {
        self.deaths.load(Ordering::SeqCst)
    }

    async fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
        self.look();
        while let Some(ended) = self.looking.lock().await.join_next().await {
            ended.expect("a snapshot did not balance");
        }
    }
}

/// Brings cases to their payment, wherever they stand; false if the process is to die on the way.
async fn decide_all(
    cell: &Cell,
    process: &Process,
    ids: &[CaseId],
    dies: bool,
    watch: &Watch,
) -> bool {
    let deciding = ids.iter().enumerate().map(|(nth, id)| decide_one(cell, process, *id, nth));
    let mut deciding = futures::stream::iter(deciding).buffer_unordered(AT_ONCE);
    let mut done = 0;
    while deciding.next().await.is_some() {
        done += 1;
        if done % 100 == 0 {
            watch.look();
        }
        if dies && done == ids.len() / 2 {
            // With so many steps in flight.
            watch.deaths.fetch_add(1, Ordering::SeqCst);
            cell.wire.die("while_deciding");
            cell.wire.dying.notified().await;
            return false;
        }
    }
    true
}

async fn decide_one(cell: &Cell, process: &Process, id: CaseId, nth: usize) {
    let Some(case) = process.case(id).await else {
        process.desk.submitter.submit(filed(id, filing(3, Remedy::Refund))).await.unwrap();
        return Box::pin(decide_one(cell, process, id, nth)).await;
    };
    let command = match case.stage {
        Stage::Filed => Command::Triage { path: Path::NoVisit, rules: vec![] },
        // Every tenth is a gift.
        Stage::Deciding if nth % 10 == 9 => Command::GrantGoodwill { amount_fen: 1 + nth as i64 },
        Stage::Deciding => Command::Decide { decision: decision(cell, nth) },
        _ => return,
    };
    let is_gift = matches!(command, Command::GrantGoodwill { .. });
    let by = if is_gift { ActorKind::Agent } else { ActorKind::Policy };
    process.give(id, by, command).await;
    Box::pin(decide_one(cell, process, id, nth)).await;
}

fn decision(cell: &Cell, nth: usize) -> Decision {
    let (payer, recourse) = TERMS[nth % TERMS.len()];
    Decision {
        id: DecisionId::new(cell.ids.next()),
        policy: "cn-2026.1".to_owned(),
        rules: vec!["R10".to_owned()],
        offered: vec![OfferedRemedy {
            remedy: Remedy::Refund,
            amount_fen: PRICE - nth as i64,
            payer: payer.to_owned(),
            recourse: recourse.to_owned(),
        }],
        certificate: None,
        overrides: false,
    }
}

/// Works until everything is paid, through deaths of the process and mishaps of the provider.
async fn pay_all(cell: &Cell, mut process: Process, watch: &Watch) -> Process {
    for _ in 0..ROUNDS {
        let worker = Arc::clone(&process.worker);
        let mut passes = tokio::task::JoinSet::new();
        passes.spawn(async move { worker.run_due().await });
        watch.look();
        let pass = tokio::select! {
            biased;
            () = cell.wire.dying.notified() => None,
            pass = passes.join_next() => pass,
        };
        match pass {
            Some(pass) => {
                let pass = pass.unwrap().unwrap();
                let is_idle = pass.done + pass.failed + pass.superseded == 0;
                if is_idle && all_paid(&process.desk.store).await {
                    return process;
                }
            }
            None => {
                passes.shutdown().await;
                process.kill().await;
                process = cell.process().await;
            }
        }
        notify(cell, &process).await;
        watch.look();
        cell.minute();
    }
    panic!("payments are still under way after {ROUNDS} minutes")
}

async fn all_paid(store: &Store) -> bool {
    let legs = payment_legs::Entity::find().all(store.reader()).await.unwrap();
    legs.iter().all(|leg| leg.state == "succeeded")
}

/// The provider's notifications, late, doubled and out of order as they are; and one of a number nobody knows.
async fn notify(cell: &Cell, process: &Process) {
    let mut numbers = cell.provider.notifications();
    numbers.truncate(50);
    for operation in numbers {
        let request = NotifyPaymentRequest { request_id: cell.id(), operation };
        let answer = process.service.notify_payment(by(Role::Service, "adapter", request)).await;
        // A step of the case may be first; the next question finds what there is to find.
        if let Err(status) = answer {
            assert!(status.message().len() > 1, "{status}");
        }
    }
    let request = NotifyPaymentRequest { request_id: cell.id(), operation: "pay_x".to_owned() };
    let unknown = process.service.notify_payment(by(Role::Service, "adapter", request)).await;
    assert_eq!(crate::world::reason(unknown), parasol_api::Reason::NotFound);
}

/// Every case is paid once, and its log says so once.
async fn check_cases(cell: &Cell, store: &Store, ids: &[CaseId]) {
    let paid: BTreeMap<_, _> =
        cell.provider.paid().into_iter().map(|one| (one.number, one.fen)).collect();
    let mut claimed: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for claim in claims::Entity::find().all(store.reader()).await.unwrap() {
        claimed.entry(claim.case_id).or_default().push(claim);
    }
    for id in ids {
        let case = store.case(*id).await.unwrap().unwrap();
        // A gift comes on top: the case is where it was.
        let stage = if case.paid[0].goodwill { Stage::Deciding } else { Stage::AwaitConfirm };
        assert_eq!(case.stage, stage, "{id}");
        let log = store.log_after(*id, 0, 1_000).await.unwrap();
        let is_paid =
            |fact: &Fact| matches!(fact, Fact::RefundPaid { .. } | Fact::CompensationPaid { .. });
        assert_eq!(log.iter().filter(|one| is_paid(&one.event.fact)).count(), 1, "{id}");
        assert_eq!(case.paid.len(), 1, "{id}");
        assert_eq!(paid.get(&case.paid[0].operation), Some(&case.paid[0].amount_fen), "{id}");
        let claims = claimed.get(&id.uuid()).map_or(&[][..], Vec::as_slice);
        assert_eq!(claims.len(), usize::from(is_recoverable(&case)), "{id}");
        assert!(claims.iter().all(|claim| claim.amount_fen == case.paid[0].amount_fen), "{id}");
    }
}

fn is_recoverable(case: &Case) -> bool {
    let offered = case.decision.as_ref().and_then(|decision| decision.offered.first());
    offered.is_some_and(|one| (one.payer.as_str(), one.recourse.as_str()) != ("seller", ""))
}

/// The provider's ledger is ours, by number and amount, and no number stands in it twice.
async fn check_books(cell: &Cell, store: &Store) {
    let theirs: Vec<_> =
        cell.provider.paid().into_iter().map(|one| (one.number, one.fen)).collect();
    assert!(theirs.windows(2).all(|pair| pair[0].0 != pair[1].0), "a number was paid twice");
    let legs = payment_legs::Entity::find().all(store.reader()).await.unwrap();
    let mut ours: Vec<_> = legs.into_iter().map(|leg| (leg.operation, leg.amount_fen)).collect();
    ours.sort();
    assert_eq!(ours.len(), OUTCOMES);
    assert_eq!(ours, theirs);
    let mut balances: BTreeMap<String, i64> = BTreeMap::new();
    for entry in ledger_entries::Entity::find().all(store.reader()).await.unwrap() {
        *balances.entry(entry.account).or_default() += entry.amount_fen;
    }
    let total: i64 = theirs.iter().map(|(_, fen)| fen).sum();
    assert_eq!(balances["provider_clearing"], -total);
    assert_eq!(balances["customer_payable"], 0, "customers are owed nothing any more");
    assert_eq!(balances["advances"], 0, "everything is claimed or borne");
    let pending = balances["claims_pending"];
    assert_eq!(pending + balances["refund_expense"] + balances["goodwill_expense"], total);
}

/// Silence accepts every claim, and the statements of the month are the claims of the month.
async fn check_settled(cell: &Cell, process: &Process) {
    let store = &process.desk.store;
    let claimed: Vec<_> = claims::Entity::find().all(store.reader()).await.unwrap();
    let claimed_fen: i64 = claimed.iter().map(|claim| claim.amount_fen).sum();
    let settle = async || {
        let (mut lapsed, mut closed, mut netted) = (0, 0, 0);
        loop {
            let pass = process.settlement.run_once().await.unwrap();
            (lapsed, closed, netted) =
                (lapsed + pass.lapsed, closed + pass.closed, netted + pass.netted);
            if !pass.more() {
                return (lapsed, closed, netted);
            }
        }
    };
    cell.clock.advance(Span::days(8)).unwrap();
    assert_eq!(settle().await, (claimed.len(), 0, 0));
    cell.clock.advance(Span::days(30)).unwrap();
    assert_eq!(settle().await, (0, 3, claimed.len()), "the brand, the carrier, the insurer");
    let month = Period::parse("2026-06").unwrap();
    let mut due_fen = 0;
    for partner in ["brand:aurora", "carrier", "insurer"] {
        let (totals, _) = closed(store, partner, month).await.unwrap().unwrap();
        assert_eq!(totals.accepted_fen, totals.closing_fen, "{partner}");
        due_fen += totals.closing_fen;
    }
    assert_eq!(due_fen, claimed_fen);
    check_balance(store).await;
}

/// The comparison finds what we know already, and nothing else.
async fn check_reconciled(cell: &Cell, process: &Process) {
    let mut days: Vec<_> = cell.provider.paid().into_iter().map(|one| one.day).collect();
    days.sort();
    days.dedup();
    cell.provider.set_rates(Rates::CALM);
    let mut matched = 0;
    for day in days {
        let report = process.settlement.compare(day.parse().unwrap()).await.unwrap();
        assert_eq!(report.differences, [], "{day}");
        matched += report.matched;
    }
    assert_eq!(matched, OUTCOMES);
    // What moves behind our back is found.
    cell.provider.pay_unasked("pay_nobodys", 7);
    let today = cell.clock.now().shanghai_day();
    let report = process.settlement.compare(today).await.unwrap();
    assert_eq!(report.differences.len(), 1);
    assert_eq!(report.differences[0].kind.as_str(), "unknown_number");
    cell.clock.advance(Span::minutes(1)).unwrap();
}
