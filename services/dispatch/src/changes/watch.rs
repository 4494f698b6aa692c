//! `StreamOffers`: the changes as they are committed, from any place.
//!
//! The bell only shortens the wait: the feed is read at least once a second, so a ring that is lost
//! costs a second. A ring tells of a commit that has no number yet, so the stream rests a moment before
//! it looks, and looks again soon if it found nothing. Nothing is read ahead of a reader beyond one
//! batch; a reader that does not take its messages is cut and may resume.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures::Stream;
use parasol_api::common::v1::Bookmark;
use parasol_api::convert::to_timestamp;
use parasol_api::limits::BOOKMARK_EVERY_SECONDS;
use parasol_api::partner::v1::StreamOffersResponse;
use parasol_api::partner::v1::stream_offers_response::Change as Sent;
use parasol_api::{Error, Reason};
use parasol_bell::Listener;
use parasol_journey::time::Timestamp;
use parasol_runtime::clock::Stopwatch;
use parasol_runtime::identity::Principal;
use parasol_runtime::shutdown::Shutdown;
use tonic::Status;

use super::cursor::Cursor;
use super::page::{Change, Reader};
use crate::views::{Views, offer, work_order};
use crate::{Dispatch, unreadable};

/// The stream of one reader.
pub type OfferStream = Pin<Box<dyn Stream<Item = Result<StreamOffersResponse, Status>> + Send>>;

/// Changes read at a time: the most that waits for one reader.
const BATCH: usize = 64;

/// How a stream passes its time.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The rest after a ring, so that many commits are read together and have their numbers.
    pub rest: Duration,
    /// The longest time between two looks at the feed.
    pub poll: Duration,
    /// The longest time without a message.
    pub bookmark: Duration,
    /// How long a reader may leave a message untaken.
    pub patience: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            rest: Duration::from_millis(50),
            poll: Duration::from_secs(1),
            bookmark: Duration::from_secs(BOOKMARK_EVERY_SECONDS),
            patience: Duration::from_secs(30),
        }
    }
}

/// One reader's stream.
pub struct Watch {
    dispatch: Dispatch,
    principal: Principal,
    reader: Reader,
    rings: Listener,
    cursor: Cursor,
    ready: VecDeque<StreamOffersResponse>,
    /// Runs since the last message was handed out.
    handed: Option<Stopwatch>,
    last_message: Stopwatch,
    /// How long to wait for a ring before looking anyway.
    wait: Duration,
    is_over: bool,
}

impl Watch {
    /// A stream from a place on. `rings` must have been listening before the place was found.
    pub fn new(
        dispatch: Dispatch,
        principal: Principal,
        reader: Reader,
        rings: Listener,
        cursor: Cursor,
    ) -> Self {
        let wait = dispatch.pace.rest;
        Self {
            dispatch,
            principal,
            reader,
            rings,
            cursor,
            ready: VecDeque::new(),
            handed: None,
            last_message: Stopwatch::start(),
            wait,
            is_over: false,
        }
    }

    /// The messages.
    pub fn stream(self) -> OfferStream {
        Box::pin(futures::stream::unfold(self, |mut watch| async move {
            let item = watch.next().await?;
            watch.handed = Some(Stopwatch::start());
            watch.last_message = Stopwatch::start();
            watch.is_over = item.is_err();
            Some((item.map_err(Status::from), watch))
        }))
    }

    /// The next message; `None` when the stream ends.
    async fn next(&mut self) -> Option<Result<StreamOffersResponse, Error>> {
        let untaken = self.handed.take().map(|handed| handed.elapsed()).unwrap_or_default();
        if !self.is_over && untaken > self.dispatch.pace.patience {
            return Some(Err(Error::new(Reason::Overloaded)));
        }
        loop {
            if self.is_over || self.dispatch.shutdown.is_stopping() {
                return None;
            }
            if let Some(message) = self.ready.pop_front() {
                return Some(Ok(message));
            }
            match self.look().await {
                Ok(Some(bookmark)) => return Some(Ok(bookmark)),
                Ok(None) if self.ready.is_empty() => self.rest().await,
                Ok(None) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// Reads what is new. If there is nothing and it has been quiet for long, says so.
    async fn look(&mut self) -> Result<Option<StreamOffersResponse>, Error> {
        let store = &self.dispatch.desk.store;
        let is_quiet = self.last_message.elapsed() >= self.dispatch.pace.bookmark;
        let complete_until = match is_quiet {
            true => {
                let now = self.dispatch.desk.clock.now();
                Some(store.numbered_until(now).await.map_err(unreadable)?)
            }
            false => None,
        };
        let page = self.reader.page(self.cursor, BATCH).await?;
        let desk = self.dispatch.desk.within(&self.principal);
        let views = Views::gather(&desk, &page.changes).await?;
        for (change, after) in page.changes {
            let sent = match change {
                Change::Offer(row) => Sent::Offer(Box::new(offer(&row, &views))),
                Change::WorkOrder(row) => Sent::WorkOrder(Box::new(work_order(&row, &views))),
            };
            let message = self.message(sent, &after);
            self.ready.push_back(message);
        }
        self.cursor = page.cursor;
        let bookmark = complete_until.filter(|_| self.ready.is_empty() && !page.more);
        Ok(bookmark.map(|until| self.message(to_bookmark(until), &self.cursor)))
    }

    fn message(&self, change: Sent, after: &Cursor) -> StreamOffersResponse {
        let cursor = self.dispatch.place(&self.principal).write(after);
        StreamOffersResponse { change: Some(change), cursor }
    }

    /// Waits for a ring, but not for ever; each wait in vain is twice as long as the one before.
    async fn rest(&mut self) {
        let Pace { rest, poll, bookmark, .. } = self.dispatch.pace;
        let quiet = self.last_message.elapsed();
        let wait = self.wait.min(poll).min(bookmark.saturating_sub(quiet).max(rest));
        self.wait = (self.wait * 2).min(poll);
        let shutdown = self.dispatch.shutdown.clone();
        let rings = self.rings.next();
        if let Some(Some(_)) = unless_stopped(&shutdown, wait, rings).await {
            self.wait = rest;
            unless_stopped(&shutdown, rest, std::future::pending::<()>()).await;
        }
    }
}

/// Waits for a future at most so long: `None` when stopping began, `Some(None)` when the time is over.
async fn unless_stopped<T>(
    shutdown: &Shutdown,
    longest: Duration,
    future: impl Future<Output = T>,
) -> Option<Option<T>> {
    tokio::select! {
        () = shutdown.stopping() => None,
        done = tokio::time::timeout(longest, future) => Some(done.ok()),
    }
}

fn to_bookmark(until: Timestamp) -> Sent {
    Sent::Bookmark(Bookmark { complete_until: Some(to_timestamp(until)) })
}
