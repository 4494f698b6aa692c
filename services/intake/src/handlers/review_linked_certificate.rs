//! `ReviewLinkedCertificate`: the customer's own certificate is read, and counts or does not.
//!
//! One that counts becomes a certificate of the case as if it had been submitted; the visit it came from
//! was none of ours, so it names no technician of a visit.

use parasol_api::convert::case_view;
use parasol_api::intake::v1::{
    LinkedCertificateFault, ReviewLinkedCertificateRequest, ReviewLinkedCertificateResponse,
};
use parasol_api::limits::REMARK_MAX;
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::Refusal;
use parasol_desk::{Call, Result, Step, StepEffect};
use parasol_journey::certificate::Certificate;
use parasol_journey::ids::{CaseId, CertificateId};
use parasol_journey::{Case, Command, Rejection};
use tonic::Request;

use super::remark;
use crate::{Intake, unreadable};

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<ReviewLinkedCertificateRequest>,
) -> Result<ReviewLinkedCertificateResponse> {
    let call = Call::changing(&request, "ReviewLinkedCertificate", &request.get_ref().request_id)?;
    let wire = request.into_inner();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &wire.case_id);
    let etag = check.etag(&wire.etag);
    let id = check.id::<CertificateId>("certificate_id", &wire.certificate_id);
    let fault = match wire.fault {
        0 => Some(None),
        fault => check.known::<LinkedCertificateFault>("fault", fault).map(Some),
    };
    let text = check.optional_text("remark", &wire.remark, REMARK_MAX);
    let (case, etag, id, fault, text) = check.all((case, etag, id, fault, text))?;

    let linked = linked(intake, id).await?;
    let judge = call.judge(intake.desk.clock.now());
    let review = move |case: &Case| {
        judge.check(case)?;
        if case.linked_certificate != Some(id) {
            return Err(Refusal::Journey(Rejection::CertificateUnknown));
        }
        Ok(match fault {
            Some(fault) => Command::RefuseLinkedCertificate { reason: code(fault).to_owned() },
            None => Command::SubmitCertificate { certificate: Box::new(linked.clone()) },
        })
    };
    let mut step = Step::new(case, etag, review);
    step.rows = remark(case, "certificate_review", &text, intake.desk.clock.now());
    let answer = |case: &Case, _: StepEffect| ReviewLinkedCertificateResponse {
        case: Some(case_view(case)),
    };
    intake.desk.step(&call, step.answering(answer)).await
}

/// The certificate as it was handed in. One that was never handed in answers as any that is unknown.
async fn linked(intake: &Intake, id: CertificateId) -> Result<Certificate> {
    let body = intake.desk.store.reveal(id.uuid(), "certificate").await.map_err(unreadable)?;
    let body = body.and_then(|body| serde_json::from_str::<serde_json::Value>(&body).ok());
    let linked = body.and_then(|mut body| serde_json::from_value(body["linked"].take()).ok());
    let certificate: Certificate = linked.ok_or_else(|| Error::new(Reason::CertificateUnknown))?;
    Ok(Certificate { technician: None, ..certificate })
}

fn code(fault: LinkedCertificateFault) -> &'static str {
    match fault {
        LinkedCertificateFault::Unspecified | LinkedCertificateFault::Unreadable => "unreadable",
        LinkedCertificateFault::OtherUnit => "other_unit",
        LinkedCertificateFault::NotOfficial => "not_official",
        LinkedCertificateFault::Outdated => "outdated",
    }
}
