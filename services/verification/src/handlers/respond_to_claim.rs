//! `RespondToClaim`: whoever is claimed from accepts or disputes.

use parasol_api::verification::v1::{ClaimResponse, RespondToClaimRequest, RespondToClaimResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use tonic::Request;

use super::claim_act::{Act, perform, remark, target};
use crate::Verification;
use crate::claims::ClaimAct;

pub async fn handle(
    service: &Verification,
    request: Request<RespondToClaimRequest>,
) -> Result<RespondToClaimResponse, Error> {
    let call = Call::changing(&request, "RespondToClaim", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let (claim, etag) = target(&mut check, &request.claim_id, &request.etag);
    let response = check.known::<ClaimResponse>("response", request.response);
    let disputes = response == Some(ClaimResponse::Dispute);
    let remark = remark(&mut check, &request.remark, disputes);
    let (claim, etag, _, remark) = check.all((claim, etag, response, remark))?;
    let act = if disputes { ClaimAct::Dispute } else { ClaimAct::Accept };
    let act = Act { claim, etag, act, remark };
    perform(service, &call, act, |claim| RespondToClaimResponse { claim: Some(claim) }).await
}
