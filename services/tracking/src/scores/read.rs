//! Questions about scores, to the tables.

use std::collections::{BTreeMap, HashMap};

use parasol_api::Error;
use parasol_casebook::Store;
use parasol_journey::Event;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Category;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

pub use crate::handlers::store_error;

use super::cards::{self, Whose};
use super::indicator::{Id, Level, Unit};
use super::ledger::Tally;
use super::marks::Figure;
use super::period::Month;
use super::points::{Told, quantile, told, value};
use super::sheets;
use super::tables::{
    score_baselines, score_periods, score_published, score_restatements, score_standings,
};

/// Restatements that are told of a figure.
const RESTATED_SHOWN_MAX: usize = 20;
/// Restatements that are read of a scorecard.
const RESTATED_READ_MAX: u64 = 1_000;

/// Entries of a case that are read; no honest case comes near it.
const LOG_MAX: u64 = 10_000;

/// The log of a case.
///
/// # Errors
/// What the store says, or that an entry cannot be read.
pub async fn log(store: &Store, id: CaseId) -> Result<Vec<Event>, DbErr> {
    let log = store.log_after(id, 0, LOG_MAX).await?;
    Ok(log.into_iter().map(|logged| logged.event).collect())
}

/// Points of groups as they are stored.
pub fn groups_of(text: &str) -> [Option<i64>; 4] {
    let groups: [i64; 4] = serde_json::from_str(text).unwrap_or([-1; 4]);
    groups.map(|points| (points >= 0).then_some(points))
}

/// The median of a figure's occurrences and what nine of ten stay within.
///
/// # Errors
/// What the store says.
pub async fn times(store: &Store, figure: &Figure) -> Result<(i64, i64), Error> {
    let sorted = sheets::values(store, figure).await?;
    Ok((quantile(&sorted, 500), quantile(&sorted, 900)))
}

/// How far a month has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// It goes on.
    Running,
    /// It is over and not published.
    Preview,
    /// It was published then.
    Published(Timestamp),
}

/// How far a month has come.
///
/// # Errors
/// What the store says.
pub async fn stand(store: &Store, month: Month, now: Timestamp) -> Result<Stand, Error> {
    let row = score_periods::Entity::find_by_id(month.to_string());
    let row = row.one(store.reader()).await.map_err(store_error)?;
    Ok(match row {
        Some(row) => Stand::Published(Timestamp::from_micros(row.published_at)),
        None if now < month.end() => Stand::Running,
        None => Stand::Preview,
    })
}

/// The last published month.
///
/// # Errors
/// What the store says.
pub async fn last_published(store: &Store) -> Result<Option<Month>, Error> {
    let row = score_periods::Entity::find()
        .order_by(score_periods::Column::Period, Order::Desc)
        .one(store.reader())
        .await
        .map_err(store_error)?;
    Ok(row.and_then(|row| Month::parse(&row.period)))
}

/// Months that are published, the newest first.
///
/// # Errors
/// What the store says.
pub async fn months(store: &Store, limit: u64) -> Result<Vec<String>, Error> {
    score_periods::Entity::find()
        .select_only()
        .column(score_periods::Column::Period)
        .order_by(score_periods::Column::Period, Order::Desc)
        .limit(limit)
        .into_tuple()
        .all(store.reader())
        .await
        .map_err(store_error)
}

/// One figure of a scorecard.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Which.
    pub figure: Figure,
    /// What is told of it: as it was published, or as it stands.
    pub told: Told,
    /// What changed since, the newest first.
    pub restated: Vec<score_restatements::Model>,
    /// What it stands at now.
    pub now: Tally,
}

/// The figures of somebody in a published month, by indicator.
///
/// # Errors
/// What the store says.
pub async fn published(
    store: &Store,
    whose: &Whose,
    month: Month,
) -> Result<BTreeMap<Id, Shown>, Error> {
    let rows = score_published::Entity::find()
        .filter(score_published::Column::Period.eq(month.to_string()))
        .filter(score_published::Column::Level.eq(whose.level.as_str()))
        .filter(score_published::Column::Category.eq(whose.category_text()))
        .filter(score_published::Column::Subject.eq(whose.subject.as_str()))
        .all(store.reader())
        .await
        .map_err(store_error)?;
    let mut restated = restatements(store, whose, month).await?;
    let stands = cards::of_whom(store, whose, month).await?;
    let mut shown = BTreeMap::new();
    for row in rows {
        let Some(indicator) = Id::parse(&row.indicator) else { continue };
        let tally = Tally { count: row.counted, sum: row.total, excluded: row.excluded };
        let told = told(indicator.row(), tally, (row.median, row.p90), row.mean);
        let mut changes = restated.remove(&row.figure).unwrap_or_default();
        let now = stands.get(&indicator).copied().unwrap_or(tally);
        changes.truncate(RESTATED_SHOWN_MAX);
        let figure = whose.figure(indicator, month);
        shown.insert(indicator, Shown { figure, told, restated: changes, now });
    }
    Ok(shown)
}

/// Changes of somebody's published figures, the newest first.
async fn restatements(
    store: &Store,
    whose: &Whose,
    month: Month,
) -> Result<HashMap<Uuid, Vec<score_restatements::Model>>, Error> {
    let figures = super::indicator::INDICATORS.iter().map(|row| whose.figure(row.id, month).id());
    let rows = score_restatements::Entity::find()
        .filter(score_restatements::Column::Figure.is_in(figures))
        .order_by(score_restatements::Column::Pass, Order::Desc)
        .order_by(score_restatements::Column::CaseId, Order::Desc)
        .limit(RESTATED_READ_MAX)
        .all(store.reader())
        .await
        .map_err(store_error)?;
    let mut of_figures: HashMap<Uuid, Vec<_>> = HashMap::new();
    for row in rows {
        of_figures.entry(row.figure).or_default().push(row);
    }
    Ok(of_figures)
}

/// The figures of somebody as they stand, by indicator.
///
/// # Errors
/// What the store says.
pub async fn standing_now(
    store: &Store,
    whose: &Whose,
    month: Month,
) -> Result<BTreeMap<Id, Shown>, Error> {
    let stands = cards::of_whom(store, whose, month).await?;
    let means = means(store, whose, month).await?;
    let mut shown = BTreeMap::new();
    for (indicator, tally) in stands {
        let figure = whose.figure(indicator, month);
        let measured = match indicator.row().unit {
            Unit::Time => times(store, &figure).await?,
            _ => (0, 0),
        };
        let mean = means.get(&indicator).copied();
        let mean = mean.unwrap_or_else(|| value(indicator.row(), tally, measured.0));
        let told = told(indicator.row(), tally, measured, mean);
        shown.insert(indicator, Shown { figure, told, restated: Vec::new(), now: tally });
    }
    Ok(shown)
}

/// The values of everybody: sums as they stand; times as they were in the last published month, since a median of
/// everybody would have to be read from every case.
async fn means(store: &Store, whose: &Whose, month: Month) -> Result<HashMap<Id, i64>, Error> {
    let everybody = cards::of_everybody(store, whose, month).await?;
    let sums = everybody.into_iter().filter(|(indicator, _)| indicator.row().unit != Unit::Time);
    let mut means: HashMap<Id, i64> =
        sums.map(|(indicator, tally)| (indicator, value(indicator.row(), tally, 0))).collect();
    if let Some(last) = last_published(store).await? {
        let rows: Vec<(String, i64)> = score_published::Entity::find()
            .select_only()
            .column(score_published::Column::Indicator)
            .column_as(score_published::Column::Mean.max(), "mean")
            .filter(score_published::Column::Period.eq(last.to_string()))
            .filter(score_published::Column::Level.eq(whose.level.as_str()))
            .filter(score_published::Column::Category.eq(whose.category_text()))
            .group_by(score_published::Column::Indicator)
            .into_tuple()
            .all(store.reader())
            .await
            .map_err(store_error)?;
        for (indicator, mean) in rows {
            if let Some(id) = Id::parse(&indicator).filter(|id| id.row().unit == Unit::Time) {
                means.insert(id, mean);
            }
        }
    }
    Ok(means)
}

/// Where somebody stood in a published month.
///
/// # Errors
/// What the store says.
pub async fn stood(
    store: &Store,
    whose: &Whose,
    month: Month,
) -> Result<Option<score_standings::Model>, Error> {
    let key = (
        month.to_string(),
        whose.level.as_str().to_owned(),
        whose.category_text().to_owned(),
        whose.subject.clone(),
    );
    score_standings::Entity::find_by_id(key).one(store.reader()).await.map_err(store_error)
}

/// A piece of a ranking, after a place.
///
/// # Errors
/// What the store says.
pub async fn ranking(
    store: &Store,
    level: Level,
    category: Option<Category>,
    month: Month,
    (after, limit): (i64, u64),
) -> Result<Vec<score_standings::Model>, Error> {
    score_standings::Entity::find()
        .filter(score_standings::Column::Period.eq(month.to_string()))
        .filter(score_standings::Column::Level.eq(level.as_str()))
        .filter(score_standings::Column::Category.eq(category.map_or("", Category::as_str)))
        .filter(score_standings::Column::Place.gt(after))
        .order_by(score_standings::Column::Place, Order::Asc)
        .limit(limit)
        .all(store.reader())
        .await
        .map_err(store_error)
}

/// Which of these have a figure of the month that was changed after it was published.
///
/// # Errors
/// What the store says.
pub async fn are_restated(
    store: &Store,
    level: Level,
    category: Option<Category>,
    month: Month,
    subjects: &[String],
) -> Result<Vec<String>, Error> {
    let mut owners: HashMap<Uuid, &String> = HashMap::new();
    for subject in subjects {
        let whose = Whose { level, subject: subject.clone(), category };
        for row in super::indicator::INDICATORS.iter().filter(|row| row.levels.contains(&level)) {
            owners.insert(whose.figure(row.id, month).id(), subject);
        }
    }
    let mut found = Vec::new();
    let ids: Vec<Uuid> = owners.keys().copied().collect();
    for part in ids.chunks(500) {
        let figures: Vec<Uuid> = score_restatements::Entity::find()
            .select_only()
            .column(score_restatements::Column::Figure)
            .distinct()
            .filter(score_restatements::Column::Figure.is_in(part.iter().copied()))
            .into_tuple()
            .all(store.reader())
            .await
            .map_err(store_error)?;
        found.extend(figures.iter().filter_map(|id| owners.get(id)).map(|one| (*one).clone()));
    }
    Ok(found)
}

/// Points of centres in the last published month, of those that have a rank.
///
/// # Errors
/// What the store says.
pub async fn centre_points(
    store: &Store,
    centres: &[String],
) -> Result<Option<(Month, Vec<(String, i64)>)>, Error> {
    let Some(month) = last_published(store).await? else { return Ok(None) };
    let rows: Vec<(String, i64)> = score_standings::Entity::find()
        .select_only()
        .column(score_standings::Column::Subject)
        .column(score_standings::Column::Points)
        .filter(score_standings::Column::Period.eq(month.to_string()))
        .filter(score_standings::Column::Level.eq(Level::Centre.as_str()))
        .filter(score_standings::Column::Category.eq(""))
        .filter(score_standings::Column::Rank.gt(0))
        .filter(score_standings::Column::Subject.is_in(centres.iter().map(String::as_str)))
        .into_tuple()
        .all(store.reader())
        .await
        .map_err(store_error)?;
    Ok(Some((month, rows)))
}

/// The baseline of a category that counts now.
///
/// # Errors
/// What the store says.
pub async fn baseline(
    store: &Store,
    category: Category,
) -> Result<Option<score_baselines::Model>, Error> {
    score_baselines::Entity::find()
        .filter(score_baselines::Column::Category.eq(category.as_str()))
        .order_by(score_baselines::Column::Revision, Order::Desc)
        .one(store.reader())
        .await
        .map_err(store_error)
}
