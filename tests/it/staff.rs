//! The retailer's people at the edge: suspended in one process they are out of every other within a second,
//! running streams and REST included; and a house that lets in nobody who is not registered.

use std::time::Duration;

use parasol_api::Error;
use parasol_runtime::identity::{Principal, Role};
use parasol_testkit::Postgres;
use serde_json::{Value, json};
use tonic::Status;

use crate::bad_input::{file, filing};
use crate::house::{House, texts};
use crate::http;

const WATCH: &str = "/parasol.tracking.v1.TrackingService/WatchCase";
const GET_CASE: &str = "/parasol.intake.v1.IntakeService/GetCase";
const ANSWER: &str = "/parasol.intake.v1.IntakeService/AnswerReminder";
const REGISTER: &str = "/parasol.admin.v1.StaffService/RegisterStaff";
const SUSPEND: &str = "/parasol.admin.v1.StaffService/SuspendStaff";
const RESTORE: &str = "/parasol.admin.v1.StaffService/RestoreStaff";
/// How long a stream may take to end before the test gives up. It ends within a second of an idle machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn operator() -> Principal {
    Principal::new(Role::Operator, "op-1")
}

fn agent(subject: &str) -> Principal {
    Principal::new(Role::Agent, subject)
}

fn registration(subject: &str, number: &str) -> Value {
    json!({
        "subject": subject, "role": "AUTHORITY_ROLE_AGENT",
        "identity": {"name": "王五", "kind": "IDENTITY_KIND_PASSPORT", "number": number},
    })
}

fn suspension(subject: &str) -> Value {
    json!({"subject": subject, "reason": "STAFF_SUSPENSION_REASON_CREDENTIAL"})
}

/// What a stream ends with; entries before its end are passed over.
async fn ended(mut stream: tonic::Streaming<prost_reflect::DynamicMessage>) -> Status {
    let end = async {
        loop {
            match stream.message().await {
                Ok(Some(_)) => {}
                Ok(None) => return Status::ok("the stream ended well"),
                Err(status) => return status,
            }
        }
    };
    tokio::time::timeout(PATIENCE, end).await.expect("the stream goes on")
}

fn reason(status: &Status) -> &'static str {
    Error::from_status(status).reason().code()
}

/// The reason of a refused GET, or nothing.
async fn over_rest(house: &House, caller: &Principal, case: &str) -> String {
    let token = house.node.tokens().token(caller);
    let line = format!("GET /v1/cases/{case}");
    let answer = http::ask(house.node.http, Some(&token), &line, "").await.json();
    answer["reason"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_suspended_is_out_of_every_way_in_and_comes_back() {
    let house = House::open().await;
    let filed = file(&house, filing()).await.expect("a good filing is taken");
    let case = filed.case.expect("a case").case_id;
    house.act(&operator(), REGISTER, &registration("a-1", "E0000001")).await;
    let theirs = house.open_stream(&agent("a-1"), WATCH, &json!({"case_id": case})).await;
    let others = house.open_stream(&agent("a-2"), WATCH, &json!({"case_id": case})).await;
    let (theirs, mut others) = (theirs.expect("it opens"), others.expect("it opens"));
    others.message().await.expect("it goes on").expect("an entry");
    assert_eq!(over_rest(&house, &agent("a-1"), &case).await, "");

    house.act(&operator(), SUSPEND, &suspension("a-1")).await;
    assert_eq!(reason(&ended(theirs).await), "STAFF_SUSPENDED");
    for (path, body) in [
        (GET_CASE, json!({"case_id": case})),
        (WATCH, json!({"case_id": case})),
        (ANSWER, json!({"case_id": case, "text": "soon"})),
    ] {
        let told = house.try_out(&agent("a-1"), path, &body).await;
        assert_eq!(told.reason, "STAFF_SUSPENDED", "{path}");
        let told = house.try_out(&Principal::new(Role::Manager, "a-1"), path, &body).await;
        assert_eq!(told.reason, "STAFF_SUSPENDED", "{path}, in whatever role");
    }
    assert_eq!(over_rest(&house, &agent("a-1"), &case).await, "STAFF_SUSPENDED");
    // Somebody else's stream has not ended.
    let more = tokio::time::timeout(Duration::from_millis(300), ended(others)).await;
    assert!(more.is_err(), "{more:?}");

    let back = json!({"subject": "a-1", "remark": "a new credential"});
    house.act(&operator(), RESTORE, &back).await;
    house.act(&agent("a-1"), GET_CASE, &json!({"case_id": case})).await;
    house.act(&agent("a-1"), ANSWER, &json!({"case_id": case, "text": "tomorrow"})).await;
    let said = "SELECT principal FROM commands WHERE method = 'AnswerReminder'";
    assert_eq!(texts(&house.node.store, said).await, ["agent:a-1"], "the audit names the person");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspension_at_one_process_ends_streams_at_another() {
    let url = Postgres::shared().expect("a server").fresh_database("people");
    let url = url.expect("a database");
    let here = House::set(&[("database_url", &url)]).await;
    let examples = parasol::demo::EXAMPLES.iter();
    let examples = examples.map(|(name, text)| parasol::import::Source::text(name, text));
    here.load(examples.collect()).await;
    let there = here.beside(&[("database_url", &url)]).await;
    let filed = file(&here, filing()).await.expect("a good filing is taken");
    let body = json!({"case_id": filed.case.expect("a case").case_id});
    here.act(&operator(), REGISTER, &registration("a-1", "E0000001")).await;
    let stream = there.open_stream(&agent("a-1"), WATCH, &body).await.expect("it opens");
    here.act(&operator(), SUSPEND, &suspension("a-1")).await;
    assert_eq!(here.try_out(&agent("a-1"), GET_CASE, &body).await.reason, "STAFF_SUSPENDED");
    // No bell between the two: the other process looks once a second.
    assert_eq!(reason(&ended(stream).await), "STAFF_SUSPENDED");
    assert_eq!(there.try_out(&agent("a-1"), GET_CASE, &body).await.reason, "STAFF_SUSPENDED");
    there.leave().await;
    here.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_did_is_the_same_in_their_figures_and_in_their_scorecard() {
    let house = House::open().await;
    let wanted = filing();
    let customer = Principal::new(Role::Customer, crate::bad_input::filer());
    let filed = file(&house, wanted).await.expect("a good filing is taken");
    let case = filed.case.expect("a case").case_id;
    house.act(&operator(), REGISTER, &registration("a-1", "E0000001")).await;
    let chase = json!({"case_id": case});
    house.act(&customer, "/parasol.intake.v1.IntakeService/RemindCase", &chase).await;
    house.act(&agent("a-1"), ANSWER, &json!({"case_id": case, "text": "tomorrow"})).await;

    let figures = json!({
        "subject": "a-1", "from": "2026-06-01T00:00:00Z", "until": "2026-07-01T00:00:00Z",
    });
    let figures =
        house.act(&agent("a-1"), "/parasol.admin.v1.StaffService/GetStaffFigures", &figures).await;
    let of_register = [&figures["cases"], &figures["chases_answered"], &figures["chases_in_time"]];
    assert!(of_register.iter().all(|one| one.as_str() == Some("1")), "{figures}");

    let card = json!({"level": "SCORE_LEVEL_AGENT", "subject": "a-1", "period": "2026-06"});
    let path = "/parasol.tracking.v1.ScoreService/GetScorecard";
    let counted = tokio::time::timeout(PATIENCE, async {
        loop {
            let told = house.try_out(&agent("a-1"), path, &card).await;
            if told.reason.is_empty() {
                return;
            }
            tokio::task::yield_now().await;
        }
    });
    counted.await.expect("it is counted");
    let card = house.act(&agent("a-1"), path, &card).await;
    let of = |indicator: &str| {
        let figures = card["figures"].as_array().expect("figures");
        let one = figures.iter().find(|one| one["indicator"] == indicator);
        let one = one.unwrap_or_else(|| panic!("{indicator} is not counted: {card}"));
        (one["numerator"].clone(), one["denominator"].clone())
    };
    assert_eq!(of("chases_in_time"), (json!("1"), json!("1")));
    assert_eq!(of("agent_acts"), (json!("1"), json!("1")), "entries of theirs, and cases");
    let other = json!({"level": "SCORE_LEVEL_AGENT", "subject": "a-1", "period": "2026-06"});
    assert_eq!(house.try_out(&agent("a-2"), path, &other).await.reason, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_house_may_let_in_registered_people_only() {
    let house = House::set(&[("staff.registered_only", "true")]).await;
    let body = json!({"case_id": "case_0190000000007000800000000000000f"});
    for caller in [agent("a-1"), Principal::new(Role::Manager, "m-1")] {
        let told = house.try_out(&caller, GET_CASE, &body).await;
        assert_eq!(told.reason, "STAFF_UNREGISTERED");
    }
    house.act(&operator(), REGISTER, &registration("a-1", "E0000001")).await;
    assert_eq!(house.try_out(&agent("a-1"), GET_CASE, &body).await.reason, "NOT_FOUND");
    let manager = Principal::new(Role::Manager, "a-1");
    assert_eq!(house.try_out(&manager, GET_CASE, &body).await.reason, "STAFF_ROLE_OTHER");
    let customer = Principal::new(Role::Customer, "a-9");
    assert_eq!(house.try_out(&customer, GET_CASE, &body).await.reason, "NOT_FOUND");
}
