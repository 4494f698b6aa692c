//! Whether a centre is there within a day: its hours of the week, less the days on which it is away.
//! Pure; all times are Shanghai wall clock.

use chrono::{Datelike as _, NaiveDate};
use parasol_journey::time::{DAY, MINUTE, Span, Timestamp};

use super::{Absence, OpeningHours};

/// How far ahead is looked: a visit is due in two days, so who does not open within one is asked too
/// late.
const AHEAD: Span = Span::from_micros(DAY);
/// Minutes of a day.
const DAY_MINUTES: i64 = 24 * 60;

/// Days in a row, first and last included; without a first or a last one they have no begin or end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub from: Option<NaiveDate>,
    /// The last.
    pub until: Option<NaiveDate>,
}

/// Whether somebody is there within a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// They are.
    Open,
    /// Their hours have none in that time.
    Closed,
    /// They would, but for an absence.
    Away,
}

impl Days {
    /// Days as columns hold them; empty is open-ended. What is no day counts as none: rows were checked
    /// when they came.
    pub fn of(from: &str, until: &str) -> Self {
        Self { from: day(from), until: day(until) }
    }

    /// Whether a day is one of them.
    pub fn hold(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}

impl From<&Absence> for Days {
    /// An absence has both ends; one that cannot be read takes nobody away.
    fn from(absence: &Absence) -> Self {
        let days = Self::of(&absence.from, &absence.until);
        match days {
            Self { from: Some(_), until: Some(_) } => days,
            _ => Self { from: Some(NaiveDate::MAX), until: Some(NaiveDate::MIN) },
        }
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// Whether somebody with these hours is there at some time within a day from now. No hours means always.
pub fn opening(hours: &[OpeningHours], away: &[Days], now: Timestamp) -> Opening {
    let mut opens = false;
    let (first, last) = (now.shanghai_day(), (now + AHEAD).shanghai_day());
    for day in first.iter_days().take_while(|day| *day <= last) {
        if !opens_on(hours, day, now) {
            continue;
        }
        opens = true;
        if !away.iter().any(|days| days.hold(day)) {
            return Opening::Open;
        }
    }
    if opens { Opening::Away } else { Opening::Closed }
}

/// Whether they open on a day within the time that is looked at.
fn opens_on(hours: &[OpeningHours], day: NaiveDate, now: Timestamp) -> bool {
    let midnight = Timestamp::shanghai_midnight(day).micros();
    // The minutes of this day that are looked at, half-open.
    let from = (now.micros() - midnight) / MINUTE;
    let to = ((now + AHEAD).micros() - midnight) / MINUTE;
    let (from, to) = (from.max(0), to.min(DAY_MINUTES));
    if hours.is_empty() {
        return from < to;
    }
    let weekday = i32::try_from(day.weekday().number_from_monday()).unwrap_or_default();
    let of_day = hours.iter().filter(|one| one.weekday == weekday);
    of_day.filter_map(|one| Some((minutes(&one.from)?, minutes(&one.to)?))).any(|(open, close)| {
        // A minute that has begun may still be used.
        open.max(from) < close.min(to)
    })
}

/// Minutes since midnight of a time as `HH:MM`.
pub(super) fn minutes(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    Some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn hours(weekday: i32, from: &str, to: &str) -> OpeningHours {
        OpeningHours { weekday, from: from.into(), to: to.into() }
    }

    fn away(from: &str, until: &str) -> Days {
        Days::of(from, until)
    }

    #[test]
    fn open_means_some_minute_of_the_next_day() {
        // 2026-06-08 is a Monday.
        let monday = at("2026-06-08T09:30:00+08:00");
        #[rustfmt::skip]
        let table: [(&[OpeningHours], Opening); 8] = [
            (&[],                                                      Opening::Open),
            (&[hours(1, "08:00", "18:00")],                            Opening::Open),
            (&[hours(1, "08:00", "09:30")],                            Opening::Closed),
            (&[hours(1, "08:00", "09:31")],                            Opening::Open),
            (&[hours(2, "08:00", "12:00")],                            Opening::Open),
            (&[hours(2, "09:30", "12:00")],                            Opening::Closed),
            (&[hours(3, "00:00", "24:00")],                            Opening::Closed),
            (&[hours(7, "00:00", "24:00"), hours(1, "23:00", "24:00")], Opening::Open),
        ];
        for (hours, expected) in table {
            assert_eq!(opening(hours, &[], monday), expected, "{hours:?}");
        }
    }

    #[test]
    fn an_absence_counts_where_somebody_would_be_there() {
        let monday = at("2026-06-08T09:30:00+08:00");
        let (today, both) = (away("2026-06-08", "2026-06-08"), away("2026-06-01", "2026-06-09"));
        let mondays = [hours(1, "08:00", "18:00")];
        assert_eq!(opening(&[], &[today], monday), Opening::Open, "tomorrow morning");
        assert_eq!(opening(&[], &[both], monday), Opening::Away);
        assert_eq!(opening(&mondays, &[today], monday), Opening::Away);
        assert_eq!(opening(&mondays, &[away("2026-06-09", "2026-06-30")], monday), Opening::Open);
        let tuesdays = [hours(3, "08:00", "18:00")];
        assert_eq!(opening(&tuesdays, &[both], monday), Opening::Closed);
    }

    #[test]
    fn days_have_ends_or_none() {
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
        let days = Days::of("2026-06-08", "2026-06-09");
        assert!(!days.hold(day("2026-06-07")) && days.hold(day("2026-06-08")));
        assert!(days.hold(day("2026-06-09")) && !days.hold(day("2026-06-10")));
        assert!(Days::of("", "").hold(day("1999-01-01")));
        assert!(!Days::of("", "2026-06-08").hold(day("2026-06-09")));
        assert!(!Days::of("2026-06-08", "").hold(day("2026-06-07")));
        let torn =
            Absence { from: "soon".into(), until: "2026-06-09".into(), reason: String::new() };
        assert!(!Days::from(&torn).hold(day("2026-06-09")));
    }
}
