//! The register of the retailer's people: one account each, every change kept, out of use at once.

use parasol_api::admin::v1::staff_certification::Subject;
use parasol_api::admin::v1::staff_service_server::StaffService as _;
use parasol_api::admin::v1::*;
use parasol_api::common::v1::Category as WireCategory;
use parasol_api::convert::{Listed as _, to_timestamp};
use parasol_api::verification::v1::DecideManuallyRequest;
use parasol_api::verification::v1::decision_service_server::DecisionService as _;
use parasol_api::{Reason, Role};
use parasol_bell::{Bell, Heard, Ring};
use parasol_casebook::{Engine, Store};
use parasol_journey::event::Path;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_journey::vocab::Remedy;
use parasol_journey::{ActorKind, Command};
use parasol_runtime::identity::{Principal, Staff};
use parasol_verification::Verification;
use sea_orm::{ConnectionTrait as _, Statement};
use tonic::{Request, Response, Status};

use crate::tills::Cell;
use crate::world::{World, by, fields, filing, reason, refused};

/// Numbers of resident identity cards that check.
const CARDS: [&str; 2] = ["11010519491231002X", "440524188001010014"];
/// A name that must be nowhere but in the vault.
const NAME: &str = "欧阳验真";
pub fn operator<T>(message: T) -> Request<T> {
    by(Role::Operator, "o-1", message)
}

fn identity(number: &str) -> StaffIdentity {
    StaffIdentity {
        name: NAME.to_owned(),
        kind: IdentityKind::ResidentId.into(),
        number: number.to_owned(),
    }
}

/// A passport that is nobody else's.
fn passport(subject: &str) -> StaffIdentity {
    let number = format!("P{}", subject.replace('-', "0")) + "0000";
    StaffIdentity { name: NAME.to_owned(), kind: IdentityKind::Passport.into(), number }
}

pub fn fridges() -> StaffCertification {
    let subject = Some(Subject::Category(WireCategory::Refrigerator.into()));
    StaffCertification { subject, ..StaffCertification::default() }
}

pub fn named(name: &str) -> StaffCertification {
    StaffCertification { subject: Some(Subject::Name(name.to_owned())), ..fridges() }
}

fn registration(world: &World, subject: &str, identity: StaffIdentity) -> RegisterStaffRequest {
    RegisterStaffRequest {
        request_id: world.id(),
        subject: subject.to_owned(),
        role: AuthorityRole::Agent.into(),
        identity: Some(identity),
        unit: "cooling".to_owned(),
        team: "north".to_owned(),
        ..RegisterStaffRequest::default()
    }
}

impl World {
    pub async fn register(
        &self,
        subject: &str,
        role: AuthorityRole,
        held: Vec<StaffCertification>,
    ) {
        let request = RegisterStaffRequest {
            role: role.into(),
            certifications: held,
            ..registration(self, subject, passport(subject))
        };
        self.service.register_staff(operator(request)).await.unwrap();
    }

    fn suspension(&self, subject: &str) -> SuspendStaffRequest {
        SuspendStaffRequest {
            request_id: self.id(),
            subject: subject.to_owned(),
            reason: StaffSuspensionReason::Fraud.into(),
            remark: format!("{NAME} was seen elsewhere"),
            ..SuspendStaffRequest::default()
        }
    }

    pub async fn suspend(&self, subject: &str) -> StaffMember {
        let answer = self.service.suspend_staff(operator(self.suspension(subject))).await;
        answer.unwrap().into_inner()
    }

    /// Whether the edge lets somebody in.
    fn admits(&self, role: Role, subject: &str) -> Result<(), Reason> {
        let caller = Principal::new(role, subject);
        self.service.roll().staff().admit(&caller).map(|_| ())
    }

    async fn changes(&self, subject: &str) -> Vec<StaffChange> {
        let subject = subject.to_owned();
        let request = ListStaffChangesRequest { subject, ..ListStaffChangesRequest::default() };
        let answer = self.service.list_staff_changes(operator(request)).await;
        answer.unwrap().into_inner().changes
    }
}

fn taken_by(answer: Result<Response<StaffMember>, Status>) -> String {
    let error = refused(answer);
    assert_eq!(error.reason(), Reason::StaffTaken);
    error.metadata()["subject"].clone()
}

#[tokio::test]
async fn one_person_has_one_account_and_one_account_one_person() {
    let world = World::new().await;
    let first = registration(&world, "a-17", identity(CARDS[0]));
    let answer = world.service.register_staff(operator(first.clone())).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!((answer.subject.as_str(), answer.role()), ("a-17", AuthorityRole::Agent));
    assert_eq!((answer.name.as_str(), answer.etag.as_str()), ("", "\"1\""));
    let again = world.service.register_staff(operator(first)).await.unwrap().into_inner();
    assert_eq!(again, answer, "a repetition gets the same answer");

    for number in [CARDS[0], "11010519491231002x", " 110105 19491231-002X"] {
        let second = registration(&world, "a-18", identity(number));
        let second = world.service.register_staff(operator(second)).await;
        assert_eq!(taken_by(second), "a-17", "{number}");
    }
    let other = registration(&world, "a-17", identity(CARDS[1]));
    assert_eq!(taken_by(world.service.register_staff(operator(other)).await), "a-17");
    let wrong = registration(&world, "a 19", identity("110105194912310021"));
    let error = refused(world.service.register_staff(operator(wrong)).await);
    assert_eq!(fields(&error), ["subject", "identity.number"]);

    // A document that was typed wrong is corrected, and is then free for whose it is.
    let update = |subject: &str, number: &str| UpdateStaffRequest {
        request_id: world.id(),
        subject: subject.to_owned(),
        identity: Some(identity(number)),
        remark: "a slip of the pen".to_owned(),
        ..UpdateStaffRequest::default()
    };
    world.service.update_staff(operator(update("a-17", CARDS[1]))).await.unwrap();
    let second = registration(&world, "a-18", identity(CARDS[0]));
    world.service.register_staff(operator(second)).await.unwrap();
    let swap = world.service.update_staff(operator(update("a-17", CARDS[0]))).await;
    assert_eq!(taken_by(swap), "a-18");
    assert!(world.changes("a-17").await[0].identity_corrected);
}

#[tokio::test]
async fn of_two_at_the_same_moment_one_gets_the_account() {
    let world = World::new().await;
    for card in CARDS {
        let register = |subject| {
            let request = registration(&world, subject, identity(card));
            world.service.register_staff(operator(request))
        };
        let (one, two) = (format!("x-{card}"), format!("y-{card}"));
        let (first, second) = tokio::join!(register(&one), register(&two));
        assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1, "{card}");
        let lost = if first.is_ok() { second } else { first };
        assert_eq!(reason(lost), Reason::StaffTaken);
    }
}

#[tokio::test]
async fn names_and_documents_lie_sealed_in_the_vault_and_nowhere_else() {
    let world = World::new().await;
    let request = registration(&world, "a-17", identity(CARDS[0]));
    world.service.register_staff(operator(request)).await.unwrap();
    world.suspend("a-17").await;
    let store = &world.desk.store;
    let secrets = [NAME, CARDS[0]]
        .map(|secret| secret.bytes().map(|byte| format!("{byte:02X}")).collect::<String>());
    let mut found = Vec::new();
    for table in column(store, "SELECT name FROM sqlite_master WHERE type = 'table'").await {
        let names = column(store, &format!("SELECT name FROM pragma_table_info('{table}')")).await;
        for name in names {
            // As bytes: answers are no text.
            let bytes = format!("SELECT hex(CAST({name} AS BLOB)) FROM {table}");
            let bytes = column(store, &bytes).await;
            let shows = |row: &String| secrets.iter().any(|secret| row.contains(secret));
            if bytes.iter().any(shows) {
                found.push(format!("{table}.{name}"));
            }
        }
    }
    assert_eq!(found, [""; 0]);

    // Shown to whom it concerns, the document in part and to operators alone.
    let get = |role, subject: &str, of: &str| {
        world.service.get_staff(by(role, subject, GetStaffRequest { subject: of.to_owned() }))
    };
    let told = get(Role::Operator, "o-1", "a-17").await.unwrap().into_inner();
    assert_eq!((told.name.as_str(), told.identity_masked.as_str()), (NAME, "1101************2X"));
    for (role, subject) in [(Role::Manager, "m-1"), (Role::Agent, "a-17")] {
        let told = get(role, subject, "a-17").await.unwrap().into_inner();
        assert_eq!((told.name.as_str(), told.identity_masked.as_str()), (NAME, ""));
    }
    assert_eq!(reason(get(Role::Agent, "a-18", "a-17").await), Reason::NotFound);
    assert_eq!(reason(get(Role::Operator, "o-1", "a-18").await), Reason::NotFound);
}

pub async fn column(store: &Store, sql: &str) -> Vec<String> {
    let statement = Statement::from_string(store.reader().get_database_backend(), sql);
    let rows = store.reader().query_all_raw(statement).await.unwrap();
    rows.iter().filter_map(|row| row.try_get_by_index(0).ok()).collect()
}

#[tokio::test]
async fn every_change_is_kept_with_who_made_it_and_why() {
    let world = World::new().await;
    world.register("a-17", AuthorityRole::Agent, vec![fridges()]).await;
    let suspended = world.suspend("a-17").await;
    let told = suspended.suspension.clone().unwrap();
    assert_eq!((told.reason(), told.by.as_str()), (StaffSuspensionReason::Fraud, "operator:o-1"));
    let restore = |etag: &str| RestoreStaffRequest {
        request_id: world.id(),
        subject: "a-17".to_owned(),
        remark: "it was a twin".to_owned(),
        etag: etag.to_owned(),
    };
    let stale = world.service.restore_staff(operator(restore("\"1\""))).await;
    assert_eq!(reason(stale), Reason::VersionConflict);
    let back = world.service.restore_staff(operator(restore(&suspended.etag))).await.unwrap();
    assert_eq!(back.into_inner().suspension, None);
    let update = UpdateStaffRequest {
        request_id: world.id(),
        subject: "a-17".to_owned(),
        role: Some(AuthorityRole::Manager.into()),
        score: Some(870),
        remark: "promoted".to_owned(),
        ..UpdateStaffRequest::default()
    };
    let after = world.service.update_staff(operator(update)).await.unwrap().into_inner();
    assert_eq!((after.role(), after.score, &*after.team), (AuthorityRole::Manager, 870, "north"));
    let away = DecertifyStaffRequest {
        request_id: world.id(),
        subject: "a-17".to_owned(),
        certification: Some(fridges()),
        remark: "the examination is void".to_owned(),
        ..DecertifyStaffRequest::default()
    };
    let after = world.service.decertify_staff(operator(away.clone())).await.unwrap().into_inner();
    assert_eq!(after.certifications, []);
    let twice = DecertifyStaffRequest { request_id: world.id(), ..away };
    let twice = world.service.decertify_staff(operator(twice)).await;
    assert_eq!(reason(twice), Reason::NotFound);

    use StaffChangeKind::{Decertified, Registered, Restored, Suspended, Updated};
    let changes = world.changes("a-17").await;
    let told: Vec<_> = changes.iter().map(|one| (one.kind(), one.remark.as_str())).collect();
    let seen = format!("{NAME} was seen elsewhere");
    let expected = [
        (Decertified, "the examination is void"),
        (Updated, "promoted"),
        (Restored, "it was a twin"),
        (Suspended, seen.as_str()),
        (Registered, ""),
    ];
    assert_eq!(told, expected);
    assert_eq!(changes[3].reason(), StaffSuspensionReason::Fraud);
    assert_eq!((changes[2].role(), changes[1].role()), (AuthorityRole::Agent, after.role()));
    assert!(changes.iter().all(|one| one.by == "operator:o-1"));
    let wordless = SuspendStaffRequest {
        reason: StaffSuspensionReason::Other.into(),
        remark: String::new(),
        ..world.suspension("a-17")
    };
    let error = refused(world.service.suspend_staff(operator(wordless)).await);
    assert_eq!(fields(&error), ["remark"]);
    let nobody = world.service.suspend_staff(operator(world.suspension("a-99"))).await;
    assert_eq!(reason(nobody), Reason::NotFound);
}

#[tokio::test]
async fn the_register_is_listed_page_by_page_and_by_team() {
    let world = World::new().await;
    for subject in ["a-3", "a-1", "a-2"] {
        world.register(subject, AuthorityRole::Agent, vec![fridges()]).await;
    }
    let other = RegisterStaffRequest {
        team: "south".to_owned(),
        ..registration(&world, "a-4", passport("a-4"))
    };
    world.service.register_staff(operator(other)).await.unwrap();
    world.suspend("a-2").await;
    let list = |request: ListStaffRequest| {
        let service = world.service.clone();
        async move { service.list_staff(operator(request)).await.unwrap().into_inner() }
    };
    let (mut told, mut page_token) = (Vec::new(), String::new());
    loop {
        let page = list(ListStaffRequest { page_size: 3, page_token, ..Default::default() }).await;
        told.extend(page.members.into_iter().map(|one| (one.subject, one.certifications.len())));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let expected = [("a-1", 1), ("a-2", 1), ("a-3", 1), ("a-4", 0)];
    assert_eq!(told, expected.map(|(subject, held)| (subject.to_owned(), held)));
    let subjects = |page: ListStaffResponse| -> Vec<_> {
        page.members.into_iter().map(|one| one.subject).collect()
    };
    let south = list(ListStaffRequest { team: "south".to_owned(), ..Default::default() }).await;
    assert_eq!(subjects(south), ["a-4"]);
    let out = list(ListStaffRequest { suspended_only: true, ..Default::default() }).await;
    assert_eq!(out.members[0].name, NAME);
    assert_eq!(subjects(out), ["a-2"]);
    let forged = ListStaffRequest { page_token: "00".to_owned(), ..Default::default() };
    let forged = world.service.list_staff(operator(forged)).await;
    assert_eq!(reason(forged), Reason::PageTokenInvalid);
}

#[tokio::test]
async fn who_is_suspended_is_out_before_the_operator_has_the_answer() {
    let world = World::new().await;
    assert_eq!(world.admits(Role::Agent, "a-17"), Ok(()), "not registered, and let in");
    world.register("a-17", AuthorityRole::Agent, vec![]).await;
    assert_eq!(world.admits(Role::Agent, "a-17"), Ok(()));
    assert_eq!(world.admits(Role::Manager, "a-17"), Err(Reason::StaffRoleOther));
    world.suspend("a-17").await;
    assert_eq!(world.admits(Role::Agent, "a-17"), Err(Reason::StaffSuspended));
    let restore = RestoreStaffRequest {
        request_id: world.id(),
        subject: "a-17".to_owned(),
        remark: "cleared".to_owned(),
        ..RestoreStaffRequest::default()
    };
    world.service.restore_staff(operator(restore)).await.unwrap();
    assert_eq!(world.admits(Role::Agent, "a-17"), Ok(()));
}

mod on_sqlite {
    #[tokio::test]
    async fn a_suspension_reaches_another_process_and_figures_add_up() {
        Box::pin(super::two_processes(super::Cell::on_sqlite().await)).await;
    }
}

mod on_postgres {
    #[tokio::test]
    async fn a_suspension_reaches_another_process_and_figures_add_up() {
        Box::pin(super::two_processes(super::Cell::on_postgres("staff").await)).await;
    }
}

/// Two processes on one database, with and without a bell between them. On the embedded engine the second is
/// another service beside the same committer.
async fn two_processes(cell: Cell) {
    let first = cell.process().await;
    let second = match cell.engine() {
        Engine::Sqlite => None,
        Engine::Postgres => Some(cell.process().await),
    };
    let bell = Bell::in_process();
    let mut rings = bell.listen();
    let here = first.service.clone().with_staff(Staff::default(), bell);
    let beside = second.as_ref().unwrap_or(&first);
    let there =
        Verification::new(beside.desk.clone()).with_staff(Staff::new(true), Bell::in_process());
    let caller = Principal::new(Role::Agent, "a-17");
    let told = |service: &Verification| service.roll().staff().admit(&caller).map(|_| ()).err();
    assert_eq!((told(&here), told(&there)), (None, Some(Reason::StaffUnregistered)));

    let request = RegisterStaffRequest {
        request_id: cell.id(),
        subject: "a-17".to_owned(),
        role: AuthorityRole::Agent.into(),
        identity: Some(identity(CARDS[0])),
        ..RegisterStaffRequest::default()
    };
    here.register_staff(operator(request)).await.unwrap();
    assert_eq!(rings.next().await, Heard::Ring(Ring::Staff));
    assert_eq!(told(&there), Some(Reason::StaffUnregistered), "it has not looked yet");
    assert!(there.roll().run_once().await.unwrap());
    assert!(!there.roll().run_once().await.unwrap(), "nothing new");
    assert_eq!(told(&there), None);
    let suspension = SuspendStaffRequest {
        request_id: cell.id(),
        subject: "a-17".to_owned(),
        reason: StaffSuspensionReason::Left.into(),
        ..SuspendStaffRequest::default()
    };
    here.suspend_staff(operator(suspension)).await.unwrap();
    assert_eq!(told(&here), Some(Reason::StaffSuspended));
    let leaving = there.roll().staff().departure(caller.clone());
    there.roll().run_once().await.unwrap();
    assert_eq!(leaving.await, Reason::StaffSuspended);

    // Queries of figures, on this engine.
    let now = cell.clock.now();
    let request = GetStaffFiguresRequest {
        subject: "a-17".to_owned(),
        from: Some(to_timestamp(now - Span::days(1))),
        until: Some(to_timestamp(now + Span::days(30))),
    };
    let id = CaseId::new(cell.ids.next());
    let mut filing = filing(3, Remedy::Refund);
    filing.wants = None;
    beside.desk.submitter.submit(crate::world::filed(id, filing)).await.unwrap();
    let triage = Command::Triage { path: Path::NoVisit, rules: vec![] };
    assert!(beside.give(id, ActorKind::Policy, triage).await);
    let decide = DecideManuallyRequest {
        request_id: cell.id(),
        case_id: id.to_string(),
        remedies: vec![Remedy::Refund.number()],
        reason: "seen".to_owned(),
        ..DecideManuallyRequest::default()
    };
    there.decide_manually(by(Role::Agent, "a-17", decide)).await.unwrap();
    let figures = here.get_staff_figures(operator(request)).await.unwrap().into_inner();
    assert_eq!((figures.cases, figures.decisions, figures.reopened), (1, 1, 0));
    let ranking = ListStaffRankingRequest {
        figure: StaffFigure::Cases.into(),
        from: Some(to_timestamp(now - Span::days(1))),
        until: Some(to_timestamp(now + Span::days(30))),
        ..ListStaffRankingRequest::default()
    };
    let ranked = here.list_staff_ranking(operator(ranking)).await.unwrap().into_inner();
    assert_eq!((ranked.ranks[0].value, ranked.ranks[0].place, ranked.ranked), (1, 0, 0));
}
