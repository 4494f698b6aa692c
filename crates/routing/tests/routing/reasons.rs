use parasol_routing::problem::{Problem, Store};
use parasol_routing::reasons::{Reason, of};
use parasol_routing::{Stop, Window};

use crate::violations::{line, plan};

#[test]
fn every_technician_has_the_first_reason_that_holds() {
    type Change = fn(&mut Problem);
    let cases: [(Change, Reason); 9] = [
        (|problem| problem.visits[1].only = Some(1), Reason::Pinned),
        (|problem| problem.visits[1].skills = 0b100, Reason::Skill),
        (|problem| problem.visits[1].tools = 0b10, Reason::Tool),
        (|problem| problem.visits[1].parts = vec![2], Reason::Part),
        (|problem| problem.visits[1].windows = vec![Window::new(0, 1)], Reason::Hours),
        (|problem| problem.technicians[0].visits_max = 1, Reason::Visits),
        (|problem| problem.visits[0].windows = vec![Window::new(1, 1)], Reason::Full),
        (|problem| problem.visits.iter_mut().for_each(|one| one.is_promised = true), Reason::Taken),
        (|_| {}, Reason::Cost),
    ];
    for (change, expected) in cases {
        let mut problem = line(1, 2);
        change(&mut problem);
        if expected == Reason::Full {
            problem.visits[1].windows = vec![Window::new(2, 4)];
        }
        let without = plan(&problem, &[&[Stop::Visit(0)]]);
        assert_eq!(of(&problem, &without, 1), [expected]);
    }
}

#[test]
fn what_the_store_has_is_no_reason() {
    let mut problem = line(1, 2);
    problem.visits[1].parts = vec![2];
    problem.store = Some(Store { place: 0, windows: vec![Window::new(0, 50)], service: 1 });
    let without = plan(&problem, &[&[Stop::Visit(0)]]);
    assert_eq!(of(&problem, &without, 1), [Reason::Cost]);
}
