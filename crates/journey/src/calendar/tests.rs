use proptest::prelude::*;

use super::*;
use crate::time::MINUTE;

fn china() -> &'static Calendar {
    Calendar::china()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// `2026-02-13 16:20` on a Shanghai wall clock.
fn at(text: &str) -> Timestamp {
    Timestamp::parse(&format!("{}:00+08:00", text.replace(' ', "T"))).unwrap()
}

#[test]
fn real_days_of_the_notices() {
    let worked = [
        "2018-12-29", // Saturday, made up for the Monday before New Year 2019
        "2019-04-28", // Sunday, the change for Labour Day 2019
        "2020-02-03", // Monday, the first day after the extended Spring Festival
        "2025-09-28", // Sunday before National Day
        "2025-10-11", // Saturday after it
        "2026-02-14", // Saturday before Spring Festival
        "2026-02-28", // Saturday after it
        "2026-06-08",
    ];
    let free = [
        "2018-12-31", // Monday
        "2020-01-31", // Friday of the extension
        "2020-02-01", // was to be worked before the extension
        "2023-12-30", // an ordinary Saturday
        "2025-10-08", // Wednesday, the day National Day and Mid-Autumn share
        "2026-02-16", // Monday of Spring Festival
        "2026-02-23",
        "2026-06-07", // an ordinary Sunday
    ];
    for text in worked {
        assert_eq!(china().is_working_day(day(text)), Ok(true), "{text}");
    }
    for text in free {
        assert_eq!(china().is_working_day(day(text)), Ok(false), "{text}");
    }
    let festival = china().exception(day("2026-02-17")).unwrap();
    assert_eq!((festival.name_zh.as_str(), festival.kind), ("春节", ExceptionKind::Holiday));
    assert_eq!(china().exception(day("2026-06-07")), None);
}

/// An independent check of the data: make-up days only move days about, so a year has its days less
/// its weekends less the holidays of the 全国年节及纪念日放假办法 (11, and 13 since 2025).
#[test]
fn every_year_has_its_number_of_working_days() {
    for year in 2017..=2026 {
        let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        let days: Vec<_> = first.iter_days().take_while(|day| day.year() == year).collect();
        let weekends = days.iter().filter(|day| is_weekend(**day)).count();
        let worked = days.iter().filter(|day| china().is_working_day(**day).unwrap()).count();
        let holidays = if year >= 2025 { 13 } else { 11 };
        // In 2020 the epidemic lengthened Spring Festival by two days that were not made up.
        let extension = if year == 2020 { 2 } else { 0 };
        assert_eq!(worked, days.len() - weekends - holidays - extension, "{year}");
    }
}

#[test]
fn working_days_keep_the_clock_time() {
    let table = [
        ("2026-06-08 09:30", 5, "2026-06-15 09:30"),
        ("2026-06-12 16:20", 1, "2026-06-15 16:20"),
        ("2026-06-12 16:20", 0, "2026-06-12 16:20"),
        // A free day counts from 00:00 of the next working day.
        ("2026-06-13 16:20", 1, "2026-06-16 00:00"),
        ("2026-06-13 16:20", 0, "2026-06-15 00:00"),
        // Over Spring Festival 2026, with the worked Saturday 14 February inside.
        ("2026-02-13 10:00", 1, "2026-02-14 10:00"),
        ("2026-02-13 10:00", 2, "2026-02-24 10:00"),
        ("2026-02-13 10:00", 6, "2026-02-28 10:00"),
        // Over National Day 2025, with the worked Sunday 28 September and Saturday 11 October.
        ("2025-09-26 18:00", 1, "2025-09-28 18:00"),
        ("2025-09-26 18:00", 5, "2025-10-10 18:00"),
        ("2025-09-26 18:00", 6, "2025-10-11 18:00"),
        ("2025-10-01 12:00", 1, "2025-10-10 00:00"),
    ];
    for (start, days, expected) in table {
        assert_eq!(china().add_working_days(at(start), days), Ok(at(expected)), "{start} + {days}");
    }
}

#[test]
fn whole_working_days_between_two_instants() {
    let table = [
        ("2026-06-12 16:20", "2026-06-15 16:20", 1),
        ("2026-06-12 16:20", "2026-06-15 16:19", 0),
        ("2026-06-12 16:20", "2026-06-14 23:00", 0),
        ("2026-06-13 16:20", "2026-06-15 23:00", 0),
        ("2026-06-13 16:20", "2026-06-16 00:00", 1),
        ("2026-06-08 09:30", "2026-06-08 09:30", 0),
        ("2026-06-08 09:30", "2026-06-01 09:30", 0),
        ("2026-06-06 09:30", "2026-06-07 09:30", 0),
        ("2025-09-26 18:00", "2025-10-11 18:00", 6),
        ("2026-12-31 10:00", "2026-12-31 23:00", 0),
    ];
    for (from, until, expected) in table {
        let answer = china().working_days_between(at(from), at(until));
        assert_eq!(answer, Ok(expected), "{from} to {until}");
    }
}

#[test]
fn legal_days_start_the_next_day_and_roll_over_holidays() {
    let table = [
        // The last day is 15 June, a Monday.
        ("2026-06-08 09:30", 7, "2026-06-16 00:00"),
        ("2026-06-08 00:00", 7, "2026-06-16 00:00"),
        // The last day is Saturday 13 June: on to Monday.
        ("2026-06-06 12:00", 7, "2026-06-16 00:00"),
        // The last day is 17 February, inside Spring Festival 2026: on to Tuesday 24 February.
        ("2026-02-10 12:00", 7, "2026-02-25 00:00"),
        // The last day is Saturday 14 February, which is worked: it stays.
        ("2026-02-07 12:00", 7, "2026-02-15 00:00"),
        // The last day is Sunday 28 September 2025, which is worked: it stays.
        ("2025-09-21 12:00", 7, "2025-09-29 00:00"),
        // Only the last day matters; National Day in the middle does not lengthen the period.
        ("2025-09-28 12:00", 15, "2025-10-14 00:00"),
        ("2026-06-08 09:30", 0, "2026-06-09 00:00"),
    ];
    for (start, days, expected) in table {
        assert_eq!(china().legal_day_limit(at(start), days), Ok(at(expected)), "{start} + {days}");
    }
}

#[test]
fn whether_a_weekend_is_a_legal_holiday_is_a_parameter() {
    let text = include_str!("../../data/calendar-cn.json");
    let strict = text.replace(
        r#""weekends_are_legal_holidays": true"#,
        r#""weekends_are_legal_holidays": false"#,
    );
    let strict = Calendar::from_json(&strict).unwrap();
    let saturday = at("2026-06-06 12:00");
    assert_eq!(strict.legal_day_limit(saturday, 7), Ok(at("2026-06-14 00:00")));
    let festival = at("2026-02-10 12:00");
    assert_eq!(strict.legal_day_limit(festival, 7), china().legal_day_limit(festival, 7));
}

#[test]
fn outside_the_covered_range_there_is_no_guess() {
    let until = china().covered_until();
    let not = |text: &str| NotCovered { day: day(text), covered_until: until };
    assert_eq!(until, day("2026-12-31"));
    assert_eq!(china().is_working_day(day("2026-12-31")), Ok(true));
    assert_eq!(china().is_working_day(day("2027-01-01")), Err(not("2027-01-01")));
    assert_eq!(china().is_working_day(day("2016-12-31")), Err(not("2016-12-31")));

    let last = at("2026-12-31 10:00");
    assert_eq!(china().add_working_days(last, 0), Ok(last));
    assert_eq!(china().add_working_days(last, 1), Err(not("2027-01-01")));
    assert_eq!(china().add_working_days(last, u32::MAX), Err(not("2027-01-01")));
    assert_eq!(china().working_days_between(last, last + Span::days(1)), Err(not("2027-01-01")));
    assert_eq!(china().legal_day_limit(last, 0), Ok(at("2027-01-01 00:00")));
    assert_eq!(china().legal_day_limit(last, 1), Err(not("2027-01-01")));
    let forever = china().legal_day_limit(last, u32::MAX);
    assert!(forever.is_err());
    // The start lies before the calendar, but only the last day is looked up.
    assert_eq!(china().legal_day_limit(at("2016-12-30 08:00"), 7), Ok(at("2017-01-07 00:00")));
    assert_eq!(not("2027-01-01").to_string().matches("2026-12-31").count(), 1);
}

#[test]
fn day_zero_is_the_day_of_the_start() {
    let start = at("2026-06-01 23:59");
    for (instant, expected) in [
        ("2026-06-01 00:00", 0),
        ("2026-06-01 23:59", 0),
        ("2026-06-02 00:00", 1),
        ("2026-06-08 00:01", 7),
        ("2026-05-31 23:59", -1),
        ("2027-06-01 12:00", 365),
    ] {
        assert_eq!(day_number(start, at(instant)), expected, "{instant}");
    }
}

/// An instant in the years that leave room for 400 working days.
fn instant() -> impl Strategy<Value = Timestamp> {
    let first = at("2017-01-01 00:00").micros() / MINUTE;
    let last = at("2024-12-31 00:00").micros() / MINUTE;
    (first..last).prop_map(|minute| Timestamp::from_micros(minute * MINUTE))
}

proptest! {
    #[test]
    fn the_answer_is_a_working_day_that_many_working_days_on(start in instant(), n in 0_u32..400) {
        let end = china().add_working_days(start, n).unwrap();
        prop_assert!(china().is_working_day(end.shanghai_day()).unwrap());
        prop_assert_eq!(china().working_days_between(start, end), Ok(n));
        if end > start {
            let just_before = end - Span::from_micros(1);
            prop_assert_eq!(
                china().working_days_between(start, just_before),
                Ok(n.saturating_sub(1))
            );
        }
    }

    #[test]
    fn the_clock_time_is_kept_or_is_midnight(start in instant(), n in 0_u32..400) {
        let end = china().add_working_days(start, n).unwrap();
        let of_day = end.shanghai().time();
        if china().is_working_day(start.shanghai_day()).unwrap() {
            prop_assert_eq!(of_day, start.shanghai().time());
        } else {
            prop_assert_eq!(of_day, chrono::NaiveTime::MIN);
        }
    }

    #[test]
    fn working_days_add_up(start in instant(), a in 0_u32..200, b in 0_u32..200) {
        let in_two = china().add_working_days(china().add_working_days(start, a).unwrap(), b);
        prop_assert_eq!(in_two, china().add_working_days(start, a + b));
    }

    #[test]
    fn a_later_start_never_ends_earlier(one in instant(), two in instant(), n in 0_u32..100) {
        let (early, late) = (one.min(two), one.max(two));
        let working = |start| china().add_working_days(start, n).unwrap();
        prop_assert!(working(early) <= working(late));
        let legal = |start| china().legal_day_limit(start, n).unwrap();
        prop_assert!(legal(early) <= legal(late));
    }

    #[test]
    fn a_legal_period_ends_with_a_worked_day(start in instant(), n in 0_u32..400) {
        let limit = china().legal_day_limit(start, n).unwrap();
        let last = (limit - Span::from_micros(1)).shanghai_day();
        prop_assert!(china().is_working_day(last).unwrap());
        prop_assert!(day_number(start, limit) > i64::from(n));
        // The day it would have ended on is that day, or a free one.
        let plain = start.shanghai_day() + chrono::Days::new(u64::from(n));
        prop_assert!(plain == last || !china().is_working_day(plain).unwrap());
    }

    #[test]
    fn days_less_the_holidays_before_them_end_when_the_legal_period_does(
        start in instant(),
        n in 0_u32..400,
    ) {
        let limit = china().legal_day_limit(start, n).unwrap();
        let counted = |at: Timestamp| {
            let before = china().legal_holidays_before(at.shanghai_day()).unwrap();
            day_number(start, at) - i64::from(before)
        };
        prop_assert!(counted(limit - Span::from_micros(1)) <= i64::from(n));
        prop_assert!(counted(limit) > i64::from(n));
    }
}
