//! `DeleteReasonMapping`.

use parasol_api::admin::v1::{DeleteReasonMappingRequest, DeleteReasonMappingResponse};
use parasol_api::limits::CODE_MAX;
use parasol_api::{Checker, Error};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::ids::BrandId;
use tonic::Request;

use super::put_reason_mapping::list;
use crate::Dispatch;
use crate::tables::reason_mappings;

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<DeleteReasonMappingRequest>,
) -> Result<DeleteReasonMappingResponse, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "DeleteReasonMapping", &body.request_id)?;
    let mut check = Checker::new();
    let brand = check.id::<BrandId>("brand", &body.brand);
    let list = list(&mut check, body.list);
    let code = check.text("partner_reason", &body.partner_reason, CODE_MAX);
    let (brand, list, code) = check.all((brand, list, code))?;
    let key = vec![brand.as_str().into(), list.as_str().into(), code.into()];
    let rows = vec![RowOp::delete::<reason_mappings::Entity>(key)];
    dispatch.desk.record(&call, rows, &DeleteReasonMappingResponse {}, None).await
}
