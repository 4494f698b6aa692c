//! `BatchDeclineOffers`: each item is a call of `DeclineOffer`.

use parasol_api::Error;
use parasol_api::partner::v1::batch_decline_offers_result::Result as Became;
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::{
    BatchDeclineOffersRequest, BatchDeclineOffersResponse, BatchDeclineOffersResult,
};
use tonic::Request;

use super::batch::each;
use crate::Dispatch;

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<BatchDeclineOffersRequest>,
) -> Result<BatchDeclineOffersResponse, Error> {
    let body = request.get_ref();
    let items = (&*body.request_id, &*body.items);
    let single = |item| dispatch.decline_offer(item);
    let results = each(&request, "BatchDeclineOffers", items, single).await?;
    let results = results.into_iter().map(|became| {
        let result = match became {
            Ok(answer) => Became::Answer(answer),
            Err(refusal) => Became::Refusal(refusal),
        };
        BatchDeclineOffersResult { result: Some(result) }
    });
    Ok(BatchDeclineOffersResponse { results: results.collect() })
}
