//! The survey of whoever signed in: on the page of the case once it has closed, and on a page of its own. The answer
//! can be looked at, and changed as long as the survey is open.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::tracking::v1::Survey;
use parasol_api::{Error, Language};

use super::{Stand, answer, content, questions, stand, thanks, until};
use crate::Gateway;
use crate::customer::calls::Calls;
use crate::customer::case_path;
use crate::web::controls::{Filled, alert, fact, hidden};
use crate::web::door::{closed, failure, status};
use crate::web::form::Form;
use crate::web::page::{Page, redirect};
use crate::web::posted::Posted;
use crate::web::session::{Guest, Visitor};
use crate::web::words::Pick as _;
use crate::web::{Pages, failed};

/// Where it lies below a case.
const SURVEY: &str = "survey";
/// The field of the address that asks for the form again.
const CHANGE: &str = "change";

/// `GET /my/cases/{case}/survey`.
pub(in crate::customer) async fn show(
    State(gateway): State<Gateway>,
    Path(case): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.customer;
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(pages, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return closed(pages, guest, true),
    };
    let changes = Form::of_query(parts.uri.query()).is_ticked(CHANGE);
    match Calls::of(pages, &visitor).survey(&case).await {
        Ok(survey) => page(pages, &visitor, &survey, changes, &Form::default(), None),
        Err(error) => failure(&visitor.guest, &error),
    }
}

/// `POST /my/cases/{case}/survey`.
pub(in crate::customer) async fn give(
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
    let calls = Calls::of(pages, visitor);
    let error = match posted.then(send(&calls, &case, form)).await {
        Ok(()) => return redirect(&case_path(&case, SURVEY), &visitor.guest),
        Err(error) => error,
    };
    match calls.survey(&case).await {
        Ok(survey) => page(pages, visitor, &survey, true, form, Some(&error)),
        Err(_) => failure(&visitor.guest, &error),
    }
}

async fn send(calls: &Calls, case: &str, form: &Form) -> Result<(), Error> {
    let mut request = answer(case, form)?;
    // Whoever signed in may change the answer: the last one counts, whatever it was made from.
    request.etag.clear();
    calls.tracking().answer_survey(request).await.map(|_| ()).map_err(failed)
}

fn page(
    pages: &Pages,
    visitor: &Visitor,
    survey: &Survey,
    changes: bool,
    form: &Form,
    error: Option<&Error>,
) -> Response {
    let guest = &visitor.guest;
    let language = guest.language;
    let t = |zh, en| language.pick(zh, en);
    let title = t("服务做得怎么样？", "How was it?");
    let stand = stand(survey);
    let asks = survey.open && (stand == Stand::Open || changes);
    let body = html! {
        p.back { a href=(case_path(&survey.case_id, "")) { "‹ " (t("返回", "Back to the case")) } }
        @if let Some(error) = error { (alert(error, language)) }
        h1 { (title) }
        @if asks { (asked(pages, visitor, survey, form, error)) }
        @else if stand == Stand::Answered { (said(survey, guest)) }
        @else if stand == Stand::NotAsked {
            p { (t("服务结束后我们会请您评价。", "We ask you once the case is done.")) }
        } @else {
            p { (t(
                "评价在服务结束后开放 14 天，现已截止。",
                "It was open for 14 days after the case had ended.",
            )) }
        }
    };
    let code = error.map_or(StatusCode::OK, status);
    Page { title, head: html! {}, body }.for_visitor(code, visitor)
}

fn asked(
    pages: &Pages,
    visitor: &Visitor,
    survey: &Survey,
    form: &Form,
    error: Option<&Error>,
) -> Markup {
    let language = visitor.guest.language;
    let filled = Filled { of: SURVEY, language, form, error };
    html! {
        (until(survey, visitor.guest.now, language))
        form.card #survey method="post" action=(case_path(&survey.case_id, SURVEY)) data-once {
            (hidden(pages, visitor, &filled))
            (questions(survey, &filled))
            button.main { (language.pick("提交评价", "Send")) }
        }
    }
}

/// What was said, with what happens next.
fn said(survey: &Survey, guest: &Guest) -> Markup {
    let language = guest.language;
    let t = |zh, en| language.pick(zh, en);
    let content = format!("{} / 5 · {}", survey.csat, content(survey.csat, language));
    let nps = survey.nps.map(|nps| format!("{nps} / 10")).unwrap_or_default();
    html! {
        div.card #thanks {
            (thanks(survey, language))
            dl {
                (fact(t("满意度", "Content"), content, true))
                (fact(t("推荐", "Recommend"), &nps, !nps.is_empty()))
                @for item in survey.items.iter().filter(|item| item.score > 0) {
                    (fact(&item.text, format!("{} / 5", item.score), true))
                }
                (fact(t("您的话", "In your words"), &survey.text, !survey.text.is_empty()))
            }
            @if survey.open {
                p { a.button href={ (case_path(&survey.case_id, SURVEY)) "?" (CHANGE) "=yes" } {
                    (t("修改评价", "Change it"))
                } }
                (until(survey, guest.now, language))
            }
        }
    }
}

/// The card on the page of a case that has closed; nothing where nothing is asked and nothing was said.
pub(in crate::customer) fn card(survey: Option<&Survey>, language: Language) -> Markup {
    let Some(survey) = survey else { return html! {} };
    let t = |zh, en| language.pick(zh, en);
    let at = case_path(&survey.case_id, SURVEY);
    html! {
        @match stand(survey) {
            Stand::Open => {
                section.card aria-labelledby="survey-title" {
                    h2 #survey-title { (t("服务做得怎么样？", "How was it?")) }
                    p { (t(
                        "一分钟，告诉我们哪里好、哪里不好。",
                        "A minute of your time: what was good, and what was not.",
                    )) }
                    p { a.button.main href=(at) { (t("去评价", "Tell us")) } }
                }
            }
            Stand::Answered => {
                section.card aria-labelledby="survey-title" {
                    h2 #survey-title { (t("您的评价", "What you told us")) }
                    (thanks(survey, language))
                    p { a href=(at) { (t("查看", "Look at it")) } }
                }
            }
            Stand::NotAsked | Stand::Over => {}
        }
    }
}
