//! The cell's secret key, and what is signed with it.
//!
//! One random key of 32 bytes lives in the data folder; the keys for tokens and for codes are
//! derived from it, so that neither can be used to make the other.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use parasol_journey::time::{SECOND, Span, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{Principal, Role};

/// The file in the data folder: 64 hexadecimal digits.
pub const KEY_FILE: &str = "secret.key";
/// Issuer and audience of every token of ours.
const HOUSE: &str = "parasol";
/// How far the clocks of two machines may differ, in seconds, before a token is refused for it.
pub(super) const LEEWAY_S: i64 = 5;
/// The longest token looked at, in bytes.
pub(super) const TOKEN_BYTES_MAX: usize = 4096;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("cannot use the key file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file holds something else than 64 hexadecimal digits.
    #[error("the key file {0} does not hold 64 hexadecimal digits")]
    Malformed(PathBuf),
    /// Others than the owner may read the file.
    #[error("the key file {0} can be read by others; run chmod 600 on it")]
    Open(PathBuf),
}

/// Why a token is refused. Callers are told no more than that it is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token, or a claim is missing or malformed.
    #[error("the token is malformed")]
    Malformed,
    /// Signed by another key, or by another algorithm than the one we use.
    #[error("the token's signature is not ours")]
    Signature,
    /// Made by or for somebody else.
    #[error("the token is meant for another audience")]
    Audience,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not begun.
    #[error("the token is not valid yet")]
    NotYet,
    /// Written for another algorithm than its key is for.
    #[error("the token's algorithm is not that of its key")]
    Algorithm,
    /// Its issuer has no key of that name.
    #[error("the token's key is none of its issuer's")]
    KeyUnknown,
    /// Its issuer's keys are not known, or not all, because it cannot be reached.
    #[error("the token's issuer cannot be reached")]
    Unreachable,
    /// It names no role, several, or one that is not its issuer's to grant.
    #[error("the token names no role that its issuer may grant")]
    Role,
    /// It names nobody, or somebody who is not its issuer's to name.
    #[error("the token names nobody whom its issuer may name")]
    Subject,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    brand: Option<String>,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Signs and checks tokens and codes. Hold it in an `Arc`; it is never printed.
pub struct TokenKey {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    codes: [u8; 32],
}

impl TokenKey {
    /// Keys derived from a given secret; for tests, and for secrets kept elsewhere.
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        let tokens = keyed(secret, &[b"parasol token key v1"]);
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[HOUSE]);
        validation.set_audience(&[HOUSE]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "nbf", "exp"]);
        // Times are compared with the house's clock, which a test may have advanced.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self {
            encoding: EncodingKey::from_secret(&tokens),
            decoding: DecodingKey::from_secret(&tokens),
            validation,
            codes: keyed(secret, &[b"parasol code key v1"]),
        }
    }

    /// Reads the key of a data folder, or makes it with `random` on the first start. Two processes
    /// that start at once end up with the same key.
    ///
    /// # Errors
    /// [`KeyError`] when the file cannot be used, is malformed, or is open to others.
    pub fn load_or_create(folder: &Path, random: impl FnOnce(&mut [u8])) -> Result<Self, KeyError> {
        if let Some(key) = Self::load(folder)? {
            return Ok(key);
        }
        let path = folder.join(KEY_FILE);
        let mut secret = [0; 32];
        random(&mut secret);
        let made = create(folder, &path, &secret);
        made.map_err(|source| KeyError::File { path: path.clone(), source })?;
        let gone = || KeyError::File { path, source: io::ErrorKind::NotFound.into() };
        Self::load(folder)?.ok_or_else(gone)
    }

    /// Reads the key of a data folder; `None` when it has none yet. Makes nothing.
    ///
    /// # Errors
    /// As [`TokenKey::load_or_create`].
    pub fn load(folder: &Path) -> Result<Option<Self>, KeyError> {
        let path = folder.join(KEY_FILE);
        let there = path.try_exists();
        let there = there.map_err(|source| KeyError::File { path: path.clone(), source })?;
        if there { Self::read_file(&path).map(Some) } else { Ok(None) }
    }

    /// Reads a key from a file of any name, in the form of that of a data folder; for keys of before.
    ///
    /// # Errors
    /// As [`TokenKey::load_or_create`].
    pub fn read_file(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File { path: path.to_owned(), source };
        let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(KeyError::Open(path.to_owned()));
        }
        let mut secret = [0; 32];
        let text = fs::read_to_string(path).map_err(failed)?;
        hex::decode_to_slice(text.trim(), &mut secret)
            .map_err(|_| KeyError::Malformed(path.to_owned()))?;
        Ok(Self::from_secret(&secret))
    }

    /// A token that names `principal` from `now` on for `lifetime`, cut to whole seconds.
    pub fn issue(&self, principal: &Principal, now: Timestamp, lifetime: Span) -> String {
        let begins = seconds(now);
        let claims = Claims {
            iss: HOUSE.to_owned(),
            aud: HOUSE.to_owned(),
            sub: principal.subject.clone(),
            role: principal.role.as_str().to_owned(),
            brand: principal.brand.clone(),
            iat: begins,
            nbf: begins,
            exp: seconds(now + lifetime),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .expect("claims of texts and numbers can be written as JSON")
    }

    /// The caller that a token names, if it is ours, unaltered, and valid at `now` (give or take
    /// five seconds between machines).
    ///
    /// # Errors
    /// [`TokenError`], for logs; a caller learns only that the token is not valid.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Principal, TokenError> {
        self.read(token, now).map(|(principal, _)| principal)
    }

    /// The caller that a token names, and when the token ends.
    pub(super) fn read(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<(Principal, Timestamp), TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Malformed);
        }
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .map_err(|error| match error.kind() {
                ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => TokenError::Signature,
                ErrorKind::InvalidAudience | ErrorKind::InvalidIssuer => TokenError::Audience,
                _ => TokenError::Malformed,
            })?
            .claims;
        let now = seconds(now);
        if claims.exp <= now.saturating_sub(LEEWAY_S) {
            return Err(TokenError::Expired);
        }
        if claims.nbf > now.saturating_add(LEEWAY_S) {
            return Err(TokenError::NotYet);
        }
        let role = Role::parse(&claims.role).ok_or(TokenError::Malformed)?;
        let ends = Timestamp::from_micros(claims.exp.saturating_mul(SECOND));
        Ok((Principal { role, subject: claims.sub, brand: claims.brand }, ends))
    }

    /// A token for the same caller that ends after `lifetime`, and never later than the one it is made
    /// from; with the caller and its end. For sessions, which must not be worth more than their hours.
    ///
    /// # Errors
    /// As [`TokenKey::verify`].
    pub fn narrow(
        &self,
        token: &str,
        now: Timestamp,
        lifetime: Span,
    ) -> Result<(String, Principal, Timestamp), TokenError> {
        let (principal, ends) = self.read(token, now)?;
        let end = ends.min(now + lifetime);
        Ok((self.issue(&principal, now, end.since(now)), principal, end))
    }

    /// A code that only this cell can make (HMAC-SHA-256), for watch tokens, page tokens and
    /// completion codes. `domain` names the use; a code of one use is worth nothing in another.
    pub fn mac(&self, domain: &str, bytes: &[u8]) -> [u8; 32] {
        self.code(domain, bytes).finalize().into_bytes().into()
    }

    /// Whether `code` is the code of these bytes, compared in constant time.
    pub fn verify_mac(&self, domain: &str, bytes: &[u8], code: &[u8]) -> bool {
        self.code(domain, bytes).verify_slice(code).is_ok()
    }

    fn code(&self, domain: &str, bytes: &[u8]) -> Hmac<Sha256> {
        // The length in front keeps ("ab", "c") apart from ("a", "bc").
        let length = (domain.len() as u64).to_be_bytes();
        absorb(&self.codes, &[&length, domain.as_bytes(), bytes])
    }
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey([redacted])")
    }
}

fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    absorb(key, parts).finalize().into_bytes().into()
}

fn absorb(key: &[u8; 32], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac
}

/// Writes the key beside its place and links it there, so that the file appears whole or not at
/// all and a key that another process made meanwhile wins.
fn create(folder: &Path, path: &Path, secret: &[u8; 32]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let draft = folder.join(format!("{KEY_FILE}.{}", std::process::id()));
    let _ = fs::remove_file(&draft);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    writeln!(file, "{}", hex::encode(secret))?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    fs::File::open(folder)?.sync_all()
}

fn seconds(instant: Timestamp) -> i64 {
    instant.micros().div_euclid(SECOND)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn noon() -> Timestamp {
        Timestamp::parse("2026-06-08T12:00:00+08:00").unwrap()
    }

    fn key() -> TokenKey {
        TokenKey::from_secret(&[7; 32])
    }

    fn technician() -> Principal {
        Principal::new(Role::Technician, "t-17").of_brand("aurora")
    }

    /// A token with our key and right claims, except for the changes.
    fn forged(header: Header, changes: serde_json::Value) -> String {
        let now = seconds(noon());
        let mut claims = json!({
            "iss": "parasol", "aud": "parasol", "sub": "x", "role": "operator",
            "iat": now, "nbf": now, "exp": now + 60,
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            }
        }
        jsonwebtoken::encode(&header, &claims, &key().encoding).unwrap()
    }

    #[test]
    fn a_token_names_its_caller_while_it_is_valid() {
        let token = key().issue(&technician(), noon(), Span::minutes(10));
        assert_eq!(key().verify(&token, noon()), Ok(technician()));
        let at = |span| key().verify(&token, noon() + span);
        assert!(at(Span::minutes(9)).is_ok());
        assert_eq!(at(Span::minutes(11)), Err(TokenError::Expired));
        assert_eq!(at(Span::minutes(-1)), Err(TokenError::NotYet));
    }

    #[test]
    fn a_narrowed_token_names_the_same_caller_and_outlives_nothing() {
        let long = key().issue(&technician(), noon(), Span::days(30));
        let (short, who, ends) = key().narrow(&long, noon(), Span::hours(12)).unwrap();
        assert_eq!((who, ends), (technician(), noon() + Span::hours(12)));
        assert_eq!(key().verify(&short, noon() + Span::hours(11)), Ok(technician()));
        let late = noon() + Span::hours(13);
        assert_eq!(key().verify(&short, late), Err(TokenError::Expired));
        let (again, _, ends) = key().narrow(&short, noon(), Span::days(9)).unwrap();
        assert_eq!(ends, noon() + Span::hours(12));
        assert_eq!(key().verify(&again, late), Err(TokenError::Expired));
        assert_eq!(key().narrow(&short, late, Span::hours(1)), Err(TokenError::Expired));
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let hs256 = || Header::new(Algorithm::HS256);
        let refused = |token: String| key().verify(&token, noon()).unwrap_err();
        assert!(key().verify(&forged(hs256(), json!({})), noon()).is_ok());
        assert_eq!(refused(forged(hs256(), json!({"aud": "elsewhere"}))), TokenError::Audience);
        assert_eq!(refused(forged(hs256(), json!({"iss": "elsewhere"}))), TokenError::Audience);
        assert_eq!(
            refused(forged(Header::new(Algorithm::HS384), json!({}))),
            TokenError::Signature
        );
        for name in ["exp", "nbf", "aud", "iss", "sub", "role"] {
            assert_eq!(
                refused(forged(hs256(), json!({name: null}))),
                TokenError::Malformed,
                "{name}"
            );
        }
        assert_eq!(refused(forged(hs256(), json!({"role": "god"}))), TokenError::Malformed);
        let stranger = TokenKey::from_secret(&[8; 32]);
        let token = stranger.issue(&technician(), noon(), Span::hours(1));
        assert_eq!(refused(token), TokenError::Signature);
        assert_eq!(refused("a.b.c".to_owned()), TokenError::Malformed);
        assert_eq!(refused("a".repeat(5000)), TokenError::Malformed);
    }

    #[test]
    fn a_token_without_a_signature_is_refused() {
        let token = key().issue(&technician(), noon(), Span::hours(1));
        let (_, claims) = token.rsplit_once('.').unwrap().0.split_once('.').unwrap();
        // {"alg":"none"} and an empty signature.
        let unsigned = format!("eyJhbGciOiJub25lIn0.{claims}.");
        assert!(key().verify(&unsigned, noon()).is_err());
    }

    #[test]
    fn codes_of_different_uses_and_keys_differ() {
        let code = key().mac("watch", b"case 1");
        assert!(key().verify_mac("watch", b"case 1", &code));
        assert!(!key().verify_mac("watch", b"case 2", &code));
        assert!(!key().verify_mac("page", b"case 1", &code));
        assert!(!key().verify_mac("watch", b"case 1", &code[..16]));
        assert_ne!(key().mac("ab", b"c"), key().mac("a", b"bc"));
        assert_ne!(TokenKey::from_secret(&[8; 32]).mac("watch", b"case 1"), code);
    }

    #[test]
    fn the_key_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("data");
        let first = TokenKey::load_or_create(&folder, |bytes| bytes.fill(1)).unwrap();
        let again = TokenKey::load_or_create(&folder, |_| panic!("there is a key")).unwrap();
        assert_eq!(first.mac("x", b""), again.mac("x", b""));
        assert_eq!(first.mac("x", b""), TokenKey::from_secret(&[1; 32]).mac("x", b""));
        let file = folder.join(KEY_FILE);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no draft is left behind");

        create(&folder, &file, &[2; 32]).unwrap();
        let raced = TokenKey::load_or_create(&folder, |_| panic!("there is a key")).unwrap();
        assert_eq!(first.mac("x", b""), raced.mac("x", b""), "the key that was there first stays");
    }

    #[test]
    fn a_key_file_that_is_open_or_broken_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(KEY_FILE);
        let load = || TokenKey::load_or_create(folder.path(), |_| panic!("there is a key"));
        fs::write(&file, "short").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(load(), Err(KeyError::Malformed(_))));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(load(), Err(KeyError::Open(_))));
    }
}
