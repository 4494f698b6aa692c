//! PostgreSQL: arrays instead of lists, and one statement that writes a whole batch.
//!
//! Every multi-row part reads `unnest` of arrays, so its text does not depend on how many rows there
//! are and it is prepared once. The parts are joined into one statement with a guard at its end: if a
//! case had moved on or a key was taken, the guard divides by zero and nothing is written. A batch
//! therefore needs no transaction around it and costs one round trip.

use std::fmt::Write as _;

use sea_orm::sea_query::Value;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, RuntimeErr, Statement,
};
use uuid::Uuid;

use super::{Batch, Conflict, Outcome, Trouble, cases_table};
use crate::row::{Cell, CellType, Table};

/// Statement texts kept prepared per connection: one per mix of tables in a batch.
const STATEMENTS_KEPT: usize = 1_000;

pub(super) fn writer_options(options: &mut ConnectOptions, connections: u32) {
    options.max_connections(connections).min_connections(connections);
    options.map_sqlx_postgres_opts(|options| {
        // A generic plan is made once; with scans off it cannot be a scan that was cheap while the
        // table was empty and stays for ever.
        options
            .statement_cache_capacity(STATEMENTS_KEPT)
            .application_name("parasol-writer")
            .options([
                ("plan_cache_mode", "force_generic_plan"),
                ("enable_seqscan", "off"),
                // A discouraged scan has a cost in the billions, which would have it compiled.
                ("jit", "off"),
                ("synchronous_commit", "on"),
                ("statement_timeout", "15s"),
                // Nobody holds a case for longer than a few milliseconds. A process that was stopped
                // in the middle of a transaction loses it, so that the others need not wait for it.
                ("lock_timeout", "2s"),
                ("idle_in_transaction_session_timeout", "5s"),
            ])
    });
}

pub(super) fn reader_options(options: &mut ConnectOptions) {
    // Planned like the writer's, and for the same reason.
    options.map_sqlx_postgres_opts(|options| {
        options.application_name("parasol-reader").options([
            ("statement_timeout", "15s"),
            ("default_transaction_read_only", "on"),
            ("enable_seqscan", "off"),
            ("jit", "off"),
        ])
    });
}

/// The writer's sessions insist on `synchronous_commit` whatever the server's default is. A server
/// that is careless by default is refused all the same: others would write to it carelessly, and a
/// pooler between may lose what a session insists on.
pub(super) async fn durability_problems(
    writer: &DatabaseConnection,
    reader: &DatabaseConnection,
) -> Result<Vec<String>, DbErr> {
    let mut problems = Vec::new();
    for name in ["fsync", "full_page_writes"] {
        if setting(writer, name).await? != "on" {
            problems.push(format!("{name} is off: an acknowledged step could be lost"));
        }
    }
    for connection in [writer, reader] {
        let value = setting(connection, "synchronous_commit").await?;
        let problem = format!("synchronous_commit is {value}: an acknowledged step could be lost");
        if matches!(value.as_str(), "" | "off" | "local") && !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    Ok(problems)
}

async fn setting(connection: &DatabaseConnection, name: &str) -> Result<String, DbErr> {
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

fn uuid_array(ids: &[Uuid]) -> Value {
    let values = ids.iter().map(|id| Value::from(*id)).collect();
    Value::Array(CellType::Id.array_type(), Some(Box::new(values)))
}

/// A statement under construction.
#[derive(Default)]
struct Writer {
    sql: String,
    values: Vec<Value>,
    parts: usize,
    guards: Vec<(usize, usize)>,
}

impl Writer {
    /// Adds the columns of rows as arrays; answers with `unnest(...)`.
    fn unnest<'a>(
        &mut self,
        types: &[CellType],
        rows: impl Iterator<Item = Vec<&'a Cell>>,
    ) -> String {
        let mut arrays: Vec<Vec<Value>> = types.iter().map(|_| Vec::new()).collect();
        for row in rows {
            for (array, cell) in arrays.iter_mut().zip(row) {
                array.push(cell.clone().into_value());
            }
        }
        let mut text = String::from("unnest(");
        for (place, (array, cell)) in arrays.into_iter().zip(types).enumerate() {
            self.values.push(Value::Array(cell.array_type(), Some(Box::new(array))));
            let comma = if place == 0 { "" } else { ", " };
            let parameter = self.values.len();
            write!(text, "{comma}${parameter}::{}", cell.pg_array()).expect("a String takes all");
        }
        text.push(')');
        text
    }

    /// Opens the next part of the statement; it returns a row per row written.
    fn part(&mut self, body: &str, expected: Option<usize>) {
        let lead = if self.parts == 0 { "WITH" } else { "," };
        write!(self.sql, "{lead} p{} AS ({body} RETURNING 1) ", self.parts)
            .expect("a String takes all");
        if let Some(expected) = expected {
            self.guards.push((self.parts, expected));
        }
        self.parts += 1;
    }

    fn insert(&mut self, table: &Table, conflict: Conflict, rows: &[Vec<Cell>]) {
        let types: Vec<_> = table.columns.iter().map(|column| column.cell).collect();
        let source = self.unnest(&types, rows.iter().map(|row| row.iter().collect()));
        let columns = table.column_list();
        let clause = conflict_clause(table, conflict);
        let body =
            format!("INSERT INTO {} ({columns}) SELECT * FROM {source} {clause}", table.name);
        let expected = (conflict == Conflict::Lose).then_some(rows.len());
        self.part(&body, expected);
    }

    fn delete(&mut self, table: &Table, keys: &[Vec<Cell>]) {
        let types: Vec<_> = table.key.iter().map(|place| table.columns[*place].cell).collect();
        let source = self.unnest(&types, keys.iter().map(|key| key.iter().collect()));
        let names: Vec<_> = table.key.iter().map(|place| table.columns[*place].name).collect();
        let matches: Vec<_> = names.iter().map(|name| format!("t.{name} = d.{name}")).collect();
        let body = format!(
            "DELETE FROM {} t USING {source} AS d({}) WHERE {}",
            table.name,
            names.join(", "),
            matches.join(" AND ")
        );
        self.part(&body, None);
    }

    fn change_cases(&mut self, cases: &[(Vec<Cell>, i64)]) {
        let table = cases_table();
        let mut types: Vec<_> = table.columns.iter().map(|column| column.cell).collect();
        types.push(CellType::Int);
        let expected: Vec<Cell> = cases.iter().map(|(_, version)| Cell::Int(*version)).collect();
        let rows = cases
            .iter()
            .zip(&expected)
            .map(|((row, _), version)| row.iter().chain(std::iter::once(version)).collect());
        let source = self.unnest(&types, rows);
        let names = table.column_list();
        let sets: Vec<_> =
            table.columns[1..].iter().map(|column| format!("{0} = n.{0}", column.name)).collect();
        let body = format!(
            "UPDATE cases c SET {} FROM {source} AS n({names}, expected) \
             WHERE c.id = n.id AND c.version = n.expected",
            sets.join(", ")
        );
        self.part(&body, Some(cases.len()));
    }

    fn finish(mut self) -> Statement {
        self.sql.push_str("SELECT 1 / (CASE WHEN true");
        for (part, expected) in &self.guards {
            self.values.push(Value::from(i64::try_from(*expected).unwrap_or(i64::MAX)));
            let parameter = self.values.len();
            write!(self.sql, " AND (SELECT count(*) FROM p{part}) = ${parameter}")
                .expect("a String takes all");
        }
        self.sql.push_str(" THEN 1 ELSE 0 END)");
        Statement::from_sql_and_values(DbBackend::Postgres, self.sql, self.values)
    }
}

fn conflict_clause(table: &Table, conflict: Conflict) -> String {
    match conflict {
        Conflict::Fail => String::new(),
        Conflict::Lose => format!("ON CONFLICT ({}) DO NOTHING", table.key_list()),
        Conflict::Replace => super::sqlite::replace_clause(table),
    }
}

pub(super) fn claim(table: &'static Table, rows: &[Vec<Cell>]) -> Statement {
    let mut writer = Writer::default();
    let types: Vec<_> = table.columns.iter().map(|column| column.cell).collect();
    let source = writer.unnest(&types, rows.iter().map(|row| row.iter().collect()));
    let sql = format!(
        "INSERT INTO {} ({}) SELECT * FROM {source} ON CONFLICT ({keys}) DO NOTHING RETURNING {keys}",
        table.name,
        table.column_list(),
        keys = table.key_list(),
    );
    Statement::from_sql_and_values(DbBackend::Postgres, sql, writer.values)
}

pub(super) async fn write(
    connection: &impl ConnectionTrait,
    batch: &Batch,
) -> Result<Outcome, DbErr> {
    let mut writer = Writer::default();
    // First, so that a key that is taken costs no more than finding that out.
    for (table, rows) in &batch.claims {
        writer.insert(table, Conflict::Lose, rows);
    }
    if !batch.cases.is_empty() {
        writer.change_cases(&batch.cases);
    }
    for (table, conflict, rows) in &batch.inserts {
        writer.insert(table, *conflict, rows);
    }
    for (table, keys) in &batch.deletes {
        writer.delete(table, keys);
    }
    match connection.query_one_raw(writer.finish()).await {
        Ok(Some(_)) => Ok(Outcome::Written),
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
