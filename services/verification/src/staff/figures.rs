//! Figures of what people did in a period, added up from the marks.

use std::collections::{BTreeMap, BTreeSet};

use parasol_api::Error;
use parasol_casebook::Store;
use parasol_journey::time::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::marks::Mark;
use crate::handlers::store_error;
use crate::tables::hearing::marks as decisions;
use crate::tables::staff::marks::{self, Column};

/// The most cases that came back that are looked at, the first ones after the beginning of the period.
pub const CAME_BACK_MAX: u64 = 20_000;
/// Cases whose decisions are read in one statement.
const READ_MAX: usize = 500;

/// A period: from one instant until before another.
#[derive(Clone, Copy, Debug)]
pub struct Period {
    /// Its first instant.
    pub from: Timestamp,
    /// Its end, exclusive.
    pub until: Timestamp,
}

/// What one person did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Cases with an entry of theirs.
    pub cases: i64,
    /// Decisions by hand.
    pub decisions: i64,
    /// Of those, against the policy's answer.
    pub overrides: i64,
    /// Goodwill.
    pub goodwill: i64,
    /// Chases answered.
    pub chases: i64,
    /// Of those, in time.
    pub chases_in_time: i64,
    /// Decisions that came back.
    pub reopened: i64,
}

/// Figures of everybody who did something in a period, or of one person, by subject.
///
/// # Errors
/// What the store says.
pub async fn of_period(
    store: &Store,
    period: Period,
    subject: Option<&str>,
) -> Result<BTreeMap<String, Figures>, Error> {
    read(store, period, subject).await.map_err(store_error)
}

async fn read(
    store: &Store,
    period: Period,
    subject: Option<&str>,
) -> Result<BTreeMap<String, Figures>, DbErr> {
    let mut people: BTreeMap<String, Figures> = BTreeMap::new();
    let counts: Vec<(String, String, i64)> = within(period, subject)
        .select_only()
        .column(Column::Person)
        .column(Column::Kind)
        .column_as(Column::Seq.count(), "times")
        .group_by(Column::Person)
        .group_by(Column::Kind)
        .into_tuple()
        .all(store.reader())
        .await?;
    for (person, kind, times) in counts {
        people.entry(person).or_default().count(&kind, times);
    }
    let cases: Vec<(String, i64)> = within(period, subject)
        .select_only()
        .column(Column::Person)
        .column_as(Expr::col(Column::CaseId).count_distinct(), "cases")
        .group_by(Column::Person)
        .into_tuple()
        .all(store.reader())
        .await?;
    for (person, cases) in cases {
        people.entry(person).or_default().cases = cases;
    }
    for (person, times) in reopened(store, period).await? {
        // Of one person's figures the others' are none.
        if let Some(figures) = people.get_mut(&person) {
            figures.reopened = times;
        }
    }
    Ok(people)
}

/// The marks of people in a period.
fn within(period: Period, subject: Option<&str>) -> Select<marks::Entity> {
    let all = marks::Entity::find()
        .filter(Column::At.gte(period.from.micros()))
        .filter(Column::At.lt(period.until.micros()));
    match subject {
        Some(subject) => all.filter(Column::Person.eq(subject)),
        None => all.filter(Column::Person.ne("")),
    }
}

impl Figures {
    fn count(&mut self, kind: &str, times: i64) {
        let is = |mark: Mark| mark.as_str() == kind;
        if is(Mark::Decision) {
            self.decisions = times;
        } else if is(Mark::Override) {
            self.overrides = times;
        } else if is(Mark::Goodwill) {
            self.goodwill = times;
        } else if is(Mark::ChaseInTime) {
            self.chases_in_time = times;
            self.chases += times;
        } else if is(Mark::ChaseLate) {
            self.chases += times;
        }
    }
}

/// How many decisions of the period came back, by who made them.
async fn reopened(store: &Store, period: Period) -> Result<BTreeMap<String, i64>, DbErr> {
    let back: Vec<(Uuid, i64)> = marks::Entity::find()
        .filter(Column::Person.eq(""))
        .filter(Column::Kind.eq(Mark::CameBack.as_str()))
        .filter(Column::At.gte(period.from.micros()))
        .order_by_asc(Column::At)
        .limit(CAME_BACK_MAX)
        .select_only()
        .column(Column::CaseId)
        .column(Column::Seq)
        .into_tuple()
        .all(store.reader())
        .await?;
    let cases: BTreeSet<Uuid> = back.iter().map(|(case, _)| *case).collect();
    let cases: Vec<Uuid> = cases.into_iter().collect();
    let (mut by_hand, mut all) = (Vec::new(), Vec::new());
    for some in cases.chunks(READ_MAX) {
        let made: Vec<(Uuid, i64, String)> = marks::Entity::find()
            .filter(Column::CaseId.is_in(some.iter().copied()))
            .filter(Column::Kind.eq(Mark::Decision.as_str()))
            .filter(Column::At.gte(period.from.micros()))
            .filter(Column::At.lt(period.until.micros()))
            .select_only()
            .column(Column::CaseId)
            .column(Column::Seq)
            .column(Column::Person)
            .into_tuple()
            .all(store.reader())
            .await?;
        by_hand.extend(made);
        let any: Vec<(Uuid, i64)> = decisions::Entity::find()
            .filter(decisions::Column::CaseId.is_in(some.iter().copied()))
            .select_only()
            .column(decisions::Column::CaseId)
            .column(decisions::Column::Seq)
            .into_tuple()
            .all(store.reader())
            .await?;
        all.extend(any);
    }
    Ok(came_back(by_hand, &all.into_iter().collect(), &back.into_iter().collect()))
}

/// Of decisions by hand, how many came back before anybody decided anew, by who made them. Cases are named by
/// their ids, entries by their numbers.
fn came_back(
    by_hand: Vec<(Uuid, i64, String)>,
    all: &BTreeSet<(Uuid, i64)>,
    back: &BTreeSet<(Uuid, i64)>,
) -> BTreeMap<String, i64> {
    let mut people = BTreeMap::new();
    for (case, seq, person) in by_hand {
        let next = all.range((case, seq + 1)..=(case, i64::MAX)).next();
        let end = next.map_or(i64::MAX, |(_, seq)| *seq);
        if back.range((case, seq)..(case, end)).next().is_some() {
            *people.entry(person).or_default() += 1;
        }
    }
    people
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_comes_back_before_the_next_one_or_not_at_all() {
        let case = Uuid::from_u128;
        let by_hand = |list: &[(u128, i64, &str)]| -> Vec<_> {
            list.iter().map(|(id, seq, who)| (case(*id), *seq, (*who).to_owned())).collect()
        };
        let of = |list: &[(u128, i64)]| -> BTreeSet<_> {
            list.iter().map(|(id, seq)| (case(*id), *seq)).collect()
        };
        // Case 1: a-1 decides at 5, it comes back at 7, the rules decide at 9, it comes back at 11.
        // Case 2: a-1 decides at 5, nothing comes back. Case 3: a-2 decides at 4 and 6, back at 8.
        let made = by_hand(&[(1, 5, "a-1"), (2, 5, "a-1"), (3, 4, "a-2"), (3, 6, "a-2")]);
        let all = of(&[(1, 5), (1, 9), (2, 5), (3, 4), (3, 6)]);
        let back = of(&[(1, 7), (1, 11), (3, 8), (9, 1)]);
        let people = came_back(made, &all, &back);
        assert_eq!(people, BTreeMap::from([("a-1".to_owned(), 1), ("a-2".to_owned(), 1)]));
        let twice = of(&[(1, 6), (1, 7)]);
        let people = came_back(by_hand(&[(1, 5, "a-1")]), &of(&[(1, 5)]), &twice);
        assert_eq!(people["a-1"], 1, "one decision comes back once");
    }
}
