//! `ListFollowUps`: what somebody has to stay on, the one due first in front.

use parasol_api::limits::FOREIGN_NUMBER_MAX;
use parasol_api::tracking::v1::{
    FollowUpState, FollowUpTier, ListFollowUpsRequest, ListFollowUpsResponse,
};
use parasol_api::{Checker, Error, Reason, Role};
use parasol_desk::{Call, Purpose};
use parasol_journey::ids::CaseId;
use prost::Message as _;
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;

use super::{cut, place, reads_words};
use crate::Tracking;
use crate::handlers::store_error;
use crate::voice::follow_up::State;
use crate::voice::tables::follow_ups;
use crate::voice::{store, views};

pub async fn handle(
    tracking: &Tracking,
    request: Request<ListFollowUpsRequest>,
) -> Result<ListFollowUpsResponse, Error> {
    use follow_ups::Column;
    let call = Call::reading(&request, "ListFollowUps")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(request.page_size);
    let is_customer = call.principal.role == Role::Customer;
    let case = match is_customer {
        true => check.id::<CaseId>("case_id", &request.case_id).map(Some),
        false => check.optional_id::<CaseId>("case_id", &request.case_id),
    };
    let state = match request.state {
        0 => Some(None),
        number => check.known::<FollowUpState>("state", number).map(State::of_wire),
    };
    let tier = match request.tier {
        0 => Some(0),
        number => check.known::<FollowUpTier>("tier", number).map(|tier| i64::from(tier as i32)),
    };
    // Who has it is not the customer's to know, and so not to ask for.
    let assignee = match is_customer && !request.assignee.is_empty() {
        true => check.refuse("assignee", Reason::FieldInvalid, "empty"),
        false => check.optional_text("assignee", &request.assignee, FOREIGN_NUMBER_MAX),
    };
    let (size, case, state, tier, assignee) = check.all((size, case, state, tier, assignee))?;
    if let Some(case) = case.filter(|_| is_customer) {
        tracking.desk.case(&call.principal, case).await?;
    }
    let query = ListFollowUpsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let bound = query.encode_to_vec();
    let (key, principal) = (&*tracking.desk.key, &call.principal);
    let pages = Purpose { key, domain: "follow-ups-page", principal, bound: &bound };
    let mut wanted = Condition::all();
    wanted = match state {
        Some(state) => wanted.add(Column::State.eq(state.as_str())),
        None => wanted.add(Column::ClosedAt.eq(0)),
    };
    if let Some(case) = case {
        wanted = wanted.add(Column::CaseId.eq(case.uuid()));
    }
    if tier > 0 {
        wanted = wanted.add(Column::Tier.eq(tier));
    }
    if !assignee.is_empty() {
        wanted = wanted.add(Column::Assignee.eq(assignee));
    }
    if let Some((due, id)) = place(&pages, &request.page_token)? {
        let same = Condition::all().add(Column::ValidUntil.eq(due)).add(Column::FollowUp.gt(id));
        wanted = wanted.add(Condition::any().add(Column::ValidUntil.gt(due)).add(same));
    }
    let mut rows = follow_ups::Entity::find()
        .filter(wanted)
        .order_by(Column::ValidUntil, Order::Asc)
        .order_by(Column::FollowUp, Order::Asc)
        .limit(size as u64 + 1)
        .all(tracking.desk.within(principal).store.reader())
        .await
        .map_err(store_error)?;
    let next_page_token = cut(&mut rows, size, &pages, |row| (row.valid_until, row.follow_up));
    let ids: Vec<_> = rows.iter().map(|row| row.follow_up).collect();
    let with_words = is_customer || reads_words(&call.principal);
    let mut steps = store::steps(&tracking.desk.store, &ids, with_words).await?;
    let mut follow_ups: Vec<_> = rows.iter().map(|row| views::follow_up(row, &mut steps)).collect();
    if is_customer {
        let own = call.principal.to_string();
        for one in &mut follow_ups {
            one.entries.retain(|entry| entry.said_by == own);
            one.assignee.clear();
        }
    }
    Ok(ListFollowUpsResponse { follow_ups, next_page_token })
}
