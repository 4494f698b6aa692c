//! The page of one complaint: its owner, what came of it, whether it helped, its end.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::limits::{FOREIGN_NUMBER_MAX, LONG_TEXT_MAX, REMARK_MAX};
use parasol_api::tracking::v1::{
    ActOnComplaintRequest, AssignComplaintRequest, CloseComplaintRequest, Complaint,
    ComplaintState, VerifyComplaintRequest,
};
use parasol_api::{Error, Reason};

use super::complaints::{self, PATH, path};
use super::projects;
use super::words::{CLASSES, COMPLAINT_STATES, OUTCOMES, label};
use super::{Step, instant, steps, voices};
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
use crate::web::words::{Pick as _, category};
use crate::web::{Pages, failed, times};

/// The steps of the page: name, title and what is said when it is done, in both languages.
const ACTS: [(&str, [&str; 2], [&str; 2]); 4] = [
    ("assign", ["指派负责人", "Name an owner"], ["已指派。", "It has an owner."]),
    (
        "act",
        ["记录处理结果", "Say what was done"],
        ["已记录，待他人核实。", "Noted; somebody else verifies it."],
    ),
    ("verify", ["核实是否有效", "Say whether it helped"], ["已核实。", "Verified."]),
    ("close", ["关闭投诉", "Close it"], ["已关闭。", "It is closed."]),
];

/// `GET /desk/complaints/{case}/{id}`.
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
        Ok(one) => page(pages, &visitor, &one, &query, None).await,
        Err(error) => failure(&visitor.guest, &error),
    }
}

async fn find(
    pages: &Pages,
    visitor: &Visitor,
    (case, id): (&str, &str),
) -> Result<Complaint, Error> {
    let found = complaints::of(pages, visitor, case).await?;
    let one = found.into_iter().find(|one| one.complaint_id == id);
    one.ok_or_else(|| Error::new(Reason::NotFound))
}

async fn page(
    pages: &Pages,
    visitor: &Visitor,
    one: &Complaint,
    query: &Form,
    refused: Option<&Refused>,
) -> Response {
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let title = format!("{}{}", t("投诉：", "Complaint: "), label(CLASSES, one.class, language));
    let code = refused.map_or(StatusCode::OK, |refused| status(&refused.error));
    let said: Vec<_> = ACTS
        .iter()
        .map(|(name, _, said)| (*name, t(said[0], said[1])))
        .chain([("open", t("投诉已登记。", "The complaint is open."))])
        .collect();
    let entries = one.entries.iter().map(|entry| Step {
        act: &entry.act,
        by: &entry.said_by,
        at: instant(entry.at.as_ref()),
        text: &entry.text,
    });
    // Projects are asked for only where one can be chosen.
    let projects = match one.state() {
        ComplaintState::Owned => projects::names(pages, visitor).await,
        _ => Vec::new(),
    };
    let body = html! {
        p.back { a href=(PATH) { "‹ " (t("投诉", "Complaints")) } }
        (done(query, &said))
        @if let Some(refused) = refused { (alert(&refused.error, language)) }
        h1 { (title) }
        div.halves {
            div { (facts(one, visitor)) (steps(entries, language)) }
            div { (forms(pages, visitor, (one, &projects), refused)) }
        }
    };
    Page { title: &title, head: html! {}, body }.for_visitor(code, visitor)
}

fn facts(one: &Complaint, visitor: &Visitor) -> Markup {
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let at = |at: Option<&prost_types::Timestamp>| {
        instant(at).map_or_else(|| html! { "—" }, |at| times::at(at, language))
    };
    html! {
        section.card.standing {
            p { span.badge { (label(COMPLAINT_STATES, one.state, language)) } }
            dl {
                (fact(t("业务", "Unit"), html! { (category(one.category(), language)) " " (one.brand) }, true))
                (fact(t("负责人", "Owner"), &one.owner, !one.owner.is_empty()))
                (fact(t("结果", "Outcome"), label(OUTCOMES, one.outcome, language), one.outcome != 0))
                (fact(t("改进项目", "Project"), html! {
                    a href={ "/desk/projects/" (one.project_id) } { "…" (short(&one.project_id)) }
                }, !one.project_id.is_empty()))
                (fact(t("登记", "Opened"), at(one.opened_at.as_ref()), true))
                (fact(t("关闭", "Closed"), at(one.closed_at.as_ref()), one.closed_at.is_some()))
                (fact(t("服务单", "Case"), html! {
                    a href=(case_path(&one.case_id)) { "…" (short(&one.case_id)) }
                }, true))
            }
        }
    }
}

/// Whether a step is open.
fn offered(act: &str, one: &Complaint) -> bool {
    match one.state() {
        ComplaintState::Classified => act == "assign",
        ComplaintState::Owned => matches!(act, "assign" | "act"),
        ComplaintState::Acted => act == "verify",
        ComplaintState::Verified => act == "close",
        ComplaintState::Unspecified | ComplaintState::Closed => false,
    }
}

fn forms(
    pages: &Pages,
    visitor: &Visitor,
    (one, projects): (&Complaint, &[(String, String)]),
    refused: Option<&Refused>,
) -> Markup {
    let language = visitor.guest.language;
    // What is next stands open; another owner is the exception.
    let next = match one.state() {
        ComplaintState::Owned => "act",
        ComplaintState::Acted => "verify",
        ComplaintState::Verified => "close",
        _ => "assign",
    };
    html! {
        @for (name, title, _) in ACTS.iter().filter(|(name, ..)| offered(name, one)) {
            @let to = format!("{}/{name}", path(one));
            @let fold = Fold {
                name, title: language.pick(title[0], title[1]), to: &to, etag: &one.etag,
                open: *name == next, grave: false,
            };
            (fold.show(pages, visitor, refused, |filled| controls(name, filled, visitor, projects)))
        }
    }
}

fn controls(
    act: &str,
    filled: &Filled<'_>,
    visitor: &Visitor,
    projects: &[(String, String)],
) -> Markup {
    let language = filled.language;
    let t = |zh, en| language.pick(zh, en);
    let needed = Look { required: true, ..Look::default() };
    match act {
        "assign" => filled.input(
            "owner",
            t("负责人（账号）", "Who, by account"),
            Look { value: &visitor.principal.subject, max: FOREIGN_NUMBER_MAX, ..Look::default() },
        ),
        "act" => html! {
            @let outcomes: Vec<&Choice> = OUTCOMES.iter().collect();
            (filled.select("outcome", t("结果", "What came of it"), &outcomes, needed))
            (filled.area("text", t("做了什么", "In words"), Look { max: LONG_TEXT_MAX, ..needed }))
            (filled.options("project_id", t("改进项目（结果为立项时）", "Project, where the outcome is one"),
                projects, Look::default()))
            (filled.area("notice_zh", t("商品页提示（中文，结果为商品页提示时）",
                "Notice on the product page, in Chinese, where the outcome is one"), Look {
                max: REMARK_MAX, ..Look::default()
            }))
            (filled.area("notice_en", t("商品页提示（英文）", "The same in English"), Look {
                max: REMARK_MAX, ..Look::default()
            }))
        },
        "verify" => html! {
            (filled.radios("helped", t("是否有效", "Did it help?"), &[
                ("yes".to_owned(), html! { (t("有效", "Yes")) }),
                ("no".to_owned(), html! { (t("无效，退回负责人", "No: back to its owner")) }),
            ], ""))
            (filled.area("text", t("如何核实的", "How that was found out"), Look {
                max: REMARK_MAX, hint: t("由处理人以外的人核实。", "By somebody other than whoever acted."),
                ..needed
            }))
        },
        _ => html! {},
    }
}

/// `POST /desk/complaints/{case}/{id}/{act}`.
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
        Ok(()) => redirect(&format!("{PATH}/{case}/{id}?done={name}"), &sent.visitor.guest),
        Err(error) => {
            let (visitor, refused) = sent.refused(&name, error);
            match find(pages, &visitor, (&case, &id)).await {
                Ok(one) => page(pages, &visitor, &one, &Form::default(), Some(&refused)).await,
                Err(_) => failure(&visitor.guest, &refused.error),
            }
        }
    }
}

async fn send(pages: &Pages, sent: &Posted, act: &str, id: &str) -> Result<(), Error> {
    let form = &sent.form;
    let (request_id, etag, text) = (form.text(REQUEST_ID), form.text("etag"), form.text("text"));
    let complaint_id = id.to_owned();
    let mut client = voices(pages, &sent.visitor);
    match act {
        "assign" => {
            let owner = form.text("owner");
            let request = AssignComplaintRequest { request_id, complaint_id, etag, owner };
            client.assign_complaint(request).await.map_err(failed)?;
        }
        "act" => {
            let request = ActOnComplaintRequest {
                request_id,
                complaint_id,
                etag,
                outcome: number(OUTCOMES, "outcome", form.get("outcome"))?,
                text,
                project_id: form.text("project_id"),
                notice_zh: form.text("notice_zh"),
                notice_en: form.text("notice_en"),
            };
            client.act_on_complaint(request).await.map_err(failed)?;
        }
        "verify" => {
            let helped = match form.get("helped") {
                "yes" => true,
                "no" => false,
                _ => return Err(Error::field("helped", Reason::FieldInvalid, "yes or no")),
            };
            let request = VerifyComplaintRequest { request_id, complaint_id, etag, helped, text };
            client.verify_complaint(request).await.map_err(failed)?;
        }
        "close" => {
            let request = CloseComplaintRequest { request_id, complaint_id, etag };
            client.close_complaint(request).await.map_err(failed)?;
        }
        _ => return Err(Error::new(Reason::NotFound)),
    }
    Ok(())
}
