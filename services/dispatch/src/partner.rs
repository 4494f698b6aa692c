//! Whose work a caller sees: a brand that of all its centres, on whosever behalf, a centre its own.
//!
//! Every query for a partner goes through the conditions made here, so that what is another's is not
//! found rather than found and hidden.

use parasol_api::{Error, Reason};
use parasol_casebook::{Refusal, Scope};
use parasol_desk::{scope, sees};
use parasol_journey::Case;
use parasol_runtime::identity::{Principal, Role};
use sea_orm::ColumnTrait;
use sea_orm::sea_query::SimpleExpr;

use crate::states::working_centre;
use crate::tables::{offers, work_orders};

/// Somebody offers are made to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Partner {
    /// A brand.
    Brand(String),
    /// A service centre.
    Centre(String),
}

impl Partner {
    /// The partner that calls.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` for every other role.
    pub fn of(principal: &Principal) -> Result<Self, Error> {
        match principal.role {
            Role::Brand => Ok(Self::Brand(principal.subject.clone())),
            Role::Centre => Ok(Self::Centre(principal.subject.clone())),
            _ => Err(Error::new(Reason::PermissionDenied)),
        }
    }

    /// What queries of this partner may see.
    pub fn scope(&self) -> Scope {
        scope(&match self {
            Self::Brand(brand) => Principal::new(Role::Brand, brand.as_str()),
            Self::Centre(centre) => Principal::new(Role::Centre, centre.as_str()),
        })
    }

    /// Only offers made to this partner.
    pub fn offers(&self) -> SimpleExpr {
        match self {
            Self::Brand(brand) => offers::Column::Brand.eq(brand.as_str()),
            Self::Centre(centre) => offers::Column::Centre.eq(centre.as_str()),
        }
    }

    /// Only work orders of this partner.
    pub fn work_orders(&self) -> SimpleExpr {
        match self {
            Self::Brand(brand) => work_orders::Column::Brand.eq(brand.as_str()),
            Self::Centre(centre) => work_orders::Column::Centre.eq(centre.as_str()),
        }
    }
}

/// Whether a caller may act on the live work order of a case.
pub fn works_on(principal: &Principal, case: &Case) -> bool {
    match principal.role {
        Role::Brand => {
            let brands = [&case.filing.brand, case.serving_brand()];
            brands.iter().any(|brand| brand.as_str() == principal.subject)
        }
        Role::Centre => working_centre(case) == Some(principal.subject.as_str()),
        Role::Technician => case.is_on_the_job(&principal.subject),
        _ => false,
    }
}

/// Whether a caller has a part in a case now: it is of its brand, offered to it, or worked on by it.
pub fn has_a_part(principal: &Principal, case: &Case) -> bool {
    let is_asked = || {
        let offer = case.offer.as_ref().filter(|_| !case.stage.is_ended());
        offer.is_some_and(|offer| offer.centre.as_str() == principal.subject)
    };
    match principal.role {
        Role::Centre => is_asked() || works_on(principal, case),
        _ => works_on(principal, case),
    }
}

/// Refuses whoever may not know of the live work order of a case. Without a work order it is the
/// journey that refuses, and says what is open.
///
/// # Errors
/// `NOT_FOUND`.
pub fn check_work(principal: &Principal, case: &Case) -> Result<(), Refusal> {
    let is_hidden = case.work_order.is_some() && !works_on(principal, case);
    if is_hidden || !sees(principal, case) {
        return Err(refusal(Reason::NotFound));
    }
    Ok(())
}

/// A refusal of ours, in the registry's words.
pub fn refusal(reason: Reason) -> Refusal {
    Refusal::Service { code: reason.code(), message: reason.summary().to_owned() }
}
