//! A technician's day on the clock: a shift, breaks in it, and what travel and work take of both.
//!
//! All instants and durations are microseconds. A way that meets a break waits for its end; work is
//! never cut by a break, it begins after it. Both rules keep the order of instants: whoever leaves
//! later never arrives earlier, which is what lets a route be judged from both of its ends.

/// From `start` to `end`. Of a shift and a break the end is the first instant outside; of a visit it is
/// the last instant at which work may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first instant.
    pub start: i64,
    /// The end.
    pub end: i64,
}

impl Window {
    /// From `start` to `end`.
    pub const fn new(start: i64, end: i64) -> Self {
        Self { start, end }
    }
}

/// When a technician works on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkDay {
    shift: Window,
    breaks: Vec<Window>,
}

impl WorkDay {
    /// A day from the start of `shift`, when the technician leaves, to its end, when they are back.
    /// Breaks outside the shift and empty ones are dropped, those that meet are one.
    pub fn new(shift: Window, breaks: impl IntoIterator<Item = Window>) -> Self {
        let inside = |pause: Window| Window {
            start: pause.start.max(shift.start),
            end: pause.end.min(shift.end),
        };
        let mut sorted: Vec<Window> =
            breaks.into_iter().map(inside).filter(|pause| pause.start < pause.end).collect();
        sorted.sort_by_key(|pause| pause.start);
        let mut breaks: Vec<Window> = Vec::with_capacity(sorted.len());
        for pause in sorted {
            match breaks.last_mut().filter(|last| pause.start <= last.end) {
                Some(last) => last.end = last.end.max(pause.end),
                None => breaks.push(pause),
            }
        }
        Self { shift, breaks }
    }

    /// From leaving to being back.
    pub const fn shift(&self) -> Window {
        self.shift
    }

    /// The breaks, in order and apart from each other.
    pub fn breaks(&self) -> &[Window] {
        &self.breaks
    }

    /// When somebody arrives who leaves at `leave` for a way of `travel`.
    pub fn arrival(&self, leave: i64, travel: i64) -> i64 {
        let mut at = leave + travel;
        for pause in &self.breaks {
            if pause.end <= leave {
                continue;
            }
            if at <= pause.start {
                break;
            }
            at += pause.end - pause.start.max(leave);
        }
        at
    }

    /// The latest that somebody may leave for a way of `travel` to arrive at `by`.
    pub fn departure(&self, by: i64, travel: i64) -> i64 {
        let mut at = by - travel;
        for pause in self.breaks.iter().rev() {
            if by <= pause.start {
                continue;
            }
            if pause.end <= at {
                break;
            }
            at -= pause.end.min(by) - pause.start;
        }
        at
    }

    /// The earliest that work of `service` begins within one of `windows` (in order) by somebody who
    /// is there at `arrival`; `None` when it is too late for all of them.
    pub fn begin(&self, windows: &[Window], service: i64, arrival: i64) -> Option<i64> {
        windows.iter().find_map(|window| {
            let mut begin = arrival.max(window.start);
            for pause in &self.breaks {
                if begin < pause.end && pause.start < begin + service {
                    begin = pause.end;
                }
            }
            (begin <= window.end).then_some(begin)
        })
    }

    /// The latest that work of `service` begins within one of `windows` (in order) and ends at `by`.
    pub fn begin_by(&self, windows: &[Window], service: i64, by: i64) -> Option<i64> {
        windows.iter().rev().find_map(|window| {
            let mut begin = window.end.min(by - service);
            for pause in self.breaks.iter().rev() {
                if begin < pause.end && pause.start < begin + service {
                    begin = pause.start - service;
                }
            }
            (window.start <= begin).then_some(begin)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day() -> WorkDay {
        WorkDay::new(Window::new(0, 100), [Window::new(40, 50), Window::new(45, 55)])
    }

    #[test]
    fn a_way_waits_for_a_break_and_work_begins_after_it() {
        let day = day();
        assert_eq!(day.breaks(), [Window::new(40, 55)]);
        assert_eq!(day.arrival(10, 30), 40, "there when it begins");
        assert_eq!(day.arrival(10, 31), 56);
        assert_eq!(day.arrival(45, 5), 60, "who is in a break leaves after it");
        assert_eq!(day.departure(56, 31), 10);
        assert_eq!(day.begin(&[Window::new(0, 99)], 10, 31), Some(55));
        assert_eq!(day.begin(&[Window::new(0, 99)], 10, 30), Some(30));
        assert_eq!(day.begin(&[Window::new(0, 50)], 10, 31), None);
        assert_eq!(day.begin(&[Window::new(0, 50), Window::new(70, 80)], 10, 31), Some(70));
        assert_eq!(day.begin_by(&[Window::new(0, 99)], 10, 60), Some(30));
        assert_eq!(day.begin_by(&[Window::new(0, 20), Window::new(70, 80)], 10, 60), Some(20));
        assert_eq!(day.begin_by(&[Window::new(45, 50)], 10, 100), None);
    }

    fn days() -> impl Strategy<Value = WorkDay> {
        let pause = (0_i64..100, 0_i64..20).prop_map(|(at, long)| Window::new(at, at + long));
        prop::collection::vec(pause, 0..4)
            .prop_map(|breaks| WorkDay::new(Window::new(0, 100), breaks))
    }

    proptest! {
        #[test]
        fn who_leaves_later_never_arrives_earlier(day in days(), at in 0_i64..100, way in 0_i64..40) {
            prop_assert!(day.arrival(at, way) <= day.arrival(at + 1, way));
        }

        #[test]
        fn the_latest_departure_arrives_in_time_and_no_later_one_does(
            day in days(), by in 0_i64..120, way in 1_i64..40,
        ) {
            let leave = day.departure(by, way);
            prop_assert!(day.arrival(leave, way) <= by);
            prop_assert!(day.arrival(leave + 1, way) > by);
        }

        #[test]
        fn the_latest_beginning_ends_in_time_and_no_later_one_does(
            day in days(), by in 0_i64..120, service in 1_i64..30, start in 0_i64..100, long in 0_i64..40,
        ) {
            let windows = [Window::new(start, start + long)];
            let found = day.begin_by(&windows, service, by);
            let every = (start..=start + long).filter(|at| at + service <= by);
            let best = every.filter(|at| day.begin(&windows, service, *at) == Some(*at)).max();
            prop_assert_eq!(found, best);
        }
    }
}
