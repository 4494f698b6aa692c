//! Repetitions: a request that took effect is answered with its saved answer, whatever would be said
//! to it now.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::DbErr;

use super::load::Cases;
use super::write::{Refused, case_ids};
use super::{Pending, Target, Writer};
use crate::answers::EMPTIED;
use crate::dialect::SavedAnswer;
use crate::submission::{Answer, Error};

impl Writer {
    /// Answers what was answered a moment ago without asking the store.
    pub(super) fn answer_repetitions(&self, batch: Vec<Pending>) -> Vec<Pending> {
        let mut rest = Vec::with_capacity(batch.len());
        for pending in batch {
            let saved = pending
                .submission
                .key
                .and_then(|key| self.answers.get(&key.key).map(|saved| (saved, key.fingerprint)));
            match saved {
                Some((saved, fingerprint)) => {
                    let same = saved.fingerprint == fingerprint;
                    pending.answer(repetition(same, saved.body.as_ref().clone()));
                }
                None => rest.push(pending),
            }
        }
        rest
    }

    /// Answers who was refused, or lost a key, on the swift road.
    ///
    /// It may be the repetition of a command that was accepted: then its saved answer counts. It may
    /// have been decided on a case that has moved on meanwhile: then it is given back, to be decided
    /// again before any later command to the same case.
    pub(super) async fn answer_refusals(&self, refused: Refused, cases: &Cases) -> Vec<Pending> {
        let mut again = Vec::new();
        if refused.is_empty() {
            return again;
        }
        let (saved, newer) = match self.read_again(&refused).await {
            Ok(read) => read,
            Err(error) => {
                let error = Arc::new(error);
                for (pending, _) in refused {
                    pending.answer(Err(Error::Store(Arc::clone(&error))));
                }
                return again;
            }
        };
        for (pending, error) in refused {
            if let Some((same, body)) = find_saved(&pending, &saved) {
                pending.answer(repetition(same, body));
                continue;
            }
            match pending.submission.target {
                Target::Case(id) if newer.get(&id.uuid()).copied() != cases.version(id) => {
                    self.cases.invalidate(&id);
                    again.push(pending);
                }
                _ => pending.answer(Err(error)),
            }
        }
        again
    }

    /// The saved answers of refused commands, and the versions their cases have now.
    async fn read_again(
        &self,
        refused: &Refused,
    ) -> Result<(Vec<SavedAnswer>, HashMap<uuid::Uuid, u64>), DbErr> {
        let keys = refused.iter().filter_map(|(one, _)| one.submission.key);
        let keys: Vec<_> = keys.map(|key| key.key).collect();
        let ids: Vec<_> = case_ids(refused.iter().map(|(one, _)| one)).into_iter().collect();
        let store = &self.parts.store;
        let saved = store.engine.saved_answers(&store.writer, &keys).await?;
        let rows = store.engine.load_cases(&store.writer, &ids, false).await?;
        let version = |version| u64::try_from(version).unwrap_or_default();
        Ok((saved, rows.into_iter().map(|row| (row.id, version(row.version))).collect()))
    }
}

/// Answers the repetitions in a batch and gives back the rest.
pub(super) fn answer_saved(batch: Vec<Pending>, saved: &[SavedAnswer]) -> Vec<Pending> {
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

fn repetition(same_body: bool, body: Vec<u8>) -> Result<Answer, Error> {
    match same_body {
        false => Err(Error::RequestIdReused),
        true if body == EMPTIED => Err(Error::AnswerGone),
        true => Ok(Answer { body, repeated: true }),
    }
}
