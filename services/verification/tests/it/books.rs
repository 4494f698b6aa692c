//! The books against mistakes of ours and of the provider's: each of these is what a particular break would do.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::NaiveDate;
use parasol_api::Role;
use parasol_api::verification::v1::settlement_service_server::SettlementService as _;
use parasol_api::verification::v1::{
    ClaimKind, ClaimResponse, FundsKind, ListClaimsRequest, ReconcileProviderRequest,
};
use parasol_casebook::Store;
use parasol_journey::event::{Decision, Fact, OfferedRemedy, Path};
use parasol_journey::ids::{CaseId, DecisionId};
use parasol_journey::time::Span;
use parasol_journey::vocab::Remedy;
use parasol_journey::{ActorKind, Command, Stage};
use parasol_testkit::payments::Rates;
use parasol_verification::Ports;
use parasol_verification::payment::legs::{Leg, LegState};
use parasol_verification::payment::{
    NoStatement, Operation, PaymentOrder, PaymentProvider, PaymentState, StatementPage, Till,
};
use parasol_verification::tables::{claims, ledger_entries, payment_differences, statements};
use sea_orm::{ConnectionTrait as _, EntityTrait};

use crate::tills::{Cell, Process, check_balance};
use crate::world::{PRICE, World, by, filing};

on_both_engines!(World:
    an_unanswered_payment_is_asked_about_and_not_sent_again,
    a_payment_that_was_taken_on_is_not_sent_again_when_it_is_forgotten,
    a_refused_payment_keeps_its_number,
    two_equal_payments_are_two_payments,
    what_is_in_the_books_stays,
    nothing_enters_a_month_that_is_closed,
    a_broken_contract_is_charged_once_whatever_is_decided_between,
    payables_are_used_up_before_the_deposit_is_touched,
    the_till_keeps_a_statement_over_a_start,
);
on_both_engines!(Cell:
    a_number_that_was_paid_on_two_days_is_found,
    a_month_is_closed_once_by_two_processes,
);

/// A provider that says what it is told to, and remembers what it was asked.
#[derive(Default)]
struct Script {
    pays: Mutex<VecDeque<PaymentState>>,
    queries: Mutex<VecDeque<PaymentState>>,
    heard: Mutex<Vec<(&'static str, PaymentOrder)>>,
    asked: Mutex<Vec<String>>,
}

impl Script {
    fn says(pays: &[PaymentState], queries: &[PaymentState]) -> Arc<Self> {
        let line = |states: &[PaymentState]| Mutex::new(states.iter().cloned().collect());
        Arc::new(Self { pays: line(pays), queries: line(queries), ..Self::default() })
    }

    /// The numbers it was sent, in order.
    fn sent(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        heard.iter().map(|(_, order)| order.operation.as_str().to_owned()).collect()
    }

    fn amounts(&self) -> Vec<i64> {
        self.heard.lock().unwrap().iter().map(|(_, order)| order.amount_fen).collect()
    }
}

#[async_trait]
impl PaymentProvider for Script {
    fn name(&self) -> &'static str {
        "script"
    }

    async fn pay(&self, order: &PaymentOrder) -> PaymentState {
        self.heard.lock().unwrap().push(("pay", order.clone()));
        self.pays.lock().unwrap().pop_front().unwrap_or(PaymentState::Succeeded)
    }

    async fn query(&self, operation: &Operation) -> PaymentState {
        self.asked.lock().unwrap().push(operation.as_str().to_owned());
        self.queries.lock().unwrap().pop_front().unwrap_or(PaymentState::Unknown)
    }

    async fn statement(&self, _: NaiveDate, _: &str) -> Result<StatementPage, NoStatement> {
        Err(NoStatement::NotKept)
    }
}

impl World {
    fn paying_by(&mut self, payments: Arc<dyn PaymentProvider>) {
        self.reach(Ports { payments, ..Ports::local() });
    }

    /// A case that is about to be refunded.
    async fn to_refund(&self) -> CaseId {
        let id = self.on_site(filing(3, Remedy::Refund)).await;
        self.submit(id, self.certificate()).await;
        id
    }

    async fn work_for(&self, minutes: i64) {
        for _ in 0..minutes / 5 {
            self.work().await;
            self.wait(Span::minutes(5));
        }
    }

    async fn leg_of(&self, id: CaseId) -> Leg {
        let due = Leg::of_case(&self.case(id).await).unwrap();
        Leg::find(&self.desk.store, due.operation.as_str()).await.unwrap().unwrap()
    }

    fn decision(&self, rules: &[&str]) -> Command {
        let remedy = OfferedRemedy {
            remedy: Remedy::Repair,
            amount_fen: 0,
            payer: "brand".to_owned(),
            recourse: String::new(),
        };
        Command::Decide {
            decision: Decision {
                id: DecisionId::new(self.desk.ids.next()),
                policy: "cn-2026.1".to_owned(),
                rules: rules.iter().map(|rule| (*rule).to_owned()).collect(),
                offered: vec![remedy],
                certificate: None,
                overrides: false,
            },
        }
    }
}

async fn an_unanswered_payment_is_asked_about_and_not_sent_again(mut world: World) {
    let script = Script::says(&[PaymentState::Unknown], &[]);
    world.paying_by(script.clone());
    let id = world.to_refund().await;
    world.work_for(30).await;
    assert_eq!(script.sent().len(), 1, "nobody knows whether it is out, so it is not sent anew");
    assert!(script.asked.lock().unwrap().len() >= 3, "it is asked about");
    assert_eq!(world.leg_of(id).await.state, LegState::Unknown);
    assert_eq!(world.case(id).await.stage, Stage::Refunding);
    // The provider says that it has never heard of it: only then it is sent, under its number.
    *script.queries.lock().unwrap() = [PaymentState::Unsent].into();
    world.work_for(600).await;
    assert_eq!(world.case(id).await.stage, Stage::AwaitConfirm);
    let sent = script.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1], "one number for life");
    assert!(script.asked.lock().unwrap().iter().all(|number| *number == sent[0]));
}

async fn a_payment_that_was_taken_on_is_not_sent_again_when_it_is_forgotten(mut world: World) {
    let script = Script::says(&[PaymentState::Accepted], &[PaymentState::Unsent]);
    world.paying_by(script.clone());
    let id = world.to_refund().await;
    world.work_for(60).await;
    assert_eq!(
        script.sent().len(),
        1,
        "what a provider took on may be paid, whatever it says later"
    );
    assert_eq!(world.case(id).await.stage, Stage::Refunding);
    assert_eq!(world.leg_of(id).await.state, LegState::Accepted);
}

async fn a_refused_payment_keeps_its_number(mut world: World) {
    let refused = PaymentState::Failed { reason: "later".to_owned() };
    let script = Script::says(&[refused.clone(), refused], &[]);
    world.paying_by(script.clone());
    let id = world.to_refund().await;
    world.work_for(60).await;
    assert_eq!(world.case(id).await.stage, Stage::AwaitConfirm);
    let sent = script.sent();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|number| *number == sent[0]), "{sent:?}");
    assert_eq!(world.case(id).await.paid[0].operation, sent[0]);
}

async fn two_equal_payments_are_two_payments(mut world: World) {
    let script = Script::says(&[], &[]);
    world.paying_by(script.clone());
    let id = world.denied().await;
    for _ in 0..2 {
        world.give(id, ActorKind::Agent, Command::GrantGoodwill { amount_fen: 5_000 }).await;
        world.work().await;
    }
    assert_eq!(script.amounts(), [5_000, 5_000]);
    let sent = script.sent();
    assert_ne!(sent[0], sent[1], "a provider pays a number once");
    assert_eq!(world.balance("provider_clearing").await, -10_000);
    assert_eq!(world.balance("goodwill_expense").await, 10_000);
    assert_eq!(world.balance("advances").await, 0, "a gift is claimed from nobody");
}

/// Whether the store refuses a statement.
async fn refuses(store: &Store, statement: &str) -> bool {
    store.for_migrations().execute_unprepared(statement).await.is_err()
}

async fn what_is_in_the_books_stays(world: World) {
    let id = world.refunded().await;
    let claim = world.claim_of(id).await;
    world.respond(&claim, ClaimResponse::Accept).await.unwrap();
    world.wait_until("2026-07-01T02:00:00+08:00");
    assert_eq!(world.settle().await.closed, 1);
    let before = ledger_entries::Entity::find().all(world.desk.store.reader()).await.unwrap();
    for statement in [
        "UPDATE ledger_entries SET amount_fen = amount_fen + 1",
        "DELETE FROM ledger_entries",
        "UPDATE claim_steps SET act = 'withdraw'",
        "DELETE FROM claim_steps",
        "UPDATE statements SET body = '{}'",
        "DELETE FROM statements",
    ] {
        assert!(refuses(&world.desk.store, statement).await, "{statement}");
    }
    let after = ledger_entries::Entity::find().all(world.desk.store.reader()).await.unwrap();
    assert_eq!(before, after);
}

async fn nothing_enters_a_month_that_is_closed(world: World) {
    let id = world.refunded().await;
    let claim = world.claim_of(id).await;
    world.respond(&claim, ClaimResponse::Accept).await.unwrap();
    world.wait_until("2026-07-01T02:00:00+08:00");
    world.settle().await;
    let late = |period: &str, kind: &str| {
        format!(
            "INSERT INTO ledger_entries (posting, line, case_id, claim, at, period, kind, account, party, \
             amount_fen) SELECT case_id, 99, case_id, claim, at, '{period}', '{kind}', account, party, 0 \
             FROM ledger_entries WHERE party = 'brand:aurora' AND period = '2026-06' AND line = 0 \
             AND kind = 'claim_raised'"
        )
    };
    assert!(refuses(&world.desk.store, &late("2026-06", "claim_accepted")).await);
    assert!(!refuses(&world.desk.store, &late("2026-07", "claim_accepted")).await, "July is open");
    let closed = statements::Entity::find().all(world.desk.store.reader()).await.unwrap();
    assert_eq!(closed.len(), 1);
}

async fn a_broken_contract_is_charged_once_whatever_is_decided_between(world: World) {
    let id = world.file(filing(100, Remedy::Repair)).await;
    world.triage(id, Path::NoVisit).await;
    for rules in [&["R26"][..], &["manual"], &["R26"], &["R70"]] {
        world.give(id, ActorKind::Policy, world.decision(rules)).await;
        assert_eq!(world.case(id).await.stage, Stage::Repairing);
        let claims = world.claims_of(id).await;
        let penalties: Vec<_> =
            claims.iter().filter(|claim| claim.kind() == ClaimKind::Penalty).collect();
        assert_eq!(penalties.len(), 1, "{rules:?}");
        if rules == ["R26"] && penalties[0].period.is_empty() {
            world.respond(penalties[0], ClaimResponse::Accept).await.unwrap();
        }
        world.give(id, ActorKind::Technician, Command::ReportRepairFailed).await;
    }
    let claims = claims::Entity::find().all(world.desk.store.reader()).await.unwrap();
    let penalty = claims.iter().find(|claim| claim.kind == "penalty").unwrap();
    assert_eq!((penalty.state.as_str(), penalty.version), ("accepted", 2), "it was raised anew");
    check_balance(&world.desk.store).await;
}

async fn payables_are_used_up_before_the_deposit_is_touched(world: World) {
    world.funds(FundsKind::Deposit, 500_000, "D-1").await.unwrap();
    world.funds(FundsKind::Payable, 300_000, "PO-1").await.unwrap();
    let id = world.refunded().await;
    world.respond(&world.claim_of(id).await, ClaimResponse::Accept).await.unwrap();
    world.wait_until("2026-07-01T02:00:00+08:00");
    world.settle().await;
    assert_eq!(world.balance("partner_payable").await, 0);
    assert_eq!(world.balance("partner_deposit").await, -(500_000 - (PRICE - 300_000)));
    assert_eq!(world.balance("brand_receivable").await, 0);
    assert_eq!((world.balance("purchases").await, world.balance("bank").await), (300_000, 500_000));
}

async fn the_till_keeps_a_statement_over_a_start(mut world: World) {
    world.paying_by(Arc::new(Till::new(world.desk.clone())));
    let id = world.refunded().await;
    let today = world.clock.now().shanghai_day();
    // Another process: nothing of the first one's memory is there.
    world.paying_by(Arc::new(Till::new(world.desk.clone())));
    let request = ReconcileProviderRequest { request_id: world.id(), day: today.to_string() };
    let report = world.service.reconcile_provider(by(Role::Finance, "f-1", request)).await;
    let report = report.unwrap().into_inner();
    assert_eq!((report.lines, report.matched), (1, 1), "{report:?}");
    assert!(report.differences.is_empty(), "{report:?}");
    let till = Till::new(world.desk.clone());
    let paid = &world.case(id).await.paid[0];
    let leg = Leg::find(&world.desk.store, &paid.operation).await.unwrap().unwrap();
    assert_eq!(till.query(&leg.operation).await, PaymentState::Succeeded);
    let customer = world.case(id).await.filing.customer;
    let order = PaymentOrder { operation: leg.operation.clone(), amount_fen: PRICE, customer };
    assert_eq!(till.pay(&order).await, PaymentState::Succeeded, "once");
    let other = PaymentOrder { amount_fen: 7, ..order };
    assert!(matches!(till.pay(&other).await, PaymentState::Failed { .. }));
    assert_eq!(till.statement(today, "").await.unwrap().lines.len(), 1);
}

/// A case that was given something, by a provider that said so.
async fn given(cell: &Cell, process: &Process) -> String {
    let id = CaseId::new(cell.ids.next());
    let filed = crate::world::filed(id, filing(3, Remedy::Refund));
    process.desk.submitter.submit(filed).await.unwrap();
    let triage = Command::Triage { path: Path::NoVisit, rules: vec![] };
    assert!(process.give(id, ActorKind::Policy, triage).await);
    assert!(process.give(id, ActorKind::Agent, Command::GrantGoodwill { amount_fen: 500 }).await);
    process.worker.run_due().await.unwrap();
    let log = process.desk.store.log_after(id, 0, 100).await.unwrap();
    let paid = log.into_iter().find_map(|one| match one.event.fact {
        Fact::CompensationPaid { operation } => Some(operation),
        _ => None,
    });
    paid.unwrap()
}

async fn a_number_that_was_paid_on_two_days_is_found(cell: Cell) {
    let process = cell.process().await;
    let number = given(&cell, &process).await;
    let first = cell.clock.now().shanghai_day();
    assert_eq!(process.settlement.compare(first).await.unwrap().matched, 1);
    cell.clock.advance(Span::days(1)).unwrap();
    cell.minute();
    cell.provider.set_rates(Rates::CALM);
    cell.provider.pay_unasked(&number, 500);
    let second = cell.clock.now().shanghai_day();
    for _ in 0..2 {
        let report = process.settlement.compare(second).await.unwrap();
        let found: Vec<_> = report
            .differences
            .iter()
            .map(|one| (one.kind.as_str(), one.ours_fen, one.theirs_fen))
            .collect();
        assert_eq!(found, [("doubled", 500, 1_000)], "either statement alone looks right");
        // The first day has nothing wrong with it, however often it is compared.
        let report = process.settlement.compare(first).await.unwrap();
        assert_eq!((report.matched, report.differences.len()), (1, 0));
    }
    let open = payment_differences::Entity::find().all(process.desk.store.reader()).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].day.as_str(), open[0].cleared_at), (second.to_string().as_str(), 0));
}

async fn a_month_is_closed_once_by_two_processes(cell: Cell) {
    let first = cell.process().await;
    let second = match cell.engine() {
        parasol_casebook::Engine::Sqlite => None,
        parasol_casebook::Engine::Postgres => Some(cell.process().await),
    };
    let other = second.as_ref().unwrap_or(&first);
    let request = |partner: &str, nth: usize| parasol_api::verification::v1::RecordFundsRequest {
        request_id: cell.id(),
        partner: format!("brand:{partner}-{nth}"),
        kind: FundsKind::Payable.into(),
        amount: Some(parasol_api::common::v1::Money { fen: 70, currency: "CNY".to_owned() }),
        reference: "PO-1".to_owned(),
    };
    for nth in 0..20 {
        let funds = by(Role::Finance, "f-1", request("b", nth));
        first.service.record_funds(funds).await.unwrap();
    }
    cell.clock.advance(Span::days(30)).unwrap();
    let passes = tokio::join!(first.settlement.run_once(), other.settlement.run_once());
    let closed = passes.0.unwrap().closed + passes.1.unwrap().closed;
    assert_eq!(closed, 20, "each once, by one of them");
    let rows = statements::Entity::find().all(first.desk.store.reader()).await.unwrap();
    assert_eq!(rows.len(), 20);
    let nothing = ListClaimsRequest::default();
    let claims = first.service.list_claims(by(Role::Finance, "f-1", nothing)).await.unwrap();
    assert!(claims.into_inner().claims.is_empty());
    check_balance(&first.desk.store).await;
}
