//! What customers say, at a desk without a node.

use axum::http::StatusCode;
use parasol_api::convert::to_timestamp;
use parasol_api::tracking::v1::*;
use parasol_api::{Error, Reason, Role};
use parasol_journey::time::Span;

use crate::web::fixture::{Browser, Shown, noon};

const VOICE: &str = "/parasol.tracking.v1.VoiceService";
const SCORE: &str = "/parasol.tracking.v1.ScoreService";

async fn signed_in(role: Role) -> Browser {
    Browser::signed_in_at("/desk", role).await
}

async fn send(browser: &mut Browser, page: &Shown, to: &str, fields: &[(&str, &str)]) -> Shown {
    let [token, id] = ["form_token", "request_id"].map(|name| page.hidden(name));
    let own = [("form_token", token.as_str()), ("request_id", id.as_str())];
    let all: Vec<_> = own.into_iter().chain(fields.iter().copied()).collect();
    browser.post(to, &all).await
}

fn follow_up(state: FollowUpState) -> FollowUp {
    let said = FollowUpEntry {
        act: "noted".into(),
        said_by: "agent:a-1".into(),
        text: "called <b>twice</b>".into(),
        ..FollowUpEntry::default()
    };
    FollowUp {
        follow_up_id: "fu_1".into(),
        etag: "v3".into(),
        case_id: "case_1".into(),
        issue: FollowUpIssue::Money.into(),
        tier: FollowUpTier::L2.into(),
        state: state.into(),
        valid_until: Some(to_timestamp(noon() + Span::hours(3))),
        entries: vec![said],
        ..FollowUp::default()
    }
}

fn answer_follow_ups(browser: &Browser, state: FollowUpState) {
    let follow_ups = vec![follow_up(state)];
    let found = ListFollowUpsResponse { follow_ups, next_page_token: "next".into() };
    browser.services.answer(&format!("{SCORE}/ListFollowUps"), found);
}

#[tokio::test]
async fn a_follow_up_is_closed_on_the_customers_word_and_by_no_form_before_it() {
    let mut browser = signed_in(Role::Agent).await;
    answer_follow_ups(&browser, FollowUpState::Taken);
    let list = browser.get("/desk/followups?list=l2").await;
    assert_eq!(list.status, StatusCode::OK, "{}", list.text);
    assert!(list.text.contains("/desk/followups/case_1/fu_1"), "{}", list.text);
    assert!(list.text.contains("list=l2&amp;page=next"), "{}", list.text);
    let asked = browser.services.asked::<ListFollowUpsRequest>(&format!("{SCORE}/ListFollowUps"));
    assert_eq!(asked[0].tier(), FollowUpTier::L2);
    let own = "/desk/followups/case_1/fu_1";
    let page = browser.get(own).await;
    assert!(page.text.contains("called &lt;b&gt;twice"), "{}", page.text);
    assert!(!page.text.contains("id=\"close\"") && page.text.contains("id=\"confirm\""));

    // A form that is made up is refused by the service, and the page says so.
    let close = format!("{SCORE}/CloseFollowUp");
    browser.services.refuse(&close, Error::new(Reason::FollowUpNotSolved));
    let refused =
        send(&mut browser, &page, &format!("{own}/close"), &[("text", "done"), ("etag", "v3")])
            .await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert!(refused.text.contains("FOLLOW_UP_NOT_SOLVED"), "{}", refused.text);

    let confirm = format!("{VOICE}/ConfirmFollowUp");
    browser.services.answer(&confirm, FollowUpStep::default());
    let unsaid =
        send(&mut browser, &page, &format!("{own}/confirm"), &[("heard_by", "telephone")]).await;
    assert_eq!(unsaid.status, StatusCode::BAD_REQUEST, "a word is not guessed");
    assert!(browser.services.asked::<ConfirmFollowUpRequest>(&confirm).is_empty());
    let fields = [("heard_by", "telephone"), ("solved", "yes"), ("etag", "v3")];
    let said = send(&mut browser, &page, &format!("{own}/confirm"), &fields).await;
    assert_eq!(said.location(), "/desk/followups/case_1/fu_1?done=confirm");
    let asked = browser.services.asked::<ConfirmFollowUpRequest>(&confirm);
    assert!(asked[0].solved && asked[0].etag == "v3");
    assert_eq!(asked[0].heard_by(), HeardBy::Telephone);

    answer_follow_ups(&browser, FollowUpState::Solved);
    browser.services.answer(&close, FollowUpStep::default());
    let page = browser.get(own).await;
    assert!(page.text.contains("id=\"close\""), "{}", page.text);
    let done = send(&mut browser, &page, &format!("{own}/close"), &[("text", "paid")]).await;
    assert_eq!(done.location(), "/desk/followups?done=close");
}

#[tokio::test]
async fn every_step_of_a_follow_up_is_sent_as_it_was_typed() {
    let mut browser = signed_in(Role::Agent).await;
    answer_follow_ups(&browser, FollowUpState::Open);
    let step = FollowUpStep { follow_up_id: "fu_1".into(), ..FollowUpStep::default() };
    for method in ["OpenFollowUp", "AssignFollowUp", "NoteFollowUp", "EscalateFollowUp"] {
        browser.services.answer(&format!("{VOICE}/{method}"), step.clone());
    }
    let page = browser.get("/desk/followups/case_1").await;
    let fields = [("issue", "money"), ("text", "no refund yet")];
    let opened = send(&mut browser, &page, "/desk/followups/case_1", &fields).await;
    assert_eq!(opened.location(), "/desk/followups/case_1/fu_1?done=open");
    let own = "/desk/followups/case_1/fu_1";
    let page = browser.get(own).await;
    let taken = send(&mut browser, &page, &format!("{own}/assign"), &[("assignee", "a-2")]).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text);
    let fields = [("text", "called"), ("next_check_at", "2026-06-09T09:00")];
    send(&mut browser, &page, &format!("{own}/note"), &fields).await;
    send(&mut browser, &page, &format!("{own}/escalate"), &[("text", "above me")]).await;
    let services = &browser.services;
    let opened = services.asked::<OpenFollowUpRequest>(&format!("{VOICE}/OpenFollowUp"));
    assert_eq!((opened[0].issue(), opened[0].case_id.as_str()), (FollowUpIssue::Money, "case_1"));
    let assigned = services.asked::<AssignFollowUpRequest>(&format!("{VOICE}/AssignFollowUp"));
    assert_eq!(assigned[0].assignee, "a-2");
    let noted = services.asked::<NoteFollowUpRequest>(&format!("{VOICE}/NoteFollowUp"));
    assert!(noted[0].next_check_at.is_some() && noted[0].text == "called");
    let up = services.asked::<EscalateFollowUpRequest>(&format!("{VOICE}/EscalateFollowUp"));
    assert_eq!(up[0].text, "above me");
    let unknown = send(&mut browser, &page, &format!("{own}/eat"), &[]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let foreign = browser.post(&format!("{own}/note"), &[("text", "x")]).await;
    assert!(foreign.text.contains("FORM_STALE"), "{}", foreign.text);
    let noted = browser.services.asked::<NoteFollowUpRequest>(&format!("{VOICE}/NoteFollowUp"));
    assert_eq!(noted.len(), 1, "a form of another session does nothing");
}

fn complaint(state: ComplaintState) -> Complaint {
    Complaint {
        complaint_id: "cmp_1".into(),
        etag: "v2".into(),
        case_id: "case_1".into(),
        class: ComplaintClass::Visit.into(),
        state: state.into(),
        owner: "a-1".into(),
        ..Complaint::default()
    }
}

fn answer_complaints(browser: &Browser, state: ComplaintState) {
    let complaints = vec![complaint(state)];
    let found = ListComplaintsResponse { complaints, ..ListComplaintsResponse::default() };
    browser.services.answer(&format!("{VOICE}/ListComplaints"), found);
}

#[tokio::test]
async fn a_complaint_shows_the_step_that_is_next_and_no_other() {
    let mut browser = signed_in(Role::Manager).await;
    let project = Project {
        project_id: "proj_1".into(),
        name: "Faster <visits>".into(),
        state: ProjectState::Open.into(),
        ..Project::default()
    };
    let projects = ListProjectsResponse { projects: vec![project], ..Default::default() };
    browser.services.answer(&format!("{VOICE}/ListProjects"), projects);
    let own = "/desk/complaints/case_1/cmp_1";
    let steps = [
        (ComplaintState::Classified, ["assign"].as_slice()),
        (ComplaintState::Owned, &["assign", "act"]),
        (ComplaintState::Acted, &["verify"]),
        (ComplaintState::Verified, &["close"]),
        (ComplaintState::Closed, &[]),
    ];
    for (state, open) in steps {
        answer_complaints(&browser, state);
        let page = browser.get(own).await.text;
        for act in ["assign", "act", "verify", "close"] {
            let is_open = page.contains(&format!("<details class=\"card\" id=\"{act}\""));
            assert_eq!(is_open, open.contains(&act), "{state:?} {act} {page}");
        }
    }
    answer_complaints(&browser, ComplaintState::Owned);
    let page = browser.get(own).await;
    assert!(page.text.contains("Faster &lt;visits&gt;"), "{}", page.text);
    browser.services.answer(&format!("{VOICE}/ActOnComplaint"), ComplaintStep::default());
    let fields =
        [("outcome", "project"), ("text", "changed"), ("project_id", "proj_1"), ("etag", "v2")];
    let acted = send(&mut browser, &page, &format!("{own}/act"), &fields).await;
    assert_eq!(acted.location(), "/desk/complaints/case_1/cmp_1?done=act");
    let asked = browser.services.asked::<ActOnComplaintRequest>(&format!("{VOICE}/ActOnComplaint"));
    assert_eq!(asked[0].outcome(), ComplaintOutcome::Project);
    assert_eq!((asked[0].project_id.as_str(), asked[0].etag.as_str()), ("proj_1", "v2"));

    answer_complaints(&browser, ComplaintState::Acted);
    let verify = format!("{VOICE}/VerifyComplaint");
    browser.services.refuse(&verify, Error::new(Reason::FourEyesNeeded));
    let page = browser.get(own).await;
    let fields = [("helped", "yes"), ("text", "asked the customer")];
    let refused = send(&mut browser, &page, &format!("{own}/verify"), &fields).await;
    assert!(refused.text.contains("FOUR_EYES_NEEDED"), "{}", refused.text);
    assert!(refused.text.contains("asked the customer"), "what was typed is kept");
}

#[tokio::test]
async fn a_text_is_read_by_whom_it_is_given_to() {
    let mut browser = signed_in(Role::Agent).await;
    let voice = |assignee: &str| Voice {
        voice_id: "voice_1".into(),
        case_id: "case_1".into(),
        csat: 2,
        text: "never <again>".into(),
        assignee: assignee.into(),
        ..Voice::default()
    };
    let list = format!("{VOICE}/ListVoices");
    let found =
        |assignee| ListVoicesResponse { voices: vec![voice(assignee)], ..Default::default() };
    browser.services.answer(&list, found(""));
    let page = browser.get("/desk/voices").await;
    assert!(
        page.text.contains("never &lt;again&gt;") && page.text.contains("★★☆☆☆"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("/desk/voices/voice_1/read"), "nobody's to mark");
    browser.services.answer(&format!("{VOICE}/AssignVoice"), voice(""));
    let given = send(&mut browser, &page, "/desk/voices/voice_1/assign", &[("assignee", "")]).await;
    assert_eq!(given.location(), "/desk/voices?done=assign");
    // The fixture signs everybody in under one name.
    browser.services.answer(&list, found("aurora-hz-01"));
    let page = browser.get("/desk/voices?list=mine").await;
    assert!(page.text.contains("/desk/voices/voice_1/read"), "{}", page.text);
    let asked = browser.services.asked::<ListVoicesRequest>(&list);
    assert_eq!(asked.last().unwrap().assignee, "aurora-hz-01");
    browser.services.refuse(&format!("{VOICE}/ReadVoice"), Error::new(Reason::VoiceNotAssigned));
    let refused = send(&mut browser, &page, "/desk/voices/voice_1/read", &[]).await;
    assert!(refused.text.contains("VOICE_NOT_ASSIGNED"), "{}", refused.text);
}

#[tokio::test]
async fn a_manager_makes_projects_and_an_agent_says_which_case_is_behind_one() {
    let project = Project {
        project_id: "proj_1".into(),
        name: "Tea".into(),
        promise: "tea-promise".into(),
        case_ids: vec!["case_9".into()],
        cases: 1,
        state: ProjectState::Open.into(),
        ..Project::default()
    };
    let found = ListProjectsResponse { projects: vec![project.clone()], ..Default::default() };
    let mut agent = signed_in(Role::Agent).await;
    agent.services.answer(&format!("{VOICE}/ListProjects"), found.clone());
    let list = agent.get("/desk/projects?case=case_7").await.text;
    assert!(list.contains("/desk/projects/proj_1?case=case_7"), "{list}");
    assert!(!list.contains("id=\"make\""), "{list}");
    let page = agent.get("/desk/projects/proj_1?case=case_7").await;
    assert!(page.text.contains("value=\"case_7\"") && page.text.contains("/desk/cases/case_9"));
    assert!(page.text.contains("tea-promise") && !page.text.contains("id=\"change\""));
    agent.services.answer(&format!("{VOICE}/LinkProjectCase"), LinkProjectCaseResponse::default());
    let linked =
        send(&mut agent, &page, "/desk/projects/proj_1/link", &[("case_id", "case_7")]).await;
    assert_eq!(linked.location(), "/desk/projects/proj_1?done=link");

    let mut manager = signed_in(Role::Manager).await;
    manager.services.answer(&format!("{VOICE}/ListProjects"), found);
    manager.services.answer(&format!("{VOICE}/PutProject"), project);
    let list = manager.get("/desk/projects").await;
    assert!(list.text.contains("id=\"make\""), "{}", list.text);
    let fields = [("name", "Tea"), ("owner", "m-1"), ("state", "open")];
    let made = send(&mut manager, &list, "/desk/projects", &fields).await;
    assert_eq!(made.location(), "/desk/projects/proj_1?done=make");
}

#[tokio::test]
async fn digest_report_and_file_say_the_same_as_the_service() {
    let mut browser = signed_in(Role::Manager).await;
    let digest = VocDigest {
        day: "2026-06-07".into(),
        frozen: true,
        surveys: 3,
        csat: 4_333_333,
        case_id: "case_5".into(),
        because: "lowest_csat".into(),
        follow_ups: vec![VocCount { word: "late_visit".into(), count: 2 }],
        ..VocDigest::default()
    };
    browser.services.answer(&format!("{SCORE}/GetVocDigest"), digest);
    let page = browser.get("/desk/digest?day=2026-06-07").await.text;
    assert!(page.contains("4.33") && page.contains("/desk/cases/case_5"), "{page}");
    assert!(page.contains("Nobody came") && page.contains("day=2026-06-08"), "{page}");
    let report = VocReport {
        period: "2026-06".into(),
        by_class: vec![VocCount { word: "visit".into(), count: 4 }],
        ..VocReport::default()
    };
    let path = format!("{SCORE}/GetVocReport");
    browser.services.answer(&path, report);
    let page = browser.get("/desk/report?month=2026-06&category=television").await.text;
    assert!(page.contains("report.csv?month=2026-06&amp;category=television"), "{page}");
    let file = browser.get("/desk/report.csv?month=2026-06&category=television").await;
    assert!(file.text.contains("2026-06,television,,complaints.visit,4\r\n"), "{}", file.text);
    assert!(
        file.headers["content-disposition"].to_str().unwrap().contains("2026-06-television.csv")
    );
    let asked = browser.services.asked::<GetVocReportRequest>(&path);
    assert_eq!(asked[1].category(), parasol_api::common::v1::Category::Television);
}

#[tokio::test]
async fn a_seat_is_booked_taken_in_its_time_and_shows_nobody() {
    let mut browser = signed_in(Role::Manager).await;
    let seat = |hours: i64| Seat {
        seat_id: format!("seat_{hours}"),
        case_id: "case_1".into(),
        at: Some(to_timestamp(noon() + Span::hours(hours))),
        ..Seat::default()
    };
    let seats = vec![seat(-3), seat(-1), seat(1)];
    let found = ListSeatsResponse { seats, attended: 1, expected: 2, quota: 8 };
    browser.services.answer(&format!("{VOICE}/ListSeats"), found);
    let page = browser.get("/desk/seats?case=case_1").await;
    assert!(page.text.contains("action=\"/desk/seats/seat_-1\""), "{}", page.text);
    assert!(!page.text.contains("action=\"/desk/seats/seat_1\""), "not before its time");
    assert!(!page.text.contains("action=\"/desk/seats/seat_-3\""), "not after it");
    browser.services.answer(&format!("{VOICE}/BookSeat"), seat(24 * 30));
    let fields = [("case_id", "case_1"), ("at", "2026-07-08T12:00")];
    let booked = send(&mut browser, &page, "/desk/seats", &fields).await;
    assert_eq!(booked.location(), "/desk/seats?month=2026-07&done=book");
    let entry = SeatEntry { headline: "Somebody <came>".into(), ..SeatEntry::default() };
    let view = SeatView { brand: "aurora".into(), entries: vec![entry], ..SeatView::default() };
    browser.services.answer(&format!("{VOICE}/AttendSeat"), view);
    let taken = send(&mut browser, &page, "/desk/seats/seat_-1", &[]).await;
    assert_eq!(taken.status, StatusCode::OK);
    assert!(taken.text.contains("Somebody &lt;came&gt;"), "{}", taken.text);
}
