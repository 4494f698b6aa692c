//! What moves in cases, told to pages that show many of them.
//!
//! All pages of one side, the house or one brand, share one watch over cases in a process. Whichever of them has the
//! lead of its side reads the watch for all; when that page goes away another takes the lead and goes on from the same
//! token. Nothing runs while nobody looks. A page is told *that* something moved, and nothing of what: it is then asked
//! for again by whoever looks, as any page is.
//!
//! What it deliberately does not do: it keeps no case, and it does not tell of what lies beside the log (follow-ups,
//! parked work); pages that show such things ask for themselves every so often.

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::response::Response;
use parasol_api::tracking::v1::tracking_service_client::TrackingServiceClient;
use parasol_api::tracking::v1::watch_cases_response::Event;
use parasol_api::tracking::v1::{WatchCasesRequest, WatchCasesResponse};
use parasol_api::{Error, Reason, Role};
use parasol_runtime::transport::{Transport, local};
use tokio::sync::watch;
use tokio::time::timeout;
use tonic::Streaming;

use super::session::Visitor;
use super::{Pages, Web, failed, live};

/// Sides with a watch of their own at a time: the house, and brands of which somebody looks.
const SIDES_MAX: usize = 500;
/// How long a page is told nothing more after a change: what happens meanwhile is told as one.
const TOLD_EVERY: Duration = Duration::from_secs(1);
/// How often a page hears that its stream lives.
const ALIVE_EVERY: Duration = Duration::from_secs(15);

/// The name by which this side of the house watches.
const NAME: &str = "pages";

/// What moves. A clone is the same.
#[derive(Clone)]
pub(crate) struct Moves(Arc<Inner>);

struct Inner {
    /// The way to the services as the house itself; its people see every case, and what they may do is asked when the
    /// page is.
    house: Transport,
    sides: Mutex<HashMap<String, Arc<Side>>>,
}

/// What pages of one side have heard.
#[derive(Clone, Copy, Default)]
struct Heard {
    changes: u64,
    lives: bool,
}

#[derive(Default)]
struct Side {
    heard: watch::Sender<Heard>,
    lead: tokio::sync::Mutex<Lead>,
}

/// The watch of a side, and where it goes on.
#[derive(Default)]
struct Lead {
    messages: Option<Streaming<WatchCasesResponse>>,
    token: String,
}

impl Moves {
    /// What moves, as `web` reaches it.
    pub(crate) fn new(web: &Web) -> Self {
        let Web { transport, key, clock, .. } = web.clone();
        let house = local::as_service(transport, key, clock, NAME);
        Self(Arc::new(Inner { house, sides: Mutex::default() }))
    }

    /// Begins to listen for a visitor; `None` where there is no place for a further side.
    fn listen(&self, pages: &Pages, visitor: &Visitor) -> Option<Listener> {
        let principal = &visitor.principal;
        let (name, transport) = match principal.role {
            Role::Agent | Role::Manager | Role::Operator => (String::new(), self.0.house.clone()),
            Role::Brand => (principal.subject.clone(), pages.transport_of(visitor)),
            _ => return None,
        };
        let mut sides = self.sides();
        if sides.len() >= SIDES_MAX && !sides.contains_key(&name) {
            sides.retain(|_, side| side.heard.receiver_count() > 0);
        }
        if sides.len() >= SIDES_MAX && !sides.contains_key(&name) {
            return None;
        }
        let side = Arc::clone(sides.entry(name).or_default());
        let heard = side.heard.subscribe();
        let seen = heard.borrow().changes;
        Some(Listener { side, transport, heard, seen, rests: false })
    }

    fn sides(&self) -> MutexGuard<'_, HashMap<String, Arc<Side>>> {
        self.0.sides.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lead {
    /// Reads the watch and tells of what it hears, for as long as it goes on. What it has come to is kept, however it
    /// is left.
    async fn follow(&mut self, transport: &Transport, heard: &watch::Sender<Heard>) {
        let end = self.read(transport, heard).await;
        self.messages = None;
        heard.send_modify(|heard| heard.lives = false);
        if let Err(error) = end {
            tracing::debug!(%error, "pages cannot be told what moves");
        }
    }

    async fn read(
        &mut self,
        transport: &Transport,
        heard: &watch::Sender<Heard>,
    ) -> Result<(), Error> {
        if self.messages.is_none() {
            let is_gap = self.open(transport).await?;
            heard.send_modify(|heard| {
                heard.lives = true;
                heard.changes += u64::from(is_gap);
            });
        }
        while let Some(messages) = &mut self.messages {
            let Some(message) = messages.message().await.map_err(failed)? else { break };
            if !message.resume_token.is_empty() {
                self.token = message.resume_token;
            }
            if matches!(message.event, Some(Event::Entry(_))) {
                heard.send_modify(|heard| heard.changes += 1);
            }
        }
        Ok(())
    }

    /// Opens the watch where it was left; says whether something may have been missed.
    async fn open(&mut self, transport: &Transport) -> Result<bool, Error> {
        let ask = |resume_token: String| {
            let mut client = TrackingServiceClient::new(transport.clone());
            let request =
                WatchCasesRequest { resume_token, only_new: true, ..WatchCasesRequest::default() };
            async move { client.watch_cases(request).await.map_err(failed) }
        };
        let is_gap = self.token.is_empty();
        let (opened, is_gap) = match ask(self.token.clone()).await {
            Err(error) if error.reason() == Reason::ResyncRequired => {
                self.token.clear();
                (ask(String::new()).await?, true)
            }
            opened => (opened?, is_gap),
        };
        self.messages = Some(opened.into_inner());
        Ok(is_gap)
    }
}

/// One page that listens.
struct Listener {
    side: Arc<Side>,
    transport: Transport,
    heard: watch::Receiver<Heard>,
    /// Up to which change it was told.
    seen: u64,
    /// Whether it was told of a change just now.
    rests: bool,
}

impl Listener {
    /// The next line; `None` when the browser has to ask again.
    async fn next(&mut self) -> Option<&'static str> {
        let Self { side, transport, heard, seen, rests } = self;
        let lead = async { side.lead.lock().await.follow(transport, &side.heard).await };
        tokio::pin!(lead);
        if std::mem::take(rests) && timeout(TOLD_EVERY, &mut lead).await.is_ok() {
            return None;
        }
        let known = *seen;
        tokio::select! {
            biased;
            moved = heard.wait_for(|heard| heard.changes != known) => {
                *seen = moved.ok()?.changes;
                *rests = true;
                Some("event: changed\ndata: -\n\n")
            }
            () = &mut lead => None,
            _ = timeout(ALIVE_EVERY, pending::<()>()) => match side.heard.borrow().lives {
                true => Some("event: alive\ndata: -\n\n"),
                false => Some(": quiet\n\n"),
            },
        }
    }
}

/// What a page of many cases listens to.
pub(crate) fn told(moves: &Moves, pages: &Pages, visitor: &Visitor) -> Response {
    let Some(listener) = moves.listen(pages, visitor) else { return live::none() };
    live::lasting(listener, |mut listener| async move {
        let line = listener.next().await?;
        Some((line.to_owned(), listener))
    })
}

#[cfg(test)]
mod tests;
