//! What the lists of settlement are called on a page.

use parasol_api::Language;
use parasol_api::verification::v1::{ClaimKind, ClaimState};

use crate::portal::words::Pick as _;

/// A state of claims, as a page asks for it and as it is called.
pub(super) struct State {
    /// In addresses.
    pub name: &'static str,
    /// In the contract.
    pub state: ClaimState,
    /// In Chinese.
    pub zh: &'static str,
    /// In English.
    pub en: &'static str,
}

/// Every state.
pub(super) const STATES: &[State] = &[
    State { name: "raised", state: ClaimState::Raised, zh: "待答复", en: "Waits for an answer" },
    State { name: "disputed", state: ClaimState::Disputed, zh: "有异议", en: "Disputed" },
    State { name: "accepted", state: ClaimState::Accepted, zh: "已接受", en: "Accepted" },
    State { name: "netted", state: ClaimState::Netted, zh: "已结算", en: "Netted" },
    State { name: "withdrawn", state: ClaimState::Withdrawn, zh: "已撤回", en: "Withdrawn" },
];

/// What a state is called.
pub(crate) fn state(state: ClaimState, language: Language) -> &'static str {
    let known = STATES.iter().find(|one| one.state == state);
    known.map_or("—", |one| language.pick(one.zh, one.en))
}

/// What is claimed.
pub(crate) fn kind(kind: ClaimKind, language: Language) -> &'static str {
    match kind {
        ClaimKind::Unspecified => language.pick("索赔", "Claim"),
        ClaimKind::Refund => language.pick("退款", "Refund"),
        ClaimKind::Replacement => language.pick("换新", "Replacement"),
        ClaimKind::Penalty => language.pick("违约金", "Penalty"),
        ClaimKind::Part => language.pick("未退回旧件", "Part not returned"),
        ClaimKind::Test => language.pick("检测费", "Tests"),
        ClaimKind::Repair => language.pick("保修维修费", "Repair under warranty"),
    }
}

/// What a line is for; a word nobody listed keeps its own name.
pub(super) fn code(code: &str, language: Language) -> &str {
    match code {
        "visit" => language.pick("上门", "Visit"),
        "further_visit" => language.pick("再次上门", "Further visit"),
        "labour" => language.pick("人工", "Labour"),
        "part" => language.pick("配件", "Part"),
        "second_inspection" => language.pick("复检", "Second inspection"),
        "laboratory" => language.pick("第三方检测", "Laboratory"),
        "panel_expert" => language.pick("专家意见", "Expert's opinion"),
        "wrong_verdict" => language.pick("错误检测结论", "Verdict that did not stand"),
        other => other,
    }
}

/// What was done to a claim.
pub(super) fn act(act: &str, language: Language) -> &str {
    match act {
        "raise" => language.pick("提出", "Raised"),
        "accept" => language.pick("接受", "Accepted"),
        "lapse" => language.pick("逾期视为接受", "Accepted by silence"),
        "dispute" => language.pick("提出异议", "Disputed"),
        "uphold" => language.pick("维持", "Upheld"),
        "withdraw" => language.pick("撤回", "Withdrawn"),
        "net" => language.pick("结算", "Netted"),
        other => other,
    }
}

/// An account as a statement of a partner has it.
pub(super) fn account(account: &str, language: Language) -> &str {
    match account {
        "partner_payable" => language.pick("应付给您", "Owed to you"),
        "partner_deposit" => language.pick("保证金", "Deposit"),
        other if other.ends_with("_receivable") => language.pick("应收您方", "Owed by you"),
        other => other,
    }
}

/// What a line of a statement is about.
pub(super) fn about(about: &str, language: Language) -> &str {
    match about {
        "claim_accepted" => language.pick("索赔被接受", "Claim accepted"),
        "correction" => language.pick("更正", "Correction"),
        "netted" => language.pick("抵扣", "Netted"),
        "funds" => language.pick("入账", "Funds"),
        "tested" => language.pick("复检", "Second inspection"),
        "borne" => language.pick("平台承担的维修费", "Repair borne by the retailer"),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_and_kind_has_words_in_both_languages() {
        for number in 1..=5 {
            let one = ClaimState::try_from(number).unwrap();
            assert_ne!(state(one, Language::Zh), state(one, Language::En), "{one:?}");
        }
        assert!(ClaimState::try_from(6).is_err(), "a state without words");
        for number in 1..=6 {
            let one = ClaimKind::try_from(number).unwrap();
            assert_ne!(kind(one, Language::Zh), kind(one, Language::En), "{one:?}");
        }
        assert!(ClaimKind::try_from(7).is_err(), "a kind without words");
    }
}
