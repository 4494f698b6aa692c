//! Periods of settlement: calendar months in Shanghai.

use std::fmt;

use chrono::{Datelike as _, Months, NaiveDate};
use parasol_journey::time::Timestamp;

/// A month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(NaiveDate);

impl Period {
    /// The month an instant lies in.
    pub fn of(at: Timestamp) -> Self {
        Self::month(at.shanghai_day())
    }

    /// Reads `YYYY-MM`.
    pub fn parse(text: &str) -> Option<Self> {
        let day = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok()?;
        Some(Self(day)).filter(|period| period.to_string() == text)
    }

    fn month(day: NaiveDate) -> Self {
        Self(day.with_day(1).unwrap_or(day))
    }

    /// The month after this one.
    pub fn next(self) -> Self {
        Self(self.0.checked_add_months(Months::new(1)).unwrap_or(self.0))
    }

    /// Its first instant.
    pub fn start(self) -> Timestamp {
        Timestamp::shanghai_midnight(self.0)
    }

    /// The first instant after it.
    pub fn end(self) -> Timestamp {
        self.next().start()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_at_midnight_in_shanghai() {
        let at = |text| Timestamp::parse(text).unwrap();
        let june = Period::parse("2026-06").unwrap();
        assert_eq!(june.start(), at("2026-06-01T00:00:00+08:00"));
        assert_eq!(june.end(), at("2026-07-01T00:00:00+08:00"));
        assert_eq!(Period::of(at("2026-05-31T16:00:00Z")), june);
        assert_eq!(Period::of(at("2026-06-30T15:59:59Z")), june);
        assert_eq!(Period::parse("2026-12").unwrap().next().to_string(), "2027-01");
        for wrong in ["", "2026-13", "2026-6", "2026-06-01", "x"] {
            assert_eq!(Period::parse(wrong), None, "{wrong}");
        }
    }
}
