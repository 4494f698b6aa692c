//! Tiny days, solved by trying everything.

use parasol_routing::check::check;
use parasol_routing::generate::City;
use parasol_routing::problem::Weights;
use parasol_routing::{Plan, Problem, Stop};

use crate::plans::solve;

/// The least that any plan costs: every technician or nobody for each visit, every order, with and
/// without the store anywhere.
pub fn least(problem: &Problem) -> i64 {
    let mut best = i64::MAX;
    extend(problem, &Plan::empty(problem), 0, &mut best);
    best
}

fn extend(problem: &Problem, plan: &Plan, visit: usize, best: &mut i64) {
    if visit == problem.visits.len() {
        stores(problem, plan, 0, best);
        return;
    }
    extend(problem, plan, visit + 1, best);
    for technician in 0..plan.routes.len() {
        for place in 0..=plan.routes[technician].len() {
            let mut more = plan.clone();
            more.routes[technician].insert(place, Stop::Visit(visit));
            more.left_out.retain(|one| *one != visit);
            extend(problem, &more, visit + 1, best);
        }
    }
}

fn stores(problem: &Problem, plan: &Plan, technician: usize, best: &mut i64) {
    if technician == plan.routes.len() {
        if check(problem, plan).is_empty() {
            *best = plan.figures(problem).cost.min(*best);
        }
        return;
    }
    stores(problem, plan, technician + 1, best);
    if problem.store.is_some() {
        for place in 0..plan.routes[technician].len() {
            let mut more = plan.clone();
            more.routes[technician].insert(place, Stop::Store);
            stores(problem, &more, technician + 1, best);
        }
    }
}

/// The same days in every run: a search by chance promises nothing for days nobody has looked at.
#[test]
fn nothing_is_better_than_what_is_found() {
    for seed in 0..64 {
        let bit = |nth: u64| seed >> nth & 1 == 1;
        let visits = 1 + usize::try_from(seed % 4).unwrap();
        let city = City { technicians: 2, visits, half_side: 20_000.0, has_store: bit(2) };
        let mut problem = city.day(seed).problem;
        problem.weights = Weights { waiting: bit(3), ..Weights::default() };
        // Costs near those of the ways, so that leaving out is a real choice.
        for visit in &mut problem.visits {
            visit.left_out_cost /= 8;
            visit.is_promised = bit(4);
        }
        let (plan, _) = solve(&problem, None, 1, 4_000);
        assert_eq!(check(&problem, &plan), [], "{seed}");
        assert_eq!(plan.figures(&problem).cost, least(&problem), "{seed}");
    }
}

/// Two visits that are worth the way only together.
#[test]
fn a_way_that_is_worth_it_for_two_is_found() {
    let city = City { technicians: 2, visits: 4, half_side: 20_000.0, has_store: false };
    let mut problem = city.day(52_051).problem;
    problem.visits.iter_mut().for_each(|visit| visit.left_out_cost /= 8);
    let (plan, _) = solve(&problem, None, 1, 4_000);
    assert_eq!(plan.figures(&problem).cost, least(&problem));
}
