//! What follows from attempts, decided without a clock and without a network.
//!
//! Two things are kept apart. A **case** whose change was not taken is tried again after growing waits,
//! over more than a day, and then given up; other cases go on meanwhile. A **lane** to which several cases
//! in a row could not be delivered is down: it is tried with one case at growing intervals, which
//! costs no case an attempt, and after the first success it widens step by step. Only first attempts
//! of cases count against a lane, so that one case that is never taken cannot bring it down.

use parasol_journey::time::{HOUR, MINUTE, SECOND, Span, Timestamp};

use super::sending::Called;
use crate::tables::webhook_lanes;

/// Attempts at a case before it is given up: the first one, and one after each wait.
const ATTEMPTS_MAX: usize = 9;
/// The waits after the first failed attempt, the second, and so on.
const WAITS: [i64; ATTEMPTS_MAX - 1] =
    [5 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR];
/// Cases in a row whose first attempt may fail before the lane is down.
const FAILURES_MAX: i64 = 5;
/// Cases sent at a time to an endpoint.
pub const WIDTH_MAX: i64 = 16;
/// The wait before the first try of a lane that is down; it doubles.
const TRY_FIRST: i64 = 10 * SECOND;
/// The longest wait between two tries.
const TRY_MAX: i64 = 5 * MINUTE;

/// What a call means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It took the event.
    Taken,
    /// It did not.
    NotTaken,
    /// It will never take one again.
    Gone,
}

/// What a call means.
pub fn meaning(called: &Called) -> Meaning {
    match called.answer {
        Ok(200..=299) => Meaning::Taken,
        Ok(410) => Meaning::Gone,
        _ => Meaning::NotTaken,
    }
}

/// When a case is tried again after so many failed attempts; `None` when it is given up.
pub fn next_attempt(attempts: i64, retry_after: Option<i64>, now: Timestamp) -> Option<Timestamp> {
    let place = usize::try_from(attempts - 1).unwrap_or_default();
    let wait = WAITS.get(place)?;
    let asked = retry_after.unwrap_or_default().saturating_mul(SECOND);
    Some(now + Span::from_micros(asked.max(*wait)))
}

/// What a lane may do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Send so many cases at a time.
    Open(usize),
    /// Try with one.
    Try,
    /// Wait for its next try.
    Wait,
}

/// What a lane may do now.
pub fn mode(lane: &webhook_lanes::Model, now: Timestamp) -> Mode {
    if lane.down_since == 0 {
        return Mode::Open(usize::try_from(lane.width.clamp(1, WIDTH_MAX)).unwrap_or(1));
    }
    if lane.try_at <= now.micros() { Mode::Try } else { Mode::Wait }
}

/// One attempt, as it counts for its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Whether it was the first attempt at a case.
    pub is_first: bool,
    /// Whether the event was taken.
    pub is_taken: bool,
}

/// Moves a lane on by the attempts of one turn, in their order.
pub fn settle(lane: &mut webhook_lanes::Model, counted: &[Counted], now: Timestamp) {
    if counted.is_empty() {
        return;
    }
    let was_down = lane.down_since != 0;
    for one in counted {
        if one.is_taken {
            lane.failures = 0;
            lane.delivered_at = now.micros();
        } else if one.is_first {
            lane.failures += 1;
        }
    }
    let any_taken = counted.iter().any(|one| one.is_taken);
    let any_refused = counted.iter().any(|one| one.is_first && !one.is_taken);
    if was_down && !any_taken {
        lane.tries += 1;
        lane.try_at = now.micros() + wait_before_try(lane.tries);
    } else if was_down {
        (lane.down_since, lane.tries, lane.try_at, lane.width) = (0, 0, 0, 1);
    } else if lane.failures >= FAILURES_MAX {
        lane.down_since = now.micros();
        (lane.tries, lane.width) = (0, 1);
        lane.try_at = now.micros() + wait_before_try(0);
    } else if any_refused {
        lane.width = (lane.width / 2).max(1);
    } else if any_taken {
        lane.width = (lane.width * 2).min(WIDTH_MAX);
    }
}

fn wait_before_try(tries: i64) -> i64 {
    let doublings = u32::try_from(tries).unwrap_or(u32::MAX).min(16);
    (TRY_FIRST << doublings).min(TRY_MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::super::sending::Failure;
    use super::*;

    const TAKEN: Counted = Counted { is_first: true, is_taken: true };
    const REFUSED: Counted = Counted { is_first: true, is_taken: false };
    const REFUSED_AGAIN: Counted = Counted { is_first: false, is_taken: false };

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn fresh() -> webhook_lanes::Model {
        webhook_lanes::Model {
            webhook: Uuid::nil(),
            epoch: Uuid::nil(),
            place_mode: 3,
            place_position: 0,
            place_row: Uuid::nil(),
            replays: 0,
            revision: 1,
            gone: 0,
            logged: 0,
            failures: 0,
            width: WIDTH_MAX,
            down_since: 0,
            tries: 0,
            try_at: 0,
            delivered_at: 0,
        }
    }

    #[test]
    fn only_statuses_of_success_are_success() {
        let called = |answer| Called { answer, retry_after: None, latency: Duration::ZERO };
        for status in [200, 202, 204, 299] {
            assert_eq!(meaning(&called(Ok(status))), Meaning::Taken, "{status}");
        }
        for status in [101, 199, 300, 301, 302, 307, 400, 401, 404, 429, 500, 503] {
            assert_eq!(meaning(&called(Ok(status))), Meaning::NotTaken, "{status}");
        }
        assert_eq!(meaning(&called(Ok(410))), Meaning::Gone);
        assert_eq!(meaning(&called(Err(Failure::Timeout))), Meaning::NotTaken);
    }

    #[test]
    fn a_case_is_tried_for_over_a_day_and_then_given_up() {
        let last = i64::try_from(ATTEMPTS_MAX).unwrap();
        let waits: Vec<_> = (1..last)
            .map(|attempts| next_attempt(attempts, None, at(0)).unwrap().micros())
            .collect();
        assert_eq!(waits, WAITS);
        assert!(waits.iter().sum::<i64>() > 24 * HOUR);
        assert_eq!(next_attempt(last, None, at(0)), None);
        assert_eq!(next_attempt(1, Some(90), at(0)), Some(at(90 * SECOND)));
        assert_eq!(next_attempt(3, Some(90), at(0)), Some(at(5 * MINUTE)));
    }

    #[test]
    fn several_cases_in_a_row_bring_a_lane_down_and_one_case_alone_never_does() {
        let mut lane = fresh();
        for _ in 0..100 {
            settle(&mut lane, &[REFUSED_AGAIN], at(1));
        }
        assert_eq!((lane.failures, lane.down_since, lane.width), (0, 0, WIDTH_MAX));
        settle(&mut lane, &[REFUSED, REFUSED, TAKEN, REFUSED, REFUSED], at(1));
        assert_eq!((lane.failures, lane.down_since, lane.width), (2, 0, WIDTH_MAX / 2));
        settle(&mut lane, &[REFUSED, REFUSED, REFUSED], at(7));
        assert_eq!((lane.down_since, lane.try_at), (7, 7 + 10 * SECOND));
        assert_eq!(mode(&lane, at(7)), Mode::Wait);
        assert_eq!(mode(&lane, at(lane.try_at)), Mode::Try);
    }

    #[test]
    fn a_lane_that_is_down_is_tried_ever_less_and_widens_again_step_by_step() {
        let mut lane = fresh();
        settle(&mut lane, &[REFUSED; 5], at(1));
        let mut waits = Vec::new();
        for _ in 0..7 {
            let now = lane.try_at;
            settle(&mut lane, &[REFUSED], at(now));
            waits.push((lane.try_at - now) / SECOND);
        }
        assert_eq!(waits, [20, 40, 80, 160, 300, 300, 300]);
        let now = at(lane.try_at);
        settle(&mut lane, &[TAKEN], now);
        let mut widths = vec![mode(&lane, at(lane.delivered_at))];
        for _ in 0..5 {
            settle(&mut lane, &[TAKEN], now);
            widths.push(mode(&lane, at(lane.delivered_at)));
        }
        assert_eq!(widths, [1, 2, 4, 8, 16, 16].map(Mode::Open));
        assert_eq!((lane.failures, lane.tries, lane.try_at), (0, 0, 0));
    }
}
