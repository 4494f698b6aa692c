//! `SubmitInspection`: the certificate of the inspection just made at the door.
//!
//! The certificate goes into the log whole; the texts that nothing is decided on go into the vault, and
//! the checklist that was filled beside them.

use parasol_api::convert::{case_view, timestamp, to_timestamp};
use parasol_api::technician::v1::{SubmitInspectionRequest, SubmitInspectionResponse};
use parasol_api::{Checker, Error, Reason, common};
use parasol_casebook::Refusal;
use parasol_desk::{Call, actor, certificate_words};
use parasol_journey::certificate::Certificate;
use parasol_journey::ids::CertificateId;
use parasol_journey::time::Timestamp;
use parasol_journey::{Case, Command, Rejection, Stage, Verb, table};
use parasol_runtime::identity::Principal;
use tonic::Request;

use crate::report::Report;
use crate::stamp::Taken;
use crate::{Scheduling, stamp};

pub async fn handle(
    scheduling: &Scheduling,
    request: Request<SubmitInspectionRequest>,
    taken: Option<Taken>,
) -> Result<SubmitInspectionResponse, Error> {
    let desk = &scheduling.desk;
    let call = Call::changing(&request, "SubmitInspection", &request.get_ref().request_id)?;
    let message = &match taken {
        Some(taken) => by_our_clock(request.into_inner(), taken),
        None => request.into_inner(),
    };
    let now = desk.clock.now();
    let id = CertificateId::new(desk.ids.next());
    let mut check = Checker::new();
    let head = stamp::head_of_visit(&mut check, &call.principal, now, message, taken);
    let certificate = check.certificate("certificate", &message.certificate, id);
    let certificate = certificate.filter(|_| taken_by(&mut check, message, now));
    let brought = scheduling.brought(&mut check, message).await?;
    let (head, certificate, brought) = check.all((head, certificate, brought))?;
    let duty = scheduling.duty(head.case, &brought).await?;

    let wire = message.certificate.clone().unwrap_or_default();
    let report = Report::of_visit(&call, head, None, "submit_inspection");
    let (texts, words) = certificate_words(id, &wire, now);
    let certificate = Certificate { words, ..certificate };
    let rows = std::iter::once(texts).chain(brought.rows(head.case, id, now)).collect();
    let report = Report { rows, ..report };
    let principal = call.principal.clone();
    let command = move |case: &Case| {
        check_visit(&principal, case)?;
        duty.check(case)?;
        let inspected_by = certificate.technician.as_ref().or(case.technician()).cloned();
        let mut certificate = Certificate { technician: inspected_by, ..certificate.clone() };
        if taken.is_some() {
            // A clock that was set between arrival and inspection cannot put one before the other.
            let arrived = case.checked_in_at.unwrap_or(certificate.inspected_at);
            certificate.inspected_at = certificate.inspected_at.max(arrived);
        }
        Ok(Command::SubmitCertificate { certificate: Box::new(certificate) })
    };
    let answer = move |case: &Case, effect| SubmitInspectionResponse {
        case: Some(case_view(case)),
        effect: i32::from(effect),
        kept_because: String::new(),
        certificate_id: id.to_string(),
        held: case.stage == Stage::VerdictHeld,
    };
    scheduling.visited(report, (Verb::SubmitCertificate, message), command, answer).await
}

/// The times of an inspection that a device kept, by our clock.
fn by_our_clock(mut message: SubmitInspectionRequest, taken: Taken) -> SubmitInspectionRequest {
    let past = |wire: &mut Option<prost_types::Timestamp>| {
        let at = wire.as_ref().and_then(timestamp);
        *wire = at.map(|at| to_timestamp(taken.past(at))).or(*wire);
    };
    if let Some(certificate) = &mut message.certificate {
        past(&mut certificate.inspected_at);
        certificate.evidence.iter_mut().for_each(|item| past(&mut item.taken_at));
    }
    message
}

/// Whether no piece of evidence is from the future; notes each that is.
fn taken_by(check: &mut Checker, message: &SubmitInspectionRequest, now: Timestamp) -> bool {
    let evidence = message.certificate.as_ref().map(|wire| wire.evidence.as_slice());
    let mut fine = true;
    for (place, item) in evidence.unwrap_or_default().iter().enumerate() {
        if !is_past(item, now) {
            let field = format!("certificate.evidence[{place}].taken_at");
            let expected = "an instant that is not in the future";
            check.refuse::<()>(&field, Reason::FieldInvalid, expected);
            fine = false;
        }
    }
    fine
}

fn is_past(item: &common::v1::EvidenceItem, now: Timestamp) -> bool {
    let taken_at = item.taken_at.as_ref().and_then(timestamp);
    taken_at.is_none_or(|at| at <= now)
}

/// A certificate comes from a visit: the doors through which certificates come into a dispute or from
/// a customer are others.
fn check_visit(principal: &Principal, case: &Case) -> Result<(), Refusal> {
    let stage = case.stage;
    if matches!(stage, Stage::OnSite | Stage::Inspecting) || stage.is_ended() {
        return Ok(());
    }
    let (verb, actor) = (Verb::SubmitCertificate, actor(principal).kind);
    let mut open = table::open_to(stage, actor);
    open.retain(|other| *other != verb);
    Err(Rejection::IllegalTransition { stage, verb, actor, open }.into())
}
