//! Callbacks: what partners send by signed webhooks of their own instead of calling with a credential.
//!
//! Owns the secrets and says whose a callback is. What it asks for is done by the ordinary methods, called by
//! the gateway as that partner, under a request id that follows from the partner and the callback's id, so
//! that a replay gets the first answer again and has no second effect.

use parasol_api::{Error, Reason};
use parasol_journey::time::{MINUTE, Timestamp};
use parasol_runtime::identity::{Principal, Role, TokenKey};
use sea_orm::EntityTrait;
use uuid::Uuid;

use crate::messages::partner;
use crate::tables::{callback_secrets, centres};
use crate::webhooks::{SigningSecret, is_signed};
use crate::{Dispatch, unreadable};

/// How far a callback's time may lie from ours, either way.
const AGE_MAX: i64 = 5 * MINUTE;
/// Characters of a callback's id.
const ID_MAX: usize = 100;
/// The space in which callbacks become request ids. Never change it: replays are known by them.
const CALLBACKS: Uuid = Uuid::from_u128(0x9d51_3a06_72be_5c44_8f1a_e07b_64d2_0c97);

/// A callback as it came.
pub struct Callback<'a> {
    /// Whom it says it is from.
    pub partner: &'a str,
    /// Its id.
    pub id: &'a str,
    /// When it was signed, in seconds since 1970, as it was written.
    pub timestamp: &'a str,
    /// Its signatures.
    pub signature: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// The partner that a path names: a brand, or `centre:` and a centre.
pub fn named(path: &str) -> Principal {
    match path.split_once(':') {
        Some(("centre", centre)) => Principal::new(Role::Centre, centre),
        Some(("brand", brand)) => Principal::new(Role::Brand, brand),
        _ => Principal::new(Role::Brand, path),
    }
}

/// The path that names a partner.
pub fn path_of(owner: &Principal) -> String {
    match owner.role {
        Role::Centre => format!("/v1/callbacks/centre:{}", owner.subject),
        _ => format!("/v1/callbacks/{}", owner.subject),
    }
}

/// The secrets of a partner that are valid at an instant, the newest first.
fn valid(key: &TokenKey, row: &callback_secrets::Model, now: Timestamp) -> Vec<SigningSecret> {
    let is_old_valid = row.number > 1 && (row.old_until == 0 || now.micros() < row.old_until);
    let numbers = std::iter::once(row.number).chain(is_old_valid.then_some(row.number - 1));
    numbers.map(|number| SigningSecret::of_callbacks(key, &row.partner, number)).collect()
}

/// Whose a callback is, and the request id of what it asks for. The signature is looked at first, so that
/// nothing is told to who has no secret.
///
/// # Errors
/// `CALLBACK_UNSIGNED`, `CALLBACK_EXPIRED`, and what the store says.
pub async fn check(
    dispatch: &Dispatch,
    callback: &Callback<'_>,
) -> Result<(Principal, Uuid), Error> {
    let unsigned = || Error::new(Reason::CallbackUnsigned);
    let sender = named(callback.partner);
    let has_id = !callback.id.is_empty() && callback.id.chars().count() <= ID_MAX;
    // A dot in the id could be moved into the time without changing what is signed.
    if !has_id || callback.id.contains('.') {
        return Err(unsigned());
    }
    let reader = dispatch.desk.store.reader();
    let row = callback_secrets::Entity::find_by_id(partner(&sender)).one(reader).await;
    let row = row.map_err(unreadable)?.ok_or_else(unsigned)?;
    let now = dispatch.desk.clock.now();
    let secrets = valid(&dispatch.desk.key, &row, now);
    let head = (callback.id, callback.timestamp);
    if !is_signed(&secrets, head, callback.body, callback.signature) {
        return Err(unsigned());
    }
    let at = callback.timestamp.parse::<i64>().ok().and_then(|at| at.checked_mul(1_000_000));
    let is_fresh =
        at.is_some_and(|at| (now.micros() - AGE_MAX..=now.micros() + AGE_MAX).contains(&at));
    if !is_fresh {
        return Err(Error::new(Reason::CallbackExpired));
    }
    let name = [row.partner.as_bytes(), b"\n", callback.id.as_bytes()].concat();
    let request_id = Uuid::new_v5(&CALLBACKS, &name);
    let brand = match sender.role {
        Role::Centre => {
            let row = centres::Entity::find_by_id(&*sender.subject).one(reader).await;
            row.map_err(unreadable)?.ok_or_else(unsigned)?.brand
        }
        _ => sender.subject.clone(),
    };
    Ok((sender.of_brand(brand), request_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_its_partner() {
        for owner in [Principal::new(Role::Brand, "aurora"), Principal::new(Role::Centre, "a-1")] {
            let path = path_of(&owner);
            assert_eq!(named(path.strip_prefix("/v1/callbacks/").unwrap()), owner);
        }
        assert_eq!(named("brand:aurora"), Principal::new(Role::Brand, "aurora"));
        assert_eq!(named("operator:x").role, Role::Brand, "nobody else has callbacks");
    }

    #[test]
    fn the_old_secret_is_valid_for_as_long_as_was_said() {
        let key = TokenKey::from_secret(&[7; 32]);
        let row = |number, old_until| {
            let partner = "brand:aurora".to_owned();
            callback_secrets::Model { partner, number, old_until }
        };
        let count = |number, old_until, now| {
            valid(&key, &row(number, old_until), Timestamp::from_micros(now)).len()
        };
        assert_eq!([count(1, 0, 5), count(2, 0, 5), count(2, 6, 5), count(2, 5, 5)], [1, 2, 2, 1]);
    }
}
