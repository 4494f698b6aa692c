//! `ListEvidence`: the photos and films of a case that the caller may see.

use parasol_api::Checker;
use parasol_api::intake::v1::{ListEvidenceRequest, ListEvidenceResponse};
use parasol_desk::{Call, Result};
use parasol_journey::ids::CaseId;
use tonic::Request;

use crate::{Intake, evidence};

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<ListEvidenceRequest>,
) -> Result<ListEvidenceResponse> {
    let call = Call::reading(&request, "ListEvidence")?;
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &request.get_ref().case_id);
    let (case,) = check.all((case,))?;
    let desk = &intake.desk;
    let case = desk.case(&call.principal, case).await?;
    let is_told = evidence::is_of_the_platform(&call.principal);
    let mut answer = ListEvidenceResponse::default();
    let own = desk.within(&call.principal).store;
    for piece in evidence::of_case(&own, case.id).await? {
        if !evidence::sees(&call.principal, &case, &piece) {
            continue;
        }
        let seen = is_told && {
            let look = evidence::look(&desk.store, &piece).await?;
            evidence::seen_elsewhere(&desk.store, &piece, look).await?
        };
        answer.evidence.push(evidence::shown(&piece, seen));
    }
    Ok(answer)
}
