//! The yardstick: the straightforward transaction of the same shape, without product code.
//!
//! One update and four inserts of 200-byte bodies, in seven round trips on PostgreSQL, one commit a
//! transaction on SQLite. It runs on the same engine, in the same run, in turn with the product.

pub mod postgres;
pub mod sqlite;

/// Cases the update picks from.
pub const CASES: i64 = 100_000;
/// The length of every body.
pub const BODY: usize = 200;

/// The tables, in words both engines understand.
pub const TABLES: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS bench_case (id bigint PRIMARY KEY, version bigint NOT NULL, body text NOT NULL)",
    "CREATE TABLE IF NOT EXISTS bench_event (id bigint NOT NULL, seq bigint NOT NULL, body text NOT NULL, PRIMARY KEY (id, seq))",
    "CREATE TABLE IF NOT EXISTS bench_outbox (id bigint NOT NULL, seq bigint NOT NULL, body text NOT NULL, PRIMARY KEY (id, seq))",
    "CREATE TABLE IF NOT EXISTS bench_answer (id bigint NOT NULL, seq bigint NOT NULL, body text NOT NULL, PRIMARY KEY (id, seq))",
    "CREATE TABLE IF NOT EXISTS bench_audit (id bigint NOT NULL, seq bigint NOT NULL, body text NOT NULL, PRIMARY KEY (id, seq))",
];

/// The tables a transaction inserts into.
pub const INSERTED: [&str; 4] = ["bench_event", "bench_outbox", "bench_answer", "bench_audit"];

/// A body.
pub fn body() -> String {
    "x".repeat(BODY)
}

/// Numbers without a pattern that matters, the same in every run.
pub struct Dice(u64);

impl Dice {
    /// Dice of one connection.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A case.
    pub fn case(&mut self) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % CASES.unsigned_abs()).unwrap_or_default()
    }
}
