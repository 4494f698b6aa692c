//! The desk without a node: what it asks, what it offers, what it keeps.

use axum::http::StatusCode;
use parasol_api::admin::v1::{
    AuthorityUse, FlowRow, ListAuthorityUseResponse, ListFlowRequest, ListFlowResponse,
    PauseCaseRequest, PauseCaseResponse,
};
use parasol_api::common::v1::{CaseView, Money, OfferedRemedy, Party, Remedy, Stage};
use parasol_api::intake::v1::{
    AddNoteRequest, AddNoteResponse, Article, Case, FileCaseRequest, FileCaseResponse,
    ListMergedResponse, LookupCustomerRequest, LookupCustomerResponse, MatchArticlesResponse, Unit,
};
use parasol_api::tracking::v1::{Timeline, TimelineEntry};
use parasol_api::verification::v1::{
    ApproveDecisionRequest, ApproveDecisionResponse, DecideManuallyRequest, DecideManuallyResponse,
    GrantGoodwillRequest, ListProposalsResponse, Proposal,
};
use parasol_api::{Error, Reason, Role};

use crate::web::fixture::{Browser, Shown};

const INTAKE: &str = "/parasol.intake.v1.IntakeService";
const DECISIONS: &str = "/parasol.verification.v1.DecisionService";
const FLOW: &str = "/parasol.admin.v1.OperationsService/ListFlow";

fn yuan(yuan: i64) -> Option<Money> {
    Some(Money { fen: yuan * 100, currency: "CNY".to_owned() })
}

/// A desk with a case in this stage.
async fn opened(role: Role, stage: Stage) -> Browser {
    let browser = Browser::signed_in_at("/desk", role).await;
    let services = &browser.services;
    let view = CaseView { case_id: "case_1".into(), stage: stage.into(), ..CaseView::default() };
    let case = Case {
        view: Some(view),
        description: "<b>漏水</b>".into(),
        reminders: 1,
        order_line: "L-1".into(),
        ..Case::default()
    };
    services.answer(&format!("{INTAKE}/GetCase"), case);
    let refund = OfferedRemedy {
        remedy: Remedy::Refund.into(),
        amount: yuan(3_999),
        ..OfferedRemedy::default()
    };
    let noted = TimelineEntry {
        headline: "A note".into(),
        note: "call <again>".into(),
        ..Default::default()
    };
    let told = Timeline {
        case_id: "case_1".into(),
        stage: stage.into(),
        stage_label: "somewhere".into(),
        offered_remedies: vec![refund],
        entries: vec![noted],
        ..Timeline::default()
    };
    services.answer("/parasol.tracking.v1.TrackingService/GetTimeline", told);
    let article = Article {
        article: "a-1".into(),
        title_en: "Leaks".into(),
        text_en: "Look at the hose".into(),
        ..Article::default()
    };
    let known = MatchArticlesResponse { articles: vec![article] };
    services.answer("/parasol.intake.v1.KnowledgeService/MatchArticles", known);
    services.answer(&format!("{INTAKE}/ListMerged"), ListMergedResponse::default());
    let mine = AuthorityUse { granted: yuan(200), used: yuan(50), count: 2, ..Default::default() };
    services.answer(
        "/parasol.admin.v1.PolicyService/ListAuthorityUse",
        ListAuthorityUseResponse { uses: vec![mine], more: false },
    );
    let proposal = Proposal {
        proposal_id: "prop_1".into(),
        case_id: "case_1".into(),
        proposed_by: "agent-2".into(),
        worth: yuan(500),
        reason: "three <visits>".into(),
        can_approve: true,
        ..Proposal::default()
    };
    let proposals = ListProposalsResponse { proposals: vec![proposal], ..Default::default() };
    services.answer(&format!("{DECISIONS}/ListProposals"), proposals);
    let row = FlowRow { case_id: "case_1".into(), ..FlowRow::default() };
    services.answer(FLOW, ListFlowResponse { rows: vec![row], ..ListFlowResponse::default() });
    browser
}

async fn send(browser: &mut Browser, page: &Shown, act: &str, fields: &[(&str, &str)]) -> Shown {
    let [token, id] = ["form_token", "request_id"].map(|name| page.hidden(name));
    let own = [("form_token", token.as_str()), ("request_id", id.as_str())];
    let all: Vec<_> = own.into_iter().chain(fields.iter().copied()).collect();
    browser.post(&format!("/desk/cases/case_1/{act}"), &all).await
}

#[tokio::test]
async fn the_queue_begins_with_what_is_ours_to_do() {
    let mut browser = opened(Role::Agent, Stage::Deciding).await;
    let page = browser.get("/desk").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("/desk/cases/case_1") && page.text.contains("¥500.00"));
    browser.get("/desk?order=late").await;
    let asked = browser.services.asked::<ListFlowRequest>(FLOW);
    assert_eq!(asked[0].holder(), Party::Retailer);
    assert_eq!(asked[1].holder(), Party::Unspecified);
}

#[tokio::test]
async fn a_number_is_looked_up_by_a_form_and_stands_in_no_address() {
    let mut browser = opened(Role::Agent, Stage::Deciding).await;
    let lookup = format!("{INTAKE}/LookupCustomer");
    let unit = |line: &str| Unit {
        order_line: line.into(),
        name_en: "Fridge".into(),
        price: yuan(3_999),
        ..Unit::default()
    };
    let view = CaseView { case_id: "case_1".into(), ..CaseView::default() };
    let open = Case { view: Some(view), order_line: "L-1".into(), ..Case::default() };
    let found = LookupCustomerResponse {
        name: "张*".into(),
        phone: "138****8000".into(),
        units: vec![unit("L-1"), unit("L&2")],
        open_cases: vec![open],
        ..LookupCustomerResponse::default()
    };
    browser.services.answer(&lookup, found);
    let desk = browser.get("/desk").await;
    let token = desk.hidden("form_token");
    let fields = [("form_token", token.as_str()), ("phone", "13800138000")];
    let page = browser.post("/desk/lookup", &fields).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(
        page.text.contains("张*") && page.text.contains("/desk/file?line=L%262"),
        "{}",
        page.text
    );
    assert!(page.text.contains("Open its case"), "{}", page.text);
    assert_eq!(browser.services.asked::<LookupCustomerRequest>(&lookup)[0].phone, "13800138000");
    browser.services.refuse(&lookup, Error::new(Reason::NotFound));
    let nobody = browser.post("/desk/lookup", &fields).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    assert!(nobody.text.contains("value=\"13800138000\""), "what was typed is kept");
}

#[tokio::test]
async fn a_page_offers_what_the_stage_leaves_open_and_escapes_what_people_wrote() {
    let mut browser = opened(Role::Agent, Stage::Deciding).await;
    let page = browser.get("/desk/cases/case_1").await.text;
    for act in ["decide", "goodwill", "answer", "second-inspection", "note", "remind", "approve"] {
        assert!(page.contains(&format!("/desk/cases/case_1/{act}\"")), "{act}: {page}");
    }
    for act in ["cancel", "merge", "waive-code", "confirm", "pause"] {
        assert!(!page.contains(&format!("/desk/cases/case_1/{act}\"")), "{act}");
    }
    assert!(page.contains("¥200.00") && page.contains("Look at the hose"), "{page}");
    assert!(page.contains("call &lt;again&gt;") && page.contains("three &lt;visits&gt;"));
    assert!(page.contains("&lt;b&gt;漏水") && !page.contains("<b>漏水"));
    let mut browser = opened(Role::Agent, Stage::Dispatched).await;
    let page = browser.get("/desk/cases/case_1").await.text;
    assert!(page.contains("/case_1/merge\"") && page.contains("/case_1/cancel\""), "{page}");
}

#[tokio::test]
async fn a_decision_names_what_was_ticked_and_a_wrong_amount_goes_nowhere() {
    let mut browser = opened(Role::Agent, Stage::Deciding).await;
    let decide = format!("{DECISIONS}/DecideManually");
    browser.services.answer(&decide, DecideManuallyResponse::default());
    let page = browser.get("/desk/cases/case_1").await;
    let fields = [("remedy_refund", "yes"), ("amount", "88.505"), ("reason", "because")];
    let refused = send(&mut browser, &page, "decide", &fields).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
    assert!(refused.text.contains("88.505") && refused.text.contains("aria-invalid"));
    assert!(browser.services.asked::<DecideManuallyRequest>(&decide).is_empty());
    let fields = [("remedy_refund", "yes"), ("amount", "88.50"), ("reason", "because")];
    let done = send(&mut browser, &page, "decide", &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let asked = browser.services.asked::<DecideManuallyRequest>(&decide);
    assert_eq!(asked[0].remedies, [i32::from(Remedy::Refund)]);
    assert_eq!(asked[0].refund.as_ref().unwrap().fen, 8_850);
}

#[tokio::test]
async fn goodwill_that_is_refused_says_why_beside_what_was_typed() {
    let mut browser = opened(Role::Agent, Stage::Deciding).await;
    let grant = format!("{DECISIONS}/GrantGoodwill");
    let error = Error::field("amount", Reason::AmountOutOfRange, "at most the price");
    browser.services.refuse(&grant, error);
    let page = browser.get("/desk/cases/case_1").await;
    let fields = [("amount", "9000"), ("reason", "sorry")];
    let refused = send(&mut browser, &page, "goodwill", &fields).await;
    assert!(refused.text.contains("AMOUNT_OUT_OF_RANGE"), "{}", refused.text);
    assert!(refused.text.contains("value=\"9000\"") && refused.text.contains("sorry"));
    assert_eq!(browser.services.asked::<GrantGoodwillRequest>(&grant)[0].amount, yuan(9_000));
}

#[tokio::test]
async fn notes_pauses_and_approvals_carry_what_the_form_says() {
    let mut browser = opened(Role::Manager, Stage::Deciding).await;
    let note = format!("{INTAKE}/AddNote");
    browser.services.answer(&note, AddNoteResponse::default());
    let page = browser.get("/desk/cases/case_1").await;
    let done = send(&mut browser, &page, "note", &[("text", "called twice")]).await;
    assert_eq!(done.headers["location"], "/desk/cases/case_1?done=note");
    assert_eq!(browser.services.asked::<AddNoteRequest>(&note)[0].text, "called twice");
    let approve = format!("{DECISIONS}/ApproveDecision");
    browser.services.answer(&approve, ApproveDecisionResponse::default());
    send(&mut browser, &page, "refuse", &[("proposal_id", "prop_1"), ("reason", "no")]).await;
    let asked = browser.services.asked::<ApproveDecisionRequest>(&approve);
    assert!(asked[0].refuse && asked[0].proposal_id == "prop_1");
    let pause = "/parasol.admin.v1.OperationsService/PauseCase";
    browser.services.answer(pause, PauseCaseResponse::default());
    let fields = [("cause", "weather"), ("owner", "customer"), ("resume_at", "2026-06-10T09:00")];
    send(&mut browser, &page, "pause", &fields).await;
    let asked = browser.services.asked::<PauseCaseRequest>(pause);
    assert_eq!((asked[0].owner(), asked[0].resume_at.is_some()), (Party::Customer, true));
    let unknown = send(&mut browser, &page, "eat", &[]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_case_is_filed_once_and_one_that_was_merged_is_split_off() {
    let mut browser = opened(Role::Agent, Stage::Cancelled).await;
    let merged = ListMergedResponse { into_case_id: "case_2".into(), ..Default::default() };
    browser.services.answer(&format!("{INTAKE}/ListMerged"), merged);
    let page = browser.get("/desk/cases/case_1").await.text;
    assert!(
        page.contains("/desk/file?from=case_1") && page.contains("/desk/cases/case_2"),
        "{page}"
    );
    let form = browser.get("/desk/file?from=case_1").await;
    assert!(
        form.text.contains("value=\"L-1\"") && form.text.contains("&lt;b&gt;漏水"),
        "{}",
        form.text
    );
    let file = format!("{INTAKE}/FileCase");
    let view = CaseView { case_id: "case_3".into(), ..CaseView::default() };
    browser.services.answer(&file, FileCaseResponse { case: Some(view), ..Default::default() });
    let [token, id] = ["form_token", "request_id"].map(|name| form.hidden(name));
    let fields = [
        ("form_token", token.as_str()),
        ("request_id", &id),
        ("line", "L-1"),
        ("kind", "quality"),
        ("description", "leaks"),
    ];
    for _ in 0..2 {
        let done = browser.post("/desk/file", &fields).await;
        assert_eq!(done.headers["location"], "/desk/cases/case_3?done=filed");
    }
    let asked = browser.services.asked::<FileCaseRequest>(&file);
    assert_eq!(asked[0].request_id, asked[1].request_id, "twice is once");
}

#[tokio::test]
async fn whoever_was_put_out_is_told_of_nothing_any_more() {
    let mut browser = opened(Role::Agent, Stage::AwaitConfirm).await;
    let suspended = Error::new(Reason::StaffSuspended);
    browser.services.refuse("/parasol.admin.v1.StaffService/GetStaff", suspended);
    assert_eq!(browser.get("/desk/events").await.status, StatusCode::NO_CONTENT);
}
