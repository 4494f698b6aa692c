//! `DecideManually`: an agent or manager decides, never below the policy; above their authority it is a
//! proposal that waits for a second person.

use std::sync::Arc;

use parasol_api::limits::{LONG_TEXT_MAX, SHORT_NAME_MAX};
use parasol_api::verification::v1::{DecideManuallyRequest, DecideManuallyResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::Refusal;
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::event::{Decision, OfferedRemedy, Proposal, Proposed};
use parasol_journey::ids::{DecisionId, ProposalId};
use parasol_journey::vocab::Remedy;
use parasol_journey::{ActorKind, Case, Command, Verb, table};
use serde_json::json;
use tonic::Request;

use super::{refuse, target, view};
use crate::authority::use_row;
use crate::hand::{Floor, waits, worth_fen};
use crate::views::MANUAL;
use crate::{Verification, certificates, facts};

/// Who can bear a cost; the first is meant when nobody is named.
const PAYERS: [&str; 8] =
    ["seller", "brand", "carrier", "installer", "customer", "insurer", "repairer", "loser"];

pub async fn handle(
    service: &Verification,
    request: Request<DecideManuallyRequest>,
) -> Result<DecideManuallyResponse, Error> {
    let call = Call::changing(&request, "DecideManually", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let (case, etag) = target(&mut check, &request.case_id, &request.etag);
    let remedies = check.listed_once::<Remedy>("remedies", &request.remedies);
    let refund_fen = match &request.refund {
        Some(_) => check.money("refund", &request.refund).map(Some),
        None => Some(None),
    };
    let payer = payer(&mut check, &request.payer);
    let reason = check.text("reason", &request.reason, LONG_TEXT_MAX);
    if refund_fen == Some(Some(0)) {
        check.refuse::<()>("refund", Reason::FieldInvalid, "more than 0 fen");
    }
    let gives_refund = remedies.as_ref().is_some_and(|list| list.contains(&Remedy::Refund));
    if request.refund.is_some() && !gives_refund {
        check.refuse::<()>("refund", Reason::FieldInvalid, "only where a refund is offered");
    }
    let (case, etag, remedies, refund_fen, payer, reason) =
        check.all((case, etag, remedies, refund_fen, payer, reason))?;

    let now = service.desk.clock.now();
    let limit = service.limit(&call.principal).await?;
    let id = DecisionId::new(service.desk.ids.next());
    let proposal = ProposalId::new(service.desk.ids.next());
    let (floor, limit_fen) = (service.floor(), limit.fen);
    let hand = Hand { id, proposal, remedies, refund_fen, payer, limit_fen, floor };
    let judge = call.judge(now);
    let command = move |case: &Case| {
        judge.check(case)?;
        hand.command(case)
    };
    let mut step = Step::new(case, etag, command);
    let body = json!({ "reason": reason });
    step.rows = vec![certificates::words(id.uuid(), "decision", &body, now)];
    let caller = call.principal.clone();
    step.rows_after = Some(Arc::new(move |case: &Case| {
        let offered = case.decision.as_ref().map(|one| one.offered.as_slice());
        let amount_fen = worth_fen(offered.unwrap_or_default(), case.filing.price_fen);
        if waits(case, proposal) {
            return Vec::new();
        }
        let used = || use_row(id.uuid(), &caller, case.id, "decision", amount_fen, &limit, now);
        (amount_fen > 0).then(used).into_iter().collect()
    }));
    let answer = move |case: &Case, _: StepEffect| {
        let waits = waits(case, proposal);
        let only_if = |is: bool, id: String| if is { id } else { String::new() };
        DecideManuallyResponse {
            case: view(case),
            decision_id: only_if(!waits, id.to_string()),
            proposal_id: only_if(waits, proposal.to_string()),
        }
    };
    service.desk.step(&call, step.answering(answer)).await
}

fn payer(check: &mut Checker, word: &str) -> Option<&'static str> {
    if word.is_empty() {
        return Some(PAYERS[0]);
    }
    check.optional_text("payer", word, SHORT_NAME_MAX)?;
    let known = PAYERS.iter().copied().find(|payer| *payer == word);
    known.or_else(|| {
        check.refuse("payer", Reason::FieldInvalid, format!("one of {}", PAYERS.join(", ")))
    })
}

/// What somebody decided by hand.
struct Hand {
    id: DecisionId,
    proposal: ProposalId,
    remedies: Vec<Remedy>,
    refund_fen: Option<i64>,
    payer: &'static str,
    limit_fen: i64,
    floor: Floor,
}

impl Hand {
    /// Decides, or proposes what is worth more than the caller may give.
    fn command(&self, case: &Case) -> Result<Command, Refusal> {
        let offered = self.offered(case)?;
        // Elsewhere the journey refuses and says what is open.
        let is_open = table::allows(case.stage, Verb::Decide, ActorKind::Agent);
        if is_open {
            self.floor.check(case, &offered)?;
        }
        let overrides = is_open && self.floor.is_override(case, &offered);
        let is_denial = offered.is_empty();
        let worth_fen = worth_fen(&offered, case.filing.price_fen);
        let decision = Decision {
            id: self.id,
            policy: case.filing.policy.clone(),
            rules: vec![MANUAL.to_owned()],
            offered,
            certificate: facts::counting(case).map(|found| found.id),
            overrides,
        };
        if worth_fen > self.limit_fen {
            let (id, what) = (self.proposal, Proposed::Decision(decision));
            let proposal = Box::new(Proposal { id, what, worth_fen });
            return Ok(Command::ProposeDecision { proposal });
        }
        Ok(match is_denial {
            true => Command::Deny { decision },
            false => Command::Decide { decision },
        })
    }

    /// Without an amount a refund is what was paid for the unit, less what was paid back already.
    fn offered(&self, case: &Case) -> Result<Vec<OfferedRemedy>, Refusal> {
        let back = case.paid.iter().filter(|one| !one.goodwill);
        let paid_back: i64 = back.map(|one| one.amount_fen).sum();
        let rest_fen = (case.filing.price_fen - paid_back).max(0);
        let offer = |remedy: &Remedy| {
            let amount_fen = match remedy {
                Remedy::Refund => self.refund_fen.unwrap_or(rest_fen),
                Remedy::Repair | Remedy::Replace => 0,
            };
            if *remedy == Remedy::Refund && amount_fen == 0 {
                let message = "refund: all was paid back already; name the amount";
                return Err(refuse(Reason::FieldInvalid, message));
            }
            let (payer, recourse) = (self.payer.to_owned(), String::new());
            Ok(OfferedRemedy { remedy: *remedy, amount_fen, payer, recourse })
        };
        self.remedies.iter().map(offer).collect()
    }
}
