//! What happens to a case beside its straight course: guidance, reminders, the customer's own certificate,
//! and a unit that was given for another.

use parasol_api::common::v1::Promise as WirePromise;
use parasol_api::convert::to_timestamp;
use parasol_api::intake::v1::intake_service_server::IntakeService;
use parasol_api::intake::v1::order_service_server::OrderService;
use parasol_api::intake::v1::{
    AnswerReminderRequest, FileCaseRequest, FinishGuidanceRequest, GetUnitRequest,
    LinkedCertificateFault, RemindCaseRequest, ReviewLinkedCertificateRequest, UnitHistory,
};
use parasol_api::{Reason, Role};
use parasol_journey::deadline::Clock as Deadline;
use parasol_journey::event::{Decision, OfferedRemedy, Path};
use parasol_journey::ids::{CaseId, DecisionId};
use parasol_journey::time::Span;
use parasol_journey::vocab::{Promise, Remedy};
use parasol_journey::{ActorKind, Command, Fact, Stage, Task};
use parasol_runtime::identity::Principal;
use uuid::Uuid;

use crate::acting::{bring_technician, certificate, link};
use crate::samples::{case_of, claim, file, order, sold, world_with};
use crate::world::{World, agent, by, customer, fields, id, reason, start};

async fn filed() -> (World, CaseId) {
    let world = world_with([order(1)]).await;
    let case = case_of(&file(&world, &customer("u-1"), claim(1, 1)).await);
    (world, case)
}

#[tokio::test]
async fn guidance_helps_or_somebody_comes() {
    for (solved, stage) in [(true, Stage::AwaitConfirm), (false, Stage::ChoosingCentre)] {
        let (world, case) = filed().await;
        let finish = |request: u128| FinishGuidanceRequest {
            request_id: id(request),
            case_id: case.to_string(),
            solved,
            remark: "the plug was loose".to_owned(),
            ..FinishGuidanceRequest::default()
        };
        let early = world.intake.finish_guidance(by(&agent(), finish(2))).await;
        assert_eq!(reason(early), Reason::IllegalTransition);
        let guide = Command::Triage { path: Path::RemoteGuidance, rules: Vec::new() };
        world.give(case, ActorKind::Policy, guide).await;
        let foreign = world.intake.finish_guidance(by(&customer("u-2"), finish(3))).await;
        assert_eq!(reason(foreign), Reason::NotFound);
        world.intake.finish_guidance(by(&customer("u-1"), finish(4))).await.unwrap();
        assert_eq!(world.case(case).await.stage, stage);
    }
}

#[tokio::test]
async fn an_answered_reminder_stops_its_clock() {
    let (world, case) = filed().await;
    let chase = RemindCaseRequest {
        request_id: id(2),
        case_id: case.to_string(),
        ..RemindCaseRequest::default()
    };
    world.intake.remind_case(by(&customer("u-1"), chase)).await.unwrap();
    let runs = |case: &parasol_journey::Case| case.owes(Task::Clock(Deadline::Reminder)).is_some();
    assert!(runs(&world.case(case).await));
    let answer = |request: u128| AnswerReminderRequest {
        request_id: id(request),
        case_id: case.to_string(),
        text: "the technician calls this afternoon".to_owned(),
        ..AnswerReminderRequest::default()
    };
    let foreign = by(&Principal::new(Role::Brand, "borealis"), answer(3));
    assert_eq!(reason(world.intake.answer_reminder(foreign).await), Reason::NotFound);
    let brand = by(&Principal::new(Role::Brand, "aurora"), answer(4));
    world.intake.answer_reminder(brand).await.unwrap();
    assert!(!runs(&world.case(case).await));
    let told = world.desk.store.reveal(case.uuid(), "reminder_answer").await.unwrap().unwrap();
    assert!(told.contains("this afternoon"));
}

#[tokio::test]
async fn the_customers_own_certificate_counts_once_it_was_read() {
    for (fault, stage) in [
        (LinkedCertificateFault::Unspecified, Stage::Deciding),
        (LinkedCertificateFault::OtherUnit, Stage::ChoosingCentre),
    ] {
        let (world, case) = filed().await;
        let linked =
            world.intake.link_certificate(by(&customer("u-1"), link(case, 2, certificate())));
        let certificate_id = linked.await.unwrap().into_inner().certificate_id;
        let review = |request: u128, certificate_id: String| ReviewLinkedCertificateRequest {
            request_id: id(request),
            case_id: case.to_string(),
            certificate_id,
            fault: fault.into(),
            ..ReviewLinkedCertificateRequest::default()
        };
        let other = "cert_01905af12b3c7def8123456789abcdef".to_owned();
        let unknown = world.intake.review_linked_certificate(by(&agent(), review(3, other))).await;
        assert_eq!(reason(unknown), Reason::CertificateUnknown);
        let read = review(4, certificate_id.clone());
        world.intake.review_linked_certificate(by(&agent(), read)).await.unwrap();
        let now = world.case(case).await;
        assert_eq!((now.stage, now.linked_certificate), (stage, None));
        let counts = now.certificates.iter().any(|one| one.id.to_string() == certificate_id);
        assert_eq!(counts, fault == LinkedCertificateFault::Unspecified);
        let refused = world.desk.store.log_after(case, 0, 100).await.unwrap();
        let refused = refused.iter().any(|logged| {
            matches!(&logged.event.fact, Fact::LinkedCertificateRefused { reason, .. }
                if reason == "other_unit")
        });
        assert_eq!(refused, fault == LinkedCertificateFault::OtherUnit);
    }
}

async fn life(world: &World, serial: &str) -> UnitHistory {
    let request = GetUnitRequest { serial: serial.to_owned(), language: "en".to_owned() };
    world.intake.get_unit(by(&agent(), request)).await.unwrap().into_inner()
}

/// Replaces the unit of line 1 in this case.
async fn replace(world: &World, case: CaseId, serial: &str) {
    bring_technician(world, case).await;
    world.miss(case, Deadline::Verdict).await;
    let offered = vec![OfferedRemedy {
        remedy: Remedy::Replace,
        amount_fen: 0,
        payer: "seller".into(),
        recourse: String::new(),
    }];
    let decision = Decision {
        id: DecisionId::new(Uuid::from_u128(5)),
        policy: "cn-2026.1".to_owned(),
        rules: vec!["R13".to_owned()],
        offered,
        certificate: None,
        overrides: false,
    };
    world.give(case, ActorKind::Policy, Command::Decide { decision }).await;
    let choose = Command::ChooseRemedy { remedy: Remedy::Replace };
    world.give(case, ActorKind::Customer, choose).await;
    let serial = serial.parse().unwrap();
    world.give(case, ActorKind::Carrier, Command::ReportReplacement { serial }).await;
    world.give(case, ActorKind::Customer, Command::ConfirmOutcome).await;
}

#[tokio::test]
async fn a_unit_given_for_another_begins_anew() {
    let promises = [Promise::ReplaceOnly180, Promise::ExtendedWarranty];
    let delivered = start() - Span::days(100);
    let world = world_with([sold(1, delivered, &promises)]).await;
    let me = customer("u-1");
    let first = case_of(&file(&world, &me, claim(1, 1)).await);
    replace(&world, first, "S-1-NEW").await;
    let replaced_at = world.case(first).await.updated_at;

    let old = life(&world, "S-1").await;
    assert_eq!((old.replaces.as_str(), old.replaced_by.as_str()), ("", "S-1-NEW"));
    assert_eq!(old.warranty_started_at, Some(to_timestamp(delivered)));
    assert!(old.events.iter().any(|event| event.kind == "replaced"));
    let new = life(&world, "S-1-NEW").await;
    assert_eq!((new.replaces.as_str(), new.replaced_by.as_str()), ("S-1", ""));
    assert_eq!(new.warranty_started_at, Some(to_timestamp(replaced_at)));
    let unit = new.unit.unwrap();
    assert_eq!((unit.serial.as_str(), unit.order_line.as_str()), ("S-1-NEW", "L-1"));
    let kept: Vec<_> = unit.promises().collect();
    let sold = [WirePromise::ReplaceOnly180, WirePromise::ExtendedWarranty];
    assert_eq!(kept, sold, "what came with it");
    assert_eq!(unit.used_promise_ids, ["replace_only_180"], "what is used once is used");
    assert!(life(&world, "S-1").await.unit.unwrap().used_promise_ids.len() == 1);

    // A later claim is about the new unit, and its periods run from its own day.
    world.wait(Span::days(3));
    let second = case_of(&file(&world, &me, claim(1, 2)).await);
    let filing = world.case(second).await.filing;
    assert_eq!(filing.serial.as_str(), "S-1-NEW");
    assert_eq!(filing.period_start(), replaced_at);
    assert_eq!(filing.prior_repairs, 0);
    assert_eq!(filing.promises, [Promise::ExtendedWarranty], "what is used once is used");
    let again = life(&world, "S-1-NEW").await;
    assert!(again.events.iter().any(|event| event.case_id == second.to_string()));
    assert!(again.events.iter().all(|event| event.case_id != first.to_string()));
}

/// The number on the old unit is no longer this order line's, and the filing that named it was.
#[tokio::test]
async fn a_filing_is_answered_as_it_was_after_its_unit_was_exchanged() {
    let world = world_with([order(1)]).await;
    let me = customer("u-1");
    let named = |request| FileCaseRequest { serial: "S-1".to_owned(), ..claim(1, request) };
    let first = file(&world, &me, named(1)).await;
    replace(&world, case_of(&first), "S-1-NEW").await;
    let world = world.restarted().await;
    assert_eq!(file(&world, &me, named(1)).await, first);
    let anew = async || world.intake.file_case(by(&me, named(2))).await;
    assert_eq!(reason(anew().await), Reason::SerialOfAnotherOrder);
    assert_eq!(fields(anew().await), ["serial"]);
}

#[tokio::test]
async fn repairs_are_counted_by_unit_and_fault() {
    let world = world_with([order(1)]).await;
    let me = customer("u-1");
    for (request, symptom, before) in
        [(1, "not_cooling", 0), (2, "leaking", 0), (3, "not_cooling", 1), (4, "", 3)]
    {
        let mut said = claim(1, request);
        symptom.clone_into(&mut said.symptom);
        let case = case_of(&file(&world, &me, said).await);
        assert_eq!(world.case(case).await.filing.prior_repairs, before, "{symptom}");
        crate::filing::repair(&world, case).await;
    }
    assert_eq!(
        life(&world, "S-1").await.repairs_done,
        4,
        "one whose fault was not said counts as any"
    );
}

#[tokio::test]
async fn what_repairs_of_the_same_fault_left_is_pinned() {
    let world = world_with([order(1)]).await;
    let me = customer("u-1");
    let first = case_of(&file(&world, &me, claim(1, 1)).await);
    let filing = world.case(first).await.filing;
    assert!(filing.repairs_before.is_none());
    crate::filing::repair_with(&world, first, &["compressor", "relay"]).await;
    let repaired = world.case(first).await.repairs.last_at;
    world.wait(Span::days(2));
    let again = case_of(&file(&world, &me, claim(1, 2)).await);
    let before = world.case(again).await.filing.repairs_before;
    assert_eq!(before.last_at, repaired);
    let mut parts: Vec<_> = before.fitted.iter().map(|one| one.part.as_str()).collect();
    parts.sort_unstable();
    assert_eq!(parts, ["compressor", "relay"]);
    world.give(again, ActorKind::Customer, Command::Cancel).await;
    let mut other = claim(1, 3);
    "leaking".clone_into(&mut other.symptom);
    let other = case_of(&file(&world, &me, other).await);
    assert!(world.case(other).await.filing.repairs_before.is_none(), "another fault");
}
