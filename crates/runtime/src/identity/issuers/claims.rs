//! What a token says, and whom that makes its bearer.
//!
//! Pure. Roles come out of a closed mapping: what an issuer is not allowed to grant it cannot grant, whatever it
//! writes.

use std::collections::{BTreeMap, BTreeSet};

use parasol_journey::time::{SECOND, Timestamp};
use serde_json::{Map, Value};

use crate::config::{self, has_brand};
use crate::identity::{LEEWAY_S, Principal, Role, TokenError};

/// Characters of a subject, and of a brand.
const SUBJECT_MAX: usize = 64;

/// What an issuer's claims stand for.
#[derive(Debug)]
pub(super) struct Mapping {
    issuer: String,
    audience: String,
    grants: BTreeSet<Role>,
    role: RoleFrom,
    subject_claim: String,
    subject_prefix: String,
    brand: BrandFrom,
}

#[derive(Debug)]
enum RoleFrom {
    /// All its callers are that.
    Fixed(Role),
    /// A claim says it, in values that stand for roles.
    Claim(String, BTreeMap<String, Role>),
}

#[derive(Debug)]
enum BrandFrom {
    Nowhere,
    Fixed(String),
    Claim(String),
}

impl Mapping {
    /// The mapping of settings that were checked.
    pub(super) fn of(settings: &config::Issuer) -> Self {
        let role = match Role::parse(&settings.role) {
            Some(role) => RoleFrom::Fixed(role),
            None => {
                let pair =
                    |(value, role): (&String, &String)| Some((value.clone(), Role::parse(role)?));
                let values = settings.roles.iter().filter_map(pair).collect();
                RoleFrom::Claim(settings.role_claim.clone(), values)
            }
        };
        let brand = match (settings.brand.as_str(), settings.brand_claim.as_str()) {
            ("", "") => BrandFrom::Nowhere,
            ("", claim) => BrandFrom::Claim(claim.to_owned()),
            (brand, _) => BrandFrom::Fixed(brand.to_owned()),
        };
        Self {
            issuer: settings.url.clone(),
            audience: settings.audience.clone(),
            grants: settings.granted(),
            role,
            subject_claim: settings.subject_claim.clone(),
            subject_prefix: settings.subject_prefix.clone(),
            brand,
        }
    }

    /// Whether a token says that this issuer made it, and for this cell.
    pub(super) fn is_meant(&self, claims: &Map<String, Value>) -> bool {
        let by = claims.get("iss").and_then(Value::as_str);
        let to = claims.get("aud").map(texts).unwrap_or_default();
        by == Some(&self.issuer) && to.contains(&self.audience.as_str())
    }

    /// Whether a token is good now, as far as it says itself; when it ends.
    ///
    /// # Errors
    /// [`TokenError::Audience`], [`TokenError::Expired`], [`TokenError::NotYet`], [`TokenError::Malformed`].
    pub(super) fn time(
        &self,
        claims: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Timestamp, TokenError> {
        if !self.is_meant(claims) {
            return Err(TokenError::Audience);
        }
        let now = now.micros().div_euclid(SECOND);
        let ends = seconds(claims, "exp")?.ok_or(TokenError::Malformed)?;
        if ends <= now.saturating_sub(LEEWAY_S) {
            return Err(TokenError::Expired);
        }
        for begins in ["nbf", "iat"] {
            if seconds(claims, begins)?.is_some_and(|begins| begins > now.saturating_add(LEEWAY_S))
            {
                return Err(TokenError::NotYet);
            }
        }
        Ok(Timestamp::from_micros(ends.saturating_mul(SECOND)))
    }

    /// Whom the claims name.
    ///
    /// # Errors
    /// [`TokenError::Role`] for a role that is none, not one, or not this issuer's to grant;
    /// [`TokenError::Subject`] for a subject or a brand that is missing or not this issuer's to name.
    pub(super) fn principal(&self, claims: &Map<String, Value>) -> Result<Principal, TokenError> {
        let role = match &self.role {
            RoleFrom::Fixed(role) => *role,
            RoleFrom::Claim(claim, values) => {
                let said = find(claims, claim).map(texts).unwrap_or_default();
                let roles: BTreeSet<_> = said.iter().filter_map(|text| values.get(*text)).collect();
                // Somebody in two roles would be in whichever we like; the issuer has to say which.
                let mut roles = roles.into_iter();
                roles.next().filter(|_| roles.next().is_none()).copied().ok_or(TokenError::Role)?
            }
        };
        if !self.grants.contains(&role) {
            return Err(TokenError::Role);
        }
        let brand = match &self.brand {
            _ if !has_brand(role) => None,
            BrandFrom::Nowhere => return Err(TokenError::Subject),
            BrandFrom::Fixed(brand) => Some(brand.clone()),
            BrandFrom::Claim(claim) => Some(name(claims, claim)?),
        };
        // A brand is one caller, whoever of it signed in.
        let subject = match &brand {
            Some(brand) if role == Role::Brand => brand.clone(),
            _ => name(claims, &self.subject_claim)?,
        };
        if role != Role::Brand && !subject.starts_with(&self.subject_prefix) {
            return Err(TokenError::Subject);
        }
        Ok(Principal { role, subject, brand })
    }
}

/// A name in a claim: what may stand in a principal.
fn name(claims: &Map<String, Value>, claim: &str) -> Result<String, TokenError> {
    let text = find(claims, claim).and_then(Value::as_str).ok_or(TokenError::Subject)?;
    let fits = !text.is_empty() && text.trim() == text && text.chars().count() <= SUBJECT_MAX;
    let plain = !text.contains(char::is_control);
    if fits && plain { Ok(text.to_owned()) } else { Err(TokenError::Subject) }
}

/// The claim of that name, or what the path leads to: some names have dots themselves.
fn find<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    find(claims.get(first)?.as_object()?, rest)
}

/// A text, or the texts of a list.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// An instant in whole seconds (RFC 7519 NumericDate), if there is one.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, TokenError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let whole = value.as_i64();
    let whole = whole.or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64));
    whole.map(Some).ok_or(TokenError::Malformed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings() -> config::Issuer {
        toml::from_str(
            "url = \"https://login.example\"\naudience = \"parasol\"\n\
             grants = [\"agent\", \"manager\", \"brand\", \"technician\"]\n\
             role_claim = \"realm_access.roles\"\n\
             roles = { a = \"agent\", m = \"manager\", b = \"brand\", t = \"technician\" }\n\
             subject_prefix = \"au-\"\nbrand_claim = \"https://login.example/brand\"\n",
        )
        .unwrap()
    }

    fn claims(roles: Value) -> Map<String, Value> {
        let claims = json!({
            "iss": "https://login.example", "aud": ["other", "parasol"], "exp": 1_000,
            "sub": "au-1", "https://login.example/brand": "aurora", "realm_access": {"roles": roles},
        });
        claims.as_object().unwrap().clone()
    }

    fn told(changes: Value) -> Result<String, TokenError> {
        let mut claims = claims(json!("a"));
        claims.extend(changes.as_object().unwrap().clone());
        let principal = Mapping::of(&settings()).principal(&claims)?;
        Ok(format!("{principal}@{}", principal.brand.as_deref().unwrap_or_default()))
    }

    #[test]
    fn claims_name_a_caller_only_in_the_roles_that_are_mapped() {
        let roles = |roles: Value| told(json!({"realm_access": {"roles": roles}}));
        assert_eq!(roles(json!(["x", "a"])).unwrap(), "agent:au-1@");
        assert_eq!(roles(json!("m")).unwrap(), "manager:au-1@");
        assert_eq!(roles(json!(["t"])).unwrap(), "technician:au-1@aurora");
        assert_eq!(roles(json!(["b"])).unwrap(), "brand:aurora@aurora", "whoever signed in");
        for none in [json!([]), json!(["agent"]), json!("operator"), json!(["a", "m"]), json!(7)] {
            assert_eq!(roles(none.clone()), Err(TokenError::Role), "{none}");
        }
        let mut wide = settings();
        wide.roles.insert("o".to_owned(), "operator".to_owned());
        let granted = Mapping::of(&wide).principal(&claims(json!("o")));
        assert_eq!(granted, Err(TokenError::Role), "mapped, but not to be granted");
    }

    #[test]
    fn a_subject_that_is_not_the_issuers_to_name_is_refused() {
        for sub in [json!("bo-1"), json!(""), json!(" au-1"), json!("au-\n"), json!(9), json!(null)]
        {
            assert_eq!(told(json!({"sub": sub})), Err(TokenError::Subject), "{sub}");
        }
        assert_eq!(
            told(json!({"sub": format!("au-{}", "x".repeat(62))})),
            Err(TokenError::Subject)
        );
        let technician =
            json!({"realm_access": {"roles": "t"}, "https://login.example/brand": null});
        assert_eq!(told(technician), Err(TokenError::Subject), "no brand");
    }

    #[test]
    fn times_are_held_against_the_given_instant_with_the_leeway() {
        let mapping = Mapping::of(&settings());
        let at = |second: i64, changes: Value| {
            let mut claims = claims(json!("a"));
            claims.extend(changes.as_object().unwrap().clone());
            let ends = mapping.time(&claims, Timestamp::from_micros(second * SECOND));
            ends.map(|ends| ends.micros() / SECOND)
        };
        assert_eq!(at(1_004, json!({})), Ok(1_000));
        assert_eq!(at(1_005, json!({})), Err(TokenError::Expired));
        assert_eq!(at(495, json!({"nbf": 500, "iat": 500.4})), Ok(1_000));
        assert_eq!(at(494, json!({"nbf": 500})), Err(TokenError::NotYet));
        assert_eq!(at(494, json!({"iat": 500})), Err(TokenError::NotYet));
        for wrong in [json!({"exp": null}), json!({"exp": "1000"}), json!({"nbf": "soon"})] {
            assert_eq!(at(1, wrong.clone()), Err(TokenError::Malformed), "{wrong}");
        }
        for other in [json!({"aud": "other"}), json!({"aud": []}), json!({"iss": "https://evil"})] {
            assert_eq!(at(1, other.clone()), Err(TokenError::Audience), "{other}");
        }
    }
}
