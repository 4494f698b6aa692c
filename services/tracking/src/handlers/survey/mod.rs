//! Surveys: one file per method.

pub mod answer_survey;
pub mod create_survey_link;
pub mod get_survey;

use parasol_api::{Error, Reason, Role};
use parasol_desk::{Desk, sees};
use parasol_journey::Case;
use parasol_journey::ids::CaseId;
use parasol_runtime::identity::{Principal, link};

use super::store_error;

/// Whether a caller may know of the survey of a case.
fn may_see(caller: &Principal, case: &Case) -> bool {
    match caller.role {
        Role::Link => *caller == link::survey(case.id),
        _ => sees(caller, case),
    }
}

/// The case of a survey, if it is the caller's.
async fn case_of(desk: &Desk, caller: &Principal, id: CaseId) -> Result<Case, Error> {
    let case = desk.store.case(id).await.map_err(store_error)?;
    case.filter(|case| may_see(caller, case)).ok_or_else(|| Error::new(Reason::NotFound))
}
