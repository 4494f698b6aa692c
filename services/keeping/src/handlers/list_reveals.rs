//! `ListReveals`: who was shown something of a case's customer in full.

use parasol_api::admin::v1::{ListRevealsRequest, ListRevealsResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::ids::CaseId;
use tonic::Request;

use crate::reveals::listed;
use crate::{Keeping, store_error};

pub(crate) async fn handle(
    keeping: &Keeping,
    request: Request<ListRevealsRequest>,
) -> Result<ListRevealsResponse, Error> {
    let call = Call::reading(&request, "ListReveals")?;
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &request.get_ref().case_id);
    let (case,) = check.all((case,))?;
    let desk = &keeping.desk;
    desk.case(&call.principal, case).await?;
    let reveals = listed(&desk.store, &[case]).await.map_err(store_error)?;
    Ok(ListRevealsResponse { reveals })
}
