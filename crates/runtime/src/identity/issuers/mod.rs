//! OpenID Connect issuers: whose tokens are taken beside the cell's own, and with which keys they are checked.
//!
//! An issuer publishes its keys; they are fetched, kept in memory and looked at again every five minutes, so that a key
//! that was withdrawn is out by then. A token under a key that is not known has them looked at at once, but not again
//! within ten seconds, however many such tokens come. While the issuer cannot be reached the keys that are known go on
//! for a day. What its tokens may say is the settings' to decide ([`claims`]).
//!
//! It deliberately keeps nothing on disk, follows no redirect, signs nobody in and asks no issuer about a single
//! token: one that was taken back there is good here until it ends.

mod claims;
mod fetch;
#[cfg(test)]
pub(crate) mod keyring;
mod keys;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parasol_journey::time::{Span, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::timeout;

pub use self::fetch::FetchError;

use self::claims::Mapping;
use self::fetch::Fetcher;
use self::keys::Keys;
use super::{Principal, TokenError};
use crate::clock::Clock;
use crate::config;

/// How often the keys are looked at when nothing asks for it.
const LOOK_EVERY: Span = Span::minutes(5);
/// The shortest time between two looks, whatever asks for one or fails.
pub const LOOK_MIN: Duration = Duration::from_secs(10);
/// How long one look may take: two documents.
const LOOK_MAX: Duration = Duration::from_secs(5);
/// How long keys are good that could not be looked at since.
const KEPT_MAX: Span = Span::hours(24);
/// Calls that wait for one issuer's keys at a time.
const WAITING_MAX: usize = 64;

/// All issuers of a cell. A clone knows the same keys.
#[derive(Clone, Debug, Default)]
pub struct Issuers(Arc<[Arc<Issuer>]>);

impl Issuers {
    /// The issuers of settings that were checked. No keys are known before the first look.
    ///
    /// # Errors
    /// What keeps an issuer from being asked, in words for whoever runs the process.
    pub fn new(settings: &[config::Issuer], clock: &Clock) -> Result<Self, String> {
        let one = |settings: &config::Issuer| {
            let issuer = Issuer::new(settings, clock.clone());
            issuer.map(Arc::new).map_err(|error| format!("{}: {error}", settings.url))
        };
        settings.iter().map(one).collect::<Result<_, _>>().map(Self)
    }

    /// Each of them, for the loops that look at their keys.
    pub fn each(&self) -> impl Iterator<Item = &Arc<Issuer>> {
        self.0.iter()
    }

    /// The token as far as it can be read, with the issuer that it says made it for this cell; `None` for one that
    /// names none of them.
    pub(super) fn said<'a>(&self, token: &'a str) -> Option<Said<'a>> {
        if self.0.is_empty() {
            return None;
        }
        let (head, rest) = token.split_once('.')?;
        let (payload, _) = rest.split_once('.')?;
        let claims: Map<String, Value> = decoded(payload)?;
        let head: Head = decoded(head)?;
        let issuer = self.0.iter().find(|issuer| issuer.mapping.is_meant(&claims))?;
        Some(Said { issuer: Arc::clone(issuer), head, claims, token })
    }
}

/// What a token's head says.
#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    /// Extensions that whoever does not know them must refuse; we know none (RFC 7515 section 4.1.11).
    crit: Option<Value>,
}

/// A token that says an issuer made it. Nothing in it is proven.
pub(super) struct Said<'a> {
    issuer: Arc<Issuer>,
    head: Head,
    claims: Map<String, Value>,
    token: &'a str,
}

impl Said<'_> {
    /// Its bearer and its end, by the keys that are known.
    ///
    /// # Errors
    /// [`TokenError`]; [`TokenError::KeyUnknown`] where another look may help.
    pub(super) fn read(&self, now: Timestamp) -> Result<(Principal, Timestamp), TokenError> {
        let mapping = &self.issuer.mapping;
        // What is over anyway is not worth a look at the keys.
        mapping.time(&self.claims, now)?;
        if self.head.crit.is_some() {
            return Err(TokenError::Malformed);
        }
        let name = self.head.kid.as_deref().ok_or(TokenError::Malformed)?;
        let state = self.issuer.state.borrow();
        let fresh = state.seen.is_some_and(|seen| now.since(seen) < KEPT_MAX);
        if !fresh || !state.keys.has(name) {
            let is_gone = state.failing || !fresh;
            return Err(if is_gone { TokenError::Unreachable } else { TokenError::KeyUnknown });
        }
        let claims = state.keys.open(name, &self.head.alg, self.token)?;
        let ends = mapping.time(&claims, now)?;
        Ok((mapping.principal(&claims)?, ends))
    }

    /// Whether another look may help: the key is not known, and the last look is long enough ago.
    pub(super) fn may_wait(&self, error: TokenError, now: Timestamp) -> bool {
        let missing = matches!(error, TokenError::KeyUnknown | TokenError::Unreachable);
        missing && self.issuer.may_look(now)
    }

    /// Has the keys looked at and waits until that is done, or for six seconds at most.
    pub(super) async fn wait(&self) {
        self.issuer.look_again().await;
    }
}

/// A part of a token, which is JSON in base64.
fn decoded<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// One issuer, with its keys.
pub struct Issuer {
    url: String,
    mapping: Mapping,
    fetcher: Fetcher,
    clock: Clock,
    state: watch::Sender<State>,
    asked: Arc<Notify>,
    waiting: Semaphore,
}

/// What is known of an issuer.
#[derive(Default)]
struct State {
    keys: Keys,
    /// When the keys were last seen.
    seen: Option<Timestamp>,
    /// When the last look began, however it went.
    began: Option<Timestamp>,
    /// Whether one is under way.
    looking: bool,
    /// Whether the last one failed.
    failing: bool,
    /// Whether somebody asks for one.
    asked: bool,
    /// How many there were.
    looks: u64,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Issuer {
    fn new(settings: &config::Issuer, clock: Clock) -> Result<Self, String> {
        Ok(Self {
            url: settings.url.clone(),
            mapping: Mapping::of(settings),
            fetcher: Fetcher::trusting(&settings.ca_file)?,
            clock,
            state: watch::Sender::new(State::default()),
            asked: Arc::default(),
            waiting: Semaphore::new(WAITING_MAX),
        })
    }

    /// Wakes the loop of the looks.
    pub fn bell(&self) -> Arc<Notify> {
        Arc::clone(&self.asked)
    }

    /// Looks at the keys if it is time: at first, every five minutes, and when a token's key is not known or the last
    /// look failed, then not within ten seconds of it. Whether it looked. A look that fails is logged and leaves the
    /// keys that are known.
    pub async fn run_once(&self) -> bool {
        let now = self.clock.now();
        let is_due = {
            let state = self.state.borrow();
            let regular = state.began.is_none_or(|began| now.since(began) >= LOOK_EVERY);
            regular || (state.asked || state.failing) && state.may_look(now)
        };
        if !is_due {
            return false;
        }
        self.state.send_modify(|state| {
            state.began = Some(now);
            state.looking = true;
            state.asked = false;
        });
        let looked = timeout(LOOK_MAX, Box::pin(self.look())).await;
        let looked = looked.unwrap_or(Err(FetchError::Timeout));
        match &looked {
            Ok(keys) => tracing::debug!(issuer = self.url, keys = keys.len(), "keys were read"),
            Err(error) => tracing::warn!(issuer = self.url, %error, "no keys could be read"),
        }
        self.state.send_modify(|state| {
            state.looking = false;
            state.looks += 1;
            state.failing = looked.is_err();
            if let Ok(keys) = looked {
                // A key that stands there no more is withdrawn. How long old and new overlap is the issuer's to say.
                (state.keys, state.seen) = (keys, Some(now));
            }
        });
        true
    }

    async fn look(&self) -> Result<Keys, FetchError> {
        let base = self.url.trim_end_matches('/');
        let document =
            self.fetcher.get(&format!("{base}/.well-known/openid-configuration")).await?;
        let said = serde_json::from_slice::<Discovery>(&document);
        let said = said.map_err(|error| FetchError::Document(error.to_string()))?;
        if said.issuer != self.url {
            // OpenID Connect Discovery 1.0, section 4.3: or one issuer could speak for another.
            return Err(FetchError::Document(format!("it is of {}", said.issuer)));
        }
        Keys::read(&self.fetcher.get(&said.jwks_uri).await?)
    }

    fn may_look(&self, now: Timestamp) -> bool {
        let state = self.state.borrow();
        state.looking || state.may_look(now)
    }

    async fn look_again(&self) {
        // Beyond so many, others will not wait either: they call again.
        let Ok(_place) = self.waiting.try_acquire() else { return };
        let mut looked = self.state.subscribe();
        let mut before = 0;
        self.state.send_modify(|state| {
            before = state.looks;
            state.asked = !state.looking;
        });
        self.asked.notify_one();
        let done = looked.wait_for(|state| state.looks > before);
        let _ = timeout(LOOK_MAX + Duration::from_secs(1), done).await;
    }
}

impl State {
    fn may_look(&self, now: Timestamp) -> bool {
        let apart = Span::from_micros(i64::try_from(LOOK_MIN.as_micros()).unwrap_or(i64::MAX));
        self.began.is_none_or(|began| now.since(began) >= apart)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issuer({})", self.url)
    }
}
