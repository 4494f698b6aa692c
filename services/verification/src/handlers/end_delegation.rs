//! `EndDelegation`: what was lent is taken back before its time.

use parasol_api::admin::v1::{EndDelegationRequest, EndDelegationResponse};
use parasol_api::{Checker, Error, Reason, Role};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::ids::DelegationId;
use sea_orm::{EntityTrait, IntoActiveModel};
use tonic::Request;

use super::store_error;
use crate::Verification;
use crate::tables::authority::delegations;

pub async fn handle(
    service: &Verification,
    request: Request<EndDelegationRequest>,
) -> Result<EndDelegationResponse, Error> {
    let call = Call::changing(&request, "EndDelegation", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let id = check.id::<DelegationId>("delegation_id", &request.delegation_id);
    let (id,) = check.all((id,))?;
    let desk = &service.desk;
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let found = delegations::Entity::find_by_id(id.uuid()).one(desk.store.reader()).await;
    let is_theirs = |row: &delegations::Model| {
        call.principal.role == Role::Operator || row.lender == call.principal.subject
    };
    let found = found.map_err(store_error)?.filter(is_theirs);
    let mut row = found.ok_or_else(|| Error::new(Reason::NotFound))?;
    if row.ended_at == 0 {
        row.ended_at = desk.clock.now().micros();
    }
    let put = RowOp::put(row.into_active_model());
    desk.record(&call, vec![put], &EndDelegationResponse {}, None).await
}
