//! Sheets: what one case adds to one scorecard, all its occurrences in one row.
//!
//! A case counts in some fifty figures of four or five scorecards. A row for each occurrence would be more than
//! everything else that is written about a case; so the occurrences of a scorecard stand together, and a figure's
//! are found among them. This module owns how they are stored, and knows nothing of how they are counted.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use parasol_api::Error;
use parasol_casebook::{RowOp, Store};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::cards::{Card, unreadable};
use super::indicator::Id;
use super::ledger::Difference;
use super::marks::{Figure, Mark, Marks};
use super::read::store_error;
use super::tables::score_sheets::{ActiveModel, Column, Entity, Model};

/// Sheets read at a time on the way to the occurrences of a figure.
const SHEETS_READ: u64 = 500;

/// An occurrence as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The indicator. Its name is what a query looks for: see [`named`].
    #[serde(rename = "i")]
    pub indicator: String,
    /// The entry of the log that it counts from.
    #[serde(rename = "s")]
    pub seq: u64,
    /// When it counted, in microseconds.
    #[serde(rename = "t")]
    pub at: i64,
    /// What it adds.
    #[serde(rename = "v")]
    pub value: i64,
    /// Why it is left out; empty for one that counts.
    #[serde(rename = "x", default, skip_serializing_if = "String::is_empty")]
    pub excluded: String,
}

/// An occurrence of a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The case.
    pub case: CaseId,
    /// The rest.
    pub line: Line,
}

/// What is stored of one case.
#[derive(Clone, Debug, Default)]
pub struct Sheets {
    /// The occurrences that this release knows.
    pub marks: Marks,
    /// Those of indicators that it does not know, by scorecard: they stay as they are.
    strange: HashMap<Uuid, Vec<Line>>,
}

impl Sheets {
    /// Those of cases.
    ///
    /// # Errors
    /// What the store says, or that a sheet cannot be read.
    pub async fn of(store: &Store, cases: &[CaseId]) -> Result<HashMap<Uuid, Self>, Error> {
        let rows = Entity::find()
            .filter(Column::CaseId.is_in(cases.iter().map(|case| case.uuid())))
            .all(store.reader())
            .await
            .map_err(store_error)?;
        let mut sheets: HashMap<Uuid, Self> = HashMap::new();
        for row in &rows {
            // A scorecard that this release does not know is left alone.
            let names = [&*row.level, &row.subject, &row.category, &row.period];
            let Some(card) = Card::named(names) else { continue };
            sheets.entry(row.case_id).or_default().take(&card, row.card, lines(row)?);
        }
        Ok(sheets)
    }

    fn take(&mut self, card: &Card, id: Uuid, lines: Vec<Line>) {
        for line in lines {
            match Id::parse(&line.indicator) {
                Some(indicator) => {
                    let (at, excluded) = (Timestamp::from_micros(line.at), known(&line.excluded));
                    let mark = Mark { at, value: line.value, excluded };
                    self.marks.insert((card.figure(indicator), line.seq), mark);
                }
                None => self.strange.entry(id).or_default().push(line),
            }
        }
    }

    /// The rows that make of these sheets those of what the case counts in now.
    ///
    /// # Errors
    /// That a sheet cannot be written as JSON.
    pub fn rows(
        &self,
        case: CaseId,
        after: &Marks,
        change: &Difference,
    ) -> Result<Vec<RowOp>, Error> {
        let written = change.written.iter().map(|((figure, _), _)| figure);
        let removed = change.removed.iter().map(|(figure, _)| figure);
        let touched: BTreeSet<Card> = written.chain(removed).map(Card::of).collect();
        let mut of_cards: BTreeMap<Card, Vec<Line>> = BTreeMap::new();
        for ((figure, seq), mark) in after {
            let card = Card::of(figure);
            if touched.contains(&card) {
                of_cards.entry(card).or_default().push(line(figure.indicator, *seq, mark));
            }
        }
        touched
            .into_iter()
            .map(|card| {
                let id = card.id();
                let mut lines = of_cards.remove(&card).unwrap_or_default();
                lines.extend(self.strange.get(&id).into_iter().flatten().cloned());
                match lines.is_empty() {
                    true => Ok(RowOp::delete::<Entity>(vec![id.into(), case.uuid().into()])),
                    false => row(&card, case, &lines).map(RowOp::put),
                }
            })
            .collect()
    }
}

fn line(indicator: Id, seq: u64, mark: &Mark) -> Line {
    Line {
        indicator: indicator.as_str().to_owned(),
        seq,
        at: mark.at.micros(),
        value: mark.value,
        excluded: mark.excluded.to_owned(),
    }
}

fn row(card: &Card, case: CaseId, lines: &[Line]) -> Result<ActiveModel, Error> {
    let id = card.id();
    let [level, subject, category, period] = card.names();
    Ok(ActiveModel {
        card: Set(id),
        case_id: Set(case.uuid()),
        level: Set(level),
        subject: Set(subject),
        category: Set(category),
        period: Set(period),
        body: Set(serde_json::to_string(lines).map_err(|error| unreadable(&error))?),
    })
}

/// The occurrences on a sheet.
///
/// # Errors
/// That it cannot be read.
pub fn lines(row: &Model) -> Result<Vec<Line>, Error> {
    serde_json::from_str(&row.body).map_err(|error| unreadable(&error))
}

/// The reasons for leaving something out, as they are stored.
fn known(excluded: &str) -> &'static str {
    match excluded {
        "" => "",
        "customer_absent" => "customer_absent",
        "customer_site" => "customer_site",
        "taken_back" => "taken_back",
        _ => "other",
    }
}

/// What the text of a sheet holds if an indicator has an occurrence on it.
fn named(indicator: Id) -> String {
    format!("\"i\":\"{}\"", indicator.as_str())
}

/// The occurrences of a figure after a place, by case and entry; at most so many.
///
/// # Errors
/// What the store says, or that a sheet cannot be read.
pub async fn after(
    store: &Store,
    figure: &Figure,
    (case, seq): (Uuid, u64),
    limit: usize,
) -> Result<Vec<Occurrence>, Error> {
    let (mut found, mut from, mut is_first) = (Vec::new(), case, true);
    while found.len() < limit {
        // The first case again: it may have further occurrences.
        let later = if is_first { Column::CaseId.gte(from) } else { Column::CaseId.gt(from) };
        let rows = Entity::find()
            .filter(Column::Card.eq(Card::of(figure).id()))
            .filter(Column::Body.contains(named(figure.indicator)))
            .filter(later)
            .order_by(Column::CaseId, Order::Asc)
            .limit(SHEETS_READ)
            .all(store.reader())
            .await
            .map_err(store_error)?;
        for row in &rows {
            let of_case = CaseId::new(row.case_id);
            let mut lines = lines(row)?;
            lines.sort_by_key(|line| line.seq);
            lines.retain(|line| line.indicator == figure.indicator.as_str());
            lines.retain(|line| row.case_id != case || line.seq > seq);
            found.extend(lines.into_iter().map(|line| Occurrence { case: of_case, line }));
        }
        let Some(last) = rows.last().filter(|_| rows.len() as u64 == SHEETS_READ) else { break };
        (from, is_first) = (last.case_id, false);
    }
    found.truncate(limit);
    Ok(found)
}

/// The values that count in a figure, least first.
///
/// # Errors
/// What the store says, or that a sheet cannot be read.
pub async fn values(store: &Store, figure: &Figure) -> Result<Vec<i64>, Error> {
    let all = after(store, figure, (Uuid::nil(), 0), usize::MAX).await?;
    let counting = all.into_iter().filter(|one| one.line.excluded.is_empty());
    let mut values: Vec<i64> = counting.map(|one| one.line.value).collect();
    values.sort_unstable();
    Ok(values)
}

/// Whether a case has an occurrence in a figure.
///
/// # Errors
/// What the store says, or that a sheet cannot be read.
pub async fn counts(store: &Store, figure: &Figure, case: CaseId) -> Result<bool, Error> {
    let key = (Card::of(figure).id(), case.uuid());
    let sheet = Entity::find_by_id(key).one(store.reader()).await.map_err(store_error)?;
    let lines = sheet.as_ref().map_or(Ok(Vec::new()), lines)?;
    Ok(lines.iter().any(|line| line.indicator == figure.indicator.as_str()))
}
