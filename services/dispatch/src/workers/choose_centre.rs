//! `choose_centre`: offers a case to the best centre that is left, or says that none is.
//!
//! Capacity is counted from offers, in the moment of choosing. Two cases chosen for at once may share
//! a centre's last free visit; the centre then declines one of them, which costs less than a lock
//! that every choice of a brand would queue for.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use moka::sync::Cache;
use parasol_casebook::{CaseDeed, Claimed, Handler, Prepared, RowOp, Store, WorkError};
use parasol_journey::ids::{CentreId, OfferId};
use parasol_journey::task::Work;
use parasol_journey::time::Timestamp;
use parasol_journey::{Actor, Case, Command, Task};
use parasol_runtime::clock::Clock;
use parasol_runtime::ids::IdSource;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use crate::choosing::{Candidate, Ranking, rank};
use crate::states::OfferState;
use crate::tables::{brands, choices, coverage, offers};

/// Does the tasks of the dispatch role.
pub struct ChooseCentre {
    /// For the network and the day's load.
    pub store: Store,
    /// For the day.
    pub clock: Clock,
    /// For new offers.
    pub ids: IdSource,
    network: Cache<(String, String), Arc<Vec<coverage::Model>>>,
}

/// How long the coverage of a county is remembered; a suspension takes effect within it.
const REMEMBERED_FOR: Duration = Duration::from_secs(1);
/// How many pairs of brand and county are remembered.
const REMEMBERED_MAX: u64 = 10_000;

#[async_trait]
impl Handler for ChooseCentre {
    async fn prepare(&self, case: &Case, claimed: &Claimed) -> Result<Prepared, WorkError> {
        let task = claimed.obligation.task;
        if task != Task::Work(Work::ChooseCentre) {
            return Err(WorkError(format!("{task} is not a task of dispatch")));
        }
        let now = self.clock.now();
        let ranking =
            self.ranking(case, now).await.map_err(|error| WorkError(error.to_string()))?;
        let chosen = ranking.placed.first().map(|placed| placed.centre.clone());
        let rows = vec![choice(case, &ranking, now)];
        let command = match chosen {
            Some(centre) => Command::MakeOffer { offer: OfferId::new(self.ids.next()), centre },
            None => Command::ReportNoCoverage,
        };
        let deed = CaseDeed { command, rows, answer: |_: &Case| Vec::new() };
        Ok(Prepared { deed: Arc::new(deed), actor: Actor::policy() })
    }
}

impl ChooseCentre {
    /// A worker that reads from `store`.
    pub fn new(store: Store, clock: Clock, ids: IdSource) -> Self {
        let network =
            Cache::builder().max_capacity(REMEMBERED_MAX).time_to_live(REMEMBERED_FOR).build();
        Self { store, clock, ids, network }
    }

    async fn ranking(&self, case: &Case, now: Timestamp) -> Result<Ranking, DbErr> {
        let candidates = self.candidates(case, now).await?;
        // Coverage names its brand, so a brand with any needs no look.
        let brand_known = !candidates.is_empty() || self.knows(case.filing.brand.as_str()).await?;
        Ok(Ranking { brand_known, ..rank(candidates, &case.passed_over) })
    }

    async fn knows(&self, brand: &str) -> Result<bool, DbErr> {
        let found = brands::Entity::find_by_id(brand).one(self.store.reader()).await?;
        Ok(found.is_some())
    }

    async fn candidates(&self, case: &Case, now: Timestamp) -> Result<Vec<Candidate>, DbErr> {
        let (county, category) = (case.filing.county.as_str(), case.filing.category.as_str());
        let rows = self.coverage(case.filing.brand.as_str(), county).await?;
        let mut found: BTreeMap<CentreId, Candidate> = BTreeMap::new();
        for row in rows.iter() {
            let Ok(centre) = row.centre.parse::<CentreId>() else { continue };
            let one = found.entry(centre.clone()).or_insert(Candidate {
                centre,
                serves: false,
                same_county: row.home_county == county,
                visits: 0,
                given_today: 0,
            });
            if row.category == category {
                one.serves = true;
                one.visits = u32::try_from(row.visits).unwrap_or_default();
            }
        }
        let serving: Vec<_> = found.values().filter(|one| one.serves).collect();
        let names = serving.iter().map(|one| one.centre.as_str().to_owned()).collect();
        let given = self.given_today(names, category, now).await?;
        for one in found.values_mut() {
            let count = given.get(one.centre.as_str()).copied().unwrap_or_default();
            one.given_today = u32::try_from(count).unwrap_or(u32::MAX);
        }
        Ok(found.into_values().collect())
    }

    /// Which centres of a brand cover a county; none for a brand that is not in the network.
    async fn coverage(
        &self,
        brand: &str,
        county: &str,
    ) -> Result<Arc<Vec<coverage::Model>>, DbErr> {
        let key = (brand.to_owned(), county.to_owned());
        if let Some(known) = self.network.get(&key) {
            return Ok(known);
        }
        let rows = coverage::Entity::find()
            .filter(coverage::Column::County.eq(county))
            .filter(coverage::Column::Brand.eq(brand))
            .all(self.store.reader())
            .await?;
        let rows = Arc::new(rows);
        self.network.insert(key, Arc::clone(&rows));
        Ok(rows)
    }

    /// How many offers of the category each centre was given since midnight in Shanghai that wait for
    /// an answer or were accepted.
    async fn given_today(
        &self,
        centres: Vec<String>,
        category: &str,
        now: Timestamp,
    ) -> Result<HashMap<String, i64>, DbErr> {
        if centres.is_empty() {
            return Ok(HashMap::new());
        }
        let midnight = Timestamp::shanghai_midnight(now.shanghai_day());
        let taken = [OfferState::Offered.as_str(), OfferState::Accepted.as_str()];
        let counts: Vec<(String, i64)> = offers::Entity::find()
            .select_only()
            .column(offers::Column::Centre)
            .column_as(offers::Column::Offer.count(), "given")
            .filter(offers::Column::Centre.is_in(centres))
            .filter(offers::Column::OfferedAt.gte(midnight.micros()))
            .filter(offers::Column::Category.eq(category))
            .filter(offers::Column::State.is_in(taken))
            .group_by(offers::Column::Centre)
            .into_tuple()
            .all(self.store.reader())
            .await?;
        Ok(counts.into_iter().collect())
    }
}

fn choice(case: &Case, ranking: &Ranking, now: Timestamp) -> RowOp {
    let centre = ranking.placed.first().map_or("", |placed| placed.centre.as_str());
    RowOp::put(choices::ActiveModel {
        case_id: Set(case.id.uuid()),
        version: Set(i64::try_from(case.version).unwrap_or(i64::MAX)),
        centre: Set(centre.to_owned()),
        ranking: Set(serde_json::to_string(ranking).expect("ids and numbers are JSON")),
        at: Set(now.micros()),
    })
}
