//! API keys of brands and centres: issued, taken back, and brought to the edge of every process.
//!
//! Owns the rows; the copy by which calls are let in is the runtime's. Of a key its fingerprint is kept and nothing from
//! which it could be made; its text follows from its id and the cell's key, so that a repetition is answered with the
//! same one.

mod register;

use std::fmt;
use std::str::FromStr;

use parasol_api::admin::v1::ApiKey;
use parasol_api::convert::to_timestamp;
use parasol_casebook::RowOp;
use parasol_journey::ids::BadId;
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::Role;
use sea_orm::ActiveValue::Set;
use uuid::Uuid;

use crate::tables::{api_keys, network_stamps};

pub use register::{Register, used};

/// The name of the stamp that changes with every change of the keys.
pub const STAMP: &str = "api_keys";
/// Keys of a partner that are good at a time.
pub const OF_A_PARTNER_MAX: u64 = 5;

/// The id of a key, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyId(pub Uuid);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key_{}", self.0.simple())
    }
}

impl FromStr for KeyId {
    type Err = BadId;

    /// Reads exactly what `Display` prints.
    fn from_str(text: &str) -> Result<Self, BadId> {
        let id = text.strip_prefix("key_").and_then(|hex| Uuid::try_parse(hex).ok()).map(Self);
        id.filter(|id| id.to_string() == text).ok_or(BadId { expected: "key" })
    }
}

/// Tells every process that the keys have changed.
pub fn stamped(stamp: Uuid) -> RowOp {
    RowOp::put(network_stamps::ActiveModel { name: Set(STAMP.to_owned()), stamp: Set(stamp) })
}

/// A key as it is shown; `day` is the start of the day of its last use, or 0.
pub fn view(row: &api_keys::Model, day: i64) -> ApiKey {
    let instant = |micros: i64| to_timestamp(Timestamp::from_micros(micros));
    let is_centre = row.role == Role::Centre.as_str();
    ApiKey {
        key_id: KeyId(row.key).to_string(),
        brand: row.brand.clone(),
        centre: if is_centre { row.subject.clone() } else { String::new() },
        issued_at: Some(instant(row.issued_at)),
        expires_at: Some(instant(row.expires_at)),
        revoked_at: (row.revoked_at != 0).then(|| instant(row.revoked_at)),
        last_used_on: (day != 0).then(|| instant(day)),
    }
}
