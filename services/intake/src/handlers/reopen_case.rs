//! `ReopenCase`: the one appeal against a closed case.

use parasol_api::convert::case_view;
use parasol_api::intake::v1::{ReopenCaseRequest, ReopenCaseResponse};
use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::{Checker, Reason};
use parasol_desk::{Call, Result, Step, StepEffect};
use parasol_journey::ids::CaseId;
use parasol_journey::{Case, Command};
use tonic::Request;

use super::remark;
use crate::Intake;

/// The code under which the log notes an appeal; the customer's words are in the vault.
const APPEAL: &str = "appeal";

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<ReopenCaseRequest>,
) -> Result<ReopenCaseResponse> {
    let call = Call::changing(&request, "ReopenCase", &request.get_ref().request_id)?;
    let wire = request.into_inner();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &wire.case_id);
    let etag = check.etag(&wire.etag);
    let reason = check.text("reason", &wire.reason, LONG_TEXT_MAX);
    let (case, etag, reason) = check.all((case, etag, reason))?;

    let appeal = |_: &Case| Ok(Command::Reopen { reason: APPEAL.to_owned() });
    let mut step = Step::new(case, etag, appeal);
    step.rows = remark(case, APPEAL, &reason, intake.desk.clock.now());
    // The only key this step takes is the unit's.
    step.taken = Some(Reason::UnitHasOpenCase);
    let step = step
        .answering(|case: &Case, _: StepEffect| ReopenCaseResponse { case: Some(case_view(case)) });
    intake.desk.step(&call, step).await
}
