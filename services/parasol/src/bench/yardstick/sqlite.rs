//! The yardstick on SQLite: the plain library in a thread of its own, one transaction a commit, WAL and
//! synchronous=FULL like the product.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use parasol_runtime::clock::Stopwatch;
use rusqlite::{Connection, params};

use super::{CASES, Dice, INSERTED, TABLES, body};
use crate::bench::stats::Figures;

/// A file prepared for the yardstick.
pub struct Sqlite {
    connection: Connection,
    next: i64,
}

impl Sqlite {
    /// Makes the file and fills the cases.
    pub fn prepare(path: &Path) -> anyhow::Result<Self> {
        let mut connection =
            Connection::open(path).context("the yardstick cannot open its file")?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        for table in TABLES {
            connection.execute(table, [])?;
        }
        let filling = connection.transaction()?;
        {
            let mut insert =
                filling.prepare("INSERT OR IGNORE INTO bench_case VALUES (?1, 0, ?2)")?;
            let body = body();
            for case in 0..CASES {
                insert.execute(params![case, body])?;
            }
        }
        filling.commit()?;
        let next: i64 = connection.query_row(
            "SELECT coalesce(max(seq), 0) + 1 FROM bench_event",
            [],
            |row| row.get(0),
        )?;
        Ok(Self { connection, next })
    }

    /// The transaction, one at a time, for a while. Blocks; run it off the runtime.
    pub fn transactions(&mut self, time: Duration) -> anyhow::Result<Figures> {
        let (mut dice, body) = (Dice::new(7), body());
        let (mut latencies, started) = (Vec::new(), Stopwatch::start());
        let inserts = INSERTED.map(|table| format!("INSERT INTO {table} VALUES (?1, ?2, ?3)"));
        while started.elapsed() < time {
            let one = Stopwatch::start();
            let case = dice.case();
            self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
            self.connection
                .prepare_cached(
                    "UPDATE bench_case SET version = version + 1, body = ?2 WHERE id = ?1",
                )?
                .execute(params![case, body])?;
            for insert in &inserts {
                self.connection.prepare_cached(insert)?.execute(params![case, self.next, body])?;
            }
            self.connection.prepare_cached("COMMIT")?.execute([])?;
            self.next += 1;
            latencies.push(one.elapsed());
        }
        Ok(Figures::of(latencies, started.elapsed()))
    }
}
