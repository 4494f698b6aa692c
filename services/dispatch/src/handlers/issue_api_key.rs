//! `IssueApiKey`.
//!
//! The saved answer holds no secret: it follows from the key's id, and a repetition is answered with the same one.

use parasol_api::admin::v1::{IssueApiKeyRequest, IssuedApiKey};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::ids::{BrandId, CentreId};
use parasol_journey::time::{SECOND, Span};
use parasol_runtime::identity::api_keys::{fingerprint, text};
use parasol_runtime::identity::{Principal, Role};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel as _, PaginatorTrait, QueryFilter};
use tonic::Request;

use super::lookups::owner;
use crate::api_keys::{KeyId, OF_A_PARTNER_MAX, stamped, view};
use crate::tables::{api_keys, centres};
use crate::{Dispatch, unreadable};

/// The shortest life of a key.
const LIFETIME_MIN: Span = Span::hours(1);
/// The longest.
const LIFETIME_MAX: Span = Span::days(400);
/// That of a key of which nothing is said.
const USUAL: Span = Span::days(90);

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<IssueApiKeyRequest>,
) -> Result<IssuedApiKey, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "IssueApiKey", &body.request_id)?;
    let mut check = Checker::new();
    let brand = check.optional_id::<BrandId>("brand", &body.brand);
    let centre = check.optional_id::<CentreId>("centre", &body.centre);
    let range = LIFETIME_MIN.micros() / SECOND..=LIFETIME_MAX.micros() / SECOND;
    let lifetime = match &body.lifetime {
        None => Some(USUAL),
        Some(lifetime) => check
            .number("lifetime", lifetime.seconds, range)
            .map(|seconds| Span::from_micros(seconds * SECOND)),
    };
    let (brand, centre, lifetime) = check.all((brand, centre, lifetime))?;
    if let Some(saved) = dispatch.desk.saved(&call).await? {
        return with_secret(dispatch, saved);
    }
    let owner = owner(dispatch, &call.principal, brand, centre).await?;
    let desk = &dispatch.desk;
    let now = desk.clock.now();
    let taken = api_keys::Entity::find()
        .filter(api_keys::Column::Role.eq(owner.role.as_str()))
        .filter(api_keys::Column::Subject.eq(&*owner.subject))
        .filter(api_keys::Column::RevokedAt.eq(0))
        .filter(api_keys::Column::ExpiresAt.gt(now.micros()))
        .count(desk.store.reader())
        .await
        .map_err(unreadable)?;
    if taken >= OF_A_PARTNER_MAX {
        return Err(Error::new(Reason::ApiKeysFull));
    }
    let key = desk.ids.next();
    let row = api_keys::Model {
        key,
        fingerprint: hex::encode(fingerprint(&text(&desk.key, key))),
        role: owner.role.as_str().to_owned(),
        brand: brand_of(dispatch, &owner).await?,
        subject: owner.subject,
        issued_at: now.micros(),
        expires_at: (now + lifetime).micros(),
        revoked_at: 0,
    };
    let answer = IssuedApiKey { key: Some(view(&row, 0)), secret: String::new() };
    let rows = vec![RowOp::put(row.into_active_model()), stamped(desk.ids.next())];
    let saved = desk.record(&call, rows, &answer, None).await?;
    // Whoever calls with it through this process is let in from now on.
    dispatch.api_keys.run_once().await.map_err(unreadable)?;
    with_secret(dispatch, saved)
}

async fn brand_of(dispatch: &Dispatch, owner: &Principal) -> Result<String, Error> {
    if owner.role == Role::Brand {
        return Ok(owner.subject.clone());
    }
    let row = centres::Entity::find_by_id(&*owner.subject).one(dispatch.desk.store.reader()).await;
    let row = row.map_err(unreadable)?.ok_or_else(|| Error::new(Reason::CentreUnknown))?;
    Ok(row.brand)
}

fn with_secret(dispatch: &Dispatch, saved: IssuedApiKey) -> Result<IssuedApiKey, Error> {
    let id = saved.key.as_ref().and_then(|key| key.key_id.parse::<KeyId>().ok());
    let id = id.ok_or_else(|| Error::new(Reason::Internal))?;
    Ok(IssuedApiKey { secret: text(&dispatch.desk.key, id.0), ..saved })
}
