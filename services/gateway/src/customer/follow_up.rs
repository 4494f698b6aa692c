//! What somebody of the retailer's stays on for the customer, beside the course of the case: what it is about, until
//! when, and the customer's own word on whether it is solved. Without that word nobody can close it.
//!
//! Who works on it and what they note is theirs; the service leaves it out.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::convert::timestamp;
use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::tracking::v1::{ConfirmFollowUpRequest, FollowUp, FollowUpIssue};
use parasol_api::{Error, Language, Reason};

use super::calls::Calls;
use super::case_page::{Forms, Sheet};
use super::case_path;
use crate::Gateway;
use crate::web::controls::{Look, alert};
use crate::web::door::{closed, failure, status};
use crate::web::form::{Form, REQUEST_ID};
use crate::web::page::{Page, redirect};
use crate::web::posted::Posted;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{failed, times};

/// Its name in addresses.
const NAME: &str = "follow-up";
/// The field that names it.
const ID: &str = "follow_up_id";
/// The field with the answer, and its two values.
const SOLVED: &str = "solved";
const YES: &str = "yes";
const NO: &str = "no";
/// The field with the customer's words.
const TEXT: &str = "text";

/// `GET /my/cases/{case}/follow-up`: it stands on the page of the case.
pub(super) async fn show(
    State(gateway): State<Gateway>,
    Path(case): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    match Visitor::of(&gateway.customer, &parts) {
        Ok(visitor) => redirect(&case_path(&case, ""), &visitor.guest),
        Err(guest) => closed(&gateway.customer, guest, true),
    }
}

/// `POST /my/cases/{case}/follow-up`: the customer's word.
pub(super) async fn say(
    State(gateway): State<Gateway>,
    Path(case): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.customer;
    let posted = match Posted::of(pages, request).await {
        Ok(posted) => posted,
        Err(door) => return *door,
    };
    let Posted { visitor, form, .. } = &posted;
    let error = match posted.then(send(&Calls::of(pages, visitor), form)).await {
        Ok(()) => return redirect(&case_path(&case, ""), &visitor.guest),
        Err(error) => error,
    };
    match Sheet::gather(pages, visitor, &case, Form::default()).await {
        Ok(sheet) => {
            let language = sheet.language;
            let forms = Forms { pages, visitor, refused: None };
            let title = title(language);
            let body = html! {
                p.back { a href=(case_path(&sheet.id, "")) { "‹ " (sheet.title()) } }
                (alert(&error, language))
                @for one in &sheet.follow_ups { (card(one, &sheet, Some(&forms), Some((form, &error)))) }
            };
            Page { title, head: html! {}, body }.for_visitor(status(&error), visitor)
        }
        Err(_) => failure(&visitor.guest, &error),
    }
}

async fn send(calls: &Calls, form: &Form) -> Result<(), Error> {
    let solved = match form.get(SOLVED) {
        YES => true,
        NO => false,
        _ => return Err(Error::field(SOLVED, Reason::FieldInvalid, "yes or no")),
    };
    // Without a version: what was noted or handed on meanwhile is nothing the customer sees, and their word counts.
    let request = ConfirmFollowUpRequest {
        request_id: form.text(REQUEST_ID),
        follow_up_id: form.text(ID),
        solved,
        text: form.text(TEXT),
        ..ConfirmFollowUpRequest::default()
    };
    calls.voices().confirm_follow_up(request).await.map(|_| ()).map_err(failed)
}

/// A card for each that is not closed.
pub(super) fn cards(sheet: &Sheet, forms: Option<&Forms<'_>>) -> Markup {
    html! { @for one in &sheet.follow_ups { (card(one, sheet, forms, None)) } }
}

fn card(
    one: &FollowUp,
    sheet: &Sheet,
    forms: Option<&Forms<'_>>,
    refused: Option<(&Form, &Error)>,
) -> Markup {
    let language = sheet.language;
    let t = |zh, en| language.pick(zh, en);
    let is_solved = one.solved_at.is_some();
    let until = one.valid_until.as_ref().and_then(timestamp);
    let heading = format!("{}-title", one.follow_up_id);
    let refused = refused.filter(|(form, _)| form.get(ID) == one.follow_up_id);
    html! {
        section.card aria-labelledby=(heading) {
            h2 id=(heading) { (title(language)) }
            p { (about(one.issue(), language)) }
            @if is_solved {
                p { (t("您已说问题解决了，我们会结束跟进。", "You said that it is solved. We finish it now.")) }
            } @else if let Some(until) = until {
                p.hint { (t("解决期限：", "To be solved: ")) (times::due(until, sheet.now, language)) }
            }
            @if let Some(forms) = forms {
                (forms.form_of(sheet, (NAME, &one.follow_up_id), refused, "follow-up", |filled| html! {
                    input type="hidden" name=(ID) value=(one.follow_up_id);
                    (filled.area(TEXT, t("想说的话", "Anything to add"), Look { max: LONG_TEXT_MAX, ..Look::default() }))
                    div.answers {
                        @if !is_solved {
                            button.main name=(SOLVED) value=(YES) { (t("已解决", "It is solved")) }
                        }
                        button name=(SOLVED) value=(NO) { (t("还没有解决", "Not solved yet")) }
                    }
                }))
            }
        }
    }
}

fn title(language: Language) -> &'static str {
    language.pick("我们正在跟进", "We are staying on this")
}

/// What it is about, to the customer.
fn about(issue: FollowUpIssue, language: Language) -> &'static str {
    let (zh, en) = match issue {
        FollowUpIssue::LateVisit => {
            ("没有人按时上门或联系您", "Nobody came or called when they should have")
        }
        FollowUpIssue::FaultAgain => ("故障又出现了", "The fault is back"),
        FollowUpIssue::Money => ("款项还没有到账", "Money has not arrived"),
        FollowUpIssue::Parts => ("配件或商品还没有到", "Parts or goods have not arrived"),
        FollowUpIssue::Conduct => ("服务人员的态度", "How somebody treated you"),
        FollowUpIssue::Survey => ("您在评价中说到的问题", "What you told us in the survey"),
        FollowUpIssue::Policy => ("包装或规则的问题", "Packaging, or a rule of ours"),
        FollowUpIssue::Other | FollowUpIssue::Unspecified => ("您反映的问题", "What you told us"),
    };
    language.pick(zh, en)
}
