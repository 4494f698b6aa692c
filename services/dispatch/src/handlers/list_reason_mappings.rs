//! `ListReasonMappings`: what a brand's own codes stand for.

use parasol_api::admin::v1::{ListReasonMappingsRequest, ListReasonMappingsResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use parasol_journey::ids::BrandId;
use parasol_runtime::identity::Role;
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;

use super::put_reason_mapping::view;
use crate::tables::reason_mappings;
use crate::{Dispatch, unreadable};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ListReasonMappingsRequest>,
) -> Result<ListReasonMappingsResponse, Error> {
    let call = Call::reading(&request, "ListReasonMappings")?;
    let body = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(body.page_size);
    let brand = check.optional_id::<BrandId>("brand", &body.brand);
    let (size, brand) = check.all((size, brand))?;
    let own = (call.principal.role == Role::Brand).then_some(&*call.principal.subject);
    let brand = match (own, &brand) {
        (Some(own), None) => own,
        (Some(own), Some(brand)) if brand.as_str() == own => own,
        (Some(_), Some(_)) => return Err(Error::new(Reason::NotFound)),
        (None, Some(brand)) => brand.as_str(),
        (None, None) => return Err(Error::field("brand", Reason::FieldInvalid, "a brand")),
    };
    let (key, principal, bound) = (&*dispatch.desk.key, &call.principal, brand.as_bytes());
    let pages = Purpose { key, domain: "reason-mappings-page", principal, bound };
    let after = pages.after(&body.page_token)?;
    let (list, code) = after.split_once(' ').unwrap_or_default();
    let later = Condition::any().add(reason_mappings::Column::List.gt(list)).add(
        Condition::all()
            .add(reason_mappings::Column::List.eq(list))
            .add(reason_mappings::Column::PartnerReason.gt(code)),
    );
    let mut rows = reason_mappings::Entity::find()
        .filter(reason_mappings::Column::Brand.eq(brand))
        .filter(later)
        .order_by(reason_mappings::Column::List, Order::Asc)
        .order_by(reason_mappings::Column::PartnerReason, Order::Asc)
        .limit(size as u64 + 1)
        .all(dispatch.desk.store.reader())
        .await
        .map_err(unreadable)?;
    let more = rows.len() > size;
    rows.truncate(size);
    let last = rows.last().filter(|_| more);
    let next_page_token = last.map_or_else(String::new, |last| {
        pages.seal(format!("{} {}", last.list, last.partner_reason).as_bytes())
    });
    let mappings = rows.into_iter().map(view).collect();
    Ok(ListReasonMappingsResponse { mappings, next_page_token })
}
