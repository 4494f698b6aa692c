//! Follow-ups as lists: what is due, whose, at which level, and those of one case.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::tracking::v1::{
    FollowUp, FollowUpState, FollowUpStep, ListFollowUpsRequest, OpenFollowUpRequest,
};
use parasol_api::{Error, Language};
use parasol_journey::time::Timestamp;

use super::words::{FOLLOW_UP_STATES, ISSUES, TIERS, label};
use super::{ALL, PAGE, instant, more, scores, voices, ways};
use crate::Gateway;
use crate::desk::{EVENTS, case_path};
use crate::staff::forms::{Fold, Refused, done};
use crate::staff::words::short;
use crate::staff::{let_in, live};
use crate::web::choice::{Choice, number};
use crate::web::controls::{Look, alert};
use crate::web::door::{failure, status};
use crate::web::form::{Form, REQUEST_ID};
use crate::web::page::{Page, redirect};
use crate::web::posted::Posted;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed, times};

/// Where they lie.
pub(super) const PATH: &str = "/desk/followups";
/// After how many seconds the list is asked for again.
const RENEWED_EVERY: u32 = 15;

/// The page of one.
pub(super) fn path(one: &FollowUp) -> String {
    format!("{PATH}/{}/{}", one.case_id, one.follow_up_id)
}

/// What a list shows, by the word of its address.
const LISTS: [(&str, &str, &str); 7] = [
    ("", "全部，按到期", "All by due time"),
    ("mine", "我的", "Mine"),
    ("l1", "一线", "First line"),
    ("l2", "二线", "Second line"),
    ("desk", "投诉组", "Complaint desk"),
    ("solved", "已解决待关闭", "Solved, to be closed"),
    ("closed", "已关闭", "Closed"),
];

/// `GET /desk/followups`.
pub(in crate::desk) async fn list(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.desk;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let query = Form::of_query(parts.uri.query());
    let (language, now) = (visitor.guest.language, visitor.guest.now);
    let which = LISTS.iter().find(|(word, ..)| *word == query.get("list")).unwrap_or(&LISTS[0]);
    let mut asked = ListFollowUpsRequest {
        page_size: PAGE,
        page_token: query.text("page"),
        ..ListFollowUpsRequest::default()
    };
    match which.0 {
        "mine" => asked.assignee.clone_from(&visitor.principal.subject),
        "solved" => asked.state = FollowUpState::Solved.into(),
        "closed" => asked.state = FollowUpState::Closed.into(),
        tier => asked.tier = number(TIERS, "list", tier).unwrap_or_default(),
    }
    let found = match scores(pages, &visitor).list_follow_ups(asked).await {
        Ok(found) => found.into_inner(),
        Err(status) => return failure(&visitor.guest, &failed(status)),
    };
    let title = language.pick("跟单", "Follow-ups");
    let body = html! {
        h1 { (title) }
        (ways(PATH, &visitor))
        (done(&query, &[("close", language.pick("跟单已关闭。", "The follow-up is closed."))]))
        (live::line(EVENTS, RENEWED_EVERY, &visitor))
        nav.tabs aria-label=(language.pick("筛选", "Which")) {
            @for (word, zh, en) in &LISTS {
                @let to = if word.is_empty() { PATH.to_owned() } else { format!("{PATH}?list={word}") };
                a href=(to) aria-current=[(*word == which.0).then_some("page")] { (language.pick(zh, en)) }
            }
        }
        section.card {
            h2 { (language.pick(which.1, which.2)) }
            div #followups data-live { (rows(&found.follow_ups, now, language)) }
            (more(PATH, &[("list", which.0)], &found.next_page_token, language))
        }
    };
    Page { title, head: html! {}, body }.for_visitor(StatusCode::OK, &visitor)
}

fn rows(follow_ups: &[FollowUp], now: Timestamp, language: Language) -> Markup {
    html! {
        @if follow_ups.is_empty() { p.empty { (language.pick("没有。", "None.")) } }
        ul.rows { @for one in follow_ups { li { (row(one, now, language)) } } }
    }
}

/// One as a row that leads to its page.
pub(super) fn row(one: &FollowUp, now: Timestamp, language: Language) -> Markup {
    let open = matches!(one.state(), FollowUpState::Open | FollowUpState::Taken);
    html! {
        a.row href=(path(one)) {
            span.top {
                strong { (label(ISSUES, one.issue, language)) }
                span.badge { (label(TIERS, one.tier, language)) }
            }
            span.line {
                (label(FOLLOW_UP_STATES, one.state, language))
                @if !one.assignee.is_empty() { " · " (one.assignee) }
            }
            @if let Some(due) = instant(one.valid_until.as_ref()).filter(|_| open) {
                span.line { (times::due(due, now, language)) }
            }
            @if let Some(next) = instant(one.next_check_at.as_ref()).filter(|_| open) {
                span.line { (language.pick("下次查看 ", "Looked at next: ")) (times::at(next, language)) }
            }
            span.line.quiet { "…" (short(&one.case_id)) }
        }
    }
}

/// Those of a case that are not closed, and then those that are.
///
/// # Errors
/// What the service says.
pub(super) async fn of(
    pages: &Pages,
    visitor: &Visitor,
    case: &str,
) -> Result<Vec<FollowUp>, Error> {
    let ask = |state: FollowUpState| ListFollowUpsRequest {
        case_id: case.to_owned(),
        state: state.into(),
        page_size: ALL,
        ..ListFollowUpsRequest::default()
    };
    let mut client = scores(pages, visitor);
    let open = client.list_follow_ups(ask(FollowUpState::Unspecified)).await;
    let mut found = open.map_err(failed)?.into_inner().follow_ups;
    let closed = client.list_follow_ups(ask(FollowUpState::Closed)).await;
    found.extend(closed.map_err(failed)?.into_inner().follow_ups);
    Ok(found)
}

/// `GET /desk/followups/{case}`.
pub(in crate::desk) async fn of_case(
    State(gateway): State<Gateway>,
    Path(case): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.desk;
    let (_, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    case_page(pages, &visitor, &case, None).await
}

async fn case_page(
    pages: &Pages,
    visitor: &Visitor,
    case: &str,
    refused: Option<&Refused>,
) -> Response {
    let found = match of(pages, visitor, case).await {
        Ok(found) => found,
        Err(error) => return failure(&visitor.guest, &error),
    };
    let (language, now) = (visitor.guest.language, visitor.guest.now);
    let t = |zh, en| language.pick(zh, en);
    let title = t("服务单的跟单", "Follow-ups of a case");
    let code = refused.map_or(StatusCode::OK, |refused| status(&refused.error));
    let fold = Fold {
        name: "open",
        title: t("建立跟单", "Open a follow-up"),
        to: &format!("{PATH}/{case}"),
        etag: "",
        open: true,
        grave: false,
    };
    let needed = Look { required: true, ..Look::default() };
    let body = html! {
        p.back { a href=(case_path(case)) { "‹ " (t("服务单", "The case")) " …" (short(case)) } }
        @if let Some(refused) = refused { (alert(&refused.error, language)) }
        h1 { (title) }
        section.card { (rows(&found, now, language)) }
        (fold.show(pages, visitor, refused, |filled| html! {
            @let issues: Vec<&Choice> = ISSUES.iter().collect();
            (filled.select("issue", t("问题", "What it is about"), &issues, Look {
                hint: t("问题类型决定时限；到期未解决会自动升级。",
                    "Each kind has its own time; what is not solved then goes up a level."),
                ..needed
            }))
            (filled.area("text", t("说明", "What is wrong"), Look { max: LONG_TEXT_MAX, ..needed }))
        }))
    };
    Page { title, head: html! {}, body }.for_visitor(code, visitor)
}

/// `POST /desk/followups/{case}`.
pub(in crate::desk) async fn open(
    State(gateway): State<Gateway>,
    Path(case): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.desk;
    let sent = match Posted::of(pages, request).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    match sent.then(opened(pages, &sent, &case)).await {
        Ok(step) => {
            let to = format!("{PATH}/{case}/{}?done=open", step.follow_up_id);
            redirect(&to, &sent.visitor.guest)
        }
        Err(error) => {
            let (visitor, refused) = sent.refused("open", error);
            case_page(pages, &visitor, &case, Some(&refused)).await
        }
    }
}

async fn opened(pages: &Pages, sent: &Posted, case: &str) -> Result<FollowUpStep, Error> {
    let form = &sent.form;
    let request = OpenFollowUpRequest {
        request_id: form.text(REQUEST_ID),
        case_id: case.to_owned(),
        issue: number(ISSUES, "issue", form.get("issue"))?,
        text: form.text("text"),
    };
    let answer = voices(pages, &sent.visitor).open_follow_up(request).await;
    Ok(answer.map_err(failed)?.into_inner())
}
