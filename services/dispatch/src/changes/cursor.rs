//! Where a reader stands, and how that is written down for it.

use parasol_api::{Error, Reason};
use parasol_desk::Purpose;
use parasol_runtime::identity::{Principal, TokenKey};
use uuid::Uuid;

/// Names what the proofs are for.
const DOMAIN: &str = "partner-cursor";
/// Mode, epoch, position, id.
const BODY_LEN: usize = 1 + 16 + 8 + 16;

/// A place between two changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// In the snapshot: the offers up to this one were read.
    Offers {
        /// The end of the feed when the snapshot began.
        tail: u64,
        /// The last offer read; nil before the first.
        after: Uuid,
    },
    /// In the snapshot: all offers and the work orders up to this one were read.
    WorkOrders {
        /// The end of the feed when the snapshot began.
        tail: u64,
        /// The last work order read; nil before the first.
        after: Uuid,
    },
    /// In the feed.
    Tail {
        /// Everything up to this position was delivered.
        after: u64,
        /// At the next position, the rows up to this one were; nil when none.
        then: Uuid,
    },
}

impl Cursor {
    /// The place in the feed after a position.
    pub const fn after(position: u64) -> Self {
        Self::Tail { after: position, then: Uuid::nil() }
    }

    /// The position it rests on; the feed must reach that far.
    pub const fn position(&self) -> u64 {
        match self {
            Self::Offers { tail, .. } | Self::WorkOrders { tail, .. } => *tail,
            Self::Tail { after, .. } => *after,
        }
    }
}

/// Writes and reads the cursors of one caller.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The cell's key.
    pub key: &'a TokenKey,
    /// The caller.
    pub principal: &'a Principal,
    /// The feed's epoch.
    pub epoch: Uuid,
}

impl Place<'_> {
    /// The opaque form.
    pub fn write(&self, cursor: &Cursor) -> String {
        let (mode, position, id) = match cursor {
            Cursor::Offers { tail, after } => (1, tail, after),
            Cursor::WorkOrders { tail, after } => (2, tail, after),
            Cursor::Tail { after, then } => (3, after, then),
        };
        let position = position.to_be_bytes();
        let parts = [&[mode][..], self.epoch.as_bytes(), &position, id.as_bytes()];
        self.purpose().seal(&parts.concat())
    }

    /// The cursor in an opaque text.
    ///
    /// # Errors
    /// `RESYNC_REQUIRED` unless it was written for this caller in this epoch.
    pub fn read(&self, text: &str) -> Result<Cursor, Error> {
        self.parse(text).ok_or_else(|| Error::new(Reason::ResyncRequired))
    }

    fn parse(&self, text: &str) -> Option<Cursor> {
        let body = self.purpose().open(text)?;
        if body.len() != BODY_LEN || body[1..17] != self.epoch.as_bytes()[..] {
            return None;
        }
        let position = u64::from_be_bytes(body[17..25].try_into().ok()?);
        let id = Uuid::from_slice(&body[25..]).ok()?;
        match body[0] {
            1 => Some(Cursor::Offers { tail: position, after: id }),
            2 => Some(Cursor::WorkOrders { tail: position, after: id }),
            3 => Some(Cursor::Tail { after: position, then: id }),
            _ => None,
        }
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

    #[test]
    fn a_cursor_is_read_back_by_its_caller_in_its_epoch() {
        let key = TokenKey::from_secret(&[7; 32]);
        let (mine, theirs) =
            (Principal::new(Role::Brand, "aurora"), Principal::new(Role::Centre, "aurora"));
        let place = Place { key: &key, principal: &mine, epoch: Uuid::from_u128(9) };
        let id = Uuid::from_u128(5);
        for cursor in [
            Cursor::Offers { tail: 7, after: id },
            Cursor::WorkOrders { tail: 7, after: id },
            Cursor::Tail { after: u64::MAX, then: id },
        ] {
            let text = place.write(&cursor);
            assert_eq!(place.read(&text).unwrap(), cursor);
            let other = Place { principal: &theirs, ..place };
            let before = Place { epoch: Uuid::from_u128(8), ..place };
            for wrong in [other, before] {
                let refused = wrong.read(&text).unwrap_err();
                assert_eq!(refused.reason(), Reason::ResyncRequired);
            }
        }
        assert_eq!(place.read("never ours").unwrap_err().reason(), Reason::ResyncRequired);
    }
}
