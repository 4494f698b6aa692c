//! One act on a claim by a caller: found, checked, written once.

use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::verification::v1::Claim as WireClaim;
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::ids::ClaimId;
use prost::Message;
use serde_json::json;

use super::{partner, store_error};
use crate::claims::store::{acted, find};
use crate::claims::{Claim, ClaimAct, ClaimState};
use crate::{Verification, certificates, settlement_views};

/// What a caller does to a claim.
pub struct Act {
    /// Which claim.
    pub claim: ClaimId,
    /// The version the caller insists on.
    pub etag: Option<u64>,
    /// What is done.
    pub act: ClaimAct,
    /// What is said with it; may be empty.
    pub remark: String,
}

/// The fields that every act has.
pub fn target(
    check: &mut Checker,
    claim_id: &str,
    etag: &str,
) -> (Option<ClaimId>, Option<Option<u64>>) {
    (check.id("claim_id", claim_id), check.etag(etag))
}

/// A remark: required where `must` says so.
pub fn remark(check: &mut Checker, text: &str, must: bool) -> Option<String> {
    match must {
        true => check.text("remark", text, LONG_TEXT_MAX),
        false => check.optional_text("remark", text, LONG_TEXT_MAX),
    }
}

/// Does it, and answers with the claim after it.
///
/// # Errors
/// `NOT_FOUND` for another's claim, `VERSION_CONFLICT`, `CLAIM_NOT_OPEN`, and what the store says.
pub async fn perform<M: Message + Default>(
    service: &Verification,
    call: &Call,
    act: Act,
    answer: impl Fn(WireClaim) -> M,
) -> Result<M, Error> {
    if let Some(saved) = service.desk.saved(call).await? {
        return Ok(saved);
    }
    let now = service.desk.clock.now();
    let claim = own_claim(service, call, act.claim).await?;
    let seen = u64::try_from(claim.version).unwrap_or_default();
    if act.etag.is_some_and(|etag| etag != seen) {
        return Err(Error::version_conflict(seen));
    }
    // Silence has accepted by then, whether that was written already or not.
    let is_late = claim.state == ClaimState::Raised && now >= claim.respond_by;
    let by_partner = matches!(act.act, ClaimAct::Accept | ClaimAct::Dispute);
    let acted_on = claim.act(act.act, now).filter(|_| !(is_late && by_partner));
    let Some((after, posting)) = acted_on else {
        return Err(Error::new(Reason::ClaimNotOpen).with("state", claim.state.to_string()));
    };
    let by = call.principal.to_string();
    let mut rows = acted(&after, act.act, &by, posting);
    if !act.remark.is_empty() {
        let body = json!({ "text": act.remark, "by": by });
        rows.push(certificates::words(after.id.uuid(), settlement_views::SAID, &body, now));
    }
    let said = (!act.remark.is_empty()).then_some(act.remark);
    let wire = match said {
        Some(said) => settlement_views::saying(&after, said),
        None => settlement_views::claim(&service.desk.store, &after).await.map_err(store_error)?,
    };
    service.desk.record(call, rows, &answer(wire), Reason::VersionConflict).await
}

async fn own_claim(service: &Verification, call: &Call, id: ClaimId) -> Result<Claim, Error> {
    let own = partner::own(&call.principal)?;
    let found = find(&service.desk.store, id).await.map_err(store_error)?;
    let is_own = |claim: &Claim| own.as_ref().is_none_or(|own| *own == claim.liable);
    found.filter(is_own).ok_or_else(|| Error::new(Reason::NotFound))
}
