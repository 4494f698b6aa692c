//! Who may see where a technician is, and when they will be there.
//!
//! Positions lie with the bell and expire by themselves; here it is decided what becomes of them. The log
//! decides whether somebody is on the way: from the first word of the way there to the door, and never
//! once the visit was moved, called off or handed over.

use parasol_bell::Position;
use parasol_casebook::Point;
use parasol_journey::case::Visit;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::{Case, Stage};

/// The visit that a technician is on the way to now.
pub fn under_way(case: &Case) -> Option<&Visit> {
    let visit = case.visit.as_ref().filter(|visit| visit.en_route);
    visit.filter(|_| case.stage == Stage::Appointed && case.checked_in_at.is_none())
}

/// When to expect the technician: by the last position and the way from there, or as was said, whichever is
/// newer. `way` is how long it takes from the position; `None` where the place of the address is not known.
pub fn expected_at(
    visit: &Visit,
    position: Option<Position>,
    way: Option<Span>,
) -> Option<Timestamp> {
    let measured = position.zip(way).map(|(position, way)| (position.at, position.at + way));
    let said = visit.said_at.zip(visit.arriving_at);
    let newest = measured.into_iter().chain(said).max_by_key(|(at, _)| *at);
    newest.map(|(_, expected)| expected)
}

/// The same place as the bell keeps it.
pub fn at(point: Point, now: Timestamp) -> Position {
    Position { lat: point.lat, lon: point.lon, at: now }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_word_counts() {
        let minute = |minutes| Timestamp::from_micros(0) + Span::minutes(minutes);
        let said = |arriving_at| Visit {
            id: "appt_01905af12b3c7def8123456789abcdef".parse().unwrap(),
            technician: "tech-1".parse().unwrap(),
            helper: None,
            window: parasol_journey::event::Window { start: minute(0), end: minute(120) },
            en_route: true,
            arriving_at,
            said_at: Some(minute(10)),
        };
        let seen = |minutes| Some(Position { lat: 0, lon: 0, at: minute(minutes) });
        let way = Some(Span::minutes(5));
        let told = said(Some(minute(40)));
        assert_eq!(expected_at(&told, None, None), Some(minute(40)));
        assert_eq!(expected_at(&told, seen(20), way), Some(minute(25)));
        assert_eq!(expected_at(&told, seen(9), way), Some(minute(40)));
        assert_eq!(expected_at(&told, seen(20), None), Some(minute(40)), "the way is not known");
        assert_eq!(expected_at(&said(None), None, way), None);
        assert_eq!(expected_at(&said(None), seen(9), way), Some(minute(14)));
    }
}
