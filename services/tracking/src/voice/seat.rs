//! Listening seats (旁听): managers follow real cases, booked, counted and without anybody's name.

use parasol_journey::time::{Span, Timestamp};

use super::SeatId;

/// How many seats a person books in a month at most.
pub const QUOTA: i64 = 8;
/// How many a person should take in a month (一去两听: one visit on the spot, two calls listened to).
pub const EXPECTED: i64 = 2;
/// How long a seat can be taken from its time on.
const OPEN_FOR: Span = Span::hours(2);

/// The id of the how-manieth seat of a person in a month.
pub fn seat_id(person: &str, period: &str, number: i64) -> SeatId {
    SeatId::numbered(&format!("{period}/{person}"), number)
}

/// Whether a seat can be taken now.
pub fn is_open(at: Timestamp, now: Timestamp) -> bool {
    at <= now && now < at + OPEN_FOR
}
