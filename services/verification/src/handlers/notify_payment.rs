//! `NotifyPayment`: the provider says that something has become of a payment, and is asked what.

use parasol_api::limits::FOREIGN_NUMBER_MAX;
use parasol_api::verification::v1::{NotifyPaymentRequest, NotifyPaymentResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use tonic::Request;

use super::store_error;
use crate::Verification;
use crate::payment::cashier::Settled;
use crate::payment::legs::Leg;
use crate::settlement_views;

pub async fn handle(
    service: &Verification,
    request: Request<NotifyPaymentRequest>,
) -> Result<NotifyPaymentResponse, Error> {
    let call = Call::changing(&request, "NotifyPayment", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let operation = check.text("operation", &request.operation, FOREIGN_NUMBER_MAX);
    let (operation,) = check.all((operation,))?;
    if let Some(saved) = service.desk.saved(&call).await? {
        return Ok(saved);
    }
    let leg = Leg::find(&service.desk.store, &operation).await.map_err(store_error)?;
    let leg = leg.ok_or_else(|| Error::new(Reason::NotFound))?;
    let (moved, state) = match service.cashier().settle(&leg).await.map_err(store_error)? {
        Settled::Moved(state) => (true, state),
        Settled::Still(state) => (false, state),
        Settled::Left => (false, leg.state),
    };
    let state = settlement_views::leg_state(state).into();
    let answer = NotifyPaymentResponse { moved, state };
    service.desk.record(&call, Vec::new(), &answer, None).await
}
