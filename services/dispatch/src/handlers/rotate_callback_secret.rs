//! `RotateCallbackSecret`: what a partner signs its callbacks with from now on.
//!
//! The saved answer holds no secret: it follows from the partner and its number, and a repetition is
//! answered with the same one.

use parasol_api::admin::v1::{CallbackSecret, RotateCallbackSecretRequest};
use parasol_api::convert::to_timestamp;
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::ids::{BrandId, CentreId};
use parasol_journey::time::{SECOND, Span, Timestamp};
use parasol_runtime::identity::{Principal, Role};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, IntoActiveModel as _};
use tonic::Request;

use super::lookups::owner;
use super::rotate_webhook_secret::KEEP_OLD_MAX;
use crate::callbacks::path_of;
use crate::messages::partner;
use crate::tables::{callback_secrets, webhook_claims};
use crate::webhooks::SigningSecret;
use crate::{Dispatch, unreadable};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<RotateCallbackSecretRequest>,
) -> Result<CallbackSecret, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "RotateCallbackSecret", &body.request_id)?;
    let mut check = Checker::new();
    let brand = check.optional_id::<BrandId>("brand", &body.brand);
    let centre = check.optional_id::<CentreId>("centre", &body.centre);
    let keep_old = match &body.keep_old {
        None => Some(None),
        Some(keep) => check
            .number("keep_old", keep.seconds, 0..=KEEP_OLD_MAX.micros() / SECOND)
            .map(|seconds| Some(Span::from_micros(seconds * SECOND))),
    };
    let (brand, centre, keep_old) = check.all((brand, centre, keep_old))?;
    if let Some(saved) = dispatch.desk.saved(&call).await? {
        return Ok(with_secret(dispatch, saved));
    }
    let owner = owner(dispatch, &call.principal, brand, centre).await?;
    let partner = partner(&owner);
    let reader = dispatch.desk.store.reader();
    let known = callback_secrets::Entity::find_by_id(&*partner).one(reader).await;
    let number = known.map_err(unreadable)?.map_or(0, |known| known.number) + 1;
    let now = dispatch.desk.clock.now();
    let old_until = keep_old.map_or(0, |keep| (now + keep).micros());
    // Of two rotations at the same moment one gets the number.
    let name = format!("callbacks:{partner}@{number}");
    let row = callback_secrets::Model { partner, number, old_until };
    let rows = vec![
        RowOp::claim(webhook_claims::ActiveModel { name: Set(name) }),
        RowOp::put(row.into_active_model()),
    ];
    let subject =
        |role: Role| if owner.role == role { owner.subject.clone() } else { String::new() };
    let is_old = number > 1 && old_until != 0;
    let answer = CallbackSecret {
        brand: subject(Role::Brand),
        centre: subject(Role::Centre),
        path: path_of(&owner),
        secret_number: i32::try_from(number).unwrap_or(i32::MAX),
        old_secret_until: is_old.then(|| to_timestamp(Timestamp::from_micros(old_until))),
        secret: String::new(),
    };
    let saved = dispatch.desk.record(&call, rows, &answer, Reason::Overloaded).await?;
    Ok(with_secret(dispatch, saved))
}

fn with_secret(dispatch: &Dispatch, saved: CallbackSecret) -> CallbackSecret {
    let owner = match &*saved.brand {
        "" => Principal::new(Role::Centre, &*saved.centre),
        brand => Principal::new(Role::Brand, brand),
    };
    let number = i64::from(saved.secret_number);
    let secret = SigningSecret::of_callbacks(&dispatch.desk.key, &partner(&owner), number).shown();
    CallbackSecret { secret, ..saved }
}
