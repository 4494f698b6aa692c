//! `GetRelayNumber`: how customer and technician reach each other around the visit.

use parasol_api::convert::to_window;
use parasol_api::technician::v1::{GetRelayNumberRequest, RelayNumber};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::ids::CaseId;
use tonic::Request;

use crate::{Scheduling, relay};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<GetRelayNumberRequest>,
) -> Result<RelayNumber, Error> {
    let call = Call::reading(&request, "GetRelayNumber")?;
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &request.get_ref().case_id);
    let (case,) = check.all((case,))?;

    let desk = &scheduling.desk;
    let case = desk.case(&call.principal, case).await?;
    let visit = case.visit.as_ref().filter(|_| !case.stage.is_ended());
    let Some(visit) = visit else { return Ok(RelayNumber::default()) };
    let shown = relay::shown_now(&case, desk.clock.now());
    let number = relay::numbers(&desk.store, shown).await?.pop();
    Ok(RelayNumber {
        appointment_id: visit.id.to_string(),
        number: number.map(|(_, number)| number).unwrap_or_default(),
        shown: Some(to_window(relay::shown_in(visit.window))),
    })
}
