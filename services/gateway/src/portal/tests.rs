//! The portal as a browser without scripts meets it, in front of services that answer from a table.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use parasol_api::common::v1::{
    Address, Bookmark, CaseView, Category, MessageEffect, QuoteLine, QuoteLineKind, Stage,
};
use parasol_api::convert::{to_money, to_timestamp};
use parasol_api::partner::v1::work_order_change::Change;
use parasol_api::partner::v1::{
    AcceptOfferRequest, AcceptOfferResponse, ListWorkOrdersResponse, Offer, OfferState, WorkOrder,
    WorkOrderChange,
};
use parasol_api::tracking::v1::watch_case_response::Event;
use parasol_api::tracking::v1::{Timeline, TimelineEntry, WatchCaseRequest, WatchCaseResponse};
use parasol_api::verification::v1::{QuoteRepairRequest, QuoteRepairResponse};
use parasol_api::{Error, Reason};
use parasol_journey::time::Span;
use parasol_runtime::identity::Role;

use super::SITE;
use crate::web::fixture::{Browser, noon};
use crate::web::session;

mod claims;
mod uploads;

const CASE: &str = "case_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b";
const OFFERS: &str = "/parasol.partner.v1.OfferService/";
const ACCEPT: &str = "/parasol.partner.v1.OfferService/AcceptOffer";
const LIST: &str = "/parasol.partner.v1.OfferService/ListWorkOrders";
const ORDER: &str = "/parasol.partner.v1.OfferService/GetWorkOrder";
const QUOTE: &str = "/parasol.verification.v1.DecisionService/QuoteRepair";
const TIMELINE: &str = "/parasol.tracking.v1.TrackingService/GetTimeline";

/// Signed in as a centre.
async fn signed_in() -> Browser {
    Browser::signed_in_at("/portal", Role::Centre).await
}

fn offer() -> Offer {
    Offer {
        offer_id: "offer_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b".to_owned(),
        case_id: CASE.to_owned(),
        state: OfferState::Offered.into(),
        category: Category::AirConditioner.into(),
        description: "<script>alert(1)</script> it leaks".to_owned(),
        county: "330106".to_owned(),
        answer_by: Some(to_timestamp(noon() + Span::minutes(90))),
        ..Offer::default()
    }
}

fn order(stage: Stage) -> WorkOrder {
    WorkOrder {
        work_order_id: "wo_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b".to_owned(),
        case: Some(CaseView {
            case_id: CASE.to_owned(),
            stage: stage.into(),
            ..CaseView::default()
        }),
        centre: "aurora-hz-01".to_owned(),
        category: Category::Fan.into(),
        address: Some(Address {
            county: "330106".to_owned(),
            street: "文三路 90 号".to_owned(),
            location: None,
        }),
        ..WorkOrder::default()
    }
}

fn listed(changes: Vec<Change>) -> ListWorkOrdersResponse {
    let changes = changes.into_iter().map(|change| WorkOrderChange { change: Some(change) });
    ListWorkOrdersResponse { changes: changes.collect(), cursor: "c".to_owned(), more: false }
}

#[tokio::test]
async fn nobody_sees_anything_before_signing_in() {
    let mut browser = Browser::open();
    for path in ["/portal", "/portal/find?number=x", "/portal/photos/x"] {
        let shown = browser.get(path).await;
        assert_eq!(shown.status, StatusCode::SEE_OTHER, "{path}");
        assert!(shown.location().starts_with("/portal/sign-in?next="), "{path}");
    }
    let case = browser.get(&format!("/portal/cases/{CASE}")).await;
    assert_eq!(case.location(), format!("/portal/sign-in?next=%2Fportal%2Fcases%2F{CASE}"));
    let sent = browser.post(&format!("/portal/cases/{CASE}/accept"), &[]).await;
    assert_eq!(sent.status, StatusCode::UNAUTHORIZED);
    browser.cookies.insert("parasol_session".to_owned(), "a.b.c".to_owned());
    assert_eq!(browser.get("/portal").await.status, StatusCode::SEE_OTHER);
    assert!(browser.services.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_credential_becomes_a_session_of_hours_in_a_cookie_no_script_reads() {
    let mut browser = Browser::open();
    let page = browser.get(&format!("/portal/sign-in?next=/portal/cases/{CASE}")).await;
    let (token, next) = (page.hidden("form_token"), page.hidden("next"));
    let credential = browser.credential(Role::Brand);
    let fields = [("form_token", &*token), ("next", &next), ("credential", &credential)];
    let signed = browser.post("/portal/sign-in", &fields).await;
    assert_eq!(signed.location(), format!("/portal/cases/{CASE}"));
    let cookie = signed.headers[header::SET_COOKIE].to_str().unwrap();
    for part in ["parasol_session=", "Path=/portal", "Max-Age=43200", "HttpOnly", "SameSite=Strict"]
    {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "this way is not TLS");
    let session = browser.cookies["parasol_session"].clone();
    assert_ne!(session, credential, "the cookie is worth hours, not what it was made from");
    let later = noon() + Span::hours(13);
    assert!(browser.web.key.verify(&session, later).is_err());

    let request = Request::get("/portal/sign-in").header("x-forwarded-proto", "https");
    let secure = browser.send(request, Body::empty()).await;
    assert!(secure.headers[header::SET_COOKIE].to_str().unwrap().contains("Secure"));
}

#[tokio::test]
async fn who_has_no_place_here_is_told_so() {
    let mut browser = Browser::open();
    for credential in [
        "nonsense".to_owned(),
        browser.credential(Role::Technician),
        browser.credential(Role::Customer),
    ] {
        let token = browser.get("/portal/sign-in").await.hidden("form_token");
        let fields = [("form_token", &*token), ("credential", &credential)];
        let shown = browser.post("/portal/sign-in", &fields).await;
        assert_eq!(shown.status, StatusCode::UNAUTHORIZED);
        assert!(!shown.text.contains(&credential), "a credential is never written back");
    }
    let credential = browser.credential(Role::Centre);
    let shown = browser.post("/portal/sign-in", &[("credential", &credential)]).await;
    assert_eq!(shown.status, StatusCode::FORBIDDEN, "without the door's token");
    assert!(!browser.cookies.contains_key("parasol_session"));
}

#[tokio::test]
async fn signing_in_leads_to_no_other_site() {
    for next in ["https://evil.example", "//evil.example", "/portal//evil", "/portalx", "/errors"] {
        assert_eq!(session::onward(&SITE, next), "/portal", "{next}");
    }
    assert_eq!(session::onward(&SITE, "/portal/cases/case_1"), "/portal/cases/case_1");
}

#[tokio::test]
async fn signing_out_forgets_the_cookie_and_needs_the_forms_token() {
    let mut browser = signed_in().await;
    browser.services.answer(LIST, listed(vec![]));
    let forged = browser.post("/portal/sign-out", &[("form_token", "00")]).await;
    assert_eq!(forged.location(), "/portal");
    let token = browser.get("/portal").await.hidden("form_token");
    let out = browser.post("/portal/sign-out", &[("form_token", &token)]).await;
    assert!(out.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(browser.get("/portal").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_others_wrote_is_escaped_and_nothing_foreign_runs() {
    let mut browser = signed_in().await;
    browser.services.answer(LIST, listed(vec![Change::Offer(Box::new(offer()))]));
    for path in ["/portal".to_owned(), format!("/portal/cases/{CASE}")] {
        let shown = browser.get(&path).await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
        assert!(!shown.text.contains("<script>alert"), "{path}");
        assert!(shown.text.contains("&lt;script&gt;alert(1)&lt;/script&gt; it leaks"), "{path}");
        let policy = shown.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("form-action 'self'") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(shown.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(shown.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
}

#[tokio::test]
async fn pages_speak_the_language_that_was_chosen() {
    let mut browser = signed_in().await;
    browser.services.answer(LIST, listed(vec![Change::Offer(Box::new(offer()))]));
    let english = browser.get("/portal").await;
    assert!(english.text.contains("Offers to answer") && english.text.contains("1 h 30 min left"));
    let chinese = browser.get("/portal?lang=zh").await;
    assert!(chinese.text.contains("<html lang=\"zh-CN\"") && chinese.text.contains("待答复的派单"));
    let case = browser.get(&format!("/portal/cases/{CASE}")).await;
    assert!(case.text.contains("接单") && case.text.contains("空调"), "the choice is kept");
}

#[tokio::test]
async fn a_form_of_another_session_or_site_changes_nothing() {
    let mut browser = signed_in().await;
    browser.services.answer(LIST, listed(vec![Change::Offer(Box::new(offer()))]));
    let page = browser.get(&format!("/portal/cases/{CASE}")).await;
    let to = format!("/portal/cases/{CASE}/accept");
    let (token, id) = (page.hidden("form_token"), page.hidden("request_id"));
    for wrong in ["", "00", &token[2..]] {
        let fields = [("form_token", wrong), ("request_id", &id), ("partner_order_no", "P-77")];
        let shown = browser.post(&to, &fields).await;
        assert_eq!(shown.status, StatusCode::FORBIDDEN);
        assert!(shown.text.contains("P-77"), "nothing that was typed is lost");
    }
    let kind = "application/x-www-form-urlencoded";
    let foreign = Request::post(&to)
        .header("sec-fetch-site", "cross-site")
        .header(header::CONTENT_TYPE, kind);
    let shown = browser.send(foreign, Body::from(format!("form_token={token}"))).await;
    assert_eq!(shown.status, StatusCode::FORBIDDEN);
    assert!(browser.services.asked::<AcceptOfferRequest>(ACCEPT).is_empty());
}

#[tokio::test]
async fn a_step_is_called_as_who_signed_in_with_the_forms_own_request_id() {
    let mut browser = signed_in().await;
    browser.services.answer(LIST, listed(vec![Change::Offer(Box::new(offer()))]));
    let done = AcceptOfferResponse { effect: MessageEffect::Applied.into(), ..Default::default() };
    browser.services.answer(ACCEPT, done);
    let page = browser.get(&format!("/portal/cases/{CASE}")).await;
    let (token, id) = (page.hidden("form_token"), page.hidden("request_id"));
    let offer = page.hidden("offer_id");
    let fields = [
        ("form_token", &*token),
        ("request_id", &id),
        ("offer_id", &offer),
        ("partner_order_no", " P-1 "),
    ];
    let to = format!("/portal/cases/{CASE}/accept");
    for _ in 0..2 {
        let shown = browser.post(&to, &fields).await;
        assert_eq!(shown.location(), format!("/portal/cases/{CASE}?done=accept"));
    }
    let asked = browser.services.asked::<AcceptOfferRequest>(ACCEPT);
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0], asked[1], "a double click is one intent");
    assert_eq!((&asked[0].request_id, asked[0].partner_order_no.as_str()), (&id, "P-1"));
    let session = browser.cookies["parasol_session"].clone();
    let calls = browser.services.asked.lock().unwrap();
    let of_offers = calls.iter().filter(|(path, ..)| path.starts_with(OFFERS));
    for (path, _, headers) in of_offers {
        assert_eq!(headers["authorization"], format!("Bearer {session}"), "{path}");
    }
}

#[tokio::test]
async fn a_refusal_comes_back_on_the_same_page_with_what_was_typed() {
    let mut browser = signed_in().await;
    browser.language = "zh";
    browser.services.answer(LIST, listed(vec![Change::Offer(Box::new(offer()))]));
    browser.services.refuse(ACCEPT, Error::new(Reason::OfferExpired));
    let page = browser.get(&format!("/portal/cases/{CASE}")).await;
    let (token, id) = (page.hidden("form_token"), page.hidden("request_id"));
    let fields = [("form_token", &*token), ("request_id", &id), ("partner_order_no", "P-77\"><b>")];
    let to = format!("/portal/cases/{CASE}/accept");
    let shown = browser.post(&to, &fields).await;
    assert_eq!(shown.status, StatusCode::CONFLICT);
    let words = Reason::OfferExpired.words(parasol_api::Language::Zh);
    assert!(shown.text.contains(words.what) && shown.text.contains(words.next), "{}", shown.text);
    assert!(shown.text.contains("value=\"P-77&quot;&gt;&lt;b&gt;\""), "{}", shown.text);
    assert_ne!(shown.hidden("request_id"), id, "a new intent after a refusal");

    browser.services.refuse(ACCEPT, Error::new(Reason::StoreUnavailable));
    let unknown = browser.post(&to, &fields).await;
    assert_eq!(unknown.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(unknown.hidden("request_id"), id, "the outcome is unknown: the same intent");
}

#[tokio::test]
async fn a_page_offers_what_the_journey_has_open_and_no_more() {
    let mut browser = signed_in().await;
    browser.services.answer(TIMELINE, Timeline::default());
    for (stage, open, closed) in [
        (Stage::CentreAssigned, "assign", "check-in"),
        (Stage::Appointed, "check-in", "assign"),
        (Stage::OnSite, "certificate", "accept"),
        (Stage::Repairing, "repair", "certificate"),
        (Stage::AwaitConfirm, "complete", "repair"),
        (Stage::Denied, "quote", "repair"),
    ] {
        browser.services.answer(ORDER, order(stage));
        let shown = browser.get(&format!("/portal/cases/{CASE}")).await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
        let to = |act: &str| format!("/portal/cases/{CASE}/{act}\"");
        assert!(shown.text.contains(&to(open)), "{stage:?} has no {open}");
        assert!(!shown.text.contains(&to(closed)), "{stage:?} has {closed}");
        assert!(shown.text.contains("文三路 90 号"));
    }
}

#[tokio::test]
async fn a_price_is_the_sum_of_its_lines_and_nothing_typed_is_lost() {
    let mut browser = signed_in().await;
    browser.services.answer(TIMELINE, Timeline::default());
    browser.services.answer(ORDER, order(Stage::Denied));
    let page = browser.get(&format!("/portal/cases/{CASE}")).await;
    let (token, id) = (page.hidden("form_token"), page.hidden("request_id"));
    let to = format!("/portal/cases/{CASE}/quote");
    let mut fields = vec![
        ("form_token", token.as_str()),
        ("request_id", &id),
        ("work", "a new <compressor>"),
        ("kind_0", "parts"),
        ("what_0", "compressor"),
        ("amount_0", "88.505"),
        ("kind_2", "labour"),
        ("what_2", "fitting"),
        ("amount_2", "60"),
    ];
    let wrong = browser.post(&to, &fields).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    for kept in ["a new &lt;compressor&gt;", "88.505", "fitting"] {
        assert!(wrong.text.contains(kept), "{kept}: {}", wrong.text);
    }
    let nothing = browser
        .post(&to, &[("form_token", &token), ("request_id", &id), ("work", "nothing")])
        .await;
    assert_eq!(nothing.status, StatusCode::BAD_REQUEST);
    assert!(browser.services.asked::<QuoteRepairRequest>(QUOTE).is_empty(), "nothing was asked");

    browser.services.answer(QUOTE, QuoteRepairResponse::default());
    fields[5].1 = "88.50";
    let sent = browser.post(&to, &fields).await;
    assert_eq!(sent.location(), format!("/portal/cases/{CASE}?done=quote"), "{}", sent.text);
    let asked = browser.services.asked::<QuoteRepairRequest>(QUOTE);
    let line = |kind: QuoteLineKind, text: &str, fen| QuoteLine {
        kind: kind.into(),
        text: text.to_owned(),
        quantity: 1,
        amount: Some(to_money(fen)),
    };
    let lines = [
        line(QuoteLineKind::Parts, "compressor", 8_850),
        line(QuoteLineKind::Labour, "fitting", 6_000),
    ];
    assert_eq!(
        (asked[0].amount.clone(), &asked[0].lines[..]),
        (Some(to_money(14_850)), &lines[..])
    );
    assert_eq!((asked.len(), asked[0].work.as_str()), (1, "a new <compressor>"));
}

#[tokio::test]
async fn what_is_not_the_visitors_is_not_there() {
    let mut browser = signed_in().await;
    browser.services.answer(LIST, listed(vec![]));
    let shown = browser.get(&format!("/portal/cases/{CASE}")).await;
    assert_eq!(shown.status, StatusCode::NOT_FOUND);
    let shown = browser.get("/portal/cases/%3Cscript%3Ex").await;
    assert_eq!(shown.status, StatusCode::NOT_FOUND);
    assert!(!shown.text.contains("<script>x"));
    let shown = browser.get("/portal/find?number=nonsense").await;
    assert_eq!(shown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_page_is_told_once_that_something_changed_and_nothing_of_what() {
    const WATCH: &str = "/parasol.tracking.v1.TrackingService/WatchCase";
    let mut browser = signed_in().await;
    browser.services.answer(ORDER, order(Stage::Appointed));
    let story = Timeline { resume_token: "here & now".to_owned(), ..Timeline::default() };
    browser.services.answer(TIMELINE, story);
    let page = browser.get(&format!("/portal/cases/{CASE}")).await;
    let listens = format!("/portal/cases/{CASE}/events?from=here+%26+now");
    assert!(page.text.contains(&listens), "{}", page.text);
    let entry = TimelineEntry { headline: "secret".to_owned(), ..TimelineEntry::default() };
    let change = Event::Entry(Box::new(entry));
    for (event, told) in [
        (change, "event: changed\ndata: -\n\n"),
        (Event::Bookmark(Bookmark::default()), ": quiet\n\n"),
    ] {
        let message = WatchCaseResponse { event: Some(event), ..WatchCaseResponse::default() };
        browser.services.answer(WATCH, message);
        let heard = browser.get(&listens).await;
        assert_eq!(heard.headers[header::CONTENT_TYPE], "text/event-stream");
        assert_eq!(heard.text, told);
    }
    let asked = browser.services.asked::<WatchCaseRequest>(WATCH);
    assert!(asked.iter().all(|one| one.resume_token == "here & now" && one.case_id == CASE));
    browser.cookies.clear();
    assert_eq!(browser.get(&listens).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_link_from_another_site_is_asked_again_from_a_page_of_ours() {
    let mut browser = Browser::open();
    let path = format!("/portal/cases/{CASE}");
    let foreign = Request::get(&path).header("sec-fetch-site", "cross-site");
    let shown = browser.send(foreign, Body::empty()).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert_eq!(shown.headers[header::REFRESH], format!("0; url={path}"));
    let ours = Request::get(&path).header("sec-fetch-site", "same-origin");
    assert_eq!(browser.send(ours, Body::empty()).await.status, StatusCode::SEE_OTHER);
}
