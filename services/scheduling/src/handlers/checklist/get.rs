//! `GetChecklist`: a form by its name.

use parasol_api::admin::v1::GetChecklistRequest;
use parasol_api::common::v1::Checklist;
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use tonic::Request;

use crate::Scheduling;
use crate::checklists::{publish, shelf};
use crate::report::not_found;

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<GetChecklistRequest>,
) -> Result<Checklist, Error> {
    Call::reading(&request, "GetChecklist")?;
    let mut check = Checker::new();
    let name = publish::name(&mut check, &request.get_ref().checklist);
    let (name,) = check.all((name,))?;
    let form = shelf::form(&scheduling.desk.store, &name).await?;
    Ok(form.ok_or_else(not_found)?.into_wire())
}
