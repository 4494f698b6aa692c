//! Which of several hosts is the primary, and leading new connections there.
//!
//! A server that follows another answers queries with what it has so far, which may be an older state; so no
//! connection to one is kept, wherever it came from. Who becomes the primary is decided by others (Patroni, an
//! operator); here it is found out. Of two who say that they are, the later reign counts: a former primary that has
//! not noticed yet cannot acknowledge anything where a standby has to.

use std::time::Duration;

use futures::future::join_all;
use sea_orm::DatabaseConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::{Connection as _, Error as SqlxError, Row as _};
use tokio::sync::Mutex;

/// How long a host may take to say what it is.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// What a host is asked: nothing if it follows another, else the number of its reign, which grows with each change,
/// and whether the session got what it insists on.
const ASK: &str = "SELECT CASE WHEN pg_is_in_recovery() THEN '' \
     ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END, \
     current_setting('idle_in_transaction_session_timeout')";

/// Why none is the primary.
#[derive(Debug)]
pub(crate) enum NoPrimary {
    /// Nobody could be asked; the first error.
    Unreachable(SqlxError),
    /// Who could be asked follows another.
    Standby,
    /// Something in between refuses or forgets what a session insists on.
    Pooler,
}

/// What a host said.
struct Said {
    /// Empty when it follows another.
    reign: String,
    /// Whether the session has the settings it was opened with.
    insists: bool,
    connection: PgConnection,
}

/// The hosts of one address.
#[derive(Debug)]
pub(crate) struct Hosts {
    all: Vec<PgConnectOptions>,
    /// Whether sessions are opened with settings at all.
    pooled: bool,
    /// Pools whose new connections are led to the primary.
    led: Vec<PgPool>,
    /// To the primary, as long as it is.
    asked: Mutex<Option<PgConnection>>,
}

impl Hosts {
    /// These hosts. Sessions that ask insist on what the writer's do, unless there is a pooler.
    pub(super) fn new(all: Vec<PgConnectOptions>, pooled: bool) -> Self {
        Self { all, pooled, led: Vec::new(), asked: Mutex::default() }
    }

    /// Whether there is anything to choose from.
    pub(crate) fn are_several(&self) -> bool {
        self.all.len() > 1
    }

    /// Asks every host at once; the place of the primary among them.
    pub(crate) async fn find(&self) -> Result<usize, NoPrimary> {
        let answers = join_all(self.all.iter().map(ask)).await;
        let (mut best, mut trouble) = (None::<(usize, Said)>, None);
        for (place, answer) in answers.into_iter().enumerate() {
            match answer {
                Ok(said) if said.reign.is_empty() => trouble = Some(NoPrimary::Standby),
                Ok(said) if !said.insists && !self.pooled => return Err(NoPrimary::Pooler),
                Ok(said) => {
                    let later = best.as_ref().is_none_or(|(_, best)| said.reign > best.reign);
                    best = if later { Some((place, said)) } else { best };
                }
                Err(error) if is_of_pooler(&error) => return Err(NoPrimary::Pooler),
                Err(error) => trouble = trouble.or(Some(NoPrimary::Unreachable(error))),
            }
        }
        let Some((place, said)) = best else {
            return Err(trouble.unwrap_or(NoPrimary::Standby));
        };
        *self.asked.lock().await = Some(said.connection);
        Ok(place)
    }

    /// From now on leads new connections of these pools.
    pub(crate) fn lead(&mut self, pools: [&DatabaseConnection; 2]) {
        self.led = pools.map(|pool| pool.get_postgres_connection_pool().clone()).to_vec();
    }

    /// Looks whether new connections lead to the primary, and leads them there if not: the host they lead to now,
    /// where it is another than before.
    pub(crate) async fn look(&self) -> Result<Option<String>, NoPrimary> {
        let asked = self.asked.lock().await.take();
        if let Some(connection) = asked
            && let Ok(said) = on(connection).await
            && !said.reign.is_empty()
        {
            *self.asked.lock().await = Some(said.connection);
            return Ok(None);
        }
        let found = &self.all[self.find().await?];
        let name = format!("{}:{}", found.get_host(), found.get_port());
        let mut moved = false;
        for pool in &self.led {
            let options = pool.connect_options();
            moved |=
                (options.get_host(), options.get_port()) != (found.get_host(), found.get_port());
            let options = (*options).clone().host(found.get_host()).port(found.get_port());
            pool.set_connect_options(options);
        }
        Ok(moved.then_some(name))
    }

    /// Lets go of the connection that is kept for asking.
    pub(crate) async fn close(&self) {
        if let Some(connection) = self.asked.lock().await.take()
            && let Err(error) = connection.close().await
        {
            tracing::debug!(%error, "a connection was gone before it was closed");
        }
    }
}

/// Refuses a server that follows another.
pub(super) async fn refuse_standby(connection: &mut PgConnection) -> Result<(), SqlxError> {
    let row = sqlx::raw_sql("SELECT pg_is_in_recovery()").fetch_one(connection).await?;
    if row.try_get::<bool, _>(0)? {
        let words = "the server follows another and cannot be written to";
        return Err(SqlxError::Io(std::io::Error::new(std::io::ErrorKind::NotConnected, words)));
    }
    Ok(())
}

async fn ask(host: &PgConnectOptions) -> Result<Said, SqlxError> {
    let opening = tokio::time::timeout(ANSWER_MAX, PgConnection::connect_with(host));
    on(opening.await.unwrap_or(Err(SqlxError::PoolTimedOut))?).await
}

async fn on(mut connection: PgConnection) -> Result<Said, SqlxError> {
    let asking = sqlx::raw_sql(ASK).fetch_one(&mut connection);
    let row = tokio::time::timeout(ANSWER_MAX, asking).await;
    let row = row.unwrap_or(Err(SqlxError::PoolTimedOut))?;
    let insists = row.try_get::<String, _>(1)? == super::IDLE;
    Ok(Said { reign: row.try_get(0)?, insists, connection })
}

/// PgBouncer refuses a session that insists on anything, unless it was told to forget what a session says.
fn is_of_pooler(error: &SqlxError) -> bool {
    error.as_database_error().is_some_and(|error| error.message().contains("startup parameter"))
}
