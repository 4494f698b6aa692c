//! What a certificate shows, held against the evidence of its case that intake keeps.
//!
//! Partners may keep their files to themselves: a fingerprint that nobody has handed in is no fault. Whoever
//! decides by hand should know of it, and of photos that were seen elsewhere.

use std::collections::HashMap;

use parasol_api::Listed as _;
use parasol_api::common::v1::EvidenceKind as WireKind;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::intake::v1::{Evidence, ListEvidenceRequest};
use parasol_api::verification::v1::{ShownClaim, ShownEvidence};
use parasol_journey::certificate::{Certificate, EvidenceKind};
use parasol_journey::ids::{CaseId, CertificateId};
use parasol_runtime::transport::Transport;
use sea_orm::EntityTrait as _;

use crate::Verification;
use crate::tables::certificates;

/// What a certificate of a case shows; `None` where it or the evidence cannot be read now.
pub async fn of(
    service: &Verification,
    case: CaseId,
    certificate: CertificateId,
) -> Option<ShownEvidence> {
    let intake = service.intake.clone()?;
    let find = certificates::Entity::find_by_id(certificate.uuid());
    let row = find.one(service.desk.store.reader()).await.ok()??;
    let certificate: Certificate = serde_json::from_str(&row.body).ok()?;
    Some(count(&certificate, &kept(intake, case).await?))
}

async fn kept(intake: Transport, case: CaseId) -> Option<Vec<Evidence>> {
    let request = ListEvidenceRequest { case_id: case.to_string() };
    match IntakeServiceClient::new(intake).list_evidence(request).await {
        Ok(listed) => Some(listed.into_inner().evidence),
        Err(status) => {
            tracing::warn!(%case, code = ?status.code(), "the evidence of a case cannot be listed");
            None
        }
    }
}

fn count(certificate: &Certificate, kept: &[Evidence]) -> ShownEvidence {
    let known: HashMap<&str, bool> = kept
        .iter()
        .flat_map(|one| {
            [&one.sha256, &one.stored_sha256].map(|hash| (hash, one.seen_in_another_case))
        })
        .map(|(hash, seen)| (hash.as_str(), seen))
        .collect();
    let mut shown =
        ShownEvidence { certificate_id: certificate.id.to_string(), ..ShownEvidence::default() };
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    for kind in EvidenceKind::ALL {
        let named: Vec<&str> = certificate.shown(*kind).collect();
        if named.is_empty() {
            continue;
        }
        let here = named.iter().filter(|hash| known.contains_key(*hash)).count();
        let wire: WireKind = kind.to_wire();
        let claim =
            ShownClaim { kind: wire.into(), named: number(named.len()), kept: number(here) };
        shown.claims.push(claim);
    }
    let mut named: Vec<&str> = certificate.evidence.iter().map(|item| &*item.sha256).collect();
    named.sort_unstable();
    named.dedup();
    let elsewhere = named.iter().filter(|hash| known.get(*hash) == Some(&true)).count();
    shown.seen_in_another_case = number(elsewhere);
    named.retain(|hash| !known.contains_key(hash));
    shown.not_in_our_store = named.into_iter().map(str::to_owned).collect();
    shown
}

#[cfg(test)]
mod tests {
    use parasol_journey::certificate::{EvidenceItem, Exterior, Handling, Level, Packaging};
    use parasol_journey::time::Timestamp;
    use parasol_journey::vocab::{Cause, Conclusion, Function};
    use uuid::Uuid;

    use super::*;

    fn naming(items: &[(EvidenceKind, &str)]) -> Certificate {
        let at = Timestamp::from_micros(0);
        let item = |(kind, hash): &(EvidenceKind, &str)| EvidenceItem {
            kind: *kind,
            sha256: (*hash).to_owned(),
            taken_at: at,
        };
        Certificate {
            id: CertificateId::new(Uuid::from_u128(7)),
            level: Level::First,
            technician: None,
            inspected_at: at,
            serial: "SN-1".parse().unwrap(),
            packaging: Packaging::Missing,
            exterior: Exterior::Intact,
            function: Function::Fault,
            fault_code: "F01".to_owned(),
            cause: Cause::Product,
            evidence: items.iter().map(item).collect(),
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

    #[test]
    fn files_are_counted_by_claim_and_held_against_what_was_handed_in() {
        use EvidenceKind::{Fault, Nameplate};
        let certificate =
            naming(&[(Nameplate, "a"), (Fault, "b"), (Fault, "b"), (Fault, "c"), (Fault, "d")]);
        let kept = |sha256: &str, stored: &str, seen_in_another_case| Evidence {
            sha256: sha256.to_owned(),
            stored_sha256: stored.to_owned(),
            seen_in_another_case,
            ..Evidence::default()
        };
        // One is named by what came, one by what is kept of it.
        let shown = count(&certificate, &[kept("a", "x", false), kept("y", "c", true)]);
        let claims: Vec<_> =
            shown.claims.iter().map(|claim| (claim.kind(), claim.named, claim.kept)).collect();
        assert_eq!(claims, [(WireKind::Nameplate, 1, 1), (WireKind::Fault, 3, 1)]);
        assert_eq!(shown.not_in_our_store, ["b", "d"]);
        assert_eq!(shown.seen_in_another_case, 1);
    }
}
