//! Filings whose facts lead naturally to the course they are labelled with.
//!
//! The label is for the demo's players (what the technician finds, who declines); the product never
//! sees it and has to reach the outcome from the facts alone.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use chrono::DateTime;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::goods::{self, Category};
use super::orders::demo_start;
use super::rows::{Centre, Filing, Order, Sku, Story};

/// Rounds of one filing per story.
pub(super) const ROUNDS: usize = 11;
/// Returns without a reason, after all others.
pub(super) const NO_REASON: usize = 6;
/// The most filings for one brand in one city, so that no centre drowns in a run of all of them.
const PER_BRAND_AND_CITY_MAX: usize = 4;

/// The first filing of each story, which a single demo run shows, is for this brand ...
const SHOWN_BRAND: &str = "aurora";
/// ... and in these cities, in the order of [`Story::ALL`].
const SHOWN_CITIES: [&str; 6] = ["3301", "3701", "1101", "3301", "3101", "3701"];

/// What a story's fitness is judged by.
pub(super) struct Facts<'a> {
    pub order: &'a Order,
    pub brand: &'a str,
    pub category: Category,
    /// Days since installation if the seller installs, else since delivery, at the demo's start.
    pub age: i64,
    /// Centres of the brand that cover the category in the customer's county.
    pub centres: usize,
}

/// The facts of an order; `None` while the seller still has to install the unit.
pub(super) fn facts<'a>(
    order: &'a Order,
    skus: &'a [Sku],
    centres: &[Centre],
) -> Option<Facts<'a>> {
    let sku = skus.iter().find(|sku| sku.sku == order.sku)?;
    let begins =
        if sku.seller_installs { order.installed_at.as_ref()? } else { &order.delivered_at };
    let covering = centres.iter().filter(|centre| {
        centre.brand == sku.brand
            && centre.coverage.iter().any(|coverage| {
                coverage.county == order.customer.county
                    && coverage.categories.contains(&sku.category)
            })
    });
    Some(Facts {
        order,
        brand: &sku.brand,
        category: sku.category,
        age: days_until_demo(begins)?,
        centres: covering.count(),
    })
}

/// Shanghai days from an instant of the files to the demo's start.
fn days_until_demo(instant: &str) -> Option<i64> {
    let day = DateTime::parse_from_rfc3339(instant).ok()?.date_naive();
    Some(demo_start().date_naive().signed_duration_since(day).num_days())
}

/// Whether the facts make the story natural.
pub(super) fn fits(story: Story, facts: &Facts<'_>) -> bool {
    let promised = |promise| facts.order.promises.contains(&promise);
    // Nothing but the law's warranty speaks, so that a mended unit is the end of it.
    let warranty_only = (31..=330).contains(&facts.age)
        && !promised("replace_only_180")
        && !promised("insurance_365")
        && !promised("five_working_days")
        && !promised("hundred_minutes");
    let covered = facts.centres >= 2;
    covered
        && match story {
            Story::Refund => facts.age <= 7,
            Story::Replace => {
                (8..=15).contains(&facts.age)
                    || (16..=180).contains(&facts.age) && promised("replace_only_180")
            }
            Story::Repair | Story::NoShow => warranty_only,
            Story::DeclineCascade => warranty_only && facts.centres >= 3,
            // Within six months the business has to prove that the user did it.
            Story::Dispute => warranty_only && facts.age <= 150,
        }
}

/// The filings: rounds of all stories in turn, then the returns without a reason.
pub(super) fn filings(
    orders: &[Order],
    skus: &[Sku],
    centres: &[Centre],
    rng: &mut ChaCha8Rng,
) -> Result<Vec<Filing>> {
    let mut candidates: Vec<Facts<'_>> =
        orders.iter().filter_map(|order| facts(order, skus, centres)).collect();
    candidates.shuffle(rng);
    let mut taken = Taken::default();
    let mut filings = Vec::new();
    for round in 0..ROUNDS {
        for (story, city) in Story::ALL.into_iter().zip(SHOWN_CITIES) {
            let facts = candidates
                .iter()
                .filter(|facts| {
                    round > 0 || facts.brand == SHOWN_BRAND && city_of(facts.order) == city
                })
                .find(|facts| fits(story, facts) && taken.allows(facts))
                .with_context(|| format!("no order fits {story:?} in round {round}"))?;
            taken.take(facts);
            filings.push(quality(story, facts, rng));
        }
    }
    for number in 0..NO_REASON {
        let facts = candidates
            .iter()
            .find(|facts| {
                // Goods that were hung on a wall were used, so they are left out here.
                let unused = facts.order.installed_at.is_none();
                unused && fits(Story::Refund, facts) && taken.allows(facts)
            })
            .with_context(|| format!("no order fits return without a reason {number}"))?;
        taken.take(facts);
        filings.push(no_reason(facts));
    }
    Ok(filings)
}

/// Orders, customers and places that already have a filing.
#[derive(Default)]
struct Taken {
    customers: BTreeSet<String>,
    per_brand_and_city: BTreeMap<(String, String), usize>,
}

impl Taken {
    /// A customer files once, so an order does too.
    fn allows(&self, facts: &Facts<'_>) -> bool {
        !self.customers.contains(&facts.order.customer.customer)
            && self
                .per_brand_and_city
                .get(&place(facts))
                .is_none_or(|n| *n < PER_BRAND_AND_CITY_MAX)
    }

    fn take(&mut self, facts: &Facts<'_>) {
        self.customers.insert(facts.order.customer.customer.clone());
        *self.per_brand_and_city.entry(place(facts)).or_default() += 1;
    }
}

fn place(facts: &Facts<'_>) -> (String, String) {
    (facts.brand.to_owned(), city_of(facts.order).to_owned())
}

fn city_of(order: &Order) -> &str {
    &order.customer.county[..4]
}

fn quality(story: Story, facts: &Facts<'_>, rng: &mut ChaCha8Rng) -> Filing {
    let (symptom, description) =
        *goods::faults(facts.category).choose(rng).expect("every category has faults");
    let wants = match story {
        Story::Refund => "refund",
        Story::Replace => "replace",
        Story::Repair | Story::DeclineCascade | Story::NoShow | Story::Dispute => "repair",
    };
    let order_line = facts.order.order_line.clone();
    Filing { order_line, kind: "quality", wants, symptom, description, story }
}

fn no_reason(facts: &Facts<'_>) -> Filing {
    Filing {
        order_line: facts.order.order_line.clone(),
        kind: "no_reason",
        wants: "refund",
        symptom: "no_reason",
        description: "到货后发现尺寸不合适，未使用，申请七天无理由退货。",
        story: Story::Refund,
    }
}
