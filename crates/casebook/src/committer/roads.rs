//! The two roads of a batch, and what happens once it is committed.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use parasol_journey::task::Role;
use sea_orm::DbErr;

use super::plan::Planned;
use super::write::{Cause, Failed};
use super::{Pending, Rules, Saved, Writer};
use crate::dialect::Trouble;
use crate::submission::{Answer, Error, RequestKey};

/// The longest answer kept in memory, in bytes; a longer one is repeated from its table.
const CACHED_ANSWER_MAX: usize = 16 * 1_024;

impl Writer {
    /// Commits a batch: swiftly if it can be, carefully if not. Gives back who has to be decided on
    /// again, before any later command to the same case.
    pub(super) async fn commit(&self, batch: Vec<Pending>) -> Vec<Pending> {
        let batch = self.answer_repetitions(batch);
        let mut again = Vec::new();
        if batch.is_empty() {
            return again;
        }
        if let Err(failed) = self.commit_swiftly(batch, &mut again).await {
            if let Cause::Store(error) = &failed.cause {
                tracing::warn!(%error, "a batch has no known result");
            }
            self.commit_carefully(failed.commands).await;
        }
        again
    }

    /// Tries a batch under locks. One that fails for a lasting reason is halved, so that one bad
    /// command stops nobody else; when the store is away everybody is told so at once.
    async fn commit_carefully(&self, batch: Vec<Pending>) {
        let mut batches = vec![batch];
        let mut retries = self.parts.limits.retries_max;
        while let Some(batch) = batches.pop() {
            let tried = self.try_carefully(batch, &mut retries).await;
            let Err((mut failed, error, trouble)) = tried else {
                continue;
            };
            if trouble == Trouble::Away {
                failed.extend(batches.drain(..).flatten());
                tracing::error!(%error, commands = failed.len(), "the store is away");
            } else if failed.len() > 1 {
                let other = failed.split_off(failed.len() / 2);
                batches.extend([other, failed]);
                continue;
            } else {
                tracing::error!(%error, "a command failed");
            }
            let error = Arc::new(error);
            for one in failed {
                one.answer(Err(Error::Store(Arc::clone(&error))));
            }
        }
    }

    /// Tries a batch under locks, a few times where the trouble may pass. The retries are those of the
    /// whole batch and all its parts, so that everybody behind it waits for a bounded time.
    async fn try_carefully(
        &self,
        batch: Vec<Pending>,
        retries: &mut u32,
    ) -> Result<(), (Vec<Pending>, DbErr, Trouble)> {
        let mut left = batch;
        loop {
            for id in left.iter().filter_map(Pending::case) {
                self.cases.invalidate(&id);
            }
            let Err(Failed { commands, cause }) = self.commit_under_locks(left).await else {
                return Ok(());
            };
            let (error, trouble, waited) = match cause {
                Cause::Overtaken => {
                    let error = DbErr::Custom("other writers were first every time".into());
                    (error, Trouble::Passing, false)
                }
                Cause::Store(error) => {
                    let trouble = self.parts.store.engine.trouble(&error);
                    // Waiting for a connection was already a wait.
                    let waited = matches!(error, DbErr::ConnectionAcquire(_));
                    (error, trouble, waited)
                }
            };
            if trouble == Trouble::Lasting || waited || *retries == 0 {
                return Err((commands, error, trouble));
            }
            tracing::warn!(%error, retries, commands = commands.len(), "a batch failed");
            *retries -= 1;
            left = commands;
            back_off(self.parts.limits.retries_max - *retries).await;
        }
    }

    /// Keeps a recent answer at hand, unless it is so long that many of them would fill the memory.
    fn remember(&self, key: RequestKey, body: &[u8]) {
        if body.len() <= CACHED_ANSWER_MAX {
            let saved = Saved { fingerprint: key.fingerprint, body: Arc::new(body.to_vec()) };
            self.answers.insert(key.key, saved);
        }
    }

    pub(super) fn rules_now(&self) -> Rules {
        self.rules.read().expect("no holder of this lock panics").clone()
    }

    /// Remembers what a commit wrote and tells everybody who listens.
    pub(super) fn after_commit(&self, planned: Vec<Planned>) {
        let mut roles = HashSet::new();
        for mut one in planned {
            if let Some(key) = one.pending.submission.key {
                self.remember(key, &one.answer);
            }
            if let Some((_, case, _)) = one.case.take() {
                let handoff = &self.parts.handoff;
                let left = one.tasks_armed.iter().filter(|owed| !one.is_handed_over(owed));
                let near = left.filter(|owed| handoff.is_near(owed, one.at));
                roles.extend(near.map(|owed| owed.task.role()));
                self.parts
                    .bell
                    .ring(parasol_bell::Ring::Case { case: case.id, version: case.version });
                self.cases.insert(case.id, Arc::new(case));
            }
            for (permit, task) in one.handed_over.drain(..) {
                permit.send(task);
            }
            one.pending.answer(Ok(Answer { body: one.answer, repeated: false }));
        }
        for role in roles.iter().filter(|role| **role != Role::Timer) {
            self.parts.bell.ring(parasol_bell::Ring::Work { role: *role });
        }
        self.parts.handoff.armed(&roles);
    }
}

/// Gives a store that does not answer a moment; bounded by [`Limits::retries_max`].
#[expect(clippy::disallowed_methods, reason = "a wait of milliseconds inside one bounded retry")]
async fn back_off(attempt: u32) {
    tokio::time::sleep(Duration::from_millis(5 << attempt.min(8))).await;
}
