//! What breaks: faults by model and batch, this period beside the one before.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::Language;
use parasol_api::convert::{timestamp, to_timestamp};
use parasol_api::partner::v1::verdict_service_client::VerdictServiceClient;
use parasol_api::partner::v1::{FaultTrend, ListFaultTrendsRequest, ListFaultTrendsResponse};
use parasol_journey::time::Span;

use super::tabs;
use crate::Gateway;
use crate::staff::let_in;
use crate::web::door::failure;
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::words::{Pick as _, category};
use crate::web::{failed, times};

/// Where it lies.
const PATH: &str = "/steward/faults";
/// The periods on offer, in days.
const PERIODS: [i64; 3] = [30, 90, 365];

/// `GET /steward/faults`.
pub(super) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.steward;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let (language, now) = (visitor.guest.language, visitor.guest.now);
    let wanted = Form::of_query(parts.uri.query()).get("days").parse().unwrap_or(90);
    let days = PERIODS.into_iter().find(|days| *days == wanted).unwrap_or(90);
    let request = ListFaultTrendsRequest {
        from: Some(to_timestamp(now - Span::days(days))),
        until: Some(to_timestamp(now)),
        ..ListFaultTrendsRequest::default()
    };
    let mut client = VerdictServiceClient::new(pages.transport_of(&visitor));
    let told = match client.list_fault_trends(request).await {
        Ok(told) => told.into_inner(),
        Err(status) => return failure(&visitor.guest, &failed(status)),
    };
    let title = language.pick("故障趋势", "Faults");
    let body = html! {
        h1 { (title) }
        (tabs(PATH, language))
        nav.tabs aria-label=(language.pick("时段", "Period")) {
            @for one in PERIODS {
                a href={ (PATH) "?days=" (one) } aria-current=[(one == days).then_some("page")] {
                    (one) (language.pick(" 天", " days"))
                }
            }
        }
        section.card { (table(&told, language)) }
    };
    Page { title, head: html! {}, body }.for_visitor(StatusCode::OK, &visitor)
}

fn table(told: &ListFaultTrendsResponse, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    let ends = [&told.from, &told.until].map(|end| end.as_ref().and_then(timestamp));
    html! {
        @if let [Some(from), Some(until)] = ends {
            p.hint { (times::at(from, language)) " – " (times::at(until, language)) }
        }
        @if told.trends.is_empty() {
            p.empty { (t("没有达到展示数量的故障。", "No fault was found often enough to be shown.")) }
        } @else {
            div.scroll tabindex="0" role="region" aria-label=(t("故障趋势", "Faults")) {
                table {
                    thead { tr {
                        th scope="col" { (t("型号", "Model")) }
                        th scope="col" { (t("批次", "Batch")) }
                        th scope="col" { (t("故障代码", "Fault")) }
                        th.number scope="col" { (t("服务单", "Cases")) }
                        th.number scope="col" { (t("上一时段", "Before")) }
                        th.number scope="col" { (t("产品原因", "By product")) }
                    } }
                    tbody { @for one in &told.trends { (row(one, language)) } }
                }
            }
        }
        p.hint {
            (t("少于 ", "Groups of fewer than ")) (told.group_min)
            (t(" 件的组不展示，以免识别到具体用户；未展示 ", " are not shown, so that nobody can be told from them; not shown: "))
            (told.cases_not_shown)
        }
    }
}

fn row(one: &FaultTrend, language: Language) -> Markup {
    html! {
        tr {
            th scope="row" { (category(one.category(), language)) " " (one.sku) }
            td { @if one.batch.is_empty() { "—" } @else { (one.batch) } }
            td { (one.fault_code) }
            td.number { (one.cases) " " (arrow(one, language)) }
            td.number { @if one.cases_before == 0 { "—" } @else { (one.cases_before) } }
            td.number { (one.by_product) }
        }
    }
}

/// Whether it is more than before; nothing where there is nothing to compare with.
fn arrow(one: &FaultTrend, language: Language) -> Markup {
    let (sign, words) = match one.cases_before {
        0 => return html! {},
        before if one.cases > before => ("▲", language.pick("上升", "more than before")),
        before if one.cases < before => ("▼", language.pick("下降", "fewer than before")),
        _ => ("=", language.pick("持平", "as before")),
    };
    html! { span role="img" aria-label=(words) { (sign) } }
}
