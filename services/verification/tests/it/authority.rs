//! What a person may give alone, what waits for a second one, and what was made of it.

use parasol_api::admin::v1::policy_service_server::PolicyService as _;
use parasol_api::admin::v1::{
    AuthorityGrant, AuthorityRole, AuthorityUse, DelegateAuthorityRequest, EndDelegationRequest,
    ListAuthorityRequest, ListAuthorityUseRequest, ListDelegationsRequest, PutAuthorityRequest,
    PutPersonRequest,
};
use parasol_api::convert::{to_money, to_timestamp};
use parasol_api::verification::v1::decision_service_server::DecisionService as _;
use parasol_api::verification::v1::{
    ApproveDecisionRequest, DecideManuallyRequest, DecideManuallyResponse, GrantGoodwillRequest,
    ListProposalsRequest, Proposal,
};
use parasol_api::{Reason, Role};
use parasol_journey::deadline::Clock as Limit;
use parasol_journey::event::{Filing, Path};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_journey::vocab::Remedy;
use parasol_journey::{ActorKind, Command, Stage};
use tonic::{Request, Status};

use crate::world::{World, by, by_agent, fields, filing, reason, refused};

/// More than an agent may give, less than a manager may.
const DEAR: i64 = 5_000_000;

fn manager<T>(message: T) -> Request<T> {
    by(Role::Manager, "m-1", message)
}

fn operator<T>(message: T) -> Request<T> {
    by(Role::Operator, "o-1", message)
}

impl World {
    /// A dear unit's case that only a person can decide.
    async fn dear(&self) -> CaseId {
        let id = self.file(Filing { price_fen: DEAR, ..filing(3, Remedy::Refund) }).await;
        self.triage(id, Path::Inspection).await;
        self.give(id, ActorKind::Policy, Command::ReportNoCoverage).await;
        self.work().await;
        assert_eq!(self.case(id).await.stage, Stage::Deciding);
        id
    }

    async fn refund(&self, by: Role, subject: &str, case: CaseId) -> DecideManuallyResponse {
        let request = self.manual(case, &[Remedy::Refund]);
        let decided = self.service.decide_manually(crate::world::by(by, subject, request)).await;
        decided.unwrap().into_inner()
    }

    fn approval(&self, case: CaseId, proposal_id: &str) -> ApproveDecisionRequest {
        ApproveDecisionRequest {
            request_id: self.id(),
            case_id: case.to_string(),
            proposal_id: proposal_id.to_owned(),
            ..ApproveDecisionRequest::default()
        }
    }

    async fn proposals(&self, role: Role, subject: &str) -> Vec<Proposal> {
        let list = by(role, subject, ListProposalsRequest::default());
        self.service.list_proposals(list).await.unwrap().into_inner().proposals
    }

    fn goodwill(&self, case: CaseId, fen: i64) -> GrantGoodwillRequest {
        GrantGoodwillRequest {
            request_id: self.id(),
            case_id: case.to_string(),
            amount: Some(to_money(fen)),
            reason: "three visits for one fault".to_owned(),
            ..GrantGoodwillRequest::default()
        }
    }

    async fn put_grant(&self, grant: AuthorityGrant, etag: &str) -> Result<String, Status> {
        let (request_id, etag) = (self.id(), etag.to_owned());
        let request = PutAuthorityRequest { request_id, grant: Some(grant), etag };
        Ok(self.service.put_authority(operator(request)).await?.into_inner().etag)
    }

    async fn put_person(&self, subject: &str, days: i64, score: i32, certified: &[&str]) {
        let request = PutPersonRequest {
            request_id: self.id(),
            subject: subject.to_owned(),
            since: Some(to_timestamp(self.clock.now() - Span::days(days))),
            score,
            certifications: certified.iter().map(|one| (*one).to_owned()).collect(),
        };
        self.service.put_person(operator(request)).await.unwrap();
    }

    async fn uses(&self, role: Role, subject: &str, of: &str) -> Result<Vec<AuthorityUse>, Status> {
        let now = self.clock.now();
        let request = ListAuthorityUseRequest {
            from: Some(to_timestamp(now - Span::days(30))),
            until: Some(to_timestamp(now + Span::days(1))),
            subject: of.to_owned(),
        };
        let answer = self.service.list_authority_use(by(role, subject, request)).await?;
        Ok(answer.into_inner().uses)
    }
}

fn senior() -> AuthorityGrant {
    AuthorityGrant {
        grant: "agent.senior".to_owned(),
        role: AuthorityRole::Agent.into(),
        tenure_days_min: 365,
        score_min: 800,
        certification: "large".to_owned(),
        limit: Some(to_money(2 * DEAR)),
        reason: "a year without a complaint".to_owned(),
        ..AuthorityGrant::default()
    }
}

#[tokio::test]
async fn what_is_above_ones_limit_waits_for_another_person_who_has_it() {
    let world = World::new().await;
    let id = world.dear().await;
    let request = world.manual(id, &[Remedy::Refund]);
    let first = world.service.decide_manually(by_agent(request.clone())).await.unwrap();
    let first = first.into_inner();
    assert_eq!(first.decision_id, "");
    assert!(first.proposal_id.starts_with("prop_"));
    world.work().await;
    assert_eq!(world.case(id).await.stage, Stage::Deciding);
    assert!(world.payments.paid().is_empty(), "a proposal pays nothing");
    let again = world.service.decide_manually(by_agent(request)).await.unwrap().into_inner();
    assert_eq!(first, again);

    let waiting = world.proposals(Role::Manager, "m-1").await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].proposal_id, first.proposal_id);
    assert_eq!((waiting[0].proposed_by.as_str(), waiting[0].can_approve), ("a-17", true));
    assert_eq!(waiting[0].worth, Some(to_money(DEAR)));
    assert_eq!(waiting[0].reason, "the photos leave no doubt");
    assert!(!world.proposals(Role::Agent, "a-17").await[0].can_approve);

    let approve = |role, subject| {
        let approval = world.approval(id, &first.proposal_id);
        world.service.approve_decision(by(role, subject, approval))
    };
    assert_eq!(reason(approve(Role::Agent, "a-17").await), Reason::FourEyesNeeded);
    let same_person = approve(Role::Manager, "a-17").await;
    assert_eq!(reason(same_person), Reason::FourEyesNeeded, "whatever role the person is in");
    assert_eq!(reason(approve(Role::Agent, "a-18").await), Reason::AuthorityExceeded);
    let done = approve(Role::Manager, "m-1").await.unwrap().into_inner();
    assert!(done.decision_id.starts_with("dec_"));
    world.work().await;
    assert_eq!(world.payments.paid()[0].amount_fen, DEAR);
    assert!(world.proposals(Role::Manager, "m-1").await.is_empty());
    let late = approve(Role::Manager, "m-2").await;
    assert_eq!(reason(late), Reason::ProposalUnknown, "it was approved before");
}

#[tokio::test]
async fn a_proposal_is_refused_with_a_reason_taken_back_or_lapses() {
    let world = World::new().await;
    let id = world.dear().await;
    let propose = || async { world.refund(Role::Agent, "a-17", id).await.proposal_id };
    let refuse = |proposal: &str, why: &str| ApproveDecisionRequest {
        refuse: true,
        reason: why.to_owned(),
        ..world.approval(id, proposal)
    };
    let proposal = propose().await;
    let wordless = world.service.approve_decision(manager(refuse(&proposal, ""))).await;
    assert_eq!(fields(&refused(wordless)), ["reason"]);
    let other = by(Role::Agent, "a-18", refuse(&proposal, "too much"));
    let other = world.service.approve_decision(other).await;
    assert_eq!(reason(other), Reason::AuthorityExceeded);
    world.service.approve_decision(manager(refuse(&proposal, "too much"))).await.unwrap();
    let second = propose().await;
    world.service.approve_decision(by_agent(refuse(&second, "a slip"))).await.unwrap();
    let third = propose().await;
    let while_it_waits = world.manual(id, &[Remedy::Refund]);
    let waits = world.service.decide_manually(by_agent(while_it_waits)).await;
    assert_eq!(reason(waits), Reason::ProposalWaiting);
    world.miss(id, Limit::Approval).await;
    let late = world.service.approve_decision(manager(world.approval(id, &third))).await;
    assert_eq!(reason(late), Reason::ProposalUnknown);
    assert!(world.proposals(Role::Manager, "m-1").await.is_empty());
    assert!(world.uses(Role::Manager, "m-1", "").await.unwrap().is_empty(), "nothing was given");
}

#[tokio::test]
async fn authority_follows_role_and_attributes_and_has_a_history() {
    let world = World::new().await;
    let first = world.put_grant(senior(), "").await.unwrap();
    assert_eq!(first, "\"1\"");
    let id = world.dear().await;
    // Nobody meets the grant yet, and who lacks one thing does not either.
    for (days, score, certified) in
        [(364, 900, &["large"][..]), (400, 799, &["large"]), (400, 900, &["small"])]
    {
        world.put_person("a-17", days, score, certified).await;
        let waits = world.refund(Role::Agent, "a-17", id).await;
        assert_ne!(waits.proposal_id, "", "{days} days, {score}, {certified:?}");
        let back = ApproveDecisionRequest {
            refuse: true,
            reason: "again".to_owned(),
            ..world.approval(id, &waits.proposal_id)
        };
        world.service.approve_decision(by_agent(back)).await.unwrap();
    }
    world.put_person("a-17", 400, 900, &["small", "large"]).await;
    let decided = world.refund(Role::Agent, "a-17", id).await;
    assert_eq!(decided.proposal_id, "");
    assert_ne!(decided.decision_id, "");

    // Less from tomorrow on; what counts today still does.
    let tomorrow = world.clock.now() + Span::days(1);
    let less = AuthorityGrant {
        limit: Some(to_money(100)),
        valid_from: Some(to_timestamp(tomorrow)),
        reason: "complaints".to_owned(),
        ..senior()
    };
    let stale = world.put_grant(less.clone(), "\"7\"").await;
    assert_eq!(reason(stale), Reason::VersionConflict);
    let (request_id, etag) = (world.id(), first.clone());
    let from_tomorrow = PutAuthorityRequest { request_id, grant: Some(less), etag };
    let second = world.service.put_authority(operator(from_tomorrow.clone())).await.unwrap();
    let second = second.into_inner().etag;
    assert_eq!(second, "\"2\"");
    let backdated = AuthorityGrant {
        valid_from: Some(to_timestamp(world.clock.now() - Span::minutes(1))),
        ..senior()
    };
    let error = refused(world.put_grant(backdated, "").await);
    assert_eq!(fields(&error), ["grant.valid_from"]);
    let today = world.dear().await;
    assert_eq!(world.refund(Role::Agent, "a-17", today).await.proposal_id, "");
    let listed = world.service.list_authority(manager(ListAuthorityRequest::default())).await;
    let listed = listed.unwrap().into_inner().grants;
    let told: Vec<_> =
        listed.iter().map(|one| (one.grant.as_str(), one.revision, one.in_force)).collect();
    let expected = [
        ("agent.senior", 2, false),
        ("agent.senior", 1, true),
        ("agent.base", 0, true),
        ("manager.base", 0, true),
    ];
    assert_eq!(told, expected);
    assert_eq!(listed[1].said_by, "operator:o-1");
    world.wait(Span::days(2));
    let later = world.dear().await;
    assert_ne!(world.refund(Role::Agent, "a-17", later).await.proposal_id, "");
    let again = world.service.put_authority(operator(from_tomorrow)).await.unwrap().into_inner();
    assert_eq!(again.etag, second, "it has begun, and was put");
}

#[tokio::test]
async fn grants_are_listed_page_by_page() {
    let world = World::new().await;
    for _ in 0..3 {
        world.put_grant(senior(), "").await.unwrap();
    }
    let (mut revisions, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListAuthorityRequest { page_size: 2, page_token };
        let page = world.service.list_authority(manager(request)).await.unwrap().into_inner();
        revisions.extend(page.grants.iter().map(|one| one.revision));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(revisions, [3, 2, 1, 0, 0]);
    let forged = ListAuthorityRequest { page_size: 2, page_token: "00".to_owned() };
    let forged = world.service.list_authority(manager(forged)).await;
    assert_eq!(reason(forged), Reason::PageTokenInvalid);
}

#[tokio::test]
async fn authority_is_lent_for_a_time_and_never_beyond_the_lenders_own() {
    let world = World::new().await;
    let lend = |borrower: &str, days: i64, cap: Option<i64>| DelegateAuthorityRequest {
        request_id: world.id(),
        borrower: borrower.to_owned(),
        valid_until: Some(to_timestamp(world.clock.now() + Span::days(days))),
        cap: cap.map(to_money),
        reason: "on leave".to_owned(),
        ..DelegateAuthorityRequest::default()
    };
    let own = world.service.delegate_authority(manager(lend("m-1", 2, None))).await;
    assert_eq!(fields(&refused(own)), ["borrower"]);
    let long = world.service.delegate_authority(manager(lend("a-17", 91, None))).await;
    assert_eq!(fields(&refused(long)), ["valid_until"]);
    // An agent lends what an agent has, whatever was lent to that agent.
    world.service.delegate_authority(manager(lend("a-18", 2, None))).await.unwrap();
    let lent = lend("a-17", 2, None);
    let chain = || by(Role::Agent, "a-18", lent.clone());
    let first_time = world.service.delegate_authority(chain()).await.unwrap().into_inner();
    let capped = manager(lend("a-17", 2, Some(DEAR - 1)));
    world.service.delegate_authority(capped).await.unwrap();
    let first = world.dear().await;
    let waits = world.refund(Role::Agent, "a-17", first).await;
    assert_ne!(waits.proposal_id, "");

    let enough = world.service.delegate_authority(manager(lend("a-17", 2, Some(DEAR)))).await;
    let enough = enough.unwrap().into_inner().delegation_id;
    let second = world.dear().await;
    assert_eq!(world.refund(Role::Agent, "a-17", second).await.proposal_id, "");
    let uses = world.uses(Role::Manager, "m-1", "a-17").await.unwrap();
    assert_eq!((uses[0].count, uses[0].borrowed_count), (1, 1));
    assert_eq!(uses[0].granted, Some(to_money(DEAR)));
    assert_eq!(uses[0].own, Some(to_money(4_000_000)));

    let end = |subject: &str| {
        let (request_id, delegation_id) = (world.id(), enough.clone());
        by(Role::Manager, subject, EndDelegationRequest { request_id, delegation_id })
    };
    let foreign = world.service.end_delegation(end("m-2")).await;
    assert_eq!(reason(foreign), Reason::NotFound);
    world.service.end_delegation(end("m-1")).await.unwrap();
    let third = world.dear().await;
    assert_ne!(world.refund(Role::Agent, "a-17", third).await.proposal_id, "");
    let seen = |role, subject| {
        world.service.list_delegations(by(role, subject, ListDelegationsRequest::default()))
    };
    let all = seen(Role::Manager, "m-9").await.unwrap().into_inner().delegations;
    assert_eq!(all.len(), 4);
    assert!(all[0].ended_at.is_some(), "the newest first");
    let theirs = seen(Role::Agent, "a-18").await.unwrap().into_inner().delegations;
    assert_eq!(theirs.len(), 2);

    world.service.delegate_authority(manager(lend("a-19", 2, None))).await.unwrap();
    world.wait(Span::days(2));
    let fourth = world.dear().await;
    assert_ne!(world.refund(Role::Agent, "a-19", fourth).await.proposal_id, "", "it is over");
    let again = world.service.delegate_authority(chain()).await.unwrap().into_inner();
    assert_eq!(again, first_time, "the days are over, and they were lent");
}

#[tokio::test]
async fn what_is_made_of_authority_is_held_against_what_was_granted() {
    let world = World::new().await;
    let id = world.denied().await;
    for fen in [5_000, 7_000] {
        world.service.grant_goodwill(by_agent(world.goodwill(id, fen))).await.unwrap();
        world.work().await;
    }
    let dear = world.dear().await;
    let proposal = world.refund(Role::Agent, "a-17", dear).await.proposal_id;
    world.service.approve_decision(manager(world.approval(dear, &proposal))).await.unwrap();

    let all = world.uses(Role::Operator, "o-1", "").await.unwrap();
    let told: Vec<_> = all.iter().map(|one| (one.subject.as_str(), one.count)).collect();
    assert_eq!(told, [("a-17", 2), ("m-1", 1)]);
    assert_eq!(all[0].used, Some(to_money(12_000)));
    assert_eq!(all[0].most, Some(to_money(7_000)));
    assert_eq!(all[0].granted, Some(to_money(4_000_000)));
    assert_eq!((all[1].approved_count, &all[1].used), (1, &Some(to_money(DEAR))));
    assert_eq!(all[1].role(), AuthorityRole::Manager);
    let mine = world.uses(Role::Agent, "a-17", "").await.unwrap();
    assert_eq!(mine.len(), 1);
    let others = world.uses(Role::Agent, "a-17", "m-1").await;
    assert_eq!(reason(others), Reason::NotFound);
    let unused = world.uses(Role::Agent, "a-99", "").await.unwrap();
    assert_eq!((unused[0].count, &unused[0].granted), (0, &Some(to_money(4_000_000))));
}

#[tokio::test]
async fn goodwill_comes_on_top_and_above_the_limit_by_four_eyes() {
    let world = World::new().await;
    let id = world.on_site(Filing { wants: None, ..filing(3, Remedy::Refund) }).await;
    world.submit(id, world.certificate()).await;
    world.work().await;
    let before = world.case(id).await;
    assert_eq!(before.stage, Stage::RemedyOffered);
    world.service.grant_goodwill(by_agent(world.goodwill(id, 5_000))).await.unwrap();
    world.work().await;
    let after = world.case(id).await;
    assert_eq!((after.stage, after.decision), (Stage::RemedyOffered, before.decision));
    assert_eq!(world.payments.paid()[0].amount_fen, 5_000);

    let less = AuthorityGrant {
        grant: "agent.base".to_owned(),
        role: AuthorityRole::Agent.into(),
        limit: Some(to_money(5_999)),
        reason: "a test".to_owned(),
        ..AuthorityGrant::default()
    };
    world.put_grant(less, "").await.unwrap();
    let asked = world.service.grant_goodwill(by_agent(world.goodwill(id, 6_000))).await.unwrap();
    let proposal = asked.into_inner().proposal_id;
    assert_ne!(proposal, "");
    let waiting = world.proposals(Role::Manager, "m-1").await;
    assert!(waiting[0].goodwill && waiting[0].reason.contains("three visits"));
    let done = world.service.approve_decision(manager(world.approval(id, &proposal))).await;
    assert_eq!(done.unwrap().into_inner().decision_id, "");
    world.work().await;
    assert_eq!(world.case(id).await.paid_fen(), 11_000);
    for wrong in [0, 399_900] {
        let refused = world.service.grant_goodwill(manager(world.goodwill(id, wrong))).await;
        let expected = if wrong == 0 { Reason::FieldInvalid } else { Reason::AmountOutOfRange };
        assert_eq!(reason(refused), expected);
    }
}

#[tokio::test]
async fn an_approval_does_not_fall_below_the_policy_either() {
    let world = World::new().await;
    let id = world.on_site(Filing { price_fen: DEAR, ..filing(3, Remedy::Refund) }).await;
    world.submit(id, world.certificate()).await;
    let all = [Remedy::Repair, Remedy::Replace, Remedy::Refund];
    let little =
        DecideManuallyRequest { refund: Some(to_money(DEAR - 1)), ..world.manual(id, &all) };
    let below = world.service.decide_manually(by_agent(little)).await;
    assert_eq!(reason(below), Reason::DecisionInvalid, "a proposal has the same floor");
    let fair = world.service.decide_manually(by_agent(world.manual(id, &all))).await.unwrap();
    let proposal = fair.into_inner().proposal_id;
    world.service.approve_decision(manager(world.approval(id, &proposal))).await.unwrap();
    world.work().await;
    assert_eq!(world.payments.paid()[0].amount_fen, DEAR);
}
