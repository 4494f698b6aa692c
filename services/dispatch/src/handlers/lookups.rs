//! Rows that several methods look up, always in the caller's scope.

use parasol_api::{Checker, Error, Reason};
use parasol_journey::ids::{BrandId, CaseId, CentreId, OfferId, TechnicianId};
use parasol_runtime::identity::{Principal, Role};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::partner::Partner;
use crate::parts::PartOrderId;
use crate::tables::{brands, centres, offers, part_orders, technicians};
use crate::webhooks::Endpoint;
use crate::{Dispatch, unreadable};

/// The centre of an offer that was really made to this partner, however the offer stands now.
///
/// A live offer is known from its case; only an earlier one has to be looked up.
///
/// # Errors
/// `NOT_FOUND` when there is none, and what the store says.
pub(super) async fn centre_offered(
    dispatch: &Dispatch,
    partner: &Partner,
    case: CaseId,
    offer: OfferId,
) -> Result<String, Error> {
    if let Some(case) = dispatch.desk.submitter.recent_case(case)
        && let Some(live) = case.offer.as_ref().filter(|live| live.id == offer)
    {
        let is_theirs = match partner {
            Partner::Brand(brand) => case.serving_brand().as_str() == brand,
            Partner::Centre(centre) => live.centre.as_str() == centre,
        };
        let centre = live.centre.as_str().to_owned();
        return is_theirs.then_some(centre).ok_or_else(|| Error::new(Reason::NotFound));
    }
    let found = offers::Entity::find_by_id(offer.uuid())
        .filter(offers::Column::CaseId.eq(case.uuid()))
        .filter(partner.offers())
        .one(dispatch.desk.store.reader())
        .await
        .map_err(unreadable)?;
    found.map(|offer| offer.centre).ok_or_else(|| Error::new(Reason::NotFound))
}

/// Whether a centre is one that this partner may name. The step refuses, not the lookup, so that a
/// repetition gets its saved answer whatever has become of the centre since.
///
/// # Errors
/// What the store says.
pub(super) async fn may_name(
    dispatch: &Dispatch,
    partner: &Partner,
    centre: &CentreId,
) -> Result<bool, Error> {
    let brand = match partner {
        Partner::Centre(own) => return Ok(centre.as_str() == own),
        Partner::Brand(brand) => brand,
    };
    let row = centres::Entity::find_by_id(centre.as_str())
        .filter(centres::Column::Brand.eq(brand.as_str()))
        .one(dispatch.desk.store.reader())
        .await
        .map_err(unreadable)?;
    Ok(row.is_some())
}

/// The brand whose network has a case that the caller was found to have a part in: the codes are its own.
///
/// # Errors
/// `NOT_FOUND` when there is none, and what the store says.
pub(super) async fn brand_of(dispatch: &Dispatch, case: CaseId) -> Result<String, Error> {
    let case = dispatch.desk.store.case(case).await.map_err(unreadable)?;
    let case = case.ok_or_else(|| Error::new(Reason::NotFound))?;
    Ok(case.serving_brand().as_str().to_owned())
}

/// A centre as this caller may see it.
pub(super) async fn visible_centre(
    dispatch: &Dispatch,
    principal: &Principal,
    centre: &str,
) -> Result<Option<centres::Model>, Error> {
    let row = centres::Entity::find_by_id(centre).one(dispatch.desk.store.reader()).await;
    let row = row.map_err(unreadable)?;
    Ok(row.filter(|row| match principal.role {
        Role::Brand => row.brand == principal.subject,
        Role::Centre => row.centre == principal.subject,
        _ => true,
    }))
}

/// A technician, whoever employs them.
pub(super) async fn technician(
    dispatch: &Dispatch,
    technician: &TechnicianId,
) -> Result<Option<technicians::Model>, Error> {
    technicians::Entity::find_by_id(technician.as_str())
        .one(dispatch.desk.store.reader())
        .await
        .map_err(unreadable)
}

/// A part order of a case.
///
/// # Errors
/// `NOT_FOUND` when there is none, and what the store says.
pub(super) async fn part_order(
    dispatch: &Dispatch,
    case: CaseId,
    id: PartOrderId,
) -> Result<part_orders::Model, Error> {
    let found = part_orders::Entity::find_by_id(id.0)
        .filter(part_orders::Column::CaseId.eq(case.uuid()))
        .one(dispatch.desk.store.reader())
        .await
        .map_err(unreadable)?;
    found.ok_or_else(|| Error::new(Reason::NotFound))
}

/// The address of a webhook, if it is one that may be sent to. A name is looked at again whenever it is
/// resolved.
pub(super) fn webhook_url(dispatch: &Dispatch, check: &mut Checker, url: String) -> Option<String> {
    match Endpoint::parse(&url, dispatch.reach) {
        Some(_) => Some(url),
        None => {
            let expected = "an https address of the public internet, without user or fragment";
            check.refuse("url", Reason::FieldInvalid, expected)
        }
    }
}

/// Which partner a call is for: the caller itself, or the one an operator names. What is another's is not told
/// from what is not there.
///
/// # Errors
/// `NOT_FOUND`, `BRAND_UNKNOWN`, `CENTRE_UNKNOWN`, `FIELD_INVALID`, and what the store says.
pub(super) async fn owner(
    dispatch: &Dispatch,
    caller: &Principal,
    brand: Option<BrandId>,
    centre: Option<CentreId>,
) -> Result<Principal, Error> {
    if matches!(caller.role, Role::Brand | Role::Centre) {
        let brand = brand.map(|brand| Principal::new(Role::Brand, brand.as_str()));
        let centre = centre.map(|centre| Principal::new(Role::Centre, centre.as_str()));
        let own = Principal::new(caller.role, caller.subject.clone());
        let is_own = brand.iter().chain(&centre).all(|named| *named == own);
        return if is_own { Ok(own) } else { Err(Error::new(Reason::NotFound)) };
    }
    let reader = dispatch.desk.store.reader();
    match (brand, centre) {
        (Some(brand), None) => {
            let row = brands::Entity::find_by_id(brand.as_str()).one(reader).await;
            row.map_err(unreadable)?.ok_or_else(|| Error::new(Reason::BrandUnknown))?;
            Ok(Principal::new(Role::Brand, brand.as_str()))
        }
        (None, Some(centre)) => {
            let row = centres::Entity::find_by_id(centre.as_str()).one(reader).await;
            row.map_err(unreadable)?.ok_or_else(|| Error::new(Reason::CentreUnknown))?;
            Ok(Principal::new(Role::Centre, centre.as_str()))
        }
        _ => Err(Error::field("brand", Reason::FieldInvalid, "either a brand or a centre")),
    }
}
