//! Claims: what the retailer has paid or handed out in place of whoever has to bear it, asked back.
//!
//! Owns the life of a claim, from the step of the case that raises it to the statement it is netted in. A
//! claim has a life of its own beside its case, which has often ended by the time it is answered: raised,
//! accepted or disputed within seven days, accepted by silence after them; a disputed one is upheld or
//! withdrawn by finance. Which step leads where is said by one table, [`STEPS`].
//!
//! It deliberately decides nothing about customers: a claim is raised after the customer has been paid, and
//! whatever becomes of it the customer keeps the money.

pub mod acting;
pub mod liable;
pub mod lines;
pub mod raising;
pub mod store;

use parasol_journey::ids::{CaseId, CertificateId, ClaimId};
use parasol_journey::time::{Span, Timestamp};

use crate::ledger::{Account, Place, Posting, postings};
use crate::listed::listed;
use crate::settlement::period::Period;
use liable::Liable;

/// How long whoever is claimed from may accept or dispute; then silence accepts (platform rule: seven days).
pub const RESPONSE: Span = Span::days(7);

listed! {
    /// What is claimed.
    ClaimKind {
        /// A refund that the retailer advanced.
        Refund = "refund",
        /// A new unit that the retailer handed out, at the price the first one was sold for.
        Replacement = "replacement",
        /// The penalty of a broken contract, withheld.
        Penalty = "penalty",
        /// A defective part that did not come back to the brand in time.
        Part = "part",
        /// What the tests of a dispute have cost.
        Test = "test",
        /// A repair under warranty, by the rate card, for the centre that made it.
        Repair = "repair",
    }
}

listed! {
    /// Where a claim stands.
    ClaimState {
        /// Waits for an answer.
        Raised = "raised",
        /// Stands; counts in the statement of the month in which it was accepted.
        Accepted = "accepted",
        /// Disputed; held until finance has looked.
        Disputed = "disputed",
        /// Netted in a statement that is closed.
        Netted = "netted",
        /// Taken back.
        Withdrawn = "withdrawn",
    }
}

listed! {
    /// What can be done to a claim.
    ClaimAct {
        /// Raised, by a step of its case or by a part that is overdue.
        Raise = "raise",
        /// Accepted by whoever is claimed from.
        Accept = "accept",
        /// Accepted by silence.
        Lapse = "lapse",
        /// Disputed by whoever is claimed from.
        Dispute = "dispute",
        /// Upheld by finance.
        Uphold = "uphold",
        /// Withdrawn by finance.
        Withdraw = "withdraw",
        /// Netted by closing a statement.
        Net = "net",
    }
}

/// Which act is open where, and where it leads; everything else is refused.
pub const STEPS: &[(ClaimState, ClaimAct, ClaimState)] = &[
    (ClaimState::Raised, ClaimAct::Accept, ClaimState::Accepted),
    (ClaimState::Raised, ClaimAct::Lapse, ClaimState::Accepted),
    (ClaimState::Raised, ClaimAct::Dispute, ClaimState::Disputed),
    (ClaimState::Raised, ClaimAct::Withdraw, ClaimState::Withdrawn),
    (ClaimState::Disputed, ClaimAct::Accept, ClaimState::Accepted),
    (ClaimState::Disputed, ClaimAct::Uphold, ClaimState::Accepted),
    (ClaimState::Disputed, ClaimAct::Withdraw, ClaimState::Withdrawn),
    (ClaimState::Accepted, ClaimAct::Net, ClaimState::Netted),
    // What was accepted, or netted, is corrected: the month it counted in stays as it is.
    (ClaimState::Accepted, ClaimAct::Withdraw, ClaimState::Withdrawn),
    (ClaimState::Netted, ClaimAct::Withdraw, ClaimState::Withdrawn),
];

impl ClaimKind {
    /// The account that the claim is taken from.
    pub const fn source(self) -> Account {
        match self {
            Self::Refund => Account::Advances,
            Self::Replacement => Account::ReplacementStock,
            Self::Penalty => Account::PenaltiesDeferred,
            Self::Part => Account::PartsDeferred,
            Self::Test => Account::TestCosts,
            Self::Repair => Account::RepairsDeferred,
        }
    }

    /// Whether such claims are made of lines.
    pub const fn has_lines(self) -> bool {
        matches!(self, Self::Test | Self::Repair)
    }

    /// The account that bears a claim which came to nothing.
    pub const fn lost_to(self) -> Account {
        match self {
            Self::Refund | Self::Replacement => Account::RefundExpense,
            Self::Test => Account::TestExpense,
            Self::Penalty | Self::Part | Self::Repair => self.source(),
        }
    }
}

impl ClaimState {
    /// Where an act leads from here; `None` where it is not open.
    pub fn after(self, act: ClaimAct) -> Option<Self> {
        let step = STEPS.iter().find(|(from, by, _)| (*from, *by) == (self, act));
        step.map(|(.., to)| *to)
    }
}

/// A claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its id; follows from the case and what is claimed.
    pub id: ClaimId,
    /// How many acts it has seen; its etag.
    pub version: i64,
    /// The case behind it.
    pub case: CaseId,
    /// What is claimed.
    pub kind: ClaimKind,
    /// From whom.
    pub liable: Liable,
    /// Whose unit it is about; a part that was kept is the brand's.
    pub brand: String,
    /// Who is to get it; `None` where it is the retailer's.
    pub payee: Option<Liable>,
    /// What it was raised for, in fen; more than 0.
    pub requested_fen: i64,
    /// How much, in fen; less than was requested where less was approved.
    pub amount_fen: i64,
    /// Where it stands.
    pub state: ClaimState,
    /// The certificate that the decision rests on, if there is one.
    pub certificate: Option<CertificateId>,
    /// The rules that fired.
    pub rules: Vec<String>,
    /// What was paid, handed out, or kept: an operation number, a serial, a part.
    pub reference: String,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// By when it can be answered.
    pub respond_by: Timestamp,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// The month in which it was accepted; absent before.
    pub period: Option<Period>,
}

impl Claim {
    /// The account that earns what is accepted, where accepting earns something: the penalty is the
    /// retailer's income, the part that was kept is owed to the brand, a repair to the centre that made it.
    pub fn earns(&self) -> Option<Place> {
        match self.kind {
            ClaimKind::Refund | ClaimKind::Replacement | ClaimKind::Test => None,
            ClaimKind::Repair => {
                let payee = self.payee.as_ref()?;
                Some(Place::with(Account::PartnerPayable, payee))
            }
            ClaimKind::Penalty => Some(Place::of(Account::PenaltyIncome)),
            ClaimKind::Part => {
                let brand = self.brand.parse().ok().map(Liable::Brand)?;
                Some(Place::with(Account::PartnerPayable, &brand))
            }
        }
    }

    /// The claim after an act, with the posting that goes with it; `None` where the act is not open.
    pub fn act(&self, act: ClaimAct, at: Timestamp) -> Option<(Self, Option<Posting>)> {
        self.act_for(act, self.amount_fen, at)
    }

    /// The same where less is approved than was requested: only accepting makes a claim smaller, and of nothing
    /// none is accepted.
    pub fn act_for(
        &self,
        act: ClaimAct,
        amount_fen: i64,
        at: Timestamp,
    ) -> Option<(Self, Option<Posting>)> {
        let to = self.state.after(act)?;
        let is_less = amount_fen != self.amount_fen;
        if is_less && (to != ClaimState::Accepted || !(1..self.amount_fen).contains(&amount_fen)) {
            return None;
        }
        let posting = match (self.state, to) {
            (_, ClaimState::Accepted) => Some(postings::accepted(self, amount_fen, at)),
            (_, ClaimState::Disputed) => Some(postings::disputed(self, at)),
            (ClaimState::Accepted | ClaimState::Netted, ClaimState::Withdrawn) => {
                Some(postings::corrected(self, at))
            }
            (_, ClaimState::Withdrawn) => Some(postings::withdrawn(self, at)),
            // The posting is the statement's.
            _ => None,
        };
        let period = match to {
            ClaimState::Accepted => Some(Period::of(at)),
            _ => self.period,
        };
        let version = self.version + 1;
        let after = Self { version, state: to, amount_fen, changed_at: at, period, ..self.clone() };
        Some((after, posting))
    }
}
