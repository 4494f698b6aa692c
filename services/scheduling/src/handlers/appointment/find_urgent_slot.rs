//! `FindUrgentSlot`: where a visit that cannot wait goes.

use std::sync::Arc;

use parasol_api::convert::{to_timestamp, to_window};
use parasol_api::partner::v1::{FindUrgentSlotRequest, FindUrgentSlotResponse, Slot, VisitToMove};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, actor};
use parasol_journey::event::Window;
use parasol_journey::ids::{AppointmentId, CaseId};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::{Case, Rejection, Stage, Verb, table};
use parasol_runtime::identity::Principal;
use tonic::Request;

use crate::Scheduling;
use crate::report::{not_found, takes_part};
use crate::slot_id::SlotIds;
use crate::team::{Promised, Scope, Team, Urgent};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<FindUrgentSlotRequest>,
) -> Result<FindUrgentSlotResponse, Error> {
    let call = Call::reading(&request, "FindUrgentSlot")?;
    let message = request.into_inner();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &message.case_id);
    let window = check.window("window", &message.window);
    let (case, window) = check.all((case, window))?;

    let case = scheduling.desk.case(&call.principal, case).await?;
    if !takes_part(&call.principal, &case) {
        return Err(not_found());
    }
    check_stage(&call.principal, &case)?;
    check_window(scheduling, window)?;
    if case.parts_from().is_some_and(|from| window.start < from) {
        let text = "the parts that were missing are not there by then: say when they arrive";
        return Err(Error::new(Reason::PartsNotThere).message(text));
    }
    let Some(order) = &case.work_order else { return Err(not_found()) };
    let day = window.start.shanghai_day();
    let from = Timestamp::shanghai_midnight(day);
    let team = scheduling.roster.team(order.centre.as_str()).await?;
    let goes = |member: &&crate::team::Member| member.1.goes_to(&case.filing.county);
    let members: Vec<_> = team.iter().filter(goes).cloned().collect();
    let scope = Scope { from, until: from + Span::days(1) };
    let mut promised = scheduling.promised(&members, scope).await?;
    promised.retain(|one| one.case != case.id && one.window.start.shanghai_day() == day);
    let asked = (case.filing.category, scheduling.place(&case).await?.point());
    let team = Team::of_day(&members, &promised, asked, day, Arc::clone(&scheduling.travel));
    let urgent = team.place(window).ok_or_else(|| {
        let text = "nobody can come in this window, even if one other visit changes hands";
        Error::new(Reason::SlotTaken).message(text)
    })?;
    Ok(answer(scheduling, &case, window, &urgent, &promised))
}

/// Where a technician can be named or changed.
fn check_stage(principal: &Principal, case: &Case) -> Result<(), Error> {
    let stage = case.stage;
    let can_book = table::row(Verb::HoldSlot).from.contains(&stage);
    if can_book || stage == Stage::CentreAssigned {
        return Ok(());
    }
    if stage.is_ended() {
        return Err(Rejection::CaseEnded { stage }.into());
    }
    let actor = actor(principal).kind;
    let (verb, open) = (Verb::HoldSlot, table::open_to(stage, actor));
    Err(Rejection::IllegalTransition { stage, verb, actor, open }.into())
}

fn check_window(scheduling: &Scheduling, window: Window) -> Result<(), Error> {
    if window.end <= scheduling.desk.clock.now() {
        return Err(Rejection::WindowInPast.into());
    }
    let last = Timestamp::from_micros(window.end.micros() - 1);
    if window.end <= window.start || window.start.shanghai_day() != last.shanghai_day() {
        return Err(Rejection::WindowInvalid.into());
    }
    Ok(())
}

fn answer(
    scheduling: &Scheduling,
    case: &Case,
    window: Window,
    urgent: &Urgent,
    promised: &[Promised],
) -> FindUrgentSlotResponse {
    let key = &scheduling.desk.key;
    let ids = SlotIds { key, case: case.id, technician: &urgent.technician };
    let slot = Slot {
        slot_id: ids.id(window),
        window: Some(to_window(window)),
        technician: urgent.technician.to_string(),
        begins_at: Some(to_timestamp(urgent.begins)),
        detour_seconds: i32::try_from(urgent.detour.micros() / 1_000_000).unwrap_or(i32::MAX),
    };
    let moved = urgent.moved.as_ref().and_then(|(appointment, technician)| {
        let one = promised.iter().find(|one| one.appointment == *appointment)?;
        Some(VisitToMove {
            case_id: one.case.to_string(),
            appointment_id: AppointmentId::new(*appointment).to_string(),
            technician: technician.to_string(),
        })
    });
    FindUrgentSlotResponse { slot: Some(slot), r#move: moved }
}
