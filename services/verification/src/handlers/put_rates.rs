//! `PutRates`: a rate card, or a new revision of it.

use parasol_api::convert::etag;
use parasol_api::limits::{NAME_MAX, REMARK_MAX};
use parasol_api::verification::v1::{PutRatesRequest, PutRatesResponse, RateCard};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::ids::BrandId;
use parasol_journey::time::Timestamp;
use tonic::Request;

use super::store_error;
use crate::rates::store::{revisions, row};
use crate::rates::{Card, Rate, RateCode};
use crate::{Verification, settlement_views};

/// Rates on a card.
const RATES_MAX: usize = 500;
/// The most that one of anything costs, in fen: a hundred thousand yuan.
const RATE_FEN_MAX: i64 = 10_000_000;

pub async fn handle(
    service: &Verification,
    request: Request<PutRatesRequest>,
) -> Result<PutRatesResponse, Error> {
    let call = Call::changing(&request, "PutRates", &request.get_ref().request_id)?;
    let desk = &service.desk;
    // Asked first: the card may be in force by now.
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let request = request.into_inner();
    let now = desk.clock.now();
    let mut check = Checker::new();
    let expected = check.etag(&request.etag);
    let wire = check.present("card", &request.card);
    let card = wire.and_then(|wire| check.within("card", |check| read(check, wire, now)));
    let (expected, mut card) = check.all((expected, card))?;
    let newest = revisions(&desk.store, &card.brand, 1).await.map_err(store_error)?;
    let newest = newest.first().map_or(0, |newest| newest.revision);
    let known = u64::try_from(newest).unwrap_or_default();
    if expected.is_some_and(|expected| expected != known) {
        return Err(Error::version_conflict(known));
    }
    card.revision = newest + 1;
    let etag = etag(u64::try_from(card.revision).unwrap_or_default());
    let answer = PutRatesResponse { card: Some(settlement_views::card(&card)), etag };
    let put = row(&card, &call.principal.to_string(), now);
    desk.record(&call, vec![put], &answer, Reason::VersionConflict).await
}

fn read(check: &mut Checker, wire: &RateCard, now: Timestamp) -> Option<Card> {
    let brand = match wire.brand.as_str() {
        "" => Some(String::new()),
        text => check.id::<BrandId>("brand", text).map(|brand| brand.to_string()),
    };
    let from = check.optional_instant("valid_from", &wire.valid_from);
    let source = check.text("source", &wire.source, REMARK_MAX);
    let rates = rates(check, wire);
    let valid_from = from?.unwrap_or(now);
    if valid_from < now {
        // What was priced yesterday was priced by yesterday's card.
        return check.refuse("valid_from", Reason::FieldInvalid, "now or later");
    }
    Some(Card { brand: brand?, revision: 0, valid_from, rates: rates?, source: source? })
}

fn rates(check: &mut Checker, wire: &RateCard) -> Option<Vec<Rate>> {
    check.at_most("rates", &wire.rates, RATES_MAX)?;
    let mut rates: Vec<Rate> = Vec::with_capacity(wire.rates.len());
    for (place, one) in wire.rates.iter().enumerate() {
        let rate = check.within(&format!("rates[{place}]"), |check| {
            let Some(code) = RateCode::parse(&one.code) else {
                let known: Vec<_> = RateCode::ALL.iter().map(|code| code.as_str()).collect();
                return check.refuse("code", Reason::FieldInvalid, known.join(", "));
            };
            let category = check.optional_listed("category", one.category);
            let item = check.optional_text("item", &one.item, NAME_MAX);
            let fen = check.money("amount", &one.amount);
            let amount_fen = fen.and_then(|fen| check.number("amount", fen, 0..=RATE_FEN_MAX));
            let rate = Rate { code, category: category?, item: item?, amount_fen: amount_fen? };
            if code != RateCode::Part && !rate.item.is_empty() {
                return check.refuse("item", Reason::FieldInvalid, "nothing, except for parts");
            }
            let is_twice = rates.iter().any(|known| {
                (known.code, known.category, &known.item) == (rate.code, rate.category, &rate.item)
            });
            if is_twice {
                return check.refuse("code", Reason::FieldInvalid, "a rate that is not there yet");
            }
            Some(rate)
        });
        rates.push(rate?);
    }
    Some(rates)
}
