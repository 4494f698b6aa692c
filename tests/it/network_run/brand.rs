//! A brand's system: chooses the next step of a case from the case as it is, and sends every message until it has an
//! answer, some of them twice and some an hour late.
//!
//! How messages travel and how news come is the brand's [`Way`]; what goes wrong on it is in there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::future::join_all;
use parasol_journey::time::{Span, Timestamp};
use uuid::Uuid;

/// Names the space of the brands' request ids.
const REQUESTS: Uuid = Uuid::from_u128(0x7a6e_0002_26d1_5f0e_9c55_0f6e_8d1a_7b32);
/// Messages in flight at a time.
const AT_ONCE: usize = 32;
/// How often a message is sent before the test gives up.
const SENDS_MAX: usize = 60;
/// Of so many messages one is late.
const LATE_EVERY: usize = 10;

/// Something that changed, as a brand is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The offer or the work order, as its bare digits.
    pub id: String,
    /// The case, as it is named in calls.
    pub case: String,
    /// The version of the case that it shows.
    pub version: u64,
    /// The offer, if it is one that can be answered.
    pub live_offer: Option<String>,
}

/// A step of a brand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Accept,
    Assign,
    Book,
    CheckIn,
    Inspect,
    Repair,
}

/// A case as the brand sees it.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// The stage's name on the wire.
    pub stage: String,
    pub version: u64,
    pub centre: String,
    pub technician: String,
    pub appointment: String,
    pub serial: String,
}

/// What is needed to make a message.
#[derive(Clone, Debug)]
pub struct Draft {
    pub case: String,
    pub step: Step,
    pub request_id: String,
    pub at: Timestamp,
    pub sequence: i64,
    /// The offer that is accepted.
    pub offer: String,
    pub look: Look,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It moved the case to this version.
    Applied(u64),
    /// It was kept as evidence.
    Kept,
    /// It was refused for this reason.
    Refused(String),
    /// Nobody knows.
    Lost,
}

/// How a brand and the platform talk.
pub trait Way {
    /// A message as it is sent, the same each time.
    type Message;
    /// What changed since the last call.
    async fn news(&mut self) -> Vec<News>;
    /// A case of the brand's that was accepted; `None` where it has none or no more.
    async fn look(&self, case: &str) -> Option<Look>;
    /// A message, complete; `None` where there is nobody or no window for it just now.
    async fn message(&self, draft: &Draft) -> Option<Self::Message>;
    /// Sends it once.
    async fn send(&self, message: &Self::Message) -> Sent;
    /// Whether the next message is sent twice.
    fn doubles(&self) -> bool;
}

/// A brand's system.
pub struct Brand<W: Way> {
    pub way: W,
    /// Everything it was told, in order.
    pub told: Vec<News>,
    /// Messages that took effect: request id to case and version.
    pub applied: BTreeMap<String, (String, u64)>,
    /// Refusals by reason, and messages kept as evidence.
    pub passed_over: BTreeMap<String, usize>,
    pub late: usize,
    pub doubled: usize,
    todo: BTreeSet<String>,
    offers: HashMap<String, String>,
    sequences: HashMap<String, i64>,
    parked: Vec<(Timestamp, Draft, W::Message)>,
    messages: usize,
}

impl<W: Way> Brand<W> {
    pub fn new(way: W) -> Self {
        Self {
            way,
            told: Vec::new(),
            applied: BTreeMap::new(),
            passed_over: BTreeMap::new(),
            late: 0,
            doubled: 0,
            todo: BTreeSet::new(),
            offers: HashMap::new(),
            sequences: HashMap::new(),
            parked: Vec::new(),
            messages: 0,
        }
    }

    /// Reads what is new and does what can be done now; says how many messages were sent.
    pub async fn work(&mut self, now: Timestamp) -> usize {
        for news in self.way.news().await {
            self.todo.insert(news.case.clone());
            match &news.live_offer {
                Some(offer) => self.offers.insert(news.case.clone(), offer.clone()),
                None => None,
            };
            self.told.push(news);
        }
        let due = self.parked.extract_if(.., |(at, ..)| *at <= now);
        let mut ready: Vec<_> = due.map(|(_, draft, message)| (draft, message)).collect();
        let waiting: BTreeSet<_> = self.parked.iter().map(|(_, draft, _)| &draft.case).collect();
        let (parked, open): (BTreeSet<_>, BTreeSet<_>) =
            std::mem::take(&mut self.todo).into_iter().partition(|case| waiting.contains(case));
        self.todo = parked;
        let busy: BTreeSet<_> = ready.iter().map(|(draft, _)| draft.case.clone()).collect();
        for case in open {
            if busy.contains(&case) {
                self.todo.insert(case);
                continue;
            }
            let Some(draft) = self.next(&case, now).await else { continue };
            self.todo.insert(case.clone());
            let Some(message) = self.way.message(&draft).await else { continue };
            self.messages += 1;
            if self.messages.is_multiple_of(LATE_EVERY) {
                self.late += 1;
                self.parked.push((now + Span::hours(1), draft, message));
            } else {
                ready.push((draft, message));
            }
        }
        let count = ready.len();
        for chunk in ready.chunks(AT_ONCE) {
            let sent = join_all(chunk.iter().map(|(_, message)| self.deliver(message))).await;
            for ((draft, _), (outcome, doubled)) in chunk.iter().zip(sent) {
                self.doubled += usize::from(doubled);
                self.note(draft, outcome);
            }
        }
        count
    }

    /// When the next late message is sent.
    pub fn next_late(&self) -> Option<Timestamp> {
        self.parked.iter().map(|(at, ..)| *at).min()
    }

    /// The next step of a case that is this brand's to take.
    async fn next(&mut self, case: &str, now: Timestamp) -> Option<Draft> {
        let (step, look, offer) = match self.offers.get(case) {
            Some(offer) => (Step::Accept, Look::default(), offer.clone()),
            None => {
                let look = self.way.look(case).await?;
                let step = match look.stage.as_str() {
                    "STAGE_CENTRE_ASSIGNED" => Step::Assign,
                    "STAGE_TECHNICIAN_ASSIGNED" => Step::Book,
                    "STAGE_APPOINTED" => Step::CheckIn,
                    "STAGE_ON_SITE" | "STAGE_INSPECTING" => Step::Inspect,
                    "STAGE_REPAIRING" => Step::Repair,
                    _ => return None,
                };
                (step, look, String::new())
            }
        };
        let sequence = self.sequences.entry(case.to_owned()).or_default();
        *sequence += 1;
        let name = format!("{case}/{offer}/{}/{step:?}/{sequence}", look.version);
        let request_id = Uuid::new_v5(&REQUESTS, name.as_bytes()).to_string();
        let (case, sequence) = (case.to_owned(), *sequence);
        Some(Draft { case, step, request_id, at: now, sequence, offer, look })
    }

    /// Sends a message until it is known what became of it, perhaps twice at once.
    async fn deliver(&self, message: &W::Message) -> (Sent, bool) {
        let doubled = self.way.doubles();
        for _ in 0..SENDS_MAX {
            let sent = if doubled {
                let both = [self.way.send(message), self.way.send(message)];
                let [one, other] =
                    <[Sent; 2]>::try_from(join_all(both).await).expect("two answers");
                if one != Sent::Lost && other != Sent::Lost {
                    assert_eq!(one, other, "the same message was answered differently");
                }
                if one == Sent::Lost { other } else { one }
            } else {
                self.way.send(message).await
            };
            if sent != Sent::Lost {
                return (sent, doubled);
            }
        }
        panic!("a message had no answer after {SENDS_MAX} sends");
    }

    fn note(&mut self, draft: &Draft, sent: Sent) {
        if draft.step == Step::Accept {
            // Answered, whatever came of it; a newer offer comes as news.
            let is_same = self.offers.get(&draft.case) == Some(&draft.offer);
            if is_same {
                self.offers.remove(&draft.case);
            }
        }
        match sent {
            Sent::Applied(version) => {
                let effect = (draft.case.clone(), version);
                let before = self.applied.insert(draft.request_id.clone(), effect);
                assert_eq!(before, None, "a request id was used twice");
            }
            Sent::Kept => *self.passed_over.entry("KEPT".to_owned()).or_default() += 1,
            Sent::Refused(reason) => *self.passed_over.entry(reason).or_default() += 1,
            Sent::Lost => unreachable!("a message is sent until it has an answer"),
        }
        self.todo.insert(draft.case.clone());
    }
}
