//! What belongs to others, and whoever may not call at all.

use anyhow::{bail, ensure};
use parasol_api::admin::v1::GetOverviewRequest;
use parasol_api::partner::v1::{
    FindSlotsRequest, GetWorkOrderRequest, get_work_order_request::Key,
};
use parasol_api::{Error, Reason};
use parasol_runtime::identity::{Principal, Role};
use prost::Message as _;
use uuid::Uuid;

use crate::conformance::checks::Seen;
use crate::conformance::kit::{Filed, Kit};
use crate::conformance::moves::{self, Ask};

/// Another brand asks for, and acts on, a case of this one: as if there were none.
pub async fn unknown(kit: &mut Kit) -> anyhow::Result<Seen> {
    let (filed, offer) = kit.offered().await?;
    let before = kit.stands(&filed).await?;
    let nothing = kit.fresh();
    let nothing = Uuid::parse_str(&nothing)?.simple().to_string();
    let not_there = Filed { case_id: format!("case_{nothing}"), ..filed.clone() };
    let no_offer = format!("offer_{nothing}");
    let theirs = asks(kit, &filed, &offer.offer_id);
    let nobodys = asks(kit, &not_there, &no_offer);
    let tried = theirs.len();
    for (theirs, nobodys) in theirs.into_iter().zip(nobodys) {
        let (Err(one), Err(other)) = (kit.send(&theirs).await, kit.send(&nobodys).await) else {
            bail!("{} answers another brand", theirs.path);
        };
        let (one, other) = (Error::from_status(&one), Error::from_status(&other));
        ensure!(
            one.reason() == Reason::NotFound && one.to_string() == other.to_string(),
            "{}: {one} for another's, {other} for what is not there",
            theirs.path
        );
    }
    ensure!(before == kit.stands(&filed).await?, "{}: another brand moved it", filed.case_id);
    Ok(Seen::Held(format!("{}: {tried} methods", filed.case_id)))
}

/// What another brand tries.
fn asks(kit: &mut Kit, filed: &Filed, offer: &str) -> Vec<Ask> {
    let stranger = kit.stranger.clone();
    let case_id = filed.case_id.clone();
    let read = GetWorkOrderRequest { key: Some(Key::CaseId(case_id.clone())) };
    let slots = FindSlotsRequest { case_id, ..Default::default() };
    let mut asks = vec![
        moves::accept(&stranger, &kit.head(filed), offer),
        moves::decline(&stranger, &kit.head(filed), offer),
        moves::assign(&stranger, &kit.head(filed), "somebody"),
        moves::repair(&stranger, &kit.head(filed)),
    ];
    for (path, body) in [
        ("/parasol.partner.v1.OfferService/GetWorkOrder", read.encode_to_vec()),
        ("/parasol.partner.v1.AppointmentService/FindSlots", slots.encode_to_vec()),
    ] {
        asks.push(Ask { player: stranger.clone(), path, body });
    }
    asks
}

/// Another brand's list of everything that is open.
pub async fn list(kit: &mut Kit) -> anyhow::Result<Seen> {
    let told = kit.changes(&kit.stranger, "", 200).await?;
    let theirs = told.iter().find(|(name, _)| {
        kit.cases.iter().any(|filed| name.split(' ').next() == Some(filed.case_id.as_str()))
    });
    if let Some((name, _)) = theirs {
        bail!("another brand is shown {name}");
    }
    Ok(Seen::Held(format!("{} changes, none of {} cases", told.len(), kit.cases.len())))
}

/// Methods of the customer, the operator and the retailer.
pub async fn role(kit: &mut Kit) -> anyhow::Result<Seen> {
    let filed = kit.file().await?;
    let partner = kit.partner.clone();
    let overview = GetOverviewRequest::default().encode_to_vec();
    let id = kit.fresh();
    let asks = [
        moves::file(&partner, &id, &filed.unit),
        moves::confirm(&partner, &id, &filed.case_id),
        Ask {
            player: partner,
            path: "/parasol.admin.v1.OperationsService/GetOverview",
            body: overview,
        },
    ];
    for ask in &asks {
        kit.refused(ask, Reason::PermissionDenied).await?;
    }
    Ok(Seen::Held(format!("{} methods", asks.len())))
}

/// No credential, and one that nobody signed.
pub async fn credential(kit: &mut Kit) -> anyhow::Result<Seen> {
    let path = "/parasol.partner.v1.OfferService/ListWorkOrders";
    let ask = Ask { player: kit.partner.clone(), path, body: Vec::new() };
    let good = kit.wire.token(&kit.partner);
    let cut = good.get(..good.len().saturating_sub(4)).unwrap_or_default().to_owned();
    for header in ["", "Bearer nonsense", &format!("Bearer {cut}AAAA")] {
        let Err(status) = kit.wire.raw_as(header, ask.path, ask.body.clone()).await else {
            bail!("{:?} was taken for a credential", header.get(..12).unwrap_or(header));
        };
        kit.count_refusal(&status);
        let error = Error::from_status(&status);
        ensure!(error.reason() == Reason::Unauthenticated, "answered {error}");
    }
    Ok(Seen::Held("3 credentials refused".to_owned()))
}

/// What was refused in the whole run, by reason.
pub async fn reasons(kit: &mut Kit) -> anyhow::Result<Seen> {
    let nobody = Principal::new(Role::Brand, kit.partner.subject.clone());
    let ask = moves::accept(&nobody, &moves::Head::default(), "");
    let Err(status) = kit.send(&ask).await else { bail!("an empty message was taken") };
    ensure!(!Error::from_status(&status).violations().is_empty(), "no field is named");
    let internal = kit.refusals.get(Reason::Internal.code()).copied().unwrap_or_default();
    ensure!(internal == 0, "{internal} refusals carry no registered reason");
    let told: Vec<_> = kit.refusals.iter().map(|(code, count)| format!("{code} {count}")).collect();
    Ok(Seen::Held(told.join(", ")))
}
