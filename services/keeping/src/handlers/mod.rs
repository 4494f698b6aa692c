//! One file per method.

pub(crate) mod get_personal_data;
pub(crate) mod lift_hold;
pub(crate) mod list_holds;
pub(crate) mod list_reveals;
pub(crate) mod place_hold;

use parasol_api::{Checker, Error, Reason};
use parasol_journey::ids::{CaseId, CustomerId};
use uuid::Uuid;

use crate::person::{self, Person};
use crate::{Keeping, store_error};

/// What the id of a hold begins with.
const HOLD: &str = "legal_";

/// Whom or what something is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Customer(CustomerId),
    Case(CaseId),
}

impl Subject {
    /// Reads the id of a customer or a case.
    pub fn check(check: &mut Checker, text: &str) -> Option<Self> {
        let customer = text.parse().map(Self::Customer);
        let found = customer.or_else(|_| text.parse().map(Self::Case)).ok();
        found.or_else(|| {
            check.refuse("subject_id", Reason::FieldInvalid, "a customer's or a case's id")
        })
    }

    /// What is kept about it.
    ///
    /// # Errors
    /// `NOT_FOUND` where nothing is known of it, and what the store says.
    pub async fn person(self, keeping: &Keeping) -> Result<Person, Error> {
        let (store, whose) = (&keeping.desk.store, keeping.whose);
        let found = match self {
            Self::Customer(id) => person::of_customer(store, whose, id).await,
            Self::Case(id) => person::of_case(store, whose, id).await,
        };
        let found = found.map_err(store_error)?;
        let is_known = match self {
            Self::Customer(_) => !found.cases.is_empty() || !found.kept.is_empty(),
            Self::Case(id) => store.case(id).await.map_err(store_error)?.is_some(),
        };
        if is_known { Ok(found) } else { Err(Error::new(Reason::NotFound)) }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Customer(id) => id.fmt(f),
            Self::Case(id) => id.fmt(f),
        }
    }
}

/// The id of a hold as calls write it.
pub(crate) fn hold_id(hold: Uuid) -> String {
    format!("{HOLD}{}", hold.simple())
}

/// Reads the id of a hold.
pub(crate) fn check_hold(check: &mut Checker, text: &str) -> Option<Uuid> {
    let hex = text.strip_prefix(HOLD).filter(|hex| hex.len() == 32);
    let found = hex.and_then(|hex| Uuid::try_parse(hex).ok());
    found.or_else(|| check.refuse("hold_id", Reason::FieldInvalid, "the id of a legal hold"))
}
