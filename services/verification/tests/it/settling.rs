//! Claims and statements, from a refund to the month that nets it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use parasol_api::convert::timestamp;
use parasol_api::verification::v1::settlement_service_server::SettlementService as _;
use parasol_api::verification::v1::{
    Claim, ClaimKind, ClaimResolution, ClaimResponse, ClaimState, FundsKind, GetBalancesRequest,
    GetStatementRequest, GetStatementResponse, ListClaimsRequest, ListPaymentsRequest,
    NotifyPaymentRequest, PaymentState as WireState, RecordFundsRequest, ResolveClaimRequest,
    ResolveClaimResponse, RespondToClaimRequest, RespondToClaimResponse,
};
use parasol_api::{Reason, Role, common::v1::Money};
use parasol_casebook::Store;
use parasol_journey::deadline::Clock as Limit;
use parasol_journey::ids::CaseId;
use parasol_journey::time::{DAY, MINUTE, Span, Timestamp};
use parasol_journey::vocab::Remedy;
use parasol_journey::{ActorKind, Command, Stage};
use parasol_testkit::payments::Rates;
use parasol_verification::payment::legs::{Leg, LegState};
use parasol_verification::payment::{
    LocalPayments, NoStatement, Operation, PaymentOrder, PaymentProvider, PaymentState,
    StatementPage,
};
use parasol_verification::{Ports, settlement};
use tonic::{Response, Status};

use crate::tills::{Cell, check_balance};
use crate::world::{PRICE, World, by, by_brand, by_centre, filed, filing, reason};

on_both_engines!(World:
    silence_accepts_and_the_month_nets_it,
    what_was_accepted_is_corrected_in_the_month_of_the_correction,
    a_dispute_is_held_until_finance_has_looked,
    a_claim_is_answered_once_and_by_its_partner,
    of_an_answer_and_silence_at_once_one_counts,
    a_broken_contract_costs_a_penalty_and_the_refund,
    a_part_that_is_not_back_is_charged_to_its_centre_also_after_the_end,
    a_payment_is_written_down_before_it_is_sent,
);
on_both_engines!(Cell:
    a_notification_is_asked_about_and_counts_once,
    what_the_provider_paid_is_recorded_and_what_differs_is_told,
    every_day_is_compared_by_itself,
);

pub fn by_finance<T>(message: T) -> tonic::Request<T> {
    by(Role::Finance, "f-1", message)
}

pub fn fen(money: &Option<Money>) -> i64 {
    money.as_ref().unwrap().fen
}

impl World {
    /// A case that was refunded for a fault of the product.
    pub async fn refunded(&self) -> CaseId {
        let id = self.on_site(filing(3, Remedy::Refund)).await;
        self.submit(id, self.certificate()).await;
        self.work().await;
        assert_eq!(self.case(id).await.stage, Stage::AwaitConfirm);
        id
    }

    pub async fn claims_of(&self, id: CaseId) -> Vec<Claim> {
        let request = ListClaimsRequest { case_id: id.to_string(), ..ListClaimsRequest::default() };
        self.service.list_claims(by_finance(request)).await.unwrap().into_inner().claims
    }

    pub async fn claim_of(&self, id: CaseId) -> Claim {
        let mut claims = self.claims_of(id).await;
        assert_eq!(claims.len(), 1, "{claims:?}");
        claims.remove(0)
    }

    pub fn response(&self, claim: &Claim, response: ClaimResponse) -> RespondToClaimRequest {
        RespondToClaimRequest {
            request_id: self.id(),
            claim_id: claim.claim_id.clone(),
            etag: claim.etag.clone(),
            response: response.into(),
            remark: "the certificate is another unit's".to_owned(),
            ..RespondToClaimRequest::default()
        }
    }

    pub async fn respond(
        &self,
        claim: &Claim,
        response: ClaimResponse,
    ) -> Result<Response<RespondToClaimResponse>, Status> {
        self.service.respond_to_claim(by_brand(self.response(claim, response))).await
    }

    async fn resolve(
        &self,
        claim: &Claim,
        resolution: ClaimResolution,
    ) -> Result<Response<ResolveClaimResponse>, Status> {
        let request = ResolveClaimRequest {
            request_id: self.id(),
            claim_id: claim.claim_id.clone(),
            etag: claim.etag.clone(),
            resolution: resolution.into(),
            remark: "the photos show the serial".to_owned(),
        };
        self.service.resolve_claim(by_finance(request)).await
    }

    pub async fn funds(
        &self,
        kind: FundsKind,
        amount_fen: i64,
        reference: &str,
    ) -> Result<(), Reason> {
        let request = RecordFundsRequest {
            request_id: self.id(),
            partner: "brand:aurora".to_owned(),
            kind: kind.into(),
            amount: Some(Money { fen: amount_fen, currency: "CNY".to_owned() }),
            reference: reference.to_owned(),
        };
        let recorded = self.service.record_funds(by_finance(request)).await;
        recorded.map(drop).map_err(|status| reason::<()>(Err(status)))
    }

    pub async fn statement(&self, period: &str) -> GetStatementResponse {
        let request =
            GetStatementRequest { period: period.to_owned(), ..GetStatementRequest::default() };
        self.service.get_statement(by_brand(request)).await.unwrap().into_inner()
    }

    /// Everything that is due by the calendar.
    pub async fn settle(&self) -> settlement::Pass {
        let settlement = self.service.settlement();
        let mut all = settlement::Pass::default();
        loop {
            let pass = settlement.run_once().await.unwrap();
            all.lapsed += pass.lapsed;
            all.charged += pass.charged;
            all.priced += pass.priced;
            all.closed += pass.closed;
            all.netted += pass.netted;
            if !pass.more() {
                check_balance(&self.desk.store).await;
                return all;
            }
        }
    }

    pub fn wait_until(&self, at: &str) {
        let at = Timestamp::parse(at).unwrap();
        self.wait(at.since(self.clock.now()));
    }

    /// Balances that are kept for a partner.
    pub async fn balances_of(&self, partner: &str) -> BTreeMap<String, i64> {
        let answer = self.service.get_balances(by_finance(GetBalancesRequest {})).await;
        let balances = answer.unwrap().into_inner().balances.into_iter();
        let own = balances.filter(|one| one.partner == partner);
        own.map(|one| (one.account.clone(), fen(&one.amount))).collect()
    }

    pub async fn balance(&self, account: &str) -> i64 {
        let answer = self.service.get_balances(by_finance(GetBalancesRequest {})).await;
        let answer = answer.unwrap().into_inner();
        assert_eq!(fen(&answer.total), 0);
        let found = answer.balances.iter().filter(|one| one.account == account);
        found.map(|one| fen(&one.amount)).sum()
    }
}

async fn silence_accepts_and_the_month_nets_it(world: World) {
    let id = world.refunded().await;
    let claim = world.claim_of(id).await;
    assert_eq!((claim.kind(), claim.state()), (ClaimKind::Refund, ClaimState::Raised));
    assert_eq!((claim.partner.as_str(), fen(&claim.amount)), ("brand:aurora", PRICE));
    assert!(claim.rules.iter().any(|rule| rule == "R10"), "{:?}", claim.rules);
    assert_eq!(claim.certificate_id, world.case(id).await.certificates[0].id.to_string());
    assert_eq!(claim.reference, world.case(id).await.paid[0].operation);
    assert_eq!(world.balance("claims_pending").await, PRICE);

    world.wait(Span::from_micros(7 * DAY - 5 * MINUTE));
    assert_eq!(world.settle().await.lapsed, 0, "seven days are not over");
    world.wait(Span::minutes(10));
    let late = world.respond(&claim, ClaimResponse::Dispute).await;
    assert_eq!(reason(late), Reason::ClaimNotOpen, "silence has accepted");
    assert_eq!(world.settle().await.lapsed, 1);
    let claim = world.claim_of(id).await;
    assert_eq!((claim.state(), claim.period.as_str()), (ClaimState::Accepted, "2026-06"));
    assert_eq!(world.balance("brand_receivable").await, PRICE);

    world.funds(FundsKind::Payable, 100_000, "PO-7").await.unwrap();
    world.funds(FundsKind::Deposit, 50_000, "D-1").await.unwrap();
    assert_eq!(world.funds(FundsKind::Deposit, 50_000, "D-1").await, Err(Reason::FundsKnown));
    let open = world.statement("2026-06").await;
    assert_eq!((fen(&open.accepted), fen(&open.closing)), (PRICE, PRICE));
    assert!(open.closed_at.is_none());

    world.wait_until("2026-07-01T00:59:00+08:00");
    assert_eq!(world.settle().await.closed, 0, "a month rests for an hour");
    world.wait_until("2026-07-01T01:00:00+08:00");
    let pass = world.settle().await;
    assert_eq!((pass.closed, pass.netted), (1, 1));
    let closed = world.statement("2026-06").await;
    assert!(closed.closed_at.is_some());
    let netted = (fen(&closed.against_payables), fen(&closed.against_deposit));
    assert_eq!((netted, fen(&closed.closing)), ((100_000, 50_000), PRICE - 150_000));
    assert_eq!((fen(&closed.payable), fen(&closed.deposit)), (0, 0));
    assert_eq!(closed.lines.len(), 7, "{:#?}", closed.lines);
    assert!(closed.lines.iter().any(|line| line.case_id == id.to_string()), "no way to the case");
    // The example of docs/money.md is this one.
    for line in &closed.lines {
        let at = line.at.as_ref().unwrap().seconds;
        println!("{at} {} {} {} {}", line.account, line.about, fen(&line.amount), line.claim_id);
    }
    assert_eq!(world.claim_of(id).await.state(), ClaimState::Netted);
    let july = world.statement("2026-07").await;
    assert_eq!(fen(&july.opening), PRICE - 150_000, "the rest is carried on");
    assert_eq!(world.settle().await, settlement::Pass::default());
}

async fn what_was_accepted_is_corrected_in_the_month_of_the_correction(world: World) {
    let id = world.refunded().await;
    let claim = world.claim_of(id).await;
    world.respond(&claim, ClaimResponse::Accept).await.unwrap();
    world.wait_until("2026-07-02T00:00:00+08:00");
    world.settle().await;
    let june = world.statement("2026-06").await;
    let claim = world.claim_of(id).await;
    assert_eq!(claim.state(), ClaimState::Netted);
    let withdrawn = world.resolve(&claim, ClaimResolution::Withdraw).await.unwrap().into_inner();
    let withdrawn = withdrawn.claim.unwrap();
    assert_eq!(withdrawn.state(), ClaimState::Withdrawn);
    assert_eq!(withdrawn.remark, "the photos show the serial");
    assert_eq!(world.statement("2026-06").await, june, "a closed month changed");
    let july = world.statement("2026-07").await;
    assert_eq!((fen(&july.opening), fen(&july.corrected)), (PRICE, PRICE));
    assert_eq!(fen(&july.closing), 0);
    assert_eq!(world.balance("refund_expense").await, PRICE, "the retailer bears it now");
    check_balance(&world.desk.store).await;
}

async fn a_dispute_is_held_until_finance_has_looked(world: World) {
    let [kept, lost] = [world.refunded().await, world.refunded().await];
    for id in [kept, lost] {
        let claim = world.claim_of(id).await;
        let bare = RespondToClaimRequest {
            remark: String::new(),
            ..world.response(&claim, ClaimResponse::Dispute)
        };
        let bare = world.service.respond_to_claim(by_brand(bare)).await;
        assert_eq!(reason(bare), Reason::FieldInvalid, "a dispute says why");
        let early = world.resolve(&claim, ClaimResolution::Uphold).await;
        assert_eq!(reason(early), Reason::ClaimNotOpen, "nothing is disputed yet");
        world.respond(&claim, ClaimResponse::Dispute).await.unwrap();
    }
    assert_eq!(world.balance("claims_disputed").await, 2 * PRICE);
    world.wait(Span::days(30));
    assert_eq!(world.settle().await.lapsed, 0, "silence accepts nothing that is disputed");
    let disputed = world.claim_of(kept).await;
    assert_eq!(disputed.remark, "the certificate is another unit's");
    world.resolve(&disputed, ClaimResolution::Uphold).await.unwrap();
    let disputed = world.claim_of(lost).await;
    world.resolve(&disputed, ClaimResolution::Withdraw).await.unwrap();
    assert_eq!(world.balance("claims_disputed").await, 0);
    assert_eq!(world.balance("brand_receivable").await, PRICE);
    assert_eq!(world.balance("refund_expense").await, PRICE);
}

async fn a_claim_is_answered_once_and_by_its_partner(world: World) {
    let id = world.refunded().await;
    let claim = world.claim_of(id).await;
    let request = world.response(&claim, ClaimResponse::Accept);
    let stranger = by(Role::Brand, "borealis", request.clone());
    assert_eq!(reason(world.service.respond_to_claim(stranger).await), Reason::NotFound);
    let centre = by_centre(request.clone());
    assert_eq!(reason(world.service.respond_to_claim(centre).await), Reason::NotFound);
    let stale = RespondToClaimRequest { etag: "\"7\"".to_owned(), ..request.clone() };
    let stale = world.service.respond_to_claim(by_brand(stale)).await;
    assert_eq!(reason(stale), Reason::VersionConflict);

    let first = world.service.respond_to_claim(by_brand(request.clone())).await.unwrap();
    let again = world.service.respond_to_claim(by_brand(request)).await.unwrap();
    assert_eq!(first.into_inner(), again.into_inner(), "a repetition is answered alike");
    let twice = world.respond(&world.claim_of(id).await, ClaimResponse::Accept).await;
    assert_eq!(reason(twice), Reason::ClaimNotOpen);
    let theirs = ListClaimsRequest { case_id: id.to_string(), ..ListClaimsRequest::default() };
    let seen = world.service.list_claims(by(Role::Brand, "borealis", theirs)).await.unwrap();
    assert!(seen.into_inner().claims.is_empty());
    let foreign = GetStatementRequest {
        period: "2026-06".to_owned(),
        partner: "brand:aurora".to_owned(),
        ..GetStatementRequest::default()
    };
    let foreign = world.service.get_statement(by(Role::Brand, "borealis", foreign)).await;
    assert_eq!(reason(foreign), Reason::NotFound);
}

async fn of_an_answer_and_silence_at_once_one_counts(world: World) {
    let mut ids = Vec::new();
    for _ in 0..10 {
        ids.push(world.refunded().await);
    }
    for id in ids {
        let claim = world.claim_of(id).await;
        let ends = timestamp(claim.respond_by.as_ref().unwrap()).unwrap();
        world.wait(Span::from_micros(ends.since(world.clock.now()).micros() - 1));
        let (answered, silence) =
            tokio::join!(world.respond(&claim, ClaimResponse::Dispute), async {
                world.wait(Span::from_micros(1));
                world.service.settlement().run_once().await.unwrap().lapsed
            });
        let state = world.claim_of(id).await.state();
        let expected = match (answered.is_ok(), silence) {
            (true, 0) => ClaimState::Disputed,
            (false, 1) => ClaimState::Accepted,
            other => panic!("{other:?}"),
        };
        assert_eq!(state, expected);
        check_balance(&world.desk.store).await;
    }
}

async fn a_broken_contract_costs_a_penalty_and_the_refund(world: World) {
    let id = world.on_site(filing(100, Remedy::Refund)).await;
    world.submit(id, world.certificate()).await;
    world.work().await;
    if world.case(id).await.stage == Stage::RemedyOffered {
        world.give(id, ActorKind::Customer, Command::ChooseRemedy { remedy: Remedy::Repair }).await;
    }
    world.give(id, ActorKind::Centre, Command::ReportReceived).await;
    world.miss(id, Limit::Promise).await;
    world.work().await;
    assert_eq!(world.case(id).await.stage, Stage::AwaitConfirm, "the refund was wished for");
    let claims = world.claims_of(id).await;
    let of = |kind| claims.iter().find(|claim| claim.kind() == kind).unwrap();
    let penalty = of(ClaimKind::Penalty);
    assert_eq!(fen(&penalty.amount), PRICE / 20);
    assert!(penalty.reference.starts_with("R26"), "{}", penalty.reference);
    assert_eq!(fen(&of(ClaimKind::Refund).amount), PRICE);
    assert_eq!(claims.len(), 2);
    world.respond(penalty, ClaimResponse::Accept).await.unwrap();
    assert_eq!(world.balance("penalty_income").await, -(PRICE / 20));
    check_balance(&world.desk.store).await;
}

async fn a_part_that_is_not_back_is_charged_to_its_centre_also_after_the_end(world: World) {
    let id = world.on_site(filing(100, Remedy::Repair)).await;
    world.submit(id, world.certificate()).await;
    world.work().await;
    for part in ["relay", "board"] {
        let request = Command::RequestParts { part: part.to_owned() };
        world.give(id, ActorKind::Centre, request).await;
        let install = Command::InstallParts { part: part.to_owned(), returns: true };
        world.give(id, ActorKind::Centre, install).await;
    }
    world.give(id, ActorKind::Technician, Command::CompleteRepair).await;
    world.confirm_outcome(id).await;
    let back = Command::ReturnParts { part: "board".to_owned() };
    world.give(id, ActorKind::Brand, back).await;
    world.wait(Span::days(29));
    assert_eq!(world.settle().await.charged, 0);
    world.wait(Span::days(1));
    assert_eq!(world.settle().await.charged, 1);
    let claims = world.claims_of(id).await;
    let claim = claims.iter().find(|claim| claim.kind() == ClaimKind::Part).unwrap();
    assert_eq!(
        (claims.len(), claim.partner.as_str()),
        (2, "centre:aurora-nj-01"),
        "and the repair"
    );
    assert_eq!(claim.reference, "relay");
    let accept = world.response(claim, ClaimResponse::Accept);
    world.service.respond_to_claim(by_centre(accept)).await.unwrap();
    assert_eq!(world.balance("centre_receivable").await, fen(&claim.amount));
    let owed = world.balances_of("brand:aurora").await;
    assert_eq!(owed["partner_payable"], -fen(&claim.amount), "the brand's part");
    assert_eq!(world.settle().await.charged, 0, "once");
}

/// A provider that looks what is written down when it is called.
struct Witness(Store, LocalPayments);

#[async_trait]
impl PaymentProvider for Witness {
    fn name(&self) -> &'static str {
        "witness"
    }

    async fn pay(&self, order: &PaymentOrder) -> PaymentState {
        let leg = Leg::find(&self.0, order.operation.as_str()).await.unwrap().unwrap();
        assert_eq!((leg.state, leg.attempts), (LegState::Sent, 1));
        let case = self.0.case(leg.case).await.unwrap().unwrap();
        assert_eq!(case.stage, Stage::Refunding, "the outcome is durable");
        self.1.pay(order).await
    }

    async fn query(&self, operation: &Operation) -> PaymentState {
        self.1.query(operation).await
    }

    async fn statement(&self, day: NaiveDate, cursor: &str) -> Result<StatementPage, NoStatement> {
        self.1.statement(day, cursor).await
    }
}

async fn a_payment_is_written_down_before_it_is_sent(mut world: World) {
    let witness = Witness(world.desk.store.clone(), LocalPayments::default());
    world.reach(Ports { payments: Arc::new(witness), ..Ports::local() });
    let id = world.refunded().await;
    let request = ListPaymentsRequest { case_id: id.to_string(), ..ListPaymentsRequest::default() };
    let payments = world.service.list_payments(by_finance(request)).await.unwrap().into_inner();
    assert_eq!(payments.payments.len(), 1);
    assert_eq!(payments.payments[0].state(), WireState::Succeeded);
    assert_eq!(fen(&payments.payments[0].amount), PRICE);
}

/// A case whose refund the provider has made, while nobody has heard of it.
async fn unheard(cell: &Cell, process: &crate::tills::Process) -> (CaseId, String) {
    let id = CaseId::new(cell.ids.next());
    process.desk.submitter.submit(filed(id, filing(3, Remedy::Refund))).await.unwrap();
    let path = parasol_journey::event::Path::NoVisit;
    assert!(process.give(id, ActorKind::Policy, Command::Triage { path, rules: vec![] }).await);
    assert!(process.give(id, ActorKind::Agent, Command::GrantGoodwill { amount_fen: 500 }).await);
    let lost = Rates { executed_then_lost: 1_000, question_lost: 1_000, ..Rates::CALM };
    cell.provider.set_rates(lost);
    process.worker.run_due().await.unwrap();
    cell.provider.set_rates(Rates::CALM);
    let case = process.case(id).await.unwrap();
    assert_eq!(case.stage, Stage::Compensating, "nobody has heard");
    let number = Leg::of_case(&case).unwrap().operation.as_str().to_owned();
    let leg = Leg::find(&process.desk.store, &number).await.unwrap().unwrap();
    assert_eq!(leg.state, LegState::Unknown);
    (id, number)
}

async fn a_notification_is_asked_about_and_counts_once(cell: Cell) {
    let process = cell.process().await;
    let (id, number) = unheard(&cell, &process).await;
    let notify = |operation: &str| {
        let operation = operation.to_owned();
        let request = NotifyPaymentRequest { request_id: cell.id(), operation };
        process.service.notify_payment(by(Role::Service, "adapter", request))
    };
    let first = notify(&number).await.unwrap().into_inner();
    assert_eq!((first.moved, first.state()), (true, WireState::Succeeded));
    assert_eq!(process.case(id).await.unwrap().stage, Stage::Deciding, "it goes on where it was");
    let again = notify(&number).await.unwrap().into_inner();
    assert_eq!((again.moved, again.state()), (false, WireState::Succeeded), "a doubled one");
    assert_eq!(process.case(id).await.unwrap().paid.len(), 1);
    assert_eq!(reason(notify("pay_nobodys").await), Reason::NotFound);
    assert_eq!(cell.provider.paid().len(), 1);
    check_balance(&process.desk.store).await;
}

async fn what_the_provider_paid_is_recorded_and_what_differs_is_told(cell: Cell) {
    let process = cell.process().await;
    let (id, number) = unheard(&cell, &process).await;
    let today = cell.clock.now().shanghai_day();
    let report = process.settlement.compare(today).await.unwrap();
    assert_eq!((report.lines, report.matched, report.settled), (1, 0, 1));
    assert_eq!(report.differences, []);
    assert_eq!(process.case(id).await.unwrap().stage, Stage::Deciding);

    cell.provider.pay_unasked(&number, 500);
    cell.provider.pay_unasked("pay_nobodys", 70);
    let report = process.settlement.compare(today).await.unwrap();
    let mut found: Vec<_> = report
        .differences
        .iter()
        .map(|one| (one.kind.as_str(), one.ours_fen, one.theirs_fen))
        .collect();
    found.sort_unstable();
    assert_eq!(found, [("doubled", 500, 1_000), ("unknown_number", 0, 70)]);
    let open = parasol_verification::payment::reconciling::open(&process.desk.store, 10).await;
    assert_eq!(open.unwrap().len(), 2, "they are kept until they are gone");
}

async fn every_day_is_compared_by_itself(cell: Cell) {
    let process = cell.process().await;
    let (id, _) = unheard(&cell, &process).await;
    // At the start yesterday and the day so far; what was lost is found.
    assert_eq!(process.settlement.run_once().await.unwrap().compared, 2);
    assert_eq!(process.case(id).await.unwrap().stage, Stage::Deciding);
    assert_eq!(process.settlement.run_once().await.unwrap().compared, 0);
    cell.clock.advance(Span::days(2)).unwrap();
    assert_eq!(process.settlement.run_once().await.unwrap().compared, 2, "two days are over");
    process.kill().await;
    let process = cell.process().await;
    assert_eq!(process.settlement.run_once().await.unwrap().compared, 1, "the day so far");
}
