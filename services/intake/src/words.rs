//! Sentences in the reader's language: what follows a missed deadline, what happened to a unit, what a
//! remedy is.

use parasol_api::Language;
use parasol_journey::deadline::{Clock, Miss};
use parasol_journey::vocab::Remedy;

fn say(language: Language, zh: &str, en: &str) -> String {
    match language {
        Language::Zh => zh.to_owned(),
        Language::En => en.to_owned(),
    }
}

/// What happens when a clock runs out.
pub(crate) fn if_missed(clock: Clock, language: Language) -> String {
    let (zh, en) = match clock.row().miss {
        Miss::Redispatch | Miss::ExpireOffer => {
            ("超时将改派其他服务网点。", "The case then goes to another service centre.")
        }
        Miss::DecideWithoutBrand => {
            ("超时将由平台直接处理。", "We then decide without waiting any longer.")
        }
        Miss::DecideAgain => ("超时将由平台重新审核。", "The case then goes back to the decision."),
        Miss::Escalate(_) => {
            ("超时将升级催办并记录。", "The delay is then recorded and taken to the next level.")
        }
        Miss::ReachByAgent => ("届时客服将联系您。", "An agent then gets in touch with you."),
        Miss::Record => ("超时将被记录。", "The delay is then recorded."),
        Miss::NoShow => (
            "超时视为未按约上门，重新预约。",
            "It then counts as a missed visit, and a new one is booked.",
        ),
        Miss::ReleaseWindows => (
            "超时未选择，所征询的时段将释放，工程师会致电您。",
            "The proposed times then go free, and the technician calls you.",
        ),
        Miss::ReleaseHold => ("超时将释放保留的时段。", "The time held is then given free."),
        Miss::ChooseForCustomer => (
            "超时将按首选方式处理。",
            "The first remedy on offer is then carried out for the customer.",
        ),
        Miss::Close => ("超时服务单将自动完成。", "The case is then closed."),
        Miss::Cancel => ("超时服务单将自动取消。", "The case is then cancelled."),
        Miss::Hear => ("到期将按现有材料裁决。", "The dispute is then decided on what came in."),
        Miss::LapseProposal => ("到期提议将失效。", "What was proposed then lapses."),
        Miss::Resume => ("到时服务单将自动继续。", "The case then goes on by itself."),
        Miss::Never => ("", ""),
    };
    say(language, zh, en)
}

/// What a remedy on offer means.
pub(crate) fn remedy(remedy: Remedy, amount_fen: i64, language: Language) -> String {
    let (yuan, fen) = (amount_fen / 100, amount_fen % 100);
    match (remedy, language) {
        (Remedy::Repair, _) => say(language, "为您维修。", "The unit is repaired."),
        (Remedy::Replace, _) => say(language, "为您换新。", "You get a new unit for the old one."),
        (Remedy::Refund, Language::Zh) => format!("为您退款 {yuan}.{fen:02} 元。"),
        (Remedy::Refund, Language::En) => format!("You get {yuan}.{fen:02} yuan back."),
    }
}

/// Things that happen in the life of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Milestone {
    Delivered,
    Installed,
    CaseFiled,
    Inspected,
    Repaired,
    RepairFailed,
    Replaced,
    Refunded,
    Compensated,
    Denied,
    CaseReopened,
    CaseClosed,
    CaseCancelled,
}

impl Milestone {
    /// The word on the wire.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Installed => "installed",
            Self::CaseFiled => "case_filed",
            Self::Inspected => "inspected",
            Self::Repaired => "repaired",
            Self::RepairFailed => "repair_failed",
            Self::Replaced => "replaced",
            Self::Refunded => "refunded",
            Self::Compensated => "compensated",
            Self::Denied => "denied",
            Self::CaseReopened => "case_reopened",
            Self::CaseClosed => "case_closed",
            Self::CaseCancelled => "case_cancelled",
        }
    }

    /// The same in one sentence.
    pub(crate) fn sentence(self, language: Language) -> String {
        let (zh, en) = match self {
            Self::Delivered => ("商品已送达。", "The unit was delivered."),
            Self::Installed => ("商品已安装。", "The unit was installed."),
            Self::CaseFiled => ("提交了服务单。", "A case was filed."),
            Self::Inspected => ("提交了检测单。", "The unit was inspected."),
            Self::Repaired => ("维修完成。", "The unit was repaired."),
            Self::RepairFailed => ("维修未解决问题。", "A repair did not help."),
            Self::Replaced => ("已换新。", "The unit was replaced by a new one."),
            Self::Refunded => ("已退款。", "The price was refunded."),
            Self::Compensated => ("已赔付。", "Compensation was paid."),
            Self::Denied => ("申请未获支持。", "The claim was denied."),
            Self::CaseReopened => ("服务单重新开启。", "The case was reopened."),
            Self::CaseClosed => ("服务单已完成。", "The case was closed."),
            Self::CaseCancelled => ("服务单已取消。", "The case was cancelled."),
        };
        say(language, zh, en)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clock_that_can_run_says_what_follows_in_both_languages() {
        for clock in Clock::ALL.iter().filter(|clock| clock.row().miss != Miss::Never) {
            let (zh, en) = (if_missed(*clock, Language::Zh), if_missed(*clock, Language::En));
            assert!(zh.ends_with('。') && en.ends_with('.'), "{clock}: {zh} {en}");
        }
    }

    #[test]
    fn an_amount_is_written_in_yuan() {
        assert_eq!(remedy(Remedy::Refund, 299_905, Language::En), "You get 2999.05 yuan back.");
        assert_eq!(remedy(Remedy::Refund, 7, Language::Zh), "为您退款 0.07 元。");
    }
}
