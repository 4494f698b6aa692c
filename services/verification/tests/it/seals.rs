//! Certificates are sealed as they come in, nothing edits one, and whoever goes around that is found out.

use parasol_api::Role;
use parasol_api::partner::v1::verdict_service_server::VerdictService as _;
use parasol_casebook::{Pools, Store};
use parasol_journey::ids::CaseId;
use parasol_journey::vocab::Remedy;
use parasol_testkit::Postgres;
use parasol_verification::{Problem, SealKeys, audit};
use sea_orm::ConnectionTrait as _;
use sea_orm_migration::{MigrationTrait, MigratorTrait};

use crate::world::{World, by, filing};

fn keys() -> SealKeys {
    SealKeys::new([9; 32], [])
}

async fn certified(world: &World) -> CaseId {
    let id = world.on_site(filing(100, Remedy::Repair)).await;
    let request = world.submission(id);
    world.service.submit_certificate(by(Role::Centre, "aurora-nj-01", request)).await.unwrap();
    id
}

async fn found(world: &World, keys: &SealKeys) -> Vec<Problem> {
    let audit = audit(&world.desk.store, keys, None).await.unwrap();
    assert_eq!(audit.checked, audit.sound + audit.unsealed + audit.problems.len() as u64);
    audit.problems.into_iter().map(|(_, _, problem)| problem).collect()
}

async fn run(store: &Store, sql: &str) -> Result<u64, sea_orm::DbErr> {
    let done = store.for_migrations().execute_unprepared(sql).await?;
    Ok(done.rows_affected())
}

#[tokio::test]
async fn a_certificate_is_sealed_in_the_commit_that_takes_it_in() {
    let world = World::new().await;
    let id = certified(&world).await;
    let audit = audit(&world.desk.store, &keys(), Some(id)).await.unwrap();
    assert_eq!((audit.checked, audit.sound), (1, 1), "{audit:?}");
    let other = SealKeys::new([8; 32], []);
    assert!(matches!(&found(&world, &other).await[..], [Problem::KeyUnknown(_)]));
    assert!(found(&world, &SealKeys::new([8; 32], [[9; 32]])).await.is_empty());
    // What is decided afterwards moves the case and no certificate.
    world.work().await;
    assert!(found(&world, &keys()).await.is_empty());
}

#[tokio::test]
async fn the_store_itself_refuses_to_edit_a_certificate() {
    let world = World::new().await;
    certified(&world).await;
    let store = &world.desk.store;
    for sql in EDITS {
        let refused = run(store, sql).await.expect_err(sql).to_string();
        assert!(refused.contains("never edited"), "{refused}");
    }
    assert!(found(&world, &keys()).await.is_empty());
}

const EDITS: [&str; 4] = [
    "UPDATE certificates SET level = 'lab'",
    "DELETE FROM certificates",
    "UPDATE certificate_seals SET code = ''",
    "DELETE FROM certificate_seals",
];

struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let kernel = parasol_casebook::migration::migrations();
        kernel.into_iter().chain(parasol_verification::migrations()).collect()
    }
}

#[tokio::test]
async fn a_server_refuses_it_too() {
    let url = Postgres::shared().unwrap().fresh_database("seals").unwrap();
    let store = Store::open(&url, Pools { write: 1, read: 1 }).await.unwrap();
    Migrations::up(store.for_migrations(), None).await.unwrap();
    let id = "'00000000-0000-0000-0000-000000000007'";
    for sql in [
        format!("INSERT INTO certificates VALUES ({id}, {id}, 'first', 1, '{{}}')"),
        format!("INSERT INTO certificate_seals VALUES ({id}, {id}, 'd', 'k', 'c', 1)"),
    ] {
        assert_eq!(run(&store, &sql).await.unwrap(), 1);
    }
    for sql in EDITS {
        let refused = run(&store, sql).await.expect_err(sql).to_string();
        assert!(refused.contains("never edited"), "{refused}");
    }
}

/// Somebody who may do everything in the database, and has no key.
#[tokio::test]
async fn whoever_goes_around_the_store_is_found_out() {
    for (sql, wanted) in [
        (
            "UPDATE certificates SET body = replace(body, '\"product\"', '\"user\"')",
            Problem::IndexDiffers,
        ),
        (
            "UPDATE certificates SET body = replace(body, '\"product\"', '\"user\"'); \
             UPDATE events SET body = replace(body, '\"product\"', '\"user\"')",
            Problem::ContentDiffers,
        ),
        (
            "UPDATE certificates SET body = replace(body, '0101010101', '0909090909'); \
             UPDATE events SET body = replace(body, '0101010101', '0909090909')",
            Problem::ContentDiffers,
        ),
        (
            "UPDATE vault SET sealed_by = 0, body = '{\"finding\":\"customer\"}' \
             WHERE kind = 'certificate'",
            Problem::WordsDiffer,
        ),
        ("UPDATE certificate_seals SET code = replace(code, 'a', 'b')", Problem::SealForged),
        ("DELETE FROM events WHERE body LIKE '%certificate_submitted%'", Problem::NotInTheLog),
    ] {
        let world = World::new().await;
        certified(&world).await;
        assert!(found(&world, &keys()).await.is_empty());
        let store = &world.desk.store;
        for table in ["certificates", "certificate_seals"] {
            for what in ["update", "delete"] {
                run(store, &format!("DROP TRIGGER {table}_stay_{what}")).await.unwrap();
            }
        }
        for one in sql.split("; ") {
            assert!(run(store, one).await.unwrap() > 0, "{one} changes nothing");
        }
        assert_eq!(found(&world, &keys()).await, [wanted], "{sql}");
    }
}

#[tokio::test]
async fn words_may_be_erased_and_seals_may_be_missing_and_that_is_no_forgery() {
    let world = World::new().await;
    certified(&world).await;
    let store = &world.desk.store;
    run(store, "DELETE FROM vault WHERE kind = 'certificate'").await.unwrap();
    run(store, "DROP TRIGGER certificate_seals_stay_delete").await.unwrap();
    run(store, "DELETE FROM certificate_seals").await.unwrap();
    let audit = audit(store, &keys(), None).await.unwrap();
    assert_eq!((audit.checked, audit.unsealed), (1, 1), "{audit:?}");
}
