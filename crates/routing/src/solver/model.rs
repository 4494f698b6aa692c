//! A problem laid out for speed: what the inner loops ask is an index away.

use std::collections::HashMap;

use crate::problem::{Problem, of_kind};
use crate::travel::Place;
use crate::workday::Window;

/// A visit by its number; the number after the last visit is the store.
pub type Node = usize;

/// The layout.
pub struct Model<'p> {
    pub problem: &'p Problem,
    /// Where each node is.
    pub place: Vec<Place>,
    /// How long it takes.
    pub service: Vec<i64>,
    /// When it may begin.
    pub windows: Vec<&'p [Window]>,
    /// Parts of each kind for each visit, one row after another.
    parts: Vec<u32>,
    kinds: usize,
    /// By technician and visit, see [`Fit`].
    fit: Vec<Fit>,
    /// Technicians with the same number are the same in everything.
    pub class: Vec<usize>,
    /// Whether any visit is promised.
    pub has_promises: bool,
    /// No breaks and one window for each node: the arithmetic is two comparisons.
    pub is_plain: bool,
}

/// Whether a technician can come to a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Never.
    Never,
    /// With what they have with them, as long as the parts last.
    AsIs,
    /// After the store only: a tool is not theirs, or a part.
    AfterStore,
}

impl<'p> Model<'p> {
    pub fn of(problem: &'p Problem) -> Self {
        let visits = &problem.visits;
        let store = problem.store.as_ref();
        let places = visits.iter().map(|visit| visit.place);
        let services = visits.iter().map(|visit| visit.service);
        let windows = visits.iter().map(|visit| visit.windows.as_slice());
        let kinds = visits.iter().map(|visit| visit.parts.len()).max().unwrap_or_default();
        let mut parts = vec![0; kinds * visits.len()];
        for (row, visit) in visits.iter().enumerate() {
            parts[row * kinds..][..visit.parts.len()].copy_from_slice(&visit.parts);
        }
        let technicians = 0..problem.technicians.len();
        let fit = technicians.clone().flat_map(|who| (0..visits.len()).map(move |to| (who, to)));
        let mut classes = HashMap::new();
        let windows: Vec<_> = windows.chain(store.map(|store| store.windows.as_slice())).collect();
        let has_breaks = problem.technicians.iter().any(|who| !who.day.breaks().is_empty());
        Self {
            problem,
            place: places.chain(store.map(|store| store.place)).collect(),
            service: services.chain(store.map(|store| store.service)).collect(),
            is_plain: !has_breaks && windows.iter().all(|windows| windows.len() == 1),
            windows,
            has_promises: visits.iter().any(|visit| visit.is_promised),
            parts,
            kinds,
            fit: fit.map(|(who, to)| fit_of(problem, who, to)).collect(),
            class: technicians
                .map(|who| {
                    let next = classes.len();
                    *classes.entry(class_of(problem, who)).or_insert(next)
                })
                .collect(),
        }
    }

    pub fn visits(&self) -> usize {
        self.problem.visits.len()
    }

    /// The node that is the store.
    pub fn store(&self) -> Node {
        self.visits()
    }

    pub fn fit(&self, technician: usize, visit: Node) -> Fit {
        self.fit[technician * self.visits() + visit]
    }

    pub fn kinds(&self) -> usize {
        self.kinds
    }

    /// The parts a visit needs, by kind.
    pub fn parts(&self, visit: Node) -> &[u32] {
        &self.parts[visit * self.kinds..][..self.kinds]
    }

    pub fn time(&self, from: Place, to: Place) -> i64 {
        self.problem.travel.time(from, to)
    }
}

fn fit_of(problem: &Problem, technician: usize, visit: usize) -> Fit {
    let (who, what) = (&problem.technicians[technician], &problem.visits[visit]);
    if !problem.suits(technician, visit) {
        return Fit::Never;
    }
    // Whoever cannot be there in time from home cannot be there after anything else.
    let arrives =
        who.day.arrival(who.day.shift().start, problem.travel.time(who.start, what.place));
    let begins = who.day.begin(&what.windows, what.service, arrives);
    let back = begins.map(|at| {
        let home = who.end.map_or(0, |end| problem.travel.time(what.place, end));
        who.day.arrival(at + what.service, home)
    });
    match back {
        Some(at) if at <= who.day.shift().end => {}
        _ => return Fit::Never,
    }
    if problem.is_equipped(technician, visit) { Fit::AsIs } else { Fit::AfterStore }
}

type Class = (Place, Option<Place>, Vec<(i64, i64)>, u128, u128, Vec<u32>, usize, Vec<usize>);

/// Everything by which one technician differs from another.
fn class_of(problem: &Problem, technician: usize) -> Class {
    let who = &problem.technicians[technician];
    let shift = std::iter::once(who.day.shift()).chain(who.day.breaks().iter().copied());
    let day = shift.map(|window| (window.start, window.end)).collect();
    let kinds = problem.visits.iter().map(|visit| visit.parts.len()).max().unwrap_or_default();
    let stock = (0..kinds).map(|kind| of_kind(&who.stock, kind)).collect();
    let concerns = |visit: &usize| {
        let visit = &problem.visits[*visit];
        visit.only == Some(technician) || visit.announced.is_some_and(|(who, _)| who == technician)
    };
    let own = (0..problem.visits.len()).filter(concerns).collect();
    (who.start, who.end, day, who.skills, who.tools, stock, who.visits_max, own)
}
