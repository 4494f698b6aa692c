//! Who bears what a case costs in the end.
//!
//! Pure: the case decides, through the payer that the rule named, the recourse the rule gives, and what the
//! certificate that counts found. Nobody is liable who is not named by one of these; then it is the retailer.

use std::fmt;

use parasol_journey::Case;
use parasol_journey::ids::{BrandId, CentreId};
use parasol_journey::vocab::{CaseKind, Cause, Party, Remedy};

use crate::facts::counting;
use crate::ledger::Account;

/// Somebody money can be claimed from, and the retailer, from whom it is not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Liable {
    /// Nobody else: the retailer bears it.
    Retailer,
    /// The manufacturer.
    Brand(BrandId),
    /// A service centre.
    Centre(CentreId),
    /// Whoever moved the goods.
    Carrier,
    /// Whoever installed the unit.
    Installer,
    /// The insurer of a promise.
    Insurer,
}

impl Liable {
    /// The text form, for example `brand:aurora` or `carrier`.
    pub fn key(&self) -> String {
        self.to_string()
    }

    /// Reads the text form.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("brand", id)) => id.parse().ok().map(Self::Brand),
            Some(("centre", id)) => id.parse().ok().map(Self::Centre),
            Some(_) => None,
            None => match text {
                "retailer" => Some(Self::Retailer),
                "carrier" => Some(Self::Carrier),
                "installer" => Some(Self::Installer),
                "insurer" => Some(Self::Insurer),
                _ => None,
            },
        }
    }

    /// The account of what it has accepted.
    pub fn receivable(&self) -> Account {
        match self {
            // Nothing is claimed from the retailer; what it bears is an expense.
            Self::Retailer => Account::RefundExpense,
            Self::Brand(_) => Account::BrandReceivable,
            Self::Centre(_) => Account::CentreReceivable,
            Self::Carrier => Account::CarrierReceivable,
            Self::Installer => Account::InstallerReceivable,
            Self::Insurer => Account::InsurerReceivable,
        }
    }
}

impl fmt::Display for Liable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retailer => f.write_str("retailer"),
            Self::Brand(brand) => write!(f, "brand:{brand}"),
            Self::Centre(centre) => write!(f, "centre:{centre}"),
            Self::Carrier => f.write_str("carrier"),
            Self::Installer => f.write_str("installer"),
            Self::Insurer => f.write_str("insurer"),
        }
    }
}

/// Who bears the remedy that a case has carried out.
///
/// * A return without a reason is the retailer's: the rule's payer there only says who pays the freight.
/// * Whoever the rule or the agent names as payer bears it: the brand, the carrier, the installer, the insurer.
/// * What the loser of a test is to pay is borne by the brand's side where the dispute went against it.
/// * Of what the seller is to pay, whoever the rule lets the seller recover it from bears it.
/// * Without a rule that names somebody, damage in transport is the carrier's and a fault of the installation
///   the installer's. The rest, promises beyond the law among it, is borne by the retailer, who sold them.
///
/// A verdict that did not stand changes nothing here: a refund for a fault of the product is the brand's, whoever
/// blamed the user first. What such a verdict costs is charged beside it ([`crate::charges`]).
pub fn who_bears(case: &Case) -> Liable {
    if case.filing.kind == CaseKind::NoReason {
        return Liable::Retailer;
    }
    terms(case).map_or(Liable::Retailer, |terms| by_terms(case, terms))
}

/// Who bears a repair under warranty: whoever the repairer may recover it from, else as any remedy.
pub fn bears_repair(case: &Case) -> Liable {
    let decision = case.decision.as_ref();
    let offered = decision.map(|decision| decision.offered.as_slice()).unwrap_or_default();
    let Some(repair) = offered.iter().find(|one| one.remedy == Remedy::Repair) else {
        return Liable::Retailer;
    };
    match (repair.payer.as_str(), repair.recourse.as_str()) {
        ("repairer", "brand") => Liable::Brand(case.filing.brand.clone()),
        terms => by_terms(case, terms),
    }
}

fn by_terms(case: &Case, (payer, recourse): (&str, &str)) -> Liable {
    let brand = || Liable::Brand(case.filing.brand.clone());
    match payer {
        "brand" => brand(),
        "carrier" => Liable::Carrier,
        "installer" => Liable::Installer,
        "insurer" => Liable::Insurer,
        "repairer" => repairer(case).unwrap_or_else(brand),
        "loser" => match case.dispute.as_ref().and_then(|dispute| dispute.loser) {
            Some(Party::Brand) => brand(),
            Some(Party::Centre) => repairer(case).unwrap_or_else(brand),
            _ => Liable::Retailer,
        },
        _ => match (recourse, counting(case).map(|one| one.finding.cause)) {
            ("brand", _) => brand(),
            ("carrier", _) | (_, Some(Cause::Transport)) => Liable::Carrier,
            ("installer", _) | (_, Some(Cause::Installation)) => Liable::Installer,
            ("insurer", _) => Liable::Insurer,
            _ => Liable::Retailer,
        },
    }
}

/// The payer and the recourse of the remedy that is carried out.
fn terms(case: &Case) -> Option<(&str, &str)> {
    let remedy = match (case.remedy, &case.replacement) {
        (Some((remedy, _)), _) => remedy,
        (None, Some(_)) => Remedy::Replace,
        (None, None) => return None,
    };
    let offered = &case.decision.as_ref()?.offered;
    let chosen = offered.iter().find(|one| one.remedy == remedy)?;
    Some((chosen.payer.as_str(), chosen.recourse.as_str()))
}

/// The centre that repaired: the one on the job, or the last that was.
fn repairer(case: &Case) -> Option<Liable> {
    let working = case.work_order.as_ref().map(|order| &order.centre);
    let issued = case.certificates.iter().rev().find_map(|one| one.centre.as_ref());
    working.or(issued).cloned().map(Liable::Centre)
}

#[cfg(test)]
mod tests {
    use parasol_journey::case::Inspected;
    use parasol_journey::certificate::Level;
    use parasol_journey::event::{Decision, OfferedRemedy};
    use parasol_journey::ids::DecisionId;
    use parasol_journey::time::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::facts::tests::{filed_on, found};

    fn refunded(payer: &str, recourse: &str) -> Case {
        let at = Timestamp::parse("2026-06-10T09:30:00+08:00").unwrap();
        let mut case = filed_on(at, at);
        case.remedy = Some((Remedy::Refund, 100));
        case.decision = Some(Decision {
            id: DecisionId::new(Uuid::from_u128(1)),
            policy: case.filing.policy.clone(),
            rules: vec!["R10".to_owned()],
            offered: vec![OfferedRemedy {
                remedy: Remedy::Refund,
                amount_fen: 100,
                payer: payer.to_owned(),
                recourse: recourse.to_owned(),
            }],
            certificate: None,
            overrides: false,
        });
        case
    }

    fn inspected(level: Level, cause: Cause, centre: &str) -> Inspected {
        let mut one = found(level);
        one.finding.cause = cause;
        one.centre = Some(centre.parse().unwrap());
        one
    }

    #[test]
    fn the_text_form_reads_back() {
        for text in ["retailer", "brand:aurora", "centre:a-1", "carrier", "installer", "insurer"] {
            assert_eq!(Liable::parse(text).unwrap().key(), text);
        }
        for wrong in ["", "brand", "brand:", "lab:x", "carrier:x"] {
            assert_eq!(Liable::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn whoever_the_rule_names_bears_it() {
        let brand = Liable::Brand("aurora".parse().unwrap());
        for (payer, recourse, expected) in [
            ("brand", "", brand.clone()),
            ("seller", "brand", brand),
            ("carrier", "seller", Liable::Carrier),
            ("installer", "", Liable::Installer),
            ("insurer", "", Liable::Insurer),
            ("seller", "", Liable::Retailer),
            ("loser", "", Liable::Retailer),
        ] {
            let case = refunded(payer, recourse);
            assert_eq!(who_bears(&case), expected, "{payer} {recourse}");
        }
    }

    #[test]
    fn without_a_name_the_cause_decides() {
        for (cause, expected) in [
            (Cause::Transport, Liable::Carrier),
            (Cause::Installation, Liable::Installer),
            (Cause::User, Liable::Retailer),
        ] {
            let mut case = refunded("seller", "");
            case.certificates.push(inspected(Level::First, cause, "a-1"));
            assert_eq!(who_bears(&case), expected, "{cause}");
        }
    }

    #[test]
    fn a_refund_goes_by_its_cause_whoever_was_wrong_about_it_first() {
        let mut case = refunded("seller", "brand");
        case.certificates.push(inspected(Level::First, Cause::User, "a-1"));
        case.certificates.push(inspected(Level::Second, Cause::Product, "a-2"));
        assert_eq!(who_bears(&case), Liable::Brand("aurora".parse().unwrap()));
    }

    #[test]
    fn a_repair_is_borne_by_whoever_the_rule_names() {
        let brand = Liable::Brand("aurora".parse().unwrap());
        for (payer, recourse, expected) in [
            ("repairer", "brand", brand.clone()),
            ("brand", "", brand),
            ("installer", "", Liable::Installer),
            ("insurer", "", Liable::Insurer),
            ("seller", "", Liable::Retailer),
            ("repairer", "", Liable::Centre("a-1".parse().unwrap())),
        ] {
            let mut case = refunded(payer, recourse);
            case.decision.as_mut().unwrap().offered[0].remedy = Remedy::Repair;
            case.certificates.push(inspected(Level::First, Cause::Product, "a-1"));
            assert_eq!(bears_repair(&case), expected, "{payer} {recourse}");
        }
        assert_eq!(bears_repair(&refunded("brand", "")), Liable::Retailer, "no repair was offered");
    }

    #[test]
    fn a_return_without_a_reason_is_claimed_from_nobody() {
        let mut case = refunded("insurer", "");
        case.filing.kind = CaseKind::NoReason;
        assert_eq!(who_bears(&case), Liable::Retailer);
    }
}
