//! From filing to the point where somebody else has to move: triage, guidance, a certificate the
//! customer already holds, and the no-reason return.

use crate::command::Command;
use crate::event::{Fact, Filing, Path};
use crate::gift::kept_back_fen;
use crate::ids::Sku;
use crate::rejection::Rejection;
use crate::stage::Stage;
use crate::vocab::Remedy;

use super::dispute;
use super::draft::Draft;

pub(super) fn file(draft: &mut Draft<'_>, filing: &Filing) -> Result<(), Rejection> {
    draft.go(Fact::Filed(filing.clone()), Stage::Filed)
}

pub(super) fn decide(draft: &mut Draft<'_>, command: &Command) -> Result<(), Rejection> {
    match command {
        Command::Triage { path, rules } => triage(draft, *path, rules),
        Command::SolveByGuidance => draft.go(Fact::GuidanceSolved, Stage::AwaitConfirm),
        Command::FailGuidance => draft.go(Fact::GuidanceFailed, Stage::ChoosingCentre),
        Command::LinkCertificate { certificate } => {
            draft.go(Fact::CertificateLinked { certificate: *certificate }, Stage::EvidenceLinked)
        }
        Command::RefuseLinkedCertificate { reason } => {
            let certificate = draft.case().linked_certificate;
            let certificate = certificate.ok_or(Rejection::CertificateUnknown)?;
            let reason = reason.clone();
            draft.go(Fact::LinkedCertificateRefused { certificate, reason }, Stage::ChoosingCentre)
        }
        Command::DeclareIntact => draft.go(Fact::DeclaredIntact, Stage::Returning),
        Command::ReportPickup { intact, missing_gifts } => {
            report_pickup(draft, *intact, missing_gifts)
        }
        other => unreachable!("{} is not a command of filing", other.verb()),
    }
}

/// A return whose customer declared the unit intact when filing has nothing left to declare: the
/// pick-up is next.
fn triage(draft: &mut Draft<'_>, path: Path, rules: &[String]) -> Result<(), Rejection> {
    let to = match path {
        Path::Inspection => Stage::ChoosingCentre,
        Path::NoReason => Stage::NoReason,
        Path::RemoteGuidance => Stage::RemoteGuidance,
        Path::NoVisit => Stage::Deciding,
    };
    draft.go(Fact::Triaged { path, rules: rules.to_vec() }, to)?;
    if path == Path::NoReason && draft.case().filing.declared_intact {
        draft.go(Fact::DeclaredIntact, Stage::Returning)?;
    }
    Ok(())
}

/// Found intact, the money goes back; found otherwise, nothing is refused but a dispute is opened so
/// that the customer can answer the photos (R02). For a gift that did not come back its price is kept back.
fn report_pickup(draft: &mut Draft<'_>, intact: bool, missing: &[Sku]) -> Result<(), Rejection> {
    draft.note(Fact::PickedUp { intact, missing_gifts: missing.to_vec() })?;
    if intact {
        let Filing { gifts, price_fen, .. } = &draft.case().filing;
        let amount_fen = price_fen - kept_back_fen(gifts, missing, *price_fen);
        draft.go(Fact::RemedyChosen { remedy: Remedy::Refund, amount_fen }, Stage::Refunding)
    } else {
        dispute::start(draft, "not_intact_at_pickup")
    }
}
