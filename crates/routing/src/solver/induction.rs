//! Our own solver: tear strings of neighbouring visits out of the days, put them back greedily with a
//! blink now and then, and accept what annealing accepts.
//!
//! After Christiaens and Vanden Berghe, "Slack induction by string removals for vehicle routing problems"
//! (Transportation Science 54, 2020); the constants are theirs unless it says otherwise. Ours are
//! the store, the bound on visits tried again in an overfull day, and that the temperature follows
//! what was granted and not a number of rounds. The same seed and the same answers give the same plan.

use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::model::{Model, Node};
use super::route::{Insertion, Route};
use super::{Pace, Progress, SolveError, Solver};
use crate::plan::{Plan, Stop};
use crate::problem::Problem;

/// Visits torn out in a round, on average.
const REMOVED: f64 = 10.0;
/// The longest string.
const LONGEST: f64 = 10.0;
/// How often a string keeps a piece in its middle.
const SPLIT: f64 = 0.5;
/// How often that piece stops growing.
const SPLIT_DEPTH: f64 = 0.99;
/// How often a place is not looked at.
const BLINK: f64 = 0.01;
/// Neighbours that are known of a visit.
const NEIGHBOURS: usize = 200;
/// Visits left out earlier that are tried again in a round.
const RETRIED: usize = 10;
/// Rounds between two questions how to go on.
const ASK_EVERY: u64 = 64;
/// The first and the last temperature, by what a visit costs on average in the first plan.
const HOT: f64 = 2.0;
const COLD: f64 = 0.03;
/// How often a day with a way to the store is torn out whole, see [`Search::tear`].
const WHOLE: f64 = 0.3;

/// The solver.
#[derive(Clone, Copy, Debug, Default)]
pub struct Induction;

impl Solver for Induction {
    fn name(&self) -> &'static str {
        "induction"
    }

    fn solve(
        &self,
        problem: &Problem,
        from: Option<&Plan>,
        seed: u64,
        watch: &mut dyn FnMut(Progress) -> Pace,
    ) -> Result<Plan, SolveError> {
        let model = Model::of(problem);
        let mut search = Search::new(&model, from, seed);
        search.run(watch);
        Ok(search.best.plan(&model))
    }
}

/// A plan under change.
#[derive(Clone, Debug)]
struct Days {
    routes: Vec<Route>,
    /// The route of each visit.
    of: Vec<Option<usize>>,
    out: Vec<Node>,
    cost: i64,
}

impl Days {
    fn of(model: &Model<'_>, plan: Option<&Plan>) -> Self {
        let technicians = 0..model.problem.technicians.len();
        let mut days = Self {
            routes: technicians.map(|technician| Route::empty(model, technician)).collect(),
            of: vec![None; model.visits()],
            out: Vec::new(),
            cost: 0,
        };
        for (route, stops) in days.routes.iter_mut().zip(plan.iter().flat_map(|plan| &plan.routes))
        {
            let nodes = stops.iter().map(|stop| match stop {
                Stop::Visit(visit) => *visit,
                Stop::Store => model.store(),
            });
            route.nodes = nodes.collect();
            // What is impossible by now is planned anew.
            if !route.rebuild(model) {
                *route = Route::empty(model, route.technician);
            }
            for node in route.nodes.iter().filter(|node| **node < model.visits()) {
                days.of[*node] = Some(route.technician);
            }
        }
        days.out = (0..model.visits()).filter(|visit| days.of[*visit].is_none()).collect();
        days.cost = days.routes.iter().map(|route| route.cost).sum();
        days.cost += days.out.iter().map(|visit| left_out_cost(model, *visit)).sum::<i64>();
        days
    }

    fn plan(&self, model: &Model<'_>) -> Plan {
        let stop = |node: &Node| match *node {
            node if node == model.store() => Stop::Store,
            visit => Stop::Visit(visit),
        };
        let mut left_out = self.out.clone();
        left_out.sort_unstable();
        let routes = self.routes.iter().map(|route| route.nodes.iter().map(stop).collect());
        Plan { routes: routes.collect(), left_out }
    }
}

fn left_out_cost(model: &Model<'_>, visit: Node) -> i64 {
    model.problem.visits[visit].left_out_cost
}

struct Search<'m, 'p> {
    model: &'m Model<'p>,
    rng: ChaCha8Rng,
    days: Days,
    best: Days,
    neighbours: Vec<Vec<Node>>,
    /// How many technicians can come to each visit.
    choice: Vec<usize>,
    /// The routes as they were before this round, and which those are.
    before: Vec<Route>,
    touched: Vec<usize>,
    out_before: Vec<Node>,
    /// Visits to be put back in this round.
    torn: Vec<Node>,
    /// Kept for its memory.
    spare: Route,
    /// Places until the next blink.
    blink_in: u32,
}

impl<'m, 'p> Search<'m, 'p> {
    fn new(model: &'m Model<'p>, from: Option<&Plan>, seed: u64) -> Self {
        let days = Days::of(model, from);
        let visits = 0..model.visits();
        let technicians = 0..model.problem.technicians.len();
        let can = |visit: Node| {
            let suited = |who: &usize| model.fit(*who, visit) != super::Fit::Never;
            technicians.clone().filter(suited).count()
        };
        let mut search = Self {
            model,
            rng: ChaCha8Rng::seed_from_u64(seed),
            best: days.clone(),
            neighbours: visits.clone().map(|visit| neighbours(model, visit)).collect(),
            choice: visits.map(can).collect(),
            before: Vec::new(),
            touched: Vec::new(),
            out_before: Vec::new(),
            torn: Vec::new(),
            days,
            spare: Route::default(),
            blink_in: 0,
        };
        search.out_before.clone_from(&search.days.out);
        search.torn = std::mem::take(&mut search.days.out);
        search.recreate();
        search.best.clone_from(&search.days);
        search
    }

    fn run(&mut self, watch: &mut dyn FnMut(Progress) -> Pace) {
        if self.model.visits() == 0 {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "a cost is far below 2^52")]
        let scale = {
            let planned = self.days.routes.iter().map(|route| route.cost).sum::<i64>();
            let visits = self.model.visits() - self.days.out.len();
            (planned as f64 / visits.max(1) as f64).max(1.0)
        };
        let mut heat = HOT * scale;
        for tried in 0.. {
            if tried % ASK_EVERY == 0 {
                let progress =
                    Progress { tried, cost: self.best.cost, left_out: self.best.out.len() };
                match watch(progress) {
                    Pace::Stop => break,
                    Pace::Go(used) => heat = HOT * scale * (COLD / HOT).powf(used.clamp(0.0, 1.0)),
                }
            }
            self.round(heat);
        }
    }

    /// Tears out, puts back, keeps it or not.
    fn round(&mut self, heat: f64) {
        let cost_before = self.days.cost;
        self.out_before.clone_from(&self.days.out);
        self.touched.clear();
        self.ruin();
        self.recreate();
        #[expect(clippy::cast_precision_loss, reason = "a cost is far below 2^52")]
        let worse = (self.days.cost - cost_before) as f64;
        if worse < -heat * self.rng.random::<f64>().max(f64::MIN_POSITIVE).ln() {
            if self.days.cost < self.best.cost {
                self.best.clone_from(&self.days);
            }
            return;
        }
        self.days.out.clone_from(&self.out_before);
        for visit in &self.days.out {
            self.days.of[*visit] = None;
        }
        for (nth, route) in self.touched.iter().enumerate() {
            std::mem::swap(&mut self.days.routes[*route], &mut self.before[nth]);
            for node in &self.days.routes[*route].nodes {
                // The store is nobody's.
                if let Some(of) = self.days.of.get_mut(*node) {
                    *of = Some(*route);
                }
            }
        }
        self.days.cost = cost_before;
    }

    /// Remembers a route before it is changed in this round.
    fn touch(&mut self, route: usize) {
        if self.touched.contains(&route) {
            return;
        }
        let nth = self.touched.len();
        self.touched.push(route);
        match self.before.get_mut(nth) {
            Some(before) => before.clone_from(&self.days.routes[route]),
            None => self.before.push(self.days.routes[route].clone()),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "small counts"
    )]
    fn ruin(&mut self) {
        self.torn.clear();
        let used = self.days.routes.iter().filter(|route| !route.is_empty()).count();
        let planned = self.days.of.len() - self.days.out.len();
        let longest = LONGEST.min(planned as f64 / used.max(1) as f64);
        let most = 4.0 * REMOVED / (1.0 + longest) - 1.0;
        let strings = self.rng.random_range(1.0..=most.max(1.0) + 1.0) as usize;
        let mut torn_from = 0;
        let centre = self.rng.random_range(0..self.days.of.len());
        for nth in 0..=self.neighbours[centre].len() {
            let visit = if nth == 0 { centre } else { self.neighbours[centre][nth - 1] };
            if torn_from >= strings {
                break;
            }
            let Some(route) = self.days.of[visit].filter(|route| !self.touched.contains(route))
            else {
                continue;
            };
            torn_from += 1;
            let length = self.days.routes[route].nodes.len();
            let most = longest.min(length as f64);
            let string = self.rng.random_range(1.0..most + 1.0) as usize;
            self.tear(route, visit, string.min(length));
        }
        let more = self.days.out.len().min(RETRIED);
        for _ in 0..more {
            let one = self.rng.random_range(0..self.days.out.len());
            self.torn.push(self.days.out.swap_remove(one));
        }
    }

    /// Takes a string of so many stops with this visit among them out of a route.
    fn tear(&mut self, route: usize, visit: Node, string: usize) {
        self.touch(route);
        let nodes = &self.days.routes[route].nodes;
        let length = nodes.len();
        let Some(at) = nodes.iter().position(|node| *node == visit) else { return };
        // A way to the store holds its visits together: only all of them at once set it free.
        let fetches = self.days.routes[route].store.is_some();
        let string = if fetches && self.rng.random_bool(WHOLE) { length } else { string };
        let mut kept = 0;
        if string > 1 && string < length && self.rng.random_bool(SPLIT) {
            kept = 1;
            while string + kept < length && !self.rng.random_bool(SPLIT_DEPTH) {
                kept += 1;
            }
        }
        let whole = string + kept;
        let earliest = (at + 1).saturating_sub(whole);
        let latest = at.min(length - whole);
        let first = self.rng.random_range(earliest..=latest);
        let keep_from = if kept > 0 { first + self.rng.random_range(1..string) } else { length };
        let is_torn = |place: usize| {
            (first..first + whole).contains(&place)
                && !(keep_from..keep_from + kept).contains(&place)
        };
        let days = &mut self.days;
        let (nodes, of) = (&mut days.routes[route].nodes, &mut days.of);
        let mut place = 0;
        let (model, torn) = (self.model, &mut self.torn);
        nodes.retain(|node| {
            let goes = is_torn(place) && *node != model.store();
            place += 1;
            if goes {
                torn.push(*node);
                of[*node] = None;
            }
            !goes
        });
        let cost_before = days.routes[route].cost;
        if days.routes[route].nodes.iter().all(|node| *node == model.store()) {
            days.routes[route].nodes.clear();
        }
        days.routes[route].rebuild(model);
        days.cost += days.routes[route].cost - cost_before;
    }

    /// Puts the torn visits back, each where it costs least; who finds no place is left out.
    fn recreate(&mut self) {
        let out_cost: i64 =
            self.out_before.iter().map(|visit| left_out_cost(self.model, *visit)).sum();
        self.order();
        let torn = std::mem::take(&mut self.torn);
        // A way may be worth it for two visits and for neither alone, so half of the rounds go wherever
        // they can and leave it to the end whether it was worth it.
        let is_eager = self.rng.random_bool(0.5);
        for &visit in &torn {
            let worth = |cost| is_eager || cost < left_out_cost(self.model, visit);
            match self.cheapest(visit) {
                Some((route, insertion)) if worth(insertion.cost) => {
                    self.touch(route);
                    let day = &mut self.days.routes[route];
                    let before = day.cost;
                    day.insert(self.model, visit, insertion);
                    self.days.cost += day.cost - before;
                    self.days.of[visit] = Some(route);
                }
                _ => self.days.out.push(visit),
            }
        }
        self.torn = torn;
        for nth in 0..self.touched.len() {
            let day = &mut self.days.routes[self.touched[nth]];
            if day.store.is_some() {
                let before = day.cost;
                day.settle_store(self.model, &mut self.spare);
                self.days.cost += day.cost - before;
            }
        }
        let out: i64 = self.days.out.iter().map(|visit| left_out_cost(self.model, *visit)).sum();
        self.days.cost += out - out_cost;
    }

    fn cheapest(&mut self, visit: Node) -> Option<(usize, Insertion)> {
        let mut best: Option<(usize, Insertion)> = None;
        let mut empty_tried: Option<usize> = None;
        let (rng, blink_in) = (&mut self.rng, &mut self.blink_in);
        let mut blink = || {
            if *blink_in > 0 {
                *blink_in -= 1;
                return false;
            }
            // The gap between two events of which each place is one with the same probability.
            *blink_in = gap(rng.random::<f64>());
            true
        };
        for (nth, route) in self.days.routes.iter().enumerate() {
            if route.is_empty() {
                // Who is the same in everything would cost the same.
                let class = self.model.class[nth];
                if empty_tried == Some(class) {
                    continue;
                }
                empty_tried = Some(class);
            }
            if let Some(found) =
                route.best_insertion(self.model, visit, &mut self.spare, &mut blink)
                && best.is_none_or(|(_, best)| found.cost < best.cost)
            {
                best = Some((nth, found));
            }
        }
        best
    }

    /// Puts the torn visits into an order: by chance, or the difficult ones first by one measure.
    fn order(&mut self) {
        let model = self.model;
        let first = |visit: &Node| model.windows[*visit].first().map_or(0, |window| window.start);
        let last = |visit: &Node| model.windows[*visit].last().map_or(0, |window| window.end);
        let home = model.problem.technicians.first().map_or(0, |who| who.start);
        let far = |visit: &Node| model.time(home, model.place[*visit]);
        let torn = &mut self.torn;
        match self.rng.random_range(0..18) {
            0..4 => torn.shuffle(&mut self.rng),
            4..6 => torn.sort_by_key(|visit| self.choice[*visit]),
            6..8 => torn.sort_by_key(|visit| std::cmp::Reverse(left_out_cost(model, *visit))),
            8..9 => torn.sort_by_key(|visit| std::cmp::Reverse(model.service[*visit])),
            9..11 => torn.sort_by_key(|visit| std::cmp::Reverse(far(visit))),
            11..12 => torn.sort_by_key(far),
            12..14 => torn.sort_by_key(|visit| last(visit) - first(visit)),
            14..16 => torn.sort_by_key(first),
            _ => torn.sort_by_key(|visit| std::cmp::Reverse(last(visit))),
        }
    }
}

/// The other visits by how near they are.
fn neighbours(model: &Model<'_>, visit: Node) -> Vec<Node> {
    let from = model.place[visit];
    let mut others: Vec<Node> = (0..model.visits()).filter(|other| *other != visit).collect();
    let near = |other: &Node| model.time(from, model.place[*other]);
    if others.len() > NEIGHBOURS {
        others.select_nth_unstable_by_key(NEIGHBOURS, near);
        others.truncate(NEIGHBOURS);
    }
    others.sort_by_key(near);
    others
}

/// Places without a blink, drawn by a number from 0 to 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some hundreds")]
fn gap(drawn: f64) -> u32 {
    ((1.0 - drawn).ln() / (1.0 - BLINK).ln()).min(1e6) as u32
}
