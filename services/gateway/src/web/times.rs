//! Instants as people here read and type them: on a Shanghai wall clock.

use chrono::{DateTime, Datelike as _, FixedOffset, Timelike as _};
use maud::{Markup, html};
use parasol_api::common::v1::TimeWindow;
use parasol_api::convert::timestamp;
use parasol_api::{Error, Language, Reason};
use parasol_journey::time::{Span, Timestamp};

use super::words::Pick as _;

const MINUTE: i64 = 60 * 1_000_000;
const WEEKDAYS_ZH: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
const WEEKDAYS_EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS_EN: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A day such as `6月9日 周二` or `Tue 9 Jun`.
pub(crate) fn day(at: Timestamp, language: Language) -> String {
    let at = at.shanghai();
    let weekday = usize::try_from(at.weekday().num_days_from_monday()).unwrap_or_default();
    match language {
        Language::Zh => format!("{}月{}日 {}", at.month(), at.day(), WEEKDAYS_ZH[weekday]),
        Language::En => {
            let month = MONTHS_EN[usize::try_from(at.month0()).unwrap_or_default()];
            format!("{} {} {month}", WEEKDAYS_EN[weekday], at.day())
        }
    }
}

fn clock(at: DateTime<FixedOffset>) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// Day and time of day.
pub(crate) fn moment(at: Timestamp, language: Language) -> String {
    format!("{} {}", day(at, language), clock(at.shanghai()))
}

/// A day with its year: `2026年6月9日` or `9 Jun 2026`.
pub(crate) fn date(at: Timestamp, language: Language) -> String {
    let at = at.shanghai();
    match language {
        Language::Zh => format!("{}年{}月{}日", at.year(), at.month(), at.day()),
        Language::En => {
            let month = MONTHS_EN[usize::try_from(at.month0()).unwrap_or_default()];
            format!("{} {month} {}", at.day(), at.year())
        }
    }
}

/// Month, day and time of day, as short as they can be: `6/9 14:05`.
pub(crate) fn short(at: Timestamp) -> String {
    let at = at.shanghai();
    format!("{}/{} {}", at.month(), at.day(), clock(at))
}

/// From when until when; the day is said once if there is only one.
pub(crate) fn span(from: Timestamp, to: Timestamp, language: Language) -> String {
    let end = match from.shanghai_day() == to.shanghai_day() {
        true => clock(to.shanghai()),
        false => moment(to, language),
    };
    format!("{}–{end}", moment(from, language))
}

/// The ends of a window; `None` for one that has none.
pub(crate) fn ends(window: Option<&TimeWindow>) -> Option<(Timestamp, Timestamp)> {
    let window = window?;
    Some((timestamp(window.from.as_ref()?)?, timestamp(window.to.as_ref()?)?))
}

/// From what time of day until what time of day.
pub(crate) fn hours(from: Timestamp, to: Timestamp) -> String {
    format!("{}–{}", clock(from.shanghai()), clock(to.shanghai()))
}

/// An instant as an element that programs read too.
pub(crate) fn at(at: Timestamp, language: Language) -> Markup {
    html! { time datetime=(machine(at)) { (moment(at, language)) } }
}

/// A window as text; a dash where there is none.
pub(crate) fn window(window: Option<&TimeWindow>, language: Language) -> Markup {
    match ends(window) {
        Some((from, to)) => html! { time datetime=(machine(from)) { (span(from, to, language)) } },
        None => html! { "—" },
    }
}

/// How long until a deadline, with the deadline itself. The script counts on from here; without it the
/// words stay as true as the page is new.
pub(crate) fn due(due: Timestamp, now: Timestamp, language: Language) -> Markup {
    let left = due.since(now);
    let class = match left.micros() {
        ..=0 => "due late",
        left if left <= 60 * MINUTE => "due soon",
        _ => "due",
    };
    html! {
        time class=(class) datetime=(machine(due)) data-due=(due.micros() / 1_000) {
            (left_in_words(left, language))
        }
        " · " (moment(due, language))
    }
}

/// How long ago a moment was, as an element that the script counts on; the moment itself is its title.
pub(crate) fn ago(at: Timestamp, now: Timestamp, language: Language) -> Markup {
    let passed = now.since(at);
    let length = length(passed, language);
    let words = match passed.micros() < MINUTE {
        true => language.pick("刚刚".to_owned(), "just now".to_owned()),
        false => language.pick(format!("{length}前"), format!("{length} ago")),
    };
    html! {
        time.ago datetime=(machine(at)) title=(moment(at, language)) data-ago=(at.micros() / 1_000) {
            (words)
        }
    }
}

/// For how long something has lasted, likewise.
pub(crate) fn lasting(since: Timestamp, now: Timestamp, language: Language) -> Markup {
    let passed = now.since(since);
    let words = match passed.micros() < MINUTE {
        true => language.pick("不到 1 分钟".to_owned(), "less than a minute".to_owned()),
        false => length(passed, language),
    };
    html! {
        time datetime=(machine(since)) title=(moment(since, language))
            data-lasting=(since.micros() / 1_000) { (words) }
    }
}

/// How much time is left until a deadline, or has passed since.
pub(crate) fn left_in_words(left: Span, language: Language) -> String {
    let length = length(left, language);
    match left.micros() > 0 {
        true => language.pick(format!("剩 {length}"), format!("{length} left")),
        false => language.pick(format!("超时 {length}"), format!("{length} late")),
    }
}

/// A span of time as people say it, to the minute; whether it lies ahead or behind is not said.
pub(crate) fn length(left: Span, language: Language) -> String {
    let minutes = left.micros().unsigned_abs().div_euclid(MINUTE.unsigned_abs());
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let zh = match (days, hours) {
        (0, 0) => format!("{rest} 分钟"),
        (0, _) => format!("{hours} 小时 {rest} 分钟"),
        _ => format!("{days} 天 {hours} 小时"),
    };
    let en = match (days, hours) {
        (0, 0) => format!("{rest} min"),
        (0, _) => format!("{hours} h {rest} min"),
        _ => format!("{days} d {hours} h"),
    };
    language.pick(zh, en)
}

/// An instant for programs, RFC 3339.
pub(crate) fn machine(at: Timestamp) -> String {
    at.shanghai().to_rfc3339()
}

/// An instant as the value of an input of type `datetime-local`.
pub(crate) fn typed(at: Timestamp) -> String {
    at.shanghai().format("%Y-%m-%dT%H:%M").to_string()
}

/// What such an input sends: `None` when it is empty.
///
/// # Errors
/// `FIELD_INVALID` when it is no instant.
pub(crate) fn parse(field: &str, text: &str) -> Result<Option<Timestamp>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    let seconds = if text.len() == 16 { ":00" } else { "" };
    let wrong = || Error::field(field, Reason::FieldInvalid, "a date and a time of day");
    Timestamp::parse(&format!("{text}{seconds}+08:00")).map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Timestamp {
        Timestamp::parse("2026-06-09T12:00:00+08:00").unwrap()
    }

    #[test]
    fn days_and_windows_are_told_in_both_languages() {
        let later = noon() + Span::hours(2);
        assert_eq!(span(noon(), later, Language::Zh), "6月9日 周二 12:00–14:00");
        assert_eq!(span(noon(), later, Language::En), "Tue 9 Jun 12:00–14:00");
        let tomorrow = noon() + Span::days(1);
        assert_eq!(span(noon(), tomorrow, Language::En), "Tue 9 Jun 12:00–Wed 10 Jun 12:00");
    }

    #[test]
    fn what_has_passed_is_counted_on_by_the_script() {
        let shown = ago(noon(), noon() + Span::minutes(61), Language::En).into_string();
        assert!(
            shown.contains("1 h 1 min ago") && shown.contains("data-ago=\"1780977600000\""),
            "{shown}"
        );
        assert!(ago(noon(), noon(), Language::Zh).into_string().contains("刚刚"));
        let lasting = lasting(noon(), noon() + Span::minutes(61), Language::Zh).into_string();
        assert!(
            lasting.contains("1 小时 1 分钟<") && lasting.contains("data-lasting"),
            "{lasting}"
        );
        assert_eq!(short(noon()), "6/9 12:00");
        assert_eq!(date(noon(), Language::En), "9 Jun 2026");
    }

    #[test]
    fn what_is_left_and_what_is_late() {
        for (minutes, zh, en) in [
            (5, "剩 5 分钟", "5 min left"),
            (90, "剩 1 小时 30 分钟", "1 h 30 min left"),
            (60 * 49, "剩 2 天 1 小时", "2 d 1 h left"),
            (-3, "超时 3 分钟", "3 min late"),
        ] {
            let left = Span::minutes(minutes);
            assert_eq!(left_in_words(left, Language::Zh), zh);
            assert_eq!(left_in_words(left, Language::En), en);
        }
    }

    #[test]
    fn what_was_typed_is_read_back() {
        assert_eq!(parse("x", &typed(noon())).unwrap(), Some(noon()));
        assert_eq!(parse("x", "2026-06-09T12:00:30").unwrap(), {
            Some(Timestamp::from_micros(noon().micros() + 30_000_000))
        });
        assert_eq!(parse("x", "").unwrap(), None);
        assert_eq!(parse("x", "tomorrow").unwrap_err().reason(), Reason::FieldInvalid);
    }
}
