//! Disputes as both sides, the laboratory and the experts meet them, and repairs at a price.

use parasol_api::common::v1 as wire;
use parasol_api::common::v1::{QuoteLine, QuoteLineKind};
use parasol_api::convert::{Listed, to_money, to_timestamp};
use parasol_api::partner::v1::verdict_service_server::VerdictService as _;
use parasol_api::partner::v1::{
    ListDecisionsRequest, ListDecisionsResponse, SubmitCertificateRequest,
};
use parasol_api::verification::v1::decision_service_server::DecisionService as _;
use parasol_api::verification::v1::{
    AcceptQuoteRequest, AwaitInDisputeRequest, ConvenePanelRequest, Dispute, DisputeWait,
    ExplainDecisionRequest, GetDisputeRequest, OrderSecondInspectionRequest, QuoteRepairRequest,
    ReportAtLabRequest, SubmitDisputeEvidenceRequest, SubmitOpinionRequest,
};
use parasol_api::{Reason, Role};
use parasol_casebook::SEQUENCER;
use parasol_journey::deadline::Clock as Limit;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_journey::vocab::{Cause, Function, Party, Remedy};
use parasol_journey::{Case, Stage, Task};
use sea_orm::ConnectionTrait as _;
use sea_orm_migration::SchemaManager;
use tonic::Status;
use uuid::Uuid;

use crate::world::{
    World, by, by_agent, by_brand, by_centre, by_customer, fields, filing, reason, refused,
};

impl World {
    fn evidence(&self, case: CaseId, complete: bool) -> SubmitDisputeEvidenceRequest {
        SubmitDisputeEvidenceRequest {
            request_id: self.id(),
            case_id: case.to_string(),
            statement: "the foot was missing in the box".to_owned(),
            evidence: vec![self.photo(wire::EvidenceKind::Exterior)],
            complete,
            ..SubmitDisputeEvidenceRequest::default()
        }
    }

    fn proof(&self, case: CaseId) -> SubmitDisputeEvidenceRequest {
        SubmitDisputeEvidenceRequest {
            statement: "the impact point, from two sides".to_owned(),
            evidence: vec![
                self.photo(wire::EvidenceKind::Exterior),
                self.photo(wire::EvidenceKind::Fault),
            ],
            cause_sign: "an impact point at the lower left".to_owned(),
            ..self.evidence(case, false)
        }
    }

    async fn dispute_of(&self, role: Role, subject: &str, case: CaseId) -> Result<Dispute, Status> {
        let request = GetDisputeRequest { case_id: case.to_string() };
        let answer = self.service.get_dispute(by(role, subject, request)).await;
        answer.map(tonic::Response::into_inner)
    }

    async fn last_decision(&self, case: CaseId) -> wire::Decision {
        let request =
            ExplainDecisionRequest { case_id: case.to_string(), language: "en".to_owned() };
        let explained = self.service.explain_decision(by_customer(request)).await.unwrap();
        explained.into_inner().decision.unwrap()
    }

    async fn send_to_lab(&self, case: CaseId) {
        let request = AwaitInDisputeRequest {
            request_id: self.id(),
            case_id: case.to_string(),
            wait: DisputeWait::Lab.into(),
            reason: "the crack is inside".to_owned(),
            ..AwaitInDisputeRequest::default()
        };
        let sent = self.service.await_in_dispute(by_agent(request)).await.unwrap().into_inner();
        assert_eq!(sent.due, Some(to_timestamp(self.clock.now() + Span::days(3))));
    }

    /// A case that blames the user without a proof, so many days after delivery.
    async fn blamed(&self, days_ago: i64) -> CaseId {
        let case = self.on_site(filing(days_ago, Remedy::Repair)).await;
        self.submit(case, self.blaming(false)).await;
        assert_eq!(self.case(case).await.stage, Stage::VerdictHeld);
        case
    }
}

fn rules(case: &Case) -> Vec<&str> {
    case.decision.as_ref().unwrap().rules.iter().map(String::as_str).collect()
}

fn loser(case: &Case) -> Option<Party> {
    case.dispute.as_ref().unwrap().loser
}

#[tokio::test]
async fn either_side_hands_in_evidence_while_there_is_time() {
    let world = World::new().await;
    let id = world.denied().await;
    let early = world.service.submit_dispute_evidence(by_customer(world.evidence(id, false))).await;
    assert_eq!(reason(early), Reason::IllegalTransition, "nothing is disputed yet");
    world.dispute(id).await;
    // The visit ended at half past eleven: four hours of evidence are left of this day.
    let until = world.case(id).await.dispute.unwrap().evidence_until.unwrap();
    assert_eq!(until, world.clock.now() + Span::hours(4));
    let given = world.service.submit_dispute_evidence(by_customer(world.evidence(id, false))).await;
    assert_eq!(given.unwrap().into_inner().evidence_until, Some(to_timestamp(until)));
    world.service.submit_dispute_evidence(by_centre(world.evidence(id, false))).await.unwrap();
    for (role, subject) in [(Role::Brand, "borealis"), (Role::Centre, "aurora-nj-77")] {
        let foreign = by(role, subject, world.evidence(id, false));
        let foreign = world.service.submit_dispute_evidence(foreign).await;
        assert_eq!(reason(foreign), Reason::NotFound);
        assert_eq!(reason(world.dispute_of(role, subject, id).await), Reason::NotFound);
    }
    let sign = SubmitDisputeEvidenceRequest {
        cause_sign: "a dent".to_owned(),
        ..world.evidence(id, false)
    };
    let error = refused(world.service.submit_dispute_evidence(by_customer(sign)).await);
    assert_eq!(fields(&error), ["cause_sign"]);

    let seen = world.dispute_of(Role::Brand, "aurora", id).await.unwrap();
    assert_eq!((seen.contested.as_str(), seen.awaits.as_str()), ("denial", "reply"));
    let sides: Vec<_> = seen.statements.iter().map(|one| one.side.as_str()).collect();
    assert_eq!(sides, ["customer", "customer", "centre"]);
    assert_eq!(seen.statements[1].text, "the foot was missing in the box");
    assert_eq!(seen.statements[1].evidence.len(), 1);
    let log = serde_json::to_string(&world.log(id).await).unwrap();
    assert!(!log.contains("foot"), "free text is in the log");

    world.wait(Span::hours(4) + Span::from_micros(1));
    for request in [by_customer(world.evidence(id, false)), by_brand(world.evidence(id, false))] {
        let error = refused(world.service.submit_dispute_evidence(request).await);
        assert_eq!(error.reason(), Reason::EvidenceClosed);
        assert_eq!(error.metadata()["until"], until.to_string());
    }
    world.miss(id, Limit::DisputeReply).await;
    assert_eq!(world.case(id).await.stage, Stage::Deciding, "judged on what is there");
}

#[tokio::test]
async fn misuse_that_is_not_proven_in_time_is_a_fault_of_the_product_for_six_months() {
    let world = World::new().await;
    let id = world.blamed(150).await;
    let due = world.case(id).await.owes(Task::Clock(Limit::BrandEvidence)).unwrap().due;
    assert_eq!(due, world.clock.now() + Span::hours(4));
    world.service.submit_dispute_evidence(by_brand(world.evidence(id, false))).await.unwrap();
    world.miss(id, Limit::BrandEvidence).await;
    world.work().await;
    let case = world.case(id).await;
    assert_eq!(case.stage, Stage::Repairing);
    assert!(rules(&case).contains(&"R50") && rules(&case).contains(&"R30"), "{:?}", rules(&case));
    let decision = world.last_decision(id).await;
    assert!(decision.reason.contains("must prove misuse"), "{}", decision.reason);
    let late = world.service.submit_dispute_evidence(by_brand(world.proof(id))).await;
    assert_eq!(reason(late), Reason::IllegalTransition);
}

#[tokio::test]
async fn a_proof_that_comes_in_time_counts_and_the_brand_stands_behind_it() {
    let world = World::new().await;
    let id = world.blamed(150).await;
    world.service.submit_dispute_evidence(by_centre(world.proof(id))).await.unwrap();
    assert!(world.case(id).await.owes(Task::Clock(Limit::BrandEvidence)).is_none());
    let certificate = world.case(id).await.finding().unwrap().id.to_string();
    world.confirm(id, certificate).await;
    world.work().await;
    let case = world.case(id).await;
    assert_eq!(case.stage, Stage::Denied);
    assert!(rules(&case).contains(&"R53"), "{:?}", rules(&case));
}

#[tokio::test]
async fn after_six_months_a_missing_proof_means_another_centre() {
    let world = World::new().await;
    let id = world.blamed(245).await;
    world.miss(id, Limit::BrandEvidence).await;
    world.work().await;
    let case = world.case(id).await;
    assert_eq!((case.stage, case.second_opinion), (Stage::ChoosingCentre, true));
    let centres: Vec<_> = case.inspecting_centres().map(|one| one.as_str()).collect();
    assert_eq!(centres, ["aurora-nj-01"], "the first centre is known to have inspected");
}

#[tokio::test]
async fn an_agent_orders_a_second_inspection_and_the_loser_is_named() {
    let world = World::new().await;
    let id = world.denied().await;
    world.dispute(id).await;
    let order = OrderSecondInspectionRequest {
        request_id: world.id(),
        case_id: id.to_string(),
        reason: "the photos are of another unit".to_owned(),
        ..OrderSecondInspectionRequest::default()
    };
    world.service.order_second_inspection(by_agent(order)).await.unwrap();
    assert_eq!(world.case(id).await.stage, Stage::ChoosingCentre);
    world.visit(id, "aurora-nj-02").await;
    world.submit_by("aurora-nj-02", id, world.certificate()).await;
    world.work().await;
    let case = world.case(id).await;
    assert_eq!((case.stage, loser(&case)), (Stage::Repairing, Some(Party::Brand)));
    let cost = world.last_decision(id).await.test_cost.unwrap();
    assert_eq!((cost.payer.as_str(), cost.tests), ("brand", 1));
    assert!(cost.explanation.contains("brand"), "{}", cost.explanation);
}

#[tokio::test]
async fn a_laboratory_has_the_last_word_and_the_way_there_is_not_its_time() {
    let world = World::new().await;
    let id = world.denied().await;
    world.dispute(id).await;
    world.send_to_lab(id).await;
    let lab = |request| by(Role::Lab, "lab-1", request);
    let arrived = || ReportAtLabRequest {
        request_id: world.id(),
        case_id: id.to_string(),
        ..ReportAtLabRequest::default()
    };
    world.wait(Span::days(2));
    let there = world.service.report_at_lab(lab(arrived())).await.unwrap().into_inner();
    assert_eq!(there.report_due, Some(to_timestamp(world.clock.now() + Span::days(15))));
    let twice = world.service.report_at_lab(lab(arrived())).await;
    assert_eq!(reason(twice), Reason::LabNotAwaited);
    let request = SubmitCertificateRequest {
        request_id: world.id(),
        case_id: id.to_string(),
        certificate: Some(world.blaming(true)),
        ..SubmitCertificateRequest::default()
    };
    let request = by(Role::Lab, "lab-1", request);
    world.service.submit_certificate(request).await.unwrap();
    world.work().await;
    let case = world.case(id).await;
    assert_eq!((case.stage, loser(&case)), (Stage::Denied, Some(Party::Customer)));
    let cost = world.last_decision(id).await.test_cost.unwrap();
    assert_eq!((cost.payer.as_str(), cost.tests), ("customer", 1));
}

#[tokio::test]
async fn experts_overturn_a_finding_by_majority() {
    let world = World::new().await;
    let id = world.denied().await;
    world.dispute(id).await;
    let convene = |experts: &[&str]| ConvenePanelRequest {
        request_id: world.id(),
        case_id: id.to_string(),
        experts: experts.iter().map(|one| (*one).to_owned()).collect(),
        standard: "GB 4706.1, clause 21".to_owned(),
        question: "is the crack an impact or a flaw of the casting?".to_owned(),
        ..ConvenePanelRequest::default()
    };
    for wrong in [&["e-1", "e-2"][..], &["e-1", "e-2", "a-17"]] {
        let refused = world.service.convene_panel(by_agent(convene(wrong))).await;
        assert_eq!(reason(refused), Reason::PanelInvalid);
    }
    world.service.convene_panel(by_agent(convene(&["e-1", "e-2", "e-3"]))).await.unwrap();
    let opinion = |cause: Cause| SubmitOpinionRequest {
        request_id: world.id(),
        case_id: id.to_string(),
        function: Function::Fault.number(),
        cause: cause.number(),
        grounds: "the grain of the break".to_owned(),
        ..SubmitOpinionRequest::default()
    };
    let says =
        |role, subject, cause| world.service.submit_opinion(by(role, subject, opinion(cause)));
    assert_eq!(reason(says(Role::Agent, "a-17", Cause::User).await), Reason::NotOnPanel);
    says(Role::Agent, "e-1", Cause::Product).await.unwrap();
    says(Role::Lab, "e-2", Cause::User).await.unwrap();
    assert_eq!(reason(says(Role::Lab, "e-2", Cause::Product).await), Reason::NotOnPanel);
    let asked = world.dispute_of(Role::Lab, "e-3", id).await.unwrap().panel.unwrap();
    assert_eq!((asked.asked, asked.given, asked.standard.as_str()), (3, 2, "GB 4706.1, clause 21"));
    assert_eq!(asked.experts, ["e-1", "e-2", "e-3"]);
    let seen = world.dispute_of(Role::Customer, crate::world::CUSTOMER, id).await.unwrap();
    assert!(seen.panel.unwrap().experts.is_empty(), "the sides do not learn who");
    assert!(seen.statements.iter().all(|one| one.side != "expert"));
    let last = says(Role::Manager, "e-3", Cause::Product).await.unwrap().into_inner();
    assert!(last.concluded);
    world.work().await;
    let case = world.case(id).await;
    assert_eq!((case.stage, loser(&case)), (Stage::Repairing, Some(Party::Brand)));
    let agent = world.dispute_of(Role::Agent, "a-17", id).await.unwrap();
    let opinions = agent.statements.iter().filter(|one| one.side == "expert").count();
    assert_eq!((opinions, agent.heard, agent.tests), (3, true, 1));
    assert_eq!(agent.panel.unwrap().cause, Cause::Product.number());
}

#[tokio::test]
async fn a_disputed_second_finding_goes_to_a_laboratory_by_the_rules_and_only_once() {
    let world = World::new().await;
    // A second inspection proved misuse before anybody disputed anything.
    let id = world.blamed(245).await;
    world.miss(id, Limit::BrandEvidence).await;
    world.work().await;
    world.visit(id, "aurora-nj-02").await;
    world.submit_by("aurora-nj-02", id, world.blaming(true)).await;
    world.work().await;
    assert_eq!(world.case(id).await.stage, Stage::Denied);
    world.dispute(id).await;
    world.miss(id, Limit::DisputeReply).await;
    world.work().await;
    let case = world.case(id).await;
    assert_eq!((case.stage, case.turn.holder()), (Stage::Disputed, Some(Party::Carrier)));
    for _ in 0..3 {
        world.miss(id, Limit::LabTransit).await;
    }
    world.work().await;
    let case = world.case(id).await;
    assert_eq!(
        case.stage,
        Stage::Deciding,
        "a laboratory that never got the unit is not tried again"
    );
    assert!(case.owes(Task::Clock(Limit::DecideManually)).is_some());
}

#[tokio::test]
async fn a_refused_customer_has_the_unit_repaired_at_a_price() {
    let world = World::new().await;
    let id = world.denied().await;
    let quote = |fen: i64| QuoteRepairRequest {
        request_id: world.id(),
        case_id: id.to_string(),
        amount: Some(to_money(fen)),
        work: "a new door, with labour".to_owned(),
        ..QuoteRepairRequest::default()
    };
    let accept = |fen: i64| AcceptQuoteRequest {
        request_id: world.id(),
        case_id: id.to_string(),
        amount: Some(to_money(fen)),
        ..AcceptQuoteRequest::default()
    };
    let line = |fen: i64| QuoteLine {
        kind: QuoteLineKind::Parts.into(),
        text: "door".to_owned(),
        quantity: 1,
        amount: Some(to_money(fen)),
    };
    for lines in [
        vec![line(29_999)],
        vec![QuoteLine { kind: 0, ..line(30_000) }],
        vec![QuoteLine { quantity: 0, ..line(30_000) }],
        vec![QuoteLine { text: String::new(), ..line(30_000) }],
        vec![QuoteLine { amount: None, ..line(30_000) }],
        [vec![line(0); 20], vec![line(30_000)]].concat(),
    ] {
        let wrong = QuoteRepairRequest { lines, ..quote(30_000) };
        let refused = world.service.quote_repair(by_centre(wrong)).await.unwrap_err();
        let refused = parasol_api::Error::from_status(&refused);
        assert!(refused.violations()[0].field.starts_with("lines"), "{refused:?}");
    }
    let none = world.service.accept_quote(by_customer(accept(30_000))).await;
    assert_eq!(reason(none), Reason::QuoteNotValid);
    let foreign = world.service.quote_repair(by(Role::Centre, "aurora-nj-77", quote(1))).await;
    assert_eq!(reason(foreign), Reason::NotFound);
    let lines = vec![line(20_000), line(10_000)];
    let quote = QuoteRepairRequest { lines, ..quote(30_000) };
    let quoted = world.service.quote_repair(by_centre(quote)).await.unwrap().into_inner();
    let kept = world.desk.store.reveal(id.uuid(), "quote").await.unwrap().unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(kept["lines"][1]["amount_fen"], 10_000);
    assert_eq!(kept["work"], "a new door, with labour");
    assert_eq!(quoted.valid_until, Some(to_timestamp(world.clock.now() + Span::days(7))));
    let other = world.service.accept_quote(by_customer(accept(29_999))).await;
    assert_eq!(reason(other), Reason::QuoteNotValid);
    world.service.accept_quote(by_customer(accept(30_000))).await.unwrap();
    let case = world.case(id).await;
    assert_eq!((case.stage, case.remedy), (Stage::Repairing, Some((Remedy::Repair, 0))));
    assert_eq!(case.quote.unwrap().amount_fen, 30_000);
    assert!(world.payments.paid().is_empty());
}

/// A decision of before there were marks is listed once its database is brought up to date, and one that is
/// marked is not marked twice.
#[tokio::test]
async fn decisions_made_before_they_were_marked_are_listed() {
    let world = World::new().await;
    world.denied().await;
    let second = world.on_site(filing(3, Remedy::Refund)).await;
    world.submit(second, world.certificate()).await;
    world.work().await;
    sequence(&world).await;
    let connection = world.desk.store.for_migrations();
    let forget = format!("DELETE FROM decision_marks WHERE case_id = {}", hex(second));
    connection.execute_unprepared(&forget).await.unwrap();
    let listed = async || {
        let request = ListDecisionsRequest { language: "en".to_owned(), ..Default::default() };
        let answer = world.service.list_decisions(by(Role::Brand, "aurora", request)).await;
        answer.unwrap().into_inner().decisions.len()
    };
    assert_eq!(listed().await, 1);
    let migrations = parasol_verification::migrations();
    let marks = migrations.iter().find(|one| one.name() == "m0061_verification_marks").unwrap();
    for _ in 0..2 {
        marks.up(&SchemaManager::new(connection)).await.unwrap();
        assert_eq!(listed().await, 2);
    }
}

/// A case's id as SQLite writes it.
fn hex(case: CaseId) -> String {
    format!("x'{}'", case.uuid().simple())
}

/// Gives the steps so far their places in the feed.
async fn sequence(world: &World) {
    let (store, now) = (&world.desk.store, world.clock.now());
    let held = store.lease(SEQUENCER, Uuid::from_u128(9), now, Span::minutes(1)).await.unwrap();
    store.sequence(&held.expect("nobody else sequences"), now).await.unwrap();
}

#[tokio::test]
async fn decisions_are_listed_from_a_cursor_each_once_and_none_of_others() {
    let world = World::new().await;
    let list = |role, subject: &'static str, cursor: &str, page_size| {
        let request = ListDecisionsRequest {
            cursor: cursor.to_owned(),
            page_size,
            language: "en".to_owned(),
        };
        let answer = world.service.list_decisions(by(role, subject, request));
        async move { answer.await.map(tonic::Response::into_inner) }
    };
    let first = world.denied().await;
    let second = world.on_site(filing(3, Remedy::Refund)).await;
    world.submit(second, world.certificate()).await;
    world.work().await;
    sequence(&world).await;
    let mut told = Vec::new();
    let mut cursor = String::new();
    loop {
        let page: ListDecisionsResponse = list(Role::Brand, "aurora", &cursor, 1).await.unwrap();
        told.extend(page.decisions.iter().map(|one| one.case_id.clone()));
        cursor = page.cursor;
        if !page.more {
            break;
        }
    }
    assert_eq!(told, [first.to_string(), second.to_string()]);
    let empty = list(Role::Brand, "borealis", "", 0).await.unwrap();
    assert!(empty.decisions.is_empty());
    for foreign in [cursor.as_str(), "00", "nonsense"] {
        let refused = list(Role::Brand, "borealis", foreign, 0).await;
        assert_eq!(reason(refused), Reason::ResyncRequired);
    }
    // A later decision comes after the cursor, and names the one it replaces.
    world.dispute(first).await;
    world.reply(first, true).await;
    world.work().await;
    sequence(&world).await;
    let next = list(Role::Brand, "aurora", &cursor, 0).await.unwrap();
    assert_eq!(next.decisions.len(), 1);
    assert_eq!(next.decisions[0].case_id, first.to_string());
    assert_ne!(next.decisions[0].supersedes, "");
}
