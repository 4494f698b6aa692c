//! One act on a claim by a caller: found, checked, written once.

use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::verification::v1::Claim as WireClaim;
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::ids::ClaimId;
use prost::Message;
use serde_json::json;

use super::{partner, store_error};
use crate::claims::lines::{self, Line};
use crate::claims::store::{acted, find};
use crate::claims::{Claim, ClaimAct, ClaimKind, ClaimState};
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
    /// How much of which lines is approved, where that is less than the whole.
    pub cuts: Vec<(i64, i64)>,
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

/// Does it, and answers with the claim after it and what was said now. `answer` makes the answer and `claim_of` finds the
/// claim in it: words lie in the vault alone, so the answer is saved without them and they are put in each time, from the
/// request.
///
/// # Errors
/// `NOT_FOUND` for another's claim, `VERSION_CONFLICT`, `CLAIM_NOT_OPEN`, and what the store says.
pub async fn perform<M: Message + Default>(
    service: &Verification,
    call: &Call,
    act: Act,
    answer: impl Fn(WireClaim) -> M,
    claim_of: impl Fn(&mut M) -> Option<&mut WireClaim>,
) -> Result<M, Error> {
    let remark = act.remark.clone();
    let saying = |mut saved: M| {
        if let Some(claim) = claim_of(&mut saved) {
            claim.remark.clone_from(&remark);
        }
        saved
    };
    if let Some(saved) = service.desk.saved(call).await? {
        return Ok(saying(saved));
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
    let store = &service.desk.store;
    let lines = lines::of(store, &claim).await.map_err(store_error)?;
    let amount_fen = approved(&claim, &lines, &act)?;
    let acted_on = claim.act_for(act.act, amount_fen, now).filter(|_| !(is_late && by_partner));
    let Some((after, posting)) = acted_on else {
        return Err(Error::new(Reason::ClaimNotOpen).with("state", claim.state.to_string()));
    };
    let lines = lines::after(&lines, after.state, &act.cuts);
    let by = call.principal.to_string();
    let mut rows = acted(&after, act.act, &by, posting, &lines);
    if !act.remark.is_empty() {
        let body = json!({ "text": act.remark, "by": by });
        rows.push(certificates::words(after.id.uuid(), settlement_views::SAID, &body, now));
    }
    let wire = answer(settlement_views::saying(&after, String::new(), &lines));
    let saved = service.desk.record(call, rows, &wire, Reason::VersionConflict).await?;
    Ok(saying(saved))
}

/// What the claim comes to with what is approved of its lines.
fn approved(claim: &Claim, lines: &[Line], act: &Act) -> Result<i64, Error> {
    if act.cuts.is_empty() {
        return Ok(claim.amount_fen);
    }
    let refused = |expected: &str| Err(Error::field("approved", Reason::FieldInvalid, expected));
    if claim.kind != ClaimKind::Repair {
        return refused("nothing: only repairs under warranty are approved line by line");
    }
    let mut total_fen = claim.amount_fen;
    for (place, (number, fen)) in act.cuts.iter().enumerate() {
        let is_twice = act.cuts[..place].iter().any(|(other, _)| other == number);
        let line = lines.iter().find(|line| line.number == *number).filter(|_| !is_twice);
        let Some(line) = line.filter(|line| *fen <= line.requested_fen()) else {
            return refused("lines of the claim, each once, with at most what was requested");
        };
        total_fen -= line.requested_fen() - fen;
    }
    if total_fen > 0 { Ok(total_fen) } else { refused("something: a claim of nothing is disputed") }
}

/// A claim that the caller may answer.
async fn own_claim(service: &Verification, call: &Call, id: ClaimId) -> Result<Claim, Error> {
    let own = partner::own(&call.principal)?;
    let seen = service.desk.within(&call.principal).store;
    let found = find(&seen, id).await.map_err(store_error)?;
    let is_own = |claim: &Claim| own.as_ref().is_none_or(|own| *own == claim.liable);
    found.filter(is_own).ok_or_else(|| Error::new(Reason::NotFound))
}

/// A claim that the caller may read: one on the caller, or raised for the caller.
///
/// # Errors
/// `NOT_FOUND` for another's, and what the store says.
pub async fn seen_claim(service: &Verification, call: &Call, id: ClaimId) -> Result<Claim, Error> {
    let own = partner::own(&call.principal)?;
    let seen = service.desk.within(&call.principal).store;
    let found = find(&seen, id).await.map_err(store_error)?;
    let sees = |claim: &Claim| {
        own.as_ref().is_none_or(|own| *own == claim.liable || claim.payee.as_ref() == Some(own))
    };
    found.filter(sees).ok_or_else(|| Error::new(Reason::NotFound))
}
