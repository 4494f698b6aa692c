//! Throwaway PostgreSQL and Redis servers for tests, alone, behind a pooler, in clusters, on free ports, in a folder that
//! goes away; a cell of many processes over them; and outsiders that misbehave: a payment provider, a carrier of messages, a mail server, an issuer of credentials.
//!
//! Owns finding the server programs, starting them (as an unprivileged account when the caller is
//! root), handing out empty databases, and leaving nothing behind however the caller ends: a keeper
//! process beside each server notices the caller's death, even by SIGKILL. It deliberately owns no
//! schema and no client: PostgreSQL is asked through `psql`, so that this crate stays plain blocking
//! code and `xtask` starts fast. It never runs a container and never touches a server that it did
//! not start.
//!
//! A test takes [`Postgres::shared`] or [`Redis::shared`] unless it breaks the server on purpose;
//! then it starts its own. `cargo xtask test` starts one of each for the whole run and names them in
//! [`POSTGRES_VAR`] and [`REDIS_VAR`], because every test may run in a process of its own.

mod account;
mod axe;
pub mod carriers;
mod cluster;
pub mod collector;
mod dice;
pub mod issuer;
mod keeper;
mod patroni;
pub mod payments;
mod pgbouncer;
mod postgres;
mod process;
mod programs;
mod redis;
mod redis_cluster;
mod serving;

pub use axe::{AXE_VERSION, axe_folder, axe_script};
pub use cluster::{Cluster, Member, ROLES, Whole};
pub use collector::{COLLECTOR_VERSION, Collector, collector_folder, collector_program};
pub use patroni::Patroni;
pub use pgbouncer::PgBouncer;
pub use postgres::Postgres;
pub use programs::program_path;
pub use redis::Redis;
pub use redis_cluster::{MASTERS, RedisCluster};

/// The environment variable with the URL of the run's PostgreSQL server.
pub const POSTGRES_VAR: &str = "PARASOL_TEST_POSTGRES";

/// The environment variable with the URL of the run's Redis server.
pub const REDIS_VAR: &str = "PARASOL_TEST_REDIS";

/// Reads one of the two variables above; empty counts as unset.
#[expect(
    clippy::disallowed_methods,
    reason = "the test runner names the shared servers in the environment; tests have no config file"
)]
fn shared_url(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|url| !url.is_empty())
}
