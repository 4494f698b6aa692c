//! `BookSeat`: a manager is going to follow a real case.

use parasol_api::tracking::v1::{BookSeatRequest, Seat};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use sea_orm::IntoActiveModel as _;
use tonic::Request;

use super::list_seats;
use crate::Tracking;
use crate::scores::period::Month;
use crate::voice::tables::seats;
use crate::voice::{QUOTA, seat_id, views};

/// How far ahead a seat may lie.
const AHEAD_MAX: Span = Span::days(60);

pub async fn handle(tracking: &Tracking, request: Request<BookSeatRequest>) -> Result<Seat, Error> {
    let call = Call::changing(&request, "BookSeat", &request.get_ref().request_id)?;
    let desk = &tracking.desk;
    // Asked first: the seat's time may have come by now.
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let request = request.into_inner();
    let now = desk.clock.now();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &request.case_id);
    let at = check.instant("at", &request.at).and_then(|at| {
        if at >= now && at <= now + AHEAD_MAX {
            return Some(at);
        }
        check.refuse("at", Reason::FieldInvalid, "ahead, within 60 days")
    });
    let (case, at) = check.all((case, at))?;
    desk.case(&call.principal, case).await?;
    let (person, period) = (call.principal.subject.clone(), Month::of(at).to_string());
    let booked = list_seats::of(&desk.store, &person, &period).await?;
    let number = booked.iter().map(|row| row.number).max().unwrap_or_default() + 1;
    if number > QUOTA {
        return Err(Error::new(Reason::SeatsFull));
    }
    let row = seats::Model {
        seat: seat_id(&person, &period, number).0,
        person,
        period,
        number,
        case_id: case.uuid(),
        at: at.micros(),
        attended_at: 0,
    };
    let answer = views::seat(&row);
    let rows = vec![RowOp::claim(row.into_active_model())];
    desk.record(&call, rows, &answer, Reason::VersionConflict).await
}
