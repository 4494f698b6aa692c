//! Settlement: what happens to claims and statements in time, without anybody calling.
//!
//! Owns the work that is due by the calendar: claims that silence accepts, parts that did not come back, charges
//! that are to be priced, months that are closed, and the daily comparison with the payment provider. All of it is found by looking at
//! tables, done in commits that can only take effect once, and safe to do in several processes at once.

mod charging;
pub mod period;
pub mod statement;

use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;
use futures::future::try_join_all;
use parasol_casebook::{Error as CasebookError, RowOp};
use parasol_desk::Desk;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

use crate::claims::acting::{Done, lapse, write};
use crate::claims::liable::Liable;
use crate::claims::store::{HOUSE, acted, lapsed, raised_once};
use crate::claims::{Claim, ClaimAct, ClaimState, lines, raising};
use crate::ledger::{postings, read};
use crate::payment::NoStatement;
use crate::payment::cashier::Cashier;
use crate::payment::reconciling::{self, NotCompared, Report};
use crate::tables::{claims, part_returns};
use period::Period;

/// How much of each kind one pass does.
const BATCH_MAX: u64 = 100;
/// Days without a comparison that are made up for.
const DAYS_MAX: i64 = 31;
/// Where the store keeps the last day that was compared.
const COMPARED: &str = "payments_compared";

/// Why a pass ended early.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A query failed.
    #[error(transparent)]
    Store(#[from] DbErr),
    /// A commit failed.
    #[error(transparent)]
    Commit(#[from] CasebookError),
    /// The comparison failed.
    #[error(transparent)]
    Compared(#[from] NotCompared),
}

/// What a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// Claims that silence accepted.
    pub lapsed: usize,
    /// Parts that were charged.
    pub charged: usize,
    /// Charges that were priced.
    pub priced: usize,
    /// Statements that were closed.
    pub closed: usize,
    /// Claims that are netted now.
    pub netted: usize,
    /// Days compared with the provider.
    pub compared: usize,
}

impl Pass {
    /// Whether there may be more to do at once.
    pub fn more(self) -> bool {
        self.lapsed + self.charged + self.priced + self.closed + self.netted > 0
    }
}

/// Does what is due. Clones share what they remember.
#[derive(Clone)]
pub struct Settlement {
    desk: Desk,
    cashier: Cashier,
    known: Arc<Mutex<Known>>,
}

/// What is remembered between passes: of the comparisons with the provider, and of the months.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    last: Option<NaiveDate>,
    has_begun: bool,
    keeps_none: bool,
    /// The month before which everything is closed.
    closed: Option<Period>,
}

impl Settlement {
    /// Settlement at a desk, asking this cashier's provider.
    pub fn new(desk: Desk, cashier: Cashier) -> Self {
        Self { desk, cashier, known: Arc::default() }
    }

    /// One pass over everything that is due.
    ///
    /// # Errors
    /// [`Trouble`]; what was done before is done.
    pub async fn run_once(&self) -> Result<Pass, Trouble> {
        let now = self.desk.clock.now();
        let mut pass = Pass { lapsed: self.lapse(now).await?, ..Pass::default() };
        pass.charged = self.charge_parts(now).await?;
        pass.priced = self.price(now).await?;
        pass.closed = self.close(now).await?;
        pass.netted = self.mark_netted(now).await?;
        pass.compared = self.compare_days(now).await?;
        Ok(pass)
    }

    /// Silence accepts.
    async fn lapse(&self, now: Timestamp) -> Result<usize, Trouble> {
        let claims = lapsed(&self.desk.store, now, BATCH_MAX).await?;
        // Side by side, so that they share commits.
        let lapsing = claims.iter().map(|claim| lapse(&self.desk, claim, now));
        let done = try_join_all(lapsing).await?;
        Ok(done.into_iter().filter(|done| *done == Done::Effect).count())
    }

    /// A defective part that is not back at its brand in time is charged to the centre that has it, also
    /// after its case has ended.
    async fn charge_parts(&self, now: Timestamp) -> Result<usize, Trouble> {
        let overdue = part_returns::Entity::find()
            .filter(part_returns::Column::Charged.eq(0))
            .filter(part_returns::Column::ReturnBy.lte(now.micros()))
            .order_by(part_returns::Column::ReturnBy, Order::Asc)
            .limit(BATCH_MAX)
            .all(self.desk.store.reader())
            .await?;
        let mut done = 0;
        for row in overdue {
            let case = self.desk.store.case(CaseId::new(row.case_id)).await?;
            let due = Timestamp::from_micros(row.return_by);
            let centre = row.centre.parse().ok().map(Liable::Centre);
            let claim = case.zip(centre);
            let claim =
                claim.and_then(|(case, centre)| raising::part(&case, &centre, &row.part, due, now));
            let mut rows = vec![charged(&row)];
            if let Some(claim) = &claim {
                rows.extend(raised_once(claim, postings::raised(claim)));
            }
            let effect = write(&self.desk, "ChargePart", rows).await?;
            done += usize::from(effect == Done::Effect && claim.is_some());
        }
        Ok(done)
    }

    /// Months that are over, the oldest first, each partner's in order.
    async fn close(&self, now: Timestamp) -> Result<usize, Trouble> {
        let (store, present) = (&self.desk.store, Period::of(now));
        if self.remembered().closed == Some(present) {
            return Ok(0);
        }
        let mut done = 0;
        for (party, period) in read::months_before(store, present).await? {
            if done as u64 == BATCH_MAX {
                return Ok(done);
            }
            let Some(partner) = Liable::parse(&party) else { continue };
            let is_closed = statement::closed(store, &party, period).await?.is_some();
            if is_closed || !statement::is_over(period, now) {
                continue;
            }
            let open = statement::totals(store, &partner, period).await?;
            let rows = statement::closing(&partner, period, open, now);
            let effect = write(&self.desk, "CloseStatement", rows).await?;
            done += usize::from(effect == Done::Effect);
        }
        // Nothing is entered into a month that is over: this needs no second look.
        if now >= present.start() + statement::CLOSING_REST {
            self.remember(|known| known.closed = Some(present));
        }
        Ok(done)
    }

    /// Accepted claims whose month is closed are netted.
    async fn mark_netted(&self, now: Timestamp) -> Result<usize, Trouble> {
        let store = &self.desk.store;
        let accepted = claims::Entity::find()
            .filter(claims::Column::State.eq(ClaimState::Accepted.as_str()))
            .filter(claims::Column::Period.lt(Period::of(now).to_string()))
            .order_by(claims::Column::Claim, Order::Asc)
            .limit(BATCH_MAX)
            .all(store.reader())
            .await?;
        let mut to_net = Vec::new();
        for row in accepted {
            let claim = crate::claims::store::read(row)?;
            let Some(period) = claim.period else { continue };
            if statement::closed(store, &claim.liable.key(), period).await?.is_some() {
                to_net.push(claim);
            }
        }
        let done = try_join_all(to_net.iter().map(|claim| self.net(claim, now))).await?;
        Ok(done.into_iter().filter(|done| *done == Done::Effect).count())
    }

    async fn net(&self, claim: &Claim, now: Timestamp) -> Result<Done, Trouble> {
        let Some((after, posting)) = claim.act(ClaimAct::Net, now) else {
            return Ok(Done::Overtaken);
        };
        let lines = lines::of(&self.desk.store, claim).await?;
        let lines = lines::after(&lines, after.state, &[]);
        let rows = acted(&after, ClaimAct::Net, HOUSE, posting, &lines);
        Ok(write(&self.desk, "NetClaim", rows).await?)
    }

    /// At the start today and every day that was missed, then each day once it is over.
    async fn compare_days(&self, now: Timestamp) -> Result<usize, Trouble> {
        let today = now.shanghai_day();
        let known = self.remembered();
        if known.keeps_none {
            return Ok(0);
        }
        let last = match known.last {
            Some(last) => Some(last),
            None => self.stored_day().await?,
        };
        let mut done = 0;
        for day in due_days(last, today, known.has_begun) {
            match self.compare(day).await {
                Ok(_) => done += 1,
                Err(Trouble::Compared(NotCompared::Statement(NoStatement::NotKept))) => {
                    self.remember(|known| known.keeps_none = true);
                    return Ok(0);
                }
                Err(trouble) => return Err(trouble),
            }
            if day < today {
                self.desk.store.set_meta(COMPARED, &day.to_string()).await?;
                self.remember(|known| known.last = Some(day));
            }
        }
        self.remember(|known| known.has_begun = true);
        Ok(done)
    }

    /// Compares a day with the provider's statement, settles what can be settled, and keeps what remains.
    ///
    /// # Errors
    /// [`Trouble`]; comparing again is safe.
    pub async fn compare(&self, day: NaiveDate) -> Result<Report, Trouble> {
        let store = &self.desk.store;
        let report = reconciling::compare(store, &self.cashier, day).await?;
        let rows = reconciling::rows(store, day, &report, self.desk.clock.now()).await?;
        if !rows.is_empty() {
            write(&self.desk, "ReconcileProvider", rows).await?;
        }
        for lines in reconciling::new_lines(store, day, &report).await? {
            write(&self.desk, "KeepStatementLines", lines).await?;
        }
        for one in &report.differences {
            let (operation, kind) = (&one.operation, one.kind);
            tracing::warn!(operation, %kind, %day, "our books and the payment provider's differ");
        }
        Ok(report)
    }

    async fn stored_day(&self) -> Result<Option<NaiveDate>, DbErr> {
        let stored = self.desk.store.meta(COMPARED).await?;
        Ok(stored.and_then(|text| text.parse().ok()))
    }

    fn remembered(&self) -> Known {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The days to compare: those after the last one up to yesterday, and today's beginning at the start of the
/// process.
fn due_days(last: Option<NaiveDate>, today: NaiveDate, has_begun: bool) -> Vec<NaiveDate> {
    let yesterday = today.pred_opt().unwrap_or(today);
    let first = last.and_then(|last| last.succ_opt()).unwrap_or(yesterday);
    let earliest = today - chrono::Days::new(DAYS_MAX.unsigned_abs());
    let over = first.max(earliest).iter_days().take_while(|day| *day < today);
    let begun = (!has_begun).then_some(today);
    over.chain(begun).collect()
}

fn charged(row: &part_returns::Model) -> RowOp {
    RowOp::put(part_returns::ActiveModel {
        case_id: Set(row.case_id),
        part: Set(row.part.clone()),
        centre: Set(row.centre.clone()),
        return_by: Set(row.return_by),
        charged: Set(1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_is_compared_once_it_is_over_and_the_present_one_at_the_start() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let today = day("2026-06-10");
        let days = |last: Option<&str>, begun| {
            let days = due_days(last.map(day), today, begun);
            days.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(days(None, false), ["2026-06-09", "2026-06-10"]);
        assert_eq!(days(Some("2026-06-09"), false), ["2026-06-10"]);
        assert_eq!(days(Some("2026-06-09"), true), [""; 0]);
        assert_eq!(days(Some("2026-06-07"), true), ["2026-06-08", "2026-06-09"]);
        assert_eq!(days(Some("2020-01-01"), true).len(), 31);
    }
}
