//! Months: what scores are counted in, and when each is published.

use std::fmt;

use chrono::{Datelike as _, NaiveDate};
use parasol_journey::time::{Span, Timestamp};

/// How long brands look at the figures of a month that is over before they are published.
pub const PREVIEW_FOR: Span = Span::days(10);

/// A calendar month in Shanghai.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// The month an instant falls into.
    pub fn of(at: Timestamp) -> Self {
        let day = at.shanghai_day();
        Self { year: day.year(), month: day.month() }
    }

    /// Reads `YYYY-MM`.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-').filter(|_| text.len() == 7)?;
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let one = Self { year: year.parse().ok()?, month: month.parse().ok()? };
        (plain && (1..=12).contains(&one.month) && one.year >= 1970).then_some(one)
    }

    /// Its first instant.
    pub fn start(self) -> Timestamp {
        let day = NaiveDate::from_ymd_opt(self.year, self.month, 1).unwrap_or_default();
        Timestamp::shanghai_midnight(day)
    }

    /// The first instant after it.
    pub fn end(self) -> Timestamp {
        self.next().start()
    }

    /// The month after it.
    pub fn next(self) -> Self {
        match self.month {
            12 => Self { year: self.year + 1, month: 1 },
            month => Self { month: month + 1, ..self },
        }
    }

    /// The first month of its year.
    pub fn first_of_year(self) -> Self {
        Self { month: 1, ..self }
    }

    /// When its figures are published.
    pub fn published_at(self) -> Timestamp {
        self.end() + PREVIEW_FOR
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_reads_what_it_prints_and_knows_its_ends() {
        let december = Month::parse("2026-12").unwrap();
        assert_eq!(december.to_string(), "2026-12");
        assert_eq!(december.next().to_string(), "2027-01");
        assert_eq!(Month::of(december.start()), december);
        let last = Timestamp::from_micros(december.end().micros() - 1);
        assert_eq!(Month::of(last), december);
        assert_eq!(Month::of(december.end()), december.next());
        for wrong in ["", "2026-13", "2026-00", "2026-1", "26-01", "2026/01", "+026-01"] {
            assert_eq!(Month::parse(wrong), None, "{wrong}");
        }
    }
}
