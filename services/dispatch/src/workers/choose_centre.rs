//! `choose_centre`: offers a case to the best centre that is left, of the brand's own network or of one that
//! lends its own, or says that none is.
//!
//! Capacity is counted from offers, in the moment of choosing. Two cases chosen for at once may share
//! a centre's last free visit; the centre then declines one of them, which costs less than a lock
//! that every choice of a brand would queue for.

use std::sync::Arc;

use async_trait::async_trait;
use parasol_casebook::{CaseDeed, Claimed, Handler, Prepared, RowOp, Store, WorkError};
use parasol_journey::ids::OfferId;
use parasol_journey::task::Work;
use parasol_journey::time::Timestamp;
use parasol_journey::{Actor, Case, Command, Task};
use parasol_runtime::clock::Clock;
use parasol_runtime::ids::IdSource;
use sea_orm::ActiveValue::Set;

use super::candidates::Candidates;
use super::centre_scores::CentreScores;
use crate::choosing::{Ranking, Weights};
use crate::network::Directory;
use crate::tables::{choices, coverage_gaps};

/// Does the tasks of the dispatch role.
pub struct ChooseCentre {
    candidates: Candidates,
    clock: Clock,
    ids: IdSource,
}

#[async_trait]
impl Handler for ChooseCentre {
    async fn prepare(&self, case: &Case, claimed: &Claimed) -> Result<Prepared, WorkError> {
        let task = claimed.obligation.task;
        if task != Task::Work(Work::ChooseCentre) {
            return Err(WorkError(format!("{task} is not a task of dispatch")));
        }
        let now = self.clock.now();
        let ranking = self.candidates.ranking(case, now).await;
        let ranking = ranking.map_err(|error| WorkError(error.to_string()))?;
        let mut rows = vec![choice(case, &ranking, now)];
        rows.extend(gap(case, &ranking));
        let command = match ranking.chosen() {
            Some((centre, network)) => Command::MakeOffer {
                offer: OfferId::new(self.ids.next()),
                centre: centre.clone(),
                network: network.cloned(),
            },
            None => Command::ReportNoCoverage,
        };
        let deed = CaseDeed { command, rows, answer: |_: &Case| Vec::new() };
        Ok(Prepared { deed: Arc::new(deed), actor: Actor::policy() })
    }
}

impl ChooseCentre {
    /// A worker that reads the load from `store`, the network from the directory, and scores over their way.
    pub fn new(
        store: Store,
        clock: Clock,
        ids: IdSource,
        directory: Directory,
        (weights, scores): (Weights, CentreScores),
    ) -> Self {
        Self { candidates: Candidates::new(store, directory, weights, scores), clock, ids }
    }
}

fn choice(case: &Case, ranking: &Ranking, now: Timestamp) -> RowOp {
    let centre = ranking.chosen().map_or("", |(centre, _)| centre.as_str());
    RowOp::put(choices::ActiveModel {
        case_id: Set(case.id.uuid()),
        version: Set(i64::try_from(case.version).unwrap_or(i64::MAX)),
        centre: Set(centre.to_owned()),
        ranking: Set(serde_json::to_string(ranking).expect("ids and numbers are JSON")),
        at: Set(now.micros()),
    })
}

/// A place where the brand has to find somebody. One row a case, however often it is chosen for.
fn gap(case: &Case, ranking: &Ranking) -> Option<RowOp> {
    let lent = matches!(ranking.chosen(), Some((_, Some(_))));
    ranking.is_gap().then(|| {
        RowOp::put(coverage_gaps::ActiveModel {
            brand: Set(case.filing.brand.as_str().to_owned()),
            county: Set(case.filing.county.as_str().to_owned()),
            category: Set(case.filing.category.as_str().to_owned()),
            case_id: Set(case.id.uuid()),
            filed_at: Set(case.filed_at.micros()),
            lent: Set(i64::from(lent)),
        })
    })
}
