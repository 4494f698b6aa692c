//! `GetPersonalData`: everything that is kept about a customer, for the customer or on their behalf.
//!
//! What a hold has put aside is not in it: nobody is served that. That a manager was given it is in the log of reveals.

use parasol_api::admin::v1::{GetPersonalDataRequest, GetPersonalDataResponse, PersonalRecord};
use parasol_api::common::v1::Personal;
use parasol_api::convert::to_timestamp;
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, customer_id};
use parasol_journey::ids::CustomerId;
use parasol_runtime::identity::Role;
use tonic::Request;

use super::Subject;
use crate::person::Kept;
use crate::reveals::{listed, rows};
use crate::{Keeping, store_error};

/// Entries that are answered with.
const RECORDS_MAX: usize = 2_000;

pub(crate) async fn handle(
    keeping: &Keeping,
    request: Request<GetPersonalDataRequest>,
) -> Result<GetPersonalDataResponse, Error> {
    let call = Call::reading(&request, "GetPersonalData")?;
    let message = request.get_ref();
    let own = (call.principal.role == Role::Customer).then(|| customer_id(&call.principal.subject));
    let mut check = Checker::new();
    let asked = match (message.customer_id.as_str(), own) {
        ("", Some(own)) => Some(own),
        (text, _) => check.id::<CustomerId>("customer_id", text),
    };
    let (customer,) = check.all((asked,))?;
    if own.is_some_and(|own| own != customer) {
        return Err(Error::new(Reason::NotFound));
    }
    let (desk, store) = (&keeping.desk, &keeping.desk.store);
    let person = Subject::Customer(customer).person(keeping).await?;
    let mut records = Vec::new();
    for Kept { subject, kind, .. } in person.kept.iter().take(RECORDS_MAX) {
        // What goes between the two questions is left out.
        let Some(data) = store.reveal(*subject, kind).await.map_err(store_error)? else { continue };
        records.push(PersonalRecord { kind: kind.clone(), data });
    }
    let erased = store.erased(&person.own).await.map_err(store_error)?;
    let reveals = listed(store, &person.cases).await.map_err(store_error)?;
    if own.is_none() {
        // Written before it is told: the whole of it is personal, and to one of the retailer's people.
        let kinds = [Personal::Name, Personal::Phone, Personal::Address].into();
        let now = desk.clock.now();
        let reader = call.principal.to_string();
        let seen = person.cases.iter().map(|case| (case.uuid(), &kinds));
        let written = rows(&reader, "GetPersonalData", seen, now);
        desk.record(&call, written, &GetPersonalDataResponse::default(), None).await?;
    }
    Ok(GetPersonalDataResponse {
        customer_id: customer.to_string(),
        case_ids: person.cases.iter().map(ToString::to_string).collect(),
        records,
        reveals,
        erased_since: erased.iter().map(|(_, at)| *at).min().map(to_timestamp),
    })
}
