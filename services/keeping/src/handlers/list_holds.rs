//! `ListHolds`: which holds there are, and why.

use std::collections::HashMap;

use parasol_api::admin::v1::{LegalHold, ListHoldsRequest, ListHoldsResponse};
use parasol_api::convert::to_timestamp;
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::time::Timestamp;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use tonic::Request;
use uuid::Uuid;

use super::{Subject, hold_id};
use crate::holds::{LISTED_MAX, WORDS};
use crate::tables::legal_holds;
use crate::{Keeping, store_error};

pub(crate) async fn handle(
    keeping: &Keeping,
    request: Request<ListHoldsRequest>,
) -> Result<ListHoldsResponse, Error> {
    let message = request.get_ref();
    Call::reading(&request, "ListHolds")?;
    let mut check = Checker::new();
    let subject = match message.subject_id.as_str() {
        "" => Some(None),
        text => Subject::check(&mut check, text).map(Some),
    };
    let (subject,) = check.all((subject,))?;
    let mut query = legal_holds::Entity::find()
        .order_by_desc(legal_holds::Column::PlacedAt)
        .order_by_desc(legal_holds::Column::Hold)
        .limit(LISTED_MAX);
    if let Some(subject) = subject {
        query = query.filter(legal_holds::Column::Subject.eq(subject.to_string()));
    }
    if !message.over_too {
        query = query.filter(legal_holds::Column::OverAt.eq(0));
    }
    let store = &keeping.desk.store;
    let rows = query.all(store.reader()).await.map_err(store_error)?;
    let said = store.reveal_many(rows.iter().map(|row| row.hold), WORDS).await;
    let said: HashMap<Uuid, String> = said.map_err(store_error)?.into_iter().collect();
    let holds = rows.iter().map(|row| shown(row, said.get(&row.hold))).collect();
    Ok(ListHoldsResponse { holds })
}

fn shown(row: &legal_holds::Model, said: Option<&String>) -> LegalHold {
    let instant = |at: i64| (at != 0).then(|| to_timestamp(Timestamp::from_micros(at)));
    let said = said.and_then(|body| serde_json::from_str::<Value>(body).ok());
    let reason = said.as_ref().and_then(|said| said["text"].as_str()).unwrap_or_default();
    LegalHold {
        hold_id: hold_id(row.hold),
        subject_id: row.subject.clone(),
        reason: reason.to_owned(),
        placed_by: row.placed_by.clone(),
        placed_at: instant(row.placed_at),
        ends_at: instant(row.ends_at),
        over_at: instant(row.over_at),
        lifted_by: row.lifted_by.clone(),
    }
}
