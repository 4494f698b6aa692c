//! The cell with a stock of open cases: what calls take beside it, how late deadlines pass, and how soon overdue ones
//! are made up for.

use std::time::Duration;

use parasol_journey::time::Span;
use parasol_runtime::clock::Stopwatch;
use sea_orm::{ConnectionTrait as _, Statement};
use serde::Serialize;

use super::floor::{Asked, Step};
use super::held::{Kind, Stock};
use super::usage::Parts;
use super::{Bench, DATABASE, DRIVER};

/// How long it takes at least until the first deadlines pass that are measured, and how much longer for each of them:
/// all have to be in the store by then.
const FIRST: Duration = Duration::from_secs(5);
const FIRST_EACH: Duration = Duration::from_millis(5);
/// How long it goes on after the last was due.
const LAST: Duration = Duration::from_secs(3);
/// How long overdue deadlines may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// How often it is counted how many have passed.
const COUNT_EVERY: Duration = Duration::from_millis(500);
/// How long those who follow the feed may take until they have read the whole stock, and how often they are asked.
const LEVEL_PATIENCE: Duration = Duration::from_secs(3_600);
const LEVEL_EVERY: Duration = Duration::from_secs(5);
/// What is behind: commits without numbers, entries for scores, entries for the board, notices that are due.
const BEHIND: &str = "SELECT (SELECT count(*) FROM commits), f.last - coalesce((SELECT position FROM score_places), 0), \
     f.last - coalesce((SELECT position FROM flow_places), 0), \
     (SELECT count(*) FROM notices WHERE due BETWEEN 1 AND $1) \
     FROM (SELECT coalesce(max(last), 0) AS last FROM feed) AS f";
/// Visits that a timer found overdue.
const PASSED: &str =
    "SELECT count(*) FROM commands WHERE principal = 'role:timer' AND method = 'visit'";

/// What was measured beside the stock.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    /// Open cases held.
    pub cases: usize,
    /// Deadlines that they owe.
    pub deadlines: usize,
    /// Cases put into the store a second, three commits' worth of commands each.
    pub put_per_second: f64,
    /// Calls beside it.
    pub step: Step,
    /// How long it took until scores, board and notices had read what was put, seconds.
    pub level_s: f64,
    /// Deadlines that passed meanwhile.
    pub timers: Timers,
    /// Deadlines that were overdue when the cell was started.
    pub overdue: Overdue,
}

/// How late deadlines passed: from when each was due until the commit that says so.
#[derive(Clone, Debug, Serialize)]
pub struct Timers {
    /// That were due.
    pub due: usize,
    /// That passed.
    pub passed: usize,
    /// That passed too early.
    pub early: usize,
    /// Median lateness, milliseconds.
    pub late_p50_ms: f64,
    /// 99th percentile, milliseconds.
    pub late_p99_ms: f64,
    /// The latest, milliseconds.
    pub late_max_ms: f64,
}

/// How a cell makes up for what passed while it was down.
#[derive(Clone, Debug, Serialize)]
pub struct Overdue {
    /// Deadlines that were overdue.
    pub deadlines: usize,
    /// Seconds from the start of its processes until all of them were ready.
    pub ready_s: f64,
    /// Seconds from the same moment until the last deadline had passed.
    pub made_up_s: f64,
}

impl Bench<'_> {
    /// Puts the stock into the store, and measures beside it at this rate.
    ///
    /// # Errors
    /// When the store does not answer, or what is overdue stays so.
    pub(super) async fn hold(
        &mut self,
        rate: f64,
        mut progress: impl FnMut(&str),
    ) -> anyhow::Result<Held> {
        let (cases, timers, overdue) = (self.args.held, self.args.timers, self.args.overdue);
        progress(&format!("putting {cases} cases into the store"));
        let mut stock = Stock::open(self.config).await?;
        let since = Stopwatch::start();
        let held = stock.put(cases, Kind::Held).await?;
        #[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
        let put_per_second = cases as f64 / since.elapsed().as_secs_f64();
        let (deadlines, _) = stock.owed(&held).await?;
        self.store.analyze().await?;
        let cell = self.cell(&[]).await?;
        let wires = self.wires(&cell)?;
        let level_s = self.level(&mut progress).await?;
        self.store.analyze().await?;
        self.floor.call_through(wires);
        let mut parts: Parts = cell.processes().map(|(name, one)| (name, vec![one])).collect();
        parts.insert(DRIVER.to_owned(), vec![std::process::id()]);
        parts.insert(DATABASE.to_owned(), self.backends().await?);
        let (warm, time) =
            (Duration::from_secs(self.args.warm), Duration::from_secs(self.args.seconds));
        progress(&format!("{rate:.0} calls a second beside them"));
        let within = Span::from_micros(i64::try_from((warm + time).as_micros())?);
        let lead = FIRST + FIRST_EACH * u32::try_from(timers)?;
        let first = self.clock.now() + Span::from_micros(i64::try_from(lead.as_micros())?);
        let passing = stock.put(timers, Kind::Passing { first, within }).await?;
        let (_, visits) = stock.owed(&passing).await?;
        let asked = Asked { rate, warm, time: lead + time + LAST };
        let mut step = self.floor.run(asked, &parts).await?;
        step.kept = step.is_kept_at(self.args.p99_ms);
        let timers = lateness(stock.late(&visits).await?, timers);
        cell.stop().await;
        progress(&format!("{overdue} deadlines become overdue"));
        stock.put(overdue, Kind::Overdue).await?;
        drop(stock);
        let overdue = self.make_up(overdue).await?;
        Ok(Held { cases, deadlines, put_per_second, level_s, step, timers, overdue })
    }

    /// Waits until whoever follows the feed has read it, as in a cell that came to its stock one case after the other,
    /// and answers how many seconds it took.
    async fn level(&self, mut progress: impl FnMut(&str)) -> anyhow::Result<f64> {
        let since = Stopwatch::start();
        loop {
            let [commits, scores, board, notices] = self.behind().await?;
            if commits + scores + board + notices == 0 {
                return Ok(since.elapsed().as_secs_f64());
            }
            progress(&format!(
                "to be read first: {commits} commits without numbers, {scores} entries for scores, {board} for the board; {notices} notices are due"
            ));
            anyhow::ensure!(since.elapsed() < LEVEL_PATIENCE, "the stock is not read to its end");
            let _ = tokio::time::timeout(LEVEL_EVERY, std::future::pending::<()>()).await;
        }
    }

    async fn behind(&self) -> anyhow::Result<[i64; 4]> {
        let reader = self.store.reader();
        let now = self.clock.now().micros();
        let engine = reader.get_database_backend();
        let statement = Statement::from_sql_and_values(engine, BEHIND, [now.into()]);
        let row = reader.query_one_raw(statement).await?;
        let row = row.ok_or_else(|| anyhow::anyhow!("the store does not answer"))?;
        let number = |place: usize| row.try_get_by_index(place);
        Ok([number(0)?, number(1)?, number(2)?, number(3)?])
    }

    async fn make_up(&self, deadlines: usize) -> anyhow::Result<Overdue> {
        let before = self.passed().await?;
        let since = Stopwatch::start();
        let cell = self.cell(&[]).await?;
        let ready_s = since.elapsed().as_secs_f64();
        let all = before + i64::try_from(deadlines)?;
        while self.passed().await? < all {
            anyhow::ensure!(since.elapsed() < PATIENCE, "overdue deadlines are not made up for");
            let _ = tokio::time::timeout(COUNT_EVERY, std::future::pending::<()>()).await;
        }
        let made_up_s = since.elapsed().as_secs_f64();
        cell.stop().await;
        Ok(Overdue { deadlines, ready_s, made_up_s })
    }

    async fn passed(&self) -> anyhow::Result<i64> {
        let reader = self.store.reader();
        let statement = Statement::from_string(reader.get_database_backend(), PASSED);
        let row = reader.query_one_raw(statement).await?;
        let row = row.ok_or_else(|| anyhow::anyhow!("the store does not answer"))?;
        Ok(row.try_get_by_index(0)?)
    }
}

fn lateness(mut late: Vec<i64>, due: usize) -> Timers {
    late.sort_unstable();
    let at = |share: usize| {
        let place = (late.len() * share / 100).min(late.len().saturating_sub(1));
        #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
        let millis = late.get(place).copied().unwrap_or_default() as f64 / 1_000.0;
        millis
    };
    Timers {
        due,
        passed: late.len(),
        early: late.iter().filter(|late| **late < 0).count(),
        late_p50_ms: at(50),
        late_p99_ms: at(99),
        late_max_ms: at(100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lateness_of_a_known_set() {
        let timers = lateness((0..200).map(|nth| nth * 1_000 - 1_000).collect(), 201);
        assert_eq!((timers.due, timers.passed, timers.early), (201, 200, 1));
        assert!((timers.late_p50_ms - 99.0).abs() < 1e-9, "{timers:?}");
        assert!((timers.late_p99_ms - 197.0).abs() < 1e-9, "{timers:?}");
        assert!((timers.late_max_ms - 198.0).abs() < 1e-9, "{timers:?}");
    }
}
