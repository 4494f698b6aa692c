//! API keys of partners without certificates, as this process knows them: which are good, and whose they are.
//!
//! A key is a text that an operator hands over once. What is kept of it, here and in the store, is its fingerprint
//! (SHA-256), from which nobody makes it again. Like the register of people this is a copy in memory that somebody else
//! keeps and puts here; it deliberately reads nothing itself. A key that was taken back is out when it is put, and
//! streams that run with it end.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::BoxFuture;
use parasol_api::Reason;
use parasol_journey::time::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use uuid::Uuid;

use super::{Principal, TokenError, TokenKey};

/// What tells a key from other credentials.
pub const PREFIX: &str = "pk_";
/// Names what the secret part of keys is made for.
const DOMAIN: &str = "api-key";
/// Bytes of the secret part: 256 bits that nobody can guess without the cell's key.
const SECRET_BYTES: usize = 32;
/// Characters of a key behind its prefix: its id and its secret part, 48 bytes.
const TEXT_LEN: usize = 64;

/// What is kept of a key.
pub type Fingerprint = [u8; 32];

/// The text of a key. It follows from its id, so that whoever asks for it again under the same request gets it again
/// and it need not be kept.
pub fn text(key: &TokenKey, id: Uuid) -> String {
    let secret = key.mac(DOMAIN, id.as_bytes());
    let bytes = [&id.as_bytes()[..], &secret[..SECRET_BYTES]].concat();
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// What is kept of a text.
pub fn fingerprint(text: &str) -> Fingerprint {
    Sha256::digest(text.as_bytes()).into()
}

/// A key that is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: Uuid,
    /// As whom its bearer calls.
    pub principal: Principal,
    /// When it ends.
    pub ends: Timestamp,
}

/// All keys that are good, by their fingerprints.
pub type Known = HashMap<Fingerprint, ApiKey>;

/// The keys in memory. A clone is the same ones.
#[derive(Clone, Debug, Default)]
pub struct ApiKeys(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    known: watch::Sender<Known>,
    /// When each was used last, since somebody wrote it down.
    used: Mutex<BTreeMap<Uuid, Timestamp>>,
}

impl ApiKeys {
    /// Takes the place of all keys. Streams of those that are good no more end now.
    pub fn put(&self, known: Known) {
        self.0.known.send_replace(known);
    }

    /// Whose key a text is, and when that ends.
    ///
    /// # Errors
    /// [`TokenError::KeyUnknown`] for one that was never issued or was taken back, [`TokenError::Expired`].
    pub(super) fn read(
        &self,
        text: &str,
        now: Timestamp,
    ) -> Result<(Principal, Timestamp), TokenError> {
        let fits = text.strip_prefix(PREFIX).is_some_and(|rest| rest.len() == TEXT_LEN);
        let fingerprint = fits.then(|| fingerprint(text)).ok_or(TokenError::Malformed)?;
        // Looked up by its hash: how long that takes says nothing about a key.
        let known = self.0.known.borrow().get(&fingerprint).cloned();
        let ApiKey { id, principal, ends } = known.ok_or(TokenError::KeyUnknown)?;
        if ends <= now {
            return Err(TokenError::Expired);
        }
        self.0.used.lock().unwrap_or_else(PoisonError::into_inner).insert(id, now);
        Ok((principal, ends))
    }

    /// Resolves once a key is good no more because it was taken back.
    pub(crate) fn departure(&self, text: &str) -> BoxFuture<'static, Reason> {
        let fingerprint = fingerprint(text);
        let mut known = self.0.known.subscribe();
        Box::pin(async move {
            if known.wait_for(|known| !known.contains_key(&fingerprint)).await.is_err() {
                // The process ends; nothing changes any more.
                std::future::pending::<()>().await;
            }
            Reason::Unauthenticated
        })
    }

    /// Which keys were used since this was asked last, and when.
    pub fn take_used(&self) -> BTreeMap<Uuid, Timestamp> {
        std::mem::take(&mut *self.0.used.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use parasol_journey::time::Span;

    use super::*;
    use crate::identity::Role;

    fn noon() -> Timestamp {
        Timestamp::parse("2026-06-08T12:00:00+08:00").unwrap()
    }

    #[test]
    fn a_key_is_known_by_its_fingerprint_until_it_ends_or_is_taken_back() {
        let house = TokenKey::from_secret(&[7; 32]);
        let id = Uuid::from_u128(17);
        let key = text(&house, id);
        assert_eq!(key, text(&house, id), "the same again");
        assert_ne!(key, text(&TokenKey::from_secret(&[8; 32]), id), "and nobody else's");
        let principal = Principal::new(Role::Centre, "au-hz").of_brand("aurora");
        let keys = ApiKeys::default();
        assert_eq!(keys.read(&key, noon()), Err(TokenError::KeyUnknown));
        let ends = noon() + Span::days(1);
        let known = ApiKey { id, principal: principal.clone(), ends };
        keys.put(Known::from([(fingerprint(&key), known)]));
        assert_eq!(keys.read(&key, noon()), Ok((principal, ends)));
        assert_eq!(keys.take_used(), BTreeMap::from([(id, noon())]));
        assert_eq!(keys.take_used(), BTreeMap::new(), "told once");
        assert_eq!(keys.read(&key, ends), Err(TokenError::Expired));
        let last = if key.ends_with('A') { "B" } else { "A" };
        let other = format!("{}{last}", &key[..key.len() - 1]);
        assert_eq!(keys.read(&other, noon()), Err(TokenError::KeyUnknown));
        for wrong in ["pk_", "pk_AAAA", &key[3..], &format!("{key}A")] {
            assert_eq!(keys.read(wrong, noon()), Err(TokenError::Malformed), "{wrong}");
        }
        let mut departure = keys.departure(&key);
        assert_eq!((&mut departure).now_or_never(), None);
        keys.put(Known::new());
        assert_eq!(departure.now_or_never(), Some(Reason::Unauthenticated));
        assert_eq!(keys.read(&key, noon()), Err(TokenError::KeyUnknown));
        assert_eq!(keys.take_used(), BTreeMap::new(), "what is refused is no use");
    }
}
