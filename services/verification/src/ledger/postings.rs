//! Postings as pure functions of what happened to a case.
//!
//! What a case owes its customer follows from its state alone ([`owed`]), so the account of customers is the
//! fold of the log at every moment, whatever leads into a payment or out of it.

use parasol_casebook::Change;
use parasol_journey::event::Fact;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use parasol_journey::{Case, Event, Stage};
use uuid::Uuid;

use super::{Account, Place, Posting, PostingKind};
use crate::charges::{Charge, ChargeKind};
use crate::claims::liable::{Liable, who_bears};
use crate::claims::lines::Line;
use crate::claims::{Claim, ClaimState};

/// Names the space of postings. Never change it: a posting would be written a second time.
const POSTINGS: Uuid = Uuid::from_u128(0x7d0c_51b6_0f2e_5c8a_8b43_91e7_25aa_6f03);

/// What a case owes its customer, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owed {
    /// By a decision.
    pub refund_fen: i64,
    /// Of the retailer's own accord.
    pub goodwill_fen: i64,
}

/// What a case owes its customer now: the payment it is about to make.
pub fn owed(case: &Case) -> Owed {
    let amount_fen = case.to_pay_fen().max(0);
    match case.stage {
        Stage::Refunding => Owed { refund_fen: amount_fen, ..Owed::default() },
        Stage::Compensating => Owed { goodwill_fen: amount_fen, ..Owed::default() },
        _ => Owed::default(),
    }
}

/// The id of a posting, from its parts.
pub fn posting_id(parts: &[&str]) -> Uuid {
    Uuid::new_v5(&POSTINGS, parts.join("/").as_bytes())
}

/// The postings of one step of a case; the claims it raises post for themselves.
pub fn of_change(change: &Change<'_>) -> Vec<Posting> {
    let (case, at) = (change.after, change.after.updated_at);
    let before = change.before.map(owed).unwrap_or_default();
    let after = owed(case);
    let paid = Paid::in_change(change);
    let replaced_fen = replaced_fen(change);
    // Most steps move no money, and cost nothing here.
    if before == after && paid == Paid::default() && replaced_fen == 0 {
        return Vec::new();
    }
    let new = |kind: PostingKind, what: &str| {
        let id = posting_id(&[&case.id.to_string(), &case.version.to_string(), what]);
        Posting::new(id, kind, at).about(case.id.uuid())
    };
    let customer = || Place::of(Account::CustomerPayable);
    let promised = Owed {
        refund_fen: after.refund_fen - before.refund_fen + paid.refund_fen,
        goodwill_fen: after.goodwill_fen - before.goodwill_fen + paid.goodwill_fen,
    };
    let is_release = promised.refund_fen < 0 || promised.goodwill_fen < 0;
    let kind = if is_release { PostingKind::Released } else { PostingKind::Promised };
    let postings = [
        new(kind, "promised")
            .moves(promised.refund_fen, Place::of(Account::Advances), customer())
            .moves(promised.goodwill_fen, Place::of(Account::GoodwillExpense), customer()),
        new(PostingKind::Paid, "paid").moves(
            paid.refund_fen + paid.goodwill_fen,
            customer(),
            Place::of(Account::ProviderClearing),
        ),
        borne(case, new(PostingKind::Borne, "borne"), paid.refund_fen, replaced_fen),
    ];
    postings.into_iter().filter(|posting| !posting.is_empty()).collect()
}

/// What nobody can be asked for stays with the retailer.
fn borne(case: &Case, posting: Posting, refund_fen: i64, replaced_fen: i64) -> Posting {
    if who_bears(case) != Liable::Retailer {
        return posting;
    }
    let expense = || Place::of(Account::RefundExpense);
    posting.moves(refund_fen, expense(), Place::of(Account::Advances)).moves(
        replaced_fen,
        expense(),
        Place::of(Account::ReplacementStock),
    )
}

/// What a new unit that was handed over stands in the books for.
fn replaced_fen(change: &Change<'_>) -> i64 {
    let is_replaced = |event: &Event| matches!(event.fact, Fact::ReplacementDelivered { .. });
    match change.events.iter().any(is_replaced) {
        true => change.after.filing.price_fen.max(0),
        false => 0,
    }
}

/// What reached the customer in one step, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paid {
    /// By a decision.
    pub refund_fen: i64,
    /// Of the retailer's own accord.
    pub goodwill_fen: i64,
}

impl Paid {
    /// What the events of a change say was paid.
    pub fn in_change(change: &Change<'_>) -> Self {
        let mut paid = Self::default();
        for event in change.events {
            let amount_of = |number: &str| {
                let found = change.after.paid.iter().rev().find(|one| one.operation == number);
                found.map_or(0, |one| one.amount_fen.max(0))
            };
            match &event.fact {
                Fact::RefundPaid { operation } => paid.refund_fen += amount_of(operation),
                Fact::CompensationPaid { operation } => paid.goodwill_fen += amount_of(operation),
                _ => {}
            }
        }
        paid
    }
}

/// The posting of a claim that is raised.
pub fn raised(claim: &Claim) -> Posting {
    let pending = Place::with(Account::ClaimsPending, &claim.liable);
    of_claim(claim, PostingKind::ClaimRaised, claim.raised_at).moves(
        claim.amount_fen,
        pending,
        Place::of(claim.kind.source()),
    )
}

/// The posting of a claim that is accepted for so much; here and below `claim` is as it was before. What is not
/// approved goes back to where the claim was taken from.
pub fn accepted(claim: &Claim, amount_fen: i64, at: Timestamp) -> Posting {
    let source = || Place::of(claim.kind.source());
    let posting = of_claim(claim, PostingKind::ClaimAccepted, at)
        .moves(amount_fen, Place::receivable(&claim.liable), held_at(claim))
        .moves(claim.amount_fen - amount_fen, source(), held_at(claim));
    match claim.earns() {
        Some(earned) => posting.moves(amount_fen, source(), earned),
        None => posting,
    }
}

/// The posting of tests that were made: whoever tested is to be paid, whoever bears that in the end.
pub fn tested(charge: &Charge, lines: &[Line], now: Timestamp) -> Posting {
    let posting = of_charge(charge, PostingKind::Tested, now);
    lines.iter().fold(posting, |posting, line| {
        let owed = match &line.payee {
            Some(payee) => Place::with(Account::PartnerPayable, payee),
            None => Place::of(Account::TestPayable),
        };
        posting.moves(line.requested_fen(), Place::of(Account::TestCosts), owed)
    })
}

/// The posting of tests that the customer is to pay.
pub fn owed_by_customer(charge: &Charge, amount_fen: i64, now: Timestamp) -> Posting {
    of_charge(charge, PostingKind::CustomerCharged, now).moves(
        amount_fen,
        Place::of(Account::CustomerReceivable),
        Place::of(Account::TestCosts),
    )
}

/// The posting of what the retailer bears itself: tests, or a repair that a centre gets money for.
pub fn borne_charge(charge: &Charge, amount_fen: i64, now: Timestamp) -> Posting {
    let posting = of_charge(charge, PostingKind::Borne, now);
    match (charge.kind, &charge.payee) {
        (ChargeKind::Repair, Some(payee)) => posting.moves(
            amount_fen,
            Place::of(Account::RefundExpense),
            Place::with(Account::PartnerPayable, payee),
        ),
        (ChargeKind::Test, _) => posting.moves(
            amount_fen,
            Place::of(Account::TestExpense),
            Place::of(Account::TestCosts),
        ),
        _ => posting,
    }
}

/// What a charge posts is posted once: its id follows from what it is for. It counts in the month in which it is
/// priced, because that of its entry may be closed.
fn of_charge(charge: &Charge, kind: PostingKind, now: Timestamp) -> Posting {
    let id = posting_id(&["charge", &charge.case.to_string(), &charge.what, kind.as_str()]);
    Posting::new(id, kind, now).about(charge.case.uuid())
}

/// The posting of a claim that is disputed.
pub fn disputed(claim: &Claim, at: Timestamp) -> Posting {
    of_claim(claim, PostingKind::ClaimDisputed, at).moves(
        claim.amount_fen,
        Place::with(Account::ClaimsDisputed, &claim.liable),
        Place::with(Account::ClaimsPending, &claim.liable),
    )
}

/// The posting of a claim that is withdrawn before it was accepted.
pub fn withdrawn(claim: &Claim, at: Timestamp) -> Posting {
    let lost = Place::of(claim.kind.lost_to());
    let posting = of_claim(claim, PostingKind::ClaimWithdrawn, at);
    posting.moves(claim.amount_fen, lost, held_at(claim))
}

/// The posting that takes an accepted claim back.
pub fn corrected(claim: &Claim, at: Timestamp) -> Posting {
    let lost = claim.earns().unwrap_or(Place::of(claim.kind.lost_to()));
    let receivable = Place::receivable(&claim.liable);
    of_claim(claim, PostingKind::Correction, at).moves(claim.amount_fen, lost, receivable)
}

/// Where an unanswered or a disputed claim stands.
fn held_at(claim: &Claim) -> Place {
    let account = match claim.state {
        ClaimState::Disputed => Account::ClaimsDisputed,
        _ => Account::ClaimsPending,
    };
    Place::with(account, &claim.liable)
}

fn of_claim(claim: &Claim, kind: PostingKind, at: Timestamp) -> Posting {
    let id = posting_id(&[&claim.id.to_string(), &claim.version.to_string(), kind.as_str()]);
    Posting::new(id, kind, at).about(claim.case.uuid()).on_claim(claim.id.uuid())
}

/// The id of the posting that nets a partner's period.
pub fn netting_id(party: &str, period: &str) -> Uuid {
    posting_id(&["netted", party, period])
}

/// The id of a claim: one per case and what it is for.
pub fn claim_id(case: CaseId, what: &str) -> Uuid {
    posting_id(&["claim", &case.to_string(), what])
}
