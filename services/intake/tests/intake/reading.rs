//! What callers read: one case, lists of cases, a customer by number, the life of a unit.

use parasol_api::Reason;
use parasol_api::common::v1::{DecisionMaker, Stage as WireStage};
use parasol_api::convert::{Listed, to_timestamp};
use parasol_api::intake::v1::intake_service_server::IntakeService;
use parasol_api::intake::v1::order_service_server::OrderService;
use parasol_api::intake::v1::{
    Case as WireCase, Contact, GetCaseRequest, GetUnitRequest, ListCasesRequest, ListUnitsRequest,
    LookupCustomerRequest,
};
use parasol_casebook::tables::commands;
use parasol_journey::deadline::Clock as Deadline;
use parasol_journey::event::{Decision, OfferedRemedy};
use parasol_journey::ids::{CaseId, DecisionId};
use parasol_journey::time::Span;
use parasol_journey::vocab::{CaseKind, Remedy};
use parasol_journey::{ActorKind, Command, Stage};
use parasol_runtime::identity::{Principal, Role};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use crate::acting::bring_technician;
use crate::samples::{case_of, claim, file, order, world_with};
use crate::world::{World, agent, by, customer, fields, reason, start};

async fn get(world: &World, caller: &Principal, case: CaseId, language: &str) -> WireCase {
    let request = GetCaseRequest { case_id: case.to_string(), language: language.to_owned() };
    world.intake.get_case(by(caller, request)).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_fresh_case_reads_as_it_was_filed() {
    let world = world_with([order(1)]).await;
    let me = customer("u-1");
    let mut wish = claim(1, 1);
    wish.wish = Remedy::Refund.number();
    let case = case_of(&file(&world, &me, wish).await);
    let shown = get(&world, &me, case, "").await;
    assert_eq!(shown.view.as_ref().unwrap().stage(), WireStage::Filed);
    assert_eq!(shown.kind, CaseKind::Quality.number());
    assert_eq!((shown.order_line.as_str(), shown.serial.as_str()), ("L-1", "S-1"));
    assert_eq!((shown.description.as_str(), shown.wish), ("冷藏室不制冷", Remedy::Refund.number()));
    assert_eq!(shown.filed_at, Some(to_timestamp(start())));
    assert_eq!((shown.ended_at, shown.decision, shown.window), (None, None, None));
    assert!(shown.centre.is_empty() && shown.completion_code.is_empty());
    let deadline = shown.next_deadline.unwrap();
    assert_eq!(deadline.clock, "plat.classify");
    assert_eq!(deadline.due, Some(to_timestamp(start() + Span::minutes(1))));
    assert_eq!(deadline.if_missed, "超时将升级催办并记录。");
    let english = get(&world, &me, case, "en").await.next_deadline.unwrap().if_missed;
    assert!(english.is_ascii() && english.ends_with('.'));

    let ask = |case_id: String| GetCaseRequest { case_id, ..GetCaseRequest::default() };
    let foreign = world.intake.get_case(by(&customer("u-2"), ask(case.to_string()))).await;
    let unknown = CaseId::new(Uuid::from_u128(404)).to_string();
    let unknown = world.intake.get_case(by(&me, ask(unknown))).await;
    assert_eq!(foreign.unwrap_err().details(), unknown.unwrap_err().details());
    let empty = world.intake.get_case(by(&me, GetCaseRequest::default())).await;
    assert_eq!(fields(empty), ["case_id"]);
}

#[tokio::test]
async fn a_case_under_repair_shows_who_works_what_was_decided_and_the_code() {
    let world = world_with([order(1)]).await;
    let me = customer("u-1");
    let case = case_of(&file(&world, &me, claim(1, 1)).await);
    bring_technician(&world, case).await;
    let shown = get(&world, &me, case, "en").await;
    assert_eq!((shown.centre.as_str(), shown.technician.as_str()), ("aurora-hz-01", "t-1"));
    assert!(shown.appointment_id.starts_with("appt_") && shown.window.is_some());
    assert!(shown.completion_code.is_empty());

    world.miss(case, Deadline::Verdict).await;
    let offered = |remedy, amount_fen| {
        let (payer, recourse) = ("seller".into(), "brand".into());
        OfferedRemedy { remedy, amount_fen, payer, recourse }
    };
    let decision = Decision {
        id: DecisionId::new(Uuid::from_u128(5)),
        policy: "cn-2026.1".to_owned(),
        rules: vec!["R10".to_owned()],
        offered: vec![offered(Remedy::Repair, 0), offered(Remedy::Refund, 399_900)],
        certificate: None,
        overrides: false,
    };
    world.give(case, ActorKind::Policy, Command::Decide { decision }).await;
    let choose = Command::ChooseRemedy { remedy: Remedy::Repair };
    assert_eq!(world.give(case, ActorKind::Customer, choose).await.stage, Stage::Repairing);
    let shown = get(&world, &me, case, "en").await;
    let decision = shown.decision.unwrap();
    assert_eq!((decision.maker(), decision.denied), (DecisionMaker::Policy, false));
    assert_eq!(decision.decided_at, Some(to_timestamp(world.clock.now())));
    assert_eq!(decision.chosen, Remedy::Repair.number());
    assert_eq!(decision.rules[0].basis, "三包 art. 9");
    assert!(decision.reason.contains("within seven days"), "{}", decision.reason);
    assert_eq!(decision.remedies[1].amount.as_ref().unwrap().fen, 399_900);
    assert_eq!(decision.remedies[1].explanation, "You get 3999.00 yuan back.");

    let code = world.desk.completion_code(case, 0);
    assert_eq!(shown.completion_code, code);
    assert_eq!(get(&world, &agent(), case, "").await.completion_code, code);
    let manager = Principal::new(Role::Manager, "m-1");
    assert!(get(&world, &manager, case, "").await.completion_code.is_empty());
    let closed = world.give(case, ActorKind::Technician, Command::CompleteVisit { matches: true });
    assert_eq!(closed.await.stage, Stage::Closed);
    let shown = get(&world, &me, case, "").await;
    assert!(shown.completion_code.is_empty() && shown.appointment_id.is_empty());
    assert_eq!(shown.ended_at, Some(to_timestamp(world.clock.now())));
}

#[tokio::test]
async fn a_quoted_repair_is_shown_with_its_price_and_its_end() {
    let world = world_with([order(1)]).await;
    let me = customer("u-1");
    let case = case_of(&file(&world, &me, claim(1, 1)).await);
    bring_technician(&world, case).await;
    world.miss(case, Deadline::Verdict).await;
    let decision = Decision {
        id: DecisionId::new(Uuid::from_u128(5)),
        policy: "cn-2026.1".to_owned(),
        rules: vec!["R53".to_owned()],
        offered: vec![],
        certificate: None,
        overrides: false,
    };
    world.give(case, ActorKind::Policy, Command::Deny { decision }).await;
    assert_eq!(get(&world, &me, case, "").await.quote, None);
    world.give(case, ActorKind::Centre, Command::QuoteRepair { amount_fen: 30_000 }).await;
    let quote = get(&world, &me, case, "").await.quote.unwrap();
    assert_eq!(quote.amount.unwrap().fen, 30_000);
    assert_eq!(quote.valid_until, Some(to_timestamp(world.clock.now() + Span::days(7))));
    assert!(!quote.accepted);
    world.give(case, ActorKind::Customer, Command::AcceptQuote { amount_fen: 30_000 }).await;
    assert!(get(&world, &me, case, "").await.quote.unwrap().accepted);
}

async fn list(
    world: &World,
    caller: &Principal,
    request: ListCasesRequest,
) -> (Vec<String>, String) {
    let answer = world.intake.list_cases(by(caller, request)).await.unwrap().into_inner();
    let serials = answer.cases.into_iter().map(|case| case.serial).collect();
    (serials, answer.next_page_token)
}

#[tokio::test]
async fn lists_are_the_callers_own_newest_first_page_by_page() {
    let mut orders: Vec<_> = (1..=5).map(order).collect();
    for row in &mut orders[..4] {
        row.customer.as_mut().unwrap().customer = "u-1".into();
    }
    let world = world_with(orders).await;
    let me = customer("u-1");
    for n in 1..=5 {
        file(&world, &agent(), claim(n, u128::from(n))).await;
        world.wait(Span::minutes(1));
    }
    let page = |size, token: &str| ListCasesRequest {
        page_size: size,
        page_token: token.to_owned(),
        ..ListCasesRequest::default()
    };
    let (first, token) = list(&world, &me, page(3, "")).await;
    assert_eq!(first, ["S-4", "S-3", "S-2"]);
    let (second, end) = list(&world, &me, page(1, &token)).await;
    assert_eq!((second, end), (vec!["S-1".to_owned()], String::new()));
    let (all, end) = list(&world, &agent(), page(0, "")).await;
    assert_eq!((all.len(), end.as_str()), (5, ""));

    // Nobody goes on in a list that is another's or another one.
    let foreign = world.intake.list_cases(by(&customer("u-2"), page(3, &token))).await;
    assert_eq!(reason(foreign), Reason::PageTokenInvalid);
    let other = ListCasesRequest { open_only: true, ..page(3, &token) };
    let other = world.intake.list_cases(by(&me, other)).await;
    assert_eq!(reason(other), Reason::PageTokenInvalid);
    let forged = world.intake.list_cases(by(&me, page(3, "00"))).await;
    assert_eq!(reason(forged), Reason::PageTokenInvalid);
    assert_eq!(fields(world.intake.list_cases(by(&me, page(-1, ""))).await), ["page_size"]);
}

#[tokio::test]
async fn lists_narrow_by_line_customer_stage_and_end() {
    let world = world_with([order(1), order(2)]).await;
    let (one, other) = (customer("u-1"), customer("u-2"));
    let first = case_of(&file(&world, &one, claim(1, 1)).await);
    file(&world, &other, claim(2, 1)).await;
    let serials = async |caller: &Principal, request| list(&world, caller, request).await.0;
    let by_line = ListCasesRequest { order_line: "L-2".into(), ..ListCasesRequest::default() };
    assert_eq!(serials(&agent(), by_line.clone()).await, ["S-2"]);
    assert!(serials(&one, by_line).await.is_empty(), "another's line");
    let customer_id = parasol_desk::customer_id("u-2").to_string();
    let by_customer = ListCasesRequest { customer_id, ..ListCasesRequest::default() };
    assert_eq!(serials(&agent(), by_customer.clone()).await, ["S-2"]);
    assert_eq!(serials(&one, by_customer).await, ["S-1"], "a customer gets own cases only");

    world.give(first, ActorKind::Customer, Command::Cancel).await;
    let open = ListCasesRequest { open_only: true, ..ListCasesRequest::default() };
    assert_eq!(serials(&agent(), open).await, ["S-2"]);
    let stage =
        |stage: Stage| ListCasesRequest { stage: stage.number(), ..ListCasesRequest::default() };
    assert_eq!(serials(&agent(), stage(Stage::Cancelled)).await, ["S-1"]);
    assert_eq!(serials(&agent(), stage(Stage::Filed)).await, ["S-2"]);
    assert!(serials(&agent(), stage(Stage::Closed)).await.is_empty());
}

#[tokio::test]
async fn a_customer_is_found_by_number_and_the_look_up_is_written_down() {
    let mut second = order(2);
    second.customer = order(1).customer;
    let world = world_with([order(1), second]).await;
    let case = case_of(&file(&world, &customer("u-1"), claim(1, 1)).await);
    let ask = |phone: &str| LookupCustomerRequest { phone: phone.into(), language: "en".into() };
    let found = world.intake.lookup_customer(by(&agent(), ask("+8619900000001"))).await;
    let found = found.unwrap().into_inner();
    assert_eq!(found.customer_id, parasol_desk::customer_id("u-1").to_string());
    assert_eq!((found.name.as_str(), found.phone.as_str()), ("张*", "199****0001"));
    let lines: Vec<_> = found.units.iter().map(|unit| unit.order_line.as_str()).collect();
    assert_eq!(lines, ["L-2", "L-1"]);
    let open: Vec<_> = found.open_cases.into_iter().map(|one| one.view.unwrap().case_id).collect();
    assert_eq!(open, [case.to_string()]);

    let nobody = world.intake.lookup_customer(by(&agent(), ask("19900009999"))).await;
    assert_eq!(reason(nobody), Reason::NotFound);
    let written = commands::Entity::find()
        .filter(commands::Column::Method.eq("LookupCustomer"))
        .filter(commands::Column::Principal.eq("agent:a-1"))
        .count(world.desk.store.reader())
        .await
        .unwrap();
    assert_eq!(written, 2);
    let wrong = world.intake.lookup_customer(by(&agent(), ask(""))).await;
    assert_eq!(fields(wrong), ["phone"]);
}

#[tokio::test]
async fn a_customer_finds_own_units_and_nobody_elses() {
    let mut second = order(2);
    second.customer = order(1).customer;
    let mut foreign = order(3);
    foreign.customer.as_mut().unwrap().customer = "u-3".to_owned();
    let world = world_with([order(1), second, foreign]).await;
    let me = customer("u-1");
    let case = case_of(&file(&world, &me, claim(1, 1)).await);
    let ask = |page_size, token: &str| ListUnitsRequest { page_size, page_token: token.to_owned() };
    let first = world.intake.list_units(by(&me, ask(1, ""))).await.unwrap().into_inner();
    assert_eq!((first.name.as_str(), first.phone.as_str()), ("张*", "199****0001"));
    assert_eq!(first.units[0].unit.as_ref().unwrap().order_line, "L-2");
    assert!(first.units[0].open_case_id.is_empty());
    let token = first.next_page_token;
    let next = world.intake.list_units(by(&me, ask(1, &token))).await.unwrap().into_inner();
    assert_eq!(next.units[0].unit.as_ref().unwrap().order_line, "L-1");
    assert_eq!(next.units[0].open_case_id, case.to_string());
    assert_eq!((next.units.len(), next.next_page_token.as_str()), (1, ""));

    let theirs = world.intake.list_units(by(&customer("u-3"), ask(0, ""))).await.unwrap();
    let lines: Vec<_> = theirs.into_inner().units.into_iter().flat_map(|one| one.unit).collect();
    assert_eq!(lines.iter().map(|unit| unit.order_line.as_str()).collect::<Vec<_>>(), ["L-3"]);
    let stolen = world.intake.list_units(by(&customer("u-3"), ask(1, &token))).await;
    assert_eq!(fields(stolen), ["page_token"]);
    let stranger = world.intake.list_units(by(&customer("u-9"), ask(0, ""))).await.unwrap();
    assert_eq!(stranger.into_inner(), Default::default());
}

#[tokio::test]
async fn whom_to_call_lies_in_the_vault_and_is_checked() {
    let world = world_with([order(1)]).await;
    let me = customer("u-1");
    let named = |name: &str, phone: &str| {
        let mut asked = claim(1, 1);
        asked.contact = Some(Contact { name: name.to_owned(), phone: phone.to_owned() });
        asked
    };
    let refused = world.intake.file_case(by(&me, named("", "call me"))).await;
    assert_eq!(fields(refused), ["contact.name", "contact.phone"]);
    let case = case_of(&file(&world, &me, named("李四", "19911112222")).await);
    let kept = world.desk.store.reveal(case.uuid(), "filing").await.unwrap().unwrap();
    assert!(kept.contains("李四") && kept.contains("19911112222"), "{kept}");
}

#[tokio::test]
async fn a_unit_has_one_life_over_all_of_its_cases() {
    let mut row = order(1);
    row.installed_at = Some(to_timestamp(start() - Span::days(2)));
    let world = world_with([row]).await;
    let me = customer("u-1");
    let first = case_of(&file(&world, &me, claim(1, 1)).await);
    bring_technician(&world, first).await;
    world.miss(first, Deadline::Verdict).await;
    let (payer, recourse) = ("seller".into(), "brand".into());
    let repair = OfferedRemedy { remedy: Remedy::Repair, amount_fen: 0, payer, recourse };
    let decision = Decision {
        id: DecisionId::new(Uuid::from_u128(5)),
        policy: "cn-2026.1".to_owned(),
        rules: vec!["R30".to_owned()],
        offered: vec![repair],
        certificate: None,
        overrides: false,
    };
    world.give(first, ActorKind::Policy, Command::Decide { decision }).await;
    let choose = Command::ChooseRemedy { remedy: Remedy::Repair };
    world.give(first, ActorKind::Customer, choose).await;
    world.give(first, ActorKind::Technician, Command::CompleteVisit { matches: true }).await;
    let second = case_of(&file(&world, &me, claim(1, 2)).await);
    world.give(second, ActorKind::Customer, Command::Cancel).await;

    let request = GetUnitRequest { serial: "S-1".into(), language: "en".into() };
    let life = world.intake.get_unit(by(&agent(), request)).await.unwrap().into_inner();
    let kinds: Vec<_> = life.events.iter().map(|event| event.kind.as_str()).collect();
    let expected = [
        "delivered",
        "installed",
        "case_filed",
        "repaired",
        "case_closed",
        "case_filed",
        "case_cancelled",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(life.repairs_done, 1);
    assert_eq!(life.events[2].case_id, first.to_string());
    assert!(life.events.iter().all(|event| event.text.ends_with('.')));
    assert_eq!(life.unit.unwrap().order_line, "L-1");
}
