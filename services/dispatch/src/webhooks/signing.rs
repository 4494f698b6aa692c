//! Secrets and signatures, as Standard Webhooks writes them.
//!
//! A secret follows from the cell's key, the webhook and its number, so that it lies in no table and in
//! no saved answer.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac as _};
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::TokenKey;
use sha2::Sha256;
use uuid::Uuid;

use crate::tables::webhooks;

/// Names what the secrets are derived for. Never change it: every receiver's secret follows from it.
const DOMAIN: &str = "webhook-secret";

/// The same for the secrets of callbacks.
const CALLBACKS: &str = "callback-secret";
/// Signatures of a callback that are looked at; a sender that rotates has two.
const SIGNATURES_MAX: usize = 8;

/// A secret that events are signed with. It is never printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret([u8; 32]);

impl SigningSecret {
    /// The secret with this number, from 1.
    pub fn of(key: &TokenKey, webhook: Uuid, number: i64) -> Self {
        let number = number.to_be_bytes();
        Self(key.mac(DOMAIN, &[webhook.as_bytes(), &number[..]].concat()))
    }

    /// The secret with this number, from 1, that a partner signs its callbacks with. It is another than those
    /// of its webhooks, so that what we have signed can never come back as a callback.
    pub fn of_callbacks(key: &TokenKey, partner: &str, number: i64) -> Self {
        let number = number.to_be_bytes();
        Self(key.mac(CALLBACKS, &[&number[..], partner.as_bytes()].concat()))
    }

    /// As its owner is shown it.
    pub fn shown(&self) -> String {
        format!("whsec_{}", BASE64_STANDARD.encode(self.0))
    }
}

fn sign(key: &[u8], id: &str, seconds: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body.as_bytes());
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

/// The signature of a delivery by a secret as its owner is shown it; `None` if the text is none. For whoever
/// tries a receiver.
pub fn signed(secret: &str, id: &str, seconds: i64, body: &str) -> Option<String> {
    let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    Some(sign(&key, id, seconds, body))
}

impl std::fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningSecret([redacted])")
    }
}

/// The secrets that are valid at an instant, the newest first.
pub fn valid_secrets(key: &TokenKey, row: &webhooks::Model, now: Timestamp) -> Vec<SigningSecret> {
    let newest = row.secret_number;
    let is_old_valid = newest > 1 && (row.old_until == 0 || now.micros() < row.old_until);
    let numbers = std::iter::once(newest).chain(is_old_valid.then_some(newest - 1));
    numbers.map(|number| SigningSecret::of(key, row.webhook, number)).collect()
}

/// The value of `webhook-signature`: one signature for each secret.
pub fn signatures(secrets: &[SigningSecret], id: &str, seconds: i64, body: &str) -> String {
    let each: Vec<_> = secrets.iter().map(|secret| sign(&secret.0, id, seconds, body)).collect();
    each.join(" ")
}

/// Whether one of the signatures in a header is that of one of the secrets over `id.timestamp.body`. The
/// comparison takes the same time wherever they differ.
pub fn is_signed(
    secrets: &[SigningSecret],
    (id, timestamp): (&str, &str),
    body: &[u8],
    header: &str,
) -> bool {
    let signatures = header.split(' ').filter_map(|one| one.strip_prefix("v1,"));
    let signatures: Vec<_> = signatures
        .take(SIGNATURES_MAX)
        .filter_map(|one| BASE64_STANDARD.decode(one).ok())
        .collect();
    secrets.iter().any(|secret| {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&secret.0).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification's reference libraries.
    #[test]
    fn the_published_example_is_signed_alike() {
        let key = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", r#"{"test": 2432232314}"#);
        let signature = sign(&key, id, 1_614_265_330, body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let shown = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert_eq!(signed(shown, id, 1_614_265_330, body).unwrap(), signature);
        assert_eq!(signed("MfKQ", id, 1, body), None, "a secret begins with whsec_");
    }

    #[test]
    fn what_is_signed_with_a_valid_secret_is_known_and_nothing_else() {
        let key = TokenKey::from_secret(&[7; 32]);
        let [old, new] = [1, 2].map(|number| SigningSecret::of_callbacks(&key, "brand:a", number));
        let (id, body) = ("msg_1", r#"{"type":"offer.accept"}"#);
        let head = (id, "1614265330");
        let by = |secret: &SigningSecret| sign(&secret.0, id, 1_614_265_330, body);
        let both = [old.clone(), new.clone()];
        for header in [by(&old), by(&new), format!("v1a,x v1,AAAA {}", by(&new))] {
            assert!(is_signed(&both, head, body.as_bytes(), &header), "{header}");
        }
        let only_new = [new.clone()];
        assert!(!is_signed(&only_new, head, body.as_bytes(), &by(&old)));
        assert!(!is_signed(&[], head, body.as_bytes(), &by(&new)));
        assert!(!is_signed(&only_new, (id, "1614265331"), body.as_bytes(), &by(&new)));
        assert!(!is_signed(&only_new, ("msg_2", head.1), body.as_bytes(), &by(&new)));
        assert!(!is_signed(&only_new, head, b"{}", &by(&new)));
        for wrong in ["", "v1,", "v1", &by(&new)[3..], &format!("{}=", by(&new))] {
            assert!(!is_signed(&only_new, head, body.as_bytes(), wrong), "{wrong}");
        }
        let late = format!("{} {}", ["v1,AAAA"; SIGNATURES_MAX].join(" "), by(&new));
        assert!(!is_signed(&only_new, head, body.as_bytes(), &late), "so many are looked at");
        let of_another = SigningSecret::of_callbacks(&key, "brand:b", 2);
        assert_ne!(new, of_another);
    }

    #[test]
    fn secrets_differ_by_webhook_and_number_and_are_not_printed() {
        let key = TokenKey::from_secret(&[7; 32]);
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let first = SigningSecret::of(&key, a, 1);
        assert_eq!(first, SigningSecret::of(&key, a, 1));
        assert_ne!(first, SigningSecret::of(&key, a, 2));
        assert_ne!(first, SigningSecret::of(&key, b, 1));
        assert!(first.shown().starts_with("whsec_") && first.shown().len() == 6 + 44);
        assert!(!format!("{first:?}").contains(&first.shown()[6..20]));
    }
}
