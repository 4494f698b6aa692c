//! Figures as releases before cards left them: a row each.

use std::collections::BTreeMap;

use parasol_casebook::Store;
use parasol_tracking::scores::cards::{self, Whose};
use parasol_tracking::scores::indicator::Id;
use parasol_tracking::scores::ledger::Tally;
use parasol_tracking::scores::marks::Figure;
use parasol_tracking::scores::period::Month;
use parasol_tracking::scores::tables::{score_cards, score_figures};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait as _, QuerySelect as _};

/// All that was counted, of every month.
pub async fn stored_figures(store: &Store) -> BTreeMap<Figure, Tally> {
    let mut figures = BTreeMap::new();
    for month in cards::months_but(store, Vec::new()).await.unwrap() {
        figures.extend(cards::of_month(store, month).await.unwrap());
    }
    figures
}

fn row(figure: &Figure, tally: Tally) -> score_figures::ActiveModel {
    score_figures::ActiveModel {
        figure: Set(figure.id()),
        level: Set(figure.level.as_str().to_owned()),
        subject: Set(figure.subject.clone()),
        category: Set(figure.category.map_or("", |one| one.as_str()).to_owned()),
        indicator: Set(figure.indicator.as_str().to_owned()),
        period: Set(figure.month.to_string()),
        counted: Set(tally.count),
        total: Set(tally.sum),
        excluded: Set(tally.excluded),
    }
}

/// Leaves everything that was counted so far as an older release would have.
pub async fn as_an_older_release(store: &Store) {
    let figures = stored_figures(store).await;
    assert!(!figures.is_empty());
    let connection = store.for_migrations();
    score_figures::Entity::delete_many().exec(connection).await.unwrap();
    score_cards::Entity::delete_many().exec(connection).await.unwrap();
    let rows: Vec<_> = figures.iter().map(|(figure, tally)| row(figure, *tally)).collect();
    for some in rows.chunks(500) {
        let all = score_figures::Entity::insert_many(some.to_vec());
        all.exec_without_returning(connection).await.unwrap();
    }
    assert_eq!(stored_figures(store).await, figures);
}

/// Whatever is read of one subject, of everybody, and of a month is the same figures; and some of them have both a row
/// and a part on a card.
pub async fn every_way_of_reading_agrees(store: &Store) {
    let all = stored_figures(store).await;
    let mut everybody: BTreeMap<(Whose, Month, Id), Tally> = BTreeMap::new();
    for (figure, tally) in &all {
        let Figure { level, subject, category, indicator, month } = figure.clone();
        let whose = Whose { level, subject, category };
        let own = cards::of_whom(store, &whose, month).await.unwrap();
        assert_eq!(own.get(&indicator), Some(tally), "{figure:?}");
        let key = (Whose { subject: String::new(), ..whose }, month, indicator);
        let sum = everybody.entry(key).or_default();
        *sum = sum.changed(*tally);
    }
    for ((whose, month, indicator), sum) in &everybody {
        let told = cards::of_everybody(store, whose, *month).await.unwrap();
        assert_eq!(told.get(indicator), Some(sum), "{whose:?} {month} {indicator:?}");
        assert!(cards::of_whom(store, whose, *month).await.unwrap().is_empty(), "nobody's");
    }
    let reader = store.reader();
    let rows = score_figures::Entity::find().all(reader).await.unwrap();
    let on_cards: Vec<String> = score_cards::Entity::find()
        .select_only()
        .column(score_cards::Column::Subject)
        .into_tuple()
        .all(reader)
        .await
        .unwrap();
    assert!(rows.iter().any(|row| on_cards.contains(&row.subject)), "nothing is on both");
}

/// A row for every figure, of those that have none yet.
pub async fn with_a_row_each(store: &Store) {
    let connection = store.for_migrations();
    let known = score_figures::Entity::find().all(store.reader()).await.unwrap();
    let known: Vec<_> = known.into_iter().map(|row| row.figure).collect();
    let all = stored_figures(store).await;
    for figure in all.keys().filter(|figure| !known.contains(&figure.id())) {
        let new = score_figures::Entity::insert(row(figure, Tally::default()));
        new.exec_without_returning(connection).await.unwrap();
    }
}
