//! The cursor of a day: what its reader has, with a proof that binds it to the reader and the day.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parasol_api::{Error, Reason};
use parasol_journey::ids::AppointmentId;
use parasol_runtime::identity::TokenKey;
use uuid::Uuid;

use super::{Day, Seen};

/// Names what the proofs are for.
const DOMAIN: &str = "day-cursor";
/// Bytes of the proof that are sent: 128 bits, which nobody guesses.
const PROOF_BYTES: usize = 16;
/// Bytes of one visit: its id, the version seen, and whether it had a relay number.
const VISIT_BYTES: usize = 16 + 8 + 1;

/// The cursor of a reader that has this.
pub fn write(key: &TokenKey, day: &Day, seen: &BTreeMap<AppointmentId, Seen>) -> String {
    let shown = seen.iter().filter(|(_, seen)| seen.shown);
    let body: Vec<u8> = shown
        .flat_map(|(id, seen)| {
            let (version, relayed) = (seen.version.to_be_bytes(), [u8::from(seen.relayed)]);
            [&id.uuid().as_bytes()[..], &version, &relayed].concat()
        })
        .collect();
    let proof = key.mac(DOMAIN, &proven(day, &body));
    URL_SAFE_NO_PAD.encode([&proof[..PROOF_BYTES], &body].concat())
}

/// What the reader of a cursor has; nothing when it is empty.
///
/// # Errors
/// `RESYNC_REQUIRED` for everything that was not made for this reader and day.
pub fn read(
    key: &TokenKey,
    day: &Day,
    cursor: &str,
) -> Result<BTreeMap<AppointmentId, Seen>, Error> {
    if cursor.is_empty() {
        return Ok(BTreeMap::new());
    }
    parse(key, day, cursor).ok_or_else(|| Error::new(Reason::ResyncRequired))
}

fn parse(key: &TokenKey, day: &Day, cursor: &str) -> Option<BTreeMap<AppointmentId, Seen>> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (proof, body) = bytes.split_at_checked(PROOF_BYTES)?;
    let expected = key.mac(DOMAIN, &proven(day, body));
    let differing = expected.iter().zip(proof).fold(0, |seen, (a, b)| seen | (a ^ b));
    if differing != 0 || !body.len().is_multiple_of(VISIT_BYTES) {
        return None;
    }
    let visits = body.chunks_exact(VISIT_BYTES).map(|visit| {
        let (id, rest) = visit.split_at(16);
        let (relayed, version) = rest.split_last()?;
        let id = AppointmentId::new(Uuid::from_slice(id).ok()?);
        let version = u64::from_be_bytes(version.try_into().ok()?);
        Some((id, Seen { version, shown: true, relayed: *relayed != 0 }))
    });
    visits.collect()
}

fn proven(day: &Day, body: &[u8]) -> Vec<u8> {
    let Day { principal, technician, date } = day;
    let reader = principal.to_string();
    // Day and technician hold no line break, and the length says where the reader ends: no two days
    // are proven by the same bytes.
    [format!("{date}\n{technician}\n{}\n{reader}", reader.len()).as_bytes(), body].concat()
}

#[cfg(test)]
mod tests {
    use parasol_runtime::identity::{Principal, Role};

    use super::*;

    fn day(subject: &str, technician: &str, date: &str) -> Day {
        let principal = Principal::new(Role::Centre, subject);
        let technician = technician.parse().unwrap();
        Day { principal, technician, date: date.parse().unwrap() }
    }

    #[test]
    fn a_cursor_is_read_back_by_its_reader_for_its_day_only() {
        let key = TokenKey::from_secret(&[7; 32]);
        let mine = day("c-1", "t-1", "2026-06-08");
        let id = |n| AppointmentId::new(Uuid::from_u128(n));
        let shown = Seen { version: 12, shown: true, relayed: true };
        let gone = Seen { version: 3, shown: false, relayed: false };
        let cursor = write(&key, &mine, &[(id(1), shown), (id(2), gone)].into());
        assert_eq!(read(&key, &mine, &cursor).unwrap(), [(id(1), shown)].into());
        assert!(read(&key, &mine, "").unwrap().is_empty());

        let resync = |key: &TokenKey, day: &Day, cursor: &str| {
            let refused = read(key, day, cursor).unwrap_err();
            assert_eq!(refused.reason(), Reason::ResyncRequired);
        };
        resync(&key, &day("c-2", "t-1", "2026-06-08"), &cursor);
        resync(&key, &day("c-1", "t-2", "2026-06-08"), &cursor);
        resync(&key, &day("c-1", "t-1", "2026-06-09"), &cursor);
        resync(&TokenKey::from_secret(&[8; 32]), &mine, &cursor);
        for at in 0..cursor.len() {
            let mut forged = cursor.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            resync(&key, &mine, &String::from_utf8(forged).unwrap());
        }
        for wrong in ["A", "AAAA", "not a cursor", &cursor[2..]] {
            resync(&key, &mine, wrong);
        }
    }
}
