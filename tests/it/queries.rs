//! What a database that is spread over machines and speaks PostgreSQL's protocol would need of us, held against every
//! table and every statement: keys that spread, nothing ordered by a sequence, no signals and no locks of the server's.
//!
//! The tables are those that all migrations make, the statements those that a server has seen while every story of the
//! demonstration was played; beside them the sources are searched for what no story reaches.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use parasol_testkit::Postgres;

use crate::program::program;

/// The tables of the kernel whose keys do not begin with the id of the case.
const NOT_BY_CASE: [(&str, &str); 12] = [
    ("audit_backlog", "what the sequencer has still to chain; it empties itself"),
    ("audit_chain", "one chain for the whole cell, written by one process at a time"),
    ("case_readers", "by whose the cases are, which is how they are looked for"),
    ("commands", "found by the request id, before anybody knows of a case; the key is a hash"),
    ("commits", "what the sequencer has still to number; it empties itself"),
    (
        "feed",
        "one order for the whole cell, written by one process at a time, a row for many events",
    ),
    ("leases", "a handful of rows, by name"),
    ("meta", "a handful of rows, by name"),
    ("vault", "by whom it is about, a customer or a case; an id either way"),
    ("vault_erased", "by whom it was about"),
    ("vault_held", "by whom it is about, a customer or a case"),
    ("vault_withheld", "by whom it is about, like the vault"),
];

/// The keys that begin with a number, which could grow and so would be written at one end only.
const BY_NUMBER: [(&str, &str); 5] = [
    ("audit_backlog", "by its time, which is the order it is chained in; it empties itself"),
    ("audit_chain", "one chain for the whole cell"),
    ("evidence_looks", "a part of what a picture looks like, and so spread"),
    ("feed", "one order for the whole cell"),
    ("score_passes", "one pass at a time counts"),
];

/// What the database itself keeps from being changed; one without triggers would lose this second lock and no more.
const LOCKED: [&str; 9] = [
    "certificate_seals.certificate_seals_stay",
    "certificates.certificates_stay",
    "claim_steps.claim_steps_stay",
    "evidence.evidence_put_aside",
    "ledger_entries.ledger_entries_open",
    "ledger_entries.ledger_entries_stay",
    "statements.statements_stay",
    "vault.vault_leaves_out",
    "vault.vault_put_aside",
];

/// Words that no statement may have, in lower case.
const NO_WORDS: [&str; 20] = [
    "listen",
    "unlisten",
    "notify",
    "pg_notify",
    "nextval",
    "currval",
    "lastval",
    "setval",
    "bigserial",
    "smallserial",
    "identity",
    "current_timestamp",
    "localtimestamp",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
    "ctid",
    "xmin",
    "temp",
    "temporary",
];

/// The one table that is locked as a whole, by whoever migrates. On a database without such locks migrate with one
/// process.
const TURN: &str = "lock table migration_turns in exclusive mode";

/// What sources may not say, in strings or otherwise.
const NOT_IN_SOURCES: [&str; 9] = [
    "pg_advisory",
    "pg_try_advisory",
    "pg_notify",
    "PgListener",
    "nextval",
    "BIGSERIAL",
    "AUTOINCREMENT",
    "auto_increment = true",
    "CURRENT_TIMESTAMP",
];

/// A server that counts its statements, with a database in which every story was played.
struct Played {
    server: Postgres,
    url: String,
}

impl Played {
    fn start() -> Self {
        let mut server = Postgres::start().expect("a server");
        let preload = "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'";
        server.query(preload).expect("it is set");
        server.kill_9();
        server.restart().expect("it comes back");
        server.query("CREATE EXTENSION pg_stat_statements").expect("it counts");
        let url = server.fresh_database("queries").expect("a database");
        let folder = tempfile::tempdir().expect("a temp folder");
        let mut demo = Command::new(program());
        demo.args(["demo", "--once", "--pace", "0", "--cases", "6", "--json", "--database", &url]);
        let output = demo.arg("--data").arg(folder.path()).output().expect("the program runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        Self { server, url }
    }

    /// Rows of a query in the database of the stories, columns parted by `|`.
    fn rows(&self, sql: &str) -> Vec<String> {
        let psql = parasol_testkit::program_path("psql").expect("psql is installed");
        let output = Command::new(psql)
            .args([
                "--no-psqlrc",
                "--quiet",
                "--tuples-only",
                "--no-align",
                "--command",
                sql,
                &self.url,
            ])
            .output()
            .expect("psql runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout);
        text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// Every statement the server has seen there, in lower case and on one line.
    fn statements(&self) -> Vec<String> {
        let name = self.url.rsplit('/').next().expect("a database");
        let all = self.server.query(&format!(
            "SELECT regexp_replace(lower(query), '\\s+', ' ', 'g') FROM pg_stat_statements s \
             JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = '{name}'"
        ));
        all.expect("they are told").lines().map(str::to_owned).collect()
    }
}

/// The first column of each table's key, and its type.
fn keys(played: &Played) -> BTreeMap<String, (String, String)> {
    let rows = played.rows(
        "SELECT c.relname, a.attname, format_type(a.atttypid, NULL) FROM pg_index i \
         JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] \
         WHERE i.indisprimary AND n.nspname = 'public'",
    );
    let parts = rows.iter().map(|row| {
        let mut parts = row.split('|').map(str::to_owned);
        let mut next = || parts.next().expect("three columns");
        (next(), (next(), next()))
    });
    parts.collect()
}

/// The tables of the kernel: those whose entities stand in its own file.
fn kernel() -> BTreeSet<String> {
    let text = include_str!("../../crates/casebook/src/tables.rs");
    let names =
        text.lines().filter_map(|line| line.trim().strip_prefix("#[sea_orm(table_name = \""));
    names.filter_map(|rest| rest.split('"').next().map(str::to_owned)).collect()
}

fn listed<const N: usize>(table: &[(&'static str, &'static str); N]) -> BTreeSet<String> {
    assert!(table.iter().all(|(_, reason)| !reason.is_empty()));
    table.iter().map(|(name, _)| (*name).to_owned()).collect()
}

fn assert_schema(played: &Played) {
    let keys = keys(played);
    let of = |table: &String| keys.get(table).unwrap_or_else(|| panic!("{table} has no key"));
    let by_case = |table: &&String| {
        let (column, _) = of(table);
        column == "case_id" || (*table == "cases" && column == "id")
    };
    let kernel = kernel();
    assert!(kernel.len() > 8 && kernel.contains("events"), "{kernel:?}");
    let not_by_case: BTreeSet<_> = kernel.iter().filter(|table| !by_case(table)).cloned().collect();
    assert_eq!(
        not_by_case,
        listed(&NOT_BY_CASE),
        "a key of the kernel begins with the case, or says why not"
    );

    let tables = played.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
    let without: Vec<_> = tables.iter().filter(|table| !keys.contains_key(*table)).collect();
    assert!(without.is_empty(), "tables without a key: {without:?}");
    // A key that is an id or a name spreads over machines; a number may not.
    let odd = keys.iter().filter(|(_, (_, kind))| kind != "uuid" && kind != "text");
    // Migrations themselves: what was applied, and whose turn it is.
    let own = ["seaql_migrations", "migration_turns"];
    let odd: BTreeSet<_> =
        odd.map(|(table, _)| table.clone()).filter(|table| !own.contains(&&**table)).collect();
    assert_eq!(odd, listed(&BY_NUMBER), "a key begins with an id or a name, or says why not");

    for (what, sql) in [
        ("sequences", "SELECT relname FROM pg_class WHERE relkind = 'S'"),
        (
            "columns that the server fills in",
            "SELECT table_name, column_name, column_default FROM information_schema.columns \
             WHERE table_schema = 'public' AND (is_identity = 'YES' OR is_generated <> 'NEVER' \
             OR column_default ~ '\\(')",
        ),
        (
            "unique keys beside the first, which would have to be looked for on every machine",
            "SELECT i.indexrelid::regclass FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
             WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique AND NOT i.indisprimary",
        ),
        (
            "keys of other tables",
            "SELECT conname FROM pg_constraint WHERE contype = 'f' \
             AND connamespace = 'public'::regnamespace",
        ),
        (
            "columns of other kinds",
            "SELECT table_name, column_name, data_type FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name <> 'seaql_migrations' \
             AND data_type NOT IN ('uuid', 'text', 'bigint', 'bytea')",
        ),
    ] {
        let found = played.rows(sql);
        assert!(found.is_empty(), "{what}: {found:?}");
    }
    let triggers = played.rows(
        "SELECT tgrelid::regclass || '.' || tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    );
    assert_eq!(triggers, LOCKED);
}

/// Tables that say of which case their rows are and that nobody reads within a scope.
const HIDDEN: [&str; 2] = ["commands", "tasks"];

/// What a query within a scope sees: nothing of a stranger's, some of a brand's, and no table that has no policy.
fn assert_guarded(played: &Played) {
    let of_case = "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' \
         AND a.attname = CASE c.relname WHEN 'cases' THEN 'id' ELSE 'case_id' END";
    let mut of_case: BTreeSet<_> = played.rows(of_case).into_iter().collect();
    for hidden in HIDDEN {
        assert!(of_case.remove(hidden), "{hidden} says nothing of a case");
    }
    let set = |sql: &str| -> BTreeSet<String> { played.rows(sql).into_iter().collect() };
    let guarded = set("SELECT tablename FROM pg_policies WHERE policyname = 'within_scope'");
    let granted = set("SELECT table_name FROM information_schema.role_table_grants \
         WHERE grantee = 'parasol_seen_by' AND privilege_type = 'SELECT'");
    let more = played.rows(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants \
         WHERE grantee = 'parasol_seen_by' AND privilege_type <> 'SELECT'",
    );
    assert_eq!((&guarded, &granted, more), (&of_case, &of_case, Vec::new()));
    assert!(of_case.len() > 40, "{of_case:?}");

    let counts: Vec<_> = of_case
        .iter()
        .map(|table| format!("SELECT '{table}' AS name, count(*) AS n FROM {table}"))
        .collect();
    let counts = counts.join(" UNION ALL ");
    let seen_by = |reader: &str| -> BTreeSet<String> {
        let sql = format!(
            "SET ROLE parasol_seen_by; SET parasol.reader = '{reader}'; \
             SELECT name FROM ({counts}) AS counted WHERE n > 0"
        );
        played.rows(&sql).into_iter().collect()
    };
    assert_eq!(seen_by("brand:nobody"), BTreeSet::new());
    let filled = set(&format!("SELECT name FROM ({counts}) AS counted WHERE n > 0"));
    let own = seen_by("house");
    assert!(own.len() > 20 && own.is_subset(&filled), "{own:?}");
    let brand = set("SELECT min(reader) FROM case_readers WHERE reader LIKE 'brand:%'");
    let brand = brand.first().expect("some brand has a case");
    let others = format!(
        "SET ROLE parasol_seen_by; SET parasol.reader = '{brand}'; SELECT case_id FROM events \
         EXCEPT SELECT case_id FROM case_readers WHERE reader = '{brand}'"
    );
    assert_eq!(played.rows(&others), Vec::<String>::new());
    assert!(seen_by(brand).contains("events"));
}

/// What `parasol doctor` finds of one check.
fn diagnosed(played: &Played, check: &str) -> String {
    let folder = tempfile::tempdir().expect("a temp folder");
    let mut doctor = Command::new(program());
    doctor.args(["doctor", "--json", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    doctor.args(["--database", &played.url]).arg("--data").arg(folder.path());
    let output = doctor.output().expect("the program runs");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
    let findings = report["findings"].as_array().expect("findings");
    let finding = findings.iter().find(|finding| finding["check"] == check);
    let finding = finding.unwrap_or_else(|| panic!("{check} is not among {report}"));
    finding["status"].as_str().unwrap_or_default().to_owned()
}

/// Where an operator has opened a table to everybody, it is found, and mended by the next start.
fn assert_mended(played: &Played) {
    assert_eq!(diagnosed(played, "scopes"), "ok");
    played.rows("ALTER TABLE cases DISABLE ROW LEVEL SECURITY");
    assert_eq!(diagnosed(played, "scopes"), "fail");
    let folder = tempfile::tempdir().expect("a temp folder");
    let mut migrate = Command::new(program());
    migrate.args(["migrate", "--database", &played.url]).arg("--data").arg(folder.path());
    assert!(migrate.output().expect("the program runs").status.success());
    assert_eq!(diagnosed(played, "scopes"), "ok");
}

/// The words of a statement that it may not have.
fn faults(statement: &str) -> Vec<&str> {
    let words = statement.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let mut found: Vec<_> = words
        .filter(|word| {
            NO_WORDS.contains(word)
                || word.starts_with("pg_advisory")
                || word.starts_with("pg_try_advisory")
        })
        .collect();
    if statement.contains("create sequence") {
        found.push("create sequence");
    }
    if statement.contains("now(") {
        found.push("now()");
    }
    if statement.starts_with("lock table") && statement != TURN {
        found.push("lock table");
    }
    found
}

fn assert_statements(statements: &[String]) {
    let played = |table: &str| statements.iter().any(|one| one.contains(table));
    assert!(statements.len() > 200, "only {} statements were seen", statements.len());
    assert!(
        ["events", "tasks", "slot_cells", "ledger_entries", "create table"]
            .iter()
            .all(|one| played(one))
    );
    let wrong: Vec<_> = statements
        .iter()
        .filter(|one| !faults(one).is_empty())
        .map(|one| (faults(one), one))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn proc_tables_and_statements_would_do_on_a_database_of_many_machines() {
    let played = Played::start();
    assert_schema(&played);
    assert_guarded(&played);
    assert_mended(&played);
    assert_statements(&played.statements());
}

#[test]
fn what_no_database_of_many_machines_has_is_found_in_a_statement() {
    let told = |statement: &str| faults(statement).join(",");
    assert_eq!(told("select pg_advisory_xact_lock($1)"), "pg_advisory_xact_lock");
    assert_eq!(told("select pg_try_advisory_lock($1)"), "pg_try_advisory_lock");
    assert_eq!(told("listen parasol"), "listen");
    assert_eq!(told("notify parasol, 'x'"), "notify");
    assert_eq!(told("create table t (id bigserial primary key)"), "bigserial");
    assert_eq!(told("insert into t values (nextval('s'), now())"), "nextval,now()");
    assert_eq!(told("lock table cases in exclusive mode"), "lock table");
    assert_eq!(told(TURN), "");
    assert_eq!(told("select \"units\".\"serial\" from units where known(serial)"), "");
}

#[test]
fn the_sources_have_no_lock_or_signal_or_sequence_of_a_database() {
    let mut found = Vec::new();
    let mut seen = 0;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for part in ["crates", "services"] {
        for package in std::fs::read_dir(root.join(part)).expect("a folder") {
            search(&package.expect("an entry").path().join("src"), &mut seen, &mut found);
        }
    }
    assert!(seen > 300, "only {seen} files were searched");
    assert!(found.is_empty(), "{found:#?}");
}

fn search(folder: &Path, seen: &mut usize, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            search(&path, seen, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            *seen += 1;
            let text = std::fs::read_to_string(&path).expect("a source is text");
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            for line in code.filter(|line| NOT_IN_SOURCES.iter().any(|word| line.contains(word))) {
                found.push(format!("{}: {}", path.display(), line.trim()));
            }
        }
    }
}
