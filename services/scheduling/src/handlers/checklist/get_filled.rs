//! `GetFilledChecklist`: what was filled with a certificate.

use parasol_api::admin::v1::{GetFilledChecklistRequest, GetFilledChecklistResponse};
use parasol_api::convert::to_timestamp;
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::ids::{CaseId, CertificateId};
use tonic::Request;

use crate::Scheduling;
use crate::checklists::shelf;
use crate::report::{not_found, takes_part};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<GetFilledChecklistRequest>,
) -> Result<GetFilledChecklistResponse, Error> {
    let call = Call::reading(&request, "GetFilledChecklist")?;
    let message = request.get_ref();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &message.case_id);
    let certificate = check.id::<CertificateId>("certificate_id", &message.certificate_id);
    let (case, certificate) = check.all((case, certificate))?;

    let desk = &scheduling.desk;
    let case = desk.case(&call.principal, case).await?;
    if !takes_part(&call.principal, &case) {
        return Err(not_found());
    }
    let filled = shelf::filled(&desk.store, case.id, certificate).await?;
    let (filled, at) = filled.ok_or_else(not_found)?;
    Ok(GetFilledChecklistResponse { filled: Some(filled), filled_at: Some(to_timestamp(at)) })
}
