//! The day cut into cells, so that an overlap that must not happen is a key.
//!
//! A cell is half an hour of one technician. A window occupies every cell it touches, half-open at its
//! end, so windows that touch on the half hour are free of each other. Cells are counted from the Unix
//! epoch; Shanghai's offset is whole hours, so they never straddle a Shanghai midnight.

use std::ops::Range;

use parasol_journey::event::Window;
use parasol_journey::time::{MINUTE, Timestamp};

/// Microseconds in one cell.
pub const CELL: i64 = 30 * MINUTE;

/// The cells a window occupies; none when it is empty.
pub fn touched(window: Window) -> Range<i64> {
    if window.end <= window.start {
        return 0..0;
    }
    let last = window.end.micros().saturating_sub(1);
    cell_of(window.start)..last.div_euclid(CELL) + 1
}

/// The cell an instant lies in.
pub fn cell_of(at: Timestamp) -> i64 {
    at.micros().div_euclid(CELL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: &str, to: &str) -> Window {
        let at = |text: &str| Timestamp::parse(&format!("2026-06-{text}:00+08:00")).unwrap();
        Window { start: at(from), end: at(to) }
    }

    #[test]
    fn a_window_occupies_what_it_touches_and_nothing_behind_its_end() {
        let morning = touched(window("08T09:00", "08T11:00"));
        assert_eq!(morning.clone().count(), 4);
        assert_eq!(touched(window("08T11:00", "08T13:00")).start, morning.end, "touching is free");
        let crooked = touched(window("08T08:59", "08T09:01"));
        assert_eq!(crooked.clone().count(), 2);
        assert!(crooked.contains(&morning.start));
        assert_eq!(touched(window("08T09:10", "08T09:20")).count(), 1);
    }

    #[test]
    fn an_empty_window_occupies_nothing_and_a_night_is_one_range() {
        assert_eq!(touched(window("08T09:10", "08T09:10")).count(), 0);
        assert_eq!(touched(window("08T09:10", "08T09:00")).count(), 0);
        let night = touched(window("08T23:00", "09T01:00"));
        let midnight = cell_of(Timestamp::parse("2026-06-09T00:00:00+08:00").unwrap());
        assert_eq!(night.clone().count(), 4);
        assert!(night.contains(&(midnight - 1)) && night.contains(&midnight));
    }
}
