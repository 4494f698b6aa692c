//! What is being improved because customers said so: the cases behind it, and the promise that came of it.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use form_urlencoded::Serializer;
use maud::{Markup, html};
use parasol_api::limits::{CODE_MAX, FOREIGN_NUMBER_MAX, NAME_MAX, REMARK_MAX};
use parasol_api::tracking::v1::{
    LinkProjectCaseRequest, ListProjectsRequest, ListProjectsResponse, Project, ProjectState,
    PutProjectRequest,
};
use parasol_api::{Error, Language, Reason, Role};

use super::words::{PROJECT_STATES, label};
use super::{ALL, PAGE, instant, more, voices, ways};
use crate::Gateway;
use crate::desk::case_path;
use crate::staff::forms::{Fold, Refused, done};
use crate::staff::let_in;
use crate::staff::words::short;
use crate::web::choice::{Choice, number};
use crate::web::controls::{Filled, Look, alert, fact};
use crate::web::door::{failure, status};
use crate::web::form::{Form, REQUEST_ID};
use crate::web::page::{Page, redirect};
use crate::web::posted::Posted;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed, times};

/// Where they lie.
const PATH: &str = "/desk/projects";
/// How often is asked for a page of all projects when one is looked for; there are at most a thousand.
const LOOKS_MAX: usize = 5;
/// Characters of a case's number.
const CASE_ID_MAX: usize = 64;

/// `GET /desk/projects`.
pub(in crate::desk) async fn list(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.desk;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let query = Form::of_query(parts.uri.query());
    listed(pages, &visitor, &query, None).await
}

async fn read(
    pages: &Pages,
    visitor: &Visitor,
    page_size: i32,
    page_token: String,
) -> Result<ListProjectsResponse, Error> {
    let request = ListProjectsRequest { page_size, page_token };
    Ok(voices(pages, visitor).list_projects(request).await.map_err(failed)?.into_inner())
}

/// Id and name of the newest projects that are under way, for a list to choose from.
pub(super) async fn names(pages: &Pages, visitor: &Visitor) -> Vec<(String, String)> {
    let found = read(pages, visitor, ALL, String::new()).await.unwrap_or_default().projects;
    let open = found.into_iter().filter(|one| one.state() == ProjectState::Open);
    open.map(|one| (one.project_id, one.name)).collect()
}

async fn find(pages: &Pages, visitor: &Visitor, id: &str) -> Result<Project, Error> {
    let mut page_token = String::new();
    for _ in 0..LOOKS_MAX {
        let found = read(pages, visitor, ALL, page_token).await?;
        if let Some(one) = found.projects.into_iter().find(|one| one.project_id == id) {
            return Ok(one);
        }
        page_token = found.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    Err(Error::new(Reason::NotFound))
}

async fn listed(
    pages: &Pages,
    visitor: &Visitor,
    query: &Form,
    refused: Option<&Refused>,
) -> Response {
    let found = match read(pages, visitor, PAGE, query.text("page")).await {
        Ok(found) => found,
        Err(error) => return failure(&visitor.guest, &error),
    };
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let title = t("改进项目", "Improvement projects");
    let code = refused.map_or(StatusCode::OK, |refused| status(&refused.error));
    // Who comes from a case keeps it in hand until a project is chosen.
    let case = query.get("case");
    let fold = Fold {
        name: "make",
        title: t("新建项目", "Make a project"),
        to: PATH,
        etag: "",
        open: false,
        grave: false,
    };
    let body = html! {
        h1 { (title) }
        (ways(PATH, visitor))
        @if let Some(refused) = refused { (alert(&refused.error, language)) }
        @if !case.is_empty() {
            p.notice { (t("选择要关联到的项目，服务单 …", "Choose the project that this case is behind: …")) (short(case)) }
        }
        @if found.projects.is_empty() { p.empty { (t("还没有项目。", "There are no projects yet.")) } }
        ul.rows { @for one in &found.projects { li { (row(one, case, language)) } } }
        (more(PATH, &[("case", case)], &found.next_page_token, language))
        @if visitor.principal.role == Role::Manager {
            (fold.show(pages, visitor, refused, |filled| about(filled, None, visitor)))
        }
    };
    Page { title, head: html! {}, body }.for_visitor(code, visitor)
}

fn row(one: &Project, case: &str, language: Language) -> Markup {
    let query = Serializer::new(String::new()).append_pair("case", case).finish();
    let query = if case.is_empty() { String::new() } else { format!("?{query}") };
    let to = format!("{PATH}/{}{query}", one.project_id);
    html! {
        a.row href=(to) {
            span.top {
                strong { (one.name) }
                span.badge { (label(PROJECT_STATES, one.state, language)) }
            }
            span.line {
                (one.owner) " · " (one.cases) (language.pick(" 张服务单", " cases"))
                @if !one.promise.is_empty() { " · " (language.pick("承诺 ", "promise ")) code { (one.promise) } }
            }
            @if !one.outcome.is_empty() { span.line { (one.outcome) } }
        }
    }
}

/// What is said of a project.
fn about(filled: &Filled<'_>, one: Option<&Project>, visitor: &Visitor) -> Markup {
    let language = filled.language;
    let t = |zh, en| language.pick(zh, en);
    let needed = Look { required: true, ..Look::default() };
    let of = |get: fn(&Project) -> &str| one.map_or("", get);
    let owner = one.map_or(visitor.principal.subject.as_str(), |one| &one.owner);
    let state = one.and_then(|one| PROJECT_STATES.iter().find(|choice| choice.number == one.state));
    let states: Vec<&Choice> = PROJECT_STATES.iter().collect();
    html! {
        (filled.input("name", t("名称", "Name"), Look { value: of(|one| &one.name), max: NAME_MAX, ..needed }))
        (filled.input("owner", t("负责人（账号）", "Owner, by account"), Look {
            value: owner, max: FOREIGN_NUMBER_MAX, ..needed
        }))
        (filled.select("state", t("状态", "State"), &states, Look {
            value: state.map_or("open", |choice| choice.value), ..needed
        }))
        (filled.area("outcome", t("成果", "What came of it"), Look {
            value: of(|one| &one.outcome), max: REMARK_MAX,
            hint: t("落地时必填。", "Needed once it is in force."), ..Look::default()
        }))
        (filled.input("promise", t("由此产生的承诺（规则包中的编号）", "The promise that came of it, by its id in the rule pack"),
            Look { value: of(|one| &one.promise), max: CODE_MAX, ..Look::default() }))
    }
}

/// `POST /desk/projects`.
pub(in crate::desk) async fn make(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.desk;
    let sent = match Posted::of(pages, request).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    match sent.then(put(pages, &sent, "")).await {
        Ok(one) => {
            let to = format!("{PATH}/{}?done=make", one.project_id);
            redirect(&to, &sent.visitor.guest)
        }
        Err(error) => {
            let (visitor, refused) = sent.refused("make", error);
            listed(pages, &visitor, &Form::default(), Some(&refused)).await
        }
    }
}

async fn put(pages: &Pages, sent: &Posted, id: &str) -> Result<Project, Error> {
    let form = &sent.form;
    let request = PutProjectRequest {
        request_id: form.text(REQUEST_ID),
        project_id: id.to_owned(),
        etag: form.text("etag"),
        name: form.text("name"),
        owner: form.text("owner"),
        state: number(PROJECT_STATES, "state", form.get("state"))?,
        outcome: form.text("outcome"),
        promise: form.text("promise"),
    };
    let answer = voices(pages, &sent.visitor).put_project(request).await;
    Ok(answer.map_err(failed)?.into_inner())
}

/// `GET /desk/projects/{id}`.
pub(in crate::desk) async fn show(
    State(gateway): State<Gateway>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.desk;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let query = Form::of_query(parts.uri.query());
    match find(pages, &visitor, &id).await {
        Ok(one) => page(pages, &visitor, &one, (&query, None)),
        Err(error) => failure(&visitor.guest, &error),
    }
}

fn page(
    pages: &Pages,
    visitor: &Visitor,
    one: &Project,
    (query, refused): (&Form, Option<&Refused>),
) -> Response {
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let code = refused.map_or(StatusCode::OK, |refused| status(&refused.error));
    let to = |act: &str| format!("{PATH}/{}/{act}", one.project_id);
    let (link_to, change_to) = (to("link"), to("change"));
    let case = query.get("case");
    let link = Fold {
        name: "link",
        title: t("关联服务单", "Link a case"),
        to: &link_to,
        etag: "",
        open: true,
        grave: false,
    };
    let change = Fold {
        name: "change",
        title: t("修改项目", "Change the project"),
        to: &change_to,
        etag: &one.etag,
        open: false,
        grave: false,
    };
    let body = html! {
        p.back { a href=(PATH) { "‹ " (t("改进项目", "Projects")) } }
        (done(query, &[
            ("make", t("项目已建立。", "The project is made.")),
            ("change", t("项目已修改。", "The project is changed.")),
            ("link", t("服务单已关联。", "The case is linked.")),
        ]))
        @if let Some(refused) = refused { (alert(&refused.error, language)) }
        h1 { (one.name) }
        div.halves {
            div { (facts(one, language)) }
            div {
                (link.show(pages, visitor, refused, |filled| filled.input(
                    "case_id", t("服务单号", "The case"),
                    Look { value: case, max: CASE_ID_MAX, required: true, ..Look::default() },
                )))
                @if visitor.principal.role == Role::Manager {
                    (change.show(pages, visitor, refused, |filled| about(filled, Some(one), visitor)))
                }
            }
        }
    };
    Page { title: &one.name, head: html! {}, body }.for_visitor(code, visitor)
}

fn facts(one: &Project, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        section.card {
            dl {
                (fact(t("状态", "State"), label(PROJECT_STATES, one.state, language), true))
                (fact(t("负责人", "Owner"), &one.owner, true))
                (fact(t("成果", "What came of it"), &one.outcome, !one.outcome.is_empty()))
                (fact(t("承诺", "Promise"), html! { code { (one.promise) } }, !one.promise.is_empty()))
                @if let Some(at) = instant(one.made_at.as_ref()) {
                    (fact(t("建立", "Made"), times::at(at, language), true))
                }
            }
        }
        section.card {
            h2 { (t("背后的服务单", "Cases behind it")) " " span.count { (one.cases) } }
            @if one.case_ids.is_empty() { p.empty { (t("没有。", "None.")) } }
            ul.links { @for case in &one.case_ids { li { a href=(case_path(case)) { "…" (short(case)) } } } }
        }
    }
}

/// `POST /desk/projects/{id}/{act}`.
pub(in crate::desk) async fn perform(
    State(gateway): State<Gateway>,
    Path((id, name)): Path<(String, String)>,
    request: Request,
) -> Response {
    let pages = &gateway.desk;
    let sent = match Posted::of(pages, request).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    match sent.then(send(pages, &sent, &name, &id)).await {
        Ok(()) => redirect(&format!("{PATH}/{id}?done={name}"), &sent.visitor.guest),
        Err(error) => {
            let (visitor, refused) = sent.refused(&name, error);
            match find(pages, &visitor, &id).await {
                Ok(one) => page(pages, &visitor, &one, (&Form::default(), Some(&refused))),
                Err(_) => failure(&visitor.guest, &refused.error),
            }
        }
    }
}

async fn send(pages: &Pages, sent: &Posted, act: &str, id: &str) -> Result<(), Error> {
    match act {
        "change" => put(pages, sent, id).await.map(|_| ()),
        "link" => {
            let request = LinkProjectCaseRequest {
                request_id: sent.form.text(REQUEST_ID),
                project_id: id.to_owned(),
                case_id: sent.form.text("case_id"),
            };
            voices(pages, &sent.visitor).link_project_case(request).await.map_err(failed)?;
            Ok(())
        }
        _ => Err(Error::new(Reason::NotFound)),
    }
}
