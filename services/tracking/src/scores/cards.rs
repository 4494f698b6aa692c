//! Scorecards: the figures of a subject in a month, all in one row.
//!
//! A case changes some forty figures, which stand on four or five scorecards; a row a figure would be most of what is
//! written about it. Releases before this one wrote such rows (`score_figures`), and one that still runs beside this one
//! goes on counting in them. So nothing of them is moved: a card holds what was counted into cards, and a figure stands
//! at the sum of its card's part and of the row that it may still have.
//!
//! This module owns how figures are stored, and knows nothing of how they are counted or what they are worth. The sums
//! over everybody of a level and category are kept on a card of their own, so that a mean is not read from thousands.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use parasol_api::Error;
use parasol_casebook::{RowOp, Store};
use parasol_journey::vocab::Category;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::indicator::{Id, Level};
use super::ledger::Tally;
use super::marks::Figure;
use super::period::Month;
use super::read::store_error;
use super::tables::{score_cards, score_figures};

/// Names the space in which scorecards have their ids. Never change it: stored sheets and cards are found by them.
const CARDS: Uuid = Uuid::from_u128(0x9b1d_4f07_2c6a_5e83_a4d2_70f9_18be_c365);
/// Whose card holds the sums over everybody: nobody has no name.
const EVERYBODY: &str = "";
/// Cards or figures looked up in one query.
const LOOKED_UP_MAX: usize = 500;

/// Whose figures.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Whose {
    /// Who is scored.
    pub level: Level,
    /// Which.
    pub subject: String,
    /// The category, for levels that are kept by it.
    pub category: Option<Category>,
}

impl Whose {
    /// The category as tables write it.
    pub fn category_text(&self) -> &'static str {
        self.category.map_or("", Category::as_str)
    }

    /// One of the figures.
    pub fn figure(&self, indicator: Id, month: Month) -> Figure {
        let Self { level, subject, category } = self.clone();
        Figure { level, subject, category, indicator, month }
    }

    /// Whether anybody is named. Nobody was counted once, for follow-ups that nobody had taken on.
    pub fn is_somebody(&self) -> bool {
        self.subject != EVERYBODY
    }

    /// Everybody of the level and category together.
    fn everybody(&self) -> Self {
        Self { subject: EVERYBODY.to_owned(), ..self.clone() }
    }
}

/// A scorecard: everything that is counted of a subject in a month.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Card {
    whose: Whose,
    month: Month,
}

/// What a card holds, by the name of the indicator: occurrences that count, their sum, those left out. An indicator
/// that this release does not know keeps its part.
type Body = BTreeMap<String, [i64; 3]>;

impl Card {
    /// The scorecard that a figure stands on.
    pub fn of(figure: &Figure) -> Self {
        let Figure { level, subject, category, month, .. } = figure.clone();
        Self { whose: Whose { level, subject, category }, month }
    }

    /// Whose it is.
    pub fn whose(&self) -> &Whose {
        &self.whose
    }

    /// That of everybody of its level and category.
    fn of_everybody(&self) -> Self {
        Self { whose: self.whose.everybody(), month: self.month }
    }

    /// The one that a row names; `None` for one that this release does not know.
    pub fn named([level, subject, category, period]: [&str; 4]) -> Option<Self> {
        let category = match category {
            "" => None,
            text => Some(Category::parse(text)?),
        };
        let (level, month) = (Level::parse(level)?, Month::parse(period)?);
        Some(Self { whose: Whose { level, subject: subject.to_owned(), category }, month })
    }

    /// Its names as tables write them: level, subject, category, month.
    pub fn names(&self) -> [String; 4] {
        let Whose { level, subject, .. } = &self.whose;
        [
            level.as_str().to_owned(),
            subject.clone(),
            self.whose.category_text().to_owned(),
            self.month.to_string(),
        ]
    }

    /// What tables know it by.
    pub fn id(&self) -> Uuid {
        card_id(&self.names())
    }

    /// One of its figures.
    pub fn figure(&self, indicator: Id) -> Figure {
        self.whose.figure(indicator, self.month)
    }
}

/// What tables know a scorecard by, from its [names](Card::names). Subjects hold no line break.
pub(super) fn card_id(names: &[String; 4]) -> Uuid {
    Uuid::new_v5(&CARDS, names.join("\n").as_bytes())
}

/// Cards that a pass changes.
pub struct Changing {
    bodies: BTreeMap<Card, Body>,
}

impl Changing {
    /// The cards of these figures as they are stored, and everybody's.
    ///
    /// # Errors
    /// What the store says, or that a card cannot be read.
    pub async fn read(
        store: &Store,
        figures: impl IntoIterator<Item = &Figure>,
    ) -> Result<Self, Error> {
        let mut cards: BTreeSet<Card> = BTreeSet::new();
        for card in figures.into_iter().map(Card::of) {
            cards.insert(card.of_everybody());
            cards.insert(card);
        }
        let mut stored = bodies(store, &cards.iter().map(Card::id).collect::<Vec<_>>()).await?;
        let bodies = cards.into_iter().map(|card| {
            let body = stored.remove(&card.id()).unwrap_or_default();
            (card, body)
        });
        Ok(Self { bodies: bodies.collect() })
    }

    /// Changes a figure, and everybody's with it.
    ///
    /// # Panics
    /// If it is none of those that were [read](Self::read): what its card holds would be lost.
    pub fn change(&mut self, figure: &Figure, by: Tally) {
        let own = Card::of(figure);
        let everybody = own.of_everybody();
        // What was counted of nobody is among everybody's alone.
        let own = Some(own).filter(|card| card.whose.is_somebody());
        for card in own.iter().chain([&everybody]) {
            let body = self.bodies.get_mut(card).expect("a card that changes was read");
            let part = body.entry(figure.indicator.as_str().to_owned()).or_default();
            *part = stored(tally(*part).changed(by));
        }
    }

    /// The rows that they become.
    ///
    /// # Errors
    /// That a card cannot be written as JSON.
    pub fn rows(self) -> Result<Vec<RowOp>, Error> {
        self.bodies.into_iter().map(|(card, body)| row(&card, &body).map(RowOp::put)).collect()
    }
}

fn row(card: &Card, body: &Body) -> Result<score_cards::ActiveModel, Error> {
    let body = serde_json::to_string(body).map_err(|error| unreadable(&error))?;
    let id = card.id();
    let [level, subject, category, period] = card.names();
    Ok(score_cards::ActiveModel {
        card: Set(id),
        level: Set(level),
        subject: Set(subject),
        category: Set(category),
        period: Set(period),
        body: Set(body),
    })
}

fn read(row: &score_cards::Model) -> Result<Body, Error> {
    serde_json::from_str(&row.body).map_err(|error| unreadable(&error))
}

/// What is stored as JSON and is none.
pub(super) fn unreadable(error: &serde_json::Error) -> Error {
    store_error(DbErr::Json(error.to_string()))
}

fn tally([count, sum, excluded]: [i64; 3]) -> Tally {
    Tally { count, sum, excluded }
}

fn stored(Tally { count, sum, excluded }: Tally) -> [i64; 3] {
    [count, sum, excluded]
}

async fn bodies(store: &Store, ids: &[Uuid]) -> Result<HashMap<Uuid, Body>, Error> {
    let mut found = HashMap::with_capacity(ids.len());
    for part in ids.chunks(LOOKED_UP_MAX) {
        let rows = score_cards::Entity::find()
            .filter(score_cards::Column::Card.is_in(part.iter().copied()))
            .all(store.reader())
            .await
            .map_err(store_error)?;
        for row in rows {
            found.insert(row.card, read(&row)?);
        }
    }
    Ok(found)
}

/// What these figures stand at; one that never counted stands at nothing. Each is somebody's.
///
/// # Errors
/// What the store says, or that a card cannot be read.
pub async fn standing(
    store: &Store,
    figures: &BTreeSet<Figure>,
) -> Result<BTreeMap<Figure, Tally>, Error> {
    let by_id: HashMap<Uuid, &Figure> = figures.iter().map(|one| (one.id(), one)).collect();
    let mut found: BTreeMap<Figure, Tally> = BTreeMap::new();
    let ids: Vec<Uuid> = by_id.keys().copied().collect();
    for part in ids.chunks(LOOKED_UP_MAX) {
        let rows = score_figures::Entity::find()
            .filter(score_figures::Column::Figure.is_in(part.iter().copied()))
            .all(store.reader())
            .await
            .map_err(store_error)?;
        let rows = rows.iter().filter_map(|row| Some(((*by_id.get(&row.figure)?).clone(), row)));
        found.extend(rows.map(|(figure, row)| (figure, of_row(row))));
    }
    let cards: BTreeSet<Uuid> = figures.iter().map(|one| Card::of(one).id()).collect();
    let cards = bodies(store, &cards.into_iter().collect::<Vec<_>>()).await?;
    for figure in figures {
        let part = cards.get(&Card::of(figure).id());
        if let Some(part) = part.and_then(|body| body.get(figure.indicator.as_str())) {
            add(&mut found, figure.clone(), tally(*part));
        }
    }
    Ok(found)
}

/// All figures of somebody in a month, by indicator.
///
/// # Errors
/// What the store says, or that a card cannot be read.
pub async fn of_whom(
    store: &Store,
    whose: &Whose,
    month: Month,
) -> Result<BTreeMap<Id, Tally>, Error> {
    if !whose.is_somebody() {
        return Ok(BTreeMap::new());
    }
    let rows = score_figures::Entity::find()
        .filter(of_group(whose, month))
        .filter(score_figures::Column::Subject.eq(whose.subject.as_str()))
        .all(store.reader())
        .await
        .map_err(store_error)?;
    let rows = rows.iter().filter_map(|row| Some((Id::parse(&row.indicator)?, of_row(row))));
    let mut found: BTreeMap<Id, Tally> = rows.collect();
    with_card(store, &Card { whose: whose.clone(), month }, &mut found).await?;
    Ok(found)
}

/// What everybody of the same level and category stands at together, by indicator.
///
/// # Errors
/// What the store says, or that a card cannot be read.
pub async fn of_everybody(
    store: &Store,
    whose: &Whose,
    month: Month,
) -> Result<BTreeMap<Id, Tally>, Error> {
    let sum = |column: score_figures::Column| -> SimpleExpr {
        Expr::col(column).sum().cast_as(Alias::new("BIGINT"))
    };
    let rows: Vec<(String, i64, i64, i64)> = score_figures::Entity::find()
        .select_only()
        .column(score_figures::Column::Indicator)
        .column_as(sum(score_figures::Column::Counted), "counted")
        .column_as(sum(score_figures::Column::Total), "total")
        .column_as(sum(score_figures::Column::Excluded), "excluded")
        .filter(of_group(whose, month))
        .group_by(score_figures::Column::Indicator)
        .into_tuple()
        .all(store.reader())
        .await
        .map_err(store_error)?;
    let rows = rows.into_iter().filter_map(|(indicator, count, sum, excluded)| {
        Some((Id::parse(&indicator)?, Tally { count, sum, excluded }))
    });
    let mut found: BTreeMap<Id, Tally> = rows.collect();
    with_card(store, &Card { whose: whose.everybody(), month }, &mut found).await?;
    Ok(found)
}

/// All figures of a month.
///
/// # Errors
/// What the store says, or that a card cannot be read.
pub async fn of_month(store: &Store, month: Month) -> Result<BTreeMap<Figure, Tally>, Error> {
    let rows = score_figures::Entity::find()
        .filter(score_figures::Column::Period.eq(month.to_string()))
        .filter(score_figures::Column::Subject.ne(EVERYBODY))
        .all(store.reader())
        .await
        .map_err(store_error)?;
    let rows = rows.iter().filter_map(|row| {
        let card = Card::named([&row.level, &row.subject, &row.category, &row.period])?;
        Some((card.figure(Id::parse(&row.indicator)?), of_row(row)))
    });
    let mut found: BTreeMap<Figure, Tally> = rows.collect();
    let cards = score_cards::Entity::find()
        .filter(score_cards::Column::Period.eq(month.to_string()))
        .filter(score_cards::Column::Subject.ne(EVERYBODY))
        .all(store.reader())
        .await
        .map_err(store_error)?;
    for row in &cards {
        let names = [&*row.level, &row.subject, &row.category, &row.period];
        let Some(card) = Card::named(names) else { continue };
        for (indicator, part) in read(row)? {
            let Some(indicator) = Id::parse(&indicator) else { continue };
            add(&mut found, card.figure(indicator), tally(part));
        }
    }
    Ok(found)
}

/// The months that have figures, but for these; the oldest first.
///
/// # Errors
/// What the store says.
pub async fn months_but(store: &Store, known: Vec<String>) -> Result<Vec<Month>, Error> {
    let of_figures: Vec<String> = score_figures::Entity::find()
        .select_only()
        .column(score_figures::Column::Period)
        .distinct()
        .filter(score_figures::Column::Period.is_not_in(known.iter().cloned()))
        .into_tuple()
        .all(store.reader())
        .await
        .map_err(store_error)?;
    let of_cards: Vec<String> = score_cards::Entity::find()
        .select_only()
        .column(score_cards::Column::Period)
        .distinct()
        .filter(score_cards::Column::Subject.eq(EVERYBODY))
        .filter(score_cards::Column::Period.is_not_in(known))
        .into_tuple()
        .all(store.reader())
        .await
        .map_err(store_error)?;
    let months = of_figures.iter().chain(&of_cards).filter_map(|text| Month::parse(text));
    Ok(months.collect::<BTreeSet<Month>>().into_iter().collect())
}

async fn with_card(
    store: &Store,
    card: &Card,
    found: &mut BTreeMap<Id, Tally>,
) -> Result<(), Error> {
    for (indicator, part) in bodies(store, &[card.id()]).await?.into_values().flatten() {
        if let Some(indicator) = Id::parse(&indicator) {
            add(found, indicator, tally(part));
        }
    }
    Ok(())
}

fn add<K: Ord>(found: &mut BTreeMap<K, Tally>, key: K, by: Tally) {
    let stood = found.entry(key).or_default();
    *stood = stood.changed(by);
}

fn of_row(row: &score_figures::Model) -> Tally {
    Tally { count: row.counted, sum: row.total, excluded: row.excluded }
}

fn of_group(whose: &Whose, month: Month) -> Condition {
    Condition::all()
        .add(score_figures::Column::Period.eq(month.to_string()))
        .add(score_figures::Column::Level.eq(whose.level.as_str()))
        .add(score_figures::Column::Category.eq(whose.category_text()))
}
