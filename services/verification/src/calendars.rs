//! Calendars that operators imported: reading them, storing them, and which one is in force.

use chrono::NaiveDate;
use parasol_api::admin::v1::{Calendar as WireCalendar, CalendarDay, CalendarDayKind};
use parasol_casebook::{RowOp, Store};
use parasol_journey::calendar::{Calendar, CalendarError};
use parasol_journey::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};

use crate::tables::calendars;

/// A calendar in the form that [`Calendar::from_json`] reads.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    pub version: String,
    pub source: Vec<String>,
    pub covered_from: String,
    pub covered_until: String,
    pub weekends_are_legal_holidays: bool,
    pub days: Vec<SheetDay>,
}

/// A day of a [`Sheet`].
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetDay {
    pub day: String,
    pub kind: String,
    pub name_zh: String,
    pub name_en: String,
}

impl Sheet {
    /// The calendar as text.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("texts and flags can be written as JSON")
    }

    /// The calendar as the contract has it; its days only if they are wanted.
    pub fn into_wire(self, with_days: bool) -> WireCalendar {
        let days = self.days.into_iter().filter(|_| with_days).map(|day| CalendarDay {
            kind: match day.kind.as_str() {
                "make_up" => CalendarDayKind::MakeUp.into(),
                _ => CalendarDayKind::Holiday.into(),
            },
            day: day.day,
            name_zh: day.name_zh,
            name_en: day.name_en,
        });
        WireCalendar {
            version: self.version,
            sources: self.source,
            covered_from: self.covered_from,
            covered_until: self.covered_until,
            weekends_are_legal_holidays: self.weekends_are_legal_holidays,
            days: days.collect(),
        }
    }
}

/// Why a calendar cannot be put in force.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is not one.
    #[error(transparent)]
    Malformed(#[from] CalendarError),
    /// It would leave the present without an answer.
    #[error("the calendar does not cover today, {0}")]
    NotToday(NaiveDate),
    /// Its version is known with other content.
    #[error("version {0} is known with other content")]
    VersionKnown(String),
}

/// Reads a calendar that is to be in force from `now` on.
pub fn read(text: &str, now: Timestamp) -> Result<Calendar, Unfit> {
    let calendar = Calendar::from_json(text)?;
    let today = now.shanghai_day();
    if !(calendar.covered_from()..=calendar.covered_until()).contains(&today) {
        return Err(Unfit::NotToday(today));
    }
    let embedded = Calendar::china();
    if calendar.version() == embedded.version() && calendar != *embedded {
        return Err(Unfit::VersionKnown(calendar.version().to_owned()));
    }
    Ok(calendar)
}

/// The row of a new calendar.
pub fn row(version: &str, text: String, now: Timestamp) -> RowOp {
    RowOp::claim(calendars::ActiveModel {
        version: Set(version.to_owned()),
        imported_at: Set(now.micros()),
        body: Set(text),
    })
}

/// The stored text of a version.
pub async fn stored(store: &Store, version: &str) -> Result<Option<String>, DbErr> {
    let row = calendars::Entity::find_by_id(version.to_owned()).one(store.reader()).await?;
    Ok(row.map(|row| row.body))
}

/// Calendars, last imported first, after a place in that order.
pub async fn page(
    store: &Store,
    after: Option<(i64, String)>,
    limit: u64,
) -> Result<Vec<calendars::Model>, DbErr> {
    use calendars::Column::{ImportedAt, Version};
    let mut query = calendars::Entity::find()
        .order_by(ImportedAt, Order::Desc)
        .order_by(Version, Order::Desc)
        .limit(limit);
    if let Some((at, version)) = after {
        let same_moment = Condition::all().add(ImportedAt.eq(at)).add(Version.lt(version));
        query = query.filter(Condition::any().add(ImportedAt.lt(at)).add(same_moment));
    }
    query.all(store.reader()).await
}

/// The calendar in force: the one imported last, else the one that comes with the program.
///
/// # Errors
/// What the store says, or that the stored calendar cannot be read.
pub async fn calendar_in_force(store: &Store) -> Result<Calendar, DbErr> {
    match page(store, None, 1).await?.pop() {
        Some(newest) => {
            Calendar::from_json(&newest.body).map_err(|error| DbErr::Custom(error.to_string()))
        }
        None => Ok(Calendar::china().clone()),
    }
}
