//! `InstallParts`: ordered parts are built in, and perhaps the defective one has to go back.

use parasol_api::convert::case_view;
use parasol_api::partner::v1::{InstallPartsRequest, InstallPartsResponse};
use parasol_api::{Checker, Error};
use parasol_desk::Call;
use parasol_journey::deadline::Clock;
use parasol_journey::{Case, Command, Rejection};
use tonic::Request;

use super::lookups::part_order;
use super::work_step::work_step;
use crate::Dispatch;
use crate::parts::{Movement, PartOrderId, Report};
use crate::stamp::stamp;

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<InstallPartsRequest>,
) -> Result<InstallPartsResponse, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "InstallParts", &body.request_id)?;
    let now = dispatch.desk.clock.now();
    let mut check = Checker::new();
    let stamp = stamp!(&mut check, request, now);
    let id = check.id::<PartOrderId>("part_order_id", &body.part_order_id);
    let (stamp, id) = check.all((stamp, id))?;
    part_order(dispatch, stamp.case, id).await?;
    let returns = body.return_defective;
    // The journey counts from the commit; what is shown counts from the call, a moment before.
    let rules = dispatch.desk.submitter.rules();
    let due = rules.deadlines.due(Clock::PartsReturn, now, &rules.calendar);
    let due = due.map_err(|far| Error::from(Rejection::from(far)))?;
    let report = Report { expected_at: returns.then_some(due), ..Report::at(now) };
    let deeds = move |case: &Case, _| {
        let row = report.row(case.id, id.0, Movement::PartsInstalled);
        let part = id.to_string();
        Ok((Command::InstallParts { part, returns }, vec![row]))
    };
    work_step(dispatch, &call, &stamp, deeds, |case, effect| InstallPartsResponse {
        case: Some(case_view(case)),
        effect: effect.into(),
    })
    .await
}
