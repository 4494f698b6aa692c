//! `WatchCase`: the story of one case as it happens, from any place in it.
//!
//! Ordered, unique, reliable, atomic, resumable, bookmarked. A watcher holds a place; what happens it takes from the
//! case's story, which all its watchers share, and what the story does not keep any more from the log. Nothing is
//! buffered for a reader that does not read.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use futures::Stream;
use parasol_api::tracking::v1::watch_case_response::Event as Sent;
use parasol_api::tracking::v1::{TimelineEntry, WatchCaseRequest, WatchCaseResponse};
use parasol_api::{Error, Language, Reason, common};
use parasol_desk::{Call, sees};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use parasol_runtime::clock::Stopwatch;
use parasol_runtime::identity::Principal;
use tokio::sync::watch;
use tonic::{Request, Response, Status};

use super::place::Place;
use super::story::{Scene, Since, Story};
use super::{BOOKMARK_EVERY, PATIENCE};
use crate::Tracking;
use crate::handlers::{case_of, not_found};
use crate::views::Reader;

/// The stream of one watcher.
pub type WatchStream = Pin<Box<dyn Stream<Item = Result<WatchCaseResponse, Status>> + Send>>;

struct Watch {
    tracking: Tracking,
    principal: Principal,
    language: Language,
    story: Arc<Story>,
    news: watch::Receiver<u64>,
    /// The last entry that was delivered, or passed over.
    seq: u64,
    ready: VecDeque<Arc<Scene>>,
    since_bookmark: Stopwatch,
    /// Runs since it was last asked whether the reader still may.
    since_check: Stopwatch,
    /// Runs since the last message was handed out.
    handed: Option<Stopwatch>,
    is_over: bool,
}

/// Opens a watch.
///
/// # Errors
/// `NOT_FOUND`, `FIELD_INVALID`, `RESYNC_REQUIRED`, and what the store says.
pub async fn open(
    tracking: &Tracking,
    request: Request<WatchCaseRequest>,
) -> Result<Response<WatchStream>, Error> {
    let call = Call::reading(&request, "WatchCase")?;
    let id = case_of(&call.principal, &request.get_ref().case_id)?;
    let language = Language::of_tag(&request.get_ref().language).unwrap_or_default();
    tracking.links.note_use(&tracking.desk, &call).await?;
    let story = tracking.stories.open(id).await?.ok_or_else(not_found)?;
    let case = story.case().filter(|case| sees(&call.principal, case));
    let case = match case {
        Some(case) => case,
        // What is known here may be a moment old.
        None => Arc::new(tracking.desk.case(&call.principal, id).await?),
    };
    let token = &request.get_ref().resume_token;
    let (key, principal) = (&*tracking.desk.key, &call.principal);
    let place = Place { key, principal, epoch: tracking.epoch, case: id };
    let seq = if token.is_empty() { 0 } else { place.read(token)? };
    if seq > case.version && seq > tracking.desk.case(principal, id).await?.version {
        return Err(Error::new(Reason::ResyncRequired));
    }
    let watch = Watch {
        tracking: tracking.clone(),
        principal: call.principal,
        language,
        news: story.news(),
        story,
        seq,
        ready: VecDeque::new(),
        since_bookmark: Stopwatch::start(),
        since_check: Stopwatch::start(),
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
    fn id(&self) -> CaseId {
        self.story.id
    }

    /// The next message; `None` when the stream ends.
    async fn next(&mut self) -> Option<Result<WatchCaseResponse, Error>> {
        let untaken = self.handed.take().map(|handed| handed.elapsed()).unwrap_or_default();
        if !self.is_over && untaken > PATIENCE {
            return Some(Err(Error::new(Reason::Overloaded)));
        }
        loop {
            if self.is_over || self.tracking.shutdown.is_stopping() {
                return None;
            }
            if self.since_check.elapsed() >= BOOKMARK_EVERY {
                if let Err(error) = self.still_may().await {
                    return Some(Err(error));
                }
                self.since_check = Stopwatch::start();
            }
            if let Some(scene) = self.ready.pop_front() {
                return Some(Ok(self.deliver(&scene).await));
            }
            // Asked for first: whatever was committed before it is in the story by now.
            let until = self.tracking.feed.complete_until();
            match self.read().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => return Some(Err(error)),
            }
            let quiet = self.since_bookmark.elapsed();
            if quiet >= BOOKMARK_EVERY {
                return Some(Ok(self.bookmark(until)));
            }
            let wait = BOOKMARK_EVERY.saturating_sub(quiet.max(self.since_check.elapsed()));
            let shutdown = self.tracking.shutdown.clone();
            tokio::select! {
                () = shutdown.stopping() => {}
                _ = tokio::time::timeout(wait, self.news.changed()) => {}
            }
        }
    }

    /// Takes what is new; false when there is nothing. Rights are asked for again each time.
    async fn read(&mut self) -> Result<bool, Error> {
        self.news.borrow_and_update();
        let scenes = match self.story.since(self.seq) {
            Since::Scenes(scenes) => scenes,
            Since::Behind => {
                let history = self.tracking.stories.history(&self.story, 0).await?;
                history.iter().filter(|scene| scene.event.seq > self.seq).cloned().collect()
            }
        };
        let Some(last) = scenes.last() else { return Ok(false) };
        if !sees(&self.principal, &last.after) {
            // As far as it is known here it is not the caller's; it counts what it is now.
            self.tracking.desk.case(&self.principal, self.id()).await?;
        }
        let reached = last.event.seq;
        let reader = self.reader();
        let shown: Vec<_> = scenes.into_iter().filter(|scene| reader.shows(&scene.event)).collect();
        if shown.is_empty() {
            self.seq = reached;
        }
        self.ready.extend(shown);
        Ok(true)
    }

    /// Whether a share link is still good; other credentials are looked at when a call begins.
    async fn still_may(&self) -> Result<(), Error> {
        self.tracking.links.still_good(&self.tracking.desk, &self.principal).await
    }

    async fn deliver(&mut self, scene: &Scene) -> WatchCaseResponse {
        self.seq = scene.event.seq;
        let entry = scene.shown(&self.reader()).await;
        let resume_token = if scene.goes_on { String::new() } else { self.token() };
        let entry = Box::new(TimelineEntry::clone(&entry));
        WatchCaseResponse { event: Some(Sent::Entry(entry)), resume_token }
    }

    fn reader(&self) -> Reader<'_> {
        self.tracking.reader(self.principal.role, self.language)
    }

    fn bookmark(&mut self, until: Timestamp) -> WatchCaseResponse {
        self.since_bookmark = Stopwatch::start();
        let complete_until = Some(parasol_api::convert::to_timestamp(until));
        let bookmark = common::v1::Bookmark { complete_until };
        WatchCaseResponse { event: Some(Sent::Bookmark(bookmark)), resume_token: self.token() }
    }

    fn token(&self) -> String {
        let (key, principal) = (&*self.tracking.desk.key, &self.principal);
        Place { key, principal, epoch: self.tracking.epoch, case: self.id() }.token(self.seq)
    }
}
