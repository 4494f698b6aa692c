//! `GetNoticePreferences`: what a customer wants to hear and how.

use parasol_api::tracking::v1::{GetNoticePreferencesRequest, NoticePreferences};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use tonic::Request;

use super::{store_error, whose};
use crate::notices::service::Notices;
use crate::notices::{Preferences, wire};

pub async fn handle(
    notices: &Notices,
    request: Request<GetNoticePreferencesRequest>,
) -> Result<NoticePreferences, Error> {
    let call = Call::reading(&request, "GetNoticePreferences")?;
    let mut check = Checker::new();
    let customer = whose(&call, &mut check, &request.get_ref().customer_id);
    let (customer,) = check.all((customer,))?;
    let known = Preferences::of(&notices.desk.store, customer).await.map_err(store_error)?;
    Ok(wire::preferences(customer, &known))
}
