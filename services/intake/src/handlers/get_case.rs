//! `GetCase`: one case as its reader may see it.

use parasol_api::intake::v1::{Case, GetCaseRequest};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Result};
use parasol_journey::ids::CaseId;
use tonic::Request;

use crate::{Intake, views};

pub(crate) async fn handle(intake: &Intake, request: Request<GetCaseRequest>) -> Result<Case> {
    let call = Call::reading(&request, "GetCase")?;
    let wire = request.into_inner();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &wire.case_id);
    let language = check.language(&wire.language);
    let (case, language) = check.all((case, language))?;

    let case = intake.desk.case(&call.principal, case).await?;
    let id = case.id.uuid();
    let shown = views::show(intake, &call.principal, &[case], language).await?;
    let shown = shown.into_iter().next();
    let mut shown = shown.ok_or_else(|| Error::internal("one case is shown as one"))?;
    views::explain_quote(intake, id, &mut shown).await?;
    Ok(shown)
}
