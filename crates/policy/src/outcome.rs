//! What comes out of a decision: the ruling, the rows it rests on, and what is owed on top.

use std::sync::Arc;

use parasol_journey::vocab::{Party, Remedy};
use serde::{Deserialize, Serialize};

use crate::amount::Refund;
use crate::rule::{RuleId, RuleText};

/// A row that fired, with its source and its sentence to the customer.
pub type FiredRule = Arc<RuleText>;

/// The outcome of one evaluation. The same pack and facts give an equal one, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The version of the pack that decided.
    pub pack_version: Arc<str>,
    /// The ruling; never empty.
    pub ruling: Ruling,
    /// Every row that fired, in the order in which it did; never empty.
    pub fired: Vec<FiredRule>,
    /// Duties beside the ruling, in the order of the enum, each once.
    pub extras: Vec<Extra>,
    /// Fixed goodwill on top of everything else.
    pub goodwill: Goodwill,
}

/// Exactly one of the three things a decision can say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// The customer chooses one of these; ordered as [`Remedy`], each remedy at most once.
    Offered(Vec<Offer>),
    /// Nothing is owed, for a reason.
    Denied(Denial),
    /// Something must happen first.
    Needs(Requirement),
}

/// How a customer's wish fares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// Nothing was asked for, or nothing can be said yet.
    Open,
    /// It is on offer; so are these, which give more.
    Granted {
        /// The remedies that give more than what was asked for.
        better: Vec<Remedy>,
    },
    /// It is not on offer; the customer chooses among what is, and the wish stays on record.
    NotOwed,
}

/// One remedy on offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The remedy.
    pub remedy: Remedy,
    /// How much money, for a refund; `None` for the others.
    pub refund: Option<Refund>,
    /// Who bears transport, test and labour towards the customer.
    pub payer: Payer,
    /// Whom the payer may recover it from, where a row names somebody.
    pub recourse: Option<Payer>,
    /// The row that set these terms.
    pub rule: RuleId,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// Why.
    pub reason: DenialReason,
    /// What the customer can do instead.
    pub instead: Instead,
    /// Who bears transport and test.
    pub payer: Option<Payer>,
    /// The row that refused.
    pub rule: RuleId,
}

/// A step that must come before anything can be decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// The step.
    pub need: Need,
    /// Who bears its cost.
    pub payer: Option<Payer>,
    /// The row that asks for it.
    pub rule: RuleId,
}

/// A fixed amount and points, owed on top of the ruling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Goodwill {
    /// Money in fen, not negative.
    pub fen: i64,
    /// Loyalty points.
    pub points: u32,
}

/// Who bears the cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payer {
    /// The retailer.
    Seller,
    /// The manufacturer.
    Brand,
    /// Whoever moved the goods.
    Carrier,
    /// Whoever installed the unit.
    Installer,
    /// The customer.
    Customer,
    /// The insurer of a promise or of the freight.
    Insurer,
    /// Whoever repaired the unit.
    Repairer,
    /// Whomever the test finds against.
    Loser,
}

impl Payer {
    /// The word for it in packs, tables and the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seller => "seller",
            Self::Brand => "brand",
            Self::Carrier => "carrier",
            Self::Installer => "installer",
            Self::Customer => "customer",
            Self::Insurer => "insurer",
            Self::Repairer => "repairer",
            Self::Loser => "loser",
        }
    }
}

/// Why nothing is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DenialReason {
    /// The goods are not intact.
    NotIntact,
    /// The days for a return without a reason are over.
    NoReasonPeriodOver,
    /// The customer confirmed at purchase that these goods are excluded.
    ConfirmedExclusion,
    /// The unit works.
    NoFaultFound,
    /// The user's doing, proven.
    UserDamage,
    /// Opened by somebody who was not authorised.
    UnauthorisedOpening,
    /// Neither invoice nor certificate nor any record of the purchase.
    NoProofOfPurchase,
    /// The certificate or the serial was altered, proven.
    CertificateAltered,
    /// Lightning, flood and the like.
    ForceMajeure,
    /// Out of warranty, and no promise or extension helps.
    OutOfValidity,
}

/// What a refused customer can do instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instead {
    /// Nothing but contest it.
    #[default]
    Nothing,
    /// A repair at the customer's cost, quoted beforehand.
    PaidRepair,
    /// File again as a quality case.
    QualityCase,
}

/// What must happen before a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// A first inspection.
    Inspection,
    /// Another visit, because the last one ended without a result.
    SecondVisit,
    /// A second inspection by another centre.
    SecondInspection,
    /// A laboratory.
    Lab,
    /// A test guided by video or on site.
    GuidedTest,
    /// The brand completes its evidence.
    BrandEvidence,
    /// Somebody compares the serial on site.
    OnSiteIdentityCheck,
    /// Power, water or surroundings are put right, then the unit is inspected again.
    SurroundingsMended,
    /// A person decides within their authority.
    Agent,
}

impl Payer {
    /// Whom a missed deadline is charged to that this payer answers for.
    pub(crate) fn party(self) -> Party {
        match self {
            Self::Brand => Party::Brand,
            Self::Repairer | Self::Installer => Party::Centre,
            Self::Carrier => Party::Carrier,
            Self::Seller | Self::Customer | Self::Insurer | Self::Loser => Party::Retailer,
        }
    }
}

/// A duty beside the ruling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extra {
    /// Tell the customer to stop using the unit.
    StopUse,
    /// File an incident report.
    IncidentReport,
    /// Lend a unit until the customer's own is back.
    Loaner,
    /// Pay transport and travel.
    TransportPaid,
    /// Pay for the customer's lost time.
    LostTimePaid,
    /// Tell the customer about the safe-use life of the unit.
    SafeUseNotice,
    /// What came with the unit as a gift goes back with it.
    ReturnGifts,
}

impl Need {
    /// Whether somebody must go to the unit for it.
    pub fn is_visit(self) -> bool {
        match self {
            Self::Inspection
            | Self::SecondVisit
            | Self::SecondInspection
            | Self::OnSiteIdentityCheck
            | Self::SurroundingsMended => true,
            Self::Lab | Self::GuidedTest | Self::BrandEvidence | Self::Agent => false,
        }
    }
}

impl Outcome {
    /// What is on offer; empty for a denial or a need.
    pub fn offers(&self) -> &[Offer] {
        match &self.ruling {
            Ruling::Offered(offers) => offers,
            Ruling::Denied(_) | Ruling::Needs(_) => &[],
        }
    }

    /// The offer of one remedy, if it is in the set the customer may choose from.
    pub fn offer(&self, remedy: Remedy) -> Option<&Offer> {
        self.offers().iter().find(|offer| offer.remedy == remedy)
    }

    /// The denial, if the outcome is one.
    pub fn denied(&self) -> Option<&Denial> {
        match &self.ruling {
            Ruling::Denied(denial) => Some(denial),
            Ruling::Offered(_) | Ruling::Needs(_) => None,
        }
    }

    /// What must happen first, if something must.
    pub fn needs(&self) -> Option<&Requirement> {
        match &self.ruling {
            Ruling::Needs(requirement) => Some(requirement),
            Ruling::Offered(_) | Ruling::Denied(_) => None,
        }
    }

    /// How a wish fares: a customer who asked for less than they are owed gets it and hears of the
    /// rest; one who asked for more is shown what there is.
    pub fn heard(&self, wish: Option<Remedy>) -> Heard {
        match (&self.ruling, wish) {
            (Ruling::Offered(offers), Some(wish))
                if offers.iter().any(|one| one.remedy == wish) =>
            {
                let better = offers.iter().map(|one| one.remedy).filter(|one| *one > wish);
                Heard::Granted { better: better.collect() }
            }
            (Ruling::Offered(_), Some(_)) => Heard::NotOwed,
            _ => Heard::Open,
        }
    }

    /// Whether this row fired, by its full id such as `R23-33-days`.
    pub fn rests_on(&self, id: &str) -> bool {
        self.fired.iter().any(|rule| rule.id.as_str() == id)
    }
}
