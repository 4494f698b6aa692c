//! What holds of postings whatever happens.

use std::collections::BTreeMap;

use parasol_casebook::Change;
use parasol_journey::actor::Actor;
use parasol_journey::case::{Goodwill, PaidOut};
use parasol_journey::event::{Decision, Event, Fact, OfferedRemedy};
use parasol_journey::ids::{ClaimId, DecisionId};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::Remedy;
use parasol_journey::{Case, Stage};
use proptest::prelude::*;
use uuid::Uuid;

use super::postings::{of_change, owed, raised};
use super::{Account, Posting};
use crate::claims::liable::Liable;
use crate::claims::{Claim, ClaimAct, ClaimKind, ClaimState, raising};
use crate::facts::tests::filed_on;
use crate::settlement::period::Period;

const STAGES: &[Stage] = &[
    Stage::Deciding,
    Stage::Refunding,
    Stage::Compensating,
    Stage::AwaitConfirm,
    Stage::Disputed,
    Stage::Closed,
];

fn now() -> Timestamp {
    Timestamp::parse("2026-06-10T09:30:00+08:00").unwrap()
}

fn event(case: &Case, fact: Fact) -> Event {
    Event {
        seq: case.version,
        at: case.updated_at,
        actor: Actor::policy(),
        fact,
        stage: case.stage,
        turn: None,
        armed: vec![],
        cancelled: vec![],
        heard: None,
    }
}

/// A case in a stage with a remedy of this amount, decided on these terms.
fn case(stage: Stage, amount_fen: i64, (payer, recourse): (&str, &str)) -> Case {
    let mut case = filed_on(now(), now());
    case.stage = stage;
    case.remedy = Some((Remedy::Refund, amount_fen));
    case.goodwill = Some(Goodwill { amount_fen, from: Stage::Deciding });
    case.decision = Some(Decision {
        id: DecisionId::new(Uuid::from_u128(1)),
        policy: case.filing.policy.clone(),
        rules: vec!["R10".to_owned()],
        offered: vec![OfferedRemedy {
            remedy: Remedy::Refund,
            amount_fen,
            payer: payer.to_owned(),
            recourse: recourse.to_owned(),
        }],
        certificate: None,
        overrides: false,
    });
    case
}

fn adds_up(postings: &[Posting]) -> bool {
    postings.iter().all(|one| one.lines().iter().map(|line| line.amount_fen).sum::<i64>() == 0)
}

/// The balances of some postings, by account.
fn balances(postings: &[Posting]) -> BTreeMap<Account, i64> {
    let mut balances = BTreeMap::new();
    for line in postings.iter().flat_map(Posting::lines) {
        *balances.entry(line.place.account).or_default() += line.amount_fen;
    }
    balances
}

fn terms() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("brand", ""),
        ("seller", "brand"),
        ("seller", ""),
        ("carrier", "seller"),
        ("insurer", ""),
        ("repairer", ""),
        ("loser", ""),
    ])
}

proptest! {
    /// From any stage to any stage, with or without a payment recorded on the way.
    #[test]
    fn whatever_happens_to_a_case_every_posting_adds_up_to_zero(
        from in prop::sample::select(STAGES),
        to in prop::sample::select(STAGES),
        (before_fen, after_fen) in (0_i64..1_000_000, 0_i64..1_000_000),
        terms in terms(),
        is_paid in any::<bool>(),
        is_gift in any::<bool>(),
    ) {
        let before = case(from, before_fen, terms);
        let mut after = case(to, after_fen, terms);
        after.version = before.version + 1;
        let mut events = Vec::new();
        if is_paid {
            let operation = "pay_1".to_owned();
            after.paid.push(PaidOut { operation: operation.clone(), amount_fen: before_fen, goodwill: is_gift });
            let fact = match is_gift {
                true => Fact::CompensationPaid { operation },
                false => Fact::RefundPaid { operation },
            };
            events.push(event(&after, fact));
        }
        let change = Change { before: Some(&before), after: &after, events: &events };
        let mut postings = of_change(&change);
        let claims = raising::of_change(&change);
        postings.extend(claims.iter().map(raised));
        prop_assert!(adds_up(&postings), "{postings:?}");
        let balances = balances(&postings);
        let on = |account| balances.get(&account).copied().unwrap_or_default();
        // What customers are owed is the fold of the log at every moment.
        let (was, is) = (owed(&before), owed(&after));
        let promised = is.refund_fen + is.goodwill_fen - was.refund_fen - was.goodwill_fen;
        prop_assert_eq!(on(Account::CustomerPayable), -promised);
        let paid_fen = if is_paid { before_fen } else { 0 };
        prop_assert_eq!(on(Account::ProviderClearing), -paid_fen);
        let refunded_fen = if is_gift { 0 } else { paid_fen };
        prop_assert_eq!(on(Account::ClaimsPending) + on(Account::RefundExpense), refunded_fen);
    }

    /// Whatever is done to a claim, its amount stands in one place: where its state says.
    #[test]
    fn a_claim_stands_where_its_state_says(
        kind in prop::sample::select(ClaimKind::ALL),
        acts in prop::collection::vec(prop::sample::select(ClaimAct::ALL), 0..12),
        amount_fen in 1_i64..1_000_000_000,
        approved_fen in 0_i64..1_000_000_000,
    ) {
        let mut claim = claim(kind, amount_fen);
        let mut postings = vec![raised(&claim)];
        for (days, act) in (1..).zip(acts) {
            let at = claim.raised_at + Span::days(days);
            // Less may be approved than was requested, and never more.
            let cut = claim.act_for(act, approved_fen, at);
            let is_cut = act != ClaimAct::Net && (1..claim.amount_fen).contains(&approved_fen);
            let accepts = claim.state.after(act) == Some(ClaimState::Accepted);
            prop_assert!(cut.is_none() || approved_fen == claim.amount_fen || (is_cut && accepts));
            if let Some((after, posting)) = cut.or_else(|| claim.act(act, at)) {
                prop_assert_eq!(after.version, claim.version + 1);
                prop_assert!(after.amount_fen <= claim.amount_fen && after.amount_fen > 0);
                postings.extend(posting);
                claim = after;
            }
        }
        prop_assert!(adds_up(&postings));
        let (balances, amount_fen) = (balances(&postings), claim.amount_fen);
        let on = |account| balances.get(&account).copied().unwrap_or_default();
        let stands = |states: &[ClaimState]| if states.contains(&claim.state) { amount_fen } else { 0 };
        prop_assert_eq!(on(Account::ClaimsPending), stands(&[ClaimState::Raised]));
        prop_assert_eq!(on(Account::ClaimsDisputed), stands(&[ClaimState::Disputed]));
        let accepted = [ClaimState::Accepted, ClaimState::Netted];
        prop_assert_eq!(on(Account::CentreReceivable), stands(&accepted));
        match kind {
            ClaimKind::Penalty | ClaimKind::Part | ClaimKind::Repair => {
                let earned = on(Account::PenaltyIncome) + on(Account::PartnerPayable);
                prop_assert_eq!(earned, -stands(&accepted));
                let open = stands(&[ClaimState::Raised, ClaimState::Disputed]);
                prop_assert_eq!(on(kind.source()), -open);
            }
            ClaimKind::Refund | ClaimKind::Replacement | ClaimKind::Test => {
                prop_assert_eq!(on(kind.lost_to()), stands(&[ClaimState::Withdrawn]));
            }
        }
        let accepted = |one: &Posting| one.kind() == super::PostingKind::ClaimAccepted;
        prop_assert_eq!(claim.period.is_some(), postings.iter().any(accepted));
    }
}

fn claim(kind: ClaimKind, amount_fen: i64) -> Claim {
    let case = filed_on(now(), now());
    Claim {
        id: ClaimId::new(Uuid::from_u128(9)),
        version: 1,
        case: case.id,
        kind,
        liable: Liable::Centre("a-1".parse().unwrap()),
        brand: "aurora".to_owned(),
        payee: (kind == ClaimKind::Repair).then(|| Liable::Centre("a-9".parse().unwrap())),
        requested_fen: amount_fen,
        amount_fen,
        state: ClaimState::Raised,
        certificate: None,
        rules: vec![],
        reference: String::new(),
        raised_at: now(),
        respond_by: now() + Span::days(7),
        changed_at: now(),
        period: None,
    }
}

#[test]
fn a_claim_that_is_accepted_counts_in_the_month_of_that() {
    let at = Timestamp::parse("2026-07-01T00:00:00+08:00").unwrap();
    let (after, _) = claim(ClaimKind::Refund, 1).act(ClaimAct::Lapse, at).unwrap();
    assert_eq!(after.period, Period::parse("2026-07"));
}
