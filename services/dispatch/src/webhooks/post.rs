//! The sending to all webhooks: one lane each, side by side.
//!
//! One process does all of it, under a lease; another takes over when that lapses. Lanes share
//! nothing but the connection to the store: each has one turn in flight at most, and no turn waits for
//! that of another lane. Waiting is the supervisor's; [`Post::run_once`] takes one turn of every lane
//! that has something to do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use parasol_api::Error;
use parasol_desk::{Desk, Duty, Office};
use parasol_journey::time::{SECOND, Span, Timestamp};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::claims::Claims;
use super::course::{Mode, mode};
use super::lane::{catch_up, fresh, place_of};
use super::sending::Sending;
use super::turn::{Taken, Turn};
use crate::changes::Cursor;
use crate::tables::{webhook_deliveries, webhook_lanes, webhook_retries, webhooks};
use crate::unreadable;

/// The sending.
const DUTY: Duty =
    Duty { name: "webhooks", service: "service:dispatch", length: Span::from_micros(30 * SECOND) };

/// Sends changes to webhooks. Cheap to clone; clones share their lanes.
#[derive(Clone)]
pub struct Post {
    pub(super) desk: Desk,
    pub(super) epoch: Uuid,
    pub(super) sending: Sending,
    /// The way to the claims; `None` where nobody tells of any.
    pub(super) claims: Option<Claims>,
    pub(super) office: Office,
    known: Arc<Mutex<Known>>,
}

/// What is remembered between turns.
#[derive(Default)]
struct Known {
    /// Of the lease under which the lanes were looked at.
    token: Option<i64>,
    lanes: HashMap<Uuid, Lane>,
}

struct Lane {
    row: webhook_lanes::Model,
    stored: Option<webhook_lanes::Model>,
    /// When the next case is due, if one waits.
    next_retry: Option<i64>,
    /// When claims are asked for next.
    claims_at: i64,
    is_busy: bool,
    /// Somebody looked while the lane was busy: what is new then may have come behind its page.
    is_asked_again: bool,
}

impl Post {
    /// The sending as one process does it; `holder` names the process.
    pub fn new(
        desk: Desk,
        epoch: Uuid,
        sending: Sending,
        claims: Option<Claims>,
        holder: Uuid,
    ) -> Self {
        let office = Office::new(desk.clone(), DUTY, holder);
        Self { desk, epoch, sending, claims, office, known: Arc::default() }
    }

    /// Takes one turn of every lane that has something to do, and says whether there is more. Does
    /// nothing while another process has the lease.
    ///
    /// # Errors
    /// What the store says. What one lane meets is logged and holds up no other.
    pub async fn run_once(&self, now: Timestamp) -> Result<bool, Error> {
        let turns = self.begin(now).await?;
        let taken = turns.into_iter().map(|turn| self.take(turn));
        let more = futures::future::join_all(taken).await;
        Ok(more.contains(&true))
    }

    /// Runs until it is told to stop, and then finishes the turns in flight. `wake` waits for something to
    /// happen, or for a while.
    ///
    /// # Errors
    /// What the store says.
    pub async fn serve<W, F>(
        &self,
        mut wake: W,
        stopping: impl Future<Output = ()>,
    ) -> Result<(), Error>
    where
        W: FnMut() -> F,
        F: Future<Output = ()>,
    {
        // Turns of a run that ended in between are no longer in flight.
        self.known().lanes.clear();
        let mut stopping = std::pin::pin!(stopping);
        let mut waking = Box::pin(wake());
        let mut flying = FuturesUnordered::new();
        let mut is_to_look = true;
        loop {
            if std::mem::take(&mut is_to_look) {
                // The turns in flight go on while this reads: among them they may hold every connection
                // it could read on.
                let mut beginning = std::pin::pin!(self.begin(self.desk.clock.now()));
                let turns = loop {
                    tokio::select! {
                        biased;
                        turns = &mut beginning => break turns?,
                        Some(more) = flying.next() => is_to_look |= more,
                    }
                };
                flying.extend(turns.into_iter().map(|turn| self.take(turn)));
            }
            is_to_look |= tokio::select! {
                biased;
                () = &mut stopping => break,
                Some(more) = flying.next() => more,
                () = &mut waking => {
                    waking.set(wake());
                    true
                }
            };
        }
        while flying.next().await.is_some() {}
        Ok(())
    }

    /// The turns that are to be taken now; their lanes are busy until [`Post::take`] is done with them.
    async fn begin(&self, now: Timestamp) -> Result<Vec<Turn>, Error> {
        let enabled = webhooks::Column::Enabled.eq(1);
        let hooks = webhooks::Entity::find().filter(enabled).all(self.desk.store.reader()).await;
        let hooks = hooks.map_err(unreadable)?;
        if hooks.is_empty() || !self.holds_lease(now).await? {
            return Ok(Vec::new());
        }
        let end = self.desk.store.feed_position().await.map_err(unreadable)?;
        self.learn(&hooks).await?;
        let mut known = self.known();
        let turns = hooks.into_iter().filter_map(|hook| {
            let lane = known.lanes.get_mut(&hook.webhook)?;
            lane.is_asked_again = lane.is_busy;
            if lane.is_busy {
                return None;
            }
            catch_up(&mut lane.row, &hook, self.epoch, end, now);
            let mode = mode(&lane.row, now);
            let is_open = matches!(mode, Mode::Open(_));
            let asks_claims = self.claims.is_some() && is_open && lane.claims_at <= now.micros();
            let has_work = asks_claims || lane.has_work(end, mode, now);
            if lane.row.gone == 1 || mode == Mode::Wait || !has_work {
                return None;
            }
            lane.is_busy = true;
            let (row, stored, claims_at) = (lane.row.clone(), lane.stored.clone(), lane.claims_at);
            Some(Turn { hook, lane: row, stored, mode, now, asks_claims, claims_at })
        });
        Ok(turns.collect())
    }

    /// Reads the lanes that are not known yet.
    async fn learn(&self, hooks: &[webhooks::Model]) -> Result<(), Error> {
        let unknown: Vec<Uuid> = {
            let known = self.known();
            let ids = hooks.iter().map(|hook| hook.webhook);
            ids.filter(|id| !known.lanes.contains_key(id)).collect()
        };
        if unknown.is_empty() {
            return Ok(());
        }
        let rows = webhook_lanes::Entity::find()
            .filter(webhook_lanes::Column::Webhook.is_in(unknown.iter().copied()))
            .all(self.desk.store.reader())
            .await
            .map_err(unreadable)?;
        let mut rows: HashMap<_, _> = rows.into_iter().map(|row| (row.webhook, row)).collect();
        for id in unknown {
            let next_retry = self.next_retry(id).await?;
            let stored = rows.remove(&id);
            let mut row = stored.clone().unwrap_or_else(|| fresh(id, self.epoch));
            // The log itself says which number is free, whoever wrote the row last.
            row.logged = self.logged(id).await?;
            let (claims_at, is_busy, is_asked_again) = (0, false, false);
            let lane = Lane { row, stored, next_retry, claims_at, is_busy, is_asked_again };
            self.known().lanes.insert(id, lane);
        }
        Ok(())
    }

    /// Takes a turn and remembers what came of it. Returns whether there is more to do at once. A lane
    /// that met an error is read anew when it is its turn again.
    async fn take(&self, turn: Turn) -> bool {
        let webhook = turn.hook.webhook;
        let taken = Box::pin(turn.take(self)).await;
        let done = async {
            let Taken { lane, stored, more, claims_at } = taken?;
            let next_retry = self.next_retry(webhook).await?;
            let (is_busy, is_asked_again) = (false, false);
            let lane = Lane { row: lane, stored, next_retry, claims_at, is_busy, is_asked_again };
            let before = self.known().lanes.insert(webhook, lane);
            Ok::<_, Error>(more || before.is_some_and(|lane| lane.is_asked_again))
        };
        done.await.unwrap_or_else(|error| {
            tracing::warn!(%error, %webhook, "a webhook's turn was lost");
            self.known().lanes.remove(&webhook);
            false
        })
    }

    async fn logged(&self, webhook: Uuid) -> Result<i64, Error> {
        let last: Option<i64> = webhook_deliveries::Entity::find()
            .select_only()
            .column(webhook_deliveries::Column::Number)
            .filter(webhook_deliveries::Column::Webhook.eq(webhook))
            .order_by(webhook_deliveries::Column::Number, Order::Desc)
            .limit(1)
            .into_tuple()
            .one(self.desk.store.reader())
            .await
            .map_err(unreadable)?;
        Ok(last.unwrap_or_default())
    }

    async fn next_retry(&self, webhook: Uuid) -> Result<Option<i64>, Error> {
        let next: Option<Option<i64>> = webhook_retries::Entity::find()
            .select_only()
            .column_as(webhook_retries::Column::NextAt.min(), "next_at")
            .filter(webhook_retries::Column::Webhook.eq(webhook))
            .filter(webhook_retries::Column::GivenUp.eq(0))
            .into_tuple()
            .one(self.desk.store.reader())
            .await
            .map_err(unreadable)?;
        Ok(next.flatten())
    }

    async fn holds_lease(&self, now: Timestamp) -> Result<bool, Error> {
        let token = self.office.held(now).await?;
        let mut known = self.known();
        if known.token != token {
            // Somebody else may have sent meanwhile.
            known.lanes.retain(|_, lane| lane.is_busy);
        }
        known.token = token;
        Ok(token.is_some())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    /// Whether a turn would find something. A try of a lane that is down takes any case that waits.
    fn has_work(&self, end: u64, mode: Mode, now: Timestamp) -> bool {
        let is_at_end = match place_of(&self.row) {
            Cursor::Tail { after, .. } => after >= end,
            _ => false,
        };
        let is_due = self.next_retry.is_some_and(|at| at <= now.micros() || mode == Mode::Try);
        !is_at_end || is_due
    }
}
