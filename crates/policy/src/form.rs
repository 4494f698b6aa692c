//! The shape of a pack file, word for word. Unknown words are refused where they stand.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use parasol_journey::vocab::{CaseKind, Category, Cause, Function, Remedy};
use serde::Deserialize;
use toml::Spanned;

use crate::amount::RefundRule;
use crate::facts::{GuidedTest, Identity, Proof, Province};
use crate::guidance::GuidanceForm;
use crate::layer::LayerKind;
use crate::outcome::{DenialReason, Extra, Instead, Need, Payer};
use crate::parameters::ParameterName;
use crate::probe::Flag;
use crate::rule::{Inspection, Stage};
use crate::terms::PromiseForm;

/// A file of a pack: the manifest, a layer, or both in one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileForm {
    pub(crate) version: Spanned<String>,
    pub(crate) source: String,

    // A manifest's.
    pub(crate) effective_from: Option<NaiveDate>,
    pub(crate) effective_until: Option<NaiveDate>,
    #[serde(default, rename = "include")]
    pub(crate) includes: Vec<Spanned<IncludeForm>>,

    // A layer's.
    pub(crate) layer: Option<String>,
    pub(crate) kind: Option<LayerKind>,
    pub(crate) provinces: Option<Vec<Province>>,
    pub(crate) valid_from: Option<NaiveDate>,
    pub(crate) valid_until: Option<NaiveDate>,
    #[serde(default, rename = "parameter")]
    pub(crate) parameters: Vec<Spanned<ParameterForm>>,
    #[serde(default, rename = "category")]
    pub(crate) categories: Vec<Spanned<CategoryForm>>,
    #[serde(default, rename = "warranty")]
    pub(crate) warranties: Vec<Spanned<WarrantyForm>>,
    #[serde(default, rename = "promise")]
    pub(crate) promises: Vec<Spanned<PromiseForm>>,
    #[serde(default, rename = "rule")]
    pub(crate) rules: Vec<Spanned<RuleForm>>,
    #[serde(default)]
    pub(crate) guidance: Vec<Spanned<GuidanceForm>>,
    #[serde(default, rename = "left_to_a_person")]
    pub(crate) left: Vec<Spanned<LeftForm>>,

    // Tests may stand in the same file.
    pub(crate) suppose: Option<Spanned<toml::Table>>,
    #[serde(default, rename = "test")]
    pub(crate) tests: Vec<Spanned<TestForm>>,
}

/// A layer as the manifest names it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IncludeForm {
    pub(crate) file: String,
    pub(crate) version: String,
}

/// A dated parameter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParameterForm {
    pub(crate) name: ParameterName,
    pub(crate) value: Value,
    pub(crate) from: Option<NaiveDate>,
    pub(crate) until: Option<NaiveDate>,
    pub(crate) source: String,
}

/// What a parameter says.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Value {
    YesNo(bool),
    Number(i64),
    Word(String),
}

/// A brand's warranty beyond the law.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WarrantyForm {
    pub(crate) brand: String,
    pub(crate) category: Category,
    pub(crate) whole_unit_months: u32,
    pub(crate) main_part_months: u32,
    /// By the day the unit was received.
    pub(crate) sold_from: Option<NaiveDate>,
    pub(crate) sold_until: Option<NaiveDate>,
    pub(crate) source: String,
}

/// Facts that the table leaves to a person on purpose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeftForm {
    pub(crate) when: When,
    pub(crate) why: String,
}

/// A file with nothing but tests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestsForm {
    pub(crate) suppose: Option<Spanned<toml::Table>>,
    #[serde(default, rename = "test")]
    pub(crate) tests: Vec<Spanned<TestForm>>,
}

/// A case with what must come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestForm {
    pub(crate) rule: String,
    pub(crate) source: String,
    pub(crate) case: String,
    /// Parameters that say something else than the pack's, for this test.
    #[serde(default)]
    pub(crate) parameters: BTreeMap<ParameterName, Value>,
    #[serde(default)]
    pub(crate) facts: toml::Table,
    pub(crate) expect: Expect,
    #[serde(default)]
    pub(crate) near: Near,
}

/// Near misses: facts laid over those of the test for which the row must not fire.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "`near` is a table of facts or a list of such tables")]
pub(crate) enum Near {
    One(toml::Table),
    Many(Vec<toml::Table>),
}

impl Default for Near {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Near {
    pub(crate) fn tables(&self) -> &[toml::Table] {
        match self {
            Self::One(table) => std::slice::from_ref(table),
            Self::Many(tables) => tables,
        }
    }
}

/// What must come of a case. What is not given is not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) ruling: RulingWord,
    /// Every row that fires, in order.
    pub(crate) fires: Option<Vec<String>>,
    /// What is on offer, in the order repair, replace, refund.
    pub(crate) remedies: Option<Vec<Remedy>>,
    /// Who pays for each of them: `seller`, or `seller>brand` where it is recovered.
    pub(crate) payers: Option<Vec<String>>,
    pub(crate) refund_fen: Option<i64>,
    pub(crate) deny: Option<DenialReason>,
    pub(crate) instead: Option<Instead>,
    pub(crate) need: Option<Need>,
    pub(crate) payer: Option<Payer>,
    pub(crate) extras: Option<Vec<Extra>>,
    pub(crate) points: Option<u32>,
}

/// The three things a ruling can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RulingWord {
    Offered,
    Denied,
    Needs,
}

/// From which event a row counts its days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StartEvent {
    ServiceStart,
    Receipt,
    Invoice,
}

impl StartEvent {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "service_start" => Some(Self::ServiceStart),
            "receipt" => Some(Self::Receipt),
            "invoice" => Some(Self::Invoice),
            _ => None,
        }
    }
}

/// Warranty and depreciation of one category.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CategoryForm {
    pub(crate) name: Category,
    pub(crate) whole_unit_months: u32,
    pub(crate) main_part_months: u32,
    pub(crate) main_parts: Vec<String>,
    /// In 1/10000 of the price.
    pub(crate) depreciation_per_day: u32,
    pub(crate) source: String,
}

/// One row of the decision table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleForm {
    pub(crate) id: String,
    pub(crate) stage: Stage,
    /// The row of an earlier layer that this one comes before.
    pub(crate) before: Option<String>,
    /// Days of filing it is for, inside those of its layer.
    pub(crate) from: Option<NaiveDate>,
    pub(crate) until: Option<NaiveDate>,
    pub(crate) when: When,
    pub(crate) then: Then,
    pub(crate) inspection: Option<Inspection>,
    pub(crate) payer: Option<Payer>,
    pub(crate) recourse: Option<Payer>,
    pub(crate) basis: String,
    pub(crate) say_zh: String,
    pub(crate) say_en: String,
}

/// Conditions of a row; all that are given must hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct When {
    pub(crate) kind: Option<CaseKind>,
    pub(crate) categories: Option<Vec<Category>>,
    pub(crate) causes: Option<Vec<Cause>>,
    pub(crate) function: Option<Function>,
    pub(crate) identity: Option<Identity>,
    pub(crate) proof: Option<Proof>,
    pub(crate) guided_test: Option<GuidedTest>,
    pub(crate) wish: Option<Remedy>,
    pub(crate) province: Option<Vec<Province>>,
    pub(crate) not_province: Option<Vec<Province>>,
    pub(crate) promises_any: Option<Vec<String>>,
    pub(crate) promises_none: Option<Vec<String>>,
    /// Promises whose clock has run out.
    pub(crate) missed_any: Option<Vec<String>>,

    pub(crate) counted_from: Option<StartEvent>,
    pub(crate) days_min: Option<u32>,
    pub(crate) days_max: Option<u32>,
    pub(crate) months_min: Option<u32>,
    pub(crate) months_max: Option<u32>,
    pub(crate) repairs_min: Option<u32>,
    pub(crate) repair_days_min: Option<u32>,
    pub(crate) parts_wait_days_min: Option<u32>,
    pub(crate) repairer_wait_days_min: Option<u32>,
    pub(crate) level_min: Option<u32>,
    pub(crate) level_max: Option<u32>,
    pub(crate) inspections_without_result_min: Option<u32>,
    pub(crate) inspections_without_result_max: Option<u32>,
    pub(crate) transport_report_hours_max: Option<u32>,
    /// Days since the last completed repair of the same fault.
    pub(crate) repaired_days_max: Option<u32>,

    pub(crate) in_validity: Option<bool>,
    pub(crate) part_in_validity: Option<bool>,
    pub(crate) danger: Option<bool>,
    pub(crate) intact: Option<bool>,
    pub(crate) exclusion_confirmed: Option<bool>,
    pub(crate) wrong_item: Option<bool>,
    pub(crate) stock_same_model: Option<bool>,
    pub(crate) customer_disputes: Option<bool>,
    pub(crate) customer_evidence: Option<bool>,
    pub(crate) no_service: Option<bool>,
    pub(crate) installer_ours: Option<bool>,
    pub(crate) unit_damaged: Option<bool>,
    pub(crate) extension_covers: Option<bool>,
    pub(crate) extension_limit_reached: Option<bool>,
    pub(crate) evidence_ok: Option<bool>,
    pub(crate) inspected: Option<bool>,
    pub(crate) inconclusive: Option<bool>,
    pub(crate) brand_silent: Option<bool>,
    pub(crate) brand_evidence_late: Option<bool>,
    pub(crate) gifts: Option<bool>,
    pub(crate) replace_offered: Option<bool>,
    pub(crate) exchange_due: Option<bool>,
    pub(crate) refund_offered: Option<bool>,
    pub(crate) depreciation: Option<bool>,
    pub(crate) no_reason_freight_free: Option<bool>,
}

impl When {
    /// The yes/no conditions beside the facts they ask for.
    pub(crate) fn flags(&self) -> [(Option<bool>, Flag); 25] {
        [
            (self.in_validity, Flag::InValidity),
            (self.part_in_validity, Flag::PartInValidity),
            (self.danger, Flag::Danger),
            (self.intact, Flag::Intact),
            (self.exclusion_confirmed, Flag::ExclusionConfirmed),
            (self.wrong_item, Flag::WrongItem),
            (self.stock_same_model, Flag::StockSameModel),
            (self.customer_disputes, Flag::CustomerDisputes),
            (self.customer_evidence, Flag::CustomerEvidence),
            (self.no_service, Flag::NoService),
            (self.installer_ours, Flag::InstallerOurs),
            (self.unit_damaged, Flag::UnitDamaged),
            (self.extension_covers, Flag::ExtensionCovers),
            (self.extension_limit_reached, Flag::ExtensionLimitReached),
            (self.evidence_ok, Flag::EvidenceOk),
            (self.inspected, Flag::Inspected),
            (self.inconclusive, Flag::Inconclusive),
            (self.brand_silent, Flag::BrandSilent),
            (self.brand_evidence_late, Flag::BrandEvidenceLate),
            (self.gifts, Flag::Gifts),
            (self.replace_offered, Flag::ReplaceOffered),
            (self.exchange_due, Flag::ExchangeDue),
            (self.refund_offered, Flag::RefundOffered),
            (self.depreciation, Flag::Depreciation),
            (self.no_reason_freight_free, Flag::NoReasonFreightFree),
        ]
    }
}

/// What a row brings about when it holds. Exactly one main effect, and what comes on top.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Then {
    pub(crate) remedies: Option<Vec<Remedy>>,
    pub(crate) refund: Option<RefundRule>,
    pub(crate) exchange_due: bool,
    pub(crate) treat_as_product_fault: bool,
    pub(crate) carry_on: bool,
    pub(crate) charge_all: bool,
    pub(crate) deny: Option<DenialReason>,
    pub(crate) instead: Option<Instead>,
    pub(crate) need: Option<Need>,
    pub(crate) extras: Vec<Extra>,
    pub(crate) goodwill_fen: i64,
    pub(crate) points: u32,
}
