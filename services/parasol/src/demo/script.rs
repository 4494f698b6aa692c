//! What the examples say: who bought what, who files what, and how each story's players behave.

use parasol_journey::vocab::{CaseKind, Cause, Conclusion, Function, Remedy};
use serde::Deserialize;

/// A course the players follow. The product knows nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Story {
    /// A fault is found and repaired at home.
    Repair,
    /// A faulty unit is exchanged.
    Replace,
    /// A faulty unit goes back for its price.
    Refund,
    /// One centre declines, one stays silent, the third comes.
    DeclineCascade,
    /// The technician does not come the first time.
    NoShow,
    /// The technician blames the user; a second centre disagrees.
    Dispute,
}

/// One line of `filings.jsonl`.
#[derive(Clone, Debug, Deserialize)]
pub struct FilingRow {
    pub order_line: String,
    pub kind: CaseKind,
    pub wants: Remedy,
    pub symptom: String,
    pub description: String,
    pub story: Story,
}

/// What the players need of a line of `orders.jsonl`.
#[derive(Clone, Debug, Deserialize)]
pub struct OrderRow {
    pub order_line: String,
    pub sku: String,
    pub serial: String,
    pub customer: CustomerRow,
}

/// Who bought it.
#[derive(Clone, Debug, Deserialize)]
pub struct CustomerRow {
    pub customer: String,
}

/// What the players need of a line of `skus.jsonl`.
#[derive(Clone, Debug, Deserialize)]
pub struct SkuRow {
    pub sku: String,
    pub brand: String,
    pub category: String,
}

/// One case to be played.
#[derive(Clone, Debug)]
pub struct Part {
    pub filing: FilingRow,
    pub serial: String,
    pub customer: String,
    pub brand: String,
    pub category: String,
    pub story: Story,
}

/// What a technician of the story finds.
pub struct Findings {
    pub function: Function,
    pub cause: Cause,
    pub conclusion: Conclusion,
    pub fault_code: &'static str,
    /// What shows that the user did it; empty when nobody says so.
    pub sign: &'static str,
}

/// The example files, as they stand in the repository.
pub const FILES: &[(&str, &str)] = &[
    ("counties.jsonl", include_str!("../../../../examples/network/counties.jsonl")),
    ("brands.jsonl", include_str!("../../../../examples/network/brands.jsonl")),
    ("centres.jsonl", include_str!("../../../../examples/network/centres.jsonl")),
    ("technicians.jsonl", include_str!("../../../../examples/network/technicians.jsonl")),
    ("skus.jsonl", include_str!("../../../../examples/orders/skus.jsonl")),
    ("orders.jsonl", include_str!("../../../../examples/orders/orders.jsonl")),
];

const FILINGS: &str = include_str!("../../../../examples/filings/filings.jsonl");

/// When every demonstration begins: inside the calendar, on a Monday morning.
pub const START: &str = "2026-06-08T09:30:00+08:00";

fn rows<T: for<'a> Deserialize<'a>>(text: &str) -> impl Iterator<Item = T> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok())
}

fn file(name: &str) -> &'static str {
    FILES.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text)
}

/// The brands of the examples.
pub fn brands() -> Vec<String> {
    let mut brands: Vec<_> = rows::<SkuRow>(file("skus.jsonl")).map(|sku| sku.brand).collect();
    brands.sort();
    brands.dedup();
    brands
}

/// The first `count` filings of a story, or of all stories in turn.
pub fn parts(story: Option<Story>, count: usize) -> Vec<Part> {
    let orders: Vec<OrderRow> = rows(file("orders.jsonl")).collect();
    let skus: Vec<SkuRow> = rows(file("skus.jsonl")).collect();
    let filings = rows::<FilingRow>(FILINGS);
    let quality = filings.filter(|filing| filing.kind == CaseKind::Quality);
    let told = quality.filter(|filing| story.is_none_or(|story| filing.story == story));
    told.filter_map(|filing| {
        let order = orders.iter().find(|order| order.order_line == filing.order_line)?;
        let sku = skus.iter().find(|sku| sku.sku == order.sku)?;
        Some(Part {
            serial: order.serial.clone(),
            customer: order.customer.customer.clone(),
            brand: sku.brand.clone(),
            category: sku.category.clone(),
            story: filing.story,
            filing,
        })
    })
    .take(count)
    .collect()
}

impl Story {
    /// What the technician of this story finds; `second` for the second opinion.
    pub fn findings(self, second: bool) -> Findings {
        match self {
            Self::Dispute if !second => Findings {
                function: Function::Fault,
                cause: Cause::User,
                conclusion: Conclusion::DoesNotMeet,
                fault_code: "U02",
                sign: "impact point and dent at the lower left corner",
            },
            Self::Replace | Self::Refund => Findings {
                function: Function::Fault,
                cause: Cause::Product,
                conclusion: Conclusion::MeetsReturnExchange,
                fault_code: "F01",
                sign: "",
            },
            _ => Findings {
                function: Function::Fault,
                cause: Cause::Product,
                conclusion: Conclusion::Repairable,
                fault_code: "F01",
                sign: "",
            },
        }
    }

    /// How many centres decline before one is left to be silent.
    pub fn declines(self) -> usize {
        usize::from(self == Self::DeclineCascade)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum as _;

    #[test]
    fn there_are_cases_enough_for_every_story_and_for_fifty_at_once() {
        for story in Story::value_variants() {
            assert!(!parts(Some(*story), 1).is_empty(), "{story:?} has no filing");
        }
        let fifty = parts(None, 50);
        assert_eq!(fifty.len(), 50);
        let mut customers: Vec<_> = fifty.iter().map(|part| &part.customer).collect();
        customers.sort();
        customers.dedup();
        assert_eq!(customers.len(), 50, "a customer files twice");
        assert!(brands().len() >= 4);
    }
}
