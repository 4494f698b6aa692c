//! `GetStatement`: a partner's month, open or closed.

use parasol_api::convert::to_timestamp;
use parasol_api::verification::v1::{GetStatementRequest, GetStatementResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use prost::Message as _;
use tonic::Request;

use super::{partner, store_error};
use crate::Verification;
use crate::ledger::read::lines;
use crate::settlement::period::Period;
use crate::settlement::statement::{accounts, closed, totals};
use crate::settlement_views::{self, money};

pub async fn handle(
    service: &Verification,
    request: Request<GetStatementRequest>,
) -> Result<GetStatementResponse, Error> {
    let call = Call::reading(&request, "GetStatement")?;
    let body = request.get_ref();
    let now = service.desk.clock.now();
    let mut check = Checker::new();
    let size = check.page_size(body.page_size);
    let named = partner::optional(&mut check, &body.partner);
    let period = Period::parse(&body.period).filter(|period| *period <= Period::of(now));
    let period = period.or_else(|| {
        let expected = "a month as YYYY-MM that does not lie ahead";
        check.refuse("period", Reason::FieldInvalid, expected)
    });
    let (size, named, period) = check.all((size, named, period))?;
    let Some(partner) = partner::meant(&call.principal, named)? else {
        return Err(Error::field("partner", Reason::FieldInvalid, "whose statement it is"));
    };

    let query = GetStatementRequest { page_size: 0, page_token: String::new(), ..body.clone() };
    let bound = query.encode_to_vec();
    let (key, principal) = (&*service.desk.key, &call.principal);
    let pages = Purpose { key, domain: "statement-page", principal, bound: &bound };
    let skip = match pages.after(&body.page_token)?.as_str() {
        "" => 0_u64,
        text => text.parse().map_err(|_| Error::new(Reason::PageTokenInvalid))?,
    };
    let (store, party) = (&service.desk.store, partner.key());
    let closed = closed(store, &party, period).await.map_err(store_error)?;
    let figures = match closed {
        Some((figures, _)) => figures,
        None => totals(store, &partner, period).await.map_err(store_error)?,
    };
    let limit = size as u64;
    let found = lines(store, &party, period, &accounts(&partner), (skip, limit + 1)).await;
    let mut found = found.map_err(store_error)?;
    let has_more = found.len() > size;
    found.truncate(size);
    let next_page_token = match has_more {
        true => pages.seal((skip + limit).to_string().as_bytes()),
        false => String::new(),
    };
    Ok(GetStatementResponse {
        partner: party,
        period: period.to_string(),
        closed_at: closed.map(|(_, at)| to_timestamp(at)),
        opening: money(figures.opening_fen),
        accepted: money(figures.accepted_fen),
        corrected: money(figures.corrected_fen),
        against_payables: money(figures.against_payables_fen),
        against_deposit: money(figures.against_deposit_fen),
        closing: money(figures.closing_fen),
        payable: money(figures.payable_fen),
        deposit: money(figures.deposit_fen),
        lines: found.into_iter().map(settlement_views::line).collect(),
        next_page_token,
    })
}
