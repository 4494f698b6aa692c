//! The cards of a case's page: whose turn it is, who comes, the completion code, what was filed.

use maud::{Markup, html};
use parasol_api::Language;
use parasol_api::common::v1::{Category, Stage};
use parasol_api::convert::timestamp;
use parasol_api::intake::v1::Evidence;
use parasol_api::tracking::v1::{Forecast, ForecastOutlook, TechnicianCard};
use parasol_journey::Verb;
use parasol_journey::time::Span;

use super::act::Act;
use super::case_page::{Forms, Sheet, lasting};
use super::words::{doing, doing_for, party, pause, remedy};
use super::{acts, case_path};
use crate::web::controls::fact;
use crate::web::times;
use crate::web::words::{Pick as _, category};

/// Photos shown on the page of a case; all of them are on their own.
const SHOWN_MAX: usize = 6;

/// Whose turn it is, since when, until when, and what happens then; with the forms of the customer's own turn.
pub(super) fn now(sheet: &Sheet, forms: Option<&Forms<'_>>) -> Markup {
    let language = sheet.language;
    let told = &sheet.told;
    let holder = told.turn.map_or_else(Default::default, |turn| turn.holder());
    let mine = sheet.is_mine();
    html! {
        section.card.now.mine[mine] aria-labelledby="now-title" {
            p.over { (sheet.stage_name()) }
            @if sheet.is_ended() {
                h2 #now-title { (ended(told.stage(), language)) }
            } @else {
                h2 #now-title {
                    @if mine { (language.pick("轮到您了", "It is your turn")) }
                    @else {
                        (language.pick("轮到", "Now with ")) (sheet.party(holder))
                    }
                }
                p.lead { (lead(sheet)) }
                p.hint {
                    (language.pick("已持续 ", "For "))
                    @if let Some(turn) = &told.turn { (lasting(turn.since.as_ref(), sheet)) }
                }
                (stale(sheet))
                (paused(sheet))
                (deadline(sheet))
                (forecast(sheet))
            }
            @if let Some(forms) = forms { (acts::of_turn(sheet, forms)) }
        }
    }
}

/// What whoever has the turn does now; a customer who is asked about times answers that first.
fn lead(sheet: &Sheet) -> &'static str {
    if sheet.case.is_none() {
        return doing_for(sheet.told.stage(), sheet.language);
    }
    let asked = sheet.case.as_ref().is_some_and(|case| !case.proposed_windows.is_empty());
    match asked && sheet.is_mine() {
        true => {
            sheet.language.pick("请选择合适的上门时间。", "Please pick the time that suits you.")
        }
        false => doing(sheet.told.stage(), sheet.language),
    }
}

fn ended(stage: Stage, language: Language) -> &'static str {
    match stage {
        Stage::Cancelled => language.pick("服务单已取消", "This case was cancelled"),
        _ => language.pick("服务已完成", "This case is done"),
    }
}

/// What is too old to be relied on is said to be.
fn stale(sheet: &Sheet) -> Markup {
    let language = sheet.language;
    let Some(fresh) = sheet.told.freshness.as_ref().filter(|fresh| fresh.is_stale) else {
        return html! {};
    };
    html! {
        p.stale {
            (language.pick("这是 ", "This is what "))
            (sheet.party(fresh.reported_by()))
            (language.pick(" 早前报告的，可能已不是最新。", " said a while ago; it may have changed since."))
        }
    }
}

/// Late unless somebody does something: what, and who.
fn forecast(sheet: &Sheet) -> Markup {
    let language = sheet.language;
    let late =
        |one: &&Forecast| matches!(one.outlook(), ForecastOutlook::AtRisk | ForecastOutlook::Late);
    let Some(forecast) = sheet.told.forecast.as_ref().filter(late) else { return html! {} };
    html! {
        div.forecast {
            p { (forecast.text) }
            @if !forecast.ways_out.is_empty() {
                p.hint { (language.pick("可以这样补救：", "What can be done about it:")) }
                ul { @for one in &forecast.ways_out { li { (one.text) } } }
            }
        }
    }
}

fn paused(sheet: &Sheet) -> Markup {
    let Some(case) = sheet.case.as_ref().filter(|_| sheet.told.stage() == Stage::Paused) else {
        return html! {};
    };
    let language = sheet.language;
    html! {
        p { (language.pick("原因：", "Because ")) (pause(case.pause_cause(), language)) }
        @if let Some(at) = case.resumes_at.as_ref().and_then(timestamp) {
            p { (language.pick("恢复时间：", "Goes on: ")) (times::at(at, language)) }
        }
    }
}

fn deadline(sheet: &Sheet) -> Markup {
    let language = sheet.language;
    let Some(next) = &sheet.told.next_deadline else { return html! {} };
    let Some(due) = next.due.as_ref().and_then(timestamp) else { return html! {} };
    html! {
        div.deadline.standing {
            // The script says here, now and then, how much time is left.
            p #said.heard role="status" {}
            p { (language.pick("最迟 ", "Due: ")) (times::due(due, sheet.now, language)) }
            @if !next.if_missed.is_empty() {
                p.hint { (language.pick("超时则：", "If missed: ")) (next.if_missed) }
            }
        }
    }
}

/// Who comes, when, and where they are.
pub(super) fn visit(sheet: &Sheet) -> Markup {
    let language = sheet.language;
    let told = &sheet.told;
    let person = told.technician.as_ref().filter(|card| !card.centre.is_empty());
    if person.is_none() && told.appointment_window.is_none() || sheet.is_ended() {
        return html! {};
    }
    html! {
        section.card aria-labelledby="visit-title" {
            h2 #visit-title {
                @if told.appointment_window.is_some() {
                    (language.pick("上门安排", if sheet.case.is_some() { "Your visit" } else { "The visit" }))
                }
                @else {
                    @let zh = if sheet.case.is_some() { "谁为您服务" } else { "由谁服务" };
                    (language.pick(zh, "Who looks after it"))
                }
            }
            @if let Some((from, to)) = times::ends(told.appointment_window.as_ref()) {
                p.window {
                    time datetime=(times::machine(from)) { (times::span(from, to, language)) }
                }
            }
            (route(sheet))
            @if let Some(person) = person { (who(person, sheet)) }
        }
    }
}

fn who(card: &TechnicianCard, sheet: &Sheet) -> Markup {
    let language = sheet.language;
    // A number to call is lent around a visit, and not while nobody is to come.
    let comes = matches!(
        sheet.told.stage(),
        Stage::TechnicianAssigned
            | Stage::Appointed
            | Stage::OnSite
            | Stage::Inspecting
            | Stage::Repairing
    );
    let initial = card.name.chars().next().map(String::from).unwrap_or_default();
    html! {
        div.person {
            @if !card.name.is_empty() {
                span.face aria-hidden="true" { (initial) }
                div {
                    p.name { (card.name) }
                    p.hint { (language.pick("工程师", "Technician")) }
                }
                @if is_number(&card.phone) {
                    a.button.call href={ "tel:" (card.phone) } {
                        (language.pick("拨打 ", "Call ")) (card.phone)
                    }
                } @else if !card.phone.is_empty() {
                    p.hint.masked {
                        (card.phone)
                        @if comes {
                            " · "
                            (language.pick("上门前后可直接拨打", "you can call around the visit"))
                        }
                    }
                }
            }
        }
        @if !card.centre_name.is_empty() {
            p.centre {
                (card.centre_name)
                @if is_number(&card.centre_phone) {
                    " · " a href={ "tel:" (card.centre_phone) } { (card.centre_phone) }
                }
            }
        }
    }
}

/// Whether a number can be dialled: one that is not masked.
fn is_number(phone: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_digit() || b"+- ".contains(&byte);
    !phone.is_empty() && phone.bytes().all(plain)
}

/// Where the technician is, without a map: under way or not, how old that is, and when to expect them.
fn route(sheet: &Sheet) -> Markup {
    let language = sheet.language;
    let Some(position) = sheet.position.as_ref().filter(|position| position.under_way) else {
        return html! {};
    };
    let seen = position.position_at.as_ref().and_then(timestamp);
    let arriving = position.arriving_at.as_ref().and_then(timestamp);
    html! {
        div.route data-under-way {
            p {
                strong { (language.pick("工程师正在路上", "The technician is on the way")) }
            }
            @if let Some(at) = arriving {
                @let left = at.since(sheet.now);
                p {
                    (language.pick("预计 ", "Expected at ")) (times::at(at, language))
                    @if left > Span::ZERO {
                        " (" (language.pick("约 ", "in about ")) (times::length(left, language)) ")"
                    }
                }
            }
            p.hint {
                @if let Some(at) = seen {
                    (language.pick("位置：", "Position: "))
                    (times::ago(at, sheet.now, language))
                } @else {
                    (language.pick("暂时没有位置", "No position at the moment"))
                }
            }
        }
    }
}

/// The code that the customer gives once content.
pub(super) fn code(sheet: &Sheet, forms: Option<&Forms<'_>>) -> Markup {
    let language = sheet.language;
    let Some(code) = sheet.case.as_ref().map(|case| &case.completion_code) else {
        return html! {};
    };
    if code.is_empty() {
        return html! {};
    }
    let spoken: Vec<_> = code.chars().map(String::from).collect();
    html! {
        section.card aria-labelledby="code-title" {
            h2 #code-title { (language.pick("完工码", "Completion code")) }
            p.completion { span aria-hidden="true" { (code) } span.heard { (spoken.join(" ")) } }
            p.hint {
                (language.pick(
                    "确认修好、满意之后再告诉工程师；它代表您同意完工。",
                    "Tell it to the technician only once you are content: it is your word that the work \
                     is done.",
                ))
            }
            @if let Some(forms) = forms.filter(|_| sheet.is_open(Verb::RenewCode)) {
                (forms.button(sheet, Act::RenewCode, "plain"))
            }
        }
    }
}

/// Photos and films, and the way to more of them.
pub(super) fn photos(sheet: &Sheet, adds: bool) -> Markup {
    let language = sheet.language;
    if sheet.evidence.is_empty() && (!adds || sheet.is_ended()) {
        return html! {};
    }
    html! {
        section.card aria-labelledby="photos-title" {
            h2 #photos-title { (language.pick("照片与视频", "Photos and films")) }
            (pieces(sheet, sheet.evidence.len().min(SHOWN_MAX)))
            @if adds {
                p { a.button href=(case_path(&sheet.id, "photos")) {
                    (language.pick("添加照片", "Add photos"))
                } }
            }
        }
    }
}

/// The first so many pieces of evidence.
pub(super) fn pieces(sheet: &Sheet, count: usize) -> Markup {
    html! {
        @if count > 0 {
            ul.photos {
                @for piece in sheet.evidence.iter().take(count) { li { (piece_of(sheet, piece)) } }
            }
        }
    }
}

fn piece_of(sheet: &Sheet, piece: &Evidence) -> Markup {
    let language = sheet.language;
    let at = case_path(&sheet.id, &format!("evidence/{}", piece.evidence_id));
    let shows = crate::web::choice::EVIDENCE.iter().find(|choice| choice.number == piece.kind);
    let shows = shows.map_or("", |choice| choice.label(language));
    let by = party(piece.uploaded_by(), language);
    html! {
        a href=(at) {
            @if piece.media_type.starts_with("image/") {
                img src=(at) alt=(shows) width="96" height="96" loading="lazy";
            } @else { span.film { (language.pick("视频", "Film")) } }
        }
        span.hint { (shows) " · " (by) }
    }
}

/// What the customer said when filing.
pub(super) fn filed(sheet: &Sheet) -> Markup {
    let language = sheet.language;
    let Some(case) = &sheet.case else { return html! {} };
    let t = |zh, en| language.pick(zh, en);
    let wish = remedy(case.wish(), language);
    let has_wish = case.wish != 0;
    html! {
        details.card {
            summary { (t("您提交的内容", "What you filed")) }
            dl {
                (fact(t("商品", "Unit"), category(case.category(), language),
                    case.category() != Category::Unspecified))
                (fact(t("序列号", "Serial number"), html! { code { (case.serial) } }, !case.serial.is_empty()))
                (fact(t("订单", "Order line"), html! { code { (case.order_line) } }, true))
                (fact(t("问题", "Problem"), &case.description, !case.description.is_empty()))
                (fact(t("希望", "You wished"), wish, has_wish))
                @if let Some(at) = case.filed_at.as_ref().and_then(timestamp) {
                    (fact(t("提交时间", "Filed"), times::at(at, language), true))
                }
            }
        }
    }
}
