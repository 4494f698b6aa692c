//! Seals: proof that a certificate is the one that came in.
//!
//! A certificate goes into the log whole, with the fingerprints of its evidence and of its words, and is
//! never edited. In the same commit it is sealed: SHA-256 over its case and its canonical form, and an HMAC of
//! that under a key that is not in the database. Whoever can write to the database can change a certificate;
//! without the key nobody can make the seal that goes with it.
//!
//! The canonical form is the certificate as the log writes it: JSON with the fields in the order of the type,
//! fields that hold their default left out. A field that is added later is left out where it was not there, so
//! the form of an old certificate stays what it was.

mod audit;
mod migration;
mod table;

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, Mac as _};
use parasol_casebook::{Change, Projector, RowOp};
use parasol_journey::certificate::Certificate;
use parasol_journey::event::Fact;
use parasol_journey::ids::CaseId;
use sea_orm::ActiveValue::Set;
use sha2::{Digest as _, Sha256};

pub use audit::{Audit, Problem, audit};
pub(crate) use migration::Seals as Migration;

/// What a digest is made for; a change of the form is a new name.
const FORM: &[u8] = b"parasol certificate v1";
/// What a seal is made for.
const PURPOSE: &[u8] = b"parasol certificate seal v1";

/// A key that seals. Never printed.
#[derive(Clone)]
struct SealKey {
    /// The first 16 hexadecimal digits of the key's own fingerprint.
    id: String,
    secret: [u8; 32],
}

/// The keys of a cell: one that seals, and those that did before it.
#[derive(Clone)]
pub struct SealKeys(Vec<SealKey>);

impl SealKeys {
    /// `current` seals; all of them are known when a seal is looked at.
    pub fn new(current: [u8; 32], older: impl IntoIterator<Item = [u8; 32]>) -> Self {
        let keys = std::iter::once(current).chain(older).map(|secret| {
            let fingerprint =
                Sha256::new_with_prefix(b"parasol seal key id v1").chain_update(secret);
            SealKey { id: hex::encode(&fingerprint.finalize()[..8]), secret }
        });
        Self(keys.collect())
    }

    /// The seal of a certificate of a case: digest, key and code, as text.
    fn seal(&self, case: CaseId, certificate: &Certificate) -> (String, String, String) {
        let digest = digest(case, certificate);
        let key = &self.0[0];
        (
            hex::encode(digest),
            key.id.clone(),
            hex::encode(key.code(&digest).finalize().into_bytes()),
        )
    }

    /// Whether a code is that of a digest under a known key; `None` for a key that is not known.
    fn verify(&self, key: &str, digest: &[u8; 32], code: &str) -> Option<bool> {
        let key = self.0.iter().find(|known| known.id == key)?;
        let code = hex::decode(code).unwrap_or_default();
        Some(key.code(digest).verify_slice(&code).is_ok())
    }
}

impl fmt::Debug for SealKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

impl SealKey {
    fn code(&self, digest: &[u8; 32]) -> Hmac<Sha256> {
        let mac =
            Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes keys of any length");
        mac.chain_update(PURPOSE).chain_update(digest)
    }
}

/// The digest of a certificate in its case.
fn digest(case: CaseId, certificate: &Certificate) -> [u8; 32] {
    let canonical = canonical(certificate);
    let length = (canonical.len() as u64).to_be_bytes();
    let hash = Sha256::new_with_prefix(FORM)
        .chain_update(case.uuid().as_bytes())
        .chain_update(length)
        .chain_update(canonical);
    hash.finalize().into()
}

/// The canonical form of a certificate.
fn canonical(certificate: &Certificate) -> Vec<u8> {
    serde_json::to_vec(certificate).expect("a certificate is written as JSON by the kernel as well")
}

/// Seals every certificate in the commit that takes it in.
struct Sealing(SealKeys);

/// The projector that seals with these keys; for the committer of every process.
pub fn seals(keys: SealKeys) -> Arc<dyn Projector> {
    Arc::new(Sealing(keys))
}

impl Projector for Sealing {
    fn project(&self, change: &Change<'_>, rows: &mut Vec<RowOp>) {
        let case = change.after.id;
        rows.extend(change.events.iter().filter_map(|event| {
            let Fact::CertificateSubmitted { certificate, .. } = &event.fact else { return None };
            let (digest, key_id, code) = self.0.seal(case, certificate);
            // Claimed and not written: a certificate is sealed once, and a second seal would be another's.
            Some(RowOp::claim(table::ActiveModel {
                certificate: Set(certificate.id.uuid()),
                case_id: Set(case.uuid()),
                digest: Set(digest),
                key_id: Set(key_id),
                code: Set(code),
                sealed_at: Set(event.at.micros()),
            }))
        }));
    }
}

#[cfg(test)]
mod tests {
    use parasol_journey::certificate::{
        EvidenceItem, EvidenceKind, Exterior, Handling, Level, Packaging,
    };
    use parasol_journey::ids::CertificateId;
    use parasol_journey::time::Timestamp;
    use parasol_journey::vocab::{Cause, Conclusion, Function};
    use uuid::Uuid;

    use super::*;

    fn certificate() -> Certificate {
        let at = Timestamp::from_micros(1_780_882_200_000_000);
        Certificate {
            id: CertificateId::new(Uuid::from_u128(7)),
            level: Level::First,
            technician: Some("t-1".parse().unwrap()),
            inspected_at: at,
            serial: "SN-1".parse().unwrap(),
            packaging: Packaging::Missing,
            exterior: Exterior::Intact,
            function: Function::Fault,
            fault_code: "F01".to_owned(),
            cause: Cause::Product,
            evidence: vec![EvidenceItem {
                kind: EvidenceKind::Nameplate,
                sha256: "ab".repeat(32),
                taken_at: at,
            }],
            handling: Handling::None,
            customer_signed: true,
            conclusion: Conclusion::Repairable,
            serial_explained: false,
            cause_sign: false,
            danger: false,
            supersedes: None,
            words: String::new(),
        }
    }

    fn case(nth: u128) -> CaseId {
        CaseId::new(Uuid::from_u128(nth))
    }

    #[test]
    fn every_change_of_content_or_evidence_is_another_digest() {
        let sealed = digest(case(1), &certificate());
        let changes: [fn(&mut Certificate); 9] = [
            |one| one.cause = Cause::User,
            |one| one.inspected_at = one.inspected_at + parasol_journey::time::Span::from_micros(1),
            |one| one.technician = None,
            |one| one.serial = "SN-2".parse().unwrap(),
            |one| one.evidence[0].sha256 = "ac".repeat(32),
            |one| one.evidence[0].kind = EvidenceKind::Fault,
            |one| one.evidence.clear(),
            |one| one.words = "00".repeat(32),
            |one| one.supersedes = Some(CertificateId::new(Uuid::from_u128(6))),
        ];
        for (nth, change) in changes.iter().enumerate() {
            let mut changed = certificate();
            change(&mut changed);
            assert_ne!(digest(case(1), &changed), sealed, "change {nth}");
        }
        assert_ne!(digest(case(2), &certificate()), sealed, "of another case");
    }

    /// Seals of years ago have to be found good: whoever changes this form makes a new name for it.
    #[test]
    fn the_canonical_form_stays_what_it_is() {
        let written = String::from_utf8(canonical(&certificate())).unwrap();
        let expected = concat!(
            r#"{"id":"00000000-0000-0000-0000-000000000007","level":"first","technician":"t-1","#,
            r#""inspected_at":1780882200000000,"serial":"SN-1","packaging":"missing","#,
            r#""exterior":"intact","function":"fault","fault_code":"F01","cause":"product","#,
            r#""evidence":[{"kind":"nameplate","sha256":""#,
            "abababababababababababababababababababababababababababababababab",
            r#"","taken_at":1780882200000000}],"handling":"none","customer_signed":true,"#,
            r#""conclusion":"repairable"}"#,
        );
        assert_eq!(written, expected);
    }

    #[test]
    fn a_seal_is_good_under_its_own_key_alone_also_when_that_is_an_older_one() {
        let old = SealKeys::new([1; 32], []);
        let (digest_text, key, code) = old.seal(case(1), &certificate());
        let digest = digest(case(1), &certificate());
        assert_eq!(digest_text, hex::encode(digest));
        let renewed = SealKeys::new([2; 32], [[1; 32]]);
        assert_eq!(renewed.verify(&key, &digest, &code), Some(true));
        assert_ne!(renewed.seal(case(1), &certificate()).1, key, "new seals are of the new key");
        assert_eq!(SealKeys::new([2; 32], []).verify(&key, &digest, &code), None);
        assert_eq!(old.verify(&key, &[0; 32], &code), Some(false));
        assert_eq!(old.verify(&key, &digest, "zz"), Some(false));
        assert!(!format!("{renewed:?}").contains("[2"), "keys are not printed");
    }
}
