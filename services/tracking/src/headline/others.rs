//! The lines that speak to the customer, as they are told to everybody else.

use parasol_journey::Fact;
use parasol_journey::event::{Ending, Path};
use parasol_journey::vocab::{Party, Remedy};

use super::{Line, Listener, say, with_window, yuan};

/// The line of a fact for somebody who is not the customer; `None` where all are told the same.
pub(super) fn line(fact: &Fact, listener: Listener) -> Option<Line> {
    if listener == Listener::Customer {
        return None;
    }
    let worth = if listener == Listener::Guest { without_worth(fact) } else { None };
    worth.or_else(|| on_the_way(fact)).or_else(|| outcome(fact))
}

/// What a remedy is worth is between its customer and us.
fn without_worth(fact: &Fact) -> Option<Line> {
    match fact {
        Fact::RemedyChosen { remedy: Remedy::Refund, .. } => {
            say("处理方式: 退款", "Remedy: refund")
        }
        Fact::GoodwillGranted { .. } => say("客服已申请补偿", "Goodwill was granted"),
        Fact::RepairQuoted { .. } => say("已提供付费维修报价", "A repair at a price is offered"),
        _ => None,
    }
}

fn on_the_way(fact: &Fact) -> Option<Line> {
    match fact {
        Fact::Filed(_) => say("申请已提交", "The request was filed"),
        Fact::Triaged { path: Path::RemoteGuidance, .. } => {
            say("客服先远程指导客户", "An agent guides the customer first")
        }
        Fact::CertificateLinked { .. } => {
            say("已收到客户的检测单", "The customer's certificate was received")
        }
        Fact::DeclaredIntact => say("客户已声明商品完好", "The customer declared the unit intact"),
        Fact::ContactFailed { .. } => say(
            "未能联系上客户, 稍后再试",
            "The customer could not be reached; another try follows",
        ),
        Fact::SlotHeld { window, .. } => Some(with_window("已保留时间", "A time is held", *window)),
        Fact::WindowsProposed { .. } => {
            say("已请客户选择上门时间", "The customer was asked which time suits")
        }
        Fact::AppointmentBooked { window, .. } => {
            Some(with_window("上门时间已约定", "The visit is booked", *window))
        }
        Fact::AppointmentRescheduled { window, .. } => {
            Some(with_window("上门时间已更改", "The visit was moved", *window))
        }
        Fact::NoShow { by } if *by != Party::Customer => {
            say("工程师未按时上门", "The technician did not come")
        }
        Fact::TurnedAway { .. } => {
            say("工程师已到门口, 应客户要求取消", "Cancelled with the technician at the door")
        }
        Fact::DeadlineMissed { charged_to: Party::Customer, clock }
            if *clock != parasol_journey::deadline::Clock::AcceptAlarm =>
        {
            say("客户超时, 已记录", "The customer is late; it is on record")
        }
        _ => None,
    }
}

fn outcome(fact: &Fact) -> Option<Line> {
    match fact {
        Fact::Decided(_) => say("审核完成, 方案已出", "Decided; there are options to choose from"),
        Fact::Denied(_) => say("审核未通过, 客户可以申诉", "Not covered; the customer may dispute"),
        Fact::GoodwillGranted { amount_fen } => Some((
            format!("客服为客户申请了补偿 ¥{}", yuan(*amount_fen)),
            format!("Goodwill of CNY {} was granted", yuan(*amount_fen)),
        )),
        Fact::CodeWaived { .. } => say(
            "客服已与客户确认完工",
            "An agent confirmed with the customer that the work is done",
        ),
        Fact::OutcomeRejected => say(
            "客户对结果不满意, 重新处理",
            "The customer was not satisfied; it is looked at again",
        ),
        Fact::Closed { ending: Ending::Confirmed } => {
            say("客户已确认, 服务完成", "The customer confirmed; done")
        }
        Fact::DisputeOpened { .. } => say("争议已受理", "A dispute is being heard"),
        Fact::EvidenceAdded { by: Party::Customer, .. } => {
            say("已收到客户的证据", "The customer's evidence was received")
        }
        Fact::DisputeDecided { loser, .. } if *loser != Party::Customer => {
            say("争议裁决: 支持客户", "The dispute is decided in the customer's favour")
        }
        Fact::RepairQuoted { amount_fen, .. } => Some((
            format!("付费维修报价 ¥{}", yuan(*amount_fen)),
            format!("A repair at CNY {} is offered to the customer", yuan(*amount_fen)),
        )),
        Fact::QuoteAccepted { .. } => {
            say("客户已接受维修报价", "The customer accepted the price of the repair")
        }
        Fact::DisputeHeard => say("争议进入裁决", "The dispute goes to its decision"),
        Fact::Reminded => say("客户的催单已收到", "The customer's reminder was received"),
        Fact::ReminderAnswered => say("催单已答复", "The reminder was answered"),
        Fact::NoticeDelivered { .. } => say("通知已送达客户", "The customer has been told"),
        Fact::NoticeUndelivered { .. } => say(
            "通知未能送达, 客服将联系客户",
            "No notice reached the customer; an agent gets in touch",
        ),
        Fact::Merged { .. } => {
            say("与客户的另一服务单合并处理", "It goes on in another case of the customer's")
        }
        Fact::SurveyAnswered { .. } => say("客户已评价", "The customer said how it was"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every line of the customer's that speaks to them is said in another way to others: each arm of the one file
    /// whose words do has its arm here.
    #[test]
    fn every_line_that_speaks_to_the_customer_is_said_otherwise_to_others() {
        let (to_them, of_them) = (include_str!("../headline.rs"), include_str!("others.rs"));
        let lines = to_them.split("/// What follows when a clock").next().unwrap();
        let of_them = of_them.split("#[cfg(test)]").next().unwrap();
        let mut told = 0;
        for arm in lines.split("Fact::").skip(1) {
            let name: String = arm.chars().take_while(char::is_ascii_alphanumeric).collect();
            let said = arm.split('"').skip(1).step_by(2).collect::<Vec<_>>().join(" ");
            let words: Vec<_> = said.split(|c: char| !c.is_alphanumeric()).collect();
            let speaks = said.contains('您')
                || words.iter().any(|word| ["you", "your", "You", "Your"].contains(word));
            if speaks {
                told += 1;
                assert!(of_them.contains(&format!("Fact::{name}")), "{name}: {said}");
            }
        }
        assert!(told > 20, "the file was not read: {told}");
        let speaks_to = |text: &str| text.contains('您') || text.contains("you");
        let quoted = of_them.split('"').skip(1).step_by(2);
        assert!(!quoted.into_iter().any(speaks_to), "somebody else is spoken to");
    }

    #[test]
    fn what_a_remedy_is_worth_is_told_to_those_whose_work_it_is() {
        use crate::headline::headline;
        use parasol_api::Language;
        let refund = Fact::RemedyChosen { remedy: Remedy::Refund, amount_fen: 123_456 };
        let said = |listener| headline(&refund, listener, Language::En);
        assert_eq!(said(Listener::Guest), "Remedy: refund");
        assert_eq!(said(Listener::Inside), said(Listener::Customer));
        assert!(said(Listener::Customer).contains("1234.56"));
        let goodwill = Fact::GoodwillGranted { amount_fen: 5_000 };
        assert!(!headline(&goodwill, Listener::Guest, Language::Zh).contains("50"));
        let repair = Fact::RemedyChosen { remedy: Remedy::Repair, amount_fen: 0 };
        assert_eq!(headline(&repair, Listener::Guest, Language::Zh), "处理方式: 维修");
    }
}
