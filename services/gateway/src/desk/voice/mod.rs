//! The voice of the customer at the desk: follow-ups until the customer says that it is solved, complaints from
//! their class to their end, words of surveys that somebody has to read, what is improved because of them, the
//! digest of a day, the report of a month, and seats for those who listen.
//!
//! What it deliberately does not do: whether a step is good is the tracking service's to say; a page shows the
//! form and what came of it.

mod complaint;
mod complaints;
mod digest;
mod follow_up;
mod follow_ups;
mod projects;
mod report;
mod seats;
mod texts;
mod words;

use axum::Router;
use axum::routing::{get, post};
use form_urlencoded::Serializer;
use maud::{Markup, html};
use parasol_api::convert::timestamp;
use parasol_api::tracking::v1::score_service_client::ScoreServiceClient;
use parasol_api::tracking::v1::voice_service_client::VoiceServiceClient;
use parasol_api::tracking::v1::{Complaint, FollowUp};
use parasol_api::{Language, Role};
use parasol_journey::time::Timestamp;
use parasol_runtime::transport::Transport;

use super::HOME;
use crate::Gateway;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, times};

/// Rows of a list on a page.
const PAGE: i32 = 20;
/// Rows asked for where all of one case are wanted; the contract gives no more at a time.
const ALL: i32 = 200;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/desk/followups", get(follow_ups::list))
        .route("/desk/followups/{case}", get(follow_ups::of_case).post(follow_ups::open))
        .route("/desk/followups/{case}/{id}", get(follow_up::show))
        .route("/desk/followups/{case}/{id}/{act}", post(follow_up::perform))
        .route("/desk/complaints", get(complaints::list))
        .route("/desk/complaints/{case}", get(complaints::of_case).post(complaints::open))
        .route("/desk/complaints/{case}/{id}", get(complaint::show))
        .route("/desk/complaints/{case}/{id}/{act}", post(complaint::perform))
        .route("/desk/voices", get(texts::list))
        .route("/desk/voices/{id}/{act}", post(texts::perform))
        .route("/desk/projects", get(projects::list).post(projects::make))
        .route("/desk/projects/{id}", get(projects::show))
        .route("/desk/projects/{id}/{act}", post(projects::perform))
        .route("/desk/digest", get(digest::show))
        .route("/desk/report", get(report::show))
        .route("/desk/report.csv", get(report::file))
        .route("/desk/seats", get(seats::list).post(seats::book))
        .route("/desk/seats/{id}", post(seats::attend))
}

/// The ways between the pages of the desk.
pub(super) fn ways(here: &str, visitor: &Visitor) -> Markup {
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let mut ways = vec![
        (HOME, t("队列", "Queue")),
        ("/desk/followups", t("跟单", "Follow-ups")),
        ("/desk/complaints", t("投诉", "Complaints")),
        ("/desk/voices", t("回访原话", "Survey texts")),
        ("/desk/projects", t("改进项目", "Projects")),
        ("/desk/digest", t("每日内参", "Digest")),
        ("/desk/articles", t("知识库", "Knowledge")),
        (super::me::PATH, t("我的账号", "My account")),
    ];
    if visitor.principal.role == Role::Manager {
        ways.insert(6, ("/desk/report", t("投诉月报", "Monthly report")));
        ways.insert(7, ("/desk/seats", t("旁听", "Listening seats")));
    }
    html! {
        nav.tabs aria-label=(t("页面", "Pages")) {
            @for (path, name) in ways {
                a href=(path) aria-current=[(path == here).then_some("page")] { (name) }
            }
        }
    }
}

fn voices(pages: &Pages, visitor: &Visitor) -> VoiceServiceClient<Transport> {
    VoiceServiceClient::new(pages.transport_of(visitor))
}

fn scores(pages: &Pages, visitor: &Visitor) -> ScoreServiceClient<Transport> {
    ScoreServiceClient::new(pages.transport_of(visitor))
}

/// The way to more rows, if there are any; `query` is what else the address says.
fn more(path: &str, query: &[(&str, &str)], token: &str, language: Language) -> Markup {
    let mut next = Serializer::new(String::new());
    next.extend_pairs(query.iter().filter(|(_, value)| !value.is_empty()));
    next.append_pair("page", token);
    html! {
        @if !token.is_empty() {
            p { a.button href={ (path) "?" (next.finish()) } { (language.pick("下一页", "More")) } }
        }
    }
}

/// One step of a follow-up or a complaint: what, by whom, when, and what was said.
struct Step<'a> {
    act: &'a str,
    by: &'a str,
    at: Option<Timestamp>,
    text: &'a str,
}

/// The steps so far, the newest first.
fn steps<'a>(steps: impl DoubleEndedIterator<Item = Step<'a>>, language: Language) -> Markup {
    html! {
        section.card {
            h2 { (language.pick("经过", "What happened")) }
            ol.story reversed { @for step in steps.rev() { li {
                span { (words::act(step.act, language)) }
                @if !step.text.is_empty() { blockquote { (step.text) } }
                span.hint {
                    @if let Some(at) = step.at { (times::at(at, language)) " · " }
                    @if step.by == "timer" { (language.pick("到时自动", "by time")) } @else { (step.by) }
                }
            } } }
        }
    }
}

/// Follow-ups and complaints that stand beside a case, with the ways to open further ones.
pub(super) fn beside(
    case: &str,
    follow_ups: &[FollowUp],
    complaints: &[Complaint],
    visitor: &Visitor,
) -> Markup {
    let (language, now) = (visitor.guest.language, visitor.guest.now);
    let t = |zh, en| language.pick(zh, en);
    html! {
        section.card #beside {
            h2 { (t("跟单与投诉", "Follow-ups and complaints")) }
            @if follow_ups.is_empty() && complaints.is_empty() {
                p.empty { (t("没有。", "None.")) }
            }
            ul.rows {
                @for one in follow_ups { li { (follow_ups::row(one, now, language)) } }
                @for one in complaints { li { (complaints::row(one, language)) } }
            }
            p {
                a.button href={ "/desk/followups/" (case) } { (t("建立跟单", "Open a follow-up")) } " "
                a.button href={ "/desk/complaints/" (case) } { (t("登记投诉", "Open a complaint")) } " "
                a.button href={ "/desk/projects?case=" (case) } { (t("关联改进项目", "Link to a project")) }
                @if visitor.principal.role == Role::Manager {
                    " " a.button href={ "/desk/seats?case=" (case) } { (t("预约旁听", "Book a seat")) }
                }
            }
        }
    }
}

/// Reads what stands beside a case; what cannot be read is left out.
pub(super) async fn read_beside(
    pages: &Pages,
    visitor: &Visitor,
    case: &str,
) -> (Vec<FollowUp>, Vec<Complaint>) {
    let follow_ups = follow_ups::of(pages, visitor, case).await.unwrap_or_default();
    let complaints = complaints::of(pages, visitor, case).await.unwrap_or_default();
    (follow_ups, complaints)
}

/// An instant of a message.
fn instant(at: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    at.and_then(timestamp)
}

#[cfg(test)]
mod tests;
