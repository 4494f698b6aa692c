//! `ResolveClaim`: finance upholds a disputed claim, or withdraws one.

use parasol_api::verification::v1::{ClaimResolution, ResolveClaimRequest, ResolveClaimResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use tonic::Request;

use super::claim_act::{Act, perform, remark, target};
use crate::Verification;
use crate::claims::ClaimAct;

pub async fn handle(
    service: &Verification,
    request: Request<ResolveClaimRequest>,
) -> Result<ResolveClaimResponse, Error> {
    let call = Call::changing(&request, "ResolveClaim", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let (claim, etag) = target(&mut check, &request.claim_id, &request.etag);
    let resolution = check.known::<ClaimResolution>("resolution", request.resolution);
    let remark = remark(&mut check, &request.remark, true);
    let (claim, etag, resolution, remark) = check.all((claim, etag, resolution, remark))?;
    let act = match resolution {
        ClaimResolution::Uphold => ClaimAct::Uphold,
        _ => ClaimAct::Withdraw,
    };
    let act = Act { claim, etag, act, remark, cuts: Vec::new() };
    let answer = |claim| ResolveClaimResponse { claim: Some(claim) };
    perform(service, &call, act, answer, |answer| answer.claim.as_mut()).await
}
