//! Slot ids: an arrival window of one technician for one case, that only this cell can have made.
//!
//! The id holds the window; the case and the technician are only in the proof, so an id says nothing
//! about who comes and is worth nothing for another case or after the technician has changed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parasol_journey::event::Window;
use parasol_journey::ids::{CaseId, TechnicianId};
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::TokenKey;

/// Names what the proofs are for.
const DOMAIN: &str = "slot-id";
/// Begin and end in microseconds.
const BODY_BYTES: usize = 16;
/// Characters of an id: body and proof in base64.
pub const SLOT_ID_CHARS: usize = (BODY_BYTES + 32).div_ceil(3) * 4;

/// Makes and reads the slot ids of one technician for one case.
#[derive(Clone, Copy, Debug)]
pub struct SlotIds<'a> {
    /// The cell's key.
    pub key: &'a TokenKey,
    /// The case.
    pub case: CaseId,
    /// Whose time.
    pub technician: &'a TechnicianId,
}

impl SlotIds<'_> {
    /// The id of a window.
    pub fn id(&self, window: Window) -> String {
        let [start, end] = [window.start, window.end].map(|at| at.micros().to_be_bytes());
        let body = [start, end].concat();
        let proof = self.key.mac(DOMAIN, &self.proven(&body));
        URL_SAFE_NO_PAD.encode([&body[..], &proof].concat())
    }

    /// The window of an id; `None` unless it was made for this case and technician.
    pub fn window(&self, id: &str) -> Option<Window> {
        let bytes = URL_SAFE_NO_PAD.decode(id).ok()?;
        let (body, proof) = bytes.split_at_checked(BODY_BYTES)?;
        if !self.key.verify_mac(DOMAIN, &self.proven(body), proof) {
            return None;
        }
        let at =
            |bytes: &[u8]| Some(Timestamp::from_micros(i64::from_be_bytes(bytes.try_into().ok()?)));
        Some(Window { start: at(&body[..8])?, end: at(&body[8..])? })
    }

    fn proven(&self, body: &[u8]) -> Vec<u8> {
        [body, self.case.uuid().as_bytes(), self.technician.as_str().as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_id_opens_its_own_slot_only() {
        let key = TokenKey::from_secret(&[7; 32]);
        let (mine, other): (TechnicianId, TechnicianId) =
            ("t-1".parse().unwrap(), "t-2".parse().unwrap());
        let ids = SlotIds { key: &key, case: CaseId::new(Uuid::from_u128(1)), technician: &mine };
        let at = Timestamp::from_micros;
        let window = Window { start: at(1_780_882_200_000_000), end: at(1_780_889_400_000_000) };
        let id = ids.id(window);
        assert_eq!(id.len(), SLOT_ID_CHARS);
        assert_eq!(ids.window(&id), Some(window));

        let other_case = SlotIds { case: CaseId::new(Uuid::from_u128(2)), ..ids };
        assert_eq!(other_case.window(&id), None);
        assert_eq!(SlotIds { technician: &other, ..ids }.window(&id), None);
        let other_key = TokenKey::from_secret(&[8; 32]);
        assert_eq!(SlotIds { key: &other_key, ..ids }.window(&id), None);
        for at in 0..id.len() {
            let mut forged = id.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(ids.window(&String::from_utf8(forged).unwrap()), None, "character {at}");
        }
        for wrong in ["", "AAAA", "?", &id[1..]] {
            assert_eq!(ids.window(wrong), None);
        }
    }
}
