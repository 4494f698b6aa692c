//! `StreamOffers`: the changes as they are committed.

use parasol_api::Error;
use parasol_api::partner::v1::StreamOffersRequest;
use parasol_desk::Call;
use tonic::Request;

use crate::Dispatch;
use crate::changes::{OfferStream, Reader, Watch};
use crate::partner::Partner;

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<StreamOffersRequest>,
) -> Result<OfferStream, Error> {
    let call = Call::reading(&request, "StreamOffers")?;
    let partner = Partner::of(&call.principal)?;
    // Listening before the first look, so that nothing rings unheard in between.
    let rings = dispatch.bell.listen();
    let reader = Reader::new(&dispatch.desk.store, partner);
    let place = dispatch.place(&call.principal);
    let cursor = reader.start(&place, &request.get_ref().cursor).await?;
    Ok(Watch::new(dispatch.clone(), call.principal, reader, rings, cursor).stream())
}
