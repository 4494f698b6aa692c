//! Messages without a commit of their own: written soon after, a few of each partner; and the deletion of
//! what is too old.
//!
//! What waits is bounded, in all and for each partner, and partners take turns, so that one that floods
//! the house loses its own messages and nobody else's.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use parasol_api::Error;
use parasol_casebook::{Caller, Error as CasebookError, RowOp, RowsDeed, Submission, Target};
use parasol_desk::Desk;
use parasol_journey::Actor;
use sea_orm::{
    ColumnTrait, EntityTrait, IntoActiveModel as _, Order, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::tables::partner_messages;
use crate::unreadable;

/// Messages of a partner that may wait to be written.
const WAITING_MAX: usize = 100;
/// Partners whose messages may wait.
const PARTNERS_MAX: usize = 200;
/// Partners whose messages are counted.
const REMEMBERED_MAX: usize = 20_000;
/// Messages written at a time.
const BATCH_MAX: usize = 200;
/// Messages of a partner that are kept.
const KEPT_MAX: u64 = 10_000;
/// After so many further messages of a partner its oldest are looked for.
const COUNTED_MAX: u64 = 200;
/// Messages deleted at a time.
const DELETED_MAX: u64 = 500;

/// What waits, and how much was written.
#[derive(Default)]
pub struct Recorder(Mutex<Known>);

#[derive(Default)]
struct Known {
    waiting: BTreeMap<String, VecDeque<partner_messages::Model>>,
    /// Messages since a partner's oldest were last looked for.
    counted: BTreeMap<String, u64>,
    lost: u64,
}

impl Known {
    /// Counts a message. With too many partners all begin anew, so that those who are quiet take nobody's place.
    fn count(&mut self, partner: &str) {
        if let Some(counted) = self.counted.get_mut(partner) {
            *counted += 1;
            return;
        }
        if self.counted.len() >= REMEMBERED_MAX {
            self.counted.clear();
        }
        self.counted.insert(partner.to_owned(), 1);
    }
}

impl Recorder {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a message wait to be written. One too many is lost.
    pub fn keep(&self, row: partner_messages::Model) {
        let mut known = self.known();
        let is_full = match known.waiting.get(&row.partner) {
            Some(waiting) => waiting.len() >= WAITING_MAX,
            None => known.waiting.len() >= PARTNERS_MAX,
        };
        if is_full {
            known.lost += 1;
            return;
        }
        known.waiting.entry(row.partner.clone()).or_default().push_back(row);
    }

    /// Counts a message that was written with its effect.
    pub fn count(&self, partner: &str) {
        self.known().count(partner);
    }

    /// Takes what is written next, one of each partner in turn.
    fn take(&self) -> Vec<partner_messages::Model> {
        let mut known = self.known();
        if known.lost > 0 {
            tracing::warn!(lost = known.lost, "messages of partners were not noted");
            known.lost = 0;
        }
        let mut taken = Vec::new();
        while taken.len() < BATCH_MAX && !known.waiting.is_empty() {
            for waiting in known.waiting.values_mut() {
                taken.extend(waiting.pop_front());
            }
            known.waiting.retain(|_, waiting| !waiting.is_empty());
        }
        for row in &taken {
            known.count(&row.partner);
        }
        taken
    }

    /// A partner whose oldest messages should be looked for.
    fn due(&self) -> Option<String> {
        let mut known = self.known();
        let due = known.counted.iter().find(|(_, counted)| **counted >= COUNTED_MAX);
        let due = due.map(|(partner, _)| partner.clone())?;
        known.counted.remove(&due);
        Some(due)
    }

    /// Writes some of what waits and deletes some of what is too old; says whether there is more.
    ///
    /// # Errors
    /// What the store says; what was taken is then lost.
    pub async fn run_once(&self, desk: &Desk) -> Result<bool, Error> {
        let rows = self.take();
        let more = rows.len() >= BATCH_MAX;
        write(desk, rows.into_iter().map(|row| RowOp::put(row.into_active_model()))).await?;
        let Some(partner) = self.due() else { return Ok(more) };
        let old = oldest(desk, &partner).await?;
        let again = old.len() as u64 >= DELETED_MAX;
        if again {
            self.known().counted.insert(partner.clone(), COUNTED_MAX);
        }
        let key = |message: Uuid| vec![partner.as_str().into(), message.into()];
        let deleted = old.into_iter().map(key).map(RowOp::delete::<partner_messages::Entity>);
        write(desk, deleted).await?;
        Ok(more || again)
    }
}

/// Messages of a partner beyond those that are kept.
async fn oldest(desk: &Desk, partner: &str) -> Result<Vec<Uuid>, Error> {
    partner_messages::Entity::find()
        .select_only()
        .column(partner_messages::Column::Message)
        .filter(partner_messages::Column::Partner.eq(partner))
        .order_by(partner_messages::Column::Message, Order::Desc)
        .offset(KEPT_MAX)
        .limit(DELETED_MAX)
        .into_tuple()
        .all(desk.store.reader())
        .await
        .map_err(unreadable)
}

async fn write(desk: &Desk, rows: impl Iterator<Item = RowOp>) -> Result<(), Error> {
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let principal = "service:dispatch".to_owned();
    let submission = Submission {
        target: Target::NoCase,
        key: None,
        caller: Caller { principal, method: "note_messages", trace: String::new() },
        actor: Actor::policy(),
        expected: None,
        deed: std::sync::Arc::new(RowsDeed { rows, answer: Vec::new() }),
    };
    match desk.submitter.submit(submission).await {
        Ok(_) => Ok(()),
        Err(error @ CasebookError::Overloaded) => {
            tracing::debug!(%error, "messages of partners were not noted");
            Ok(())
        }
        Err(error) => Err(parasol_desk::to_error(error, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(partner: &str, message: u128) -> partner_messages::Model {
        partner_messages::Model {
            partner: partner.to_owned(),
            message: Uuid::from_u128(message),
            method: "AcceptOffer".to_owned(),
            request: Uuid::nil(),
            case_id: Uuid::nil(),
            received_at: 0,
            occurred_at: 0,
            sequence: 0,
            outcome: "refused".to_owned(),
            reason: "NOT_FOUND".to_owned(),
            read_as: String::new(),
            raw: "{}".to_owned(),
        }
    }

    #[test]
    fn one_that_floods_loses_its_own_and_nobody_elses() {
        let recorder = Recorder::default();
        for nth in 0..10_000 {
            recorder.keep(row("centre:loud", nth));
        }
        recorder.keep(row("centre:quiet", 1));
        assert_eq!(recorder.known().lost, 9_900);
        let taken = recorder.take();
        assert_eq!(taken.len(), 101);
        let place = taken.iter().position(|one| one.partner == "centre:quiet");
        assert_eq!(place, Some(1), "they take turns");
        assert!(recorder.take().is_empty());
    }

    #[test]
    fn partners_that_wait_are_bounded_as_well() {
        let recorder = Recorder::default();
        for nth in 0..1_000 {
            recorder.keep(row(&format!("centre:c-{nth}"), 1));
        }
        assert_eq!(recorder.known().waiting.len(), PARTNERS_MAX);
    }

    #[test]
    fn the_oldest_are_looked_for_now_and_then() {
        let recorder = Recorder::default();
        for _ in 1..COUNTED_MAX {
            recorder.count("centre:c-1");
        }
        assert_eq!(recorder.due(), None);
        recorder.count("centre:c-1");
        assert_eq!(recorder.due().as_deref(), Some("centre:c-1"));
        assert_eq!(recorder.due(), None);
    }
}
