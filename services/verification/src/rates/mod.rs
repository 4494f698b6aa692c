//! Rate cards: what is charged and paid for what, as data.
//!
//! Owns the words of a card, which of its rates fits, and which card counts for a brand at a moment: the newest
//! revision of the brand's own that has begun, else of the card of all brands, else the one that comes with the
//! program. A card is never changed; another revision is put, and counts from a moment that does not lie
//! behind, so that what was priced is priced alike for ever.
//!
//! It deliberately decides nothing about who pays, and knows no case.

pub mod store;

use std::sync::LazyLock;

use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Category;
use serde::{Deserialize, Serialize};

use crate::listed::listed;

listed! {
    /// What has a rate.
    RateCode {
        /// A visit to the customer, the first of a job.
        Visit = "visit",
        /// Every further one of the same job.
        FurtherVisit = "further_visit",
        /// A repair, by the category of the unit.
        Labour = "labour",
        /// A part that was built in.
        Part = "part",
        /// An inspection by another centre in a dispute.
        SecondInspection = "second_inspection",
        /// A test by a laboratory.
        Laboratory = "laboratory",
        /// The opinion of an expert on a panel.
        PanelExpert = "panel_expert",
        /// The penalty for a verdict that did not stand.
        WrongVerdict = "wrong_verdict",
    }
}

/// What one of something costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// What.
    pub code: RateCode,
    /// Of units of which category; `None` for all.
    pub category: Option<Category>,
    /// Of which part; empty for all.
    pub item: String,
    /// How much, in fen; from 0 on.
    pub amount_fen: i64,
}

/// A rate card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Whose units it is for; empty for those of all brands.
    pub brand: String,
    /// Which revision; 0 for the one that comes with the program.
    pub revision: i64,
    /// From when on it counts.
    pub valid_from: Timestamp,
    /// The rates.
    pub rates: Vec<Rate>,
    /// What it rests on.
    pub source: String,
}

impl Card {
    /// What one costs. Of the rates that fit, one of a part comes before one of a category, and that before one
    /// of everything; `None` where none fits.
    pub fn price(&self, code: RateCode, category: Category, item: &str) -> Option<i64> {
        let fits = |rate: &&Rate| {
            rate.code == code
                && rate.category.is_none_or(|one| one == category)
                && (rate.item.is_empty() || rate.item == item)
        };
        let rank = |rate: &&Rate| (!rate.item.is_empty(), rate.category.is_some());
        self.rates.iter().filter(fits).max_by_key(rank).map(|rate| rate.amount_fen)
    }

    /// The card that comes with the program.
    pub fn of_the_program() -> &'static Self {
        static CARD: LazyLock<Card> = LazyLock::new(|| {
            let body = Body::read(include_str!("cn-2026.1.json"));
            let (rates, source) = body.expect("a test reads the card that comes with the program");
            let valid_from = Timestamp::from_micros(0);
            Card { brand: String::new(), revision: 0, valid_from, rates, source }
        });
        &CARD
    }
}

/// A card as its row and its file keep it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    source: String,
    rates: Vec<RateBody>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RateBody {
    code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    category: Option<Category>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    item: String,
    amount_fen: i64,
}

impl Body {
    /// The rates and the source in a text; `None` for what is no card of this release.
    fn read(text: &str) -> Option<(Vec<Rate>, String)> {
        let body: Self = serde_json::from_str(text).ok()?;
        let rate = |rate: RateBody| {
            let code = RateCode::parse(&rate.code)?;
            let RateBody { category, item, amount_fen, .. } = rate;
            (amount_fen >= 0).then_some(Rate { code, category, item, amount_fen })
        };
        let rates: Option<Vec<_>> = body.rates.into_iter().map(rate).collect();
        Some((rates?, body.source))
    }

    fn of(card: &Card) -> Self {
        let rate = |rate: &Rate| RateBody {
            code: rate.code.as_str().to_owned(),
            category: rate.category,
            item: rate.item.clone(),
            amount_fen: rate.amount_fen,
        };
        Self { source: card.source.clone(), rates: card.rates.iter().map(rate).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_card_of_the_program_has_a_rate_for_everything() {
        let card = Card::of_the_program();
        for code in RateCode::ALL {
            assert!(card.price(*code, Category::Television, "").is_some(), "{code}");
        }
    }

    /// Nobody may take the card of the program for a price list, and the page for operators knows every word.
    #[test]
    fn the_card_of_the_program_says_that_it_is_an_example_and_the_page_knows_its_words() {
        assert!(Card::of_the_program().source.starts_with("EXAMPLE AMOUNTS"));
        let page = include_str!("../../../../docs/rates.md");
        for code in RateCode::ALL {
            assert!(page.contains(&format!("| `{code}` |")), "{code} is not explained");
        }
        for rate in &Card::of_the_program().rates {
            let yuan = format!("{}", rate.amount_fen / 100);
            assert!(page.contains(&yuan), "{} of {} yuan is not shown", rate.code, yuan);
        }
    }

    #[test]
    fn of_the_rates_that_fit_the_narrowest_counts() {
        let rate = |category, item: &str, amount_fen| Rate {
            code: RateCode::Part,
            category,
            item: item.to_owned(),
            amount_fen,
        };
        let mut card = Card {
            rates: vec![
                rate(None, "board", 3),
                rate(Some(Category::Refrigerator), "", 2),
                rate(Some(Category::Refrigerator), "board", 4),
                rate(None, "", 1),
            ],
            ..Card::of_the_program().clone()
        };
        for _ in 0..2 {
            for (category, item, expected) in [
                (Category::Refrigerator, "board", 4),
                (Category::Television, "board", 3),
                (Category::Refrigerator, "fan", 2),
                (Category::Television, "fan", 1),
            ] {
                let found = card.price(RateCode::Part, category, item);
                assert_eq!(found, Some(expected), "{category} {item}");
            }
            assert_eq!(card.price(RateCode::Labour, Category::Television, ""), None);
            card.rates.reverse();
        }
    }

    #[test]
    fn a_card_reads_back_and_a_wrong_one_does_not() {
        let card = Card::of_the_program();
        let text = serde_json::to_string(&Body::of(card)).unwrap();
        assert_eq!(Body::read(&text), Some((card.rates.clone(), card.source.clone())));
        for wrong in [
            r#"{"source":"","rates":[{"code":"tips","amount_fen":1}]}"#,
            r#"{"source":"","rates":[{"code":"part","amount_fen":-1}]}"#,
            r#"{"source":"","rates":[{"code":"part","amount_fen":1,"colour":"red"}]}"#,
        ] {
            assert_eq!(Body::read(wrong), None, "{wrong}");
        }
    }
}
