//! `GetDecision`: a decision by its own id, or the last one of a case.

use parasol_api::common::v1::Decision;
use parasol_api::partner::v1::GetDecisionRequest;
use parasol_api::partner::v1::get_decision_request::Key;
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::ids::{CaseId, DecisionId};
use tonic::Request;

use super::reading;
use crate::Verification;

pub async fn handle(
    service: &Verification,
    request: Request<GetDecisionRequest>,
) -> Result<Decision, Error> {
    let call = Call::reading(&request, "GetDecision")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let language = check.language(&request.language);
    let key = match &request.key {
        Some(Key::DecisionId(id)) => {
            check.id::<DecisionId>("decision_id", id).map(|id| (None, Some(id)))
        }
        Some(Key::CaseId(id)) => check.id::<CaseId>("case_id", id).map(|id| (Some(id), None)),
        None => check.refuse("key", Reason::FieldInvalid, "a decision_id or a case_id"),
    };
    let (language, key) = check.all((language, key))?;
    let (case, decision) = match key {
        (Some(case), decision) => (case, decision),
        (None, Some(decision)) => (reading::case_of(service, decision).await?, Some(decision)),
        (None, None) => return Err(Error::new(Reason::NotFound)),
    };
    let found = reading::find(service, &call.principal, case, decision).await?;
    let reader = reading::reader(service, &call.principal, language, &found).await?;
    Ok(reader.decision(found.case.id, &found.record))
}
