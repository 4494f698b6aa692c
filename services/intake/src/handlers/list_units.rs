//! `ListUnits`: what a customer has bought, newest first, page by page, so that nobody types a serial number.

use parasol_api::intake::v1::{ListUnitsRequest, ListUnitsResponse, OwnedUnit};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose, Result, customer_id, mask};
use parasol_journey::ids::CustomerId;
use tonic::Request;

use crate::filings;
use crate::person::{CUSTOMER, Person};
use crate::sold::Sold;
use crate::{Intake, unreadable};

/// Units of a customer that are looked through for a page.
const UNITS_MAX: u64 = 1_000;

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<ListUnitsRequest>,
) -> Result<ListUnitsResponse> {
    let call = Call::reading(&request, "ListUnits")?;
    let wire = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(wire.page_size);
    let (size,) = check.all((size,))?;
    let (key, principal) = (&*intake.desk.key, &call.principal);
    let pages = Purpose { key, domain: "units-page", principal, bound: &[] };
    let after = match wire.page_token.as_str() {
        "" => None,
        token => Some(pages.open(token).ok_or_else(foreign_token)?),
    };

    let customer = customer_id(&call.principal.subject);
    let store = &intake.desk.store;
    let bought = Sold::of_customer(store, customer, UNITS_MAX).await?;
    let is_after = |sold: &Sold| Some(sold.order.order_line.as_bytes()) == after.as_deref();
    let start = match after {
        Some(_) => bought.iter().position(is_after).map_or(bought.len(), |place| place + 1),
        None => 0,
    };
    let shown: Vec<_> = bought.iter().skip(start).take(size).collect();
    let more = bought.len() > start + shown.len();
    let last = shown.last().filter(|_| more);
    let next_page_token =
        last.map_or_else(String::new, |sold| pages.seal(sold.order.order_line.as_bytes()));
    let now = intake.desk.clock.now();
    let pack = intake.shelf.in_force(now.shanghai_day());
    let mut units = Vec::with_capacity(shown.len());
    for sold in shown {
        let open = filings::open_case(store, &sold.order.serial).await?;
        let open_case_id = open.map_or_else(String::new, |id| id.to_string());
        let unit = Some(sold.unit(sold.used_up(&[], &pack, now)));
        units.push(OwnedUnit { unit, open_case_id });
    }
    let (name, phone) = masked(intake, customer).await?;
    Ok(ListUnitsResponse { units, next_page_token, name, phone })
}

/// Whom the retailer would call.
async fn masked(intake: &Intake, customer: CustomerId) -> Result<(String, String)> {
    let body = intake.desk.store.reveal(customer.uuid(), CUSTOMER).await.map_err(unreadable)?;
    let Some(body) = body else { return Ok(Default::default()) };
    let person: Person = serde_json::from_str(&body).map_err(Error::internal)?;
    Ok((mask::name(&person.name), mask::phone(&person.phone)))
}

fn foreign_token() -> Error {
    Error::field("page_token", Reason::PageTokenInvalid, "a token as it came with this list")
}
