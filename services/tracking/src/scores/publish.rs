//! Publishing: freezes a month as it stands once brands have had their time to look at it.
//!
//! The counting does nothing else meanwhile, so every figure of a month is frozen at the same place in the feed.
//! A process that dies on the way begins the month again; what it wrote is written over, and the month counts as
//! published only with its last commit.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parasol_api::Error;
use parasol_casebook::RowOp;
use parasol_journey::time::{SECOND, Span, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::cards;
use super::follow::Scorer;
use super::indicator::{Group, Id, Level, Unit};
use super::ledger::Tally;
use super::marks::Figure;
use super::period::Month;
use super::points::{Standing, Told, mean, rank, standing, told};
use super::read::{groups_of, store_error};
use super::tables::{score_periods, score_published, score_standings};

/// A month that is due is looked for so often: its day is a matter of days, and the look reads every month there is.
const LOOKED_FOR_EVERY: Span = Span::from_micros(60 * SECOND);
/// Rows in a commit.
const ROWS_MAX: usize = 500;

/// A figure that is to be frozen, with its median and ninth tenth.
struct Frozen {
    id: Uuid,
    figure: Figure,
    tally: Tally,
    times: (i64, i64),
    mean: i64,
}

/// When it was last found that no month is due.
#[derive(Clone, Default)]
pub(super) struct Looked(Arc<AtomicI64>);

impl Looked {
    fn note(&self, now: Timestamp) {
        self.0.store(now.micros(), Ordering::Relaxed);
    }

    fn is_recent(&self, now: Timestamp) -> bool {
        let at = Timestamp::from_micros(self.0.load(Ordering::Relaxed));
        at <= now && now < at + LOOKED_FOR_EVERY
    }
}

impl Scorer {
    /// Publishes the oldest month that is due, and says how many it published.
    pub(super) async fn publish_next(&self, position: i64, now: Timestamp) -> Result<usize, Error> {
        if self.looked.is_recent(now) {
            return Ok(0);
        }
        let Some(month) = self.next_due(now).await? else {
            self.looked.note(now);
            return Ok(0);
        };
        let mut groups: BTreeMap<(Level, String), Vec<Frozen>> = BTreeMap::new();
        for one in self.frozen(month).await? {
            let category = one.figure.category.map_or("", |category| category.as_str());
            groups.entry((one.figure.level, category.to_owned())).or_default().push(one);
        }
        let mut rows = Vec::new();
        for ((level, category), mut figures) in groups {
            set_means(&mut figures);
            rows.extend(figures.iter().map(published));
            rows.extend(self.standings(month, level, &category, &figures).await?);
        }
        while rows.len() > ROWS_MAX {
            let rest = rows.split_off(ROWS_MAX);
            self.office.write(std::mem::replace(&mut rows, rest)).await?;
        }
        rows.push(RowOp::put(score_periods::ActiveModel {
            period: Set(month.to_string()),
            published_at: Set(now.micros()),
            position: Set(position),
        }));
        self.office.write(rows).await?;
        Ok(1)
    }

    /// The oldest month with figures whose time has come.
    async fn next_due(&self, now: Timestamp) -> Result<Option<Month>, Error> {
        let reader = self.desk.store.reader();
        let known: Vec<String> = score_periods::Entity::find()
            .select_only()
            .column(score_periods::Column::Period)
            .into_tuple()
            .all(reader)
            .await
            .map_err(store_error)?;
        let oldest = cards::months_but(&self.desk.store, known).await?.into_iter().next();
        Ok(oldest.filter(|month| month.published_at() <= now))
    }

    async fn frozen(&self, month: Month) -> Result<Vec<Frozen>, Error> {
        let all = cards::of_month(&self.desk.store, month).await?;
        let mut frozen = Vec::with_capacity(all.len());
        for (figure, tally) in all {
            let times = self.times(&figure).await?;
            frozen.push(Frozen { id: figure.id(), figure, tally, times, mean: 0 });
        }
        Ok(frozen)
    }

    async fn times(&self, figure: &Figure) -> Result<(i64, i64), Error> {
        if figure.indicator.row().unit != Unit::Time {
            return Ok((0, 0));
        }
        super::read::times(&self.desk.store, figure).await
    }

    async fn standings(
        &self,
        month: Month,
        level: Level,
        category: &str,
        figures: &[Frozen],
    ) -> Result<Vec<RowOp>, Error> {
        if level == Level::Retailer {
            return Ok(Vec::new());
        }
        let mut subjects: BTreeMap<&str, BTreeMap<Id, Told>> = BTreeMap::new();
        for one in figures {
            let row = one.figure.indicator.row();
            let told = told(row, one.tally, one.times, one.mean);
            subjects.entry(&one.figure.subject).or_default().insert(row.id, told);
        }
        let closed: BTreeMap<String, i64> = subjects
            .iter()
            .map(|(subject, figures)| ((*subject).to_owned(), cases(figures)))
            .collect();
        let ranked = rank(
            subjects
                .iter()
                .map(|(who, figures)| ((*who).to_owned(), standing(level, figures)))
                .collect(),
        );
        let best = match level {
            Level::Brand => self.best_of_year(month, category, &ranked).await?,
            _ => None,
        };
        let in_all = ranked.iter().filter(|(_, _, rank)| *rank > 0).count();
        let row = |(place, (subject, standing, rank)): (i64, (String, Standing, i64))| {
            RowOp::put(score_standings::ActiveModel {
                period: Set(month.to_string()),
                level: Set(level.as_str().to_owned()),
                category: Set(category.to_owned()),
                cases: Set(closed.get(&subject).copied().unwrap_or_default()),
                best_of_year: Set(i64::from(best.as_deref() == Some(subject.as_str()))),
                subject: Set(subject),
                place: Set(place),
                rank: Set(rank),
                ranked: Set(i64::try_from(in_all).unwrap_or(i64::MAX)),
                points: Set(standing.points),
                groups: Set(groups_text(&standing)),
            })
        };
        Ok((1..).zip(ranked).map(row).collect())
    }

    /// The brand with the best mean of its after-sales group over the published months of the year.
    async fn best_of_year(
        &self,
        month: Month,
        category: &str,
        ranked: &[(String, Standing, i64)],
    ) -> Result<Option<String>, Error> {
        let before = score_standings::Entity::find()
            .filter(score_standings::Column::Level.eq(Level::Brand.as_str()))
            .filter(score_standings::Column::Category.eq(category))
            .filter(score_standings::Column::Period.gte(month.first_of_year().to_string()))
            .filter(score_standings::Column::Period.lt(month.to_string()))
            .all(self.desk.store.reader())
            .await
            .map_err(store_error)?;
        let after = Group::After as usize;
        let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        let mut add = |subject: &str, points: Option<i64>| {
            if let Some(points) = points {
                let (sum, months) = sums.entry(subject.to_owned()).or_default();
                *sum += points;
                *months += 1;
            }
        };
        for row in before.iter().filter(|row| row.rank > 0) {
            add(&row.subject, groups_of(&row.groups)[after]);
        }
        for (subject, standing, rank) in ranked {
            add(subject, standing.groups[after].filter(|_| *rank > 0));
        }
        let best = sums.into_iter().max_by(|(a, (sum, n)), (b, (other, m))| {
            (sum * m).cmp(&(other * n)).then_with(|| b.cmp(a))
        });
        Ok(best.map(|(subject, _)| subject))
    }
}

/// The value of everybody is the same for all of one indicator.
fn set_means(figures: &mut [Frozen]) {
    let mut all: BTreeMap<Id, Vec<(Tally, i64)>> = BTreeMap::new();
    for one in figures.iter() {
        all.entry(one.figure.indicator).or_default().push((one.tally, one.times.0));
    }
    let means: BTreeMap<Id, i64> =
        all.into_iter().map(|(id, all)| (id, mean(id.row(), &all))).collect();
    for one in figures {
        one.mean = means[&one.figure.indicator];
    }
}

/// Cases closed, and of agents those they had a hand in, as far as the figures tell.
fn cases(figures: &BTreeMap<Id, Told>) -> i64 {
    let by = [Id::Completion24, Id::CodeUse, Id::AgentActs];
    by.iter().find_map(|id| figures.get(id)).map_or(0, |told| told.tally.count)
}

/// Points of groups as they are stored.
fn groups_text(standing: &Standing) -> String {
    let groups = standing.groups.map(|points| points.unwrap_or(-1));
    serde_json::to_string(&groups).expect("numbers are JSON")
}

fn published(one: &Frozen) -> RowOp {
    let figure = &one.figure;
    RowOp::put(score_published::ActiveModel {
        figure: Set(one.id),
        level: Set(figure.level.as_str().to_owned()),
        subject: Set(figure.subject.clone()),
        category: Set(figure.category.map_or("", |category| category.as_str()).to_owned()),
        indicator: Set(figure.indicator.as_str().to_owned()),
        period: Set(figure.month.to_string()),
        counted: Set(one.tally.count),
        total: Set(one.tally.sum),
        excluded: Set(one.tally.excluded),
        median: Set(one.times.0),
        p90: Set(one.times.1),
        mean: Set(one.mean),
    })
}
