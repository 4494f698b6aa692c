//! Writing a batch, by the swift road or the careful one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parasol_journey::Case;
use parasol_journey::ids::CaseId;
use sea_orm::{DatabaseTransaction, DbErr};
use uuid::Uuid;

use super::plan::Planned;
use super::{Committer, Pending, Target, repetition};
use crate::dialect::{self, Outcome, SavedAnswer};
use crate::row::{Cell, Table};
use crate::submission::Error;

impl Committer {
    /// Decides on cached cases and writes on the condition that none has moved on.
    ///
    /// Gives back the commands that have to go the careful way.
    pub(super) async fn commit_swiftly(&mut self, batch: Vec<Pending>) -> Result<(), Vec<Pending>> {
        let cases = match self.cached_cases(&batch).await {
            Ok(cases) => cases,
            Err(error) => {
                tracing::warn!(%error, "cases could not be read");
                return Err(batch);
            }
        };
        let (mut planned, refused) = self.plan_all(batch, &cases);
        self.answer_refusals(refused).await;
        if planned.is_empty() {
            return Ok(());
        }
        if planned.iter().any(|one| !one.claims.is_empty())
            || !self.parts.store.engine.writes_alone()
        {
            return self.commit_claiming(planned).await;
        }
        self.hand_over(&mut planned);
        let rows = self.assemble(&planned);
        let store = &self.parts.store;
        match store.engine.write(&store.writer, &rows).await {
            Ok(Outcome::Written) => {
                self.after_commit(planned);
                Ok(())
            }
            Ok(Outcome::Lost) => Err(pendings(planned)),
            Err(error) => {
                tracing::warn!(%error, "a commit has no known result");
                Err(pendings(planned))
            }
        }
    }

    /// The same in a transaction, because keys are claimed first or the engine needs one anyway.
    async fn commit_claiming(&mut self, planned: Vec<Planned>) -> Result<(), Vec<Pending>> {
        let transaction = match dialect::begin(&self.parts.store.writer).await {
            Ok(transaction) => transaction,
            Err(error) => {
                tracing::warn!(%error, "no transaction could be opened");
                return Err(pendings(planned));
            }
        };
        match self.claim_and_write(&transaction, planned).await {
            Ok((planned, losers)) => match transaction.commit().await {
                Ok(()) => {
                    self.after_commit(planned);
                    losers.into_iter().for_each(|(pending, error)| pending.answer(Err(error)));
                    Ok(())
                }
                Err(error) => {
                    tracing::warn!(%error, "a commit has no known result");
                    let losers = losers.into_iter().map(|(pending, _)| pending);
                    Err(pendings(planned).into_iter().chain(losers).collect())
                }
            },
            Err((failed, error)) => {
                if let Some(error) = error {
                    tracing::warn!(%error, "a batch could not be written");
                }
                let _ = transaction.rollback().await;
                Err(failed)
            }
        }
    }

    /// Claims the unique keys, drops whoever lost one, and writes the rest.
    #[expect(clippy::type_complexity, reason = "winners with losers, or everybody with the cause")]
    async fn claim_and_write(
        &self,
        transaction: &DatabaseTransaction,
        planned: Vec<Planned>,
    ) -> Result<(Vec<Planned>, Vec<(Pending, Error)>), (Vec<Pending>, Option<DbErr>)> {
        let (mut planned, losers) = match self.claim(transaction, planned).await {
            Ok(claimed) => claimed,
            Err((planned, error)) => return Err((pendings(planned), Some(error))),
        };
        let everybody = |planned: Vec<Planned>, losers: Vec<(Pending, Error)>| {
            let losers = losers.into_iter().map(|(pending, _)| pending);
            pendings(planned).into_iter().chain(losers).collect()
        };
        if planned.is_empty() {
            return Ok((planned, losers));
        }
        self.hand_over(&mut planned);
        let rows = self.assemble(&planned);
        match self.parts.store.engine.write(transaction, &rows).await {
            Ok(Outcome::Written) => Ok((planned, losers)),
            Ok(Outcome::Lost) => Err((everybody(planned, losers), None)),
            Err(error) => Err((everybody(planned, losers), Some(error))),
        }
    }

    /// Takes every key that is claimed. A command that did not get all of its keys gives back those it
    /// got and is refused.
    #[expect(clippy::type_complexity, reason = "winners with losers, or everybody with the cause")]
    async fn claim(
        &self,
        transaction: &DatabaseTransaction,
        planned: Vec<Planned>,
    ) -> Result<(Vec<Planned>, Vec<(Pending, Error)>), (Vec<Planned>, DbErr)> {
        let mut wanted: Vec<(&'static Table, Vec<Vec<Cell>>)> = Vec::new();
        let mut asked: HashSet<(&'static str, Vec<Cell>)> = HashSet::new();
        for (table, row) in planned.iter().flat_map(|one| &one.claims) {
            if !asked.insert((table.name, table.key_of(row))) {
                continue;
            }
            match wanted.iter_mut().find(|(known, _)| known.name == table.name) {
                Some((_, rows)) => rows.push(row.clone()),
                None => wanted.push((table, vec![row.clone()])),
            }
        }
        let engine = self.parts.store.engine;
        let mut free: HashSet<(&'static str, Vec<Cell>)> = HashSet::new();
        for (table, rows) in &wanted {
            match engine.claim_rows(transaction, table, rows).await {
                Ok(keys) => free.extend(keys.into_iter().map(|key| (table.name, key))),
                Err(error) => return Err((planned, error)),
            }
        }
        let mut winners = Vec::with_capacity(planned.len());
        let mut losers = Vec::new();
        let mut given_back = Vec::new();
        for one in planned {
            let keys: Vec<_> =
                one.claims.iter().map(|(table, row)| (*table, table.key_of(row))).collect();
            let lost = keys.iter().find(|(table, key)| !free.contains(&(table.name, key.clone())));
            match lost.cloned() {
                None => {
                    for (table, key) in keys {
                        free.remove(&(table.name, key));
                    }
                    winners.push(one);
                }
                Some((table, key)) => {
                    given_back.extend(keys);
                    losers.push((one.pending, Error::Taken { table: table.name, key }));
                }
            }
        }
        given_back.retain(|(table, key)| free.contains(&(table.name, key.clone())));
        let mut back = dialect::Batch::default();
        for (table, key) in given_back {
            match back.deletes.iter_mut().find(|(known, _)| known.name == table.name) {
                Some((_, keys)) => keys.push(key),
                None => back.deletes.push((table, vec![key])),
            }
        }
        if !back.deletes.is_empty()
            && let Err(error) = engine.write(transaction, &back).await
        {
            return Err((winners, error));
        }
        Ok((winners, losers))
    }

    /// Locks the cases, reads the saved answers, decides anew, and writes.
    ///
    /// Also how an unknown result is cleared up: what did take effect is found by its key, or by the
    /// version that its case has reached.
    pub(super) async fn write_under_locks(
        &mut self,
        batch: Vec<Pending>,
    ) -> Result<(), (Vec<Pending>, DbErr)> {
        let store = self.parts.store.clone();
        let transaction = match dialect::begin(&store.writer).await {
            Ok(transaction) => transaction,
            Err(error) => return Err((batch, error)),
        };
        let ids: Vec<_> = case_ids(&batch).map(CaseId::uuid).collect();
        let keys: Vec<_> =
            batch.iter().filter_map(|one| one.submission.key).map(|key| key.key).collect();
        let read = async {
            let cases = store.engine.load_cases(&transaction, &ids, true).await?;
            let saved = store.engine.saved_answers(&transaction, &keys).await?;
            Ok::<_, DbErr>((cases, saved))
        };
        let (rows, saved) = match read.await {
            Ok(read) => read,
            Err(error) => return Err((batch, error)),
        };
        let cases: HashMap<CaseId, Arc<Case>> =
            rows.into_iter().filter_map(|row| read_case(row.id, &row.state)).collect();
        let batch = answer_saved(batch, &saved);
        let (planned, refused) = self.plan_all(batch, &cases);
        for (pending, error) in refused {
            pending.answer(Err(error));
        }
        match self.claim_and_write(&transaction, planned).await {
            Ok((planned, losers)) => match transaction.commit().await {
                Ok(()) => {
                    self.after_commit(planned);
                    losers.into_iter().for_each(|(pending, error)| pending.answer(Err(error)));
                    Ok(())
                }
                Err(error) => {
                    let losers = losers.into_iter().map(|(pending, _)| pending);
                    Err((pendings(planned).into_iter().chain(losers).collect(), error))
                }
            },
            Err((failed, error)) => {
                let _ = transaction.rollback().await;
                let error = error.unwrap_or_else(|| DbErr::Custom("the batch was lost".into()));
                Err((failed, error))
            }
        }
    }

    /// The cases of a batch, from memory where they are there.
    async fn cached_cases(&self, batch: &[Pending]) -> Result<HashMap<CaseId, Arc<Case>>, DbErr> {
        let mut cases = HashMap::with_capacity(batch.len());
        let mut missing = Vec::new();
        for one in batch {
            let Target::Case(id) = one.submission.target else { continue };
            match self.cases.get(&id) {
                Some(case) => drop(cases.insert(id, case)),
                None => missing.push(id.uuid()),
            }
        }
        let store = &self.parts.store;
        let rows = store.engine.load_cases(&store.writer, &missing, false).await?;
        for row in rows {
            if let Some((id, case)) = read_case(row.id, &row.state) {
                debug_assert_eq!(case.version, u64::try_from(row.version).unwrap_or_default());
                self.cases.insert(id, Arc::clone(&case));
                cases.insert(id, case);
            }
        }
        Ok(cases)
    }

    fn plan_all(
        &self,
        batch: Vec<Pending>,
        cases: &HashMap<CaseId, Arc<Case>>,
    ) -> (Vec<Planned>, Vec<(Pending, Error)>) {
        let now = (self.parts.now)();
        let rules = self.rules_now();
        let mut planned = Vec::with_capacity(batch.len());
        let mut refused = Vec::new();
        for pending in batch {
            let case = match pending.submission.target {
                Target::Case(id) => cases.get(&id),
                Target::NewCase(_) | Target::NoCase => None,
            };
            match self.plan(pending, case, now, &rules) {
                Ok(one) => planned.push(one),
                Err(refusal) => refused.push(refusal),
            }
        }
        (planned, refused)
    }

    /// A command that is refused now may be the repetition of one that was accepted: its saved answer
    /// counts, not the refusal. A refusal decided on a case that has moved on meanwhile is decided
    /// again on the newer one.
    async fn answer_refusals(&mut self, refused: Vec<(Pending, Error)>) {
        if refused.is_empty() {
            return;
        }
        let keys: Vec<_> =
            refused.iter().filter_map(|(one, _)| one.submission.key).map(|key| key.key).collect();
        let ids: Vec<_> = refused
            .iter()
            .filter_map(|(one, _)| match one.submission.target {
                Target::Case(id) => Some(id.uuid()),
                _ => None,
            })
            .collect();
        let store = self.parts.store.clone();
        let read = async {
            let saved = store.engine.saved_answers(&store.writer, &keys).await?;
            let cases = store.engine.load_cases(&store.writer, &ids, false).await?;
            Ok::<_, DbErr>((saved, cases))
        };
        let (saved, cases) = match read.await {
            Ok(read) => read,
            Err(error) => {
                let error = Arc::new(error);
                for (pending, _) in refused {
                    pending.answer(Err(Error::Store(Arc::clone(&error))));
                }
                return;
            }
        };
        let versions: HashMap<Uuid, i64> = cases.iter().map(|row| (row.id, row.version)).collect();
        for (pending, error) in refused {
            if let Some(one) = find_saved(&pending, &saved) {
                let (same, body) = one;
                pending.answer(repetition(same, body));
                continue;
            }
            if let Target::Case(id) = pending.submission.target {
                let known = self.cases.get(&id).map(|case| case.version);
                let stored = versions.get(&id.uuid()).and_then(|one| u64::try_from(*one).ok());
                if known != stored {
                    self.cases.invalidate(&id);
                    self.waiting.push_back(pending);
                    continue;
                }
            }
            pending.answer(Err(error));
        }
    }
}

fn pendings(planned: Vec<Planned>) -> Vec<Pending> {
    planned.into_iter().map(|one| one.pending).collect()
}

fn case_ids(batch: &[Pending]) -> impl Iterator<Item = CaseId> {
    batch.iter().filter_map(|one| match one.submission.target {
        Target::Case(id) => Some(id),
        Target::NewCase(_) | Target::NoCase => None,
    })
}

/// A row whose state cannot be read is left out, so that its case answers as unknown and the error is
/// in the log; guessing a state would be worse.
fn read_case(id: Uuid, state: &str) -> Option<(CaseId, Arc<Case>)> {
    match serde_json::from_str::<Case>(state) {
        Ok(case) => Some((CaseId::new(id), Arc::new(case))),
        Err(error) => {
            tracing::error!(case = %CaseId::new(id), %error, "a case cannot be read");
            None
        }
    }
}

fn answer_saved(batch: Vec<Pending>, saved: &[SavedAnswer]) -> Vec<Pending> {
    let mut rest = Vec::with_capacity(batch.len());
    for pending in batch {
        match find_saved(&pending, saved) {
            Some((same, body)) => pending.answer(repetition(same, body)),
            None => rest.push(pending),
        }
    }
    rest
}

fn find_saved(pending: &Pending, saved: &[SavedAnswer]) -> Option<(bool, Vec<u8>)> {
    let key = pending.submission.key?;
    let one = saved.iter().find(|one| one.key == key.key)?;
    Some((one.fingerprint == key.fingerprint, one.body.clone()))
}
