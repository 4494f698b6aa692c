//! `TakeReceipt`: a provider says what became of a notice.

use parasol_api::tracking::v1::{TakeReceiptRequest, TakeReceiptResponse};
use parasol_api::{Error, Reason};
use parasol_desk::Call;
use tonic::Request;

use super::store_error;
use crate::notices::service::Notices;
use crate::notices::{Notice, Signed, note, receipts};

pub async fn handle(
    notices: &Notices,
    request: Request<TakeReceiptRequest>,
) -> Result<TakeReceiptResponse, Error> {
    let call = Call::reading(&request, "TakeReceipt")?;
    let TakeReceiptRequest { id, timestamp, signature, body } = request.get_ref();
    let now = notices.desk.clock.now();
    let signed = Signed { id, timestamp, signature, body };
    let receipt = receipts::read(&notices.settings.receipt_secret, &signed, now)?;
    let operation = receipt.operation;
    let store = &notices.desk.store;
    let found = Notice::find_all(store, [operation.notice.0]).await.map_err(store_error)?;
    if found.is_empty() {
        return Err(Error::new(Reason::NotFound));
    }
    let said = if receipt.delivered { "delivered" } else { "failed" };
    let row = note(operation.notice, Some(operation.channel), said, &receipt.reason, now);
    notices.desk.record(&call, vec![row], &TakeReceiptResponse {}, None).await
}
