//! One file per method of the notices.

pub mod get_notice_preferences;
pub mod list_failed_notices;
pub mod list_notices;
pub mod record_told;
pub mod redrive_notices;
pub mod take_receipt;
pub mod unsubscribe;
pub mod update_notice_preferences;

use parasol_api::{Checker, Error, Reason, Role};
use parasol_desk::{Call, customer_id};
use parasol_journey::ids::CustomerId;

fn store_error(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Reason::StoreUnavailable).because(error)
}

/// Whose preferences a call is about: a customer's own, else the one named.
fn whose(call: &Call, check: &mut Checker, named: &str) -> Option<CustomerId> {
    if call.principal.role != Role::Customer {
        return check.id("customer_id", named);
    }
    let own = customer_id(&call.principal.subject);
    if named.is_empty() || named == own.to_string() {
        return Some(own);
    }
    check.refuse("customer_id", Reason::FieldInvalid, "empty: a customer's own")
}
