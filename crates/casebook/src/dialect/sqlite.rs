//! SQLite: one writer, lists padded to a power of two, checkpoints off the write path.
//!
//! A list in a statement makes its text depend on its length; padding to the next power of two keeps
//! the number of different texts small, so that they stay prepared. Padding rows are all NULL and are
//! filtered out.

mod confined;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use sea_orm::sea_query::Value;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, RuntimeErr, SqlErr,
    Statement,
};
use uuid::Uuid;

use super::{Batch, Conflict, Outcome, Trouble, cases_table};
use crate::row::{Cell, Table};
use crate::vault::Aside;

pub(super) use confined::Confined;

/// Statement texts kept prepared per connection.
const STATEMENTS_KEPT: usize = 500;
/// How long it is tried again and again to cut the log of the file.
const CUTTING_MAX: Duration = Duration::from_secs(10);
/// The time between: the engine waits for readers of the log, but not at all while somebody else moves it into the file.
const BETWEEN_CUTS: Duration = Duration::from_millis(250);
/// The most values bound to one statement; SQLite takes 32,766.
const VALUES_MAX: usize = 32_766;
/// The most rows in one statement, so that few different texts are kept.
const ROWS_MAX: usize = 1_024;

pub(super) fn writer_options(options: &mut ConnectOptions) {
    options.max_connections(1).min_connections(1).max_lifetime(None::<Duration>);
    options.idle_timeout(None::<Duration>);
    options.map_sqlx_sqlite_opts(|options| {
        options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            .statement_cache_capacity(STATEMENTS_KEPT)
            .pragma("wal_autocheckpoint", "0")
            .pragma("cache_size", "-65536")
    });
}

pub(super) fn reader_options(options: &mut ConnectOptions) {
    options.map_sqlx_sqlite_opts(|options| {
        options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            .pragma("query_only", "ON")
    });
}

pub(super) async fn durability_problems(
    connection: &DatabaseConnection,
) -> Result<Vec<String>, DbErr> {
    let mut problems = Vec::new();
    let mode: String = pragma(connection, "journal_mode").await?;
    let synchronous: i64 = pragma(connection, "synchronous").await?;
    if mode != "wal" {
        problems.push(format!("journal_mode is {mode}, not wal"));
    }
    if synchronous < 2 {
        problems.push(format!("synchronous is {synchronous}, below FULL"));
    }
    Ok(problems)
}

async fn pragma<T: sea_orm::TryGetable>(
    connection: &DatabaseConnection,
    name: &str,
) -> Result<T, DbErr> {
    let statement = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {name}"));
    let row = connection.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(format!("PRAGMA {name}")))?;
    row.try_get_by_index(0)
}

pub(super) async fn checkpoint(connection: &DatabaseConnection) -> Result<(), DbErr> {
    connection.execute_unprepared("PRAGMA wal_checkpoint(PASSIVE)").await.map(|_| ())
}

/// A reader of the file as far as locks go, though only the connection that may write may do it.
pub(super) async fn copy_to(connection: &DatabaseConnection, file: &Path) -> Result<(), DbErr> {
    let Some(file) = file.to_str() else {
        return Err(DbErr::Custom("the name of the copy is not text".into()));
    };
    let copy = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [file.into()]);
    connection.execute_raw(copy).await.map(|_| ())
}

pub(super) fn leave_out(table: &str, listed: &str, column: &str) -> Vec<String> {
    vec![format!(
        "CREATE TRIGGER IF NOT EXISTS {table}_leaves_out BEFORE INSERT ON {table} \
         WHEN EXISTS (SELECT 1 FROM {listed} WHERE {column} = NEW.{column}) \
         BEGIN SELECT RAISE(IGNORE); END"
    )]
}

pub(super) fn put_aside(aside: &Aside, columns: &[&str]) -> Vec<String> {
    let Aside { table, aside, subject } = *aside;
    let old: Vec<_> = columns.iter().map(|column| format!("OLD.{column}")).collect();
    vec![format!(
        "CREATE TRIGGER IF NOT EXISTS {table}_put_aside BEFORE DELETE ON {table} \
         WHEN EXISTS (SELECT 1 FROM vault_held WHERE subject = OLD.{subject}) \
         BEGIN INSERT OR REPLACE INTO {aside} ({}) VALUES ({}); END",
        columns.join(", "),
        old.join(", "),
    )]
}

pub(super) async fn scrub(connection: &DatabaseConnection) -> Result<(), DbErr> {
    connection.execute_unprepared("VACUUM").await?;
    let mut over = std::pin::pin!(pause(CUTTING_MAX));
    loop {
        // Waits for readers as long as the engine waits for anybody, and then says that it could not.
        let cut = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
        let row = connection.query_one_raw(cut).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("PRAGMA wal_checkpoint".to_owned()))?;
        if row.try_get_by_index::<i64>(0)? == 0 {
            return Ok(());
        }
        tokio::select! {
            biased;
            () = &mut over => {
                let words = "the log of the file is being read and could not be cut";
                return Err(DbErr::Custom(words.into()));
            }
            () = pause(BETWEEN_CUTS) => {}
        }
    }
}

async fn pause(length: Duration) {
    let _ = tokio::time::timeout(length, std::future::pending::<()>()).await;
}

pub(super) fn by_ids(columns: &str, table: &str, key: &str, ids: &[Uuid]) -> Statement {
    let padded = ids.len().next_power_of_two();
    let list = vec!["?"; padded].join(", ");
    let last = ids.last().copied().unwrap_or_default();
    let values = ids.iter().copied().chain(std::iter::repeat(last)).take(padded).map(Value::from);
    let sql = format!("SELECT {columns} FROM {table} WHERE {key} IN ({list})");
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

pub(super) fn entries(wanted: &[(Uuid, i64)]) -> Statement {
    let padded = wanted.len().next_power_of_two();
    let list = vec!["(?, ?)"; padded].join(", ");
    // Twice the same place would be its entry twice.
    let mut values: Vec<Value> =
        wanted.iter().flat_map(|(case, seq)| [Value::from(*case), Value::from(*seq)]).collect();
    values.resize(padded * 2, Value::BigInt(None));
    let sql = format!(
        "WITH w(c, s) AS (VALUES {list}) SELECT e.case_id, e.seq, e.body FROM w \
         JOIN events e ON e.case_id = w.c AND e.seq = w.s"
    );
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

/// `(VALUES (?, …), …)` for the rows, padded, with the values to bind.
fn values_list<'a>(
    width: usize,
    rows: impl ExactSizeIterator<Item = Vec<&'a Cell>>,
) -> (String, Vec<Value>) {
    let padded = rows.len().next_power_of_two();
    let row = format!("({})", vec!["?"; width].join(", "));
    let text = format!("(VALUES {})", vec![row.as_str(); padded].join(", "));
    let mut values: Vec<Value> = Vec::with_capacity(padded * width);
    for row in rows {
        values.extend(row.into_iter().map(|cell| cell.clone().into_value()));
    }
    values.resize(padded * width, Value::BigInt(None));
    (text, values)
}

/// How many rows of this width fit one statement once padded: a power of two.
fn rows_max(width: usize) -> usize {
    let fit = (VALUES_MAX / width.max(1)).clamp(1, ROWS_MAX);
    1 << fit.ilog2()
}

fn insert(table: &Table, rows: &[Vec<Cell>], clause: &str) -> Statement {
    let width = table.columns.len();
    let (source, values) = values_list(width, rows.iter().map(|row| row.iter().collect()));
    let sql = format!(
        "INSERT INTO {} ({}) SELECT * FROM {source} WHERE column1 IS NOT NULL {clause}",
        table.name,
        table.column_list(),
    );
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

/// Replaces a row with the same key; both engines write it alike.
pub(super) fn replace_clause(table: &Table) -> String {
    let mut text = format!("ON CONFLICT ({}) DO ", table.key_list());
    let is_key = |place: &usize| table.key.contains(place);
    let rest: Vec<_> = (0..table.columns.len()).filter(|place| !is_key(place)).collect();
    if rest.is_empty() {
        text.push_str("NOTHING");
        return text;
    }
    text.push_str("UPDATE SET ");
    for (nth, place) in rest.into_iter().enumerate() {
        let comma = if nth == 0 { "" } else { ", " };
        let name = table.columns[place].name;
        write!(text, "{comma}{name} = excluded.{name}").expect("a String takes all");
    }
    text
}

fn delete(table: &Table, keys: &[Vec<Cell>]) -> Statement {
    let width = table.key.len();
    let (source, values) = values_list(width, keys.iter().map(|key| key.iter().collect()));
    let names = table.key_list();
    let columns: Vec<_> = (1..=width).map(|nth| format!("column{nth}")).collect();
    let sql = format!(
        "DELETE FROM {} WHERE ({names}) IN (SELECT {} FROM {source} WHERE column1 IS NOT NULL)",
        table.name,
        columns.join(", "),
    );
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

fn change_cases(cases: &[(Vec<Cell>, i64)]) -> Statement {
    let table = cases_table();
    let width = table.columns.len() + 1;
    let expected: Vec<Cell> = cases.iter().map(|(_, version)| Cell::Int(*version)).collect();
    let rows = cases
        .iter()
        .zip(&expected)
        .map(|((row, _), version)| row.iter().chain(std::iter::once(version)).collect());
    let (source, values) = values_list(width, rows);
    let sets: Vec<_> = table
        .columns
        .iter()
        .enumerate()
        .skip(1)
        .map(|(place, column)| format!("{} = n.column{}", column.name, place + 1))
        .collect();
    let sql = format!(
        "UPDATE cases SET {} FROM {source} AS n \
         WHERE cases.id = n.column1 AND cases.version = n.column{width}",
        sets.join(", ")
    );
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

pub(super) fn claim(table: &'static Table, rows: &[Vec<Cell>]) -> Vec<Statement> {
    let keys = table.key_list();
    let clause = format!("ON CONFLICT ({keys}) DO NOTHING RETURNING {keys}");
    let parts = rows.chunks(rows_max(table.columns.len()));
    parts.map(|part| insert(table, part, &clause)).collect()
}

pub(super) async fn write(
    connection: &impl ConnectionTrait,
    batch: &Batch,
) -> Result<Outcome, DbErr> {
    for part in batch.cases.chunks(rows_max(cases_table().columns.len() + 1)) {
        let changed = connection.execute_raw(change_cases(part)).await?;
        if changed.rows_affected() != part.len() as u64 {
            return Ok(Outcome::Lost);
        }
    }
    let claims = batch.claims.iter().map(|(table, rows)| (*table, Conflict::Lose, rows));
    let inserts = batch.inserts.iter().map(|(table, conflict, rows)| (*table, *conflict, rows));
    for (table, conflict, rows) in claims.chain(inserts) {
        let clause = match conflict {
            Conflict::Fail => String::new(),
            Conflict::Lose => format!("ON CONFLICT ({}) DO NOTHING", table.key_list()),
            Conflict::Replace => replace_clause(table),
        };
        for part in rows.chunks(rows_max(table.columns.len())) {
            let written = match connection.execute_raw(insert(table, part, &clause)).await {
                Ok(done) => done.rows_affected(),
                Err(error) if is_lost(&error) => return Ok(Outcome::Lost),
                Err(error) => return Err(error),
            };
            if conflict == Conflict::Lose && written != part.len() as u64 {
                return Ok(Outcome::Lost);
            }
        }
    }
    for (table, keys) in &batch.deletes {
        for part in keys.chunks(rows_max(table.key.len())) {
            connection.execute_raw(delete(table, part)).await?;
        }
    }
    Ok(Outcome::Written)
}

/// By result code; the lowest byte is the primary one.
pub(super) fn trouble(code: &str) -> Trouble {
    match code.parse::<u32>().unwrap_or_default() & 0xff {
        // Busy, locked.
        5 | 6 => Trouble::Passing,
        // Read-only, input or output, corrupt, full, cannot open, not a database.
        8 | 10 | 11 | 13 | 14 | 26 => Trouble::Away,
        _ => Trouble::Lasting,
    }
}

fn is_lost(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
        && matches!(
            error,
            DbErr::Exec(RuntimeErr::SqlxError(_)) | DbErr::Query(RuntimeErr::SqlxError(_))
        )
}
