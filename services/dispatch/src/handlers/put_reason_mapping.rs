//! `PutReasonMapping`: what a brand's own code stands for.

use parasol_api::admin::v1::{PutReasonMappingRequest, ReasonMapping};
use parasol_api::convert::to_timestamp;
use parasol_api::limits::CODE_MAX;
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::ids::BrandId;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel as _, PaginatorTrait as _, QueryFilter};
use tonic::Request;

use crate::reasons::{List, MAPPINGS_MAX};
use crate::tables::{brands, reason_mappings};
use crate::{Dispatch, unreadable};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<PutReasonMappingRequest>,
) -> Result<ReasonMapping, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "PutReasonMapping", &body.request_id)?;
    let mut check = Checker::new();
    let brand = check.id::<BrandId>("brand", &body.brand);
    let list = list(&mut check, body.list);
    let code = check.text("partner_reason", &body.partner_reason, CODE_MAX);
    let reason = match list {
        Some(list) if !list.has(&body.reason) => {
            let expected = format!("one of {}", list.words());
            check.refuse("reason", Reason::FieldInvalid, expected)
        }
        _ => Some(body.reason.clone()),
    };
    let (brand, list, code, reason) = check.all((brand, list, code, reason))?;
    if let Some(saved) = dispatch.desk.saved(&call).await? {
        return Ok(saved);
    }
    let reader = dispatch.desk.store.reader();
    let known = brands::Entity::find_by_id(brand.as_str()).one(reader).await;
    known.map_err(unreadable)?.ok_or_else(|| Error::new(Reason::BrandUnknown))?;
    let others = reason_mappings::Entity::find()
        .filter(reason_mappings::Column::Brand.eq(brand.as_str()))
        .count(reader)
        .await
        .map_err(unreadable)?;
    // Two at the same moment may both be the last one; the limit guards the house and not a promise.
    if others >= MAPPINGS_MAX {
        let expected = format!("at most {MAPPINGS_MAX} mappings of a brand");
        return Err(Error::field("partner_reason", Reason::FieldTooLong, expected));
    }
    let row = reason_mappings::Model {
        brand: brand.as_str().to_owned(),
        list: list.as_str().to_owned(),
        partner_reason: code,
        reason,
        updated_at: dispatch.desk.clock.now().micros(),
    };
    let answer = view(row.clone());
    dispatch.desk.record(&call, vec![RowOp::put(row.into_active_model())], &answer, None).await
}

/// One of the closed lists.
pub(super) fn list(check: &mut Checker, number: i32) -> Option<List> {
    let expected = "REASON_LIST_DECLINE, REASON_LIST_ANOMALY or REASON_LIST_UNABLE";
    List::of_number(number).or_else(|| check.refuse("list", Reason::FieldInvalid, expected))
}

/// A mapping for the wire.
pub(super) fn view(row: reason_mappings::Model) -> ReasonMapping {
    let updated_at = parasol_journey::time::Timestamp::from_micros(row.updated_at);
    ReasonMapping {
        brand: row.brand,
        list: List::number_of(&row.list),
        partner_reason: row.partner_reason,
        reason: row.reason,
        updated_at: Some(to_timestamp(updated_at)),
    }
}
