//! The voice of the customer of one day, with one case to learn from (一案例内参).

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use maud::{Markup, html};
use parasol_api::Language;
use parasol_api::tracking::v1::{GetVocDigestRequest, VocCount, VocDigest};

use super::words::{CLASSES, ISSUES, because, counted};
use super::{scores, ways};
use crate::Gateway;
use crate::desk::case_path;
use crate::staff::let_in;
use crate::staff::words::short;
use crate::web::choice::Choice;
use crate::web::door::failure;
use crate::web::failed;
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::words::{Pick as _, category};

/// Where it lies.
const PATH: &str = "/desk/digest";

/// `GET /desk/digest`.
pub(in crate::desk) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.desk;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let day = Form::of_query(parts.uri.query()).text("day");
    let language = visitor.guest.language;
    let told = match scores(pages, &visitor).get_voc_digest(GetVocDigestRequest { day }).await {
        Ok(told) => told.into_inner(),
        Err(status) => return failure(&visitor.guest, &failed(status)),
    };
    let t = |zh, en| language.pick(zh, en);
    let title = t("每日内参", "Digest of the day");
    let [before, after] = around(&told.day, visitor.guest.now.shanghai_day());
    let body = html! {
        h1 { (title) }
        (ways(PATH, &visitor))
        nav.tabs aria-label=(t("日期", "Day")) {
            @if let Some(day) = before { a href={ (PATH) "?day=" (day) } { "‹ " (day) } }
            a href={ (PATH) "?day=" (told.day) } aria-current="page" { (told.day) }
            @if let Some(day) = after { a href={ (PATH) "?day=" (day) } { (day) " ›" } }
        }
        p.hint {
            @if told.frozen { (t("当日已结束，内容不再变化。", "The day is over; this stays as it is.")) }
            @else { (t("当日未结束，数字仍会变化。", "The day goes on; figures still move.")) }
        }
        (tiles(&told, language))
        (learn(&told, language))
        div.halves {
            (counts(t("新建跟单", "Follow-ups opened"), &told.follow_ups, ISSUES, language))
            (counts(t("新增投诉", "Complaints opened"), &told.complaints, CLASSES, language))
        }
    };
    Page { title, head: html! {}, body }.for_visitor(StatusCode::OK, &visitor)
}

/// The day before and the day after; none that has not begun.
fn around(day: &str, today: NaiveDate) -> [Option<NaiveDate>; 2] {
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok();
    let before = day.and_then(|day| day.pred_opt());
    [before, day.and_then(|day| day.succ_opt()).filter(|day| *day <= today)]
}

fn tiles(told: &VocDigest, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    let tile = |number: Markup, what: &str| html! { li { strong { (number) } (what) } };
    let bad = |count: i64| html! { span.late[count > 0] { (count) } };
    html! {
        ul.tiles {
            (tile(html! { (told.surveys) }, t("份回访", "surveys answered")))
            (tile(html! { @if told.surveys > 0 { (points(told.csat)) } @else { "—" } }, t("满意度（满分 5）", "CSAT of 5")))
            (tile(html! { @if told.surveys > 0 { (told.nps) } @else { "—" } }, "NPS"))
            (tile(bad(told.dissatisfied), t("不满意", "dissatisfied")))
            (tile(bad(told.unread), t("未读原话", "texts unread")))
            (tile(html! { (told.follow_ups_closed) }, t("跟单关闭", "follow-ups closed")))
            (tile(bad(told.follow_ups_escalated), t("跟单升级", "follow-ups gone up")))
            (tile(bad(told.follow_ups_overdue), t("跟单超时", "follow-ups overdue")))
        }
    }
}

/// A mean in millionths of a point, with two places.
pub(super) fn points(millionths: i64) -> String {
    let hundredths = (millionths + 5_000).div_euclid(10_000);
    format!("{}.{:02}", hundredths.div_euclid(100), hundredths.rem_euclid(100))
}

fn learn(told: &VocDigest, language: Language) -> Markup {
    html! {
        @if !told.case_id.is_empty() {
            section.card {
                h2 { (language.pick("今日案例", "One case to learn from")) }
                a.row href=(case_path(&told.case_id)) {
                    span.top {
                        strong { (category(told.category(), language)) " " (told.brand) }
                        span.badge { (because(&told.because, language)) }
                    }
                    span.line.quiet { "…" (short(&told.case_id)) }
                }
            }
        }
    }
}

/// How often each was said.
pub(super) fn counts(
    heading: &str,
    counts: &[VocCount],
    list: &[Choice],
    language: Language,
) -> Markup {
    html! {
        section.card {
            h2 { (heading) }
            @if counts.is_empty() { p.empty { (language.pick("没有。", "None.")) } }
            dl.counts { @for one in counts { div {
                dt { (counted(list, &one.word, language)) }
                dd { (one.count) }
            } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_one_before_it_and_one_after_it_once_that_has_begun() {
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
        let [before, after] = around("2026-03-01", day("2026-03-01"));
        assert_eq!((before, after), (Some(day("2026-02-28")), None));
        assert_eq!(around("2026-03-01", day("2026-03-02"))[1], Some(day("2026-03-02")));
        assert_eq!(around("x", day("2026-03-02")), [None, None]);
    }

    #[test]
    fn points_are_rounded_to_two_places() {
        assert_eq!((points(4_333_333), points(5_000_000)), ("4.33".into(), "5.00".into()));
        assert_eq!(points(4_995_000), "5.00");
    }
}
