//! What came with a unit as a gift, and what is kept back for one that does not come back.
//!
//! 七日无理由退货暂行办法 art. 13: a gift goes back with the unit; for one that cannot, the price may be asked
//! that it was marked with beforehand. So nothing is asked for one that was marked with no price.

use serde::{Deserialize, Serialize};

use crate::ids::Sku;

/// One gift.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "Form", into = "Form")]
pub struct Gift {
    /// What it is.
    pub sku: Sku,
    /// The price it was marked with when it was given, in fen; 0 where none was.
    pub price_fen: i64,
}

/// A gift as it is written: the bare unit where no price was marked.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Bare(Sku),
    Marked { sku: Sku, price_fen: i64 },
}

impl From<Form> for Gift {
    fn from(form: Form) -> Self {
        match form {
            Form::Bare(sku) => Self { sku, price_fen: 0 },
            Form::Marked { sku, price_fen } => Self { sku, price_fen },
        }
    }
}

impl From<Gift> for Form {
    fn from(gift: Gift) -> Self {
        let Gift { sku, price_fen } = gift;
        if price_fen == 0 { Self::Bare(sku) } else { Self::Marked { sku, price_fen } }
    }
}

/// What is kept back of a refund of `price_fen` for the gifts that did not come back, in fen: what they were
/// marked with, and never more than the refund.
pub fn kept_back_fen(gifts: &[Gift], missing: &[Sku], price_fen: i64) -> i64 {
    let missed = gifts.iter().filter(|gift| missing.contains(&gift.sku));
    let marked = missed.fold(0_i64, |sum, gift| sum.saturating_add(gift.price_fen.max(0)));
    marked.min(price_fen.max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gift(sku: &str, price_fen: i64) -> Gift {
        Gift { sku: sku.parse().unwrap(), price_fen }
    }

    /// Source: 七日无理由退货暂行办法 art. 13.
    #[test]
    fn what_is_missing_costs_what_it_was_marked_with_and_never_more_than_the_refund() {
        let gifts = [gift("KET-01", 9_900), gift("PAN-02", 0), gift("POT-03", 20_000)];
        let sku = |text: &str| text.parse::<Sku>().unwrap();
        for (missing, price_fen, kept) in [
            (vec![], 100_000, 0),
            (vec![sku("KET-01")], 100_000, 9_900),
            (vec![sku("PAN-02")], 100_000, 0),
            (vec![sku("KET-01"), sku("POT-03")], 100_000, 29_900),
            (vec![sku("KET-01"), sku("KET-01")], 100_000, 9_900),
            (vec![sku("KET-01"), sku("POT-03")], 15_000, 15_000),
            (vec![sku("CUP-04")], 100_000, 0),
        ] {
            assert_eq!(kept_back_fen(&gifts, &missing, price_fen), kept, "{missing:?}");
        }
    }

    #[test]
    fn an_unmarked_gift_is_written_as_before() {
        let gifts = vec![gift("KET-01", 9_900), gift("PAN-02", 0)];
        let text = serde_json::to_string(&gifts).unwrap();
        assert_eq!(text, r#"[{"sku":"KET-01","price_fen":9900},"PAN-02"]"#);
        assert_eq!(serde_json::from_str::<Vec<Gift>>(&text).unwrap(), gifts);
    }
}
