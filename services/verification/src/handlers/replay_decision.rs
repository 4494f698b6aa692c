//! `ReplayDecision`: a decision that was made, asked of another version of the policy.

use parasol_api::common::v1::{FiredRule, OfferedRemedy};
use parasol_api::convert::Listed;
use parasol_api::convert::to_money;
use parasol_api::limits::CODE_MAX;
use parasol_api::verification::v1::{
    ReplayDecisionRequest, ReplayDecisionResponse, ReplayRuling, ReplayedOutcome,
};
use parasol_api::{Checker, Error, Language, Reason};
use parasol_desk::Call;
use parasol_journey::ids::{CaseId, DecisionId};
use parasol_policy::{Offer, Outcome, Replay, RuleId, Ruling};
use tonic::Request;

use super::{reading, store_error};
use crate::packs::load_packs;
use crate::replay::{self, Looked};
use crate::words::say;
use crate::{Verification, ruling};

pub async fn handle(
    service: &Verification,
    request: Request<ReplayDecisionRequest>,
) -> Result<ReplayDecisionResponse, Error> {
    let call = Call::reading(&request, "ReplayDecision")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &request.case_id);
    let decision = check.optional_id::<DecisionId>("decision_id", &request.decision_id);
    let version = check.text("policy_version", &request.policy_version, CODE_MAX);
    let language = check.language(&request.language);
    let (case, decision, version, language) = check.all((case, decision, version, language))?;
    let found = reading::find(service, &call.principal, case, decision).await?;
    load_packs(&service.desk.store, &service.shelf).await.map_err(store_error)?;
    let Some(new) = service.shelf.of(&version) else {
        let known = "the version of a published policy";
        return Err(Error::field("policy_version", Reason::PolicyUnknown, known));
    };
    let calendar = service.desk.submitter.rules().calendar;
    let mut replay = Replay::new(&new, 1);
    let record = &found.record;
    let looked = replay::add(record, &service.shelf, &new, &calendar, &mut replay);
    let was = found.judged(service, &calendar);
    let would = ruling::judge(&new, &record.before, &calendar).ok();
    let (Looked::Compared, Some(was), Some(would)) = (looked, was, would) else {
        return Err(Error::new(Reason::DecisionNotReplayable));
    };
    let told = |outcome: &Outcome| outcome_view(outcome, language);
    let only = |one: &Outcome, other: &Outcome| -> Vec<String> {
        let ids = one.fired.iter().map(|rule| &rule.id);
        let ids = ids.filter(|id: &&RuleId| !other.rests_on(id.as_str()));
        ids.map(ToString::to_string).collect()
    };
    Ok(ReplayDecisionResponse {
        case_id: found.case.id.to_string(),
        decision_id: record.decision.id.to_string(),
        before: Some(told(&was.outcome)),
        after: Some(told(&would.outcome)),
        changed: replay.changed > 0,
        cost_fen: replay.cost_fen,
        rules_added: only(&would.outcome, &was.outcome),
        rules_removed: only(&was.outcome, &would.outcome),
    })
}

fn outcome_view(outcome: &Outcome, language: Language) -> ReplayedOutcome {
    let rules = outcome.fired.iter().map(|rule| FiredRule {
        rule: rule.id.to_string(),
        basis: rule.basis.clone(),
        effect: say(language, rule.say_zh.as_str(), rule.say_en.as_str()),
    });
    let (ruling, reason) = match &outcome.ruling {
        Ruling::Offered(_) => (ReplayRuling::Offered, String::new()),
        Ruling::Denied(denial) => (ReplayRuling::Denied, word(&denial.reason)),
        Ruling::Needs(step) => (ReplayRuling::Needs, word(&step.need)),
    };
    ReplayedOutcome {
        policy_version: outcome.pack_version.to_string(),
        ruling: ruling.into(),
        remedies: outcome.offers().iter().map(offer_view).collect(),
        reason,
        rules: rules.collect(),
        extras: outcome.extras.iter().map(word).collect(),
        points: i64::from(outcome.goodwill.points),
    }
}

fn offer_view(offer: &Offer) -> OfferedRemedy {
    OfferedRemedy {
        remedy: offer.remedy.number(),
        amount: offer.refund.map(|refund| to_money(refund.amount_fen)),
        payer: offer.payer.as_str().to_owned(),
        rules: vec![offer.rule.to_string()],
        explanation: String::new(),
    }
}

/// A word of the policy.
fn word(value: &impl serde::Serialize) -> String {
    let json = serde_json::to_string(value).unwrap_or_default();
    json.trim_matches('"').to_owned()
}
