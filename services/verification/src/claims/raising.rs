//! Which claims a step of a case raises. Pure.
//!
//! A claim follows from what the step recorded: a refund that was paid, a new unit that was handed over, a
//! decision that rests on a broken contract. It is raised in the commit of that step, so there is never a
//! payment without its claim nor a claim without its payment.

use parasol_casebook::Change;
use parasol_journey::event::{Decision, Fact};
use parasol_journey::ids::{ClaimId, Serial};
use parasol_journey::time::Timestamp;
use parasol_journey::{Case, Event};

use super::liable::{Liable, who_bears};
use super::lines::{Line, total_fen};
use super::{Claim, ClaimKind, ClaimState, RESPONSE};
use crate::charges::{Bearer, Charge, ChargeKind};
use crate::facts::counting;
use crate::ledger::postings::claim_id;

/// The rows of the policy that stand for a contract the brand has broken: the repaired unit was not returned
/// within 24 hours, and silence past a deadline.
const BROKEN_CONTRACT: [&str; 2] = ["R26", "R70"];

/// The claims that a step raises.
pub fn of_change(change: &Change<'_>) -> Vec<Claim> {
    let case = change.after;
    let mut claims = Vec::new();
    for event in change.events {
        match &event.fact {
            Fact::RefundPaid { operation } => claims.extend(refund(case, event, operation)),
            Fact::ReplacementDelivered { serial } => {
                claims.extend(replacement(case, event, serial))
            }
            Fact::Decided(decision) => claims.extend(penalty(change.before, case, event, decision)),
            _ => {}
        }
    }
    claims
}

fn refund(case: &Case, event: &Event, operation: &str) -> Option<Claim> {
    let paid = case.paid.iter().rev().find(|one| one.operation == operation)?;
    raise(case, event.at, ClaimKind::Refund, who_bears(case), paid.amount_fen, operation)
}

fn replacement(case: &Case, event: &Event, serial: &Serial) -> Option<Claim> {
    let price_fen = case.filing.price_fen;
    raise(case, event.at, ClaimKind::Replacement, who_bears(case), price_fen, serial.as_str())
}

/// Once per case: a decision made again on such a rule does not claim again, whatever was decided between. How
/// much was agreed is pinned at filing.
fn penalty(
    before: Option<&Case>,
    case: &Case,
    event: &Event,
    decision: &Decision,
) -> Option<Claim> {
    let rule = decision.rules.iter().map(String::as_str).find(|rule| is_broken_contract(rule))?;
    if before.is_some_and(|case| case.has_rested_on(is_broken_contract)) {
        return None;
    }
    let amount_fen = percent(case.filing.price_fen, case.filing.contract.penalty_percent);
    let brand = Liable::Brand(case.filing.brand.clone());
    raise(case, event.at, ClaimKind::Penalty, brand, amount_fen, rule)
}

/// Whether a rule stands for a contract that was broken.
fn is_broken_contract(rule: &str) -> bool {
    rule.split('-').next().is_some_and(|row| BROKEN_CONTRACT.contains(&row))
}

/// The claim for a part that did not come back to the brand by `due`.
pub fn part(
    case: &Case,
    centre: &Liable,
    part: &str,
    due: Timestamp,
    now: Timestamp,
) -> Option<Claim> {
    let what = format!("{part}/{}", due.micros());
    let claim =
        raise(case, now, ClaimKind::Part, centre.clone(), case.filing.contract.part_fen, &what)?;
    Some(Claim { reference: part.to_owned(), ..claim })
}

/// The claim for a charge, made of these lines; `None` where nobody is claimed from.
pub fn charged(case: &Case, charge: &Charge, lines: &[Line], now: Timestamp) -> Option<Claim> {
    let Bearer::Party(liable) = &charge.bearer else { return None };
    let kind = match charge.kind {
        ChargeKind::Test => ClaimKind::Test,
        ChargeKind::Verdict => ClaimKind::Penalty,
        ChargeKind::Repair => ClaimKind::Repair,
    };
    // A penalty for a verdict is another one than that for a contract.
    let claim = raise(case, now, kind, liable.clone(), total_fen(lines), &charge.what)?;
    let reference = charge.which().to_owned();
    Some(Claim { reference, payee: charge.payee.clone(), ..claim })
}

fn raise(
    case: &Case,
    at: Timestamp,
    kind: ClaimKind,
    liable: Liable,
    amount_fen: i64,
    reference: &str,
) -> Option<Claim> {
    if amount_fen <= 0 || liable == Liable::Retailer {
        return None;
    }
    let rules = case.decision.as_ref().map(|decision| decision.rules.clone()).unwrap_or_default();
    Some(Claim {
        id: ClaimId::new(claim_id(case.id, &format!("{kind}/{reference}"))),
        version: 1,
        case: case.id,
        kind,
        liable,
        brand: case.filing.brand.to_string(),
        payee: None,
        requested_fen: amount_fen,
        amount_fen,
        state: ClaimState::Raised,
        certificate: counting(case).map(|one| one.id),
        rules,
        reference: reference.to_owned(),
        raised_at: at,
        respond_by: at + RESPONSE,
        changed_at: at,
        period: None,
    })
}

/// Half a fen is rounded up.
fn percent(fen: i64, percent: u32) -> i64 {
    let hundredths = i128::from(fen.max(0)) * i128::from(percent);
    i64::try_from((hundredths + 50) / 100).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_fen_is_rounded_up() {
        assert_eq!(percent(399_900, 5), 19_995);
        assert_eq!(percent(10, 5), 1);
        assert_eq!(percent(9, 5), 0);
        assert_eq!(percent(i64::MAX, 5), i64::MAX / 20);
    }
}
