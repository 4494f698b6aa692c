//! The board without a node: what it asks, what it shows, who gets in.

use axum::http::StatusCode;
use parasol_api::admin::v1::{
    Flow, FlowRow, ListFlowResponse, ListParkedTasksResponse, ListPartnerHealthResponse,
    ParkedTask, PartnerReach, RedriveTaskRequest, RedriveTaskResponse, StageFlow,
};
use parasol_api::common::v1::Stage;
use parasol_api::convert::to_timestamp;
use parasol_api::{Error, Reason, Role};
use parasol_journey::time::Span;

use crate::web::fixture::{Browser, noon};

const OPERATIONS: &str = "/parasol.admin.v1.OperationsService";
const REDRIVE: &str = "/parasol.admin.v1.OperationsService/RedriveTask";

async fn opened(role: Role) -> Browser {
    let browser = Browser::signed_in_at("/board", role).await;
    let services = &browser.services;
    let stage = |stage: Stage, cases, late| StageFlow {
        stage: stage.into(),
        cases,
        late,
        due_soon: 1,
        oldest_turn: Some(to_timestamp(noon() - Span::hours(3))),
    };
    let stages = vec![stage(Stage::Dispatched, 4, 0), stage(Stage::Deciding, 3, 2)];
    services.answer(&format!("{OPERATIONS}/GetFlow"), Flow { stages, ..Flow::default() });
    let row = FlowRow { case_id: "case_1".into(), brand: "<b>".into(), ..FlowRow::default() };
    let rows = ListFlowResponse { rows: vec![row], ..ListFlowResponse::default() };
    services.answer(&format!("{OPERATIONS}/ListFlow"), rows);
    let tasks = vec![ParkedTask {
        task_id: "case_1:pay".into(),
        kind: "pay".into(),
        error: "<script>".into(),
        ..ParkedTask::default()
    }];
    let parked = ListParkedTasksResponse { tasks, ..ListParkedTasksResponse::default() };
    services.answer(&format!("{OPERATIONS}/ListParkedTasks"), parked);
    let down = PartnerReach {
        brand: "borealis".into(),
        down_since: Some(to_timestamp(noon() - Span::minutes(42))),
        ..PartnerReach::default()
    };
    let up = PartnerReach { brand: "aurora".into(), webhooks: 1, ..PartnerReach::default() };
    services.answer(
        "/parasol.admin.v1.NetworkService/ListPartnerHealth",
        ListPartnerHealthResponse { partners: vec![up, down], ..Default::default() },
    );
    browser
}

#[tokio::test]
async fn an_operator_sees_counts_partners_and_parked_work() {
    let mut browser = opened(Role::Operator).await;
    let page = browser.get("/board").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let text = &page.text;
    assert!(text.contains("<strong>7</strong>open cases"), "{text}");
    assert!(text.contains("<span class=\"late\">2</span></strong>late"), "{text}");
    assert!(text.contains("/board/cases?stage=deciding") && text.contains("3 h 0 min"), "{text}");
    assert!(text.contains("down for 42 min"), "{text}");
    let row = |brand: &str| text.find(&format!("<th scope=\"row\">{brand}")).unwrap();
    let (first, second) = (row("borealis"), row("aurora"));
    assert!(first < second, "trouble comes first");
    assert!(text.contains("case_1:pay") && text.contains("Drive again"), "{text}");
    assert!(!text.contains("<script>x") && !text.contains("<b>"), "{text}");
    assert!(!text.contains("/desk/cases/"), "an operator opens no case");
}

#[tokio::test]
async fn a_manager_opens_cases_and_drives_nothing() {
    let mut browser = opened(Role::Manager).await;
    let text = browser.get("/board").await.text;
    assert!(text.contains("/desk/cases/case_1") && !text.contains("Drive again"), "{text}");
    let list = browser.get("/board/cases?stage=deciding&order=turn").await;
    assert!(list.text.contains("Oldest turns"), "{}", list.text);
}

#[tokio::test]
async fn a_task_is_driven_once_and_a_refusal_keeps_the_reason() {
    let mut browser = opened(Role::Operator).await;
    let page = browser.get("/board").await;
    let [token, id] = ["form_token", "request_id"].map(|name| page.hidden(name));
    let filled = [
        ("form_token", token.as_str()),
        ("request_id", &id),
        ("task_id", "case_1:pay"),
        ("reason", "mended"),
    ];
    browser.services.refuse(REDRIVE, Error::new(Reason::TaskSuperseded));
    let refused = browser.post("/board/redrive", &filled).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("TASK_SUPERSEDED") && refused.text.contains("mended"));
    browser.services.answer(REDRIVE, RedriveTaskResponse::default());
    let done = browser.post("/board/redrive", &filled).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let asked = browser.services.asked::<RedriveTaskRequest>(REDRIVE);
    assert_eq!((asked.len(), asked[1].reason.as_str()), (2, "mended"));
    assert_eq!(asked[0].request_id, asked[1].request_id);
    let stale = [("form_token", "00"), ("task_id", "case_1:pay"), ("reason", "x")];
    assert_eq!(browser.post("/board/redrive", &stale).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.services.asked::<RedriveTaskRequest>(REDRIVE).len(), 2);
}

#[tokio::test]
async fn others_are_not_let_in() {
    for role in [Role::Customer, Role::Agent, Role::Brand, Role::Centre] {
        let mut browser = Browser::open();
        let page = browser.get("/board/sign-in").await;
        let (token, credential) = (page.hidden("form_token"), browser.credential(role));
        let fields = [("form_token", token.as_str()), ("credential", &credential)];
        let answer = browser.post("/board/sign-in", &fields).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{role}");
    }
}

#[tokio::test]
async fn an_objection_of_a_brand_is_answered_with_a_word_that_is_not_guessed() {
    use parasol_api::tracking::v1::*;
    const SCORES: &str = "/parasol.tracking.v1.ScoreService";
    let mut browser = Browser::signed_in_at("/board", Role::Manager).await;
    let one = ScoreObjection {
        objection_id: "obj_1".into(),
        etag: "v1".into(),
        case_id: "case_1".into(),
        text: "a <holiday>".into(),
        state: ObjectionState::Raised.into(),
        ..ScoreObjection::default()
    };
    let found = ListObjectionsResponse { objections: vec![one.clone()], ..Default::default() };
    browser.services.answer(&format!("{SCORES}/ListObjections"), found);
    let page = browser.get("/board/objections").await;
    assert!(page.text.contains("a &lt;holiday&gt;"), "{}", page.text);
    assert!(page.text.contains("/desk/cases/case_1"), "{}", page.text);
    let path = format!("{SCORES}/AnswerObjection");
    browser.services.answer(&path, one);
    let [token, id] = ["form_token", "request_id"].map(|name| page.hidden(name));
    let own = [("form_token", token.as_str()), ("request_id", &id), ("text", "no"), ("etag", "v1")];
    let unsaid = browser.post("/board/objections/obj_1", &own).await;
    assert_eq!(unsaid.status, StatusCode::BAD_REQUEST, "{}", unsaid.text);
    let said: Vec<_> = own.into_iter().chain([("upheld", "no")]).collect();
    let done = browser.post("/board/objections/obj_1", &said).await;
    assert_eq!(done.location(), "/board/objections?done=answer");
    let asked = browser.services.asked::<AnswerObjectionRequest>(&path);
    assert_eq!((asked.len(), asked[0].upheld, asked[0].etag.as_str()), (1, false, "v1"));
}
