//! `AttendSeat`: a real case, without anybody's name, and the attendance counted.

use parasol_api::convert::{Listed as _, to_timestamp};
use parasol_api::tracking::v1::{AttendSeatRequest, SeatEntry, SeatView};
use parasol_api::{Checker, Error, Language, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::Fact;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use sea_orm::{EntityTrait, IntoActiveModel as _};
use tonic::Request;

use crate::Tracking;
use crate::handlers::store_error;
use crate::headline::{Listener, headline};
use crate::scores::read::log;
use crate::voice::tables::seats;
use crate::voice::{SeatId, is_open, views};

pub async fn handle(
    tracking: &Tracking,
    request: Request<AttendSeatRequest>,
) -> Result<SeatView, Error> {
    let call = Call::changing(&request, "AttendSeat", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let id = check.id::<SeatId>("seat_id", &request.seat_id);
    let (id,) = check.all((id,))?;
    let language = Language::of_tag(&request.language).unwrap_or_default();
    let desk = &tracking.desk;
    let row = seats::Entity::find_by_id(id.0).one(desk.store.reader()).await;
    let row = row.map_err(store_error)?.filter(|row| row.person == call.principal.subject);
    let row = row.ok_or_else(|| Error::new(Reason::NotFound))?;
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let now = desk.clock.now();
    if !is_open(Timestamp::from_micros(row.at), now) {
        return Err(Error::new(Reason::SeatNotNow));
    }
    let case = CaseId::new(row.case_id);
    let events = log(&desk.store, case).await.map_err(store_error)?;
    let filing = events.first().and_then(|event| match &event.fact {
        Fact::Filed(filing) => Some(filing.clone()),
        _ => None,
    });
    let filing = filing.ok_or_else(|| Error::new(Reason::NotFound))?;
    let entry = |event: &parasol_journey::Event| SeatEntry {
        at: Some(to_timestamp(event.at)),
        stage: event.stage.number(),
        headline: headline(&event.fact, Listener::Inside, language),
        reported_by: event.actor.kind.party().number(),
        turn_holder: event.turn.map_or(0, |party| party.number()),
    };
    let attended_at = if row.attended_at > 0 { row.attended_at } else { now.micros() };
    let after = seats::Model { attended_at, ..row };
    let answer = SeatView {
        seat: Some(views::seat(&after)),
        brand: filing.brand.to_string(),
        category: filing.category.number(),
        entries: events.iter().map(entry).collect(),
    };
    let rows = vec![RowOp::put(after.into_active_model())];
    desk.record(&call, rows, &answer, None).await
}
