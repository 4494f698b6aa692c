//! Calendars and the kinds of time a deadline can be counted in.
//!
//! | kind | counted | where |
//! |---|---|---|
//! | natural | every second | `Timestamp + Span` |
//! | natural days | Shanghai days, day 0 is the day of the start | [`day_number`] |
//! | working days | a [`Calendar`]: Monday to Friday, less holidays, plus make-up days | [`Calendar::add_working_days`] |
//! | legal days | 民法典 200 to 204, the last day rolls over holidays | [`Calendar::legal_day_limit`] |
//! | evidence hours | 9:00 to 18:00 on every day, holidays included | [`add_service_time`] |
//!
//! All of it is Asia/Shanghai, which has had no daylight saving since 1991. The module owns the
//! embedded calendar of China and the check of imported ones. It does not choose which kind of time
//! a promise uses (that is policy), and it never guesses: a day outside the covered range is the
//! error [`NotCovered`], because holidays are announced a year at a time.

mod import;
mod service_time;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::Deserialize;

pub use import::{CALENDAR_BYTES_MAX, CalendarError, DAYS_MAX, TEXT_LEN_MAX};
pub use service_time::{SERVICE_CLOSES_HOUR, SERVICE_OPENS_HOUR, add_service_time};

use crate::time::{DAY, Span, Timestamp};

/// The days of one country or operator that depart from the Monday-to-Friday rule.
///
/// Immutable. What was computed with it is stored together with its [`version`](Self::version), so
/// that a later calendar can be told apart and deadlines re-armed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    version: String,
    source: Vec<String>,
    covered_from: NaiveDate,
    covered_until: NaiveDate,
    weekends_are_legal_holidays: bool,
    exceptions: BTreeMap<NaiveDate, Exception>,
}

/// Why a day departs from the Monday-to-Friday rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionKind {
    /// A public holiday, on whatever weekday it falls.
    Holiday,
    /// A Saturday or Sunday that is worked to make up for a holiday (调休上班).
    MakeUp,
}

/// One day that departs from the Monday-to-Friday rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Free or worked.
    pub kind: ExceptionKind,
    /// The holiday it belongs to, in Chinese.
    pub name_zh: String,
    /// The holiday it belongs to, in English.
    pub name_en: String,
}

/// A calculation touched a day the calendar knows nothing about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the calendar does not cover {day}; it ends with {covered_until}")]
pub struct NotCovered {
    /// The first day that was needed and is not covered; also used for days before the first one.
    pub day: NaiveDate,
    /// The last covered day.
    pub covered_until: NaiveDate,
}

impl Calendar {
    /// The embedded calendar of mainland China, 2017-01-01 to 2026-12-31.
    ///
    /// Source: the yearly notices of the General Office of the State Council; the data file names
    /// the packages it was read from.
    pub fn china() -> &'static Self {
        static CHINA: LazyLock<Calendar> = LazyLock::new(|| {
            Calendar::from_json(include_str!("../../data/calendar-cn.json"))
                .expect("the embedded calendar passes its own check, as a test shows")
        });
        &CHINA
    }

    /// The version text, to be stored beside whatever was computed with this calendar.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Where the data comes from, for people; at least one line.
    pub fn source(&self) -> &[String] {
        &self.source
    }

    /// The first day with an answer.
    pub fn covered_from(&self) -> NaiveDate {
        self.covered_from
    }

    /// The last day with an answer.
    pub fn covered_until(&self) -> NaiveDate {
        self.covered_until
    }

    /// The entry for a day that departs from the Monday-to-Friday rule; `None` for ordinary days.
    pub fn exception(&self, day: NaiveDate) -> Option<&Exception> {
        self.exceptions.get(&day)
    }

    /// Whether people work on that Shanghai day.
    ///
    /// # Errors
    /// [`NotCovered`] when the day lies outside the covered range.
    pub fn is_working_day(&self, day: NaiveDate) -> Result<bool, NotCovered> {
        self.require(day)?;
        Ok(match self.exceptions.get(&day) {
            Some(exception) => exception.kind == ExceptionKind::MakeUp,
            None => !is_weekend(day),
        })
    }

    /// The instant `days` working days after `start`, to the microsecond.
    ///
    /// From a working day the clock time is kept: Friday 16:20 plus one is Monday 16:20. A start on
    /// a free day counts from 00:00 of the next working day, so nobody loses part of a day to a
    /// weekend: Saturday 16:20 plus one is Tuesday 00:00, and plus none is Monday 00:00.
    ///
    /// # Errors
    /// [`NotCovered`] when the start or any day up to the answer lies outside the covered range.
    pub fn add_working_days(&self, start: Timestamp, days: u32) -> Result<Timestamp, NotCovered> {
        let (mut day, clock) = self.working_start(start)?;
        for _ in 0..days {
            day = self.working_day_from(next_day(day))?;
        }
        Ok(Timestamp::shanghai_midnight(day) + clock)
    }

    /// How many whole working days lie between two instants: the largest `n` for which
    /// [`add_working_days`](Self::add_working_days)`(from, n)` is not after `until`, and 0 when
    /// there is none.
    ///
    /// # Errors
    /// [`NotCovered`] when a day from `from` to `until` lies outside the covered range.
    pub fn working_days_between(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u32, NotCovered> {
        self.require(from.shanghai_day())?;
        self.require(until.shanghai_day())?;
        let (first, clock) = match self.working_start(from) {
            Ok(start) => start,
            // Everything from `from` to the end of the calendar is free, `until` included.
            Err(_) => return Ok(0),
        };
        let last = until.shanghai_day();
        let mut days = 0;
        let mut day = next_day(first);
        while day <= last {
            let reached = Timestamp::shanghai_midnight(day) + clock;
            days += u32::from(reached <= until && self.is_working_day(day)?);
            day = next_day(day);
        }
        Ok(days)
    }

    /// The instant at which a period of `days` days ends by 民法典 200 to 204.
    ///
    /// The day of `start` is not counted; the period ends at 24:00 of its last day, which is 00:00
    /// of the day after and the first instant that is too late. A last day that is a legal holiday
    /// (法定休假日) gives way to the first day after the holiday. The code does not say whether an
    /// ordinary Saturday or Sunday is one; the calendar's `weekends_are_legal_holidays` decides, and
    /// in the embedded calendar they are, which favours the customer. A make-up working day is not.
    ///
    /// # Errors
    /// [`NotCovered`] when the last day, or a day it rolls over, lies outside the covered range.
    /// The days before it are not looked at: they count whatever they are.
    pub fn legal_day_limit(&self, start: Timestamp, days: u32) -> Result<Timestamp, NotCovered> {
        let first = start.shanghai_day();
        let mut last =
            first.checked_add_days(chrono::Days::new(u64::from(days))).unwrap_or(NaiveDate::MAX);
        while self.is_legal_holiday(last)? {
            last = next_day(last);
        }
        Ok(Timestamp::shanghai_midnight(next_day(last)))
    }

    /// How many legal holidays stand in an unbroken row directly before `day`: the days a period
    /// that ended in that row may still be acted upon late (民法典 203).
    ///
    /// # Errors
    /// [`NotCovered`] when the row reaches outside the covered range.
    pub fn legal_holidays_before(&self, day: NaiveDate) -> Result<u32, NotCovered> {
        self.rest_days_before(day, true)
    }

    /// The same where somebody else says as well whether a plain weekend counts: it does if both they
    /// and the calendar say so.
    ///
    /// # Errors
    /// As [`legal_holidays_before`](Self::legal_holidays_before).
    pub fn rest_days_before(&self, day: NaiveDate, weekends: bool) -> Result<u32, NotCovered> {
        let counts = |day| Ok(self.is_legal_holiday(day)? && (weekends || !self.is_weekend(day)));
        let mut row = 0;
        let mut before = day.pred_opt();
        while let Some(one) = before
            && counts(one)?
        {
            row += 1;
            before = one.pred_opt();
        }
        Ok(row)
    }

    /// A weekend that is no holiday besides.
    fn is_weekend(&self, day: NaiveDate) -> bool {
        !self.exceptions.contains_key(&day) && is_weekend(day)
    }

    fn is_legal_holiday(&self, day: NaiveDate) -> Result<bool, NotCovered> {
        self.require(day)?;
        Ok(match self.exceptions.get(&day) {
            Some(exception) => exception.kind == ExceptionKind::Holiday,
            None => self.weekends_are_legal_holidays && is_weekend(day),
        })
    }

    /// The working day on which counting starts, and the clock time it starts at.
    fn working_start(&self, start: Timestamp) -> Result<(NaiveDate, Span), NotCovered> {
        let day = start.shanghai_day();
        if self.is_working_day(day)? {
            Ok((day, start.since(Timestamp::shanghai_midnight(day))))
        } else {
            Ok((self.working_day_from(day)?, Span::ZERO))
        }
    }

    /// The first working day that is not before `day`.
    fn working_day_from(&self, mut day: NaiveDate) -> Result<NaiveDate, NotCovered> {
        // The end of the covered range bounds the walk.
        while !self.is_working_day(day)? {
            day = next_day(day);
        }
        Ok(day)
    }

    fn require(&self, day: NaiveDate) -> Result<(), NotCovered> {
        if (self.covered_from..=self.covered_until).contains(&day) {
            Ok(())
        } else {
            Err(NotCovered { day, covered_until: self.covered_until })
        }
    }
}

/// The Shanghai day of `at`, counted from the day of `start` as day 0; negative before it.
///
/// Delivered on 1 June at 23:59, a fault filed on 8 June at 00:01 is filed on day 7.
pub fn day_number(start: Timestamp, at: Timestamp) -> i64 {
    let midnight = Timestamp::shanghai_midnight;
    midnight(at.shanghai_day()).since(midnight(start.shanghai_day())).micros() / DAY
}

fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

fn next_day(day: NaiveDate) -> NaiveDate {
    // Covered ranges end long before the last date chrono can hold, so that date is never an answer.
    day.succ_opt().unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests;
