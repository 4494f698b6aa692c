//! Occurrences from before the table of sheets: a migration gathers them.

use std::collections::{BTreeMap, BTreeSet};

use parasol_casebook::Store;
use parasol_casebook::migration::TableBuilder;
use parasol_tracking::scores::cards::Card;
use parasol_tracking::scores::indicator::Id;
use parasol_tracking::scores::marks::Figure;
use parasol_tracking::scores::sheets::{Line, lines};
use parasol_tracking::scores::tables::{score_figures, score_sheets};
use sea_orm::sea_query::{Alias, Query};
use sea_orm::{ConnectionTrait as _, EntityTrait as _};
use sea_orm_migration::SchemaManager;
use uuid::Uuid;

type Stored = BTreeMap<(Uuid, Uuid), Vec<Line>>;

async fn stored(store: &Store) -> Stored {
    let rows = score_sheets::Entity::find().all(store.reader()).await.unwrap();
    let sheet = |row: &score_sheets::Model| {
        let mut all = lines(row).unwrap();
        all.sort_by(|one, other| (&one.indicator, one.seq).cmp(&(&other.indicator, other.seq)));
        ((row.card, row.case_id), all)
    };
    rows.iter().map(sheet).collect()
}

/// Spreads the sheets into a row an occurrence, as they stood before, and lets the migration gather them: it comes to
/// the same, whatever the pages it reads them in.
pub async fn spread_and_gathered_it_is_the_same(store: &Store, figures: &[Figure]) {
    let before = stored(store).await;
    let connection = store.for_migrations();
    let manager = SchemaManager::new(connection);
    let old = TableBuilder::new("score_marks")
        .ids(&["figure", "case_id"])
        .ints(&["seq", "at", "value"])
        .texts(&["excluded"])
        .key(&["figure", "case_id", "seq"])
        .index(&["case_id"]);
    old.create(&manager).await.unwrap();
    let by_name: BTreeMap<(Uuid, &str), Uuid> = figures
        .iter()
        .map(|one| ((Card::of(one).id(), one.indicator.as_str()), one.id()))
        .collect();
    let mut spread = 0;
    for ((card, case), lines) in &before {
        for line in lines {
            assert!(Id::parse(&line.indicator).is_some());
            let figure = by_name[&(*card, line.indicator.as_str())];
            let insert = Query::insert()
                .into_table(Alias::new("score_marks"))
                .columns(["figure", "case_id", "seq", "at", "value", "excluded"].map(Alias::new))
                .values_panic([
                    figure.into(),
                    (*case).into(),
                    i64::try_from(line.seq).unwrap().into(),
                    line.at.into(),
                    line.value.into(),
                    line.excluded.clone().into(),
                ])
                .to_owned();
            connection.execute(&insert).await.unwrap();
            spread += 1;
        }
    }
    let cases: BTreeSet<Uuid> = before.keys().map(|(_, case)| *case).collect();
    assert!(cases.len() > 100 && spread > cases.len(), "one page holds all");
    connection.execute_unprepared("DROP TABLE score_sheets").await.unwrap();
    let all = parasol_tracking::migrations();
    let it = all.into_iter().find(|one| one.name() == "m0087_tracking_sheets").unwrap();
    it.up(&manager).await.unwrap();
    assert!(!manager.has_table("score_marks").await.unwrap());
    assert_eq!(stored(store).await, before);
    let kept = score_figures::Entity::find().all(store.reader()).await.unwrap();
    assert_eq!(kept.len(), figures.len());
}
