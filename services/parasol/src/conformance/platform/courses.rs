//! Courses as they should be.

use anyhow::ensure;
use parasol_api::common::v1::Stage;

use crate::conformance::checks::Seen;
use crate::conformance::kit::{Filed, Kit};
use crate::conformance::moves;

/// From the offer to the confirmation of the customer.
pub async fn repair(kit: &mut Kit) -> anyhow::Result<Seen> {
    let filed = kit.accepted().await?;
    expect(kit, &filed, Stage::CentreAssigned).await?;
    kit.assign(&filed).await?;
    expect(kit, &filed, Stage::TechnicianAssigned).await?;
    kit.book(&filed).await?;
    expect(kit, &filed, Stage::Appointed).await?;
    let case = kit.case(&filed).await?;
    let technician = kit.technician(&filed).await?;
    let ask = moves::check_in(&technician, &kit.head(&filed), &case.appointment_id);
    kit.moves(&ask).await?;
    expect(kit, &filed, Stage::OnSite).await?;
    let now = kit.now().await?;
    let ask = moves::inspect(&technician, &kit.head(&filed), &filed.unit, now);
    kit.moves(&ask).await?;
    kit.until(&filed, &[Stage::Repairing]).await?;
    let ask = moves::repair(&technician, &kit.head(&filed));
    kit.moves(&ask).await?;
    expect(kit, &filed, Stage::AwaitConfirm).await?;
    let ask = moves::confirm(&filed.customer, &kit.fresh(), &filed.case_id);
    kit.moves(&ask).await?;
    expect(kit, &filed, Stage::Closed).await?;
    Ok(Seen::Held(filed.case_id))
}

/// A declined offer is not made again; the next centre is asked, or the platform decides.
pub async fn decline(kit: &mut Kit) -> anyhow::Result<Seen> {
    let (filed, offer) = kit.offered().await?;
    let ask = moves::decline(&kit.partner.clone(), &kit.head(&filed), &offer.offer_id);
    kit.moves(&ask).await?;
    if kit.goods.centres < 2 {
        kit.until(&filed, &[Stage::Deciding, Stage::Dispatched]).await?;
        return Ok(Seen::Held(format!("{}: only one centre goes there", filed.case_id)));
    }
    let next = kit.offer(&filed, &offer.offer_id).await?;
    ensure!(next.centre != offer.centre, "{} was asked again", offer.centre);
    Ok(Seen::Held(format!("{}: {}, then {}", filed.case_id, offer.centre, next.centre)))
}

async fn expect(kit: &Kit, filed: &Filed, stage: Stage) -> anyhow::Result<()> {
    let (_, now) = kit.stands(filed).await?;
    ensure!(now == stage, "{} is {now:?}, not {stage:?}", filed.case_id);
    Ok(())
}
