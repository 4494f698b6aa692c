//! Cases from before the table of readers: a migration finds out whose they are.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use parasol_api::Role;
use parasol_api::tracking::v1::tracking_service_server::TrackingService as _;
use parasol_api::tracking::v1::{WatchCasesRequest, watch_cases_response};
use parasol_casebook::Store;
use sea_orm::{ConnectionTrait as _, Statement};
use sea_orm_migration::SchemaManager;

use crate::indicators::{booked, closed};
use crate::world::{CUSTOMER, World, by};

#[tokio::test]
async fn the_cases_of_before_are_found_on_the_embedded_store() {
    who_reads_what(World::on_sqlite().await).await;
}

#[tokio::test]
async fn the_cases_of_before_are_found_on_a_server() {
    who_reads_what(World::on_postgres("backfill").await).await;
}

/// What the projection has written is taken away, as if the table had not been there.
async fn who_reads_what(world: World) {
    let open = world.store_course(&booked(), 1).await.to_string();
    let ended = world.store_course(&closed(), 2).await.to_string();
    let forget = "DELETE FROM case_readers";
    world.store.for_migrations().execute_unprepared(forget).await.unwrap();
    assert!(rows(&world.store).await.is_empty());
    find_readers(&world.store).await;
    let found = rows(&world.store).await;
    for (case, has_ended) in [(&open, 0), (&ended, 1)] {
        let of_case = found.iter().filter(|(_, id, ended)| id == case && *ended == has_ended);
        let kinds = of_case.map(|(reader, ..)| reader.split(':').next().unwrap());
        assert_eq!(kinds.collect::<Vec<_>>(), ["brand", "centre", "customer", "house"]);
    }
    for (role, subject) in [(Role::Customer, CUSTOMER), (Role::Brand, "aurora"), (Role::Agent, "a")]
    {
        let request = by(role, subject, WatchCasesRequest::default());
        let stream = world.service.watch_cases(request).await.unwrap().into_inner();
        let first = stream.boxed().next().await.unwrap().unwrap();
        let Some(watch_cases_response::Event::Summary(summary)) = first.event else {
            panic!("{role} is not told of the case: {first:?}")
        };
        assert_eq!(summary.case_id, open, "what is open is summed up for a {role}");
    }
    // Once more finds nothing to do.
    find_readers(&world.store).await;
    assert_eq!(rows(&world.store).await, found);
}

async fn find_readers(store: &Store) {
    let all = parasol_tracking::migrations();
    let it = all.into_iter().find(|one| one.name() == "m0080_tracking_readers").unwrap();
    it.up(&SchemaManager::new(store.for_migrations())).await.unwrap();
}

/// Readers, cases, and whether they have ended.
async fn rows(store: &Store) -> BTreeSet<(String, String, i64)> {
    let reader = store.reader();
    let sql = "SELECT reader, case_id, ended FROM case_readers";
    let statement = Statement::from_string(reader.get_database_backend(), sql);
    let rows = reader.query_all_raw(statement).await.unwrap();
    let row = |row: &sea_orm::QueryResult| {
        let case: uuid::Uuid = row.try_get_by_index(1).unwrap();
        let case = parasol_journey::ids::CaseId::new(case).to_string();
        (row.try_get_by_index(0).unwrap(), case, row.try_get_by_index(2).unwrap())
    };
    rows.iter().map(row).collect()
}
