//! `GetVocReport`: the complaints of a month in one business unit.

use parasol_api::tracking::v1::{GetVocReportRequest, VocReport};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::vocab::Category;
use tonic::Request;

use crate::Tracking;
use crate::handlers::scores::month;
use crate::voice::rounds::report_of;

pub async fn handle(
    tracking: &Tracking,
    request: Request<GetVocReportRequest>,
) -> Result<VocReport, Error> {
    Call::reading(&request, "GetVocReport")?;
    let request = request.into_inner();
    let now = tracking.desk.clock.now();
    let mut check = Checker::new();
    let period = month(&mut check, &request.period);
    if matches!(period, Some(None)) {
        check.refuse::<()>("period", Reason::FieldInvalid, "a month as `YYYY-MM`");
    }
    let category = check.listed::<Category>("category", request.category);
    let (period, category) = check.all((period, category))?;
    let period = period.filter(|month| month.start() <= now);
    let period = period.ok_or_else(|| Error::new(Reason::NotFound))?;
    let (report, frozen) = report_of(&tracking.desk.store, (period, category), now).await?;
    Ok(report.to_wire(period.to_string(), category, frozen))
}
