//! Share links as credentials: what is in one, and as whom its holder calls.
//!
//! A link's token names a row and proves that this cell made it (HMAC-SHA-256, 128 bits of it), so that it can be made
//! again from the row's id and need not be kept. Whether the link is still good is its service's to say; the layer
//! that lets callers in asks it, see [`Links`].

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::BoxFuture;
use parasol_journey::ids::{CaseId, LinkId};
use uuid::Uuid;

use super::{Principal, Role, TokenKey};

/// What tells the token of a link from others.
pub const PREFIX: &str = "sl_";
/// Names what the proofs are for.
const DOMAIN: &str = "share-link";
/// Bytes of the proof that are sent.
const PROOF_BYTES: usize = 16;
/// Characters of a token behind its prefix: 32 bytes.
const TOKEN_LEN: usize = 43;

/// Asks as whom the holder of a link calls, by its token; `None` for one that was forged, taken back or has expired.
pub type Links = Arc<dyn Fn(String) -> BoxFuture<'static, Option<Principal>> + Send + Sync>;

/// The secret of a link.
pub fn token(key: &TokenKey, link: LinkId) -> String {
    let id = link.uuid();
    let proof = key.mac(DOMAIN, id.as_bytes());
    let bytes = [&id.as_bytes()[..], &proof[..PROOF_BYTES]].concat();
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The link that a token names, if this cell made it.
pub fn link_of(key: &TokenKey, token: &str) -> Option<LinkId> {
    let text = token.strip_prefix(PREFIX).filter(|text| text.len() == TOKEN_LEN)?;
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (id, proof) = bytes.split_at_checked(16)?;
    let expected = key.mac(DOMAIN, id);
    let pairs = expected[..PROOF_BYTES].iter().zip(proof);
    let differing = pairs.fold(0, |seen, (a, b)| seen | (a ^ b));
    let id = Uuid::from_slice(id).ok()?;
    (differing == 0 && proof.len() == PROOF_BYTES).then_some(LinkId::new(id))
}

/// As whom the holder of a link calls.
pub fn principal(case: CaseId, link: LinkId) -> Principal {
    Principal::new(Role::Link, format!("{case}/{link}"))
}

/// What the subject of a survey's credential begins with; a share link's never does.
const OF_SURVEY: &str = "survey.";

/// As whom the holder of a survey's credential calls: good for the survey of this case and for nothing else. It is a
/// token like others, since it ends with the survey and opens nothing that could be taken back.
pub fn survey(case: CaseId) -> Principal {
    Principal::new(Role::Link, format!("{OF_SURVEY}{case}"))
}

/// Whether a caller holds a survey's credential.
pub fn is_of_survey(principal: &Principal) -> bool {
    let case = principal.subject.strip_prefix(OF_SURVEY).and_then(|case| case.parse().ok());
    case.is_some_and(|case| *principal == survey(case))
}

/// The case and the link of such a caller.
pub fn of_principal(principal: &Principal) -> Option<(CaseId, LinkId)> {
    if principal.role != Role::Link {
        return None;
    }
    let (case, link) = principal.subject.split_once('/')?;
    Some((case.parse().ok()?, link.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_link_and_nobody_makes_another() {
        let key = TokenKey::from_secret(&[7; 32]);
        let link = LinkId::new(Uuid::from_u128(5));
        let made = token(&key, link);
        assert_eq!(link_of(&key, &made), Some(link));
        assert_eq!(link_of(&TokenKey::from_secret(&[8; 32]), &made), None);
        for at in 0..made.len() {
            let mut forged = made.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(link_of(&key, &String::from_utf8(forged).unwrap()), None, "{at}");
        }
        for wrong in ["", "sl_", &made[3..], &format!("{made}A"), &made[..45]] {
            assert_eq!(link_of(&key, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn its_holder_is_known_by_case_and_link() {
        let (case, link) = (CaseId::new(Uuid::from_u128(1)), LinkId::new(Uuid::from_u128(2)));
        let holder = principal(case, link);
        assert_eq!(of_principal(&holder), Some((case, link)));
        let other = Principal { role: Role::Customer, ..holder.clone() };
        assert_eq!(of_principal(&other), None);
        assert_eq!(of_principal(&Principal::new(Role::Link, case.to_string())), None);
        assert!(!is_of_survey(&holder));
    }

    #[test]
    fn the_holder_of_a_surveys_credential_holds_no_link() {
        let holder = survey(CaseId::new(Uuid::from_u128(1)));
        assert!(is_of_survey(&holder));
        assert_eq!(of_principal(&holder), None);
        let other = Principal { role: Role::Customer, ..holder };
        assert!(!is_of_survey(&other));
        assert!(!is_of_survey(&Principal::new(Role::Link, "survey.x")));
    }
}
