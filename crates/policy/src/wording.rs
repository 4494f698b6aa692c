//! Facts as people write them: a flat list of words, of which only what matters need be given.
//!
//! The words are those of the conditions of a pack. What is left out follows from what is given: the
//! warranty from the days and the category, the certificate from its cause or function. Going back,
//! [`FactsForm::of`] leaves out whatever would follow by itself.

use chrono::NaiveDate;
use parasol_journey::vocab::{CaseKind, Category, Cause, Function, Promise, Remedy};
use serde::{Deserialize, Serialize};

use crate::facts::{
    Age, Breaches, Facts, Finding, GuidedTest, History, Identity, Prices, Proof, Province,
};
use crate::pack::Pack;
use crate::plain::plainly;
use crate::promises::PromiseSet;

macro_rules! form {
    ($($(#[$doc:meta])* $field:ident: $type:ty,)+) => {
        /// The facts of a case, in words; a word that is not given has its usual meaning.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct FactsForm {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)+
        }

        impl FactsForm {
            /// Leaves out every word without which the facts are the same.
            fn shorten(&mut self, is_same: impl Fn(&Self) -> bool) {
                $(if self.$field.is_some() {
                    let shorter = Self { $field: None, ..self.clone() };
                    if is_same(&shorter) {
                        *self = shorter;
                    }
                })+
            }
        }
    };
}

form! {
    /// What was filed; `quality` if not given.
    kind: CaseKind,
    /// The category; must be given.
    category: Category,
    /// The brand, for the length of its warranty.
    brand: String,
    /// The province; must be given.
    province: Province,
    /// The Shanghai day of filing.
    filed_on: NaiveDate,
    /// What was paid, in fen; must be given.
    paid_fen: i64,
    /// What the model costs now, in fen.
    now_fen: i64,
    /// What it cost on the day a promise was missed, in fen.
    overdue_day_fen: i64,
    /// Days since receipt and invoice, unless those are given.
    days: u32,
    /// Days since the invoice.
    invoice_days: u32,
    /// Days since receipt.
    receipt_days: u32,
    /// Days since installation, where the seller installs.
    installation_days: u32,
    /// Months since receipt; a thirty-first of the days if not given.
    months: u32,
    /// Rest days in a row before the day of filing.
    rest_days_before: u32,
    /// Whether somebody has inspected the unit; follows from `cause` and `function`.
    inspected: bool,
    /// Why the unit is as it is; `product` once inspected.
    cause: Cause,
    /// Whether it works; `fault` once inspected.
    function: Function,
    /// The level of the certificate; 1.
    level: u32,
    /// Whether the finding is proven; it is.
    evidence_ok: bool,
    /// Whether the unit inspected is the one sold; it is.
    identity: Identity,
    /// Completed repairs of the same fault.
    repairs: u32,
    /// Days in repair.
    repair_days: u32,
    /// Days waiting for parts beside those.
    waiting_days: u32,
    /// Days since the unit was sent for repair, while a part is missing.
    parts_wait_days: u32,
    /// Days the repairer has had the unit by own cause.
    repairer_wait_days: u32,
    /// Inspections without a result.
    inspections_without_result: u32,
    /// Days since the last completed repair of the same fault, where there was one.
    days_since_repair: u32,
    /// The brand let a deadline pass.
    brand_silent: bool,
    /// The brand let the time for its evidence pass.
    brand_evidence_late: bool,
    /// Promises whose clock has run out.
    promises_missed: PromiseSet,
    /// Promises in force, unused.
    promises: PromiseSet,
    /// What the customer asked for.
    wish: Remedy,
    /// The unit is in its warranty; follows from months, category and brand.
    in_validity: bool,
    /// The faulty main part is in its own warranty; follows from the same.
    part_in_validity: bool,
    /// How the purchase is proven; by documents.
    proof: Proof,
    /// A danger was seen.
    danger: bool,
    /// A return is of an intact unit; it is.
    intact: bool,
    /// The customer confirmed at purchase that a return is excluded.
    exclusion_confirmed: bool,
    /// Something else was delivered.
    wrong_item: bool,
    /// Hours from signing to the report of damage in transport.
    transport_report_hours: u32,
    /// The same model is in stock; it is.
    stock_same_model: bool,
    /// The customer contests the finding.
    customer_disputes: bool,
    /// The customer's own evidence shows the fault.
    customer_evidence: bool,
    /// What a guided test showed; none was made.
    guided_test: GuidedTest,
    /// There is no repair service.
    no_service: bool,
    /// The installer was the seller's or the brand's; it was.
    installer_ours: bool,
    /// The installation damaged the unit.
    unit_damaged: bool,
    /// The extended warranty covers the fault; it does where there is one.
    extension_covers: bool,
    /// Its repair limit is used up.
    extension_limit_reached: bool,
    /// Something came with the unit as a gift.
    gifts: bool,
}

impl FactsForm {
    /// Reads facts from TOML, or from JSON.
    ///
    /// # Errors
    /// Line and reason, in plain words.
    pub fn read(text: &str, is_json: bool) -> Result<Self, String> {
        let at = |line: usize, message: &str| {
            let reason = plainly(message, text.lines().nth(line.saturating_sub(1)));
            format!("line {line}: {reason}")
        };
        if is_json {
            return serde_json::from_str(text)
                .map_err(|error| at(error.line(), &error.to_string()));
        }
        toml::from_str(text).map_err(|error| {
            let start = error.span().unwrap_or(0..0).start;
            let before = text.get(..start).unwrap_or(text);
            at(before.matches('\n').count() + 1, error.message())
        })
    }

    /// The facts meant, under a pack.
    ///
    /// # Errors
    /// A sentence about what is missing.
    pub fn facts(&self, pack: &Pack) -> Result<Facts, String> {
        let missing = |word: &str| format!("`{word}` is missing among the facts");
        let category = self.category.ok_or_else(|| missing("category"))?;
        let province = self.province.ok_or_else(|| missing("province"))?;
        let paid_fen = self.paid_fen.ok_or_else(|| missing("paid_fen"))?;
        let kind = self.kind.unwrap_or(CaseKind::Quality);
        let quiet = Facts::new(kind, category, province, paid_fen);
        let age = self.age();
        let filed_on = self.filed_on.unwrap_or(pack.effective_from());
        let days = chrono::Days::new(u64::from(age.receipt_days));
        let sold_on = filed_on.checked_sub_days(days).unwrap_or(filed_on);
        let months = pack.months(category, self.brand.as_deref().unwrap_or_default(), sold_on);
        let promises = self.promises.clone().unwrap_or_default();
        let extended = promises.contains(Promise::ExtendedWarranty);
        let yes = |word: Option<bool>| word.unwrap_or(false);
        Ok(Facts {
            filed_on: self.filed_on,
            prices: Prices {
                paid_fen,
                now_fen: self.now_fen,
                overdue_day_fen: self.overdue_day_fen,
            },
            age,
            finding: self.finding(),
            history: self.history(),
            breaches: self.breaches(),
            promises,
            wish: self.wish,
            in_validity: self.in_validity.unwrap_or(age.months < months.whole_unit),
            part_in_validity: self
                .part_in_validity
                .unwrap_or(months.main_parts.is_some_and(|months| age.months < months)),
            proof: self.proof.unwrap_or(quiet.proof),
            danger: yes(self.danger),
            intact: self.intact.unwrap_or(quiet.intact),
            exclusion_confirmed: yes(self.exclusion_confirmed),
            wrong_item: yes(self.wrong_item),
            transport_report_hours: self.transport_report_hours,
            stock_same_model: self.stock_same_model.unwrap_or(quiet.stock_same_model),
            customer_disputes: yes(self.customer_disputes),
            customer_evidence: yes(self.customer_evidence),
            guided_test: self.guided_test.unwrap_or(quiet.guided_test),
            no_service: yes(self.no_service),
            installer_ours: self.installer_ours.unwrap_or(quiet.installer_ours),
            unit_damaged: yes(self.unit_damaged),
            extension_covers: self.extension_covers.unwrap_or(extended),
            extension_limit_reached: yes(self.extension_limit_reached),
            gifts: yes(self.gifts),
            ..quiet
        })
    }

    fn age(&self) -> Age {
        let days = self.days.unwrap_or(0);
        let receipt_days = self.receipt_days.unwrap_or(days);
        Age {
            invoice_days: self.invoice_days.unwrap_or(days),
            receipt_days,
            installation_days: self.installation_days,
            months: self.months.unwrap_or(receipt_days / 31),
            rest_days_before: self.rest_days_before.unwrap_or(0),
        }
    }

    fn finding(&self) -> Option<Finding> {
        let seen = self.cause.is_some() || self.function.is_some();
        self.inspected.unwrap_or(seen).then(|| Finding {
            cause: self.cause.unwrap_or(Cause::Product),
            function: self.function.unwrap_or(Function::Fault),
            level: self.level.unwrap_or(1),
            evidence_ok: self.evidence_ok.unwrap_or(true),
            identity: self.identity.unwrap_or(Identity::Matches),
        })
    }

    fn history(&self) -> History {
        let count = |word: Option<u32>| word.unwrap_or(0);
        History {
            repairs: count(self.repairs),
            repair_days: count(self.repair_days),
            waiting_days: count(self.waiting_days),
            parts_wait_days: count(self.parts_wait_days),
            repairer_wait_days: count(self.repairer_wait_days),
            inspections_without_result: count(self.inspections_without_result),
            days_since_repair: self.days_since_repair,
        }
    }

    fn breaches(&self) -> Breaches {
        let yes = |word: Option<bool>| word.unwrap_or(false);
        Breaches {
            brand_silent: yes(self.brand_silent),
            brand_evidence_late: yes(self.brand_evidence_late),
            promises: self.promises_missed.clone().unwrap_or_default(),
        }
    }

    /// The shortest words for some facts under a pack.
    pub fn of(facts: &Facts, pack: &Pack) -> Self {
        let mut form = Self::every_word(facts);
        form.shorten(|shorter| shorter.facts(pack).as_ref() == Ok(facts));
        form
    }

    /// The words in one line, as they would stand in a test.
    pub fn line(&self) -> String {
        let words = toml::Table::try_from(self).unwrap_or_default();
        let word = |(word, value): (&String, &toml::Value)| format!("{word} = {value}");
        words.iter().map(word).collect::<Vec<_>>().join(", ")
    }

    pub(crate) fn every_word(facts: &Facts) -> Self {
        let (age, history, breaches) = (&facts.age, &facts.history, &facts.breaches);
        let finding = facts.finding.as_ref();
        let same_days = age.invoice_days == age.receipt_days;
        Self {
            kind: Some(facts.kind),
            category: Some(facts.category),
            brand: None,
            province: Some(facts.province),
            filed_on: facts.filed_on,
            paid_fen: Some(facts.prices.paid_fen),
            now_fen: facts.prices.now_fen,
            overdue_day_fen: facts.prices.overdue_day_fen,
            days: same_days.then_some(age.receipt_days),
            invoice_days: (!same_days).then_some(age.invoice_days),
            receipt_days: (!same_days).then_some(age.receipt_days),
            installation_days: age.installation_days,
            months: Some(age.months),
            rest_days_before: Some(age.rest_days_before),
            inspected: Some(finding.is_some()),
            cause: finding.map(|found| found.cause),
            function: finding.map(|found| found.function),
            level: finding.map(|found| found.level),
            evidence_ok: finding.map(|found| found.evidence_ok),
            identity: finding.map(|found| found.identity),
            repairs: Some(history.repairs),
            repair_days: Some(history.repair_days),
            waiting_days: Some(history.waiting_days),
            parts_wait_days: Some(history.parts_wait_days),
            repairer_wait_days: Some(history.repairer_wait_days),
            inspections_without_result: Some(history.inspections_without_result),
            days_since_repair: history.days_since_repair,
            brand_silent: Some(breaches.brand_silent),
            brand_evidence_late: Some(breaches.brand_evidence_late),
            promises_missed: Some(breaches.promises.clone()),
            promises: Some(facts.promises.clone()),
            wish: facts.wish,
            in_validity: Some(facts.in_validity),
            part_in_validity: Some(facts.part_in_validity),
            proof: Some(facts.proof),
            danger: Some(facts.danger),
            intact: Some(facts.intact),
            exclusion_confirmed: Some(facts.exclusion_confirmed),
            wrong_item: Some(facts.wrong_item),
            transport_report_hours: facts.transport_report_hours,
            stock_same_model: Some(facts.stock_same_model),
            customer_disputes: Some(facts.customer_disputes),
            customer_evidence: Some(facts.customer_evidence),
            guided_test: Some(facts.guided_test),
            no_service: Some(facts.no_service),
            installer_ours: Some(facts.installer_ours),
            unit_damaged: Some(facts.unit_damaged),
            extension_covers: Some(facts.extension_covers),
            extension_limit_reached: Some(facts.extension_limit_reached),
            gifts: Some(facts.gifts),
        }
    }
}
