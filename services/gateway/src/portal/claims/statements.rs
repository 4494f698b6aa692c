//! The statement of a month, as a page and as a table for other programs.

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use parasol_api::convert::timestamp;
use parasol_api::verification::v1::{GetStatementRequest, GetStatementResponse, StatementLine};
use parasol_api::{Error, Language, Reason};
use parasol_journey::time::Timestamp;

use super::{plain_yuan, settlement, tabs, words, yuan};
use crate::Gateway;
use crate::portal::calls::{Calls, failed};
use crate::portal::door::{closed, failure};
use crate::portal::form::Form;
use crate::portal::page::{Page, private};
use crate::portal::session::Visitor;
use crate::portal::words::Pick as _;
use crate::portal::{HOME, times};

/// Lines asked for at a time, which is what the contract gives at most.
const PAGE: i32 = 200;
/// How often is asked for the lines of one statement; a longer one says so.
const LOOKS_MAX: usize = 50;

/// `GET /portal/statements`: the month that is asked for, else the present one.
pub(in crate::portal) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let portal = &gateway.portal;
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(portal, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return closed(portal, guest, true),
    };
    let asked = Form::of_query(parts.uri.query()).text("period");
    let present = month_of(visitor.guest.now);
    let period = if asked.is_empty() { present } else { asked };
    match statement(&Calls::of(portal, &visitor), &period).await {
        Ok(statement) => page(&visitor, &statement),
        Err(error) => failure(&visitor.guest, &error),
    }
}

/// `GET /portal/statements/{file}`: `YYYY-MM.csv`, for a spreadsheet.
pub(in crate::portal) async fn csv(
    State(gateway): State<Gateway>,
    Path(file): Path<String>,
    request: Request,
) -> Response {
    let portal = &gateway.portal;
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(portal, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return closed(portal, guest, true),
    };
    let Some(period) = file.strip_suffix(".csv") else {
        return failure(&visitor.guest, &Error::new(Reason::NotFound));
    };
    match statement(&Calls::of(portal, &visitor), period).await {
        Ok(statement) => table(&statement),
        Err(error) => failure(&visitor.guest, &error),
    }
}

/// A whole statement, line after line.
async fn statement(calls: &Calls, period: &str) -> Result<GetStatementResponse, Error> {
    let mut whole: Option<GetStatementResponse> = None;
    for _ in 0..LOOKS_MAX {
        let page_token = whole.as_ref().map(|one| one.next_page_token.clone()).unwrap_or_default();
        let request = GetStatementRequest {
            page_size: PAGE,
            page_token,
            period: period.to_owned(),
            ..GetStatementRequest::default()
        };
        let page = settlement(calls).get_statement(request).await.map_err(failed)?.into_inner();
        whole = Some(match whole {
            None => page,
            Some(mut whole) => {
                whole.lines.extend(page.lines);
                whole.next_page_token = page.next_page_token;
                whole
            }
        });
        if whole.as_ref().is_some_and(|one| one.next_page_token.is_empty()) {
            break;
        }
    }
    Ok(whole.unwrap_or_default())
}

fn page(visitor: &Visitor, statement: &GetStatementResponse) -> Response {
    let language = visitor.guest.language;
    let title = language.pick("对账单", "Statement");
    let closed_at = statement.closed_at.as_ref().and_then(timestamp);
    let figures = [
        (language.pick("期初应收您方", "Owed by you at the beginning"), &statement.opening),
        (language.pick("本月接受的索赔", "Claims accepted"), &statement.accepted),
        (language.pick("更正", "Corrected"), &statement.corrected),
        (language.pick("抵扣应付款", "Against what is owed to you"), &statement.against_payables),
        (language.pick("抵扣保证金", "Against the deposit"), &statement.against_deposit),
        (language.pick("期末应收您方", "Owed by you at the end"), &statement.closing),
        (language.pick("应付给您", "Owed to you"), &statement.payable),
        (language.pick("剩余保证金", "Deposit left"), &statement.deposit),
    ];
    let body = html! {
        (tabs(language))
        h1 { (title) " " (statement.period) }
        form.find method="get" action={ (HOME) "/statements" } {
            label for="period" { (language.pick("月份", "Month")) }
            input id="period" name="period" type="month" value=(statement.period) required;
            button { (language.pick("查看", "Show")) }
        }
        p { @match closed_at {
            Some(at) => { (language.pick("已结账：", "Closed ")) (times::moment(at, language)) },
            None => (language.pick("尚未结账，数字仍会变化。", "Still open: the figures may change.")),
        } }
        dl.facts { @for (name, money) in figures {
            div { dt { (name) } dd { (yuan(money.as_ref())) } }
        } }
        p { a href={ (HOME) "/statements/" (statement.period) ".csv" } {
            (language.pick("下载表格（CSV）", "As a table (CSV)"))
        } }
        @if !statement.next_page_token.is_empty() {
            p.hint { (language.pick(
                "明细很多，这里只显示其中一部分；完整明细请通过接口获取。",
                "There are more lines than this page shows; the API has all of them.",
            )) }
        }
        (lines(&statement.lines, language))
    };
    Page { title, head: html! {}, body }.for_visitor(StatusCode::OK, visitor)
}

fn lines(lines: &[StatementLine], language: Language) -> Markup {
    html! {
        section {
            h2 { (language.pick("明细", "Lines")) }
            table {
                thead { tr {
                    th { (language.pick("时间", "When")) }
                    th { (language.pick("科目", "Account")) }
                    th { (language.pick("事项", "About")) }
                    th { (language.pick("金额", "Amount")) }
                    th { (language.pick("索赔", "Claim")) }
                } }
                tbody { @for line in lines { tr {
                    td { @if let Some(at) = line.at.as_ref().and_then(timestamp) {
                        (times::moment(at, language))
                    } }
                    td { (words::account(&line.account, language)) }
                    td { (words::about(&line.about, language)) }
                    td { (yuan(line.amount.as_ref())) }
                    td { @if !line.claim_id.is_empty() {
                        a href={ (HOME) "/claims/" (line.claim_id) } { (language.pick("查看", "See")) }
                    } }
                } } }
            }
        }
    }
}

/// The statement as comma-separated values: the words of the contract, so that a program reads them in any
/// language. Every value is of our own making, and none begins with a sign that a spreadsheet would run.
fn table(statement: &GetStatementResponse) -> Response {
    let mut text = String::from("\u{feff}at,account,about,amount_cny,case,claim\r\n");
    for line in &statement.lines {
        let at = line.at.as_ref().and_then(timestamp).map(|at| at.to_string()).unwrap_or_default();
        let amount = plain_yuan(line.amount.as_ref());
        let row = [&at, &line.account, &line.about, &amount, &line.case_id, &line.claim_id];
        text.push_str(&row.map(|cell| quoted(cell)).join(","));
        text.push_str("\r\n");
    }
    let name = format!("attachment; filename=\"statement-{}.csv\"", statement.period);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    let mut response = (StatusCode::OK, headers, text).into_response();
    private(response.headers_mut());
    response
}

/// A value between quotation marks where it needs them.
fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

/// The month an instant lies in, in Shanghai.
fn month_of(at: Timestamp) -> String {
    at.shanghai_day().format("%Y-%m").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        for (cell, expected) in [("a", "a"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\"")] {
            assert_eq!(quoted(cell), expected);
        }
    }
}
