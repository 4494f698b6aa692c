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
use parasol_journey::time::{SECOND, Timestamp};
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

/// What tells the token of a survey from others.
pub const SURVEY_PREFIX: &str = "sv_";
/// Names what the proofs of surveys are for.
const SURVEY_DOMAIN: &str = "survey-link";
/// Characters of a survey's token behind its prefix: case, end and proof, 36 bytes.
const SURVEY_LEN: usize = 48;

/// Why a survey's token is good for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSurvey {
    /// It was not made by this cell.
    #[error("the token of a survey was not made here")]
    Foreign,
    /// Its time is over.
    #[error("the time of the survey is over")]
    Over,
}

/// The secret by which the survey of a case is answered until then, short enough for a text message. It says itself
/// what it is for, so that nothing has to be kept: it ends with the survey, and opens nothing that could be taken
/// back.
pub fn survey_token(key: &TokenKey, case: CaseId, until: Timestamp) -> String {
    let ends = u32::try_from(until.micros() / SECOND).unwrap_or(u32::MAX);
    let said = [&case.uuid().as_bytes()[..], &ends.to_be_bytes()].concat();
    let proof = key.mac(SURVEY_DOMAIN, &said);
    let bytes = [&said[..], &proof[..PROOF_BYTES]].concat();
    format!("{SURVEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The case whose survey a token is for.
///
/// # Errors
/// [`BadSurvey`]. That it is over is told to nobody who does not hold it.
pub fn survey_of(key: &TokenKey, token: &str, now: Timestamp) -> Result<CaseId, BadSurvey> {
    let text = token.strip_prefix(SURVEY_PREFIX).filter(|text| text.len() == SURVEY_LEN);
    let bytes = text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let bytes = bytes.ok_or(BadSurvey::Foreign)?;
    let (said, proof) = bytes.split_at_checked(20).ok_or(BadSurvey::Foreign)?;
    let expected = key.mac(SURVEY_DOMAIN, said);
    let pairs = expected[..PROOF_BYTES].iter().zip(proof);
    let differing = pairs.fold(0, |seen, (a, b)| seen | (a ^ b));
    let (case, ends) = said.split_at(16);
    let case = Uuid::from_slice(case).map_err(|_| BadSurvey::Foreign)?;
    let ends = <[u8; 4]>::try_from(ends).map_err(|_| BadSurvey::Foreign)?;
    if differing != 0 || proof.len() != PROOF_BYTES {
        return Err(BadSurvey::Foreign);
    }
    if now.micros() / SECOND > i64::from(u32::from_be_bytes(ends)) {
        return Err(BadSurvey::Over);
    }
    Ok(CaseId::new(case))
}

/// As whom the holder of a survey's token calls: good for the survey of this case and for nothing else.
pub fn survey(case: CaseId) -> Principal {
    Principal::new(Role::Link, format!("{OF_SURVEY}{case}"))
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
    }

    #[test]
    fn the_holder_of_a_surveys_token_holds_no_link() {
        let holder = survey(CaseId::new(Uuid::from_u128(1)));
        assert_eq!(holder.role, Role::Link);
        assert_eq!(of_principal(&holder), None);
    }

    #[test]
    fn a_surveys_token_says_which_and_until_when_and_cannot_be_forged() {
        let key = TokenKey::from_secret(&[7; 32]);
        let case = CaseId::new(Uuid::from_u128(5));
        let until = Timestamp::parse("2026-06-22T12:00:00+08:00").unwrap();
        let later = |seconds: i64| Timestamp::from_micros(until.micros() + seconds * SECOND);
        let made = survey_token(&key, case, until);
        assert!(made.len() <= 52, "it has to fit a text message: {made}");
        assert_eq!(survey_of(&key, &made, later(-1)), Ok(case));
        assert_eq!(survey_of(&key, &made, until), Ok(case));
        assert_eq!(survey_of(&key, &made, later(1)), Err(BadSurvey::Over));
        let other = TokenKey::from_secret(&[8; 32]);
        assert_eq!(survey_of(&other, &made, until), Err(BadSurvey::Foreign));
        assert_eq!(survey_of(&other, &made, later(1)), Err(BadSurvey::Foreign), "nothing is told");
        for at in 0..made.len() {
            let mut forged = made.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(survey_of(&key, &forged, until), Err(BadSurvey::Foreign), "{at}");
        }
        let link = token(&key, LinkId::new(case.uuid()));
        for wrong in ["", "sv_", &made[3..], &format!("{made}A"), &made[..50], &link] {
            assert_eq!(survey_of(&key, wrong, until), Err(BadSurvey::Foreign), "{wrong}");
        }
    }
}
