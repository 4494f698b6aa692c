//! The published ranking of a category, with the brand's own place marked.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use form_urlencoded::Serializer;
use maud::{Markup, html};
use parasol_api::convert::timestamp;
use parasol_api::tracking::v1::{ListRankingRequest, ListRankingResponse, RankingRow, ScoreLevel};
use parasol_api::{Language, Listed as _, Reason};
use parasol_journey::vocab::Category;

use super::scores::client;
use super::tabs;
use crate::Gateway;
use crate::staff::let_in;
use crate::web::door::failure;
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{failed, times};

/// Where it lies.
const PATH: &str = "/steward/ranking";
/// Places on a page.
const PAGE: i32 = 50;

/// `GET /steward/ranking`.
pub(super) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.steward;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let query = Form::of_query(parts.uri.query());
    let category = Category::parse(query.get("category")).unwrap_or(Category::ALL[0]);
    let request = ListRankingRequest {
        level: ScoreLevel::Brand.into(),
        category: category.number(),
        period: query.text("month"),
        page_size: PAGE,
        page_token: query.text("page"),
    };
    let found = match client(pages, &visitor).list_ranking(request).await.map_err(failed) {
        Ok(found) => Some(found.into_inner()),
        // Nothing is published yet.
        Err(error) if error.reason() == Reason::NotFound => None,
        Err(error) => return failure(&visitor.guest, &error),
    };
    page(&visitor, category, &query, found.as_ref())
}

fn page(
    visitor: &Visitor,
    category: Category,
    query: &Form,
    found: Option<&ListRankingResponse>,
) -> Response {
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let title = t("排名", "Ranking");
    let body = html! {
        h1 { (title) }
        (tabs(PATH, language))
        nav.tabs aria-label=(t("品类", "Category")) {
            @for one in Category::ALL {
                @let mut to = Serializer::new(String::new());
                @let to = to.append_pair("category", one.as_str()).append_pair("month", query.get("month")).finish();
                @let (zh, en) = one.names();
                a href={ (PATH) "?" (to) } aria-current=[(*one == category).then_some("page")] { (t(zh, en)) }
            }
        }
        @match found {
            None => p.empty { (t("尚未公布。", "Nothing is published yet.")) },
            Some(found) => {
                (table(found, visitor))
                @if !found.next_page_token.is_empty() {
                    @let mut to = Serializer::new(String::new());
                    @let to = to.append_pair("category", category.as_str()).append_pair("month", &found.period)
                        .append_pair("page", &found.next_page_token).finish();
                    p { a.button href={ (PATH) "?" (to) } { (t("下一页", "More")) } }
                }
            },
        }
    };
    Page { title, head: html! {}, body }.for_visitor(StatusCode::OK, visitor)
}

fn table(found: &ListRankingResponse, visitor: &Visitor) -> Markup {
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    html! {
        section.card {
            h2 { (found.period) }
            @if let Some(at) = found.published_at.as_ref().and_then(timestamp) {
                p.hint { (t("公布于 ", "Published ")) (times::at(at, language)) }
            }
            @if found.rows.is_empty() { p.empty { (t("没有。", "None.")) } }
            @else {
                div.scroll tabindex="0" role="region" aria-label=(t("排名", "Ranking")) { table {
                    thead { tr {
                        th.number scope="col" { (t("名次", "Place")) }
                        th scope="col" { (t("品牌", "Brand")) }
                        th.number scope="col" { (t("得分", "Points")) }
                        th.number scope="col" { (t("上门前", "Before")) }
                        th.number scope="col" { (t("上门", "Visit")) }
                        th.number scope="col" { (t("上门后", "After")) }
                        th.number scope="col" { (t("全程", "Whole")) }
                        th.number scope="col" { (t("服务单", "Cases")) }
                    } }
                    tbody { @for row in &found.rows { (one(row, visitor, language)) } }
                } }
            }
        }
    }
}

fn one(row: &RankingRow, visitor: &Visitor, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    let is_own = row.subject == visitor.principal.subject;
    html! {
        tr aria-current=[is_own.then_some("true")] {
            td.number { @if row.rank > 0 { (row.rank) } @else { "—" } }
            th scope="row" {
                @if is_own { strong { (row.subject) (t("（我们）", " (us)")) } } @else { (row.subject) }
                @if row.best_of_year { " " span.badge { (t("年度最佳", "best of the year")) } }
                @if row.restated { " " span.badge { (t("有更正", "restated")) } }
            }
            td.number { @if row.insufficient { (t("样本不足", "too few")) } @else { (row.points) } }
            @for points in &row.group_points {
                td.number { @if *points < 0 { "—" } @else { (points) } }
            }
            td.number { (row.cases) }
        }
    }
}
