//! The text that travels between processes: one line per ring, readable with `redis-cli SUBSCRIBE`.
//!
//! ```text
//! parasol 0190…            who sent it
//! case case_0190… 17
//! work dispatch
//! staff
//! lost                     more rang than could be sent
//! ```
//!
//! Processes of two releases share a channel during an upgrade, so a line that is not understood is
//! passed over: it is a hint that the reader has no use for.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use parasol_journey::ids::CaseId;
use parasol_journey::task::Role;
use uuid::Uuid;

use crate::Ring;

/// What a process has to tell the others: at most one ring per case and role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Batch {
    /// The highest version per case.
    pub(crate) cases: HashMap<CaseId, u64>,
    /// Roles with work.
    pub(crate) roles: HashSet<Role>,
    /// Whether the register of the retailer's people has changed.
    pub(crate) staff: bool,
    /// Whether rings were lost before these.
    pub(crate) lost: bool,
}

impl Batch {
    /// The message; a batch without rings is a sign of life.
    pub(crate) fn encode(&self, origin: Uuid) -> String {
        let mut text = format!("parasol {}\n", origin.simple());
        for (case, version) in &self.cases {
            writeln!(text, "case {case} {version}").expect("a string takes any text");
        }
        for role in &self.roles {
            writeln!(text, "work {role}").expect("a string takes any text");
        }
        if self.staff {
            text.push_str("staff\n");
        }
        if self.lost {
            text.push_str("lost\n");
        }
        text
    }

    /// The sender and the batch; `None` when it is not such a message.
    pub(crate) fn decode(text: &str) -> Option<(Uuid, Self)> {
        let mut lines = text.lines();
        let origin = lines.next()?.strip_prefix("parasol ")?;
        let origin = Uuid::try_parse(origin).ok()?;
        let mut batch = Self::default();
        for line in lines {
            match ring(line) {
                Some(Ring::Case { case, version }) => {
                    batch.cases.insert(case, version);
                }
                Some(Ring::Work { role }) => {
                    batch.roles.insert(role);
                }
                Some(Ring::Staff) => batch.staff = true,
                None => batch.lost |= line == "lost",
            }
        }
        Some((origin, batch))
    }

    /// The rings, in no order.
    pub(crate) fn rings(&self) -> impl Iterator<Item = Ring> + '_ {
        let cases = self.cases.iter().map(|(&case, &version)| Ring::Case { case, version });
        let work = self.roles.iter().map(|&role| Ring::Work { role });
        cases.chain(work).chain(self.staff.then_some(Ring::Staff))
    }
}

fn ring(line: &str) -> Option<Ring> {
    let mut words = line.split(' ');
    match words.next()? {
        "case" => {
            let case = words.next()?.parse().ok()?;
            let version = words.next()?.parse().ok()?;
            Some(Ring::Case { case, version })
        }
        "work" => Some(Ring::Work { role: Role::parse(words.next()?)? }),
        "staff" => Some(Ring::Staff),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let origin = Uuid::from_u128(7);
        let batch = Batch {
            cases: [(CaseId::new(Uuid::from_u128(1)), 17), (CaseId::new(Uuid::from_u128(2)), 1)]
                .into(),
            roles: Role::ALL.iter().copied().collect(),
            staff: true,
            lost: true,
        };
        assert_eq!(Batch::decode(&batch.encode(origin)), Some((origin, batch)));
        let silent = Batch::default();
        assert_eq!(Batch::decode(&silent.encode(origin)), Some((origin, silent)));
    }

    #[test]
    fn passes_over_what_it_does_not_understand() {
        let text = "parasol 00000000000000000000000000000007\n\
                    work baking\nwork\ncase case_1 x\nweather sunny\nwork dispatch next\n";
        let (_, batch) = Batch::decode(text).unwrap();
        assert_eq!(batch.rings().collect::<Vec<_>>(), [Ring::Work { role: Role::Dispatch }]);
        for foreign in ["", "hello", "parasol", "parasol me\nlost\n"] {
            assert_eq!(Batch::decode(foreign), None, "{foreign:?}");
        }
    }
}
