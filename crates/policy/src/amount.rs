//! How much a refund is: integer fen in, integer fen out.

use serde::{Deserialize, Serialize};

use crate::facts::Facts;
use crate::parameters::Settings;

/// The highest price this crate reckons with: 1,000,000,000 yuan in fen. Higher ones are cut to it.
pub const PRICE_FEN_MAX: i64 = 100_000_000_000;

/// A depreciation rate is given in parts of this: 5 stands for 0.05 % a day.
pub(crate) const RATE_DENOMINATOR: i128 = 10_000;

/// By which rule a refund is reckoned, as a pack names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundRule {
    /// What was paid.
    #[default]
    Paid,
    /// What was paid less the depreciation fee (折旧费, 三包 art. 13).
    PaidLessDepreciation,
    /// What was paid, or today's price where that is higher (北京 art. 10).
    HigherOfPaidAndNow,
    /// What was paid, or the price on the day a deadline was missed where that is higher.
    HigherOfPaidAndOverdueDay,
    /// The price on the day a deadline was missed; whether it may be lower than what was paid is a
    /// parameter, since the promise's text and 消法实施条例 art. 18 differ.
    OverdueDay,
}

/// A refund and what it is made of, in fen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Refund {
    /// What the customer gets back, 0 up to [`PRICE_FEN_MAX`].
    pub amount_fen: i64,
    /// What was taken off for use; at most the price.
    pub depreciation_fen: i64,
    /// The part of the amount that exceeds what was paid, owed because the price rose.
    pub above_paid_fen: i64,
}

/// The fee for having used a unit: price × daily rate × days, half a fen rounded up, never above
/// the price (三包 art. 13). The rate is in 1/10000 a day; a negative price counts as nothing.
pub fn depreciation_fee_fen(price_fen: i64, rate_per_day: u32, days: u32) -> i64 {
    let price = i128::from(price_fen.clamp(0, PRICE_FEN_MAX));
    let scaled = price * i128::from(rate_per_day) * i128::from(days);
    let fee = ((scaled + RATE_DENOMINATOR / 2) / RATE_DENOMINATOR).min(price);
    i64::try_from(fee).expect("a fee is at most the price, which fits")
}

/// The refund under `rule`. Days held run from the invoice, without those in repair or waiting.
pub(crate) fn refund(
    rule: RefundRule,
    facts: &Facts,
    rate_per_day: u32,
    settings: &Settings,
) -> Refund {
    let in_range = |price: i64| price.clamp(0, PRICE_FEN_MAX);
    let paid = in_range(facts.prices.paid_fen);
    let now = facts.prices.now_fen.map_or(paid, in_range);
    let overdue_day = facts.prices.overdue_day_fen.map_or(paid, in_range);
    let depreciation_fen = if rule == RefundRule::PaidLessDepreciation && settings.depreciation {
        let away = facts.history.repair_days.saturating_add(facts.history.waiting_days);
        let held = facts.age.invoice_days.saturating_sub(away);
        depreciation_fee_fen(paid, rate_per_day, held)
    } else {
        0
    };
    let amount_fen = match rule {
        RefundRule::Paid => paid,
        RefundRule::PaidLessDepreciation => paid - depreciation_fen,
        RefundRule::HigherOfPaidAndNow => paid.max(now),
        RefundRule::HigherOfPaidAndOverdueDay => paid.max(overdue_day),
        RefundRule::OverdueDay if settings.overdue_day_floor => paid.max(overdue_day),
        RefundRule::OverdueDay => overdue_day,
    };
    Refund { amount_fen, depreciation_fen, above_paid_fen: (amount_fen - paid).max(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: 三包 art. 13; rates of the 1995 catalogue.
    #[test]
    fn the_fee_is_exact_rounds_half_up_and_stops_at_the_price() {
        for (price, rate, days, fee) in [
            (299_900, 5, 100, 14_995),
            (299_900, 10, 100, 29_990),
            (1_000, 5, 1, 1),
            (999, 5, 1, 0),
            (3_000, 5, 1, 2),
            (299_900, 10, 0, 0),
            (299_900, 10, 1_000, 299_900),
            (299_900, 10, u32::MAX, 299_900),
            (i64::MAX, u32::MAX, u32::MAX, PRICE_FEN_MAX),
            (-5, 10, 10, 0),
        ] {
            assert_eq!(depreciation_fee_fen(price, rate, days), fee, "{price} {rate} {days}");
        }
    }
}
