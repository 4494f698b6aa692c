//! Filing a case in four small steps: which unit, what is wrong, when and whom, look over and send.
//!
//! The pages keep nothing: each step's form carries what was said before, and one request id from the first page
//! to the last, so that whatever is sent twice is one case. A script keeps the same fields in the browser until the
//! case is filed. Photos belong to a case and are sent once there is one (see [`evidence`](super::evidence)).

mod draft;
mod steps;
pub(super) mod symptoms;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::intake::v1::{CheckEntitlementResponse, ListUnitsResponse};
use parasol_api::{Error, Reason};

use self::draft::{Draft, Step};
use super::calls::Calls;
use super::case_path;
use crate::Gateway;
use crate::web::controls::{Filled, alert};
use crate::web::door::{closed, failure, status};
use crate::web::form::{Form, REQUEST_ID, TOKEN};
use crate::web::page::{Page, redirect};
use crate::web::posted::Posted;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed};

/// What a form of the filing says that it wants.
const GO: &str = "go";

/// What the steps are made from.
struct Around {
    /// The caller's units, and whom the retailer would call.
    mine: ListUnitsResponse,
    /// What is owed for the chosen unit; `None` before one is.
    owed: Option<CheckEntitlementResponse>,
}

/// `GET /my/file`: the first step, or the second where the address names a unit.
pub(super) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.customer;
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(pages, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return closed(pages, guest, true),
    };
    let line = Form::of_query(parts.uri.query()).text("line");
    let mut form = Form::default();
    let named = !line.is_empty() && form.add("line", line).is_ok();
    let step = if named { Step::Fault } else { Step::Unit };
    page(pages, &visitor, &form, step, None).await
}

/// `POST /my/file`: a step was filled.
pub(super) async fn step(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.customer;
    let posted = match Posted::of(pages, request).await {
        Ok(posted) => posted,
        Err(door) => return *door,
    };
    let Posted { visitor, form, .. } = &posted;
    let at = Step::parse(form.get("step"));
    if let Err(error) = posted.good() {
        return page(pages, visitor, form, at, Some(&error)).await;
    }
    match form.get(GO) {
        "back" => return page(pages, visitor, form, at.before(), None).await,
        // A draft that its browser kept.
        "resume" => return page(pages, visitor, form, at, None).await,
        _ => {}
    }
    let calls = Calls::of(pages, visitor);
    match leave(&calls, at, form).await {
        Err(error) => page(pages, visitor, form, step_of(&error, at), Some(&error)).await,
        Ok(Left::Next(form)) => page(pages, visitor, &form, at.after(), None).await,
        Ok(Left::Case(case, how)) => {
            redirect(&format!("{}?done={how}", case_path(&case, "")), &visitor.guest)
        }
    }
}

/// What leaving a step leads to.
enum Left {
    /// The next one, with the fields as they are now.
    Next(Form),
    /// A case: that was filed, or was there before.
    Case(String, &'static str),
}

/// Checks a step and goes on; from the last one, files the case.
async fn leave(calls: &Calls, at: Step, form: &Form) -> Result<Left, Error> {
    let draft = Draft::of(form);
    match at {
        Step::Unit => {
            let mine = calls.units().await?;
            let unit = draft.unit(&mine.units)?;
            if !unit.open_case_id.is_empty() {
                return Ok(Left::Case(unit.open_case_id.clone(), "filed-before"));
            }
            let line = unit.unit.clone().unwrap_or_default().order_line;
            Ok(Left::Next(form.replacing(&["line", "serial"], "line", line)))
        }
        Step::Fault => draft.check_fault().map(|()| Left::Next(form.clone())),
        Step::Visit => draft.check_visit().map(|()| Left::Next(form.clone())),
        Step::Check => file(calls, &draft, form).await,
    }
}

async fn file(calls: &Calls, draft: &Draft<'_>, form: &Form) -> Result<Left, Error> {
    draft.check_fault()?;
    draft.check_visit()?;
    let request = draft.request(form.text(REQUEST_ID))?;
    let line = request.order_line.clone();
    match calls.intake().file_case(request).await.map_err(failed) {
        Ok(answer) => {
            let answer = answer.into_inner();
            let case = answer.case.unwrap_or_default().case_id;
            Ok(Left::Case(case, if answer.existing { "filed-before" } else { "filed" }))
        }
        // The same form was sent before with something else in it: what it filed then is what there is.
        Err(error) if error.reason() == Reason::RequestIdReused => {
            let open = calls.owed(&line).await?.open_case_id;
            if open.is_empty() { Err(error) } else { Ok(Left::Case(open, "filed-before")) }
        }
        Err(error) => Err(error),
    }
}

/// The step on which something is wrong.
fn step_of(error: &Error, at: Step) -> Step {
    let field = error.violations().first().map_or("", |one| one.field.as_str());
    match field.split(['.', '[']).next().unwrap_or_default() {
        "order_line" | "line" | "serial" => Step::Unit,
        "kind" | "symptom" | "description" | "declared_intact" | "intact" => Step::Fault,
        "preferred_windows" | "window" | "contact" | "name" | "phone" => Step::Visit,
        _ => at,
    }
}

/// A step as a page.
async fn page(
    pages: &Pages,
    visitor: &Visitor,
    form: &Form,
    step: Step,
    error: Option<&Error>,
) -> Response {
    let calls = Calls::of(pages, visitor);
    let language = visitor.guest.language;
    let mine = match calls.units().await {
        Ok(mine) => mine,
        Err(error) => return failure(&visitor.guest, &error),
    };
    let line = form.get("line");
    let owed = match step {
        Step::Fault | Step::Check if !line.is_empty() => match calls.owed(line).await {
            Ok(owed) if owed.open_case_id.is_empty() || error.is_some() => Some(owed),
            Ok(owed) => {
                let to = case_path(&owed.open_case_id, "");
                return redirect(&format!("{to}?done=filed-before"), &visitor.guest);
            }
            Err(error) => return failure(&visitor.guest, &error),
        },
        _ => None,
    };
    let around = Around { mine, owed };
    let filled = Filled { of: "file", language, form, error };
    let title = language.pick("报修", "Report a problem");
    let body = html! {
        p.back { a href=(super::HOME) { "‹ " (language.pick("我的服务", "My service")) } }
        h1 { (title) }
        (steps::progress(step, language))
        (kept_on_the_device(language))
        @if let Some(error) = error { (alert(error, language)) }
        form #file.card method="post" action="/my/file" data-once data-who=(who(pages, visitor)) {
            (hidden(pages, visitor, &filled, step))
            (steps::controls(step, &filled, &around, visitor.guest.now))
            (buttons(step, &filled))
        }
    };
    let code = error.map_or(StatusCode::OK, status);
    Page { title, head: html! {}, body }.for_visitor(code, visitor)
}

/// What the script shows when the browser holds a draft, and when there is no network.
fn kept_on_the_device(language: parasol_api::Language) -> Markup {
    html! {
        p #draft.notice hidden {
            span { (language.pick("您有一份没有提交的报修。", "You have a report that was not sent.")) } " "
            button type="button" data-resume { (language.pick("继续填写", "Go on with it")) } " "
            button.plain type="button" data-discard { (language.pick("丢弃", "Discard it")) }
        }
        p #offline.alert hidden role="alert" {
            (language.pick(
                "没有网络。您填写的内容已保存在这台设备上，联网后可继续提交，不会重复报修。",
                "There is no network. What you typed is kept on this device; send it once you are back. It \
                 will be one case however often you send it.",
            ))
        }
    }
}

/// Tells the drafts of one person from those of another on the same device, and says nothing of who it is.
fn who(pages: &Pages, visitor: &Visitor) -> String {
    let subject = visitor.principal.to_string();
    hex::encode(&pages.key.mac("customer.draft", subject.as_bytes())[..8])
}

/// What every step carries: whose form it is, one intent from the first step to the last, and what was said on the
/// other steps.
fn hidden(pages: &Pages, visitor: &Visitor, filled: &Filled<'_>, step: Step) -> Markup {
    // A refusal that is final has used its id up; one whose outcome nobody knows keeps it.
    let spent = filled.error.is_some_and(|error| !error.is_transient());
    let spent = spent && Step::parse(filled.form.get("step")) == Step::Check;
    let kept = Some(filled.form.text(REQUEST_ID)).filter(|id| !id.is_empty() && !spent);
    let id = kept.unwrap_or_else(|| pages.ids.next().to_string());
    let elsewhere: Vec<_> = draft::FIELDS.iter().filter(|(_, at)| *at != step).collect();
    html! {
        input type="hidden" name=(TOKEN) value=(visitor.form_token);
        input type="hidden" name=(REQUEST_ID) value=(id);
        input type="hidden" name="step" value=(step.name());
        @for (name, _) in elsewhere {
            @for value in filled.form.all(name) {
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
        }
    }
}

fn buttons(step: Step, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let on = match step {
        Step::Check => language.pick("提交", "Send it"),
        _ => language.pick("下一步", "Next"),
    };
    html! {
        div.buttons {
            button.main name=(GO) value="next" { (on) }
            @if step != Step::Unit {
                button name=(GO) value="back" formnovalidate { (language.pick("上一步", "Back")) }
            }
        }
    }
}
