//! The survey by the link of the notice: no account, no script, answered once.
//!
//! As with a shared link the credential is in the address and nowhere else. Whoever comes back with the link is
//! thanked and shown nothing of what was said.

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::tracking::v1::{GetSurveyRequest, Survey};
use parasol_api::{Error, Language, Reason};
use parasol_runtime::identity::link::{BadSurvey, survey_of};
use parasol_runtime::transport::local;

use super::{Stand, answer, questions, stand, thanks, until};
use crate::Gateway;
use crate::customer::calls::Calls;
use crate::customer::{HOME, SURVEYS};
use crate::web::controls::{Filled, alert};
use crate::web::door::{stale, status};
use crate::web::form::{Form, REQUEST_ID};
use crate::web::page::{Page, redirect};
use crate::web::session::Guest;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed, secret};

/// A survey as its link opens it.
struct Opened {
    calls: Calls,
    case: String,
    survey: Survey,
}

/// Why a link opens no survey.
enum Shut {
    /// It was not made here, or is cut off.
    Foreign,
    /// Its time is over.
    Over,
    /// Something failed.
    Failed(Error),
}

/// `GET /survey/{token}`.
pub(in crate::customer) async fn show(
    State(gateway): State<Gateway>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.survey;
    let (parts, _) = request.into_parts();
    let guest = Guest::of(pages, &parts);
    let response = match open(pages, &token, &guest).await {
        Ok(opened) => page(pages, &token, &guest, &opened.survey, &Form::default(), None),
        Err(shut) => closed(&shut, &guest),
    };
    secret(response)
}

/// `POST /survey/{token}`.
pub(in crate::customer) async fn give(
    State(gateway): State<Gateway>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.survey;
    let (parts, body) = request.into_parts();
    let guest = Guest::of(pages, &parts);
    let response = match open(pages, &token, &guest).await {
        Ok(opened) => answered(pages, &token, &guest, opened, &parts, body).await,
        Err(shut) => closed(&shut, &guest),
    };
    secret(response)
}

async fn open(pages: &Pages, token: &str, guest: &Guest) -> Result<Opened, Shut> {
    let case = survey_of(&pages.key, token, guest.now).map_err(|bad| match bad {
        BadSurvey::Foreign => Shut::Foreign,
        BadSurvey::Over => Shut::Over,
    })?;
    let transport = local::with_token(pages.transport.clone(), token);
    let calls = Calls::over(transport, guest.language);
    let case = case.to_string();
    let survey =
        read(&calls, &case, guest.language).await.map_err(|error| match error.reason() {
            Reason::NotFound => Shut::Foreign,
            _ => Shut::Failed(error),
        })?;
    Ok(Opened { calls, case, survey })
}

async fn read(calls: &Calls, case: &str, language: Language) -> Result<Survey, Error> {
    let language = language.pick("zh", "en").to_owned();
    let request = GetSurveyRequest { case_id: case.to_owned(), language };
    Ok(calls.tracking().get_survey(request).await.map_err(failed)?.into_inner())
}

async fn answered(
    pages: &Pages,
    token: &str,
    guest: &Guest,
    opened: Opened,
    parts: &Parts,
    body: Body,
) -> Response {
    let Opened { calls, case, survey } = opened;
    let (form, read) = match Form::read(&parts.headers, body).await {
        Ok(form) => (form, Ok(())),
        Err(error) => (Form::default(), Err(error)),
    };
    let sent = match read {
        Err(error) => Err(error),
        Ok(()) if guest.foreign => Err(stale()),
        Ok(()) => send(&calls, &case, &form, guest.language).await,
    };
    match sent {
        Ok(()) => redirect(&format!("{SURVEYS}/{token}"), guest),
        Err(error) => page(pages, token, guest, &survey, &form, Some(&error)),
    }
}

/// Sends an answer. The form carries the version it was made from, so that of two forms only the first one counts;
/// where the case has changed for another reason, nobody is asked to type again.
async fn send(calls: &Calls, case: &str, form: &Form, language: Language) -> Result<(), Error> {
    let request = answer(case, form)?;
    let sent = calls.tracking().answer_survey(request.clone()).await.map_err(failed);
    match sent {
        Err(error) if error.reason() == Reason::VersionConflict => {
            let now = read(calls, case, language).await?;
            if stand(&now) != Stand::Open {
                return Ok(());
            }
            let again =
                parasol_api::tracking::v1::AnswerSurveyRequest { etag: now.etag, ..request };
            calls.tracking().answer_survey(again).await.map(|_| ()).map_err(failed)
        }
        sent => sent.map(|_| ()),
    }
}

fn page(
    pages: &Pages,
    token: &str,
    guest: &Guest,
    survey: &Survey,
    form: &Form,
    error: Option<&Error>,
) -> Response {
    let language = guest.language;
    let t = |zh, en| language.pick(zh, en);
    let title = match stand(survey) {
        Stand::Open => t("服务做得怎么样？", "How was it?"),
        Stand::Answered => t("已收到您的评价", "We have your answer"),
        Stand::NotAsked => t("现在不需要评价", "Nothing is asked now"),
        Stand::Over => t("评价已截止", "This survey is over"),
    };
    let body = html! {
        @if let Some(error) = error { (alert(error, language)) }
        h1 { (title) }
        @match stand(survey) {
            Stand::Open => { (asked(pages, token, guest, survey, form, error)) }
            Stand::Answered => {
                div.card #thanks {
                    (thanks(survey, language))
                    p.hint { (t(
                        "这个链接只能用一次。想修改评价，请登录后打开这张服务单。",
                        "This link answers once. To change your answer, sign in and open the case.",
                    )) }
                }
                (on(language))
            }
            Stand::NotAsked => {
                p { (t(
                    "这张服务单正在处理中。结束后我们会再请您评价。",
                    "The case is under way. We ask you again once it is done.",
                )) }
                (on(language))
            }
            Stand::Over => { (over(language)) }
        }
    };
    let code = error.map_or(StatusCode::OK, status);
    Page { title, head: html! {}, body }.for_guest(code, guest)
}

fn asked(
    pages: &Pages,
    token: &str,
    guest: &Guest,
    survey: &Survey,
    form: &Form,
    error: Option<&Error>,
) -> Markup {
    let language = guest.language;
    let filled = Filled { of: "survey", language, form, error };
    // An answer whose outcome nobody knows keeps its id, so that sending it again is safe.
    let id = match error.is_some_and(Error::is_transient) {
        true => form.text(REQUEST_ID),
        false => pages.ids.next().to_string(),
    };
    html! {
        (until(survey, guest.now, language))
        form.card #survey method="post" action={ (SURVEYS) "/" (token) } data-once {
            input type="hidden" name=(REQUEST_ID) value=(id);
            (questions(survey, &filled))
            button.main { (language.pick("提交评价", "Send")) }
        }
    }
}

/// A link that opens nothing, and what to do.
fn closed(shut: &Shut, guest: &Guest) -> Response {
    let language = guest.language;
    let t = |zh, en| language.pick(zh, en);
    let (title, code) = match shut {
        Shut::Foreign => (t("打不开这个链接", "This link opens nothing"), StatusCode::NOT_FOUND),
        Shut::Over => (t("评价已截止", "This survey is over"), StatusCode::GONE),
        Shut::Failed(error) => (t("出错了", "Something went wrong"), status(error)),
    };
    let body = html! {
        h1 { (title) }
        @match shut {
            Shut::Foreign => {
                p { (t(
                    "链接可能不完整。请从短信或邮件里再点一次；也可以登录后在服务单里评价。",
                    "It may have been cut off. Please open it from the message once more, or sign in and \
                     answer on the page of the case.",
                )) }
                (on(language))
            }
            Shut::Over => { (over(language)) }
            Shut::Failed(error) => { (alert(error, language)) }
        }
    };
    Page { title, head: html! {}, body }.for_guest(code, guest)
}

fn over(language: Language) -> Markup {
    html! {
        p { (language.pick(
            "评价在服务结束后开放 14 天。谢谢您还想着告诉我们。",
            "It is open for 14 days after a case has ended. Thank you for coming all the same.",
        )) }
        p { (language.pick(
            "如果问题还在，请登录后告诉我们。",
            "If something is still wrong, sign in and tell us.",
        )) }
        (on(language))
    }
}

/// The way to the customer's own pages.
fn on(language: Language) -> Markup {
    html! { p { a.button href=(HOME) { (language.pick("我的服务", "My service")) } } }
}
