//! One technician's day under change: judged for an insertion at any place without walking it.
//!
//! For every gap between two stops the route knows everything before it ([`Head`]) and everything after
//! it ([`Tail`]). A visit fits into a gap when somebody who leaves the head at its earliest can still be
//! at the tail at its latest; what it costs follows from the two as well.

use std::ops::RangeInclusive;

use super::model::{Fit, Model, Node};
use crate::plan::change_cost;
use crate::problem::of_kind;
use crate::travel::Place;

/// The day.
#[derive(Debug, Default)]
pub struct Route {
    pub technician: usize,
    pub nodes: Vec<Node>,
    /// One for each gap; gap 0 is before the first stop.
    heads: Vec<Head>,
    tails: Vec<Tail>,
    /// Where the store is among the nodes.
    pub store: Option<usize>,
    /// Parts of each kind that are needed before the store.
    need: Vec<u32>,
    /// Microseconds of work at visits.
    work: i64,
    /// Microseconds on the road, with the waiting where that counts.
    way: i64,
    /// What the day costs, see [`crate::plan::Figures::cost`].
    pub cost: i64,
}

impl Clone for Route {
    fn clone(&self) -> Self {
        let mut route = Self::default();
        route.clone_from(self);
        route
    }

    /// Keeps what is allocated: a search copies days all the time.
    fn clone_from(&mut self, other: &Self) {
        self.technician = other.technician;
        self.nodes.clone_from(&other.nodes);
        self.heads.clone_from(&other.heads);
        self.tails.clone_from(&other.tails);
        self.store = other.store;
        self.need.clone_from(&other.need);
        (self.work, self.way, self.cost) = (other.work, other.way, other.cost);
    }
}

/// The day up to a gap.
#[derive(Clone, Copy, Debug)]
struct Head {
    place: Place,
    /// When the technician leaves at the earliest.
    leave: i64,
    travel: i64,
    span: Span,
}

/// The day from a gap on.
#[derive(Clone, Copy, Debug)]
struct Tail {
    place: Option<Place>,
    /// By when the technician must be there.
    by: i64,
    travel: i64,
    span: Span,
}

/// How long a piece of a day takes, waiting inside it included, and when it may begin without waiting
/// longer. Breaks and second windows are not seen: with them it is an estimate.
///
/// After Vidal and others, "A unified solution framework for multi-attribute vehicle routing problems"
/// (European Journal of Operational Research 234, 2014), without lateness.
#[derive(Clone, Copy, Debug)]
struct Span {
    takes: i64,
    first: i64,
    last: i64,
}

impl Span {
    /// This piece, a way, and the next.
    fn then(self, way: i64, next: Self) -> Self {
        let ahead = self.takes + way;
        let waits = (next.first - ahead - self.last).max(0);
        Self {
            takes: ahead + waits + next.takes,
            first: (next.first - ahead).max(self.first) - waits,
            last: (next.last - ahead).min(self.last),
        }
    }
}

/// Where a visit goes, and what the day costs more with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Insertion {
    pub gap: usize,
    /// The gap into which a way to the store goes as well, at or before the visit's.
    pub store: Option<usize>,
    pub cost: i64,
}

impl Route {
    /// A day without visits.
    pub fn empty(model: &Model<'_>, technician: usize) -> Self {
        let mut route = Self { technician, ..Self::default() };
        route.rebuild(model);
        route
    }

    /// Whether the technician stays at home.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    fn visits(&self) -> usize {
        self.nodes.len() - usize::from(self.store.is_some())
    }

    /// Works everything out anew after the nodes were changed; `false` when the day is impossible.
    pub fn rebuild(&mut self, model: &Model<'_>) -> bool {
        self.store = self.nodes.iter().position(|node| *node == model.store());
        let is_possible = self.rebuild_load(model) & self.rebuild_heads(model);
        let is_possible = self.rebuild_tails(model) && is_possible;
        self.cost = 0;
        self.way = 0;
        if !self.nodes.is_empty() {
            self.way = match model.problem.weights.waiting {
                false => self.tails[0].travel + model.way(self.heads[0].place, self.tails[0].place),
                true => self.duration(model) - self.work,
            };
            let weights = &model.problem.weights;
            let visits = self.nodes.iter().filter(|node| **node != model.store());
            let changes = visits.map(|visit| change_cost(model.problem, self.technician, *visit));
            self.cost =
                self.way + weights.technician + weights.work(self.work) + changes.sum::<i64>();
        }
        is_possible
    }

    /// Counts what is carried.
    fn rebuild_load(&mut self, model: &Model<'_>) -> bool {
        let who = &model.problem.technicians[self.technician];
        self.need.clear();
        self.need.resize(model.kinds(), 0);
        self.work = 0;
        let mut is_possible = self.visits() <= who.visits_max;
        for (at, &node) in self.nodes.iter().enumerate() {
            if node == model.store() {
                continue;
            }
            self.work += model.service[node];
            let fit = model.fit(self.technician, node);
            is_possible &= fit != Fit::Never;
            if self.store.is_none_or(|store| at < store) {
                is_possible &= fit == Fit::AsIs;
                for (sum, need) in self.need.iter_mut().zip(model.parts(node)) {
                    *sum += need;
                }
            }
        }
        let mut needs = self.need.iter().enumerate();
        let visits = self.nodes.iter().filter(|node| **node != model.store());
        let mut pairs = visits
            .clone()
            .enumerate()
            .flat_map(|(nth, one)| visits.clone().skip(nth + 1).map(move |other| (*one, *other)));
        is_possible &=
            !model.has_promises || !pairs.any(|(one, other)| model.problem.overlap(one, other));
        is_possible && needs.all(|(kind, need)| *need <= of_kind(&who.stock, kind))
    }

    fn rebuild_heads(&mut self, model: &Model<'_>) -> bool {
        let who = &model.problem.technicians[self.technician];
        let shift = who.day.shift();
        self.heads.clear();
        let span = Span { takes: 0, first: shift.start, last: shift.end };
        let mut head = Head { place: who.start, leave: shift.start, travel: 0, span };
        self.heads.push(head);
        let mut is_possible = true;
        for &node in &self.nodes {
            match head.go(model, self.technician, node) {
                Some(next) => head = next,
                None => {
                    is_possible = false;
                    head.place = model.place[node];
                }
            }
            self.heads.push(head);
        }
        is_possible
    }

    fn rebuild_tails(&mut self, model: &Model<'_>) -> bool {
        let who = &model.problem.technicians[self.technician];
        let shift = who.day.shift();
        let span = Span { takes: 0, first: shift.start, last: shift.end };
        let mut tail = Tail { place: who.end, by: shift.end, travel: 0, span };
        self.tails.clear();
        self.tails.resize(self.nodes.len() + 1, tail);
        for (at, &node) in self.nodes.iter().enumerate().rev() {
            let (place, service) = (model.place[node], model.service[node]);
            let way = model.way(place, tail.place);
            let leave = match tail.place {
                Some(_) => who.day.departure(tail.by, way),
                None => tail.by,
            };
            let Some(by) = who.day.begin_by(model.windows[node], service, leave) else {
                return false;
            };
            let span = model.span(node).then(way, tail.span);
            tail = Tail { place: Some(place), by, travel: tail.travel + way, span };
            self.tails[at] = tail;
        }
        let start = self.heads[0];
        let way = model.way(start.place, tail.place);
        self.nodes.is_empty() || start.leave <= who.day.departure(tail.by, way)
    }

    /// From leaving as late as the earliest return allows to that return, waiting included.
    fn duration(&self, model: &Model<'_>) -> i64 {
        let who = &model.problem.technicians[self.technician];
        let Some(last) = self.heads.last() else { return 0 };
        let way = model.way(last.place, who.end);
        if model.is_plain {
            let end = Span { takes: 0, ..self.tails[self.nodes.len()].span };
            return last.span.then(way, end).takes;
        }
        let back = who.day.arrival(last.leave, way);
        let (mut by, mut next) = (back, who.end);
        for &node in self.nodes.iter().rev() {
            let place = model.place[node];
            let leave = next.map_or(by, |_| who.day.departure(by, model.way(place, next)));
            by = who.day.begin_by(model.windows[node], model.service[node], leave).unwrap_or(leave);
            next = Some(place);
        }
        back - who.day.departure(by, model.way(who.start, next)).max(self.heads[0].leave)
    }

    /// The cheapest place for a visit, leaving out every place for which `blink` says so.
    pub fn best_insertion(
        &self,
        model: &Model<'_>,
        visit: Node,
        spare: &mut Self,
        mut blink: impl FnMut() -> bool,
    ) -> Option<Insertion> {
        let who = &model.problem.technicians[self.technician];
        let fit = model.fit(self.technician, visit);
        if fit == Fit::Never || self.visits() >= who.visits_max || self.is_taken(model, visit) {
            return None;
        }
        let extra = self.extra(model, visit);
        let lasts =
            |(kind, need): (usize, &u32)| self.need[kind] + need <= of_kind(&who.stock, kind);
        let as_is = fit == Fit::AsIs && model.parts(visit).iter().enumerate().all(lasts);
        let mut best: Option<Insertion> = None;
        let first = match (as_is, self.store) {
            (true, _) => 0,
            (false, Some(store)) => store + 1,
            (false, None) => {
                let last = self.nodes.len();
                return self.best_with_store(model, visit, 0..=last, self.way - extra);
            }
        };
        for gap in first..=self.nodes.len() {
            let cost = match self.judge(model, visit, gap, &self.heads[gap]) {
                Judged::Fits(cost) => cost + extra,
                Judged::Late => continue,
                Judged::TooLate => break,
            };
            if best.is_none_or(|best| cost < best.cost) && !blink() {
                best = Some(Insertion { gap, store: None, cost });
            }
        }
        if first > 0 {
            let moved = self.best_moving_store(model, visit, spare, extra);
            best = best.into_iter().chain(moved).min_by_key(|found| found.cost);
        }
        best
    }

    /// The cheapest place for a visit when the way to the store is moved for it.
    fn best_moving_store(
        &self,
        model: &Model<'_>,
        visit: Node,
        spare: &mut Self,
        extra: i64,
    ) -> Option<Insertion> {
        let store = self.store.filter(|store| *store > 0)?;
        spare.clone_from(self);
        spare.nodes.remove(store);
        spare.rebuild(model);
        spare.best_with_store(model, visit, 0..=store - 1, self.way - extra)
    }

    /// Whether the visit's promise overlaps that of another of the day.
    fn is_taken(&self, model: &Model<'_>, visit: Node) -> bool {
        model.problem.visits[visit].is_promised
            && self
                .nodes
                .iter()
                .any(|node| *node != model.store() && model.problem.overlap(visit, *node))
    }

    /// What a visit costs here beside the way.
    fn extra(&self, model: &Model<'_>, visit: Node) -> i64 {
        let weights = &model.problem.weights;
        let out = if self.nodes.is_empty() { weights.technician } else { 0 };
        out + weights.work(self.work + model.service[visit]) - weights.work(self.work)
            + change_cost(model.problem, self.technician, visit)
    }

    /// What the way takes more when a visit goes into a gap by somebody with this day before it.
    #[inline]
    fn judge(&self, model: &Model<'_>, visit: Node, gap: usize, head: &Head) -> Judged {
        let tail = &self.tails[gap];
        let place = model.place[visit];
        let (there, on) = (model.time(head.place, place), model.way(place, tail.place));
        let windows = model.windows[visit];
        let back = if model.is_plain {
            let arrives = head.leave + there;
            if arrives > windows[0].end {
                return Judged::TooLate;
            }
            arrives.max(windows[0].start) + model.service[visit] + on
        } else {
            let day = &model.problem.technicians[self.technician].day;
            let arrives = day.arrival(head.leave, there);
            let Some(begin) = day.begin(windows, model.service[visit], arrives) else {
                return Judged::TooLate;
            };
            match tail.place {
                Some(_) => day.arrival(begin + model.service[visit], on),
                None => begin + model.service[visit],
            }
        };
        if back > tail.by {
            return Judged::Late;
        }
        if model.problem.weights.waiting {
            let whole = head.span.then(there, model.span(visit)).then(on, tail.span);
            return Judged::Fits(whole.takes - model.service[visit] - self.work - self.way);
        }
        Judged::Fits(head.travel + there + on + tail.travel - self.way)
    }

    /// The cheapest place for a visit together with a way to the store in one of the gaps before it, by
    /// what it costs more than `way`.
    fn best_with_store(
        &self,
        model: &Model<'_>,
        visit: Node,
        stores: RangeInclusive<usize>,
        way: i64,
    ) -> Option<Insertion> {
        let mut best: Option<Insertion> = None;
        model.problem.store.as_ref()?;
        for first in stores {
            let Some(mut head) = self.heads[first].go(model, self.technician, model.store()) else {
                break;
            };
            for gap in first..=self.nodes.len() {
                if gap > first {
                    match head.go(model, self.technician, self.nodes[gap - 1]) {
                        Some(next) => head = next,
                        None => break,
                    }
                }
                match self.judge(model, visit, gap, &head) {
                    Judged::Fits(cost)
                        if best.is_none_or(|best| cost + self.way - way < best.cost) =>
                    {
                        let cost = cost + self.way - way;
                        best = Some(Insertion { gap, store: Some(first), cost });
                    }
                    Judged::Fits(_) | Judged::Late => {}
                    Judged::TooLate => break,
                }
            }
        }
        best
    }

    /// Carries an insertion out.
    pub fn insert(&mut self, model: &Model<'_>, visit: Node, insertion: Insertion) {
        if let (Some(_), Some(old)) = (insertion.store, self.store) {
            self.nodes.remove(old);
        }
        self.nodes.insert(insertion.gap, visit);
        if let Some(store) = insertion.store {
            self.nodes.insert(store, model.store());
        }
        self.rebuild(model);
    }

    /// Puts the way to the store where it costs least, or leaves it out when nothing is needed there.
    pub fn settle_store(&mut self, model: &Model<'_>, spare: &mut Self) {
        let Some(store) = self.store else { return };
        spare.clone_from(self);
        spare.nodes.remove(store);
        if spare.rebuild(model) {
            std::mem::swap(self, spare);
            return;
        }
        let mut best = (self.cost, store);
        for gap in 0..spare.nodes.len() {
            spare.nodes.insert(gap, model.store());
            if spare.rebuild(model) && spare.cost < best.0 {
                best = (spare.cost, gap);
            }
            spare.nodes.remove(gap);
        }
        if best.1 != store {
            self.nodes.remove(store);
            self.nodes.insert(best.1, model.store());
            self.rebuild(model);
        }
    }
}

impl Head {
    /// The day with one more stop; `None` when it is too late for it.
    fn go(&self, model: &Model<'_>, technician: usize, node: Node) -> Option<Self> {
        let day = &model.problem.technicians[technician].day;
        let (place, service) = (model.place[node], model.service[node]);
        let way = model.time(self.place, place);
        let begin = day.begin(model.windows[node], service, day.arrival(self.leave, way))?;
        Some(Self {
            place,
            leave: begin + service,
            travel: self.travel + way,
            span: self.span.then(way, model.span(node)),
        })
    }
}

impl Model<'_> {
    /// The way to somewhere, or to nowhere in no time.
    fn way(&self, from: Place, to: Option<Place>) -> i64 {
        to.map_or(0, |to| self.time(from, to))
    }

    /// A stop alone.
    fn span(&self, node: Node) -> Span {
        let windows = self.windows[node];
        let (first, last) = (windows[0].start, windows[windows.len() - 1].end);
        Span { takes: self.service[node], first, last }
    }
}

/// What comes of putting a visit into a gap.
enum Judged {
    /// So much more way.
    Fits(i64),
    /// The rest of the day would be late.
    Late,
    /// The visit would be late, and later still behind every later stop: ways keep to the triangle
    /// inequality, or a place is overlooked.
    TooLate,
}
