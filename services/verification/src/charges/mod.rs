//! Charges: what a case has cost beside its remedy, priced by a rate card once it is known.
//!
//! Owns which entries of a log cause a charge and who bears it: the tests of a dispute, which its loser pays; the
//! verdict that did not stand, whose centre pays a penalty and the tests it has brought about; the repair under
//! warranty, for which a centre gets visits, labour and parts from whoever bears the repair. A charge is written
//! in the commit of its entry and says nothing of money; the settlement prices it by the card in force at that
//! moment, so that a card may be put at any time and a decision never waits for one.
//!
//! It deliberately decides nothing about the remedy itself: a refund goes by its cause, whoever was wrong about
//! that at first.

mod migration;
pub mod pricing;

use parasol_casebook::{Change, RowOp};
use parasol_journey::case::Inspected;
use parasol_journey::certificate::Level;
use parasol_journey::event::Fact;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::{Cause, Function, Party, Remedy};
use parasol_journey::{Case, Event};
use sea_orm::ActiveValue::Set;
use serde::{Deserialize, Serialize};

use crate::claims::liable::{Liable, bears_repair};
use crate::facts::{counting, panel};
use crate::listed::listed;
use crate::tables::charges;

pub use migration::Charges;

listed! {
    /// What is charged.
    ChargeKind {
        /// The tests of a dispute.
        Test = "test",
        /// A verdict that did not stand.
        Verdict = "verdict",
        /// A repair under warranty.
        Repair = "repair",
    }
}

/// Who bears a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// A partner, who is claimed from; or the retailer itself.
    Party(Liable),
    /// The customer.
    Customer,
}

impl Bearer {
    /// The text form.
    pub fn key(&self) -> String {
        match self {
            Self::Party(party) => party.key(),
            Self::Customer => "customer".to_owned(),
        }
    }

    /// Reads the text form.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "customer" => Some(Self::Customer),
            _ => Liable::parse(text).map(Self::Party),
        }
    }
}

/// Tests that a dispute has brought about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tested {
    /// The word of the rate card.
    pub code: String,
    /// Who tested, as a partner; empty for laboratories and experts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// How often.
    pub times: i64,
}

/// What is to be charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The case.
    pub case: CaseId,
    /// What tells it from others of the case.
    pub what: String,
    /// What kind.
    pub kind: ChargeKind,
    /// Who bears it.
    pub bearer: Bearer,
    /// Who is to get it; `None` where it is the retailer's.
    pub payee: Option<Liable>,
    /// The tests, of [`ChargeKind::Test`].
    pub tests: Vec<Tested>,
    /// The entry of the log that causes it.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
}

impl Charge {
    /// Its row, charged or not yet.
    pub fn row(&self, charged: bool) -> RowOp {
        let tests = match self.tests.is_empty() {
            true => String::new(),
            false => serde_json::to_string(&self.tests).expect("words and numbers are JSON"),
        };
        RowOp::put(charges::ActiveModel {
            case_id: Set(self.case.uuid()),
            what: Set(self.what.clone()),
            kind: Set(self.kind.as_str().to_owned()),
            party: Set(self.bearer.key()),
            payee: Set(self.payee.as_ref().map(Liable::key).unwrap_or_default()),
            body: Set(tests),
            seq: Set(i64::try_from(self.seq).unwrap_or(i64::MAX)),
            at: Set(self.at.micros()),
            charged: Set(i64::from(charged)),
        })
    }

    /// A charge out of its row; `None` where the row is of another release.
    pub fn read(row: &charges::Model) -> Option<Self> {
        let payee = match row.payee.as_str() {
            "" => None,
            text => Some(Liable::parse(text)?),
        };
        let tests = match row.body.as_str() {
            "" => Vec::new(),
            text => serde_json::from_str(text).ok()?,
        };
        Some(Self {
            case: CaseId::new(row.case_id),
            what: row.what.clone(),
            kind: ChargeKind::parse(&row.kind)?,
            bearer: Bearer::parse(&row.party)?,
            payee,
            tests,
            seq: u64::try_from(row.seq).ok()?,
            at: Timestamp::from_micros(row.at),
        })
    }
}

/// The charges that a step causes.
pub fn of_change(change: &Change<'_>) -> Vec<Charge> {
    let mut charges = Vec::new();
    for event in change.events {
        match &event.fact {
            Fact::DisputeDecided { loser, .. } => {
                charges.extend(tested(change.after, event, *loser));
                charges.extend(wrong_verdict(change.after, event));
            }
            Fact::RepairCompleted => charges.extend(repaired(change, event)),
            _ => {}
        }
    }
    charges
}

/// The loser pays the test. Where a centre's verdict has brought it about and did not stand, that is the centre;
/// else it is the brand, which also bears a test that could not tell.
fn tested(case: &Case, event: &Event, loser: Party) -> Option<Charge> {
    let tests = tests_of(case);
    if tests.is_empty() {
        return None;
    }
    let bearer = match loser {
        Party::Customer => Bearer::Customer,
        _ => Bearer::Party(
            wrong_centre(case)
                .map_or_else(|| Liable::Brand(case.filing.brand.clone()), |(_, centre)| centre),
        ),
    };
    Some(charge(case, event, ChargeKind::Test, &event.seq.to_string(), bearer).with(tests))
}

/// Who was tested by, and how often: what was ordered and did not take place costs nothing.
fn tests_of(case: &Case) -> Vec<Tested> {
    let answers = case.certificates.iter().filter(|one| one.answers_dispute);
    let certified = answers.filter_map(|one| {
        let (code, by) = match one.finding.level {
            Level::First => return None,
            Level::Second => ("second_inspection", one.centre.clone().map(Liable::Centre)),
            Level::Lab => ("laboratory", None),
        };
        let by = by.as_ref().map(Liable::key).unwrap_or_default();
        Some(Tested { code: code.to_owned(), by, times: 1 })
    });
    let panel = case.dispute.as_ref().and_then(|dispute| dispute.panel.as_ref());
    let opinions = panel.map_or(0, |panel| panel.opinions.len());
    let experts = (opinions > 0).then(|| Tested {
        code: "panel_expert".to_owned(),
        by: String::new(),
        times: i64::try_from(opinions).unwrap_or(i64::MAX),
    });
    certified.chain(experts).collect()
}

/// A verdict that did not stand costs its centre a penalty, once.
fn wrong_verdict(case: &Case, event: &Event) -> Option<Charge> {
    let (wrong, centre) = wrong_centre(case)?;
    let certificate = wrong.id.to_string();
    Some(charge(case, event, ChargeKind::Verdict, &certificate, Bearer::Party(centre)))
}

/// The verdict that did not stand, with the centre that issued it: what speaks with more authority finds a fault
/// of the product where it blamed the user or found nothing.
fn wrong_centre(case: &Case) -> Option<(&Inspected, Liable)> {
    let (function, cause, level) = match (panel(case), counting(case)) {
        (Some((function, cause)), _) => (function, cause, Level::Lab),
        (None, Some(last)) => (last.finding.function, last.finding.cause, last.finding.level),
        (None, None) => return None,
    };
    if function != Function::Fault || cause != Cause::Product {
        return None;
    }
    let blamed = |cause| matches!(cause, Cause::User | Cause::UnauthorisedOpening);
    let is_wrong = |one: &&Inspected| {
        one.finding.level < level
            && (blamed(one.finding.cause) || one.finding.function == Function::Normal)
    };
    let wrong = case.certificates.iter().rfind(is_wrong)?;
    Some((wrong, Liable::Centre(wrong.centre.clone()?)))
}

/// A repair under warranty, for whoever has the work, from whoever bears it. One that the customer agreed to pay
/// is between the customer and the centre, and of what a centre bears itself it gets nothing.
fn repaired(change: &Change<'_>, event: &Event) -> Option<Charge> {
    let case = change.after;
    let is_warranty = case.remedy.is_some_and(|(remedy, _)| remedy == Remedy::Repair)
        && !case.quote.is_some_and(|quote| quote.accepted);
    if !is_warranty {
        return None;
    }
    let order = change.before.and_then(|before| before.work_order.as_ref());
    let centre = Liable::Centre(order.or(case.work_order.as_ref())?.centre.clone());
    let bearer = bears_repair(case);
    if bearer == centre {
        return None;
    }
    let number = event.seq.to_string();
    let charge = charge(case, event, ChargeKind::Repair, &number, Bearer::Party(bearer));
    Some(Charge { payee: Some(centre), ..charge })
}

fn charge(case: &Case, event: &Event, kind: ChargeKind, which: &str, bearer: Bearer) -> Charge {
    Charge {
        case: case.id,
        what: format!("{kind}/{which}"),
        kind,
        bearer,
        payee: None,
        tests: Vec::new(),
        seq: event.seq,
        at: event.at,
    }
}

impl Charge {
    fn with(self, tests: Vec<Tested>) -> Self {
        Self { tests, ..self }
    }

    /// What tells it from others of its kind: the last part of what it is for.
    pub fn which(&self) -> &str {
        self.what.split_once('/').map_or("", |(_, which)| which)
    }
}

#[cfg(test)]
mod tests {
    use parasol_journey::case::{Dispute, Opinion, Panel};
    use parasol_journey::time::Timestamp;

    use super::*;
    use crate::facts::tests::{filed_on, found};

    fn inspected(level: Level, cause: Cause, centre: &str) -> Inspected {
        let mut one = found(level);
        one.finding.cause = cause;
        one.answers_dispute = level > Level::First;
        one.centre = (level < Level::Lab).then(|| centre.parse().unwrap());
        one
    }

    fn disputed(certificates: Vec<Inspected>) -> Case {
        let at = Timestamp::parse("2026-06-10T09:30:00+08:00").unwrap();
        let mut case = filed_on(at, at);
        case.certificates = certificates;
        case.dispute = Some(Dispute::opened("verdict".to_owned(), None));
        case
    }

    fn decided(case: &Case, loser: Party) -> Vec<Charge> {
        let event = Event {
            seq: 7,
            at: case.updated_at,
            actor: parasol_journey::Actor::policy(),
            fact: Fact::DisputeDecided { loser, tests: 1 },
            stage: case.stage,
            turn: None,
            armed: vec![],
            cancelled: vec![],
            heard: None,
        };
        of_change(&Change { before: Some(case), after: case, events: &[event] })
    }

    /// Who bears the tests, and whether there is a penalty, by what was said and what stands.
    #[test]
    fn the_loser_pays_the_test_and_who_was_wrong_a_penalty() {
        use Cause::{Product, Transport, User};
        use Level::{First, Lab, Second};
        let brand = "brand:aurora";
        for (said, stands, level, loser, payer, penalty) in [
            (User, Product, Second, Party::Brand, "centre:a-1", Some("centre:a-1")),
            (User, Product, Lab, Party::Brand, "centre:a-1", Some("centre:a-1")),
            (User, User, Second, Party::Customer, "customer", None),
            (User, Transport, Second, Party::Brand, brand, None),
            (User, Cause::Undetermined, Lab, Party::Brand, brand, None),
            (Product, Product, Second, Party::Brand, brand, None),
        ] {
            let case =
                disputed(vec![inspected(First, said, "a-1"), inspected(level, stands, "a-2")]);
            let charges = decided(&case, loser);
            let of = |kind| charges.iter().find(|one| one.kind == kind);
            let tests = of(ChargeKind::Test).unwrap();
            assert_eq!(tests.bearer.key(), payer, "{said} {stands}");
            let by = if level == Second { "centre:a-2" } else { "" };
            assert_eq!((tests.tests.len(), tests.tests[0].by.as_str()), (1, by));
            let charged = of(ChargeKind::Verdict).map(|one| one.bearer.key());
            assert_eq!(charged.as_deref(), penalty, "{said} {stands}");
        }
    }

    #[test]
    fn a_panel_costs_its_opinions_and_stands_above_certificates() {
        let mut case = disputed(vec![inspected(Level::First, Cause::User, "a-1")]);
        let opinion = |expert: &str| Opinion {
            expert: expert.to_owned(),
            function: Function::Fault,
            cause: Cause::Product,
        };
        let panel = Panel {
            experts: ["e-1", "e-2", "e-3"].map(str::to_owned).to_vec(),
            opinions: vec![opinion("e-1"), opinion("e-2")],
            finding: Some((Function::Fault, Cause::Product)),
        };
        case.dispute.as_mut().unwrap().panel = Some(panel);
        let charges = decided(&case, Party::Brand);
        assert_eq!(
            charges[0].tests,
            [Tested { code: "panel_expert".into(), by: String::new(), times: 2 }]
        );
        assert_eq!(charges[0].bearer.key(), "centre:a-1");
        assert_eq!(charges[1].kind, ChargeKind::Verdict);
    }

    #[test]
    fn a_dispute_without_a_test_costs_nobody_anything() {
        let case = disputed(vec![inspected(Level::First, Cause::User, "a-1")]);
        assert_eq!(decided(&case, Party::Brand), []);
        assert_eq!(decided(&case, Party::Customer), []);
    }

    #[test]
    fn a_charge_reads_back_from_its_row() {
        let case = disputed(vec![
            inspected(Level::First, Cause::User, "a-1"),
            inspected(Level::Second, Cause::Product, "a-2"),
        ]);
        for charge in decided(&case, Party::Brand) {
            let RowOp::Put(_, cells) = charge.row(false) else { panic!("a row is put") };
            assert_eq!(cells.len(), 9);
            let row = charges::Model {
                case_id: charge.case.uuid(),
                what: charge.what.clone(),
                kind: charge.kind.to_string(),
                party: charge.bearer.key(),
                payee: String::new(),
                body: match charge.tests.is_empty() {
                    true => String::new(),
                    false => serde_json::to_string(&charge.tests).unwrap(),
                },
                seq: 7,
                at: charge.at.micros(),
                charged: 0,
            };
            assert_eq!(Charge::read(&row), Some(charge));
        }
    }
}
