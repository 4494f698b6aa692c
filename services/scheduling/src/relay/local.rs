//! A provider inside this process, for the embedded mode and for tests.
//!
//! Behaves as a real one does: it has so many numbers and no more, lends each to one pair at a time, connects
//! calls of that pair only, lets a number rest once it is given back, and can be told not to answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use parasol_journey::time::{Span, Timestamp};

use super::{Lent, RelayFault, RelayOrder, RelayProvider};

/// How long a number that was given back is lent to nobody.
const REST: Span = Span::days(7);
/// The first of its numbers; they are in no telephone company's range.
const FIRST: u64 = 17_000_000_000;
/// How many it has.
const NUMBERS: u64 = 100_000;

/// A provider with an exchange of its own.
pub struct LocalRelay(Mutex<Lines>);

struct Lines {
    numbers: u64,
    /// What is bound, by key.
    bound: BTreeMap<String, Line>,
    /// The same by number.
    keys: BTreeMap<u64, String>,
    /// The same by the time at which it lapses.
    ends: BTreeSet<(Timestamp, String)>,
    /// Numbers that rest, and until when.
    resting: BTreeMap<u64, Timestamp>,
    /// The number that is tried first for the next pair.
    next: u64,
    is_away: bool,
}

struct Line {
    number: u64,
    /// Whom it connects; unknown for one that another process has lent, or this one before it began.
    pair: Option<(String, String)>,
    until: Timestamp,
}

impl Default for LocalRelay {
    fn default() -> Self {
        Self::with_numbers(NUMBERS)
    }
}

impl LocalRelay {
    /// A provider that has so many numbers.
    pub fn with_numbers(numbers: u64) -> Self {
        let (bound, keys, ends, resting) = Default::default();
        Self(Mutex::new(Lines { numbers, bound, keys, ends, resting, next: 0, is_away: false }))
    }

    /// Whether it answers.
    pub fn set_away(&self, is_away: bool) {
        self.lines(|lines| lines.is_away = is_away);
    }

    /// Who is reached by dialling a number from another one; nobody when it connects neither.
    pub fn dial(&self, from: &str, number: &str, now: Timestamp) -> Option<String> {
        self.lines(|lines| {
            let key = lines.keys.get(&dialled(number)?)?;
            let line = lines.bound.get(key).filter(|line| now < line.until)?;
            let (a, b) = line.pair.as_ref()?;
            match from {
                _ if from == a => Some(b.clone()),
                _ if from == b => Some(a.clone()),
                _ => None,
            }
        })
    }

    /// How many numbers are lent.
    pub fn lent(&self) -> usize {
        self.lines(|lines| lines.bound.len())
    }

    fn lines<T>(&self, work: impl FnOnce(&mut Lines) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Lines {
    fn bind(&mut self, order: &RelayOrder, now: Timestamp) -> Option<u64> {
        let pair = Some((order.customer.clone(), order.technician.clone()));
        let known = self.bound.get(&order.key).map(|line| line.number);
        let number = known.or_else(|| self.free(now))?;
        self.enter(&order.key, Line { number, pair, until: order.until });
        Some(number)
    }

    fn enter(&mut self, key: &str, line: Line) {
        self.keys.insert(line.number, key.to_owned());
        self.ends.insert((line.until, key.to_owned()));
        if let Some(before) = self.bound.insert(key.to_owned(), line) {
            self.ends.remove(&(before.until, key.to_owned()));
            self.ends.insert((self.bound[key].until, key.to_owned()));
        }
    }

    /// A number that is neither lent nor resting, and was not lent for longest.
    fn free(&mut self, now: Timestamp) -> Option<u64> {
        while let Some((_, key)) = self.ends.first().filter(|(until, _)| *until <= now).cloned() {
            self.rest(&key, now);
        }
        self.resting.retain(|_, until| now < *until);
        let free =
            |number: &u64| !self.keys.contains_key(number) && !self.resting.contains_key(number);
        let number = (0..self.numbers).map(|step| (self.next + step) % self.numbers).find(free)?;
        self.next = (number + 1) % self.numbers;
        Some(number)
    }

    fn rest(&mut self, key: &str, now: Timestamp) {
        if let Some(line) = self.bound.remove(key) {
            self.keys.remove(&line.number);
            self.ends.remove(&(line.until, key.to_owned()));
            self.resting.insert(line.number, now + REST);
        }
    }
}

/// The place of a number among those of this provider.
fn dialled(number: &str) -> Option<u64> {
    number.parse::<u64>().ok()?.checked_sub(FIRST)
}

fn shown(number: u64) -> String {
    (FIRST + number).to_string()
}

#[async_trait]
impl RelayProvider for LocalRelay {
    fn name(&self) -> &'static str {
        "local"
    }

    async fn bind(&self, order: &RelayOrder, now: Timestamp) -> Result<String, RelayFault> {
        self.lines(|lines| {
            if lines.is_away {
                return Err(RelayFault::Away);
            }
            lines.bind(order, now).map(shown).ok_or(RelayFault::NoNumber)
        })
    }

    async fn unbind(&self, key: &str, now: Timestamp) -> Result<(), RelayFault> {
        self.lines(|lines| {
            if lines.is_away {
                return Err(RelayFault::Away);
            }
            lines.rest(key, now);
            Ok(())
        })
    }

    /// So that no number is lent twice: what is not lent any more rests, and everything else is as it is told. Whom
    /// a number connects that another process has lent is not known here.
    fn take_up(&self, lent: Vec<Lent>, now: Timestamp) {
        self.lines(|lines| {
            let lent = lent.into_iter().filter_map(|one| Some((dialled(&one.number)?, one)));
            let lent: Vec<_> = lent.collect();
            let is_lent = |key: &str, line: &Line| {
                lent.iter().any(|(number, one)| one.key == key && *number == line.number)
            };
            let gone = lines.bound.iter().filter(|(key, line)| !is_lent(key, line));
            let gone: Vec<_> = gone.map(|(key, _)| key.clone()).collect();
            for key in gone {
                lines.rest(&key, now);
            }
            for (number, Lent { key, until, .. }) in lent {
                let pair = lines.bound.get(&key).and_then(|line| line.pair.clone());
                lines.resting.remove(&number);
                lines.enter(&key, Line { number, pair, until });
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(key: &str, until: Timestamp) -> RelayOrder {
        let (customer, technician) = (format!("1380000{key}"), format!("1980000{key}"));
        RelayOrder { key: key.to_owned(), customer, technician, until }
    }

    fn hour(hours: i64) -> Timestamp {
        Timestamp::from_micros(0) + Span::hours(hours)
    }

    #[tokio::test]
    async fn a_pair_reaches_each_other_and_nobody_else_does() {
        let relay = LocalRelay::default();
        let pair = order("0001", hour(5));
        let number = relay.bind(&pair, hour(0)).await.unwrap();
        let dial = |from: &str, hours| relay.dial(from, &number, hour(hours));
        assert_eq!(dial(&pair.customer, 1).as_deref(), Some(&*pair.technician));
        assert_eq!(dial(&pair.technician, 1).as_deref(), Some(&*pair.customer));
        assert_eq!(dial("13900000000", 1), None);
        assert_eq!(dial(&pair.customer, 5), None, "it lapses by itself");

        let longer = RelayOrder { until: hour(9), ..pair.clone() };
        assert_eq!(relay.bind(&longer, hour(1)).await.unwrap(), number, "one key, one number");
        assert!(dial(&pair.customer, 8).is_some());
        relay.unbind("0001", hour(2)).await.unwrap();
        relay.unbind("0001", hour(2)).await.unwrap();
        assert_eq!(dial(&pair.customer, 3), None);
    }

    #[tokio::test]
    async fn a_number_rests_before_it_is_lent_again() {
        let relay = LocalRelay::with_numbers(2);
        let first = relay.bind(&order("0001", hour(9)), hour(0)).await.unwrap();
        let second = relay.bind(&order("0002", hour(9)), hour(0)).await.unwrap();
        assert_ne!(first, second);
        let none = relay.bind(&order("0003", hour(9)), hour(0)).await;
        assert_eq!(none, Err(RelayFault::NoNumber));
        relay.unbind("0001", hour(1)).await.unwrap();
        let rest = 7 * 24;
        let third = order("0003", hour(999));
        assert_eq!(relay.bind(&third, hour(rest)).await, Err(RelayFault::NoNumber));
        assert_eq!(relay.bind(&third, hour(1 + rest)).await.unwrap(), first);
        assert_eq!(relay.lent(), 1, "the second lapsed and rests");
    }

    #[tokio::test]
    async fn what_was_lent_before_is_not_lent_again() {
        let before = LocalRelay::with_numbers(2);
        let number = before.bind(&order("0001", hour(9)), hour(0)).await.unwrap();
        let after = LocalRelay::with_numbers(2);
        let lent = Lent { key: "0001".to_owned(), number: number.clone(), until: hour(9) };
        after.take_up(vec![lent], hour(1));
        assert_ne!(after.bind(&order("0002", hour(9)), hour(1)).await.unwrap(), number);
        assert_eq!(after.bind(&order("0001", hour(9)), hour(1)).await.unwrap(), number);
    }

    /// Two that lend in turn, as the processes of a cell do, told what is lent whenever they begin.
    #[tokio::test]
    async fn whoever_lends_again_forgets_what_another_has_changed() {
        let (first, second) = (LocalRelay::with_numbers(4), LocalRelay::with_numbers(4));
        let until = hour(99);
        let lent = |key: &str, number: &str| Lent { key: key.into(), number: number.into(), until };
        let before = first.bind(&order("0001", until), hour(0)).await.unwrap();
        second.take_up(vec![lent("0001", &before)], hour(1));
        second.unbind("0001", hour(1)).await.unwrap();
        let other = second.bind(&order("0002", until), hour(1)).await.unwrap();
        let anew = second.bind(&order("0001", until), hour(1)).await.unwrap();
        assert!(anew != before && anew != other);

        first.take_up(vec![lent("0002", &other), lent("0001", &anew)], hour(2));
        let last = first.bind(&order("0003", until), hour(2)).await.unwrap();
        assert!(last != other && last != anew && last != before, "{last}");
        first.unbind("0003", hour(2)).await.unwrap();
        assert_eq!(first.bind(&order("0001", until), hour(2)).await.unwrap(), anew);
        assert_eq!(first.lent(), 2);
    }
}
