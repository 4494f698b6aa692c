//! `StopDayPlan`, `GetDayPlan`, `CommitDayPlan`: what becomes of a plan.

use parasol_api::partner::v1::{
    CommitDayPlanRequest, CommitDayPlanResponse, CommittedVisit, DayPlan, GetDayPlanRequest,
    HandOverVisitRequest, PlannedStop, StopDayPlanRequest, StopDayPlanResponse,
};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_runtime::identity::Principal;
use tonic::Request;
use uuid::Uuid;

use super::hand_over_visit;
use super::plan_day::check_centre;
use crate::Scheduling;
use crate::planning::{Kept, PLAN_FOR, changes, kept};
use crate::report::not_found;

/// Rounds in which visits are handed over: where one goes to somebody who first has to give another away,
/// it is tried again.
const ROUNDS: usize = 4;

pub async fn stop(
    scheduling: &Scheduling,
    request: Request<StopDayPlanRequest>,
) -> Result<StopDayPlanResponse, Error> {
    let call = Call::reading(&request, "StopDayPlan")?;
    let id = plan_id(&request.get_ref().plan_id)?;
    let stopped = match scheduling.making.centre(id) {
        // Another's planning is answered like none.
        Some(centre) => check_centre(scheduling, &call.principal, &centre).await.is_ok(),
        None => false,
    };
    Ok(StopDayPlanResponse { stopped: stopped && scheduling.making.stop(id) })
}

pub async fn get(
    scheduling: &Scheduling,
    request: Request<GetDayPlanRequest>,
) -> Result<DayPlan, Error> {
    let call = Call::reading(&request, "GetDayPlan")?;
    Ok(find(scheduling, &call.principal, &request.get_ref().plan_id).await?.plan)
}

pub async fn commit(
    scheduling: &Scheduling,
    request: Request<CommitDayPlanRequest>,
) -> Result<CommitDayPlanResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "CommitDayPlan", &message.request_id)?;
    let kept = find(scheduling, &call.principal, &message.plan_id).await?;
    if scheduling.desk.clock.now() >= kept.made_at + PLAN_FOR {
        return Err(Error::new(Reason::PlanExpired));
    }
    let batch = Uuid::try_parse(&message.request_id).map_err(Error::internal)?;
    let mut waiting = changes(&kept.plan);
    let mut visits = Vec::with_capacity(waiting.len());
    for round in 1..=ROUNDS {
        let mut taken = Vec::new();
        for (stop, technician) in std::mem::take(&mut waiting) {
            let done = hand_over(scheduling, &call.principal, batch, (stop, technician)).await;
            match done {
                Err(error) if error.reason() == Reason::SlotTaken && round < ROUNDS => {
                    taken.push((stop, technician));
                }
                done => visits.push(committed(stop, technician, done.err().as_ref())),
            }
        }
        waiting = taken;
    }
    Ok(CommitDayPlanResponse { visits })
}

/// One visit, as a call of its own whose request id follows from the commit's.
async fn hand_over(
    scheduling: &Scheduling,
    principal: &Principal,
    batch: Uuid,
    (stop, technician): (&PlannedStop, &str),
) -> Result<(), Error> {
    let mut request = Request::new(HandOverVisitRequest {
        request_id: Uuid::new_v5(&batch, stop.appointment_id.as_bytes()).to_string(),
        case_id: stop.case_id.clone(),
        appointment_id: stop.appointment_id.clone(),
        technician: technician.to_owned(),
        ..HandOverVisitRequest::default()
    });
    request.extensions_mut().insert(principal.clone());
    Box::pin(hand_over_visit::handle(scheduling, request)).await.map(drop)
}

fn committed(stop: &PlannedStop, technician: &str, refused: Option<&Error>) -> CommittedVisit {
    CommittedVisit {
        case_id: stop.case_id.clone(),
        appointment_id: stop.appointment_id.clone(),
        technician: technician.to_owned(),
        refusal: refused.map(Error::to_refusal),
    }
}

async fn find(scheduling: &Scheduling, principal: &Principal, id: &str) -> Result<Kept, Error> {
    let id = plan_id(id)?;
    let kept = kept(&scheduling.desk, id).await?.ok_or_else(not_found)?;
    check_centre(scheduling, principal, &kept.plan.centre).await?;
    Ok(kept)
}

fn plan_id(text: &str) -> Result<Uuid, Error> {
    let mut check = Checker::new();
    let id = match Uuid::try_parse(text) {
        Ok(id) => Some(id),
        Err(_) => check.refuse("plan_id", Reason::FieldInvalid, "a plan as PlanDay named it"),
    };
    let (id,) = check.all((id,))?;
    Ok(id)
}
