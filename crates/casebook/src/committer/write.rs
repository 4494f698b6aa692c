//! Writing a batch, by the swift road or the careful one.

use std::collections::HashSet;

use sea_orm::DbErr;
use uuid::Uuid;

use super::claim::claimed_rows;
use super::load::Cases;
use super::plan::Planned;
use super::{Pending, Target, Writer};
use crate::dialect::{Direct, Outcome, Transaction};
use crate::row::{Cell, Table};
use crate::submission::Error;
use crate::tables::cases;

/// Commands that were not committed, or of which nobody knows.
pub(super) struct Failed {
    pub commands: Vec<Pending>,
    pub cause: Cause,
}

/// Why.
pub(super) enum Cause {
    /// Another writer was first: a case had moved on, or a key was written.
    Overtaken,
    /// The store said so, or said nothing.
    Store(DbErr),
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Overtaken => f.write_str("another writer was first"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

/// Commands that lost a key they claimed, or were refused, each with its answer.
pub(super) type Refused = Vec<(Pending, Error)>;

impl Writer {
    /// Decides on cached cases and writes on the condition that none has moved on.
    ///
    /// Adds the commands that have to be decided on again to `again`; where it fails, gives back those
    /// that have to go the careful way.
    pub(super) async fn commit_swiftly(
        &self,
        batch: Vec<Pending>,
        again: &mut Vec<Pending>,
    ) -> Result<(), Failed> {
        let cases = match self.cached_cases(&batch).await {
            Ok(cases) => cases,
            Err(error) => return Err(Failed { commands: batch, cause: Cause::Store(error) }),
        };
        let (planned, refused) = self.plan_all(batch, &cases);
        again.extend(self.answer_refusals(refused, &cases).await);
        if planned.is_empty() {
            return Ok(());
        }
        let losers = match &self.parts.store.direct {
            Some(direct) => self.commit_alone(direct, planned).await?,
            None => match self.parts.store.writer.begin().await {
                Ok(transaction) => self.commit_in(transaction, planned).await?,
                Err(error) => return Err(failed(planned, Vec::new(), Cause::Store(error))),
            },
        };
        again.extend(self.answer_refusals(losers, &cases).await);
        Ok(())
    }

    /// Without a transaction; gives back who lost a key. A batch that is lost most likely lost a key:
    /// whoever holds it is looked up, and the others go again, once.
    async fn commit_alone(
        &self,
        direct: &Direct,
        mut planned: Vec<Planned>,
    ) -> Result<Refused, Failed> {
        let mut losers = Vec::new();
        loop {
            match self.write_alone(direct, &mut planned).await {
                Ok(Outcome::Written) => {
                    self.after_commit(planned);
                    return Ok(losers);
                }
                Ok(Outcome::Lost) => {}
                Err(error) => return Err(failed(planned, losers, Cause::Store(error))),
            }
            let claims_nothing = planned.iter().all(|one| one.claims.is_empty());
            if claims_nothing || !losers.is_empty() {
                return Err(failed(planned, losers, Cause::Overtaken));
            }
            (planned, losers) = self.drop_losers(direct, planned).await?;
            if losers.is_empty() {
                return Err(failed(planned, losers, Cause::Overtaken));
            }
            if planned.is_empty() {
                return Ok(losers);
            }
        }
    }

    /// In one statement that commits by itself; nothing is written unless every key was free.
    async fn write_alone(
        &self,
        direct: &Direct,
        planned: &mut [Planned],
    ) -> Result<Outcome, DbErr> {
        self.hand_over(planned);
        let mut rows = self.assemble(planned);
        rows.claims = claimed_rows(planned);
        let outcome = direct.write(rows).await;
        if !matches!(outcome, Ok(Outcome::Written)) {
            planned.iter_mut().for_each(|one| one.handed_over.clear());
        }
        outcome
    }

    /// Claims keys, writes the winners, commits; gives back who lost a key.
    async fn commit_in(
        &self,
        transaction: Transaction,
        planned: Vec<Planned>,
    ) -> Result<Refused, Failed> {
        let (mut planned, losers) = match self.claim(&transaction, planned).await {
            Ok(claimed) => claimed,
            Err(failed) => return Err(abandon(transaction, failed).await),
        };
        self.hand_over(&mut planned);
        if !planned.is_empty() {
            let rows = self.assemble(&planned);
            let cause = match self.parts.store.engine.write(&transaction, &rows).await {
                Ok(Outcome::Written) => None,
                Ok(Outcome::Lost) => Some(Cause::Overtaken),
                Err(error) => Some(Cause::Store(error)),
            };
            if let Some(cause) = cause {
                return Err(abandon(transaction, failed(planned, losers, cause)).await);
            }
        }
        match transaction.commit().await {
            Ok(()) => {
                self.after_commit(planned);
                Ok(losers)
            }
            Err(error) => Err(failed(planned, losers, Cause::Store(error))),
        }
    }

    /// Locks the cases, reads the saved answers, decides anew, and writes.
    ///
    /// Also how an unknown result is cleared up: what did take effect is found by its key, or by the
    /// version that its case has reached.
    pub(super) async fn commit_under_locks(&self, batch: Vec<Pending>) -> Result<(), Failed> {
        let store = self.parts.store.clone();
        let transaction = match store.writer.begin().await {
            Ok(transaction) => transaction,
            Err(error) => return Err(Failed { commands: batch, cause: Cause::Store(error) }),
        };
        let ids: Vec<Uuid> = batch.iter().filter_map(Pending::case).map(|id| id.uuid()).collect();
        let keys: Vec<_> =
            batch.iter().filter_map(|one| one.submission.key).map(|key| key.key).collect();
        let read = async {
            let rows = store.engine.load_cases(&transaction, &ids, true).await?;
            Ok((rows, store.engine.saved_answers(&transaction, &keys).await?))
        };
        let (rows, saved) = match read.await {
            Ok(read) => read,
            Err(error) => {
                let failed = Failed { commands: batch, cause: Cause::Store(error) };
                return Err(abandon(transaction, failed).await);
            }
        };
        let cases = Cases::read(rows);
        let batch = super::repeat::answer_saved(batch, &saved);
        let batch = answer_filed_before(batch, &cases);
        let (planned, refused) = self.plan_all(batch, &cases);
        answer_all(refused);
        answer_all(self.commit_in(transaction, planned).await?);
        Ok(())
    }
}

/// A case is filed once: another filing under its id has lost.
fn answer_filed_before(batch: Vec<Pending>, cases: &Cases) -> Vec<Pending> {
    let is_taken = |one: &Pending| match one.submission.target {
        Target::NewCase(id) => cases.version(id).is_some(),
        Target::Case(_) | Target::NoCase => false,
    };
    let (taken, rest): (Vec<_>, Vec<_>) = batch.into_iter().partition(is_taken);
    for one in taken {
        let table = Table::of::<cases::Entity>().name;
        let key = one.case().map(|id| Cell::Id(id.uuid())).into_iter().collect();
        one.answer(Err(Error::Taken { table, key }));
    }
    rest
}

/// Undoes a transaction; if even that fails, the end of its connection does.
async fn abandon(transaction: Transaction, failed: Failed) -> Failed {
    if let Err(error) = transaction.rollback().await {
        tracing::debug!(%error, "a transaction ends with its connection");
    }
    failed
}

pub(super) fn answer_all(refused: Refused) {
    for (pending, error) in refused {
        pending.answer(Err(error));
    }
}

/// Winners and losers alike: nothing of theirs was committed, so all are tried again.
pub(super) fn failed(planned: Vec<Planned>, losers: Refused, cause: Cause) -> Failed {
    let losers = losers.into_iter().map(|(pending, _)| pending);
    let commands = planned.into_iter().map(|one| one.pending).chain(losers).collect();
    Failed { commands, cause }
}

/// The cases that commands to existing cases are about.
pub(super) fn case_ids<'a>(batch: impl Iterator<Item = &'a Pending>) -> HashSet<Uuid> {
    let ids = batch.filter_map(|one| match one.submission.target {
        Target::Case(id) => Some(id.uuid()),
        Target::NewCase(_) | Target::NoCase => None,
    });
    ids.collect()
}
