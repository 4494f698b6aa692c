//! Instants and spans as the whole house writes them down: integer microseconds.
//!
//! One precision on every engine, so "write, read, compare" holds on SQLite and PostgreSQL alike.
//! This module owns no clock: an instant is always handed in.

use std::fmt;
use std::ops::{Add, Sub};

use chrono::{DateTime, FixedOffset, NaiveDate, TimeZone};
use serde::{Deserialize, Serialize};

/// Microseconds in one second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in one minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds in one hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds in one elapsed day of 24 hours.
pub const DAY: i64 = 24 * HOUR;

/// An instant: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// A length of time in microseconds; negative when the end lies before the start.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct Span(i64);

impl Timestamp {
    /// An instant from microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 text such as `2026-06-08T09:30:00+08:00`; finer than a microsecond is cut off.
    pub fn parse(text: &str) -> Option<Self> {
        let instant = DateTime::parse_from_rfc3339(text).ok()?;
        Some(Self(instant.timestamp_micros()))
    }

    /// The same instant on a Shanghai wall clock (UTC+8, no daylight saving since 1991).
    pub fn shanghai(self) -> DateTime<FixedOffset> {
        let offset = shanghai_offset();
        DateTime::from_timestamp_micros(self.0)
            .map_or_else(|| offset.timestamp_nanos(0), |utc| utc.with_timezone(&offset))
    }

    /// The Shanghai calendar day this instant falls on.
    pub fn shanghai_day(self) -> NaiveDate {
        self.shanghai().date_naive()
    }

    /// Midnight at the start of a Shanghai calendar day.
    pub fn shanghai_midnight(day: NaiveDate) -> Self {
        let midnight = day.and_hms_opt(0, 0, 0).unwrap_or_default();
        let utc = midnight - chrono::Duration::hours(8);
        Self(utc.and_utc().timestamp_micros())
    }

    /// The span from `earlier` to here.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

fn shanghai_offset() -> FixedOffset {
    FixedOffset::east_opt(8 * 3600).expect("eight hours is a valid offset")
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of so many microseconds.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// A span of so many minutes.
    pub const fn minutes(minutes: i64) -> Self {
        Self(minutes * MINUTE)
    }

    /// A span of so many hours.
    pub const fn hours(hours: i64) -> Self {
        Self(hours * HOUR)
    }

    /// A span of so many days of 24 hours.
    pub const fn days(days: i64) -> Self {
        Self(days * DAY)
    }

    /// The length in microseconds.
    pub const fn micros(self) -> i64 {
        self.0
    }
}

impl Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with microseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_timestamp_micros(self.0) {
            Some(utc) => write!(f, "{}", utc.format("%Y-%m-%dT%H:%M:%S%.6fZ")),
            None => write!(f, "{}us", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints() {
        let instant = Timestamp::parse("2026-06-08T09:30:00.123456+08:00").unwrap();
        assert_eq!(instant.to_string(), "2026-06-08T01:30:00.123456Z");
        assert_eq!(Timestamp::parse(&instant.to_string()), Some(instant));
        assert_eq!(Timestamp::parse("yesterday"), None);
    }

    #[test]
    fn a_shanghai_day_starts_at_sixteen_utc() {
        let midnight = Timestamp::parse("2026-06-07T16:00:00Z").unwrap();
        assert_eq!(Timestamp::shanghai_midnight(midnight.shanghai_day()), midnight);
        let before = midnight - Span::from_micros(1);
        assert_ne!(before.shanghai_day(), midnight.shanghai_day());
    }
}
