//! The customer's and the agents' side: choosing, disputing, deciding by hand, reading why.

use parasol_api::common::v1::{DecisionMaker, MessageEffect, Remedy as WireRemedy};
use parasol_api::convert::{Listed, to_money, to_timestamp};
use parasol_api::partner::v1::GetDecisionRequest;
use parasol_api::partner::v1::get_decision_request::Key;
use parasol_api::partner::v1::verdict_service_server::VerdictService as _;
use parasol_api::verification::v1::decision_service_server::DecisionService as _;
use parasol_api::verification::v1::{
    AnswerDenialRequest, ChooseRemedyRequest, ConfirmOutcomeRequest, DecideManuallyRequest,
    DenialAnswer, ExplainDecisionRequest, OpenDisputeRequest, RejectOutcomeRequest,
    ReplyToDisputeRequest, ReportPickupRequest, ReportReplacementRequest,
};
use parasol_api::{Reason, Role};
use parasol_journey::event::{Filing, Path};
use parasol_journey::ids::{CaseId, DecisionId};
use parasol_journey::time::Span;
use parasol_journey::vocab::Remedy;
use parasol_journey::{ActorKind, Command, Stage};

use crate::world::{
    PRICE, World, by, by_agent, by_brand, by_centre, by_customer, fields, filing, reason, refused,
};

impl World {
    pub fn manual(&self, case: CaseId, remedies: &[Remedy]) -> DecideManuallyRequest {
        DecideManuallyRequest {
            request_id: self.id(),
            case_id: case.to_string(),
            remedies: remedies.iter().map(|one| one.number()).collect(),
            reason: "the photos leave no doubt".to_owned(),
            ..DecideManuallyRequest::default()
        }
    }

    /// A case that only a person can decide.
    async fn with_agent(&self, filing: Filing) -> CaseId {
        let id = self.file(filing).await;
        self.triage(id, Path::Inspection).await;
        self.give(id, ActorKind::Policy, Command::ReportNoCoverage).await;
        self.work().await;
        assert_eq!(self.case(id).await.stage, Stage::Deciding);
        id
    }

    /// A case whose customer has three remedies to choose from.
    async fn offered(&self) -> CaseId {
        let filed = Filing { wants: None, ..filing(3, Remedy::Refund) };
        let id = self.on_site(filed).await;
        self.submit(id, self.certificate()).await;
        self.work().await;
        assert_eq!(self.case(id).await.stage, Stage::RemedyOffered);
        id
    }

    fn choice(&self, case: CaseId, remedy: Remedy) -> ChooseRemedyRequest {
        let (request_id, case_id) = (self.id(), case.to_string());
        let remedy = remedy.number();
        ChooseRemedyRequest { request_id, case_id, remedy, etag: String::new() }
    }

    fn explain(&self, case: CaseId, language: &str) -> ExplainDecisionRequest {
        ExplainDecisionRequest { case_id: case.to_string(), language: language.to_owned() }
    }
}

#[tokio::test]
async fn a_customer_chooses_what_is_offered_and_nothing_else() {
    let world = World::new().await;
    let id = world.offered().await;
    let choice = world.choice(id, Remedy::Replace);
    let first = world.service.choose_remedy(by_customer(choice.clone())).await.unwrap();
    assert_eq!(world.case(id).await.stage, Stage::Replacing);
    let again = world.service.choose_remedy(by_customer(choice)).await.unwrap();
    assert_eq!(first.into_inner(), again.into_inner());
    let second = world.service.choose_remedy(by_customer(world.choice(id, Remedy::Refund))).await;
    assert_eq!(reason(second), Reason::IllegalTransition);

    let filed = Filing { wants: None, ..filing(100, Remedy::Repair) };
    let repairable = world.on_site(filed).await;
    world.submit(repairable, world.certificate()).await;
    world.work().await;
    let refund = world.choice(repairable, Remedy::Refund);
    let error = refused(world.service.choose_remedy(by_customer(refund)).await);
    assert_eq!(error.reason(), Reason::RemedyNotOffered);
    assert_eq!(error.metadata()["offered"], "repair");
}

#[tokio::test]
async fn a_manager_decides_within_authority_and_is_explained() {
    let world = World::new().await;
    let dear = Filing { price_fen: 5_000_000, ..filing(3, Remedy::Refund) };
    let id = world.with_agent(dear).await;
    let request = world.manual(id, &[Remedy::Refund]);
    let manager = |request| by(Role::Manager, "m-1", request);
    let first = world.service.decide_manually(manager(request.clone())).await.unwrap();
    world.work().await;
    assert_eq!(world.payments.paid()[0].amount_fen, 5_000_000);
    let again = world.service.decide_manually(manager(request)).await.unwrap();
    assert_eq!(first.into_inner(), again.into_inner());

    let explained = world.service.explain_decision(by_customer(world.explain(id, "en"))).await;
    let explained = explained.unwrap().into_inner();
    let decision = explained.decision.unwrap();
    assert_eq!(decision.maker(), DecisionMaker::Agent);
    assert_eq!(decision.reason, "the photos leave no doubt");
    assert_eq!(explained.steps, ["the photos leave no doubt"]);
    let log = serde_json::to_string(&world.log(id).await).unwrap();
    assert!(!log.contains("photos"), "an agent's words are in the log");
}

#[tokio::test]
async fn a_decision_by_hand_never_falls_below_the_policy() {
    let world = World::new().await;
    let id = world.on_site(filing(3, Remedy::Refund)).await;
    world.submit(id, world.certificate()).await;
    // The policy has not worked yet: it would give all three.
    let all = [Remedy::Repair, Remedy::Replace, Remedy::Refund];
    let little =
        DecideManuallyRequest { refund: Some(to_money(PRICE - 1)), ..world.manual(id, &all) };
    for below in [world.manual(id, &[]), world.manual(id, &all[..2]), little] {
        let error = refused(world.service.decide_manually(by_agent(below)).await);
        assert_eq!(error.reason(), Reason::DecisionInvalid, "{}", error.text());
    }
    assert_eq!(world.case(id).await.stage, Stage::Deciding);
    let more = DecideManuallyRequest {
        refund: Some(to_money(PRICE + 5_000)),
        payer: "brand".to_owned(),
        ..world.manual(id, &all)
    };
    world.service.decide_manually(by_agent(more)).await.unwrap();
    world.work().await;
    assert_eq!(world.payments.paid()[0].amount_fen, PRICE + 5_000);
}

#[tokio::test]
async fn a_denial_by_hand_is_one_where_the_policy_gives_nothing() {
    let world = World::new().await;
    let id = world.denied().await;
    world.dispute(id).await;
    let denial = world.manual(id, &[]);
    world.service.decide_manually(by_agent(denial)).await.unwrap();
    let case = world.case(id).await;
    assert_eq!(case.stage, Stage::Denied);
    assert!(case.dispute.unwrap().heard, "deciding hears the dispute");
}

#[tokio::test]
async fn money_that_was_paid_back_is_not_paid_back_twice_without_a_word() {
    let world = World::new().await;
    let id = world.on_site(filing(3, Remedy::Refund)).await;
    world.submit(id, world.certificate()).await;
    world.work().await;
    world.reject_outcome(id).await;
    world.work().await;
    let again = world.service.decide_manually(by_agent(world.manual(id, &[Remedy::Refund]))).await;
    assert_eq!(reason(again), Reason::FieldInvalid);
    let named = DecideManuallyRequest {
        refund: Some(to_money(10_000)),
        ..world.manual(id, &[Remedy::Refund])
    };
    world.service.decide_manually(by_agent(named)).await.unwrap();
    world.work().await;
    let mut paid: Vec<_> = world.payments.paid().iter().map(|one| one.amount_fen).collect();
    paid.sort_unstable();
    assert_eq!(paid, [10_000, PRICE]);
}

#[tokio::test]
async fn faults_of_a_manual_decision_are_named() {
    let world = World::new().await;
    let id = world.with_agent(filing(3, Remedy::Refund)).await;
    let wrong = DecideManuallyRequest {
        remedies: vec![1, 1],
        refund: Some(to_money(0)),
        payer: "the moon".to_owned(),
        reason: String::new(),
        ..world.manual(id, &[])
    };
    let error = refused(world.service.decide_manually(by_agent(wrong)).await);
    assert_eq!(fields(&error), ["remedies", "payer", "reason", "refund", "refund"]);
}

#[tokio::test]
async fn a_denial_is_accepted_or_disputed_and_only_then() {
    let world = World::new().await;
    let id = world.denied().await;
    let answer = |case: CaseId, answer: DenialAnswer, remark: &str| AnswerDenialRequest {
        request_id: world.id(),
        case_id: case.to_string(),
        answer: answer.into(),
        remark: remark.to_owned(),
        ..AnswerDenialRequest::default()
    };
    let wordless = answer(id, DenialAnswer::Dispute, " ");
    let error = refused(world.service.answer_denial(by_customer(wordless)).await);
    assert_eq!(fields(&error), ["remark"]);
    let accepted = answer(id, DenialAnswer::Accept, "");
    world.service.answer_denial(by_customer(accepted)).await.unwrap();
    assert_eq!(world.case(id).await.stage, Stage::Closed);
    let late = answer(id, DenialAnswer::Dispute, "no");
    let late = world.service.answer_denial(by_customer(late)).await;
    assert_eq!(reason(late), Reason::CaseEnded);

    let offered = world.offered().await;
    for kind in [DenialAnswer::Accept, DenialAnswer::Dispute] {
        let wrong = answer(offered, kind, "there is no denial");
        let error = refused(world.service.answer_denial(by_customer(wrong)).await);
        assert_eq!(error.reason(), Reason::IllegalTransition);
        assert!(error.metadata()["open"].contains("choose_remedy"));
    }
}

#[tokio::test]
async fn a_dispute_says_until_when_the_other_side_may_answer() {
    let world = World::new().await;
    let id = world.offered().await;
    let request = OpenDisputeRequest {
        request_id: world.id(),
        case_id: id.to_string(),
        reason: "the offer is too small".to_owned(),
        evidence: vec![world.photo(parasol_api::common::v1::EvidenceKind::Fault)],
        ..OpenDisputeRequest::default()
    };
    let opened = world.service.open_dispute(by_customer(request.clone())).await.unwrap();
    let opened = opened.into_inner();
    assert_eq!(opened.reply_due, Some(to_timestamp(world.clock.now() + Span::hours(24))));
    assert_eq!(world.case(id).await.dispute.unwrap().reason, "offer");
    let again = world.service.open_dispute(by_customer(request)).await.unwrap().into_inner();
    assert_eq!(opened, again);
    let told = world.desk.store.reveal(id.uuid(), "dispute").await.unwrap().unwrap();
    assert!(told.contains("too small"));
}

#[tokio::test]
async fn only_the_sides_of_a_dispute_reply_and_a_second_reply_is_late() {
    let world = World::new().await;
    let id = world.denied().await;
    let reply = || ReplyToDisputeRequest {
        request_id: world.id(),
        case_id: id.to_string(),
        reply: "we stand by it".to_owned(),
        ..ReplyToDisputeRequest::default()
    };
    let early = world.service.reply_to_dispute(by_brand(reply())).await;
    assert_eq!(reason(early), Reason::IllegalTransition, "nothing is disputed yet");
    world.dispute(id).await;
    for (role, subject) in [(Role::Brand, "borealis"), (Role::Centre, "aurora-nj-77")] {
        let foreign = world.service.reply_to_dispute(by(role, subject, reply())).await;
        assert_eq!(reason(foreign), Reason::NotFound);
    }
    let said = world.service.reply_to_dispute(by_centre(reply())).await.unwrap().into_inner();
    assert_eq!(said.effect(), MessageEffect::Applied);
    let late = world.service.reply_to_dispute(by_brand(reply())).await.unwrap().into_inner();
    assert_eq!(late.effect(), MessageEffect::KeptAsEvidence);
}

#[tokio::test]
async fn a_decision_is_found_by_its_id_and_by_its_case() {
    let world = World::new().await;
    let id = world.on_site(filing(3, Remedy::Refund)).await;
    world.submit(id, world.certificate()).await;
    world.work().await;
    let by_case =
        GetDecisionRequest { key: Some(Key::CaseId(id.to_string())), language: "en".to_owned() };
    let found = world.service.get_decision(by_brand(by_case.clone())).await.unwrap().into_inner();
    assert_eq!(found.case_id, id.to_string());
    assert_eq!((found.denied, found.maker()), (false, DecisionMaker::Policy));
    assert_eq!(found.chosen(), WireRemedy::Refund);
    let refund = found.remedies.iter().find(|one| one.remedy() == WireRemedy::Refund).unwrap();
    assert_eq!(refund.amount, Some(to_money(PRICE)));
    assert_eq!(refund.payer, "seller");
    assert_eq!(refund.rules, ["R10"]);
    assert_eq!(
        refund.explanation,
        "A fault within seven days: you can choose a refund, a new unit or a repair."
    );
    let by_id = GetDecisionRequest {
        key: Some(Key::DecisionId(found.decision_id.clone())),
        language: "en".to_owned(),
    };
    let same = world.service.get_decision(by_brand(by_id.clone())).await.unwrap().into_inner();
    assert_eq!(found, same);
    let seen = world.service.get_decision(by_centre(by_case)).await.unwrap().into_inner();
    assert!(seen.remedies.iter().all(|one| one.amount.is_none()), "a centre sees no amounts");

    let unknown = DecisionId::new(world.desk.ids.next()).to_string();
    let foreign = world.service.get_decision(by(Role::Brand, "borealis", by_id)).await;
    assert_eq!(reason(foreign), Reason::NotFound);
    let key = Some(Key::DecisionId(unknown));
    let none = GetDecisionRequest { key, language: String::new() };
    assert_eq!(reason(world.service.get_decision(by_brand(none)).await), Reason::NotFound);
    let empty = world.service.get_decision(by_brand(GetDecisionRequest::default())).await;
    assert_eq!(fields(&refused(empty)), ["key"]);
}

#[tokio::test]
async fn a_later_decision_says_which_one_it_replaces() {
    let world = World::new().await;
    let id = world.denied().await;
    let first = world.case(id).await.decision.unwrap().id;
    world.dispute(id).await;
    world.reply(id, true).await;
    world.work().await;
    let last = world.service.explain_decision(by_customer(world.explain(id, ""))).await;
    let last = last.unwrap().into_inner().decision.unwrap();
    assert_eq!(last.supersedes, first.to_string());
    let key = Some(Key::DecisionId(first.to_string()));
    let request = GetDecisionRequest { key, language: String::new() };
    let earlier = world.service.get_decision(by_brand(request)).await.unwrap().into_inner();
    assert!(earlier.denied);
    assert_eq!(earlier.chosen(), WireRemedy::Unspecified);
    assert_eq!(earlier.supersedes, "");
}

#[tokio::test]
async fn a_denial_is_explained_in_both_languages_as_it_was_decided() {
    let world = World::new().await;
    let id = world.denied().await;
    let explain = |language: &str| by_customer(world.explain(id, language));
    let zh = world.service.explain_decision(explain("")).await.unwrap().into_inner();
    let decision = zh.decision.as_ref().unwrap();
    assert!(decision.denied && decision.remedies.is_empty());
    assert!(decision.reason.contains("使用不当"), "{}", decision.reason);
    assert_eq!(decision.rules[0].rule, "R53");
    assert_eq!(decision.rules[0].basis, "三包 art. 17");
    assert!(zh.facts.iter().any(|fact| fact.contains("245")), "{:?}", zh.facts);
    assert!(zh.steps.last().unwrap().starts_with("R53：适用"), "{:?}", zh.steps.last());
    assert!(zh.steps[0].starts_with("R00：条件不满足"));
    assert_eq!(zh.next_steps.len(), 2);
    let en = world.service.explain_decision(explain("en")).await.unwrap().into_inner();
    assert!(en.facts.contains(&"The first inspection found damage from use.".to_owned()));
    assert_eq!(en.facts.len(), zh.facts.len());

    // Disputed now, but the earlier decision stands on what was known then.
    world.dispute(id).await;
    let later = world.service.explain_decision(explain("en")).await.unwrap().into_inner();
    assert_eq!(later.facts, en.facts);
    assert_ne!(later.next_steps, en.next_steps);
    let foreign = by(Role::Customer, "u-9", world.explain(id, ""));
    assert_eq!(reason(world.service.explain_decision(foreign).await), Reason::NotFound);
    let tongue = by_customer(world.explain(id, "fr"));
    assert_eq!(reason(world.service.explain_decision(tongue).await), Reason::FieldInvalid);
}

#[tokio::test]
async fn empty_requests_and_strangers_are_refused_everywhere() {
    let world = World::new().await;
    let id = world.offered().await;
    let stranger = |request_id: String| (request_id, id.to_string());
    macro_rules! check {
        ($($method:ident($request:ident { $($field:ident: $value:expr),* $(,)? }) by $role:ident;)+) => {$(
            let empty = $request::default();
            let answer = world.service.$method(by(Role::$role, "nobody", empty)).await;
            assert_eq!(reason(answer), Reason::RequestIdMissing, stringify!($method));
            let bare = $request { request_id: world.id(), ..$request::default() };
            let error = refused(world.service.$method(by(Role::$role, "nobody", bare)).await);
            assert_eq!(error.violations()[0].field, "case_id", stringify!($method));
            let (request_id, case_id) = stranger(world.id());
            let foreign =
                $request { request_id, case_id, $($field: $value,)* ..$request::default() };
            if Role::$role != Role::Retailer && Role::$role != Role::Agent {
                let answer = world.service.$method(by(Role::$role, "nobody", foreign)).await;
                assert_eq!(reason(answer), Reason::NotFound, stringify!($method));
            } else {
                let unknown = CaseId::new(world.desk.ids.next()).to_string();
                let unknown = $request { case_id: unknown, ..foreign };
                let answer = world.service.$method(by(Role::$role, "nobody", unknown)).await;
                assert_eq!(reason(answer), Reason::NotFound, stringify!($method));
            }
        )+};
    }
    check! {
        choose_remedy(ChooseRemedyRequest { remedy: 1 }) by Customer;
        confirm_outcome(ConfirmOutcomeRequest {}) by Customer;
        reject_outcome(RejectOutcomeRequest { reason: "x".to_owned() }) by Customer;
        answer_denial(AnswerDenialRequest { answer: 1 }) by Customer;
        open_dispute(OpenDisputeRequest { reason: "x".to_owned() }) by Customer;
        reply_to_dispute(ReplyToDisputeRequest { reply: "x".to_owned() }) by Brand;
        decide_manually(DecideManuallyRequest { reason: "x".to_owned() }) by Agent;
        report_pickup(ReportPickupRequest { outcome: 1 }) by Retailer;
        report_replacement(ReportReplacementRequest { new_serial: "S1".to_owned() }) by Retailer;
    }
    assert_eq!(world.case(id).await.stage, Stage::RemedyOffered);
}
