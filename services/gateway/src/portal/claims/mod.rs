//! Claims and statements: what a partner owes, what it rests on, until when it can be answered, and the answer.

mod one;
mod statements;
pub(crate) mod words;

pub(in crate::portal) use one::{evidence, respond, show as show_one};
pub(in crate::portal) use statements::{csv, show as show_statement};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::common::v1::Money;
use parasol_api::convert::timestamp;
use parasol_api::verification::v1::settlement_service_client::SettlementServiceClient;
use parasol_api::verification::v1::{Claim, ClaimState, ListClaimsRequest};
use parasol_api::{Error, Language};
use parasol_runtime::transport::Transport;

use super::calls::{Calls, failed};
use super::door::{closed, failure};
use super::form::Form;
use super::page::Page;
use super::session::Visitor;
use super::words::Pick as _;
use super::{HOME, times};
use crate::Gateway;

/// Claims asked for at a time, which is what the contract gives at most.
const PAGE: i32 = 200;
/// How often is asked for one page; whoever has more claims sees the first of them.
const LOOKS_MAX: usize = 5;

/// The client of settlement, as the visitor.
fn settlement(calls: &Calls) -> SettlementServiceClient<Transport> {
    SettlementServiceClient::new(calls.transport())
}

/// `GET /portal/claims`: the claims on a partner and those raised for it, open ones first.
pub(in crate::portal) async fn list(State(gateway): State<Gateway>, request: Request) -> Response {
    let portal = &gateway.portal;
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(portal, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return closed(portal, guest, true),
    };
    let query = Form::of_query(parts.uri.query());
    let state = words::STATES.iter().find(|one| one.name == query.get("state"));
    let state = state.map_or(ClaimState::Unspecified, |one| one.state);
    match claims(&Calls::of(portal, &visitor), state).await {
        Ok((claims, more)) => list_page(&visitor, &claims, state, more),
        Err(error) => failure(&visitor.guest, &error),
    }
}

/// The claims of a visitor, and whether there are more than are looked at.
async fn claims(calls: &Calls, state: ClaimState) -> Result<(Vec<Claim>, bool), Error> {
    let (mut claims, mut page_token) = (Vec::new(), String::new());
    for _ in 0..LOOKS_MAX {
        let request = ListClaimsRequest {
            page_size: PAGE,
            page_token,
            state: state.into(),
            ..ListClaimsRequest::default()
        };
        let page = settlement(calls).list_claims(request).await.map_err(failed)?.into_inner();
        claims.extend(page.claims);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok((claims, false));
        }
    }
    Ok((claims, true))
}

fn list_page(visitor: &Visitor, claims: &[Claim], state: ClaimState, more: bool) -> Response {
    let language = visitor.guest.language;
    let title = language.pick("索赔", "Claims");
    let is_open =
        |claim: &&Claim| matches!(claim.state(), ClaimState::Raised | ClaimState::Disputed);
    let (open, done): (Vec<_>, Vec<_>) = claims.iter().partition(is_open);
    let groups = [
        (language.pick("待答复或有异议", "To answer, or disputed"), open),
        (language.pick("已结束", "Answered"), done),
    ];
    let body = html! {
        (tabs(language))
        h1 { (title) }
        form.find method="get" action={ (HOME) "/claims" } {
            label for="state" { (language.pick("状态", "State")) }
            select id="state" name="state" {
                option value="" { (language.pick("全部", "All")) }
                @for one in words::STATES {
                    option value=(one.name) selected[one.state == state] {
                        (language.pick(one.zh, one.en))
                    }
                }
            }
            button { (language.pick("筛选", "Show")) }
        }
        @if more {
            p.hint { (language.pick(
                "索赔很多，这里只显示其中一部分。",
                "There are more claims than this page shows.",
            )) }
        }
        @if claims.is_empty() { p { (language.pick("没有索赔。", "No claims.")) } }
        @for (heading, claims) in &groups {
            @if !claims.is_empty() {
                section {
                    h2 { (heading) " " span.count { (claims.len()) } }
                    ul.rows { @for claim in claims { (row(visitor, claim)) } }
                }
            }
        }
    };
    Page { title, head: html! {}, body }.for_visitor(StatusCode::OK, visitor)
}

fn row(visitor: &Visitor, claim: &Claim) -> Markup {
    let language = visitor.guest.language;
    let due = claim.respond_by.as_ref().and_then(timestamp);
    let due = due.filter(|_| claim.state() == ClaimState::Raised);
    html! {
        li {
            a href={ (HOME) "/claims/" (claim.claim_id) } {
                strong { (words::kind(claim.kind(), language)) " " (yuan(claim.amount.as_ref())) }
                span { (words::state(claim.state(), language)) }
                @if is_for(visitor, claim) {
                    span { (language.pick("付给您", "to be paid to you")) }
                }
                @if let Some(due) = due {
                    span.due { (language.pick("答复截止 ", "Answer by ")) (times::moment(due, language)) }
                }
            }
        }
    }
}

/// Whether a claim is raised for the visitor, and not on them.
fn is_for(visitor: &Visitor, claim: &Claim) -> bool {
    claim.payee == own_key(visitor) && claim.partner != claim.payee
}

/// The visitor as settlement writes partners.
fn own_key(visitor: &Visitor) -> String {
    format!("{}:{}", visitor.principal.role.as_str(), visitor.principal.subject)
}

/// From one list to the other.
pub(super) fn tabs(language: Language) -> Markup {
    html! {
        nav.tabs aria-label=(language.pick("页面", "Pages")) {
            a href=(HOME) { (language.pick("工单", "Work")) }
            " · "
            a href={ (HOME) "/claims" } { (language.pick("索赔", "Claims")) }
            " · "
            a href={ (HOME) "/statements" } { (language.pick("对账单", "Statements")) }
        }
    }
}

/// An amount in yuan, with its fen.
fn yuan(money: Option<&Money>) -> String {
    format!("¥ {}", plain_yuan(money))
}

/// The same as a bare number, as tables of other programs read it.
fn plain_yuan(money: Option<&Money>) -> String {
    let fen = money.map_or(0, |money| money.fen);
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.unsigned_abs() / 100, fen.unsigned_abs() % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_yuan_with_their_fen() {
        for (fen, expected) in [(0, "0.00"), (5, "0.05"), (399_900, "3999.00"), (-1, "-0.01")] {
            let money = Money { fen, currency: "CNY".to_owned() };
            assert_eq!(plain_yuan(Some(&money)), expected);
        }
        assert_eq!(plain_yuan(None), "0.00");
    }
}
