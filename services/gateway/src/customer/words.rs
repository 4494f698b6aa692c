//! What the contract's lists are called to a customer, in both languages.

use parasol_api::common::v1::{Money, Party, PauseCause, Remedy, Stage};
use parasol_api::{Language, Listed as _};
use parasol_journey::vocab;

use crate::web::words::Pick as _;

/// Who a party is; the customer is spoken to.
pub(super) fn party(party: Party, language: Language) -> &'static str {
    match vocab::Party::of_wire(party) {
        Some(vocab::Party::Customer) => language.pick("您", "you"),
        Some(vocab::Party::Retailer) => language.pick("平台", "our team"),
        Some(vocab::Party::Brand) => language.pick("厂家", "the brand"),
        Some(vocab::Party::Centre) => language.pick("服务网点", "the service centre"),
        Some(vocab::Party::Technician) => language.pick("工程师", "the technician"),
        Some(vocab::Party::Carrier) => language.pick("物流", "the carrier"),
        Some(vocab::Party::Payment) => language.pick("支付机构", "the payment provider"),
        Some(vocab::Party::Lab) => language.pick("检测机构", "the laboratory"),
        None => language.pick("无", "nobody"),
    }
}

/// What a stage is called: to the customer, or to somebody else with a link.
pub(super) fn stage(stage: Stage, to_customer: bool, language: Language) -> &'static str {
    use parasol_journey::Stage as S;
    match parasol_journey::Stage::of_wire(stage) {
        Some(S::Unreachable) if !to_customer => {
            language.pick("未联系上客户", "The customer could not be reached")
        }
        Some(S::RemedyOffered) if !to_customer => {
            language.pick("待客户选择处理方式", "The customer chooses a remedy")
        }
        Some(S::AwaitConfirm) if !to_customer => {
            language.pick("待客户确认", "The customer is asked to confirm")
        }
        Some(S::Denied) if !to_customer => {
            language.pick("不支持, 客户可申诉", "Not covered; the customer may dispute")
        }
        Some(stage) => language.pick(stage.row().zh, stage.row().en),
        None => "—",
    }
}

/// What whoever has the turn does now, to somebody who is not the customer.
pub(super) fn doing_for(stage: Stage, language: Language) -> &'static str {
    use parasol_journey::Stage as S;
    match S::of_wire(stage) {
        Some(S::NoReason) => language
            .pick("等待客户确认商品完好。", "The customer is asked to declare the unit intact."),
        Some(S::RemoteGuidance) => language
            .pick("客服会先远程指导。", "An agent guides the customer before anybody travels."),
        Some(S::EvidenceLinked) => {
            language.pick("正在审阅检测单。", "Reading the customer's certificate.")
        }
        Some(S::ChoosingCentre) => {
            language.pick("正在选择服务网点。", "Choosing a service centre.")
        }
        Some(S::Dispatched) => language.pick("等待接单。", "Asked to take the case."),
        Some(S::TechnicianAssigned) => {
            language.pick("将与客户约定上门时间。", "Will agree a time with the customer.")
        }
        Some(S::Unreachable) => language
            .pick("没联系上客户，会再次联系。", "Could not reach the customer and will try again."),
        Some(S::OnSite) => language.pick("已到客户家中。", "Is at the customer's home."),
        Some(S::Deciding) => language.pick("正在审核处理方案。", "Deciding what is owed."),
        Some(S::RemedyOffered) => {
            language.pick("等待客户选择处理方式。", "The customer chooses a remedy.")
        }
        Some(S::Refunding) => language.pick("退款正在路上。", "The refund is on its way."),
        Some(S::Replacing) => language.pick("新机正在路上。", "The new unit is on its way."),
        Some(S::Denied) => {
            language.pick("客户可以接受或申诉。", "The customer may accept this or dispute it.")
        }
        Some(S::Compensating) => language.pick("赔付正在路上。", "The compensation is on its way."),
        Some(S::Disputed) => language.pick("正在处理争议。", "A dispute is being heard."),
        Some(S::AwaitConfirm) => {
            language.pick("等待客户确认是否已解决。", "The customer says whether it is solved.")
        }
        Some(S::CancelRequested) => language.pick("正在确认取消。", "Confirming the cancellation."),
        _ => doing(stage, language),
    }
}

/// What whoever has the turn does now.
pub(super) fn doing(stage: Stage, language: Language) -> &'static str {
    use parasol_journey::Stage as S;
    let Some(stage) = S::of_wire(stage) else { return "" };
    match stage {
        S::Filed => {
            language.pick("正在判断怎样最快解决。", "Finding the quickest way to solve it.")
        }
        S::NoReason => language.pick("请确认商品完好。", "Please declare the unit intact."),
        S::RemoteGuidance => {
            language.pick("客服会先远程指导您。", "An agent guides you before anybody travels.")
        }
        S::EvidenceLinked => language.pick("正在审阅您的检测单。", "Reading your certificate."),
        S::Returning => language.pick("物流将上门取件。", "The carrier picks the unit up."),
        S::ChoosingCentre => {
            language.pick("正在为您选择服务网点。", "Choosing a service centre for you.")
        }
        S::Dispatched => language.pick("等待接单。", "Asked to take your case."),
        S::Accepted => language.pick("正在指定服务网点。", "Naming a service centre."),
        S::CentreAssigned => language.pick("正在安排工程师。", "Naming a technician."),
        S::TechnicianAssigned => {
            language.pick("将与您约定上门时间。", "Will agree a time with you.")
        }
        S::Unreachable => {
            language.pick("没联系上您，会再次联系。", "Could not reach you and will try again.")
        }
        S::Appointed => language.pick("将按约定时间上门。", "Comes at the agreed time."),
        S::OnSite => language.pick("已在您家中。", "Is at your home."),
        S::Inspecting => language.pick("正在检测。", "Is inspecting the unit."),
        S::VerdictIn => language.pick("正在核对检测单。", "Checking the certificate."),
        S::VerdictHeld => language.pick("正在复核检测结论。", "Reviewing the finding."),
        S::Deciding => language.pick("正在审核处理方案。", "Deciding what you are owed."),
        S::RemedyOffered => language.pick("请选择一种处理方式。", "Please choose a remedy."),
        S::Refunding => language.pick("退款正在路上。", "Your refund is on its way."),
        S::Replacing => language.pick("新机正在路上。", "Your new unit is on its way."),
        S::Repairing => language.pick("正在维修。", "Is repairing the unit."),
        S::Denied => {
            language.pick("请看原因；您可以申诉。", "Please read why; you may dispute it.")
        }
        S::Compensating => language.pick("赔付正在路上。", "Your compensation is on its way."),
        S::Disputed => language.pick("正在处理您的争议。", "Your dispute is being heard."),
        S::AwaitConfirm => {
            language.pick("请告诉我们是否已解决。", "Please tell us whether it is solved.")
        }
        S::Paused => language.pick("暂停中。", "Paused for now."),
        S::CancelRequested => language.pick("正在确认取消。", "Confirming your cancellation."),
        S::Closed | S::Cancelled => "",
    }
}

/// What a remedy is called.
pub(super) fn remedy(remedy: Remedy, language: Language) -> &'static str {
    match vocab::Remedy::of_wire(remedy) {
        Some(vocab::Remedy::Repair) => language.pick("维修", "Repair"),
        Some(vocab::Remedy::Replace) => language.pick("换新", "Replacement"),
        Some(vocab::Remedy::Refund) => language.pick("退款", "Refund"),
        None => language.pick("听平台建议", "No preference"),
    }
}

/// The value of a remedy in a form.
pub(super) const REMEDIES: [(&str, Remedy); 3] =
    [("repair", Remedy::Repair), ("replace", Remedy::Replace), ("refund", Remedy::Refund)];

/// Who bears a cost, by the contract's word; nothing for a word nobody knows.
pub(super) fn payer(payer: &str, language: Language) -> &'static str {
    match payer {
        "customer" => language.pick("费用由您承担", "at your cost"),
        "" => "",
        // Who settles with whom afterwards is not the customer's concern.
        _ => language.pick("您无需付费", "at no cost to you"),
    }
}

/// Why a case is paused.
pub(super) fn pause(cause: PauseCause, language: Language) -> &'static str {
    match cause {
        PauseCause::CustomerUnreachable => language.pick("联系不上您", "we could not reach you"),
        PauseCause::CustomerAskedLater => language.pick("您要求稍后", "you asked for a later time"),
        PauseCause::Weather => language.pick("天气原因", "the weather"),
        PauseCause::Unsafe => language.pick("作业不安全", "it is not safe to work"),
        PauseCause::PartOnOrder => language.pick("等待配件", "a part is on order"),
        PauseCause::Unspecified => language.pick("其他原因", "another reason"),
    }
}

/// An amount as it is shown.
pub(super) fn money(money: &Money) -> String {
    let (yuan, fen) = (money.fen / 100, money.fen % 100);
    let mut whole = yuan.to_string();
    let mut place = whole.len();
    while place > 3 {
        place -= 3;
        whole.insert(place, ',');
    }
    format!("¥{whole}.{fen:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_tells_what_happens_in_it() {
        for one in parasol_journey::Stage::ALL {
            let [zh, en] = [Language::Zh, Language::En].map(|tag| doing(one.to_wire(), tag));
            assert_eq!(zh.is_empty(), one.is_ended(), "{one}");
            assert_eq!(en.is_empty(), one.is_ended(), "{one}");
            assert_ne!(stage(one.to_wire(), true, Language::Zh), "—");
            // Somebody with a link is not spoken to as if the case were theirs.
            let zh =
                [doing_for(one.to_wire(), Language::Zh), stage(one.to_wire(), false, Language::Zh)];
            let en =
                [doing_for(one.to_wire(), Language::En), stage(one.to_wire(), false, Language::En)];
            assert!(!zh.concat().contains(['您', '请']), "{one}: {zh:?}");
            assert!(
                !en.concat().to_lowercase().contains("you") && !en.concat().contains("lease "),
                "{one}: {en:?}"
            );
        }
    }

    #[test]
    fn amounts_are_grouped_and_exact() {
        let shown = |fen| money(&Money { fen, currency: "CNY".to_owned() });
        assert_eq!(shown(5), "¥0.05");
        assert_eq!(shown(129_900), "¥1,299.00");
        assert_eq!(shown(123_456_789), "¥1,234,567.89");
    }
}
