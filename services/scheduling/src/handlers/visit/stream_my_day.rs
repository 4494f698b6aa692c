//! `StreamMyDay`: opens the stream of a technician's day.

use parasol_api::technician::v1::StreamMyDayRequest;
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::ids::TechnicianId;
use parasol_runtime::identity::{Principal, Role};
use tonic::Request;

use crate::Scheduling;
use crate::day::{self, Day, DayStream};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<StreamMyDayRequest>,
) -> Result<DayStream, Error> {
    let call = Call::reading(&request, "StreamMyDay")?;
    let message = request.into_inner();
    let principal = call.principal;
    let mut check = Checker::new();
    let day = match message.day.as_str() {
        "" => Some(scheduling.desk.clock.now().shanghai_day()),
        day => check.day("day", day),
    };
    let technician = match principal.role {
        // A technician always gets the own day, whatever the message says.
        Role::Technician => check.id::<TechnicianId>("technician", &principal.subject),
        _ => check.id::<TechnicianId>("technician", &message.technician),
    };
    let (date, technician) = check.all((day, technician))?;
    check_employer(scheduling, &principal, &technician).await?;
    let day = Day { principal, technician, date };
    day::open(scheduling, day, &message.cursor).await
}

/// A centre sees the days of its own technicians; another's is as unknown as none.
async fn check_employer(
    scheduling: &Scheduling,
    principal: &Principal,
    technician: &TechnicianId,
) -> Result<(), Error> {
    if principal.role == Role::Technician {
        return Ok(());
    }
    let entry = scheduling.roster.technician(technician).await?;
    if entry.centre == principal.subject {
        Ok(())
    } else {
        Err(Error::new(Reason::TechnicianUnknown))
    }
}
