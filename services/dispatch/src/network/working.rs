//! Whether a technician works throughout a window: shifts of the week without their breaks, less the days
//! on which they are away. Pure; Shanghai wall clock.

use chrono::Datelike as _;
use parasol_journey::event::Window;
use parasol_journey::time::{Span, Timestamp};

use super::opening::minutes;
use super::{Days, Shift};

/// Whether somebody works throughout a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Working {
    /// They do.
    Throughout,
    /// They are away on one of its days.
    Away,
    /// Part of it lies outside their shifts.
    OffShift,
}

/// Whether somebody with these shifts works throughout a window.
pub fn working(shifts: &[Shift], away: &[Days], window: Window) -> Working {
    let last = Timestamp::from_micros(window.end.micros().saturating_sub(1)).shanghai_day();
    let mut covered_to = window.start;
    for day in window.start.shanghai_day().iter_days().take_while(|day| *day <= last) {
        if away.iter().any(|days| days.hold(day)) {
            return Working::Away;
        }
        let midnight = Timestamp::shanghai_midnight(day);
        let weekday = i32::try_from(day.weekday().number_from_monday()).unwrap_or_default();
        for (from, to) in stretches(shifts, weekday) {
            let (from, to) = (midnight + Span::minutes(from), midnight + Span::minutes(to));
            if from <= covered_to && covered_to < to {
                covered_to = to;
            }
        }
    }
    if covered_to >= window.end { Working::Throughout } else { Working::OffShift }
}

/// Minutes of a weekday on which somebody works, in order: a shift with a break is two stretches.
fn stretches(shifts: &[Shift], weekday: i32) -> Vec<(i64, i64)> {
    let mut stretches = Vec::new();
    for shift in shifts.iter().filter(|shift| shift.weekday == weekday) {
        let (Some(from), Some(to)) = (minutes(&shift.from), minutes(&shift.to)) else { continue };
        match (minutes(&shift.break_from), minutes(&shift.break_to)) {
            (Some(begin), Some(end)) => stretches.extend([(from, begin), (end, to)]),
            _ => stretches.push((from, to)),
        }
    }
    stretches.sort_unstable();
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shift(weekday: i32, times: [&str; 4]) -> Shift {
        let [from, to, break_from, break_to] = times.map(str::to_owned);
        Shift { weekday, from, to, break_from, break_to }
    }

    fn window(from: &str, to: &str) -> Window {
        let at = |text: &str| Timestamp::parse(&format!("2026-06-{text}:00+08:00")).unwrap();
        Window { start: at(from), end: at(to) }
    }

    #[test]
    fn a_window_lies_within_the_shifts_whole_or_not() {
        // 2026-06-08 is a Monday.
        let shifts =
            [shift(1, ["08:30", "17:30", "12:00", "13:00"]), shift(2, ["18:00", "23:59", "", ""])];
        let away = [Days::of("2026-06-15", "2026-06-16")];
        #[rustfmt::skip]
        let table = [
            (window("08T08:30", "08T12:00"), Working::Throughout),
            (window("08T13:00", "08T17:30"), Working::Throughout),
            (window("08T11:00", "08T13:30"), Working::OffShift),
            (window("08T08:00", "08T09:00"), Working::OffShift),
            (window("08T17:00", "08T17:31"), Working::OffShift),
            (window("09T18:00", "09T20:00"), Working::Throughout),
            (window("10T18:00", "10T20:00"), Working::OffShift),
            (window("15T09:00", "15T11:00"), Working::Away),
            (window("14T23:00", "15T01:00"), Working::Away),
            (window("14T23:00", "15T00:00"), Working::OffShift),
        ];
        for (window, expected) in table {
            assert_eq!(working(&shifts, &away, window), expected, "{window:?}");
        }
    }
}
