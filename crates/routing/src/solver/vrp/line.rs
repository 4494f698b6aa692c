//! The line between the library's thread and whoever asked for a plan.
//!
//! The library may be told to stop at any moment, also inside a step, which on a large day takes
//! seconds. So it says at every step how far it is and waits for an answer, and between them, each time
//! it has judged some hundreds of insertions, that it is still at it; for that it does not wait.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use ::vrp_core::models::GoalContext;
use ::vrp_core::rosomaxa::prelude::{
    HeuristicContext as _, HeuristicSolution as _, Quota, Termination,
};
use ::vrp_core::solver::RefinementContext;

use super::{Pace, Progress};

/// Insertions judged between two words that it is still at it.
const WORD_EVERY: u64 = 512;

/// What the library's thread says.
#[derive(Clone, Copy, Debug)]
pub enum Word {
    /// It has made a step and waits for an answer.
    Step(Progress),
    /// It is in the middle of one.
    Still,
}

/// What both ends see.
#[derive(Default)]
struct Shared {
    is_stopped: AtomicBool,
    /// The share of what was granted that is used, as the bits of a float.
    used: AtomicU64,
}

/// The library's end.
pub struct Line {
    words: SyncSender<Word>,
    answers: Mutex<Receiver<()>>,
    shared: Arc<Shared>,
    judged: AtomicU64,
}

/// The caller's end.
pub struct Ear {
    words: Receiver<Word>,
    answers: SyncSender<()>,
    shared: Arc<Shared>,
}

/// A line and who listens to it.
pub fn open() -> (Line, Ear) {
    let (words, heard) = sync_channel(1);
    let (answers, answered) = sync_channel(1);
    let shared = Arc::new(Shared::default());
    let line = Line {
        words,
        answers: Mutex::new(answered),
        shared: Arc::clone(&shared),
        judged: AtomicU64::new(0),
    };
    (line, Ear { words: heard, answers, shared })
}

impl Ear {
    /// The next word; `None` when the library is done.
    pub fn hear(&self) -> Option<Word> {
        self.words.recv().ok()
    }

    /// Says how to go on after a word.
    pub fn answer(&self, word: Word, pace: Pace) {
        match pace {
            Pace::Go(used) => self.shared.used.store(used.to_bits(), Ordering::Relaxed),
            Pace::Stop => self.shared.is_stopped.store(true, Ordering::Relaxed),
        }
        if let Word::Step(_) = word {
            // There is room: a step is answered before the next one is told.
            let _ = self.answers.try_send(());
        }
    }
}

impl Line {
    /// Whether it is time to stop.
    pub fn is_stopped(&self) -> bool {
        self.shared.is_stopped.load(Ordering::Relaxed)
    }

    /// Counts an insertion that is judged.
    pub fn judge(&self) {
        if self.judged.fetch_add(1, Ordering::Relaxed).is_multiple_of(WORD_EVERY) {
            // Whoever is still busy with the word before need not hear this one.
            if let Err(TrySendError::Disconnected(_)) = self.words.try_send(Word::Still) {
                self.hang_up();
            }
        }
    }

    /// Tells a step and waits for the answer.
    fn step(&self, progress: Progress) {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if self.words.send(Word::Step(progress)).is_err() || answers.recv().is_err() {
            self.hang_up();
        }
    }

    /// Nobody is there any more.
    fn hang_up(&self) {
        self.shared.is_stopped.store(true, Ordering::Relaxed);
    }
}

/// Ends a step in its middle.
pub struct StopSign(pub Arc<Line>);

impl Quota for StopSign {
    fn is_reached(&self) -> bool {
        self.0.is_stopped()
    }
}

/// Asks after every step.
pub struct Steps(pub Arc<Line>);

impl Termination for Steps {
    type Context = RefinementContext;
    type Objective = GoalContext;

    #[expect(clippy::cast_possible_truncation, reason = "costs are whole microseconds")]
    fn is_termination(&self, context: &mut RefinementContext) -> bool {
        let best = context.ranked().next().map(|best| {
            let cost = best.fitness().next().unwrap_or_default();
            (cost as i64, best.solution.unassigned.len())
        });
        if let Some((cost, left_out)) = best {
            let tried = u64::try_from(context.statistics().generation).unwrap_or(u64::MAX);
            self.0.step(Progress { tried, cost, left_out });
        }
        self.0.is_stopped()
    }

    fn estimate(&self, _: &RefinementContext) -> f64 {
        f64::from_bits(self.0.shared.used.load(Ordering::Relaxed)).clamp(0.0, 1.0)
    }
}
