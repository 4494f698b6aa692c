//! Following the feed: a piece of it, the cases in it as they stand, their rows and the place, in one commit.
//!
//! One process follows, under a lease that its commit asks for again; any other takes over where it stood. A row
//! follows from the case as it stands, so that doing a piece twice changes nothing.

use std::collections::HashSet;

use parasol_api::Error;
use parasol_casebook::RowOp;
use parasol_desk::{Desk, Duty, Office};
use parasol_journey::ids::CaseId;
use parasol_journey::time::{SECOND, Span, Timestamp};
use sea_orm::{EntityTrait, IntoActiveModel as _};
use uuid::Uuid;

use super::row;
use super::tables::{flow_cases, flow_places};
use crate::unreadable;

/// Keeping the rows of open cases in step with the feed.
const DUTY: Duty =
    Duty { name: "flow", service: "service:intake", length: Span::from_micros(30 * SECOND) };
/// Chunks of the feed read in a pass; one has at most 256 events, and seldom more than a commit's. The longer the piece,
/// the more moves of a case are written at once.
const CHUNKS: u64 = 32;
/// Cases whose rows are written in a pass; the next one takes the rest.
const CASES_MAX: usize = 200;
/// What the place is called.
pub(super) const FEED: &str = "feed";

/// What a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// Events of the feed that were read.
    pub events: usize,
    /// Whether the feed goes on after them.
    pub more: bool,
}

/// The next piece of the feed.
struct Piece {
    events: usize,
    /// The place after them.
    position: i64,
    cases: Vec<CaseId>,
    more: bool,
}

/// Follows the feed. Cheap to clone; clones share their lease.
#[derive(Clone)]
pub struct Follower {
    desk: Desk,
    epoch: Uuid,
    office: Office,
}

impl Follower {
    /// The follower of one process, which `holder` names; `epoch` is that of the feed.
    pub(crate) fn new(desk: Desk, epoch: Uuid, holder: Uuid) -> Self {
        Self { office: Office::new(desk.clone(), DUTY, holder), desk, epoch }
    }

    /// Follows a piece of the feed. Does nothing while another process has the lease.
    ///
    /// # Errors
    /// What the store says, and `OVERLOADED` when another process has taken over; nothing is then written.
    pub async fn run_once(&self, now: Timestamp) -> Result<Followed, Error> {
        let place = self.place().await?;
        let Piece { events, position, cases, more } = self.next(&place).await?;
        if events == 0 || self.office.held(now).await?.is_none() {
            return Ok(Followed::default());
        }
        let found = self.desk.store.readable_cases(&cases).await.map_err(unreadable)?;
        let rows = found.iter().map(|case| match row(case) {
            Some(row) => RowOp::put(row.into_active_model()),
            None => RowOp::delete::<flow_cases::Entity>(vec![case.id.uuid().into()]),
        });
        let moved = flow_places::Model { position, epoch: self.epoch, ..place };
        let rows = rows.chain([RowOp::put(moved.into_active_model())]).collect();
        self.office.write(rows).await?;
        Ok(Followed { events, more })
    }

    /// Where the following stands; in another epoch of the feed it begins anew.
    async fn place(&self) -> Result<flow_places::Model, Error> {
        let row = flow_places::Entity::find_by_id(FEED.to_owned());
        let row = row.one(self.desk.store.reader()).await.map_err(unreadable)?;
        let fresh = flow_places::Model { name: FEED.to_owned(), epoch: self.epoch, position: 0 };
        Ok(row.filter(|row| row.epoch == self.epoch).unwrap_or(fresh))
    }

    async fn next(&self, place: &flow_places::Model) -> Result<Piece, Error> {
        let after = u64::try_from(place.position).unwrap_or_default();
        let stretch = self.desk.store.feed_after(after, CHUNKS).await.map_err(unreadable)?;
        let (mut position, mut events, mut seen) = (place.position, 0, HashSet::new());
        for event in &stretch.events {
            if !seen.contains(&event.case) && seen.len() >= CASES_MAX {
                break;
            }
            seen.insert(event.case);
            position = i64::try_from(event.position).unwrap_or(i64::MAX);
            events += 1;
        }
        let more = stretch.more || events < stretch.events.len();
        Ok(Piece { events, position, cases: seen.into_iter().collect(), more })
    }
}
