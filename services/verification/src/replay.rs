//! Decisions that were made, asked of another pack.
//!
//! The log has the case as it stood at each decision, so the question is the one that was asked then.
//! Decisions by hand are left out: no pack made them.

use std::collections::BTreeSet;

use parasol_casebook::Store;
use parasol_journey::Event;
use parasol_journey::calendar::Calendar;
use parasol_journey::ids::CaseId;
use parasol_policy::{Pack, Replay, Shelf};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::record::{self, Record};
use crate::ruling::judge;
use crate::tables::decisions;
use crate::views::MANUAL;

/// The most entries read of one case; no honest case comes near it.
const LOG_MAX: u64 = 10_000;
/// How many decisions are read from the index at once.
const BATCH: u64 = 500;

/// What came of a look at one decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    /// It was compared.
    Compared,
    /// Nobody can ask again: it was made by hand, or its pack is not here.
    LeftOut,
}

/// Adds one decision to a comparison.
pub fn add(
    record: &Record,
    shelf: &Shelf,
    new: &Pack,
    calendar: &Calendar,
    replay: &mut Replay,
) -> Looked {
    let by_hand = record.decision.rules.iter().any(|rule| rule == MANUAL);
    let old = shelf.of(&record.before.filing.policy).filter(|_| !by_hand);
    let asked = |pack: &Pack| judge(pack, &record.before, calendar).ok();
    let both = old.and_then(|old| Some((asked(&old)?, asked(new)?)));
    let Some((was, would)) = both else { return Looked::LeftOut };
    let name = format!("{} {}", record.before.id, record.decision.id);
    replay.add_outcomes(&name, &would.facts, was.outcome, would.outcome);
    Looked::Compared
}

/// Compares every decision in a store with what a pack makes of it; the number that nobody can ask again.
///
/// # Errors
/// What the store says.
pub async fn replay_all(
    store: &Store,
    shelf: &Shelf,
    new: &Pack,
    calendar: &Calendar,
    replay: &mut Replay,
) -> Result<u64, DbErr> {
    let mut left_out = 0;
    let mut after = Uuid::nil();
    let mut seen: BTreeSet<Uuid> = BTreeSet::new();
    loop {
        let rows: Vec<(Uuid, Uuid)> = decisions::Entity::find()
            .select_only()
            .column(decisions::Column::Decision)
            .column(decisions::Column::CaseId)
            .filter(decisions::Column::Decision.gt(after))
            .order_by_asc(decisions::Column::Decision)
            .limit(BATCH)
            .into_tuple()
            .all(store.reader())
            .await?;
        let Some((last, _)) = rows.last() else { return Ok(left_out) };
        after = *last;
        // A case is read once, with all its decisions, where the first of them stands.
        for case in rows.iter().map(|(_, case)| *case).filter(|case| seen.insert(*case)) {
            let case = CaseId::new(case);
            let log = store.log_after(case, 0, LOG_MAX).await;
            let log = log.map_err(|error| DbErr::Custom(error.to_string()))?;
            let log: Vec<Event> = log.into_iter().map(|logged| logged.event).collect();
            for record in record::of_log(case, &log) {
                if add(&record, shelf, new, calendar, replay) == Looked::LeftOut {
                    left_out += 1;
                }
            }
        }
    }
}
