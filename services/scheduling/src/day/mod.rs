//! The stream of a technician's day: the visits as they stand, then every change.
//!
//! Ordered, unique, reliable, resumable, bookmarked. What a reader has is a set of visits with the
//! versions it saw; each look at the tables is compared with that set, and the cursor of a message is
//! the set after it. So nothing depends on the order in which commits become visible, a resumed stream
//! says exactly what the reader lacks, and no cursor ever becomes too old. The bell only shortens the
//! wait: the tables are looked at once a second. Nothing is buffered for a reader that does not read:
//! at most one look's changes wait.

mod cursor;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::pin::Pin;

use chrono::NaiveDate;
use futures::future::select_all;
use futures::{FutureExt as _, Stream};
use parasol_api::convert::to_timestamp;
use parasol_api::limits::BOOKMARK_EVERY_SECONDS;
use parasol_api::technician::v1::stream_my_day_response::Change;
use parasol_api::technician::v1::{StreamMyDayResponse, VisitRemoved};
use parasol_api::{Error, Reason, common};
use parasol_bell::CaseWatcher;
use parasol_journey::Case;
use parasol_journey::ids::{AppointmentId, CaseId, TechnicianId};
use parasol_journey::time::{SECOND, Span, Timestamp};
use parasol_runtime::identity::Principal;
use sea_orm::{ColumnTrait as _, EntityTrait as _, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Status;
use uuid::Uuid;

use crate::report::takes_part;
use crate::tables::{State, appointments, come_to};
use crate::{Scheduling, relay, store_error, views};

/// The stream of one reader.
pub type DayStream = Pin<Box<dyn Stream<Item = Result<StreamMyDayResponse, Status>> + Send>>;

/// How long a lost ring can go unnoticed.
const LOOK_EVERY: Span = Span::from_micros(SECOND);
/// How long a quiet stream stays silent.
const BOOKMARK_EVERY: Span = Span::from_micros(BOOKMARK_EVERY_SECONDS as i64 * SECOND);
/// The most visits of one day; a day has no more than 48 half hours.
const VISITS_MAX: u64 = 200;

/// Whose day, for whom.
#[derive(Clone, Debug)]
pub struct Day {
    /// The reader.
    pub principal: Principal,
    /// Whose visits.
    pub technician: TechnicianId,
    /// The Shanghai day.
    pub date: NaiveDate,
}

/// What a reader has of one appointment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    /// The version of its case that was looked at.
    version: u64,
    /// Whether the reader was shown it and not told since that it is gone.
    shown: bool,
    /// Whether it was shown with a relay number; that comes and goes without a step of the case.
    relayed: bool,
}

/// One appointment at a look.
struct Look<'a> {
    row: &'a appointments::Model,
    case: &'a Case,
    /// Its relay number, if one may be seen now.
    number: Option<&'a str>,
}

struct Watch {
    scheduling: Scheduling,
    day: Day,
    seen: BTreeMap<AppointmentId, Seen>,
    ready: VecDeque<StreamMyDayResponse>,
    rings: BTreeMap<CaseId, CaseWatcher>,
    looked_at: Timestamp,
    bookmark_due: Timestamp,
    is_over: bool,
}

/// Opens the stream of a day after a cursor, or from the day as it stands.
///
/// # Errors
/// `RESYNC_REQUIRED` for a cursor that was not made for this reader and day, or from a future that is
/// not the store's; what the store says.
pub async fn open(scheduling: &Scheduling, day: Day, cursor: &str) -> Result<DayStream, Error> {
    let seen = cursor::read(&scheduling.desk.key, &day, cursor)?;
    let now = scheduling.desk.clock.now();
    let watch = Watch {
        scheduling: scheduling.clone(),
        day,
        seen,
        ready: VecDeque::new(),
        rings: BTreeMap::new(),
        looked_at: now,
        bookmark_due: now,
        is_over: false,
    };
    watch.check_past().await?;
    let stream = futures::stream::unfold(watch, |mut watch| async move {
        let item = watch.next().await?;
        Some((item.map_err(Status::from), watch))
    });
    Ok(Box::pin(stream))
}

impl Watch {
    /// The next message; `None` when the stream ends.
    async fn next(&mut self) -> Option<Result<StreamMyDayResponse, Error>> {
        let stopping = self.scheduling.shutdown.stopping_token();
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Some(Ok(message));
            }
            if self.is_over || stopping.is_cancelled() {
                return None;
            }
            if let Err(error) = self.look().await {
                self.is_over = true;
                return Some(Err(error));
            }
            if !self.ready.is_empty() {
                continue;
            }
            if self.bookmark_due <= self.looked_at {
                return Some(Ok(self.bookmark()));
            }
            let clock = self.scheduling.desk.clock.clone();
            let next_look = self.looked_at + LOOK_EVERY;
            tokio::select! {
                () = stopping.cancelled() => {}
                () = rung(&mut self.rings) => {}
                () = clock.sleep_until(next_look) => {}
            }
        }
    }

    /// Looks at the tables once and readies a message for everything the reader lacks.
    async fn look(&mut self) -> Result<(), Error> {
        self.looked_at = self.scheduling.desk.clock.now();
        let rows = self.rows_of_day().await?;
        self.tell_removed(&rows).await?;
        // After the rows: a step between the two is told with its case and once.
        let cases = self.cases_of(&rows).await?;
        let numbers = self.relay_numbers(&cases).await?;
        for row in &rows {
            let id = AppointmentId::new(row.appointment);
            let Some(case) = cases.get(&row.case_id) else { continue };
            let live = if row.is_at_rest() { 0 } else { case.version };
            let seen = self.seen.get(&id).copied();
            let number = numbers.get(&id).map(String::as_str);
            let is_news = |seen: Seen| {
                row.case_version().max(live) > seen.version
                    || (seen.shown && seen.relayed != number.is_some())
            };
            if seen.is_some_and(|seen| !is_news(seen)) {
                continue;
            }
            let look = Look { row, case, number };
            self.tell(id, look, seen.is_some_and(|seen| seen.shown)).await?;
        }
        let bell = &self.scheduling.bell;
        let cases = rows.iter().map(|row| CaseId::new(row.case_id));
        let mut rings = std::mem::take(&mut self.rings);
        for case in cases {
            let watcher = rings.remove(&case).unwrap_or_else(|| bell.watch_case(case));
            self.rings.insert(case, watcher);
        }
        Ok(())
    }

    /// Tells of one appointment as its case stands; rights are asked for again each time.
    async fn tell(
        &mut self,
        id: AppointmentId,
        Look { row, case, number }: Look<'_>,
        was_shown: bool,
    ) -> Result<(), Error> {
        let version = row.case_version().max(case.version);
        let shown = self.booked(case, id);
        let relayed = shown.is_some() && number.is_some();
        self.seen.insert(id, Seen { version, shown: shown.is_some(), relayed });
        let change = match shown {
            Some(booked) => {
                let store = &self.scheduling.desk.store;
                Change::Visit(Box::new(views::visit(store, case, booked, number).await?))
            }
            None if was_shown => removed(id, Some(CaseId::new(row.case_id))),
            None => return Ok(()),
        };
        self.ready(change);
        Ok(())
    }

    /// The visit of a case, if it is this appointment, on this day, and the reader's to see.
    fn booked<'a>(
        &self,
        case: &'a Case,
        id: AppointmentId,
    ) -> Option<&'a parasol_journey::case::Visit> {
        let booked = case.visit.as_ref().filter(|visit| visit.id == id)?;
        let is_here = booked.crew().any(|one| *one == self.day.technician)
            && booked.window.start.shanghai_day() == self.day.date;
        (is_here && takes_part(&self.day.principal, case)).then_some(booked)
    }

    /// Tells of what the reader was shown and the day no longer has.
    async fn tell_removed(&mut self, rows: &[appointments::Model]) -> Result<(), Error> {
        let is_gone = |id: &AppointmentId| !rows.iter().any(|row| row.appointment == id.uuid());
        let gone: Vec<_> = self.seen.keys().copied().filter(is_gone).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let known = self.rows_by_id(&gone).await?;
        for id in gone {
            let was_shown = self.seen.remove(&id).is_some_and(|seen| seen.shown);
            let case = known.iter().find(|row| row.appointment == id.uuid());
            if was_shown {
                self.ready(removed(id, case.map(|row| CaseId::new(row.case_id))));
            }
        }
        Ok(())
    }

    fn ready(&mut self, change: Change) {
        let cursor = self.cursor();
        self.ready.push_back(StreamMyDayResponse { change: Some(change), cursor });
    }

    fn bookmark(&mut self) -> StreamMyDayResponse {
        self.bookmark_due = self.looked_at + BOOKMARK_EVERY;
        let complete_until = Some(to_timestamp(self.looked_at));
        let change = Change::Bookmark(common::v1::Bookmark { complete_until });
        StreamMyDayResponse { change: Some(change), cursor: self.cursor() }
    }

    fn cursor(&self) -> String {
        cursor::write(&self.scheduling.desk.key, &self.day, &self.seen)
    }

    /// A cursor may name nothing that the store has not come to: then the store is an older one than
    /// the reader knew, and what it tells would not fit.
    async fn check_past(&self) -> Result<(), Error> {
        let ids: Vec<_> = self.seen.keys().copied().collect();
        let rows = self.rows_by_id(&ids).await?;
        for (id, seen) in &self.seen {
            let Some(row) = rows.iter().find(|row| row.appointment == id.uuid()) else {
                return Err(Error::new(Reason::ResyncRequired));
            };
            if seen.version <= row.case_version() {
                continue;
            }
            let store = &self.scheduling.desk.store;
            let case = store.case(CaseId::new(row.case_id)).await.map_err(store_error)?;
            if case.is_none_or(|case| case.version < seen.version) {
                return Err(Error::new(Reason::ResyncRequired));
            }
        }
        Ok(())
    }

    /// The visits of the day, earliest first.
    async fn rows_of_day(&self) -> Result<Vec<appointments::Model>, Error> {
        use appointments::Column;
        let begin = Timestamp::shanghai_midnight(self.day.date);
        let end = begin + Span::days(1);
        appointments::Entity::find()
            .filter(come_to(self.day.technician.as_str()))
            .filter(Column::WindowStart.gte(begin.micros()))
            .filter(Column::WindowStart.lt(end.micros()))
            .filter(Column::State.is_in(State::ON_THE_DAY.map(State::as_str)))
            .order_by(Column::WindowStart, Order::Asc)
            .order_by(Column::Appointment, Order::Asc)
            .limit(VISITS_MAX)
            .all(self.scheduling.desk.store.reader())
            .await
            .map_err(store_error)
    }

    /// The cases of these rows, by id.
    async fn cases_of(&self, rows: &[appointments::Model]) -> Result<HashMap<Uuid, Case>, Error> {
        let ids: BTreeSet<_> = rows.iter().map(|row| CaseId::new(row.case_id)).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let cases = self.scheduling.desk.store.readable_cases(&ids).await.map_err(store_error)?;
        Ok(cases.into_iter().map(|case| (case.id.uuid(), case)).collect())
    }

    /// The relay numbers that may be seen now.
    async fn relay_numbers(
        &self,
        cases: &HashMap<Uuid, Case>,
    ) -> Result<HashMap<AppointmentId, String>, Error> {
        let shown = cases.values().filter_map(|case| relay::shown_now(case, self.looked_at));
        let numbers = relay::numbers(&self.scheduling.desk.store, shown).await?;
        Ok(numbers.into_iter().collect())
    }

    async fn rows_by_id(&self, ids: &[AppointmentId]) -> Result<Vec<appointments::Model>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids = ids.iter().map(|id| id.uuid());
        appointments::Entity::find()
            .filter(appointments::Column::Appointment.is_in(ids))
            .all(self.scheduling.desk.store.reader())
            .await
            .map_err(store_error)
    }
}

fn removed(id: AppointmentId, case: Option<CaseId>) -> Change {
    Change::Removed(VisitRemoved {
        appointment_id: id.to_string(),
        case_id: case.map(|case| case.to_string()).unwrap_or_default(),
    })
}

/// Returns once a case of the day rang.
async fn rung(rings: &mut BTreeMap<CaseId, CaseWatcher>) {
    if rings.is_empty() {
        return std::future::pending().await;
    }
    select_all(rings.values_mut().map(|watcher| watcher.next().boxed())).await;
}
