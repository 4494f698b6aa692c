//! `RespondToClaim`: whoever is claimed from accepts or disputes.

use parasol_api::verification::v1::{
    ApprovedLine, ClaimResponse, RespondToClaimRequest, RespondToClaimResponse,
};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use tonic::Request;

use super::claim_act::{Act, perform, remark, target};
use crate::Verification;
use crate::claims::ClaimAct;

/// Lines of a claim that are approved one by one.
const APPROVED_MAX: usize = 50;

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
    let cuts = cuts(&mut check, &request.approved, disputes);
    let must = disputes || !request.approved.is_empty();
    let remark = remark(&mut check, &request.remark, must);
    let (claim, etag, _, remark, cuts) = check.all((claim, etag, response, remark, cuts))?;
    let act = if disputes { ClaimAct::Dispute } else { ClaimAct::Accept };
    let act = Act { claim, etag, act, remark, cuts };
    let answer = |claim| RespondToClaimResponse { claim: Some(claim) };
    perform(service, &call, act, answer, |answer| answer.claim.as_mut()).await
}

/// What is approved of which lines, when it is accepted.
fn cuts(check: &mut Checker, approved: &[ApprovedLine], disputes: bool) -> Option<Vec<(i64, i64)>> {
    if disputes && !approved.is_empty() {
        return check.refuse("approved", Reason::FieldInvalid, "nothing where it is disputed");
    }
    if approved.len() > APPROVED_MAX {
        let expected = format!("at most {APPROVED_MAX} lines");
        return check.refuse("approved", Reason::FieldTooLong, &expected);
    }
    let cut = |line: &ApprovedLine| {
        let fen = check.money("approved", &line.amount)?;
        let fen = check.number("approved", fen, 0..=i64::MAX)?;
        Some((i64::from(line.number), fen))
    };
    approved.iter().map(cut).collect()
}
