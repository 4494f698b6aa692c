//! Resume tokens: a place in a case's log, or in the feed, that only its owner can use again.
//!
//! A token names the feed epoch and the place, with a proof that binds them to the caller it was given to and, over many
//! cases, to the filter. Anything else (altered, another's, of another case, from before a restore, from the future)
//! asks for a resynchronisation and is never silently skipped.

use parasol_api::{Error, Reason};
use parasol_desk::Purpose;
use parasol_journey::ids::CaseId;
use parasol_runtime::identity::{Principal, TokenKey};
use uuid::Uuid;

/// Names what the proofs of places in one case are for.
const ONE: &str = "watch-token";
/// The same of places in the feed.
const MANY: &str = "watch-cases-token";
/// Epoch and case, in front of the sequence number.
const PLACE_LEN: usize = 16 + 16;
/// Mode, epoch, position, case.
const CURSOR_LEN: usize = 1 + 16 + 8 + 16;

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
        Purpose { key, domain: ONE, principal, bound: &[] }
    }
}

/// A place in what happens in many cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// In the summaries: the cases up to this one were told of; the nil id before the first.
    Summaries {
        /// The end of the feed when they began.
        tail: u64,
        /// The last case told of.
        after: Uuid,
    },
    /// In the feed: everything up to this position was told of.
    Feed {
        /// The position.
        after: u64,
    },
}

impl Cursor {
    /// The position it rests on; the feed must reach that far.
    pub fn position(&self) -> u64 {
        match self {
            Self::Summaries { tail, .. } => *tail,
            Self::Feed { after } => *after,
        }
    }
}

/// Writes and reads the cursors of one caller and one filter.
#[derive(Clone, Copy, Debug)]
pub struct Cursors<'a> {
    pub key: &'a TokenKey,
    pub principal: &'a Principal,
    pub epoch: Uuid,
    /// The filter, as bytes that are the same for the same filter.
    pub filter: &'a [u8],
}

impl Cursors<'_> {
    /// The opaque form.
    pub fn write(&self, cursor: Cursor) -> String {
        let (mode, position, case) = match cursor {
            Cursor::Summaries { tail, after } => (1, tail, after),
            Cursor::Feed { after } => (2, after, Uuid::nil()),
        };
        let position = position.to_be_bytes();
        let parts = [&[mode][..], self.epoch.as_bytes(), &position, case.as_bytes()];
        self.purpose().seal(&parts.concat())
    }

    /// The cursor in an opaque text.
    ///
    /// # Errors
    /// `RESYNC_REQUIRED` unless it was written for this caller and filter in this epoch.
    pub fn read(&self, text: &str) -> Result<Cursor, Error> {
        self.parse(text).ok_or_else(|| Error::new(Reason::ResyncRequired))
    }

    fn parse(&self, text: &str) -> Option<Cursor> {
        let body = self.purpose().open(text)?;
        if body.len() != CURSOR_LEN || body[1..17] != self.epoch.as_bytes()[..] {
            return None;
        }
        let position = u64::from_be_bytes(body[17..25].try_into().ok()?);
        let case = Uuid::from_slice(&body[25..]).ok()?;
        match body[0] {
            1 => Some(Cursor::Summaries { tail: position, after: case }),
            2 => Some(Cursor::Feed { after: position }),
            _ => None,
        }
    }

    fn purpose(&self) -> Purpose<'_> {
        let Self { key, principal, filter, .. } = self;
        Purpose { key, domain: MANY, principal, bound: filter }
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

    #[test]
    fn a_cursor_is_read_back_by_its_owner_with_its_filter_only() {
        let key = TokenKey::from_secret(&[7; 32]);
        let (mine, other) =
            (Principal::new(Role::Brand, "aster"), Principal::new(Role::Centre, "aster"));
        let cursors =
            Cursors { key: &key, principal: &mine, epoch: Uuid::from_u128(9), filter: b"x" };
        for cursor in [
            Cursor::Summaries { tail: 7, after: Uuid::from_u128(5) },
            Cursor::Feed { after: u64::MAX },
        ] {
            let text = cursors.write(cursor);
            assert_eq!(cursors.read(&text).unwrap(), cursor);
            for wrong in [
                Cursors { principal: &other, ..cursors },
                Cursors { epoch: Uuid::from_u128(8), ..cursors },
                Cursors { filter: b"y", ..cursors },
            ] {
                let refused = wrong.read(&text).unwrap_err();
                assert_eq!(refused.reason(), Reason::ResyncRequired, "{wrong:?}");
            }
        }
        // A place in one case is none in the feed.
        let one = place(&key, &mine).token(3);
        assert_eq!(cursors.read(&one).unwrap_err().reason(), Reason::ResyncRequired);
    }
}
