//! The vault is sealed: what is written is nowhere in clear, opens in its place only, and outlives its keys.

use std::path::{Path, PathBuf};

use parasol_casebook::tables::vault;
use parasol_casebook::{Engine, Error, Pools, RowOp, Secret, Store, secret};
use parasol_testkit::Postgres;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, Query, Value};
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, DbErr, EntityTrait, QueryFilter as _};
use sea_orm_migration::MigratorTrait as _;
use uuid::Uuid;

use crate::ask::Ask;
use crate::books::{all, everything};
use crate::rows::Migrations;
use crate::world::{World, keys};

on_both_engines!(
    what_is_written_is_sealed_and_read_back,
    a_store_without_keys_neither_writes_nor_reads_what_is_personal,
    what_is_sealed_is_in_no_file_in_clear,
    a_row_in_anothers_place_does_not_open_and_is_not_taken_for_none,
    a_new_key_takes_over_and_the_old_one_can_go,
    rows_of_before_there_were_keys_are_read_and_get_sealed,
    the_chore_beside_writers_takes_nothing_back,
);

fn subject(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn about(world: &World, number: u128, kind: &'static str, body: &str) -> RowOp {
    let (subject, lookup, body) = (subject(number), format!("hash-{number}"), body.to_owned());
    secret(Secret { subject, kind, lookup, body }, world.now())
}

async fn told(store: &Store, number: u128, kind: &str) -> Option<String> {
    store.reveal(subject(number), kind).await.unwrap()
}

fn refused(read: Result<impl std::fmt::Debug, DbErr>) -> String {
    let error = read.expect_err("it was read").to_string();
    assert!(error.contains("vault"), "{error}");
    error
}

/// A row as it was written before there were keys.
async fn put_in_clear(store: &Store, number: u128, body: &str) {
    let row = vault::ActiveModel {
        subject: Set(subject(number)),
        kind: Set("customer".to_owned()),
        lookup: Set(String::new()),
        body: Set(body.to_owned()),
        at: Set(5),
        sealed_by: Set(0),
        sealed: Set(Vec::new()),
    };
    let inserted = vault::Entity::insert(row).exec_without_returning(store.for_migrations()).await;
    inserted.unwrap();
}

/// Passes the whole vault; answers with how many rows were sealed, wrapped anew, and could not be.
async fn reseal(store: &Store) -> [u64; 3] {
    let (mut place, mut sums) = (None, [0; 3]);
    loop {
        let done = store.reseal(place, 2).await.unwrap();
        for (sum, more) in sums.iter_mut().zip([done.sealed, done.rewrapped, done.unreadable]) {
            *sum += more;
        }
        place = done.next;
        if place.is_none() {
            return sums;
        }
    }
}

async fn what_is_written_is_sealed_and_read_back(world: World) {
    let mut process = world.process().await;
    let rows = [about(&world, 1, "customer", "{\"n\":1}"), about(&world, 2, "customer", "{}")];
    process.must([Ask::file(1).with(rows), Ask::file(2)]).await;
    process.must([Ask::remind(1).with([about(&world, 1, "filing", "{\"said\":\"嗡嗡\"}")])]).await;
    let store = process.store.clone();
    assert_eq!(told(&store, 1, "customer").await.as_deref(), Some("{\"n\":1}"));
    assert_eq!(told(&store, 1, "filing").await.as_deref(), Some("{\"said\":\"嗡嗡\"}"));
    assert_eq!(told(&store, 1, "address").await, None);
    let mut many = store.reveal_many([1, 2, 3].map(subject), "customer").await.unwrap();
    many.sort();
    assert_eq!(many, [(subject(1), "{\"n\":1}".to_owned()), (subject(2), "{}".to_owned())]);
    for row in all::<vault::Entity>(&store).await {
        assert_eq!((row.body.as_str(), row.sealed_by), ("", 1));
        assert!(row.sealed.len() > 80, "{}", row.sealed.len());
    }
    process.must([Ask::remind(2).with([about(&world, 1, "customer", "{\"n\":2}")])]).await;
    assert_eq!(told(&store, 1, "customer").await.as_deref(), Some("{\"n\":2}"));
    store.try_keys().await.unwrap();
}

async fn a_store_without_keys_neither_writes_nor_reads_what_is_personal(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1).with([about(&world, 1, "customer", "{}")])]).await;
    let before = everything(&process.store).await;
    let locked = world.locked_store(Pools { write: 1, read: 1 }).await;
    assert!(refused(locked.reveal(subject(1), "customer").await).contains("locked"));
    assert!(refused(locked.reveal_many([subject(1)], "customer").await).contains("locked"));
    assert!(refused(locked.reseal(None, 10).await).contains("locked"));
    refused(locked.try_keys().await);
    assert_eq!(locked.find_subjects("hash-1").await.unwrap(), [subject(1)]);
    drop(process);
    let mut process = world.process_over(locked);
    let answers = process.together(vec![
        Ask::remind(1).with([about(&world, 1, "customer", "{\"n\":2}")]),
        Ask::file(2),
    ]);
    let answers = answers.await;
    assert!(matches!(&answers[0], Err(Error::Refused(why)) if why.code() == "INTERNAL"));
    answers[1].as_ref().unwrap();
    assert_eq!(everything(&process.store).await["vault"], before["vault"]);
    assert_eq!(told(&world.store().await, 1, "customer").await.as_deref(), Some("{}"));
}

/// The files an engine keeps the database in.
fn files(world: &World) -> Vec<PathBuf> {
    let below = |folder: &Path| {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
    };
    match world.engine() {
        Engine::Sqlite => {
            let file = Path::new(world.url.trim_start_matches("sqlite://"));
            below(file.parent().unwrap())
        }
        Engine::Postgres => {
            let server = Postgres::shared().unwrap();
            let folder = server.query("SHOW data_directory").unwrap();
            let name = world.url.rsplit('/').next().unwrap();
            let oid = format!("SELECT oid::text FROM pg_database WHERE datname = '{name}'");
            let oid = server.query(&oid).unwrap();
            server.query("CHECKPOINT").unwrap();
            let folder = Path::new(&folder);
            let tables: Vec<_> = below(&folder.join("base").join(oid));
            tables.into_iter().chain(below(&folder.join("pg_wal"))).collect()
        }
    }
}

fn is_in_a_file(world: &World, words: &str) -> bool {
    files(world).iter().any(|file| {
        // A file that is gone by now held nothing that is kept.
        let bytes = std::fs::read(file).unwrap_or_default();
        String::from_utf8_lossy(&bytes).contains(words)
    })
}

async fn what_is_sealed_is_in_no_file_in_clear(world: World) {
    let mut process = world.process().await;
    let row = about(&world, 1, "customer", "{\"name\":\"canary-of-sealed-rows\"}");
    process.must([Ask::file(1).with([row])]).await;
    put_in_clear(&process.store, 2, "{\"name\":\"canary-of-rows-in-clear\"}").await;
    assert!(!is_in_a_file(&world, "canary-of-sealed-rows"));
    assert!(is_in_a_file(&world, "canary-of-rows-in-clear"), "the search finds nothing");
    process.store.checkpoint().await.unwrap();
    assert!(!is_in_a_file(&world, "canary-of-sealed-rows"));
    assert_eq!(reseal(&process.store).await, [1, 0, 0]);
    process.store.scrub().await.unwrap();
    if world.engine() == Engine::Sqlite {
        assert!(!is_in_a_file(&world, "canary-of-rows-in-clear"));
    }
    let kept = told(&process.store, 2, "customer").await;
    assert_eq!(kept.as_deref(), Some("{\"name\":\"canary-of-rows-in-clear\"}"));
}

async fn a_row_in_anothers_place_does_not_open_and_is_not_taken_for_none(world: World) {
    let mut process = world.process().await;
    let rows = [
        about(&world, 1, "customer", "{\"n\":1}"),
        about(&world, 2, "customer", "{\"n\":2}"),
        about(&world, 2, "filing", "{\"n\":3}"),
        about(&world, 3, "customer", "{\"n\":4}"),
    ];
    process.must([Ask::file(1).with(rows)]).await;
    let store = process.store.clone();
    let of_one = all::<vault::Entity>(&store).await[0].sealed.clone();
    // Whoever may write to the database puts the row of one in the place of another, of another kind, and alters one.
    let change = async |number: u128, kind: &str, sealed: Vec<u8>| {
        let update = vault::Entity::update_many()
            .col_expr(vault::Column::Sealed, Expr::value(sealed))
            .filter(vault::Column::Subject.eq(subject(number)))
            .filter(vault::Column::Kind.eq(kind));
        assert_eq!(update.exec(store.for_migrations()).await.unwrap().rows_affected, 1);
    };
    change(2, "customer", of_one.clone()).await;
    change(2, "filing", of_one.clone()).await;
    change(3, "customer", of_one[..40].to_vec()).await;
    for (number, kind) in [(2, "customer"), (2, "filing"), (3, "customer")] {
        let error = refused(store.reveal(subject(number), kind).await);
        assert!(error.contains("does not open"), "{error}");
    }
    refused(store.reveal_many([1, 2].map(subject), "customer").await);
    assert_eq!(told(&store, 1, "customer").await.as_deref(), Some("{\"n\":1}"));
    // The chore leaves them as they are, and ends.
    let newer = world.store().await.with_keys(keys(&[1, 2]));
    assert_eq!(reseal(&newer).await, [0, 1, 3]);
}

async fn a_new_key_takes_over_and_the_old_one_can_go(world: World) {
    let mut process = world.process().await;
    let rows = (1..=5).map(|number| about(&world, number, "customer", "{\"n\":1}"));
    process.must([Ask::file(1).with(rows)]).await;
    let both = world.store().await.with_keys(keys(&[1, 2]));
    assert_eq!(told(&both, 1, "customer").await.as_deref(), Some("{\"n\":1}"));
    assert_eq!(both.sealed_by().await.unwrap(), [(1, 5)]);
    assert_eq!(reseal(&both).await, [0, 5, 0]);
    assert_eq!(reseal(&both).await, [0; 3], "once is enough");
    assert_eq!(both.sealed_by().await.unwrap(), [(2, 5)]);
    let without = world.store().await.with_keys(keys(&[2]));
    for number in 1..=5 {
        assert_eq!(told(&without, number, "customer").await.as_deref(), Some("{\"n\":1}"));
    }
    let error = refused(process.store.reveal(subject(1), "customer").await);
    assert!(error.contains("key 2"), "{error}");
    refused(process.store.try_keys().await);
    assert_eq!(reseal(&process.store).await, [0; 3], "an older key takes nothing back");
}

async fn rows_of_before_there_were_keys_are_read_and_get_sealed(world: World) {
    let older = world.empty_beside();
    let store = older.store().await;
    Migrations::up(store.for_migrations(), Some(2)).await.unwrap();
    for number in 1..=5_u128 {
        let mut query = Query::insert();
        query.into_table("vault").columns(["subject", "kind", "lookup", "body", "at"]);
        let values: [Value; 5] = [
            subject(number).into(),
            "customer".into(),
            "hash".into(),
            format!("{{\"n\":{number}}}").into(),
            5_i64.into(),
        ];
        query.values_panic(values.into_iter().map(Expr::value));
        store.for_migrations().execute(&query).await.unwrap();
    }
    Migrations::up(store.for_migrations(), None).await.unwrap();
    let rows = async || {
        for number in 1..=5 {
            let wanted = format!("{{\"n\":{number}}}");
            assert_eq!(told(&store, number, "customer").await, Some(wanted));
        }
        assert_eq!(store.find_subjects("hash").await.unwrap().len(), 5);
        all::<vault::Entity>(&store).await
    };
    assert!(rows().await.iter().all(|row| row.sealed_by == 0));
    assert_eq!(reseal(&store).await, [5, 0, 0]);
    assert!(rows().await.iter().all(|row| row.sealed_by == 1 && row.body.is_empty()));
    assert_eq!(reseal(&store).await, [0; 3]);
}

async fn the_chore_beside_writers_takes_nothing_back(world: World) {
    let mut process = world.process().await;
    process.must((1..=4).map(Ask::file)).await;
    let newer = world.store().await.with_keys(keys(&[1, 2]));
    for round in 0..20 {
        let body = format!("{{\"round\":{round}}}");
        let asks = (1..=4)
            .map(|number| Ask::remind(number).with([about(&world, number, "customer", &body)]));
        let (answers, _) = tokio::join!(process.together(asks.collect()), reseal(&newer));
        assert!(answers.iter().all(Result::is_ok));
        for number in 1..=4 {
            assert_eq!(told(&newer, number, "customer").await.as_deref(), Some(body.as_str()));
        }
    }
}
