//! What a migration may do to tables that an earlier release works on: add to them, and no more.
//!
//! An upgrade migrates the database first, while processes of the release before go on. They name the columns they read
//! and write, so that a column more with a default is none of their business; one that is gone, is of another kind, or
//! wants a value is. The same holds for a key that becomes unique.

use std::collections::{BTreeMap, BTreeSet};

use parasol::migrations;
use parasol_casebook::{Pools, Store};
use parasol_testkit::{Postgres, program_path};

/// Migrations of before the first release that do more, and what. `docs/operations.md` says that every process is
/// stopped for a state from before them. None may be added: a later one is made of two, with a release between them.
const BEFORE_THE_FIRST_RELEASE: &[(&str, &str)] = &[
    ("m0002_casebook_commands_and_horizons", "answers.at is gone"),
    ("m0002_casebook_commands_and_horizons", "answers.body is gone"),
    ("m0002_casebook_commands_and_horizons", "answers.case_id is gone"),
    ("m0002_casebook_commands_and_horizons", "answers.fingerprint is gone"),
    ("m0002_casebook_commands_and_horizons", "answers.key is gone"),
    ("m0002_casebook_commands_and_horizons", "audit.at is gone"),
    ("m0002_casebook_commands_and_horizons", "audit.case_id is gone"),
    ("m0002_casebook_commands_and_horizons", "audit.commit_id is gone"),
    ("m0002_casebook_commands_and_horizons", "audit.first_seq is gone"),
    ("m0002_casebook_commands_and_horizons", "audit.key is gone"),
    ("m0002_casebook_commands_and_horizons", "audit.last_seq is gone"),
    ("m0002_casebook_commands_and_horizons", "audit.method is gone"),
    ("m0002_casebook_commands_and_horizons", "audit.place is gone"),
    ("m0002_casebook_commands_and_horizons", "audit.principal is gone"),
    ("m0087_tracking_sheets", "score_marks.at is gone"),
    ("m0087_tracking_sheets", "score_marks.case_id is gone"),
    ("m0087_tracking_sheets", "score_marks.excluded is gone"),
    ("m0087_tracking_sheets", "score_marks.figure is gone"),
    ("m0087_tracking_sheets", "score_marks.seq is gone"),
    ("m0087_tracking_sheets", "score_marks.value is gone"),
];

/// Every column with its kind, and whether a row may leave it out.
const COLUMNS: &str = "SELECT table_name, column_name, data_type, \
(column_default IS NOT NULL OR is_nullable = 'YES')::text FROM information_schema.columns \
WHERE table_schema = current_schema()";
/// Every unique key.
const UNIQUE: &str = "SELECT tablename, indexdef FROM pg_indexes \
WHERE schemaname = current_schema() AND indexdef LIKE 'CREATE UNIQUE%'";

/// What the tables are at one moment.
#[derive(Default)]
struct Shape {
    /// Kind, and whether it may be left out, by table and column.
    columns: BTreeMap<(String, String), (String, bool)>,
    unique: BTreeSet<(String, String)>,
}

impl Shape {
    async fn of(url: &str) -> Self {
        let rows = |sql: &'static str| rows(url, sql);
        let columns = rows(COLUMNS).await.into_iter().map(|row| {
            let [table, column, kind, may] = row.try_into().expect("four columns");
            ((table, column), (kind, may == "true"))
        });
        let unique = rows(UNIQUE).await.into_iter().map(|row| {
            let [table, index] = row.try_into().expect("two columns");
            (table, index)
        });
        Self { columns: columns.collect(), unique: unique.collect() }
    }

    fn has_table(&self, table: &str) -> bool {
        self.columns.keys().any(|(name, _)| name == table)
    }

    /// What those who work on these tables would stumble over once they are like that.
    fn broken_by(&self, later: &Self) -> Vec<String> {
        let mut broken = Vec::new();
        for ((table, column), (kind, _)) in &self.columns {
            match later.columns.get(&(table.clone(), column.clone())) {
                None => broken.push(format!("{table}.{column} is gone")),
                Some((other, _)) if other != kind => {
                    broken.push(format!("{table}.{column} was {kind} and is {other}"));
                }
                Some(_) => {}
            }
        }
        for ((table, column), (_, may_be_left_out)) in &later.columns {
            let is_new = !self.columns.contains_key(&(table.clone(), column.clone()));
            if is_new && self.has_table(table) && !may_be_left_out {
                broken.push(format!("{table}.{column} is new and wants a value"));
            }
        }
        for (table, index) in later.unique.difference(&self.unique) {
            if self.has_table(table) {
                broken.push(format!("{table} has a new unique key: {index}"));
            }
        }
        broken
    }
}

async fn rows(url: &str, sql: &str) -> Vec<Vec<String>> {
    let output = std::process::Command::new(program_path("psql").expect("psql is installed"))
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--command", sql, url])
        .output()
        .expect("psql runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(|line| line.split('|').map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn every_migration_leaves_processes_of_before_what_they_work_with() {
    let url = Postgres::shared().unwrap().fresh_database("expanding").unwrap();
    let store = Store::open(&url, Pools { write: 1, read: 1 }).await.unwrap();
    let mut before = Shape::default();
    let mut found = Vec::new();
    for name in migrations::names() {
        migrations::up_by_one(&store).await.unwrap();
        let after = Shape::of(&url).await;
        found.extend(before.broken_by(&after).into_iter().map(|what| (name.clone(), what)));
        before = after;
    }
    store.close().await.unwrap();
    let known = BEFORE_THE_FIRST_RELEASE.iter();
    let known: Vec<_> =
        known.map(|(name, what)| ((*name).to_owned(), (*what).to_owned())).collect();
    assert_eq!(found, known, "a migration is made of two, with a release between them");
}

#[test]
fn what_would_break_an_earlier_release_is_found() {
    let shape = |columns: &[(&str, &str, bool)], unique: &[&str]| Shape {
        columns: columns
            .iter()
            .map(|(column, kind, may)| {
                (("t".to_owned(), (*column).to_owned()), ((*kind).to_owned(), *may))
            })
            .collect(),
        unique: unique.iter().map(|one| ("t".to_owned(), (*one).to_owned())).collect(),
    };
    let before = shape(&[("a", "text", false), ("b", "text", false)], &["(a)"]);
    let wider = shape(&[("a", "text", false), ("b", "text", false), ("c", "text", true)], &["(a)"]);
    assert!(before.broken_by(&wider).is_empty());
    let other = shape(&[("a", "bigint", false), ("c", "text", false)], &["(a)", "(c)"]);
    let broken = before.broken_by(&other).join("; ");
    let expected = "t.a was text and is bigint; t.b is gone; t.c is new and wants a value; \
                    t has a new unique key: (c)";
    assert_eq!(broken, expected);
}
