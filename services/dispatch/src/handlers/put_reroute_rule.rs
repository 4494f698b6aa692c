//! `PutRerouteRule`: what becomes of a brand's offers while nobody can hear of them.

use parasol_api::admin::v1::{PutRerouteRuleRequest, RerouteRule};
use parasol_api::{Checker, Error};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::ids::BrandId;
use parasol_journey::time::{DAY, MINUTE, SECOND};
use sea_orm::ActiveValue::Set;
use tonic::Request;

use super::lookups::owner;
use crate::Dispatch;
use crate::tables::reroute_rules;

/// The shortest time.
const AFTER_MIN: i64 = 5 * MINUTE;
/// The longest time.
const AFTER_MAX: i64 = 7 * DAY;

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<PutRerouteRuleRequest>,
) -> Result<RerouteRule, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "PutRerouteRule", &body.request_id)?;
    let mut check = Checker::new();
    let brand = check.optional_id::<BrandId>("brand", &body.brand);
    let after = match &body.after {
        None => Some(0),
        Some(after) => {
            let limits = AFTER_MIN / SECOND..=AFTER_MAX / SECOND;
            check.number("after", after.seconds, limits).map(|seconds| seconds * SECOND)
        }
    };
    let (brand, after) = check.all((brand, after))?;
    if let Some(saved) = dispatch.desk.saved(&call).await? {
        return Ok(saved);
    }
    let owner = owner(dispatch, &call.principal, brand, None).await?;
    let row = reroute_rules::ActiveModel { brand: Set(owner.subject.clone()), after: Set(after) };
    let answer = RerouteRule { brand: owner.subject, after: duration(after) };
    dispatch.desk.record(&call, vec![RowOp::put(row)], &answer, None).await
}

/// Microseconds for the wire; nothing for 0.
pub(super) fn duration(micros: i64) -> Option<prost_types::Duration> {
    (micros != 0).then_some(prost_types::Duration { seconds: micros / SECOND, nanos: 0 })
}
