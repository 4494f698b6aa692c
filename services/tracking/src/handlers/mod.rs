//! One file per method.

pub mod get_timeline;
pub mod watch_case;

use parasol_api::{Checker, Error, Reason};
use parasol_journey::Case;
use parasol_journey::ids::CaseId;

use crate::Tracking;

/// The most entries read of a case at once; no honest case comes near it.
const LOG_MAX: u64 = 10_000;

fn store_error(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Reason::StoreUnavailable).because(error)
}

/// The log of a case as its reader should find it.
async fn log(tracking: &Tracking, case: CaseId) -> Result<Vec<parasol_journey::Event>, Error> {
    let log = tracking.desk.store.log_after(case, 0, LOG_MAX).await.map_err(store_error)?;
    Ok(log.into_iter().map(|logged| logged.event).collect())
}

fn check_case(id: &str) -> Result<CaseId, Error> {
    let mut check = Checker::new();
    let id = check.id::<CaseId>("case_id", id);
    let (id,) = check.all((id,))?;
    Ok(id)
}

/// Folds a log and hands out each event with the case after it.
fn folded(
    id: CaseId,
    log: &[parasol_journey::Event],
    mut each: impl FnMut(&parasol_journey::Event, &Case),
) -> Option<Case> {
    let mut case = Case::replay(id, log.get(..1)?)?;
    each(&log[0], &case);
    for event in &log[1..] {
        case.apply(event);
        each(event, &case);
    }
    Some(case)
}
