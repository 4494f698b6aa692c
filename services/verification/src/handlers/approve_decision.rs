//! `ApproveDecision`: a second person's word on what is above the proposer's authority.

use std::sync::Arc;

use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::verification::v1::{ApproveDecisionRequest, ApproveDecisionResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::Refusal;
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::case::WaitingProposal;
use parasol_journey::ids::ProposalId;
use parasol_journey::{Case, Command, Stage};
use serde_json::json;
use tonic::Request;

use super::{refuse, target, view};
use crate::authority::{Limit, use_row};
use crate::hand::{Floor, waits, worth_fen};
use crate::{Verification, certificates};

pub async fn handle(
    service: &Verification,
    request: Request<ApproveDecisionRequest>,
) -> Result<ApproveDecisionResponse, Error> {
    let call = Call::changing(&request, "ApproveDecision", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let proposal = check.id::<ProposalId>("proposal_id", &request.proposal_id);
    let refuses = request.refuse;
    let reason = match refuses {
        true => check.text("reason", &request.reason, LONG_TEXT_MAX),
        false => check.optional_text("reason", &request.reason, LONG_TEXT_MAX),
    };
    let (case, etag, proposal, reason) = check.all((case, etag, proposal, reason))?;

    let now = service.desk.clock.now();
    let limit = service.limit(&call.principal).await?;
    let word = Word { proposal, refuses, limit: limit.clone(), floor: service.floor() };
    let caller = call.principal.clone();
    let judge = call.judge(now);
    let command = move |case: &Case| {
        judge.check(case)?;
        word.command(case, &caller.subject)
    };
    let mut step = Step::new(case, etag, command);
    if !reason.is_empty() {
        let kind = if refuses { "proposal_refusal" } else { "proposal_approval" };
        step.rows =
            vec![certificates::words(proposal.uuid(), kind, &json!({ "reason": reason }), now)];
    }
    let caller = call.principal.clone();
    step.rows_after = Some(Arc::new(move |case: &Case| {
        if refuses {
            return Vec::new();
        }
        let (id, given) = (proposal.uuid(), given_fen(case));
        let used = use_row(id, &caller, case.id, "approval", given, &limit, now);
        vec![used]
    }));
    let answer = move |case: &Case, _: StepEffect| ApproveDecisionResponse {
        case: view(case),
        decision_id: match &case.decision {
            Some(decision) if !refuses && case.stage != Stage::Compensating => {
                decision.id.to_string()
            }
            _ => String::new(),
        },
    };
    service.desk.step(&call, step.answering(answer)).await
}

/// What was given by the approval that led to this case.
fn given_fen(case: &Case) -> i64 {
    match (case.stage, case.goodwill, &case.decision) {
        (Stage::Compensating, Some(goodwill), _) => goodwill.amount_fen,
        (_, _, Some(decision)) => worth_fen(&decision.offered, case.filing.price_fen),
        _ => 0,
    }
}

/// What is said about a proposal, and with how much authority.
struct Word {
    proposal: ProposalId,
    refuses: bool,
    limit: Limit,
    floor: Floor,
}

impl Word {
    fn command(&self, case: &Case, subject: &str) -> Result<Command, Refusal> {
        let proposal = self.proposal;
        let command = match self.refuses {
            true => Command::RefuseProposal { proposal },
            false => Command::ApproveProposal { proposal },
        };
        // What waits no more, and whose own it is, is for the journey to refuse.
        let waiting = case.proposal.as_ref().filter(|_| waits(case, proposal));
        let others = |waiting: &&WaitingProposal| waiting.by.id.as_deref() != Some(subject);
        let Some(waiting) = waiting.filter(others) else { return Ok(command) };
        if waiting.proposal.worth_fen > self.limit.fen {
            let (worth, most) = (waiting.proposal.worth_fen, self.limit.fen);
            let message = format!("the proposal is worth {worth} fen, the caller may give {most}");
            return Err(refuse(Reason::AuthorityExceeded, message));
        }
        if !self.refuses {
            self.floor.check_proposed(case, &waiting.proposal.what)?;
        }
        Ok(command)
    }
}
