//! The retailer's people at work: certified for what they judge, with the authority that the register gives
//! them, and what became of it.

use std::collections::BTreeMap;

use parasol_api::admin::v1::policy_service_server::PolicyService as _;
use parasol_api::admin::v1::staff_service_server::StaffService as _;
use parasol_api::admin::v1::*;
use parasol_api::convert::{Listed as _, to_money, to_timestamp};
use parasol_api::verification::v1::decision_service_server::DecisionService as _;
use parasol_api::verification::v1::{
    ApproveDecisionRequest, AwaitInDisputeRequest, ConvenePanelRequest, DisputeWait,
    GrantGoodwillRequest, OrderSecondInspectionRequest, QuoteRepairRequest, SubmitOpinionRequest,
};
use parasol_api::{Reason, Role};
use parasol_casebook::{Cell, Change, RowOp};
use parasol_journey::deadline::Clock as Limit;
use parasol_journey::event::{Filing, Path};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_journey::vocab::{Cause, Function, Remedy};
use parasol_journey::{Actor, ActorKind, Case, Command, Stage};
use parasol_runtime::identity::Principal;
use tonic::{Request, Status};

use crate::staff::{column, fridges, named, operator};
use crate::world::{World, by, by_agent, filing, reason, refused};

/// More than an agent may give.
const DEAR: i64 = 5_000_000;

impl World {
    /// A request as the edge hands it on, with the person that is registered.
    fn by_staff<T>(&self, role: Role, subject: &str, message: T) -> Request<T> {
        let member = self.service.roll().staff().admit(&Principal::new(role, subject));
        let mut request = by(role, subject, message);
        request.extensions_mut().insert(member.unwrap().expect("they are registered"));
        request
    }

    /// A case that waits for a person's decision.
    async fn undecided(&self, price_fen: i64) -> CaseId {
        let id = self.file(Filing { price_fen, ..filing(3, Remedy::Refund) }).await;
        self.triage(id, Path::Inspection).await;
        self.give(id, ActorKind::Policy, Command::ReportNoCoverage).await;
        self.work().await;
        assert_eq!(self.case(id).await.stage, Stage::Deciding);
        id
    }
}

#[tokio::test]
async fn nobody_judges_a_category_they_are_not_certified_for() {
    let world = World::new().await;
    world.register("a-17", AuthorityRole::Agent, vec![named("large")]).await;
    world.register("m-1", AuthorityRole::Manager, vec![fridges()]).await;
    let id = world.undecided(DEAR).await;
    let decide = world.manual(id, &[Remedy::Refund]);
    let agent = |request| world.by_staff(Role::Agent, "a-17", request);
    let barred = world.service.decide_manually(agent(decide.clone())).await;
    let error = refused(barred);
    assert_eq!(error.reason(), Reason::CertificationMissing);
    assert!(error.to_string().contains("refrigerator"), "{error}");

    // From tomorrow on, for two days.
    let at = |days| Some(to_timestamp(world.clock.now() + Span::days(days)));
    let certification = StaffCertification { valid_from: at(1), valid_until: at(3), ..fridges() };
    let certify = CertifyStaffRequest {
        request_id: world.id(),
        subject: "a-17".to_owned(),
        certification: Some(certification),
        ..CertifyStaffRequest::default()
    };
    world.service.certify_staff(operator(certify)).await.unwrap();
    let early = world.service.decide_manually(agent(decide.clone())).await;
    assert_eq!(reason(early), Reason::CertificationMissing);
    world.wait(Span::days(1));
    let proposed = world.service.decide_manually(agent(decide.clone())).await.unwrap();
    let proposed = proposed.into_inner();
    assert_ne!(proposed.proposal_id, "", "authority is another question");
    world.wait(Span::days(2));
    let again = world.service.decide_manually(agent(decide)).await.unwrap().into_inner();
    assert_eq!(again, proposed, "what was done is done");
    let late = world.service.decide_manually(agent(world.manual(id, &[Remedy::Refund]))).await;
    assert_eq!(reason(late), Reason::CertificationMissing);
}

/// A call that the agent, who holds no certification, is refused for that, and the manager is not.
macro_rules! barred {
    ($world:ident, $method:ident, $request:expr) => {
        let request = $world.by_staff(Role::Agent, "a-17", $request);
        let told = reason($world.service.$method(request).await);
        assert_eq!(told, Reason::CertificationMissing, stringify!($method));
        let request = $world.by_staff(Role::Manager, "m-1", $request);
        if let Err(status) = $world.service.$method(request).await {
            let told = parasol_api::Error::from_status(&status).reason();
            assert_ne!(told, Reason::CertificationMissing, stringify!($method));
        }
    };
}

/// Somebody without and somebody with the certification for refrigerators, and a case of one.
async fn both() -> (World, CaseId) {
    let world = World::new().await;
    world.register("a-17", AuthorityRole::Agent, vec![]).await;
    world.register("m-1", AuthorityRole::Manager, vec![fridges()]).await;
    let id = world.undecided(DEAR).await;
    (world, id)
}

#[tokio::test]
async fn each_way_of_deciding_asks_for_the_certification() {
    let (world, id) = both().await;
    let case_id = id.to_string();
    let proposal = world.manual(id, &[Remedy::Refund]);
    let proposal = world.service.decide_manually(by_agent(proposal)).await.unwrap();
    let refusal = ApproveDecisionRequest {
        request_id: world.id(),
        case_id: case_id.clone(),
        proposal_id: proposal.into_inner().proposal_id,
        refuse: true,
        reason: "too much".to_owned(),
        ..ApproveDecisionRequest::default()
    };
    barred!(world, approve_decision, refusal.clone());
    let goodwill = GrantGoodwillRequest {
        request_id: world.id(),
        case_id: case_id.clone(),
        amount: Some(to_money(100)),
        reason: "waited".to_owned(),
        ..GrantGoodwillRequest::default()
    };
    barred!(world, grant_goodwill, goodwill.clone());
    let quote = QuoteRepairRequest {
        request_id: world.id(),
        case_id,
        amount: Some(to_money(100)),
        work: "a relay".to_owned(),
        ..QuoteRepairRequest::default()
    };
    barred!(world, quote_repair, quote.clone());
}

#[tokio::test]
async fn each_step_of_a_hearing_asks_for_the_certification() {
    let (world, id) = both().await;
    let case_id = id.to_string();
    let second = OrderSecondInspectionRequest {
        request_id: world.id(),
        case_id: case_id.clone(),
        reason: "unclear".to_owned(),
        ..OrderSecondInspectionRequest::default()
    };
    barred!(world, order_second_inspection, second.clone());
    let wait = AwaitInDisputeRequest {
        request_id: world.id(),
        case_id: case_id.clone(),
        wait: DisputeWait::Lab.into(),
        reason: "unclear".to_owned(),
        ..AwaitInDisputeRequest::default()
    };
    barred!(world, await_in_dispute, wait.clone());
    let panel = ConvenePanelRequest {
        request_id: world.id(),
        case_id: case_id.clone(),
        experts: ["e-1", "e-2", "e-3"].map(str::to_owned).to_vec(),
        standard: "GB 4706".to_owned(),
        question: "why".to_owned(),
        ..ConvenePanelRequest::default()
    };
    barred!(world, convene_panel, panel.clone());
    let opinion = SubmitOpinionRequest {
        request_id: world.id(),
        case_id,
        function: Function::Fault.number(),
        cause: Cause::Product.number(),
        grounds: "seen".to_owned(),
        ..SubmitOpinionRequest::default()
    };
    barred!(world, submit_opinion, opinion.clone());
}

#[tokio::test]
async fn authority_asks_the_register_for_tenure_score_and_certification() {
    let world = World::new().await;
    let grant = AuthorityGrant {
        grant: "agent.senior".to_owned(),
        role: AuthorityRole::Agent.into(),
        tenure_days_min: 365,
        score_min: 800,
        certification: "large".to_owned(),
        limit: Some(to_money(2 * DEAR)),
        reason: "a year without a complaint".to_owned(),
        ..AuthorityGrant::default()
    };
    let request =
        PutAuthorityRequest { request_id: world.id(), grant: Some(grant), etag: String::new() };
    world.service.put_authority(operator(request)).await.unwrap();
    // Said while not registered: it counts no more once the register speaks.
    let said = PutPersonRequest {
        request_id: world.id(),
        subject: "a-17".to_owned(),
        since: Some(to_timestamp(world.clock.now() - Span::days(400))),
        score: 900,
        certifications: vec!["large".to_owned()],
    };
    world.service.put_person(operator(said.clone())).await.unwrap();
    let decides = async |id| {
        let request = world.manual(id, &[Remedy::Refund]);
        let answer = world.service.decide_manually(by_agent(request)).await.unwrap();
        answer.into_inner().proposal_id.is_empty()
    };
    assert!(decides(world.undecided(DEAR).await).await);
    world.register("a-17", AuthorityRole::Agent, vec![fridges()]).await;
    assert!(!decides(world.undecided(DEAR).await).await, "the register knows none of it");
    let said = PutPersonRequest { request_id: world.id(), ..said };
    let beside = world.service.put_person(operator(said)).await;
    assert_eq!(reason(beside), Reason::StaffRegistered);

    let update = UpdateStaffRequest {
        request_id: world.id(),
        subject: "a-17".to_owned(),
        since: Some(to_timestamp(world.clock.now() - Span::days(400))),
        score: Some(800),
        remark: "the year is over".to_owned(),
        ..UpdateStaffRequest::default()
    };
    world.service.update_staff(operator(update)).await.unwrap();
    assert!(!decides(world.undecided(DEAR).await).await, "the certification is missing");
    let until = Some(to_timestamp(world.clock.now() + Span::days(1)));
    let certify = CertifyStaffRequest {
        request_id: world.id(),
        subject: "a-17".to_owned(),
        certification: Some(StaffCertification { valid_until: until, ..named("large") }),
        ..CertifyStaffRequest::default()
    };
    world.service.certify_staff(operator(certify)).await.unwrap();
    assert!(decides(world.undecided(DEAR).await).await);
    world.wait(Span::days(1));
    assert!(!decides(world.undecided(DEAR).await).await, "the certification is over");
}

#[tokio::test]
async fn who_is_suspended_lends_nothing() {
    let world = World::new().await;
    world.register("m-1", AuthorityRole::Manager, vec![fridges()]).await;
    let lend = DelegateAuthorityRequest {
        request_id: world.id(),
        borrower: "a-17".to_owned(),
        valid_until: Some(to_timestamp(world.clock.now() + Span::days(9))),
        reason: "on leave".to_owned(),
        ..DelegateAuthorityRequest::default()
    };
    world.service.delegate_authority(by(Role::Manager, "m-1", lend)).await.unwrap();
    for (suspended, decided) in [(false, true), (true, false)] {
        if suspended {
            world.suspend("m-1").await;
        }
        let id = world.undecided(DEAR).await;
        let request = world.manual(id, &[Remedy::Refund]);
        let answer = world.service.decide_manually(by_agent(request)).await.unwrap();
        assert_eq!(answer.into_inner().proposal_id.is_empty(), decided);
    }
}

impl World {
    async fn figures(&self, role: Role, subject: &str, of: &str) -> Result<StaffFigures, Status> {
        let request = GetStaffFiguresRequest {
            subject: of.to_owned(),
            from: Some(to_timestamp(crate::world::start())),
            until: Some(to_timestamp(crate::world::start() + Span::days(300))),
        };
        Ok(self.service.get_staff_figures(by(role, subject, request)).await?.into_inner())
    }

    async fn as_agent(&self, id: CaseId, subject: &str, command: Command) {
        let submission = crate::world::submission(id, ActorKind::Agent, command);
        let actor = Actor::new(ActorKind::Agent, subject);
        let submission = parasol_casebook::Submission { actor, ..submission };
        self.desk.submitter.submit(submission).await.unwrap();
    }

    /// A case chased and answered in time or late.
    async fn chased(&self, id: CaseId, subject: &str, late: bool) {
        self.give(id, ActorKind::Customer, Command::Remind).await;
        if late {
            self.miss(id, Limit::Reminder).await;
        }
        self.as_agent(id, subject, Command::AnswerReminder).await;
    }

    /// Decided by hand, and back from the customer.
    async fn came_back(&self, id: CaseId) {
        let open = Command::OpenDispute { reason: "disagrees".to_owned() };
        self.give(id, ActorKind::Customer, open).await;
    }
}

#[tokio::test]
async fn what_people_did_is_counted_from_the_logs_and_a_recount_says_the_same() {
    let world = World::new().await;
    let mut cases = Vec::new();
    // Two decisions where the policy has no answer; one comes back. One is chased in time, one late.
    for (comes_back, late) in [(true, false), (false, true)] {
        let id = world.undecided(399_900).await;
        world.chased(id, "a-17", late).await;
        let request = world.manual(id, &[Remedy::Repair, Remedy::Replace]);
        world.service.decide_manually(by_agent(request)).await.unwrap();
        if comes_back {
            world.came_back(id).await;
        }
        cases.push(id);
    }
    // One where the policy has one, improved upon: two more remedies than it gives.
    let id = world.on_site(Filing { wants: None, ..filing(40, Remedy::Repair) }).await;
    world.submit(id, world.certificate()).await;
    let all = [Remedy::Repair, Remedy::Replace, Remedy::Refund];
    world.service.decide_manually(by_agent(world.manual(id, &all))).await.unwrap();
    let goodwill = GrantGoodwillRequest {
        request_id: world.id(),
        case_id: id.to_string(),
        amount: Some(to_money(700)),
        reason: "three visits".to_owned(),
        ..GrantGoodwillRequest::default()
    };
    world.service.grant_goodwill(by(Role::Agent, "a-18", goodwill)).await.unwrap();
    world.work().await;
    cases.push(id);

    let theirs = world.figures(Role::Agent, "a-17", "a-17").await.unwrap();
    assert_eq!((theirs.cases, theirs.decisions, theirs.goodwill), (3, 3, 0));
    assert_eq!((theirs.overrides, theirs.reopened), (1, 1));
    assert_eq!((theirs.chases_answered, theirs.chases_in_time), (2, 1));
    let authority = theirs.authority.unwrap();
    assert_eq!((authority.count, authority.granted), (3, Some(to_money(4_000_000))));
    let others = world.figures(Role::Manager, "m-1", "a-18").await.unwrap();
    assert_eq!((others.cases, others.decisions, others.goodwill), (1, 0, 1));
    assert_eq!(others.authority.unwrap().used, Some(to_money(700)));
    let hidden = world.figures(Role::Agent, "a-17", "a-18").await;
    assert_eq!(reason(hidden), Reason::NotFound);
    assert_eq!(reason(world.figures(Role::Manager, "m-1", "a-99").await), Reason::NotFound);

    let kept = "SELECT lower(hex(case_id)) || ' ' || seq || ' ' || kind || ' ' || person || ' ' || at \
                FROM staff_marks ORDER BY 1";
    let kept = column(&world.desk.store, kept).await;
    assert_eq!(recounted(&world, &cases).await, kept);
    assert!(kept.len() >= 7, "{kept:#?}");
}

/// The marks that follow from the logs alone.
async fn recounted(world: &World, cases: &[CaseId]) -> Vec<String> {
    let mut marks = Vec::new();
    for id in cases {
        let log = world.log(*id).await;
        let mut case: Option<Case> = None;
        for event in &log {
            let mut after = case.clone().unwrap_or_else(|| {
                Case::replay(*id, std::slice::from_ref(event))
                    .expect("a log begins with its filing")
            });
            if case.is_some() {
                after.apply(event);
            }
            let events = std::slice::from_ref(event);
            let change = Change { before: case.as_ref(), after: &after, events };
            let mut rows = Vec::new();
            parasol_verification::projector().project(&change, &mut rows);
            marks.extend(rows.into_iter().filter_map(|row| match row {
                RowOp::Put(table, cells) if table.name == "staff_marks" => {
                    let text = |cell: &Cell| match cell {
                        Cell::Id(id) => id.simple().to_string(),
                        other => other.text(),
                    };
                    Some(cells.iter().map(text).collect::<Vec<_>>())
                }
                _ => None,
            }));
            case = Some(after);
        }
    }
    let mut marks: Vec<_> = marks.into_iter().map(|cells| cells.join(" ")).collect();
    marks.sort();
    marks
}

#[tokio::test]
async fn people_are_ranked_by_enough_of_them_and_an_agent_sees_their_own_place() {
    let world = World::new().await;
    for subject in ["a-1", "a-2", "a-3"] {
        world.register(subject, AuthorityRole::Agent, vec![fridges()]).await;
    }
    // Thirty answers each of two, of which one was late; twenty-nine of the third.
    for (subject, answers, late) in [("a-1", 30, 1), ("a-2", 30, 0), ("a-3", 29, 0)] {
        for number in 0..answers {
            let id = world.file(filing(3, Remedy::Refund)).await;
            world.chased(id, subject, number < late).await;
        }
    }
    let ask = |role, subject: &str, team: &str| {
        let request = ListStaffRankingRequest {
            figure: StaffFigure::ChasesInTime.into(),
            from: Some(to_timestamp(crate::world::start())),
            until: Some(to_timestamp(crate::world::start() + Span::days(300))),
            team: team.to_owned(),
            ..ListStaffRankingRequest::default()
        };
        world.service.list_staff_ranking(by(role, subject, request))
    };
    let told = ask(Role::Manager, "m-1", "").await.unwrap().into_inner();
    let rows: BTreeMap<_, _> = told
        .ranks
        .iter()
        .map(|one| (one.subject.as_str(), (one.place, one.value, one.sample)))
        .collect();
    let expected = BTreeMap::from([
        ("a-1", (2, 966_666, 30)),
        ("a-2", (1, 1_000_000, 30)),
        ("a-3", (0, 1_000_000, 29)),
    ]);
    assert_eq!(rows, expected);
    assert_eq!((told.ranked, told.sample_min, told.more), (2, 30, false));
    let own = ask(Role::Agent, "a-1", "").await.unwrap().into_inner();
    assert_eq!((own.ranks.len(), own.ranks[0].place, own.ranked), (1, 2, 2));
    let elsewhere = ask(Role::Manager, "m-1", "south").await.unwrap().into_inner();
    assert_eq!(elsewhere.ranks, []);
    // Everybody else's are not theirs to ask for.
    let nobody = ask(Role::Agent, "a-9", "").await.unwrap().into_inner();
    assert_eq!(nobody.ranks, []);
}
