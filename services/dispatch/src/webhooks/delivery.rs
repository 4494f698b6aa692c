//! The log of what was sent.

use parasol_api::admin::v1::{WebhookDelivery, WebhookOutcome};
use parasol_api::convert::to_timestamp;
use parasol_casebook::RowOp;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use sea_orm::IntoActiveModel as _;
use uuid::Uuid;

use super::sending::Called;
use crate::tables::webhook_deliveries;

/// Entries that are kept of a webhook.
pub const LOGGED_MAX: i64 = 1_000;

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Delivered,
    /// It was not; it is sent again.
    Failed,
    /// An earlier change of its case has to be delivered first.
    HeldBack,
    /// It is not sent again by itself.
    GivenUp,
    /// The endpoint wants nothing any more.
    Gone,
}

impl Outcome {
    const ALL: [(Self, &'static str, WebhookOutcome); 5] = [
        (Self::Delivered, "delivered", WebhookOutcome::Delivered),
        (Self::Failed, "failed", WebhookOutcome::Failed),
        (Self::HeldBack, "held_back", WebhookOutcome::HeldBack),
        (Self::GivenUp, "given_up", WebhookOutcome::GivenUp),
        (Self::Gone, "gone", WebhookOutcome::Gone),
    ];

    /// As the table keeps it.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(one, ..)| *one == self).map_or("", |(_, text, _)| text)
    }

    fn number_of(text: &str) -> i32 {
        let known = Self::ALL.iter().find(|(_, one, _)| *one == text);
        known.map_or(WebhookOutcome::Unspecified, |(.., wire)| *wire).into()
    }
}

/// An entry before it has its number.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The change.
    pub event: String,
    /// What changed.
    pub kind: &'static str,
    /// The case.
    pub case: Uuid,
    /// Which attempt; 0 when it was not sent.
    pub attempt: i64,
    /// What became of it.
    pub outcome: Outcome,
    /// The call, if there was one.
    pub called: Option<Called>,
    /// When the case is tried next.
    pub next_at: Option<Timestamp>,
}

/// The rows of entries, numbered on from the last number, and the deletion of those that are too many.
/// The numbers are claimed: of two senders that stand at the same number one writes nothing at all.
pub fn rows(webhook: Uuid, logged: &mut i64, entries: &[Entry], now: Timestamp) -> Vec<RowOp> {
    let mut rows = Vec::with_capacity(entries.len() * 2);
    for entry in entries {
        *logged += 1;
        let called = entry.called.as_ref();
        let latency = called.map_or(0, |called| called.latency.as_micros());
        let failure = called.and_then(|called| called.answer.err());
        let row = webhook_deliveries::Model {
            webhook,
            number: *logged,
            event: entry.event.clone(),
            kind: entry.kind.to_owned(),
            case_id: entry.case,
            attempt: entry.attempt,
            outcome: entry.outcome.as_str().to_owned(),
            status: called.and_then(|called| called.answer.ok()).map_or(0, i64::from),
            failure: failure.map_or("", |failure| failure.as_str()).to_owned(),
            latency: i64::try_from(latency).unwrap_or(i64::MAX),
            at: now.micros(),
            next_at: entry.next_at.map_or(0, Timestamp::micros),
        };
        rows.push(RowOp::claim(row.into_active_model()));
        let old = *logged - LOGGED_MAX;
        if old > 0 {
            let key = vec![webhook.into(), old.into()];
            rows.push(RowOp::delete::<webhook_deliveries::Entity>(key));
        }
    }
    rows
}

/// An entry for the wire.
pub fn to_delivery(row: webhook_deliveries::Model) -> WebhookDelivery {
    let instant = |micros| to_timestamp(Timestamp::from_micros(micros));
    WebhookDelivery {
        number: row.number,
        event_id: row.event,
        r#type: row.kind,
        case_id: CaseId::new(row.case_id).to_string(),
        attempt: i32::try_from(row.attempt).unwrap_or(i32::MAX),
        outcome: Outcome::number_of(&row.outcome),
        status: i32::try_from(row.status).unwrap_or_default(),
        failure: row.failure,
        latency: (row.attempt > 0).then(|| prost_types::Duration {
            seconds: row.latency / 1_000_000,
            nanos: i32::try_from(row.latency % 1_000_000 * 1_000).unwrap_or_default(),
        }),
        at: Some(instant(row.at)),
        next_attempt: (row.next_at != 0).then(|| instant(row.next_at)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::sending::Failure;
    use super::*;

    fn entry() -> Entry {
        let answer = Err(Failure::Timeout);
        let called = Called { answer, retry_after: None, latency: Duration::from_millis(1_500) };
        Entry {
            event: "msg_1".into(),
            kind: "offer.changed",
            case: Uuid::nil(),
            attempt: 2,
            outcome: Outcome::Failed,
            called: Some(called),
            next_at: None,
        }
    }

    #[test]
    fn numbers_go_up_are_claimed_and_the_oldest_entries_go() {
        let (hook, now) = (Uuid::from_u128(1), Timestamp::from_micros(7));
        let mut logged = LOGGED_MAX - 1;
        let made = rows(hook, &mut logged, &[entry(), entry()], now);
        assert_eq!(logged, LOGGED_MAX + 1);
        let RowOp::Claim(table, cells) = &made[0] else { panic!("{made:?}") };
        assert_eq!(table.key_of(cells), [hook.into(), LOGGED_MAX.into()]);
        assert!(matches!(&made[1], RowOp::Claim(..)));
        let RowOp::Delete(_, key) = &made[2] else { panic!("{made:?}") };
        assert_eq!(*key, [hook.into(), 1.into()]);
        assert_eq!(made.len(), 3);
    }

    #[test]
    fn every_outcome_has_its_word_and_its_number() {
        for (outcome, text, wire) in Outcome::ALL {
            assert_eq!(outcome.as_str(), text);
            assert_eq!(Outcome::number_of(text), i32::from(wire));
        }
    }
}
