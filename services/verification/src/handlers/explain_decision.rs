//! `ExplainDecision`: the last decision with its facts, its rules, and what can be done now.

use parasol_api::verification::v1::{DecisionExplanation, ExplainDecisionRequest};
use parasol_api::{Checker, Error, Role};
use parasol_desk::Call;
use parasol_journey::ids::CaseId;
use tonic::Request;

use super::reading;
use crate::views::MANUAL;
use crate::{Verification, shown, words};

pub async fn handle(
    service: &Verification,
    request: Request<ExplainDecisionRequest>,
) -> Result<DecisionExplanation, Error> {
    let call = Call::reading(&request, "ExplainDecision")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &request.case_id);
    let language = check.language(&request.language);
    let (case, language) = check.all((case, language))?;
    let found = reading::find(service, &call.principal, case, None).await?;
    let reader = reading::reader(service, &call.principal, language, &found).await?;
    let decision = reader.decision(found.case.id, &found.record);
    let judged = found.judged(service, &service.desk.submitter.rules().calendar);
    let pack = reader.pack.as_deref();
    let facts = judged.as_ref().map(|judged| words::facts(language, &judged.facts, pack));
    let is_manual = found.record.decision.rules.iter().any(|rule| rule == MANUAL);
    let steps = match &judged {
        // A person decided: their reason is the one step there was.
        _ if is_manual => vec![reader.reason.clone()],
        Some(judged) => reader.steps(&judged.outcome),
        None => Vec::new(),
    };
    let is_told = matches!(call.principal.role, Role::Agent | Role::Manager | Role::Service);
    let shown = match found.record.decision.certificate {
        Some(certificate) if is_told => shown::of(service, found.case.id, certificate).await,
        _ => None,
    };
    Ok(DecisionExplanation {
        decision: Some(decision),
        shown,
        facts: facts.unwrap_or_default(),
        steps,
        next_steps: words::next_steps(language, &found.case),
    })
}
