//! `ListTechnicians`.

use parasol_api::admin::v1::{ListTechniciansRequest, ListTechniciansResponse};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Purpose};
use parasol_journey::ids::CentreId;
use prost::Message as _;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;

use super::lookups::visible_centre;
use crate::network::to_technician;
use crate::tables::technicians;
use crate::{Dispatch, unreadable};

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ListTechniciansRequest>,
) -> Result<ListTechniciansResponse, Error> {
    let call = Call::reading(&request, "ListTechnicians")?;
    let body = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(body.page_size);
    let centre = check.id::<CentreId>("centre", &body.centre);
    let (size, centre) = check.all((size, centre))?;

    let query = ListTechniciansRequest { page_size: 0, page_token: String::new(), ..body.clone() };
    let bound = query.encode_to_vec();
    let (key, principal) = (&*dispatch.desk.key, &call.principal);
    let pages = Purpose { key, domain: "technicians-page", principal, bound: &bound };
    let after = pages.after(&body.page_token)?;
    // A centre that is another's answers like one without technicians.
    if visible_centre(dispatch, principal, centre.as_str()).await?.is_none() {
        return Ok(ListTechniciansResponse::default());
    }
    let rows = technicians::Entity::find()
        .filter(technicians::Column::Centre.eq(centre.as_str()))
        .filter(technicians::Column::Technician.gt(after))
        .order_by(technicians::Column::Technician, Order::Asc)
        .limit(size as u64 + 1)
        .all(dispatch.desk.store.reader())
        .await
        .map_err(unreadable)?;
    let next_page_token = pages.next(&rows, size, |row| &row.technician);
    let technicians = rows.into_iter().take(size).map(to_technician).collect();
    Ok(ListTechniciansResponse { technicians, next_page_token })
}
