//! Whom a client certificate stands for, by the name in it.
//!
//! The name is a URI among the certificate's alternative names: `parasol://brand/aurora`,
//! `parasol://centre/aurora-hangzhou-01?brand=aurora` or `parasol://lab/north`. Exactly one such must be there; its
//! other names and its subject say nothing. Only partners are known by certificates: no certificate makes an operator.

use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

use crate::identity::{Principal, Role};

/// What a name of ours begins with.
const SCHEME: &str = "parasol://";
/// Characters of an id in a name.
const ID_MAX: usize = 64;

/// The other end of a connection.
#[derive(Clone, Debug, Default)]
pub enum Peer {
    /// It showed no certificate.
    #[default]
    Unknown,
    /// It showed one of an authority that is trusted, which names no partner.
    Nobody,
    /// It is this partner.
    Partner(Principal),
}

impl Peer {
    /// Whoever showed these certificates, which were found good.
    pub fn of(shown: Option<&[CertificateDer<'_>]>) -> Self {
        let Some(own) = shown.and_then(<[_]>::first) else { return Self::Unknown };
        match EndEntityCert::try_from(own).ok().and_then(|certificate| {
            let mut ours = certificate.valid_uri_names().filter(|name| name.starts_with(SCHEME));
            ours.next().filter(|_| ours.next().is_none()).and_then(partner)
        }) {
            Some(partner) => Self::Partner(partner),
            None => Self::Nobody,
        }
    }
}

/// The partner that a name stands for.
pub fn partner(name: &str) -> Option<Principal> {
    let (role, rest) = name.strip_prefix(SCHEME)?.split_once('/')?;
    let (subject, query) = match rest.split_once('?') {
        Some((subject, query)) => (subject, Some(query)),
        None => (rest, None),
    };
    let brand = match query {
        Some(query) => Some(query.strip_prefix("brand=")?),
        None => None,
    };
    let plain = |id: &&str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        !id.is_empty() && id.len() <= ID_MAX && id.bytes().all(fits)
    };
    if !([Some(subject), brand].iter().flatten().all(plain)) {
        return None;
    }
    let principal = |role| Principal::new(role, subject);
    match (role, brand) {
        ("brand", None) => Some(principal(Role::Brand).of_brand(subject)),
        ("centre", Some(brand)) => Some(principal(Role::Centre).of_brand(brand)),
        ("lab", None) => Some(principal(Role::Lab)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_one_partner_or_for_nobody() {
        let told = |name: &str| {
            let Principal { role, subject, brand } = partner(name)?;
            Some(format!("{role}:{subject}@{}", brand.unwrap_or_default()))
        };
        for (name, expected) in [
            ("parasol://brand/aurora", "brand:aurora@aurora"),
            ("parasol://centre/au-hz_01.a?brand=aurora", "centre:au-hz_01.a@aurora"),
            ("parasol://lab/north", "lab:north@"),
        ] {
            assert_eq!(told(name).as_deref(), Some(expected), "{name}");
        }
        let long = format!("parasol://brand/{}", "a".repeat(65));
        for nobody in [
            "parasol://operator/ops",
            "parasol://service/gateway",
            "parasol://agent/a-1",
            "parasol://technician/t-1?brand=aurora",
            "parasol://customer/c-1",
            "parasol://centre/au-1",
            "parasol://centre/au-1?brand=",
            "parasol://centre/au-1?brand=aurora&brand=boreal",
            "parasol://brand/aurora?brand=boreal",
            "parasol://brand/",
            "parasol://brand/au/rora",
            "parasol://brand/au%72ora",
            "parasol://brand/aurora#x",
            "parasol://brand",
            "PARASOL://brand/aurora",
            "https://brand/aurora",
            "",
            &long,
        ] {
            assert_eq!(told(nobody), None, "{nobody}");
        }
    }
}
