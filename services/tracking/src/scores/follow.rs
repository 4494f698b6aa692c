//! The counting: follows the feed and keeps figures in step with the logs.
//!
//! One process counts, under a lease; any other takes over. A pass reads a piece of the feed, makes the marks of
//! the cases in it anew and writes what differs, with the place in the feed, in one commit. A pass has a number
//! that can be taken once, so that of two processes that believe to hold the lease one writes nothing. Marks
//! follow from the whole log: a case that has moved on beyond the piece is counted as it stands, and its later
//! entries then change nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use parasol_api::Error;
use parasol_casebook::RowOp;
use parasol_desk::{Desk, Duty, Office};
use parasol_journey::Event;
use parasol_journey::ids::CaseId;
use parasol_journey::time::{SECOND, Span, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel as _, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::cards::{self, Card, Changing};
use super::ledger::{Tally, difference};
use super::marks::{Figure, FollowedUp, Marks, marks};
use super::period::Month;
use super::publish::Looked;
use super::read::store_error;
use super::sheets::Sheets;
use super::tables::{score_due, score_passes, score_periods, score_places, score_restatements};
use crate::voice::tables::follow_ups;

/// Counting, and publishing what was counted.
const DUTY: Duty =
    Duty { name: "scores", service: "service:tracking", length: Span::from_micros(30 * SECOND) };
/// Chunks of the feed read in a pass; one has at most 256 events, and seldom more than a commit's. A busy house moves a
/// case many times a second: the longer the piece, the more of its moves are counted at once.
const CHUNKS: u64 = 32;
/// Cases counted in a pass; the next one takes the rest.
const CASES_MAX: usize = 250;
/// Passes whose numbers are kept.
const PASSES_KEPT: i64 = 1_000;
/// What the place is called.
const FEED: &str = "feed";

/// What a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// Events of the feed that were read.
    pub events: usize,
    /// Cases that were counted.
    pub cases: usize,
    /// Months that were published.
    pub published: usize,
    /// Whether there is more to do at once.
    pub more: bool,
}

/// Counts. Cheap to clone; clones share their lease.
#[derive(Clone)]
pub struct Scorer {
    pub(super) desk: Desk,
    epoch: Uuid,
    pub(super) office: Office,
    pub(super) looked: Looked,
}

/// The next piece of the feed.
struct Piece {
    events: usize,
    /// The place after them.
    position: i64,
    cases: Vec<CaseId>,
    more: bool,
}

/// A case as it is read.
struct Read {
    id: CaseId,
    log: Vec<Event>,
}

impl Scorer {
    /// The counting as one process does it; `holder` names the process, `epoch` is that of the feed.
    pub fn new(desk: Desk, epoch: Uuid, holder: Uuid) -> Self {
        let office = Office::new(desk.clone(), DUTY, holder);
        Self { office, desk, epoch, looked: Looked::default() }
    }

    /// Counts a piece of the feed; where it ends with it, publishes a month that is due. Does nothing while
    /// another process has the lease.
    ///
    /// # Errors
    /// What the store says, and `OVERLOADED` when another process has taken over; nothing is then written.
    pub async fn run_once(&self, now: Timestamp) -> Result<Pass, Error> {
        if self.office.held(now).await?.is_none() {
            return Ok(Pass::default());
        }
        let place = self.place().await?;
        let Piece { events, position, mut cases, more } = self.next(&place).await?;
        let room = CASES_MAX - cases.len();
        let due = self.due(room).await?;
        let listed: HashSet<CaseId> = cases.iter().copied().collect();
        let mut asked: Vec<CaseId> = due.iter().map(|row| CaseId::new(row.case_id)).collect();
        asked.sort_unstable();
        asked.dedup();
        cases.extend(asked.into_iter().filter(|case| !listed.contains(case)));
        if events > 0 || !cases.is_empty() {
            self.write(place, position, &cases, &due, now).await?;
        }
        let more = more || due.len() >= room;
        let published = if more { 0 } else { self.publish_next(position, now).await? };
        Ok(Pass { events, cases: cases.len(), published, more: more || published > 0 })
    }

    /// One commit: the figures of these cases, what asked for them, and how far the feed was read.
    async fn write(
        &self,
        place: score_places::Model,
        position: i64,
        cases: &[CaseId],
        due: &[score_due::Model],
        now: Timestamp,
    ) -> Result<(), Error> {
        let pass = place.pass + 1;
        let mut rows = self.count(cases, pass, now).await?;
        rows.extend(
            due.iter().map(|row| RowOp::delete::<score_due::Entity>(vec![row.because.into()])),
        );
        let moved = score_places::Model { epoch: self.epoch, position, pass, ..place };
        rows.push(RowOp::put(moved.into_active_model()));
        rows.push(RowOp::claim(score_passes::ActiveModel {
            pass: Set(pass),
            at: Set(now.micros()),
        }));
        let old = pass - PASSES_KEPT;
        if old > 0 {
            rows.push(RowOp::delete::<score_passes::Entity>(vec![old.into()]));
        }
        self.office.write(rows).await
    }

    /// Where the counting stands. In another epoch of the feed it begins anew; figures do not change by that.
    async fn place(&self) -> Result<score_places::Model, Error> {
        let row = score_places::Entity::find_by_id(FEED.to_owned())
            .one(self.desk.store.reader())
            .await
            .map_err(store_error)?;
        let fresh =
            score_places::Model { name: FEED.into(), epoch: self.epoch, position: 0, pass: 0 };
        let mut row = row.unwrap_or(fresh);
        if row.epoch != self.epoch {
            row.position = 0;
        }
        Ok(row)
    }

    async fn next(&self, place: &score_places::Model) -> Result<Piece, Error> {
        let after = u64::try_from(place.position).unwrap_or_default();
        let stretch = self.desk.store.feed_after(after, CHUNKS).await.map_err(store_error)?;
        let (mut position, mut events) = (place.position, 0);
        let (mut cases, mut seen) = (Vec::new(), HashSet::new());
        for event in &stretch.events {
            if !seen.contains(&event.case) {
                if cases.len() >= CASES_MAX {
                    break;
                }
                seen.insert(event.case);
                cases.push(event.case);
            }
            position = i64::try_from(event.position).unwrap_or(i64::MAX);
            events += 1;
        }
        let more = stretch.more || events < stretch.events.len();
        Ok(Piece { events, position, cases, more })
    }

    async fn due(&self, limit: usize) -> Result<Vec<score_due::Model>, Error> {
        let rows = score_due::Entity::find().limit(limit as u64);
        rows.all(self.desk.store.reader()).await.map_err(store_error)
    }

    /// The rows that bring the figures of these cases up to their logs.
    async fn count(
        &self,
        cases: &[CaseId],
        pass: i64,
        now: Timestamp,
    ) -> Result<Vec<RowOp>, Error> {
        // A case that this release cannot read is left as it was counted, so that it stops nobody else.
        let mut logs = self.desk.store.readable_logs(cases).await.map_err(store_error)?;
        let read = cases.iter().filter_map(|id| Some(Read { id: *id, log: logs.remove(id)? }));
        let followed = self.followed_up(cases).await?;
        let mut fresh: Vec<(Read, Marks)> = Vec::with_capacity(cases.len());
        for one in read {
            let of_case = followed.get(&one.id.uuid()).map(Vec::as_slice).unwrap_or_default();
            let Some(marks) = marks(one.id, &one.log, of_case) else { continue };
            fresh.push((one, marks));
        }
        let mut stored = Sheets::of(&self.desk.store, cases).await?;
        let (mut rows, mut changes) = (Vec::new(), Vec::with_capacity(fresh.len()));
        for (one, after) in &fresh {
            let before = stored.remove(&one.id.uuid()).unwrap_or_default();
            let change = difference(&before.marks, after);
            rows.extend(before.rows(one.id, after, &change)?);
            changes.push((one, change.tallies));
        }
        // Restatements of a figure are read in this order, and each tells what the one before it left.
        changes.sort_unstable_by_key(|(one, _)| one.id);
        rows.extend(self.restatements(&changes, pass, now).await?);
        let figures = changes.iter().flat_map(|(_, tallies)| tallies.keys());
        let mut cards = Changing::read(&self.desk.store, figures).await?;
        for (figure, by) in changes.iter().flat_map(|(_, tallies)| tallies) {
            cards.change(figure, *by);
        }
        rows.extend(cards.rows()?);
        Ok(rows)
    }

    /// What these changes restate: each figure of a month that was published, one change after the other.
    async fn restatements(
        &self,
        changes: &[(&Read, BTreeMap<Figure, Tally>)],
        pass: i64,
        now: Timestamp,
    ) -> Result<Vec<RowOp>, Error> {
        let months = self.published_months().await?;
        let told = |figure: &&Figure| {
            months.contains(&figure.month) && Card::of(figure).whose().is_somebody()
        };
        let figures = changes.iter().flat_map(|(_, tallies)| tallies.keys());
        let figures: BTreeSet<Figure> = figures.filter(told).cloned().collect();
        if figures.is_empty() {
            return Ok(Vec::new());
        }
        let mut stands = cards::standing(&self.desk.store, &figures).await?;
        let mut rows = Vec::new();
        for (one, tallies) in changes {
            for (figure, by) in tallies.iter().filter(|(figure, _)| told(figure)) {
                let tally = stands.entry(figure.clone()).or_default();
                let stood = *tally;
                *tally = stood.changed(*by);
                let both = (stood, *tally);
                rows.push(restated(figure.id(), one.id, pass, now, both, cause(&one.log)));
            }
        }
        Ok(rows)
    }

    /// The follow-ups of cases that were closed.
    async fn followed_up(&self, cases: &[CaseId]) -> Result<HashMap<Uuid, Vec<FollowedUp>>, Error> {
        let rows = follow_ups::Entity::find()
            .filter(follow_ups::Column::CaseId.is_in(cases.iter().map(|case| case.uuid())))
            .filter(follow_ups::Column::ClosedAt.gt(0))
            .all(self.desk.store.reader())
            .await
            .map_err(store_error)?;
        let mut of_cases: HashMap<Uuid, Vec<FollowedUp>> = HashMap::new();
        for row in rows {
            of_cases.entry(row.case_id).or_default().push(FollowedUp {
                number: u64::try_from(row.number).unwrap_or_default(),
                agent: row.assignee,
                at: Timestamp::from_micros(row.closed_at),
                in_time: row.in_time == 1,
            });
        }
        Ok(of_cases)
    }

    async fn published_months(&self) -> Result<HashSet<Month>, Error> {
        let rows = score_periods::Entity::find().all(self.desk.store.reader()).await;
        let rows = rows.map_err(store_error)?;
        Ok(rows.iter().filter_map(|row| Month::parse(&row.period)).collect())
    }
}

/// The kind of entry that moved a case last.
fn cause(log: &[Event]) -> String {
    let told = log.last().and_then(|event| serde_json::to_value(&event.fact).ok());
    let what = told.as_ref().and_then(|fact| fact.get("what")).and_then(|what| what.as_str());
    what.unwrap_or_default().to_owned()
}

fn restated(
    figure: Uuid,
    case: CaseId,
    pass: i64,
    now: Timestamp,
    (before, after): (Tally, Tally),
    cause: String,
) -> RowOp {
    RowOp::put(score_restatements::ActiveModel {
        figure: Set(figure),
        pass: Set(pass),
        case_id: Set(case.uuid()),
        at: Set(now.micros()),
        cause: Set(cause),
        counted_before: Set(before.count),
        total_before: Set(before.sum),
        counted_after: Set(after.count),
        total_after: Set(after.sum),
    })
}
