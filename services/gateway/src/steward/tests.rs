//! The brand's pages without a node.

use axum::http::StatusCode;
use parasol_api::Role;
use parasol_api::admin::v1::{Flow, FlowRow, ListFlowRequest, ListFlowResponse, StageFlow};
use parasol_api::common::v1::{Money, Party, Stage};
use parasol_api::partner::v1::{FaultTrend, ListFaultTrendsRequest, ListFaultTrendsResponse};
use parasol_api::tracking::v1::{
    GetScorecardRequest, Indicator, ListObjectionsResponse, ListRankingResponse,
    ListScoreCasesRequest, ListScoreCasesResponse, ObjectionState, PartyTime,
    RaiseObjectionRequest, RankingRow, ScoreCase, ScoreFigure, ScoreGroup, ScoreLevel,
    ScoreObjection, ScorePeriodState, ScoreUnit, Scorecard, Timeline, TimelineEntry,
};
use parasol_api::verification::v1::{
    Claim, ClaimKind, ClaimState, ListClaimsRequest, ListClaimsResponse,
};
use parasol_api::{Error, Reason};

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

const SCORES: &str = "/parasol.tracking.v1.ScoreService";

fn card(state: ScorePeriodState) -> Scorecard {
    let indicator = Indicator {
        indicator: "on_time".into(),
        name: "Visits <on> time".into(),
        group: ScoreGroup::In.into(),
        unit: ScoreUnit::Share.into(),
        numerator: "arrivals".into(),
        denominator: "visits".into(),
        weight: 25,
        ..Indicator::default()
    };
    let figure = ScoreFigure {
        indicator: "on_time".into(),
        numerator: 45,
        denominator: 50,
        excluded: 2,
        value: 900_000,
        points: 770,
        ..ScoreFigure::default()
    };
    Scorecard {
        period: "2026-05".into(),
        state: state.into(),
        published_at: Some(parasol_api::convert::to_timestamp(crate::web::fixture::noon())),
        figures: vec![figure],
        indicators: vec![indicator],
        rank: 2,
        ranked: 7,
        points: 640,
        ..Scorecard::default()
    }
}

#[tokio::test]
async fn a_figure_opens_the_cases_behind_it_and_a_month_is_seen_before_it_is_published() {
    let mut browser = Browser::signed_in_at("/steward", Role::Brand).await;
    let path = format!("{SCORES}/GetScorecard");
    browser.services.answer(&path, card(ScorePeriodState::Preview));
    let page = browser.get("/steward/scores?category=television").await.text;
    assert!(page.contains("id=\"preview\"") && page.contains("<strong>2 / 7</strong>"), "{page}");
    assert!(page.contains("90.0%") && page.contains("Visits &lt;on&gt; time"), "{page}");
    let cases = "/steward/scores/cases?month=2026-05&amp;category=television&amp;indicator=on_time";
    assert!(page.contains(cases), "{page}");
    let asked = browser.services.asked::<GetScorecardRequest>(&path);
    assert_eq!(asked.len(), 9, "one of each category");
    assert!(asked.iter().all(|one| one.subject == "aurora-hz-01" && one.period == "2026-05"));
    assert!(asked.iter().all(|one| one.level() == ScoreLevel::Brand));
    browser.get("/steward/scores?of=retailer").await;
    let asked = browser.services.asked::<GetScorecardRequest>(&path);
    assert_eq!(asked.last().unwrap().level(), ScoreLevel::Retailer);

    let behind = |id: &str, excluded: &str| ScoreCase {
        case_id: id.into(),
        value: 1,
        excluded: excluded.into(),
        ..ScoreCase::default()
    };
    let list = format!("{SCORES}/ListScoreCases");
    let found = ListScoreCasesResponse {
        cases: vec![behind("case_1", ""), behind("case_2", "customer_absent")],
        next_page_token: "next".into(),
    };
    browser.services.answer(&list, found);
    let page = browser.get(&cases.replace("&amp;", "&")).await.text;
    assert!(page.contains("/steward/cases/case_1") && page.contains("nobody at home"), "{page}");
    let object = "/steward/objections?month=2026-05&amp;category=television&amp;indicator=on_time";
    assert!(page.contains(&format!("{object}&amp;case=case_1")), "in the preview: {page}");
    assert!(page.contains("indicator=on_time&amp;page=next"), "{page}");
    let asked = browser.services.asked::<ListScoreCasesRequest>(&list);
    assert_eq!((asked[0].indicator.as_str(), asked[0].period.as_str()), ("on_time", "2026-05"));

    browser.services.answer(&path, card(ScorePeriodState::Published));
    let page = browser.get(&cases.replace("&amp;", "&")).await.text;
    assert!(!page.contains(object), "what is frozen is not objected to");
    let unknown = browser.get("/steward/scores/cases?category=television&indicator=x").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_brand_finds_itself_in_the_ranking_and_sums_what_it_is_charged() {
    let mut browser = Browser::signed_in_at("/steward", Role::Brand).await;
    let row = |subject: &str, rank: i32| RankingRow {
        subject: subject.into(),
        rank,
        points: 600,
        group_points: vec![500, -1, 700, 400],
        ..RankingRow::default()
    };
    let found = ListRankingResponse {
        period: "2026-05".into(),
        rows: vec![row("borealis", 1), row("aurora-hz-01", 2)],
        ..ListRankingResponse::default()
    };
    browser.services.answer(&format!("{SCORES}/ListRanking"), found);
    let page = browser.get("/steward/ranking?category=fan").await.text;
    assert_eq!(page.matches("<tr aria-current=\"true\">").count(), 1, "{page}");
    assert!(page.contains("aurora-hz-01 (us)"), "{page}");
    browser.services.refuse(&format!("{SCORES}/ListRanking"), Error::new(Reason::NotFound));
    let page = browser.get("/steward/ranking").await;
    assert_eq!(page.status, StatusCode::OK, "nothing published is no failure");

    let claim = |fen: i64, state: ClaimState| Claim {
        claim_id: format!("claim_{fen}"),
        case_id: "case_1".into(),
        kind: ClaimKind::Refund.into(),
        amount: Some(Money { fen, currency: "CNY".into() }),
        state: state.into(),
        ..Claim::default()
    };
    let claims = vec![
        claim(10_000, ClaimState::Raised),
        claim(5_050, ClaimState::Raised),
        claim(700, ClaimState::Netted),
    ];
    let path = "/parasol.verification.v1.SettlementService/ListClaims";
    let found = ListClaimsResponse { claims, ..ListClaimsResponse::default() };
    browser.services.answer(path, found);
    let page = browser.get("/steward/charges").await.text;
    assert!(page.contains("¥150.50") && page.contains("¥7.00"), "{page}");
    let asked = browser.services.asked::<ListClaimsRequest>(path);
    assert_eq!(asked[0].partner, "brand:aurora-hz-01");
}

#[tokio::test]
async fn an_objection_is_raised_with_what_it_is_about_and_shows_its_answer() {
    let mut browser = Browser::signed_in_at("/steward", Role::Brand).await;
    let one = ScoreObjection {
        objection_id: "obj_1".into(),
        case_id: "case_1".into(),
        indicator: "on_time".into(),
        text: "nobody <was> in".into(),
        state: ObjectionState::Refused.into(),
        answer: "the log says otherwise".into(),
        ..ScoreObjection::default()
    };
    let found = ListObjectionsResponse { objections: vec![one.clone()], ..Default::default() };
    browser.services.answer(&format!("{SCORES}/ListObjections"), found);
    let about = "month=2026-05&category=television&indicator=on_time&case=case_1";
    let page = browser.get(&format!("/steward/objections?{about}")).await;
    assert!(page.text.contains("nobody &lt;was&gt; in"), "{}", page.text);
    assert!(page.text.contains("the log says otherwise") && page.text.contains("value=\"case_1\""));
    let raise = format!("{SCORES}/RaiseObjection");
    browser.services.refuse(&raise, Error::new(Reason::ScoreNotInPreview));
    let [token, id] = ["form_token", "request_id"].map(|name| page.hidden(name));
    let fields = [
        ("form_token", token.as_str()),
        ("request_id", &id),
        ("month", "2026-05"),
        ("category", "television"),
        ("indicator", "on_time"),
        ("case", "case_1"),
        ("text", "nobody was in"),
    ];
    let refused = browser.post("/steward/objections", &fields).await;
    assert!(refused.text.contains("SCORE_NOT_IN_PREVIEW"), "{}", refused.text);
    assert!(refused.text.contains(">nobody was in</textarea>"), "nothing is typed twice");
    browser.services.answer(&raise, one);
    let done = browser.post("/steward/objections", &fields).await;
    assert_eq!(done.location(), "/steward/objections?done=object");
    let asked = browser.services.asked::<RaiseObjectionRequest>(&raise);
    assert_eq!((asked[1].case_id.as_str(), asked[1].period.as_str()), ("case_1", "2026-05"));
    assert_eq!(asked[1].category(), parasol_api::common::v1::Category::Television);
}
