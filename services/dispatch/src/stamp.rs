//! What every message of a partner carries beside its content.

use std::sync::Arc;

use parasol_api::limits::FOREIGN_NUMBER_MAX;
use parasol_api::{Checker, Reason};
use parasol_casebook::{RowOp, Secret, secret};
use parasol_desk::{KeptRows, Numbered};
use parasol_journey::event::Heard;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use uuid::Uuid;

use crate::messages::Note;

/// The checked head of a partner's message.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// The case it is about.
    pub case: CaseId,
    /// The version the partner insists on.
    pub etag: Option<u64>,
    /// The partner's own number for the order.
    pub partner_order: Option<String>,
    /// How the partner numbered it, if it did.
    pub heard: Option<Heard>,
    /// The message, where it is noted.
    pub note: Option<Note>,
}

/// Reads the head that all mutations of this service share.
macro_rules! stamp {
    ($check:expr, $request:expr, $now:expr) => {{
        let body = $request.get_ref();
        let stamp = $crate::stamp::Stamp::check(
            $check,
            (&body.case_id, &body.etag, &body.partner_order_no),
            (&body.occurred_at, body.partner_sequence),
            $now,
        );
        let note = $request.extensions().get::<$crate::messages::Note>().cloned();
        stamp.map(|stamp| $crate::stamp::Stamp { note, ..stamp })
    }};
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
        let occurred_at = occurred?;
        let sequence = u64::try_from(sequence?).unwrap_or_default();
        let is_said = sequence != 0 || occurred_at.is_some();
        let heard = is_said.then_some(Heard { sequence, occurred_at });
        let partner_order = number?;
        let partner_order = (!partner_order.is_empty()).then_some(partner_order);
        Some(Self { case: case?, etag: etag?, partner_order, heard, note: None })
    }

    /// The message under its name, with how its sender numbered it.
    pub fn numbered(&self, message: &'static str) -> Option<Numbered> {
        self.heard.map(|heard| Numbered { message, heard })
    }

    /// The row that notes that it took effect.
    pub fn applied(&self) -> Option<RowOp> {
        self.note.as_ref().map(Note::applied)
    }

    /// The rows that note that it was only kept.
    pub fn kept_rows(&self) -> Option<KeptRows> {
        let note = self.note.clone()?;
        Some(Arc::new(move |reason| vec![note.stale(reason)]))
    }
}

/// Keeps what a partner wrote in words. People write names and numbers into such texts, so they lie in
/// the vault; the newest one of its kind is kept.
pub fn remark(subject: Uuid, kind: &'static str, text: &str, at: Timestamp) -> Option<RowOp> {
    let body = serde_json::json!({ "text": text }).to_string();
    let lookup = String::new();
    (!text.is_empty()).then(|| secret(Secret { subject, kind, lookup, body }, at))
}
