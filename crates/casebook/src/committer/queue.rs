//! Who waits, and who goes into which commit.
//!
//! Keeps the order of the commands to one case, and keeps commits in flight apart: no two of them have
//! a case or a request key in common.

use std::collections::{HashSet, VecDeque};

use parasol_journey::ids::CaseId;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{Limits, Pending};

/// Commands that may share a commit, and what they take up meanwhile.
pub(super) struct Batch {
    pub commands: Vec<Pending>,
    pub places: Places,
}

/// The cases and request keys of a commit.
#[derive(Default)]
pub(super) struct Places {
    cases: HashSet<CaseId>,
    keys: HashSet<Uuid>,
}

impl Places {
    /// Whether a command has to wait for one that stands here.
    fn clash_with(&self, command: &Pending) -> bool {
        command.case().is_some_and(|case| self.cases.contains(&case))
            || key(command).is_some_and(|key| self.keys.contains(&key))
    }

    fn add(&mut self, command: &Pending) {
        self.cases.extend(command.case());
        self.keys.extend(key(command));
    }
}

fn key(command: &Pending) -> Option<Uuid> {
    command.submission.key.map(|key| key.key)
}

/// The commands that wait.
pub(super) struct Queue {
    arriving: mpsc::Receiver<Pending>,
    waiting: VecDeque<Pending>,
    /// Of all commits in flight.
    taken: Places,
    /// Whether anybody can still hand in a command.
    open: bool,
    limits: Limits,
}

impl Queue {
    pub(super) fn new(arriving: mpsc::Receiver<Pending>, limits: Limits) -> Self {
        let (waiting, taken) = (VecDeque::new(), Places::default());
        Self { arriving, waiting, taken, open: true, limits }
    }

    /// The next batch, if one may begin beside so many that are in flight.
    pub(super) fn next_batch(&mut self, in_flight: usize) -> Option<Batch> {
        self.take_up();
        let enough = if in_flight == 0 {
            // A commit that somebody stopped waiting for gives nothing back.
            self.taken = Places::default();
            1
        } else {
            self.limits.second_min
        };
        if in_flight >= self.limits.commits_max.max(1) || self.waiting.len() < enough {
            return None;
        }
        let batch = self.pick();
        (!batch.commands.is_empty()).then_some(batch)
    }

    /// Returns when a command has arrived or nobody can hand one in any more; waits for ever where no
    /// more can be taken up.
    pub(super) async fn arrival(&mut self) {
        let room = self.room();
        if !self.open || room == 0 {
            return std::future::pending().await;
        }
        let mut arrived = Vec::new();
        self.open = self.arriving.recv_many(&mut arrived, room).await > 0;
        self.waiting.extend(arrived);
    }

    /// Whether nobody waits and nobody will.
    pub(super) fn is_over(&self) -> bool {
        !self.open && self.waiting.is_empty()
    }

    /// Refuses whatever comes from now on.
    pub(super) fn close(&mut self) {
        self.arriving.close();
    }

    /// The end of a commit: others may have its places, and whoever has to be decided on again goes
    /// before all who wait.
    pub(super) fn free(&mut self, places: &Places, again: Vec<Pending>) {
        self.taken.cases.retain(|case| !places.cases.contains(case));
        self.taken.keys.retain(|key| !places.keys.contains(key));
        for pending in again.into_iter().rev() {
            self.waiting.push_front(pending);
        }
    }

    /// More than one batch is taken up, so that many commands to one case do not stand in the way of
    /// the other cases.
    fn take_up(&mut self) {
        for _ in 0..self.room() {
            match self.arriving.try_recv() {
                Ok(pending) => self.waiting.push_back(pending),
                Err(_) => break,
            }
        }
    }

    fn room(&self) -> usize {
        self.limits.queue_max.max(1).saturating_sub(self.waiting.len())
    }

    /// Takes commands that may share a commit: one per case, one per request key. Whoever has to wait
    /// keeps the later commands to its case waiting too, so that they stay in order.
    fn pick(&mut self) -> Batch {
        let mut batch = Batch { commands: Vec::new(), places: Places::default() };
        let mut passed = Places::default();
        let mut left = VecDeque::new();
        while batch.commands.len() < self.limits.batch_max.max(1)
            && let Some(pending) = self.waiting.pop_front()
        {
            let clashes = [&self.taken, &batch.places, &passed]
                .into_iter()
                .any(|places| places.clash_with(&pending));
            if clashes {
                passed.add(&pending);
                left.push_back(pending);
            } else {
                batch.places.add(&pending);
                batch.commands.push(pending);
            }
        }
        left.append(&mut self.waiting);
        self.waiting = left;
        self.taken.cases.extend(&batch.places.cases);
        self.taken.keys.extend(&batch.places.keys);
        batch
    }
}
