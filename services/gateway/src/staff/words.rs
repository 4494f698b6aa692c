//! Words of those who look after cases; the customer is spoken about here, not to.

use parasol_api::common::v1::{Money, Party, PauseCause, Remedy, Stage};
use parasol_api::{Language, Listed as _};

use crate::web::words::Pick as _;

/// Where a case stands.
pub(crate) fn stage(stage: Stage, language: Language) -> &'static str {
    match parasol_journey::Stage::of_wire(stage) {
        Some(stage) => language.pick(stage.row().zh, stage.row().en),
        None => "—",
    }
}

/// Who a party is.
pub(crate) fn party(party: Party, language: Language) -> &'static str {
    match parasol_journey::vocab::Party::of_wire(party) {
        Some(parasol_journey::vocab::Party::Customer) => language.pick("用户", "Customer"),
        Some(parasol_journey::vocab::Party::Retailer) => language.pick("平台", "Retailer"),
        Some(parasol_journey::vocab::Party::Brand) => language.pick("厂家", "Brand"),
        Some(parasol_journey::vocab::Party::Centre) => language.pick("网点", "Centre"),
        Some(parasol_journey::vocab::Party::Technician) => language.pick("工程师", "Technician"),
        Some(parasol_journey::vocab::Party::Carrier) => language.pick("物流", "Carrier"),
        Some(parasol_journey::vocab::Party::Payment) => language.pick("支付", "Payment"),
        Some(parasol_journey::vocab::Party::Lab) => language.pick("检测机构", "Laboratory"),
        None => language.pick("无", "Nobody"),
    }
}

/// What a remedy is called.
pub(crate) fn remedy(remedy: Remedy, language: Language) -> &'static str {
    match remedy {
        Remedy::Unspecified => "—",
        Remedy::Repair => language.pick("维修", "Repair"),
        Remedy::Replace => language.pick("换新", "Replace"),
        Remedy::Refund => language.pick("退款", "Refund"),
    }
}

/// Why a case is paused.
pub(crate) fn pause(cause: PauseCause, language: Language) -> &'static str {
    match cause {
        PauseCause::Unspecified => "—",
        PauseCause::CustomerUnreachable => {
            language.pick("多日联系不上用户", "Customer not reached for days")
        }
        PauseCause::CustomerAskedLater => {
            language.pick("用户要求改期", "Customer asked for a later time")
        }
        PauseCause::Weather => language.pick("天气", "Weather"),
        PauseCause::Unsafe => language.pick("现场不安全", "Not safe to work"),
        PauseCause::PartOnOrder => language.pick("等待配件", "Waiting for a part"),
    }
}

/// An amount of money.
pub(crate) fn money(money: Option<&Money>) -> String {
    let fen = money.map_or(0, |money| money.fen);
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}¥{}.{:02}", fen / 100, fen % 100)
}

/// The end of a case's number, which tells it from its neighbours in a list.
pub(crate) fn short(case: &str) -> &str {
    case.get(case.len().saturating_sub(8)..).unwrap_or(case)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_lists_has_words_in_both_languages() {
        for number in 1..40 {
            if let Ok(one) = Party::try_from(number) {
                assert_ne!(party(one, Language::Zh), party(one, Language::En));
                assert_ne!(party(one, Language::En), "Nobody");
            }
            if let Ok(one) = Stage::try_from(number) {
                assert_ne!(stage(one, Language::Zh), stage(one, Language::En));
            }
            if let Ok(one) = Remedy::try_from(number) {
                assert_ne!(remedy(one, Language::Zh), remedy(one, Language::En));
            }
            if let Ok(one) = PauseCause::try_from(number) {
                assert_ne!(pause(one, Language::Zh), pause(one, Language::En));
            }
        }
    }

    #[test]
    fn money_has_two_places_and_its_sign() {
        let of = |fen| money(Some(&Money { fen, currency: "CNY".to_owned() }));
        assert_eq!(
            (of(0), of(5), of(399_900)),
            ("¥0.00".into(), "¥0.05".into(), "¥3999.00".into())
        );
        assert_eq!(of(-150), "-¥1.50");
        assert_eq!(short("case_01905af12b3c7def8123456789abcdef"), "89abcdef");
        assert_eq!(short("测"), "测");
    }
}
