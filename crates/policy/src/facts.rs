//! Everything a decision may depend on, and nothing else.
//!
//! The caller works these out from the case log, the certificate, the order line and the calendars.
//! Deliberately absent: the customer's identity, influence, purchase history and value. Two
//! customers with the same facts get the same outcome.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use parasol_journey::ids::County;
use parasol_journey::vocab::{CaseKind, Category, Cause, Function, Remedy};
use serde::{Deserialize, Serialize};

use crate::promises::PromiseSet;

/// The facts of one case at the moment of deciding.
///
/// [`Facts::new`] gives a calm starting point (nothing happened yet, nothing wrong); set what
/// differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The Shanghai day of filing, which dated rows and parameters go by; `None` stands for the
    /// first day the pack is for.
    #[serde(default)]
    pub filed_on: Option<NaiveDate>,
    /// What was filed.
    pub kind: CaseKind,
    /// The appliance's category.
    pub category: Category,
    /// Where the unit was delivered; selects the provincial rows.
    pub province: Province,
    /// What was paid and what it costs elsewhere in time.
    pub prices: Prices,
    /// How old the purchase is.
    pub age: Age,
    /// What the certificate found; `None` while nobody has inspected the unit.
    pub finding: Option<Finding>,
    /// Repairs and waiting so far.
    pub history: History,
    /// Deadlines that were missed.
    pub breaches: Breaches,
    /// Promises that are in force for this unit, unused and not excluded. Whether the day count
    /// still fits is the pack's business.
    pub promises: PromiseSet,
    /// What the customer asked for; `None` when not asked yet.
    pub wish: Option<Remedy>,
    /// The whole unit is inside its longest applicable warranty (law, brand or promise), days in
    /// repair and waiting taken out; see [`crate::in_validity`].
    pub in_validity: bool,
    /// The faulty part is a main part inside its own, longer warranty.
    pub part_in_validity: bool,
    /// How the purchase is proven.
    pub proof: Proof,
    /// Gas, fire or shock danger was seen.
    pub danger: bool,
    /// No-reason return: the goods are declared intact, and not found otherwise.
    pub intact: bool,
    /// No-reason return: the customer confirmed at purchase that these goods are excluded.
    pub exclusion_confirmed: bool,
    /// Another item, or another serial than the one sold, was delivered.
    pub wrong_item: bool,
    /// Hours from signing to the report of transport damage; `None` when none was reported.
    pub transport_report_hours: Option<u32>,
    /// The same model can be delivered.
    pub stock_same_model: bool,
    /// The customer contests the finding.
    pub customer_disputes: bool,
    /// The customer's own photos or video show the fault to the evidence standard.
    pub customer_evidence: bool,
    /// What a guided test by video or on site showed.
    pub guided_test: GuidedTest,
    /// No repair service can be had where the customer lives.
    pub no_service: bool,
    /// The unit was installed by the seller's or the brand's installer.
    pub installer_ours: bool,
    /// The installation did not only fail, it damaged the unit.
    pub unit_damaged: bool,
    /// The extended warranty covers this fault; without that promise in force it counts as `false`.
    pub extension_covers: bool,
    /// The extended warranty's repair limit is used up.
    pub extension_limit_reached: bool,
    /// Something came with the unit as a gift.
    #[serde(default)]
    pub gifts: bool,
}

/// Prices of the unit in fen, each 0 up to [`crate::PRICE_FEN_MAX`]; values outside are cut to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Prices {
    /// What the customer actually paid.
    pub paid_fen: i64,
    /// What the same model costs now, where known.
    pub now_fen: Option<i64>,
    /// What it cost on the day a promised deadline was missed, where one was.
    pub overdue_day_fen: Option<i64>,
}

/// Age of the purchase on the day of filing. A count of days is 0 on the starting day itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Age {
    /// Days since the invoice.
    pub invoice_days: u32,
    /// Days since the customer received the goods.
    pub receipt_days: u32,
    /// Days since installation was completed, when installing is the seller's duty; 0 while it is
    /// still outstanding. `None` when the seller does not install.
    pub installation_days: Option<u32>,
    /// Months gone by since receipt; see [`crate::months_elapsed`].
    pub months: u32,
    /// Statutory rest days in an unbroken row directly before the day of filing. A period whose
    /// last day is a rest day runs to the next day that is none (民法典 art. 203).
    pub rest_days_before: u32,
}

impl Age {
    /// Days since the quality duty began: installation where the seller installs, else receipt
    /// (消法实施条例 art. 18).
    pub fn service_start_days(&self) -> u32 {
        self.installation_days.unwrap_or(self.receipt_days)
    }
}

/// What one certificate says, as far as it can matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Why the unit is as it is.
    pub cause: Cause,
    /// Whether it works.
    pub function: Function,
    /// 1 first inspection, 2 second inspection by another centre, 3 laboratory or expert panel.
    pub level: u32,
    /// The finding is proven to the evidence standard (photos, measurement, the stated sign).
    pub evidence_ok: bool,
    /// Whether the inspected unit is the one that was sold.
    pub identity: Identity,
}

impl Finding {
    /// A first-level finding with sound evidence on the right unit.
    pub fn first(cause: Cause, function: Function) -> Self {
        Self { cause, function, level: 1, evidence_ok: true, identity: Identity::Matches }
    }
}

/// Repairs and waiting, over the whole time in validity unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct History {
    /// Completed repairs of the same fault.
    pub repairs: u32,
    /// Days in repair, all repairs together.
    pub repair_days: u32,
    /// Days waiting for parts that are not already in `repair_days`.
    pub waiting_days: u32,
    /// Days since the unit was sent for the present repair, while a part is missing; else 0.
    pub parts_wait_days: u32,
    /// Days the repairer has had the unit for the present repair by the repairer's own cause; else
    /// 0.
    pub repairer_wait_days: u32,
    /// Inspections that ended without a result, the present one included.
    pub inspections_without_result: u32,
    /// Days from the last completed repair of the same fault to the day of filing; `None` where there was
    /// none.
    #[serde(default)]
    pub days_since_repair: Option<u32>,
}

/// Deadlines that were missed. The clocks are kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Breaches {
    /// The brand let a deadline pass without a word.
    pub brand_silent: bool,
    /// The brand let the time for completing its evidence pass.
    pub brand_evidence_late: bool,
    /// Promises whose own clock has run out, by the ids of the pack's `[[promise]]` rows.
    #[serde(default)]
    pub promises: PromiseSet,
}

/// Whether the inspected unit is the one that was sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// Serial and model are those sold.
    Matches,
    /// They differ, and why is not known yet.
    Differs,
    /// They were altered, and that is proven.
    Altered,
}

/// How the purchase is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// An invoice or a 三包 certificate.
    Documents,
    /// Only the retailer's own order record.
    OrderRecord,
    /// Only the factory date on the nameplate.
    FactoryDate,
    /// Nothing at all.
    Nothing,
}

/// What a guided test by video or on site showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuidedTest {
    /// None was made.
    NotDone,
    /// The unit worked.
    Passed,
    /// The fault showed again.
    Failed,
}

impl Facts {
    /// A quiet case: delivered today, in warranty, proven, in stock, nothing inspected or
    /// contested.
    pub fn new(kind: CaseKind, category: Category, province: Province, paid_fen: i64) -> Self {
        Self {
            filed_on: None,
            kind,
            category,
            province,
            prices: Prices { paid_fen, ..Prices::default() },
            age: Age::default(),
            finding: None,
            history: History::default(),
            breaches: Breaches::default(),
            promises: PromiseSet::default(),
            wish: None,
            in_validity: true,
            part_in_validity: true,
            proof: Proof::Documents,
            danger: false,
            intact: true,
            exclusion_confirmed: false,
            wrong_item: false,
            transport_report_hours: None,
            stock_same_model: true,
            customer_disputes: false,
            customer_evidence: false,
            guided_test: GuidedTest::NotDone,
            no_service: false,
            installer_ours: true,
            unit_damaged: false,
            extension_covers: false,
            extension_limit_reached: false,
            gifts: false,
        }
    }
}

/// A province-level division by the first two digits of GB/T 2260, for example `33` for Zhejiang.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Province(u8);

/// The text is no province-level code of GB/T 2260.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no province code (two digits of GB/T 2260, such as \"33\" for Zhejiang)")]
pub struct UnknownProvince(String);

impl Province {
    /// Every province-level code in GB/T 2260.
    pub const CODES: [u8; 34] = [
        11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51,
        52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82,
    ];

    /// The province with this code, if there is one.
    pub fn new(code: u8) -> Option<Self> {
        Self::CODES.contains(&code).then_some(Self(code))
    }

    /// The province a county lies in; an error for a code that GB/T 2260 does not have.
    pub fn of(county: &County) -> Result<Self, UnknownProvince> {
        county.province().parse()
    }

    /// The two-digit code.
    pub fn code(self) -> u8 {
        self.0
    }
}

impl FromStr for Province {
    type Err = UnknownProvince;
    fn from_str(text: &str) -> Result<Self, UnknownProvince> {
        let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        let code = if digits { text.parse().ok() } else { None };
        code.and_then(Self::new).ok_or_else(|| UnknownProvince(text.to_owned()))
    }
}

impl TryFrom<String> for Province {
    type Error = UnknownProvince;
    fn try_from(text: String) -> Result<Self, UnknownProvince> {
        text.parse()
    }
}

impl From<Province> for String {
    fn from(province: Province) -> Self {
        province.to_string()
    }
}

impl fmt::Display for Province {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use parasol_journey::vocab::Promise;

    use super::*;

    #[test]
    fn a_province_comes_from_a_county_or_is_refused() {
        let county: County = "330106".parse().unwrap();
        assert_eq!(Province::of(&county).unwrap().code(), 33);
        for wrong in ["", "3", "333", "99", "+3", "ab"] {
            assert!(wrong.parse::<Province>().is_err(), "{wrong:?} was accepted");
        }
    }

    #[test]
    fn facts_read_what_they_write() {
        let mut facts = Facts::new(
            CaseKind::Quality,
            Category::Television,
            Province::new(37).unwrap(),
            299_900,
        );
        facts.promises = [Promise::Return30, Promise::FreightInsurance].into_iter().collect();
        facts.finding = Some(Finding::first(Cause::Product, Function::Fault));
        let text = serde_json::to_string(&facts).unwrap();
        assert!(text.contains(r#""promises":["return_30","freight_insurance"]"#), "{text}");
        assert_eq!(serde_json::from_str::<Facts>(&text).unwrap(), facts);
    }
}
