//! The brand's pages without a node.

use axum::http::StatusCode;
use parasol_api::Role;
use parasol_api::admin::v1::{Flow, FlowRow, ListFlowRequest, ListFlowResponse, StageFlow};
use parasol_api::common::v1::{Party, Stage};
use parasol_api::partner::v1::{FaultTrend, ListFaultTrendsRequest, ListFaultTrendsResponse};
use parasol_api::tracking::v1::{PartyTime, Timeline, TimelineEntry};

use crate::web::fixture::Browser;

const LIST: &str = "/parasol.admin.v1.OperationsService/ListFlow";
const TRENDS: &str = "/parasol.partner.v1.VerdictService/ListFaultTrends";

#[tokio::test]
async fn a_brand_sees_its_own_flow_and_asks_for_nobody_elses() {
    let mut browser = Browser::signed_in_at("/steward", Role::Brand).await;
    let stages = vec![StageFlow {
        stage: Stage::Repairing.into(),
        cases: 9,
        late: 1,
        ..StageFlow::default()
    }];
    let flow = Flow { stages, ..Flow::default() };
    browser.services.answer("/parasol.admin.v1.OperationsService/GetFlow", flow);
    let row = FlowRow { case_id: "case_9".into(), ..FlowRow::default() };
    let rows = ListFlowResponse { rows: vec![row], next_page_token: "abc".into() };
    browser.services.answer(LIST, rows);
    let page = browser.get("/steward").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("<strong>9</strong>open cases"), "{}", page.text);
    assert!(page.text.contains("/steward/cases/case_9"), "{}", page.text);
    let list = browser.get("/steward/cases?order=turn&turn=brand").await.text;
    assert!(list.contains("order=turn&amp;turn=brand&amp;page=abc"), "{list}");
    let asked = browser.services.asked::<ListFlowRequest>(LIST);
    assert_eq!(asked.last().unwrap().holder(), Party::Brand);
    assert!(
        asked.iter().all(|one| one.brand.is_empty()),
        "whose it is follows from the credential"
    );
}

#[tokio::test]
async fn a_case_shows_what_each_party_took_with_every_text_escaped() {
    let mut browser = Browser::signed_in_at("/steward", Role::Brand).await;
    let told = Timeline {
        party_times: vec![PartyTime { party: Party::Brand.into(), micros: 3_600_000_000 }],
        elapsed_micros: 3_600_000_000,
        entries: vec![TimelineEntry { headline: "<i>x</i>".into(), ..TimelineEntry::default() }],
        ..Timeline::default()
    };
    browser.services.answer("/parasol.tracking.v1.TrackingService/GetTimeline", told);
    let page = browser.get("/steward/cases/case_9").await.text;
    assert!(page.contains("1 h 0 min") && page.contains("&lt;i&gt;"), "{page}");
    let missing = {
        browser.services.answers.lock().unwrap().clear();
        browser.get("/steward/cases/case_10").await
    };
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn faults_are_held_against_the_period_before() {
    let mut browser = Browser::signed_in_at("/steward", Role::Brand).await;
    let trend = FaultTrend {
        sku: "AUR-RF-256".into(),
        batch: "AURRF25626".into(),
        fault_code: "F01".into(),
        cases: 12,
        cases_before: 7,
        by_product: 11,
        ..FaultTrend::default()
    };
    let told = ListFaultTrendsResponse {
        trends: vec![trend],
        group_min: 5,
        cases_not_shown: 3,
        ..ListFaultTrendsResponse::default()
    };
    browser.services.answer(TRENDS, told);
    let page = browser.get("/steward/faults?days=30").await.text;
    assert!(page.contains("AURRF25626") && page.contains("more than before"), "{page}");
    assert!(page.contains("fewer than 5"), "{page}");
    browser.get("/steward/faults?days=100000").await;
    let asked = browser.services.asked::<ListFaultTrendsRequest>(TRENDS);
    let days = |one: &ListFaultTrendsRequest| {
        (one.until.unwrap().seconds - one.from.unwrap().seconds) / 86_400
    };
    assert_eq!((days(&asked[0]), days(&asked[1])), (30, 90));
}
