//! `BatchAssignTechnicians`: each item is a call of `AssignTechnician`.

use parasol_api::Error;
use parasol_api::partner::v1::batch_assign_technicians_result::Result as Became;
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::{
    BatchAssignTechniciansRequest, BatchAssignTechniciansResponse, BatchAssignTechniciansResult,
};
use tonic::Request;

use super::batch::each;
use crate::Dispatch;

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<BatchAssignTechniciansRequest>,
) -> Result<BatchAssignTechniciansResponse, Error> {
    let body = request.get_ref();
    let items = (&*body.request_id, &*body.items);
    let single = |item| dispatch.assign_technician(item);
    let results = each(&request, "BatchAssignTechnicians", items, single).await?;
    let results = results.into_iter().map(|became| {
        let result = match became {
            Ok(answer) => Became::Answer(answer),
            Err(refusal) => Became::Refusal(refusal),
        };
        BatchAssignTechniciansResult { result: Some(result) }
    });
    Ok(BatchAssignTechniciansResponse { results: results.collect() })
}
