//! `ReportBackorder`: ordered parts come later than expected.

use parasol_api::convert::case_view;
use parasol_api::partner::v1::{ReportBackorderRequest, ReportBackorderResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::time::Span;
use parasol_journey::{Case, Command};
use tonic::Request;

use super::lookups::part_order;
use super::work_step::work_step;
use crate::Dispatch;
use crate::parts::{Movement, PartOrderId, Report};
use crate::stamp::stamp;

/// How far ahead parts may be promised.
const AHEAD_MAX: Span = Span::days(365);

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<ReportBackorderRequest>,
) -> Result<ReportBackorderResponse, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "ReportBackorder", &body.request_id)?;
    // Asked first: the parts may be due by now.
    if let Some(saved) = dispatch.desk.saved(&call).await? {
        return Ok(saved);
    }
    let now = dispatch.desk.clock.now();
    let mut check = Checker::new();
    let stamp = stamp!(&mut check, request, now);
    let id = check.id::<PartOrderId>("part_order_id", &body.part_order_id);
    let expected_at = check.instant("expected_at", &body.expected_at);
    let expected_at = match expected_at {
        Some(at) if at <= now || at > now + AHEAD_MAX => {
            check.refuse("expected_at", Reason::FieldInvalid, "a time ahead, within a year")
        }
        other => other,
    };
    let (stamp, id, expected_at) = check.all((stamp, id, expected_at))?;
    part_order(dispatch, stamp.case, id).await?;
    let report = Report { expected_at: Some(expected_at), ..Report::at(now) };
    let deeds = move |case: &Case, _| {
        let row = report.row(case.id, id.0, Movement::PartsBackordered);
        let part = id.to_string();
        Ok((Command::ReportBackorder { part, expected_at }, vec![row]))
    };
    work_step(dispatch, &call, &stamp, deeds, |case, effect| ReportBackorderResponse {
        case: Some(case_view(case)),
        effect: effect.into(),
    })
    .await
}
