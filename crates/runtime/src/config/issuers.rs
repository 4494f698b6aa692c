//! Who else's tokens are taken: the settings of an issuer, and the rules they must keep.
//!
//! What an issuer may say is closed: the roles it may grant are listed, and so are the values of its claim that stand
//! for them. A setting that would let it say more is refused here, before any token is looked at.

use std::collections::{BTreeMap, BTreeSet};

use parasol_api::Role;
use serde::{Deserialize, Serialize};

use super::Config;

/// The most issuers.
const ISSUERS_MAX: usize = 16;
/// Bytes of any one setting of an issuer.
const SETTING_MAX: usize = 500;

/// An OpenID Connect issuer whose tokens are taken. Meaning and form of each key stand in `default.toml`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// Its address, exactly as its tokens name it.
    pub url: String,
    /// The audience its tokens for this cell have.
    pub audience: String,
    /// The roles it may grant at all.
    pub grants: Vec<String>,
    /// The role of all its callers; empty = `role_claim` says it.
    #[serde(default)]
    pub role: String,
    /// The claim that says the role.
    #[serde(default)]
    pub role_claim: String,
    /// Which role each value of that claim stands for; others stand for none.
    #[serde(default)]
    pub roles: BTreeMap<String, String>,
    /// The claim that says who it is.
    #[serde(default = "subject_claim")]
    pub subject_claim: String,
    /// What that must begin with.
    #[serde(default)]
    pub subject_prefix: String,
    /// The brand of all its callers; empty = `brand_claim` says it, or they have none.
    #[serde(default)]
    pub brand: String,
    /// The claim that says the brand.
    #[serde(default)]
    pub brand_claim: String,
    /// File with the certificates of the authority that vouches for its address; empty = the public ones.
    #[serde(default)]
    pub ca_file: String,
}

fn subject_claim() -> String {
    "sub".to_owned()
}

/// Whether a role may be granted by anybody outside: those of the house itself and of links may not.
fn is_grantable(role: Role) -> bool {
    !matches!(role, Role::Service | Role::Link)
}

/// Whether a role is tied to a brand.
pub(crate) fn has_brand(role: Role) -> bool {
    matches!(role, Role::Brand | Role::Centre | Role::Technician)
}

impl Issuer {
    /// The roles it may grant, as far as there are such.
    pub fn granted(&self) -> BTreeSet<Role> {
        let roles = self.grants.iter().filter_map(|name| Role::parse(name));
        roles.filter(|role| is_grantable(*role)).collect()
    }

    /// What is wrong with it, in words.
    fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut demand = |holds: bool, text: &str| {
            if !holds {
                found.push(format!("{}: {text}", self.url));
            }
        };
        let uri = self.url.parse::<http::Uri>().ok();
        let is_plain = |url: &str| !url.contains(['?', '#', '@', ' ']);
        let is_here = uri.as_ref().is_some_and(|uri| {
            let host = uri.host().unwrap_or_default();
            uri.scheme_str() == Some("http") && ["127.0.0.1", "[::1]", "localhost"].contains(&host)
        });
        let is_secure = uri.as_ref().is_some_and(|uri| uri.scheme_str() == Some("https"));
        let fits = is_plain(&self.url) && (is_secure || is_here);
        demand(
            fits,
            "url must be like https://login.example/realms/shop; http only on this machine",
        );
        demand(!self.audience.is_empty(), "audience must be set");
        let texts = [&self.url, &self.audience, &self.subject_claim, &self.role_claim, &self.brand];
        let short = texts.into_iter().all(|text| text.len() <= SETTING_MAX);
        demand(short, "has a setting of more than 500 bytes");
        demand(!self.subject_claim.is_empty(), "subject_claim may not be empty");
        demand(!self.grants.is_empty(), "grants must list the roles it may grant");
        let listed = self.granted();
        let known = listed.len() == self.grants.len();
        demand(known, "grants may list each role once, and neither service nor link");
        demand(
            self.role.is_empty() != self.role_claim.is_empty(),
            "one of role and role_claim must be set",
        );
        demand(
            self.role_claim.is_empty() == self.roles.is_empty(),
            "roles must say what the values of role_claim stand for",
        );
        let fixed = (!self.role.is_empty()).then_some(&self.role);
        let given: Vec<_> = fixed.into_iter().chain(self.roles.values()).collect();
        let inside =
            given.iter().all(|name| Role::parse(name).is_some_and(|role| listed.contains(&role)));
        demand(inside, "role and roles may name only roles that grants lists");
        let twice = !self.brand.is_empty() && !self.brand_claim.is_empty();
        demand(!twice, "brand and brand_claim may not both be set");
        let branded = !self.brand.is_empty() || !self.brand_claim.is_empty();
        let partners = listed.iter().any(|role| has_brand(*role));
        demand(
            branded || !partners,
            "brand or brand_claim must be set where it grants brand, centre or technician",
        );
        let below = listed.iter().any(|role| matches!(role, Role::Centre | Role::Technician));
        demand(
            !below || self.brand.is_empty() || !self.subject_prefix.is_empty(),
            "subject_prefix must be set where it grants centre or technician for one brand: they are known by their subject",
        );
        found
    }
}

impl Config {
    /// What is wrong with the issuers, in words.
    pub(super) fn issuer_problems(&self) -> Vec<String> {
        let mut found: Vec<_> = self.issuers.iter().flat_map(Issuer::problems).collect();
        if self.issuers.len() > ISSUERS_MAX {
            found.push("there may be at most 16".to_owned());
        }
        let pairs = self.issuers.iter().map(|issuer| (&issuer.url, &issuer.audience));
        if pairs.collect::<BTreeSet<_>>().len() != self.issuers.len() {
            found.push("one url and audience stand there twice".to_owned());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ConfigError, Sources};
    use super::*;

    const STAFF: &str = "[[issuers]]\nurl = \"https://login.shop.example/realms/staff\"\n\
        audience = \"parasol-desk\"\ngrants = [\"agent\", \"manager\"]\n\
        role_claim = \"realm_access.roles\"\n\
        roles = { \"Parasol.Agent\" = \"agent\", parasol-manager = \"manager\" }\n";

    fn read(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("parasol.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(&Sources { file: Some(&file), ..Sources::default() })
    }

    fn wrong(text: &str) -> String {
        let Err(ConfigError::Invalid(problems)) = read(text) else { panic!("{text} is taken") };
        assert!(problems.iter().all(|problem| problem.key == "issuers"), "{problems:?}");
        problems.iter().map(|problem| format!("{}\n", problem.text)).collect()
    }

    #[test]
    fn an_issuer_is_read_as_it_is_written_and_printed_likewise() {
        let config = read(STAFF).unwrap();
        let issuer = &config.issuers[0];
        assert_eq!(issuer.roles["Parasol.Agent"], "agent", "values keep their letters and dots");
        assert_eq!(issuer.subject_claim, "sub");
        assert_eq!(issuer.granted(), BTreeSet::from([Role::Agent, Role::Manager]));
        let again = read(&config.dump()).unwrap();
        assert_eq!(again.dump(), config.dump());
        assert!(Config::load(&Sources::default()).unwrap().issuers.is_empty());
    }

    #[test]
    fn an_issuer_that_could_say_too_much_is_refused_before_it_says_anything() {
        let swap = |from: &str, to: &str| {
            assert!(STAFF.contains(from), "{from}");
            STAFF.replace(from, to)
        };
        for (text, expected) in [
            (swap("\"manager\"]", "\"service\"]"), "neither service nor link"),
            (swap("\"manager\"]", "\"link\"]"), "neither service nor link"),
            (swap("\"manager\"]", "\"god\"]"), "neither service nor link"),
            (swap("\"agent\", \"manager\"]", "\"agent\"]"), "only roles that grants lists"),
            (swap("= \"manager\" }", "= \"operator\" }"), "only roles that grants lists"),
            (swap("role_claim = \"realm_access.roles\"\n", ""), "one of role and role_claim"),
            (swap("https://login", "http://login"), "url must be"),
            (swap("/staff\"", "/staff?x=1\""), "url must be"),
            (swap("\"parasol-desk\"", "\"\""), "audience must be set"),
            (format!("{STAFF}brand = \"a\"\nbrand_claim = \"b\"\n"), "may not both be set"),
            (format!("{STAFF}{STAFF}"), "twice"),
            (swap("\"manager\"]", "\"manager\", \"centre\"]"), "brand or brand_claim must be set"),
            (
                swap("\"manager\"]", "\"manager\", \"centre\"]\nbrand = \"aurora\""),
                "subject_prefix must be set",
            ),
        ] {
            let told = wrong(&text);
            assert!(told.contains(expected), "{told}\n{text}");
        }
        assert!(read(&format!("{STAFF}colour = \"red\"\n")).is_err(), "an unknown key");
    }

    #[test]
    fn the_examples_of_the_page_about_identity_are_good_settings() {
        let page = include_str!("../../../../docs/identity.md");
        let blocks = page.split("```toml\n").skip(1);
        let blocks: Vec<_> = blocks.filter_map(|rest| rest.split("```").next()).collect();
        let config = read(&blocks.join("\n")).unwrap();
        assert_eq!((blocks.len(), config.issuers.len(), config.tls.is_on()), (2, 3, true));
    }
}
