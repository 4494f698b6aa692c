//! `GetCentre`.

use parasol_api::admin::v1::{Centre, GetCentreRequest};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::ids::CentreId;
use tonic::Request;

use super::lookups::visible_centre;
use crate::Dispatch;
use crate::network::to_centre;

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<GetCentreRequest>,
) -> Result<Centre, Error> {
    let call = Call::reading(&request, "GetCentre")?;
    let mut check = Checker::new();
    let id = check.id::<CentreId>("centre", &request.get_ref().centre);
    let (id,) = check.all((id,))?;
    let row = visible_centre(dispatch, &call.principal, id.as_str()).await?;
    row.map(to_centre).ok_or_else(|| Error::new(Reason::NotFound))
}
