//! Whole courses: what is found, what is decided, what is carried out.

use parasol_api::partner::v1::verdict_service_server::VerdictService as _;
use parasol_api::partner::v1::{
    ConfirmCertificateRequest, ContestCertificateRequest, SubmitCertificateRequest,
};
use parasol_api::verification::v1::decision_service_server::DecisionService as _;
use parasol_api::verification::v1::{
    AnswerDenialRequest, ConfirmOutcomeRequest, DenialAnswer, OpenDisputeRequest,
    RejectOutcomeRequest, ReplyToDisputeRequest, ReportPickupRequest, ReportReplacementRequest,
};
use parasol_api::{Reason, Role, common};
use parasol_journey::case::Case;
use parasol_journey::deadline::Clock as Limit;
use parasol_journey::event::{Fact, Filing, Path};
use parasol_journey::gift::Gift;
use parasol_journey::ids::CaseId;
use parasol_journey::task::Work;
use parasol_journey::time::Span;
use parasol_journey::vocab::{CaseKind, Cause, DeclineReason, Promise, Remedy};
use parasol_journey::{ActorKind, Command, Stage, Task};

use crate::world::{PRICE, World, by, by_agent, by_brand, by_customer, filing, reason};

impl World {
    pub async fn submit(&self, case: CaseId, certificate: common::v1::Certificate) -> String {
        self.submit_by("aurora-nj-01", case, certificate).await
    }

    pub async fn submit_by(
        &self,
        centre: &str,
        case: CaseId,
        certificate: common::v1::Certificate,
    ) -> String {
        self.submit_as(Role::Centre, centre, case, certificate).await
    }

    pub async fn submit_as(
        &self,
        role: Role,
        subject: &str,
        case: CaseId,
        certificate: common::v1::Certificate,
    ) -> String {
        let request = SubmitCertificateRequest {
            request_id: self.id(),
            case_id: case.to_string(),
            certificate: Some(certificate),
            ..SubmitCertificateRequest::default()
        };
        let answer = self.service.submit_certificate(by(role, subject, request)).await;
        let answer = answer.unwrap().into_inner();
        assert_eq!(answer.effect(), common::v1::MessageEffect::Applied);
        answer.certificate_id
    }

    pub async fn confirm(&self, case: CaseId, certificate: String) {
        let request = ConfirmCertificateRequest {
            request_id: self.id(),
            case_id: case.to_string(),
            certificate_id: certificate,
            ..ConfirmCertificateRequest::default()
        };
        self.service.confirm_certificate(by_brand(request)).await.unwrap();
    }

    /// A case refused for damage from use, proven, eight months after delivery.
    pub async fn denied(&self) -> CaseId {
        let case = self.on_site(filing(245, Remedy::Repair)).await;
        let certificate = self.submit(case, self.blaming(true)).await;
        assert_eq!(self.case(case).await.stage, Stage::VerdictHeld);
        self.confirm(case, certificate).await;
        self.work().await;
        assert_eq!(self.case(case).await.stage, Stage::Denied);
        case
    }

    pub async fn dispute(&self, case: CaseId) {
        let request = AnswerDenialRequest {
            request_id: self.id(),
            case_id: case.to_string(),
            answer: DenialAnswer::Dispute.into(),
            remark: "it fell over because a foot was missing".to_owned(),
            ..AnswerDenialRequest::default()
        };
        self.service.answer_denial(by_customer(request)).await.unwrap();
    }

    pub async fn reply(&self, case: CaseId, concede: bool) {
        let request = ReplyToDisputeRequest {
            request_id: self.id(),
            case_id: case.to_string(),
            reply: "our technician has seen it".to_owned(),
            concede,
            ..ReplyToDisputeRequest::default()
        };
        self.service.reply_to_dispute(by_brand(request)).await.unwrap();
        if !concede {
            // Both sides let the rest of their time for evidence pass.
            self.miss(case, Limit::DisputeEvidence).await;
        }
    }

    pub async fn confirm_outcome(&self, case: CaseId) {
        let (request_id, case_id) = (self.id(), case.to_string());
        let request = ConfirmOutcomeRequest { request_id, case_id, etag: String::new() };
        self.service.confirm_outcome(by_customer(request)).await.unwrap();
    }

    pub async fn reject_outcome(&self, case: CaseId) {
        let request = RejectOutcomeRequest {
            request_id: self.id(),
            case_id: case.to_string(),
            reason: "still not cooling".to_owned(),
            ..RejectOutcomeRequest::default()
        };
        self.service.reject_outcome(by_customer(request)).await.unwrap();
    }
}

fn rules(case: &Case) -> Vec<&str> {
    let decision = case.decision.as_ref().expect("it was decided");
    decision.rules.iter().map(String::as_str).collect()
}

/// The case waits for an agent, and the policy leaves it alone.
async fn assert_with_agent(world: &World, id: CaseId) {
    world.work().await;
    let case = world.case(id).await;
    assert_eq!(case.stage, Stage::Deciding);
    assert!(case.owes(Task::Work(Work::Decide)).is_none(), "the policy would decide for ever");
    assert!(case.owes(Task::Clock(Limit::DecideManually)).is_some(), "nobody has a deadline");
    let log = world.log(id).await;
    assert!(matches!(log.last().unwrap().fact, Fact::SentToAgent { .. }));
}

#[tokio::test]
async fn a_product_fault_on_the_third_day_is_refunded() {
    let world = World::new().await;
    let id = world.on_site(filing(3, Remedy::Refund)).await;
    world.submit(id, world.certificate()).await;
    assert_eq!(world.work().await, 0);
    let case = world.case(id).await;
    assert!(rules(&case).contains(&"R10"), "{:?}", rules(&case));
    assert_eq!(case.stage, Stage::AwaitConfirm);
    let paid = world.payments.paid();
    assert_eq!(paid.len(), 1);
    assert_eq!((paid[0].amount_fen, paid[0].customer), (PRICE, case.filing.customer));
    assert_eq!(case.paid[0].operation, paid[0].operation.as_str());
    world.confirm_outcome(id).await;
    assert_eq!(world.case(id).await.stage, Stage::Closed);
}

#[tokio::test]
async fn a_product_fault_on_the_tenth_day_is_replaced() {
    let world = World::new().await;
    let id = world.on_site(filing(10, Remedy::Replace)).await;
    world.warehouse.lose_answers(1);
    world.submit(id, world.certificate()).await;
    assert_eq!(world.work().await, 1, "the first order had no answer");
    assert_eq!(world.case(id).await.stage, Stage::Replacing);
    world.wait(Span::minutes(1));
    world.work().await;
    let case = world.case(id).await;
    assert!(rules(&case).contains(&"R11"));
    assert_eq!(case.stage, Stage::Replacing);
    let parcels = world.warehouse.parcels();
    assert_eq!(parcels.len(), 1, "one order, however often it was sent");
    assert_eq!(case.replacement_order.as_deref(), Some(parcels[0].operation.as_str()));
    assert!(case.owes(Task::Work(Work::ShipReplacement)).is_none());

    let report = |serial: &str| ReportReplacementRequest {
        request_id: world.id(),
        case_id: id.to_string(),
        new_serial: serial.to_owned(),
        carrier: "jd".to_owned(),
        ..ReportReplacementRequest::default()
    };
    let retailer = |request| by(Role::Retailer, "retailer", request);
    let same = world.service.report_replacement(retailer(report("AURRF46826100003"))).await;
    assert_eq!(reason(same), Reason::FieldInvalid);
    let done = world.service.report_replacement(retailer(report("AURRF46826100999"))).await;
    assert_eq!(done.unwrap().into_inner().effect(), common::v1::MessageEffect::Applied);
    assert_eq!(world.case(id).await.stage, Stage::AwaitConfirm);
    let twice = world.service.report_replacement(retailer(report("AURRF46826100999"))).await;
    let twice = twice.unwrap().into_inner();
    assert_eq!(twice.effect(), common::v1::MessageEffect::KeptAsEvidence);
    assert_eq!(world.case(id).await.stage, Stage::AwaitConfirm);
}

#[tokio::test]
async fn a_product_fault_after_a_hundred_days_is_repaired() {
    let world = World::new().await;
    let id = world.on_site(filing(100, Remedy::Repair)).await;
    world.submit(id, world.certificate()).await;
    world.work().await;
    let case = world.case(id).await;
    assert_eq!((case.stage, case.remedy), (Stage::Repairing, Some((Remedy::Repair, 0))));
    assert!(rules(&case).contains(&"R30"));
}

#[tokio::test]
async fn repaired_twice_in_vain_means_a_new_unit() {
    let world = World::new().await;
    let id = world.on_site(filing(100, Remedy::Repair)).await;
    world.submit(id, world.certificate()).await;
    for _ in 0..2 {
        world.work().await;
        assert_eq!(world.case(id).await.stage, Stage::Repairing);
        world.give(id, ActorKind::Technician, Command::CompleteRepair).await;
        world.reject_outcome(id).await;
    }
    world.work().await;
    let case = world.case(id).await;
    assert!(rules(&case).contains(&"R20"), "{:?}", rules(&case));
    let offered: Vec<_> =
        case.decision.as_ref().unwrap().offered.iter().map(|one| one.remedy).collect();
    assert!(offered.contains(&Remedy::Replace) && offered.contains(&Remedy::Refund));
}

#[tokio::test]
async fn a_second_inspection_overturns_a_denial() {
    let world = World::new().await;
    let id = world.denied().await;
    assert!(rules(&world.case(id).await).contains(&"R53"));
    world.dispute(id).await;
    assert_eq!(world.case(id).await.stage, Stage::Disputed);
    world.reply(id, false).await;
    world.work().await;
    let case = world.case(id).await;
    assert_eq!(case.stage, Stage::ChoosingCentre);
    assert!(case.second_opinion);

    world.visit(id, "aurora-nj-02").await;
    world.submit_by("aurora-nj-02", id, world.certificate()).await;
    world.work().await;
    let case = world.case(id).await;
    assert_eq!(case.stage, Stage::Repairing);
    assert_eq!(case.certificates.len(), 2);
    assert!(rules(&case).contains(&"R30"));
}

#[tokio::test]
async fn a_second_inspection_that_confirms_a_denial_is_final() {
    let world = World::new().await;
    let id = world.denied().await;
    world.dispute(id).await;
    world.miss(id, Limit::DisputeReply).await;
    world.work().await;
    world.visit(id, "aurora-nj-02").await;
    world.submit_by("aurora-nj-02", id, world.blaming(true)).await;
    world.work().await;
    let case = world.case(id).await;
    assert_eq!(case.stage, Stage::Denied);
    assert!(rules(&case).contains(&"R53"));
    let again = OpenDisputeRequest {
        request_id: world.id(),
        case_id: id.to_string(),
        reason: "I still do not agree".to_owned(),
        ..OpenDisputeRequest::default()
    };
    let again = world.service.open_dispute(by_customer(again)).await;
    assert_eq!(reason(again), Reason::DisputeHeard);
}

#[tokio::test]
async fn a_second_inspection_that_cannot_be_had_goes_to_an_agent() {
    let world = World::new().await;
    let id = world.denied().await;
    world.dispute(id).await;
    world.reply(id, false).await;
    world.work().await;
    world.give(id, ActorKind::Policy, Command::ReportNoCoverage).await;
    assert_with_agent(&world, id).await;
}

#[tokio::test]
async fn whoever_gives_in_has_nothing_left_to_prove() {
    let world = World::new().await;
    let id = world.denied().await;
    world.dispute(id).await;
    world.reply(id, true).await;
    world.work().await;
    assert_eq!(world.case(id).await.stage, Stage::Repairing);
}

#[tokio::test]
async fn blaming_the_user_without_proof_counts_as_a_product_fault_for_six_months() {
    let world = World::new().await;
    let id = world.on_site(filing(150, Remedy::Repair)).await;
    let certificate = world.submit(id, world.blaming(false)).await;
    world.confirm(id, certificate).await;
    world.work().await;
    let case = world.case(id).await;
    assert_eq!(case.stage, Stage::Repairing);
    assert!(rules(&case).contains(&"R50") && rules(&case).contains(&"R30"), "{:?}", rules(&case));
}

#[tokio::test]
async fn after_six_months_another_centre_looks_before_misuse_counts() {
    let world = World::new().await;
    let id = world.on_site(filing(245, Remedy::Repair)).await;
    let certificate = world.submit(id, world.blaming(false)).await;
    world.confirm(id, certificate).await;
    world.work().await;
    assert_eq!(world.case(id).await.stage, Stage::ChoosingCentre);
    world.visit(id, "aurora-nj-02").await;
    world.submit_by("aurora-nj-02", id, world.blaming(false)).await;
    world.work().await;
    let case = world.case(id).await;
    assert_eq!(case.stage, Stage::Repairing, "misuse is still not proven");
    assert!(rules(&case).contains(&"R51-still"));
}

#[tokio::test]
async fn what_the_brand_contests_is_proven_to_nobody() {
    let world = World::new().await;
    let id = world.on_site(filing(150, Remedy::Repair)).await;
    let certificate_id = world.submit(id, world.blaming(true)).await;
    let request = ContestCertificateRequest {
        request_id: world.id(),
        case_id: id.to_string(),
        certificate_id,
        reason: "the impact point is on another unit's photo".to_owned(),
        cause: common::v1::Cause::Product.into(),
        ..ContestCertificateRequest::default()
    };
    world.service.contest_certificate(by_brand(request)).await.unwrap();
    world.work().await;
    assert_eq!(world.case(id).await.stage, Stage::Repairing);
}

#[tokio::test]
async fn a_serial_that_differs_is_looked_at_by_another_centre_and_never_denied() {
    let world = World::new().await;
    let id = world.on_site(filing(100, Remedy::Repair)).await;
    let mut other = world.certificate();
    other.serial_inside = "AURRF46826100004".to_owned();
    world.submit(id, other.clone()).await;
    world.miss(id, Limit::VerdictConfirm).await;
    world.work().await;
    assert_eq!(world.case(id).await.stage, Stage::ChoosingCentre);
    world.visit(id, "aurora-nj-02").await;
    other.inspected_at = world.certificate().inspected_at;
    world.submit_by("aurora-nj-02", id, other).await;
    assert_with_agent(&world, id).await;
}

#[tokio::test]
async fn nobody_came_so_an_agent_decides() {
    let world = World::new().await;
    let id = world.file(filing(3, Remedy::Refund)).await;
    world.triage(id, Path::Inspection).await;
    let offer = parasol_journey::ids::OfferId::new(world.desk.ids.next());
    let centre = "aurora-nj-01".parse().unwrap();
    world.give(id, ActorKind::Policy, Command::MakeOffer { offer, centre, network: None }).await;
    let decline = Command::DeclineOffer { offer, reason: DeclineReason::NoCapacity };
    world.give(id, ActorKind::Centre, decline).await;
    world.give(id, ActorKind::Policy, Command::ReportNoCoverage).await;
    assert_with_agent(&world, id).await;
}

#[tokio::test]
async fn a_policy_that_is_not_known_here_goes_to_an_agent() {
    let world = World::new().await;
    let filing = Filing { policy: "cn-2031.4".to_owned(), ..filing(3, Remedy::Refund) };
    let id = world.on_site(filing).await;
    world.submit(id, world.certificate()).await;
    assert_with_agent(&world, id).await;
}

#[tokio::test]
async fn a_promise_is_kept_without_a_visit() {
    let world = World::new().await;
    let promises = vec![Promise::ReplaceOnly180];
    let id = world.file(Filing { promises, ..filing(100, Remedy::Replace) }).await;
    world.triage(id, Path::NoVisit).await;
    world.work().await;
    let case = world.case(id).await;
    assert_eq!(case.stage, Stage::Replacing);
    assert!(rules(&case).contains(&"R13"));
}

#[tokio::test]
async fn a_danger_seen_on_site_comes_before_everything() {
    let world = World::new().await;
    let id = world.on_site(filing(300, Remedy::Refund)).await;
    let dangerous = common::v1::Certificate { danger: true, ..world.certificate() };
    world.submit(id, dangerous).await;
    world.work().await;
    let case = world.case(id).await;
    assert_eq!(rules(&case), ["R00"]);
    assert_eq!(case.paid.len(), 1);
}

#[tokio::test]
async fn what_was_given_once_is_not_given_again_by_the_policy() {
    let world = World::new().await;
    let id = world.on_site(filing(3, Remedy::Refund)).await;
    world.submit(id, world.certificate()).await;
    world.work().await;
    world.reject_outcome(id).await;
    assert_with_agent(&world, id).await;
    assert_eq!(world.payments.paid().len(), 1);
}

#[tokio::test]
async fn a_unit_that_is_on_order_is_not_ordered_again() {
    let world = World::new().await;
    let id = world.on_site(filing(10, Remedy::Replace)).await;
    world.submit(id, world.certificate()).await;
    world.work().await;
    for _ in 0..3 {
        world.miss(id, Limit::ExchangeShip).await;
    }
    assert_with_agent(&world, id).await;
    let offered = vec![Remedy::Replace, Remedy::Repair];
    let mut request = world.manual(id, &offered);
    request.reason = "the parcel was found".to_owned();
    world.service.decide_manually(by_agent(request)).await.unwrap();
    world.work().await;
    assert_eq!(world.case(id).await.stage, Stage::Replacing);
    assert_eq!(world.warehouse.parcels().len(), 1);
}

/// Source: 七日无理由退货暂行办法 art. 13: a gift goes back with the unit, or what it was marked with is kept
/// back. The test fails if the carrier's word about gifts is not heard.
#[tokio::test]
async fn for_a_gift_that_does_not_come_back_its_marked_price_is_kept_back() {
    let world = World::new().await;
    let gift = |sku: &str, price_fen| Gift { sku: sku.parse().unwrap(), price_fen };
    let gifts = vec![gift("KET-01", 9_900), gift("PAN-02", 0)];
    let filed = Filing {
        kind: CaseKind::NoReason,
        declared_intact: true,
        gifts,
        ..filing(3, Remedy::Refund)
    };
    let price = filed.price_fen;
    for (missing, kept) in [(vec![], 0), (vec!["KET-01"], 9_900), (vec!["PAN-02"], 0)] {
        let id = world.file(filed.clone()).await;
        world.triage(id, Path::NoReason).await;
        let mut request = ReportPickupRequest {
            request_id: world.id(),
            case_id: id.to_string(),
            outcome: 1,
            missing_gifts: vec!["CUP-03".to_owned()],
            ..ReportPickupRequest::default()
        };
        let retailer = |request| by(Role::Retailer, "retailer", request);
        for wrong in [vec!["CUP-03"], vec!["KET-01", "KET-01"]] {
            request.missing_gifts = wrong.into_iter().map(ToOwned::to_owned).collect();
            let refused = world.service.report_pickup(retailer(request.clone())).await;
            assert_eq!(reason(refused), Reason::FieldInvalid, "{:?}", request.missing_gifts);
        }
        request.missing_gifts = missing.iter().map(ToString::to_string).collect();
        world.service.report_pickup(retailer(request)).await.unwrap();
        world.work().await;
        let case = world.case(id).await;
        assert_eq!(case.stage, Stage::AwaitConfirm);
        assert_eq!(case.paid_fen(), price - kept, "{missing:?}");
    }
}

#[tokio::test]
async fn a_return_without_a_reason_is_refunded_when_intact() {
    let world = World::new().await;
    for (intact, stage) in [(true, Stage::AwaitConfirm), (false, Stage::Disputed)] {
        let kind = CaseKind::NoReason;
        let filed = Filing { kind, declared_intact: true, ..filing(3, Remedy::Refund) };
        let id = world.file(filed).await;
        world.triage(id, Path::NoReason).await;
        let outcome = if intact { 1 } else { 2 };
        let mut request = ReportPickupRequest {
            request_id: world.id(),
            case_id: id.to_string(),
            outcome,
            remark: "a dent".to_owned(),
            ..ReportPickupRequest::default()
        };
        let retailer = |request| by(Role::Retailer, "retailer", request);
        if !intact {
            let bare = world.service.report_pickup(retailer(request.clone())).await;
            assert_eq!(reason(bare), Reason::FieldInvalid, "photos are missing");
            request.evidence = vec![world.photo(common::v1::EvidenceKind::Exterior)];
        }
        world.service.report_pickup(retailer(request.clone())).await.unwrap();
        world.work().await;
        assert_eq!(world.case(id).await.stage, stage);
        request.request_id = world.id();
        let twice = world.service.report_pickup(retailer(request)).await.unwrap().into_inner();
        assert_eq!(twice.effect(), common::v1::MessageEffect::KeptAsEvidence);
        if !intact {
            world.miss(id, Limit::DisputeReply).await;
            assert_with_agent(&world, id).await;
        }
    }
    assert_eq!(world.payments.paid().len(), 1);
}

#[tokio::test]
async fn a_unit_that_does_not_come_back_in_time_is_worth_a_refund() {
    let world = World::new().await;
    let id = world.on_site(filing(100, Remedy::Repair)).await;
    world.submit(id, world.certificate()).await;
    world.work().await;
    world.give(id, ActorKind::Centre, Command::ReportReceived).await;
    world.miss(id, Limit::Promise).await;
    world.work().await;
    let case = world.case(id).await;
    assert!(rules(&case).contains(&"R26"), "{:?}", rules(&case));
    let decision = case.decision.as_ref().unwrap();
    let refund = decision.offered.iter().find(|one| one.remedy == Remedy::Refund).unwrap();
    assert_eq!((refund.amount_fen, refund.payer.as_str()), (PRICE, "brand"));
}

#[tokio::test]
async fn two_inspections_without_a_result_count_against_the_business() {
    let world = World::new().await;
    let id = world.on_site(filing(100, Remedy::Repair)).await;
    let mut unsure = world.certificate();
    unsure.cause = parasol_api::convert::Listed::number(Cause::Undetermined);
    world.submit(id, unsure.clone()).await;
    world.work().await;
    assert_eq!(world.case(id).await.stage, Stage::ChoosingCentre);
    world.visit(id, "aurora-nj-02").await;
    unsure.inspected_at = world.certificate().inspected_at;
    world.submit_by("aurora-nj-02", id, unsure).await;
    world.work().await;
    let case = world.case(id).await;
    assert!(rules(&case).contains(&"R60-burden"));
    assert_eq!(case.stage, Stage::Repairing);
}
