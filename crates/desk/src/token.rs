//! Opaque texts that callers hand back: cursors and page tokens.
//!
//! A token is a body with a proof that only this cell can make. The proof covers what the token is for
//! and whom it was given to, so that a token of one caller or one list is worth nothing in another.

use parasol_api::{Error, Reason};
use parasol_runtime::identity::{Principal, TokenKey};

/// Bytes of a proof.
const PROOF_LEN: usize = 32;
/// The longest token looked at, in characters.
const TOKEN_MAX: usize = 512;

/// What a token is for.
#[derive(Clone, Copy, Debug)]
pub struct Purpose<'a> {
    /// The cell's key.
    pub key: &'a TokenKey,
    /// Names the use.
    pub domain: &'static str,
    /// Who gets it.
    pub principal: &'a Principal,
    /// What else it is bound to, for example the query of a list.
    pub bound: &'a [u8],
}

impl Purpose<'_> {
    /// The token with this body.
    pub fn seal(&self, body: &[u8]) -> String {
        let proof = self.key.mac(self.domain, &self.proven(body));
        hex::encode([body, &proof].concat())
    }

    /// The body of a token that was sealed for the same purpose; `None` for anything else.
    pub fn open(&self, token: &str) -> Option<Vec<u8>> {
        if token.len() > TOKEN_MAX {
            return None;
        }
        let mut bytes = hex::decode(token).ok()?;
        let proof = bytes.split_off(bytes.len().checked_sub(PROOF_LEN)?);
        let is_ours = self.key.verify_mac(self.domain, &self.proven(&bytes), &proof);
        is_ours.then_some(bytes)
    }

    /// The key that a page token stands after; empty for the first page.
    ///
    /// # Errors
    /// `PAGE_TOKEN_INVALID` for every text that is not a token of this list.
    pub fn after(&self, token: &str) -> Result<String, Error> {
        if token.is_empty() {
            return Ok(String::new());
        }
        let body = self.open(token).and_then(|body| String::from_utf8(body).ok());
        body.ok_or_else(|| Error::new(Reason::PageTokenInvalid))
    }

    /// The token of the page after `size` rows; empty when there are no more.
    pub fn next<R>(&self, rows: &[R], size: usize, key: impl Fn(&R) -> &String) -> String {
        match rows.get(size.saturating_sub(1)) {
            Some(last) if rows.len() > size => self.seal(key(last).as_bytes()),
            _ => String::new(),
        }
    }

    /// Length-prefixed, so that no two different sets of parts read alike.
    fn proven(&self, body: &[u8]) -> Vec<u8> {
        let principal = self.principal.to_string();
        let parts = [principal.as_bytes(), self.bound, body];
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use parasol_runtime::identity::Role;

    use super::*;

    #[test]
    fn a_token_opens_for_its_own_purpose_only() {
        let (key, other) = (TokenKey::from_secret(&[7; 32]), TokenKey::from_secret(&[8; 32]));
        let (mine, theirs) =
            (Principal::new(Role::Centre, "c-1"), Principal::new(Role::Centre, "c-2"));
        let purpose = Purpose { key: &key, domain: "a", principal: &mine, bound: b"x" };
        let token = purpose.seal(b"body");
        assert_eq!(purpose.open(&token).as_deref(), Some(&b"body"[..]));
        for wrong in [
            Purpose { key: &other, ..purpose },
            Purpose { domain: "b", ..purpose },
            Purpose { principal: &theirs, ..purpose },
            Purpose { bound: b"y", ..purpose },
        ] {
            assert_eq!(wrong.open(&token), None);
        }
        for at in 0..token.len() {
            let mut altered = token.clone().into_bytes();
            altered[at] = if altered[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(purpose.open(&String::from_utf8(altered).unwrap()), None);
        }
        for wrong in ["", "0", "zz", "é", &token[2..], &"00".repeat(300)] {
            assert_eq!(purpose.open(wrong), None, "{wrong}");
        }
    }
}
