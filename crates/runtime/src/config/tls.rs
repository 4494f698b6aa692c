//! The port with TLS: its settings, and the rules they must keep with each other.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::Config;

/// The port with TLS. Meaning and form of each key stand in `default.toml`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Where it listens; empty = there is none.
    pub addr: String,
    /// File with its certificate and those in between.
    pub certificate_file: String,
    /// File with the key of that certificate.
    pub key_file: String,
    /// File with the authorities that partners' certificates come from; empty = none are asked for.
    pub client_ca_file: String,
    /// File with the lists of certificates that those took back; empty = none.
    pub client_crl_file: String,
    /// Whether partners may call without a certificate.
    pub client_certificates: ClientCertificates,
}

/// Whether partners may call on the port with TLS without a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientCertificates {
    /// A token will do.
    Optional,
    /// Brands, centres and laboratories need one.
    Required,
}

impl Tls {
    /// Whether there is such a port.
    pub fn is_on(&self) -> bool {
        !self.addr.is_empty()
    }
}

impl Config {
    /// What is wrong with the port: the key, and what would be right.
    pub(super) fn tls_problems(&self) -> Vec<(&'static str, &'static str)> {
        let tls = &self.tls;
        let files =
            [("tls.certificate_file", &tls.certificate_file), ("tls.key_file", &tls.key_file)];
        let mut found = Vec::new();
        if !tls.is_on() {
            let idle = [&tls.certificate_file, &tls.key_file, &tls.client_ca_file];
            if idle.iter().any(|file| !file.is_empty()) {
                found.push(("tls.addr", "must be set where tls has files"));
            }
            return found;
        }
        if tls.addr.parse::<SocketAddr>().is_err() {
            found
                .push(("tls.addr", "must be empty, or an IP address and a port like 0.0.0.0:7444"));
        }
        let others = [&self.grpc_addr, &self.http_addr];
        if others.contains(&&tls.addr) && !tls.addr.ends_with(":0") {
            found.push(("tls.addr", "may not be the address of another port"));
        }
        let missing = files.into_iter().filter(|(_, file)| file.is_empty());
        found.extend(missing.map(|(key, _)| (key, "must name a file (PEM)")));
        let needs = tls.client_certificates == ClientCertificates::Required;
        if (needs || !tls.client_crl_file.is_empty()) && tls.client_ca_file.is_empty() {
            found.push(("tls.client_ca_file", "must say whose certificates are trusted"));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ConfigError, Sources};
    use super::*;

    #[test]
    fn a_port_with_tls_has_all_that_it_needs_or_is_not_there() {
        let problems = |settings: &[(&str, &str)]| {
            let set = |(key, value): &(&str, &str)| (format!("tls.{key}"), (*value).to_owned());
            let overrides = settings.iter().map(set).collect();
            match Config::load(&Sources { overrides, ..Sources::default() }) {
                Ok(config) => vec![if config.tls.is_on() { "on" } else { "off" }],
                Err(ConfigError::Invalid(problems)) => problems.iter().map(|one| one.key).collect(),
                Err(error) => panic!("{error}"),
            }
        };
        let (addr, certificate, key) =
            (("addr", "127.0.0.1:0"), ("certificate_file", "c.pem"), ("key_file", "k.pem"));
        let required = ("client_certificates", "required");
        let ca = ("client_ca_file", "ca.pem");
        assert_eq!(problems(&[]), ["off"]);
        assert_eq!(problems(&[addr, certificate, key]), ["on"]);
        assert_eq!(problems(&[addr, certificate, key, ca, required]), ["on"]);
        assert_eq!(problems(&[addr, certificate]), ["tls.key_file"]);
        assert_eq!(problems(&[certificate, key]), ["tls.addr"]);
        assert_eq!(problems(&[("addr", "here"), certificate, key]), ["tls.addr"]);
        assert_eq!(problems(&[("addr", "127.0.0.1:7443"), certificate, key]), ["tls.addr"]);
        let crl = ("client_crl_file", "crl.pem");
        for alone in [required, crl] {
            assert_eq!(problems(&[addr, certificate, key, alone]), ["tls.client_ca_file"]);
        }
    }
}
