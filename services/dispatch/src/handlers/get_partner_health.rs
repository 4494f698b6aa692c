//! `GetPartnerHealth`: how a partner can be reached.

use parasol_api::admin::v1::{GetPartnerHealthRequest, PartnerHealth, PartnerState};
use parasol_api::convert::to_timestamp;
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::ids::{BrandId, CentreId};
use parasol_runtime::identity::Role;
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait as _, QueryFilter};
use tonic::Request;

use super::lookups::owner;
use super::put_reroute_rule::duration;
use crate::health::healths;
use crate::partner::Partner;
use crate::tables::{centres, offers, reroute_rules, webhooks};
use crate::{Dispatch, unreadable};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<GetPartnerHealthRequest>,
) -> Result<PartnerHealth, Error> {
    let call = Call::reading(&request, "GetPartnerHealth")?;
    let body = request.get_ref();
    let mut check = Checker::new();
    let brand = check.optional_id::<BrandId>("brand", &body.brand);
    let centre = check.optional_id::<CentreId>("centre", &body.centre);
    let (brand, centre) = check.all((brand, centre))?;
    let owner = owner(dispatch, &call.principal, brand, centre).await?;
    let reader = dispatch.desk.store.reader();
    let of = Condition::all()
        .add(webhooks::Column::Role.eq(owner.role.as_str()))
        .add(webhooks::Column::Subject.eq(&*owner.subject));
    let health = healths(dispatch, of).await?.of(owner.role, &owner.subject);
    let down_since = health.down_since(dispatch.desk.clock.now());
    let waiting = offers::Entity::find()
        .filter(Partner::of(&owner)?.offers())
        .filter(offers::Column::Open.eq(1))
        .count(reader)
        .await
        .map_err(unreadable)?;
    let brand = match owner.role {
        Role::Centre => {
            let row = centres::Entity::find_by_id(&*owner.subject).one(reader).await;
            row.map_err(unreadable)?.map(|row| row.brand).unwrap_or_default()
        }
        _ => owner.subject.clone(),
    };
    let rule = reroute_rules::Entity::find_by_id(brand).one(reader).await.map_err(unreadable)?;
    let state = match (health.webhooks, down_since) {
        (0, _) => PartnerState::Unknown,
        (_, Some(_)) => PartnerState::Down,
        (_, None) => PartnerState::Up,
    };
    let subject =
        |role: Role| if owner.role == role { owner.subject.clone() } else { String::new() };
    Ok(PartnerHealth {
        brand: subject(Role::Brand),
        centre: subject(Role::Centre),
        state: state.into(),
        down_since: down_since.map(to_timestamp),
        webhooks: i32::try_from(health.webhooks).unwrap_or(i32::MAX),
        webhooks_down: i32::try_from(health.down).unwrap_or(i32::MAX),
        offers_waiting: i64::try_from(waiting).unwrap_or(i64::MAX),
        reroute_after: rule.and_then(|rule| duration(rule.after)),
    })
}
