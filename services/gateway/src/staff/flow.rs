//! Open cases on a page: counts by stage and by turn, and rows with what is due.

use form_urlencoded::Serializer;
use maud::{Markup, html};
use parasol_api::admin::v1::operations_service_client::OperationsServiceClient;
use parasol_api::admin::v1::{
    Flow, FlowOrder, FlowRow, GetFlowRequest, ListFlowRequest, ListFlowResponse,
};
use parasol_api::common::v1::{Party, Stage};
use parasol_api::convert::timestamp;
use parasol_api::{Error, Language, Listed as _};
use parasol_journey::time::{Span, Timestamp};
use parasol_runtime::transport::Transport;

use super::words::{party, short, stage};
use crate::web::form::Form;
use crate::web::words::{Pick as _, category};
use crate::web::{failed, times};

/// Rows of a list on a page.
const PAGE: i32 = 30;
/// Rows of a list that stands beside others.
pub(crate) const FEW: i32 = 8;

/// Where a page of open cases leads to.
#[derive(Clone, Copy)]
pub(crate) struct Ways {
    /// The address of the list.
    pub list: &'static str,
    /// The address that a case's number follows; empty where whoever looks cannot open one.
    pub case: &'static str,
}

/// Which open cases a page lists, as its address says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub order: FlowOrder,
    pub holder: Party,
    pub stage: Stage,
    /// The token of the page, empty for the first.
    pub page: String,
}

impl Wanted {
    /// What an address asks for; what it does not say, or says wrong, is not narrowed.
    pub(crate) fn of(query: &Form) -> Self {
        let stage = parasol_journey::Stage::parse(query.get("stage"));
        let holder = parasol_journey::vocab::Party::parse(query.get("turn"));
        let order = match query.get("order") {
            "late" => FlowOrder::Late,
            "turn" => FlowOrder::Turn,
            _ => FlowOrder::Due,
        };
        Self {
            order,
            holder: holder.map_or(Party::Unspecified, |one| one.to_wire()),
            stage: stage.map_or(Stage::Unspecified, |one| one.to_wire()),
            page: query.text("page"),
        }
    }

    /// The address of this list.
    pub(crate) fn path(&self, list: &str) -> String {
        let mut query = Serializer::new(String::new());
        match self.order {
            FlowOrder::Late => query.append_pair("order", "late"),
            FlowOrder::Turn => query.append_pair("order", "turn"),
            FlowOrder::Unspecified | FlowOrder::Due => &mut query,
        };
        if let Some(holder) = parasol_journey::vocab::Party::of_wire(self.holder) {
            query.append_pair("turn", holder.as_str());
        }
        if let Some(stage) = parasol_journey::Stage::of_wire(self.stage) {
            query.append_pair("stage", stage.as_str());
        }
        if !self.page.is_empty() {
            query.append_pair("page", &self.page);
        }
        let query = query.finish();
        if query.is_empty() { list.to_owned() } else { format!("{list}?{query}") }
    }

    /// What is listed, in words.
    pub(crate) fn title(&self, language: Language) -> String {
        let order = match self.order {
            FlowOrder::Late => language.pick("已超时", "Late"),
            FlowOrder::Turn => language.pick("等待最久", "Oldest turns"),
            FlowOrder::Unspecified | FlowOrder::Due => language.pick("按到期时间", "What is due"),
        };
        let mut title = order.to_owned();
        if self.stage != Stage::Unspecified {
            title = format!("{title} · {}", stage(self.stage, language));
        }
        if self.holder != Party::Unspecified {
            let turn = language.pick("轮到", "turn: ");
            title = format!("{title} · {turn}{}", party(self.holder, language));
        }
        title
    }
}

/// The counts.
pub(crate) async fn counts(transport: Transport) -> Result<Flow, Error> {
    let request = GetFlowRequest::default();
    let answer = OperationsServiceClient::new(transport).get_flow(request).await;
    Ok(answer.map_err(failed)?.into_inner())
}

/// A page of rows; `size` 0 means a whole one.
pub(crate) async fn rows(
    transport: Transport,
    wanted: &Wanted,
    size: i32,
    language: Language,
) -> Result<ListFlowResponse, Error> {
    let request = ListFlowRequest {
        page_size: if size == 0 { PAGE } else { size },
        page_token: wanted.page.clone(),
        order: wanted.order.into(),
        holder: wanted.holder.into(),
        stage: wanted.stage.into(),
        language: language.pick("zh", "en").to_owned(),
        ..ListFlowRequest::default()
    };
    let answer = OperationsServiceClient::new(transport).list_flow(request).await;
    Ok(answer.map_err(failed)?.into_inner())
}

/// How long something has gone on.
fn age(since: Option<&prost_types::Timestamp>, now: Timestamp, language: Language) -> String {
    let since = since.and_then(timestamp);
    since
        .map_or_else(String::new, |since| times::length(now.since(since).max(Span::ZERO), language))
}

/// A number that is bad news unless it is none.
fn bad(count: i64) -> Markup {
    html! { @if count > 0 { strong.late { (count) } } @else { span.quiet { "0" } } }
}

/// Counts by stage: each leads to its cases.
pub(crate) fn stages(flow: &Flow, ways: Ways, now: Timestamp, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        div.scroll tabindex="0" role="region" aria-label=(t("按环节", "By stage")) {
            table {
                thead { tr {
                    th scope="col" { (t("环节", "Stage")) }
                    th.number scope="col" { (t("服务单", "Cases")) }
                    th.number scope="col" { (t("已超时", "Late")) }
                    th.number scope="col" { (t("一小时内到期", "Due in 1 h")) }
                    th.number scope="col" { (t("最久等待", "Oldest turn")) }
                } }
                tbody { @for one in &flow.stages {
                    @let list = Wanted { stage: one.stage(), ..Wanted::default() };
                    tr {
                        th scope="row" { a href=(list.path(ways.list)) { (stage(one.stage(), language)) } }
                        td.number { (one.cases) }
                        td.number { (bad(one.late)) }
                        td.number { (one.due_soon) }
                        td.number { (age(one.oldest_turn.as_ref(), now, language)) }
                    }
                } }
            }
        }
    }
}

/// Counts by whose turn it is.
pub(crate) fn turns(flow: &Flow, ways: Ways, now: Timestamp, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        div.scroll tabindex="0" role="region" aria-label=(t("轮到谁", "Whose turn")) {
            table {
                thead { tr {
                    th scope="col" { (t("轮到", "Turn")) }
                    th.number scope="col" { (t("服务单", "Cases")) }
                    th.number scope="col" { (t("已超时", "Late")) }
                    th.number scope="col" { (t("最久等待", "Oldest turn")) }
                } }
                tbody { @for one in &flow.turns {
                    @let order = FlowOrder::Turn;
                    @let list = Wanted { holder: one.holder(), order, ..Wanted::default() };
                    tr {
                        th scope="row" { a href=(list.path(ways.list)) { (party(one.holder(), language)) } }
                        td.number { (one.cases) }
                        td.number { (bad(one.late)) }
                        td.number { (age(one.oldest_turn.as_ref(), now, language)) }
                    }
                } }
            }
        }
    }
}

/// Rows of cases; a line where there is none.
pub(crate) fn list(rows: &[FlowRow], ways: Ways, now: Timestamp, language: Language) -> Markup {
    html! {
        @if rows.is_empty() {
            p.empty { (language.pick("没有。", "None.")) }
        } @else {
            ul.rows { @for row in rows { li { (one(row, ways, now, language)) } } }
        }
    }
}

fn one(row: &FlowRow, ways: Ways, now: Timestamp, language: Language) -> Markup {
    let body = inside(row, now, language);
    html! {
        @if ways.case.is_empty() {
            div.row { (body) }
        } @else {
            a.row href={ (ways.case) (row.case_id) } { (body) }
        }
    }
}

fn inside(row: &FlowRow, now: Timestamp, language: Language) -> Markup {
    let turn = row.turn.unwrap_or_default();
    let due = row.next_deadline.as_ref().and_then(|next| timestamp(next.due.as_ref()?));
    let late = row.late_since.as_ref().and_then(timestamp);
    let held = age(turn.since.as_ref(), now, language);
    html! {
        span.top {
            strong { (category(row.category(), language)) " " (row.brand) }
            span.badge { (stage(row.stage(), language)) }
        }
        span.line {
            (language.pick("轮到 ", "Turn: ")) (party(turn.holder(), language)) " · " (held)
            @if !row.centre.is_empty() { " · " (row.centre) }
        }
        @if let Some(late) = late {
            span.line.late { (times::left_in_words(late.since(now), language)) }
        }
        @if let Some(due) = due { span.line { (times::due(due, now, language)) } }
        span.line.quiet {
            "…" (short(&row.case_id))
            @if row.reminders > 0 {
                " · " (language.pick("催单 ", "chased ")) (row.reminders) (language.pick(" 次", "×"))
            }
            @if row.answer_due.is_some() {
                " · " strong.late { (language.pick("催单待答复", "a chase waits")) }
            }
        }
    }
}

/// The rows whose next deadline is within an hour and not over.
pub(crate) fn due_soon(rows: Vec<FlowRow>, now: Timestamp) -> Vec<FlowRow> {
    let is_soon = |row: &FlowRow| {
        let due = row.next_deadline.as_ref().and_then(|next| timestamp(next.due.as_ref()?));
        due.is_some_and(|due| due > now && due <= now + Span::hours(1))
    };
    rows.into_iter().filter(is_soon).collect()
}

/// The way to more rows, if there are any.
pub(crate) fn more(wanted: &Wanted, token: &str, list: &str, language: Language) -> Markup {
    let next = Wanted { page: token.to_owned(), ..wanted.clone() };
    html! {
        @if !token.is_empty() {
            p { a.button href=(next.path(list)) { (language.pick("下一页", "More")) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use parasol_api::common::v1::Deadline;
    use parasol_api::convert::to_timestamp;

    use super::*;

    #[test]
    fn a_list_is_found_again_by_its_address() {
        let wanted = Wanted {
            order: FlowOrder::Turn,
            holder: Party::Brand,
            stage: Stage::OnSite,
            page: "ab&c".to_owned(),
        };
        let path = wanted.path("/board/cases");
        let (_, query) = path.split_once('?').unwrap();
        assert_eq!(Wanted::of(&Form::of_query(Some(query))), wanted);
        let plain = Wanted { order: FlowOrder::Due, ..Wanted::default() };
        assert_eq!(plain.path("/desk"), "/desk");
        assert_eq!(Wanted::of(&Form::of_query(Some("stage=<x>&turn=me&order=1"))), plain);
    }

    #[test]
    fn what_is_due_soon_is_neither_over_nor_far() {
        let now = Timestamp::parse("2026-06-08T12:00:00+08:00").unwrap();
        let row = |minutes: i64| FlowRow {
            case_id: minutes.to_string(),
            next_deadline: Some(Deadline {
                due: Some(to_timestamp(now + Span::minutes(minutes))),
                ..Deadline::default()
            }),
            ..FlowRow::default()
        };
        let rows = vec![row(-5), row(1), row(60), row(61), FlowRow::default()];
        let soon: Vec<_> = due_soon(rows, now).into_iter().map(|row| row.case_id).collect();
        assert_eq!(soon, ["1", "60"]);
    }
}
