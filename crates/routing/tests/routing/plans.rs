use parasol_routing::check::check;
use parasol_routing::generate::{City, MINUTE};
use parasol_routing::problem::Weights;
use parasol_routing::solver::Induction;
use parasol_routing::{Pace, Plan, Problem, Progress, Solver, Stop};
use proptest::prelude::*;

/// Plans with our own solver until so many plans were tried, and says how it went.
pub fn solve(problem: &Problem, from: Option<&Plan>, seed: u64, tried: u64) -> (Plan, Progress) {
    solve_by(&Induction, problem, from, seed, tried)
}

/// As [`solve`], with any solver; what it tries is counted as it counts.
pub fn solve_by(
    solver: &dyn Solver,
    problem: &Problem,
    from: Option<&Plan>,
    seed: u64,
    tried: u64,
) -> (Plan, Progress) {
    let mut last = None;
    let mut watch = |progress: Progress| {
        last = Some(progress);
        #[expect(clippy::cast_precision_loss, reason = "a share")]
        let used = progress.tried as f64 / tried as f64;
        if progress.tried >= tried { Pace::Stop } else { Pace::Go(used) }
    };
    let plan = solver.solve(problem, from, seed, &mut watch).unwrap();
    (plan, last.unwrap())
}

pub fn who_comes(plan: &Plan, visit: usize) -> Option<usize> {
    plan.routes.iter().position(|route| route.contains(&Stop::Visit(visit)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn plans_can_be_carried_out_and_cost_what_was_said(
        seed in 0_u64..10_000,
        technicians in 1_usize..8,
        visits in 1_usize..60,
        has_store: bool,
        waiting: bool,
        is_promised: bool,
        fairness in 0_u8..2,
    ) {
        let city = City { technicians, visits, half_side: 12_000.0, has_store };
        let mut problem = city.day(seed).problem;
        problem.visits.iter_mut().for_each(|one| one.is_promised = is_promised);
        let technician = 20 * MINUTE;
        problem.weights = Weights { technician, waiting, fairness: f64::from(fairness) * 0.05 };
        let (plan, progress) = solve(&problem, None, seed, 512);
        prop_assert_eq!(check(&problem, &plan), []);
        let figures = plan.figures(&problem);
        prop_assert_eq!((figures.cost, figures.left_out), (progress.cost, progress.left_out));
    }
}

#[test]
fn the_same_seed_gives_the_same_plan_and_more_time_a_better_one() {
    let problem =
        City { technicians: 12, visits: 90, half_side: 15_000.0, has_store: true }.day(7).problem;
    let cost = |plan: &Plan| plan.figures(&problem).cost;
    let (first, _) = solve(&problem, None, 1, 2_000);
    assert_eq!(solve(&problem, None, 1, 2_000).0, first);
    let (at_once, _) = solve(&problem, None, 1, 0);
    assert_eq!(check(&problem, &at_once), [], "the best so far is a plan at any moment");
    assert!(cost(&first) < cost(&at_once), "{} {}", cost(&first), cost(&at_once));
}

#[test]
fn a_plan_that_is_under_way_moves_as_little_as_it_must() {
    let mut problem =
        City { technicians: 8, visits: 50, half_side: 12_000.0, has_store: false }.day(3).problem;
    let (before, _) = solve(&problem, None, 1, 3_000);
    let planned: Vec<_> =
        (0..50).filter_map(|visit| Some((visit, who_comes(&before, visit)?))).collect();
    // Whoever is first on the list falls ill; everybody's name is known to the customers.
    let ill = planned[0].1;
    problem.technicians[ill].visits_max = 0;
    let announced = |problem: &mut Problem, cost| {
        for (visit, who) in &planned {
            problem.visits[*visit].announced = Some((*who, cost));
        }
    };
    let moved = |after: &Plan| {
        let stays =
            |(visit, who): &&(usize, usize)| *who != ill && who_comes(after, *visit) != Some(*who);
        planned.iter().filter(stays).count()
    };
    announced(&mut problem, 60 * MINUTE);
    let (careful, _) = solve(&problem, Some(&before), 1, 3_000);
    assert_eq!(check(&problem, &careful), []);
    assert!(careful.routes[ill].is_empty());
    announced(&mut problem, 0);
    let (careless, _) = solve(&problem, Some(&before), 1, 3_000);
    assert!(moved(&careful) < moved(&careless), "{} {}", moved(&careful), moved(&careless));
    let of_the_ill = planned.iter().filter(|(_, who)| *who == ill).count();
    let lost = careful.left_out.len() - before.left_out.len();
    assert!(lost < of_the_ill, "{lost} of {of_the_ill} visits found nobody");
}

#[test]
fn a_pinned_visit_stays_with_its_technician() {
    let mut problem =
        City { technicians: 6, visits: 30, half_side: 12_000.0, has_store: false }.day(11).problem;
    let (free, _) = solve(&problem, None, 1, 1_000);
    let visit = (0..30).find(|visit| who_comes(&free, *visit).is_some()).unwrap();
    let able = |who: &usize| problem.suits(*who, visit) && Some(*who) != who_comes(&free, visit);
    let other = (0..6).find(able).unwrap();
    problem.visits[visit].only = Some(other);
    problem.visits[visit].left_out_cost *= 1_000;
    let (pinned, _) = solve(&problem, None, 1, 1_000);
    assert_eq!(who_comes(&pinned, visit), Some(other));
    assert_eq!(check(&problem, &pinned), []);
}

#[test]
fn fairness_evens_out_the_hours() {
    let mut problem =
        City { technicians: 6, visits: 24, half_side: 4_000.0, has_store: false }.day(5).problem;
    let spread = |problem: &Problem| {
        let (plan, _) = solve(problem, None, 1, 3_000);
        let work = |route: &Vec<Stop>| {
            let service = |stop: &Stop| match stop {
                Stop::Visit(visit) => problem.visits[*visit].service,
                Stop::Store => 0,
            };
            route.iter().map(service).sum::<i64>()
        };
        let work: Vec<_> = plan.routes.iter().map(work).collect();
        work.iter().max().unwrap() - work.iter().min().unwrap()
    };
    let uneven = spread(&problem);
    problem.weights.fairness = 1.0;
    let even = spread(&problem);
    assert!(even < uneven, "{even} {uneven}");
}
