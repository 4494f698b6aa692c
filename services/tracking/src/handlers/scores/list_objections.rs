//! `ListObjections`: what brands object to, the oldest first.

use parasol_api::limits::FOREIGN_NUMBER_MAX;
use parasol_api::tracking::v1::{ListObjectionsRequest, ListObjectionsResponse};
use parasol_api::{Checker, Error, Reason, Role};
use parasol_desk::{Call, Purpose};
use prost::Message as _;
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;

use super::month;
use crate::Tracking;
use crate::handlers::store_error;
use crate::handlers::voice::{cut, place};
use crate::scores::objection::{self, State};
use crate::scores::tables::score_objections;
use crate::voice::store;

pub async fn handle(
    tracking: &Tracking,
    request: Request<ListObjectionsRequest>,
) -> Result<ListObjectionsResponse, Error> {
    use score_objections::Column;
    let call = Call::reading(&request, "ListObjections")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(request.page_size);
    let brand = check.optional_text("brand", &request.brand, FOREIGN_NUMBER_MAX);
    let month = month(&mut check, &request.period);
    let (size, brand, month) = check.all((size, brand, month))?;
    let (key, principal) = (&*tracking.desk.key, &call.principal);
    let brand = match principal.role {
        Role::Brand if brand.is_empty() || brand == principal.subject => principal.subject.clone(),
        Role::Brand => return Err(Error::new(Reason::NotFound)),
        _ => brand,
    };
    let query =
        ListObjectionsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let bound = query.encode_to_vec();
    let pages = Purpose { key, domain: "objections-page", principal, bound: &bound };
    let mut wanted = Condition::all();
    if !brand.is_empty() {
        wanted = wanted.add(Column::Brand.eq(brand));
    }
    if let Some(month) = month {
        wanted = wanted.add(Column::Period.eq(month.to_string()));
    }
    if request.open_only {
        wanted = wanted.add(Column::State.eq(State::Raised.as_str()));
    }
    if let Some((at, id)) = place(&pages, &request.page_token)? {
        let same = Condition::all().add(Column::RaisedAt.eq(at)).add(Column::Objection.gt(id));
        wanted = wanted.add(Condition::any().add(Column::RaisedAt.gt(at)).add(same));
    }
    let mut rows = score_objections::Entity::find()
        .filter(wanted)
        .order_by(Column::RaisedAt, Order::Asc)
        .order_by(Column::Objection, Order::Asc)
        .limit(size as u64 + 1)
        .all(tracking.desk.store.reader())
        .await
        .map_err(store_error)?;
    let next_page_token = cut(&mut rows, size, &pages, |row| (row.raised_at, row.objection));
    let words = store::words(&tracking.desk.store, rows.iter().map(|row| row.objection)).await?;
    let objections =
        rows.iter().map(|row| objection::view(row, words.get(&row.objection))).collect();
    Ok(ListObjectionsResponse { objections, next_page_token })
}
