//! Counting days and months as the law does, and when a warranty ends.
//!
//! The first day does not count; a period of months ends on the corresponding day, or on the last
//! day of a month that has none (民法典 art. 200-202). Days in repair and days waiting for parts are
//! taken out (三包 art. 8). Rest days are the calendar's business, not this module's.

use chrono::{Days, Months, NaiveDate};

/// An inclusive range of calendar days, for example one stay in repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRange {
    /// The first day.
    pub first: NaiveDate,
    /// The last day; a range that ends before it begins is empty.
    pub last: NaiveDate,
}

/// Days from `start` to `on`: 0 on the starting day itself and before it.
pub fn day_count(start: NaiveDate, on: NaiveDate) -> u32 {
    u32::try_from((on - start).num_days()).unwrap_or(0)
}

/// Whole months that are over on `on`. The corresponding day itself still belongs to the period, so
/// six months from 15 January are over on 16 July.
pub fn months_elapsed(start: NaiveDate, on: NaiveDate) -> u32 {
    use chrono::Datelike;
    if on <= start {
        return 0;
    }
    let years = i64::from(on.year()) - i64::from(start.year());
    let months = years * 12 + i64::from(on.month()) - i64::from(start.month());
    let months = u32::try_from(months).unwrap_or(0);
    let still_inside = start
        .checked_add_months(Months::new(months))
        .is_none_or(|corresponding| on <= corresponding);
    if still_inside { months.saturating_sub(1) } else { months }
}

/// How many different calendar days the ranges cover. Overlaps (waiting for a part while the unit
/// is in repair) count once.
pub fn days_covered(ranges: &[DayRange]) -> u32 {
    let mut sorted: Vec<_> = ranges.iter().filter(|range| range.first <= range.last).collect();
    sorted.sort_by_key(|range| range.first);
    let mut days = 0;
    let mut covered_to: Option<NaiveDate> = None;
    for range in sorted {
        let first_new = match covered_to {
            Some(last) if last >= range.last => continue,
            Some(last) if last >= range.first => last + Days::new(1),
            _ => range.first,
        };
        days += day_count(first_new, range.last) + 1;
        covered_to = Some(range.last);
    }
    days
}

/// The last day of a warranty of `months` that began on `start` and stood still for
/// `suspended_days`. `None` when the day lies outside the calendar.
pub fn validity_end(start: NaiveDate, months: u32, suspended_days: u32) -> Option<NaiveDate> {
    start
        .checked_add_months(Months::new(months))?
        .checked_add_days(Days::new(u64::from(suspended_days)))
}

/// Whether the warranty is running on `on`; the last day counts, and a warranty that has not begun
/// yet protects as well.
pub fn in_validity(start: NaiveDate, months: u32, suspended_days: u32, on: NaiveDate) -> bool {
    validity_end(start, months, suspended_days).is_none_or(|last| on <= last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Source: 民法典 art. 200-202, 三包 art. 8.
    #[test]
    fn a_warranty_ends_on_the_corresponding_day_plus_the_time_it_stood_still() {
        for (start, months, suspended, last) in [
            ("2025-03-10", 12, 0, "2026-03-10"),
            ("2024-02-29", 12, 0, "2025-02-28"),
            ("2025-08-31", 6, 0, "2026-02-28"),
            ("2025-03-10", 12, 21, "2026-03-31"),
            ("2025-03-10", 36, 0, "2028-03-10"),
        ] {
            assert_eq!(validity_end(day(start), months, suspended), Some(day(last)), "{start}");
            assert!(in_validity(day(start), months, suspended, day(last)));
            assert!(!in_validity(day(start), months, suspended, day(last) + Days::new(1)));
        }
        assert_eq!(validity_end(NaiveDate::MAX, 12, 0), None);
        assert!(in_validity(day("2026-01-01"), 12, 0, day("2025-12-01")));
    }

    /// Source: 消法 art. 23(3) with 民法典 art. 202: "within six months" includes the corresponding day.
    #[test]
    fn months_are_over_the_day_after_the_corresponding_day() {
        for (on, months) in [
            ("2025-01-14", 0),
            ("2025-01-15", 0),
            ("2025-02-15", 0),
            ("2025-02-16", 1),
            ("2025-07-15", 5),
            ("2025-07-16", 6),
            ("2027-01-16", 24),
        ] {
            assert_eq!(months_elapsed(day("2025-01-15"), day(on)), months, "{on}");
        }
        assert_eq!(months_elapsed(day("2025-01-31"), day("2025-02-28")), 0);
        assert_eq!(months_elapsed(day("2025-01-31"), day("2025-03-01")), 1);
    }

    #[test]
    fn overlapping_stays_count_once() {
        let range = |first, last| DayRange { first: day(first), last: day(last) };
        let stays = [
            range("2025-05-01", "2025-05-10"),
            range("2025-05-05", "2025-05-07"),
            range("2025-05-09", "2025-05-12"),
            range("2025-06-01", "2025-06-01"),
            range("2025-07-09", "2025-07-01"),
        ];
        assert_eq!(days_covered(&stays), 13);
        assert_eq!(days_covered(&[]), 0);
        assert_eq!(day_count(day("2025-05-01"), day("2025-05-08")), 7);
        assert_eq!(day_count(day("2025-05-08"), day("2025-05-01")), 0);
    }
}
