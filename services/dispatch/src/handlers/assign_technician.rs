//! `AssignTechnician`.

use parasol_api::partner::v1::{AssignTechnicianRequest, AssignTechnicianResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::ids::{CentreId, TechnicianId};
use tonic::Request;

use super::assignment::{Assignment, assign, helper};
use super::lookups::may_name;
use crate::Dispatch;
use crate::partner::Partner;
use crate::stamp::stamp;

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<AssignTechnicianRequest>,
) -> Result<AssignTechnicianResponse, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "AssignTechnician", &body.request_id)?;
    let mut check = Checker::new();
    let stamp = stamp!(&mut check, request, dispatch.desk.clock.now());
    let technician = check.id::<TechnicianId>("technician", &body.technician);
    let helper = helper(&mut check, &body.helper, &body.technician);
    let centre = check.optional_id::<CentreId>("centre", &body.centre);
    let (stamp, technician, helper, centre) = check.all((stamp, technician, helper, centre))?;
    let partner = Partner::of(&call.principal)?;
    let centre = match centre {
        Some(centre) => {
            let known = may_name(dispatch, &partner, &centre).await?;
            Some((centre, known))
        }
        None => None,
    };
    let principal = call.principal.clone();
    let (again, rows) = (false, Vec::new());
    let assignment = Assignment { principal, technician, helper, centre, again, rows };
    assign(dispatch, &call, &stamp, assignment).await
}
