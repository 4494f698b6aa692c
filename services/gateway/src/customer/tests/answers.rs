//! What a customer answers beside the course of a case: the survey, the price of a repair, what they want to be told.

use axum::http::{StatusCode, header};
use parasol_api::common::v1::{Party, QuoteLine, QuoteLineKind, Stage};
use parasol_api::convert::{to_money, to_timestamp};
use parasol_api::intake::v1::{Case, RepairQuote};
use parasol_api::tracking::v1::{
    AnswerSurveyRequest, AnswerSurveyResponse, ConfirmFollowUpRequest, FollowUp, FollowUpIssue,
    FollowUpStep, ListFollowUpsRequest, ListFollowUpsResponse, NoticeChannel, NoticeKind,
    NoticePreferences, Survey, SurveyItem, SurveyQuestion, SurveyRating,
    UpdateNoticePreferencesRequest,
};
use parasol_api::verification::v1::{AcceptQuoteRequest, AcceptQuoteResponse};
use parasol_api::{Error, Reason};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_runtime::identity::TokenKey;
use parasol_runtime::identity::link::survey_token;

use super::{CASE, GET, at, own, view};
use crate::web::fixture::{Browser, Shown, noon};

const SURVEY: &str = "/parasol.tracking.v1.TrackingService/GetSurvey";
const ANSWER: &str = "/parasol.tracking.v1.TrackingService/AnswerSurvey";
const FOLLOW_UPS: &str = "/parasol.tracking.v1.ScoreService/ListFollowUps";
const CONFIRM: &str = "/parasol.tracking.v1.VoiceService/ConfirmFollowUp";
const ACCEPT: &str = "/parasol.verification.v1.DecisionService/AcceptQuote";
const KNOWN: &str = "/parasol.tracking.v1.NoticeService/GetNoticePreferences";
const UPDATE: &str = "/parasol.tracking.v1.NoticeService/UpdateNoticePreferences";

fn open_survey() -> Survey {
    let item = |question: SurveyQuestion, text: &str| SurveyItem {
        question: question.into(),
        text: text.to_owned(),
        ..SurveyItem::default()
    };
    Survey {
        case_id: CASE.to_owned(),
        etag: "7".to_owned(),
        open: true,
        open_until: Some(to_timestamp(noon() + Span::days(14))),
        items: vec![
            item(SurveyQuestion::Filing, "How easy was it to file?"),
            item(SurveyQuestion::Repair, "How well was the <repair> done?"),
        ],
        ..Survey::default()
    }
}

fn answered(csat: i32, text: &str) -> Survey {
    Survey { answers: 1, csat, text: text.to_owned(), ..open_survey() }
}

/// The way of a notice's link, as the browser's cell makes it.
fn link(browser: &Browser, ends: Span) -> String {
    let case: CaseId = CASE.parse().unwrap();
    format!("/survey/{}", survey_token(&browser.web.key, case, noon() + ends))
}

async fn give(browser: &mut Browser, at: &str, page: &Shown, said: &[(&str, &str)]) -> Shown {
    let (id, etag) = (page.hidden("request_id"), page.hidden("etag"));
    let mut fields = vec![("request_id", id.as_str()), ("etag", &etag)];
    fields.extend(said);
    browser.post(at, &fields).await
}

#[tokio::test]
async fn the_link_of_a_notice_answers_without_an_account() {
    let mut browser = Browser::open();
    let services = browser.services.clone();
    services.answer(SURVEY, open_survey());
    let at = link(&browser, Span::days(14));
    let page = browser.get(&at).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    for said in ["How was it?", "name=\"csat\"", "name=\"nps\"", "rating_7", "&lt;repair&gt;"] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    assert_eq!(page.headers[header::REFERRER_POLICY], "no-referrer");
    assert!(page.headers.get(header::SET_COOKIE).is_none(), "the address is all there is");
    let nothing = give(&mut browser, &at, &page, &[]).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND, "the service is asked, and knows no answer");

    services.answer(ANSWER, AnswerSurveyResponse::default());
    let said = [("csat", "2"), ("nps", "0"), ("rating_7", "1"), ("text", "it <hums>")];
    let sent = give(&mut browser, &at, &page, &said).await;
    assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, at.as_str()));
    // Pressed twice it is the same intent, byte for byte.
    give(&mut browser, &at, &page, &said).await;
    let asked = services.asked::<AnswerSurveyRequest>(ANSWER);
    let [.., first, second] = &asked[..] else { panic!("two were sent") };
    assert_eq!(first, second);
    assert_eq!((first.case_id.as_str(), first.etag.as_str()), (CASE, "7"));
    assert_eq!((first.csat, first.nps, first.text.as_str()), (2, Some(0), "it <hums>"));
    let repair = SurveyRating { question: SurveyQuestion::Repair.into(), score: 1 };
    assert_eq!(first.ratings, [repair]);
    let headers = services.asked.lock().unwrap().last().unwrap().2.clone();
    let token = at.strip_prefix("/survey/").unwrap();
    assert_eq!(headers["authorization"], format!("Bearer {token}"));
}

#[tokio::test]
async fn a_used_link_thanks_and_tells_nothing_of_what_was_said() {
    let mut browser = Browser::open();
    let at = link(&browser, Span::days(14));
    browser.services.answer(SURVEY, answered(2, "it hums at night"));
    let used = browser.get(&at).await;
    assert!(used.text.contains("answers once") && !used.text.contains("<form"), "{}", used.text);
    assert!(!used.text.contains("hums"), "whoever has the message reads nothing: {}", used.text);
    assert!(used.text.contains("within 24 hours"), "what happens next is told: {}", used.text);
    browser.services.answer(SURVEY, answered(5, ""));
    let glad = browser.get(&at).await;
    assert!(glad.text.contains("Thank you") && !glad.text.contains("sorry"), "{}", glad.text);
    // Of two forms that were opened side by side the first one counts.
    let mut form = Browser::open();
    let services = form.services.clone();
    services.answer(SURVEY, open_survey());
    let page = form.get(&at).await;
    services.refuse(ANSWER, Error::version_conflict(8));
    services.answer(SURVEY, answered(5, ""));
    let late = give(&mut form, &at, &page, &[("csat", "1")]).await;
    assert_eq!(late.location(), at, "it is shown that there is an answer: {}", late.text);
    assert_eq!(services.asked::<AnswerSurveyRequest>(ANSWER).len(), 1);
}

#[tokio::test]
async fn a_case_that_moved_on_for_another_reason_asks_nobody_to_type_again() {
    let mut browser = Browser::open();
    let services = browser.services.clone();
    let at = link(&browser, Span::days(14));
    services.answer(SURVEY, open_survey());
    let page = browser.get(&at).await;
    services.answer(SURVEY, Survey { etag: "8".to_owned(), ..open_survey() });
    services.refuse(ANSWER, Error::version_conflict(8));
    give(&mut browser, &at, &page, &[("csat", "4")]).await;
    let asked = services.asked::<AnswerSurveyRequest>(ANSWER);
    let etags: Vec<_> = asked.iter().map(|one| one.etag.as_str()).collect();
    assert_eq!(etags, ["7", "8"]);
    assert_eq!(asked[0].request_id, asked[1].request_id);
}

#[tokio::test]
async fn links_that_open_nothing_say_so_kindly_in_both_languages() {
    let mut browser = Browser::open();
    browser.services.answer(SURVEY, open_survey());
    let over = link(&browser, Span::days(-1));
    let case: CaseId = CASE.parse().unwrap();
    let strangers = TokenKey::from_secret(&[9; 32]);
    let foreign = format!("/survey/{}", survey_token(&strangers, case, noon() + Span::days(1)));
    for (language, over_said, foreign_said) in [
        ("en", "This survey is over", "It may have been cut off"),
        ("zh", "评价已截止", "链接可能不完整"),
    ] {
        browser.language = language;
        let page = browser.get(&over).await;
        assert_eq!(page.status, StatusCode::GONE);
        assert!(
            page.text.contains(over_said) && page.text.contains("href=\"/my\""),
            "{}",
            page.text
        );
        for path in [&foreign, "/survey/sv_", "/survey/%3Cscript%3E"] {
            let page = browser.get(path).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
            assert!(page.text.contains(foreign_said), "{}", page.text);
        }
    }
    assert!(browser.services.asked.lock().unwrap().is_empty(), "nobody was asked");
    let good = link(&browser, Span::days(1));
    let again = Survey { open: false, open_until: None, ..open_survey() };
    browser.services.answer(SURVEY, again);
    let reopened = browser.get(&good).await;
    assert!(reopened.text.contains("正在处理中"), "{}", reopened.text);
    browser.services.refuse(SURVEY, Error::new(Reason::StoreUnavailable));
    assert_eq!(browser.get(&good).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn the_survey_is_on_the_page_of_a_case_that_has_closed_and_can_be_changed() {
    let mut browser = at(Stage::Closed, Party::Unspecified).await;
    let services = browser.services.clone();
    services.answer(SURVEY, open_survey());
    let case = browser.get(&own("")).await;
    assert!(case.text.contains(&own("survey")), "{}", case.text);
    let page = browser.get(&own("survey")).await;
    services.answer(ANSWER, AnswerSurveyResponse::default());
    let token = page.hidden("form_token");
    let stolen = give(&mut browser, &own("survey"), &page, &[("csat", "1")]).await;
    assert_eq!(stolen.status, StatusCode::FORBIDDEN, "a form of another session");
    let said = [("form_token", token.as_str()), ("csat", "1")];
    let sent = give(&mut browser, &own("survey"), &page, &said).await;
    assert_eq!(sent.location(), own("survey"));
    services.answer(SURVEY, answered(1, "it <hums>"));
    let told = browser.get(&own("survey")).await;
    assert!(
        told.text.contains("it &lt;hums&gt;") && told.text.contains("24 hours"),
        "{}",
        told.text
    );
    let case = browser.get(&own("")).await;
    assert!(case.text.contains("What you told us"), "{}", case.text);
    let change = browser.get(&format!("{}?change=yes", own("survey"))).await;
    assert!(change.text.contains("<form") && change.text.contains("it &lt;hums&gt;</textarea>"));
    services.answer(SURVEY, Survey { open: false, ..answered(1, "") });
    let over = browser.get(&format!("{}?change=yes", own("survey"))).await;
    assert!(!over.text.contains("id=\"survey\""), "nothing is asked any more: {}", over.text);
    assert_eq!(services.asked::<AnswerSurveyRequest>(ANSWER).len(), 1);
}

fn quoted(quote: RepairQuote, stage: Stage) -> Case {
    Case { view: Some(view(stage)), quote: Some(quote), ..Case::default() }
}

fn quote(ends: Span) -> RepairQuote {
    let line = |kind: QuoteLineKind, text: &str, quantity, fen| QuoteLine {
        kind: kind.into(),
        text: text.to_owned(),
        quantity,
        amount: Some(to_money(fen)),
    };
    RepairQuote {
        amount: Some(to_money(38_000)),
        valid_until: Some(to_timestamp(noon() + ends)),
        work: "A new <door seal>".to_owned(),
        lines: vec![
            line(QuoteLineKind::Parts, "Door seal", 2, 26_000),
            line(QuoteLineKind::Labour, "Fitting", 1, 12_000),
        ],
        ..RepairQuote::default()
    }
}

#[tokio::test]
async fn the_price_of_a_repair_is_shown_line_by_line_and_accepted_as_shown() {
    let mut browser = at(Stage::Denied, Party::Customer).await;
    let services = browser.services.clone();
    services.answer(GET, quoted(quote(Span::days(7)), Stage::Denied));
    let page = browser.get(&own("")).await;
    for said in
        ["A new &lt;door seal&gt;", "Door seal × 2", "¥260.00", "labour", "¥380.00", "7 d 0 h left"]
    {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    let accept = browser.get(&own("accept-quote")).await;
    assert!(accept.text.contains("I agree to pay ¥380.00"), "{}", accept.text);
    let hidden = |name: &str| accept.hidden(name);
    let (token, id, etag, price) =
        (hidden("form_token"), hidden("request_id"), hidden("etag"), hidden("price"));
    services.answer(ACCEPT, AcceptQuoteResponse::default());
    let fields =
        [("form_token", &*token), ("request_id", &*id), ("etag", &*etag), ("price", &*price)];
    let sent = browser.post(&own("accept-quote"), &fields).await;
    assert_eq!(sent.location(), format!("{}?done=accept-quote", own("")));
    let asked = services.asked::<AcceptQuoteRequest>(ACCEPT);
    assert_eq!((asked[0].etag.as_str(), asked[0].amount.as_ref().unwrap().fen), ("7", 38_000));
    // What was agreed stays in sight; what was not, and is over, is gone.
    let agreed = RepairQuote { accepted: true, ..quote(Span::days(7)) };
    services.answer(GET, quoted(agreed, Stage::Repairing));
    services.answer(super::TIMELINE, super::told(Stage::Repairing, Party::Technician));
    let page = browser.get(&own("")).await;
    assert!(
        page.text.contains("as agreed") && !page.text.contains("accept-quote"),
        "{}",
        page.text
    );
}

#[tokio::test]
async fn a_price_that_has_lapsed_says_so_and_is_not_offered() {
    let mut browser = at(Stage::Denied, Party::Customer).await;
    browser.services.answer(GET, quoted(quote(Span::minutes(-1)), Stage::Denied));
    let page = browser.get(&own("")).await;
    assert!(page.text.contains("This price has lapsed"), "{}", page.text);
    assert!(!page.text.contains("accept-quote"), "{}", page.text);
    let late = browser.get(&own("accept-quote")).await;
    assert_eq!(late.location(), own(""), "the page of the case says how it stands");
}

#[tokio::test]
async fn what_is_told_is_chosen_and_an_address_is_never_written_back() {
    let mut browser = at(Stage::Filed, Party::Retailer).await;
    let services = browser.services.clone();
    let known = NoticePreferences {
        etag: "3".to_owned(),
        language: "zh".to_owned(),
        muted: vec![NoticeKind::Visit.into()],
        refused: vec![NoticeChannel::Sms.into()],
        email: "l***@example.com".to_owned(),
        ..NoticePreferences::default()
    };
    services.answer(KNOWN, known.clone());
    let page = browser.get("/my/notices").await;
    assert!(page.text.contains("l***@example.com now") && page.text.contains("always told"));
    assert!(!page.text.contains("value=\"l***"), "a mask is no address: {}", page.text);
    let ticked = |name: &str| page.text.contains(&format!("name=\"{name}\" value=\"yes\" checked"));
    assert!(
        !ticked("kind_visit") && ticked("kind_delay") && !ticked("by_sms") && ticked("by_push")
    );

    services.answer(UPDATE, known);
    let (token, id, etag) =
        (page.hidden("form_token"), page.hidden("request_id"), page.hidden("etag"));
    let base = [("form_token", &*token), ("request_id", &*id), ("etag", &*etag)];
    let said = [
        ("kind_progress", "yes"),
        ("by_email", "yes"),
        ("language", "en"),
        ("digest", "yes"),
        ("quiet", "own"),
        ("quiet_from", "23:00"),
        ("quiet_until", "07:30"),
        ("email", ""),
    ];
    let sent = browser.post("/my/notices", &[&base[..], &said].concat()).await;
    assert_eq!(sent.location(), "/my/notices?done=saved");
    let asked = services.asked::<UpdateNoticePreferencesRequest>(UPDATE);
    let one = &asked[0];
    assert_eq!((one.etag.as_str(), one.language.as_str(), one.digest), ("3", "en", true));
    assert_eq!((one.quiet_from.as_str(), one.quiet_until.as_str()), ("23:00", "07:30"));
    assert_eq!((one.email.clone(), one.muted.len(), one.refused.len()), (None, 5, 3));
    assert!(!one.muted.contains(&NoticeKind::Code.into()), "what cannot be refused is not asked");
    // Hours of one's own have to be said; the usual ones do not send what stood in the fields.
    let none = [("quiet", "own"), ("language", "en")];
    let wrong = browser.post("/my/notices", &[&base[..], &none].concat()).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.text);
    let usual = [("quiet", "usual"), ("quiet_from", "23:00"), ("forget_email", "yes")];
    browser.post("/my/notices", &[&base[..], &usual].concat()).await;
    let asked = services.asked::<UpdateNoticePreferencesRequest>(UPDATE);
    assert_eq!(asked.len(), 2);
    assert_eq!((asked[1].quiet_from.as_str(), asked[1].email.as_deref()), ("", Some("")));
}

#[tokio::test]
async fn only_the_customers_word_ends_what_somebody_stays_on() {
    let mut browser = at(Stage::Closed, Party::Unspecified).await;
    let page = format!("/my/cases/{CASE}");
    assert!(!browser.get(&page).await.text.contains("We are staying on this"));
    let open = FollowUp {
        follow_up_id: "fu_01905af12b3c7def8123456789abcdef".to_owned(),
        etag: "\"3\"".to_owned(),
        case_id: CASE.to_owned(),
        issue: FollowUpIssue::Money.into(),
        valid_until: Some(to_timestamp(noon() + Span::hours(5))),
        ..FollowUp::default()
    };
    let answer = ListFollowUpsResponse { follow_ups: vec![open.clone()], ..Default::default() };
    browser.services.answer(FOLLOW_UPS, answer);
    let shown = browser.get(&page).await;
    for part in ["We are staying on this", "Money has not arrived", "It is solved", "Not solved"] {
        assert!(shown.text.contains(part), "{part}: {}", shown.text);
    }
    let asked = browser.services.asked::<ListFollowUpsRequest>(FOLLOW_UPS);
    assert!(asked.iter().all(|one| one.case_id == CASE));

    let at = format!("{page}/follow-up");
    let (token, id) = (shown.hidden("form_token"), shown.hidden("request_id"));
    let token = ("form_token", token.as_str());
    let of = ("follow_up_id", open.follow_up_id.as_str());
    let unsaid = browser.post(&at, &[token, ("request_id", &id), of]).await;
    assert_eq!(unsaid.status, StatusCode::BAD_REQUEST);
    browser.services.refuse(CONFIRM, Error::new(Reason::FollowUpClosed));
    let no = [token, ("request_id", id.as_str()), of, ("solved", "no"), ("text", "no <money>")];
    let refused = browser.post(&at, &no).await;
    assert!(refused.text.contains("no &lt;money&gt;"), "what was typed is kept: {}", refused.text);
    browser.services.answer(CONFIRM, FollowUpStep::default());
    let yes = [token, ("request_id", id.as_str()), of, ("solved", "yes"), ("text", "")];
    let done = browser.post(&at, &yes).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, page.as_str()));
    let asked = browser.services.asked::<ConfirmFollowUpRequest>(CONFIRM);
    let said: Vec<_> =
        asked.iter().map(|one| (one.solved, one.text.as_str(), one.etag.as_str())).collect();
    assert_eq!(said, [(false, "no <money>", ""), (true, "", "")]);

    let solved = FollowUp { solved_at: Some(to_timestamp(noon())), ..open };
    let answer = ListFollowUpsResponse { follow_ups: vec![solved], ..Default::default() };
    browser.services.answer(FOLLOW_UPS, answer);
    let told = browser.get(&page).await.text;
    assert!(told.contains("You said that it is solved") && told.contains("Not solved yet"));
    assert!(!told.contains("value=\"yes\""), "it was said before");
}
