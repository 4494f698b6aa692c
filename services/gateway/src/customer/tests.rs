//! The customer's pages as a browser without scripts meets them, in front of services that answer from a table.

mod answers;

use axum::http::{Request, StatusCode, header};
use parasol_api::common::v1::{
    CaseView, Category, Decision, EvidenceKind, FiredRule, OfferedRemedy, Party, ProposedWindow,
    Remedy, Stage, TimeWindow, Turn,
};
use parasol_api::convert::{to_money, to_timestamp};
use parasol_api::intake::v1::{
    Case, CheckEntitlementResponse, Evidence, FileCaseRequest, FileCaseResponse, ListCasesResponse,
    ListEvidenceResponse, ListUnitsResponse, OwnedUnit, RemindCaseRequest, RemindCaseResponse,
    Unit, UploadEvidenceResponse,
};
use parasol_api::partner::v1::{BookAppointmentRequest, BookAppointmentResponse};
use parasol_api::tracking::v1::{
    CreateShareLinkRequest, Forecast, ForecastOutlook, Freshness, ListShareLinksResponse,
    RevokeShareLinkRequest, ShareLink, TechnicianCard, Timeline, TimelineEntry, WatchCaseRequest,
    WatchCaseResponse,
};
use parasol_api::verification::v1::{
    ChooseRemedyRequest, ChooseRemedyResponse, DecisionExplanation, OpenDisputeRequest,
    OpenDisputeResponse,
};
use parasol_api::{Error, Reason};
use parasol_journey::time::Span;
use parasol_runtime::identity::Role;

use crate::web::fixture::{Browser, Shown, noon};

const CASE: &str = "case_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b";
const UNITS: &str = "/parasol.intake.v1.IntakeService/ListUnits";
const CASES: &str = "/parasol.intake.v1.IntakeService/ListCases";
const GET: &str = "/parasol.intake.v1.IntakeService/GetCase";
const OWED: &str = "/parasol.intake.v1.IntakeService/CheckEntitlement";
const FILE: &str = "/parasol.intake.v1.IntakeService/FileCase";
const REMIND: &str = "/parasol.intake.v1.IntakeService/RemindCase";
const EVIDENCE: &str = "/parasol.intake.v1.IntakeService/ListEvidence";
const UPLOAD: &str = "/parasol.intake.v1.IntakeService/UploadEvidence";
const TIMELINE: &str = "/parasol.tracking.v1.TrackingService/GetTimeline";
const WATCH: &str = "/parasol.tracking.v1.TrackingService/WatchCase";
const EXPLAIN: &str = "/parasol.verification.v1.DecisionService/ExplainDecision";
const CHOOSE: &str = "/parasol.verification.v1.DecisionService/ChooseRemedy";
const DISPUTE: &str = "/parasol.verification.v1.DecisionService/OpenDispute";
const BOOK: &str = "/parasol.partner.v1.AppointmentService/BookAppointment";

fn view(stage: Stage) -> CaseView {
    CaseView { case_id: CASE.to_owned(), stage: stage.into(), ..CaseView::default() }
}

fn unit() -> Unit {
    Unit {
        order_line: "L-1".to_owned(),
        serial: "SN-1".to_owned(),
        category: Category::Refrigerator.into(),
        model: "BCD-1".to_owned(),
        name_en: "A <cold> box".to_owned(),
        ..Unit::default()
    }
}

/// Signed in, with one unit and one case at a stage, whose turn is `holder`'s.
async fn at(stage: Stage, holder: Party) -> Browser {
    let browser = Browser::signed_in_at("/my", Role::Customer).await;
    let services = &browser.services;
    let owned = OwnedUnit { unit: Some(unit()), open_case_id: String::new() };
    services.answer(
        UNITS,
        ListUnitsResponse {
            units: vec![owned],
            name: "张*".to_owned(),
            phone: "138****8000".to_owned(),
            ..ListUnitsResponse::default()
        },
    );
    services.answer(
        OWED,
        CheckEntitlementResponse { unit: Some(unit()), ..CheckEntitlementResponse::default() },
    );
    let turn = Some(Turn { holder: holder.into(), since: None });
    let case = Case {
        view: Some(CaseView { turn, ..view(stage) }),
        category: Category::Refrigerator.into(),
        sku: "SKU-1".to_owned(),
        description: "<script>alert(1)</script> it leaks".to_owned(),
        ..Case::default()
    };
    services.answer(GET, case.clone());
    services.answer(CASES, ListCasesResponse { cases: vec![case], ..Default::default() });
    services.answer(EVIDENCE, ListEvidenceResponse::default());
    services.answer(TIMELINE, told(stage, holder));
    browser
}

fn told(stage: Stage, holder: Party) -> Timeline {
    let since = to_timestamp(noon() - Span::hours(3));
    let entry = |stage: Stage, headline: &str| TimelineEntry {
        at: Some(since),
        stage: stage.into(),
        headline: headline.to_owned(),
        reported_by: Party::Centre.into(),
        ..TimelineEntry::default()
    };
    Timeline {
        case_id: CASE.to_owned(),
        etag: "7".to_owned(),
        stage: stage.into(),
        entries: vec![entry(Stage::Filed, "You filed"), entry(stage, "It moved")],
        turn: Some(Turn { holder: holder.into(), since: Some(since) }),
        resume_token: "from-here".to_owned(),
        ..Timeline::default()
    }
}

fn own(more: &str) -> String {
    super::case_path(CASE, more)
}

/// The fields of a form as the page has them, with some of them said.
fn filled(page: &Shown, said: &[(&str, &str)]) -> Vec<(String, String)> {
    let hidden = |name: &str| (name.to_owned(), page.hidden(name));
    let mut fields = vec![hidden("form_token"), hidden("request_id"), hidden("step")];
    for (name, value) in said {
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    fields
}

async fn send(browser: &mut Browser, fields: &[(String, String)]) -> Shown {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    browser.post("/my/file", &fields).await
}

#[tokio::test]
async fn the_pages_are_for_customers_alone() {
    let mut browser = Browser::open();
    for path in ["/my", "/my/file", &own(""), &own("cancel"), &own("photos")] {
        let shown = browser.get(path).await;
        assert_eq!(shown.status, StatusCode::SEE_OTHER, "{path}");
        assert!(shown.location().starts_with("/my/sign-in?next="), "{path}");
    }
    let page = browser.get("/my/sign-in").await;
    let (token, credential) = (page.hidden("form_token"), browser.credential(Role::Centre));
    let fields = [("form_token", token.as_str()), ("credential", &credential)];
    let centre = browser.post("/my/sign-in", &fields).await;
    assert_eq!(centre.status, StatusCode::UNAUTHORIZED, "a centre has the portal");
    assert!(browser.services.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_case_is_filed_step_by_step_with_nothing_kept_on_this_side() {
    let mut browser = at(Stage::Filed, Party::Retailer).await;
    let services = browser.services.clone();
    let first = browser.get("/my/file").await;
    assert!(first.text.contains("A &lt;cold&gt; box"), "{}", first.text);
    let id = first.hidden("request_id");
    let nothing = send(&mut browser, &filled(&first, &[])).await;
    assert_eq!(nothing.status, StatusCode::BAD_REQUEST, "a unit is needed");
    assert_eq!(nothing.hidden("request_id"), id, "it is still the same intent");

    let second = send(&mut browser, &filled(&nothing, &[("line", "L-1")])).await;
    assert!(second.text.contains("Does not cool") && !second.text.contains("No picture"));
    let said = [("line", "L-1"), ("symptom", "leaking"), ("description", "on the \"floor\"")];
    let third = send(&mut browser, &filled(&second, &said)).await;
    assert!(third.text.contains("138****8000"), "whom we call is shown: {}", third.text);
    let mut all = said.to_vec();
    all.extend([("name", "李四"), ("phone", "none")]);
    let wrong = send(&mut browser, &filled(&third, &all)).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("value=\"李四\"") && wrong.text.contains("aria-invalid"));
    assert!(wrong.text.contains("on the &quot;floor&quot;"), "other steps are carried");
    let last = all.len() - 1;
    all[last] = ("phone", "13800138000");
    all.push(("window", "2026-06-09.am"));
    let fourth = send(&mut browser, &filled(&wrong, &all)).await;
    assert!(fourth.text.contains("Tue 9 Jun 08:00–12:00"), "{}", fourth.text);
    assert_eq!(services.asked::<FileCaseRequest>(FILE).len(), 0, "nothing is filed yet");

    let filed = FileCaseResponse { case: Some(view(Stage::Filed)), ..Default::default() };
    services.answer(FILE, filed);
    let fields = filled(&fourth, &all);
    let sent = send(&mut browser, &fields).await;
    assert_eq!(sent.location(), format!("{}?done=filed", own("")));
    // The answer was lost, or the button pressed twice.
    assert_eq!(send(&mut browser, &fields).await.location(), sent.location());
    let asked = services.asked::<FileCaseRequest>(FILE);
    assert_eq!(asked[0], asked[1], "one intent, byte for byte");
    assert_eq!(asked[0].request_id, id, "from the first page to the last");
    assert_eq!((asked[0].symptom.as_str(), asked[0].preferred_windows.len()), ("leaking", 1));
    assert_eq!(asked[0].contact.as_ref().unwrap().name, "李四");
}

#[tokio::test]
async fn a_form_that_came_back_leads_to_what_it_filed() {
    let mut browser = at(Stage::Filed, Party::Retailer).await;
    let services = browser.services.clone();
    let page = browser.get("/my/file?line=L-1").await;
    let mut fields = filled(&page, &[("line", "L-1"), ("symptom", "leaking")]);
    fields[2].1 = "check".to_owned();
    // The network failed and nobody knows whether it was filed: the same id stands in the form again.
    services.refuse(FILE, Error::new(Reason::StoreUnavailable));
    let unknown = send(&mut browser, &fields).await;
    assert_eq!(unknown.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(unknown.hidden("request_id"), page.hidden("request_id"));
    // It had been filed, and something was changed since.
    services.refuse(FILE, Error::new(Reason::RequestIdReused));
    let owed = CheckEntitlementResponse {
        unit: Some(unit()),
        open_case_id: CASE.to_owned(),
        ..CheckEntitlementResponse::default()
    };
    services.answer(OWED, owed);
    let sent = send(&mut browser, &fields).await;
    assert_eq!(sent.location(), format!("{}?done=filed-before", own("")));
    // A unit with an open case is not asked about again.
    let again = browser.get("/my/file?line=L-1").await;
    assert_eq!(again.location(), format!("{}?done=filed-before", own("")));
    // A refusal that is final has used its id up.
    services.answer(OWED, CheckEntitlementResponse { unit: Some(unit()), ..Default::default() });
    services.refuse(FILE, Error::new(Reason::CalendarNotCovered));
    let refused = send(&mut browser, &fields).await;
    assert_ne!(refused.hidden("request_id"), page.hidden("request_id"));
}

#[tokio::test]
async fn a_draft_of_the_browser_goes_on_where_it_was() {
    let mut browser = at(Stage::Filed, Party::Retailer).await;
    let page = browser.get("/my/file").await;
    let kept = [("line", "L-1"), ("symptom", "noisy"), ("go", "resume")];
    let mut fields = filled(&page, &kept);
    fields[1].1 = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b".to_owned();
    fields[2].1 = "visit".to_owned();
    let resumed = send(&mut browser, &fields).await;
    assert!(resumed.text.contains("When would a visit suit you?"), "{}", resumed.text);
    assert_eq!(resumed.hidden("request_id"), "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
    assert_eq!(resumed.hidden("symptom"), "noisy");
    let last = fields.len() - 1;
    fields[last].1 = "back".to_owned();
    let back = send(&mut browser, &fields).await;
    assert!(back.text.contains("What does it do?"), "{}", back.text);
    let foreign = [("form_token", "00"), ("step", "check"), ("line", "L-1")];
    let refused = browser.post("/my/file", &foreign).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
    assert!(browser.services.asked::<FileCaseRequest>(FILE).is_empty());
}

#[tokio::test]
async fn a_case_shows_whose_turn_it_is_and_can_be_chased() {
    let mut browser = at(Stage::Appointed, Party::Technician).await;
    let services = browser.services.clone();
    let window = TimeWindow {
        from: Some(to_timestamp(noon() + Span::hours(2))),
        to: Some(to_timestamp(noon() + Span::hours(4))),
    };
    services.answer(
        TIMELINE,
        Timeline {
            technician: Some(TechnicianCard {
                name: "王师傅".to_owned(),
                phone: "95013000123".to_owned(),
                centre: "c-1".to_owned(),
                centre_name: "Cold & Co".to_owned(),
                ..TechnicianCard::default()
            }),
            appointment_window: Some(window),
            ..told(Stage::Appointed, Party::Technician)
        },
    );
    let shown = browser.get(&own("")).await;
    assert_eq!(shown.status, StatusCode::OK);
    for text in
        ["Now with the technician", "tel:95013000123", "Mon 8 Jun 14:00–16:00", "Cold &amp; Co"]
    {
        assert!(shown.text.contains(text), "{text}: {}", shown.text);
    }
    assert!(!shown.text.contains("<script>alert"), "what the customer wrote is text");
    assert!(shown.text.contains("http-equiv=\"refresh\""), "without scripts it asks again");
    let listens = format!("data-events=\"{}?from=from-here\"", own("events"));
    assert!(shown.text.contains(&listens), "{}", shown.text);
    assert!(!shown.text.contains("Nobody came"), "the window has not passed");

    services.answer(REMIND, RemindCaseResponse::default());
    let (token, id) = (shown.hidden("form_token"), shown.hidden("request_id"));
    let fields = [("form_token", token.as_str()), ("request_id", &id)];
    let chased = browser.post(&own("remind"), &fields).await;
    assert_eq!(chased.location(), format!("{}?done=remind", own("")));
    assert_eq!(services.asked::<RemindCaseRequest>(REMIND)[0].request_id, id);
    let elsewhere = browser.post(&own("remind"), &[("request_id", &id)]).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN, "a form of nobody");
    assert_eq!(services.asked::<RemindCaseRequest>(REMIND).len(), 1);
}

#[tokio::test]
async fn a_remedy_is_chosen_from_what_is_offered_with_its_reasons() {
    let mut browser = at(Stage::RemedyOffered, Party::Customer).await;
    let services = browser.services.clone();
    let offered = |remedy: Remedy, fen| OfferedRemedy {
        remedy: remedy.into(),
        amount: (fen > 0).then(|| to_money(fen)),
        payer: "brand".to_owned(),
        ..OfferedRemedy::default()
    };
    let decision = Decision {
        remedies: vec![offered(Remedy::Replace, 0), offered(Remedy::Refund, 299_900)],
        rules: vec![FiredRule { effect: "You choose".to_owned(), ..FiredRule::default() }],
        ..Decision::default()
    };
    services.answer(
        GET,
        Case {
            view: Some(view(Stage::RemedyOffered)),
            decision: Some(decision.clone()),
            ..Case::default()
        },
    );
    let decision = Some(decision);
    services.answer(EXPLAIN, DecisionExplanation { decision, ..Default::default() });
    let shown = browser.get(&own("")).await;
    for text in ["It is your turn", "¥2,999.00", "You choose", "at no cost to you"] {
        assert!(shown.text.contains(text), "{text}: {}", shown.text);
    }
    assert!(!shown.text.contains("http-equiv=\"refresh\""), "nobody's choice is reloaded away");
    assert!(!shown.text.contains("Chase this"), "nobody chases themselves");

    services.refuse(CHOOSE, Error::new(Reason::RemedyNotOffered));
    let (token, id) = (shown.hidden("form_token"), shown.hidden("request_id"));
    let fields =
        [("form_token", &*token), ("request_id", &id), ("remedy", "refund"), ("etag", "7")];
    let refused = browser.post(&own("choose"), &fields).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("REMEDY_NOT_OFFERED") && refused.text.contains("role=\"alert\""));
    services.answer(CHOOSE, ChooseRemedyResponse::default());
    let chosen = browser.post(&own("choose"), &fields).await;
    assert_eq!(chosen.location(), format!("{}?done=choose", own("")));
    let asked = services.asked::<ChooseRemedyRequest>(CHOOSE);
    assert_eq!((asked[1].remedy(), asked[1].etag.as_str()), (Remedy::Refund, "7"));
}

#[tokio::test]
async fn one_of_the_proposed_windows_is_picked() {
    let mut browser = at(Stage::TechnicianAssigned, Party::Customer).await;
    let services = browser.services.clone();
    let hold = ProposedWindow { hold_id: "hold_1".to_owned(), ..ProposedWindow::default() };
    services.answer(
        GET,
        Case {
            view: Some(view(Stage::TechnicianAssigned)),
            proposed_windows: vec![hold],
            ..Case::default()
        },
    );
    let shown = browser.get(&own("")).await;
    assert!(shown.text.contains("value=\"hold_1\"") && shown.text.contains("None of these"));
    services.answer(BOOK, BookAppointmentResponse::default());
    let (token, id) = (shown.hidden("form_token"), shown.hidden("request_id"));
    let fields = [("form_token", &*token), ("request_id", &id), ("hold_id", "hold_1")];
    let booked = browser.post(&own("book"), &fields).await;
    assert_eq!(booked.location(), format!("{}?done=book", own("")));
    let asked = services.asked::<BookAppointmentRequest>(BOOK);
    assert!(asked[0].customer_chose && asked[0].slot.is_some());
}

#[tokio::test]
async fn a_dispute_keeps_its_words_and_photos_when_it_is_refused() {
    let mut browser = at(Stage::Denied, Party::Customer).await;
    let services = browser.services.clone();
    let form = browser.get(&own("dispute")).await;
    assert_eq!(form.status, StatusCode::OK, "{}", form.text);
    let piece =
        Evidence { evidence_id: "ev_1".to_owned(), sha256: "ab".repeat(32), ..Evidence::default() };
    services.answer(UPLOAD, UploadEvidenceResponse { evidence: Some(piece) });
    services.refuse(DISPUTE, Error::new(Reason::StoreUnavailable));
    let (token, id) = (form.hidden("form_token"), form.hidden("request_id"));
    let parts: [(&str, &str, &[u8]); 4] = [
        ("form_token", "", token.as_bytes()),
        ("request_id", "", id.as_bytes()),
        ("reason", "", b"it was not me"),
        ("photo_fault", "a.jpg", b"\xFF\xD8\xFF\xE0 a photo"),
    ];
    let shown = browser.upload(&own("dispute"), &parts).await;
    assert_eq!(shown.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(shown.text.contains("it was not me") && shown.text.contains("Uploaded already"));
    assert_eq!(shown.hidden("request_id"), id, "its outcome is unknown: it stays one intent");
    let mark = shown.hidden("kept");
    services.answer(DISPUTE, OpenDisputeResponse::default());
    let parts: [(&str, &str, &[u8]); 4] =
        [parts[0], parts[1], parts[2], ("kept", "", mark.as_bytes())];
    let sent = browser.upload(&own("dispute"), &parts).await;
    assert_eq!(sent.location(), format!("{}?done=dispute", own("")));
    let asked = services.asked::<OpenDisputeRequest>(DISPUTE);
    assert_eq!(asked[0], asked[1]);
    assert_eq!(asked[1].evidence[0].kind, i32::from(EvidenceKind::Fault));
    // A stranger's mark is no photo.
    let parts: [(&str, &str, &[u8]); 4] = [parts[0], parts[1], parts[2], ("kept", "", b"a.b.c.d")];
    browser.upload(&own("dispute"), &parts).await;
    assert!(services.asked::<OpenDisputeRequest>(DISPUTE)[2].evidence.is_empty());
}

#[tokio::test]
async fn what_is_not_open_has_no_form() {
    let mut browser = at(Stage::Closed, Party::Unspecified).await;
    for act in ["cancel", "dispute", "book", "choose"] {
        let shown = browser.get(&own(act)).await;
        assert_eq!(shown.location(), own(""), "{act}");
    }
    let shown = browser.get(&own("")).await;
    assert!(shown.text.contains("This case is done") && shown.text.contains("The problem is back"));
    assert!(!shown.text.contains("data-events"), "nothing is listened to any more");
    let reopen = browser.get(&own("reopen")).await;
    assert_eq!(reopen.status, StatusCode::OK);
    assert_eq!(browser.get(&own("nonsense")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_listener_goes_on_where_it_was_cut_off() {
    let mut browser = at(Stage::Dispatched, Party::Brand).await;
    let services = browser.services.clone();
    let entry = TimelineEntry { headline: "accepted".to_owned(), ..TimelineEntry::default() };
    let event = parasol_api::tracking::v1::watch_case_response::Event::Entry(Box::new(entry));
    services
        .answer(WATCH, WatchCaseResponse { event: Some(event), resume_token: "next".to_owned() });
    let request = Request::get(format!("{}?from=first", own("events")));
    let request = request.header("last-event-id", "cut");
    let shown = browser.send(request, axum::body::Body::empty()).await;
    assert_eq!(shown.headers[header::CONTENT_TYPE], "text/event-stream");
    assert!(shown.text.starts_with("retry: "), "{}", shown.text);
    assert!(shown.text.contains("event: changed\nid: next\ndata: accepted\n\n"), "{}", shown.text);
    assert!(shown.text.contains("event: ended"), "{}", shown.text);
    assert_eq!(services.asked::<WatchCaseRequest>(WATCH)[0].resume_token, "cut");
    services.refuse(WATCH, Error::new(Reason::ResyncRequired));
    let resync = browser.get(&format!("{}?from=old", own("events"))).await;
    assert!(resync.text.contains("event: resync"), "{}", resync.text);
    assert_eq!(services.asked::<WatchCaseRequest>(WATCH)[1].resume_token, "old");
}

#[tokio::test]
async fn a_link_shows_the_story_and_no_form_and_is_told_to_nobody() {
    let browser = at(Stage::Repairing, Party::Technician).await;
    let mut stranger = Browser::open();
    stranger.routes = browser.routes.clone();
    let shown = stranger.get("/s/some.link_token").await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    assert!(shown.text.contains("It moved") && shown.text.contains("/s/some.link_token/events"));
    assert!(!shown.text.contains("<form"), "a link changes nothing: {}", shown.text);
    assert!(!shown.text.contains("it leaks"), "what was said to us is not the link's");
    assert_eq!(shown.headers[header::REFERRER_POLICY], "no-referrer");
    assert!(shown.headers.get(header::SET_COOKIE).is_none(), "the address is all there is");
    let headers = browser.services.asked.lock().unwrap().last().unwrap().2.clone();
    assert_eq!(headers["authorization"], "Bearer some.link_token");
    browser.services.answer(TIMELINE, told(Stage::AwaitConfirm, Party::Customer));
    let theirs = stranger.get("/s/some.link_token").await.text;
    assert!(theirs.contains("Now with the customer"), "{theirs}");
    assert!(!theirs.contains("your turn"), "it is the customer's, not the reader's: {theirs}");
    browser.services.refuse(TIMELINE, Error::new(Reason::Unauthenticated));
    let gone = stranger.get("/s/some.link_token").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.text.contains("run out or was taken back"), "{}", gone.text);
    assert_eq!(stranger.get("/s/a%20b").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_link_is_shown_once_and_can_be_taken_back() {
    const LINKS: &str = "/parasol.tracking.v1.TrackingService/ListShareLinks";
    const MAKE: &str = "/parasol.tracking.v1.TrackingService/CreateShareLink";
    const REVOKE: &str = "/parasol.tracking.v1.TrackingService/RevokeShareLink";
    let mut browser = at(Stage::Dispatched, Party::Brand).await;
    let services = browser.services.clone();
    let link = |ends: Span| ShareLink {
        link_id: format!("link_{}", ends.micros()),
        created_at: Some(to_timestamp(noon())),
        expires_at: Some(to_timestamp(noon() + ends)),
        ..ShareLink::default()
    };
    let links = vec![link(Span::days(7)), link(Span::minutes(-1))];
    services.answer(LINKS, ListShareLinksResponse { links });
    let page = browser.get(&own("links")).await;
    assert_eq!(page.text.matches("Take it back").count(), 1, "one is over: {}", page.text);
    let (token, id) = (page.hidden("form_token"), page.hidden("request_id"));
    services.answer(MAKE, ShareLink { path: "/s/sl_secret".to_owned(), ..link(Span::days(7)) });
    let made = browser.post(&own("links"), &[("form_token", &token), ("request_id", &id)]).await;
    assert!(made.text.contains("href=\"/s/sl_secret\""), "{}", made.text);
    assert_eq!(services.asked::<CreateShareLinkRequest>(MAKE)[0].request_id, id);
    assert!(!browser.get(&own("links")).await.text.contains("sl_secret"), "it is shown once");
    services.answer(REVOKE, link(Span::days(7)));
    let fields = [("form_token", &*token), ("request_id", &id), ("link_id", "link_1")];
    browser.post(&own("links"), &fields).await;
    assert_eq!(services.asked::<RevokeShareLinkRequest>(REVOKE)[0].link_id, "link_1");
    let stolen = browser.post(&own("links"), &[("request_id", &id)]).await;
    assert_eq!(stolen.status, StatusCode::FORBIDDEN);
    assert_eq!(services.asked::<CreateShareLinkRequest>(MAKE).len(), 1);
}

#[tokio::test]
async fn what_is_late_says_so_and_what_can_be_done() {
    let mut browser = at(Stage::Dispatched, Party::Brand).await;
    let forecast = |outlook: ForecastOutlook| Forecast {
        outlook: outlook.into(),
        text: "Late unless the brand moves".to_owned(),
        ..Forecast::default()
    };
    let shown = |forecast, is_stale| Timeline {
        forecast: Some(forecast),
        freshness: Some(Freshness { is_stale, ..Freshness::default() }),
        ..told(Stage::Dispatched, Party::Brand)
    };
    browser.services.answer(TIMELINE, shown(forecast(ForecastOutlook::OnTime), false));
    let page = browser.get(&own("")).await.text;
    assert!(!page.contains("Late unless") && !page.contains("may have changed since"), "{page}");
    browser.services.answer(TIMELINE, shown(forecast(ForecastOutlook::AtRisk), true));
    let page = browser.get(&own("")).await.text;
    assert!(page.contains("Late unless") && page.contains("may have changed since"), "{page}");
}

#[tokio::test]
async fn the_front_page_shows_what_is_mine_and_pages_are_small() {
    let mut browser = at(Stage::AwaitConfirm, Party::Customer).await;
    let home = browser.get("/my").await;
    assert!(home.text.contains(&own("")) && home.text.contains("/my/file?line=L-1"));
    assert!(home.text.contains("your turn"), "{}", home.text);
    let mut weight = 0;
    for path in ["/my/customer.css", "/my/customer.js"] {
        weight += browser.get(path).await.text.len();
    }
    let notices = "/parasol.tracking.v1.NoticeService/GetNoticePreferences";
    browser.services.answer(notices, parasol_api::tracking::v1::NoticePreferences::default());
    for path in ["/my", "/my/file", "/my/file?line=L-1", "/my/notices", &own("")] {
        let page = browser.get(path).await;
        let whole = page.text.len() + weight;
        assert!(whole < 100_000, "{path}: {whole} bytes with its style and script");
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(!page.text.contains(" style="), "{path} has a style of its own");
        assert!(!page.text.contains("http://") && !page.text.contains("https://"), "{path}");
    }
}
