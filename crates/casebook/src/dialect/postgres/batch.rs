//! The statement that writes a batch.
//!
//! Its parts are joined with a guard at the end: if a case had moved on or a key was taken, the guard
//! divides by zero and nothing is written. A batch therefore needs no transaction around it and costs one
//! round trip.
//!
//! A part of many commands reads `unnest` of arrays, so its text does not depend on how many rows there
//! are and it is prepared once. What a single command writes is spelled out value by value: its few rows
//! follow from the command, and without the detour over arrays the statement takes half the time.

use std::collections::BTreeMap;
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
    // A text that is shared by many batches changes cases even if there are none to change.
    if !batch.cases.is_empty() || batch.commands > 1 {
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

/// In so many batches a part must have been, to be in the text of all.
const USUAL_FROM: u32 = 8;

/// The parts that batches of many commands usually have.
///
/// Commands meet in ever new mixes, and a text of its own for each mix would be parsed and planned on each
/// connection. So the text has every part that is usual, with nothing to write where a batch has none,
/// and all batches soon share one.
#[derive(Default)]
pub(super) struct Usual {
    claims: Seen<&'static str, &'static Table>,
    inserts: Seen<(&'static str, u8), (&'static Table, Conflict)>,
    deletes: Seen<&'static str, &'static Table>,
}

/// Rows of one part.
type Rows = Vec<Vec<Cell>>;

impl Usual {
    /// Learns what a batch has, adds what is usual, and orders the parts. A single command keeps its own
    /// few, since its text follows from what it does.
    pub(super) fn complete(&mut self, batch: &mut Batch) {
        if batch.commands <= 1 {
            return;
        }
        let by_table = |(table, rows): (&'static Table, Rows)| (table.name, table, rows);
        let claims = batch.claims.drain(..).map(by_table);
        batch.claims = self.claims.complete(claims);
        let inserts = batch
            .inserts
            .drain(..)
            .map(|(table, conflict, rows)| ((table.name, conflict as u8), (table, conflict), rows));
        let inserts = self.inserts.complete(inserts).into_iter();
        batch.inserts = inserts.map(|((table, conflict), rows)| (table, conflict, rows)).collect();
        let deletes = batch.deletes.drain(..).map(by_table);
        batch.deletes = self.deletes.complete(deletes);
    }
}

/// Parts that were seen, and in how many batches.
struct Seen<K, P>(BTreeMap<K, (P, u32)>);

impl<K, P> Default for Seen<K, P> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Copy, P: Copy> Seen<K, P> {
    fn complete(&mut self, parts: impl Iterator<Item = (K, P, Rows)>) -> Vec<(P, Rows)> {
        let mut here: BTreeMap<K, (P, Rows)> = BTreeMap::new();
        for (key, part, rows) in parts {
            here.entry(key).or_insert((part, Vec::new())).1.extend(rows);
        }
        for (key, (part, _)) in &here {
            let (_, batches) = self.0.entry(*key).or_insert((*part, 0));
            *batches = batches.saturating_add(1);
        }
        for (key, (part, _)) in self.0.iter().filter(|(_, (_, seen))| *seen >= USUAL_FROM) {
            here.entry(*key).or_insert((*part, Vec::new()));
        }
        here.into_values().collect()
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{commands, events, tasks};

    fn batch(commands: usize, inserts: &[&'static Table]) -> Batch {
        let part = |table: &&'static Table| (*table, Conflict::Fail, vec![vec![Cell::Int(1)]]);
        Batch { commands, inserts: inserts.iter().map(part).collect(), ..Batch::default() }
    }

    #[test]
    fn batches_of_many_commands_come_to_share_one_text() {
        let (log, trail, owed) = (
            Table::of::<events::Entity>(),
            Table::of::<commands::Entity>(),
            Table::of::<tasks::Entity>(),
        );
        let mut usual = Usual::default();
        let mut parts = |commands, inserts: &[&'static Table]| {
            let mut batch = batch(commands, inserts);
            usual.complete(&mut batch);
            let parts = batch.inserts.iter().map(|(table, _, rows)| (table.name, rows.len()));
            parts.collect::<Vec<_>>()
        };
        assert_eq!(parts(2, &[log]), [("events", 1)], "nothing is usual yet");
        for _ in 0..USUAL_FROM {
            parts(2, &[trail, log]);
        }
        assert_eq!(parts(2, &[owed]), [("commands", 0), ("events", 0), ("tasks", 1)]);
        assert_eq!(parts(2, &[log, trail]), [("commands", 1), ("events", 1)], "once is not usual");
        assert_eq!(parts(1, &[owed]), [("tasks", 1)], "a single command keeps its own");
    }
}
