//! Calls at a set rate, whatever becomes of them: an open loop.
//!
//! Each call has an instant at which it is meant to begin, by a clock and not by the answers to those before it. What
//! it took counts from there, so that a house that stands still for a second is charged for every call of that
//! second, and not for the one that happened to be under way. A call that begins is the next one of a case that waits
//! for a party to move; where none waits, a new case is filed.
//!
//! Whether the house has done its part in a case is heard by the bell, as a process of the cell hears it, and looked up
//! in the store; every case that waits is looked up each second as well.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parasol_api::Reason;
use parasol_api::common::v1::CaseView;
use parasol_api::intake::v1::FileCaseResponse;
use parasol_bell::{Heard, Listener, Ring};
use parasol_casebook::Store;
use parasol_journey::ids::{CaseId, OfferId};
use parasol_journey::time::Timestamp;
use parasol_journey::{Case, Stage};
use parasol_runtime::clock::{Clock, Stopwatch};
use prost::Message as _;
use sea_orm::DbErr;
use serde::Serialize;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::bench::calls::{self, Call, Place};
use crate::bench::course::is_for_status;
use crate::bench::stats::Figures;
use crate::demo::Wire;

use super::usage::{Parts, Reading};

/// The most calls under way at a time; what would be more is not made, and the rate is not kept.
const IN_FLIGHT_MAX: usize = 4_096;
/// How long the last calls may take once no more begin.
const GRACE: Duration = Duration::from_secs(10);
/// How long the clock is left alone where nothing happens.
const TICK: Duration = Duration::from_millis(1);
/// How often those are looked up of whom something was heard.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How often everybody who waits is looked up.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// Cases looked up in one query.
const LOOKED_UP: usize = 256;
/// Calls a case takes.
const CALLS_A_CASE: f64 = 8.0;

/// What is due next in a case.
#[derive(Clone, Debug)]
enum Next {
    File,
    Accept(OfferId),
    Assign,
    Book,
    CheckIn,
    Inspect,
    Complete,
    Tell,
}

/// A case on its way.
#[derive(Debug)]
struct Run {
    unit: usize,
    id: CaseId,
    place: Option<Place>,
    next: Next,
}

/// A call that was answered.
struct Answered {
    run: Run,
    path: &'static str,
    /// When it was meant to begin.
    intended: Duration,
    /// How much later it did begin: the driver's own fault.
    behind: Duration,
    /// From when it was meant to begin until its answer.
    took: Duration,
    answer: Result<Vec<u8>, tonic::Status>,
}

/// What was asked of one measurement.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Calls a second.
    pub rate: f64,
    /// How long before anything counts.
    pub warm: Duration,
    /// How long it counts.
    pub time: Duration,
}

/// One measurement at one rate.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Calls a second that were meant to begin.
    pub rate: f64,
    /// Calls answered, all of them acknowledged after their commit, from when each was meant to begin.
    pub commands: Figures,
    /// The same by method.
    pub by_method: BTreeMap<&'static str, Figures>,
    /// How far behind its clock the driver itself was, 99th percentile, milliseconds.
    pub driver_behind_p99_ms: f64,
    /// Calls that failed.
    pub failed: usize,
    /// What the first of them failed with.
    pub first_failure: Option<String>,
    /// Calls not made, because too many were under way.
    pub shed: usize,
    /// Calls without an answer at the end.
    pub unanswered: usize,
    /// Cases that waited for the house when the measurement began, and when it ended.
    pub waiting_for_the_house: [usize; 2],
    /// Time on the cores for each command answered, microseconds, by part.
    pub cpu_us: BTreeMap<String, f64>,
    /// Memory at the end, MiB, by part.
    pub memory_mib: BTreeMap<String, f64>,
    /// Share of one core that everybody else on this machine used meanwhile.
    pub others_cpu: f64,
    /// Whether the rate was kept.
    pub kept: bool,
}

/// Everything that goes on over several measurements: whoever waits goes on waiting.
pub struct Floor {
    wires: Vec<Wire>,
    store: Arc<Store>,
    clock: Clock,
    first_day: Timestamp,
    rings: Listener,
    /// Units that nobody has filed for.
    units: std::ops::Range<usize>,
    visits: HashMap<String, usize>,
    ready: VecDeque<Run>,
    /// Who waits for the house to bring the case to a stage.
    waiting: HashMap<CaseId, (Run, Stage)>,
    heard: HashSet<CaseId>,
    looked: Duration,
    swept: Duration,
    calls: JoinSet<Answered>,
    looking: JoinSet<Result<Vec<Case>, DbErr>>,
    tally: Tally,
}

/// What is counted in a measurement.
#[derive(Default)]
struct Tally {
    took: Vec<(&'static str, Duration)>,
    behind: Vec<Duration>,
    failed: usize,
    first_failure: Option<String>,
    shed: usize,
}

/// Where the cell is, and what the floor is told by.
pub struct Ground {
    /// The cell's database, read only.
    pub store: Arc<Store>,
    /// Its time.
    pub clock: Clock,
    /// The first day visits are booked on.
    pub first_day: Timestamp,
    /// What rings in the cell.
    pub rings: Listener,
    /// Units with an order that nobody has filed for.
    pub units: std::ops::Range<usize>,
}

impl Floor {
    /// A floor where nothing has begun.
    pub fn new(ground: Ground) -> Self {
        let Ground { store, clock, first_day, rings, units } = ground;
        Self {
            wires: Vec::new(),
            store,
            clock,
            first_day,
            rings,
            units,
            visits: HashMap::new(),
            ready: VecDeque::new(),
            waiting: HashMap::new(),
            heard: HashSet::new(),
            looked: Duration::ZERO,
            swept: Duration::ZERO,
            calls: JoinSet::new(),
            looking: JoinSet::new(),
            tally: Tally::default(),
        }
    }

    /// Calls over these connections from now on.
    pub fn call_through(&mut self, wires: Vec<Wire>) {
        self.wires = wires;
    }

    /// Calls at one rate for a while; `parts` are those whose time and memory are told.
    ///
    /// # Errors
    /// When the units are used up, or the store does not answer.
    pub async fn run(&mut self, asked: Asked, parts: &Parts) -> anyhow::Result<Step> {
        let watch = Stopwatch::start();
        let end = asked.warm + asked.time;
        (self.looked, self.swept, self.tally) = (Duration::ZERO, Duration::ZERO, Tally::default());
        let mut begun = None;
        let mut next = 0_u64;
        while watch.elapsed() < end {
            loop {
                let intended = due(next, asked.rate);
                if intended > watch.elapsed() || intended >= end {
                    break;
                }
                self.begin(intended, intended >= asked.warm, &watch)?;
                next += 1;
            }
            if begun.is_none() && watch.elapsed() >= asked.warm {
                begun = Some((Reading::of(parts), self.waiting.len()));
            }
            self.look_up(watch.elapsed());
            self.take_news(asked.warm).await?;
        }
        let (ended, waiting) = (Reading::of(parts), self.waiting.len());
        let (begun, waited) = begun.unwrap_or((ended.clone(), waiting));
        let grace = Stopwatch::start();
        while !self.calls.is_empty() && grace.elapsed() < GRACE {
            self.look_up(watch.elapsed());
            self.take_news(asked.warm).await?;
        }
        let unanswered = self.calls.len();
        self.calls.abort_all();
        while self.calls.join_next().await.is_some() {}
        Ok(self.step(asked, [waited, waiting], unanswered, &begun, &ended))
    }

    /// Begins what was meant to begin at this instant.
    fn begin(&mut self, intended: Duration, counts: bool, watch: &Stopwatch) -> anyhow::Result<()> {
        if self.calls.len() >= IN_FLIGHT_MAX {
            self.tally.shed += usize::from(counts);
            return Ok(());
        }
        let run = match self.ready.pop_front() {
            Some(run) => run,
            None => {
                let unit = self.units.next();
                let unit = unit.ok_or_else(|| anyhow::anyhow!("no unit is left; try --units"))?;
                Run { unit, id: CaseId::new(Uuid::nil()), place: None, next: Next::File }
            }
        };
        let Some(call) = self.call_of(&run) else { return Ok(()) };
        let wire = self.wires[run.unit % self.wires.len()].clone();
        let (watch, behind) = (*watch, watch.elapsed().saturating_sub(intended));
        self.calls.spawn(async move {
            let Call { player, path, body } = call;
            let answer = wire.raw(&player, path, body).await;
            let took = watch.elapsed().saturating_sub(intended);
            Answered { run, path, intended, behind, took, answer }
        });
        Ok(())
    }

    fn call_of(&self, run: &Run) -> Option<Call> {
        let (id, place) = (run.id, run.place.as_ref());
        Some(match &run.next {
            Next::File => calls::file(run.unit),
            Next::Accept(offer) => calls::accept(id, place?, *offer),
            Next::Assign => calls::assign(id, place?),
            Next::Book => calls::book(id, place?, place?.visit, self.first_day),
            Next::CheckIn => calls::check_in(id, place?),
            Next::Inspect => calls::inspect(id, run.unit, place?, self.clock.now()),
            Next::Complete => calls::complete(id, place?),
            Next::Tell => calls::told(id),
        })
    }

    /// Looks those up of whom something was heard, and each second everybody.
    fn look_up(&mut self, now: Duration) {
        if now.saturating_sub(self.swept) >= SWEEP_EVERY {
            self.swept = now;
            self.heard.extend(self.waiting.keys());
        }
        let rests = now.saturating_sub(self.looked) < LOOK_EVERY;
        if rests || self.heard.is_empty() || !self.looking.is_empty() {
            return;
        }
        self.looked = now;
        let ids: Vec<CaseId> = self.heard.iter().copied().take(LOOKED_UP).collect();
        for id in &ids {
            self.heard.remove(id);
        }
        let store = Arc::clone(&self.store);
        self.looking.spawn(async move { store.cases(&ids).await });
    }

    /// Takes whatever has happened by now, and waits for a tick where nothing has.
    async fn take_news(&mut self, warm: Duration) -> anyhow::Result<()> {
        tokio::time::timeout(TICK, async {
            tokio::select! {
                biased;
                Some(answered) = self.calls.join_next() => self.answered(answered?, warm),
                Some(found) = self.looking.join_next() => self.found(found??),
                heard = self.rings.next() => self.hear(heard),
            }
            anyhow::Ok(())
        })
        .await
        .unwrap_or(Ok(()))?;
        while let Some(answered) = self.calls.try_join_next() {
            self.answered(answered?, warm);
        }
        Ok(())
    }

    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Ring(Ring::Case { case, .. }) if self.waiting.contains_key(&case) => {
                self.heard.insert(case);
            }
            Heard::Lagged => self.heard.extend(self.waiting.keys()),
            Heard::Ring(_) => {}
        }
    }

    fn answered(&mut self, answered: Answered, warm: Duration) {
        let Answered { mut run, path, intended, behind, took, answer } = answered;
        let counts = intended >= warm;
        let answer = match answer {
            Ok(answer) => answer,
            // The house's own notice was there first: the call was answered, and the case goes its way.
            Err(status)
                if matches!(run.next, Next::Tell)
                    && is_for_status(&status, Reason::TaskSuperseded) =>
            {
                Vec::new()
            }
            Err(status) => {
                if counts {
                    self.tally.failed += 1;
                    self.tally.first_failure.get_or_insert_with(|| format!("{path}: {status}"));
                }
                return;
            }
        };
        if counts {
            self.tally.took.push((path, took));
            self.tally.behind.push(behind);
        }
        let next = match run.next {
            Next::File => {
                let filed = FileCaseResponse::decode(answer.as_slice()).unwrap_or_default();
                let CaseView { case_id, .. } = filed.case.unwrap_or_default();
                let Ok(id) = case_id.parse() else { return };
                run.id = id;
                return self.wait(run, Stage::Dispatched);
            }
            Next::Inspect => return self.wait(run, Stage::Repairing),
            Next::Tell => return,
            Next::Accept(_) => Next::Assign,
            Next::Assign => Next::Book,
            Next::Book => Next::CheckIn,
            Next::CheckIn => Next::Inspect,
            Next::Complete => Next::Tell,
        };
        self.ready.push_back(Run { next, ..run });
    }

    /// The house may have been faster than its answer: looked up once in any case.
    fn wait(&mut self, run: Run, stage: Stage) {
        self.heard.insert(run.id);
        self.waiting.insert(run.id, (run, stage));
    }

    fn found(&mut self, cases: Vec<Case>) {
        for case in cases {
            let Some((_, stage)) = self.waiting.get(&case.id) else { continue };
            if case.stage != *stage && !case.stage.is_ended() {
                continue;
            }
            let is_there = case.stage == *stage;
            let Some((mut run, _)) = self.waiting.remove(&case.id).filter(|_| is_there) else {
                continue;
            };
            run.next = match (case.stage, &case.offer) {
                (Stage::Dispatched, Some(offer)) => {
                    let visit = self.visits.entry(offer.centre.as_str().to_owned()).or_default();
                    run.place = Some(Place::new(offer.centre.as_str(), *visit));
                    *visit += 1;
                    Next::Accept(offer.id)
                }
                _ => Next::Complete,
            };
            self.ready.push_back(run);
        }
    }

    fn step(
        &mut self,
        asked: Asked,
        waiting: [usize; 2],
        unanswered: usize,
        begun: &Reading,
        ended: &Reading,
    ) -> Step {
        let tally = std::mem::take(&mut self.tally);
        let mut by_method: BTreeMap<&'static str, Vec<Duration>> = BTreeMap::new();
        for (path, took) in &tally.took {
            let method = path.rsplit('/').next().unwrap_or(path);
            by_method.entry(method).or_default().push(*took);
        }
        let answered = tally.took.len().max(1);
        let of = |times: Vec<Duration>| Figures::of(times, asked.time);
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let per_command = |cpu: Duration| cpu.as_secs_f64() * 1e6 / answered as f64;
        let cpu = ended.cpu_since(begun).into_iter();
        Step {
            rate: asked.rate,
            commands: of(tally.took.iter().map(|(_, took)| *took).collect()),
            by_method: by_method.into_iter().map(|(name, took)| (name, of(took))).collect(),
            driver_behind_p99_ms: of(tally.behind).p99_ms,
            failed: tally.failed,
            first_failure: tally.first_failure,
            shed: tally.shed,
            unanswered,
            waiting_for_the_house: waiting,
            cpu_us: cpu.map(|(name, cpu)| (name, per_command(cpu))).collect(),
            memory_mib: ended.memory_mib(),
            others_cpu: ended.others_since(begun).as_secs_f64()
                / asked.time.as_secs_f64().max(1e-9),
            kept: false,
        }
    }
}

impl Step {
    /// Whether everything that was meant to begin was answered, soon enough, and the house's own work kept up: no more
    /// cases wait for it than are filed in four seconds, and a few.
    pub fn is_kept_at(&self, p99_ms: f64) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
        let waiting = self.waiting_for_the_house[1] as f64;
        let lost = self.failed + self.shed + self.unanswered;
        let is_level = waiting <= self.rate / CALLS_A_CASE * 4.0 + 16.0;
        self.commands.count > 0 && lost == 0 && self.commands.p99_ms <= p99_ms && is_level
    }
}

/// When the call of this number is meant to begin.
fn due(nth: u64, rate: f64) -> Duration {
    #[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
    let seconds = nth as f64 / rate.max(1e-3);
    Duration::from_secs_f64(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(p99_ms: f64, failed: usize, waiting: usize) -> Step {
        let commands = Figures { per_second: 100.0, p50_ms: 1.0, p99_ms, count: 500 };
        Step {
            rate: 100.0,
            commands,
            by_method: BTreeMap::new(),
            driver_behind_p99_ms: 0.0,
            failed,
            first_failure: None,
            shed: 0,
            unanswered: 0,
            waiting_for_the_house: [0, waiting],
            cpu_us: BTreeMap::new(),
            memory_mib: BTreeMap::new(),
            others_cpu: 0.0,
            kept: false,
        }
    }

    #[test]
    fn calls_begin_by_the_clock_and_not_by_answers() {
        assert_eq!(due(0, 200.0), Duration::ZERO);
        assert_eq!(due(1, 200.0), Duration::from_millis(5));
        assert_eq!(due(4_000, 200.0), Duration::from_secs(20));
    }

    #[test]
    fn a_rate_is_kept_where_nothing_is_lost_late_or_left_to_the_house() {
        assert!(step(59.0, 0, 20).is_kept_at(60.0));
        assert!(!step(61.0, 0, 20).is_kept_at(60.0));
        assert!(!step(59.0, 1, 20).is_kept_at(60.0));
        assert!(!step(59.0, 0, 400).is_kept_at(60.0), "cases pile up behind the house");
    }
}
