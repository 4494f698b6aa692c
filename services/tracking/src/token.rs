//! Resume tokens: a place in a case's log that only its owner can use again.
//!
//! A token names the feed epoch, the case and the last entry delivered, with a proof that binds them to
//! the caller it was given to. Anything else (altered, another's, of another case, from before a
//! restore, from the future) asks for a resynchronisation and is never silently skipped.

use parasol_api::{Error, Reason};
use parasol_journey::ids::CaseId;
use parasol_runtime::identity::{Principal, TokenKey};
use uuid::Uuid;

/// Names what the proofs are for.
const DOMAIN: &str = "watch-token";
/// Epoch, case and sequence number, then the proof.
const BODY_LEN: usize = 16 + 16 + 8;

/// Makes tokens for one caller and one case.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    pub key: &'a TokenKey,
    pub principal: &'a Principal,
    pub epoch: Uuid,
    pub case: CaseId,
}

impl Place<'_> {
    /// The token of the place after entry `seq`.
    pub fn token(&self, seq: u64) -> String {
        let body = self.body(seq);
        let proof = self.key.mac(DOMAIN, &self.proven(&body));
        hex(body.iter().chain(&proof))
    }

    /// The entry a token names.
    ///
    /// # Errors
    /// `RESYNC_REQUIRED` for every token that is not one of this caller, case and epoch.
    pub fn read(&self, token: &str) -> Result<u64, Error> {
        self.parse(token).ok_or_else(|| Error::new(Reason::ResyncRequired))
    }

    fn parse(&self, token: &str) -> Option<u64> {
        let bytes = unhex(token)?;
        let (body, proof) = bytes.split_at_checked(BODY_LEN)?;
        let seq = u64::from_be_bytes(body[32..].try_into().ok()?);
        let is_ours =
            body == self.body(seq) && self.key.verify_mac(DOMAIN, &self.proven(body), proof);
        is_ours.then_some(seq)
    }

    fn body(&self, seq: u64) -> Vec<u8> {
        [self.epoch.as_bytes(), self.case.uuid().as_bytes(), &seq.to_be_bytes()[..]].concat()
    }

    fn proven(&self, body: &[u8]) -> Vec<u8> {
        [body, self.principal.to_string().as_bytes()].concat()
    }
}

fn hex<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    bytes.fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) || text.len() > 2 * (BODY_LEN + 32) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use parasol_runtime::identity::Role;

    use super::*;

    fn place<'a>(key: &'a TokenKey, principal: &'a Principal) -> Place<'a> {
        let case = CaseId::new(Uuid::from_u128(1));
        Place { key, principal, epoch: Uuid::from_u128(9), case }
    }

    #[test]
    fn a_token_is_read_back_by_its_owner_only() {
        let key = TokenKey::from_secret(&[7; 32]);
        let (mine, other) =
            (Principal::new(Role::Customer, "u-1"), Principal::new(Role::Customer, "u-2"));
        let token = place(&key, &mine).token(12);
        assert_eq!(place(&key, &mine).read(&token).unwrap(), 12);
        let resync = |place: Place<'_>, token: &str| {
            assert_eq!(place.read(token).unwrap_err().reason(), Reason::ResyncRequired);
        };
        resync(place(&key, &other), &token);
        resync(Place { epoch: Uuid::from_u128(8), ..place(&key, &mine) }, &token);
        let elsewhere = CaseId::new(Uuid::from_u128(2));
        resync(Place { case: elsewhere, ..place(&key, &mine) }, &token);
        resync(place(&TokenKey::from_secret(&[8; 32]), &mine), &token);
        for at in 0..token.len() {
            let mut flipped = token.clone().into_bytes();
            flipped[at] = if flipped[at] == b'0' { b'1' } else { b'0' };
            resync(place(&key, &mine), &String::from_utf8(flipped).unwrap());
        }
        for wrong in ["", "zz", "é", &token[2..], &format!("{token}00")] {
            resync(place(&key, &mine), wrong);
        }
    }
}
