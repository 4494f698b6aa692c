//! `DecideManually`: an agent or manager decides, within authority and never below the policy.

use std::sync::Arc;

use parasol_api::limits::{LONG_TEXT_MAX, SHORT_NAME_MAX};
use parasol_api::verification::v1::{DecideManuallyRequest, DecideManuallyResponse};
use parasol_api::{Checker, Error, Reason, Role};
use parasol_casebook::Refusal;
use parasol_desk::{Call, Step, StepEffect};
use parasol_journey::calendar::Calendar;
use parasol_journey::event::{Decision, OfferedRemedy};
use parasol_journey::ids::DecisionId;
use parasol_journey::vocab::Remedy;
use parasol_journey::{ActorKind, Case, Command, Verb, table};
use serde_json::json;
use tonic::Request;

use super::{refuse, target, view};
use crate::ruling::{self, Packs};
use crate::views::MANUAL;
use crate::{Authority, Verification, certificates, facts};

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

    let filed = service.desk.case(&call.principal, case).await?;
    if gives_refund {
        let amount_fen = refund_fen.unwrap_or(filed.filing.price_fen);
        check_authority(service.ports.authority, call.principal.role, amount_fen)?;
    }
    let id = DecisionId::new(service.desk.ids.next());
    let calendar = service.desk.submitter.rules().calendar;
    let packs = service.packs.clone();
    let hand = Hand { id, remedies, refund_fen, payer, packs, calendar };
    let mut step = Step::new(case, etag, move |case: &Case| hand.command(case));
    let body = json!({ "reason": reason });
    step.rows = vec![certificates::words(id.uuid(), "decision", &body, service.desk.clock.now())];
    let answer = move |case: &Case, _: StepEffect| DecideManuallyResponse {
        case: view(case),
        decision_id: id.to_string(),
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

/// Depends on the request and on what was filed alone, so that a repetition passes as the first did.
fn check_authority(authority: Authority, role: Role, amount_fen: i64) -> Result<(), Error> {
    let limit_fen = match role {
        Role::Manager => authority.manager_fen,
        _ => authority.agent_fen,
    };
    if amount_fen <= limit_fen {
        return Ok(());
    }
    Err(Error::new(Reason::AuthorityExceeded)
        .with("limit_fen", limit_fen.to_string())
        .with("amount_fen", amount_fen.to_string()))
}

/// What somebody decided by hand.
struct Hand {
    id: DecisionId,
    remedies: Vec<Remedy>,
    refund_fen: Option<i64>,
    payer: &'static str,
    packs: Packs,
    calendar: Arc<Calendar>,
}

impl Hand {
    fn command(&self, case: &Case) -> Result<Command, Refusal> {
        let offered = self.offered(case)?;
        // Elsewhere the journey refuses and says what is open.
        if table::allows(case.stage, Verb::Decide, ActorKind::Agent) {
            self.check_floor(case, &offered)?;
        }
        let is_denial = offered.is_empty();
        let decision = Decision {
            id: self.id,
            policy: case.filing.policy.clone(),
            rules: vec![MANUAL.to_owned()],
            offered,
            certificate: facts::counting(case).map(|found| found.id),
        };
        Ok(match is_denial {
            true => Command::Deny { decision },
            false => Command::Decide { decision },
        })
    }

    /// Without an amount a refund is what was paid for the unit, less what was paid back already.
    fn offered(&self, case: &Case) -> Result<Vec<OfferedRemedy>, Refusal> {
        let paid_back: i64 = case.paid.iter().map(|one| one.amount_fen).sum();
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

    /// A person may improve on what the policy gives and never falls below it. Where the policy gave it
    /// before, or cannot say, there is no floor.
    fn check_floor(&self, case: &Case, offered: &[OfferedRemedy]) -> Result<(), Refusal> {
        let Some(pack) = self.packs.of(&case.filing) else { return Ok(()) };
        if ruling::is_carried_out(case) {
            return Ok(());
        }
        let Ok(judged) = ruling::judge(pack, case, &self.calendar) else { return Ok(()) };
        for due in judged.outcome.offers() {
            let due_fen = due.refund.map_or(0, |refund| refund.amount_fen);
            let given = offered.iter().find(|one| one.remedy == due.remedy);
            if given.is_none_or(|one| one.amount_fen < due_fen) {
                let message = format!("the policy gives {} ({due_fen} fen)", due.remedy);
                return Err(refuse(Reason::DecisionInvalid, message));
            }
        }
        Ok(())
    }
}
