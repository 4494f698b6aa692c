//! Waking hours: when a customer may be disturbed.

use std::fmt;
use std::str::FromStr;

use chrono::Timelike as _;
use parasol_journey::time::{HOUR, MINUTE, Span, Timestamp};

use super::plan::Urgency;

/// A time of day in minutes after midnight, written as `21:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DayTime(u32);

impl FromStr for DayTime {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (hours, minutes) = text.split_once(':').ok_or(())?;
        let number = |text: &str, end: u32| {
            let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u32>().ok().filter(|number| is_plain && *number < end).ok_or(())
        };
        Ok(Self(number(hours, 24)? * 60 + number(minutes, 60)?))
    }
}

impl fmt::Display for DayTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// How long the quiet of a customer's own choice may last: what waits for them has a day to be told in.
pub const QUIET_MAX: Span = Span::hours(14);
/// Minutes of a day.
const DAY_MINUTES: u32 = 24 * 60;

/// When a customer sleeps, in the time of their place. All of the mainland has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// From when on it is quiet.
    pub from: DayTime,
    /// Until when.
    pub until: DayTime,
}

impl Default for Hours {
    fn default() -> Self {
        Self { from: DayTime(21 * 60 + 30), until: DayTime(8 * 60) }
    }
}

impl Hours {
    /// How long the quiet lasts.
    pub fn length(self) -> Span {
        let minutes = (self.until.0 + DAY_MINUTES - self.from.0) % DAY_MINUTES;
        Span::minutes(minutes.into())
    }

    /// When a notice that is to be sent now may be sent: now, or when the quiet is over.
    pub fn earliest(self, urgency: Urgency, now: Timestamp) -> Timestamp {
        if urgency == Urgency::Now || !self.is_quiet(now) { now } else { self.morning(now) }
    }

    /// Whether it is quiet.
    pub fn is_quiet(self, now: Timestamp) -> bool {
        let minute = minute_of_day(now);
        match self.from <= self.until {
            true => (self.from.0..self.until.0).contains(&minute),
            false => minute >= self.from.0 || minute < self.until.0,
        }
    }

    /// The next end of the quiet.
    pub fn morning(self, now: Timestamp) -> Timestamp {
        next(now, self.until)
    }
}

/// The next instant at which it is this time of day.
pub fn next(now: Timestamp, time: DayTime) -> Timestamp {
    let midnight = Timestamp::shanghai_midnight(now.shanghai_day());
    let today = midnight + Span::from_micros(i64::from(time.0) * MINUTE);
    if today > now { today } else { today + Span::from_micros(24 * HOUR) }
}

fn minute_of_day(now: Timestamp) -> u32 {
    let local = now.shanghai();
    local.hour() * 60 + local.minute()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(&format!("2026-06-{text}:00+08:00")).unwrap()
    }

    #[test]
    fn only_what_cannot_wait_is_sent_at_night() {
        let hours = Hours::default();
        for (now, calm) in [
            ("08T21:29", "08T21:29"),
            ("08T21:30", "09T08:00"),
            ("08T23:59", "09T08:00"),
            ("09T00:00", "09T08:00"),
            ("09T07:59", "09T08:00"),
            ("09T08:00", "09T08:00"),
            ("09T12:00", "09T12:00"),
        ] {
            assert_eq!(hours.earliest(Urgency::Calm, at(now)), at(calm), "{now}");
            assert_eq!(hours.earliest(Urgency::Soon, at(now)), at(calm), "{now}");
            assert_eq!(hours.earliest(Urgency::Now, at(now)), at(now), "{now}");
        }
    }

    #[test]
    fn quiet_hours_may_lie_within_a_day_and_may_be_none() {
        let noon = Hours { from: "12:00".parse().unwrap(), until: "14:00".parse().unwrap() };
        assert_eq!(noon.earliest(Urgency::Calm, at("08T13:00")), at("08T14:00"));
        assert_eq!(noon.earliest(Urgency::Calm, at("08T23:00")), at("08T23:00"));
        let none = Hours { from: "08:00".parse().unwrap(), until: "08:00".parse().unwrap() };
        assert!(!none.is_quiet(at("08T08:00")));
        assert_eq!((noon.length(), none.length()), (Span::hours(2), Span::ZERO));
        assert_eq!(Hours::default().length(), Span::minutes(10 * 60 + 30));
        assert_eq!(Hours::default().from.to_string(), "21:30");
        for wrong in ["", "8:00", "24:00", "08:60", "08-00", "+8:00", "08:00:00"] {
            assert!(wrong.parse::<DayTime>().is_err(), "{wrong}");
        }
    }
}
