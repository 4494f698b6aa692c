//! Reading the books back: what must hold of all tables whatever happened before.

use std::collections::{BTreeMap, BTreeSet};

use parasol_casebook::Store;
use parasol_casebook::tables::{
    audit_chain, cases, commands, commits, events, feed, horizons, leases, tasks, vault,
};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::{Case, Obligation, Task};
use sea_orm::{ColumnTrait as _, EntityTrait, Iterable, QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use crate::rows::{board, notes, slots};

/// What is due within it has a row.
pub const HORIZON: Span = Span::minutes(30);

/// Every row of a table, in key order.
pub async fn all<E: EntityTrait>(store: &Store) -> Vec<E::Model> {
    use sea_orm::PrimaryKeyToColumn as _;
    let mut query = E::find();
    for key in E::PrimaryKey::iter() {
        query = query.order_by_asc(key.into_column());
    }
    query.all(store.reader()).await.unwrap()
}

/// How many rows a table has.
pub async fn count<E: EntityTrait>(store: &Store) -> usize {
    all::<E>(store).await.len()
}

/// All rows of all tables, as text: equal before and after whatever must change nothing.
pub async fn everything(store: &Store) -> BTreeMap<&'static str, Vec<String>> {
    fn text<M: std::fmt::Debug>(rows: Vec<M>) -> Vec<String> {
        rows.iter().map(|row| format!("{row:?}")).collect()
    }
    BTreeMap::from([
        ("cases", text(all::<cases::Entity>(store).await)),
        ("events", text(all::<events::Entity>(store).await)),
        ("tasks", text(all::<tasks::Entity>(store).await)),
        ("horizons", text(all::<horizons::Entity>(store).await)),
        ("commands", text(all::<commands::Entity>(store).await)),
        ("commits", text(all::<commits::Entity>(store).await)),
        ("feed", text(all::<feed::Entity>(store).await)),
        ("audit_chain", text(all::<audit_chain::Entity>(store).await)),
        ("leases", text(all::<leases::Entity>(store).await)),
        ("vault", text(all::<vault::Entity>(store).await)),
        ("slots", text(all::<slots::Entity>(store).await)),
        ("notes", text(all::<notes::Entity>(store).await)),
        ("board", text(all::<board::Entity>(store).await)),
    ])
}

/// Checks every case: its log is numbered 1..n and folds to its state; its tasks are its obligations, as
/// far as they have rows yet, and work and what was due within the horizon when it was armed has; it is
/// looked at if it owes anything; the commands account for every event once; the projection is up to date.
pub async fn check(store: &Store) {
    let rows = all::<tasks::Entity>(store).await;
    let looked_at: BTreeSet<_> =
        all::<horizons::Entity>(store).await.into_iter().map(|row| row.case_id).collect();
    let trail = all::<commands::Entity>(store).await;
    let board: BTreeMap<_, _> =
        all::<board::Entity>(store).await.into_iter().map(|row| (row.case_id, row)).collect();
    for row in all::<cases::Entity>(store).await {
        let case: Case = serde_json::from_str(&row.state).unwrap();
        let times = check_log(store, &row, &case).await;
        let key = |owed: &Obligation| {
            (owed.task.as_str().to_owned(), i64::try_from(owed.generation).unwrap())
        };
        let near = |owed: &&Obligation| {
            let armed_at = times[usize::try_from(owed.generation).unwrap() - 1];
            matches!(owed.task, Task::Work(_)) || owed.due < armed_at + HORIZON
        };
        let owed: BTreeSet<_> = case.obligations.iter().map(key).collect();
        let near: BTreeSet<_> = case.obligations.iter().filter(near).map(key).collect();
        assert_eq!(looked_at.contains(&row.id), !owed.is_empty(), "{} is looked at", case.id);
        let there: BTreeSet<_> = rows
            .iter()
            .filter(|task| task.case_id == row.id)
            .map(|task| (task.task.clone(), task.generation))
            .collect();
        assert!(there.is_subset(&owed), "{} owes {owed:?}, and not {there:?}", case.id);
        assert!(near.is_subset(&there), "{} has {there:?} and owes {near:?} soon", case.id);
        let mut next = 1;
        let mut spans: Vec<_> = trail
            .iter()
            .filter(|one| one.case_id == row.id && one.first_seq > 0)
            .map(|one| (one.first_seq, one.last_seq))
            .collect();
        spans.sort_unstable();
        for (first, last) in spans {
            assert_eq!(first, next, "{} has a hole in its audit trail", case.id);
            next = last + 1;
        }
        assert_eq!(next, row.version + 1, "{} has events without audit", case.id);
        match board.get(&row.id) {
            Some(shown) => assert_eq!((shown.version, &shown.stage), (row.version, &row.stage)),
            None => assert_eq!(row.stage, "cancelled", "{} is not on the board", case.id),
        }
    }
}

/// Checks a log; answers with the times of its events.
async fn check_log(store: &Store, row: &cases::Model, case: &Case) -> Vec<Timestamp> {
    let log: Vec<_> = store
        .log_after(case.id, 0, 100_000)
        .await
        .unwrap()
        .into_iter()
        .map(|logged| logged.event)
        .collect();
    let numbers: Vec<_> = log.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=case.version).collect::<Vec<_>>(), "{} has a gap", case.id);
    assert_eq!(Case::replay(case.id, &log).as_ref(), Some(case), "the log folds to another state");
    assert_eq!(row.version, i64::try_from(case.version).unwrap());
    assert_eq!(row.stage, case.stage.as_str());
    assert_eq!(row.updated_at, case.updated_at.micros());
    log.iter().map(|event| event.at).collect()
}

/// The commits that hold the commands of a case.
pub async fn commits_of(store: &Store, case: Uuid) -> BTreeSet<Uuid> {
    let rows = commands::Entity::find()
        .filter(commands::Column::CaseId.eq(case))
        .all(store.reader())
        .await
        .unwrap();
    rows.into_iter().map(|row| row.commit_id).collect()
}
