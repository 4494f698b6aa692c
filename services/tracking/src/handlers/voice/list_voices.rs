//! `ListVoices`: what customers said in their own words, for somebody to read.

use parasol_api::limits::FOREIGN_NUMBER_MAX;
use parasol_api::tracking::v1::{ListVoicesRequest, ListVoicesResponse};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Purpose};
use prost::Message as _;
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;

use super::{cut, place};
use crate::Tracking;
use crate::handlers::store_error;
use crate::voice::tables::voices;
use crate::voice::{store, views};

pub async fn handle(
    tracking: &Tracking,
    request: Request<ListVoicesRequest>,
) -> Result<ListVoicesResponse, Error> {
    use voices::Column;
    let call = Call::reading(&request, "ListVoices")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(request.page_size);
    let assignee = check.optional_text("assignee", &request.assignee, FOREIGN_NUMBER_MAX);
    let (size, assignee) = check.all((size, assignee))?;
    let query = ListVoicesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let bound = query.encode_to_vec();
    let (key, principal) = (&*tracking.desk.key, &call.principal);
    let pages = Purpose { key, domain: "voices-page", principal, bound: &bound };
    let mut wanted = Condition::all();
    if !request.with_read {
        wanted = wanted.add(Column::ReadAt.eq(0));
    }
    if !assignee.is_empty() {
        wanted = wanted.add(Column::Assignee.eq(assignee));
    }
    if let Some((at, id)) = place(&pages, &request.page_token)? {
        let same = Condition::all().add(Column::At.eq(at)).add(Column::Voice.gt(id));
        wanted = wanted.add(Condition::any().add(Column::At.gt(at)).add(same));
    }
    let mut rows = voices::Entity::find()
        .filter(wanted)
        .order_by(Column::At, Order::Asc)
        .order_by(Column::Voice, Order::Asc)
        .limit(size as u64 + 1)
        .all(tracking.desk.store.reader())
        .await
        .map_err(store_error)?;
    let next_page_token = cut(&mut rows, size, &pages, |row| (row.at, row.voice));
    let words = store::words(&tracking.desk.store, rows.iter().map(|row| row.voice)).await?;
    let text = |row: &voices::Model| words.get(&row.voice).map_or("", |words| words.text.as_str());
    let voices = rows.iter().map(|row| views::voice(row, text(row))).collect();
    Ok(ListVoicesResponse { voices, next_page_token })
}
