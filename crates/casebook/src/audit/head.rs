//! The head of the chain: what is kept elsewhere, as one word.

use std::fmt;
use std::str::FromStr;

use hmac::Mac as _;
use parasol_journey::time::Timestamp;

use super::{ChainKeys, Link};

/// What a head is signed for.
const HEAD: &[u8] = b"parasol audit head v1";
/// What a head begins with, as text.
const WORD: &str = "audit-head-1";

/// The newest link of a chain at some moment, signed. Its text is one word without spaces:
/// `audit-head-1.POSITION.MICROSECONDS.KEY.LINK.CODE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many rows the chain had.
    pub position: u64,
    /// When the newest of them was chained.
    pub at: Timestamp,
    /// The key it is signed with.
    pub key_id: String,
    link: Link,
    code: [u8; 32],
}

impl Head {
    /// Signs the newest link with the key that links.
    pub(super) fn sign(keys: &ChainKeys, position: i64, at: i64, link: Link) -> Self {
        let key = keys.current();
        Self {
            position: u64::try_from(position).unwrap_or_default(),
            at: Timestamp::from_micros(at),
            key_id: key.id.clone(),
            link,
            code: key
                .mac()
                .chain_update(signed(position, at, &link))
                .finalize()
                .into_bytes()
                .into(),
        }
    }

    /// Whether it was signed with the key it names; `None` for a key that is not known.
    pub(super) fn is_genuine(&self, keys: &ChainKeys) -> Option<bool> {
        let position = i64::try_from(self.position).unwrap_or(i64::MAX);
        let mac = keys.known(&self.key_id)?.mac();
        let mac = mac.chain_update(signed(position, self.at.micros(), &self.link));
        Some(mac.verify_slice(&self.code).is_ok())
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }
}

fn signed(position: i64, at: i64, link: &Link) -> Vec<u8> {
    [HEAD, &position.to_be_bytes(), &at.to_be_bytes(), link].concat()
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, at, key_id, link, code } = self;
        let (link, code) = (hex::encode(link), hex::encode(code));
        write!(f, "{WORD}.{position}.{}.{key_id}.{link}.{code}", at.micros())
    }
}

impl FromStr for Head {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let mut parts = text.trim().split('.');
            let (word, position, at) = (parts.next()?, parts.next()?, parts.next()?);
            let (key_id, link, code) = (parts.next()?, parts.next()?, parts.next()?);
            let mut head = Self {
                position: position.parse().ok()?,
                at: Timestamp::from_micros(at.parse().ok()?),
                key_id: key_id.to_owned(),
                link: [0; 32],
                code: [0; 32],
            };
            hex::decode_to_slice(link, &mut head.link).ok()?;
            hex::decode_to_slice(code, &mut head.code).ok()?;
            (word == WORD && parts.next().is_none()).then_some(head)
        };
        read().ok_or("must be a head as `parasol audit head` prints it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_one_word_that_reads_back_and_a_changed_one_is_not_genuine() {
        let keys = ChainKeys::new([1; 32], []);
        let head = Head::sign(&keys, 12, 1_780_882_200_000_000, [5; 32]);
        let text = head.to_string();
        assert_eq!(text.parse(), Ok(head.clone()));
        assert_eq!(head.is_genuine(&keys), Some(true));
        for (from, to) in [(".12.", ".13."), ("17808822", "17808823"), ("0505", "0506")] {
            let changed: Head = text.replacen(from, to, 1).parse().unwrap();
            assert_eq!(changed.is_genuine(&keys), Some(false), "{from}");
        }
        assert_eq!(head.is_genuine(&ChainKeys::new([2; 32], [])), None);
        assert_eq!(head.is_genuine(&ChainKeys::new([2; 32], [[1; 32]])), Some(true));
        for wrong in ["", "audit-head-1", &text[1..], &format!("{text}.x"), &text[..text.len() - 2]]
        {
            assert!(wrong.parse::<Head>().is_err(), "{wrong}");
        }
    }
}
