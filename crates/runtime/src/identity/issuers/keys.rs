//! The public keys of an issuer, and which algorithm each is for.
//!
//! The key decides the algorithm, never the token: RSA of at least 2048 bits means RS256, P-256 means ES256, Ed25519
//! means EdDSA, and a key of any other kind is passed over. So there is no way to `none`, and none to have a public
//! key taken for a shared secret.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::FetchError;
use crate::identity::TokenError;

/// Keys of an issuer that are looked at.
const KEYS_MAX: usize = 32;
/// Bytes of a key's name.
const NAME_MAX: usize = 200;
/// Bits of the shortest RSA key.
const RSA_BITS_MIN: usize = 2048;
/// Bits of the longest.
const RSA_BITS_MAX: usize = 8192;

/// The keys of an issuer, by name.
#[derive(Default)]
pub(super) struct Keys(HashMap<String, Key>);

/// One key, with the one algorithm it is good for.
struct Key {
    algorithm: &'static str,
    decoding: DecodingKey,
    validation: Validation,
}

/// A key as a set writes it (RFC 7517, RFC 7518, RFC 8037).
#[derive(Deserialize)]
struct Written {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    used_for: Option<String>,
    alg: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

impl Keys {
    /// The keys of a document that can be used. Others are passed over: an issuer may have them for somebody else.
    ///
    /// # Errors
    /// When the document is no set of keys.
    pub(super) fn read(document: &[u8]) -> Result<Self, FetchError> {
        let set = serde_json::from_slice::<Set>(document);
        let set = set.map_err(|error| FetchError::Document(format!("no set of keys: {error}")))?;
        let mut keys = HashMap::new();
        for value in set.keys.into_iter().take(KEYS_MAX) {
            let Some((name, key)) = serde_json::from_value(value).ok().and_then(usable) else {
                tracing::debug!("a key of an issuer is of no use here");
                continue;
            };
            // Of two keys of one name the first counts.
            keys.entry(name).or_insert(key);
        }
        Ok(Self(keys))
    }

    /// Whether there is a key of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// What a token says, if the key of that name signed it. Of what is said nothing is checked.
    ///
    /// # Errors
    /// [`TokenError::KeyUnknown`], [`TokenError::Algorithm`], [`TokenError::Signature`], [`TokenError::Malformed`].
    pub(super) fn open(
        &self,
        name: &str,
        algorithm: &str,
        token: &str,
    ) -> Result<Map<String, Value>, TokenError> {
        let key = self.0.get(name).ok_or(TokenError::KeyUnknown)?;
        if key.algorithm != algorithm {
            return Err(TokenError::Algorithm);
        }
        let opened = jsonwebtoken::decode(token, &key.decoding, &key.validation);
        let opened = opened.map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => TokenError::Signature,
            ErrorKind::InvalidAlgorithm => TokenError::Algorithm,
            _ => TokenError::Malformed,
        })?;
        Ok(opened.claims)
    }
}

fn usable(written: Written) -> Option<(String, Key)> {
    let name = written.kid.clone().filter(|name| !name.is_empty() && name.len() <= NAME_MAX)?;
    let for_signing = written.used_for.as_deref().is_none_or(|used| used == "sig");
    let may_verify = written.key_ops.as_ref();
    let may_verify = may_verify.is_none_or(|all| all.iter().any(|one| one == "verify"));
    let part = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
    let curve = written.crv.as_deref();
    let (algorithm, text, decoding) = match (written.kty.as_str(), curve) {
        ("RSA", None) => {
            let (modulus, exponent) = (part(&written.n)?, part(&written.e)?);
            let bits = bits(&modulus);
            if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) || exponent.is_empty() {
                return None;
            }
            let key = DecodingKey::from_rsa_raw_components(&modulus, &exponent);
            (Algorithm::RS256, "RS256", key)
        }
        ("EC", Some("P-256")) => {
            let (x, y) = (part(&written.x)?, part(&written.y)?);
            let point = [&[4], &*x, &*y].concat();
            if (x.len(), y.len()) != (32, 32) {
                return None;
            }
            (Algorithm::ES256, "ES256", DecodingKey::from_ec_der(&point))
        }
        ("OKP", Some("Ed25519")) => {
            let x = part(&written.x).filter(|x| x.len() == 32)?;
            (Algorithm::EdDSA, "EdDSA", DecodingKey::from_ed_der(&x))
        }
        _ => return None,
    };
    let fits = written.alg.as_deref().is_none_or(|said| said == text);
    if !(for_signing && may_verify && fits) {
        return None;
    }
    let mut validation = Validation::new(algorithm);
    // Whoever opens a token checks what it says, against the house's clock.
    validation.set_required_spec_claims::<&str>(&[]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    Some((name, Key { algorithm: text, decoding, validation }))
}

/// The length of a number, without the zeros in front.
fn bits(number: &[u8]) -> usize {
    let mut bytes = number.iter().skip_while(|byte| **byte == 0);
    let Some(first) = bytes.next() else { return 0 };
    bytes.count() * 8 + (8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(keys: &[Value]) -> Vec<String> {
        let document = serde_json::to_vec(&json!({ "keys": keys })).unwrap();
        let mut names: Vec<_> = Keys::read(&document).unwrap().0.into_keys().collect();
        names.sort();
        names
    }

    fn text(bytes: usize) -> String {
        URL_SAFE_NO_PAD.encode(vec![0xa5; bytes])
    }

    #[test]
    fn only_keys_of_the_closed_list_are_taken() {
        let rsa =
            |kid: &str, bytes| json!({"kty": "RSA", "kid": kid, "n": text(bytes), "e": "AQAB"});
        let with = |mut key: Value, name: &str, value: Value| {
            key[name] = value;
            key
        };
        let good = [
            with(rsa("a", 256), "use", json!("sig")),
            with(rsa("b", 512), "alg", json!("RS256")),
            json!({"kty": "EC", "kid": "c", "crv": "P-256", "x": text(32), "y": text(32)}),
            json!({"kty": "OKP", "kid": "d", "crv": "Ed25519", "x": text(32)}),
        ];
        assert_eq!(names(&good), ["a", "b", "c", "d"]);
        for useless in [
            rsa("short", 128),
            rsa("long", 2048),
            rsa("", 256),
            with(rsa("e", 256), "use", json!("enc")),
            with(rsa("e", 256), "alg", json!("HS256")),
            with(rsa("e", 256), "alg", json!("RS512")),
            with(rsa("e", 256), "key_ops", json!(["encrypt"])),
            json!({"kty": "oct", "kid": "e", "k": text(32)}),
            json!({"kty": "EC", "kid": "e", "crv": "P-384", "x": text(48), "y": text(48)}),
            json!({"kty": "EC", "kid": "e", "crv": "P-256", "x": text(31), "y": text(32)}),
            json!({"kty": "OKP", "kid": "e", "crv": "Ed448", "x": text(57)}),
            json!({"kty": "RSA", "n": text(256), "e": "AQAB"}),
            json!("key"),
        ] {
            assert!(names(std::slice::from_ref(&useless)).is_empty(), "{useless}");
        }
        let many: Vec<_> = (0..40).map(|number| rsa(&format!("k{number:02}"), 256)).collect();
        assert_eq!(names(&many).len(), KEYS_MAX);
        assert!(Keys::read(b"{}").is_err() && Keys::read(b"[]").is_err());
        assert_eq!(names(&[]).len(), 0, "an issuer may withdraw all");
    }
}
