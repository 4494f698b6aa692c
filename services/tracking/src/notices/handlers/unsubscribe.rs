//! `Unsubscribe`: somebody followed the link by which they want no more of a kind.

use parasol_api::tracking::v1::{UnsubscribeRequest, UnsubscribeResponse};
use parasol_api::{Error, Reason};
use parasol_desk::Call;
use tonic::Request;

use super::store_error;
use crate::notices::service::Notices;
use crate::notices::{Preferences, Wishes, receipts, wire};

pub async fn handle(
    notices: &Notices,
    request: Request<UnsubscribeRequest>,
) -> Result<UnsubscribeResponse, Error> {
    let call = Call::reading(&request, "Unsubscribe")?;
    let known = receipts::unsubscribed(&notices.desk.key, &request.get_ref().token);
    let (customer, kind) = known.ok_or_else(|| Error::new(Reason::NotFound))?;
    let Preferences { wishes, .. } =
        Preferences::of(&notices.desk.store, customer).await.map_err(store_error)?;
    let language = wire::language(wishes.language).to_owned();
    let answer = UnsubscribeResponse { kind: wire::kind(kind).into(), language };
    if wishes.muted.contains(&kind) {
        return Ok(answer);
    }
    let mut muted = wishes.muted.clone();
    muted.push(kind);
    let wishes = Wishes { version: wishes.version + 1, muted, ..wishes };
    let rows = wishes.rows(customer, notices.desk.clock.now());
    notices.desk.record(&call, rows, &answer, Reason::VersionConflict).await
}
