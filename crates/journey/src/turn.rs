//! The turn clock: at every moment of an open case exactly one party has to move, and every party's
//! times add up to the elapsed time, to the microsecond.

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};
use crate::vocab::Party;

/// Who holds the turn, since when, and what each party has used so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct TurnClock {
    holder: Option<Party>,
    since: Timestamp,
    opened: Timestamp,
    open_before: Span,
    spent: Vec<(Party, Span)>,
}

impl TurnClock {
    /// Hands the turn to `holder` at `at`; `None` stops the clock (the case has ended).
    ///
    /// `at` must not lie before the last hand-over; the case log guarantees that.
    pub fn hand_to(&mut self, holder: Option<Party>, at: Timestamp) {
        if holder == self.holder {
            return;
        }
        match (self.holder, holder) {
            (None, Some(_)) => self.opened = at,
            (Some(_), None) => self.open_before = self.open_before + at.since(self.opened),
            _ => {}
        }
        if let Some(party) = self.holder {
            self.charge(party, at.since(self.since));
        }
        self.holder = holder;
        self.since = at;
    }

    fn charge(&mut self, party: Party, span: Span) {
        match self.spent.iter_mut().find(|(charged, _)| *charged == party) {
            Some((_, total)) => *total = *total + span,
            None => self.spent.push((party, span)),
        }
    }

    /// Who has to move now; `None` once the case has ended.
    pub fn holder(&self) -> Option<Party> {
        self.holder
    }

    /// When the present holder got the turn.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// What each party has used up to `now`, in the order in which they first held the turn.
    pub fn times(&self, now: Timestamp) -> Vec<(Party, Span)> {
        let mut clock = self.clone();
        if let Some(party) = clock.holder {
            clock.charge(party, now.since(clock.since));
        }
        clock.spent
    }

    /// How long the case has been open up to `now`; time between a closing and a reopening is not.
    pub fn elapsed(&self, now: Timestamp) -> Span {
        match self.holder {
            Some(_) => self.open_before + now.since(self.opened),
            None => self.open_before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn party_times_add_up_to_the_elapsed_time(
            steps in prop::collection::vec((0usize..=Party::ALL.len(), 0i64..1_000_000_000), 1..40),
            tail in 0i64..1_000_000_000,
        ) {
            let mut clock = TurnClock::default();
            let mut now = Timestamp::from_micros(1_000);
            for (party, gap) in steps {
                now = now + Span::from_micros(gap);
                clock.hand_to(Party::ALL.get(party).copied(), now);
            }
            now = now + Span::from_micros(tail);
            let total: i64 = clock.times(now).iter().map(|(_, span)| span.micros()).sum();
            prop_assert_eq!(total, clock.elapsed(now).micros());
        }
    }
}
