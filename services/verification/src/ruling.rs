//! From the policy's outcome to the journey's command.
//!
//! Pure. The policy says what is owed; this module knows which step brings it about, when another
//! inspection still makes sense, and when only a person can go on.

use parasol_journey::calendar::Calendar;
use parasol_journey::certificate::Level;
use parasol_journey::event::{Awaited, Decision, OfferedRemedy};
use parasol_journey::ids::DecisionId;
use parasol_journey::vocab::CaseKind;
use parasol_journey::{Case, Command};
use parasol_policy::{Facts, Need, NoFacts, Offer, Outcome, Pack, Ruling, evaluate};

use crate::facts;

/// Rest days tried where no calendar knows them: the longest row China has had is shorter.
const REST_DAYS_MAX: u32 = 12;

/// What the policy says about a case, with the facts it was asked on.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The facts.
    pub facts: Facts,
    /// The outcome.
    pub outcome: Outcome,
}

/// Asks the policy.
///
/// # Errors
/// [`NoFacts`] when the filing names no province, or when the outcome depends on rest days that the
/// calendar does not know.
pub fn judge(pack: &Pack, case: &Case, calendar: &Calendar) -> Result<Judged, NoFacts> {
    let judged = |filed: Facts| {
        let facts = facts::of_case(pack, case, filed);
        let outcome = evaluate(pack, &facts);
        Judged { facts, outcome }
    };
    match Facts::of_filing(pack, &case.filing, case.filed_at, calendar) {
        Ok(filed) => Ok(judged(filed)),
        Err(NoFacts::NotCovered(unknown)) => {
            let with = |rest| Facts::of_filing_on(pack, &case.filing, case.filed_at, rest);
            let (fewest, most) = (judged(with(0)?), judged(with(REST_DAYS_MAX)?));
            if fewest.outcome == most.outcome { Ok(fewest) } else { Err(unknown.into()) }
        }
        Err(unknown) => Err(unknown),
    }
}

/// The command that follows from an outcome. `id` names the decision, should there be one.
pub fn command(case: &Case, outcome: &Outcome, id: DecisionId) -> Command {
    let rules: Vec<String> = outcome.fired.iter().map(|rule| rule.id.to_string()).collect();
    if is_carried_out(case) {
        return Command::SendToAgent { rules };
    }
    let decision = |offered| Decision {
        id,
        policy: case.filing.policy.clone(),
        rules: rules.clone(),
        offered,
        certificate: facts::counting(case).map(|found| found.id),
        overrides: false,
    };
    match &outcome.ruling {
        Ruling::Offered(offers) => {
            let offered = offers.iter().map(offered).collect();
            Command::Decide { decision: decision(offered) }
        }
        Ruling::Denied(_) => Command::Deny { decision: decision(Vec::new()) },
        Ruling::Needs(step) if step.need == Need::Lab && can_be_tested(case) => {
            Command::AwaitInDispute { awaited: Awaited::Lab }
        }
        Ruling::Needs(step) if can_be_inspected_again(case, step.need) => {
            Command::OrderSecondInspection { rules }
        }
        Ruling::Needs(_) => Command::SendToAgent { rules },
    }
}

/// Whether money has moved by the rules or a new unit is out. The policy gives what a case is worth once;
/// whatever comes on top is for a person to give, and takes nothing of it away.
pub fn is_carried_out(case: &Case) -> bool {
    case.is_paid_by_rule() || case.replacement.is_some() || case.replacement_order.is_some()
}

/// A disputed unit goes to a laboratory, once.
fn can_be_tested(case: &Case) -> bool {
    case.dispute.as_ref().is_some_and(|dispute| !dispute.lab_asked)
}

/// Another centre looks at the unit: after a first certificate, and once more to hear a dispute. It
/// stands in for a laboratory where nothing is disputed, and for a guided test, which nobody runs yet.
/// A second inspection that was ordered and did not happen is not ordered again, and a laboratory that
/// reported nothing is not stood in for.
fn can_be_inspected_again(case: &Case, need: Need) -> bool {
    let by_inspection = need.is_visit() || matches!(need, Need::Lab | Need::GuidedTest);
    let is_first = facts::counting(case).is_some_and(|found| found.finding.level == Level::First);
    let is_open = is_first || (!case.certificates.is_empty() && facts::is_disputed(case));
    let in_vain = need == Need::Lab && case.dispute.as_ref().is_some_and(|one| one.lab_asked);
    let is_due = by_inspection && !in_vain && !case.second_opinion;
    case.filing.kind == CaseKind::Quality && is_due && is_open
}

fn offered(offer: &Offer) -> OfferedRemedy {
    OfferedRemedy {
        remedy: offer.remedy,
        amount_fen: offer.refund.map_or(0, |refund| refund.amount_fen),
        payer: offer.payer.as_str().to_owned(),
        recourse: offer.recourse.map(|one| one.as_str().to_owned()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use parasol_journey::time::Timestamp;
    use parasol_journey::vocab::Remedy;

    use super::*;
    use crate::facts::tests::{filed_on, found};

    fn judged(received: &str, filed: &str) -> Result<Judged, NoFacts> {
        let at = |day: &str| Timestamp::parse(&format!("{day}T12:00:00+08:00")).unwrap();
        let mut case = filed_on(at(received), at(filed));
        case.certificates.push(found(Level::First));
        judge(&Pack::builtin(), &case, Calendar::china())
    }

    #[test]
    fn a_day_no_calendar_knows_is_decided_only_where_rest_days_do_not_matter() {
        let sure = judged("2031-01-01", "2031-03-15").unwrap();
        assert!(sure.outcome.offer(Remedy::Repair).is_some());
        assert!(sure.outcome.offer(Remedy::Refund).is_none());
        let refused = judged("2031-03-01", "2031-03-10").unwrap_err();
        assert!(matches!(refused, NoFacts::NotCovered(_)), "the ninth day may or may not be late");
    }
}
