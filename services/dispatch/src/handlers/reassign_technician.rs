//! `ReassignTechnician`: another one comes; what was booked is released.

use parasol_api::limits::REMARK_MAX;
use parasol_api::partner::v1::{
    AssignTechnicianResponse, ReassignTechnicianRequest, ReassignTechnicianResponse,
};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::ids::TechnicianId;
use tonic::Request;

use super::assignment::{Assignment, assign, helper};
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
    let helper = helper(&mut check, &body.helper, &body.technician);
    let reason = check.text("reason", &body.reason, REMARK_MAX);
    let (stamp, technician, helper, reason) = check.all((stamp, technician, helper, reason))?;
    Partner::of(&call.principal)?;
    let principal = call.principal.clone();
    let rows = remark(stamp.case.uuid(), "reassign_reason", &reason, now).into_iter().collect();
    let (centre, again) = (None, true);
    let assignment = Assignment { principal, technician, helper, centre, again, rows };
    let AssignTechnicianResponse { case, effect } =
        assign(dispatch, &call, &stamp, assignment).await?;
    Ok(ReassignTechnicianResponse { case, effect })
}
