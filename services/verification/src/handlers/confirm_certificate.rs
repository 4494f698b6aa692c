//! `ConfirmCertificate`: the brand stands behind a certificate that waited for its word.

use parasol_api::limits::REMARK_MAX;
use parasol_api::partner::v1::{ConfirmCertificateRequest, ConfirmCertificateResponse};
use parasol_api::{Checker, Error};
use parasol_casebook::Refusal;
use parasol_desk::{Call, Numbered, Step, StepEffect};
use parasol_journey::ids::CertificateId;
use parasol_journey::{Case, Command, Rejection};
use serde_json::json;
use tonic::Request;

use super::stamp::stamp;
use super::{effect, is_the_units_brand, target, view};
use crate::{Verification, certificates};

pub async fn handle(
    service: &Verification,
    request: Request<ConfirmCertificateRequest>,
) -> Result<ConfirmCertificateResponse, Error> {
    let call = Call::changing(&request, "ConfirmCertificate", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let now = service.desk.clock.now();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let stamp = stamp!(request).check(&mut check, now);
    let certificate = check.id::<CertificateId>("certificate_id", &request.certificate_id);
    let remark = check.optional_text("remark", &request.remark, REMARK_MAX);
    let (case, etag, heard, certificate, remark) =
        check.all((case, etag, stamp, certificate, remark))?;

    let principal = call.principal.clone();
    let command = move |case: &Case| {
        is_the_units_brand(case, &principal)?;
        known(case, certificate)?;
        Ok(Command::ConfirmCertificate { certificate })
    };
    let mut step = Step::new(case, etag, command);
    step.numbered = heard.map(|heard| Numbered { message: "confirm_certificate", heard });
    step.keep_late = Some("confirm_certificate");
    if !remark.is_empty() {
        let body = json!({ "remark": remark });
        step.rows = vec![certificates::words(certificate.uuid(), "confirmation", &body, now)];
    }
    let answer = |case: &Case, became: StepEffect| ConfirmCertificateResponse {
        case: view(case),
        effect: effect(became),
    };
    service.desk.step(&call, step.answering(answer)).await
}

/// The case must have the certificate; a word on one that has moved on is then late, not wrong.
pub fn known(case: &Case, certificate: CertificateId) -> Result<(), Refusal> {
    let is_known = case.certificates.iter().any(|one| one.id == certificate);
    if is_known { Ok(()) } else { Err(Rejection::CertificateUnknown.into()) }
}
