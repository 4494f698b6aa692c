//! `GetClaim`: one claim, with its lines, what was done to it, and the evidence of its case.

use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::intake::v1::{Evidence, ListEvidenceRequest};
use parasol_api::verification::v1::{GetClaimRequest, GetClaimResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::ids::ClaimId;
use tonic::Request;

use super::claim_act::seen_claim;
use super::store_error;
use crate::claims::{Claim, ClaimState, lines, store};
use crate::{Verification, settlement_views};

/// Acts on a claim that are told; a claim sees a handful.
const STEPS_MAX: usize = 50;

pub async fn handle(
    service: &Verification,
    request: Request<GetClaimRequest>,
) -> Result<GetClaimResponse, Error> {
    let call = Call::reading(&request, "GetClaim")?;
    let mut check = Checker::new();
    let id = check.id::<ClaimId>("claim_id", &request.get_ref().claim_id);
    let (id,) = check.all((id,))?;
    let claim = seen_claim(service, &call, id).await?;
    let desk = &service.desk;
    let lines = lines::of(&desk.store, &claim).await.map_err(store_error)?;
    let steps = store::steps(&desk.store, id).await.map_err(store_error)?;
    let shown = settlement_views::claim(&desk.store, &claim, &lines).await.map_err(store_error)?;
    let evidence = match is_open(&claim) {
        true => evidence(service, &claim).await?,
        false => Vec::new(),
    };
    Ok(GetClaimResponse {
        claim: Some(shown),
        steps: steps.into_iter().take(STEPS_MAX).map(settlement_views::claim_step).collect(),
        evidence,
    })
}

/// Whether somebody has still to make up their mind about a claim, and so may see what it rests on.
pub fn is_open(claim: &Claim) -> bool {
    matches!(claim.state, ClaimState::Raised | ClaimState::Disputed)
}

/// The photos and films of the case, as intake has them. Whether they were seen in other cases is nothing for
/// partners.
pub async fn evidence(service: &Verification, claim: &Claim) -> Result<Vec<Evidence>, Error> {
    let Some(intake) = service.intake.clone() else { return Ok(Vec::new()) };
    let request = ListEvidenceRequest { case_id: claim.case.to_string() };
    let listed = IntakeServiceClient::new(intake).list_evidence(request).await;
    let listed = listed.map_err(|status| Error::from_status(&status))?.into_inner().evidence;
    let told = |one: Evidence| Evidence { seen_in_another_case: false, ..one };
    Ok(listed.into_iter().map(told).collect())
}
