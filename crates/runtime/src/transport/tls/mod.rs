//! TLS on a port of its own, and partners who are known by their certificates.
//!
//! Owns the port's certificate and the authority that partners' certificates come from, both read from files and read
//! again when those change; what name in a certificate stands for whom ([`name`]); and how a certificate becomes a
//! credential like any other ([`edge`]), so that nothing behind the port knows of certificates.
//!
//! It deliberately issues no certificate and keeps no list of them: who may have one is the authority's to say, and
//! one that was taken back is on its list of revoked ones. Connections that stand are not looked at again; they end
//! within half an hour.

pub mod edge;
pub mod name;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::time_provider::TimeProvider;
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};

use crate::clock::Clock;
use crate::config;

/// How often the files are looked at.
pub const LOOK_EVERY: Duration = Duration::from_secs(10);

/// What the port shows and whom it trusts. A clone is the same.
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    settings: config::Tls,
    clock: Clock,
    current: RwLock<Current>,
}

struct Current {
    /// Of all files; tells whether one has changed.
    fingerprint: [u8; 32],
    config: Arc<ServerConfig>,
}

/// The files, as they were read together.
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Vec<u8>,
    client_crl: Vec<u8>,
    /// Whether there is to be a list at all.
    has_crl: bool,
}

impl Tls {
    /// Reads the files of settings that were checked.
    ///
    /// # Errors
    /// What is wrong with them, in words for whoever runs the process.
    pub fn new(settings: &config::Tls, clock: &Clock) -> Result<Self, String> {
        let files = Files::read(settings)?;
        let config = files.config(clock)?;
        let current = RwLock::new(Current { fingerprint: files.fingerprint(), config });
        let inner = Inner { settings: settings.clone(), clock: clock.clone(), current };
        Ok(Self(Arc::new(inner)))
    }

    /// What new connections are made with.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        let current = self.0.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current.config)
    }

    /// Reads the files and goes over to them if they have changed; whether it did. Files that do not fit together,
    /// as while they are being replaced, are logged and change nothing.
    pub fn run_once(&self) -> bool {
        let files = match Files::read(&self.0.settings) {
            Ok(files) => files,
            Err(error) => {
                tracing::warn!(error, "the files of TLS cannot be read; the last ones go on");
                return false;
            }
        };
        let fingerprint = files.fingerprint();
        let seen = self.0.current.read().unwrap_or_else(PoisonError::into_inner).fingerprint;
        if fingerprint == seen {
            return false;
        }
        match files.config(&self.0.clock) {
            Ok(config) => {
                let mut current = self.0.current.write().unwrap_or_else(PoisonError::into_inner);
                *current = Current { fingerprint, config };
                tracing::info!("the files of TLS have changed and are in force");
                true
            }
            Err(error) => {
                tracing::warn!(error, "the files of TLS do not fit; the last ones go on");
                false
            }
        }
    }
}

impl Files {
    fn read(settings: &config::Tls) -> Result<Self, String> {
        let read = |key: &str, file: &str| {
            if file.is_empty() {
                return Ok(Vec::new());
            }
            std::fs::read(Path::new(file))
                .map_err(|error: io::Error| format!("{key} {file}: {error}"))
        };
        Ok(Self {
            certificate: read("tls.certificate_file", &settings.certificate_file)?,
            key: read("tls.key_file", &settings.key_file)?,
            client_ca: read("tls.client_ca_file", &settings.client_ca_file)?,
            client_crl: read("tls.client_crl_file", &settings.client_crl_file)?,
            has_crl: !settings.client_crl_file.is_empty(),
        })
    }

    fn fingerprint(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for file in [&self.certificate, &self.key, &self.client_ca, &self.client_crl] {
            hash.update((file.len() as u64).to_be_bytes());
            hash.update(file);
        }
        hash.finalize().into()
    }

    fn config(&self, clock: &Clock) -> Result<Arc<ServerConfig>, String> {
        let wrong = |what: &str, error: &dyn fmt::Display| format!("tls.{what}: {error}");
        let chain = certificates(&self.certificate, "certificate_file")?;
        let key = PrivateKeyDer::from_pem_slice(&self.key);
        let key = key.map_err(|error| wrong("key_file", &error))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let time = Arc::new(HouseTime(clock.clone()));
        let builder = ServerConfig::builder_with_details(Arc::clone(&provider), time)
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong("addr", &error))?;
        let builder = if self.client_ca.is_empty() {
            builder.with_no_client_auth()
        } else {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(&self.client_ca, "client_ca_file")? {
                roots.add(certificate).map_err(|error| wrong("client_ca_file", &error))?;
            }
            let lists = CertificateRevocationListDer::pem_slice_iter(&self.client_crl);
            let lists = lists.collect::<Result<Vec<_>, _>>();
            let lists = lists.map_err(|error| wrong("client_crl_file", &error))?;
            // A file without any would let everybody in who was taken off.
            if self.has_crl && lists.is_empty() {
                return Err("tls.client_crl_file: holds no list in PEM".to_owned());
            }
            // Whether somebody without a certificate may do something is said for each call.
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .with_crls(lists)
                .allow_unknown_revocation_status()
                .allow_unauthenticated()
                .build()
                .map_err(|error| wrong("client_ca_file", &error))?;
            builder.with_client_cert_verifier(verifier)
        };
        let config = builder.with_single_cert(chain, key);
        let mut config = config.map_err(|error| wrong("certificate_file, tls.key_file", &error))?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        // Who resumed a session would not show their certificate again, after its end or from an authority that is
        // not trusted any more.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }
}

/// The certificates of a file.
fn certificates(pem: &[u8], key: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let read = read.map_err(|error| format!("tls.{key}: {error}"))?;
    if read.is_empty() { Err(format!("tls.{key}: holds no certificate")) } else { Ok(read) }
}

/// Certificates are valid by the house's clock, as tokens are.
#[derive(Debug)]
struct HouseTime(Clock);

impl TimeProvider for HouseTime {
    fn current_time(&self) -> Option<UnixTime> {
        let micros = u64::try_from(self.0.now().micros()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_micros(micros)))
    }
}
