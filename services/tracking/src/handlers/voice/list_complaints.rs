//! `ListComplaints`: what is complained of, the newest first.

use parasol_api::tracking::v1::{ComplaintState, ListComplaintsRequest, ListComplaintsResponse};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Purpose};
use parasol_journey::ids::CaseId;
use parasol_journey::vocab::Category;
use prost::Message as _;
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;

use super::{cut, place, reads_words};
use crate::Tracking;
use crate::handlers::store_error;
use crate::voice::complaint::State;
use crate::voice::tables::complaints;
use crate::voice::{store, views};

pub async fn handle(
    tracking: &Tracking,
    request: Request<ListComplaintsRequest>,
) -> Result<ListComplaintsResponse, Error> {
    use complaints::Column;
    let call = Call::reading(&request, "ListComplaints")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(request.page_size);
    let case = check.optional_id::<CaseId>("case_id", &request.case_id);
    let state = match request.state {
        0 => Some(None),
        number => check.known::<ComplaintState>("state", number).map(State::of_wire),
    };
    let category = check.optional_listed::<Category>("category", request.category);
    let (size, case, state, category) = check.all((size, case, state, category))?;
    let query =
        ListComplaintsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let bound = query.encode_to_vec();
    let (key, principal) = (&*tracking.desk.key, &call.principal);
    let pages = Purpose { key, domain: "complaints-page", principal, bound: &bound };
    let mut wanted = Condition::all();
    if let Some(case) = case {
        wanted = wanted.add(Column::CaseId.eq(case.uuid()));
    }
    if let Some(state) = state {
        wanted = wanted.add(Column::State.eq(state.as_str()));
    }
    if let Some(category) = category {
        wanted = wanted.add(Column::Category.eq(category.as_str()));
    }
    if let Some((at, id)) = place(&pages, &request.page_token)? {
        let same = Condition::all().add(Column::OpenedAt.eq(at)).add(Column::Complaint.lt(id));
        wanted = wanted.add(Condition::any().add(Column::OpenedAt.lt(at)).add(same));
    }
    let mut rows = complaints::Entity::find()
        .filter(wanted)
        .order_by(Column::OpenedAt, Order::Desc)
        .order_by(Column::Complaint, Order::Desc)
        .limit(size as u64 + 1)
        .all(tracking.desk.store.reader())
        .await
        .map_err(store_error)?;
    let next_page_token = cut(&mut rows, size, &pages, |row| (row.opened_at, row.complaint));
    let ids: Vec<_> = rows.iter().map(|row| row.complaint).collect();
    let with_words = reads_words(&call.principal);
    let mut steps = store::steps(&tracking.desk.store, &ids, with_words).await?;
    let complaints = rows.iter().map(|row| views::complaint(row, &mut steps)).collect();
    Ok(ListComplaintsResponse { complaints, next_page_token })
}
