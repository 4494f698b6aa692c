//! What every message of a partner carries beside its content.

use parasol_api::limits::FOREIGN_NUMBER_MAX;
use parasol_api::{Checker, Reason};
use parasol_casebook::{RowOp, Secret, secret};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use uuid::Uuid;

/// The checked head of a partner's message.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// The case it is about.
    pub case: CaseId,
    /// The version the partner insists on.
    pub etag: Option<u64>,
    /// The partner's own number for the order.
    pub partner_order: Option<String>,
}

/// Reads the head that all mutations of this service share.
macro_rules! stamp {
    ($check:expr, $body:expr, $now:expr) => {
        $crate::stamp::Stamp::check(
            $check,
            (&$body.case_id, &$body.etag, &$body.partner_order_no),
            (&$body.occurred_at, $body.partner_sequence),
            $now,
        )
    };
}
pub(crate) use stamp;

impl Stamp {
    /// Checks the head of a message; use [`stamp!`].
    pub fn check(
        check: &mut Checker,
        (case_id, etag, partner_order_no): (&str, &str, &str),
        (occurred_at, sequence): (&Option<prost_types::Timestamp>, i64),
        now: Timestamp,
    ) -> Option<Self> {
        let case = check.id("case_id", case_id);
        let etag = check.etag(etag);
        let number = check.optional_text("partner_order_no", partner_order_no, FOREIGN_NUMBER_MAX);
        let occurred_at = check.optional_instant("occurred_at", occurred_at);
        let occurred = match occurred_at {
            Some(Some(at)) if at > now => {
                check.refuse("occurred_at", Reason::FieldInvalid, "a time that is not ahead")
            }
            other => other,
        };
        let sequence = check.number("partner_sequence", sequence, 0..=i64::MAX);
        occurred?;
        sequence?;
        let partner_order = number?;
        let partner_order = (!partner_order.is_empty()).then_some(partner_order);
        Some(Self { case: case?, etag: etag?, partner_order })
    }
}

/// Keeps what a partner wrote in words. People write names and numbers into such texts, so they lie in
/// the vault; the newest one of its kind is kept.
pub fn remark(subject: Uuid, kind: &'static str, text: &str, at: Timestamp) -> Option<RowOp> {
    let body = serde_json::json!({ "text": text }).to_string();
    let lookup = String::new();
    (!text.is_empty()).then(|| secret(Secret { subject, kind, lookup, body }, at))
}
