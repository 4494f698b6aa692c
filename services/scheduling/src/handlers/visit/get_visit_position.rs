//! `GetVisitPosition`: where the technician is, for the customer who waits.

use parasol_api::convert::to_timestamp;
use parasol_api::technician::v1::{GetVisitPositionRequest, VisitPosition};
use parasol_api::{Checker, Error};
use parasol_casebook::Point;
use parasol_desk::{Call, location};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use tonic::Request;

use crate::Scheduling;
use crate::positions::{expected_at, under_way};
use crate::team::on_map;

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<GetVisitPositionRequest>,
) -> Result<VisitPosition, Error> {
    let call = Call::reading(&request, "GetVisitPosition")?;
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &request.get_ref().case_id);
    let (case,) = check.all((case,))?;

    let desk = &scheduling.desk;
    let case = desk.case(&call.principal, case).await?;
    let Some(visit) = under_way(&case) else {
        let visit = case.visit.as_ref().filter(|_| !case.stage.is_ended());
        let appointment_id = visit.map(|visit| visit.id.to_string()).unwrap_or_default();
        return Ok(VisitPosition { appointment_id, ..VisitPosition::default() });
    };
    let position = scheduling.bell.positions().get(visit.id.uuid(), desk.clock.now()).await;
    let point = position.map(|position| Point { lat: position.lat, lon: position.lon });
    let way = match point {
        Some(from) => scheduling
            .place(&case)
            .await?
            .point()
            .map(|to| Span::from_micros(scheduling.travel.time(on_map(from), on_map(to)))),
        None => None,
    };
    Ok(VisitPosition {
        appointment_id: visit.id.to_string(),
        under_way: true,
        position: point.map(location::to_wire),
        position_at: position.map(|position| to_timestamp(position.at)),
        arriving_at: expected_at(visit, position, way).map(to_timestamp),
    })
}
