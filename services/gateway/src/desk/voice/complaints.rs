//! Complaints as lists, the newest first, and those of one case.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::tracking::v1::{
    Complaint, ComplaintStep, ListComplaintsRequest, OpenComplaintRequest,
};
use parasol_api::{Error, Language};

use super::words::{CLASSES, COMPLAINT_STATES, OUTCOMES, label};
use super::{ALL, PAGE, instant, more, voices, ways};
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
use crate::web::words::{Pick as _, category};
use crate::web::{Pages, failed, times};

/// Where they lie.
pub(super) const PATH: &str = "/desk/complaints";
/// After how many seconds the list is asked for again.
const RENEWED_EVERY: u32 = 15;

/// The page of one.
pub(super) fn path(one: &Complaint) -> String {
    format!("{PATH}/{}/{}", one.case_id, one.complaint_id)
}

/// `GET /desk/complaints`.
pub(in crate::desk) async fn list(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.desk;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let query = Form::of_query(parts.uri.query());
    let language = visitor.guest.language;
    let wanted = COMPLAINT_STATES.iter().find(|one| one.value == query.get("state"));
    let asked = ListComplaintsRequest {
        state: wanted.map_or(0, |one| one.number),
        page_size: PAGE,
        page_token: query.text("page"),
        ..ListComplaintsRequest::default()
    };
    let found = match voices(pages, &visitor).list_complaints(asked).await {
        Ok(found) => found.into_inner(),
        Err(status) => return failure(&visitor.guest, &failed(status)),
    };
    let title = language.pick("投诉", "Complaints");
    let all = language.pick("全部，新的在前", "All, the newest first");
    let body = html! {
        h1 { (title) }
        (ways(PATH, &visitor))
        (done(&query, &[("close", language.pick("投诉已关闭。", "The complaint is closed."))]))
        (live::line(EVENTS, RENEWED_EVERY, &visitor))
        nav.tabs aria-label=(language.pick("筛选", "Which")) {
            a href=(PATH) aria-current=[wanted.is_none().then_some("page")] { (all) }
            @for one in COMPLAINT_STATES {
                @let current = wanted.is_some_and(|wanted| wanted.number == one.number);
                a href={ (PATH) "?state=" (one.value) } aria-current=[current.then_some("page")] {
                    (one.label(language))
                }
            }
        }
        section.card {
            h2 { (wanted.map_or(all, |one| one.label(language))) }
            div #complaints data-live { (rows(&found.complaints, language)) }
            (more(PATH, &[("state", wanted.map_or("", |one| one.value))], &found.next_page_token, language))
        }
    };
    Page { title, head: html! {}, body }.for_visitor(StatusCode::OK, &visitor)
}

fn rows(complaints: &[Complaint], language: Language) -> Markup {
    html! {
        @if complaints.is_empty() { p.empty { (language.pick("没有。", "None.")) } }
        ul.rows { @for one in complaints { li { (row(one, language)) } } }
    }
}

/// One as a row that leads to its page.
pub(super) fn row(one: &Complaint, language: Language) -> Markup {
    html! {
        a.row href=(path(one)) {
            span.top {
                strong { (language.pick("投诉：", "Complaint: ")) (label(CLASSES, one.class, language)) }
                span.badge { (label(COMPLAINT_STATES, one.state, language)) }
            }
            span.line { (category(one.category(), language)) " " (one.brand) }
            span.line {
                @if one.owner.is_empty() { (language.pick("无负责人", "no owner")) } @else { (one.owner) }
                @if one.outcome != 0 { " · " (label(OUTCOMES, one.outcome, language)) }
            }
            span.line.quiet {
                @if let Some(at) = instant(one.opened_at.as_ref()) { (times::at(at, language)) " · " }
                "…" (short(&one.case_id))
            }
        }
    }
}

/// Those of a case.
///
/// # Errors
/// What the service says.
pub(super) async fn of(
    pages: &Pages,
    visitor: &Visitor,
    case: &str,
) -> Result<Vec<Complaint>, Error> {
    let asked = ListComplaintsRequest {
        case_id: case.to_owned(),
        page_size: ALL,
        ..ListComplaintsRequest::default()
    };
    let found = voices(pages, visitor).list_complaints(asked).await;
    Ok(found.map_err(failed)?.into_inner().complaints)
}

/// `GET /desk/complaints/{case}`.
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
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let title = t("服务单的投诉", "Complaints of a case");
    let code = refused.map_or(StatusCode::OK, |refused| status(&refused.error));
    let fold = Fold {
        name: "open",
        title: t("登记投诉", "Open a complaint"),
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
        section.card { (rows(&found, language)) }
        (fold.show(pages, visitor, refused, |filled| html! {
            @let classes: Vec<&Choice> = CLASSES.iter().collect();
            (filled.select("class", t("分类", "Class"), &classes, needed))
            (filled.area("text", t("投诉内容", "What is complained of"), Look {
                max: LONG_TEXT_MAX, ..needed
            }))
        }))
    };
    Page { title, head: html! {}, body }.for_visitor(code, visitor)
}

/// `POST /desk/complaints/{case}`.
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
            let to = format!("{PATH}/{case}/{}?done=open", step.complaint_id);
            redirect(&to, &sent.visitor.guest)
        }
        Err(error) => {
            let (visitor, refused) = sent.refused("open", error);
            case_page(pages, &visitor, &case, Some(&refused)).await
        }
    }
}

async fn opened(pages: &Pages, sent: &Posted, case: &str) -> Result<ComplaintStep, Error> {
    let form = &sent.form;
    let request = OpenComplaintRequest {
        request_id: form.text(REQUEST_ID),
        case_id: case.to_owned(),
        class: number(CLASSES, "class", form.get("class"))?,
        text: form.text("text"),
    };
    let answer = voices(pages, &sent.visitor).open_complaint(request).await;
    Ok(answer.map_err(failed)?.into_inner())
}
