//! Reads what a team has promised.

use std::collections::{BTreeSet, HashMap};

use parasol_api::Error;
use parasol_casebook::Point;
use parasol_journey::Case;
use parasol_journey::event::Window;
use parasol_journey::ids::{CaseId, TechnicianId};
use parasol_journey::time::{MINUTE, Span, Timestamp};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use uuid::Uuid;

use super::{Member, Promised};
use crate::cells::{CELL, cell_of};
use crate::tables::{State, appointments, slot_cells};
use crate::{Scheduling, store_error};

/// How long the place of a case is remembered.
const PLACE_FOR: Span = Span::from_micros(10 * MINUTE);
/// Cells that are read at a time: a fortnight of fifty technicians, booked to the last half hour.
const CELLS_MAX: u64 = 40_000;

/// Whose promises of when.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// The first instant.
    pub from: Timestamp,
    /// The end, exclusive.
    pub until: Timestamp,
}

impl Scheduling {
    /// What these technicians have promised that touches the scope.
    ///
    /// # Errors
    /// What the store and the network service say.
    pub(crate) async fn promised(
        &self,
        members: &[Member],
        scope: Scope,
    ) -> Result<Vec<Promised>, Error> {
        let held = self.cells_held(members, scope).await?;
        let windows = self.windows_of(held.iter().map(|held| held.appointment)).await?;
        let ids: BTreeSet<CaseId> = held.iter().map(|held| held.case).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let cases = self.desk.store.readable_cases(&ids).await.map_err(store_error)?;
        let mut places: HashMap<CaseId, (&Case, Option<Point>)> = HashMap::new();
        for case in &cases {
            places.insert(case.id, (case, self.known_place(case).await?));
        }
        let promised = held.into_iter().filter_map(|held| {
            let (case, place) = places.get(&held.case)?;
            // Cells are whole half hours; the window that was promised is the appointment's.
            let known = windows.get(&held.appointment).copied();
            let (window, state) = known.unwrap_or((held.window, State::Confirmed));
            let here = case.visit.as_ref().is_some_and(|visit| visit.id.uuid() == held.appointment);
            Some(Promised {
                appointment: held.appointment,
                technician: held.technician,
                case: held.case,
                category: case.filing.category,
                window,
                place: *place,
                county: case.filing.county.clone(),
                state,
                arrived_at: case.checked_in_at.filter(|_| here),
            })
        });
        Ok(promised.collect())
    }

    /// The place of a case, remembered for a while: a team's promises are asked for again and again.
    async fn known_place(&self, case: &Case) -> Result<Option<Point>, Error> {
        let now = self.desk.clock.now();
        if let Some((until, place)) = self.places.get(&case.id)
            && now < until
        {
            return Ok(place);
        }
        let place = self.place(case).await?.point();
        self.places.insert(case.id, (now + PLACE_FOR, place));
        Ok(place)
    }

    /// What has the technicians' cells in the scope; each appointment once for each technician.
    async fn cells_held(&self, members: &[Member], scope: Scope) -> Result<Vec<Held>, Error> {
        use slot_cells::Column;
        let names = members.iter().map(|(id, _)| id.as_str());
        let rows: Vec<slot_cells::Model> = slot_cells::Entity::find()
            .filter(Column::Technician.is_in(names))
            .filter(Column::Cell.gte(cell_of(scope.from)))
            .filter(Column::Cell.lte(cell_of(scope.until)))
            .limit(CELLS_MAX)
            .all(self.desk.store.reader())
            .await
            .map_err(store_error)?;
        let mut held: HashMap<(String, Uuid), Held> = HashMap::new();
        for row in rows {
            let Ok(technician) = row.technician.parse::<TechnicianId>() else { continue };
            let cell = window_of(row.cell);
            let one = held.entry((row.technician, row.appointment)).or_insert(Held {
                technician,
                case: CaseId::new(row.case_id),
                appointment: row.appointment,
                window: cell,
            });
            one.window.start = one.window.start.min(cell.start);
            one.window.end = one.window.end.max(cell.end);
        }
        Ok(held.into_values().collect())
    }

    async fn windows_of(
        &self,
        appointments: impl Iterator<Item = Uuid>,
    ) -> Result<HashMap<Uuid, (Window, State)>, Error> {
        use appointments::Column;
        let ids: BTreeSet<Uuid> = appointments.collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<(Uuid, i64, i64, String)> = appointments::Entity::find()
            .select_only()
            .columns([Column::Appointment, Column::WindowStart, Column::WindowEnd, Column::State])
            .filter(Column::Appointment.is_in(ids))
            .into_tuple()
            .all(self.desk.store.reader())
            .await
            .map_err(store_error)?;
        let at = Timestamp::from_micros;
        let windows = rows.into_iter().map(|(id, start, end, state)| {
            let window = Window { start: at(start), end: at(end) };
            (id, (window, State::parse(&state).unwrap_or(State::Confirmed)))
        });
        Ok(windows.collect())
    }
}

/// Cells in a row that one appointment has of one technician.
struct Held {
    technician: TechnicianId,
    case: CaseId,
    appointment: Uuid,
    window: Window,
}

fn window_of(cell: i64) -> Window {
    let start = Timestamp::from_micros(cell * CELL);
    Window { start, end: start + Span::from_micros(CELL) }
}
