//! The rows of the example files, one struct per file, fields in the order they are written.
//!
//! `examples/README.md` describes the same fields for readers of the files; closed lists use the
//! words of the product's vocabulary.

use std::collections::BTreeMap;

use serde::Serialize;

use super::goods::Category;

/// A line of `network/brands.jsonl`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Brand {
    pub brand: String,
    pub name_zh: String,
    pub name_en: String,
    /// How the brand takes part: `api`, `portal` or `managed`.
    pub mode: &'static str,
    pub hotline: String,
    pub valid_from: &'static str,
}

/// A line of `network/counties.jsonl`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct County {
    pub county: String,
    pub province_zh: String,
    pub province_en: String,
    pub city_zh: String,
    pub county_zh: String,
    pub county_en: String,
    pub lat: f64,
    pub lon: f64,
}

/// A line of `network/centres.jsonl`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Centre {
    pub centre: String,
    pub brand: String,
    pub name_zh: String,
    pub name_en: String,
    pub phone: String,
    pub county: String,
    pub address: String,
    pub lat: f64,
    pub lon: f64,
    pub coverage: Vec<Coverage>,
    /// Visits a day by category.
    pub daily_capacity: BTreeMap<Category, u32>,
    pub hours: Vec<Opening>,
    pub deposit: Deposit,
}

/// One weekday's opening hours, Shanghai clock times.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Opening {
    /// 1 is Monday, 7 is Sunday.
    pub weekday: u8,
    pub from: &'static str,
    pub to: &'static str,
}

/// Money that lies with the platform, in fen.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Deposit {
    pub required_fen: i64,
    pub paid_fen: i64,
}

/// What a centre does in one county.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Coverage {
    pub county: String,
    pub categories: Vec<Category>,
}

/// A line of `network/technicians.jsonl`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Technician {
    pub technician: String,
    pub centre: String,
    pub name: String,
    pub phone: String,
    pub skills: Vec<Skill>,
    pub certificates: Vec<Certificate>,
    pub shifts: Vec<Shift>,
    /// Where the day begins and ends.
    pub home: Place,
}

/// A place on the map, in degrees.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Place {
    pub lat: f64,
    pub lon: f64,
}

/// A category a technician can work on.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Skill {
    pub category: Category,
    /// 1 (learning) to 3 (expert).
    pub level: u8,
}

/// A licence to do dangerous work.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Certificate {
    /// `electrician`, `high_altitude` or `gas`.
    pub kind: &'static str,
    pub number: String,
    /// The last valid day.
    pub valid_until: String,
}

/// One weekday's work, Shanghai clock times.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Shift {
    /// 1 is Monday, 7 is Sunday.
    pub weekday: u8,
    pub from: &'static str,
    pub to: &'static str,
    pub break_from: &'static str,
    pub break_to: &'static str,
}

/// A line of `orders/skus.jsonl`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Sku {
    pub sku: String,
    pub brand: String,
    pub category: Category,
    pub model: String,
    pub name_zh: String,
    pub name_en: String,
    pub seller_installs: bool,
}

/// A line of `orders/orders.jsonl`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Order {
    pub order_line: String,
    pub sku: String,
    pub serial: String,
    pub price_fen: i64,
    pub delivered_at: String,
    pub installed_at: Option<String>,
    pub promises: Vec<&'static str>,
    pub customer: Customer,
}

/// Who bought it; in the product this goes into the vault.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Customer {
    pub customer: String,
    pub name: String,
    pub phone: String,
    pub address: String,
    pub county: String,
    pub location: Place,
}

/// A line of `filings/filings.jsonl`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Filing {
    pub order_line: String,
    /// `quality` or `no_reason`.
    pub kind: &'static str,
    /// `repair`, `replace` or `refund`.
    pub wants: &'static str,
    pub symptom: &'static str,
    pub description: &'static str,
    /// Which course the demo's players take; not an input of the product.
    pub story: Story,
}

/// The course a filing is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Story {
    Repair,
    Replace,
    Refund,
    DeclineCascade,
    NoShow,
    Dispute,
}

impl Story {
    /// Every story, in the order the filings take turns.
    pub const ALL: [Self; 6] = [
        Self::Repair,
        Self::Replace,
        Self::Refund,
        Self::DeclineCascade,
        Self::NoShow,
        Self::Dispute,
    ];
}
