//! Broken promises: what the policy makes of them in every stage, and who is charged.

use parasol_api::verification::v1::{Claim, ClaimKind};
use parasol_journey::deadline::Clock as Limit;
use parasol_journey::event::{Decision, Filing, OfferedRemedy, Path};
use parasol_journey::ids::{CaseId, DecisionId, OfferId, WorkOrderId};
use parasol_journey::promise::{Stop, Term, Trigger};
use parasol_journey::time::Span;
use parasol_journey::vocab::{CaseKind, Party, Remedy};
use parasol_journey::{ActorKind, Case, Command, Fact, Stage, Task};
use parasol_policy::{Province, Scope, Shelf};
use parasol_verification::load_packs;

use crate::policies::with_tea;
use crate::world::{PRICE, World, filing, start, terms};

fn rules(case: &Case) -> Vec<&str> {
    let decision = case.decision.as_ref().expect("a decision");
    decision.rules.iter().map(String::as_str).collect()
}

/// The same terms with another start of the brand's 24 hours.
fn from_the_finished_repair() -> Vec<Term> {
    let mut terms = terms(CaseKind::Quality);
    let brands = terms.iter_mut().find(|term| term.promise == "vendor_24_hours").unwrap();
    brands.clock.as_mut().unwrap().starts = Trigger::WorkshopRepairFinished;
    terms
}

/// A unit that is being repaired at the workshop.
async fn at_the_workshop(world: &World, filing: Filing) -> CaseId {
    let id = world.on_site(filing).await;
    world.submit(id, world.certificate()).await;
    world.work().await;
    assert_eq!(world.case(id).await.stage, Stage::Repairing);
    world.give(id, ActorKind::Centre, Command::ReportReceived).await;
    id
}

async fn penalties(world: &World, id: CaseId) -> Vec<Claim> {
    let mut claims = world.claims_of(id).await;
    claims.retain(|claim| claim.kind() == ClaimKind::Penalty);
    claims
}

/// Source: platform rule, 48 hours of silence approve the refund.
#[tokio::test]
async fn a_return_nobody_picks_up_in_time_is_refunded_by_its_row() {
    let world = World::new().await;
    let (kind, terms) = (CaseKind::NoReason, terms(CaseKind::NoReason));
    let filed =
        Filing { kind, terms, wants: None, declared_intact: true, ..filing(3, Remedy::Refund) };
    let id = world.file(filed).await;
    world.triage(id, Path::NoReason).await;
    world.miss(id, Limit::Promise).await;
    assert_eq!(world.clock.now(), start() + Span::hours(48));
    world.work().await;
    let case = world.case(id).await;
    assert_eq!((case.stage, case.paid_fen()), (Stage::AwaitConfirm, PRICE));
    assert!(rules(&case).contains(&"R01-audit"), "{:?}", rules(&case));
}

/// Before anybody has come: the work is taken back, the row that needs no inspection pays, and nobody of the
/// brand's was silent.
#[tokio::test]
async fn a_promise_that_is_broken_before_the_visit_is_decided_at_once() {
    let world = World::new().await;
    let mut files = with_tea();
    for file in &mut files {
        let received = "starts = \"unit_received\", minutes = 1440, counted_in = \"natural\", stops = \"solved\"";
        let filed = received.replace("unit_received", "filed");
        file.text = file.text.replace(received, &filed);
    }
    world.publish(&world.id(), files).await.unwrap();
    let shelf = Shelf::builtin();
    load_packs(&world.desk.store, &shelf).await.unwrap();
    let filed = filing(100, Remedy::Repair);
    let unit = Scope {
        category: filed.category,
        brand: filed.brand.as_str(),
        province: Province::new(32).unwrap(),
        kind: filed.kind,
        filed_on: start().shanghai_day(),
    };
    let terms = shelf.of("cn-2026.2").unwrap().terms(&unit, &[]);
    let id = world.file(Filing { terms, policy: "cn-2026.2".to_owned(), ..filed }).await;
    world.triage(id, Path::Inspection).await;
    let (offer, work_order) =
        (OfferId::new(world.desk.ids.next()), WorkOrderId::new(world.desk.ids.next()));
    let centre = "aurora-nj-01".parse().unwrap();
    let make = Command::MakeOffer { offer, centre, network: None };
    world.give(id, ActorKind::Policy, make).await;
    let (centre, partner_order) = (Some("aurora-nj-01".parse().unwrap()), None);
    let accept = Command::AcceptOffer { offer, work_order, centre, partner_order };
    world.give(id, ActorKind::Centre, accept).await;
    world.miss(id, Limit::Promise).await;
    world.work().await;
    let case = world.case(id).await;
    assert_eq!((case.stage, case.work_order.is_some()), (Stage::RemedyOffered, false));
    assert!(rules(&case).contains(&"R28-tea"), "{:?}", rules(&case));
    assert!(!rules(&case).contains(&"R70-cost"), "nobody of the brand's was silent");
    let offered = &case.decision.as_ref().unwrap().offered;
    let refund = offered.iter().find(|one| one.remedy == Remedy::Refund).unwrap();
    assert_eq!((refund.amount_fen, refund.payer.as_str()), (PRICE, "seller"));
    assert!(penalties(&world, id).await.is_empty());
}

/// The other reading of the contract: the day begins with the finished repair.
#[tokio::test]
async fn a_repaired_unit_that_is_not_sent_back_in_a_day_is_worth_a_refund_and_a_penalty() {
    let world = World::new().await;
    let filed = Filing { terms: from_the_finished_repair(), ..filing(100, Remedy::Repair) };
    let id = at_the_workshop(&world, filed).await;
    world.wait(Span::days(3));
    world.give(id, ActorKind::Technician, Command::CompleteRepair).await;
    let finished = world.clock.now();
    world.miss(id, Limit::Promise).await;
    assert_eq!(world.clock.now(), finished + Span::hours(24));
    world.work().await;
    let case = world.case(id).await;
    assert!(rules(&case).contains(&"R26"), "{:?}", rules(&case));
    assert_eq!(case.stage, Stage::RemedyOffered, "the repair was tried, and more is on offer");
    assert_eq!(case.breaches.last().unwrap().charged_to, Party::Brand);
    let penalty = penalties(&world, id).await;
    assert_eq!(penalty.len(), 1);
    assert_eq!(penalty[0].amount.as_ref().unwrap().fen, PRICE / 20);
    let choose = Command::ChooseRemedy { remedy: Remedy::Refund };
    world.give(id, ActorKind::Customer, choose).await;
    world.work().await;
    assert_eq!(world.case(id).await.paid_fen(), PRICE);
    assert_eq!(penalties(&world, id).await.len(), 1, "once");
}

#[tokio::test]
async fn a_unit_that_is_on_its_way_back_in_time_costs_nobody_anything() {
    let world = World::new().await;
    let filed = Filing { terms: from_the_finished_repair(), ..filing(100, Remedy::Repair) };
    let id = at_the_workshop(&world, filed).await;
    world.give(id, ActorKind::Technician, Command::CompleteRepair).await;
    world.wait(Span::hours(23));
    world.give(id, ActorKind::Centre, Command::ReportReturned).await;
    let case = world.case(id).await;
    assert!(case.owes(Task::Clock(Limit::Promise)).is_none());
    assert_eq!((case.stage, case.repairs.at_workshop), (Stage::AwaitConfirm, false));
    assert!(penalties(&world, id).await.is_empty());
}

/// What was agreed when the case was filed counts, whatever a later pack says.
#[tokio::test]
async fn a_penalty_is_what_the_contract_said_at_filing() {
    let world = World::new().await;
    for (percent, expected) in [(8, Some(PRICE * 8 / 100)), (0, None)] {
        let mut filed = filing(100, Remedy::Repair);
        filed.contract.penalty_percent = percent;
        let id = at_the_workshop(&world, filed).await;
        world.miss(id, Limit::Promise).await;
        world.work().await;
        let claims = penalties(&world, id).await;
        let amounts: Vec<_> = claims.iter().map(|one| one.amount.as_ref().unwrap().fen).collect();
        assert_eq!(amounts, Vec::from_iter(expected), "{percent} per cent");
    }
}

/// A refund that is at the provider is not decided a second time; the breach is on record.
#[tokio::test]
async fn a_payment_on_its_way_is_not_taken_apart() {
    let world = World::new().await;
    let mut filed = filing(3, Remedy::Refund);
    let mut tea = filed.terms[0].clone();
    tea.promise = "tea_within_a_day".to_owned();
    let clock = tea.clock.as_mut().unwrap();
    (clock.starts, clock.stops) = (Trigger::Filed, Stop::Solved);
    filed.terms = vec![tea];
    let id = world.on_site(filed).await;
    world.submit(id, world.certificate()).await;
    let offered = vec![OfferedRemedy {
        remedy: Remedy::Refund,
        amount_fen: PRICE,
        payer: "seller".to_owned(),
        recourse: "brand".to_owned(),
    }];
    let decision = Decision {
        id: DecisionId::new(world.desk.ids.next()),
        policy: "cn-2026.1".to_owned(),
        rules: vec!["R10".to_owned()],
        offered,
        certificate: None,
        overrides: false,
    };
    world.give(id, ActorKind::Policy, Command::Decide { decision }).await;
    assert_eq!(world.case(id).await.stage, Stage::Refunding);
    let decided = |log: &[parasol_journey::Event]| {
        log.iter().filter(|event| matches!(event.fact, Fact::Decided(_))).count()
    };
    assert_eq!(decided(&world.log(id).await), 1);
    world.miss(id, Limit::Promise).await;
    assert_eq!(world.case(id).await.stage, Stage::Refunding);
    world.work().await;
    let case = world.case(id).await;
    assert_eq!((case.stage, case.paid_fen()), (Stage::AwaitConfirm, PRICE));
    assert_eq!(case.promises_missed, ["tea_within_a_day"]);
    assert_eq!(decided(&world.log(id).await), 1);
}
