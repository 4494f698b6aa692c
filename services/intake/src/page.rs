//! Page tokens: a place in a list that only its reader can go on from, in the very same list.

use parasol_journey::ids::CaseId;
use parasol_runtime::identity::{Principal, TokenKey};
use uuid::Uuid;

/// Names what the proofs are for.
const DOMAIN: &str = "intake-page";
/// Bytes of the place, in front of the proof.
const PLACE_LEN: usize = 16;

/// Makes and reads the tokens of one reader and one list.
pub(crate) struct Pages<'a> {
    pub key: &'a TokenKey,
    pub principal: &'a Principal,
    /// What the list is of: the encoded query without its page.
    pub query: Vec<u8>,
}

impl Pages<'_> {
    /// The token of the place after a case.
    pub(crate) fn token(&self, after: CaseId) -> String {
        let place = after.uuid();
        let proof = self.key.mac(DOMAIN, &self.proven(place));
        hex::encode([&place.as_bytes()[..], &proof].concat())
    }

    /// The case a token stands after; `None` for anything that is not a token of this list.
    pub(crate) fn read(&self, token: &str) -> Option<CaseId> {
        let bytes = hex::decode(token).ok()?;
        let (place, proof) = bytes.split_at_checked(PLACE_LEN)?;
        let place = Uuid::from_slice(place).ok()?;
        let is_ours = self.key.verify_mac(DOMAIN, &self.proven(place), proof);
        is_ours.then(|| CaseId::new(place))
    }

    fn proven(&self, place: Uuid) -> Vec<u8> {
        let who = self.principal.to_string();
        let length = (who.len() as u64).to_be_bytes();
        [&length[..], who.as_bytes(), place.as_bytes(), &self.query].concat()
    }
}

#[cfg(test)]
mod tests {
    use parasol_runtime::identity::Role;

    use super::*;

    #[test]
    fn a_token_is_worth_nothing_to_others_and_in_other_lists() {
        let key = TokenKey::from_secret(&[1; 32]);
        let [mine, other] = ["u-1", "u-2"].map(|one| Principal::new(Role::Customer, one));
        let pages = |principal, query: &[u8]| Pages { key: &key, principal, query: query.to_vec() };
        let case = CaseId::new(Uuid::from_u128(7));
        let token = pages(&mine, b"open").token(case);
        assert_eq!(pages(&mine, b"open").read(&token), Some(case));
        assert_eq!(pages(&other, b"open").read(&token), None);
        assert_eq!(pages(&mine, b"all").read(&token), None);
        for wrong in ["", "00", "zz", &token[..62], &token.replace('0', "1")] {
            assert_eq!(pages(&mine, b"open").read(wrong), None, "{wrong}");
        }
    }
}
