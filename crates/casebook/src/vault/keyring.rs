//! The keys of the vault, and what they do to a row.
//!
//! A row is sealed with a random key of its own, which is wrapped by a key of the ring: destroying the row
//! destroys its key, and a new key of the ring wraps row keys anew without touching what they seal.
//! Both layers are AES-256-GCM with random nonces. Whom and what a row is about is authenticated with it, so
//! that a row put in another's place does not open.
//!
//! Owns no file: where keys are kept is the node's to say. Its random numbers are the cipher's own and not the
//! house's source of them: a source that a test has seeded would give a nonce twice.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use uuid::Uuid;

/// The length of a key, in bytes.
pub const KEY_LEN: usize = 32;
/// The length of what the cipher adds to show that nothing was altered, in bytes.
const TAG_LEN: usize = 16;
/// The length of a wrapped row key, in bytes: nonce, key, tag.
const WRAPPED_LEN: usize = NONCE_LEN + KEY_LEN + TAG_LEN;

/// Why a row of the vault cannot be read, or sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// This process was given no keys.
    #[error("the vault is locked: this process was given no key of it")]
    Locked,
    /// The row names a key that is not on the ring.
    #[error("the row was sealed with key {0} of the vault, which is not known here")]
    KeyUnknown(i64),
    /// The row does not open: it was altered, or put in another's place, or the key is another of that number.
    #[error(
        "the row does not open with key {0} of the vault: it was altered, or the key is another"
    )]
    Altered(i64),
    /// The cipher gave no random numbers.
    #[error("the row could not be sealed")]
    NotSealed,
}

/// Keys that wrap, by number. The highest wraps what is written; the others open what they wrapped. A clone is the
/// same ring; it is never printed.
#[derive(Clone)]
pub struct Keyring {
    keys: Arc<BTreeMap<u32, RandomizedNonceKey>>,
    newest: u32,
}

impl Keyring {
    /// A ring of these keys, by number from 1; `None` if there is none, or one has the number 0.
    pub fn new(keys: impl IntoIterator<Item = (u32, [u8; KEY_LEN])>) -> Option<Self> {
        let keys: BTreeMap<_, _> =
            keys.into_iter().map(|(number, key)| (number, cipher(&key))).collect();
        let newest = keys.keys().next_back().copied()?;
        let numbered = !keys.contains_key(&0);
        numbered.then(|| Self { keys: Arc::new(keys), newest })
    }

    /// A ring of one key, whose number is 1.
    pub fn first(key: [u8; KEY_LEN]) -> Self {
        Self { keys: Arc::new(BTreeMap::from([(1, cipher(&key))])), newest: 1 }
    }

    /// The number of the key that wraps what is written.
    pub fn newest(&self) -> i64 {
        i64::from(self.newest)
    }

    fn key(&self, number: i64) -> Result<&RandomizedNonceKey, Unreadable> {
        let key = u32::try_from(number).ok().and_then(|number| self.keys.get(&number));
        key.ok_or(Unreadable::KeyUnknown(number))
    }

    /// Seals a text, with the newest key.
    pub(super) fn seal(&self, place: Place<'_>, text: &str) -> Result<Vec<u8>, Unreadable> {
        let mut own = [0; KEY_LEN];
        aws_lc_rs::rand::fill(&mut own).map_err(|_| Unreadable::NotSealed)?;
        let mut sealed = self.wrap(place, own)?;
        sealed.extend(lock(&cipher(&own), &place.of_body(), text.as_bytes())?);
        Ok(sealed)
    }

    /// The text that was sealed with the key of this number.
    pub(super) fn open(
        &self,
        place: Place<'_>,
        number: i64,
        sealed: &[u8],
    ) -> Result<String, Unreadable> {
        let altered = Unreadable::Altered(number);
        let own = self.unwrap(place, number, sealed)?;
        let body = unlock(&cipher(&own), &place.of_body(), &sealed[WRAPPED_LEN..]);
        String::from_utf8(body.ok_or(altered)?).map_err(|_| altered)
    }

    /// The same row under the newest key. What its own key seals stays byte for byte.
    pub(super) fn rewrap(
        &self,
        place: Place<'_>,
        number: i64,
        sealed: &[u8],
    ) -> Result<Vec<u8>, Unreadable> {
        let mut again = self.wrap(place, self.unwrap(place, number, sealed)?)?;
        again.extend(&sealed[WRAPPED_LEN..]);
        Ok(again)
    }

    fn wrap(&self, place: Place<'_>, own: [u8; KEY_LEN]) -> Result<Vec<u8>, Unreadable> {
        let number = self.newest();
        lock(self.key(number)?, &place.of_key(number), &own)
    }

    fn unwrap(
        &self,
        place: Place<'_>,
        number: i64,
        sealed: &[u8],
    ) -> Result<[u8; KEY_LEN], Unreadable> {
        let key = self.key(number)?;
        let wrapped = sealed.get(..WRAPPED_LEN);
        let own = wrapped.and_then(|wrapped| unlock(key, &place.of_key(number), wrapped));
        own.and_then(|own| own.try_into().ok()).ok_or(Unreadable::Altered(number))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring([redacted], newest {})", self.newest)
    }
}

/// The place of a row: what it is about is authenticated with what it says.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub subject: Uuid,
    pub kind: &'a str,
}

impl Place<'_> {
    /// Domain, table, column and row; only the last part has no fixed length.
    fn named(self, column: &[u8; 4], number: i64) -> Vec<u8> {
        let number = number.to_be_bytes();
        let parts: [&[u8]; 5] =
            [b"parasol vault 1 ", column, &number, self.subject.as_bytes(), self.kind.as_bytes()];
        parts.concat()
    }

    fn of_key(self, number: i64) -> Vec<u8> {
        self.named(b"key ", number)
    }

    /// Without the number, which changes when the row key is wrapped anew.
    fn of_body(self) -> Vec<u8> {
        self.named(b"body", 0)
    }
}

fn cipher(key: &[u8; KEY_LEN]) -> RandomizedNonceKey {
    RandomizedNonceKey::new(&AES_256_GCM, key).expect("a key of 32 bytes fits AES-256")
}

/// Nonce, what was locked, tag.
fn lock(key: &RandomizedNonceKey, place: &[u8], plain: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut text = plain.to_vec();
    let nonce = key.seal_in_place_append_tag(Aad::from(place), &mut text);
    let nonce = nonce.map_err(|_| Unreadable::NotSealed)?;
    Ok([&nonce.as_ref()[..], &text].concat())
}

fn unlock(key: &RandomizedNonceKey, place: &[u8], locked: &[u8]) -> Option<Vec<u8>> {
    let (nonce, rest) = locked.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut text = rest.to_vec();
    let length = key.open_in_place(nonce, Aad::from(place), &mut text).ok()?.len();
    text.truncate(length);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'static> = Place { subject: Uuid::from_u128(7), kind: "customer" };

    fn ring(keys: &[(u32, u8)]) -> Keyring {
        Keyring::new(keys.iter().map(|(number, byte)| (*number, [*byte; KEY_LEN]))).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_in_its_place_with_its_key_alone() {
        let (one, other) = (ring(&[(1, 1)]), ring(&[(1, 2)]));
        for text in ["", "{}", "{\"name\":\"陈静\"}"] {
            let sealed = one.seal(PLACE, text).unwrap();
            assert_eq!(one.open(PLACE, 1, &sealed).as_deref(), Ok(text));
            let elsewhere = Place { subject: Uuid::from_u128(8), ..PLACE };
            let altered = Err(Unreadable::Altered(1));
            assert_eq!(one.open(elsewhere, 1, &sealed), altered);
            assert_eq!(one.open(Place { kind: "customes", ..PLACE }, 1, &sealed), altered);
            assert_eq!(other.open(PLACE, 1, &sealed), altered);
            assert_eq!(one.open(PLACE, 2, &sealed), Err(Unreadable::KeyUnknown(2)));
            assert_eq!(one.open(PLACE, -1, &sealed), Err(Unreadable::KeyUnknown(-1)));
        }
    }

    #[test]
    fn no_bit_of_a_row_can_be_altered_and_no_end_cut_off() {
        let ring = ring(&[(1, 1)]);
        let sealed = ring.seal(PLACE, "{\"n\":1}").unwrap();
        for place in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            assert_eq!(ring.open(PLACE, 1, &altered), Err(Unreadable::Altered(1)), "{place}");
            assert_eq!(ring.open(PLACE, 1, &sealed[..place]), Err(Unreadable::Altered(1)));
        }
    }

    #[test]
    fn one_text_sealed_twice_is_never_the_same_twice() {
        let ring = ring(&[(1, 1)]);
        let (one, two) = (ring.seal(PLACE, "{}").unwrap(), ring.seal(PLACE, "{}").unwrap());
        assert_ne!(one[..NONCE_LEN], two[..NONCE_LEN]);
        assert_ne!(one[WRAPPED_LEN..], two[WRAPPED_LEN..]);
    }

    #[test]
    fn a_row_key_is_wrapped_anew_and_the_old_key_may_go() {
        let old = ring(&[(1, 1)]);
        let sealed = old.seal(PLACE, "{\"n\":1}").unwrap();
        let again = ring(&[(1, 1), (2, 2)]).rewrap(PLACE, 1, &sealed).unwrap();
        assert_eq!(again[WRAPPED_LEN..], sealed[WRAPPED_LEN..]);
        let new = ring(&[(2, 2)]);
        assert_eq!(new.open(PLACE, 2, &again).as_deref(), Ok("{\"n\":1}"));
        assert_eq!(new.open(PLACE, 1, &sealed), Err(Unreadable::KeyUnknown(1)));
        assert_eq!(new.rewrap(PLACE, 1, &sealed), Err(Unreadable::KeyUnknown(1)));
    }

    #[test]
    fn a_ring_has_keys_numbered_from_one_and_does_not_show_them() {
        assert!(Keyring::new([]).is_none());
        assert!(Keyring::new([(0, [1; KEY_LEN])]).is_none());
        assert_eq!(format!("{:?}", ring(&[(3, 5)])), "Keyring([redacted], newest 3)");
    }
}
