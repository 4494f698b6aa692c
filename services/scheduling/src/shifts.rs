//! A technician's working time: weekly shifts without their breaks, on the Shanghai wall clock.
//!
//! Pure. Shifts come from the network as wire text; what cannot be read as a shift is no working time,
//! so a malformed row never makes somebody travel.

use chrono::{Datelike as _, NaiveDate};
use parasol_api::admin::v1::{Absence, Shift};
use parasol_journey::event::Window;
use parasol_journey::time::{Span, Timestamp};
use parasol_routing::WorkDay;

/// How long an arrival window is.
pub const ARRIVAL: Span = Span::hours(2);

/// Minutes in a day; the latest end of a shift.
const DAY_MINUTES: i64 = 24 * 60;

/// When a technician works, week by week.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkingTime {
    /// Stretches without a break, by weekday and begin.
    stretches: Vec<Stretch>,
    /// Days without work, first and last included.
    away: Vec<(NaiveDate, NaiveDate)>,
}

/// Minutes of one weekday, half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Stretch {
    /// By ISO 8601: 1 Monday to 7 Sunday.
    weekday: i32,
    from: i64,
    to: i64,
}

impl WorkingTime {
    /// The working time of these shifts.
    pub fn of(shifts: &[Shift]) -> Self {
        let mut stretches: Vec<_> = shifts.iter().flat_map(stretches).collect();
        stretches.sort();
        Self { stretches, away: Vec::new() }
    }

    /// The same without the days of these absences. What cannot be read as days takes nobody away.
    #[must_use]
    pub fn without(self, absences: &[Absence]) -> Self {
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        let days = |one: &Absence| Some((day(&one.from)?, day(&one.until)?));
        Self { away: absences.iter().filter_map(days).collect(), ..self }
    }

    /// Whether the whole window is working time. Stretches that touch, also at midnight, count as
    /// one.
    pub fn covers(&self, window: Window) -> bool {
        let mut covered_to = window.start;
        let mut day = window.start.shanghai_day();
        let last = window.end.shanghai_day();
        while day <= last {
            for stretch in self.on(day) {
                if stretch.start <= covered_to && covered_to < stretch.end {
                    covered_to = stretch.end;
                }
            }
            match day.succ_opt() {
                Some(next) if covered_to < window.end => day = next,
                _ => break,
            }
        }
        window.start < window.end && covered_to >= window.end
    }

    /// One day from the first stretch to the last, what lies between stretches being breaks; `None` on a
    /// day off.
    pub fn hours(&self, day: NaiveDate) -> Option<WorkDay> {
        let stretches: Vec<Window> = self.on(day).collect();
        let (first, last) = (stretches.first()?, stretches.last()?);
        let breaks = stretches.windows(2).map(|pair| routing(pair[0].end, pair[1].start));
        Some(WorkDay::new(routing(first.start, last.end), breaks))
    }

    /// The arrival windows that begin in `[from, until)`, earliest first: each stretch is cut into
    /// [`ARRIVAL`] from its begin, and a rest that is too short is left out.
    pub fn arrival_windows(&self, from: Timestamp, until: Timestamp) -> Vec<Window> {
        let mut windows = Vec::new();
        let mut day = from.shanghai_day();
        while Timestamp::shanghai_midnight(day) < until {
            for stretch in self.on(day) {
                let mut window = Window { start: stretch.start, end: stretch.start + ARRIVAL };
                while window.end <= stretch.end {
                    if window.start >= from && window.start < until {
                        windows.push(window);
                    }
                    window = Window { start: window.end, end: window.end + ARRIVAL };
                }
            }
            let Some(next) = day.succ_opt() else { break };
            day = next;
        }
        windows
    }

    /// The stretches of one day as instants, in order.
    fn on(&self, day: NaiveDate) -> impl Iterator<Item = Window> + '_ {
        let weekday = i32::try_from(day.weekday().number_from_monday()).unwrap_or_default();
        let midnight = Timestamp::shanghai_midnight(day);
        let is_away = self.away.iter().any(|(from, until)| (*from..=*until).contains(&day));
        let of_day = self.stretches.iter().filter(move |one| one.weekday == weekday && !is_away);
        of_day.map(move |one| Window {
            start: midnight + Span::minutes(one.from),
            end: midnight + Span::minutes(one.to),
        })
    }
}

fn routing(start: Timestamp, end: Timestamp) -> parasol_routing::Window {
    parasol_routing::Window::new(start.micros(), end.micros())
}

/// A shift without its break: one or two stretches, none when it is no shift.
fn stretches(shift: &Shift) -> Vec<Stretch> {
    let weekday = shift.weekday;
    let (Some(from), Some(to)) = (minutes(&shift.from), minutes(&shift.to)) else {
        return Vec::new();
    };
    let parts = match (minutes(&shift.break_from), minutes(&shift.break_to)) {
        (Some(begin), Some(end)) if begin < end => vec![(from, begin.min(to)), (end.max(from), to)],
        _ if shift.break_from.is_empty() && shift.break_to.is_empty() => vec![(from, to)],
        _ => Vec::new(),
    };
    let parts = parts.into_iter().filter(|(from, to)| from < to);
    parts.map(|(from, to)| Stretch { weekday, from, to }).collect()
}

/// Minutes since midnight of a wall clock time as `HH:MM`, up to `24:00`.
fn minutes(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !(two_digits(hours) && two_digits(minutes)) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= DAY_MINUTES).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shift(weekday: i32, hours: [&str; 4]) -> Shift {
        let [from, to, break_from, break_to] = hours.map(str::to_owned);
        Shift { weekday, from, to, break_from, break_to }
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(&format!("2026-06-{text}:00+08:00")).unwrap()
    }

    fn window(from: &str, to: &str) -> Window {
        Window { start: at(from), end: at(to) }
    }

    /// Monday, the eighth, and nothing else.
    fn monday() -> WorkingTime {
        WorkingTime::of(&[shift(1, ["08:30", "17:30", "12:00", "13:00"])])
    }

    #[test]
    fn arrival_windows_keep_clear_of_the_break_and_of_the_end() {
        let windows = monday().arrival_windows(at("08T00:00"), at("15T00:00"));
        let expected = [
            window("08T08:30", "08T10:30"),
            window("08T13:00", "08T15:00"),
            window("08T15:00", "08T17:00"),
        ];
        assert_eq!(windows, expected);
        let late = monday().arrival_windows(at("08T08:31"), at("08T15:00"));
        assert_eq!(late, expected[1..2], "the past and the horizon cut off");
        assert_eq!(monday().arrival_windows(at("09T00:00"), at("15T00:00")), []);
    }

    #[test]
    fn a_window_has_to_lie_inside_whole() {
        let fits = [("08T08:30", "08T12:00"), ("08T13:00", "08T17:30"), ("08T16:59", "08T17:00")];
        let wrong = [
            ("08T08:29", "08T09:00"),
            ("08T11:30", "08T12:01"),
            ("08T11:30", "08T13:30"),
            ("08T17:00", "08T17:31"),
            ("09T09:00", "09T10:00"),
            ("08T09:00", "08T09:00"),
        ];
        for (from, to) in fits {
            assert!(monday().covers(window(from, to)), "{from} {to}");
        }
        for (from, to) in wrong {
            assert!(!monday().covers(window(from, to)), "{from} {to}");
        }
    }

    #[test]
    fn shifts_that_meet_at_midnight_are_one_night() {
        let night = WorkingTime::of(&[
            shift(1, ["18:00", "24:00", "", ""]),
            shift(2, ["00:00", "06:00", "", ""]),
        ]);
        assert!(night.covers(window("08T23:00", "09T01:00")));
        assert!(!night.covers(window("09T05:00", "09T06:30")));
        assert!(!monday().covers(window("08T17:00", "09T09:00")));
    }

    #[test]
    fn a_day_of_absence_has_no_working_time() {
        let away = |from: &str, until: &str| {
            let reason = "holiday".to_owned();
            Absence { from: from.to_owned(), until: until.to_owned(), reason }
        };
        let (from, until) = (at("08T00:00"), at("22T00:00"));
        let without =
            |absences: &[Absence]| monday().without(absences).arrival_windows(from, until).len();
        assert_eq!(without(&[]), 6, "two Mondays");
        assert_eq!(without(&[away("2026-06-08", "2026-06-08")]), 3);
        assert_eq!(without(&[away("2026-06-01", "2026-06-15")]), 0);
        assert_eq!(without(&[away("2026-06-09", "2026-06-14"), away("soon", "later")]), 6);
        let ill = monday().without(&[away("2026-06-08", "2026-06-08")]);
        assert!(!ill.covers(window("08T08:30", "08T12:00")));
    }

    #[test]
    fn what_is_no_shift_is_no_working_time() {
        for hours in [
            ["", "", "", ""],
            ["8:30", "17:30", "", ""],
            ["08:30", "24:01", "", ""],
            ["08:60", "17:30", "", ""],
            ["17:30", "08:30", "", ""],
            ["08:30", "17:30", "noon", ""],
            ["08:30", "17:30", "13:00", "12:00"],
        ] {
            assert_eq!(WorkingTime::of(&[shift(1, hours)]), WorkingTime::default(), "{hours:?}");
        }
    }
}
