//! The complaints of a month in one business unit, as a page and as a file for a spreadsheet.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use form_urlencoded::Serializer;
use maud::{Markup, html};
use parasol_api::tracking::v1::{GetVocReportRequest, VocReport};
use parasol_api::{Error, Language, Listed as _};
use parasol_journey::vocab::Category;

use super::digest::{counts, points};
use super::words::{CLASSES, ISSUES, OUTCOMES};
use super::{scores, ways};
use crate::Gateway;
use crate::staff::let_in;
use crate::web::door::failure;
use crate::web::form::Form;
use crate::web::page::{Page, private};
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed};

/// Where it lies.
const PATH: &str = "/desk/report";

/// Which report an address asks for: this month's of the first unit unless it says otherwise.
struct Wanted {
    month: String,
    unit: Category,
}

impl Wanted {
    fn of(query: &Form, visitor: &Visitor) -> Self {
        let present = visitor.guest.now.shanghai_day().format("%Y-%m").to_string();
        let month = Some(query.text("month")).filter(|month| !month.is_empty());
        let unit = Category::parse(query.get("category"));
        Self { month: month.unwrap_or(present), unit: unit.unwrap_or(Category::ALL[0]) }
    }

    async fn read(&self, pages: &Pages, visitor: &Visitor) -> Result<VocReport, Error> {
        let (period, category) = (self.month.clone(), self.unit.number());
        let request = GetVocReportRequest { period, category };
        let answer = scores(pages, visitor).get_voc_report(request).await;
        Ok(answer.map_err(failed)?.into_inner())
    }

    /// What an address says of it.
    fn query(&self) -> String {
        Serializer::new(String::new())
            .append_pair("month", &self.month)
            .append_pair("category", self.unit.as_str())
            .finish()
    }
}

/// `GET /desk/report`.
pub(in crate::desk) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.desk;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let wanted = Wanted::of(&Form::of_query(parts.uri.query()), &visitor);
    let told = match wanted.read(pages, &visitor).await {
        Ok(told) => told,
        Err(error) => return failure(&visitor.guest, &error),
    };
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let title = t("投诉月报", "Complaint report");
    let (zh, en) = wanted.unit.names();
    let body = html! {
        h1 { (title) }
        (ways(PATH, &visitor))
        (choose(&wanted, language))
        section.card {
            h2 { (t(zh, en)) " · " (told.period) }
            p.hint {
                @if told.frozen { (t("当月已结束，内容不再变化。", "The month is over; this stays as it is.")) }
                @else { (t("当月未结束，数字仍会变化。", "The month goes on; figures still move.")) }
            }
            (tiles(&told, language))
            p { a.button href={ (PATH) ".csv?" (wanted.query()) } { (t("下载表格（CSV）", "As a table (CSV)")) } }
        }
        div.thirds {
            (counts(t("投诉分类", "Complaints by class"), &told.by_class, CLASSES, language))
            (counts(t("处理结果", "What came of them"), &told.by_outcome, OUTCOMES, language))
            (counts(t("跟单", "Follow-ups"), &told.follow_ups, ISSUES, language))
        }
        (brands(&told, language))
    };
    Page { title, head: html! {}, body }.for_visitor(StatusCode::OK, &visitor)
}

fn choose(wanted: &Wanted, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        form.find method="get" action=(PATH) {
            div.field {
                label for="month" { (t("月份", "Month")) }
                input id="month" name="month" type="month" value=(wanted.month) required;
            }
            div.field {
                label for="category" { (t("业务", "Business unit")) }
                select id="category" name="category" {
                    @for unit in Category::ALL {
                        @let (zh, en) = unit.names();
                        option value=(unit.as_str()) selected[*unit == wanted.unit] { (t(zh, en)) }
                    }
                }
            }
            button { (t("查看", "Show")) }
        }
    }
}

fn tiles(told: &VocReport, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    let opened: i64 = told.by_class.iter().map(|one| one.count).sum();
    let share = told.in_time.div_euclid(10_000);
    html! {
        ul.tiles {
            li { strong { (opened) } (t("新增投诉", "complaints opened")) }
            li { strong { (told.closed) } (t("关闭", "closed")) }
            li { strong { span.late[told.open > 0] { (told.open) } } (t("未关闭", "open at the end")) }
            li { strong { (share) "%" } (t("跟单首次时限内解决", "follow-ups solved in their first time")) }
            li { strong { (told.surveys) } (t("份回访", "surveys answered")) }
            li { strong { @if told.surveys > 0 { (points(told.csat)) } @else { "—" } } (t("满意度（满分 5）", "CSAT of 5")) }
            li { strong { @if told.surveys > 0 { (told.nps) } @else { "—" } } "NPS" }
        }
    }
}

fn brands(told: &VocReport, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        section.card {
            h2 { (t("按品牌", "By brand")) }
            @if told.brands.is_empty() { p.empty { (t("没有。", "None.")) } }
            @else {
                div.scroll tabindex="0" role="region" aria-label=(t("按品牌", "By brand")) { table {
                    thead { tr {
                        th scope="col" { (t("品牌", "Brand")) }
                        th.number scope="col" { (t("投诉", "Complaints")) }
                        th.number scope="col" { (t("跟单", "Follow-ups")) }
                        th.number scope="col" { (t("回访", "Surveys")) }
                        th.number scope="col" { (t("满意度", "CSAT")) }
                        th.number scope="col" { "NPS" }
                    } }
                    tbody { @for one in &told.brands { tr {
                        th scope="row" { (one.brand) }
                        td.number { (one.complaints) }
                        td.number { (one.follow_ups) }
                        td.number { (one.surveys) }
                        td.number { @if one.surveys > 0 { (points(one.csat)) } @else { "—" } }
                        td.number { @if one.surveys > 0 { (one.nps) } @else { "—" } }
                    } } }
                } }
            }
        }
    }
}

/// `GET /desk/report.csv`.
pub(in crate::desk) async fn file(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.desk;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let wanted = Wanted::of(&Form::of_query(parts.uri.query()), &visitor);
    match wanted.read(pages, &visitor).await {
        Ok(told) => answer(&told, wanted.unit),
        Err(error) => failure(&visitor.guest, &error),
    }
}

fn answer(told: &VocReport, unit: Category) -> Response {
    let name = format!("complaints-{}-{unit}.csv", told.period);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    let mut response = (StatusCode::OK, headers, table(told, unit)).into_response();
    private(response.headers_mut());
    response
}

/// A head line and a line per figure, in the words of the contract, so that programs read it in any language.
/// Lines end as RFC 4180 says.
fn table(told: &VocReport, unit: Category) -> String {
    let mut text = String::from("\u{feff}month,category,brand,figure,value\r\n");
    let mut line = |brand: &str, figure: &str, value: i64| {
        let cells = [told.period.as_str(), unit.as_str(), brand, figure].map(cell);
        text.push_str(&format!("{},{value}\r\n", cells.join(",")));
    };
    let figures = [
        ("surveys", told.surveys),
        ("csat_millionths", told.csat),
        ("nps", told.nps),
        ("complaints_closed", told.closed),
        ("complaints_open", told.open),
        ("follow_ups_in_time_millionths", told.in_time),
    ];
    for (figure, value) in figures {
        line("", figure, value);
    }
    let lists = [
        ("complaints", &told.by_class),
        ("outcome", &told.by_outcome),
        ("follow_ups", &told.follow_ups),
    ];
    for (kind, one) in lists.iter().flat_map(|(kind, list)| list.iter().map(move |one| (kind, one)))
    {
        line("", &format!("{kind}.{}", one.word), one.count);
    }
    for one in &told.brands {
        let figures = [
            ("surveys", one.surveys),
            ("csat_millionths", one.csat),
            ("nps", one.nps),
            ("complaints", one.complaints),
            ("follow_ups", one.follow_ups),
        ];
        for (figure, value) in figures {
            line(&one.brand, figure, value);
        }
    }
    text
}

/// A cell, quoted where it has to be; one that a spreadsheet would take for a formula begins with an apostrophe.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let safe = if is_formula { format!("'{text}") } else { text.to_owned() };
    match safe.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", safe.replace('"', "\"\"")),
        false => safe,
    }
}

#[cfg(test)]
mod tests {
    use parasol_api::tracking::v1::{VocCount, VocReportBrand};

    use super::*;

    #[test]
    fn every_figure_is_a_line_and_nothing_breaks_out_of_its_cell() {
        let told = VocReport {
            period: "2026-06".into(),
            open: 3,
            by_class: vec![VocCount { word: "visit".into(), count: 2 }],
            brands: vec![VocReportBrand {
                brand: "=a,b".into(),
                complaints: 2,
                ..Default::default()
            }],
            ..VocReport::default()
        };
        let text = table(&told, Category::Television);
        assert!(text.contains("2026-06,television,,complaints_open,3\r\n"), "{text}");
        assert!(text.contains("2026-06,television,,complaints.visit,2\r\n"), "{text}");
        assert!(text.contains("2026-06,television,\"'=a,b\",complaints,2\r\n"), "{text}");
    }
}
