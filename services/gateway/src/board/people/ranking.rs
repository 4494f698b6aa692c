//! Registered people by one figure of a period. It is internal.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use form_urlencoded::Serializer;
use maud::{Markup, html};
use parasol_api::Language;
use parasol_api::admin::v1::{
    ListStaffRankingRequest, ListStaffRankingResponse, StaffFigure, StaffRank,
};
use parasol_api::convert::to_timestamp;
use parasol_journey::time::Span;

use super::{PATH, client};
use crate::Gateway;
use crate::board::ways_of;
use crate::staff::let_in;
use crate::staff::people;
use crate::web::choice::Choice;
use crate::web::door::failure;
use crate::web::failed;
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::words::Pick as _;

crate::web::choice::lists! {
    /// What people are ranked by.
    FIGURES: StaffFigure {
        Reopened "reopened" "裁定被退回率" "Decisions that came back";
        Overrides "overrides" "改变规则结论率" "Gave something else than the policy";
        ChasesInTime "chases" "催单按时答复率" "Chases answered in time";
        Cases "cases" "处理服务单数" "Cases";
    }
}

/// `GET /board/people-ranking`.
pub(in crate::board) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.board;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let query = Form::of_query(parts.uri.query());
    let (language, now) = (visitor.guest.language, visitor.guest.now);
    let by = FIGURES.iter().find(|one| one.value == query.get("by")).unwrap_or(&FIGURES[0]);
    let days = people::days(&query);
    let request = ListStaffRankingRequest {
        figure: by.number,
        from: Some(to_timestamp(now - Span::days(days))),
        until: Some(to_timestamp(now)),
        ..ListStaffRankingRequest::default()
    };
    let told = match client(pages, &visitor).list_staff_ranking(request).await {
        Ok(told) => told.into_inner(),
        Err(status) => return failure(&visitor.guest, &failed(status)),
    };
    let title = language.pick("人员排名", "Ranking of people");
    let own = |by: &str| Serializer::new(String::new()).append_pair("by", by).finish();
    let body = html! {
        p.back { a href=(PATH) { "‹ " (language.pick("人员", "People")) } }
        h1 { (title) }
        (ways_of(PATH, language))
        nav.tabs aria-label=(language.pick("指标", "By what")) { @for one in FIGURES {
            a href={ "/board/people-ranking?" (own(one.value)) "&days=" (days) }
                aria-current=[(one.number == by.number).then_some("page")] { (one.label(language)) }
        } }
        (people::periods(&format!("/board/people-ranking?{}&", own(by.value)), days, language))
        (table(&told, by, language))
    };
    Page { title, head: html! {}, body }.for_visitor(StatusCode::OK, &visitor)
}

fn table(told: &ListStaffRankingResponse, by: &Choice, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        section.card {
            h2 { (by.label(language)) }
            @if told.ranks.is_empty() { p.empty { (t("没有。", "Nobody.")) } }
            @else {
                div.scroll tabindex="0" role="region" aria-label=(by.label(language)) { table {
                    thead { tr {
                        th.number scope="col" { (t("名次", "Place")) }
                        th scope="col" { (t("账号", "Login")) }
                        th.number scope="col" { (t("数值", "Value")) }
                        th.number scope="col" { (t("样本", "Sample")) }
                    } }
                    tbody { @for one in &told.ranks { (row(one, by)) } }
                } }
            }
            p.hint {
                (t("样本少于 ", "A place needs a sample of ")) (told.sample_min) (t(" 的不排名；内部使用。", "; internal."))
                @if told.more { " " (t("仅显示前 500 人。", "The first 500 are shown.")) }
            }
        }
    }
}

fn row(one: &StaffRank, by: &Choice) -> Markup {
    let tenths = (one.value + 500).div_euclid(1_000);
    html! {
        tr {
            td.number { @if one.place > 0 { (one.place) } @else { "—" } }
            th scope="row" {
                a href={ (PATH) "/" (one.subject) } { (one.subject) }
                @if !one.unit.is_empty() { " " span.quiet { (one.unit) " " (one.team) } }
            }
            td.number {
                @if by.number == StaffFigure::Cases as i32 { (one.value) }
                @else { (tenths.div_euclid(10)) "." (tenths.rem_euclid(10)) "%" }
            }
            td.number { (one.sample) }
        }
    }
}
