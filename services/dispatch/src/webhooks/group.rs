//! The changes of one case in one turn, and what their calls mean for the case.

use parasol_casebook::RowOp;
use parasol_journey::time::{SECOND, Span, Timestamp};
use sea_orm::IntoActiveModel as _;
use uuid::Uuid;

use super::course::{Counted, Meaning, meaning, next_attempt};
use super::delivery::{Entry, Outcome};
use super::event::Event;
use super::sending::Called;
use crate::tables::webhook_retries;

/// How long a case waits after it was tried for a lane that is down.
const AFTER_TRY: Span = Span::from_micros(10 * SECOND);

/// Changes of one case that are sent in a turn.
pub struct Group {
    /// The case.
    pub case: Uuid,
    /// In their order.
    pub events: Vec<Event>,
    /// The row of a case that is tried again; `None` at its first attempt.
    pub retry: Option<webhook_retries::Model>,
    /// The first change that did not fit.
    pub rest: Option<(i64, Uuid)>,
}

/// A group that was sent.
pub struct Sent {
    /// The group.
    pub group: Group,
    /// The calls for its events, up to the first that was not taken.
    pub calls: Vec<Called>,
}

/// What follows from the calls of a group.
#[derive(Default)]
pub struct Settled {
    /// For the log.
    pub entries: Vec<Entry>,
    /// The retry row, written or deleted.
    pub row: Option<RowOp>,
    /// For the lane.
    pub counted: Vec<Counted>,
    /// Whether the endpoint wants nothing any more.
    pub is_gone: bool,
    /// Whether the case has more to send at once.
    pub more: bool,
}

impl Sent {
    /// What follows. `is_try` says that the lane is down and this is its try, which costs a case that
    /// is tried again no attempt.
    pub fn settle(self, webhook: Uuid, is_try: bool, now: Timestamp) -> Settled {
        let Self { mut group, calls } = self;
        let mut settled = Settled::default();
        let before = group.retry.as_ref().map_or(0, |row| row.attempts);
        let mut refused = None;
        for (place, (event, called)) in group.events.iter().zip(&calls).enumerate() {
            // Whatever follows a change that was taken is tried for the first time.
            let failed_before = if place == 0 { before } else { 0 };
            let meaning = meaning(called);
            let is_taken = meaning == Meaning::Taken;
            settled.counted.push(Counted { is_first: group.retry.is_none(), is_taken });
            if !is_taken {
                refused = Some((event, called, meaning, failed_before));
                break;
            }
            settled.entries.push(entry(event, called, failed_before + 1, Outcome::Delivered, None));
        }
        // What was not begun is sent by the next turn, first of all.
        if refused.is_none() {
            let begun = group.events[calls.len()..].iter().map(place).min();
            group.rest = begun.or(group.rest);
        }
        match refused {
            Some((event, called, meaning, failed_before)) => {
                let costs = !(is_try && group.retry.is_some()) && meaning != Meaning::Gone;
                let attempts = failed_before + i64::from(costs);
                let next_at = match (costs, meaning) {
                    (true, _) => next_attempt(attempts, called.retry_after, now),
                    // It is sent first when the webhook is enabled again.
                    (false, Meaning::Gone) => Some(now),
                    (false, _) => Some(now + AFTER_TRY),
                };
                // In a snapshot a later change may stand before an earlier one of its case.
                let unsent = group.events[calls.len() - 1..].iter().map(place).min();
                let since = unsent.unwrap_or(place(event));
                settled.refuse(
                    webhook,
                    event,
                    since,
                    called,
                    (attempts, failed_before + 1),
                    next_at,
                );
                settled.is_gone = meaning == Meaning::Gone;
                if group.retry.is_none() {
                    settled.hold_back(&group.events[calls.len()..], next_at);
                }
            }
            None if group.rest.is_some() => settled.go_on(webhook, &group, now),
            None if group.retry.is_some() => {
                let key = vec![webhook.into(), group.case.into()];
                settled.row = Some(RowOp::delete::<webhook_retries::Entity>(key));
            }
            None => {}
        }
        settled
    }
}

impl Settled {
    fn refuse(
        &mut self,
        webhook: Uuid,
        event: &Event,
        (since_seq, since_row): (i64, Uuid),
        called: &Called,
        (attempts, attempt): (i64, i64),
        next_at: Option<Timestamp>,
    ) {
        let outcome = match (meaning(called), next_at) {
            (Meaning::Gone, _) => Outcome::Gone,
            (_, Some(_)) => Outcome::Failed,
            (_, None) => Outcome::GivenUp,
        };
        self.entries.push(entry(event, called, attempt, outcome, next_at));
        let row = webhook_retries::Model {
            webhook,
            case_id: event.case,
            since_seq,
            since_row,
            attempts,
            next_at: next_at.map_or(0, Timestamp::micros),
            given_up: i64::from(next_at.is_none()),
        };
        self.row = Some(RowOp::put(row.into_active_model()));
    }

    fn hold_back(&mut self, events: &[Event], next_at: Option<Timestamp>) {
        self.entries.extend(events.iter().map(|event| Entry {
            event: event.id.clone(),
            kind: event.kind,
            case: event.about,
            attempt: 0,
            outcome: Outcome::HeldBack,
            called: None,
            next_at,
        }));
    }

    fn go_on(&mut self, webhook: Uuid, group: &Group, now: Timestamp) {
        let Some((since_seq, since_row)) = group.rest else { return };
        let row = webhook_retries::Model {
            webhook,
            case_id: group.case,
            since_seq,
            since_row,
            attempts: 0,
            next_at: now.micros(),
            given_up: 0,
        };
        self.row = Some(RowOp::put(row.into_active_model()));
        self.more = true;
    }
}

/// Where an event stands among those of its case.
fn place(event: &Event) -> (i64, Uuid) {
    (i64::try_from(event.seq).unwrap_or(i64::MAX), event.row)
}

fn entry(
    event: &Event,
    called: &Called,
    attempt: i64,
    outcome: Outcome,
    next_at: Option<Timestamp>,
) -> Entry {
    let next_at = next_at.filter(|_| outcome == Outcome::Failed);
    let (id, kind, case) = (event.id.clone(), event.kind, event.about);
    Entry { event: id, kind, case, attempt, outcome, called: Some(*called), next_at }
}
