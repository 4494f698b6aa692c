//! `GrantGoodwill`: money on top of what is due, within authority or by four eyes.

use std::sync::Arc;

use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::verification::v1::{GrantGoodwillRequest, GrantGoodwillResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::event::{Proposal, Proposed};
use parasol_journey::ids::ProposalId;
use parasol_journey::{Case, Command};
use serde_json::json;
use tonic::Request;

use super::{target, view};
use crate::authority::use_row;
use crate::hand::waits;
use crate::{Verification, certificates};

pub async fn handle(
    service: &Verification,
    request: Request<GrantGoodwillRequest>,
) -> Result<GrantGoodwillResponse, Error> {
    let call = Call::changing(&request, "GrantGoodwill", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let amount_fen = check.money("amount", &request.amount);
    if amount_fen == Some(0) {
        check.refuse::<()>("amount", Reason::FieldInvalid, "more than 0 fen");
    }
    let reason = check.text("reason", &request.reason, LONG_TEXT_MAX);
    let (case, etag, amount_fen, reason) = check.all((case, etag, amount_fen, reason))?;

    let now = service.desk.clock.now();
    let limit = service.limit(&call.principal).await?;
    // Goodwill has no id of its own in the log: a new one names it here, whether it waits or not.
    let id = ProposalId::new(service.desk.ids.next());
    let is_within = amount_fen <= limit.fen;
    let judge = call.judge(now);
    let command = move |case: &Case| {
        judge.check(case)?;
        let what = Proposed::Goodwill(amount_fen);
        let proposal = Box::new(Proposal { id, what, worth_fen: amount_fen });
        Ok(match is_within {
            true => Command::GrantGoodwill { amount_fen },
            false => Command::ProposeDecision { proposal },
        })
    };
    let mut step = Step::new(case, etag, command);
    step.rows = vec![certificates::words(id.uuid(), "goodwill", &json!({ "reason": reason }), now)];
    let caller = call.principal.clone();
    step.rows_after = Some(Arc::new(move |case: &Case| match is_within {
        true => vec![use_row(id.uuid(), &caller, case.id, "goodwill", amount_fen, &limit, now)],
        false => Vec::new(),
    }));
    let answer = move |case: &Case, _: StepEffect| GrantGoodwillResponse {
        case: view(case),
        proposal_id: if waits(case, id) { id.to_string() } else { String::new() },
    };
    service.desk.step(&call, step.answering(answer)).await
}
