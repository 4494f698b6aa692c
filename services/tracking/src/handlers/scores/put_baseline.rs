//! `PutBaseline`: how long the old flow took.

use parasol_api::convert::{Listed as _, etag};
use parasol_api::limits::REMARK_MAX;
use parasol_api::tracking::v1::{PutBaselineRequest, PutBaselineResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::time::SECOND;
use parasol_journey::vocab::Category;
use sea_orm::ActiveValue::Set;
use tonic::Request;

use crate::Tracking;
use crate::scores::read;
use crate::scores::tables::score_baselines;

/// The longest time a baseline may say: a year.
const SECONDS_MAX: i64 = 31_536_000;

pub async fn handle(
    tracking: &Tracking,
    request: Request<PutBaselineRequest>,
) -> Result<PutBaselineResponse, Error> {
    let call = Call::changing(&request, "PutBaseline", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let expected = check.etag(&request.etag);
    let category = check.listed::<Category>("category", request.category);
    let gross = check.number("gross_seconds", request.gross_seconds, 1..=SECONDS_MAX);
    let net = check.number("net_seconds", request.net_seconds, 1..=SECONDS_MAX);
    let source = check.text("source", &request.source, REMARK_MAX);
    let (expected, category, gross, net, source) =
        check.all((expected, category, gross, net, source))?;
    let desk = &tracking.desk;
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let newest = read::baseline(&desk.store, category).await?.map_or(0, |row| row.revision);
    let known = u64::try_from(newest).unwrap_or_default();
    if expected.is_some_and(|expected| expected != known) {
        return Err(Error::version_conflict(known));
    }
    let row = score_baselines::ActiveModel {
        category: Set(category.as_str().to_owned()),
        revision: Set(newest + 1),
        gross: Set(gross * SECOND),
        net: Set(net * SECOND),
        source: Set(source),
        said_by: Set(call.principal.to_string()),
        at: Set(desk.clock.now().micros()),
    };
    let answer = PutBaselineResponse { category: category.number(), etag: etag(known + 1) };
    desk.record(&call, vec![RowOp::claim(row)], &answer, Reason::VersionConflict).await
}
