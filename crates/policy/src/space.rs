//! Sets of facts, and the search for one that meets some conditions and avoids others.
//!
//! A condition is a conjunction of simple requirements on independent facts. Whether any facts avoid a
//! hundred conditions at once is answered exactly, by splitting the set of all facts along whichever
//! condition leaves the fewest ways out; no facts are tried at random. Facts that depend on each other
//! are kept apart by conditions that nothing can meet, see [`impossible`].

use parasol_journey::vocab::{Cause, Function, Promise};

use crate::condition::{Bound, Condition};
use crate::facts::Identity;
use crate::probe::{Flag, Group, NUMBERS, Number};

/// How many splits one search may make before it gives up. The built-in pack needs some hundreds.
const SPLITS_MAX: u32 = 200_000;

/// One requirement of a condition.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Atom {
    /// A closed list has one of these values.
    List(Group, u64),
    /// The case lies in one of these provinces.
    Place(u128),
    /// A yes/no fact is so.
    Flag(Flag, bool),
    /// One of these promises is in force.
    Promised(u64),
    /// None of these is.
    NotPromised(u64),
    /// The clock of one of these has run out.
    Missed(u64),
    /// A count lies within bounds.
    Within(Bound),
}

/// Requirements that hold together.
pub(crate) type Clause = Vec<Atom>;

/// A set of facts: for each of them what it may be.
#[derive(Clone, Debug)]
pub(crate) struct Space {
    pub(crate) lists: u64,
    pub(crate) provinces: u128,
    pub(crate) flags_known: u32,
    pub(crate) flags: u32,
    pub(crate) promises: Known,
    pub(crate) missed: Known,
    pub(crate) numbers: [(u32, u32); NUMBERS],
}

/// Bits of which some are known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    known: u64,
    pub(crate) set: u64,
}

impl Known {
    fn any(self, bits: u64) -> Option<bool> {
        if self.set & bits != 0 {
            Some(true)
        } else if self.known & bits == bits {
            Some(false)
        } else {
            None
        }
    }

    fn with(self, bits: u64, set: bool) -> Self {
        let value = if set { self.set | bits } else { self.set & !bits };
        Self { known: self.known | bits, set: value }
    }

    /// Every way in which at least one of these bits is set, none of them twice.
    fn ways(self, bits: u64) -> Vec<Self> {
        let mut rest = self;
        let mut ways = Vec::new();
        for bit in (0..u64::BITS).map(|at| 1 << at).filter(|bit| bits & !self.known & bit != 0) {
            ways.push(rest.with(bit, true));
            rest = rest.with(bit, false);
        }
        ways
    }
}

impl Space {
    /// All facts whatever.
    pub(crate) fn whole() -> Self {
        Self {
            lists: Group::ALL.iter().fold(0, |bits, group| bits | group.whole()),
            provinces: u128::MAX,
            flags_known: 0,
            flags: 0,
            promises: Known::default(),
            missed: Known::default(),
            numbers: [(0, u32::MAX); NUMBERS],
        }
    }

    /// The part of it where a yes/no fact is so.
    pub(crate) fn with_flag(mut self, flag: Flag, value: bool) -> Self {
        self.flags_known |= flag.bit();
        self.flags = if value { self.flags | flag.bit() } else { self.flags & !flag.bit() };
        self
    }

    /// What a yes/no fact is, where it matters.
    pub(crate) fn flag(&self, flag: Flag) -> Option<bool> {
        (self.flags_known & flag.bit() != 0).then_some(self.flags & flag.bit() != 0)
    }

    /// Whether a requirement holds everywhere in the set, nowhere, or in parts.
    fn says(&self, atom: &Atom) -> Option<bool> {
        match *atom {
            Atom::List(group, bits) => {
                let here = self.lists & group.whole();
                parts(here & bits != 0, here & !bits != 0)
            }
            Atom::Place(bits) => parts(self.provinces & bits != 0, self.provinces & !bits != 0),
            Atom::Flag(flag, value) => self.flag(flag).map(|found| found == value),
            Atom::Promised(bits) => self.promises.any(bits),
            Atom::NotPromised(bits) => self.promises.any(bits).map(|any| !any),
            Atom::Missed(bits) => self.missed.any(bits),
            Atom::Within(Bound { number, min, max }) => {
                let (least, most) = self.numbers[number as usize];
                parts(least <= max && most >= min, least < min || most > max)
            }
        }
    }

    /// The part where a requirement holds that holds in parts, in pieces that do not overlap.
    fn where_it_holds(&self, atom: &Atom) -> Vec<Self> {
        match *atom {
            Atom::List(group, bits) => {
                vec![Self { lists: self.lists & (!group.whole() | bits), ..self.clone() }]
            }
            Atom::Place(bits) => vec![Self { provinces: self.provinces & bits, ..self.clone() }],
            Atom::Flag(flag, value) => vec![self.clone().with_flag(flag, value)],
            Atom::Promised(bits) => self.promising(self.promises.ways(bits)),
            Atom::NotPromised(bits) => self.promising(vec![self.promises.with(bits, false)]),
            Atom::Missed(bits) => self.missing(self.missed.ways(bits)),
            Atom::Within(Bound { number, min, max }) => {
                let (least, most) = self.numbers[number as usize];
                vec![self.counting(number, least.max(min), most.min(max))]
            }
        }
    }

    /// The part where it does not hold, in pieces that do not overlap.
    fn where_it_fails(&self, atom: &Atom) -> Vec<Self> {
        match *atom {
            Atom::List(group, bits) => {
                vec![Self { lists: self.lists & !(group.whole() & bits), ..self.clone() }]
            }
            Atom::Place(bits) => vec![Self { provinces: self.provinces & !bits, ..self.clone() }],
            Atom::Flag(flag, value) => vec![self.clone().with_flag(flag, !value)],
            Atom::Promised(bits) => self.promising(vec![self.promises.with(bits, false)]),
            Atom::NotPromised(bits) => self.promising(self.promises.ways(bits)),
            Atom::Missed(bits) => self.missing(vec![self.missed.with(bits, false)]),
            Atom::Within(Bound { number, min, max }) => {
                let (least, most) = self.numbers[number as usize];
                let below = (least < min).then(|| self.counting(number, least, min - 1));
                let above = (most > max).then(|| self.counting(number, max + 1, most));
                below.into_iter().chain(above).collect()
            }
        }
    }

    fn promising(&self, ways: Vec<Known>) -> Vec<Self> {
        ways.into_iter().map(|promises| Self { promises, ..self.clone() }).collect()
    }

    fn missing(&self, ways: Vec<Known>) -> Vec<Self> {
        ways.into_iter().map(|missed| Self { missed, ..self.clone() }).collect()
    }

    fn counting(&self, number: Number, least: u32, most: u32) -> Self {
        let mut space = self.clone();
        space.numbers[number as usize] = (least, most);
        space
    }
}

fn parts(somewhere: bool, elsewhere: bool) -> Option<bool> {
    match (somewhere, elsewhere) {
        (true, true) => None,
        (holds, _) => Some(holds),
    }
}

/// A search. It may give up, which is neither a find nor a proof.
#[derive(Debug, Default)]
pub(crate) struct Search {
    splits: u32,
}

impl Search {
    /// Whether it gave up.
    pub(crate) fn gave_up(&self) -> bool {
        self.splits > SPLITS_MAX
    }

    /// A part of `from` in which everything required holds, and nothing of what is to be avoided.
    pub(crate) fn find(
        &mut self,
        from: &Space,
        required: &[Atom],
        avoided: &[&Clause],
    ) -> Option<Space> {
        let Some((atom, rest)) = required.split_first() else {
            return self.avoid(from.clone(), avoided);
        };
        match from.says(atom) {
            Some(false) => None,
            Some(true) => self.find(from, rest, avoided),
            None => {
                from.where_it_holds(atom).iter().find_map(|part| self.find(part, rest, avoided))
            }
        }
    }

    fn avoid(&mut self, space: Space, clauses: &[&Clause]) -> Option<Space> {
        self.splits += 1;
        if self.gave_up() {
            return None;
        }
        let mut open: Vec<&Clause> = Vec::with_capacity(clauses.len());
        let mut narrowest: Option<(usize, &Clause)> = None;
        for clause in clauses {
            let mut ways_out = 0;
            let is_out = clause.iter().any(|atom| {
                let says = space.says(atom);
                ways_out += usize::from(says.is_none());
                says == Some(false)
            });
            if is_out {
                continue;
            }
            open.push(clause);
            if narrowest.is_none_or(|(fewest, _)| ways_out < fewest) {
                narrowest = Some((ways_out, clause));
            }
        }
        let Some((ways_out, clause)) = narrowest else { return Some(space) };
        if ways_out == 0 {
            return None;
        }
        let mut inside = vec![space];
        for atom in clause {
            let mut still = Vec::new();
            for part in inside {
                if part.says(atom) == Some(true) {
                    still.push(part);
                    continue;
                }
                for out in part.where_it_fails(atom) {
                    let found = self.avoid(out, &open);
                    if found.is_some() || self.gave_up() {
                        return found;
                    }
                }
                still.extend(part.where_it_holds(atom));
            }
            inside = still;
        }
        None
    }
}

/// The requirements of a condition.
pub(crate) fn atoms(when: &Condition) -> Clause {
    let lists = Group::ALL.into_iter().filter_map(|group| {
        let bits = when.allowed & group.whole();
        (bits != group.whole()).then_some(Atom::List(group, bits))
    });
    let place = (when.provinces != u128::MAX).then_some(Atom::Place(when.provinces));
    let flags = Flag::ALL.into_iter().filter(|flag| when.flags_care & flag.bit() != 0);
    let flags = flags.map(|flag| Atom::Flag(flag, when.flags_want & flag.bit() != 0));
    let promised = (when.promises_any != 0).then_some(Atom::Promised(when.promises_any));
    let none = (when.promises_none != 0).then_some(Atom::NotPromised(when.promises_none));
    let missed = (when.missed_any != 0).then_some(Atom::Missed(when.missed_any));
    let bounds = when.bounds.iter().map(|bound| Atom::Within(*bound));
    lists
        .chain(place)
        .chain(flags)
        .chain(promised)
        .chain(none)
        .chain(missed)
        .chain(bounds)
        .collect()
}

/// A clause as it reads once the finding counts as a fault of the product; `None` if nothing can meet
/// it any more.
pub(crate) fn after_product_fault(clause: &Clause) -> Option<Clause> {
    let mut left = Vec::with_capacity(clause.len());
    for atom in clause {
        let settled = match *atom {
            Atom::List(group, bits) if group == Group::CAUSE => {
                Some(bits & group.bit(Cause::Product as usize) != 0)
            }
            Atom::List(group, bits) if group == Group::FUNCTION => {
                Some(bits & group.bit(Function::Fault as usize) != 0)
            }
            Atom::Flag(Flag::Inspected, value) => Some(value),
            Atom::Flag(Flag::Inconclusive, value) => Some(!value),
            _ => None,
        };
        match settled {
            Some(false) => return None,
            Some(true) => {}
            None => left.push(*atom),
        }
    }
    Some(left)
}

/// What no facts can be: how the facts of one case hang together. `promises` are the bits of all
/// promises of the pack.
pub(crate) fn impossible(promises: u64) -> Vec<Clause> {
    let cause = |cause: Cause| Group::CAUSE.bit(cause as usize);
    let function = |function: Function| Group::FUNCTION.bit(function as usize);
    let but = |group: Group, bits: u64| Atom::List(group, group.whole() & !bits);
    let is = Atom::Flag;
    let level = |min, max| Atom::Within(Bound { number: Number::Level, min, max });
    let unseen = is(Flag::Inspected, false);
    let mut clauses = vec![
        vec![unseen, but(Group::CAUSE, cause(Cause::Product))],
        vec![unseen, but(Group::FUNCTION, function(Function::Fault))],
        vec![unseen, but(Group::IDENTITY, Group::IDENTITY.bit(Identity::Matches as usize))],
        vec![unseen, is(Flag::EvidenceOk, true)],
        vec![unseen, is(Flag::Inconclusive, true)],
        vec![unseen, level(1, u32::MAX)],
        vec![is(Flag::Inspected, true), level(0, 0)],
        vec![level(4, u32::MAX)],
        vec![is(Flag::Inconclusive, false), Atom::List(Group::CAUSE, cause(Cause::Undetermined))],
        vec![
            is(Flag::Inconclusive, false),
            Atom::List(Group::FUNCTION, function(Function::Untested)),
        ],
        vec![
            is(Flag::Inconclusive, true),
            but(Group::CAUSE, cause(Cause::Undetermined)),
            but(Group::FUNCTION, function(Function::Untested)),
        ],
        vec![
            is(Flag::ExtensionCovers, true),
            Atom::NotPromised(1 << Promise::ExtendedWarranty as u64),
        ],
    ];
    let each = (0..u64::BITS).map(|at| 1_u64 << at).filter(|bit| promises & bit != 0);
    clauses.extend(each.map(|bit| vec![Atom::Missed(bit), Atom::NotPromised(bit)]));
    clauses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole_and(clauses: &[Clause]) -> Option<Space> {
        let clauses: Vec<&Clause> = clauses.iter().collect();
        Search::default().find(&Space::whole(), &[], &clauses)
    }

    #[test]
    fn what_is_covered_in_pieces_is_found_to_be_covered() {
        let days = |min, max| Atom::Within(Bound { number: Number::Days, min, max });
        let danger = |value| Atom::Flag(Flag::Danger, value);
        let mut cover = vec![
            vec![days(0, 7)],
            vec![days(8, 30), danger(true)],
            vec![days(8, u32::MAX), danger(false)],
        ];
        let left = whole_and(&cover).expect("danger after day 30 is not covered");
        assert_eq!(left.numbers[Number::Days as usize].0, 31);
        assert_eq!(left.flag(Flag::Danger), Some(true));
        cover.push(vec![days(31, u32::MAX)]);
        assert!(whole_and(&cover).is_none());
    }

    #[test]
    fn promises_and_places_are_split_exactly() {
        let (one, two) = (Atom::Promised(0b01), Atom::Promised(0b10));
        let neither = Atom::NotPromised(0b11);
        assert!(whole_and(&[vec![one], vec![two], vec![neither]]).is_none());
        let left = whole_and(&[vec![one], vec![neither]]).expect("the second alone");
        assert_eq!(left.promises.set & 0b11, 0b10);
        let place = Atom::Place(0xff);
        assert!(whole_and(&[vec![place], vec![Atom::Place(!0xff)]]).is_none());
        assert!(whole_and(&[vec![place, one]]).is_some());
    }

    #[test]
    fn what_is_required_and_avoided_at_once_is_not_found() {
        let danger = Atom::Flag(Flag::Danger, true);
        let clause = vec![danger];
        let mut search = Search::default();
        assert!(search.find(&Space::whole(), &[danger], &[&clause]).is_none());
        assert!(search.find(&Space::whole(), &[danger], &[]).is_some());
        assert!(!search.gave_up());
    }
}
