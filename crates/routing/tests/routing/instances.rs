//! The formats of published problems, by small files of our own.

use parasol_routing::check::check;
use parasol_routing::instances::{Format, UNIT, parse};
use parasol_routing::{Plan, Stop};

const SOLOMON: &str = "OURS

VEHICLE
NUMBER     CAPACITY
  2         10

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE TIME

    0      0         0          0          0       100          0
    1      3         4          7          6        20         10
    2      6         8          3          0        90         10
    3      0         5          4          0        90         10
";

const TECHNICIANS: &str = "ours_2-2-2-2

INFO
CREW COUNT  SKILLS  TOOLS   SPARE PARTS
2       2       2       2

DEPOT TECHNICIANS AND REQUESTS
ID   X     Y     TWS    TWE    Serv   SKILLS   TOOLS    SPARE PARTS
0    0     0     0      200    0      [] \t[] \t[]
1    0     10    0      200    0      [0] \t[1] \t[1,0]
2    50    50    0      200    0      [0,1] \t[] \t[0,0]
3    0     20    50     60     10     [0] \t[] \t[1,0]
4    0     30    0      190    10     [0] \t[0] \t[0,0]
";

fn with(plan: &Plan, routes: &[&[Stop]]) -> Plan {
    let mut plan = plan.clone();
    for (route, stops) in plan.routes.iter_mut().zip(routes) {
        *route = stops.to_vec();
    }
    plan.left_out.retain(|visit| !routes.iter().any(|route| route.contains(&Stop::Visit(*visit))));
    plan
}

#[test]
fn vehicles_have_a_capacity_and_windows() {
    let ours = parse(SOLOMON).unwrap();
    let problem = &ours.problem;
    assert_eq!((ours.name.as_str(), ours.format), ("OURS", Format::Solomon));
    assert_eq!((problem.technicians.len(), problem.visits.len()), (2, 3));
    let nothing = Plan::empty(problem);
    let [a, b, c] = [0, 1, 2].map(Stop::Visit);
    let good = with(&nothing, &[&[a, b], &[c]]);
    assert_eq!(check(problem, &good), []);
    assert_eq!(good.figures(problem).travel, 30 * UNIT);
    assert_eq!(check(problem, &with(&nothing, &[&[a, c], &[b]])).len(), 1, "11 of 10");
    assert_eq!(check(problem, &with(&nothing, &[&[b, a], &[]])).len(), 1, "too late");
}

#[test]
fn technicians_work_from_home_as_late_as_they_can() {
    let ours = parse(TECHNICIANS).unwrap();
    let problem = &ours.problem;
    assert_eq!(ours.format, Format::Technicians);
    let [first, second] = [0, 1].map(Stop::Visit);
    let good = with(&Plan::empty(problem), &[&[first, Stop::Store, second], &[]]);
    assert_eq!(check(problem, &good), []);
    let figures = good.figures(problem);
    // 10 there, 20 to the store, 30 on, 20 home; work begins at 50 and is left for at 40.
    assert_eq!((figures.travel, figures.service, figures.waiting), (80 * UNIT, 20 * UNIT, 0));
    let without = with(&Plan::empty(problem), &[&[first, second], &[]]);
    assert_eq!(check(problem, &without).len(), 1, "the tool is at the store");
}

#[test]
fn what_is_no_instance_says_where() {
    assert_eq!(parse("").unwrap_err().line, 0);
    let cut = SOLOMON.replace("    2      6         8          3 ", "    2      6         8 ");
    assert_eq!(parse(&cut).unwrap_err().line, 12);
    let cut = TECHNICIANS.replace("[0] \t[0] \t[0,0]", "[0] \t[0,0]");
    assert_eq!(parse(&cut).unwrap_err().line, 13);
    let odd = TECHNICIANS.replace("[0] \t[1]", "[200] \t[1]");
    assert_eq!(parse(&odd).unwrap_err().line, 10);
}
