//! Where the sending to one webhook stands, and what calls have changed about it since.

use parasol_journey::time::Timestamp;
use uuid::Uuid;

use super::course::WIDTH_MAX;
use crate::changes::Cursor;
use crate::tables::{webhook_lanes, webhooks};

/// The parts of a place as columns: kind, position, row.
pub type Columns = (i64, i64, Uuid);

/// A place as columns.
pub fn columns(cursor: &Cursor) -> Columns {
    let (mode, position, row) = match cursor {
        Cursor::Offers { tail, after } => (1, *tail, *after),
        Cursor::WorkOrders { tail, after } => (2, *tail, *after),
        Cursor::Tail { after, then } => (3, *after, *then),
    };
    (mode, i64::try_from(position).unwrap_or(i64::MAX), row)
}

/// The place in columns. Anything else than what [`columns`] made reads as the beginning of the feed.
pub fn cursor((mode, position, row): Columns) -> Cursor {
    let position = u64::try_from(position).unwrap_or_default();
    match mode {
        1 => Cursor::Offers { tail: position, after: row },
        2 => Cursor::WorkOrders { tail: position, after: row },
        _ => Cursor::Tail { after: position, then: row },
    }
}

/// The place of a lane.
pub fn place_of(lane: &webhook_lanes::Model) -> Cursor {
    cursor((lane.place_mode, lane.place_position, lane.place_row))
}

/// Moves a lane to a place.
pub fn set_place(lane: &mut webhook_lanes::Model, place: &Cursor) {
    (lane.place_mode, lane.place_position, lane.place_row) = columns(place);
}

/// A lane that nothing was sent on.
pub fn fresh(webhook: Uuid, epoch: Uuid) -> webhook_lanes::Model {
    webhook_lanes::Model {
        webhook,
        epoch,
        place_mode: 3,
        place_position: 0,
        place_row: Uuid::nil(),
        replays: 0,
        revision: 0,
        gone: 0,
        logged: 0,
        failures: 0,
        width: WIDTH_MAX,
        down_since: 0,
        tries: 0,
        try_at: 0,
        delivered_at: 0,
    }
}

/// Takes over what calls changed: a replay, another address, a lane enabled again. In another epoch of
/// the feed no place counts any more, and whatever is open is sent again. `end` is the end of the feed.
pub fn catch_up(
    lane: &mut webhook_lanes::Model,
    hook: &webhooks::Model,
    epoch: Uuid,
    end: u64,
    now: Timestamp,
) {
    let begins = lane.replays == 0;
    if lane.replays != hook.replays {
        lane.replays = hook.replays;
        let to = cursor((hook.replay_mode, hook.replay_position, hook.replay_row));
        if begins || is_before(&to, &place_of(lane)) {
            set_place(lane, &to);
        }
    }
    if lane.revision != hook.revision {
        lane.revision = hook.revision;
        lane.gone = 0;
        if lane.down_since != 0 {
            lane.try_at = now.micros();
        }
    }
    if lane.epoch != epoch {
        lane.epoch = epoch;
        set_place(lane, &Cursor::Offers { tail: end, after: Uuid::nil() });
    }
}

/// Whether a place comes before another. A snapshot comes before everything that follows from it.
fn is_before(one: &Cursor, other: &Cursor) -> bool {
    let rank = |cursor: &Cursor| {
        let (mode, position, row) = columns(cursor);
        (position, mode, row)
    };
    rank(one) < rank(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook() -> webhooks::Model {
        webhooks::Model {
            webhook: Uuid::from_u128(1),
            role: "brand".into(),
            subject: "aurora".into(),
            url: "https://example.com/".into(),
            enabled: 1,
            revision: 1,
            secret_number: 1,
            old_until: 0,
            replays: 1,
            replay_mode: 1,
            replay_position: 40,
            replay_row: Uuid::nil(),
            created_at: 0,
            updated_at: 0,
        }
    }

    fn now() -> Timestamp {
        Timestamp::from_micros(5)
    }

    #[test]
    fn a_place_is_kept_in_three_columns() {
        let row = Uuid::from_u128(9);
        for place in [
            Cursor::Offers { tail: 7, after: row },
            Cursor::WorkOrders { tail: 7, after: row },
            Cursor::Tail { after: 7, then: row },
        ] {
            assert_eq!(cursor(columns(&place)), place);
        }
    }

    #[test]
    fn a_lane_begins_where_its_webhook_was_made_and_a_replay_only_takes_it_back() {
        let (epoch, mut hook) = (Uuid::from_u128(2), hook());
        let mut lane = fresh(hook.webhook, epoch);
        catch_up(&mut lane, &hook, epoch, 50, now());
        assert_eq!(place_of(&lane), Cursor::Offers { tail: 40, after: Uuid::nil() });
        set_place(&mut lane, &Cursor::after(60));
        catch_up(&mut lane, &hook, epoch, 60, now());
        assert_eq!(place_of(&lane), Cursor::after(60), "the beginning is taken once");
        (hook.replays, hook.replay_mode, hook.replay_position) = (2, 3, 70);
        catch_up(&mut lane, &hook, epoch, 80, now());
        assert_eq!(place_of(&lane), Cursor::after(60), "nothing is skipped");
        (hook.replays, hook.replay_position) = (3, 20);
        catch_up(&mut lane, &hook, epoch, 80, now());
        assert_eq!(place_of(&lane), Cursor::after(20));
    }

    #[test]
    fn another_epoch_begins_with_what_is_open_and_another_address_is_tried_at_once() {
        let (epoch, mut hook) = (Uuid::from_u128(2), hook());
        let mut lane = fresh(hook.webhook, epoch);
        catch_up(&mut lane, &hook, epoch, 50, now());
        set_place(&mut lane, &Cursor::after(60));
        (lane.gone, lane.down_since, lane.try_at) = (1, 1, 100);
        catch_up(&mut lane, &hook, Uuid::from_u128(3), 9, now());
        assert_eq!(place_of(&lane), Cursor::Offers { tail: 9, after: Uuid::nil() });
        assert_eq!((lane.gone, lane.try_at), (1, 100));
        hook.revision = 2;
        catch_up(&mut lane, &hook, Uuid::from_u128(3), 9, now());
        assert_eq!((lane.gone, lane.try_at), (0, 5));
    }
}
