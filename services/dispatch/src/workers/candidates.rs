//! The candidates for a case: what the directory has in memory, with what only the store knows. Every query
//! is about all candidates at once.

use std::collections::{BTreeMap, HashMap, HashSet};

use moka::sync::Cache;
use parasol_casebook::Store;
use parasol_journey::Case;
use parasol_journey::ids::{BrandId, CentreId};
use parasol_journey::time::{MINUTE, Span, Timestamp};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::centre_scores::CentreScores;
use crate::choosing::{
    Answers, Candidate, Lender, Ranking, Unfit, Weights, barred, history_points, metres, rank,
    score_points,
};
use crate::network::{Directory, Served, Stop, View};
use crate::states::{OfferState, Outcome};
use crate::tables::{experiences, offers};

/// How far back answers to offers count.
const ANSWERS_OF: Span = Span::days(30);
/// How long a count of answers is good for.
const COUNTED_FOR: Span = Span::from_micros(10 * MINUTE);
/// Centres whose answers are remembered, by category.
const COUNTED_MAX: u64 = 50_000;
/// The newest cases of a customer that are looked at.
const EXPERIENCES_MAX: u64 = 50;

/// Ranks the centres of a brand for a case.
pub struct Candidates {
    store: Store,
    directory: Directory,
    weights: Weights,
    scores: CentreScores,
    counted: Cache<(String, &'static str), (Timestamp, Answers)>,
}

/// What a customer has seen, by centre: cases that went well, and complaints.
type Seen = HashMap<String, (u32, u32)>;

/// A case with what is the same for the networks of all brands.
struct About<'a> {
    case: &'a Case,
    seen: Seen,
    now: Timestamp,
}

/// A second opinion is not the first centre's.
fn first_opinion(case: &Case, centre: &CentreId) -> Option<Unfit> {
    let is_second = case.second_opinion;
    let has_inspected = case.inspecting_centres().any(|inspecting| inspecting == centre);
    (is_second && has_inspected).then_some(Unfit::InspectedBefore)
}

impl Candidates {
    /// Candidates out of this store.
    pub fn new(store: Store, directory: Directory, weights: Weights, scores: CentreScores) -> Self {
        Self { store, directory, weights, scores, counted: Cache::new(COUNTED_MAX) }
    }

    /// The ranking of a brand's own network, and of the networks that lend theirs if nobody is left there.
    ///
    /// # Errors
    /// What the store says.
    pub async fn ranking(&self, case: &Case, now: Timestamp) -> Result<Ranking, DbErr> {
        let view = self.directory.at(now).await?;
        let about = About { case, seen: self.seen(case).await?, now };
        let brand = &case.filing.brand;
        let mut ranking = self.of(&view, brand, &about).await?;
        if ranking.placed.is_empty()
            && let Some(facts) = view.brand(brand).await?
        {
            for lender in &facts.served_by {
                let lent = self.of(&view, lender, &about).await?;
                let is_enough = !lent.placed.is_empty();
                ranking.lenders.push(Lender { brand: lender.clone(), ranking: lent });
                if is_enough {
                    break;
                }
            }
        }
        Ok(ranking)
    }

    async fn of(
        &self,
        view: &View<'_>,
        brand: &BrandId,
        about: &About<'_>,
    ) -> Result<Ranking, DbErr> {
        let Some(facts) = view.brand(brand).await? else { return Ok(Ranking::default()) };
        let filing = &about.case.filing;
        let (county, category) = (filing.county.as_str(), filing.category);
        let stops = view.stops(brand, county).await?;
        let here = view.place_of(county).await?;
        let barred = stops.iter().map(|stop| barred(stop, &facts, category, about.now));
        let barred: Vec<_> = barred.collect();
        let open = stops.iter().zip(&barred).filter(|(_, (because, _))| because.is_none());
        let names: Vec<&str> = open.map(|(stop, _)| stop.site.centre.as_str()).collect();
        let (given, answers) = tokio::try_join!(
            self.given_today(&names, category.as_str(), about.now),
            self.answers(&names, category.as_str(), about.now),
        )?;
        let published = self.scores.of(&names, about.now).await;
        let candidate = |(stop, (because, served)): (&Stop, (_, Option<&Served>))| {
            let site = &stop.site;
            let name = site.centre.as_str();
            let (well, complaints) = about.seen.get(name).copied().unwrap_or_default();
            let answered = answers.get(name).copied().unwrap_or_default();
            let given = given.get(name).copied().unwrap_or_default();
            Candidate {
                centre: site.centre.clone(),
                barred: first_opinion(about.case, &site.centre).or(because),
                same_county: site.county == county,
                distance_m: here.map(|here| metres(here, site.place)),
                visits: served.map_or(0, |served| served.visits),
                given_today: u32::try_from(given).unwrap_or(u32::MAX),
                // As it was published; else as somebody judged it, or by its answers.
                score: published
                    .get(name)
                    .copied()
                    .unwrap_or_else(|| score_points(site.score, answered)),
                history: history_points(well, complaints),
            }
        };
        let candidates = stops.iter().zip(barred).map(candidate).collect();
        let ranking = rank(candidates, &about.case.passed_over, &self.weights);
        Ok(Ranking { brand_known: true, ..ranking })
    }

    /// How many offers of the category each centre was given since midnight in Shanghai that wait for
    /// an answer or were accepted. Everything that is asked for stands in one index, so that thousands are counted
    /// without reading them.
    async fn given_today(
        &self,
        centres: &[&str],
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
            .column_as(offers::Column::State.count(), "given")
            .filter(offers::Column::Centre.is_in(centres.iter().copied()))
            .filter(offers::Column::OfferedAt.gte(midnight.micros()))
            .filter(offers::Column::Category.eq(category))
            .filter(offers::Column::State.is_in(taken))
            .group_by(offers::Column::Centre)
            .into_tuple()
            .all(self.store.reader())
            .await?;
        Ok(counts.into_iter().collect())
    }

    /// How each centre answered the offers of the category in the last 30 days. Counted anew every ten
    /// minutes: a score is no matter of seconds, and the count reads a month.
    async fn answers(
        &self,
        centres: &[&str],
        category: &'static str,
        now: Timestamp,
    ) -> Result<HashMap<String, Answers>, DbErr> {
        let (mut known, mut missing) = (HashMap::new(), Vec::new());
        for name in centres {
            let counted = self.counted.get(&((*name).to_owned(), category));
            match counted.filter(|(at, _)| *at <= now && now < *at + COUNTED_FOR) {
                Some((_, answers)) => drop(known.insert((*name).to_owned(), answers)),
                None => missing.push(*name),
            }
        }
        if missing.is_empty() {
            return Ok(known);
        }
        let counts: Vec<(String, String, i64)> = offers::Entity::find()
            .select_only()
            .column(offers::Column::Centre)
            .column(offers::Column::State)
            .column_as(offers::Column::State.count(), "answers")
            .filter(offers::Column::Centre.is_in(missing.iter().copied()))
            .filter(offers::Column::Category.eq(category))
            .filter(offers::Column::OfferedAt.gte((now - ANSWERS_OF).micros()))
            .group_by(offers::Column::Centre)
            .group_by(offers::Column::State)
            .into_tuple()
            .all(self.store.reader())
            .await?;
        let mut counted: HashMap<String, Answers> =
            missing.into_iter().map(|name| (name.to_owned(), Answers::default())).collect();
        for (centre, state, count) in counts {
            let Some(answers) = counted.get_mut(&centre) else { continue };
            let count = u64::try_from(count).unwrap_or_default();
            match OfferState::parse(&state) {
                Some(OfferState::Accepted) => answers.accepted = count,
                Some(OfferState::Declined) => answers.declined = count,
                Some(OfferState::Expired) => answers.expired = count,
                Some(OfferState::Offered | OfferState::Withdrawn) | None => {}
            }
        }
        for (centre, answers) in counted {
            self.counted.insert((centre.clone(), category), (now, answers));
            known.insert(centre, answers);
        }
        Ok(known)
    }

    /// What the customer has seen of centres in earlier cases. One with a complaint went wrong, however it
    /// was closed.
    async fn seen(&self, case: &Case) -> Result<Seen, DbErr> {
        let rows: Vec<experiences::Model> = experiences::Entity::find()
            .filter(experiences::Column::Customer.eq(case.filing.customer.uuid()))
            .order_by(experiences::Column::CaseId, Order::Desc)
            .limit(EXPERIENCES_MAX)
            .all(self.store.reader())
            .await?;
        let wrong: HashSet<Uuid> = rows
            .iter()
            .filter(|row| row.outcome == Outcome::Complaint.as_str())
            .map(|row| row.case_id)
            .collect();
        let mut cases: BTreeMap<(String, Uuid), bool> = BTreeMap::new();
        for row in rows {
            cases.insert((row.centre, row.case_id), wrong.contains(&row.case_id));
        }
        let mut seen = Seen::new();
        for ((centre, _), went_wrong) in cases {
            let (well, complaints) = seen.entry(centre).or_default();
            *(if went_wrong { complaints } else { well }) += 1;
        }
        Ok(seen)
    }
}
