//! Queries within a scope: whatever they ask, they see the rows of a reader's cases or of one case, and nothing else.

use std::collections::BTreeSet;

use futures::future::join_all;
use parasol_casebook::migration::guard_rows;
use parasol_casebook::tables::{cases, events, readers};
use parasol_casebook::{Engine, Pools, SEEN_BY, Scope, Store};
use parasol_journey::ids::CaseId;
use parasol_testkit::Postgres;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _,
    QuerySelect as _, Statement,
};
use sea_orm_migration::MigratorTrait as _;
use uuid::Uuid;

use crate::ask::{Ask, case};
use crate::rows::{Migrations, board, note, notes};
use crate::world::World;

on_both_engines!(
    a_query_that_forgets_whose_rows_it_means_sees_no_others,
    every_way_to_ask_is_confined_alike,
    what_says_of_no_case_whose_it_is_is_not_read_at_all,
    many_readers_at_once_see_each_their_own,
    a_table_that_comes_later_is_guarded_by_the_next_process
);

behind_a_pooler!(
    a_query_that_forgets_whose_rows_it_means_sees_no_others,
    every_way_to_ask_is_confined_alike,
    many_readers_at_once_see_each_their_own
);

const CASES: u128 = 9;
/// Who reads which of them: nobody reads the last.
const READERS: [(&str, &[u128]); 4] = [
    ("brand:aurora", &[1, 2, 3, 4]),
    ("brand:o'neill; --", &[4, 5]),
    ("centre:one", &[6, 7, 8]),
    ("house", &[1, 2, 3, 4, 5, 6, 7, 8, 9]),
];

/// Cases with two entries each, and who reads them.
async fn filed(world: &World) -> Store {
    let mut process = world.process().await;
    process.must((1..=CASES).map(Ask::file)).await;
    process.must((1..=CASES).map(|number| Ask::message(number, "x"))).await;
    let rows = READERS.iter().flat_map(|(reader, cases)| {
        cases.iter().map(|number| readers::ActiveModel {
            reader: Set((*reader).to_owned()),
            case_id: Set(case(*number).uuid()),
            ended: Set(0),
        })
    });
    let transaction = process.store.begin_for_migrations().await.unwrap();
    readers::Entity::insert_many(rows).exec_without_returning(&transaction).await.unwrap();
    // Some rows of services are about no case.
    let of_none = board::ActiveModel {
        case_id: Set(Uuid::nil()),
        version: Set(1),
        stage: Set("filed".to_owned()),
    };
    board::Entity::insert(of_none).exec_without_returning(&transaction).await.unwrap();
    transaction.commit().await.unwrap();
    world.store().await
}

fn reader(name: &str) -> Scope {
    Scope::Reader(name.to_owned())
}

fn ids(numbers: &[u128]) -> BTreeSet<Uuid> {
    numbers.iter().map(|number| case(*number).uuid()).collect()
}

/// The cases whose rows are seen, table by table, by queries without a condition.
async fn seen(store: &Store) -> [BTreeSet<Uuid>; 4] {
    let reader = store.reader();
    let cases = cases::Entity::find().all(reader).await.unwrap();
    let events = events::Entity::find().all(reader).await.unwrap();
    let board = board::Entity::find().all(reader).await.unwrap();
    let readers = readers::Entity::find().all(reader).await.unwrap();
    [
        cases.into_iter().map(|row| row.id).collect(),
        events.into_iter().map(|row| row.case_id).collect(),
        board.into_iter().map(|row| row.case_id).collect(),
        readers.into_iter().map(|row| row.case_id).collect(),
    ]
}

async fn a_query_that_forgets_whose_rows_it_means_sees_no_others(world: World) {
    let store = filed(&world).await;
    for (name, of_reader) in &READERS[..3] {
        let own = ids(of_reader);
        let all = [own.clone(), own.clone(), own.clone(), own];
        assert_eq!(seen(&store.within(reader(name))).await, all, "{name}");
    }
    let nothing = <[BTreeSet<Uuid>; 4]>::default();
    for stranger in ["", "brand:nobody", "brand:aurora' OR '1' = '1", "BRAND:AURORA", "%"] {
        assert_eq!(seen(&store.within(reader(stranger))).await, nothing, "{stranger}");
    }
    let [of_case, log, rows, of_readers] = seen(&store.within(Scope::Case(case(5)))).await;
    assert_eq!([of_case, log, rows], [ids(&[5]), ids(&[5]), ids(&[5])]);
    assert!(of_readers.is_empty(), "who else reads it is not its reader's to know");
    assert_eq!(seen(&store.within(Scope::Case(case(99)))).await, nothing);

    let everything: Vec<u128> = (1..=CASES).collect();
    assert_eq!(seen(&store).await[0], ids(&everything), "the house sees all");
    let again = store.within(reader("centre:one")).within(Scope::House);
    assert_eq!(
        seen(&again).await[0],
        ids(&everything),
        "a store is within one scope, not in several"
    );
}

async fn every_way_to_ask_is_confined_alike(world: World) {
    let store = filed(&world).await;
    let own = store.within(reader("brand:aurora"));
    assert!(own.case(case(4)).await.unwrap().is_some());
    assert!(own.case(case(5)).await.unwrap().is_none(), "like one that is not there");
    assert_eq!(own.log_after(case(4), 0, 10).await.unwrap().len(), 2);
    assert!(own.log_after(case(5), 0, 10).await.unwrap().is_empty());
    let all: Vec<CaseId> = (1..=CASES).map(case).collect();
    let of = |cases: &mut dyn Iterator<Item = CaseId>| -> BTreeSet<Uuid> {
        cases.map(|id| id.uuid()).collect()
    };
    let found = own.cases(&all).await.unwrap();
    assert_eq!(of(&mut found.iter().map(|case| case.id)), ids(&[1, 2, 3, 4]));
    let logs = own.readable_logs(&all).await.unwrap();
    assert_eq!(of(&mut logs.keys().copied()), ids(&[1, 2, 3, 4]));
    let entries: Vec<_> = all.iter().map(|id| (*id, 1)).collect();
    let entries = own.readable_entries(&entries).await.unwrap();
    assert_eq!(of(&mut entries.iter().map(|(id, _)| *id)), ids(&[1, 2, 3, 4]));

    // Counted, grouped, joined and asked for what is there.
    assert_eq!(events::Entity::find().count(own.reader()).await.unwrap(), 8);
    let grouped: Vec<(Uuid, i64)> = events::Entity::find()
        .select_only()
        .column(events::Column::CaseId)
        .column_as(Expr::col(events::Column::Seq).count(), "n")
        .group_by(events::Column::CaseId)
        .into_tuple()
        .all(own.reader())
        .await
        .unwrap();
    assert_eq!(grouped.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>(), ids(&[1, 2, 3, 4]));
    let others = Query::select()
        .expr(Expr::val(1))
        .from(events::Entity)
        .and_where(Expr::col(events::Column::CaseId).is_in(ids(&[5, 6, 9])))
        .limit(1)
        .to_owned();
    assert!(own.reader().query_one(&others).await.unwrap().is_none());

    // A failure leaves the connection to others as it was, and nobody writes.
    let wrong =
        Statement::from_string(own.reader().get_database_backend(), "SELECT nothing_at_all");
    assert!(own.reader().query_all_raw(wrong).await.is_err());
    assert_eq!(seen(&own).await[0], ids(&[1, 2, 3, 4]));
    let delete = Query::delete().from_table(board::Entity).to_owned();
    assert!(own.reader().execute(&delete).await.is_err());
    let reader = own.reader();
    let sql = "DELETE FROM board RETURNING case_id";
    let sneaky = Statement::from_string(reader.get_database_backend(), sql);
    assert!(reader.query_all_raw(sneaky).await.is_err(), "a query that writes");
    assert_eq!(seen(&store).await[2].len() as u128, CASES + 1);
}

async fn what_says_of_no_case_whose_it_is_is_not_read_at_all(world: World) {
    let mut process = world.process().await;
    process.must([Ask::file(1)]).await;
    let note = notes::Entity::insert(note(1, "of nobody"));
    note.exec_without_returning(process.store.for_migrations()).await.unwrap();
    let store = filed_readers_only(&world).await;
    let own = store.within(reader("house"));
    let database = own.reader().get_database_backend();
    for table in ["notes", "vault", "feed", "meta", "leases", "tasks", "commands"] {
        let ask = Statement::from_string(database, format!("SELECT 1 FROM {table} LIMIT 1"));
        let refused = own.reader().query_all_raw(ask).await;
        assert!(refused.is_err(), "{table}: {refused:?}");
    }
    // What the kernel reads for whoever asks is not in question.
    assert_eq!(own.feed_position().await.unwrap(), store.feed_position().await.unwrap());
    assert_eq!(own.meta("nothing").await.unwrap(), None);
}

async fn filed_readers_only(world: &World) -> Store {
    let store = world.store().await;
    let row = readers::ActiveModel {
        reader: Set("house".to_owned()),
        case_id: Set(case(1).uuid()),
        ended: Set(0),
    };
    let row = readers::Entity::insert(row);
    row.exec_without_returning(store.for_migrations()).await.unwrap();
    store
}

async fn many_readers_at_once_see_each_their_own(world: World) {
    let store = filed(&world).await;
    let asked = (0..60).map(|nth| {
        let (name, of_reader) = READERS[nth % 3];
        let scope = match nth % 4 {
            3 => Scope::Case(case(9)),
            _ => reader(name),
        };
        let expected = match scope {
            Scope::Case(_) => ids(&[9]),
            _ => ids(of_reader),
        };
        let store = store.within(scope);
        async move { assert_eq!(seen(&store).await[1], expected) }
    });
    join_all(asked).await;
}

async fn a_table_that_comes_later_is_guarded_by_the_next_process(world: World) {
    let store = filed(&world).await;
    let uuid = match world.engine() {
        Engine::Sqlite => "uuid_text",
        Engine::Postgres => "uuid",
    };
    let connection = store.for_migrations();
    let create = format!("CREATE TABLE later (case_id {uuid} NOT NULL, number bigint NOT NULL)");
    connection.execute_unprepared(&create).await.unwrap();
    let fill = "INSERT INTO later SELECT case_id, seq FROM events";
    connection.execute_unprepared(fill).await.unwrap();
    store.close().await.unwrap();

    let store = world.store().await;
    let own = store.within(reader("centre:one"));
    let count = "SELECT count(*) FROM later";
    let count = || Statement::from_string(own.reader().get_database_backend(), count);
    if world.engine() == Engine::Postgres {
        assert!(own.reader().query_one_raw(count()).await.is_err(), "nobody has guarded it");
    }
    let broken = [
        "",
        "",
        "ALTER TABLE later DISABLE ROW LEVEL SECURITY",
        "DROP POLICY within_scope ON later",
        "REVOKE SELECT ON later FROM parasol_seen_by",
    ];
    for broken in broken {
        if world.engine() == Engine::Postgres {
            store.for_migrations().execute_unprepared(broken).await.unwrap();
        }
        guard_rows(store.for_migrations()).await.unwrap();
        let row = own.reader().query_one_raw(count()).await.unwrap().unwrap();
        assert_eq!(row.try_get_by_index::<i64>(0).unwrap(), 6);
    }
}

/// A user as an administrator makes one for the program: it owns its database, and may make no roles.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_user_is_told_what_an_administrator_has_to_run() {
    let server = Postgres::shared().unwrap();
    // The role belongs to the server, and somebody else made it.
    let _made = World::on_postgres("scoping_role").await;
    let user = format!("plain_{}", std::process::id());
    server.query(&format!("CREATE ROLE {user} LOGIN")).unwrap();
    let url = server.fresh_database("scoping_plain").unwrap();
    let name = url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    server.query(&format!("ALTER DATABASE \"{name}\" OWNER TO {user}")).unwrap();
    let (before, at) = url.split_once('@').unwrap();
    let scheme = before.split_once("://").unwrap().0;
    let store = Store::open(&format!("{scheme}://{user}@{at}"), Pools::default()).await.unwrap();
    Migrations::up(store.for_migrations(), None).await.unwrap();

    let refused = guard_rows(store.for_migrations()).await.unwrap_err().to_string();
    let words = format!("an administrator runs: GRANT {SEEN_BY} TO {user}");
    assert!(refused.contains(&words), "{refused}");
    server.query(&format!("GRANT {SEEN_BY} TO {user}")).unwrap();
    guard_rows(store.for_migrations()).await.unwrap();
    let own = store.within(reader("brand:aurora"));
    assert!(cases::Entity::find().all(own.reader()).await.unwrap().is_empty());
    let row = readers::ActiveModel {
        reader: Set("brand:aurora".to_owned()),
        case_id: Set(Uuid::from_u128(1)),
        ended: Set(0),
    };
    let row = readers::Entity::insert(row);
    row.exec_without_returning(store.for_migrations()).await.unwrap();
    assert_eq!(readers::Entity::find().all(own.reader()).await.unwrap().len(), 1);
    store.close().await.unwrap();
    server.query(&format!("DROP DATABASE \"{name}\"")).unwrap();
    server.query(&format!("DROP ROLE {user}")).unwrap();
}
