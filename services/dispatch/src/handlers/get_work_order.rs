//! `GetWorkOrder`: one work order as the caller may see it now.

use parasol_api::partner::v1::get_work_order_request::Key;
use parasol_api::partner::v1::{GetWorkOrderRequest, WorkOrder};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::ids::{CaseId, WorkOrderId};
use parasol_runtime::identity::{Principal, Role};
use sea_orm::EntityTrait;
use tonic::Request;

use crate::tables::work_orders;
use crate::views::{Views, work_order};
use crate::{Dispatch, unreadable};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<GetWorkOrderRequest>,
) -> Result<WorkOrder, Error> {
    let call = Call::reading(&request, "GetWorkOrder")?;
    let id = match &request.get_ref().key {
        Some(Key::WorkOrderId(id)) => {
            let mut check = Checker::new();
            let id = check.id::<WorkOrderId>("work_order_id", id);
            check.all((id,))?.0
        }
        Some(Key::CaseId(case)) => {
            let mut check = Checker::new();
            let case = check.id::<CaseId>("case_id", case);
            let (case,) = check.all((case,))?;
            let case = dispatch.desk.case(&call.principal, case).await?;
            let live = case.work_order.as_ref().map(|order| order.id);
            live.ok_or_else(|| Error::new(Reason::NotFound))?
        }
        None => {
            let expected = "a work order or a case";
            return Err(Error::field("key", Reason::FieldInvalid, expected).message(expected));
        }
    };
    let desk = dispatch.desk.within(&call.principal);
    let row = work_orders::Entity::find_by_id(id.uuid()).one(desk.store.reader()).await;
    let row = row.map_err(unreadable)?.filter(|row| is_of(&call.principal, row));
    let row = row.ok_or_else(|| Error::new(Reason::NotFound))?;
    let views = Views::of_work_order(&desk, &row).await?;
    Ok(work_order(&row, &views))
}

/// Whose work it is. A technician who was replaced has it no longer.
fn is_of(principal: &Principal, row: &work_orders::Model) -> bool {
    let subject = principal.subject.as_str();
    match principal.role {
        Role::Brand => row.brand == subject,
        Role::Centre => row.centre == subject,
        Role::Technician => row.technician == subject,
        _ => false,
    }
}
