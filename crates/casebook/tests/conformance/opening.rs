//! Opening a store: durable or not at all, migrated once, tables as their entities say.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use parasol_casebook::tables::{
    audit_backlog, audit_chain, cases, commands, commits, events, feed, horizons, leases, meta,
    readers, tasks, vault, vault_erased, vault_held, vault_withheld,
};
use parasol_casebook::{ChainKeys, Engine, OpenError, Pools, SEQUENCER, Store};
use parasol_testkit::{PgBouncer, Postgres, program_path};
use sea_orm::sea_query::{Expr, Query, Value};
use sea_orm::{ConnectionTrait as _, DbBackend, EntityTrait, IdenStatic as _, Iterable, Statement};
use sea_orm_migration::MigratorTrait as _;
use uuid::Uuid;

use crate::ask::Ask;
use crate::books::{all, everything};
use crate::rows::{Migrations, board, notes, slots};
use crate::world::{LEASE, World};

on_both_engines!(
    migrations_apply_twice_without_change,
    what_the_first_tables_held_is_carried_over,
    entities_have_the_columns_of_their_tables,
    the_reader_cannot_write,
    a_store_is_opened_again_with_all_it_held,
);

behind_a_pooler!(the_reader_cannot_write);

async fn rows_of(store: &Store, sql: &str) -> Vec<String> {
    let backend = match store.engine() {
        Engine::Sqlite => DbBackend::Sqlite,
        Engine::Postgres => DbBackend::Postgres,
    };
    let statement = Statement::from_string(backend, sql);
    let rows = store.reader().query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// Every table, column, key and index, as the engine describes them.
async fn schema(store: &Store) -> Vec<String> {
    match store.engine() {
        Engine::Sqlite => {
            rows_of(store, "SELECT coalesce(sql, name) FROM sqlite_master ORDER BY name").await
        }
        Engine::Postgres => {
            let columns = "SELECT concat_ws(' ', table_name, ordinal_position, column_name, \
                           data_type, is_nullable, column_default) FROM information_schema.columns \
                           WHERE table_schema = 'public' ORDER BY 1";
            let indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1";
            [rows_of(store, columns).await, rows_of(store, indexes).await].concat()
        }
    }
}

async fn migrations_apply_twice_without_change(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1).keyed(1, "x")]).await;
    let before = (schema(&process.store).await, everything(&process.store).await);
    assert!(before.0.len() > 10);
    Migrations::up(process.store.for_migrations(), None).await.unwrap();
    // Even where the record of migrations was lost, applying them again harms nothing.
    let forget = "DELETE FROM seaql_migrations";
    process.store.for_migrations().execute_unprepared(forget).await.unwrap();
    Migrations::up(process.store.for_migrations(), None).await.unwrap();
    assert_eq!((schema(&process.store).await, everything(&process.store).await), before);
}

async fn what_the_first_tables_held_is_carried_over(world: World) {
    let older = world.empty_beside();
    let store = older.store().await;
    let connection = store.for_migrations();
    Migrations::up(connection, Some(1)).await.unwrap();
    let id = |n: u128| Value::from(Uuid::from_u128(n));
    let insert = async |table: &'static str, columns: &[&'static str], values: Vec<Value>| {
        let mut query = Query::insert();
        query.into_table(table).columns(columns.iter().copied());
        query.values_panic(values.into_iter().map(Expr::value));
        connection.execute(&query).await.unwrap();
    };
    let columns = [
        "commit_id",
        "place",
        "case_id",
        "first_seq",
        "last_seq",
        "principal",
        "method",
        "key",
        "at",
    ];
    // Two pieces of the house's own work, and a request.
    for (place, key) in [(0_i64, 0), (1, 0), (2, 77)] {
        let (seq, at) = (Value::from(place + 1), Value::from(5_i64));
        let row =
            vec![id(9), place.into(), id(1), seq.clone(), seq, "p".into(), "M".into(), id(key), at];
        insert("audit", &columns, row).await;
    }
    let answer = vec![id(77), id(1), id(8), Value::from(b"yes".to_vec()), 5_i64.into()];
    insert("answers", &["key", "case_id", "fingerprint", "body", "at"], answer).await;
    let columns = [
        "case_id",
        "task",
        "generation",
        "role",
        "due",
        "visible_at",
        "lease",
        "attempts",
        "parked",
    ];
    for task in ["triage", "plat.classify"] {
        let zero = || Value::from(0_i64);
        let row =
            vec![id(1), task.into(), zero(), "x".into(), zero(), zero(), id(0), zero(), "".into()];
        insert("tasks", &columns, row).await;
    }

    Migrations::up(connection, None).await.unwrap();
    let rows = all::<commands::Entity>(&store).await;
    let answered: Vec<_> = rows.iter().filter(|row| !row.fingerprint.is_nil()).collect();
    let [row] = answered.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row.key, row.fingerprint), (Uuid::from_u128(77), Uuid::from_u128(8)));
    assert_eq!((row.body.as_slice(), row.first_seq), (&b"yes"[..], 3));
    let keys: BTreeSet<_> = rows.iter().map(|row| row.key).collect();
    assert_eq!((rows.len(), keys.len()), (3, 3), "every command has a key of its own");
    let looked_at = all::<horizons::Entity>(&store).await;
    assert_eq!(looked_at, [horizons::Model { case_id: Uuid::from_u128(1), next_look: 0 }]);

    // What there was before the chain is linked once somebody sequences, and applying all again lists nothing anew.
    assert_eq!(store.unchained().await.unwrap().backlog, 3);
    let found = store.verify_audit(&ChainKeys::open(), &[]).await.unwrap();
    assert_eq!((found.sound, found.waiting, found.problem), (0, 3, None));
    let held = store.lease(SEQUENCER, Uuid::from_u128(1), older.now(), LEASE).await.unwrap();
    let held = held.expect("nobody else sequences");
    assert_eq!(store.chain_backlog(&held, older.now()).await.unwrap(), Some(3));
    assert_eq!(store.chain_backlog(&held, older.now()).await.unwrap(), Some(0));
    connection.execute_unprepared("DELETE FROM seaql_migrations").await.unwrap();
    Migrations::up(connection, None).await.unwrap();
    assert_eq!(store.unchained().await.unwrap().backlog, 0);
    let found = store.verify_audit(&ChainKeys::open(), &[]).await.unwrap();
    assert_eq!((found.sound, found.waiting, found.problem), (3, 0, None));
}

fn columns_of<E: EntityTrait>() -> (String, Vec<String>) {
    let names = E::Column::iter().map(|column| column.as_str().to_owned()).collect();
    (E::default().table_name().to_owned(), names)
}

async fn entities_have_the_columns_of_their_tables(world: World) {
    let store = world.store().await;
    let described: BTreeMap<_, _> = [
        columns_of::<cases::Entity>(),
        columns_of::<events::Entity>(),
        columns_of::<tasks::Entity>(),
        columns_of::<horizons::Entity>(),
        columns_of::<commands::Entity>(),
        columns_of::<commits::Entity>(),
        columns_of::<feed::Entity>(),
        columns_of::<audit_chain::Entity>(),
        columns_of::<audit_backlog::Entity>(),
        columns_of::<leases::Entity>(),
        columns_of::<meta::Entity>(),
        columns_of::<vault::Entity>(),
        columns_of::<vault_erased::Entity>(),
        columns_of::<vault_held::Entity>(),
        columns_of::<vault_withheld::Entity>(),
        columns_of::<readers::Entity>(),
        columns_of::<slots::Entity>(),
        columns_of::<notes::Entity>(),
        columns_of::<board::Entity>(),
    ]
    .into();
    let tables = match store.engine() {
        Engine::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table'",
        Engine::Postgres => "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'",
    };
    let mut there = BTreeMap::new();
    for table in rows_of(&store, tables).await {
        if table.starts_with("sqlite_") || table == "seaql_migrations" {
            continue;
        }
        let columns = match store.engine() {
            Engine::Sqlite => format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid"),
            Engine::Postgres => format!(
                "SELECT column_name::text FROM information_schema.columns \
                 WHERE table_name = '{table}' ORDER BY ordinal_position"
            ),
        };
        there.insert(table, rows_of(&store, &columns).await);
    }
    assert_eq!(there, described);
}

async fn the_reader_cannot_write(world: World) {
    let store = world.store().await;
    for sql in ["DELETE FROM cases", "CREATE TABLE stray (id int)", "UPDATE meta SET value = ''"] {
        let refused = store.reader().execute_unprepared(sql).await;
        assert!(refused.is_err(), "{sql} was taken");
    }
}

async fn a_store_is_opened_again_with_all_it_held(world: World) {
    let mut process = world.process().await;
    process.must((1..=9).map(Ask::file)).await;
    let before = everything(&process.store).await;
    process.store.checkpoint().await.unwrap();
    process.store.clone().close().await.unwrap();
    let store = world.store().await;
    assert_eq!(everything(&store).await, before);
}

#[tokio::test]
async fn sqlite_in_memory_is_refused_on_sqlite() {
    let opened = Store::open("sqlite::memory:", Pools::default()).await;
    assert!(matches!(opened, Err(OpenError::NotDurable(_))), "{opened:?}");
}

#[tokio::test]
async fn every_write_is_synced_on_sqlite() {
    let world = World::on_sqlite().await;
    let store = world.store().await;
    for (pragma, wanted) in [("synchronous", 2), ("wal_autocheckpoint", 0)] {
        let statement = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {pragma}"));
        let row = store.for_migrations().query_one_raw(statement).await.unwrap().unwrap();
        assert_eq!(row.try_get_by_index::<i64>(0).unwrap(), wanted, "{pragma}");
    }
}

/// The same server on the same data, started with other settings.
struct Careless {
    command: Command,
    process: Child,
}

impl Careless {
    fn start(server: &Postgres, data: &str, settings: &[&str]) -> Self {
        let port = server.url().rsplit(':').next().unwrap().split('/').next().unwrap();
        let owner = std::fs::metadata(data).unwrap();
        let mut command = Command::new(program_path("postgres").unwrap());
        command.args(["-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1"]);
        command.args(["-c", "unix_socket_directories="]);
        for setting in settings {
            command.args(["-c", setting]);
        }
        command.uid(owner.uid()).gid(owner.gid()).current_dir(data);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().unwrap();
        Self { command, process }
    }

    /// Opens the server, which is still starting up. It refuses to start while children of a killed
    /// one are going down, and is then started again.
    async fn open(&mut self, url: &str) -> Result<Store, OpenError> {
        for _ in 0..100 {
            match Store::open(url, Pools { write: 1, read: 1 }).await {
                Err(OpenError::Unreachable(_)) => {}
                other => return other,
            }
            if self.process.try_wait().unwrap().is_some() {
                self.process = self.command.spawn().unwrap();
            }
        }
        panic!("the server did not come up");
    }
}

impl Drop for Careless {
    /// At once, and with all its children.
    fn drop(&mut self) {
        let id = self.process.id().to_string();
        let asked = Command::new("kill").args(["-QUIT", &id]).status();
        if !asked.is_ok_and(|asked| asked.success()) {
            self.process.kill().unwrap();
        }
        self.process.wait().unwrap();
    }
}

#[tokio::test]
async fn a_careless_server_is_refused_on_postgres() {
    let mut server = Postgres::start().unwrap();
    let data = server.query("SHOW data_directory").unwrap();
    let url = server.url().to_owned();
    for settings in [&["fsync=off", "full_page_writes=off"][..], &["synchronous_commit=off"]] {
        server.kill_9();
        let mut careless = Careless::start(&server, &data, settings);
        let Err(OpenError::NotDurable(problems)) = careless.open(&url).await else {
            panic!("opened with {settings:?}")
        };
        assert_eq!(problems.len(), settings.len(), "{problems:?}");
        for (setting, problem) in settings.iter().zip(&problems) {
            let (name, _) = setting.split_once('=').unwrap();
            assert!(problem.starts_with(name), "{problem}");
        }
        drop(careless);
    }
    server.restart().unwrap();
    Store::open(&url, Pools { write: 1, read: 1 }).await.unwrap();
}

#[tokio::test]
async fn a_pooler_that_keeps_no_sessions_has_to_be_said_on_postgres() {
    let server = Postgres::shared().unwrap();
    let pooler = PgBouncer::before(server, 2).unwrap();
    let url = pooler.url_of(&server.fresh_database("unsaid").unwrap()).unwrap();
    let unsaid = url.trim_end_matches("?pooler=transaction");
    let opened = Store::open(unsaid, Pools::default()).await;
    assert!(matches!(opened, Err(OpenError::Pooler)), "{opened:?}");
    let words = opened.unwrap_err().to_string();
    assert!(words.contains("pooler=transaction"), "{words}");
    Store::open(&url, Pools::default()).await.unwrap();
}

#[tokio::test]
async fn a_pooler_that_forgets_what_sessions_say_has_to_be_said_too_on_postgres() {
    let server = Postgres::shared().unwrap();
    let pooler = PgBouncer::forgetful_before(server, 2).unwrap();
    let url = pooler.url_of(&server.fresh_database("forgotten").unwrap()).unwrap();
    let unsaid = url.trim_end_matches("?pooler=transaction");
    let opened = Store::open(unsaid, Pools::default()).await;
    assert!(matches!(opened, Err(OpenError::Pooler)), "{opened:?}");
}

#[tokio::test]
async fn an_address_that_cannot_be_meant_is_refused_without_showing_it() {
    let opened = Store::open("postgres://u:secret@a,,b/p", Pools::default()).await;
    assert!(matches!(opened, Err(OpenError::Address(_))), "{opened:?}");
    assert!(!opened.unwrap_err().to_string().contains("secret"));
}
