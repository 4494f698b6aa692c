//! `CreateCalendarLink`: a private link to a technician's calendar, in place of the one before.

use parasol_api::Error;
use parasol_api::convert::to_timestamp;
use parasol_api::technician::v1::{CalendarLink, CreateCalendarLinkRequest};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use sea_orm::ActiveValue::Set;
use tonic::Request;

use crate::tables::calendar_links;
use crate::{Scheduling, calendar};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<CreateCalendarLinkRequest>,
) -> Result<CalendarLink, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "CreateCalendarLink", &message.request_id)?;
    let technician = super::technician(scheduling, &call, &message.technician).await?;
    let desk = &scheduling.desk;
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let (link, now) = (desk.ids.next(), desk.clock.now());
    let mut rows = super::taken_back(scheduling, &technician).await?;
    rows.push(RowOp::put(calendar_links::ActiveModel {
        link: Set(link),
        technician: Set(technician.as_str().to_owned()),
        created_at: Set(now.micros()),
    }));
    let answer = CalendarLink {
        technician: technician.to_string(),
        path: format!("/v1/calendars/{}.ics", calendar::token(&desk.key, link)),
        created_at: Some(to_timestamp(now)),
    };
    desk.record(&call, rows, &answer, None).await
}
