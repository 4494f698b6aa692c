//! The front page: the look-up by number, what is due, and what waits for a second person.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::admin::v1::FlowOrder;
use parasol_api::common::v1::Party;
use parasol_api::convert::timestamp;
use parasol_api::limits::PHONE_MAX;
use parasol_api::verification::v1::decision_service_client::DecisionServiceClient;
use parasol_api::verification::v1::{ListProposalsRequest, Proposal};
use parasol_api::{Error, Language};

use super::{EVENTS, HOME, WAYS, case_path, voice};
use crate::Gateway;
use crate::staff::flow::{self, Wanted};
use crate::staff::words::{money, short};
use crate::staff::{let_in, live};
use crate::web::controls::{Filled, Look, alert, hidden};
use crate::web::door::failure;
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed, times};

/// Proposals shown.
const PROPOSALS: usize = 10;

/// `GET /desk`.
pub(super) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.desk;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let query = Form::of_query(parts.uri.query());
    let (language, now) = (visitor.guest.language, visitor.guest.now);
    let mut wanted = Wanted::of(&query);
    // What the retailer has to do is what a desk begins with.
    if parts.uri.query().is_none_or(|query| !query.contains('=') || query.starts_with("lang=")) {
        wanted = ours();
    }
    let found = flow::rows(pages.transport_of(&visitor), &wanted, 0, language).await;
    let proposals = proposals(pages, &visitor).await;
    let found = match found {
        Ok(found) => found,
        Err(error) => return failure(&visitor.guest, &error),
    };
    let title = language.pick("客服台", "Desk");
    let heading = wanted.title(language);
    let body = html! {
        h1 { (title) }
        (voice::ways(HOME, &visitor))
        (live::kept(EVENTS, &visitor))
        div.halves {
            div { (search(pages, &visitor, &Form::default(), None)) }
            section.card {
                h2 { (language.pick("待第二人审批", "Waiting for a second person")) }
                div #proposals data-live { (waiting(proposals, &visitor)) }
            }
        }
        section.card {
            h2 { (heading) }
            (tabs(&wanted, language))
            div #queue data-live {
                (flow::list(&found.rows, WAYS, now, language))
                (flow::more(&wanted, &found.next_page_token, WAYS.list, language))
            }
        }
    };
    Page { title, head: html! {}, body }.for_visitor(StatusCode::OK, &visitor)
}

/// What waits for the retailer, by deadline.
fn ours() -> Wanted {
    Wanted { holder: Party::Retailer, order: FlowOrder::Due, ..Wanted::default() }
}

fn tabs(wanted: &Wanted, language: Language) -> Markup {
    let by = |order| Wanted { order, ..Wanted::default() };
    let (late, turn) = (by(FlowOrder::Late), by(FlowOrder::Turn));
    let tabs = [
        (HOME.to_owned(), ours(), language.pick("轮到我们", "Our turn")),
        (
            format!("{HOME}?order=due"),
            by(FlowOrder::Due),
            language.pick("全部，按到期", "All by deadline"),
        ),
        (late.path(HOME), late, language.pick("已超时", "Late")),
        (turn.path(HOME), turn, language.pick("等待最久", "Oldest turns")),
    ];
    html! {
        nav.tabs aria-label=(language.pick("队列", "Queues")) {
            @for (path, tab, name) in &tabs {
                @let current = (tab.order, tab.holder) == (wanted.order, wanted.holder);
                a href=(path) aria-current=[current.then_some("page")] { (name) }
            }
        }
    }
}

/// The look-up by telephone number. It is sent as a form: no number stands in an address.
pub(super) fn search(
    pages: &Pages,
    visitor: &Visitor,
    form: &Form,
    error: Option<&Error>,
) -> Markup {
    let language = visitor.guest.language;
    let filled = Filled { of: "lookup", language, form, error };
    let label = language.pick("用户电话", "Customer's telephone number");
    let hint = language.pick("每次查询都会留下记录。", "Every look-up is written down.");
    let look = Look { kind: "tel", required: true, max: PHONE_MAX, hint, ..Look::default() };
    html! {
        form.card #lookup method="post" action={ (HOME) "/lookup" } role="search" {
            (hidden(pages, visitor, &filled))
            (filled.input("phone", label, look))
            button.main { (language.pick("查询", "Look up")) }
        }
    }
}

/// What waits for a second person.
///
/// # Errors
/// What the service says.
pub(super) async fn proposals(pages: &Pages, visitor: &Visitor) -> Result<Vec<Proposal>, Error> {
    let request = ListProposalsRequest { page_size: 200, ..Default::default() };
    let mut client = DecisionServiceClient::new(pages.transport_of(visitor));
    Ok(client.list_proposals(request).await.map_err(failed)?.into_inner().proposals)
}

fn waiting(proposals: Result<Vec<Proposal>, Error>, visitor: &Visitor) -> Markup {
    let (language, now) = (visitor.guest.language, visitor.guest.now);
    let proposals = match proposals {
        Ok(proposals) => proposals,
        Err(error) => return alert(&error, language),
    };
    html! {
        @if proposals.is_empty() { p.empty { (language.pick("没有。", "None.")) } }
        ul.rows { @for one in proposals.iter().take(PROPOSALS) { li {
            a.row href=(case_path(&one.case_id)) {
                span.top {
                    strong { (money(one.worth.as_ref())) }
                    span.badge {
                        @if one.goodwill { (language.pick("补偿", "Goodwill")) }
                        @else { (language.pick("裁定", "Decision")) }
                    }
                }
                span.line { (one.proposed_by) " · …" (short(&one.case_id)) }
                @if let Some(until) = one.expires_at.as_ref().and_then(timestamp) {
                    span.line { (times::due(until, now, language)) }
                }
                @if one.can_approve {
                    span.line { (language.pick("您可以审批", "You may approve it")) }
                }
            }
        } } }
        @if proposals.len() > PROPOSALS {
            p.hint { (proposals.len()) (language.pick(" 项，显示前十项。", " in all; the first ten are shown.")) }
        }
    }
}
