//! The feed, followed once for all watchers of this process.
//!
//! Every pass reads what was numbered since the last one. It tells the stories of it, which makes up for rings that were
//! lost, and it tells the watchers of many cases, by the readers of each case. A channel keeps a little; whoever falls
//! behind reads the feed itself and comes back.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use parasol_api::Error;
use parasol_casebook::{Numbered, Store};
use parasol_desk::{is_customer, readers};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use tokio::sync::broadcast;

use super::story::{Scene, Since, Stories, Story};
use crate::handlers::store_error;

/// Chunks of the feed read at a time; one has at most 256 events.
const CHUNKS: u64 = 4;
/// What a channel keeps for watchers who are a little behind.
const CHANNEL_MAX: usize = 1_024;
/// The same of a customer's: there are many of them, and little happens to each.
const CUSTOMER_CHANNEL_MAX: usize = 16;
/// Stories of moving cases that are kept for watchers of many, so that each entry is read once.
const STORIES_MAX: u64 = 10_000;
/// How long one is kept that does not move.
const KEPT_FOR: Duration = Duration::from_secs(600);

/// An entry at its position.
pub struct Told {
    /// Its position in the feed.
    pub position: u64,
    /// The case.
    pub case: CaseId,
    /// What happened.
    pub scene: Arc<Scene>,
}

/// The feed, followed. A clone is the same.
#[derive(Clone)]
pub struct Feed(Arc<Inner>);

struct Inner {
    store: Store,
    stories: Stories,
    /// Everything up to here was told; `u64::MAX` before the first pass.
    position: AtomicU64,
    /// Everything committed before this was told, microseconds.
    complete_until: AtomicI64,
    channels: Mutex<HashMap<String, broadcast::Sender<Arc<Told>>>>,
    moving: Cache<CaseId, Arc<Story>>,
    /// One pass at a time.
    passing: tokio::sync::Mutex<()>,
}

impl Feed {
    pub fn new(store: Store, stories: Stories) -> Self {
        let moving = Cache::builder().max_capacity(STORIES_MAX).time_to_idle(KEPT_FOR).build();
        Self(Arc::new(Inner {
            store,
            stories,
            position: AtomicU64::new(u64::MAX),
            complete_until: AtomicI64::new(0),
            channels: Mutex::default(),
            moving,
            passing: tokio::sync::Mutex::default(),
        }))
    }

    /// Where the feed was told up to; read from the store if nobody follows it yet.
    ///
    /// # Errors
    /// What the store says.
    pub async fn position(&self) -> Result<u64, Error> {
        match self.0.position.load(Ordering::Acquire) {
            u64::MAX => self.0.store.feed_position().await.map_err(store_error),
            position => Ok(position),
        }
    }

    /// The moment before which everything that was committed has been told.
    pub fn complete_until(&self) -> Timestamp {
        Timestamp::from_micros(self.0.complete_until.load(Ordering::Acquire))
    }

    /// Hears what happens in the cases of a reader, from now on.
    pub fn listen(&self, reader: &str) -> broadcast::Receiver<Arc<Told>> {
        let mut channels = self.channels();
        if let Some(channel) = channels.get(reader) {
            return channel.subscribe();
        }
        let kept = if is_customer(reader) { CUSTOMER_CHANNEL_MAX } else { CHANNEL_MAX };
        let (channel, heard) = broadcast::channel(kept);
        channels.insert(reader.to_owned(), channel);
        heard
    }

    /// One pass: tells what was numbered since the last one; whether there may be more.
    ///
    /// # Errors
    /// What the store says; then the next pass begins at the same place.
    pub async fn run_once(&self, now: Timestamp) -> Result<bool, Error> {
        let _alone = self.0.passing.lock().await;
        let store = &self.0.store;
        let from = self.0.position.load(Ordering::Acquire);
        if from == u64::MAX {
            let position = store.feed_position().await.map_err(store_error)?;
            self.0.position.store(position, Ordering::Release);
            return Ok(true);
        }
        let until = store.numbered_until(now).await.map_err(store_error)?;
        let page = store.feed_after(from, CHUNKS).await.map_err(store_error)?;
        for one in &page.events {
            self.0.stories.note(one.case, one.seq);
        }
        if self.is_heard() {
            for told in self.told(&page.events).await? {
                self.tell(&told);
            }
        }
        if let Some(last) = page.events.last() {
            // What is not told of is refreshed by its own loop; this is for rings that were lost.
            self.0.stories.refresh().await?;
            self.0.position.store(last.position, Ordering::Release);
        }
        if !page.more {
            self.0.complete_until.store(until.micros(), Ordering::Release);
        }
        Ok(page.more)
    }

    /// Events of the feed as they are told, in its order.
    ///
    /// # Errors
    /// What the store says.
    pub async fn told(&self, page: &[Numbered]) -> Result<Vec<Arc<Told>>, Error> {
        let mut cases: BTreeMap<CaseId, (u64, u64)> = BTreeMap::new();
        for one in page {
            let span = cases.entry(one.case).or_insert((one.seq, one.seq));
            *span = (span.0.min(one.seq), span.1.max(one.seq));
        }
        let mut stories = Vec::with_capacity(cases.len());
        for (id, (first, last)) in cases {
            if let Some(story) = self.story(id).await? {
                self.0.stories.note(id, last);
                stories.push((story, first, last));
            }
        }
        self.0.stories.refresh().await?;
        let mut scenes: HashMap<(CaseId, u64), Arc<Scene>> = HashMap::new();
        for (story, first, last) in stories {
            let reaches =
                |scenes: &[Arc<Scene>]| scenes.last().is_some_and(|scene| scene.event.seq >= last);
            let found = match story.since(first - 1) {
                Since::Scenes(scenes) if reaches(&scenes) => scenes,
                // It keeps no more of it, or somebody else is reading it just now.
                _ => self.0.stories.history(&story, last).await?.to_vec(),
            };
            scenes.extend(found.into_iter().map(|scene| ((story.id, scene.event.seq), scene)));
        }
        let told = page.iter().filter_map(|one| {
            let scene = Arc::clone(scenes.get(&(one.case, one.seq))?);
            Some(Arc::new(Told { position: one.position, case: one.case, scene }))
        });
        Ok(told.collect())
    }

    async fn story(&self, id: CaseId) -> Result<Option<Arc<Story>>, Error> {
        if let Some(story) = self.0.moving.get(&id) {
            return Ok(Some(story));
        }
        let story = self.0.stories.open(id).await?;
        if let Some(story) = &story {
            self.0.moving.insert(id, Arc::clone(story));
        }
        Ok(story)
    }

    fn tell(&self, told: &Arc<Told>) {
        let mut channels = self.channels();
        for reader in readers(&told.scene.after) {
            let Some(channel) = channels.get(&reader) else { continue };
            if channel.send(Arc::clone(told)).is_err() {
                channels.remove(&reader);
            }
        }
    }

    fn is_heard(&self) -> bool {
        let mut channels = self.channels();
        channels.retain(|_, channel| channel.receiver_count() > 0);
        !channels.is_empty()
    }

    fn channels(&self) -> MutexGuard<'_, HashMap<String, broadcast::Sender<Arc<Told>>>> {
        self.0.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
