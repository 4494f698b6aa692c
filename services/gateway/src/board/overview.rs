//! The board itself, and the list of open cases behind each of its numbers.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::admin::v1::{Flow, FlowOrder, FlowRow};
use parasol_api::{Error, Role};

use super::parked::{self, Refused};
use super::{EVENTS, HOME, partners, ways, ways_of};
use crate::Gateway;
use crate::staff::flow::{self, FEW, Wanted};
use crate::staff::{let_in, live};
use crate::web::controls::alert;
use crate::web::door::{failure, status};
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, times};

/// `GET /board`.
pub(super) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.board;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let query = Form::of_query(parts.uri.query());
    board(pages, &visitor, &query, None).await
}

/// The board, after a task that could not be driven with what was typed.
pub(super) async fn board(
    pages: &Pages,
    visitor: &Visitor,
    query: &Form,
    refused: Option<&Refused>,
) -> Response {
    match Seen::gather(pages, visitor).await {
        Ok(seen) => seen.page(pages, visitor, query, refused).await,
        Err(error) => failure(&visitor.guest, &error),
    }
}

/// What the board is made from.
struct Seen {
    flow: Flow,
    late: Vec<FlowRow>,
    soon: Vec<FlowRow>,
    oldest: Vec<FlowRow>,
}

impl Seen {
    async fn gather(pages: &Pages, visitor: &Visitor) -> Result<Self, Error> {
        let transport = || pages.transport_of(visitor);
        let (language, now) = (visitor.guest.language, visitor.guest.now);
        let by = |order| Wanted { order, ..Wanted::default() };
        let (late, due, oldest) = (by(FlowOrder::Late), by(FlowOrder::Due), by(FlowOrder::Turn));
        let (flow, late, due, oldest) = tokio::try_join!(
            flow::counts(transport()),
            flow::rows(transport(), &late, FEW, language),
            flow::rows(transport(), &due, 0, language),
            flow::rows(transport(), &oldest, FEW, language),
        )?;
        let mut soon = flow::due_soon(due.rows, now);
        soon.truncate(usize::try_from(FEW).unwrap_or_default());
        Ok(Self { flow, late: late.rows, soon, oldest: oldest.rows })
    }

    async fn page(
        &self,
        pages: &Pages,
        visitor: &Visitor,
        query: &Form,
        refused: Option<&Refused>,
    ) -> Response {
        let (language, now) = (visitor.guest.language, visitor.guest.now);
        let t = |zh, en| language.pick(zh, en);
        let ways = ways(visitor.principal.role);
        let title = t("运行看板", "Operations");
        let code = refused.map_or(StatusCode::OK, |refused| status(&refused.error));
        let part = |id: &str, heading: &str, body: Markup| {
            html! {
                section.card {
                    h2 { (heading) }
                    div id=(id) data-live { (body) }
                }
            }
        };
        let body = html! {
            h1 { (title) }
            (ways_of(HOME, language))
            (live::kept(EVENTS, visitor))
            (parked::notice(query, language))
            @if let Some(refused) = refused { (alert(&refused.error, language)) }
            div #tiles data-live { (self.tiles(visitor)) }
            div.halves {
                (part("stages", t("按环节", "By stage"), flow::stages(&self.flow, ways, now, language)))
                (part("turns", t("轮到谁", "Whose turn"), flow::turns(&self.flow, ways, now, language)))
            }
            div.thirds {
                (part("late", t("已超时", "Late now"), flow::list(&self.late, ways, now, language)))
                (part("soon", t("一小时内到期", "Due within the hour"), flow::list(&self.soon, ways, now, language)))
                (part("oldest", t("等待最久", "Oldest turns"), flow::list(&self.oldest, ways, now, language)))
            }
            (part("partners", t("合作方连接", "Partners"), partners::shown(pages, visitor).await))
            @if visitor.principal.role == Role::Operator {
                (part("parked", t("已搁置的任务", "Parked work"), parked::shown(pages, visitor, refused).await))
            }
        };
        Page { title, head: html! {}, body }.for_visitor(code, visitor)
    }

    fn tiles(&self, visitor: &Visitor) -> Markup {
        let language = visitor.guest.language;
        let t = |zh, en| language.pick(zh, en);
        let sum = |of: fn(&parasol_api::admin::v1::StageFlow) -> i64| {
            self.flow.stages.iter().map(of).sum::<i64>()
        };
        let late = sum(|one| one.late);
        let tile = |number: Markup, what: &str| html! { li { strong { (number) } (what) } };
        html! {
            ul.tiles {
                (tile(html! { (sum(|one| one.cases)) }, t("未结束的服务单", "open cases")))
                (tile(html! { span.late[late > 0] { (late) } }, t("已超时", "late")))
                (tile(html! { (sum(|one| one.due_soon)) }, t("一小时内到期", "due within the hour")))
                (tile(html! { (self.flow.behind) }, t("尚未计入的事件", "events not counted yet")))
            }
            p.hint {
                (t("统计于 ", "As of ")) (times::at(visitor.guest.now, language))
            }
        }
    }
}

/// `GET /board/cases`: the cases behind a number.
pub(super) async fn cases(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.board;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let (language, now) = (visitor.guest.language, visitor.guest.now);
    let wanted = Wanted::of(&Form::of_query(parts.uri.query()));
    let ways = ways(visitor.principal.role);
    let found = match flow::rows(pages.transport_of(&visitor), &wanted, 0, language).await {
        Ok(found) => found,
        Err(error) => return failure(&visitor.guest, &error),
    };
    let title = wanted.title(language);
    let body = html! {
        p.back { a href=(HOME) { "‹ " (language.pick("运行看板", "Operations")) } }
        h1 { (title) }
        (live::kept(EVENTS, &visitor))
        div #rows data-live { (flow::list(&found.rows, ways, now, language)) }
        (flow::more(&wanted, &found.next_page_token, ways.list, language))
    };
    Page { title: &title, head: html! {}, body }.for_visitor(StatusCode::OK, &visitor)
}
