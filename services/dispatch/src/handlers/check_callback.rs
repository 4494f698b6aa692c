//! `CheckCallback`: whose a callback is.

use parasol_api::Error;
use parasol_api::admin::v1::{CheckCallbackRequest, CheckedCallback};
use parasol_desk::Call;
use tonic::Request;

use crate::Dispatch;
use crate::callbacks::{Callback, check};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<CheckCallbackRequest>,
) -> Result<CheckedCallback, Error> {
    Call::reading(&request, "CheckCallback")?;
    let CheckCallbackRequest { partner, id, timestamp, signature, body } = request.get_ref();
    let callback = Callback { partner, id, timestamp, signature, body };
    let (sender, request_id) = check(dispatch, &callback).await?;
    Ok(CheckedCallback {
        role: sender.role.as_str().to_owned(),
        subject: sender.subject,
        brand: sender.brand.unwrap_or_default(),
        request_id: request_id.to_string(),
    })
}
