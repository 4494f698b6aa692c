//! What the contract's lists are called on a page, in both languages.
//!
//! Lists that a form offers are in [`choices`](super::choices); these are only shown.

use parasol_api::common::v1::{Party, Stage};
use parasol_api::partner::v1::{OfferState, PartOrderState, WorkOrderState};
use parasol_api::{Language, Listed as _};
use parasol_journey::deadline::{Clock, Miss};

pub(super) use crate::web::words::{Pick, category};

/// Where a case stands, in a partner's words rather than the customer's.
pub(super) fn stage(stage: Stage, language: Language) -> &'static str {
    match stage {
        Stage::Accepted => language.pick("待指定网点", "Name a centre"),
        Stage::CentreAssigned => language.pick("待派工程师", "Name a technician"),
        Stage::TechnicianAssigned => language.pick("待预约", "Agree on a time"),
        Stage::Unreachable => language.pick("联系不上客户", "Customer not reached"),
        Stage::RemedyOffered => language.pick("客户选择处理方式", "Customer chooses a remedy"),
        Stage::Denied => language.pick("不支持, 客户可申诉", "Not covered; customer may dispute"),
        Stage::AwaitConfirm => language.pick("待客户确认", "Customer confirms"),
        other => match parasol_journey::Stage::of_wire(other) {
            Some(stage) => language.pick(stage.row().zh, stage.row().en),
            None => "—",
        },
    }
}

/// Who a party is; the customer is spoken about here, not to.
pub(super) fn party(party: Party, language: Language) -> &'static str {
    match parasol_journey::vocab::Party::of_wire(party) {
        Some(parasol_journey::vocab::Party::Customer) => language.pick("客户", "customer"),
        Some(party) => {
            let (zh, en) = party.names();
            language.pick(zh, en)
        }
        None => language.pick("无", "nobody"),
    }
}

/// How an offer stands.
pub(super) fn offer_state(state: OfferState, language: Language) -> &'static str {
    match state {
        OfferState::Unspecified => "—",
        OfferState::Offered => language.pick("待答复", "Waiting for your answer"),
        OfferState::Accepted => language.pick("已接单", "Accepted"),
        OfferState::Declined => language.pick("已拒单", "Declined"),
        OfferState::Expired => language.pick("已超时", "Expired"),
        OfferState::Withdrawn => language.pick("已撤回", "Withdrawn"),
    }
}

/// How a work order stands.
pub(super) fn work_state(state: WorkOrderState, language: Language) -> &'static str {
    match state {
        WorkOrderState::Unspecified => "—",
        WorkOrderState::Open => language.pick("未预约", "Open"),
        WorkOrderState::Planned => language.pick("已预约", "Planned"),
        WorkOrderState::InProgress => language.pick("进行中", "In progress"),
        WorkOrderState::Completed => language.pick("已完成", "Completed"),
        WorkOrderState::UnableToComplete => language.pick("无法完成", "Unable to complete"),
        WorkOrderState::Cancelled => language.pick("已取消", "Cancelled"),
    }
}

/// How ordered parts stand.
pub(super) fn part_state(state: PartOrderState, language: Language) -> &'static str {
    match state {
        PartOrderState::Unspecified => "—",
        PartOrderState::Ordered => language.pick("已订购，未发货", "Ordered, not shipped"),
        PartOrderState::Shipped => language.pick("已发货", "Shipped"),
        PartOrderState::Received => language.pick("已收到", "Received"),
        PartOrderState::Backordered => language.pick("缺货", "Late"),
        PartOrderState::Installed => language.pick("已装", "Built in"),
        PartOrderState::Returning => language.pick("旧件待寄回", "Defective part to go back"),
        PartOrderState::Returned => language.pick("旧件已寄回", "Defective part went back"),
    }
}

/// What a licence is called; a kind nobody listed keeps its own name.
pub(super) fn licence(kind: &str, language: Language) -> &str {
    match kind {
        "electrician" => language.pick("电工证", "Electrician"),
        "high_altitude" => language.pick("高处作业证", "Work at height"),
        "gas" => language.pick("燃气证", "Gas"),
        "refrigeration" => language.pick("制冷证", "Refrigeration"),
        other => other,
    }
}

/// What happens when a clock runs out, as a partner has to know it; nothing for a clock nobody knows.
pub(super) fn if_missed(clock: &str, language: Language) -> &'static str {
    let Some(clock) = Clock::parse(clock) else { return "" };
    match clock.row().miss {
        Miss::Redispatch | Miss::ExpireOffer => {
            language.pick("改派其他网点。", "the case goes to another centre.")
        }
        Miss::DecideWithoutBrand => language.pick(
            "由平台直接判定，费用由厂家承担。",
            "the platform decides without you, at the brand's cost.",
        ),
        Miss::DecideAgain => language
            .pick("由平台重新判定，并记录超时。", "the platform decides, and it is counted."),
        Miss::Escalate(_) => {
            language.pick("记录超时并再次催办。", "it is counted and asked again.")
        }
        Miss::ReachByAgent => language.pick("客服将联系客户。", "an agent reaches the customer."),
        Miss::Record => language.pick("记录超时。", "it is counted."),
        Miss::NoShow => language.pick("视为工程师未上门。", "it counts as a no-show."),
        Miss::ReleaseWindows => language.pick(
            "所征询的时段将释放，需要再次联系客户。",
            "the proposed windows go free, and the customer has to be called.",
        ),
        Miss::ReleaseHold => language.pick("保留的时段将释放。", "the held slot goes free."),
        Miss::ChooseForCustomer => {
            language.pick("按默认方式处理。", "the customer's first wish is carried out.")
        }
        Miss::Close => language.pick("服务单自动完成。", "the case closes."),
        Miss::Cancel => language.pick("服务单取消。", "the case is cancelled."),
        Miss::Hear => language.pick("按现有材料裁决。", "it is decided on what is there."),
        Miss::LapseProposal => language.pick("提议失效。", "the proposal lapses."),
        Miss::Resume => language.pick("服务单自动恢复。", "the case goes on."),
        Miss::Never => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_words() {
        for one in parasol_journey::Stage::ALL {
            assert!(stage(one.to_wire(), Language::Zh).chars().count() > 1, "{one}");
        }
    }
}
