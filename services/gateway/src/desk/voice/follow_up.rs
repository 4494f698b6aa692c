//! The page of one follow-up: how long it has, what was done, and the steps. Only the customer's word closes it.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::convert::to_timestamp;
use parasol_api::limits::{FOREIGN_NUMBER_MAX, LONG_TEXT_MAX, REMARK_MAX};
use parasol_api::tracking::v1::{
    AssignFollowUpRequest, CloseFollowUpRequest, ConfirmFollowUpRequest, EscalateFollowUpRequest,
    FollowUp, FollowUpState, FollowUpTier, NoteFollowUpRequest,
};
use parasol_api::{Error, Reason};
use parasol_journey::time::Span;

use super::follow_ups::{self, PATH, path};
use super::words::{FOLLOW_UP_STATES, HEARD, ISSUES, TIERS, label};
use super::{Step, instant, scores, steps, voices};
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

/// The steps of the page: name, title and what is said when it is done, in both languages.
const ACTS: [(&str, [&str; 2], [&str; 2]); 5] = [
    ("assign", ["领取或指派", "Take it, or give it to somebody"], ["已指派。", "It has somebody."]),
    ("note", ["记录进展", "Note what was done"], ["已记录。", "Noted."]),
    (
        "confirm",
        ["记录用户的话", "The customer's word"],
        ["已记录用户的话。", "The customer's word is noted."],
    ),
    ("escalate", ["升级", "Hand it up"], ["已升级。", "It is with the next level."]),
    ("close", ["关闭跟单", "Close it"], ["已关闭。", "It is closed."]),
];

/// `GET /desk/followups/{case}/{id}`.
pub(in crate::desk) async fn show(
    State(gateway): State<Gateway>,
    Path((case, id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let pages = &gateway.desk;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let query = Form::of_query(parts.uri.query());
    match find(pages, &visitor, (&case, &id)).await {
        Ok(one) => page(pages, &visitor, &one, &query, None),
        Err(error) => failure(&visitor.guest, &error),
    }
}

async fn find(
    pages: &Pages,
    visitor: &Visitor,
    (case, id): (&str, &str),
) -> Result<FollowUp, Error> {
    let found = follow_ups::of(pages, visitor, case).await?;
    let one = found.into_iter().find(|one| one.follow_up_id == id);
    one.ok_or_else(|| Error::new(Reason::NotFound))
}

fn page(
    pages: &Pages,
    visitor: &Visitor,
    one: &FollowUp,
    query: &Form,
    refused: Option<&Refused>,
) -> Response {
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let title = label(ISSUES, one.issue, language);
    let code = refused.map_or(StatusCode::OK, |refused| status(&refused.error));
    let said: Vec<_> = ACTS
        .iter()
        .map(|(name, _, said)| (*name, t(said[0], said[1])))
        .chain([("open", t("跟单已建立。", "The follow-up is open."))])
        .collect();
    let entries = one.entries.iter().map(|entry| Step {
        act: &entry.act,
        by: &entry.said_by,
        at: instant(entry.at.as_ref()),
        text: &entry.text,
    });
    let body = html! {
        p.back { a href=(PATH) { "‹ " (t("跟单", "Follow-ups")) } }
        (done(query, &said))
        @if let Some(refused) = refused { (alert(&refused.error, language)) }
        h1 { (title) }
        div.halves {
            div { (facts(one, visitor)) (steps(entries, language)) }
            div { (forms(pages, visitor, one, refused)) }
        }
    };
    Page { title, head: html! {}, body }.for_visitor(code, visitor)
}

fn facts(one: &FollowUp, visitor: &Visitor) -> Markup {
    let (language, now) = (visitor.guest.language, visitor.guest.now);
    let t = |zh, en| language.pick(zh, en);
    let open = matches!(one.state(), FollowUpState::Open | FollowUpState::Taken);
    let at = |at: Option<&prost_types::Timestamp>| {
        instant(at).map_or_else(|| html! { "—" }, |at| times::at(at, language))
    };
    html! {
        section.card.standing {
            p { span.badge { (label(FOLLOW_UP_STATES, one.state, language)) } }
            @if let Some(due) = instant(one.valid_until.as_ref()).filter(|_| open) {
                p { (times::due(due, now, language)) }
                p.hint { (t("到期仍未解决会自动升级。", "What is not solved then goes up a level.")) }
            }
            dl {
                (fact(t("级别", "Level"), label(TIERS, one.tier, language), true))
                (fact(t("负责人", "Who has it"), &one.assignee, !one.assignee.is_empty()))
                (fact(t("下次查看", "Looked at next"), at(one.next_check_at.as_ref()), open))
                (fact(t("建立", "Opened"), at(one.opened_at.as_ref()), true))
                (fact(t("解决", "Solved"), html! {
                    (at(one.solved_at.as_ref()))
                    @if one.in_time { " · " (t("在时限内", "in time")) }
                }, one.solved_at.is_some()))
                (fact(t("关闭", "Closed"), at(one.closed_at.as_ref()), one.closed_at.is_some()))
                (fact(t("服务单", "Case"), html! {
                    a href=(case_path(&one.case_id)) { "…" (short(&one.case_id)) }
                }, true))
            }
        }
    }
}

/// Whether a step is open.
fn offered(act: &str, one: &FollowUp) -> bool {
    match (act, one.state()) {
        (_, FollowUpState::Closed) => false,
        ("close", state) => state == FollowUpState::Solved,
        ("escalate", _) => one.tier() != FollowUpTier::ComplaintDesk,
        _ => true,
    }
}

fn forms(pages: &Pages, visitor: &Visitor, one: &FollowUp, refused: Option<&Refused>) -> Markup {
    let language = visitor.guest.language;
    let first = match one.state() {
        FollowUpState::Open => "assign",
        FollowUpState::Solved => "close",
        _ => "note",
    };
    html! {
        @if one.state() != FollowUpState::Solved && one.state() != FollowUpState::Closed {
            p.hint { (language.pick("用户表示已解决之前不能关闭。",
                "It cannot be closed before the customer says that it is solved.")) }
        }
        @for (name, title, _) in ACTS.iter().filter(|(name, ..)| offered(name, one)) {
            @let to = format!("{}/{name}", path(one));
            @let fold = Fold {
                name, title: language.pick(title[0], title[1]), to: &to, etag: &one.etag,
                open: *name == first, grave: *name == "escalate",
            };
            (fold.show(pages, visitor, refused, |filled| controls(name, filled, visitor)))
        }
    }
}

fn controls(act: &str, filled: &Filled<'_>, visitor: &Visitor) -> Markup {
    let language = filled.language;
    let t = |zh, en| language.pick(zh, en);
    let needed = Look { required: true, ..Look::default() };
    match act {
        "assign" => filled.input(
            "assignee",
            t("给谁（账号）", "To whom, by account"),
            Look { value: &visitor.principal.subject, max: FOREIGN_NUMBER_MAX, ..Look::default() },
        ),
        "note" => html! {
            @let soon = times::typed(visitor.guest.now + Span::hours(4));
            (filled.area("text", t("做了什么", "What was done"), Look { max: LONG_TEXT_MAX, ..needed }))
            (filled.input("next_check_at", t("下次查看", "Looked at next"), Look {
                kind: "datetime-local", value: &soon, hint: t("7 天以内", "Within 7 days"), ..needed
            }))
        },
        "confirm" => html! {
            (filled.radios("solved", t("用户怎么说", "What the customer says"), &[
                ("yes".to_owned(), html! { (t("已解决", "It is solved")) }),
                ("no".to_owned(), html! { (t("没有解决", "It is not")) }),
            ], ""))
            @let heard: Vec<&Choice> = HEARD.iter().collect();
            (filled.select("heard_by", t("如何得知", "How it was heard"), &heard, needed))
            (filled.area("text", t("原话", "In their words"), Look { max: LONG_TEXT_MAX, ..Look::default() }))
        },
        "escalate" => filled.area("text", t("原因", "Why"), Look { max: REMARK_MAX, ..needed }),
        _ => filled.area(
            "text",
            t("如何解决的", "What solved it"),
            Look { max: REMARK_MAX, ..needed },
        ),
    }
}

/// `POST /desk/followups/{case}/{id}/{act}`.
pub(in crate::desk) async fn perform(
    State(gateway): State<Gateway>,
    Path((case, id, name)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    let pages = &gateway.desk;
    let sent = match Posted::of(pages, request).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    match sent.then(send(pages, &sent, &name, &id)).await {
        Ok(()) if name == "close" => redirect(&format!("{PATH}?done=close"), &sent.visitor.guest),
        Ok(()) => redirect(&format!("{PATH}/{case}/{id}?done={name}"), &sent.visitor.guest),
        Err(error) => {
            let (visitor, refused) = sent.refused(&name, error);
            match find(pages, &visitor, (&case, &id)).await {
                Ok(one) => page(pages, &visitor, &one, &Form::default(), Some(&refused)),
                Err(_) => failure(&visitor.guest, &refused.error),
            }
        }
    }
}

async fn send(pages: &Pages, sent: &Posted, act: &str, id: &str) -> Result<(), Error> {
    let form = &sent.form;
    let (request_id, etag, text) = (form.text(REQUEST_ID), form.text("etag"), form.text("text"));
    let follow_up_id = id.to_owned();
    let mut client = voices(pages, &sent.visitor);
    match act {
        "assign" => {
            let assignee = form.text("assignee");
            let request = AssignFollowUpRequest { request_id, follow_up_id, etag, assignee };
            client.assign_follow_up(request).await.map_err(failed)?;
        }
        "note" => {
            let next = times::parse("next_check_at", form.get("next_check_at"))?;
            let next_check_at = next.map(to_timestamp);
            let request =
                NoteFollowUpRequest { request_id, follow_up_id, etag, text, next_check_at };
            client.note_follow_up(request).await.map_err(failed)?;
        }
        "confirm" => {
            let solved = answer(form)?;
            let heard_by = number(HEARD, "heard_by", form.get("heard_by"))?;
            let request =
                ConfirmFollowUpRequest { request_id, follow_up_id, etag, solved, heard_by, text };
            client.confirm_follow_up(request).await.map_err(failed)?;
        }
        "escalate" => {
            let request = EscalateFollowUpRequest { request_id, follow_up_id, etag, text };
            client.escalate_follow_up(request).await.map_err(failed)?;
        }
        "close" => {
            let request = CloseFollowUpRequest { request_id, follow_up_id, etag, text };
            scores(pages, &sent.visitor).close_follow_up(request).await.map_err(failed)?;
        }
        _ => return Err(Error::new(Reason::NotFound)),
    }
    Ok(())
}

/// A yes or a no; nothing is guessed.
fn answer(form: &Form) -> Result<bool, Error> {
    match form.get("solved") {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(Error::field("solved", Reason::FieldInvalid, "yes or no")),
    }
}
