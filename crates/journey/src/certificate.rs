//! The inspection certificate (检测单): its content and the checks it must pass.
//!
//! A certificate is immutable; a correction is a new one. The checks here refuse what cannot be a
//! certificate of this visit, and *hold* what may be one of another unit: a serial that differs is a
//! question for the brand, not a reason to deny.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::ids::{CertificateId, Serial, TechnicianId};
use crate::stage::Stage;
use crate::time::Timestamp;
use crate::vocab::{Cause, Conclusion, Function, vocabulary};

vocabulary! {
    /// How the packaging was found.
    Packaging {
        /// Whole.
        Intact = "intact",
        /// Damaged.
        Damaged = "damaged",
        /// Gone.
        Missing = "missing",
    }
}

vocabulary! {
    /// How the outside was found.
    Exterior {
        /// Whole.
        Intact = "intact",
        /// Scratched.
        Scratch = "scratch",
        /// Dented.
        Dent = "dent",
        /// Cracked.
        Crack = "crack",
        /// The screen is broken.
        ScreenBroken = "screen_broken",
    }
}

vocabulary! {
    /// What a piece of evidence shows.
    EvidenceKind {
        /// The nameplate with the serial number.
        Nameplate = "nameplate",
        /// The outside.
        Exterior = "exterior",
        /// The fault, or the screen that shows it.
        Fault = "fault",
        /// A film.
        Video = "video",
        /// A measured value.
        Measurement = "measurement",
    }
}

vocabulary! {
    /// What was done on site.
    Handling {
        /// Nothing.
        None = "none",
        /// Adjusted.
        Adjusted = "adjusted",
        /// Repaired at once.
        Repaired = "repaired",
        /// A part was ordered.
        PartOrdered = "part_ordered",
        /// The unit was taken away.
        Removed = "removed",
    }
}

vocabulary! {
    /// With what authority a certificate speaks.
    Level {
        /// First inspection, usually at home.
        First = "first",
        /// Second inspection by another centre.
        Second = "second",
        /// A laboratory.
        Lab = "lab",
    }
}

/// One piece of evidence: where it is kept is known by its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceItem {
    /// What it shows.
    pub kind: EvidenceKind,
    /// SHA-256 of the content, lower-case hex.
    pub sha256: String,
    /// When it was taken.
    pub taken_at: Timestamp,
}

/// A certificate as submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Its id.
    pub id: CertificateId,
    /// With what authority it speaks.
    pub level: Level,
    /// Who inspected.
    pub technician: Option<TechnicianId>,
    /// When.
    pub inspected_at: Timestamp,
    /// The serial number on the unit.
    pub serial: Serial,
    /// How the packaging was found.
    pub packaging: Packaging,
    /// How the outside was found.
    pub exterior: Exterior,
    /// Whether it works.
    pub function: Function,
    /// The coded fault; empty when it works.
    pub fault_code: String,
    /// Why.
    pub cause: Cause,
    /// What supports it.
    pub evidence: Vec<EvidenceItem>,
    /// What was done on site.
    pub handling: Handling,
    /// Whether the customer signed; a refusal is recorded, not punished.
    pub customer_signed: bool,
    /// What it concludes.
    pub conclusion: Conclusion,
    /// Whether it says why the serial differs from the one sold.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub serial_explained: bool,
    /// Whether it names the sign that shows the cause.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cause_sign: bool,
    /// Whether a danger was seen, so that the unit must not be used.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub danger: bool,
    /// The certificate it takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<CertificateId>,
    /// SHA-256 of what it says in words, as the vault keeps them, lower-case hex; empty for certificates from
    /// before words had one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub words: String,
}

/// What the log keeps of a certificate: enough to decide, nothing personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// With what authority it speaks.
    pub level: Level,
    /// Whether the unit works.
    pub function: Function,
    /// Why it does not.
    pub cause: Cause,
    /// What the certificate concludes.
    pub conclusion: Conclusion,
    /// What was done on site.
    pub handling: Handling,
    /// Whether the evidence meets the standard for its cause.
    pub evidence_ok: bool,
    /// Whether the serial is the one sold, or the difference is explained.
    pub serial_matches: bool,
    /// Whether a danger was seen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub danger: bool,
}

vocabulary! {
    /// Why a certificate is refused.
    CertificateFault {
        /// There is no photo of the nameplate.
        NameplatePhotoMissing = "nameplate_photo_missing",
        /// It dates from before the check-in.
        InspectedBeforeVisit = "inspected_before_visit",
        /// It dates from the future.
        InspectedInFuture = "inspected_in_future",
        /// The technician is not the one assigned.
        TechnicianNotAssigned = "technician_not_assigned",
        /// The conclusion contradicts the finding.
        Contradiction = "contradiction",
        /// A fault is claimed but not coded.
        FaultCodeMissing = "fault_code_missing",
        /// A piece of evidence has no valid hash.
        EvidenceHashInvalid = "evidence_hash_invalid",
        /// There is too much evidence.
        TooMuchEvidence = "too_much_evidence",
        /// It claims more authority than its inspection has.
        LevelNotDue = "level_not_due",
        /// It claims damage of the outside and shows no photo of it.
        ExteriorPhotoMissing = "exterior_photo_missing",
        /// A piece of evidence was taken in the future.
        EvidenceTakenInFuture = "evidence_taken_in_future",
        /// It takes the place of one that is not the newest of this case.
        SupersedesNotNewest = "supersedes_not_newest",
    }
}

/// The most evidence items one certificate may carry.
pub const EVIDENCE_MAX: usize = 50;

/// How many photos a finding against the user needs (practice of the trade).
const USER_CAUSE_PHOTOS_MIN: usize = 2;

impl Certificate {
    /// Everything that makes this certificate unacceptable for the case; empty when it is fine.
    pub fn faults(&self, case: &Case, now: Timestamp) -> Vec<CertificateFault> {
        let mut faults = Vec::new();
        let mut check = |bad: bool, fault| {
            if bad {
                faults.push(fault);
            }
        };
        let works = self.function == Function::Normal;
        let meets = self.conclusion == Conclusion::MeetsReturnExchange;
        let photographed = self.evidence.iter().any(|item| item.kind == EvidenceKind::Nameplate);
        let hashes_fit = self.evidence.iter().all(|item| is_sha256(&item.sha256));
        let inspector = self.technician.as_ref();
        let is_assigned =
            inspector == case.technician() || (inspector.is_some() && inspector == case.helper());
        let early = case.checked_in_at.is_some_and(|arrived| self.inspected_at < arrived);
        check(!photographed, CertificateFault::NameplatePhotoMissing);
        let is_damaged = self.exterior != Exterior::Intact;
        let shows_outside = self.shown(EvidenceKind::Exterior).next().is_some();
        check(is_damaged && !shows_outside, CertificateFault::ExteriorPhotoMissing);
        check(self.inspected_at > now, CertificateFault::InspectedInFuture);
        let from_future = self.evidence.iter().any(|item| item.taken_at > now);
        check(from_future, CertificateFault::EvidenceTakenInFuture);
        let newest = case.finding().map(|newest| newest.id);
        let follows = self.supersedes.is_none() || self.supersedes == newest;
        check(!follows, CertificateFault::SupersedesNotNewest);
        check(works && meets, CertificateFault::Contradiction);
        check(!works && self.fault_code.is_empty(), CertificateFault::FaultCodeMissing);
        check(!hashes_fit, CertificateFault::EvidenceHashInvalid);
        check(self.evidence.len() > EVIDENCE_MAX, CertificateFault::TooMuchEvidence);
        // Who inspects for a laboratory or for a dispute is not the technician of a visit.
        let by_visit = self.level != Level::Lab && case.stage != Stage::Disputed;
        if by_visit {
            check(early, CertificateFault::InspectedBeforeVisit);
            check(!is_assigned, CertificateFault::TechnicianNotAssigned);
        }
        faults
    }

    /// What the log keeps.
    pub fn finding(&self, case: &Case) -> Finding {
        Finding {
            level: self.level,
            function: self.function,
            cause: self.cause,
            conclusion: self.conclusion,
            handling: self.handling,
            evidence_ok: self.evidence_ok(),
            serial_matches: self.serial_explained || self.serial == case.filing.serial,
            danger: self.danger,
        }
    }

    /// The fingerprints of what shows something, each once: one photo is one photo, however often it is
    /// named.
    pub fn shown(&self, kind: EvidenceKind) -> impl Iterator<Item = &str> {
        let of_kind = self.evidence.iter().filter(move |item| item.kind == kind);
        of_kind.map(|item| item.sha256.as_str()).collect::<BTreeSet<_>>().into_iter()
    }

    /// Evidence against the user needs the sign that shows it and at least two photos besides the
    /// nameplate's, one of them of the outside; any other cause needs none.
    fn evidence_ok(&self) -> bool {
        let blames_user = matches!(self.cause, Cause::User | Cause::UnauthorisedOpening);
        !blames_user || proves_misuse(self.cause_sign, &self.evidence)
    }
}

/// Whether evidence shows the user's doing: the sign that shows it is named, and there are at least two
/// photos besides the nameplate's, one of them of the outside. One photo is one, however often it is named.
pub fn proves_misuse(sign: bool, evidence: &[EvidenceItem]) -> bool {
    let of = |kind| evidence.iter().filter(move |item| item.kind == kind).map(|item| &item.sha256);
    let outside: BTreeSet<_> = of(EvidenceKind::Exterior).collect();
    let photos = outside.iter().copied().chain(of(EvidenceKind::Fault)).collect::<BTreeSet<_>>();
    sign && photos.len() >= USER_CAUSE_PHOTOS_MIN && !outside.is_empty()
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}
