//! One file per method; the watches are in [`crate::watching`].

pub mod create_share_link;
pub mod get_timeline;
pub mod list_share_links;
pub mod revoke_share_link;
pub mod scores;
pub mod survey;
pub mod voice;

use parasol_api::{Checker, Error, Reason};
use parasol_journey::Case;
use parasol_journey::ids::CaseId;
use parasol_runtime::identity::{Principal, link};

pub fn store_error(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Reason::StoreUnavailable).because(error)
}

pub fn not_found() -> Error {
    Error::new(Reason::NotFound)
}

pub fn check_case(id: &str) -> Result<CaseId, Error> {
    let mut check = Checker::new();
    let id = check.id::<CaseId>("case_id", id);
    let (id,) = check.all((id,))?;
    Ok(id)
}

/// The case that a reader means: the one that is named, or, where none is, the one that the reader's link shows.
pub fn case_of(principal: &Principal, id: &str) -> Result<CaseId, Error> {
    match link::of_principal(principal).filter(|_| id.is_empty()) {
        Some((case, _)) => Ok(case),
        None => check_case(id),
    }
}

/// Whether a case is at the version its caller insists on.
fn at_version(case: &Case, etag: Option<u64>) -> Result<(), Error> {
    match etag {
        Some(etag) if !case.stands_as_at(etag) => Err(parasol_desk::to_error(
            parasol_casebook::Error::VersionConflict { current: case.version },
            None,
        )),
        _ => Ok(()),
    }
}
