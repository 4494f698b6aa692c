//! Where somebody on the way was last: for a while, and nowhere else.
//!
//! A position is never a record. It lives in this process, or in Redis where there is one so that every
//! process sees it, and it expires by itself. Whoever cannot be asked knows no position, which is all that
//! a failure here can do. Who may see one is for the callers to say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use parasol_journey::time::{Span, Timestamp};
use redis::RedisError;
use tokio::sync::Mutex as AsyncMutex;
use uuid::Uuid;

use crate::servers::{Keyed, Servers};

/// How long a position is good for.
pub const POSITION_LIFE: Span = Span::minutes(2);
/// Positions that one process keeps; of more, new ones are not taken.
pub const POSITIONS_MAX: usize = 50_000;

/// Parts of a degree that are counted.
const MICRODEGREES: f64 = 1_000_000.0;

/// Where somebody was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Millionths of a degree north.
    pub lat: i64,
    /// Millionths of a degree east.
    pub lon: i64,
    /// When.
    pub at: Timestamp,
}

impl Position {
    fn is_good(&self, now: Timestamp) -> bool {
        now.since(self.at) < POSITION_LIFE
    }
}

/// The last positions, by whatever they are about. A clone is the same.
#[derive(Clone, Debug)]
pub struct Positions(Kept);

#[derive(Clone, Debug)]
enum Kept {
    Process(Arc<Mutex<HashMap<Uuid, Position>>>),
    Redis(Arc<InRedis>),
}

impl Positions {
    pub(crate) fn in_process() -> Self {
        Self(Kept::Process(Arc::default()))
    }

    pub(crate) fn in_redis(servers: Servers, namespace: &str, patience: Duration) -> Self {
        let prefix = format!("{namespace}:position:");
        let connection = AsyncMutex::default();
        Self(Kept::Redis(Arc::new(InRedis { servers, prefix, patience, connection })))
    }

    /// Takes a position in place of the one before. What cannot be kept is dropped: the next one comes soon.
    pub async fn put(&self, about: Uuid, position: Position) {
        match &self.0 {
            Kept::Process(kept) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() >= POSITIONS_MAX {
                    kept.retain(|_, one| one.is_good(position.at));
                }
                if kept.len() < POSITIONS_MAX || kept.contains_key(&about) {
                    kept.insert(about, position);
                }
            }
            Kept::Redis(redis) => redis.put(about, position).await,
        }
    }

    /// The last position, if it is still good.
    pub async fn get(&self, about: Uuid, now: Timestamp) -> Option<Position> {
        let position = match &self.0 {
            Kept::Process(kept) => {
                kept.lock().unwrap_or_else(PoisonError::into_inner).get(&about).copied()
            }
            Kept::Redis(redis) => redis.get(about).await,
        };
        position.filter(|position| position.is_good(now))
    }

    /// Forgets a position before its time.
    pub async fn forget(&self, about: Uuid) {
        match &self.0 {
            Kept::Process(kept) => {
                kept.lock().unwrap_or_else(PoisonError::into_inner).remove(&about);
            }
            Kept::Redis(redis) => redis.forget(about).await,
        }
    }
}

/// Each position is a geographical set of its own, whose only member is named by its time: a set expires as a
/// whole, and all that is asked of one is asked of one node of a cluster.
#[derive(Debug)]
struct InRedis {
    servers: Servers,
    prefix: String,
    patience: Duration,
    connection: AsyncMutex<Option<Keyed>>,
}

impl InRedis {
    fn key(&self, about: Uuid) -> String {
        format!("{}{}", self.prefix, about.simple())
    }

    #[expect(clippy::cast_precision_loss, reason = "at most 180 million")]
    async fn put(&self, about: Uuid, position: Position) {
        let key = self.key(about);
        let (lon, lat) = (position.lon as f64 / MICRODEGREES, position.lat as f64 / MICRODEGREES);
        let life = POSITION_LIFE.micros() / 1_000;
        let mut all = redis::pipe();
        all.atomic().del(&key).ignore();
        all.cmd("GEOADD").arg(&key).arg(lon).arg(lat).arg(position.at.micros()).ignore();
        all.cmd("PEXPIRE").arg(&key).arg(life).ignore();
        let put = async |mut link: Keyed| all.query_async::<()>(&mut link).await;
        self.tried(put).await;
    }

    async fn get(&self, about: Uuid) -> Option<Position> {
        let key = self.key(about);
        let get = async |mut link: Keyed| {
            let mut members = redis::cmd("ZRANGE");
            members.arg(&key).arg(0).arg(0);
            let members: Vec<i64> = members.query_async(&mut link).await?;
            let Some(at) = members.first().copied() else { return Ok(None) };
            let mut places = redis::cmd("GEOPOS");
            places.arg(&key).arg(at);
            let places: Vec<Option<(f64, f64)>> = places.query_async(&mut link).await?;
            Ok(places.first().copied().flatten().map(|(lon, lat)| (lon, lat, at)))
        };
        let (lon, lat, at) = self.tried(get).await.flatten()?;
        let at = Timestamp::from_micros(at);
        Some(Position { lat: micro(lat), lon: micro(lon), at })
    }

    async fn forget(&self, about: Uuid) {
        let key = self.key(about);
        let mut forget = redis::cmd("DEL");
        forget.arg(&key);
        self.tried(async |mut link: Keyed| forget.query_async::<()>(&mut link).await).await;
    }

    /// Asks, over the connection there is or a new one; one that failed is not asked again.
    async fn tried<T>(&self, ask: impl AsyncFnOnce(Keyed) -> Result<T, RedisError>) -> Option<T> {
        let link = self.link().await.inspect_err(told).ok()?;
        match ask(link).await {
            Ok(answer) => Some(answer),
            Err(error) => {
                told(&error);
                self.connection.lock().await.take();
                None
            }
        }
    }

    async fn link(&self) -> Result<Keyed, RedisError> {
        let mut connection = self.connection.lock().await;
        if let Some(link) = &*connection {
            return Ok(link.clone());
        }
        let made = self.servers.keyed(self.patience).await?;
        Ok(connection.insert(made).clone())
    }
}

fn told(error: &RedisError) {
    tracing::debug!(%error, "no position could be kept or asked for");
}

#[expect(clippy::cast_possible_truncation, reason = "at most 180 million")]
fn micro(degrees: f64) -> i64 {
    (degrees * MICRODEGREES).round() as i64
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn position(at: i64) -> Position {
        Position { lat: 30_000_000, lon: 120_000_000, at: Timestamp::from_micros(at) }
    }

    #[test]
    fn what_is_full_forgets_what_is_old_and_then_takes_no_more() {
        let positions = Positions::in_process();
        let put = |about: u128, at: i64| {
            positions.put(Uuid::from_u128(about), position(at)).now_or_never().unwrap();
        };
        let get = |about: u128, now: i64| {
            let now = Timestamp::from_micros(now);
            positions.get(Uuid::from_u128(about), now).now_or_never().unwrap()
        };
        for about in 0..POSITIONS_MAX as u128 {
            put(about, 0);
        }
        put(u128::MAX, 1);
        assert_eq!(get(u128::MAX, 1), None, "it is full");
        put(7, 2);
        assert_eq!(get(7, 2), Some(position(2)), "who is known is heard");
        let later = POSITION_LIFE.micros() + 1;
        put(u128::MAX, later);
        assert_eq!(get(u128::MAX, later), Some(position(later)), "the old ones are gone");
    }
}
