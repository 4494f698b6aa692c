//! Evidence hours: 9:00 to 18:00 on every day, holidays included.
//!
//! Rule of the platform's dispute procedure for supplying evidence; no calendar is needed because
//! every day has them.

use crate::time::{DAY, HOUR, Span, Timestamp};

/// The hour at which evidence hours begin, Shanghai time.
pub const SERVICE_OPENS_HOUR: i64 = 9;
/// The hour at which evidence hours end, Shanghai time.
pub const SERVICE_CLOSES_HOUR: i64 = 18;

const OPENS: i64 = SERVICE_OPENS_HOUR * HOUR;
const OPEN_LENGTH: i64 = (SERVICE_CLOSES_HOUR - SERVICE_OPENS_HOUR) * HOUR;
const SHANGHAI_AHEAD: i64 = 8 * HOUR;

/// The instant at which `span` of evidence hours has passed since `start`.
///
/// 10:00 plus four hours is 14:00; 14:01 plus four hours is 09:01 of the next day. An answer that
/// falls exactly on closing time stays 18:00 and does not move to the next morning. No span, or a
/// negative one, gives `start` back; an answer past the last instant is the last instant.
pub fn add_service_time(start: Timestamp, span: Span) -> Timestamp {
    if span <= Span::ZERO {
        return start;
    }
    // Wide integers, so that no instant and no span can overflow on the way to the last line.
    let [day_length, open_length] = [DAY, OPEN_LENGTH].map(i128::from);
    let local = i128::from(start.micros()) + i128::from(SHANGHAI_AHEAD);
    let opening = local.div_euclid(day_length) * day_length + i128::from(OPENS);
    let used_today = (local - opening).clamp(0, open_length);
    let spent = used_today + i128::from(span.micros());
    // One microsecond less, so that a full day ends at its closing and not at the next opening.
    let whole_days = (spent - 1) / open_length;
    let on_last_day = spent - whole_days * open_length;
    let end = opening + whole_days * day_length + on_last_day - i128::from(SHANGHAI_AHEAD);
    Timestamp::from_micros(i64::try_from(end).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::MINUTE;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn evidence_hours_on_the_clock() {
        let table = [
            ("2026-06-08T10:00:00+08:00", 240, "2026-06-08T14:00:00+08:00"),
            ("2026-06-08T14:00:00+08:00", 240, "2026-06-08T18:00:00+08:00"),
            ("2026-06-08T14:01:00+08:00", 240, "2026-06-09T09:01:00+08:00"),
            ("2026-06-08T03:00:00+08:00", 240, "2026-06-08T13:00:00+08:00"),
            ("2026-06-08T18:00:00+08:00", 1, "2026-06-09T09:01:00+08:00"),
            ("2026-06-08T23:30:00+08:00", 60, "2026-06-09T10:00:00+08:00"),
            ("2026-06-08T09:00:00+08:00", 540, "2026-06-08T18:00:00+08:00"),
            ("2026-06-08T09:00:00+08:00", 541, "2026-06-09T09:01:00+08:00"),
            ("2026-06-08T12:00:00+08:00", 0, "2026-06-08T12:00:00+08:00"),
            ("2026-06-08T20:00:00+08:00", -5, "2026-06-08T20:00:00+08:00"),
            // Spring Festival and the years after the calendar ends count like any other day.
            ("2026-02-17T17:00:00+08:00", 120, "2026-02-18T10:00:00+08:00"),
            ("2031-12-31T17:00:00+08:00", 120, "2032-01-01T10:00:00+08:00"),
        ];
        for (start, minutes, expected) in table {
            let answer = add_service_time(at(start), Span::minutes(minutes));
            assert_eq!(answer, at(expected), "{start} + {minutes} min");
        }
    }

    /// Open minutes between two instants, counted one by one.
    fn open_minutes(from: Timestamp, until: Timestamp) -> i64 {
        let mut open = 0;
        let mut minute = from;
        while minute < until {
            let of_day = (minute.micros() + SHANGHAI_AHEAD).rem_euclid(DAY);
            open += i64::from((OPENS..OPENS + OPEN_LENGTH).contains(&of_day));
            minute = minute + Span::minutes(1);
        }
        open
    }

    proptest! {
        #[test]
        fn exactly_the_span_is_open_between_start_and_answer(
            start in 0_i64..40_000_000, minutes in 1_i64..6_000,
        ) {
            let start = Timestamp::from_micros(start * MINUTE);
            let end = add_service_time(start, Span::minutes(minutes));
            prop_assert_eq!(open_minutes(start, end), minutes);
            // The minute before the answer is open, so the answer is the earliest there is.
            prop_assert_eq!(open_minutes(end - Span::minutes(1), end), 1);
        }

        #[test]
        fn two_spans_in_a_row_are_their_sum(
            start in any::<i32>(), first in 1_i64..1_000_000_000_000, then in 1_i64..1_000_000_000_000,
        ) {
            let start = Timestamp::from_micros(i64::from(start) * 1_000_003);
            let (first, then) = (Span::from_micros(first), Span::from_micros(then));
            prop_assert_eq!(
                add_service_time(add_service_time(start, first), then),
                add_service_time(start, first + then)
            );
        }
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let far = Span::from_micros(i64::MAX);
        assert_eq!(add_service_time(Timestamp::from_micros(i64::MAX), far).micros(), i64::MAX);
        assert!(add_service_time(Timestamp::from_micros(i64::MIN), far).micros() > i64::MIN);
    }
}
