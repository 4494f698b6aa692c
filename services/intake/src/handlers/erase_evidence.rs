//! `EraseEvidence`: the photos and films of a case that has ended are erased.
//!
//! The rows go in one commit, with the answer. The content goes after it; what a process that dies leaves there is
//! nobody's, and the sweep takes it.

use std::collections::BTreeSet;

use parasol_api::intake::v1::{EraseEvidenceRequest, EraseEvidenceResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::ids::CaseId;
use tonic::Request;

use crate::{Intake, evidence, unreadable};

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<EraseEvidenceRequest>,
) -> Result<EraseEvidenceResponse, Error> {
    let call = Call::changing(&request, "EraseEvidence", &request.get_ref().request_id)?;
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &request.get_ref().case_id);
    let (case,) = check.all((case,))?;
    let desk = &intake.desk;
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let case = desk.case(&call.principal, case).await?;
    if !case.stage.is_ended() {
        return Err(Error::field("case_id", Reason::FieldInvalid, "a case that has ended"));
    }
    let pieces = evidence::of_case(&desk.store, case.id).await?;
    let mut rows = Vec::new();
    for piece in &pieces {
        let look = evidence::look(&desk.store, piece).await?;
        rows.extend(evidence::erased(piece, look));
    }
    // The database puts aside what a hold is on; how many those are after this follows from whether one is.
    let erased = i32::try_from(pieces.len()).unwrap_or(i32::MAX);
    let is_held = !desk.store.held(&[case.id.uuid()]).await.map_err(unreadable)?.is_empty();
    let answer = EraseEvidenceResponse { erased, withheld: if is_held { erased } else { 0 } };
    let answer = desk.record(&call, rows, &answer, None).await?;
    let contents: BTreeSet<_> = pieces.into_iter().map(|piece| piece.stored).collect();
    for sha256 in contents {
        let removed = evidence::remove(&desk.store, &intake.archive.shelf, &sha256).await;
        if let Err(error) = removed {
            tracing::warn!(case = %case.id, %error, "content of erased evidence is left to the sweep");
        }
    }
    Ok(answer)
}
