//! The ledger: every fen that is owed, paid, claimed and netted, in double entry.
//!
//! Owns the accounts, the postings and their rows. A posting is made of moves, each of which takes from one
//! account what it gives to another, so that its lines add up to zero by construction. Postings are pure
//! functions of what happened (`postings.rs`) and are written in the commit of what happened, so the ledger
//! balances in every snapshot of the database. Lines are never changed and never deleted: what was wrong is
//! corrected by a posting the other way round.
//!
//! It deliberately moves no money and decides nothing: who owes what is decided elsewhere and only written
//! down here. Amounts are whole fen of CNY, a debit positive and a credit negative.

mod migration;
pub mod postings;
pub mod read;

use parasol_casebook::RowOp;
use parasol_journey::time::Timestamp;
use sea_orm::ActiveValue::Set;
use uuid::Uuid;

use crate::claims::liable::Liable;
use crate::listed::listed;
use crate::settlement::period::Period;
use crate::tables::ledger_entries;

pub use migration::Books;

listed! {
    /// The accounts, the whole of them.
    Account {
        /// What customers were promised and have not been paid yet.
        CustomerPayable = "customer_payable",
        /// Money at the payment provider; paying lessens it.
        ProviderClearing = "provider_clearing",
        /// What was promised to customers in place of whoever has to bear it, not claimed yet.
        Advances = "advances",
        /// Goods handed out as replacements, at the price the first unit was sold for.
        ReplacementStock = "replacement_stock",
        /// What the retailer bears itself of refunds and replacements.
        RefundExpense = "refund_expense",
        /// What the retailer gives of its own accord.
        GoodwillExpense = "goodwill_expense",
        /// Claimed from a partner, who has not answered yet.
        ClaimsPending = "claims_pending",
        /// Claimed from a partner, who disputes it: held until finance has looked.
        ClaimsDisputed = "claims_disputed",
        /// Accepted claims on brands.
        BrandReceivable = "brand_receivable",
        /// Accepted claims on service centres.
        CentreReceivable = "centre_receivable",
        /// Accepted claims on the carrier.
        CarrierReceivable = "carrier_receivable",
        /// Accepted claims on the installer.
        InstallerReceivable = "installer_receivable",
        /// Accepted claims on the insurer.
        InsurerReceivable = "insurer_receivable",
        /// What the retailer owes a partner, for goods and for parts that a centre kept.
        PartnerPayable = "partner_payable",
        /// What a partner has deposited.
        PartnerDeposit = "partner_deposit",
        /// Penalties claimed and not accepted yet.
        PenaltiesDeferred = "penalties_deferred",
        /// Penalties that were accepted.
        PenaltyIncome = "penalty_income",
        /// Charges for parts that did not come back, claimed and not accepted yet.
        PartsDeferred = "parts_deferred",
        /// What tests of disputes have cost and nobody has been charged with yet.
        TestCosts = "test_costs",
        /// Tests that the retailer bears itself.
        TestExpense = "test_expense",
        /// What laboratories and experts are to be paid; a centre's is its payable.
        TestPayable = "test_payable",
        /// What customers are to pay for tests that they lost.
        CustomerReceivable = "customer_receivable",
        /// Repairs under warranty, claimed and not accepted yet.
        RepairsDeferred = "repairs_deferred",
        /// The other side of payables that purchasing reports.
        Purchases = "purchases",
        /// The other side of deposits that the bank reports.
        Bank = "bank",
    }
}

listed! {
    /// What a posting is about.
    PostingKind {
        /// A refund or a compensation was decided.
        Promised = "promised",
        /// A decided payment is owed no longer, and was not made.
        Released = "released",
        /// Money reached the customer.
        Paid = "paid",
        /// The retailer bears what was advanced.
        Borne = "borne",
        /// Tests of a dispute were made.
        Tested = "tested",
        /// A customer was charged with tests.
        CustomerCharged = "customer_charged",
        /// A claim was raised.
        ClaimRaised = "claim_raised",
        /// A claim was accepted, by word, by silence or by finance.
        ClaimAccepted = "claim_accepted",
        /// A claim was disputed.
        ClaimDisputed = "claim_disputed",
        /// A claim was withdrawn before it was accepted.
        ClaimWithdrawn = "claim_withdrawn",
        /// An accepted claim was taken back: a correction.
        Correction = "correction",
        /// A statement was closed: receivables against payables, then against the deposit.
        Netted = "netted",
        /// Purchasing reported what is owed to a partner, or the bank a deposit.
        Funds = "funds",
    }
}

/// An account, with the partner it is kept for where there is one per partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    account: Account,
    partner: Option<Liable>,
}

impl Place {
    /// An account of the house.
    pub const fn of(account: Account) -> Self {
        Self { account, partner: None }
    }

    /// An account kept for a partner.
    pub fn with(account: Account, partner: &Liable) -> Self {
        Self { account, partner: Some(partner.clone()) }
    }

    /// The receivable of a partner.
    pub fn receivable(partner: &Liable) -> Self {
        Self::with(partner.receivable(), partner)
    }
}

/// A line of a posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where.
    pub place: Place,
    /// How much in fen: a debit is positive, a credit negative, none is zero.
    pub amount_fen: i64,
}

/// Lines that stand or fall together and add up to zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    id: Uuid,
    kind: PostingKind,
    case: Uuid,
    claim: Uuid,
    at: Timestamp,
    period: Period,
    lines: Vec<Line>,
}

impl Posting {
    /// A posting without lines. Its id follows from what it is about, so that writing it twice is writing it
    /// once.
    pub fn new(id: Uuid, kind: PostingKind, at: Timestamp) -> Self {
        let (case, claim, period) = (Uuid::nil(), Uuid::nil(), Period::of(at));
        Self { id, kind, case, claim, at, period, lines: Vec::new() }
    }

    /// The same about a case.
    #[must_use]
    pub fn about(self, case: Uuid) -> Self {
        Self { case, ..self }
    }

    /// The same about a claim.
    #[must_use]
    pub fn on_claim(self, claim: Uuid) -> Self {
        Self { claim, ..self }
    }

    /// The same, counted to a period that is over: only closing it does that.
    #[must_use]
    pub fn closing(self, period: Period) -> Self {
        Self { period, ..self }
    }

    /// Debits one account and credits another with the same amount. Nothing moves nothing, and a negative
    /// amount moves the other way.
    #[must_use]
    pub fn moves(mut self, amount_fen: i64, debit: Place, credit: Place) -> Self {
        let Some(negative) = amount_fen.checked_neg().filter(|_| amount_fen != 0) else {
            return self;
        };
        self.lines.push(Line { place: debit, amount_fen });
        self.lines.push(Line { place: credit, amount_fen: negative });
        self
    }

    /// What it is about.
    pub fn kind(&self) -> PostingKind {
        self.kind
    }

    /// Its lines; they add up to zero.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Whether nothing moves.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// What is written where the id cannot have been used: in the commit of a case's step, whose version is
    /// in the id.
    pub fn rows(self) -> impl Iterator<Item = RowOp> {
        self.models().map(RowOp::put)
    }

    /// What is written where the id may have been used: whoever comes second is refused.
    pub fn rows_once(self) -> impl Iterator<Item = RowOp> {
        self.models().map(RowOp::claim)
    }

    fn models(self) -> impl Iterator<Item = ledger_entries::ActiveModel> {
        debug_assert_eq!(self.lines.iter().map(|line| line.amount_fen).sum::<i64>(), 0);
        let Self { id, kind, case, claim, at, period, lines } = self;
        (0_i64..).zip(lines).map(move |(number, line)| ledger_entries::ActiveModel {
            posting: Set(id),
            line: Set(number),
            case_id: Set(case),
            claim: Set(claim),
            at: Set(at.micros()),
            period: Set(period.to_string()),
            kind: Set(kind.as_str().to_owned()),
            account: Set(line.place.account.as_str().to_owned()),
            party: Set(line.place.partner.as_ref().map(Liable::key).unwrap_or_default()),
            amount_fen: Set(line.amount_fen),
        })
    }
}

#[cfg(test)]
mod tests;
