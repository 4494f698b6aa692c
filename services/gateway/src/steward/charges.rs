//! What a brand is charged: claims on it, the newest first, with their sums. Answering one is the portal's.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::common::v1::Money;
use parasol_api::convert::timestamp;
use parasol_api::verification::v1::settlement_service_client::SettlementServiceClient;
use parasol_api::verification::v1::{Claim, ClaimState, ListClaimsRequest};
use parasol_api::{Error, Language};
use parasol_journey::time::Timestamp;

use super::{WAYS, tabs};
use crate::Gateway;
use crate::portal::claims::words;
use crate::staff::let_in;
use crate::staff::words::{money, short};
use crate::web::door::failure;
use crate::web::page::Page;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed, times};

/// Where they lie.
const PATH: &str = "/steward/charges";
/// Claims asked for at a time, which is what the contract gives at most.
const PAGE: i32 = 200;
/// How often is asked for one page; a brand with more claims sees the first of them.
const LOOKS_MAX: usize = 5;
/// Claims that are listed.
const SHOWN_MAX: usize = 100;

/// `GET /steward/charges`.
pub(super) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.steward;
    let (_, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    match read(pages, &visitor).await {
        Ok((claims, more)) => page(&visitor, &claims, more),
        Err(error) => failure(&visitor.guest, &error),
    }
}

/// The claims on the brand, the newest first, and whether there are more than are looked at.
async fn read(pages: &Pages, visitor: &Visitor) -> Result<(Vec<Claim>, bool), Error> {
    let partner = format!("brand:{}", visitor.principal.subject);
    let mut client = SettlementServiceClient::new(pages.transport_of(visitor));
    let (mut claims, mut page_token, mut more) = (Vec::new(), String::new(), true);
    for _ in 0..LOOKS_MAX {
        let request = ListClaimsRequest {
            page_size: PAGE,
            page_token,
            partner: partner.clone(),
            ..ListClaimsRequest::default()
        };
        let found = client.list_claims(request).await.map_err(failed)?.into_inner();
        claims.extend(found.claims);
        page_token = found.next_page_token;
        if page_token.is_empty() {
            more = false;
            break;
        }
    }
    claims.reverse();
    Ok((claims, more))
}

fn page(visitor: &Visitor, claims: &[Claim], more: bool) -> Response {
    let (language, now) = (visitor.guest.language, visitor.guest.now);
    let t = |zh, en| language.pick(zh, en);
    let title = t("扣款", "Chargebacks");
    let body = html! {
        h1 { (title) }
        (tabs(PATH, language))
        (sums(claims, language))
        @if more { p.hint { (t("扣款很多，这里只计入其中一部分。", "There are more than are counted here.")) } }
        section.card {
            h2 { (t("新的在前", "The newest first")) }
            @if claims.is_empty() { p.empty { (t("没有扣款。", "No chargebacks.")) } }
            ul.rows { @for one in claims.iter().take(SHOWN_MAX) { li { (row(one, now, language)) } } }
            @if claims.len() > SHOWN_MAX {
                p.hint { (t("全部在工作台的索赔页。", "All of them are in the portal.")) }
            }
        }
        p { a.button href="/portal/claims" { (t("到工作台答复", "Answer them in the portal")) } }
    };
    Page { title, head: html! {}, body }.for_visitor(StatusCode::OK, visitor)
}

/// How much stands in each state.
fn sums(claims: &[Claim], language: Language) -> Markup {
    let states = [
        ClaimState::Raised,
        ClaimState::Disputed,
        ClaimState::Accepted,
        ClaimState::Netted,
        ClaimState::Withdrawn,
    ];
    let sum = |state: ClaimState| {
        let of_state = claims.iter().filter(|one| one.state() == state);
        let fen = of_state.filter_map(|one| Some(one.amount.as_ref()?.fen)).sum();
        money(Some(&Money { fen, currency: String::new() }))
    };
    html! {
        ul.tiles { @for state in states {
            li { strong { (sum(state)) } (words::state(state, language)) }
        } }
    }
}

fn row(one: &Claim, now: Timestamp, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    let due = one.respond_by.as_ref().and_then(timestamp);
    let due = due.filter(|_| one.state() == ClaimState::Raised);
    html! {
        div.row {
            span.top {
                strong { (words::kind(one.kind(), language)) " " (money(one.amount.as_ref())) }
                span.badge { (words::state(one.state(), language)) }
            }
            @if let Some(due) = due {
                span.line { (t("答复截止 ", "Answer by: ")) (times::due(due, now, language)) }
            }
            span.line {
                a href={ (WAYS.case) (one.case_id) } { (t("服务单 …", "Case …")) (short(&one.case_id)) }
                @if !one.rules.is_empty() { " · " (t("规则 ", "rules ")) (one.rules.join(" ")) }
                @if let Some(at) = one.raised_at.as_ref().and_then(timestamp) { " · " (times::at(at, language)) }
                @if !one.period.is_empty() { " · " (t("计入 ", "counts in ")) (one.period) }
            }
        }
    }
}
