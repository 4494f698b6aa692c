//! `LiftHold`: a hold is over, and what it alone had put aside is destroyed by the duty of retention.

use parasol_api::admin::v1::{LiftHoldRequest, LiftHoldResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use sea_orm::EntityTrait;
use tonic::Request;

use super::{check_hold, hold_id};
use crate::holds::ending;
use crate::tables::legal_holds;
use crate::{Keeping, store_error};

pub(crate) async fn handle(
    keeping: &Keeping,
    request: Request<LiftHoldRequest>,
) -> Result<LiftHoldResponse, Error> {
    let message = request.get_ref();
    let call = Call::changing(&request, "LiftHold", &message.request_id)?;
    let desk = &keeping.desk;
    let mut check = Checker::new();
    let hold = check_hold(&mut check, &message.hold_id);
    let (hold,) = check.all((hold,))?;
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let row = legal_holds::Entity::find_by_id(hold).one(desk.store.reader()).await;
    let row = row.map_err(store_error)?.ok_or_else(|| Error::new(Reason::NotFound))?;
    if row.over_at != 0 {
        return Err(Error::new(Reason::HoldOver));
    }
    let by = call.principal.to_string();
    let rows = ending(&desk.store, row, &by, desk.clock.now()).await.map_err(store_error)?;
    let answer = LiftHoldResponse { hold_id: hold_id(hold) };
    desk.record(&call, rows, &answer, None).await
}
