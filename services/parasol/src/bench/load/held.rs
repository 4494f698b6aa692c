//! A stock of open cases with their deadlines, put there by the kernel in bulk.
//!
//! Each case is filed, triaged and offered to a centre by the product's own commands, each a commit with its events,
//! rows and projections; only the handlers and their calls are left out. It then waits for the centre, and owes the
//! visit, the answer to the offer and its alarm. What differs from case to case is when it was filed and how long until
//! its visit is overdue: so deadlines pass when they are to be measured.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context as _;
use futures::StreamExt as _;
use parasol_casebook::{Caller, CaseDeed, Deed, FilingDeed, Now, Rules, Submission, Target};
use parasol_journey::deadline::{Clock as ClockName, Deadlines};
use parasol_journey::event::{Filing, Path};
use parasol_journey::ids::{CaseId, OfferId};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::{CaseKind, Category, Remedy};
use parasol_journey::{Actor, ActorKind, Case, Command, Task};
use parasol_runtime::config::Config;

use crate::bench::world::{BRAND, NETWORK};
use crate::node::kernel::Kernel;

/// Commands on their way to the committer at a time.
const AT_ONCE: usize = 512;
/// Cases that are filed as of the same moment.
const CHUNK: usize = 250;
/// The same where each is to be due at a time of its own, more or less.
const APART: usize = 20;
/// Looks at a case come so far apart; those of the stock are spread evenly over that time, as they are in a cell that
/// has held it for long.
const LOOKS_APART: i64 = 20 * 60;
/// How long offers of the stock may wait: longer than anything that is measured.
const LONG: Span = Span::days(30);

/// Puts cases into a store.
pub struct Stock {
    kernel: Kernel,
    /// How far what the log says is from the cell's time, microseconds.
    shift: Arc<AtomicI64>,
    next: u128,
}

/// When the cases of a stock are filed, and when their visits are overdue.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// In the last twenty minutes, and due in two days.
    Held,
    /// Just now; their visits become overdue one after the other, from `first` on within `within`.
    Passing {
        /// When the first passes.
        first: Timestamp,
        /// By how much later the last one does.
        within: Span,
    },
    /// Three hours ago, and overdue for two.
    Overdue,
}

impl Stock {
    /// A store to be filled.
    ///
    /// # Errors
    /// What keeps it from being opened.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        let shift = Arc::<AtomicI64>::default();
        let read = Arc::clone(&shift);
        let kernel = Kernel::open(config, move |clock| {
            let clock = clock.clone();
            let now: Now =
                Arc::new(move || clock.now() + Span::from_micros(read.load(Ordering::Relaxed)));
            now
        })
        .await?;
        Ok(Self { kernel, shift, next: 1 })
    }

    /// Files so many cases, brings each to a centre, and answers with their ids.
    ///
    /// # Errors
    /// When a command is refused, or the store does not answer.
    pub async fn put(&mut self, count: usize, kind: Kind) -> anyhow::Result<Vec<CaseId>> {
        let mut ids = Vec::with_capacity(count);
        while ids.len() < count {
            let most = if matches!(kind, Kind::Passing { .. }) { APART } else { CHUNK };
            let chunk = most.min(count - ids.len());
            let share = share(ids.len(), count);
            let now = self.kernel.clock.now();
            let (shift, limit) = match kind {
                Kind::Held => {
                    let back = Span::from_micros(-of(share, LOOKS_APART * 1_000_000));
                    (back, Span::hours(48))
                }
                Kind::Passing { first, within } => {
                    let due = first + Span::from_micros(of(share, within.micros()));
                    (Span::ZERO, due.since(now))
                }
                Kind::Overdue => (Span::hours(-3), Span::hours(1)),
            };
            self.shift.store(shift.micros(), Ordering::Relaxed);
            let mut deadlines = Deadlines::default();
            deadlines.change(ClockName::Visit, limit);
            deadlines.change(ClockName::Accept, LONG);
            deadlines.change(ClockName::AcceptAlarm, LONG);
            let rules = self.kernel.submitter.rules();
            let rules = Rules { deadlines: Arc::new(deadlines), ..rules };
            self.kernel.submitter.set_rules(rules);
            let chunk: Vec<CaseId> =
                (0..chunk).map(|_| CaseId::new(self.kernel.ids.next())).collect();
            self.file(&chunk, now + shift).await?;
            ids.extend(chunk);
        }
        self.shift.store(0, Ordering::Relaxed);
        Ok(ids)
    }

    async fn file(&mut self, ids: &[CaseId], at: Timestamp) -> anyhow::Result<()> {
        let numbers = self.next..;
        self.next += ids.len() as u128;
        let numbered: Vec<_> = numbers.zip(ids.iter().copied()).collect();
        let (kernel, submit) =
            (&self.kernel, |submission| self.kernel.submitter.submit(submission));
        let mut course =
            futures::stream::iter(numbered.into_iter().map(|(number, id)| async move {
                let command = Command::File { filing: filing(number, at)? };
                let deed = FilingDeed { id, command, rows: Vec::new(), answer };
                submit(submission(Target::NewCase(id), ActorKind::Customer, Arc::new(deed)))
                    .await?;
                let triage = Command::Triage { path: Path::Inspection, rules: Vec::new() };
                submit(policy(id, triage)).await?;
                let centre = format!("{BRAND}-{:04}", number % NETWORK.centres as u128);
                let offer = OfferId::new(kernel.ids.next());
                let offer = Command::MakeOffer { offer, centre: centre.parse()?, network: None };
                submit(policy(id, offer)).await?;
                anyhow::Ok(())
            }))
            .buffer_unordered(AT_ONCE);
        while let Some(done) = course.next().await {
            done.context("a case of the stock")?;
        }
        Ok(())
    }

    /// How many deadlines these cases owe together, and when each one's visit is overdue.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn owed(&self, ids: &[CaseId]) -> anyhow::Result<(usize, Vec<(CaseId, Timestamp)>)> {
        let (mut deadlines, mut visits) = (0, Vec::new());
        for chunk in ids.chunks(CHUNK) {
            for case in self.kernel.store.cases(chunk).await? {
                let clocks =
                    |one: &&parasol_journey::Obligation| matches!(one.task, Task::Clock(_));
                deadlines += case.obligations.iter().filter(clocks).count();
                let visit = case.owes(Task::Clock(ClockName::Visit));
                visits.extend(visit.map(|owed| (case.id, owed.due)));
            }
        }
        Ok((deadlines, visits))
    }

    /// How late each of these visits was found overdue, microseconds; those that were not found yet are left out.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn late(&self, visits: &[(CaseId, Timestamp)]) -> anyhow::Result<Vec<i64>> {
        let due: std::collections::HashMap<CaseId, Timestamp> = visits.iter().copied().collect();
        let ids: Vec<CaseId> = due.keys().copied().collect();
        let mut late = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            for case in self.kernel.store.cases(chunk).await? {
                // It is armed again when it passes, and nothing else happens to these cases.
                let again = case.owes(Task::Clock(ClockName::Visit)).map(|owed| owed.due);
                let was = due.get(&case.id).copied();
                if let (Some(again), Some(was)) = (again, was)
                    && again != was
                {
                    late.push(case.updated_at.since(was).micros());
                }
            }
        }
        Ok(late)
    }
}

/// The share of all that comes before the `nth` of `count`, in millionths.
fn share(nth: usize, count: usize) -> i64 {
    i64::try_from(nth * 1_000_000 / count.max(1)).unwrap_or(0)
}

/// So many millionths of a span.
fn of(share: i64, micros: i64) -> i64 {
    micros / 1_000_000 * share + micros % 1_000_000 * share / 1_000_000
}

fn answer(_: &Case) -> Vec<u8> {
    Vec::new()
}

fn policy(id: CaseId, command: Command) -> Submission {
    let deed = CaseDeed { command, rows: Vec::new(), answer };
    submission(Target::Case(id), ActorKind::Policy, Arc::new(deed))
}

fn submission(target: Target, actor: ActorKind, deed: Arc<dyn Deed>) -> Submission {
    Submission {
        target,
        key: None,
        caller: Caller { principal: "bench".to_owned(), method: "Held", trace: String::new() },
        actor: Actor::new(actor, "bench"),
        expected: None,
        deed,
    }
}

/// A filing as intake makes it, for a unit that no order was imported for.
fn filing(number: u128, at: Timestamp) -> anyhow::Result<Filing> {
    let filing = serde_json::json!({
        "customer": uuid::Uuid::from_u128(number),
        "order_line": format!("HELD{number}-1"),
        "sku": "BENCH-1",
        "brand": BRAND,
        "category": Category::Refrigerator,
        "serial": format!("HELDSN{number:08}"),
        "county": format!("{}", 330_000 + number % NETWORK.counties as u128),
        "kind": CaseKind::Quality,
        "wants": Remedy::Repair,
        "symptom": "not_cooling",
        "received_at": at - Span::days(3),
        "price_fen": 399_900,
        "policy": "cn-2026.1",
    });
    Ok(serde_json::from_value(filing)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_stock_are_spread_evenly() {
        assert_eq!((share(0, 1_000), share(500, 1_000), share(3, 4)), (0, 500_000, 750_000));
        assert_eq!(of(250_000, 1_200_000_000), 300_000_000);
        assert_eq!(of(500_000, 3), 1);
    }
}
