//! `ReconcileProvider`: a day compared with the payment provider's statement.

use parasol_api::verification::v1::{
    PaymentDifference, ReconcileProviderRequest, ReconcileProviderResponse,
};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use tonic::Request;

use super::store_error;
use crate::Verification;
use crate::payment::reconciling::{NotCompared, Report, TOLD_MAX};
use crate::settlement::Trouble;
use crate::settlement_views::money;

pub async fn handle(
    service: &Verification,
    request: Request<ReconcileProviderRequest>,
) -> Result<ReconcileProviderResponse, Error> {
    let call = Call::changing(&request, "ReconcileProvider", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let today = service.desk.clock.now().shanghai_day();
    let mut check = Checker::new();
    let day = check.day("day", &request.day).and_then(|day| match day <= today {
        true => Some(day),
        false => check.refuse("day", Reason::FieldInvalid, "a day that does not lie ahead"),
    });
    let (day,) = check.all((day,))?;
    if let Some(saved) = service.desk.saved(&call).await? {
        return Ok(saved);
    }
    let report = service.settlement().compare(day).await.map_err(trouble)?;
    let answer = answer(&day.to_string(), report);
    service.desk.record(&call, Vec::new(), &answer, None).await
}

fn answer(day: &str, report: Report) -> ReconcileProviderResponse {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let differences = report.differences.into_iter().take(TOLD_MAX).map(|one| PaymentDifference {
        operation: one.operation,
        kind: one.kind.as_str().to_owned(),
        ours: money(one.ours_fen),
        theirs: money(one.theirs_fen),
    });
    ReconcileProviderResponse {
        day: day.to_owned(),
        lines: count(report.lines),
        matched: count(report.matched),
        settled: count(report.settled),
        differences: differences.collect(),
    }
}

fn trouble(trouble: Trouble) -> Error {
    match trouble {
        Trouble::Compared(NotCompared::Statement(why)) => {
            Error::new(Reason::ProviderStatementMissing).because(why)
        }
        other => store_error(other),
    }
}
