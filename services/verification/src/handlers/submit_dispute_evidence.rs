//! `SubmitDisputeEvidence`: either side hands in what supports it, while there is time.

use parasol_api::convert::to_timestamp;
use parasol_api::limits::{LONG_TEXT_MAX, REMARK_MAX};
use parasol_api::verification::v1::{SubmitDisputeEvidenceRequest, SubmitDisputeEvidenceResponse};
use parasol_api::{Checker, Error, Reason, Role};
use parasol_casebook::RowOp;
use parasol_desk::{Call, Numbered, Step, StepEffect};
use parasol_journey::certificate::proves_misuse;
use parasol_journey::deadline::Clock;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use parasol_journey::{Case, Command, Stage, Task};
use sea_orm::ActiveValue::Set;
use serde_json::json;
use tonic::Request;
use uuid::Uuid;

use super::reply_to_dispute::is_a_side;
use super::stamp::stamp;
use super::{effect, target, view};
use crate::tables::hearing::evidence;
use crate::{Verification, certificates};

/// What evidence is kept under in the vault.
pub const KIND: &str = "dispute_evidence";

pub async fn handle(
    service: &Verification,
    request: Request<SubmitDisputeEvidenceRequest>,
) -> Result<SubmitDisputeEvidenceResponse, Error> {
    let call = Call::changing(&request, "SubmitDisputeEvidence", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let now = service.desk.clock.now();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let stamp = stamp!(request).check(&mut check, now);
    let statement = check.text("statement", &request.statement, LONG_TEXT_MAX);
    let items = check.evidence("evidence", &request.evidence);
    let sign = check.optional_text("cause_sign", &request.cause_sign, REMARK_MAX);
    let of_brand = matches!(call.principal.role, Role::Brand | Role::Centre);
    if !of_brand && !request.cause_sign.is_empty() {
        check.refuse::<()>("cause_sign", Reason::FieldInvalid, "only from the brand's side");
    }
    let (case, etag, heard, statement, items, sign) =
        check.all((case, etag, stamp, statement, items, sign))?;

    let pieces = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let proves = of_brand && proves_misuse(!sign.is_empty(), &items);
    let is_all = request.complete;
    let principal = call.principal.clone();
    let command = move |case: &Case| {
        is_a_side(case, &principal)?;
        Ok(Command::AddEvidence { pieces, proves, is_all })
    };
    let id = service.desk.ids.next();
    let body = json!({ "statement": statement, "evidence": items, "cause_sign": sign });
    let mut step = Step::new(case, etag, command);
    step.numbered = heard.map(|heard| Numbered { message: "submit_dispute_evidence", heard });
    step.rows = vec![
        certificates::words(id, KIND, &body, now),
        row(id, case, call.principal.role.as_str(), now),
    ];
    let answer = |case: &Case, became: StepEffect| SubmitDisputeEvidenceResponse {
        case: view(case),
        effect: effect(became),
        evidence_until: until(case).map(to_timestamp),
    };
    service.desk.step(&call, step.answering(answer)).await
}

/// The row by which evidence, or an expert's opinion, is found again.
pub fn row(id: Uuid, case: CaseId, side: &str, at: Timestamp) -> RowOp {
    RowOp::put(evidence::ActiveModel {
        evidence: Set(id),
        case_id: Set(case.uuid()),
        side: Set(side.to_owned()),
        at: Set(at.micros()),
    })
}

/// Until when evidence is taken on a case.
pub fn until(case: &Case) -> Option<Timestamp> {
    match case.stage {
        Stage::VerdictHeld => case.owes(Task::Clock(Clock::BrandEvidence)).map(|owed| owed.due),
        Stage::Disputed => case.dispute.as_ref()?.evidence_until,
        _ => None,
    }
}
