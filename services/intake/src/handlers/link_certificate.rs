//! `LinkCertificate`: a certificate the customer already holds, so that nobody inspects twice.
//!
//! The journey notes only that one was handed in. Its content waits in the vault until somebody has
//! read it, because a certificate becomes part of the log only by being accepted.

use parasol_api::Checker;
use parasol_api::common::v1 as common;
use parasol_api::convert::case_view;
use parasol_api::intake::v1::{LinkCertificateRequest, LinkCertificateResponse};
use parasol_casebook::{Refusal, RowOp, Secret, secret};
use parasol_desk::{Call, Result, Step, StepEffect};
use parasol_journey::certificate::{Certificate, CertificateFault};
use parasol_journey::ids::{CaseId, CertificateId};
use parasol_journey::time::Timestamp;
use parasol_journey::{Case, Command, Rejection};
use serde_json::json;
use tonic::Request;

use crate::Intake;

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<LinkCertificateRequest>,
) -> Result<LinkCertificateResponse> {
    let call = Call::changing(&request, "LinkCertificate", &request.get_ref().request_id)?;
    let wire = request.into_inner();
    let id = CertificateId::new(intake.desk.ids.next());
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &wire.case_id);
    let etag = check.etag(&wire.etag);
    let certificate = check.certificate("certificate", &wire.certificate, id);
    let (case, etag, certificate) = check.all((case, etag, certificate))?;

    let now = intake.desk.clock.now();
    let texts = wire.certificate.unwrap_or_default();
    let row = vault_row(&certificate, &texts, now);
    let link = move |case: &Case| {
        let faults = faults(&certificate, case, now);
        if faults.is_empty() {
            Ok(Command::LinkCertificate { certificate: id })
        } else {
            Err(Refusal::Journey(Rejection::CertificateInvalid(faults)))
        }
    };
    let mut step = Step::new(case, etag, link);
    step.rows = vec![row];
    let step = step.answering(move |case: &Case, _: StepEffect| LinkCertificateResponse {
        case: Some(case_view(case)),
        certificate_id: id.to_string(),
    });
    intake.desk.step(&call, step).await
}

/// What is wrong with it as a document. What belongs to a visit of ours cannot be: it was made without
/// one.
fn faults(certificate: &Certificate, case: &Case, now: Timestamp) -> Vec<CertificateFault> {
    let of_a_visit = [
        CertificateFault::TechnicianNotAssigned,
        CertificateFault::InspectedBeforeVisit,
        CertificateFault::LevelNotDue,
    ];
    let mut faults = certificate.faults(case, now);
    faults.retain(|fault| !of_a_visit.contains(fault));
    faults
}

/// The certificate as the journey would read it, with the texts that it does not carry.
fn vault_row(certificate: &Certificate, wire: &common::Certificate, at: Timestamp) -> RowOp {
    let parts: Vec<_> = wire
        .parts_used
        .iter()
        .map(
            |part| json!({ "part_no": part.part_no, "name": part.name, "quantity": part.quantity }),
        )
        .collect();
    let body = json!({
        "linked": certificate,
        "model": wire.model,
        "serial_outside": wire.serial_outside,
        "serial_remark": wire.serial_remark,
        "manufactured_on": wire.manufactured_on,
        "invoice_present": wire.invoice_present,
        "warranty_card_present": wire.warranty_card_present,
        "finding": wire.finding,
        "cause_sign": wire.cause_sign,
        "parts_used": parts,
        "customer_statement": wire.customer_statement,
        "supersedes": wire.supersedes,
    });
    let subject = certificate.id.uuid();
    let body = body.to_string();
    secret(Secret { subject, kind: "certificate", lookup: String::new(), body }, at)
}
