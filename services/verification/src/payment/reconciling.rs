//! Comparing what we have recorded with what the payment provider says it has paid.
//!
//! For a day in Shanghai the provider's statement is read whole and each line held against the leg of its
//! number. What the provider has paid and we have not recorded is settled on the spot; what remains is a
//! difference, kept until a later comparison finds it gone. The lines are kept as well, because a number that
//! was paid once on each of two days looks right in either statement. Nothing is ever guessed and nothing is
//! paid here.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use parasol_casebook::{RowOp, Store};
use parasol_journey::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

use super::cashier::{Cashier, Settled};
use super::legs::{Leg, LegState};
use super::{NoStatement, PaymentState, StatementLine};
use crate::listed::listed;
use crate::tables::{payment_differences, payment_lines};

/// Pages of a statement that are read.
const PAGES_MAX: usize = 1_000;
/// Legs looked up at a time.
const LEGS_MAX: u64 = 200;
/// Lines of a statement that are kept in one commit.
const LINES_MAX: usize = 500;
/// Differences of one comparison that are told; the rows have all of them.
pub const TOLD_MAX: usize = 500;

listed! {
    /// How our books and the provider's differ about a number.
    DifferenceKind {
        /// The provider has paid a number that we never gave.
        UnknownNumber = "unknown_number",
        /// The amounts differ.
        Amount = "amount",
        /// The provider has paid it, and we have not recorded that.
        NotRecorded = "not_recorded",
        /// We have recorded it as paid, and the provider has not paid it.
        NotPaid = "not_paid",
        /// The provider has paid it more than once.
        Doubled = "doubled",
    }
}

/// A difference about one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The number.
    pub operation: String,
    /// How the books differ.
    pub kind: DifferenceKind,
    /// What we have, in fen; 0 for nothing.
    pub ours_fen: i64,
    /// What the provider has, in fen, all of it; 0 for nothing.
    pub theirs_fen: i64,
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Lines of the provider's statement.
    pub lines: usize,
    /// Payments that both have alike.
    pub matched: usize,
    /// Payments that the provider had made and that were recorded now.
    pub settled: usize,
    /// What remains.
    pub differences: Vec<Difference>,
    /// What the provider's statement says under each number, in fen.
    pub said: BTreeMap<String, i64>,
}

/// Why a comparison could not be made.
#[derive(Debug, thiserror::Error)]
pub enum NotCompared {
    /// There was no statement.
    #[error(transparent)]
    Statement(#[from] NoStatement),
    /// Our own store did not answer.
    #[error(transparent)]
    Store(#[from] DbErr),
}

/// What the provider has under one number.
#[derive(Clone, Copy, Debug, Default)]
struct Theirs {
    times: usize,
    total_fen: i64,
}

/// Compares one day; settles what can be settled. The differences are not written yet.
///
/// # Errors
/// [`NotCompared`]; comparing again is safe.
pub async fn compare(
    store: &Store,
    cashier: &Cashier,
    day: NaiveDate,
) -> Result<Report, NotCompared> {
    let theirs = statement(cashier, day).await?;
    let said = theirs.iter().map(|(number, one)| (number.clone(), one.total_fen)).collect();
    let lines = theirs.values().map(|one| one.times).sum();
    let mut report = Report { lines, said, ..Report::default() };
    let numbers: Vec<String> = theirs.keys().cloned().collect();
    for chunk in numbers.chunks(usize::try_from(LEGS_MAX).unwrap_or(1)) {
        let legs = Leg::find_all(store, chunk).await?;
        let legs: BTreeMap<_, _> =
            legs.into_iter().map(|leg| (leg.operation.as_str().to_owned(), leg)).collect();
        let before = said_before(store, day, chunk).await?;
        for number in chunk {
            let mut theirs = theirs[number];
            if let Some(earlier_fen) = before.get(number) {
                theirs.times += 1;
                theirs.total_fen = theirs.total_fen.saturating_add(*earlier_fen);
            }
            compare_one(cashier, number, theirs, legs.get(number), &mut report).await;
        }
    }
    paid_here_alone(store, cashier, day, &theirs, &mut report).await?;
    Ok(report)
}

async fn statement(
    cashier: &Cashier,
    day: NaiveDate,
) -> Result<BTreeMap<String, Theirs>, NoStatement> {
    let mut theirs: BTreeMap<String, Theirs> = BTreeMap::new();
    let mut cursor = String::new();
    for _ in 0..PAGES_MAX {
        let page = cashier.provider().statement(day, &cursor).await?;
        for StatementLine { operation, amount_fen } in page.lines {
            let one = theirs.entry(operation).or_default();
            one.times += 1;
            one.total_fen = one.total_fen.saturating_add(amount_fen);
        }
        if page.next.is_empty() {
            return Ok(theirs);
        }
        cursor = page.next;
    }
    Err(NoStatement::NoAnswer(format!("the statement has more than {PAGES_MAX} pages")))
}

/// What statements of earlier days said under these numbers, in fen: a number is paid once, not once a day.
async fn said_before(
    store: &Store,
    day: NaiveDate,
    numbers: &[String],
) -> Result<BTreeMap<String, i64>, DbErr> {
    let rows = payment_lines::Entity::find()
        .filter(payment_lines::Column::Operation.is_in(numbers.iter().map(String::as_str)))
        .filter(payment_lines::Column::Day.lt(day.to_string()))
        .all(store.reader())
        .await?;
    let mut before: BTreeMap<String, i64> = BTreeMap::new();
    for row in rows {
        let fen = before.entry(row.operation).or_default();
        *fen = fen.saturating_add(row.theirs_fen);
    }
    Ok(before)
}

/// The lines of a statement that are not kept yet, so many at a time.
///
/// # Errors
/// What the store says.
pub async fn new_lines(
    store: &Store,
    day: NaiveDate,
    report: &Report,
) -> Result<Vec<Vec<RowOp>>, DbErr> {
    let known: Vec<payment_lines::Model> = payment_lines::Entity::find()
        .filter(payment_lines::Column::Day.eq(day.to_string()))
        .all(store.reader())
        .await?;
    let known: BTreeMap<_, _> =
        known.into_iter().map(|row| (row.operation, row.theirs_fen)).collect();
    let new = report.said.iter().filter(|(number, fen)| known.get(*number) != Some(*fen));
    let rows: Vec<_> = new
        .map(|(number, fen)| {
            RowOp::put(payment_lines::ActiveModel {
                operation: Set(number.clone()),
                day: Set(day.to_string()),
                theirs_fen: Set(*fen),
            })
        })
        .collect();
    Ok(rows.chunks(LINES_MAX).map(<[RowOp]>::to_vec).collect())
}

async fn compare_one(
    cashier: &Cashier,
    number: &str,
    theirs: Theirs,
    leg: Option<&Leg>,
    report: &mut Report,
) {
    let ours_fen = leg.map_or(0, |leg| leg.amount_fen);
    let mut differ = |kind| {
        let (operation, theirs_fen) = (number.to_owned(), theirs.total_fen);
        report.differences.push(Difference { operation, kind, ours_fen, theirs_fen });
    };
    let Some(leg) = leg else { return differ(DifferenceKind::UnknownNumber) };
    if theirs.times > 1 {
        return differ(DifferenceKind::Doubled);
    }
    if theirs.total_fen != leg.amount_fen {
        return differ(DifferenceKind::Amount);
    }
    if leg.state == LegState::Succeeded {
        report.matched += 1;
        return;
    }
    match cashier.settle(leg).await {
        Ok(Settled::Moved(LegState::Succeeded) | Settled::Still(LegState::Succeeded)) => {
            report.settled += 1;
        }
        _ => differ(DifferenceKind::NotRecorded),
    }
}

/// What we recorded on the day and the statement does not have. It may stand in that of another day, so the
/// provider is asked about each.
async fn paid_here_alone(
    store: &Store,
    cashier: &Cashier,
    day: NaiveDate,
    theirs: &BTreeMap<String, Theirs>,
    report: &mut Report,
) -> Result<(), DbErr> {
    let from = Timestamp::shanghai_midnight(day);
    let until = day.succ_opt().map_or(from, Timestamp::shanghai_midnight);
    let mut after = String::new();
    loop {
        let legs =
            Leg::changed_in(store, LegState::Succeeded, (from, until), &after, LEGS_MAX).await?;
        for leg in legs.iter().filter(|leg| !theirs.contains_key(leg.operation.as_str())) {
            // Silence is no word against it: the next comparison asks again.
            let said = cashier.provider().query(&leg.operation).await;
            if matches!(said, PaymentState::Unsent | PaymentState::Failed { .. }) {
                report.differences.push(Difference {
                    operation: leg.operation.as_str().to_owned(),
                    kind: DifferenceKind::NotPaid,
                    ours_fen: leg.amount_fen,
                    theirs_fen: 0,
                });
            }
        }
        match legs.last() {
            Some(last) if legs.len() as u64 == LEGS_MAX => {
                last.operation.as_str().clone_into(&mut after)
            }
            _ => return Ok(()),
        }
    }
}

/// The rows of a comparison: its differences, and those of earlier ones about the same day that are gone.
///
/// # Errors
/// What the store says.
pub async fn rows(
    store: &Store,
    day: NaiveDate,
    report: &Report,
    now: Timestamp,
) -> Result<Vec<RowOp>, DbErr> {
    let open = payment_differences::Entity::find()
        .filter(payment_differences::Column::Day.eq(day.to_string()))
        .filter(payment_differences::Column::ClearedAt.eq(0))
        .all(store.reader())
        .await?;
    let is_found = |row: &payment_differences::Model| {
        let same =
            |one: &Difference| one.operation == row.operation && one.kind.as_str() == row.kind;
        report.differences.iter().any(same)
    };
    let cleared = open
        .iter()
        .filter(|row| !is_found(row))
        .map(|row| payment_differences::Model { cleared_at: now.micros(), ..row.clone() });
    let is_known = |one: &&Difference| {
        open.iter().any(|row| row.operation == one.operation && row.kind == one.kind.as_str())
    };
    let new = report.differences.iter().filter(|one| !is_known(one));
    let new = new.map(|one| payment_differences::Model {
        operation: one.operation.clone(),
        kind: one.kind.as_str().to_owned(),
        day: day.to_string(),
        ours_fen: one.ours_fen,
        theirs_fen: one.theirs_fen,
        found_at: now.micros(),
        cleared_at: 0,
    });
    let put = |row: payment_differences::Model| {
        RowOp::put(payment_differences::ActiveModel {
            operation: Set(row.operation),
            kind: Set(row.kind),
            day: Set(row.day),
            ours_fen: Set(row.ours_fen),
            theirs_fen: Set(row.theirs_fen),
            found_at: Set(row.found_at),
            cleared_at: Set(row.cleared_at),
        })
    };
    Ok(cleared.chain(new).map(put).collect())
}

/// Differences that are open, the oldest first.
///
/// # Errors
/// What the store says.
pub async fn open(store: &Store, limit: u64) -> Result<Vec<payment_differences::Model>, DbErr> {
    payment_differences::Entity::find()
        .filter(payment_differences::Column::ClearedAt.eq(0))
        .order_by(payment_differences::Column::FoundAt, Order::Asc)
        .order_by(payment_differences::Column::Operation, Order::Asc)
        .limit(limit)
        .all(store.reader())
        .await
}
