//! Rule packs: validated, published, listed, learnt by others, and asked about past decisions.

use parasol_api::admin::v1::policy_service_server::PolicyService as _;
use parasol_api::admin::v1::{
    ListPoliciesRequest, Policy, PolicyFile, PolicyProblemKind, PublishPolicyRequest,
    PublishPolicyResponse, ValidatePolicyRequest, ValidatePolicyResponse,
};
use parasol_api::convert::Listed;
use parasol_api::verification::v1::decision_service_server::DecisionService as _;
use parasol_api::verification::v1::{ReplayDecisionRequest, ReplayDecisionResponse, ReplayRuling};
use parasol_api::{Reason, Role};
use parasol_journey::deadline::Clock as Limit;
use parasol_journey::event::Filing;
use parasol_journey::ids::CaseId;
use parasol_journey::promise::{CountedIn, Pauses, Stop, Term, TermClock, Trigger, Worth};
use parasol_journey::time::Span;
use parasol_journey::vocab::{Party, Remedy};
use parasol_journey::{ActorKind, Case, Command, Stage, Task};
use parasol_policy::{Pack, Replay, Scope, Shelf};
use parasol_verification::{load_packs, replay_all};
use tonic::Status;

use crate::world::{PRICE, World, by, by_agent, fields, filing, reason, refused};

const HEAD: &str = "version = \"cn-2026.1\"\neffective_from = \"2026-01-01\"";

/// The built-in files as another version, with one text replaced and the tests as they are.
fn files(version: &str, from: &str, change: (&str, &str)) -> Vec<PolicyFile> {
    let head = format!("version = \"{version}\"\neffective_from = \"{from}\"");
    let mut files = Vec::new();
    let mut changes = 0;
    for file in Pack::builtin_files() {
        changes += file.text.matches(change.0).count();
        let text = file.text.replace(HEAD, &head).replace(change.0, change.1);
        files.push(PolicyFile { name: file.name, text });
    }
    assert!(change.0.is_empty() || changes > 0, "{:?} is nowhere", change.0);
    files
}

fn same(version: &str, from: &str) -> Vec<PolicyFile> {
    files(version, from, ("# National law", "# National law"))
}

/// A change of law: 25 days instead of fifteen, with the tests that say so.
fn longer(version: &str, from: &str) -> Vec<PolicyFile> {
    let mut files =
        files(version, from, ("days_min = 8, days_max = 15 }", "days_min = 8, days_max = 25 }"));
    for (name, was, is) in [
        (
            "law.tests.toml",
            "fifteenth day\"\nfacts = { days = 15 }",
            "25th day\"\nfacts = { days = 25 }",
        ),
        (
            "law.tests.toml",
            "refund_fen = 297651 }\nnear = [{ receipt_days = 16 }",
            "refund_fen = 296151 }\nnear = [{ receipt_days = 26 }",
        ),
        ("law.tests.toml", "{ days = 7 }, { days = 16 }", "{ days = 7 }, { days = 26 }"),
        // These are about other rules alone, on a day when this one is over.
        ("beijing.tests.toml", "days = 20,", "days = 26,"),
        ("promises.tests.toml", "days = 20,", "days = 26,"),
    ] {
        let file = files.iter_mut().find(|file| file.name == name).expect("the file is there");
        assert!(file.text.contains(was), "{was:?} is not in {name}");
        file.text = file.text.replace(was, is);
    }
    files
}

impl World {
    pub async fn publish(
        &self,
        request_id: &str,
        files: Vec<PolicyFile>,
    ) -> Result<PublishPolicyResponse, Status> {
        let request = PublishPolicyRequest { request_id: request_id.to_owned(), files };
        let answer = self.service.publish_policy(by(Role::Operator, "op", request)).await;
        answer.map(tonic::Response::into_inner)
    }

    async fn validate(&self, files: Vec<PolicyFile>) -> ValidatePolicyResponse {
        let request = by(Role::Manager, "m", ValidatePolicyRequest { files });
        self.service.validate_policy(request).await.unwrap().into_inner()
    }

    async fn policies(&self) -> Vec<Policy> {
        let request = by(Role::Operator, "op", ListPoliciesRequest::default());
        self.service.list_policies(request).await.unwrap().into_inner().policies
    }

    async fn replay(&self, case: CaseId, version: &str) -> Result<ReplayDecisionResponse, Status> {
        let request = ReplayDecisionRequest {
            case_id: case.to_string(),
            policy_version: version.to_owned(),
            language: "en".to_owned(),
            ..ReplayDecisionRequest::default()
        };
        self.service.replay_decision(by_agent(request)).await.map(tonic::Response::into_inner)
    }

    /// A case decided on the twentieth day: a repair, and no more.
    async fn decided_on_day_twenty(&self, policy: &str) -> CaseId {
        let filed = Filing { wants: None, policy: policy.to_owned(), ..filing(20, Remedy::Repair) };
        let id = self.on_site(filed).await;
        self.submit(id, self.certificate()).await;
        self.work().await;
        id
    }
}

#[tokio::test]
async fn a_published_pack_decides_what_is_filed_under_it_and_nothing_older() {
    let world = World::new().await;
    let before = world.decided_on_day_twenty("cn-2026.1").await;
    let first = world.id();
    let answer = world.publish(&first, longer("cn-2026.2", "2026-06-01")).await.unwrap();
    let policy = answer.policy.clone().unwrap();
    assert_eq!((policy.version.as_str(), policy.layers.len()), ("cn-2026.2", 7));
    assert_eq!(world.publish(&first, longer("cn-2026.2", "2026-06-01")).await.unwrap(), answer);

    let after = world.decided_on_day_twenty("cn-2026.2").await;
    let offered = |case: Case| -> Vec<Remedy> {
        let decision = case.decision.unwrap();
        decision.offered.iter().map(|one| one.remedy).collect()
    };
    assert_eq!(offered(world.case(before).await), [Remedy::Repair]);
    let all = [Remedy::Repair, Remedy::Replace, Remedy::Refund];
    assert_eq!(offered(world.case(after).await), all);
    assert_eq!(world.case(before).await.filing.policy, "cn-2026.1", "pinned at filing");
}

/// Another process finds what this one published, and one that starts later does so too.
#[tokio::test]
async fn other_processes_learn_of_a_pack() {
    let world = World::new().await;
    world.publish(&world.id(), longer("cn-2026.2", "2026-06-01")).await.unwrap();
    let elsewhere = Shelf::builtin();
    assert!(elsewhere.of("cn-2026.2").is_none());
    load_packs(&world.desk.store, &elsewhere).await.unwrap();
    let today = world.desk.clock.now().shanghai_day();
    assert_eq!(**elsewhere.in_force(today).version(), *"cn-2026.2");
    let yesterday = "2026-05-31".parse().unwrap();
    assert_eq!(**elsewhere.in_force(yesterday).version(), *"cn-2026.1");

    let other = parasol_verification::Verification::new(world.desk.clone());
    let id = world.decided_on_day_twenty("cn-2026.2").await;
    let request = ReplayDecisionRequest {
        case_id: id.to_string(),
        policy_version: "cn-2026.1".to_owned(),
        ..ReplayDecisionRequest::default()
    };
    let answer = other.replay_decision(by_agent(request)).await.unwrap().into_inner();
    assert!(answer.changed, "the other process knows both versions");
}

#[tokio::test]
async fn a_pack_with_a_fault_is_not_published_and_the_fault_is_named() {
    let world = World::new().await;
    let cut = (
        "days_min = 8 }\nthen = { deny = \"no_reason_period_over\"",
        "days_min = 9 }\nthen = { deny = \"no_reason_period_over\"",
    );
    let basis = ("basis = \"三包 art. 10\"", "basis = \"三包 art. 99\"");
    let dead = ("when = { danger = true }", "when = { danger = true, level_min = 4 }");
    let word = ("when = { danger = true }", "when = { danger = true, sunny = true }");
    for (change, kind, about) in [
        (cut, PolicyProblemKind::Gap, "R99"),
        (basis, PolicyProblemKind::FailedTest, "R11"),
        (dead, PolicyProblemKind::Unreachable, "R00"),
        (word, PolicyProblemKind::Refused, "R00"),
    ] {
        let faulty = files("cn-2026.2", "2026-06-01", change);
        let found = world.validate(faulty.clone()).await;
        assert!(!found.publishable);
        let named = found.problems.iter().find(|one| one.kind() == kind && one.rule == about);
        assert!(named.is_some_and(|one| !one.text.is_empty()), "{kind:?}: {:?}", found.problems);
        let error = refused(world.publish(&world.id(), faulty).await);
        assert_eq!(error.reason(), Reason::PolicyInvalid, "{kind:?}");
    }
    let fine = world.validate(longer("cn-2026.2", "2026-06-01")).await;
    assert!(fine.publishable && fine.problems.is_empty(), "{:?}", fine.problems);
    assert_eq!(world.policies().await.len(), 1, "validating keeps nothing");
}

#[tokio::test]
async fn a_version_is_published_once() {
    let world = World::new().await;
    let id = world.id();
    world.publish(&id, same("cn-2026.2", "2026-06-01")).await.unwrap();
    world.publish(&world.id(), same("cn-2026.2", "2026-06-01")).await.unwrap();
    let other = world.publish(&world.id(), same("cn-2026.2", "2026-07-01")).await;
    assert_eq!(reason(other), Reason::PolicyInvalid);
    let built_in = world.publish(&world.id(), same("cn-2026.1", "2026-01-01")).await;
    assert_eq!(reason(built_in), Reason::PolicyInvalid);
    let reused = world.publish(&id, same("cn-2026.3", "2026-06-01")).await;
    assert_eq!(reason(reused), Reason::RequestIdReused);
    assert_eq!(fields(&refused(world.publish(&world.id(), Vec::new()).await)), ["files"]);

    world.wait(Span::hours(1));
    world.publish(&world.id(), same("cn-2027.1", "2027-01-01")).await.unwrap();
    let listed = world.policies().await;
    let versions: Vec<_> =
        listed.iter().map(|one| (one.version.as_str(), one.in_force, one.built_in)).collect();
    assert_eq!(
        versions,
        [("cn-2026.1", false, true), ("cn-2026.2", true, false), ("cn-2027.1", false, false)]
    );
    assert!(listed.iter().all(|one| one.files.is_empty()));
    let request = ListPoliciesRequest { include_files: true, page_size: 1, ..Default::default() };
    let page = world.service.list_policies(by(Role::Operator, "op", request)).await.unwrap();
    let page = page.into_inner();
    assert_eq!((page.policies.len(), page.policies[1].files.len()), (2, 15));
    let request =
        ListPoliciesRequest { include_files: true, page_size: 1, page_token: page.next_page_token };
    let page = world.service.list_policies(by(Role::Operator, "op", request)).await.unwrap();
    assert_eq!(page.into_inner().policies[0].version, "cn-2027.1");
}

#[tokio::test]
async fn a_decision_is_asked_of_another_version_and_stays_as_it_is() {
    let world = World::new().await;
    let id = world.decided_on_day_twenty("cn-2026.1").await;
    assert_eq!(reason(world.replay(id, "cn-2026.2").await), Reason::PolicyUnknown);
    world.publish(&world.id(), longer("cn-2026.2", "2026-06-01")).await.unwrap();
    let (log, stage) = (world.log(id).await.len(), world.case(id).await.stage);
    let answer = world.replay(id, "cn-2026.2").await.unwrap();
    assert!(answer.changed);
    let (was, would) = (answer.before.unwrap(), answer.after.unwrap());
    assert_eq!((was.policy_version.as_str(), was.remedies.len()), ("cn-2026.1", 1));
    assert_eq!((would.policy_version.as_str(), would.remedies.len()), ("cn-2026.2", 3));
    assert_eq!(would.ruling(), ReplayRuling::Offered);
    assert_eq!(answer.rules_added, ["R11", "R25"]);
    assert!(answer.rules_removed.is_empty());
    // Nothing was asked for, so the dearest offer counts: a new unit.
    assert_eq!(answer.cost_fen, PRICE);
    assert!(would.rules.iter().all(|rule| !rule.basis.is_empty() && !rule.effect.is_empty()));
    assert_eq!(world.log(id).await.len(), log, "asking moves nothing");
    assert_eq!(world.case(id).await.stage, stage);

    let same = world.replay(id, "cn-2026.1").await.unwrap();
    assert!(!same.changed && same.cost_fen == 0 && same.rules_added.is_empty());
    let stranger = CaseId::new(uuid::Uuid::from_u128(99));
    assert_eq!(reason(world.replay(stranger, "cn-2026.1").await), Reason::NotFound);
    assert_eq!(Remedy::Repair.number(), was.remedies[0].remedy);
}

/// Every decision of a store at once, as `parasol policy replay --data` does.
#[tokio::test]
async fn all_decisions_of_a_store_are_asked_of_another_pack() {
    let world = World::new().await;
    for _ in 0..3 {
        world.decided_on_day_twenty("cn-2026.1").await;
    }
    let files = longer("cn-2026.2", "2026-06-01").into_iter();
    let files: Vec<_> =
        files.map(|file| parasol_policy::PackFile::new(file.name, file.text)).collect();
    let new = Pack::read(&files).unwrap();
    let mut replay = Replay::new(&new, 2);
    let calendar = world.desk.submitter.rules().calendar;
    let store = &world.desk.store;
    let left_out = replay_all(store, &Shelf::builtin(), &new, &calendar, &mut replay).await;
    assert_eq!((left_out.unwrap(), replay.cases, replay.changed), (0, 3, 3));
    assert_eq!((replay.cost_fen, replay.differences.len()), (3 * PRICE, 2));
    let sums: Vec<_> = replay.by_rule.iter().map(|(id, sum)| (id.as_str(), sum.comes)).collect();
    assert_eq!(sums, [("R11", 3), ("R25", 3)]);
}

/// A promise that no program has heard of: tea with the technician within a day of the unit's arrival
/// at the workshop, or the money back with 500 points. Everything about it is in a file.
const TEA: &str = r#"
layer = "tea"
kind = "promise"
version = "1"
valid_from = "2026-01-01"
source = "the retailer's tea promise"

[[promise]]
id = "tea_within_a_day"
name_zh = "一日奉茶"
name_en = "Tea within a day"
given = "everybody"
categories = ["refrigerator"]
clock = { starts = "unit_received", minutes = 1440, counted_in = "natural", stops = "solved", pauses = "never" }
rules = ["R28-tea"]
payer = "seller"
source = "the retailer's tea promise"

[[rule]]
id = "R28-tea"
stage = "breach"
before = "R70-cost"
when = { kind = "quality", missed_any = ["tea_within_a_day"] }
then = { remedies = ["refund"], refund = "paid", points = 500 }
inspection = "none"
payer = "seller"
basis = "the retailer's tea promise"
say_zh = "一日内未奉茶，您可以选择全额退款，并获赠500积分。"
say_en = "There was no tea within a day: you can choose a full refund, and 500 points are yours."
"#;

const TEA_TESTS: &str = r#"
[[test]]
rule = "R28-tea"
source = "the retailer's tea promise"
case = "no tea within a day"
facts = { category = "refrigerator", province = "32", paid_fen = 399900, days = 100, cause = "product", promises = ["tea_within_a_day"], promises_missed = ["tea_within_a_day"] }
expect = { ruling = "offered", remedies = ["repair", "refund"], refund_fen = 399900, points = 500 }
near = { promises_missed = [] }
"#;

pub fn with_tea() -> Vec<PolicyFile> {
    let mut files = same("cn-2026.2", "2026-06-01");
    files[0].text.push_str("\n[[include]]\nfile = \"tea.toml\"\nversion = \"1\"\n");
    let file = |name: &str, text: &str| PolicyFile { name: name.to_owned(), text: text.to_owned() };
    files.extend([file("tea.toml", TEA), file("tea.tests.toml", TEA_TESTS)]);
    files
}

/// One more promise needs no program: published as a file, its clock is armed, its breach is due.
#[tokio::test]
async fn a_thirty_seventh_promise_is_a_file() {
    let world = World::new().await;
    world.publish(&world.id(), with_tea()).await.unwrap();
    let pack = {
        let shelf = Shelf::builtin();
        load_packs(&world.desk.store, &shelf).await.unwrap();
        shelf.of("cn-2026.2").unwrap()
    };
    // What a filing pins of it, as intake does.
    let filed = filing(100, Remedy::Repair);
    let unit = Scope {
        category: filed.category,
        brand: filed.brand.as_str(),
        province: "32".parse().unwrap(),
        kind: filed.kind,
        filed_on: world.desk.clock.now().shanghai_day(),
    };
    let mut terms = pack.terms(&unit, &[]);
    assert_eq!(terms.len(), 2, "the brand's 24 hours are everybody's as well");
    terms.retain(|term| term.promise == "tea_within_a_day");
    let id = world.on_site(Filing { terms, policy: "cn-2026.2".to_owned(), ..filed }).await;
    world.submit(id, world.certificate()).await;
    world.work().await;
    assert_eq!(world.case(id).await.stage, Stage::Repairing);
    let task = Task::Clock(Limit::Promise);
    assert!(world.case(id).await.owes(task).is_none(), "it has not begun");

    world.give(id, ActorKind::Centre, Command::ReportReceived).await;
    let received = world.desk.clock.now();
    let armed = *world.case(id).await.owes(task).unwrap();
    assert_eq!(armed.due, received + Span::days(1));
    world.miss(id, Limit::Promise).await;
    assert_eq!(world.case(id).await.promises_missed, ["tea_within_a_day"]);
    world.work().await;
    let case = world.case(id).await;
    let decision = case.decision.unwrap();
    assert!(decision.rules.iter().any(|rule| rule == "R28-tea"), "{:?}", decision.rules);
    let refund = decision.offered.iter().find(|one| one.remedy == Remedy::Refund).unwrap();
    assert_eq!((refund.amount_fen, refund.payer.as_str()), (PRICE, "seller"));
    assert_eq!(Case::replay(id, &world.log(id).await).unwrap().promises_missed.len(), 1);
}

/// What is solved in time breaks nothing.
#[tokio::test]
async fn a_promise_that_is_kept_leaves_no_trace() {
    let world = World::new().await;
    let clock = TermClock {
        starts: Trigger::UnitReceived,
        minutes: 1_440,
        counted_in: CountedIn::WorkingDays,
        stops: Stop::Solved,
        pauses: Pauses::Never,
        charged_to: Party::Retailer,
        worth: Worth::Always,
    };
    let terms = vec![Term { promise: "tea_within_a_day".to_owned(), clock: Some(clock) }];
    let id = world.on_site(Filing { terms, ..filing(100, Remedy::Repair) }).await;
    world.submit(id, world.certificate()).await;
    world.work().await;
    world.give(id, ActorKind::Centre, Command::ReportReceived).await;
    let task = Task::Clock(Limit::Promise);
    assert!(world.case(id).await.owes(task).is_some());
    world.give(id, ActorKind::Centre, Command::CompleteRepair).await;
    let case = world.case(id).await;
    assert!(case.owes(task).is_none() && case.promises_missed.is_empty());
    assert!(case.promises_running.is_empty());
}
