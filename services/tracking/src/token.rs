//! Resume tokens: a place in a case's log that only its owner can use again.
//!
//! A token names the feed epoch, the case and the last entry delivered, with a proof that binds them to
//! the caller it was given to. Anything else (altered, another's, of another case, from before a
//! restore, from the future) asks for a resynchronisation and is never silently skipped.

use parasol_api::{Error, Reason};
use parasol_desk::Purpose;
use parasol_journey::ids::CaseId;
use parasol_runtime::identity::{Principal, TokenKey};
use uuid::Uuid;

/// Names what the proofs are for.
const DOMAIN: &str = "watch-token";
/// Epoch and case, in front of the sequence number.
const PLACE_LEN: usize = 16 + 16;

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
        self.purpose().seal(&self.body(seq))
    }

    /// The entry a token names.
    ///
    /// # Errors
    /// `RESYNC_REQUIRED` for every token that is not one of this caller, case and epoch.
    pub fn read(&self, token: &str) -> Result<u64, Error> {
        self.parse(token).ok_or_else(|| Error::new(Reason::ResyncRequired))
    }

    fn parse(&self, token: &str) -> Option<u64> {
        let body = self.purpose().open(token)?;
        let seq = u64::from_be_bytes(body.get(PLACE_LEN..)?.try_into().ok()?);
        (body == self.body(seq)).then_some(seq)
    }

    fn body(&self, seq: u64) -> Vec<u8> {
        [self.epoch.as_bytes(), self.case.uuid().as_bytes(), &seq.to_be_bytes()[..]].concat()
    }

    fn purpose(&self) -> Purpose<'_> {
        let Self { key, principal, .. } = self;
        Purpose { key, domain: DOMAIN, principal, bound: &[] }
    }
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
