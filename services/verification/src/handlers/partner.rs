//! Which partner a call is about, and whether it is the caller's to see.

use parasol_api::{Checker, Error, Reason, Role};
use parasol_runtime::identity::Principal;

use crate::claims::liable::Liable;

/// What the contract asks for.
const EXPECTED: &str = "`brand:ID`, `centre:ID`, `carrier`, `installer` or `insurer`";

/// A partner that may be left out.
pub fn optional(check: &mut Checker, text: &str) -> Option<Option<Liable>> {
    if text.is_empty() { Some(None) } else { given(check, text).map(Some) }
}

/// A partner that must be there.
pub fn given(check: &mut Checker, text: &str) -> Option<Liable> {
    let known = Liable::parse(text).filter(|partner| *partner != Liable::Retailer);
    known.or_else(|| check.refuse("partner", Reason::FieldInvalid, EXPECTED))
}

/// The partner a caller is; `None` for the retailer's people, who see all.
///
/// # Errors
/// `NOT_FOUND` for a subject that cannot be a partner.
pub fn own(principal: &Principal) -> Result<Option<Liable>, Error> {
    let subject = &principal.subject;
    let own = match principal.role {
        Role::Brand => subject.parse().map(Liable::Brand),
        Role::Centre => subject.parse().map(Liable::Centre),
        _ => return Ok(None),
    };
    own.map(Some).map_err(|_| Error::new(Reason::NotFound))
}

/// The partner a call is about: the one it names if the caller may see it, else the caller's own; `None` for
/// one of the retailer's people who names none.
///
/// # Errors
/// `NOT_FOUND` for another's.
pub fn meant(principal: &Principal, named: Option<Liable>) -> Result<Option<Liable>, Error> {
    match (own(principal)?, named) {
        (Some(own), Some(named)) if own != named => Err(Error::new(Reason::NotFound)),
        (Some(own), _) => Ok(Some(own)),
        (None, named) => Ok(named),
    }
}
