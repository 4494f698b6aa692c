//! `GetCalendar`: the calendar behind a link, for the gateway.

use parasol_api::technician::v1::{Calendar, GetCalendarRequest};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use tonic::Request;

use crate::Scheduling;
use crate::report::not_found;

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<GetCalendarRequest>,
) -> Result<Calendar, Error> {
    Call::reading(&request, "GetCalendar")?;
    let message = request.get_ref();
    let mut check = Checker::new();
    let language = check.language(&message.language);
    let (language,) = check.all((language,))?;
    let technician = scheduling.calendar_of(&message.token).await?.ok_or_else(not_found)?;
    Ok(Calendar { content: scheduling.calendar(&technician, language).await? })
}
