//! `ReportPosition`: where the technician is, while on the way.

use futures::{Stream, StreamExt as _};
use parasol_api::technician::v1::{ReportPositionRequest, ReportPositionResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::Point;
use parasol_desk::{Call, location, sees};
use parasol_journey::ids::{AppointmentId, CaseId};
use parasol_runtime::identity::Principal;
use sea_orm::EntityTrait as _;
use tonic::{Request, Status, Streaming};

use crate::positions::{at, under_way};
use crate::report::not_found;
use crate::tables::appointments;
use crate::{Scheduling, store_error};

/// Positions of one stream.
const POSITIONS_OF_STREAM_MAX: i64 = 10_000;

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<Streaming<ReportPositionRequest>>,
) -> Result<ReportPositionResponse, Error> {
    let principal = Call::reading(&request, "ReportPosition")?.principal;
    let stopping = scheduling.shutdown.stopping_token();
    let messages = request.into_inner().take_until(stopping.cancelled_owned());
    take(scheduling, &principal, messages).await
}

async fn take(
    scheduling: &Scheduling,
    principal: &Principal,
    messages: impl Stream<Item = Result<ReportPositionRequest, Status>>,
) -> Result<ReportPositionResponse, Error> {
    let mut messages = std::pin::pin!(messages);
    let mut answer = ReportPositionResponse { taken: 0, under_way: true };
    let mut way: Option<(AppointmentId, CaseId)> = None;
    while answer.under_way && answer.taken < POSITIONS_OF_STREAM_MAX {
        let Some(message) = messages.next().await else { break };
        let message = message.map_err(|status| Error::from_status(&status))?;
        let (appointment, point) = read(&message, way.is_none())?;
        let case = match way {
            Some((known, case)) if known == appointment => case,
            _ => case_of(scheduling, principal, appointment).await?,
        };
        way = Some((appointment, case));
        // Asked of the store for every position: whoever moved the case on may have been another process.
        let case = scheduling.case(case, |_| false).await?;
        let visit = under_way(&case).filter(|visit| visit.id == appointment);
        answer.under_way = sees(principal, &case) && visit.is_some();
        if answer.under_way {
            let position = at(point, scheduling.desk.clock.now());
            scheduling.bell.positions().put(appointment.uuid(), position).await;
            answer.taken += 1;
        }
    }
    Ok(answer)
}

fn read(message: &ReportPositionRequest, is_first: bool) -> Result<(AppointmentId, Point), Error> {
    let mut check = Checker::new();
    if is_first {
        check.request_id(&message.request_id);
    }
    let appointment = check.id::<AppointmentId>("appointment_id", &message.appointment_id);
    let point = location::check(&mut check, "position", message.position.as_ref());
    let point = match point {
        Some(None) => check.refuse("position", Reason::FieldInvalid, "where the technician is"),
        Some(point) => point,
        None => None,
    };
    check.all((appointment, point))
}

/// The case of an appointment of this technician's.
async fn case_of(
    scheduling: &Scheduling,
    principal: &Principal,
    appointment: AppointmentId,
) -> Result<CaseId, Error> {
    let find = appointments::Entity::find_by_id(appointment.uuid());
    let row = find.one(scheduling.desk.store.reader()).await.map_err(store_error)?;
    let row = row.filter(|row| row.technician == principal.subject).ok_or_else(not_found)?;
    Ok(CaseId::new(row.case_id))
}
