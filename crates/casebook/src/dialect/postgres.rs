//! PostgreSQL: arrays instead of lists, one statement that writes a whole batch ([`batch`]), connections that do
//! nothing else ([`direct`]), a pooler in between ([`pooled`]), which of several hosts it is ([`primary`]), and what
//! a query may see ([`scope`]).

mod address;
mod batch;
mod direct;
mod pooled;
mod primary;
mod scope;

use std::fmt::Write as _;
use std::sync::LazyLock;

use sea_orm::sea_query::Value;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, RuntimeErr, Statement,
};
use sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

use super::{Batch, Outcome, Trouble};
use crate::row::{Cell, CellType, Table};
use crate::vault::Aside;

pub(crate) use address::Address;
pub use address::HOSTS_MAX;
pub(crate) use direct::{Direct, Reading};
pub(crate) use pooled::{Pooled, PooledTransaction};
pub(crate) use primary::{Hosts, NoPrimary};
pub(super) use scope::guard as guard_rows;

/// Statement texts kept prepared per connection: one per kind of command, and those of batches until they share
/// one.
const STATEMENTS_KEPT: usize = 1_000;
/// How long a transaction may do nothing.
const IDLE: &str = "5s";

/// What the sessions that write insist on.
const OF_WRITERS: &[(&str, &str)] = &[
    // A generic plan is made once; with scans off it cannot be a scan that was cheap while the
    // table was empty and stays for ever.
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    // A discouraged scan has a cost in the billions, which would have it compiled.
    ("jit", "off"),
    ("synchronous_commit", "on"),
    ("statement_timeout", "15s"),
    // Nobody holds a case for longer than a few milliseconds. A process that was stopped
    // in the middle of a transaction loses it, so that the others need not wait for it.
    ("lock_timeout", "2s"),
    ("idle_in_transaction_session_timeout", IDLE),
];

/// What the sessions that read insist on. Planned like the writer's, and for the same reason.
const OF_READERS: &[(&str, &str)] = &[
    ("statement_timeout", "15s"),
    ("default_transaction_read_only", "on"),
    ("enable_seqscan", "off"),
    ("jit", "off"),
];

/// The first words of a transaction through a pooler: what a session would insist on.
static WRITERS_BEGIN: LazyLock<String> = LazyLock::new(|| begin("BEGIN", OF_WRITERS));
/// As [`WRITERS_BEGIN`], of those that read.
static READERS_BEGIN: LazyLock<String> = LazyLock::new(|| begin("BEGIN READ ONLY", OF_READERS));

fn begin(words: &str, settings: &[(&str, &str)]) -> String {
    let mut sql = words.to_owned();
    for (name, value) in settings {
        write!(sql, "; SET LOCAL {name} = '{value}'").expect("a string takes any text");
    }
    sql
}

pub(super) fn writer_options(options: &mut ConnectOptions, connections: u32, pooled: bool) {
    options.max_connections(connections).min_connections(connections);
    session(options, "parasol-writer", OF_WRITERS, pooled);
}

pub(super) fn reader_options(options: &mut ConnectOptions, pooled: bool) {
    session(options, "parasol-reader", OF_READERS, pooled);
}

fn session(
    options: &mut ConnectOptions,
    name: &'static str,
    settings: &'static [(&'static str, &'static str)],
    pooled: bool,
) {
    options.map_sqlx_postgres_opts(move |options| insisting(options, name, settings, pooled));
    // A connection that was made while a server was being replaced may have met one that follows.
    options.map_sqlx_postgres_pool_opts(|options| {
        options.after_connect(|connection, _| Box::pin(primary::refuse_standby(connection)))
    });
}

fn insisting(
    options: PgConnectOptions,
    name: &str,
    settings: &[(&str, &str)],
    pooled: bool,
) -> PgConnectOptions {
    let options = options.application_name(name);
    if pooled {
        // A pooler takes no settings, and a statement is gone with its transaction.
        return options.extra_float_digits(None).statement_cache_capacity(0);
    }
    options.statement_cache_capacity(STATEMENTS_KEPT).options(settings.iter().copied())
}

/// The hosts of an address.
pub(super) fn hosts(address: &Address) -> Result<Hosts, DbErr> {
    let options = |url: &String| {
        let options: PgConnectOptions = url.parse().map_err(direct::query_error)?;
        Ok(insisting(options, "parasol-look", OF_WRITERS, address.pooled))
    };
    let all = address.urls.iter().map(options).collect::<Result<_, DbErr>>()?;
    Ok(Hosts::new(all, address.pooled))
}

/// What stands in front of the pool that writes.
pub(super) fn pooled(writer: &DatabaseConnection) -> Pooled {
    Pooled::new(writer.get_postgres_connection_pool().clone(), &WRITERS_BEGIN)
}

/// The writer's sessions insist on `synchronous_commit` whatever the server's default is. A server
/// that is careless by default is refused all the same: others would write to it carelessly, and a
/// pooler between may lose what a session insists on.
pub(super) async fn durability_problems(
    writer: &impl ConnectionTrait,
    reader: &impl ConnectionTrait,
) -> Result<Vec<String>, DbErr> {
    let mut problems = Vec::new();
    for name in ["fsync", "full_page_writes"] {
        if setting(writer, name).await? != "on" {
            problems.push(format!("{name} is off: an acknowledged step could be lost"));
        }
    }
    let name = "synchronous_commit";
    for value in [setting(writer, name).await?, setting(reader, name).await?] {
        let problem = format!("synchronous_commit is {value}: an acknowledged step could be lost");
        if matches!(value.as_str(), "" | "off" | "local") && !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    Ok(problems)
}

/// Whether the sessions that write have what they insist on; something in between may have dropped it.
pub(super) async fn insists(writer: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(setting(writer, "idle_in_transaction_session_timeout").await? == IDLE)
}

async fn setting(connection: &impl ConnectionTrait, name: &str) -> Result<String, DbErr> {
    let statement = Statement::from_string(DbBackend::Postgres, format!("SHOW {name}"));
    match connection.query_one_raw(statement).await? {
        Some(row) => Ok(row.try_get_by_index(0)?),
        None => Ok(String::new()),
    }
}

/// By SQLSTATE.
pub(super) fn trouble(code: &str) -> Trouble {
    match code {
        // Shutting down, starting up, out of connections, memory or disk, broken disk.
        "57P01" | "57P02" | "57P03" | "57P05" | "58030" => Trouble::Away,
        // Not to be written to: it follows another by now, or soon will not.
        "25006" => Trouble::Away,
        _ if code.starts_with("08") || code.starts_with("53") => Trouble::Away,
        // Serialization failure, deadlock, lock not available, statement or idle time-out.
        "40001" | "40P01" | "55P03" | "57014" | "25P03" => Trouble::Passing,
        _ => Trouble::Lasting,
    }
}

pub(super) async fn tune_hot_tables(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    // Room on the page lets an update stay beside its old row and leave the indexes alone.
    connection.execute_unprepared("ALTER TABLE cases SET (fillfactor = 70)").await?;
    connection
        .execute_unprepared(
            "ALTER TABLE tasks SET (autovacuum_vacuum_scale_factor = 0.02, \
             autovacuum_vacuum_threshold = 1000)",
        )
        .await?;
    Ok(())
}

pub(super) fn leave_out(table: &str, listed: &str, column: &str) -> Vec<String> {
    // Each statement of the function sees what is committed by then, so a writer that waited for an erasure sees it.
    let function = format!(
        "CREATE OR REPLACE FUNCTION {table}_leaves_out() RETURNS trigger LANGUAGE plpgsql VOLATILE \
         AS $$ BEGIN IF EXISTS (SELECT 1 FROM {listed} WHERE {column} = NEW.{column}) THEN \
         RETURN NULL; END IF; RETURN NEW; END $$"
    );
    let trigger = format!(
        "CREATE OR REPLACE TRIGGER {table}_leaves_out BEFORE INSERT ON {table} \
         FOR EACH ROW EXECUTE FUNCTION {table}_leaves_out()"
    );
    vec![function, trigger]
}

pub(super) fn put_aside(aside: &Aside, columns: &[&str], key: &[&str]) -> Vec<String> {
    let Aside { table, aside, subject } = *aside;
    let old: Vec<_> = columns.iter().map(|column| format!("OLD.{column}")).collect();
    let sets: Vec<_> = columns.iter().filter(|column| !key.contains(column)).collect();
    let sets: Vec<_> = sets.iter().map(|column| format!("{column} = excluded.{column}")).collect();
    let function = format!(
        "CREATE OR REPLACE FUNCTION {table}_put_aside() RETURNS trigger LANGUAGE plpgsql VOLATILE \
         AS $$ BEGIN IF EXISTS (SELECT 1 FROM vault_held WHERE subject = OLD.{subject}) THEN \
         INSERT INTO {aside} ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}; \
         END IF; RETURN OLD; END $$",
        columns.join(", "),
        old.join(", "),
        key.join(", "),
        sets.join(", "),
    );
    let trigger = format!(
        "CREATE OR REPLACE TRIGGER {table}_put_aside BEFORE DELETE ON {table} \
         FOR EACH ROW EXECUTE FUNCTION {table}_put_aside()"
    );
    vec![function, trigger]
}

pub(super) fn by_ids(columns: &str, table: &str, key: &str, ids: &[Uuid]) -> Statement {
    let sql = format!("SELECT {columns} FROM {table} WHERE {key} = ANY($1::uuid[])");
    Statement::from_sql_and_values(DbBackend::Postgres, sql, [uuid_array(ids)])
}

pub(super) fn load_cases(ids: &[Uuid], lock: bool) -> Statement {
    // Sorted, so that two writers lock in the same order and cannot wait for each other.
    let lock = if lock { "ORDER BY id FOR UPDATE" } else { "" };
    let sql = format!("SELECT id, version, state FROM cases WHERE id = ANY($1::uuid[]) {lock}");
    Statement::from_sql_and_values(DbBackend::Postgres, sql, [uuid_array(ids)])
}

pub(super) fn entries(wanted: &[(Uuid, i64)]) -> Statement {
    let sql = "SELECT e.case_id, e.seq, e.body FROM unnest($1::uuid[], $2::int8[]) AS w(c, s) \
               JOIN events e ON e.case_id = w.c AND e.seq = w.s";
    let (ids, seqs): (Vec<Uuid>, Vec<i64>) = wanted.iter().copied().unzip();
    let seqs = seqs.into_iter().map(Value::from).collect();
    let seqs = Value::Array(CellType::Int.array_type(), Some(Box::new(seqs)));
    Statement::from_sql_and_values(DbBackend::Postgres, sql, [uuid_array(&ids), seqs])
}

fn uuid_array(ids: &[Uuid]) -> Value {
    let values = ids.iter().map(|id| Value::from(*id)).collect();
    Value::Array(CellType::Id.array_type(), Some(Box::new(values)))
}

pub(super) fn claim(table: &'static Table, rows: &[Vec<Cell>]) -> Statement {
    let (sql, values) = batch::claim(table, rows);
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// Writes a batch inside a transaction.
pub(super) async fn write(
    connection: &impl ConnectionTrait,
    batch: &Batch,
) -> Result<Outcome, DbErr> {
    let (sql, values) = batch::statement::<Vec<Value>>(batch);
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    outcome(connection.query_one_raw(statement).await.map(|row| row.map(|_| ())))
}

/// What the guard at the end of a batch said.
fn outcome(answer: Result<Option<()>, DbErr>) -> Result<Outcome, DbErr> {
    match answer {
        Ok(Some(())) => Ok(Outcome::Written),
        Ok(None) => Err(DbErr::RecordNotFound("the guard of a batch".into())),
        Err(error) if is_lost(&error) => Ok(Outcome::Lost),
        Err(error) => Err(error),
    }
}

/// Division by zero is the guard; a unique violation is a key somebody else wrote first.
fn is_lost(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner))) =
        error
    else {
        return false;
    };
    let code = inner.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("22012" | "23505"))
}
