//! Figures as releases before cards left them: a row each.

use std::collections::BTreeMap;

use parasol_casebook::Store;
use parasol_tracking::scores::cards::{self, Card, Whose};
use parasol_tracking::scores::indicator::Id;
use parasol_tracking::scores::ledger::Tally;
use parasol_tracking::scores::marks::Figure;
use parasol_tracking::scores::period::Month;
use parasol_tracking::scores::tables::{score_cards, score_figures};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait as _, IntoActiveModel as _};

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

/// What was counted before a piece of the feed.
pub struct Counted {
    figures: BTreeMap<Figure, Tally>,
    cards: Vec<score_cards::Model>,
}

impl Counted {
    /// What is counted now.
    pub async fn so_far(store: &Store) -> Self {
        let cards = score_cards::Entity::find().all(store.reader()).await.unwrap();
        Self { figures: stored_figures(store).await, cards }
    }

    /// Leaves what was counted since as if an older release had counted it: in rows, which it reads and writes, while
    /// cards stay as they were.
    pub async fn and_then_by_an_older_release(self, store: &Store) {
        let connection = store.for_migrations();
        let figures = stored_figures(store).await;
        let rows = score_figures::Entity::find().all(store.reader()).await.unwrap();
        let rows: BTreeMap<_, _> = rows.iter().map(|row| (row.figure, row)).collect();
        let mut counted = 0;
        for (figure, tally) in &figures {
            let Tally { count, sum, excluded } =
                self.figures.get(figure).copied().unwrap_or_default();
            let since = Tally { count: -count, sum: -sum, excluded: -excluded };
            let since = tally.changed(since);
            if since == Tally::default() {
                continue;
            }
            let stood = rows.get(&figure.id()).map_or(Tally::default(), |row| Tally {
                count: row.counted,
                sum: row.total,
                excluded: row.excluded,
            });
            let gone = score_figures::Entity::delete_by_id(figure.id()).exec(connection);
            gone.await.unwrap();
            let new = score_figures::Entity::insert(row(figure, stood.changed(since)));
            new.exec_without_returning(connection).await.unwrap();
            counted += 1;
        }
        assert!(counted > 0 && !self.cards.is_empty(), "{counted}");
        score_cards::Entity::delete_many().exec(connection).await.unwrap();
        for card in self.cards {
            let card = score_cards::Entity::insert(card.into_active_model());
            card.exec_without_returning(connection).await.unwrap();
        }
        assert_eq!(stored_figures(store).await, figures);
    }
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
    let cards = score_cards::Entity::find().all(reader).await.unwrap();
    let cards: BTreeMap<_, _> = cards.iter().map(|card| (card.card, &card.body)).collect();
    let both = all.keys().filter(|figure| {
        let named = format!("\"{}\":", figure.indicator.as_str());
        let on_card = cards.get(&Card::of(figure).id()).is_some_and(|body| body.contains(&named));
        on_card && rows.iter().any(|row| row.figure == figure.id())
    });
    assert!(both.count() > 10, "few figures have both a row and a part on a card");
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
