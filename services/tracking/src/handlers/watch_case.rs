//! `WatchCase`: the story as it happens, from any place in it.
//!
//! Ordered, unique, reliable, atomic, resumable, bookmarked. The bell only shortens the wait: the log is
//! read at least once a second, so a ring that is lost costs a second. Nothing is buffered for a reader
//! that does not read; the next entries are fetched when it asks for them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use futures::Stream;
use parasol_api::limits::BOOKMARK_EVERY_SECONDS;
use parasol_api::tracking::v1::watch_case_response::Event as Sent;
use parasol_api::tracking::v1::{WatchCaseRequest, WatchCaseResponse};
use parasol_api::{Error, Language, Reason, common};
use parasol_bell::CaseWatcher;
use parasol_desk::{Call, sees};
use parasol_journey::ids::CaseId;
use parasol_journey::{Case, Event};
use parasol_runtime::clock::Stopwatch;
use parasol_runtime::identity::Principal;
use tonic::{Request, Response, Status};

use super::{check_case, store_error};
use crate::Tracking;
use crate::token::Place;
use crate::views::Reader;

/// The stream of one watcher.
pub type WatchStream = Pin<Box<dyn Stream<Item = Result<WatchCaseResponse, Status>> + Send>>;

/// Entries read at a time.
const BATCH: u64 = 64;
/// How long a lost ring can go unnoticed.
const POLL: Duration = Duration::from_secs(1);

struct Watch {
    tracking: Tracking,
    principal: Principal,
    language: Language,
    id: CaseId,
    /// The case after the last entry that was read.
    case: Option<Case>,
    /// The last entry delivered.
    seq: u64,
    ready: VecDeque<(Event, Case)>,
    rings: CaseWatcher,
    since_bookmark: Stopwatch,
    failed: bool,
}

pub async fn handle(
    tracking: &Tracking,
    request: Request<WatchCaseRequest>,
) -> Result<Response<WatchStream>, Error> {
    let call = Call::reading(&request, "WatchCase")?;
    let id = check_case(&request.get_ref().case_id)?;
    let language = Language::of_tag(&request.get_ref().language).unwrap_or_default();
    // Subscribed before the log is read, so that nothing falls between the two.
    let rings = tracking.bell.watch_case(id);
    let case = tracking.desk.case(&call.principal, id).await?;
    let token = &request.get_ref().resume_token;
    let (key, principal) = (&*tracking.desk.key, &call.principal);
    let place = Place { key, principal, epoch: tracking.epoch, case: id };
    let seq = if token.is_empty() { 0 } else { place.read(token)? };
    if seq > case.version {
        return Err(Error::new(Reason::ResyncRequired));
    }
    let watch = Watch {
        tracking: tracking.clone(),
        principal: call.principal,
        language,
        id,
        case: None,
        seq,
        ready: VecDeque::new(),
        rings,
        since_bookmark: Stopwatch::start(),
        failed: false,
    };
    let stream = futures::stream::unfold(watch, |mut watch| async move {
        let item = watch.next().await?;
        Some((item.map_err(Status::from), watch))
    });
    Ok(Response::new(Box::pin(stream)))
}

impl Watch {
    /// The next message; `None` when the stream ends.
    async fn next(&mut self) -> Option<Result<WatchCaseResponse, Error>> {
        let stopping = self.tracking.shutdown.stopping_token();
        loop {
            if self.failed || stopping.is_cancelled() {
                return None;
            }
            if let Some((event, after)) = self.ready.pop_front() {
                return Some(Ok(self.deliver(&event, &after).await));
            }
            match self.read().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
            if self.since_bookmark.elapsed().as_secs() >= BOOKMARK_EVERY_SECONDS {
                return Some(Ok(self.bookmark()));
            }
            tokio::select! {
                () = stopping.cancelled() => {}
                _ = tokio::time::timeout(POLL, self.rings.next()) => {}
            }
        }
    }

    /// Reads what is new; false when there is nothing. Rights are asked for again each time.
    async fn read(&mut self) -> Result<bool, Error> {
        let from = self.case.as_ref().map_or(0, |case| case.version);
        let store = &self.tracking.desk.store;
        let log = store.log_after(self.id, from, BATCH).await.map_err(store_error)?;
        let Some(first) = log.first() else { return Ok(false) };
        if self.case.is_none() {
            let opening = [first.event.clone()];
            self.case = Case::replay(self.id, &opening);
        }
        let Some(mut case) = self.case.take() else {
            return Err(Error::new(Reason::NotFound));
        };
        for logged in log {
            if logged.event.seq > case.version {
                case.apply(&logged.event);
            }
            if logged.event.seq > self.seq && self.reader().shows(&logged.event) {
                self.ready.push_back((logged.event, case.clone()));
            }
        }
        if self.ready.is_empty() && !sees(&self.principal, &case) {
            // Folding towards the token: what the case once was does not matter.
            self.case = Some(case);
            return Ok(true);
        }
        let allowed = sees(&self.principal, &case);
        self.case = Some(case);
        if allowed { Ok(true) } else { self.recheck().await }
    }

    /// The case as folded so far is not the caller's; it counts what it is now.
    async fn recheck(&mut self) -> Result<bool, Error> {
        self.tracking.desk.case(&self.principal, self.id).await?;
        Ok(true)
    }

    async fn deliver(&mut self, event: &Event, after: &Case) -> WatchCaseResponse {
        self.seq = event.seq;
        let entry = self.reader().entry(event, after).await;
        WatchCaseResponse { event: Some(Sent::Entry(Box::new(entry))), resume_token: self.token() }
    }

    fn reader(&self) -> Reader<'_> {
        Reader {
            people: &self.tracking.people,
            store: &self.tracking.desk.store,
            role: self.principal.role,
            language: self.language,
        }
    }

    fn bookmark(&mut self) -> WatchCaseResponse {
        self.since_bookmark = Stopwatch::start();
        let now = self.tracking.desk.clock.now();
        let complete_until = Some(parasol_api::convert::to_timestamp(now));
        let bookmark = common::v1::Bookmark { complete_until };
        WatchCaseResponse { event: Some(Sent::Bookmark(bookmark)), resume_token: self.token() }
    }

    fn token(&self) -> String {
        let (key, principal) = (&*self.tracking.desk.key, &self.principal);
        Place { key, principal, epoch: self.tracking.epoch, case: self.id }.token(self.seq)
    }
}
