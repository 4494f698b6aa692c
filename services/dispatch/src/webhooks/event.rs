//! Changes as events: the JSON that is sent, and the id that stays the same.

use std::borrow::Cow;
use std::collections::HashMap;

use parasol_api::convert::timestamp;
use parasol_api::visibility::{Class, View};
use parasol_api::{Error, descriptor};
use parasol_desk::Desk;
use parasol_journey::time::Timestamp;
use prost::Message;
use prost_reflect::DynamicMessage;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::changes::{Change, Cursor, Place};
use crate::views::{Views, offer, work_order};

/// The space in which changes become ids. Never change it: receivers know what they had by these ids.
const CHANGES: Uuid = Uuid::from_u128(0x3b0e_97d4_51c6_5f0a_9d27_84f6_1ec3_a25b);

/// A change that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The same whenever the same change is sent.
    pub id: String,
    /// `offer.changed`, `work_order.changed`, or one of the claims'.
    pub kind: &'static str,
    /// What it is kept in order with: the case, or the claim.
    pub case: Uuid,
    /// The case it is about.
    pub about: Uuid,
    /// The version of the case, or of the claim, at which it changed.
    pub seq: u64,
    /// What changed.
    pub row: Uuid,
    /// The JSON.
    pub body: String,
}

impl Event {
    /// The event of a change, as it is now.
    ///
    /// # Errors
    /// Never for messages of the contract.
    pub fn of(
        change: &Change,
        views: &Views,
        place: &Place<'_>,
        after: &Cursor,
    ) -> Result<Self, Error> {
        let (case, seq) = change.at();
        let (data, at) = match change {
            Change::Offer(row) => {
                let at = Timestamp::from_micros(row.changed_at);
                (json_of("parasol.partner.v1.Offer", &offer(row, views))?, at)
            }
            Change::WorkOrder(row) => {
                let shown = work_order(row, views);
                let at = shown.changed_at.as_ref().and_then(timestamp);
                let at = at.unwrap_or(Timestamp::from_micros(row.changed_at));
                (json_of("parasol.partner.v1.WorkOrder", &shown)?, at)
            }
        };
        let (kind, cursor) = (kind(change), place.write(after));
        let body =
            json!({ "type": kind, "timestamp": written(at), "data": data, "cursor": cursor });
        let (id, row) = (id_of(change.id(), seq), change.id());
        Ok(Self { id, kind, case, about: case, seq, row, body: body.to_string() })
    }
}

/// What changed, as the log keeps it.
pub fn kind(change: &Change) -> &'static str {
    match change {
        Change::Offer(_) => "offer.changed",
        Change::WorkOrder(_) => "work_order.changed",
    }
}

/// The id of the change of a row at a version of its case.
pub fn id_of(row: Uuid, seq: u64) -> String {
    let name = [row.as_bytes(), &seq.to_be_bytes()[..]].concat();
    format!("msg_{}", Uuid::new_v5(&CHANGES, &name).simple())
}

/// Every change as an event, those of a case together; what they show is read in a few queries for all.
///
/// # Errors
/// What the store says.
pub async fn events(
    desk: &Desk,
    place: &Place<'_>,
    changes: &[(Change, Cursor)],
) -> Result<HashMap<(Uuid, u64), Event>, Error> {
    let views = Views::gather(desk, changes).await?;
    let events = changes.iter().map(|(change, after)| {
        let event = Event::of(change, &views, place, after)?;
        Ok(((event.row, event.seq), event))
    });
    events.collect()
}

/// A message in the JSON form of the API.
///
/// # Errors
/// Never for messages of the contract.
pub fn json_of<M: Message>(name: &str, message: &M) -> Result<Value, Error> {
    let kind = descriptor::pool().get_message_by_name(name);
    let kind = kind.expect("the contract has offers, work orders and claims");
    // A body goes past the edge where answers are masked, so the same is done here.
    let bytes = message.encode_to_vec();
    let seen = match View::of(name, Class::Brand) {
        Some(view) => view.shown(&bytes).map_err(Error::internal)?,
        None => Cow::Borrowed(&*bytes),
    };
    let message = DynamicMessage::decode(kind, &*seen);
    serde_json::to_value(message.map_err(Error::internal)?).map_err(Error::internal)
}

/// RFC 3339, in universal time, as the API writes instants.
pub fn written(at: Timestamp) -> String {
    let at = chrono::DateTime::from_timestamp_micros(at.micros()).unwrap_or_default();
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_follows_from_the_change_alone() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(id_of(a, 7), id_of(a, 7));
        assert_ne!(id_of(a, 7), id_of(a, 8));
        assert_ne!(id_of(a, 7), id_of(b, 7));
        assert_eq!(id_of(a, 7).len(), 4 + 32);
        assert!(!id_of(a, 7).contains('.'), "the signed text is split at dots");
    }

    #[test]
    fn instants_are_written_as_the_api_writes_them() {
        let at = |text| written(Timestamp::parse(text).unwrap());
        assert_eq!(at("2026-06-08T09:30:00+08:00"), "2026-06-08T01:30:00Z");
        assert_eq!(at("2026-06-08T09:30:00.25+08:00"), "2026-06-08T01:30:00.250Z");
    }
}
