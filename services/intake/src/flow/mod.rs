//! Open cases as they stand, one row each, so that they can be counted by stage and listed by deadline, by turn
//! and by brand.
//!
//! The row of a case follows from the case alone ([`row`]). It is not written in the step that moves the case,
//! since that would add a write to every step: a follower of the feed ([`follow`]) writes it moments later.
//! What it deliberately does not do: nothing is decided by these rows, and a case is never read from them.

pub(crate) mod follow;
mod read;
pub(crate) mod tables;

use parasol_api::Language;
use parasol_journey::deadline::Clock;
use parasol_journey::time::Timestamp;
use parasol_journey::{Case, Task};

use crate::words;

pub use follow::{Followed, Follower};
pub use read::{Flow, Order, StageCount, TurnCount, Wanted, count, list};
pub use tables::flow_cases::Model as Row;

/// What happens when a clock runs out, in words for everybody.
pub fn if_missed(clock: Clock, language: Language) -> String {
    words::if_missed(clock, language)
}

/// The row of a case; `None` for one that has ended.
pub(crate) fn row(case: &Case) -> Option<Row> {
    let holder = case.turn.holder()?;
    let next = case.next_deadline();
    let clock = next.and_then(|owed| match owed.task {
        Task::Clock(clock) => Some(clock.as_str()),
        _ => None,
    });
    let offered = case.offer.as_ref().map(|offer| &offer.centre);
    let centre = case.work_order.as_ref().map(|order| &order.centre).or(offered);
    let answer = case.owes(Task::Clock(Clock::Reminder)).map_or(0, |owed| owed.due.micros());
    Some(Row {
        case_id: case.id.uuid(),
        stage: case.stage.as_str().to_owned(),
        holder: holder.as_str().to_owned(),
        since: case.turn.since().micros(),
        due: next.map_or(0, |owed| owed.due.micros()),
        clock: clock.unwrap_or_default().to_owned(),
        late: late_since(case).map_or(0, Timestamp::micros),
        brand: case.filing.brand.as_str().to_owned(),
        centre: centre.map_or_else(String::new, ToString::to_string),
        category: case.filing.category.as_str().to_owned(),
        sku: case.filing.sku.as_str().to_owned(),
        filed_at: case.filed_at.micros(),
        reminders: i64::from(case.reminders),
        answer_due: answer,
    })
}

/// When the first clock of the present turn ran out that is charged to whoever holds it.
fn late_since(case: &Case) -> Option<Timestamp> {
    let (holder, since) = (case.turn.holder()?, case.turn.since());
    let of_turn = case.breaches.iter().filter(|one| one.charged_to == holder && one.at >= since);
    of_turn.map(|one| one.at).min()
}
