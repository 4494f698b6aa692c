//! What comes back: receipts of providers, by a signed callback, and the link by which a customer wants no more.
//!
//! Owns the proofs of both. A receipt is a message of Standard Webhooks under a secret that the operator shares
//! with the adapter; a link proves itself, so it is stored nowhere, and it can do one thing.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac as _};
use parasol_api::{Error, Reason};
use parasol_journey::ids::CustomerId;
use parasol_journey::time::{MINUTE, Timestamp};
use parasol_runtime::identity::TokenKey;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sha2::Sha256;
use uuid::Uuid;

use super::Operation;
use super::plan::Kind;

/// How far a receipt's time may lie from ours, either way.
const AGE_MAX: i64 = 5 * MINUTE;
/// Characters of a receipt's id.
const ID_MAX: usize = 100;
/// Signatures that are looked at; a sender that rotates its secret has two.
const SIGNATURES_MAX: usize = 8;
/// Names what links of unsubscribing are proven for.
const DOMAIN: &str = "notice-unsubscribe";
/// Bytes of a link's proof.
const PROOF_LEN: usize = 16;

/// A receipt as it came.
pub struct Signed<'a> {
    /// Its id.
    pub id: &'a str,
    /// When it was signed, in seconds since 1970, as it was written.
    pub timestamp: &'a str,
    /// Its signatures.
    pub signature: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// What a receipt says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Of which number.
    pub operation: Operation,
    /// Whether it arrived; else it will not.
    pub delivered: bool,
    /// Why not, as the provider says.
    pub reason: String,
}

#[derive(Deserialize)]
struct Body {
    operation: String,
    state: String,
    #[serde(default)]
    reason: String,
}

/// What a receipt says, if it is signed with the secret and of now. `secret` is empty where none is shared.
///
/// # Errors
/// `CALLBACK_UNSIGNED`, `CALLBACK_EXPIRED`, `FIELD_INVALID`. The signature is looked at first, so that nothing is
/// told to who has no secret.
pub fn read(secret: &SecretString, signed: &Signed<'_>, now: Timestamp) -> Result<Receipt, Error> {
    let unsigned = || Error::new(Reason::CallbackUnsigned);
    let key = secret.expose_secret().strip_prefix("whsec_").ok_or_else(unsigned)?;
    let key = BASE64_STANDARD.decode(key).map_err(|_| unsigned())?;
    let has_id = !signed.id.is_empty() && signed.id.chars().count() <= ID_MAX;
    // A dot in the id could be moved into the time without changing what is signed.
    if !has_id || signed.id.contains('.') || !is_signed(&key, signed) {
        return Err(unsigned());
    }
    let at = signed.timestamp.parse::<i64>().ok().and_then(|at| at.checked_mul(1_000_000));
    let is_fresh =
        at.is_some_and(|at| (now.micros() - AGE_MAX..=now.micros() + AGE_MAX).contains(&at));
    if !is_fresh {
        return Err(Error::new(Reason::CallbackExpired));
    }
    let wrong = |field: &str, expected: &str| Error::field(field, Reason::FieldInvalid, expected);
    let body: Body = serde_json::from_slice(signed.body)
        .map_err(|error| wrong("body", "operation and state").because(error))?;
    let operation = body.operation.parse();
    let operation = operation.map_err(|_| wrong("operation", "a number of a notice"))?;
    let delivered = match body.state.as_str() {
        "delivered" => true,
        "failed" => false,
        _ => return Err(wrong("state", "delivered or failed")),
    };
    Ok(Receipt { operation, delivered, reason: body.reason })
}

/// Whether one of the signatures is that of the key; it takes the same time wherever they differ.
fn is_signed(key: &[u8], signed: &Signed<'_>) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(format!("{}.{}.", signed.id, signed.timestamp).as_bytes());
    mac.update(signed.body);
    let signatures = signed.signature.split(' ').filter_map(|one| one.strip_prefix("v1,"));
    let mut signatures =
        signatures.take(SIGNATURES_MAX).filter_map(|one| BASE64_STANDARD.decode(one).ok());
    signatures.any(|signature| mac.clone().verify_slice(&signature).is_ok())
}

/// The link by which a customer wants no more of a kind; it is good for ever and for nothing else.
pub fn unsubscribe_token(key: &TokenKey, customer: CustomerId, kind: Kind) -> String {
    let subject = subject(customer, kind);
    let proof = key.mac(DOMAIN, &subject);
    hex::encode([&subject[..], &proof[..PROOF_LEN]].concat())
}

/// Whom and what a link is about; `None` if it was not made here.
pub fn unsubscribed(key: &TokenKey, token: &str) -> Option<(CustomerId, Kind)> {
    let bytes = hex::decode(token).ok()?;
    let (id, rest) = bytes.split_at_checked(16)?;
    let (kind, _) = rest.split_first()?;
    let customer = CustomerId::new(Uuid::from_slice(id).ok()?);
    let kind = *Kind::ALL.get(usize::from(*kind))?;
    // Compared as a whole, in text: nothing is learned from where they differ, since a guess has no course.
    let proven = unsubscribe_token(key, customer, kind);
    (proven == token && !kind.is_essential()).then_some((customer, kind))
}

fn subject(customer: CustomerId, kind: Kind) -> Vec<u8> {
    let place = Kind::ALL.iter().position(|one| *one == kind).unwrap_or_default();
    let place = u8::try_from(place).unwrap_or(u8::MAX);
    [customer.uuid().as_bytes(), &[place][..]].concat()
}

#[cfg(test)]
mod tests {
    use parasol_journey::ids::CaseId;
    use parasol_journey::vocab::Channel;

    use super::*;
    use crate::notices::{NoticeId, Template};

    fn sign(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }

    #[test]
    fn a_receipt_is_believed_if_it_is_signed_and_of_now() {
        let secret = SecretString::from(format!("whsec_{}", BASE64_STANDARD.encode([9; 32])));
        let notice = NoticeId::of(CaseId::new(Uuid::from_u128(1)), 2, Template::Confirm);
        let operation = Operation { notice, channel: Channel::Sms };
        let body = format!(r#"{{"operation":"{operation}","state":"delivered"}}"#);
        let now = Timestamp::from_micros(1_000_000_000);
        let good = sign(&[9; 32], "r1", "1000", body.as_bytes());
        let of = |id, timestamp, signature: &str, body: &str| {
            let signed = Signed { id, timestamp, signature, body: body.as_bytes() };
            read(&secret, &signed, now).map_err(|error| error.reason())
        };
        let receipt = of("r1", "1000", &good, &body).unwrap();
        assert_eq!((receipt.operation, receipt.delivered), (operation, true));
        for (id, timestamp, signature, body) in [
            ("r2", "1000", good.as_str(), body.as_str()),
            ("r1", "1001", &good, &body),
            ("r1", "1000", "v1,AAAA", &body),
            ("r1", "1000", "", &body),
            ("", "1000", &good, &body),
            ("r1", "1000", &good, "{}"),
        ] {
            assert_eq!(of(id, timestamp, signature, body), Err(Reason::CallbackUnsigned));
        }
        let late = sign(&[9; 32], "r1", "600", body.as_bytes());
        assert_eq!(of("r1", "600", &late, &body), Err(Reason::CallbackExpired));
        for body in ["{}", r#"{"operation":"x","state":"failed"}"#, "no"] {
            let signature = sign(&[9; 32], "r1", "1000", body.as_bytes());
            assert_eq!(of("r1", "1000", &signature, body), Err(Reason::FieldInvalid), "{body}");
        }
        let none = SecretString::from(String::new());
        let forged = sign(&[], "r1", "1000", body.as_bytes());
        let signed =
            Signed { id: "r1", timestamp: "1000", signature: &forged, body: body.as_bytes() };
        let refused = read(&none, &signed, now).unwrap_err();
        assert_eq!(refused.reason(), Reason::CallbackUnsigned, "no secret is no key");
    }

    #[test]
    fn a_link_does_one_thing_for_one_customer() {
        let key = TokenKey::from_secret(&[7; 32]);
        let customer = CustomerId::new(Uuid::from_u128(5));
        for kind in Kind::ALL.iter().copied() {
            let token = unsubscribe_token(&key, customer, kind);
            let expected = (!kind.is_essential()).then_some((customer, kind));
            assert_eq!(unsubscribed(&key, &token), expected, "{kind}");
        }
        let token = unsubscribe_token(&key, customer, Kind::Survey);
        assert_eq!(unsubscribed(&TokenKey::from_secret(&[8; 32]), &token), None);
        for at in 0..token.len() {
            let mut flipped = token.clone().into_bytes();
            flipped[at] = if flipped[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(unsubscribed(&key, &String::from_utf8(flipped).unwrap()), None);
        }
        for wrong in ["", "00", "zz", &token[2..], &format!("{token}00"), &token.to_uppercase()] {
            assert_eq!(unsubscribed(&key, wrong), None, "{wrong}");
        }
    }
}
