//! `ListPayments`: payments with their numbers and states, those that changed last first.

use parasol_api::verification::v1::{
    ListPaymentsRequest, ListPaymentsResponse, PaymentState as WireState,
};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use parasol_journey::ids::CaseId;
use prost::Message as _;
use tonic::Request;

use super::store_error;
use crate::Verification;
use crate::payment::legs::{Leg, LegState};
use crate::settlement_views;

pub async fn handle(
    service: &Verification,
    request: Request<ListPaymentsRequest>,
) -> Result<ListPaymentsResponse, Error> {
    let call = Call::reading(&request, "ListPayments")?;
    let body = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(body.page_size);
    let case = check.optional_id::<CaseId>("case_id", &body.case_id);
    let state = state(&mut check, body.state);
    let (size, case, state) = check.all((size, case, state))?;

    let query = ListPaymentsRequest { page_size: 0, page_token: String::new(), ..body.clone() };
    let bound = query.encode_to_vec();
    let (key, principal) = (&*service.desk.key, &call.principal);
    let pages = Purpose { key, domain: "payments-page", principal, bound: &bound };
    let before = match pages.after(&body.page_token)?.as_str() {
        "" => None,
        text => Some(place(text).ok_or_else(|| Error::new(Reason::PageTokenInvalid))?),
    };
    let store = &service.desk.store;
    let legs = Leg::latest(store, (state, case), before, size as u64 + 1).await;
    let mut legs = legs.map_err(store_error)?;
    let has_more = legs.len() > size;
    legs.truncate(size);
    let last = legs.last().filter(|_| has_more);
    let next_page_token = last.map_or_else(String::new, |leg| {
        pages.seal(format!("{}/{}", leg.changed_at.micros(), leg.operation.as_str()).as_bytes())
    });
    let payments = legs.into_iter().map(settlement_views::payment).collect();
    Ok(ListPaymentsResponse { payments, next_page_token })
}

fn state(check: &mut Checker, number: i32) -> Option<Option<LegState>> {
    if number == 0 {
        return Some(None);
    }
    let wire = check.known::<WireState>("state", number)?;
    Some(settlement_views::leg_state_of(wire))
}

fn place(text: &str) -> Option<(i64, String)> {
    let (at, operation) = text.split_once('/')?;
    Some((at.parse().ok()?, operation.to_owned()))
}
