//! FileCase: one unit, one open case, one answer.

use parasol_api::Reason;
use parasol_api::common::v1::{Address, GeoPoint, Stage as WireStage, TimeWindow};
use parasol_api::convert::{Listed, to_timestamp};
use parasol_api::intake::v1::FileCaseRequest;
use parasol_api::intake::v1::intake_service_server::IntakeService;
use parasol_journey::event::{Decision, OfferedRemedy, Path};
use parasol_journey::ids::{CaseId, DecisionId};
use parasol_journey::time::Span;
use parasol_journey::vocab::{CaseKind, Remedy};
use parasol_journey::{ActorKind, Command, Stage};
use prost::Message;
use uuid::Uuid;

use crate::samples::{HOOD, case_of, claim, file, order, sold, world_with};
use crate::world::{World, agent, by, customer, fields, reason, start};

fn window(from: Span, to: Span) -> TimeWindow {
    let at = |span| Some(to_timestamp(start() + span));
    TimeWindow { from: at(from), to: at(to) }
}

/// Repairs the unit of a case and closes it.
pub async fn repair(world: &World, case: CaseId) {
    repair_with(world, case, &[]).await;
}

/// The same with parts that are built in.
pub async fn repair_with(world: &World, case: CaseId, parts: &[&str]) {
    let decision = Decision {
        id: DecisionId::new(Uuid::from_u128(1)),
        policy: "cn-2026.1".to_owned(),
        rules: vec!["R30".to_owned()],
        offered: vec![OfferedRemedy {
            remedy: Remedy::Repair,
            amount_fen: 0,
            payer: "repairer".to_owned(),
            recourse: "brand".to_owned(),
        }],
        certificate: None,
        overrides: false,
    };
    let triage = Command::Triage { path: Path::NoVisit, rules: vec![] };
    world.give(case, ActorKind::Policy, triage).await;
    world.give(case, ActorKind::Policy, Command::Decide { decision }).await;
    let choose = Command::ChooseRemedy { remedy: Remedy::Repair };
    world.give(case, ActorKind::Customer, choose).await;
    for part in parts.iter().map(|part| (*part).to_owned()) {
        let request = Command::RequestParts { part: part.clone() };
        world.give(case, ActorKind::Centre, request).await;
        let install = Command::InstallParts { part, returns: false };
        world.give(case, ActorKind::Centre, install).await;
    }
    world.give(case, ActorKind::Centre, Command::CompleteRepair).await;
    let closed = world.give(case, ActorKind::Customer, Command::ConfirmOutcome).await;
    assert_eq!(closed.stage, Stage::Closed);
}

#[tokio::test]
async fn a_case_is_filed_with_everything_the_retailer_knows_pinned() {
    let mut hood = sold(1, start() - Span::days(3), &[]);
    hood.sku = HOOD.to_owned();
    let world = world_with([hood]).await;
    let wish = FileCaseRequest {
        serial: "S-1".to_owned(),
        wish: Remedy::Replace.number(),
        danger: true,
        damaged_on_arrival: true,
        declared_intact: true,
        preferred_windows: vec![window(Span::hours(20), Span::hours(22))],
        address: Some(Address {
            county: "310101".into(),
            street: "另一条路2号".into(),
            location: Some(GeoPoint { lat: 31.234_567_8, lon: 121.48 }),
        }),
        ..claim(1, 1)
    };
    let answer = file(&world, &customer("u-1"), wish).await;
    assert!(!answer.existing);
    assert_eq!(answer.case.as_ref().unwrap().stage(), WireStage::Filed);
    assert_eq!(answer.filed_at, Some(to_timestamp(start())));

    let case = world.case(case_of(&answer)).await;
    let filing = &case.filing;
    assert_eq!(filing.customer, parasol_desk::customer_id("u-1"));
    assert_eq!((filing.serial.as_str(), filing.brand.as_str()), ("S-1", "aurora"));
    assert_eq!((filing.county.as_str(), filing.wants), ("310101", Some(Remedy::Replace)));
    assert_eq!(filing.policy, "cn-2026.1");
    assert!(filing.danger && filing.damaged_on_arrival);
    assert!(!filing.declared_intact, "only a return without a reason reads it");
    // The seller installs and has not yet: the periods have not begun.
    assert_eq!(filing.installed_at, Some(start()));
    let said = world.desk.store.reveal(case.id.uuid(), "filing").await.unwrap().unwrap();
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["description"], "冷藏室不制冷");
    assert_eq!(said["address"]["street"], "另一条路2号");
    let location = &said["address"]["location"];
    assert_eq!((&location["lat"], &location["lon"]), (&31_234_568.into(), &121_480_000.into()));
    assert_eq!(said["preferred_windows"].as_array().unwrap().len(), 1);
    let log = world.desk.store.log_after(case.id, 0, 10).await.unwrap();
    let log = format!("{log:?}");
    assert!(
        !log.contains("冷藏")
            && !log.contains("另一条路")
            && !log.contains("31234568")
            && !log.contains("u-1"),
        "{log}"
    );
}

#[tokio::test]
async fn a_second_filing_answers_with_the_first_case_and_stays_that_answer() {
    let world = world_with([order(1)]).await;
    let me = customer("u-1");
    let first = file(&world, &me, claim(1, 1)).await;
    let second = file(&world, &me, claim(1, 2)).await;
    assert!(second.existing && !first.existing);
    assert_eq!(case_of(&second), case_of(&first));
    assert_eq!(second.filed_at, first.filed_at);
    let by_agent = file(&world, &agent(), claim(1, 1)).await;
    assert!(by_agent.existing, "another caller's id is another id");

    // The case moves on and ends; both answers stay what they were, here and in another process.
    let cancel = Command::Cancel;
    world.give(case_of(&first), ActorKind::Customer, cancel).await;
    for _ in 0..2 {
        assert_eq!(file(&world, &me, claim(1, 1)).await.encode_to_vec(), first.encode_to_vec());
        assert_eq!(file(&world, &me, claim(1, 2)).await.encode_to_vec(), second.encode_to_vec());
    }
    let world = world.restarted().await;
    assert_eq!(file(&world, &me, claim(1, 1)).await.encode_to_vec(), first.encode_to_vec());
    assert_eq!(file(&world, &me, claim(1, 2)).await.encode_to_vec(), second.encode_to_vec());

    // Only a new request files anew, and then the old answers still stand.
    let third = file(&world, &me, claim(1, 3)).await;
    assert!(!third.existing);
    assert_ne!(case_of(&third), case_of(&first));
    let world = world.restarted().await;
    assert_eq!(file(&world, &me, claim(1, 1)).await.encode_to_vec(), first.encode_to_vec());
    assert_eq!(file(&world, &me, claim(1, 2)).await.encode_to_vec(), second.encode_to_vec());
}

#[tokio::test]
async fn filings_at_the_same_moment_make_one_case() {
    let world = world_with([order(1)]).await;
    let me = customer("u-1");
    let filings = (1..=8).map(|request| file(&world, &me, claim(1, request)));
    let answers = futures::future::join_all(filings).await;
    assert_eq!(answers.iter().filter(|answer| !answer.existing).count(), 1);
    let first = case_of(&answers[0]);
    assert!(answers.iter().all(|answer| case_of(answer) == first));
    // Also when one request comes twice at once.
    let world = world_with([order(2)]).await;
    let me = customer("u-2");
    let (one, other) = tokio::join!(file(&world, &me, claim(2, 1)), file(&world, &me, claim(2, 1)));
    assert_eq!(one.encode_to_vec(), other.encode_to_vec());
    assert!(!one.existing);
}

#[tokio::test]
async fn an_id_used_for_something_else_is_refused_and_changes_nothing() {
    let world = world_with([order(1), order(2)]).await;
    let me = agent();
    file(&world, &me, claim(1, 1)).await;
    let other = world.intake.file_case(by(&me, claim(2, 1))).await;
    assert_eq!(reason(other), Reason::RequestIdReused);
    assert!(!file(&world, &me, claim(2, 2)).await.existing);
    let unnamed = FileCaseRequest { request_id: "one".into(), ..claim(1, 1) };
    assert_eq!(reason(world.intake.file_case(by(&me, unnamed)).await), Reason::RequestIdMissing);
}

#[tokio::test]
async fn a_repetition_is_answered_after_its_wished_times_have_passed() {
    let world = world_with([order(1)]).await;
    let me = customer("u-1");
    let wish = FileCaseRequest {
        preferred_windows: vec![window(Span::hours(1), Span::hours(3))],
        ..claim(1, 1)
    };
    let first = file(&world, &me, wish.clone()).await;
    world.give(case_of(&first), ActorKind::Customer, Command::Cancel).await;
    let world = world.restarted().await;
    world.wait(Span::days(1));
    assert_eq!(file(&world, &me, wish.clone()).await.encode_to_vec(), first.encode_to_vec());
    let late = FileCaseRequest { request_id: crate::world::id(2), ..wish };
    assert_eq!(reason(world.intake.file_case(by(&me, late)).await), Reason::WindowInPast);
}

#[tokio::test]
async fn an_order_line_of_somebody_else_is_like_none() {
    let world = world_with([order(1)]).await;
    let ask = async |caller, line: &str| {
        let claim = FileCaseRequest { order_line: line.to_owned(), ..claim(1, 1) };
        world.intake.file_case(by(&caller, claim)).await.unwrap_err()
    };
    let foreign = ask(customer("u-2"), "L-1").await;
    let unknown = ask(customer("u-2"), "L-404").await;
    assert_eq!(foreign.message(), unknown.message());
    assert_eq!(foreign.details(), unknown.details());
    assert_eq!(reason::<()>(Err(foreign)), Reason::OrderLineUnknown);
    assert_eq!(reason::<()>(Err(ask(agent(), "L-404").await)), Reason::OrderLineUnknown);
    let other = FileCaseRequest { serial: "S-2".into(), ..claim(1, 1) };
    let other = world.intake.file_case(by(&customer("u-1"), other)).await;
    assert_eq!(reason(other), Reason::SerialOfAnotherOrder);
}

#[tokio::test]
async fn everything_wrong_with_a_claim_is_said_at_once() {
    let world = world_with([order(1)]).await;
    let me = customer("u-1");
    let empty = FileCaseRequest { request_id: crate::world::id(1), ..FileCaseRequest::default() };
    let empty = world.intake.file_case(by(&me, empty)).await;
    assert_eq!(fields(empty), ["order_line", "kind", "description"]);
    let nothing = world.intake.file_case(by(&me, FileCaseRequest::default())).await;
    assert_eq!(reason(nothing), Reason::RequestIdMissing);

    let long = window(Span::hours(1), Span::hours(26));
    let wrong = FileCaseRequest {
        serial: "S 1".into(),
        wish: 9,
        symptom: "Not Cooling".into(),
        description: "x".repeat(2_001),
        preferred_windows: vec![window(Span::hours(2), Span::hours(1)), long],
        address: Some(Address {
            county: "33010".into(),
            street: " ".into(),
            location: Some(GeoPoint { lat: 91.0, lon: 0.0 }),
        }),
        ..claim(1, 1)
    };
    let expected = [
        "serial",
        "wish",
        "symptom",
        "description",
        "preferred_windows[0]",
        "preferred_windows[1]",
        "address.county",
        "address.street",
        "address.location.lat",
    ];
    assert_eq!(fields(world.intake.file_case(by(&me, wrong)).await), expected);
    let many = FileCaseRequest {
        preferred_windows: vec![window(Span::hours(1), Span::hours(2)); 6],
        ..claim(1, 1)
    };
    assert_eq!(reason(world.intake.file_case(by(&me, many)).await), Reason::FieldTooLong);
    let far = FileCaseRequest {
        preferred_windows: vec![window(Span::days(91), Span::hours(91 * 24 + 1))],
        ..claim(1, 1)
    };
    assert_eq!(reason(world.intake.file_case(by(&me, far)).await), Reason::WindowInvalid);
    let list = parasol_api::intake::v1::ListCasesRequest::default();
    let list = world.intake.list_cases(by(&me, list)).await.unwrap().into_inner();
    assert!(list.cases.is_empty(), "a refused claim left a case");
}

#[tokio::test]
async fn a_return_without_a_reason_needs_no_words() {
    let world = world_with([order(1)]).await;
    let back = FileCaseRequest {
        kind: CaseKind::NoReason.number(),
        description: String::new(),
        symptom: String::new(),
        declared_intact: true,
        ..claim(1, 1)
    };
    let answer = file(&world, &customer("u-1"), back).await;
    assert!(world.case(case_of(&answer)).await.filing.declared_intact);
}

#[tokio::test]
async fn nothing_is_filed_on_days_no_calendar_knows() {
    let world = world_with([order(1)]).await;
    world.wait(Span::days(800));
    let refused = world.intake.file_case(by(&customer("u-1"), claim(1, 1))).await;
    assert_eq!(reason(refused), Reason::CalendarNotCovered);
}

#[tokio::test]
async fn earlier_repairs_of_the_unit_are_counted() {
    let world = world_with([order(1)]).await;
    let me = customer("u-1");
    for done in 0..3 {
        let case = case_of(&file(&world, &me, claim(1, u128::from(done) + 1)).await);
        assert_eq!(world.case(case).await.filing.prior_repairs, done);
        repair(&world, case).await;
    }
    // A case that was only cancelled repaired nothing.
    let case = case_of(&file(&world, &me, claim(1, 10)).await);
    world.give(case, ActorKind::Customer, Command::Cancel).await;
    let case = case_of(&file(&world, &me, claim(1, 11)).await);
    assert_eq!(world.case(case).await.filing.prior_repairs, 3);
}
