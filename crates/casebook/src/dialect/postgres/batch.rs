//! The statement that writes a batch.
//!
//! Its parts are joined with a guard at the end: if a case had moved on or a key was taken, the guard
//! divides by zero and nothing is written. A batch therefore needs no transaction around it and costs one
//! round trip.
//!
//! A part of many commands reads `unnest` of arrays, so its text does not depend on how many rows there
//! are and it is prepared once. What a single command writes is spelled out value by value: its few rows
//! follow from the command, and without the detour over arrays the statement takes half the time.

use std::fmt::Write as _;

use sea_orm::sea_query::Value;
use sqlx::Arguments as _;
use sqlx::postgres::PgArguments;

use crate::dialect::{Batch, Conflict, cases_table, sqlite};
use crate::row::{Cell, CellType, Table};

/// The most rows of a part that are spelled out.
const SPELLED_MAX: usize = 4;

/// Takes the values of a statement, in order.
pub(super) trait Binds: Default {
    /// Binds one value.
    fn one(&mut self, cell: &Cell);
    /// Binds the values of a column as an array.
    fn column(&mut self, kind: CellType, cells: Vec<&Cell>);
}

impl Binds for Vec<Value> {
    fn one(&mut self, cell: &Cell) {
        self.push(cell.clone().into_value());
    }

    fn column(&mut self, kind: CellType, cells: Vec<&Cell>) {
        let values = cells.into_iter().map(|cell| cell.clone().into_value()).collect();
        self.push(Value::Array(kind.array_type(), Some(Box::new(values))));
    }
}

/// Values encoded for the wire at once, without a copy in between.
#[derive(Default)]
pub(super) struct Encoded {
    pub arguments: PgArguments,
    /// The first value that could not be encoded.
    pub error: Option<sqlx::error::BoxDynError>,
}

impl Encoded {
    fn keep(&mut self, added: Result<(), sqlx::error::BoxDynError>) {
        if let Err(error) = added {
            self.error.get_or_insert(error);
        }
    }
}

impl Binds for Encoded {
    fn one(&mut self, cell: &Cell) {
        let added = match cell {
            Cell::Id(id) => self.arguments.add(*id),
            Cell::Text(text) => self.arguments.add(text.as_str()),
            Cell::Int(int) => self.arguments.add(*int),
            Cell::Bytes(bytes) => self.arguments.add(bytes.as_slice()),
        };
        self.keep(added);
    }

    fn column(&mut self, kind: CellType, cells: Vec<&Cell>) {
        /// The cells of a column are of its type, so none is left out.
        macro_rules! column {
            ($variant:ident, $value:ident => $bound:expr) => {{
                let of_kind = cells.into_iter().filter_map(|cell| match cell {
                    Cell::$variant($value) => Some($bound),
                    _ => None,
                });
                self.arguments.add(of_kind.collect::<Vec<_>>())
            }};
        }
        let added = match kind {
            CellType::Id => column!(Id, id => *id),
            CellType::Text => column!(Text, text => text.as_str()),
            CellType::Int => column!(Int, int => *int),
            CellType::Bytes => column!(Bytes, bytes => bytes.as_slice()),
        };
        self.keep(added);
    }
}

/// The text of a batch, and its values.
pub(super) fn statement<B: Binds>(batch: &Batch) -> (String, B) {
    let mut writer = Writer::<B> { spells: batch.commands == 1, ..Writer::default() };
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
    writer.finish()
}

/// Takes keys that are free and answers with them.
pub(super) fn claim(table: &Table, rows: &[Vec<Cell>]) -> (String, Vec<Value>) {
    let mut writer = Writer::<Vec<Value>>::default();
    let source = writer.source(&types(table), rows.iter().map(|row| row.iter().collect()));
    let (columns, keys) = (table.column_list(), table.key_list());
    let name = table.name;
    let sql = format!(
        "INSERT INTO {name} ({columns}) SELECT * FROM {source} \
         ON CONFLICT ({keys}) DO NOTHING RETURNING {keys}"
    );
    (sql, writer.binds)
}

/// Asks which of these keys somebody holds: rows of the place of the table in `claims` and the key as
/// [`Cell::text`] writes it.
pub(super) fn taken<B: Binds>(claims: &[(&'static Table, Vec<Vec<Cell>>)]) -> (String, B) {
    let mut writer = Writer::<B>::default();
    for (place, (table, rows)) in claims.iter().enumerate() {
        let kinds: Vec<_> = table.key.iter().map(|key| table.columns[*key].cell).collect();
        let keys = rows.iter().map(|row| table.key.iter().map(|key| &row[*key]).collect());
        let source = writer.source(&kinds, keys.collect::<Vec<Vec<&Cell>>>().into_iter());
        let names: Vec<_> = table.key.iter().map(|place| table.columns[*place].name).collect();
        let texts: Vec<_> = names.iter().map(|name| format!("t.{name}::text")).collect();
        let matches: Vec<_> = names.iter().map(|name| format!("t.{name} = k.{name}")).collect();
        let lead = if place == 0 { "" } else { " UNION ALL " };
        let (texts, names, matches) = (texts.join(", "), names.join(", "), matches.join(" AND "));
        put(
            &mut writer.sql,
            format_args!(
                "{lead}SELECT {place}::int8, ARRAY[{texts}] FROM {} t, {source} AS k({names}) WHERE {matches}",
                table.name
            ),
        );
    }
    (writer.sql, writer.binds)
}

/// A statement under construction.
#[derive(Default)]
struct Writer<B> {
    sql: String,
    binds: B,
    bound: usize,
    parts: usize,
    /// Parts that have to write so many rows.
    guards: Vec<(usize, usize)>,
    /// Whether few rows are spelled out.
    spells: bool,
}

impl<B: Binds> Writer<B> {
    /// Binds rows and answers with a source of them that can be selected from.
    fn source<'a>(
        &mut self,
        types: &[CellType],
        rows: impl ExactSizeIterator<Item = Vec<&'a Cell>>,
    ) -> String {
        if self.spells && rows.len() <= SPELLED_MAX {
            return self.spell(types, rows);
        }
        let mut columns: Vec<Vec<&Cell>> = vec![Vec::with_capacity(rows.len()); types.len()];
        for row in rows {
            for (column, cell) in columns.iter_mut().zip(row) {
                column.push(cell);
            }
        }
        let mut text = String::from("unnest(");
        for (place, (column, kind)) in columns.into_iter().zip(types).enumerate() {
            self.binds.column(*kind, column);
            self.bound += 1;
            let comma = if place == 0 { "" } else { ", " };
            put(&mut text, format_args!("{comma}${}::{}[]", self.bound, kind.pg_type()));
        }
        text.push(')');
        text
    }

    fn spell<'a>(
        &mut self,
        types: &[CellType],
        rows: impl Iterator<Item = Vec<&'a Cell>>,
    ) -> String {
        let mut text = String::from("(VALUES ");
        for (nth, row) in rows.enumerate() {
            text.push_str(if nth == 0 { "(" } else { ", (" });
            for (place, (cell, kind)) in row.into_iter().zip(types).enumerate() {
                self.binds.one(cell);
                self.bound += 1;
                let comma = if place == 0 { "" } else { ", " };
                put(&mut text, format_args!("{comma}${}::{}", self.bound, kind.pg_type()));
            }
            text.push(')');
        }
        text.push_str(") AS v");
        text
    }

    /// Opens the next part of the statement, which may have to write so many rows.
    fn part(&mut self, body: &str, expected: Option<usize>) {
        let lead = if self.parts == 0 { "WITH" } else { "," };
        let counted = if expected.is_some() { " RETURNING 1" } else { "" };
        put(&mut self.sql, format_args!("{lead} p{} AS ({body}{counted}) ", self.parts));
        self.guards.extend(expected.map(|expected| (self.parts, expected)));
        self.parts += 1;
    }

    fn insert(&mut self, table: &Table, conflict: Conflict, rows: &[Vec<Cell>]) {
        let source = self.source(&types(table), rows.iter().map(|row| row.iter().collect()));
        let columns = table.column_list();
        let clause = conflict_clause(table, conflict);
        let body =
            format!("INSERT INTO {} ({columns}) SELECT * FROM {source} {clause}", table.name);
        let expected = (conflict == Conflict::Lose).then_some(rows.len());
        self.part(&body, expected);
    }

    fn delete(&mut self, table: &Table, keys: &[Vec<Cell>]) {
        let kinds: Vec<_> = table.key.iter().map(|place| table.columns[*place].cell).collect();
        let source = self.source(&kinds, keys.iter().map(|key| key.iter().collect()));
        let names: Vec<_> = table.key.iter().map(|place| table.columns[*place].name).collect();
        let matches: Vec<_> = names.iter().map(|name| format!("t.{name} = d.{name}")).collect();
        let body = format!(
            "DELETE FROM {} t USING (SELECT * FROM {source}) AS d({}) WHERE {}",
            table.name,
            names.join(", "),
            matches.join(" AND ")
        );
        self.part(&body, None);
    }

    fn change_cases(&mut self, cases: &[(Vec<Cell>, i64)]) {
        let table = cases_table();
        let mut kinds = types(table);
        kinds.push(CellType::Int);
        let expected: Vec<Cell> = cases.iter().map(|(_, version)| Cell::Int(*version)).collect();
        let rows = cases
            .iter()
            .zip(&expected)
            .map(|((row, _), version)| row.iter().chain(std::iter::once(version)).collect());
        let source = self.source(&kinds, rows);
        let names = table.column_list();
        let sets: Vec<_> =
            table.columns[1..].iter().map(|column| format!("{0} = n.{0}", column.name)).collect();
        let body = format!(
            "UPDATE cases c SET {} FROM (SELECT * FROM {source}) AS n({names}, expected) \
             WHERE c.id = n.id AND c.version = n.expected",
            sets.join(", ")
        );
        self.part(&body, Some(cases.len()));
    }

    fn finish(mut self) -> (String, B) {
        self.sql.push_str("SELECT 1 / (CASE WHEN true");
        for (part, expected) in &self.guards {
            self.binds.one(&Cell::Int(i64::try_from(*expected).unwrap_or(i64::MAX)));
            self.bound += 1;
            let bound = self.bound;
            put(&mut self.sql, format_args!(" AND (SELECT count(*) FROM p{part}) = ${bound}"));
        }
        self.sql.push_str(" THEN 1 ELSE 0 END)");
        (self.sql, self.binds)
    }
}

fn put(text: &mut String, words: std::fmt::Arguments<'_>) {
    text.write_fmt(words).expect("a String takes all");
}

fn types(table: &Table) -> Vec<CellType> {
    table.columns.iter().map(|column| column.cell).collect()
}

fn conflict_clause(table: &Table, conflict: Conflict) -> String {
    match conflict {
        Conflict::Fail => String::new(),
        Conflict::Lose => format!("ON CONFLICT ({}) DO NOTHING", table.key_list()),
        Conflict::Replace => sqlite::replace_clause(table),
    }
}
