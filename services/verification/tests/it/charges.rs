//! What a case has cost beside its remedy: tests, verdicts that did not stand, repairs under warranty.

use parasol_api::common::v1::{Category, Money};
use parasol_api::convert::{Listed, to_timestamp};
use parasol_api::verification::v1::decision_service_server::DecisionService as _;
use parasol_api::verification::v1::settlement_service_server::SettlementService as _;
use parasol_api::verification::v1::{
    ApprovedLine, AwaitInDisputeRequest, Claim, ClaimKind, ClaimLine, ClaimResponse, ClaimState,
    DisputeWait, GetClaimRequest, GetClaimResponse, GetStatementRequest, ListClaimChangesRequest,
    ListClaimChangesResponse, ListClaimsRequest, ListRatesRequest, PutRatesRequest, Rate, RateCard,
    RespondToClaimRequest,
};
use parasol_api::{Reason, Role};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_journey::vocab::{Category as Unit, Remedy};
use parasol_journey::{ActorKind, Command, Stage};
use tonic::Status;

use crate::settling::{by_finance, fen};
use crate::tills::check_balance;
use crate::world::{
    PRICE, World, by, by_agent, by_brand, by_centre, fields, filing, reason, refused,
};

on_both_engines!(World:
    a_refund_is_the_brands_and_the_wrong_verdict_its_centres,
    the_customer_who_loses_a_test_owes_it,
    a_repair_under_warranty_is_claimed_line_by_line,
    silence_approves_a_repair_whole,
    a_repair_at_a_price_is_claimed_from_nobody,
    a_charge_is_priced_by_the_card_in_force_when_it_arose,
    a_claim_is_read_by_whom_it_concerns,
    changes_of_claims_are_told_in_their_order,
);

/// The unit of every case here.
const CATEGORY: Unit = Unit::Refrigerator;

fn rate(code: &str, amount_fen: i64) -> Rate {
    Rate {
        code: code.to_owned(),
        amount: Some(Money { fen: amount_fen, currency: "CNY".to_owned() }),
        ..Rate::default()
    }
}

impl World {
    async fn put_rates(&self, card: RateCard) -> Result<RateCard, Status> {
        let request = PutRatesRequest {
            request_id: self.id(),
            card: Some(card),
            ..PutRatesRequest::default()
        };
        let put = self.service.put_rates(by_finance(request)).await?;
        Ok(put.into_inner().card.unwrap())
    }

    async fn get_claim(
        &self,
        role: Role,
        subject: &str,
        claim: &Claim,
    ) -> Result<GetClaimResponse, Status> {
        let request = GetClaimRequest { claim_id: claim.claim_id.clone() };
        self.service.get_claim(by(role, subject, request)).await.map(tonic::Response::into_inner)
    }

    async fn claim_changes(&self, cursor: &str, size: i32) -> ListClaimChangesResponse {
        let request = ListClaimChangesRequest {
            page_size: size,
            cursor: cursor.to_owned(),
            ..ListClaimChangesRequest::default()
        };
        self.service.list_claim_changes(by_brand(request)).await.unwrap().into_inner()
    }

    /// A repair under warranty that is done: two visits, a board and two relays.
    async fn repaired(&self) -> CaseId {
        let id = self.on_site(filing(100, Remedy::Repair)).await;
        self.submit(id, self.certificate()).await;
        self.work().await;
        assert_eq!(self.case(id).await.stage, Stage::Repairing);
        for part in ["relay-1", "relay-2", "board"] {
            let part = part.to_owned();
            self.give(id, ActorKind::Centre, Command::RequestParts { part: part.clone() }).await;
            let install = Command::InstallParts { part, returns: false };
            self.give(id, ActorKind::Centre, install).await;
        }
        self.give(id, ActorKind::Technician, Command::CompleteRepair).await;
        id
    }

    /// A verdict of `aurora-nj-01` that blames the user, and one of `aurora-nj-02` that finds a fault of the product.
    async fn overturned(&self) -> CaseId {
        let id = self.on_site(filing(3, Remedy::Refund)).await;
        let certificate = self.submit(id, self.blaming(true)).await;
        self.confirm(id, certificate).await;
        self.work().await;
        assert_eq!(self.case(id).await.stage, Stage::Denied);
        self.dispute(id).await;
        self.reply(id, false).await;
        self.work().await;
        assert_eq!(self.case(id).await.stage, Stage::ChoosingCentre);
        self.visit(id, "aurora-nj-02").await;
        self.submit_by("aurora-nj-02", id, self.certificate()).await;
        self.work().await;
        assert_eq!(self.case(id).await.stage, Stage::AwaitConfirm);
        id
    }
}

fn of(claims: &[Claim], kind: ClaimKind) -> &Claim {
    claims
        .iter()
        .find(|claim| claim.kind() == kind)
        .unwrap_or_else(|| panic!("{kind:?}: {claims:?}"))
}

/// A line in short: code, item, quantity, requested, approved, paid.
fn short(line: &ClaimLine) -> (&str, &str, i64, i64, i64, i64) {
    let fen = |money: &Option<Money>| fen(money);
    let (requested, approved) = (fen(&line.requested), fen(&line.approved));
    (&line.code, &line.item, line.quantity, requested, approved, fen(&line.paid))
}

async fn a_refund_is_the_brands_and_the_wrong_verdict_its_centres(world: World) {
    let id = world.overturned().await;
    assert_eq!(world.settle().await.priced, 2, "the test and the verdict");
    assert_eq!(world.settle().await.priced, 0, "once");
    let claims = world.claims_of(id).await;
    assert_eq!(claims.len(), 3, "{claims:?}");
    let refund = of(&claims, ClaimKind::Refund);
    assert_eq!((refund.partner.as_str(), fen(&refund.amount)), ("brand:aurora", PRICE));
    let penalty = of(&claims, ClaimKind::Penalty);
    let certificates = world.case(id).await.certificates;
    assert_eq!((penalty.partner.as_str(), fen(&penalty.amount)), ("centre:aurora-nj-01", 20_000));
    assert_eq!(penalty.reference, certificates[0].id.to_string(), "the verdict that did not stand");
    let test = of(&claims, ClaimKind::Test);
    assert_eq!((test.partner.as_str(), fen(&test.amount)), ("centre:aurora-nj-01", 8_000));
    let whole = world.get_claim(Role::Centre, "aurora-nj-01", test).await.unwrap();
    let lines = whole.claim.unwrap().lines;
    assert_eq!(lines.len(), 1);
    let short = short(&lines[0]);
    assert_eq!(short, ("second_inspection", "centre:aurora-nj-02", 1, 8_000, 0, 0));
    // Whoever tested is owed it at once, whoever pays in the end.
    let tester = world.balances_of("centre:aurora-nj-02").await;
    assert_eq!(tester["partner_payable"], -8_000);
    assert_eq!(world.balance("test_costs").await, 0, "claimed");
    for claim in [penalty, test] {
        let accept = world.response(claim, ClaimResponse::Accept);
        world.service.respond_to_claim(by_centre(accept)).await.unwrap();
    }
    assert_eq!(world.balances_of("centre:aurora-nj-01").await["centre_receivable"], 28_000);
    assert_eq!(world.balance("penalty_income").await, -20_000);
    check_balance(&world.desk.store).await;
}

async fn the_customer_who_loses_a_test_owes_it(world: World) {
    let id = world.denied().await;
    world.dispute(id).await;
    let request = AwaitInDisputeRequest {
        request_id: world.id(),
        case_id: id.to_string(),
        wait: DisputeWait::Lab.into(),
        reason: "the crack is inside".to_owned(),
        ..AwaitInDisputeRequest::default()
    };
    world.service.await_in_dispute(by_agent(request)).await.unwrap();
    world.submit_as(Role::Lab, "lab-1", id, world.blaming(true)).await;
    world.work().await;
    assert_eq!(world.case(id).await.stage, Stage::Denied);
    assert_eq!(world.settle().await.priced, 1);
    assert_eq!(world.claims_of(id).await, [], "nobody else lost");
    assert_eq!(world.balance("customer_receivable").await, 80_000);
    assert_eq!(world.balance("test_payable").await, -80_000);
    assert_eq!(world.balance("test_costs").await, 0);
}

async fn a_repair_under_warranty_is_claimed_line_by_line(world: World) {
    let id = world.repaired().await;
    assert_eq!(world.settle().await.priced, 1);
    let claim = world.claim_of(id).await;
    let total = 5_000 + 15_000 + 3 * 20_000;
    assert_eq!((claim.kind(), fen(&claim.amount)), (ClaimKind::Repair, total));
    assert_eq!(
        (claim.partner.as_str(), claim.payee.as_str()),
        ("brand:aurora", "centre:aurora-nj-01")
    );
    let whole = world.get_claim(Role::Brand, "aurora", &claim).await.unwrap();
    let lines = whole.claim.unwrap().lines;
    let found: Vec<_> = lines.iter().map(short).collect();
    assert_eq!(
        found,
        [
            ("visit", "", 1, 5_000, 0, 0),
            ("labour", "", 1, 15_000, 0, 0),
            ("part", "board", 1, 20_000, 0, 0),
            ("part", "relay-1", 1, 20_000, 0, 0),
            ("part", "relay-2", 1, 20_000, 0, 0),
        ]
    );
    // Two relays were too many.
    let cut = |number: i32, fen: i64| ApprovedLine {
        number,
        amount: Some(Money { fen, currency: "CNY".to_owned() }),
    };
    let accept = |approved: Vec<ApprovedLine>| RespondToClaimRequest {
        approved,
        ..world.response(&claim, ClaimResponse::Accept)
    };
    for (wrong, why) in [
        (vec![cut(5, 20_001)], "more than was requested"),
        (vec![cut(9, 1)], "no such line"),
        (vec![cut(5, 1), cut(5, 1)], "twice"),
        ((1..=5).map(|number| cut(number, 0)).collect(), "nothing"),
    ] {
        let error = refused(world.service.respond_to_claim(by_brand(accept(wrong))).await);
        assert_eq!(fields(&error), ["approved"], "{why}");
    }
    let silent = RespondToClaimRequest { remark: String::new(), ..accept(vec![cut(5, 0)]) };
    let error = refused(world.service.respond_to_claim(by_brand(silent)).await);
    assert_eq!(fields(&error), ["remark"], "less is approved for a reason");
    let foreign = world.service.respond_to_claim(by_centre(accept(vec![]))).await;
    assert_eq!(reason(foreign), Reason::NotFound, "who is to get it does not accept it");

    let approved = total - 20_000;
    let answer = world.service.respond_to_claim(by_brand(accept(vec![cut(5, 0)]))).await;
    let accepted = answer.unwrap().into_inner().claim.unwrap();
    assert_eq!((fen(&accepted.amount), fen(&accepted.requested)), (approved, total));
    assert_eq!(short(&accepted.lines[4]), ("part", "relay-2", 1, 20_000, 0, 0));
    assert_eq!(short(&accepted.lines[3]), ("part", "relay-1", 1, 20_000, 20_000, 0));
    assert_eq!(world.balance("brand_receivable").await, approved);
    let centre = world.balances_of("centre:aurora-nj-01").await;
    assert_eq!(centre["partner_payable"], -approved, "what was approved is the centre's");
    assert_eq!(world.balance("repairs_deferred").await, 0);
    world.wait_until("2026-07-01T02:00:00+08:00");
    assert_eq!(world.settle().await.netted, 1);
    let netted = world.get_claim(Role::Brand, "aurora", &claim).await.unwrap().claim.unwrap();
    assert_eq!(netted.state(), ClaimState::Netted);
    assert_eq!(short(&netted.lines[3]), ("part", "relay-1", 1, 20_000, 20_000, 20_000));
    assert_eq!(short(&netted.lines[4]), ("part", "relay-2", 1, 20_000, 0, 0));
    let request =
        GetStatementRequest { period: "2026-06".to_owned(), ..GetStatementRequest::default() };
    let statement = world.service.get_statement(by_centre(request)).await.unwrap().into_inner();
    assert_eq!(fen(&statement.payable), approved, "the centre's own statement says so");
}

async fn silence_approves_a_repair_whole(world: World) {
    let id = world.repaired().await;
    world.settle().await;
    world.wait(Span::days(7));
    assert_eq!(world.settle().await.lapsed, 1);
    let claim = world.claim_of(id).await;
    assert_eq!((claim.state(), &claim.amount), (ClaimState::Accepted, &claim.requested));
    let whole = world.get_claim(Role::Centre, "aurora-nj-01", &claim).await.unwrap();
    let acts: Vec<_> =
        whole.steps.iter().map(|step| (step.act.as_str(), step.by.as_str())).collect();
    assert_eq!(acts, [("raise", "settlement"), ("lapse", "settlement")]);
    let lines = whole.claim.unwrap().lines;
    assert!(lines.iter().all(|line| line.approved == line.requested), "{lines:?}");
}

async fn a_repair_at_a_price_is_claimed_from_nobody(world: World) {
    let id = world.denied().await;
    world.give(id, ActorKind::Centre, Command::QuoteRepair { amount_fen: 30_000 }).await;
    world.give(id, ActorKind::Customer, Command::AcceptQuote { amount_fen: 30_000 }).await;
    if world.case(id).await.stage == Stage::ChoosingCentre {
        world.visit(id, "aurora-nj-02").await;
        world.submit_by("aurora-nj-02", id, world.certificate()).await;
    }
    assert_eq!(world.case(id).await.stage, Stage::Repairing);
    world.give(id, ActorKind::Technician, Command::CompleteRepair).await;
    assert_eq!(world.settle().await.priced, 0);
    assert_eq!(world.claims_of(id).await, []);
}

async fn a_charge_is_priced_by_the_card_in_force_when_it_arose(world: World) {
    let now = world.clock.now();
    let card = |brand: &str, amount_fen| RateCard {
        brand: brand.to_owned(),
        valid_from: Some(to_timestamp(now)),
        rates: vec![Rate { category: CATEGORY.number(), ..rate("labour", amount_fen) }],
        source: "contract 7".to_owned(),
        ..RateCard::default()
    };
    let past = RateCard { valid_from: Some(to_timestamp(now + Span::days(-1))), ..card("", 1) };
    let error = refused(world.put_rates(past).await);
    assert_eq!(fields(&error), ["card.valid_from"]);
    let twice = RateCard { rates: vec![rate("visit", 1), rate("visit", 2)], ..card("", 1) };
    assert_eq!(fields(&refused(world.put_rates(twice).await)), ["card.rates[1].code"]);
    let unknown = RateCard { rates: vec![rate("tips", 1)], ..card("", 1) };
    assert_eq!(fields(&refused(world.put_rates(unknown).await)), ["card.rates[0].code"]);
    assert_eq!(world.put_rates(card("", 700)).await.unwrap().revision, 1);
    assert_eq!(world.put_rates(card("aurora", 800)).await.unwrap().revision, 1);
    let id = world.repaired().await;
    // What is put after the repair does not price it, whenever it is priced.
    let later = RateCard {
        valid_from: Some(to_timestamp(world.clock.now() + Span::from_micros(1))),
        ..card("aurora", 900)
    };
    let request_id = world.id();
    let put = PutRatesRequest { request_id, card: Some(later), ..PutRatesRequest::default() };
    let second = world.service.put_rates(by_finance(put.clone())).await.unwrap().into_inner();
    assert_eq!(second.card.as_ref().map(|card| card.revision), Some(2));
    world.wait(Span::days(1));
    let again = world.service.put_rates(by_finance(put)).await.unwrap().into_inner();
    assert_eq!(again, second, "it is in force, and was put");
    assert_eq!(world.settle().await.priced, 1);
    let claim = world.claim_of(id).await;
    assert_eq!(fen(&claim.amount), 800, "the brand's own, and only what has a rate on it");
    let listed = |role, subject: &str, brand: &str| {
        let request = ListRatesRequest { brand: brand.to_owned() };
        world.service.list_rates(by(role, subject, request))
    };
    let own = listed(Role::Brand, "aurora", "aurora").await.unwrap().into_inner().cards;
    assert_eq!(own.iter().map(|card| card.revision).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(reason(listed(Role::Brand, "borealis", "aurora").await), Reason::NotFound);
    let all = listed(Role::Brand, "borealis", "").await.unwrap().into_inner().cards;
    assert_eq!(
        all.iter().map(|card| card.revision).collect::<Vec<_>>(),
        [1, 0],
        "the program's last"
    );
    assert_eq!(all[0].rates[0].category(), Category::Refrigerator);
}

async fn a_claim_is_read_by_whom_it_concerns(world: World) {
    let id = world.repaired().await;
    world.settle().await;
    let claim = world.claim_of(id).await;
    for (role, subject, sees) in [
        (Role::Brand, "aurora", true),
        (Role::Centre, "aurora-nj-01", true),
        (Role::Finance, "f-1", true),
        (Role::Brand, "borealis", false),
        (Role::Centre, "aurora-nj-02", false),
    ] {
        let found = world.get_claim(role, subject, &claim).await;
        let request = ListClaimsRequest::default();
        let listed = world.service.list_claims(by(role, subject, request)).await.unwrap();
        assert_eq!(listed.into_inner().claims.len(), usize::from(sees), "{subject}");
        match sees {
            true => assert_eq!(found.unwrap().claim.unwrap().claim_id, claim.claim_id),
            false => assert_eq!(reason(found), Reason::NotFound, "{subject}"),
        }
    }
}

async fn changes_of_claims_are_told_in_their_order(world: World) {
    let [first, second] = [world.refunded().await, world.refunded().await];
    assert_eq!(world.claim_changes("", 0).await.claims.len(), 1, "two minutes after the change");
    world.wait(Span::minutes(2));
    let page = world.claim_changes("", 1).await;
    let told = |page: &ListClaimChangesResponse| {
        page.claims.iter().map(|claim| claim.case_id.clone()).collect::<Vec<_>>()
    };
    assert_eq!((told(&page), page.more), (vec![first.to_string()], true));
    let rest = world.claim_changes(&page.cursor, 1).await;
    assert_eq!((told(&rest), rest.more), (vec![second.to_string()], false));
    let nothing = world.claim_changes(&rest.cursor, 1).await;
    assert_eq!((nothing.claims.len(), nothing.cursor == rest.cursor), (0, true));
    world.respond(&world.claim_of(first).await, ClaimResponse::Accept).await.unwrap();
    assert_eq!(world.claim_changes(&rest.cursor, 0).await.claims.len(), 0);
    world.wait(Span::minutes(2));
    let changed = world.claim_changes(&rest.cursor, 0).await;
    assert_eq!(told(&changed), [first.to_string()]);
    assert_eq!(changed.claims[0].state(), ClaimState::Accepted);
    // A cursor is its owner's.
    let stolen = ListClaimChangesRequest {
        cursor: changed.cursor.clone(),
        ..ListClaimChangesRequest::default()
    };
    let stolen = world.service.list_claim_changes(by(Role::Brand, "borealis", stolen)).await;
    assert_eq!(reason(stolen), Reason::PageTokenInvalid);
    let since = ListClaimChangesRequest {
        changed_since: changed.claims[0].raised_at,
        claim_ids: vec![],
        ..ListClaimChangesRequest::default()
    };
    let since = world.service.list_claim_changes(by_brand(since)).await.unwrap().into_inner();
    assert_eq!(since.claims.len(), 2);
    let by_id = ListClaimChangesRequest {
        claim_ids: vec![changed.claims[0].claim_id.clone()],
        cursor: changed.cursor.clone(),
        ..ListClaimChangesRequest::default()
    };
    let by_id = world.service.list_claim_changes(by_brand(by_id)).await.unwrap().into_inner();
    assert_eq!((told(&by_id), by_id.cursor), (vec![first.to_string()], changed.cursor));
}
