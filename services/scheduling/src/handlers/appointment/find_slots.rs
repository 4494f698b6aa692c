//! `FindSlots`: the arrival windows in which the assigned technician works and is free.

use std::collections::HashSet;

use parasol_api::convert::to_window;
use parasol_api::partner::v1::{FindSlotsRequest, FindSlotsResponse, Slot};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, actor};
use parasol_journey::event::Window;
use parasol_journey::ids::{CaseId, TechnicianId};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::{Case, Rejection, Verb, table};
use parasol_runtime::identity::{Principal, Role};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use tonic::Request;

use crate::cells::{cell_of, touched};
use crate::report::{not_found, takes_part};
use crate::slot_id::SlotIds;
use crate::tables::slot_cells;
use crate::{Scheduling, store_error};

/// How many days are looked at when the caller does not say, and at most.
const DAYS: (i32, i32) = (7, 14);
/// How many slots are answered when the caller does not say, and at most.
const SLOTS: (i32, i32) = (20, 100);
/// How far ahead a visit may be booked.
const BOOK_AHEAD_MAX: Span = Span::days(90);

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<FindSlotsRequest>,
) -> Result<FindSlotsResponse, Error> {
    let call = Call::reading(&request, "FindSlots")?;
    let message = request.into_inner();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &message.case_id);
    let from = check.optional_instant("from", &message.from);
    let days = number(&mut check, "days", message.days, DAYS);
    let limit = number(&mut check, "limit", message.limit, SLOTS);
    let (case, from, days, limit) = check.all((case, from, days, limit))?;

    let case = scheduling.desk.case(&call.principal, case).await?;
    if !takes_part(&call.principal, &case) {
        return Err(not_found());
    }
    let technician = bookable(&call.principal, &case)?;
    let now = scheduling.desk.clock.now();
    let from = from.unwrap_or(now).max(now);
    let until = (from + Span::days(i64::from(days))).min(now + BOOK_AHEAD_MAX);
    let entry = scheduling.roster.technician(technician).await?;
    let mut windows = entry.working_time.arrival_windows(from, until);
    let taken = taken(scheduling, technician, from, until).await?;
    windows.retain(|window| touched(*window).all(|cell| !taken.contains(&cell)));
    windows.truncate(usize::try_from(limit).unwrap_or_default());

    let ids = SlotIds { key: &scheduling.desk.key, case: case.id, technician };
    let shown = match call.principal.role {
        Role::Customer => "",
        _ => technician.as_str(),
    };
    let slot = |window: Window| Slot {
        slot_id: ids.id(window),
        window: Some(to_window(window)),
        technician: shown.to_owned(),
    };
    Ok(FindSlotsResponse { slots: windows.into_iter().map(slot).collect() })
}

fn number(check: &mut Checker, field: &str, value: i32, (usual, max): (i32, i32)) -> Option<i32> {
    if value == 0 { Some(usual) } else { check.number(field, value, 1..=max) }
}

/// The technician whose slots can be had now; refused as holding one would be.
fn bookable<'a>(principal: &Principal, case: &'a Case) -> Result<&'a TechnicianId, Error> {
    let stage = case.stage;
    let technician = case.technician();
    match technician.filter(|_| table::row(Verb::HoldSlot).from.contains(&stage)) {
        Some(technician) => Ok(technician),
        None if stage.is_ended() => Err(Rejection::CaseEnded { stage }.into()),
        None => {
            let actor = actor(principal).kind;
            let (verb, open) = (Verb::HoldSlot, table::open_to(stage, actor));
            Err(Rejection::IllegalTransition { stage, verb, actor, open }.into())
        }
    }
}

/// The technician's cells that somebody has taken, among those a window that begins in `[from,
/// until)` can touch.
async fn taken(
    scheduling: &Scheduling,
    technician: &TechnicianId,
    from: Timestamp,
    until: Timestamp,
) -> Result<HashSet<i64>, Error> {
    let last = cell_of(until + crate::shifts::ARRIVAL);
    let cells: Vec<i64> = slot_cells::Entity::find()
        .select_only()
        .column(slot_cells::Column::Cell)
        .filter(slot_cells::Column::Technician.eq(technician.as_str()))
        .filter(slot_cells::Column::Cell.between(cell_of(from), last))
        .into_tuple()
        .all(scheduling.desk.store.reader())
        .await
        .map_err(store_error)?;
    Ok(cells.into_iter().collect())
}
