//! Messages out of time: too late, too early, overtaken, and with a clock that is wrong.

use anyhow::{Context as _, ensure};
use parasol_api::Reason;
use parasol_api::common::v1::MessageEffect;
use parasol_api::convert::etag;
use parasol_journey::time::Span;
use prost::Message as _;

use crate::conformance::checks::Seen;
use crate::conformance::kit::Kit;
use crate::conformance::moves::{self, Ask, Head, Moved};

/// An answer to an offer that was declined before.
pub async fn superseded(kit: &mut Kit) -> anyhow::Result<Seen> {
    let (filed, offer) = kit.offered().await?;
    let partner = kit.partner.clone();
    let ask = moves::decline(&partner, &kit.head(&filed), &offer.offer_id);
    kit.moves(&ask).await?;
    let is_next = kit.goods.centres > 1;
    if is_next {
        // Until then the case moves by itself.
        kit.offer(&filed, &offer.offer_id).await?;
    }
    let ask = moves::accept(&partner, &kit.head(&filed), &offer.offer_id);
    let before = kit.stands(&filed).await?;
    kept(kit, &ask).await?;
    let after = kit.stands(&filed).await?;
    ensure!(!is_next || before.1 == after.1, "{}: the late answer moved it", filed.case_id);
    Ok(Seen::Held(format!("{} {}", filed.case_id, offer.offer_id)))
}

/// A write over a version that is not the current one.
pub async fn version(kit: &mut Kit) -> anyhow::Result<Seen> {
    let filed = kit.accepted().await?;
    let before = kit.stands(&filed).await?;
    let head = Head { etag: etag(before.0 - 1), ..kit.head(&filed) };
    let ask = moves::assign(&kit.partner.clone(), &head, "whoever");
    let error = kit.refused(&ask, Reason::VersionConflict).await?;
    let told = error.metadata().get("current_etag").cloned().unwrap_or_default();
    ensure!(told == etag(before.0), "{}: told version {told:?}, not {}", filed.case_id, before.0);
    ensure!(before == kit.stands(&filed).await?, "{}: the refused write moved it", filed.case_id);
    Ok(Seen::Held(format!("{} at {}", filed.case_id, told)))
}

/// A repair before anybody has accepted.
pub async fn early(kit: &mut Kit) -> anyhow::Result<Seen> {
    let (filed, _) = kit.offered().await?;
    let before = kit.stands(&filed).await?;
    let ask = moves::repair(&kit.partner.clone(), &kit.head(&filed));
    let error = kit.refused(&ask, Reason::IllegalTransition).await?;
    ensure!(before == kit.stands(&filed).await?, "{}: the early step moved it", filed.case_id);
    let open = error.metadata().get("open").cloned().unwrap_or_default();
    Ok(Seen::Held(format!("{}: open are {open}", filed.case_id)))
}

/// A message that was numbered before one that was already applied.
pub async fn sequence(kit: &mut Kit) -> anyhow::Result<Seen> {
    let (filed, offer) = kit.offered().await?;
    let partner = kit.partner.clone();
    let newer = Head { sequence: 5, ..kit.head(&filed) };
    kit.moves(&moves::accept(&partner, &newer, &offer.offer_id)).await?;
    let (_, before) = kit.stands(&filed).await?;
    let technician = kit.somebody(&filed).await?;
    let older = Head { sequence: 3, ..kit.head(&filed) };
    kept(kit, &moves::assign(&partner, &older, &technician)).await?;
    let (_, after) = kit.stands(&filed).await?;
    ensure!(before == after, "{}: the older message moved it", filed.case_id);
    let newest = Head { sequence: 6, ..kit.head(&filed) };
    kit.moves(&moves::assign(&partner, &newest, &technician)).await?;
    Ok(Seen::Held(format!("{}: 5 applied, 3 kept, 6 applied", filed.case_id)))
}

/// A partner whose clock is ahead.
pub async fn future(kit: &mut Kit) -> anyhow::Result<Seen> {
    let (filed, offer) = kit.offered().await?;
    let before = kit.stands(&filed).await?;
    let head = Head { occurred_at: Some(kit.now().await? + Span::days(1)), ..kit.head(&filed) };
    let ask = moves::accept(&kit.partner.clone(), &head, &offer.offer_id);
    let error = kit.refused(&ask, Reason::FieldInvalid).await?;
    let field = error.violations().first().map(|one| one.field.clone());
    ensure!(field.as_deref() == Some("occurred_at"), "the field named is {field:?}");
    ensure!(before == kit.stands(&filed).await?, "{}: the refused message moved it", filed.case_id);
    Ok(Seen::Held(filed.case_id))
}

/// A partner that tells later what it did earlier.
pub async fn past(kit: &mut Kit) -> anyhow::Result<Seen> {
    let (filed, offer) = kit.offered().await?;
    let at = offer.offered_at.as_ref().and_then(parasol_api::convert::timestamp);
    let at = at.context("an offer says when it was made")?;
    let head = Head { occurred_at: Some(at), ..kit.head(&filed) };
    kit.moves(&moves::accept(&kit.partner.clone(), &head, &offer.offer_id)).await?;
    Ok(Seen::Held(format!("{} at {at}", filed.case_id)))
}

/// Sends a message that has to be kept as evidence.
async fn kept(kit: &mut Kit, ask: &Ask) -> anyhow::Result<()> {
    let body = kit.send(ask).await.with_context(|| ask.path.to_owned())?;
    let effect = Moved::decode(body.as_slice())?.effect;
    let is_kept = effect == i32::from(MessageEffect::KeptAsEvidence);
    ensure!(is_kept, "{} had effect {effect}, it was not kept as evidence", ask.path);
    Ok(())
}
