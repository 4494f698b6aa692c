//! `GetClaimEvidence`: a piece of evidence of a claim that somebody has still to make up their mind about.

use futures::StreamExt as _;
use futures::stream::BoxStream;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::intake::v1::{GetEvidenceRequest, GetEvidenceResponse};
use parasol_api::verification::v1::GetClaimEvidenceRequest;
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::ids::{ClaimId, EvidenceId};
use tonic::{Request, Status};

use super::claim_act::seen_claim;
use super::get_claim::{evidence, is_open};
use crate::Verification;

/// The content, piece by piece.
pub type Content = BoxStream<'static, Result<GetEvidenceResponse, Status>>;

pub async fn handle(
    service: &Verification,
    request: Request<GetClaimEvidenceRequest>,
) -> Result<Content, Error> {
    let call = Call::reading(&request, "GetClaimEvidence")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let claim = check.id::<ClaimId>("claim_id", &request.claim_id);
    let piece = check.id::<EvidenceId>("evidence_id", &request.evidence_id);
    let (claim, piece) = check.all((claim, piece))?;
    let hidden = || Error::new(Reason::NotFound);
    let claim = seen_claim(service, &call, claim).await?;
    if !is_open(&claim) {
        return Err(hidden());
    }
    // Intake lets the platform see every piece: whether it is one of this case is ours to see to.
    let evidence_id = piece.to_string();
    let of_case = evidence(service, &claim).await?;
    if !of_case.iter().any(|one| one.evidence_id == evidence_id) {
        return Err(hidden());
    }
    let intake = service.intake.clone().ok_or_else(hidden)?;
    let mut intake = IntakeServiceClient::new(intake);
    let content = intake.get_evidence(GetEvidenceRequest { evidence_id }).await;
    let content = content.map_err(|status| Error::from_status(&status))?;
    Ok(content.into_inner().boxed())
}
