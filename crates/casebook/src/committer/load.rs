//! The cases a batch is decided on.

use std::collections::HashMap;
use std::sync::Arc;

use parasol_journey::Case;
use parasol_journey::ids::CaseId;
use sea_orm::DbErr;

use super::{Pending, Target, Writer};
use crate::dialect::LoadedCase;

/// Cases by id, as far as they exist.
#[derive(Default)]
pub(super) struct Cases(HashMap<CaseId, Loaded>);

/// A case that exists.
enum Loaded {
    Case(Arc<Case>),
    /// Its row cannot be read by this release. Guessing a state, or taking it for unknown, would be
    /// worse than refusing its commands.
    Unreadable {
        version: u64,
    },
}

impl Cases {
    /// Reads rows.
    pub(super) fn read(rows: Vec<LoadedCase>) -> Self {
        let loaded = rows.into_iter().map(|row| {
            let id = CaseId::new(row.id);
            let version = u64::try_from(row.version).unwrap_or_default();
            match serde_json::from_str::<Case>(&row.state) {
                Ok(case) if case.version == version && case.id == id => {
                    (id, Loaded::Case(Arc::new(case)))
                }
                Ok(case) => {
                    tracing::error!(case = %id, version, state = case.version, "a row contradicts itself");
                    (id, Loaded::Unreadable { version })
                }
                Err(error) => {
                    tracing::error!(case = %id, %error, "a case cannot be read");
                    (id, Loaded::Unreadable { version })
                }
            }
        });
        Self(loaded.collect())
    }

    /// A case, if it exists and can be read.
    pub(super) fn get(&self, id: CaseId) -> Option<&Arc<Case>> {
        match self.0.get(&id) {
            Some(Loaded::Case(case)) => Some(case),
            Some(Loaded::Unreadable { .. }) | None => None,
        }
    }

    /// The version of a case, if it exists.
    pub(super) fn version(&self, id: CaseId) -> Option<u64> {
        self.0.get(&id).map(|loaded| match loaded {
            Loaded::Case(case) => case.version,
            Loaded::Unreadable { version } => *version,
        })
    }

    /// Whether a case exists that this release cannot read.
    pub(super) fn is_unreadable(&self, id: CaseId) -> bool {
        matches!(self.0.get(&id), Some(Loaded::Unreadable { .. }))
    }
}

impl Writer {
    /// The cases of a batch, from memory where they are there.
    pub(super) async fn cached_cases(&self, batch: &[Pending]) -> Result<Cases, DbErr> {
        let mut known = HashMap::with_capacity(batch.len());
        let mut missing = Vec::new();
        for one in batch {
            let Target::Case(id) = one.submission.target else { continue };
            match self.cases.get(&id) {
                Some(case) => drop(known.insert(id, Loaded::Case(case))),
                None => missing.push(id.uuid()),
            }
        }
        let store = &self.parts.store;
        let rows = store.engine.load_cases(&store.writer, &missing, false).await?;
        let Cases(loaded) = Cases::read(rows);
        for (id, one) in &loaded {
            if let Loaded::Case(case) = one {
                self.cases.insert(*id, Arc::clone(case));
            }
        }
        known.extend(loaded);
        Ok(Cases(known))
    }
}
