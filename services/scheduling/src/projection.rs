//! From the log to the tables: which half hours a case takes or frees, what became of its appointments,
//! and which of its visits need another look at their relay number.
//!
//! Pure, and run in the commit of every step whoever caused it, so a deadline that passes frees a
//! technician's time exactly as a call does. What a case holds is its held slot, the windows its customer is asked
//! about, and its booked visit; a visit that was carried out keeps its cells, which then lie in the past and hurt nobody.

use std::collections::BTreeMap;

use parasol_casebook::{Cell, Change, Projector, RowOp};
use parasol_journey::case::Visit;
use parasol_journey::ids::{AppointmentId, TechnicianId};
use parasol_journey::vocab::Remedy;
use parasol_journey::{Case, Fact, Stage};
use sea_orm::ActiveValue::Set;

use crate::cells::touched;
use crate::tables::{State, appointments, relay_notes, slot_cells};

/// The projection of this service.
pub struct Diary;

impl Projector for Diary {
    fn project(&self, change: &Change<'_>, rows: &mut Vec<RowOp>) {
        let before = change.before.filter(|case| takes_time(case));
        let after = change.after;
        if before.is_none() && !takes_time(after) {
            return;
        }
        project_cells(before, after, rows);
        project_appointments(before, change, rows);
        project_relay(before, after, rows);
    }
}

fn takes_time(case: &Case) -> bool {
    case.hold.is_some() || case.visit.is_some() || !case.proposed.is_empty()
}

/// Notes visits whose relay number has to be looked at: those that are new, moved or gone, and the one of a
/// case that ends.
fn project_relay(before: Option<&Case>, after: &Case, rows: &mut Vec<RowOp>) {
    let visit = |case: &Case| case.visit.as_ref().filter(|_| !case.stage.is_ended()).cloned();
    let (was, is) = (before.and_then(visit), visit(after));
    let place = |visit: &Visit| (visit.id, visit.technician.clone(), visit.window);
    if was.as_ref().map(place) == is.as_ref().map(place) {
        return;
    }
    let gone = was.filter(|was| is.as_ref().is_none_or(|is| is.id != was.id));
    rows.extend(gone.into_iter().chain(is).map(|visit| {
        RowOp::put(relay_notes::ActiveModel {
            appointment: Set(visit.id.uuid()),
            version: Set(i64::try_from(after.version).unwrap_or(i64::MAX)),
            case_id: Set(after.id.uuid()),
            due: Set(after.updated_at.micros()),
        })
    }));
}

type Taken<'a> = BTreeMap<(&'a TechnicianId, i64), AppointmentId>;

/// The cells a case takes, of everybody who comes. Where its held slot overlaps its own visit, the cell is the visit's.
fn taken(case: &Case) -> Taken<'_> {
    let cells = |visit: &'_ Visit| touched(visit.window);
    let mut taken = Taken::new();
    for visit in case.hold.iter().chain(&case.proposed).chain(&case.visit) {
        for member in visit.crew() {
            taken.extend(cells(visit).map(|cell| ((member, cell), visit.id)));
        }
    }
    taken
}

/// Claims what is new and deletes what is gone; a cell that stays is never both.
fn project_cells(before: Option<&Case>, after: &Case, rows: &mut Vec<RowOp>) {
    let was = before.map(taken).unwrap_or_default();
    let is = taken(after);
    for (key @ (technician, cell), appointment) in &is {
        let row = || slot_cells::ActiveModel {
            technician: Set(technician.as_str().to_owned()),
            cell: Set(*cell),
            case_id: Set(after.id.uuid()),
            appointment: Set(appointment.uuid()),
        };
        match was.get(key) {
            None => rows.push(RowOp::claim(row())),
            Some(other) if other != appointment => rows.push(RowOp::put(row())),
            Some(_) => {}
        }
    }
    let gone = was.keys().filter(|key| !is.contains_key(key));
    rows.extend(gone.map(|(technician, cell)| {
        let key = vec![Cell::from(technician.as_str()), Cell::from(*cell)];
        RowOp::delete::<slot_cells::Entity>(key)
    }));
}

fn project_appointments(before: Option<&Case>, change: &Change<'_>, rows: &mut Vec<RowOp>) {
    let after = change.after;
    let was = before.map(standing).unwrap_or_default();
    let is = standing(after);
    for (state, visit) in &is {
        // Readers of a visit that is not done yet look at its case too, whose every step changes what
        // they see of it.
        let same = was.iter().any(|(old, one)| {
            old == state
                && one.id == visit.id
                && one.window == visit.window
                && one.technician == visit.technician
        });
        if !same {
            rows.push(row(visit, *state, after, after));
        }
    }
    for (state, visit) in was {
        if is.iter().any(|(_, one)| one.id == visit.id) {
            continue;
        }
        let held_in = before.unwrap_or(after);
        let ended = match state {
            State::Held => State::Released,
            _ => ended(held_in, change),
        };
        rows.push(row(visit, ended, held_in, after));
    }
}

/// The appointments of a case with their states.
fn standing(case: &Case) -> Vec<(State, &Visit)> {
    let hold = case.hold.iter().chain(&case.proposed).map(|hold| (State::Held, hold));
    let visit = case.visit.iter().map(|visit| (state_of(case, visit), visit));
    hold.chain(visit).collect()
}

fn state_of(case: &Case, visit: &Visit) -> State {
    let checked_in = case.checked_in_at.is_some();
    let stage = match case.stage {
        Stage::Paused => case.pause.as_ref().map_or(Stage::Paused, |pause| pause.from),
        Stage::CancelRequested => case.cancel_from.unwrap_or(Stage::CancelRequested),
        stage => stage,
    };
    match (checked_in, visit.en_route) {
        (true, _) if is_at_work(case, stage) => State::InProgress,
        (true, _) => State::Completed,
        (false, true) => State::EnRoute,
        (false, false) => State::Confirmed,
    }
}

/// Whether the technician's work goes on: from the door to the finding, over the decision to the
/// repair, until the customer has confirmed the repair.
fn is_at_work(case: &Case, stage: Stage) -> bool {
    let repaired = matches!(case.remedy, Some((Remedy::Repair, _)));
    match stage {
        Stage::OnSite
        | Stage::Inspecting
        | Stage::VerdictIn
        | Stage::VerdictHeld
        | Stage::Deciding
        | Stage::RemedyOffered
        | Stage::Repairing => true,
        Stage::AwaitConfirm => repaired,
        _ => false,
    }
}

/// What became of a visit that its case lets go. One that brought a finding was carried out, even if
/// somebody else inspects again.
fn ended(before: &Case, change: &Change<'_>) -> State {
    let failed = change.events.iter().find_map(|event| match event.fact {
        Fact::NoShow { .. } => Some(State::NoShow),
        Fact::VisitFailed { .. } => Some(State::Unable),
        Fact::TurnedAway { .. } => Some(State::TurnedAway),
        _ => None,
    });
    let at_the_door = matches!(
        before.stage,
        Stage::OnSite | Stage::Inspecting | Stage::Paused | Stage::CancelRequested
    );
    let carried_out = before.checked_in_at.is_some() && !at_the_door;
    failed.unwrap_or(if carried_out { State::Completed } else { State::Cancelled })
}

/// A row about `visit`, whose work order stood in `held_in`, written by the step that led to `after`.
fn row(visit: &Visit, state: State, held_in: &Case, after: &Case) -> RowOp {
    let centre = held_in.work_order.as_ref().map(|order| order.centre.as_str());
    RowOp::put(appointments::ActiveModel {
        appointment: Set(visit.id.uuid()),
        case_id: Set(after.id.uuid()),
        technician: Set(visit.technician.as_str().to_owned()),
        helper: Set(visit.helper.as_ref().map_or("", |helper| helper.as_str()).to_owned()),
        centre: Set(centre.unwrap_or_default().to_owned()),
        window_start: Set(visit.window.start.micros()),
        window_end: Set(visit.window.end.micros()),
        state: Set(state.as_str().to_owned()),
        version: Set(i64::try_from(after.version).unwrap_or(i64::MAX)),
        changed_at: Set(after.updated_at.micros()),
        category: Set(after.filing.category.as_str().to_owned()),
    })
}
