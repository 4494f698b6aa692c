//! The library's solver, held against the same arithmetic as ours. It gives other plans for the same
//! seed, so what is asserted holds for every plan it may give, or is an optimum of a tiny day.

use parasol_routing::check::check;
use parasol_routing::generate::{City, MINUTE};
use parasol_routing::problem::{Store, Weights};
use parasol_routing::reasons::{Reason, of};
use parasol_routing::solver::{Induction, SolveError, VrpCore};
use parasol_routing::{Pace, Plan, Problem, Progress, Solver as _, Stop, Window, WorkDay};
use proptest::prelude::*;

use crate::optimum::least;
use crate::plans::{solve_by, who_comes};
use crate::violations::{line, plan};

/// Steps of the library that a day of a few visits needs.
const STEPS: u64 = 40;

fn solve(problem: &Problem, from: Option<&Plan>, steps: u64) -> Plan {
    let (plan, _) = solve_by(&VrpCore, problem, from, 1, steps);
    assert_eq!(check(problem, &plan), []);
    plan
}

/// The tiny days of [`crate::optimum`], without the store: each plan costs at most a twentieth more
/// than the best there is, and nine of ten cost the same.
#[test]
fn tiny_days_are_planned_as_well_as_they_can_be() {
    let mut best = 0;
    let days = 32;
    for seed in 0..days {
        let bit = |nth: u64| seed >> nth & 1 == 1;
        let visits = 1 + usize::try_from(seed % 4).unwrap();
        let city = City { technicians: 2, visits, half_side: 20_000.0, has_store: false };
        let mut problem = city.day(seed).problem;
        problem.weights = Weights { waiting: bit(3), ..Weights::default() };
        for visit in &mut problem.visits {
            visit.left_out_cost /= 8;
            visit.is_promised = bit(4);
        }
        let cost = solve(&problem, None, STEPS).figures(&problem).cost;
        let least = least(&problem);
        assert!(cost <= least + least / 20, "{seed}: {cost} {least}");
        best += u64::from(cost == least);
    }
    assert!(best * 10 >= days * 9, "{best} of {days}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Skills, breaks, promises, parts, fixed costs, fairness, days that end with the last visit and
    /// visits with two windows, all at once.
    #[test]
    fn plans_can_be_carried_out_and_cost_what_was_said(
        seed in 0_u64..10_000,
        technicians in 1_usize..6,
        visits in 1_usize..40,
        waiting: bool,
        is_promised: bool,
        is_open: bool,
        has_parts: bool,
        fairness in 0_u8..2,
    ) {
        let city = City { technicians, visits, half_side: 12_000.0, has_store: has_parts };
        let mut problem = city.day(seed).problem;
        problem.store = None;
        for (nth, visit) in problem.visits.iter_mut().enumerate() {
            visit.is_promised = is_promised;
            if nth % 3 == 0 {
                let last = visit.windows[0];
                let next = Window::new(last.end + 60 * MINUTE, last.end + 120 * MINUTE);
                visit.windows.push(next);
            }
        }
        if is_open {
            problem.technicians.iter_mut().for_each(|who| who.end = None);
        }
        let technician = 20 * MINUTE;
        problem.weights = Weights { technician, waiting, fairness: f64::from(fairness) * 0.05 };
        let (plan, progress) = solve_by(&VrpCore, &problem, None, seed, 8);
        prop_assert_eq!(check(&problem, &plan), []);
        let figures = plan.figures(&problem);
        prop_assert_eq!((figures.cost, figures.left_out), (progress.cost, progress.left_out));
    }
}

#[test]
fn it_is_nearly_as_good_as_ours_on_a_small_day() {
    let city = City { technicians: 4, visits: 14, half_side: 15_000.0, has_store: false };
    let problem = city.day(7).problem;
    let (ours, _) = solve_by(&Induction, &problem, None, 1, 4_000);
    let cost = |plan: &Plan| plan.figures(&problem).cost;
    let theirs = solve(&problem, None, 300);
    assert!(cost(&theirs) * 10 <= cost(&ours) * 11, "{} {}", cost(&theirs), cost(&ours));
}

#[test]
fn a_break_is_kept_and_a_later_window_is_used() {
    let mut problem = line(1, 2);
    problem.technicians[0].day = WorkDay::new(Window::new(0, 40), [Window::new(4, 9)]);
    let both = solve(&problem, None, STEPS);
    assert_eq!(both.left_out, [0; 0]);
    // Work would be cut by the break, and after it there is no time for both.
    problem.technicians[0].day = WorkDay::new(Window::new(0, 20), [Window::new(4, 9)]);
    let one = solve(&problem, None, STEPS);
    assert_eq!(one.left_out.len(), 1);
    problem.technicians[0].day = WorkDay::new(Window::new(0, 40), [Window::new(4, 9)]);
    problem.visits[0].windows = vec![Window::new(0, 0), Window::new(25, 30), Window::new(90, 95)];
    let later = solve(&problem, None, STEPS);
    assert_eq!(later.routes, [[Stop::Visit(1), Stop::Visit(0)]]);
}

#[test]
fn a_pinned_visit_and_an_announced_one_stay_with_their_technician() {
    let mut problem = line(2, 2);
    problem.technicians[1].start = 2;
    problem.technicians[1].end = Some(2);
    problem.visits[1].only = Some(0);
    let pinned = solve(&problem, None, STEPS);
    assert_eq!(who_comes(&pinned, 1), Some(0));
    problem.visits[1].only = None;
    let free = solve(&problem, None, STEPS);
    assert_eq!(who_comes(&free, 1), Some(1), "who lives there");
    problem.visits[1].announced = Some((0, 50));
    let announced = solve(&problem, None, STEPS);
    assert_eq!(who_comes(&announced, 1), Some(0));
}

#[test]
fn what_is_left_out_has_its_reasons() {
    type Change = fn(&mut Problem);
    let cases: [(Change, Reason); 7] = [
        (|problem| problem.visits[1].skills = 0b100, Reason::Skill),
        (|problem| problem.visits[1].tools = 0b10, Reason::Tool),
        (|problem| problem.visits[1].parts = vec![2], Reason::Part),
        (|problem| problem.visits[1].windows = vec![Window::new(0, 1)], Reason::Hours),
        (|problem| problem.technicians[0].visits_max = 1, Reason::Visits),
        (|problem| problem.visits.iter_mut().for_each(|one| one.is_promised = true), Reason::Taken),
        (|problem| problem.visits[1].left_out_cost = 1, Reason::Cost),
    ];
    for (change, expected) in cases {
        let mut problem = line(1, 2);
        problem.visits[0].left_out_cost = 9_000;
        change(&mut problem);
        let found = solve(&problem, None, STEPS);
        assert_eq!(found, plan(&problem, &[&[Stop::Visit(0)]]), "{expected:?}");
        assert_eq!(of(&problem, &found, 1), [expected]);
    }
}

/// The most urgent visits get the time there is.
#[test]
fn what_is_urgent_comes_first() {
    let mut problem = line(1, 6);
    problem.technicians[0].visits_max = 3;
    for (nth, visit) in problem.visits.iter_mut().enumerate() {
        visit.left_out_cost = if nth % 2 == 0 { 100 } else { 5_000 };
    }
    assert_eq!(solve(&problem, None, STEPS).left_out, [0, 2, 4]);
}

#[test]
fn fairness_evens_out_the_hours() {
    let mut problem = line(2, 6);
    problem.technicians.iter_mut().for_each(|who| who.visits_max = 6);
    let most =
        |problem: &Problem| solve(problem, None, STEPS).routes.iter().map(Vec::len).max().unwrap();
    assert_eq!(most(&problem), 6, "one way out is the shortest");
    // An hour is 3.6e9 of these small units.
    problem.weights.fairness = 1e9;
    assert_eq!(most(&problem), 3);
}

#[test]
fn a_plan_there_is_already_is_not_made_worse() {
    let city = City { technicians: 8, visits: 50, half_side: 12_000.0, has_store: false };
    let problem = city.day(3).problem;
    let (before, _) = solve_by(&Induction, &problem, None, 1, 3_000);
    let cost = |plan: &Plan| plan.figures(&problem).cost;
    for steps in [0, 1, 4] {
        let after = solve(&problem, Some(&before), steps);
        assert!(cost(&after) <= cost(&before));
    }
    // What is impossible by now is planned anew, the rest is kept.
    let mut ill = problem.clone();
    ill.technicians[0].visits_max = 0;
    let after = solve(&ill, Some(&before), 4);
    assert!(after.routes[0].is_empty());
}

#[test]
fn it_stops_at_once_when_it_is_told() {
    let city = City { technicians: 20, visits: 150, half_side: 12_000.0, has_store: false };
    let problem = city.day(5).problem;
    assert_eq!(solve(&problem, None, 0), Plan::empty(&problem));
    // In the middle of the first step, of which there is nothing to be kept yet.
    for words in [1, 2, 10] {
        let (mut heard, mut after) = (0, 0);
        let mut watch = |progress: Progress| {
            assert_eq!(progress.tried, 0, "the first step takes longer");
            heard += 1;
            after += u64::from(heard > words);
            if heard >= words { Pace::Stop } else { Pace::Go(0.0) }
        };
        let plan = VrpCore.solve(&problem, None, 1, &mut watch).unwrap();
        assert_eq!(check(&problem, &plan), []);
        assert!(after <= 8, "asked {after} times more");
    }
}

#[test]
#[should_panic(expected = "no more patience")]
fn it_ends_when_whoever_asked_is_gone() {
    let problem = line(2, 6);
    let mut asked = 0;
    let _ = VrpCore.solve(&problem, None, 1, &mut |_| {
        asked += 1;
        assert!(asked < 5, "no more patience");
        Pace::Go(0.0)
    });
}

#[test]
fn a_store_it_cannot_say() {
    let mut problem = line(1, 1);
    problem.store = Some(Store { place: 0, windows: vec![Window::new(0, 50)], service: 1 });
    let answer = VrpCore.solve(&problem, None, 1, &mut |_| panic!("nothing to ask"));
    let Err(SolveError::Unsupported { solver, what }) = answer else { panic!("{answer:?}") };
    assert_eq!((solver, what), ("vrp_core", "a store"));
}

#[test]
fn days_without_anybody_or_anything_are_plans_too() {
    for (technicians, visits) in [(0, 0), (0, 2), (2, 0), (1, 1)] {
        let problem = line(technicians, visits);
        let found = solve(&problem, None, 2);
        assert_eq!(found.left_out.len(), if technicians == 0 { visits } else { 0 });
    }
}
