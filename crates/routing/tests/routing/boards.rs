use std::sync::Arc;

use parasol_routing::board::{Ask, Board, Booking, Closed, Day, Found, Profile, Wanted};
use parasol_routing::generate::{City, MINUTE, skills};
use parasol_routing::travel::{Point, Roads, Travel as _};
use parasol_routing::{Window, WorkDay};
use proptest::prelude::*;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

const HOUR: i64 = 60 * MINUTE;
const CITY: City = City { technicians: 0, visits: 0, half_side: 10_000.0, has_store: false };
const MIDDLE: Point = Point { lat: 30.25, lon: 120.16 };

fn day_hours() -> WorkDay {
    WorkDay::new(Window::new(8 * HOUR, 18 * HOUR), [Window::new(12 * HOUR, 13 * HOUR)])
}

fn two_hours(from: i64) -> Window {
    Window::new(from * HOUR, (from + 2) * HOUR)
}

/// Technicians with days that hold as many visits as found a place.
fn board(seed: u64, technicians: usize, asked: usize, is_apart: bool) -> (Board, ChaCha8Rng) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut board = Board::new(Arc::new(Roads::CITY), 30_000.0);
    for _ in 0..technicians {
        let home = CITY.somewhere(&mut rng, MIDDLE, 1.0);
        let number = board.add(Profile { home, skills: skills(&mut rng, 3), visits_max: 5 });
        board.set_day(number, 1, day_hours());
    }
    for id in 0..asked {
        let ask = Ask { is_apart, ..ask(&mut rng) };
        let wanted = Wanted { day: 1, window: two_hours(rng.random_range(8..16)) };
        if let Some((technician, fit)) = board.best(&ask, &wanted) {
            let Ask { at, service, skills, .. } = ask;
            let (id, window) = (id as u128, wanted.window);
            let booking = Booking { id, at, window, service, skills, is_pinned: false };
            board.day_mut(technician, 1).unwrap().insert(fit.after, booking);
        }
    }
    (board, rng)
}

fn ask(rng: &mut ChaCha8Rng) -> Ask {
    Ask {
        at: CITY.somewhere(rng, MIDDLE, 1.0),
        service: rng.random_range(2..=9) * 10 * MINUTE,
        skills: 1 << rng.random_range(0..6),
        is_apart: true,
    }
}

/// Whether a day with one more visit anywhere in it keeps every promise, walked stop by stop.
fn can_be_kept(day: &Day, home: Point, ask: &Ask, window: Window) -> bool {
    let hours = day.hours();
    (0..=day.bookings().len()).any(|gap| {
        let mut stops: Vec<(Point, Window, i64)> =
            day.bookings().iter().map(|one| (one.at, one.window, one.service)).collect();
        stops.insert(gap, (ask.at, Window::new(window.start, window.end - 1), ask.service));
        let (mut now, mut place) = (hours.shift().start, home);
        for (at, window, service) in stops {
            let arrives = hours.arrival(now, Roads::CITY.time(place, at));
            let Some(begin) = hours.begin(&[window], service, arrives) else { return false };
            (now, place) = (begin + service, at);
        }
        hours.arrival(now, Roads::CITY.time(place, home)) <= hours.shift().end
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn what_is_open_can_be_kept_and_what_is_closed_cannot(seed in 0_u64..100_000, asked in 0_usize..60) {
        let (mut board, mut rng) = board(seed, 12, asked, true);
        let windows: Vec<_> = (7..18).map(|from| Wanted { day: 1, window: two_hours(from) }).collect();
        let ask = ask(&mut rng);
        for (wanted, found) in windows.iter().zip(board.find(&ask, &windows)) {
            let able = |number: &usize| {
                let profile = board.profile(*number).unwrap();
                let day = board.day(*number, 1).unwrap();
                let overlap = |one: &Booking| one.window.start < wanted.window.end && wanted.window.start < one.window.end;
                ask.skills & !profile.skills == 0
                    && day.bookings().len() < profile.visits_max
                    && !day.bookings().iter().any(overlap)
                    && can_be_kept(day, profile.home, &ask, wanted.window)
            };
            let able: Vec<_> = (0..board.technicians()).filter(able).collect();
            match &found {
                Found::Open { technician, .. } => prop_assert!(able.contains(technician)),
                Found::Closed(why) => {
                    prop_assert!(able.is_empty(), "{able:?} at {wanted:?}: {why:?}");
                    prop_assert_eq!(why.values().sum::<usize>(), board.technicians());
                }
            }
            if let Found::Open { technician, fit } = found {
                let Ask { at, service, skills, .. } = ask;
                let booking = Booking { id: 9_999, at, window: wanted.window, service, skills, is_pinned: false };
                let day = board.day_mut(technician, 1).unwrap();
                day.insert(fit.after, booking);
                prop_assert!(day.is_kept());
                day.remove(9_999);
            }
        }
    }

    #[test]
    fn an_urgent_visit_breaks_no_promise(seed in 0_u64..100_000) {
        let (mut board, mut rng) = board(seed, 10, 80, false);
        let visits = |board: &Board| (0..10).map(|one| board.day(one, 1).unwrap().bookings().len()).sum::<usize>();
        let before = visits(&board);
        let ask = Ask { is_apart: false, ..ask(&mut rng) };
        let wanted = Wanted { day: 1, window: two_hours(10) };
        if let Some(placed) = board.place(&ask, &wanted) {
            let Ask { at, service, skills, .. } = ask;
            let booking = Booking { id: 9_999, at, window: wanted.window, service, skills, is_pinned: false };
            board.carry_out(&placed, booking, 1);
            prop_assert_eq!(visits(&board), before + 1);
            for one in 0..10 {
                prop_assert!(board.day(one, 1).unwrap().is_kept());
            }
        }
    }
}

#[test]
fn an_urgent_visit_moves_another_when_nobody_has_room() {
    let mut board = Board::new(Arc::new(Roads::CITY), 30_000.0);
    for skills in [0b11, 0b01] {
        let number = board.add(Profile { home: MIDDLE, skills, visits_max: 1 });
        board.set_day(number, 1, day_hours());
    }
    let booking = |id, skills| Booking {
        id,
        at: MIDDLE,
        window: two_hours(9),
        service: HOUR,
        skills,
        is_pinned: false,
    };
    board.day_mut(0, 1).unwrap().put(booking(1, 0b01));
    let ask = Ask { at: MIDDLE, service: HOUR, skills: 0b10, is_apart: false };
    let wanted = Wanted { day: 1, window: two_hours(10) };
    let placed = board.place(&ask, &wanted).unwrap();
    assert_eq!(
        (placed.technician, placed.moved.map(|moved| (moved.id, moved.technician))),
        (0, Some((1, 1)))
    );
    let mut pinned = board.clone();
    pinned.day_mut(0, 1).unwrap().put(Booking { is_pinned: true, ..booking(1, 0b01) });
    assert_eq!(pinned.place(&ask, &wanted), None);
    board.carry_out(&placed, booking(2, 0b10), 1);
    let ids = |number| {
        board.day(number, 1).unwrap().bookings().iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!((ids(0), ids(1)), (vec![2], vec![1]));
}

#[test]
fn a_closed_window_says_why() {
    let mut board = Board::new(Arc::new(Roads::CITY), 60_000.0);
    let number = board.add(Profile { home: MIDDLE, skills: 0b1, visits_max: 2 });
    board.set_day(number, 1, day_hours());
    let far = Point { lat: MIDDLE.lat + 0.4, ..MIDDLE };
    let here = Ask { at: MIDDLE, service: HOUR, skills: 0b1, is_apart: true };
    let why = |board: &Board, ask: &Ask, day, from| match board
        .find(ask, &[Wanted { day, window: two_hours(from) }])
        .remove(0)
    {
        Found::Open { .. } => None,
        Found::Closed(why) => why.into_keys().next(),
    };
    assert_eq!(why(&board, &here, 1, 9), None);
    assert_eq!(why(&board, &Ask { skills: 0b10, ..here }, 1, 9), Some(Closed::Skill));
    assert_eq!(why(&board, &here, 2, 9), Some(Closed::OffDuty), "a day that was never set");
    assert_eq!(why(&board, &here, 1, 18), Some(Closed::OffDuty));
    assert_eq!(
        why(&board, &Ask { at: far, ..here }, 1, 8),
        Some(Closed::OffDuty),
        "two hours away"
    );
    let window = two_hours(9);
    let booking =
        Booking { id: 1, at: MIDDLE, window, service: HOUR, skills: 0b1, is_pinned: false };
    board.day_mut(number, 1).unwrap().put(booking);
    assert_eq!(why(&board, &here, 1, 10), Some(Closed::Taken));
    assert_eq!(why(&board, &here, 1, 11), None, "windows that touch are free of each other");
    let near = Point { lat: MIDDLE.lat + 0.2, ..MIDDLE };
    assert_eq!(why(&board, &Ask { at: near, service: 3 * HOUR, ..here }, 1, 13), None);
    let after = Booking { id: 2, window: two_hours(15), ..booking };
    board.day_mut(number, 1).unwrap().put(after);
    assert_eq!(why(&board, &here, 1, 13), Some(Closed::Visits));
    board.day_mut(number, 1).unwrap().remove(1);
    assert_eq!(
        why(&board, &Ask { at: near, service: 3 * HOUR, ..here }, 1, 13),
        Some(Closed::Travel)
    );
    assert!(board.find(&here, &[]).is_empty());
    let nobody = Board::new(Arc::new(Roads::CITY), 60_000.0);
    assert_eq!(nobody.find(&here, &[Wanted { day: 1, window }]), [Found::Closed([].into())]);
}
