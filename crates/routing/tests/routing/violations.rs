//! The check finds what is wrong, each thing by its name.

use parasol_routing::check::{Violation, check};
use parasol_routing::problem::{Problem, Store, Technician, Visit, Weights};
use parasol_routing::travel::Matrix;
use parasol_routing::{Plan, Stop, Window, WorkDay};

/// Places on a line, one apart; technicians live at 0, visits are at 1, 2 and so on.
pub fn line(technicians: usize, visits: usize) -> Problem {
    let places = visits + 1;
    let technician = Technician {
        start: 0,
        end: Some(0),
        day: WorkDay::new(Window::new(0, 100), []),
        skills: 0b11,
        tools: 0b1,
        stock: vec![1],
        visits_max: 3,
    };
    let visit = |nth: usize| Visit {
        place: nth + 1,
        windows: vec![Window::new(0, 90)],
        is_promised: false,
        service: 5,
        skills: 0b1,
        tools: 0,
        parts: Vec::new(),
        left_out_cost: 1_000,
        only: None,
        announced: None,
    };
    Problem {
        travel: Matrix::of(places, |from, to| i64::try_from(from.abs_diff(to)).unwrap()),
        technicians: vec![technician; technicians],
        visits: (0..visits).map(visit).collect(),
        store: None,
        weights: Weights::default(),
    }
}

/// A plan with these routes; whoever is not on them is left out.
pub fn plan(problem: &Problem, routes: &[&[Stop]]) -> Plan {
    let is_planned =
        |visit: &usize| routes.iter().any(|route| route.contains(&Stop::Visit(*visit)));
    let left_out = (0..problem.visits.len()).filter(|visit| !is_planned(visit)).collect();
    Plan { routes: routes.iter().map(|route| route.to_vec()).collect(), left_out }
}

const A: Stop = Stop::Visit(0);
const B: Stop = Stop::Visit(1);

#[test]
fn what_is_right_is_right() {
    let problem = line(2, 2);
    assert_eq!(check(&problem, &plan(&problem, &[&[A, B], &[]])), []);
    assert_eq!(check(&problem, &Plan::empty(&problem)), []);
}

#[test]
fn each_violation_is_found() {
    type Change = fn(&mut Problem, &mut Plan);
    let cases: [(Change, Violation); 14] = [
        (|_, plan| plan.routes.truncate(1), Violation::Routes),
        (|_, plan| plan.routes[0].push(Stop::Visit(9)), Violation::UnknownVisit(9)),
        (|_, plan| plan.routes[1].push(A), Violation::NotOnce(0)),
        (|_, plan| plan.left_out.push(1), Violation::NotOnce(1)),
        (|problem, _| problem.visits[1].only = Some(1), Violation::WrongTechnician(0, 1)),
        (|problem, _| problem.visits[1].skills = 0b100, Violation::Skill(0, 1)),
        (|problem, _| problem.visits[0].tools = 0b10, Violation::Tool(0, 0)),
        (|problem, _| problem.visits[0].parts = vec![2], Violation::Part(0, 0)),
        (|problem, _| problem.visits[0].parts = vec![0, 1], Violation::Part(0, 0)),
        (
            |problem, _| problem.visits[1].windows = vec![Window::new(0, 6)],
            Violation::TooLate(0, 1),
        ),
        (|_, plan| plan.routes[0].insert(0, Stop::Store), Violation::Store(0)),
        (|problem, _| problem.visits[1].service = 92, Violation::Overtime(0)),
        (|problem, _| problem.technicians[0].visits_max = 1, Violation::TooMany(0)),
        (
            |problem, _| problem.visits.iter_mut().for_each(|one| one.is_promised = true),
            Violation::Overlap(0, 1),
        ),
    ];
    for (change, expected) in cases {
        let mut problem = line(2, 2);
        let mut wrong = plan(&problem, &[&[A, B], &[]]);
        change(&mut problem, &mut wrong);
        assert_eq!(check(&problem, &wrong), [expected]);
        assert!(!expected.to_string().is_empty());
    }
}

#[test]
fn the_store_fills_up_once() {
    let mut problem = line(1, 2);
    problem.visits[1].parts = vec![7, 7];
    problem.visits[1].tools = 0b10;
    let store = Store { place: 0, windows: vec![Window::new(0, 50)], service: 1 };
    problem.store = Some(store);
    assert_eq!(check(&problem, &plan(&problem, &[&[A, Stop::Store, B]])), []);
    let late = plan(&problem, &[&[A, B, Stop::Store]]);
    let missing = Violation::Part(0, 1);
    assert_eq!(check(&problem, &late), [Violation::Tool(0, 1), missing, missing]);
    let twice = plan(&problem, &[&[Stop::Store, A, Stop::Store, B]]);
    assert_eq!(check(&problem, &twice), [Violation::Store(0)]);
}

#[test]
fn breaks_are_kept() {
    let mut problem = line(1, 2);
    problem.technicians[0].day = WorkDay::new(Window::new(0, 22), [Window::new(4, 9)]);
    // 1 there, work from 9 to 14 since it would be cut by the break, 15 at the next, 20, 22 home.
    let both = plan(&problem, &[&[A, B]]);
    assert_eq!(check(&problem, &both), []);
    let hours = both.hours(&problem, 0).unwrap();
    assert_eq!((hours.start, hours.end), (3, 22), "one before the break");
    problem.technicians[0].day = WorkDay::new(Window::new(0, 21), [Window::new(4, 9)]);
    assert_eq!(check(&problem, &both), [Violation::Overtime(0)]);
}
