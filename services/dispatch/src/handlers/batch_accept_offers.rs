//! `BatchAcceptOffers`: each item is a call of `AcceptOffer`.

use parasol_api::Error;
use parasol_api::partner::v1::batch_accept_offers_result::Result as Became;
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::{
    BatchAcceptOffersRequest, BatchAcceptOffersResponse, BatchAcceptOffersResult,
};
use tonic::Request;

use super::batch::each;
use crate::Dispatch;

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<BatchAcceptOffersRequest>,
) -> Result<BatchAcceptOffersResponse, Error> {
    let body = request.get_ref();
    let items = (&*body.request_id, &*body.items);
    let single = |item| dispatch.accept_offer(item);
    let results = each(&request, "BatchAcceptOffers", items, single).await?;
    let results = results.into_iter().map(|became| {
        let result = match became {
            Ok(answer) => Became::Answer(Box::new(answer)),
            Err(refusal) => Became::Refusal(refusal),
        };
        BatchAcceptOffersResult { result: Some(result) }
    });
    Ok(BatchAcceptOffersResponse { results: results.collect() })
}
