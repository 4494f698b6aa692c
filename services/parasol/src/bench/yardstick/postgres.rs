//! The yardstick on PostgreSQL: sqlx alone, prepared statements, a connection per client.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use parasol_runtime::clock::Stopwatch;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{Acquire as _, Executor as _};
use tokio::task::JoinSet;

use super::{BODY, CASES, Dice, INSERTED, TABLES, body};
use crate::bench::stats::Figures;

/// Connection counts tried; the best one counts.
pub const CONNECTIONS: [u32; 3] = [8, 16, 32];

/// A database prepared for the yardstick.
pub struct Postgres {
    pool: PgPool,
    next: Arc<AtomicI64>,
}

impl Postgres {
    /// Makes the tables and fills the cases.
    pub async fn prepare(url: &str) -> anyhow::Result<Self> {
        let options = PgPoolOptions::new().max_connections(32).test_before_acquire(false);
        let pool = options.connect(url).await.context("the yardstick cannot connect")?;
        for table in TABLES {
            pool.execute(*table).await?;
        }
        let filled: i64 =
            sqlx::query_scalar("SELECT count(*) FROM bench_case").fetch_one(&pool).await?;
        if filled == 0 {
            sqlx::query("INSERT INTO bench_case SELECT n, 0, $1 FROM generate_series(0, $2) n")
                .bind(body())
                .bind(CASES - 1)
                .execute(&pool)
                .await?;
        }
        let last: i64 = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM bench_event")
            .fetch_one(&pool)
            .await?;
        pool.execute(FUNCTION).await?;
        pool.execute("ANALYZE").await?;
        Ok(Self { pool, next: Arc::new(AtomicI64::new(last + 1)) })
    }

    /// Closes its connections.
    pub async fn close(self) {
        self.pool.close().await;
    }

    /// The transaction on so many connections for a while.
    pub async fn transactions(&self, connections: u32, time: Duration) -> anyhow::Result<Figures> {
        let started = Stopwatch::start();
        let mut clients = JoinSet::new();
        for seed in 0..connections {
            let (pool, next) = (self.pool.clone(), Arc::clone(&self.next));
            clients.spawn(async move {
                let mut connection = pool.acquire().await?;
                let (mut dice, body) = (Dice::new(u64::from(seed) + 1), body());
                let (mut latencies, clock) = (Vec::new(), Stopwatch::start());
                while clock.elapsed() < time {
                    let one = Stopwatch::start();
                    let (case, seq) = (dice.case(), next.fetch_add(1, Ordering::Relaxed));
                    let mut transaction = connection.begin().await?;
                    sqlx::query(
                        "UPDATE bench_case SET version = version + 1, body = $2 WHERE id = $1",
                    )
                    .bind(case)
                    .bind(&body)
                    .execute(&mut *transaction)
                    .await?;
                    for table in INSERTED {
                        let sql = insert_sql(table);
                        sqlx::query(sql)
                            .bind(case)
                            .bind(seq)
                            .bind(&body)
                            .execute(&mut *transaction)
                            .await?;
                    }
                    transaction.commit().await?;
                    latencies.push(one.elapsed());
                }
                anyhow::Ok(latencies)
            });
        }
        let mut latencies = Vec::new();
        while let Some(client) = clients.join_next().await {
            latencies.extend(client??);
        }
        Ok(Figures::of(latencies, started.elapsed()))
    }

    /// The same work as one stored function, on one connection: one call after the other, or in the rhythm
    /// of a case, which calls eight times and then waits for its timer.
    pub async fn function(&self, time: Duration, rhythm: Rhythm) -> anyhow::Result<Figures> {
        let mut connection = self.pool.acquire().await?;
        let (mut dice, body) = (Dice::new(99), body());
        let (mut latencies, started) = (Vec::new(), Stopwatch::start());
        while started.elapsed() < time {
            let one = Stopwatch::start();
            let seq = self.next.fetch_add(1, Ordering::Relaxed);
            sqlx::query("SELECT bench_step($1, $2, $3)")
                .bind(dice.case())
                .bind(seq)
                .bind(&body)
                .execute(&mut *connection)
                .await?;
            latencies.push(one.elapsed());
            if let Rhythm::OfACase { calls, pause } = rhythm
                && latencies.len().is_multiple_of(calls)
            {
                let _ = tokio::time::timeout(pause, std::future::pending::<()>()).await;
            }
        }
        Ok(Figures::of(latencies, started.elapsed()))
    }
}

/// How the stored function is called.
#[derive(Clone, Copy, Debug)]
pub enum Rhythm {
    /// Without pauses: the machine does nothing else, and everything it needs is in its caches.
    Unbroken,
    /// As one case at a time calls: so many calls, then a pause.
    OfACase {
        /// Calls of a case.
        calls: usize,
        /// Its timer.
        pause: Duration,
    },
}

/// A constant text per table, so that it stays prepared.
fn insert_sql(table: &str) -> &'static str {
    match table {
        "bench_event" => "INSERT INTO bench_event VALUES ($1, $2, $3)",
        "bench_outbox" => "INSERT INTO bench_outbox VALUES ($1, $2, $3)",
        "bench_answer" => "INSERT INTO bench_answer VALUES ($1, $2, $3)",
        _ => "INSERT INTO bench_audit VALUES ($1, $2, $3)",
    }
}

const FUNCTION: &str = "CREATE OR REPLACE FUNCTION bench_step(the_case bigint, the_seq bigint, the_body text) \
RETURNS void LANGUAGE plpgsql AS $$ BEGIN \
UPDATE bench_case SET version = version + 1, body = the_body WHERE id = the_case; \
INSERT INTO bench_event VALUES (the_case, the_seq, the_body); \
INSERT INTO bench_outbox VALUES (the_case, the_seq, the_body); \
INSERT INTO bench_answer VALUES (the_case, the_seq, the_body); \
INSERT INTO bench_audit VALUES (the_case, the_seq, the_body); \
END $$";

const _: () = assert!(BODY == 200, "the yardstick is a transaction of 200-byte bodies");
