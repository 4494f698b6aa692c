//! `SubmitCertificate`: the certificate of an inspection comes in.

use std::sync::Arc;

use parasol_api::common::v1::MessageEffect;
use parasol_api::partner::v1::{SubmitCertificateRequest, SubmitCertificateResponse};
use parasol_api::{Checker, Error, Role};
use parasol_desk::{Call, Numbered, Step, certificate_words};
use parasol_journey::certificate::Certificate;
use parasol_journey::ids::CertificateId;
use parasol_journey::{Case, Command, Stage};
use parasol_runtime::identity::Principal;
use tonic::Request;

use super::stamp::stamp;
use super::{effect, target, view};
use crate::Verification;

/// The name under which a late certificate is kept.
const MESSAGE: &str = "submit_certificate";

pub async fn handle(
    service: &Verification,
    request: Request<SubmitCertificateRequest>,
) -> Result<SubmitCertificateResponse, Error> {
    let call = Call::changing(&request, "SubmitCertificate", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let now = service.desk.clock.now();
    let id = CertificateId::new(service.desk.ids.next());
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let stamp = stamp!(request).check(&mut check, now);
    let certificate = check.certificate("certificate", &request.certificate, id);
    let (case, etag, heard, certificate) = check.all((case, etag, stamp, certificate))?;

    let wire = request.certificate.unwrap_or_default();
    let (texts, words) = certificate_words(id, &wire, now);
    let certificate = Certificate { words, ..certificate };
    let principal = call.principal.clone();
    let command = move |case: &Case| Ok(command(case, &principal, &certificate));
    let mut step = Step::new(case, etag, command);
    step.numbered = heard.map(|heard| Numbered { message: MESSAGE, heard });
    step.rows = vec![texts.clone()];
    step.kept_rows = Some(Arc::new(move |_| vec![texts.clone()]));
    let step = step.answering(move |case: &Case, _| answer(case, id));
    service.desk.step(&call, step).await
}

/// Submits it, or keeps it where it comes too late to count. One that comes too early is submitted as
/// well: the journey refuses it and says what is open.
fn command(case: &Case, principal: &Principal, certificate: &Certificate) -> Command {
    if let Some(reason) = late(case, principal) {
        return Command::KeepMessage { message: MESSAGE.to_owned(), reason: reason.to_owned() };
    }
    let technician = certificate.technician.clone().or_else(|| case.technician().cloned());
    let certificate = Certificate { technician, ..certificate.clone() };
    Command::SubmitCertificate { certificate: Box::new(certificate) }
}

/// Why a certificate comes too late: the case has gone on, or to another centre.
fn late(case: &Case, principal: &Principal) -> Option<&'static str> {
    let subject = principal.subject.as_str();
    let is_other = match principal.role {
        Role::Centre => {
            case.work_order.as_ref().is_none_or(|order| order.centre.as_str() != subject)
        }
        // A brand whose network was asked and is not at work.
        Role::Brand => ![&case.filing.brand, case.serving_brand()]
            .iter()
            .any(|brand| brand.as_str() == subject),
        _ => false,
    };
    if case.stage.is_ended() {
        Some("CASE_ENDED")
    } else if is_other {
        Some("OFFER_SUPERSEDED")
    } else {
        let has_gone_on = matches!(
            case.stage,
            Stage::VerdictIn
                | Stage::VerdictHeld
                | Stage::Deciding
                | Stage::RemedyOffered
                | Stage::Refunding
                | Stage::Replacing
                | Stage::Repairing
                | Stage::Denied
                | Stage::Compensating
                | Stage::AwaitConfirm
        );
        has_gone_on.then_some("ILLEGAL_TRANSITION")
    }
}

fn answer(case: &Case, id: CertificateId) -> SubmitCertificateResponse {
    let is_in = case.finding().is_some_and(|newest| newest.id == id);
    let kept = if is_in { MessageEffect::Applied } else { MessageEffect::KeptAsEvidence };
    SubmitCertificateResponse {
        case: view(case),
        effect: effect(kept),
        certificate_id: id.to_string(),
        held: is_in && case.stage == Stage::VerdictHeld,
    }
}
