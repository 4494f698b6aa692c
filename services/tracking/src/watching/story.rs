//! A case as it is watched in this process: folded once, for all its watchers.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use parasol_api::tracking::v1::TimelineEntry;
use parasol_api::{Error, Language};
use parasol_bell::{Heard, Ring};
use parasol_casebook::Store;
use parasol_journey::ids::CaseId;
use parasol_journey::{Case, Event};
use parasol_runtime::clock::Stopwatch;
use parasol_runtime::identity::Role;
use tokio::sync::{Notify, OnceCell, watch};

use crate::handlers::store_error;
use crate::views::Reader;

/// Entries that a story keeps for watchers who are a little behind; others read the log.
const KEPT_MAX: usize = 16;
/// How long it keeps them once there are newer ones: each holds the case as it was.
const KEPT_FOR: Duration = Duration::from_secs(5);
/// Entries of all stories together that are read at a time.
const READ_MAX: u64 = 4_096;
/// The most entries read of one case; no honest case comes near it.
const LOG_MAX: u64 = 10_000;

/// An entry with the case around it.
pub struct Scene {
    /// The entry.
    pub event: Event,
    /// The case before it; `None` for the first.
    pub before: Option<Arc<Case>>,
    /// The case after it.
    pub after: Arc<Case>,
    /// Whether more entries of the same step follow.
    pub goes_on: bool,
    shown: tokio::sync::Mutex<Vec<(Role, Language, Arc<TimelineEntry>)>>,
}

impl Scene {
    fn new(event: Event, before: Option<Arc<Case>>, after: Arc<Case>, goes_on: bool) -> Arc<Self> {
        Arc::new(Self { event, before, after, goes_on, shown: tokio::sync::Mutex::default() })
    }

    /// The entry as a reader is shown it; made once for each role and language.
    pub async fn shown(&self, reader: &Reader<'_>) -> Arc<TimelineEntry> {
        let mut shown = self.shown.lock().await;
        let known = shown
            .iter()
            .find(|(role, language, _)| (*role, *language) == (reader.role, reader.language));
        if let Some((_, _, entry)) = known {
            return Arc::clone(entry);
        }
        let entry = Arc::new(reader.entry(&self.event, &self.after).await);
        shown.push((reader.role, reader.language, Arc::clone(&entry)));
        entry
    }
}

/// The scenes of a log; a step's entries have one time.
pub fn scenes(id: CaseId, log: Vec<Event>) -> Vec<Arc<Scene>> {
    let mut scenes = Vec::with_capacity(log.len());
    let mut case: Option<Arc<Case>> = None;
    let mut log = log.into_iter().peekable();
    while let Some(event) = log.next() {
        let before = case.take();
        let after = match &before {
            None => match Case::replay(id, std::slice::from_ref(&event)) {
                Some(case) => case,
                None => return scenes,
            },
            Some(before) => {
                let mut after = Case::clone(before);
                after.apply(&event);
                after
            }
        };
        let after = Arc::new(after);
        let goes_on = log.peek().is_some_and(|next| next.at == event.at);
        scenes.push(Scene::new(event, before, Arc::clone(&after), goes_on));
        case = Some(after);
    }
    scenes
}

/// The whole log of a case, as scenes.
pub type History = Vec<Arc<Scene>>;

/// What a story has after a place.
pub enum Since {
    /// These, in order; none when nothing is new.
    Scenes(Vec<Arc<Scene>>),
    /// More than it keeps; read the history.
    Behind,
}

/// A watched case.
pub struct Story {
    /// Which.
    pub id: CaseId,
    stories: Weak<Inner>,
    loaded: OnceCell<()>,
    state: Mutex<Option<State>>,
    /// The highest version that was heard of.
    heard: AtomicU64,
    version: watch::Sender<u64>,
    /// The history, while somebody reads it.
    history: tokio::sync::Mutex<Weak<History>>,
}

struct State {
    case: Arc<Case>,
    /// The last entries, and since when each is known.
    kept: VecDeque<(Arc<Scene>, Stopwatch)>,
}

impl Story {
    /// Hears of new versions.
    pub fn news(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// The case as far as it is known here.
    pub fn case(&self) -> Option<Arc<Case>> {
        self.state().as_ref().map(|state| Arc::clone(&state.case))
    }

    /// What came after an entry.
    pub fn since(&self, seq: u64) -> Since {
        let state = self.state();
        let Some(state) = &*state else { return Since::Behind };
        if state.case.version <= seq {
            return Since::Scenes(Vec::new());
        }
        match state.kept.front() {
            Some((first, _)) if first.event.seq <= seq + 1 => {
                let new = state.kept.iter().map(|(scene, _)| scene);
                Since::Scenes(new.filter(|scene| scene.event.seq > seq).cloned().collect())
            }
            _ => Since::Behind,
        }
    }

    fn known(&self) -> Option<u64> {
        self.state().as_ref().map(|state| state.case.version)
    }

    fn state(&self) -> MutexGuard<'_, Option<State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes new entries, oldest first; those it has are passed over.
    fn take(&self, events: Vec<Event>) {
        let mut state = self.state();
        let Some(state) = &mut *state else { return };
        state.kept.retain(|(_, since)| since.elapsed() < KEPT_FOR);
        let mut events = events.into_iter().peekable();
        while let Some(event) = events.next() {
            if event.seq != state.case.version + 1 {
                continue;
            }
            let before = Arc::clone(&state.case);
            let mut after = Case::clone(&before);
            after.apply(&event);
            state.case = Arc::new(after);
            let goes_on = events.peek().is_some_and(|next| next.at == event.at);
            let after = Arc::clone(&state.case);
            let scene = Scene::new(event, Some(before), after, goes_on);
            state.kept.push_back((scene, Stopwatch::start()));
        }
        let excess = state.kept.len().saturating_sub(KEPT_MAX);
        state.kept.drain(..excess);
        self.version.send_replace(state.case.version);
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        if let Some(inner) = self.stories.upgrade() {
            let mut open = inner.open();
            // Somebody may have opened it anew meanwhile.
            if open.get(&self.id).is_some_and(|story| story.strong_count() == 0) {
                open.remove(&self.id);
            }
        }
    }
}

/// The stories of this process. A clone is the same.
#[derive(Clone)]
pub struct Stories(Arc<Inner>);

struct Inner {
    store: Store,
    open: Mutex<HashMap<CaseId, Weak<Story>>>,
    /// Stories of which something new was heard.
    dirty: Mutex<HashSet<CaseId>>,
    woken: Notify,
}

impl Inner {
    fn open(&self) -> MutexGuard<'_, HashMap<CaseId, Weak<Story>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn dirty(&self) -> MutexGuard<'_, HashSet<CaseId>> {
        self.dirty.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stories {
    pub fn new(store: Store) -> Self {
        let (open, dirty, woken) = (Mutex::default(), Mutex::default(), Notify::new());
        Self(Arc::new(Inner { store, open, dirty, woken }))
    }

    /// The story of a case, begun if nobody watches it yet; `None` when there is no such case.
    ///
    /// # Errors
    /// What the store says.
    pub async fn open(&self, id: CaseId) -> Result<Option<Arc<Story>>, Error> {
        let story = self.entry(id);
        let load = || async {
            // It is known to whoever rings before it is read, so nothing falls between the two.
            let case = self.0.store.case(id).await.map_err(store_error)?;
            if let Some(case) = case {
                story.version.send_replace(case.version);
                *story.state() = Some(State { case: Arc::new(case), kept: VecDeque::new() });
            }
            Ok::<(), Error>(())
        };
        story.loaded.get_or_try_init(load).await?;
        let Some(known) = story.known() else { return Ok(None) };
        if story.heard.load(Ordering::Acquire) > known {
            self.0.dirty().insert(id);
            self.0.woken.notify_one();
        }
        Ok(Some(story))
    }

    fn entry(&self, id: CaseId) -> Arc<Story> {
        let mut open = self.0.open();
        if let Some(story) = open.get(&id).and_then(Weak::upgrade) {
            return story;
        }
        let story = Arc::new(Story {
            id,
            stories: Arc::downgrade(&self.0),
            loaded: OnceCell::new(),
            state: Mutex::default(),
            heard: AtomicU64::new(0),
            version: watch::Sender::new(0),
            history: tokio::sync::Mutex::default(),
        });
        open.insert(id, Arc::downgrade(&story));
        story
    }

    /// The whole log of a story's case, at least as far as the story knows it and as is asked; read once for all who
    /// read it at the same time.
    ///
    /// # Errors
    /// What the store says.
    pub async fn history(&self, story: &Story, reach: u64) -> Result<Arc<History>, Error> {
        let mut kept = story.history.lock().await;
        let known = story.known().unwrap_or_default().max(reach);
        let last = |history: &History| history.last().map_or(0, |scene| scene.event.seq);
        if let Some(history) = kept.upgrade().filter(|history| last(history) >= known) {
            return Ok(history);
        }
        let history = Arc::new(self.read(story.id).await?);
        *kept = Arc::downgrade(&history);
        Ok(history)
    }

    /// The whole log of a case, for somebody who does not watch it; shared with those who do.
    ///
    /// # Errors
    /// What the store says.
    pub async fn history_of(&self, id: CaseId, reach: u64) -> Result<Arc<History>, Error> {
        let story = self.0.open().get(&id).and_then(Weak::upgrade);
        match story {
            Some(story) => self.history(&story, reach).await,
            None => Ok(Arc::new(self.read(id).await?)),
        }
    }

    async fn read(&self, id: CaseId) -> Result<History, Error> {
        let log = self.0.store.log_after(id, 0, LOG_MAX).await.map_err(store_error)?;
        Ok(scenes(id, log.into_iter().map(|logged| logged.event).collect()))
    }

    /// How many cases are watched.
    pub fn count(&self) -> usize {
        self.0.open().len()
    }

    /// Notes that a case has moved; nothing happens if nobody watches it.
    pub fn note(&self, case: CaseId, version: u64) {
        let story = self.0.open().get(&case).and_then(Weak::upgrade);
        let Some(story) = story else { return };
        story.heard.fetch_max(version, Ordering::AcqRel);
        if story.known().is_some_and(|known| known < version) {
            self.0.dirty().insert(case);
        }
    }

    /// Notes what was heard. Of lost rings the feed tells.
    pub fn hear(&self, heard: Heard) {
        if let Heard::Ring(Ring::Case { case, version }) = heard {
            self.note(case, version);
        }
    }

    /// Waits until a story must be read again for another reason than a ring.
    pub async fn woken(&self) {
        self.0.woken.notified().await;
    }

    /// Reads what is new in the stories of which something was heard.
    ///
    /// # Errors
    /// What the store says; then they are read the next time.
    pub async fn refresh(&self) -> Result<(), Error> {
        loop {
            let dirty = std::mem::take(&mut *self.0.dirty());
            let mut stories = HashMap::with_capacity(dirty.len());
            for id in dirty {
                let story = self.0.open().get(&id).and_then(Weak::upgrade);
                stories.extend(story.map(|story| (id, story)));
            }
            let places: Vec<_> =
                stories.iter().filter_map(|(id, story)| Some((*id, story.known()?))).collect();
            if places.is_empty() {
                return Ok(());
            }
            let read = self.0.store.logs_after(&places, READ_MAX).await;
            let new = read.map_err(|error| {
                self.0.dirty().extend(stories.keys().copied());
                store_error(error)
            })?;
            let is_cut = new.len() as u64 >= READ_MAX;
            let mut by_case: HashMap<CaseId, Vec<Event>> = HashMap::new();
            for (id, event) in new {
                by_case.entry(id).or_default().push(event);
            }
            for (id, events) in by_case {
                if let Some(story) = stories.get(&id) {
                    story.take(events);
                }
            }
            if !is_cut {
                return Ok(());
            }
            self.0.dirty().extend(stories.keys().copied());
        }
    }
}
