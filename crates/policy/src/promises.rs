//! Promises by name: which of them a unit came with, and how a pack numbers them.
//!
//! The vocabulary has a handful of promises that code elsewhere knows. A pack may declare any number
//! more; those are known by their id alone, here and everywhere.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use parasol_journey::vocab::Promise;
use serde::{Deserialize, Serialize};

/// The most promises one pack can tell apart.
pub(crate) const PROMISES_MAX: usize = 64;
/// The longest id of a promise, in bytes.
pub(crate) const PROMISE_ID_MAX: usize = 40;

/// Whether a text can be the id of a promise: small letters, digits and `_`.
pub(crate) fn is_promise_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !text.is_empty() && text.len() <= PROMISE_ID_MAX && text.bytes().all(fits)
}

/// A set of promises. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PromiseSet {
    /// Those of the vocabulary, as bits in the order of [`Promise::ALL`].
    known: u16,
    /// All others by their id.
    others: Option<Arc<BTreeSet<Arc<str>>>>,
}

impl PromiseSet {
    /// No promise.
    pub const EMPTY: Self = Self { known: 0, others: None };

    /// This set and one promise more.
    #[must_use]
    pub fn with(mut self, promise: Promise) -> Self {
        self.known |= 1 << promise as u16;
        self
    }

    /// This set and the promise with this id more.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        match Promise::parse(id) {
            Some(promise) => self.with(promise),
            None => {
                Arc::make_mut(self.others.get_or_insert_default()).insert(id.into());
                self
            }
        }
    }

    /// Whether the promise is in the set.
    pub fn contains(&self, promise: Promise) -> bool {
        self.known & 1 << promise as u16 != 0
    }

    /// The promises of the vocabulary in the set, in declaration order.
    pub fn iter(&self) -> impl Iterator<Item = Promise> {
        Promise::ALL.iter().copied().filter(|promise| self.contains(*promise))
    }

    /// The promises that only a pack knows, by their ids in alphabetical order.
    pub fn others(&self) -> impl Iterator<Item = &str> {
        self.others.iter().flat_map(|ids| ids.iter()).map(AsRef::as_ref)
    }

    /// Every id in the set.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let known = self.iter().map(|promise| promise.as_str());
        known.chain(self.others())
    }
}

impl FromIterator<Promise> for PromiseSet {
    fn from_iter<I: IntoIterator<Item = Promise>>(promises: I) -> Self {
        promises.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl<'a> FromIterator<&'a str> for PromiseSet {
    fn from_iter<I: IntoIterator<Item = &'a str>>(ids: I) -> Self {
        ids.into_iter().fold(Self::EMPTY, Self::with_id)
    }
}

impl fmt::Debug for PromiseSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.ids()).finish()
    }
}

/// Written as a list of words, so that stored facts survive a reordering of the vocabulary.
impl Serialize for PromiseSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.ids())
    }
}

impl<'de> Deserialize<'de> for PromiseSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ids = Vec::<String>::deserialize(deserializer)?;
        match ids.iter().find(|id| !is_promise_id(id)) {
            Some(id) => Err(serde::de::Error::custom(format!("{id:?} is no id of a promise"))),
            None => Ok(ids.iter().map(String::as_str).collect()),
        }
    }
}

/// How a pack numbers promises: those of the vocabulary first, its own after them.
#[derive(Clone, Debug, Default)]
pub(crate) struct PromiseNumbers {
    own: Vec<Arc<str>>,
}

impl PromiseNumbers {
    /// Numbers an id that has no number yet; `false` when there is no room for it.
    pub(crate) fn add(&mut self, id: &str) -> bool {
        if self.bit(id).is_none() {
            if Promise::ALL.len() + self.own.len() >= PROMISES_MAX {
                return false;
            }
            self.own.push(id.into());
        }
        true
    }

    /// The bit of an id; `None` for a promise this pack does not know.
    pub(crate) fn bit(&self, id: &str) -> Option<u64> {
        let number = match Promise::parse(id) {
            Some(promise) => promise as usize,
            None => Promise::ALL.len() + self.own.iter().position(|own| **own == *id)?,
        };
        Some(1 << number)
    }

    /// The id of a number.
    pub(crate) fn id(&self, number: usize) -> Option<&str> {
        match Promise::ALL.get(number) {
            Some(promise) => Some(promise.as_str()),
            None => self.own.get(number - Promise::ALL.len()).map(AsRef::as_ref),
        }
    }

    /// The ids behind some bits.
    pub(crate) fn ids(&self, bits: u64) -> impl Iterator<Item = &str> {
        (0..PROMISES_MAX).filter(move |at| bits & 1 << at != 0).filter_map(|at| self.id(at))
    }

    /// The bits of a set; what the pack does not know counts for nothing.
    pub(crate) fn bits(&self, set: &PromiseSet) -> u64 {
        let own = set.others().filter_map(|id| self.bit(id)).fold(0, |bits, bit| bits | bit);
        u64::from(set.known) | own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_numbers_its_own_promises_after_the_known_ones() {
        let mut numbers = PromiseNumbers::default();
        assert!(numbers.add("tea_within_a_minute") && numbers.add("return_30"));
        let set: PromiseSet =
            ["tea_within_a_minute", "return_30", "elsewhere"].into_iter().collect();
        let bits = numbers.bits(&set);
        assert_eq!(bits.count_ones(), 2, "what a pack does not know counts for nothing");
        assert_eq!(numbers.ids(bits).collect::<Vec<_>>(), ["return_30", "tea_within_a_minute"]);
        assert_eq!(numbers.bit("elsewhere"), None);
        for nth in 0..100 {
            numbers.add(&format!("promise_{nth}"));
        }
        assert!(!numbers.add("one_more"), "there is an end");
        assert!(numbers.add("promise_3"), "what has a number keeps it");
    }

    #[test]
    fn ids_have_one_form() {
        assert!(is_promise_id("tea_5"));
        for wrong in ["", "Tea", "tea-5", "tea 5", "茶", &"t".repeat(41)] {
            assert!(!is_promise_id(wrong), "{wrong:?} was accepted");
        }
        assert!(serde_json::from_str::<PromiseSet>(r#"["Tea"]"#).is_err());
    }
}
