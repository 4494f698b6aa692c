//! Which rule pack a case is filed under, and which of its promises still stand.

use parasol_api::intake::v1::CheckEntitlementRequest;
use parasol_api::intake::v1::import_orders_request::Content;
use parasol_api::intake::v1::intake_service_server::IntakeService as _;
use parasol_journey::event::{Decision, Filing, OfferedRemedy, Path};
use parasol_journey::ids::{CaseId, DecisionId};
use parasol_journey::promise::{Trigger, Worth};
use parasol_journey::time::Span;
use parasol_journey::vocab::{Party, Promise, Remedy};
use parasol_journey::{ActorKind, Command, Stage};
use parasol_policy::{Pack, PackFile, Shelf};
use uuid::Uuid;

use crate::samples::{case_of, claim, file, rows, sold, world_with};
use crate::world::{World, by, customer, retailer, start};

/// The built-in pack as another version, for cases filed from a day on, with one text replaced.
pub fn pack(version: &str, from: &str, change: (&str, &str)) -> Pack {
    let built_in = "version = \"cn-2026.1\"\neffective_from = \"2026-01-01\"";
    let head = format!("version = \"{version}\"\neffective_from = \"{from}\"");
    let files = Pack::builtin_files().into_iter().map(|file| {
        PackFile::new(file.name, file.text.replace(built_in, &head).replace(change.0, change.1))
    });
    Pack::read(&files.collect::<Vec<_>>()).unwrap()
}

#[tokio::test]
async fn a_pack_is_used_from_its_day_on_and_a_case_keeps_its_own() {
    let mut world = world_with([1, 2].map(|n| sold(n, start() - Span::days(20), &[]))).await;
    let shelf = Shelf::builtin();
    world.intake = world.intake.clone().with_shelf(shelf.clone());
    let tomorrow = (start() + Span::days(1)).shanghai_day().to_string();
    shelf.put(pack("cn-2026.2", &tomorrow, ("", "")));
    let first = case_of(&file(&world, &customer("u-1"), claim(1, 1)).await);
    world.wait(Span::days(1));
    let second = case_of(&file(&world, &customer("u-2"), claim(2, 2)).await);
    let policy = async |id| world.desk.store.case(id).await.unwrap().unwrap().filing.policy;
    assert_eq!(
        (policy(first).await, policy(second).await),
        ("cn-2026.1".into(), "cn-2026.2".into())
    );
}

/// Replaces the unit of a case and closes it.
async fn replace(world: &World, case: CaseId) {
    let offered = OfferedRemedy {
        remedy: Remedy::Replace,
        amount_fen: 0,
        payer: "seller".to_owned(),
        recourse: String::new(),
    };
    let decision = Decision {
        id: DecisionId::new(Uuid::from_u128(1)),
        policy: "cn-2026.1".to_owned(),
        rules: vec!["R13".to_owned()],
        offered: vec![offered],
        certificate: None,
        overrides: false,
    };
    let triage = Command::Triage { path: Path::NoVisit, rules: vec![] };
    world.give(case, ActorKind::Policy, triage).await;
    world.give(case, ActorKind::Policy, Command::Decide { decision }).await;
    let choose = Command::ChooseRemedy { remedy: Remedy::Replace };
    world.give(case, ActorKind::Customer, choose).await;
    let serial = "S-NEW".parse().unwrap();
    world.give(case, ActorKind::Carrier, Command::ReportReplacement { serial }).await;
    let closed = world.give(case, ActorKind::Customer, Command::ConfirmOutcome).await;
    assert_eq!(closed.stage, Stage::Closed);
}

/// Source: the promise's own terms, once; 三包 art. 14 restarts the warranty and not the promise. The
/// pack says which reading holds.
#[tokio::test]
async fn what_the_contract_says_is_pinned_and_the_pack_says_what_starts_the_brands_day() {
    let mut row = sold(1, start() - Span::days(20), &[]);
    row.gifts = vec!["PAN-02".to_owned(), "KET-01".to_owned()];
    row.gift_prices_fen = vec![0, 9_900];
    let mut world = world_with([row, sold(2, start() - Span::days(20), &[])]).await;
    let filing = async |world: &World, n: u32| {
        let answer = file(world, &customer(&format!("u-{n}")), claim(n, u128::from(n))).await;
        world.case(case_of(&answer)).await.filing
    };
    let first = filing(&world, 1).await;
    assert_eq!((first.contract.penalty_percent, first.contract.part_fen), (5, 20_000));
    let gifts = first.gifts.iter().map(|gift| (gift.sku.as_str(), gift.price_fen));
    assert_eq!(gifts.collect::<Vec<_>>(), [("KET-01", 9_900), ("PAN-02", 0)]);
    let brands_day = |filing: &Filing| {
        let mut terms = filing.terms.iter();
        terms.find(|term| term.promise == "vendor_24_hours").unwrap().clock.unwrap()
    };
    let clock = brands_day(&first);
    assert_eq!((clock.starts, clock.charged_to), (Trigger::UnitReceived, Party::Brand));
    assert_eq!(clock.worth, Worth::Always);

    let shelf = Shelf::builtin();
    let received = "name = \"vendor_return_starts\"\nvalue = \"unit_received\"";
    let finished = received.replace("unit_received\"", "workshop_repair_finished\"");
    shelf.put(pack("cn-2026.2", "2026-01-02", (received, &finished)));
    world.intake = world.intake.clone().with_shelf(shelf);
    let second = filing(&world, 2).await;
    assert_eq!(brands_day(&second).starts, Trigger::WorkshopRepairFinished);
    assert!(second.gifts.is_empty());
}

#[tokio::test]
async fn a_promise_of_one_exchange_is_used_up_by_it() {
    let promises = [Promise::ReplaceOnly180, Promise::FreightInsurance];
    let mut world = world_with([sold(1, start() - Span::days(20), &promises)]).await;
    let rules = async |world: &World| -> Vec<String> {
        let request =
            CheckEntitlementRequest { order_line: "L-1".to_owned(), ..Default::default() };
        let answer = world.intake.check_entitlement(by(&customer("u-1"), request)).await.unwrap();
        answer.into_inner().entitlements.into_iter().map(|right| right.rule).collect()
    };
    assert!(rules(&world).await.contains(&"R13".to_owned()));
    let case = case_of(&file(&world, &customer("u-1"), claim(1, 1)).await);
    replace(&world, case).await;
    // The law gives a new unit as much as the promise in its first days, so those have to go by.
    world.clock.advance(Span::days(20)).unwrap();
    assert!(!rules(&world).await.contains(&"R13".to_owned()));
    let again = case_of(&file(&world, &customer("u-1"), claim(1, 2)).await);
    let filed = world.desk.store.case(again).await.unwrap().unwrap().filing;
    assert_eq!(filed.promises, [Promise::FreightInsurance], "what is not used up stays");

    let shelf = Shelf::builtin();
    let once = "name = \"promise_again_after_exchange\"\nvalue = false";
    let anew = "name = \"promise_again_after_exchange\"\nvalue = true";
    shelf.put(pack("cn-2026.2", "2026-01-02", (once, anew)));
    world.intake = world.intake.clone().with_shelf(shelf);
    let rules = rules(&world).await;
    assert!(rules.contains(&"R13".to_owned()), "the pack says, not the program: {rules:?}");
}

/// A promise that only a pack knows, bought with the unit: it is imported by its id, and a case pins its
/// terms as they stand on the day of filing.
#[tokio::test]
async fn a_promise_by_id_is_pinned_with_its_terms() {
    let mut row = sold(1, start() - Span::days(20), &[Promise::FreightInsurance]);
    row.promise_ids = vec!["two_hours".to_owned(), "unheard_of".to_owned()];
    let world = world_with([row.clone()]).await;
    let case = case_of(&file(&world, &customer("u-1"), claim(1, 1)).await);
    let filed = world.desk.store.case(case).await.unwrap().unwrap().filing;
    assert_eq!(filed.promises, [Promise::FreightInsurance]);
    let terms: Vec<_> = filed.terms.iter().map(|term| term.promise.as_str()).collect();
    assert_eq!(terms, ["two_hours", "vendor_24_hours"], "what no pack knows does nothing");
    let clock = filed.terms[0].clock.unwrap();
    assert_eq!((clock.minutes, clock.starts), (120, Trigger::ReceivedAndFaultConfirmed));

    for (request, wrong) in (2..).zip(["Two Hours", "return_30", ""]) {
        let mut other = sold(2, start() - Span::days(20), &[]);
        other.promise_ids = vec![wrong.to_owned()];
        let answer =
            world.import(retailer(), rows(request, [Content::Order(other)])).await.unwrap();
        assert_eq!(answer.refused, 1, "{wrong:?}");
    }
}
