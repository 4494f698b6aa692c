//! What a partner says about its own message: its order number, when, and in which order.

use parasol_api::limits::FOREIGN_NUMBER_MAX;
use parasol_api::{Checker, Reason};
use parasol_journey::event::Heard;
use parasol_journey::time::Timestamp;

/// The stamp of a partner's message as it came.
pub struct Stamp<'a> {
    pub partner_order_no: &'a str,
    pub occurred_at: &'a Option<prost_types::Timestamp>,
    pub partner_sequence: i64,
}

impl Stamp<'_> {
    /// Checks its form and reads how the sender numbered it, if it did; nothing happens in the future.
    pub fn check(&self, check: &mut Checker, now: Timestamp) -> Option<Option<Heard>> {
        let number =
            check.optional_text("partner_order_no", self.partner_order_no, FOREIGN_NUMBER_MAX);
        let occurred = check.optional_instant("occurred_at", self.occurred_at);
        let sequence = check.number("partner_sequence", self.partner_sequence, 0..=i64::MAX);
        let occurred_at = occurred.flatten();
        if occurred_at.is_some_and(|at| at > now) {
            return check.refuse("occurred_at", Reason::FieldInvalid, "an instant in the past");
        }
        let is_fine = number.is_some() && occurred.is_some();
        let sequence = u64::try_from(sequence.filter(|_| is_fine)?).unwrap_or_default();
        let is_said = sequence != 0 || occurred_at.is_some();
        Some(is_said.then_some(Heard { sequence, occurred_at }))
    }
}

/// The stamp of a request that has one.
macro_rules! stamp {
    ($request:expr) => {
        $crate::handlers::stamp::Stamp {
            partner_order_no: &$request.partner_order_no,
            occurred_at: &$request.occurred_at,
            partner_sequence: $request.partner_sequence,
        }
    };
}
pub(super) use stamp;
