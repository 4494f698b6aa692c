//! `ReassignTechnician`: another one comes; what was booked is released.

use parasol_api::limits::REMARK_MAX;
use parasol_api::partner::v1::{
    AssignTechnicianResponse, ReassignTechnicianRequest, ReassignTechnicianResponse,
};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::ids::TechnicianId;
use tonic::Request;

use super::assignment::{Assignment, assign};
use crate::Dispatch;
use crate::partner::Partner;
use crate::stamp::{remark, stamp};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ReassignTechnicianRequest>,
) -> Result<ReassignTechnicianResponse, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "ReassignTechnician", &body.request_id)?;
    let now = dispatch.desk.clock.now();
    let mut check = Checker::new();
    let stamp = stamp!(&mut check, request, now);
    let technician = check.id::<TechnicianId>("technician", &body.technician);
    let reason = check.text("reason", &body.reason, REMARK_MAX);
    let (stamp, technician, reason) = check.all((stamp, technician, reason))?;
    Partner::of(&call.principal)?;
    let principal = call.principal.clone();
    let rows = remark(stamp.case.uuid(), "reassign_reason", &reason, now).into_iter().collect();
    let assignment = Assignment { principal, technician, centre: None, again: true, rows };
    let AssignTechnicianResponse { case, effect } =
        assign(dispatch, &call, &stamp, assignment).await?;
    Ok(ReassignTechnicianResponse { case, effect })
}
