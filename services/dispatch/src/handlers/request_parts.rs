//! `RequestParts`: the log names the part order, the table keeps its lines.

use parasol_api::common::v1::MessageEffect;
use parasol_api::convert::case_view;
use parasol_api::partner::v1::{RequestPartsRequest, RequestPartsResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use parasol_journey::{Case, Command};
use sea_orm::ActiveValue::Set;
use tonic::Request;
use uuid::Uuid;

use super::work_step::work_step;
use crate::Dispatch;
use crate::network::column;
use crate::parts::{Line, PartOrderId};
use crate::stamp::stamp;
use crate::tables::part_orders;

pub(super) async fn handle(
    dispatch: &Dispatch,
    request: Request<RequestPartsRequest>,
) -> Result<RequestPartsResponse, Error> {
    let body = request.get_ref();
    let call = Call::changing(&request, "RequestParts", &body.request_id)?;
    let now = dispatch.desk.clock.now();
    let mut check = Checker::new();
    let stamp = stamp!(&mut check, request, now);
    let lines = match body.lines.is_empty() {
        true => check.refuse("lines", Reason::FieldInvalid, "at least one line"),
        false => check.parts("lines", &body.lines),
    };
    let expected_at = check.optional_instant("expected_at", &body.expected_at);
    let (stamp, (), expected_at) = check.all((stamp, lines, expected_at))?;
    let id = PartOrderId(dispatch.desk.ids.next());
    let lines: Vec<Line> = body.lines.iter().cloned().map(Line::from).collect();
    let case = stamp.case;
    let deeds = move |_: &Case, work_order: Uuid| {
        let row = part_order_row(id, case, work_order, &lines, (now, expected_at));
        Ok((Command::RequestParts { part: id.to_string() }, vec![row]))
    };
    work_step(dispatch, &call, &stamp, deeds, move |case, effect| RequestPartsResponse {
        case: Some(case_view(case)),
        effect: effect.into(),
        part_order_id: match effect {
            MessageEffect::Applied => id.to_string(),
            _ => String::new(),
        },
    })
    .await
}

fn part_order_row(
    id: PartOrderId,
    case: CaseId,
    work_order: Uuid,
    lines: &[Line],
    (now, expected_at): (Timestamp, Option<Timestamp>),
) -> RowOp {
    RowOp::put(part_orders::ActiveModel {
        part_order: Set(id.0),
        case_id: Set(case.uuid()),
        work_order: Set(work_order),
        lines: Set(column(lines)),
        ordered_at: Set(now.micros()),
        expected_at: Set(expected_at.map_or(0, Timestamp::micros)),
    })
}
