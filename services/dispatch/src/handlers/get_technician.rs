//! `GetTechnician`.

use parasol_api::admin::v1::{GetTechnicianRequest, Technician};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::ids::TechnicianId;
use tonic::Request;

use super::lookups::{technician, visible_centre};
use crate::Dispatch;
use crate::network::to_technician;

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<GetTechnicianRequest>,
) -> Result<Technician, Error> {
    let call = Call::reading(&request, "GetTechnician")?;
    let mut check = Checker::new();
    let id = check.id::<TechnicianId>("technician", &request.get_ref().technician);
    let (id,) = check.all((id,))?;
    let unknown = || Error::new(Reason::NotFound);
    let row = technician(dispatch, &id).await?.ok_or_else(unknown)?;
    let centre = visible_centre(dispatch, &call.principal, &row.centre).await?;
    centre.map(|_| to_technician(row)).ok_or_else(unknown)
}
