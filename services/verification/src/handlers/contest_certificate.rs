//! `ContestCertificate`: the brand does not stand behind a certificate; both views are kept.

use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::partner::v1::{ContestCertificateRequest, ContestCertificateResponse};
use parasol_api::{Checker, Error};
use parasol_desk::{Call, Numbered, Step, StepEffect};
use parasol_journey::ids::CertificateId;
use parasol_journey::vocab::Cause;
use parasol_journey::{Case, Command};
use serde_json::json;
use tonic::Request;

use super::confirm_certificate::known;
use super::stamp::stamp;
use super::{effect, is_the_units_brand, target, view};
use crate::{Verification, certificates};

pub async fn handle(
    service: &Verification,
    request: Request<ContestCertificateRequest>,
) -> Result<ContestCertificateResponse, Error> {
    let call = Call::changing(&request, "ContestCertificate", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let now = service.desk.clock.now();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let stamp = stamp!(request).check(&mut check, now);
    let certificate = check.id::<CertificateId>("certificate_id", &request.certificate_id);
    let reason = check.text("reason", &request.reason, LONG_TEXT_MAX);
    let cause = check.listed::<Cause>("cause", request.cause);
    let evidence = check.evidence("evidence", &request.evidence);
    let (case, etag, heard, certificate, reason, cause, evidence) =
        check.all((case, etag, stamp, certificate, reason, cause, evidence))?;

    // The log says what the brand takes for the cause; its words stay in the vault.
    let principal = call.principal.clone();
    let command = move |case: &Case| {
        is_the_units_brand(case, &principal)?;
        known(case, certificate)?;
        Ok(Command::ContestCertificate { certificate, reason: cause.as_str().to_owned() })
    };
    let mut step = Step::new(case, etag, command);
    step.numbered = heard.map(|heard| Numbered { message: "contest_certificate", heard });
    step.keep_late = Some("contest_certificate");
    let body = json!({ "reason": reason, "cause": cause, "evidence": evidence });
    step.rows = vec![certificates::words(certificate.uuid(), "contest", &body, now)];
    let answer = |case: &Case, became: StepEffect| ContestCertificateResponse {
        case: view(case),
        effect: effect(became),
    };
    service.desk.step(&call, step.answering(answer)).await
}
