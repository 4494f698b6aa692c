//! One file per method of the score service.

pub mod answer_objection;
pub mod get_scorecard;
pub mod list_centre_points;
pub mod list_indicators;
pub mod list_objections;
pub mod list_ranking;
pub mod list_score_cases;
pub mod put_baseline;
pub mod raise_objection;

use parasol_api::limits::{CODE_MAX, FOREIGN_NUMBER_MAX};
use parasol_api::tracking::v1::{ScoreLevel, ScoreObjection};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::Store;
use parasol_journey::vocab::Category;

use crate::scores::cards::Whose;
use crate::scores::indicator::{Id, Level};
use crate::scores::objection::ObjectionId;
use crate::scores::period::Month;
use crate::scores::views::level_of;
use crate::voice;

/// A level that has to be given.
fn level(check: &mut Checker, number: i32) -> Option<Level> {
    check.known::<ScoreLevel>("level", number).and_then(level_of)
}

/// The category: with levels that are kept by it and with no other.
fn category(check: &mut Checker, level: Option<Level>, number: i32) -> Option<Option<Category>> {
    match level? {
        level if level.by_category() => check.listed::<Category>("category", number).map(Some),
        _ if number == 0 => Some(None),
        _ => check.refuse("category", Reason::FieldInvalid, "none: this is over all categories"),
    }
}

/// Whose scores are asked for.
fn whose(check: &mut Checker, level: i32, subject: &str, category: i32) -> Option<Whose> {
    let level = self::level(check, level);
    let subject = check.text("subject", subject, FOREIGN_NUMBER_MAX);
    let category = self::category(check, level, category);
    Some(Whose { level: level?, subject: subject?, category: category? })
}

/// A month; `None` inside where none is given.
pub fn month(check: &mut Checker, text: &str) -> Option<Option<Month>> {
    match (text, Month::parse(text)) {
        ("", _) => Some(None),
        (_, Some(month)) => Some(Some(month)),
        _ => check.refuse("period", Reason::FieldInvalid, "a month as `YYYY-MM`"),
    }
}

/// A month that has to be given.
fn required_month(check: &mut Checker, text: &str) -> Option<Month> {
    match month(check, text)? {
        Some(month) => Some(month),
        None => check.refuse("period", Reason::FieldInvalid, "a month as `YYYY-MM`"),
    }
}

/// An indicator by its id.
fn indicator(check: &mut Checker, text: &str) -> Option<Id> {
    let text = check.text("indicator", text, CODE_MAX)?;
    match Id::parse(&text) {
        Some(id) => Some(id),
        None => check.refuse("indicator", Reason::FieldInvalid, "one that ListIndicators names"),
    }
}

/// An objection with its words, which are never saved with an answer. Of one that was told before its answer came the
/// answer is left out, so that a repetition says what the first one said.
///
/// # Errors
/// What the store says.
pub async fn with_words(store: &Store, mut told: ScoreObjection) -> Result<ScoreObjection, Error> {
    let Ok(ObjectionId(id)) = told.objection_id.parse() else { return Ok(told) };
    if let Some(words) = voice::store::words(store, [id]).await?.remove(&id) {
        told.text = words.text;
        if told.answered_at.is_some() {
            told.answer = words.more;
        }
    }
    Ok(told)
}
