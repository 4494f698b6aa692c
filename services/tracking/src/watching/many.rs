//! `WatchCases`: what happens in every case that is the caller's, from any place in it.
//!
//! A watch without a token begins with a summary of every open case, by id, noted at an end of the feed, unless it asks
//! for what is new alone; then it goes on with the feed from there. A watch that is behind reads the feed itself; one that has caught up is told by the loop
//! that follows the feed for all. It listens before it reads, and passes over what it was told of before.

use std::collections::{HashSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;

use futures::Stream;
use parasol_api::convert::to_timestamp;
use parasol_api::tracking::v1::watch_cases_response::Event as Sent;
use parasol_api::tracking::v1::{CaseEntry, TimelineEntry, WatchCasesRequest, WatchCasesResponse};
use parasol_api::{Error, Language, Reason, common};
use parasol_casebook::tables::readers;
use parasol_desk::{Call, reader as reader_of, sees};
use parasol_journey::Case;
use parasol_journey::ids::CaseId;
use parasol_runtime::clock::Stopwatch;
use parasol_runtime::identity::Principal;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, Order, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::feed::Told;
use super::filter::Filter;
use super::place::{Cursor, Cursors};
use super::{BOOKMARK_EVERY, PATIENCE};
use crate::Tracking;
use crate::handlers::store_error;
use crate::views::Reader;

/// The stream of one watcher.
pub type CasesStream = Pin<Box<dyn Stream<Item = Result<WatchCasesResponse, Status>> + Send>>;

/// Cases told of at a time when a watch begins.
const SUMMARIES: u64 = 64;
/// Chunks of the feed that a watcher who is behind reads at a time.
const CHUNKS: u64 = 1;
/// Entries looked back for the last one that reports how a case stands.
const REPORTS_BACK: u64 = 8;

struct Watch {
    tracking: Tracking,
    principal: Principal,
    language: Language,
    /// Under which key its cases are found.
    reader: String,
    filter: Filter,
    told: broadcast::Receiver<Arc<Told>>,
    cursor: Cursor,
    /// Whether it is told by the loop, and not behind it.
    is_live: bool,
    ready: VecDeque<WatchCasesResponse>,
    since_bookmark: Stopwatch,
    handed: Option<Stopwatch>,
    is_over: bool,
}

/// Opens a watch.
///
/// # Errors
/// `FIELD_INVALID`, `RESYNC_REQUIRED`, and what the store says.
pub async fn open(
    tracking: &Tracking,
    request: Request<WatchCasesRequest>,
) -> Result<Response<CasesStream>, Error> {
    let call = Call::reading(&request, "WatchCases")?;
    let message = request.get_ref();
    let filter = Filter::of(message)?;
    let language = Language::of_tag(&message.language).unwrap_or_default();
    let principal = call.principal;
    let reader = reader_of(&principal).ok_or_else(|| Error::new(Reason::PermissionDenied))?;
    // It listens before it looks where the feed ends, so that nothing falls between the two.
    let told = tracking.feed.listen(&reader);
    let tail = tracking.feed.position().await?;
    let cursor = match message.resume_token.as_str() {
        "" if message.only_new => Cursor::Feed { after: tail },
        "" => Cursor::Summaries { tail, after: Uuid::nil() },
        token => {
            let (key, epoch) = (&*tracking.desk.key, tracking.epoch);
            let cursors = Cursors { key, principal: &principal, epoch, filter: &filter.bytes };
            cursors.read(token)?
        }
    };
    if cursor.position() > tail {
        let last = tracking.desk.store.feed_position().await.map_err(store_error)?;
        if cursor.position() > last {
            return Err(Error::new(Reason::ResyncRequired));
        }
    }
    let watch = Watch {
        tracking: tracking.clone(),
        principal,
        language,
        reader,
        filter,
        told,
        cursor,
        is_live: false,
        ready: VecDeque::new(),
        since_bookmark: Stopwatch::start(),
        handed: None,
        is_over: false,
    };
    let stream = futures::stream::unfold(watch, |mut watch| async move {
        let item = watch.next().await?;
        watch.handed = Some(Stopwatch::start());
        watch.is_over = item.is_err();
        Some((item.map_err(Status::from), watch))
    });
    Ok(Response::new(Box::pin(stream)))
}

impl Watch {
    /// The next message; `None` when the stream ends.
    async fn next(&mut self) -> Option<Result<WatchCasesResponse, Error>> {
        let untaken = self.handed.take().map(|handed| handed.elapsed()).unwrap_or_default();
        if !self.is_over && untaken > PATIENCE {
            return Some(Err(Error::new(Reason::Overloaded)));
        }
        loop {
            if self.is_over || self.tracking.shutdown.is_stopping() {
                return None;
            }
            if let Some(message) = self.ready.pop_front() {
                return Some(Ok(message));
            }
            let read = match (self.cursor, self.is_live) {
                (Cursor::Summaries { tail, after }, _) => self.summaries(tail, after).await,
                (Cursor::Feed { after }, false) => self.behind(after).await,
                (Cursor::Feed { after }, true) => match self.live(after).await {
                    Ok(Some(bookmark)) => return Some(Ok(bookmark)),
                    Ok(None) => Ok(()),
                    Err(error) => Err(error),
                },
            };
            if let Err(error) = read {
                return Some(Err(error));
            }
        }
    }

    /// The next cases as they stand.
    async fn summaries(&mut self, tail: u64, after: Uuid) -> Result<(), Error> {
        use readers::Column;
        let store = self.tracking.desk.within(&self.principal).store;
        let ids: Vec<Uuid> = readers::Entity::find()
            .select_only()
            .column(Column::CaseId)
            .filter(Column::Reader.eq(&self.reader))
            .filter(Column::Ended.eq(0))
            .filter(Column::CaseId.gt(after))
            .order_by(Column::CaseId, Order::Asc)
            .limit(SUMMARIES)
            .into_tuple()
            .all(store.reader())
            .await
            .map_err(store_error)?;
        let is_last = (ids.len() as u64) < SUMMARIES;
        let last = ids.last().copied().unwrap_or(after);
        let ids: Vec<_> = ids.into_iter().map(CaseId::new).collect();
        let mut cases = store.readable_cases(&ids).await.map_err(store_error)?;
        cases.retain(|case| sees(&self.principal, case) && self.filter.fits(case));
        cases.sort_by_key(|case| case.id);
        let back = |case: &Case| (case.id, case.version.saturating_sub(REPORTS_BACK));
        let places: Vec<_> = cases.iter().map(back).collect();
        let limit = REPORTS_BACK * SUMMARIES * 2;
        let reports = store.logs_after(&places, limit).await.map_err(store_error)?;
        let now = self.tracking.desk.clock.now();
        for case in &cases {
            let of_case = reports.iter().filter(|(id, _)| *id == case.id).map(|(_, event)| event);
            let summary = self.shows().summary(case, of_case, now);
            let cursor = Cursor::Summaries { tail, after: case.id.uuid() };
            let message = self.message(Sent::Summary(Box::new(summary)), cursor, true);
            self.ready.push_back(message);
        }
        self.cursor = match is_last {
            true => Cursor::Feed { after: tail },
            false => Cursor::Summaries { tail, after: last },
        };
        Ok(())
    }

    /// What the feed has for a watcher that is behind the loop.
    async fn behind(&mut self, after: u64) -> Result<(), Error> {
        let store = self.tracking.desk.within(&self.principal).store;
        let page = store.feed_after(after, CHUNKS).await.map_err(store_error)?.events;
        let Some(last) = page.last().map(|last| last.position) else {
            // Whatever is numbered from now on is read by a pass of the loop that begins after this one began to
            // listen, so it is told of.
            self.is_live = true;
            return Ok(());
        };
        let met: HashSet<Uuid> = page.iter().map(|one| one.case.uuid()).collect();
        let mine: HashSet<Uuid> = readers::Entity::find()
            .select_only()
            .column(readers::Column::CaseId)
            .filter(readers::Column::Reader.eq(&self.reader))
            .filter(readers::Column::CaseId.is_in(met))
            .into_tuple()
            .all(store.reader())
            .await
            .map_err(store_error)?
            .into_iter()
            .collect();
        let page: Vec<_> = page.into_iter().filter(|one| mine.contains(&one.case.uuid())).collect();
        for told in self.tracking.feed.told(&page).await? {
            self.take(&told).await;
        }
        self.cursor = Cursor::Feed { after: last };
        Ok(())
    }

    /// Waits to be told; a bookmark when it was quiet for long.
    async fn live(&mut self, after: u64) -> Result<Option<WatchCasesResponse>, Error> {
        // Asked for first: what the channel does not hold then is told of later.
        let (reached, until) =
            (self.tracking.feed.position().await?, self.tracking.feed.complete_until());
        let wait = BOOKMARK_EVERY.saturating_sub(self.since_bookmark.elapsed());
        if wait.is_zero() && self.told.is_empty() {
            self.since_bookmark = Stopwatch::start();
            let cursor = Cursor::Feed { after: after.max(reached) };
            self.cursor = cursor;
            let complete_until = Some(to_timestamp(until));
            let bookmark = Sent::Bookmark(common::v1::Bookmark { complete_until });
            return Ok(Some(self.message(bookmark, cursor, true)));
        }
        let shutdown = self.tracking.shutdown.clone();
        let heard = tokio::select! {
            () = shutdown.stopping() => return Ok(None),
            heard = tokio::time::timeout(wait, self.told.recv()) => heard,
        };
        match heard {
            Err(_) => {}
            Ok(Ok(told)) if told.position <= after => {}
            Ok(Ok(told)) => {
                self.take(&told).await;
                self.cursor = Cursor::Feed { after: told.position };
            }
            // It fell behind, or nobody tells any more: the feed has it.
            Ok(Err(RecvError::Lagged(_))) => self.is_live = false,
            Ok(Err(RecvError::Closed)) => {
                self.told = self.tracking.feed.listen(&self.reader);
                self.is_live = false;
            }
        }
        Ok(None)
    }

    /// Makes a message of an entry, if it is the reader's to see and fits.
    async fn take(&mut self, told: &Told) {
        let scene = &told.scene;
        let fits = self.filter.fits(&scene.after);
        let fitted = scene.before.as_ref().is_some_and(|before| self.filter.fits(before));
        let reader = self.shows();
        let shown = sees(&self.principal, &scene.after) && reader.shows(&scene.event);
        if !shown || !(fits || fitted) {
            return;
        }
        let entry = scene.shown(&reader).await;
        let entry = CaseEntry {
            case_id: told.case.to_string(),
            entry: Some(TimelineEntry::clone(&entry)),
            fits,
        };
        let cursor = Cursor::Feed { after: told.position };
        let message = self.message(Sent::Entry(Box::new(entry)), cursor, !scene.goes_on);
        self.ready.push_back(message);
    }

    fn message(&self, event: Sent, cursor: Cursor, is_whole: bool) -> WatchCasesResponse {
        let (key, principal) = (&*self.tracking.desk.key, &self.principal);
        let filter = &*self.filter.bytes;
        let cursors = Cursors { key, principal, epoch: self.tracking.epoch, filter };
        let resume_token = if is_whole { cursors.write(cursor) } else { String::new() };
        WatchCasesResponse { event: Some(event), resume_token }
    }

    fn shows(&self) -> Reader<'_> {
        self.tracking.reader(self.principal.role, self.language)
    }
}
