//! `LookupCustomer`: who calls, by telephone number.
//!
//! Every look-up is written down with who asked and who was found, before it is answered.

use parasol_api::intake::v1::{LookupCustomerRequest, LookupCustomerResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::{Call, Result, mask};
use parasol_journey::ids::CustomerId;
use sea_orm::ActiveValue::Set;
use tonic::Request;
use uuid::Uuid;

use crate::filings::{self, Wanted};
use crate::person::{CUSTOMER, Person, phone_lookup};
use crate::sold::Sold;
use crate::tables::lookups;
use crate::{Intake, unreadable, views};

/// Units and open cases shown at most.
const SHOWN_MAX: u64 = 100;

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<LookupCustomerRequest>,
) -> Result<LookupCustomerResponse> {
    let call = Call::reading(&request, "LookupCustomer")?;
    let wire = request.into_inner();
    let mut check = Checker::new();
    let phone = check.phone("phone", &wire.phone);
    let language = check.language(&wire.language);
    let (phone, language) = check.all((phone, language))?;

    let found = find(intake, &phone).await?;
    let row = lookup_row(intake, &call, found.as_ref().map(|(customer, ..)| *customer));
    let Some((customer, person, bought)) = found else {
        let nobody = LookupCustomerResponse::default();
        intake.desk.record(&call, vec![row], &nobody, None).await?;
        return Err(Error::new(Reason::NotFound));
    };
    let wanted = Wanted { customer: Some(customer), open_only: true, ..Wanted::default() };
    let open = filings::list(&intake.desk.store, &wanted, SHOWN_MAX).await?;
    let now = intake.desk.clock.now();
    let pack = intake.shelf.in_force(now.shanghai_day());
    let unit = |sold: &Sold| sold.unit(sold.used_up(&[], &pack, now));
    let response = LookupCustomerResponse {
        customer_id: customer.to_string(),
        // Masked here and not at the edge only: the answer is recorded with the look-up.
        name: mask::name(&person.name),
        phone: mask::phone(&person.phone),
        units: bought.iter().map(unit).collect(),
        open_cases: views::show(intake, &call.principal, &open, language).await?,
    };
    intake.desk.record(&call, vec![row], &response, None).await
}

/// Whoever has the number; of several, whoever bought last.
async fn find(intake: &Intake, phone: &str) -> Result<Option<(CustomerId, Person, Vec<Sold>)>> {
    let store = &intake.desk.store;
    let lookup = phone_lookup(&intake.desk.key, phone);
    let subjects = store.find_subjects(&lookup).await.map_err(unreadable)?;
    let mut latest: Option<(CustomerId, Vec<Sold>)> = None;
    for customer in subjects.into_iter().map(CustomerId::new) {
        let bought = Sold::of_customer(store, customer, SHOWN_MAX).await?;
        let newest = |bought: &[Sold]| bought.first().map(Sold::delivered_at);
        if latest.as_ref().is_none_or(|(_, known)| newest(&bought) > newest(known)) {
            latest = Some((customer, bought));
        }
    }
    let Some((customer, bought)) = latest else { return Ok(None) };
    let body = store.reveal(customer.uuid(), CUSTOMER).await.map_err(unreadable)?;
    let person =
        body.map(|body| serde_json::from_str(&body)).transpose().map_err(Error::internal)?;
    Ok(person.map(|person| (customer, person, bought)))
}

fn lookup_row(intake: &Intake, call: &Call, found: Option<CustomerId>) -> RowOp {
    RowOp::put(lookups::ActiveModel {
        id: Set(intake.desk.ids.next()),
        principal: Set(call.principal.to_string()),
        customer: Set(found.map_or_else(Uuid::nil, CustomerId::uuid)),
        at: Set(intake.desk.clock.now().micros()),
    })
}
