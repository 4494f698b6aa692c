//! What time brings: follow-ups go up, and what is over is told once and for all.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use parasol_api::Error;
use parasol_casebook::{
    Caller, Error as CasebookError, RowOp, RowsDeed, Store, Submission, Target,
};
use parasol_desk::Desk;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::Category;
use parasol_journey::{Actor, ActorKind};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, IntoActiveModel as _, Order, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::follow_up::{Act, act, missed_before};
use super::report::{Digest, Heard, Report, digest, report};
use super::store::{Step, follow_up_rows};
use super::tables::{complaints, follow_ups, surveys, voice_reports, voice_steps, voices};
use crate::scores::period::Month;
use crate::scores::read::store_error;

/// Follow-ups that go up in a pass.
const BATCH_MAX: u64 = 100;
/// Days and months without a report that are made up for.
const DAYS_MAX: u64 = 31;
/// Rows of one kind that a digest or report counts.
const COUNTED_MAX: u64 = 50_000;
/// How long a text waits for somebody to take it.
const TAKEN_WITHIN: Span = Span::hours(1);
/// Who has read within this time is somebody who reads.
const READ_LATELY: Span = Span::days(30);
/// People whom texts are given to.
const READERS_MAX: u64 = 200;
/// Who acts when time does.
const TIMER: &str = "timer";

/// What a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// Follow-ups that went up, or were told of again.
    pub lapsed: usize,
    /// Texts that were given to somebody to read.
    pub assigned: usize,
    /// Digests and reports that were made.
    pub reports: usize,
}

impl Pass {
    /// Whether there may be more to do at once.
    pub fn more(self) -> bool {
        self.lapsed + self.assigned + self.reports > 0
    }
}

/// Does what is due. Safe in several processes at once: what one has done the others find done.
#[derive(Clone)]
pub struct Rounds {
    desk: Desk,
}

/// What a report is about: a day, or a month of a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A day.
    Day(NaiveDate),
    /// A month of a category.
    Month(Month, Category),
}

impl About {
    fn key(self) -> (String, String, String) {
        match self {
            Self::Day(day) => ("day".to_owned(), day.to_string(), String::new()),
            Self::Month(month, category) => {
                ("month".to_owned(), month.to_string(), category.as_str().to_owned())
            }
        }
    }

    /// Its first instant and the first one after it.
    pub fn bounds(self) -> (Timestamp, Timestamp) {
        match self {
            Self::Day(day) => {
                let next = day.succ_opt().unwrap_or(day);
                (Timestamp::shanghai_midnight(day), Timestamp::shanghai_midnight(next))
            }
            Self::Month(month, _) => (month.start(), month.end()),
        }
    }

    fn category(self) -> Option<Category> {
        match self {
            Self::Day(_) => None,
            Self::Month(_, category) => Some(category),
        }
    }
}

impl Rounds {
    /// Rounds at a desk.
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }

    /// One pass over everything that is due.
    ///
    /// # Errors
    /// What the store says; what was done before is done.
    pub async fn run_once(&self) -> Result<Pass, Error> {
        let now = self.desk.clock.now();
        let (lapsed, assigned) = (self.lapse(now).await?, self.assign(now).await?);
        Ok(Pass { lapsed, assigned, reports: self.tell(now).await? })
    }

    async fn lapse(&self, now: Timestamp) -> Result<usize, Error> {
        use follow_ups::Column;
        let missed = Condition::all()
            .add(Column::NextCheckAt.gt(0))
            .add(Column::NextCheckAt.lte(missed_before(now).micros()));
        let due = follow_ups::Entity::find()
            .filter(Column::ClosedAt.eq(0))
            .filter(Column::SolvedAt.eq(0))
            .filter(Condition::any().add(Column::ValidUntil.lte(now.micros())).add(missed))
            .order_by(Column::ValidUntil, Order::Asc)
            .limit(BATCH_MAX)
            .all(self.desk.store.reader())
            .await
            .map_err(store_error)?;
        let mut done = 0;
        for row in due {
            let Ok((after, word)) = act(&row, &Act::Lapse, now) else { continue };
            let step = Step {
                subject: row.follow_up,
                number: after.version,
                act: word,
                said_by: TIMER,
                said: None,
            };
            done += usize::from(self.write(follow_up_rows(&after, &step, now)).await?);
        }
        Ok(done)
    }

    /// Texts that nobody has taken for an hour go to whoever has the fewest of those who read lately.
    async fn assign(&self, now: Timestamp) -> Result<usize, Error> {
        use voices::Column;
        let reader = self.desk.store.reader();
        let waiting = voices::Entity::find()
            .filter(Column::ReadAt.eq(0))
            .filter(Column::Assignee.eq(""))
            .filter(Column::At.lte((now - TAKEN_WITHIN).micros()))
            .order_by(Column::At, Order::Asc)
            .limit(BATCH_MAX)
            .all(reader)
            .await
            .map_err(store_error)?;
        if waiting.is_empty() {
            return Ok(0);
        }
        let people: Vec<String> = voices::Entity::find()
            .select_only()
            .column(Column::Assignee)
            .distinct()
            .filter(Column::ReadAt.gt((now - READ_LATELY).micros()))
            .order_by(Column::Assignee, Order::Asc)
            .limit(READERS_MAX)
            .into_tuple()
            .all(reader)
            .await
            .map_err(store_error)?;
        let mut loads: Vec<(u64, String)> = Vec::with_capacity(people.len());
        for person in people {
            let unread = voices::Entity::find()
                .filter(Column::Assignee.eq(person.as_str()))
                .filter(Column::ReadAt.eq(0));
            let load = unread.count(reader).await.map_err(store_error)?;
            loads.push((load, person));
        }
        let mut rows = Vec::new();
        for row in waiting {
            let Some((load, person)) = loads.iter_mut().min() else { break };
            *load += 1;
            let after = voices::Model { version: row.version + 1, assignee: person.clone(), ..row };
            rows.push(RowOp::put(after.into_active_model()));
        }
        let assigned = rows.len();
        if assigned > 0 {
            self.write(rows).await?;
        }
        Ok(assigned)
    }

    /// Makes the digests and reports of what is over, the oldest first.
    async fn tell(&self, now: Timestamp) -> Result<usize, Error> {
        let today = now.shanghai_day();
        let last = self.last_day().await?;
        let earliest = today - Days::new(DAYS_MAX);
        let first = last.and_then(|day| day.succ_opt()).unwrap_or(today - Days::new(1));
        let first = first.max(earliest);
        let mut done = 0;
        for day in first.iter_days().take_while(|day| *day < today) {
            let month = Month::of(Timestamp::shanghai_midnight(day));
            let is_last = day
                .succ_opt()
                .is_some_and(|next| Month::of(Timestamp::shanghai_midnight(next)) != month);
            if is_last {
                // Before the day itself, whose digest says that all of it is done.
                for category in Category::ALL {
                    done += usize::from(self.freeze(About::Month(month, *category), now).await?);
                }
            }
            done += usize::from(self.freeze(About::Day(day), now).await?);
        }
        Ok(done)
    }

    async fn last_day(&self) -> Result<Option<NaiveDate>, Error> {
        let row = voice_reports::Entity::find()
            .filter(voice_reports::Column::Kind.eq("day"))
            .order_by(voice_reports::Column::Period, Order::Desc)
            .one(self.desk.store.reader())
            .await
            .map_err(store_error)?;
        Ok(row.and_then(|row| row.period.parse().ok()))
    }

    async fn freeze(&self, about: About, now: Timestamp) -> Result<bool, Error> {
        let heard = heard(&self.desk.store, about, about.bounds().1).await?;
        let body = match about {
            About::Day(_) => serde_json::to_string(&digest(&heard)),
            About::Month(..) => serde_json::to_string(&report(&heard)),
        };
        let (kind, period, category) = about.key();
        let row = RowOp::claim(voice_reports::ActiveModel {
            kind: Set(kind),
            period: Set(period),
            category: Set(category),
            made_at: Set(now.micros()),
            body: Set(body.expect("counts are JSON")),
        });
        self.write(vec![row]).await
    }

    /// Whether it was this process that wrote them: where a key is taken, another did it before.
    async fn write(&self, rows: Vec<RowOp>) -> Result<bool, Error> {
        let submission = Submission {
            target: Target::NoCase,
            key: None,
            caller: Caller {
                principal: "service:tracking".to_owned(),
                method: "voice",
                trace: String::new(),
            },
            actor: Actor::new(ActorKind::Timer, "voice"),
            expected: None,
            deed: Arc::new(RowsDeed { rows, answer: Vec::new() }),
        };
        match self.desk.submitter.submit(submission).await {
            Ok(_) => Ok(true),
            Err(CasebookError::Taken { .. }) => Ok(false),
            Err(error) => Err(store_error(error)),
        }
    }
}

/// The digest of a day: as it was made, or as far as it has come by now. The second says whether it stays.
///
/// # Errors
/// What the store says.
pub async fn digest_of(
    store: &Store,
    day: NaiveDate,
    now: Timestamp,
) -> Result<(Digest, bool), Error> {
    match stored(store, About::Day(day)).await? {
        Some(stored) => Ok((stored, true)),
        None => Ok((digest(&heard(store, About::Day(day), now).await?), false)),
    }
}

/// The report of a month and category, likewise.
///
/// # Errors
/// What the store says.
pub async fn report_of(
    store: &Store,
    (month, category): (Month, Category),
    now: Timestamp,
) -> Result<(Report, bool), Error> {
    let about = About::Month(month, category);
    match stored(store, about).await? {
        Some(stored) => Ok((stored, true)),
        None => Ok((report(&heard(store, about, now).await?), false)),
    }
}

async fn stored<T: serde::de::DeserializeOwned>(
    store: &Store,
    about: About,
) -> Result<Option<T>, Error> {
    let row = voice_reports::Entity::find_by_id(about.key()).one(store.reader()).await;
    let row = row.map_err(store_error)?;
    row.map(|row| serde_json::from_str(&row.body).map_err(store_error)).transpose()
}

/// What there is to count. What is open, overdue or unread is so at `now`, or at the end of the time.
async fn heard(store: &Store, about: About, now: Timestamp) -> Result<Heard, Error> {
    let (start, end) = about.bounds();
    let (from, until) = (start.micros(), end.micros());
    let at = now.micros().min(until);
    let reader = store.reader();
    let category = about.category().map(Category::as_str);
    macro_rules! rows {
        ($table:ident, $column:ident) => {{
            let query = $table::Entity::find()
                .filter($table::Column::$column.gte(from))
                .filter($table::Column::$column.lt(until))
                .limit(COUNTED_MAX);
            let query = match category {
                Some(category) => query.filter($table::Column::Category.eq(category)),
                None => query,
            };
            query.all(reader).await.map_err(store_error)?
        }};
    }
    macro_rules! counted {
        ($table:ident, $filter:expr) => {{
            let query = $table::Entity::find().filter($filter);
            let query = match category {
                Some(category) => query.filter($table::Column::Category.eq(category)),
                None => query,
            };
            let count = query.count(reader).await.map_err(store_error)?;
            i64::try_from(count).unwrap_or(i64::MAX)
        }};
    }
    let closed: Vec<complaints::Model> = rows!(complaints, ClosedAt);
    let still_open = Condition::all().add(complaints::Column::OpenedAt.lt(at)).add(
        Condition::any()
            .add(complaints::Column::ClosedAt.eq(0))
            .add(complaints::Column::ClosedAt.gte(at)),
    );
    let overdue = Condition::all()
        .add(follow_ups::Column::ClosedAt.eq(0))
        .add(follow_ups::Column::SolvedAt.eq(0))
        .add(follow_ups::Column::OpenedAt.lt(at))
        .add(follow_ups::Column::ValidUntil.lte(at));
    let unread = Condition::all().add(voices::Column::ReadAt.eq(0)).add(voices::Column::At.lt(at));
    let escalated = voice_steps::Entity::find()
        .filter(voice_steps::Column::Act.eq("escalated"))
        .filter(voice_steps::Column::At.gte(from))
        .filter(voice_steps::Column::At.lt(until))
        .count(reader)
        .await
        .map_err(store_error)?;
    Ok(Heard {
        surveys: last_of_each(rows!(surveys, At)),
        complaints: rows!(complaints, OpenedAt),
        complaints_closed: i64::try_from(closed.len()).unwrap_or(i64::MAX),
        complaints_open: counted!(complaints, still_open),
        follow_ups: rows!(follow_ups, OpenedAt),
        follow_ups_closed: rows!(follow_ups, ClosedAt),
        escalated: i64::try_from(escalated).unwrap_or(i64::MAX),
        overdue: counted!(follow_ups, overdue),
        unread: counted!(voices, unread),
    })
}

/// Of several answers of a case the last one counts.
fn last_of_each(mut rows: Vec<surveys::Model>) -> Vec<surveys::Model> {
    rows.sort_by_key(|row| (row.case_id, std::cmp::Reverse(row.number)));
    rows.dedup_by_key(|row| row.case_id);
    rows
}
