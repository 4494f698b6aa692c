//! What a customer wants to be told, by which way, in which language and when not ("Order Watch").
//!
//! Codes and questions are told whatever is chosen, and the page says so. An e-mail address is shown masked and never
//! written back into the form: an empty field keeps the one that is known.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::limits::NAME_MAX;
use parasol_api::tracking::v1::notice_service_client::NoticeServiceClient;
use parasol_api::tracking::v1::{
    GetNoticePreferencesRequest, NoticeChannel, NoticeKind, NoticePreferences,
    UpdateNoticePreferencesRequest,
};
use parasol_api::{Error, Reason};
use parasol_runtime::transport::Transport;

use super::HOME;
use crate::Gateway;
use crate::web::choice::Choice;
use crate::web::controls::{Filled, Look, alert, hidden};
use crate::web::door::{closed, failure, status};
use crate::web::form::{Form, REQUEST_ID};
use crate::web::page::{Page, redirect};
use crate::web::posted::Posted;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed};

/// Where the page lies.
pub(super) const AT: &str = "/my/notices";

const ETAG: &str = "etag";
const LANGUAGE: &str = "language";
const QUIET: &str = "quiet";
const OWN: &str = "own";
const USUAL: &str = "usual";
const QUIET_FROM: &str = "quiet_from";
const QUIET_UNTIL: &str = "quiet_until";
const DIGEST: &str = "digest";
const EMAIL: &str = "email";
const FORGET: &str = "forget_email";

/// What can be told or not.
const KINDS: [Choice; 6] = [
    told(
        NoticeKind::Progress,
        "kind_progress",
        "进展：提交、接单、检测单",
        "Progress: filed, taken, inspected",
    ),
    told(
        NoticeKind::Visit,
        "kind_visit",
        "上门：谁来、几点、已出发",
        "Visits: who comes, when, on the way",
    ),
    told(
        NoticeKind::Outcome,
        "kind_outcome",
        "结果：退款、换新、维修",
        "Outcomes: refund, replacement, repair",
    ),
    told(NoticeKind::Delay, "kind_delay", "延误：晚了、什么时候好", "Delays: late, and until when"),
    told(
        NoticeKind::Dispute,
        "kind_dispute",
        "争议：受理、答复、裁决",
        "Disputes: heard, answered, decided",
    ),
    told(NoticeKind::Survey, "kind_survey", "结束后请您评价", "How it was, once it is done"),
];

/// The ways by which something can be told or not.
const CHANNELS: [Choice; 4] = [
    by(NoticeChannel::Push, "by_push", "App 推送", "The app"),
    by(NoticeChannel::Sms, "by_sms", "短信", "Text message"),
    by(NoticeChannel::Email, "by_email", "邮件", "E-mail"),
    by(NoticeChannel::Webhook, "by_webhook", "商城消息", "Messages of the shop"),
];

const fn told(kind: NoticeKind, value: &'static str, zh: &'static str, en: &'static str) -> Choice {
    Choice { value, number: kind as i32, zh, en }
}

const fn by(
    kind: NoticeChannel,
    value: &'static str,
    zh: &'static str,
    en: &'static str,
) -> Choice {
    Choice { value, number: kind as i32, zh, en }
}

fn client(pages: &Pages, visitor: &Visitor) -> NoticeServiceClient<Transport> {
    NoticeServiceClient::new(pages.transport_of(visitor))
}

async fn known(pages: &Pages, visitor: &Visitor) -> Result<NoticePreferences, Error> {
    let request = GetNoticePreferencesRequest::default();
    let known = client(pages, visitor).get_notice_preferences(request).await;
    Ok(known.map_err(failed)?.into_inner())
}

/// `GET /my/notices`.
pub(super) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.customer;
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(pages, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return closed(pages, guest, true),
    };
    let saved = Form::of_query(parts.uri.query()).get("done") == "saved";
    match known(pages, &visitor).await {
        Ok(known) => page(pages, &visitor, &known, &as_form(&known), None, saved),
        Err(error) => failure(&visitor.guest, &error),
    }
}

/// `POST /my/notices`.
pub(super) async fn change(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.customer;
    let posted = match Posted::of(pages, request).await {
        Ok(posted) => posted,
        Err(door) => return *door,
    };
    let Posted { visitor, form, .. } = &posted;
    let error = match posted.then(send(pages, visitor, form)).await {
        Ok(()) => return redirect(&format!("{AT}?done=saved"), &visitor.guest),
        Err(error) => error,
    };
    match known(pages, visitor).await {
        // Somebody changed it meanwhile: what it is now stands in the form.
        Ok(known) if error.reason() == Reason::VersionConflict => {
            page(pages, visitor, &known, &as_form(&known), Some(&error), false)
        }
        Ok(known) => page(pages, visitor, &known, form, Some(&error), false),
        Err(_) => failure(&visitor.guest, &error),
    }
}

async fn send(pages: &Pages, visitor: &Visitor, form: &Form) -> Result<(), Error> {
    let unticked = |list: &[Choice]| -> Vec<i32> {
        list.iter().filter(|one| !form.is_ticked(one.value)).map(|one| one.number).collect()
    };
    let own = form.get(QUIET) == OWN;
    let (from, until) = (form.text(QUIET_FROM), form.text(QUIET_UNTIL));
    if own && from.is_empty() {
        return Err(Error::field(QUIET_FROM, Reason::FieldInvalid, "a time of day"));
    }
    let email = match (form.get(EMAIL), form.is_ticked(FORGET)) {
        ("", false) => None,
        ("", true) => Some(String::new()),
        (email, _) => Some(email.to_owned()),
    };
    let request = UpdateNoticePreferencesRequest {
        request_id: form.text(REQUEST_ID),
        etag: form.text(ETAG),
        language: form.text(LANGUAGE),
        muted: unticked(&KINDS),
        refused: unticked(&CHANNELS),
        digest: form.get(DIGEST) == "yes",
        email,
        quiet_from: if own { from } else { String::new() },
        quiet_until: if own { until } else { String::new() },
        ..Default::default()
    };
    client(pages, visitor).update_notice_preferences(request).await.map_err(failed)?;
    Ok(())
}

/// What is known, as if it had been typed. A page with a handful of fields is below every limit of a form.
fn as_form(known: &NoticePreferences) -> Form {
    let mut form = Form::default();
    let mut say = |name: &str, value: &str| {
        let _ = form.add(name, value.to_owned());
    };
    say(LANGUAGE, &known.language);
    for one in KINDS.iter().filter(|one| !known.muted.contains(&one.number)) {
        say(one.value, "yes");
    }
    for one in CHANNELS.iter().filter(|one| !known.refused.contains(&one.number)) {
        say(one.value, "yes");
    }
    say(DIGEST, if known.digest { "yes" } else { "no" });
    say(QUIET, if known.quiet_from.is_empty() { USUAL } else { OWN });
    say(QUIET_FROM, &known.quiet_from);
    say(QUIET_UNTIL, &known.quiet_until);
    form
}

fn page(
    pages: &Pages,
    visitor: &Visitor,
    known: &NoticePreferences,
    form: &Form,
    error: Option<&Error>,
    saved: bool,
) -> Response {
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let filled = Filled { of: "notices", language, form, error };
    let title = t("通知设置", "What you are told");
    let body = html! {
        p.back { a href=(HOME) { "‹ " (t("我的服务", "My service")) } }
        @if saved { p #done.notice role="status" { (t("已保存。", "Saved.")) } }
        @if let Some(error) = error { (alert(error, language)) }
        h1 { (title) }
        p { (t(
            "服务有进展时我们主动告诉您。选择您想听什么、怎么听、什么时候不打扰。",
            "We tell you what happens without being asked. Choose what you want to hear, how, and when not.",
        )) }
        form #preferences method="post" action=(AT) data-once {
            (hidden(pages, visitor, &filled))
            input type="hidden" name=(ETAG) value=(known.etag);
            (kinds(&filled))
            (channels(known, &filled))
            (hours(&filled))
            button.main { (t("保存", "Save")) }
        }
    };
    let code = error.map_or(StatusCode::OK, status);
    Page { title, head: html! {}, body }.for_visitor(code, visitor)
}

fn kinds(filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    html! {
        div.card {
            fieldset {
                legend { (language.pick("想听什么", "What")) }
                @for one in &KINDS { (filled.tick(one.value, one.label(language))) }
            }
            p.hint { (language.pick(
                "完工码，以及需要您选择或确认的事，总会通知，否则您会吃亏。",
                "Completion codes, and whatever waits for your answer, are always told: you would lose \
                 something otherwise.",
            )) }
        }
    }
}

fn channels(known: &NoticePreferences, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let t = |zh, en| language.pick(zh, en);
    let kept = match known.email.as_str() {
        "" => t("还没有邮箱地址。", "No address is known yet.").to_owned(),
        email => language.pick(
            format!("现在是 {email}。不填则不变。"),
            format!("It is {email} now. Leave it empty to keep it."),
        ),
    };
    let look = Look { kind: "email", hint: &kept, max: NAME_MAX, ..Look::default() };
    let languages = [
        ("zh".to_owned(), html! { span lang="zh-CN" { "中文" } }),
        ("en".to_owned(), html! { span lang="en" { "English" } }),
    ];
    html! {
        div.card {
            fieldset {
                legend { (t("怎么听", "How")) }
                @for one in &CHANNELS { (filled.tick(one.value, one.label(language))) }
            }
            (filled.input(EMAIL, t("邮箱", "E-mail address"), look))
            @if !known.email.is_empty() { (filled.tick(FORGET, t("删除邮箱", "Forget this address"))) }
        }
        div.card { (filled.radios(LANGUAGE, t("语言", "Language"), &languages, filled.form.get(LANGUAGE))) }
    }
}

fn hours(filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let t = |zh, en| language.pick(zh, en);
    let often = [
        ("no".to_owned(), html! { (t("有事就说", "Each as it comes")) }),
        (
            "yes".to_owned(),
            html! { (t("不急的每天合成一条", "What is not urgent once a day, in one")) },
        ),
    ];
    let quiet = [
        (USUAL.to_owned(), html! { (t("按常规夜间时段", "The usual hours of the night")) }),
        (OWN.to_owned(), html! { (t("我自己定", "Hours of my own")) }),
    ];
    let time = |name, label| {
        let look = Look { kind: "time", value: filled.form.get(name), ..Look::default() };
        filled.input(name, label, look)
    };
    html! {
        div.card { (filled.radios(DIGEST, t("多久一次", "How often"), &often, filled.form.get(DIGEST))) }
        div.card {
            (filled.radios(QUIET, t("什么时候不打扰", "When not"), &quiet, filled.form.get(QUIET)))
            div.times {
                (time(QUIET_FROM, t("从", "From")))
                (time(QUIET_UNTIL, t("到", "Until")))
            }
            p.hint { (t(
                "最长 14 小时。工程师已出发、已到门口和完工码，任何时候都会通知。",
                "At most 14 hours. That the technician is on the way or at the door, and codes, come at any time.",
            )) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_that_can_be_refused_and_every_channel_can_be_chosen() {
        let kinds: Vec<_> =
            (1..100).filter(|number| NoticeKind::try_from(*number).is_ok()).collect();
        let always = [NoticeKind::Code as i32, NoticeKind::Ask as i32];
        let chosen: Vec<_> = KINDS.iter().map(|one| one.number).chain(always).collect();
        assert_eq!(chosen, kinds);
        let ways: Vec<_> =
            (1..100).filter(|number| NoticeChannel::try_from(*number).is_ok()).collect();
        // An agent's voice is nobody's to refuse.
        let chosen: Vec<_> = CHANNELS.iter().map(|one| one.number).collect();
        assert_eq!([chosen, vec![NoticeChannel::Voice as i32]].concat(), ways);
    }

    #[test]
    fn what_is_known_stands_in_the_form() {
        let known = NoticePreferences {
            language: "en".to_owned(),
            muted: vec![NoticeKind::Visit.into()],
            refused: vec![NoticeChannel::Sms.into()],
            quiet_from: "23:00".to_owned(),
            quiet_until: "07:00".to_owned(),
            ..NoticePreferences::default()
        };
        let form = as_form(&known);
        assert!(!form.is_ticked("kind_visit") && form.is_ticked("kind_delay"));
        assert!(!form.is_ticked("by_sms") && form.is_ticked("by_push"));
        assert_eq!((form.get(QUIET), form.get(QUIET_FROM), form.get(DIGEST)), (OWN, "23:00", "no"));
    }
}
