//! The stages a case can stand in, who holds the turn there, and what each is called.
//!
//! A stage is where the *case* stands. Offers, appointments, certificates and money have life cycles
//! of their own and only show here through the events they cause.

use crate::task::Work;
use crate::vocab::{Party, vocabulary};

vocabulary! {
    /// Where a case stands. The numbers in the docs are the rows of the life-cycle table.
    Stage {
        /// 1. Filed; the policy looks at it.
        Filed = "filed",
        /// 2a. Seven-day no-reason return; the customer declares the unit intact.
        NoReason = "no_reason",
        /// 2b. The retailer guides the customer before anybody travels.
        RemoteGuidance = "remote_guidance",
        /// 2c. The customer already holds a certificate; the retailer reads it.
        EvidenceLinked = "evidence_linked",
        /// 2d. The unit is being picked up.
        Returning = "returning",
        /// 3'. The retailer looks for a centre, for the first time or again.
        ChoosingCentre = "choosing_centre",
        /// 3. Offered to a centre of the brand.
        Dispatched = "dispatched",
        /// 4. The brand accepted but has not yet named a centre.
        Accepted = "accepted",
        /// 5. A centre has the work order.
        CentreAssigned = "centre_assigned",
        /// 6. A technician has it.
        TechnicianAssigned = "technician_assigned",
        /// 6u. The customer could not be reached.
        Unreachable = "unreachable",
        /// 7. An arrival window is agreed.
        Appointed = "appointed",
        /// 8. The technician is at the door.
        OnSite = "on_site",
        /// 9. The unit is being inspected.
        Inspecting = "inspecting",
        /// 10. A certificate came in and is checked for completeness.
        VerdictIn = "verdict_in",
        /// 11. The certificate waits for the brand's word.
        VerdictHeld = "verdict_held",
        /// 12. The policy, or an agent within authority, decides.
        Deciding = "deciding",
        /// 12'. The customer chooses among the remedies on offer.
        RemedyOffered = "remedy_offered",
        /// 13a. Money is on its way.
        Refunding = "refunding",
        /// 13b. A new unit is on its way.
        Replacing = "replacing",
        /// 13c. The unit is being repaired.
        Repairing = "repairing",
        /// 13d. Refused with reasons; the customer may dispute.
        Denied = "denied",
        /// 13e. Compensation is on its way.
        Compensating = "compensating",
        /// 14. A dispute is being heard.
        Disputed = "disputed",
        /// 15. Carried out; the customer confirms.
        AwaitConfirm = "await_confirm",
        /// 16. Ended well.
        Closed = "closed",
        /// Stopped, with an owner, a cause and a time to go on.
        Paused = "paused",
        /// The customer wants to cancel while somebody is already in the field.
        CancelRequested = "cancel_requested",
        /// Ended by the customer.
        Cancelled = "cancelled",
    }
}

/// What a stage is called and who has to move.
pub struct StageRow {
    /// The stage.
    pub stage: Stage,
    /// Who holds the turn; `None` where the case has ended, or where the case itself knows better
    /// (a pause has its own owner).
    pub holder: Option<Party>,
    /// The work armed on entry, due at once.
    pub work: Option<Work>,
    /// Shown to the customer in Chinese.
    pub zh: &'static str,
    /// Shown to the customer in English.
    pub en: &'static str,
}

const fn row(
    stage: Stage,
    holder: Option<Party>,
    work: Option<Work>,
    zh: &'static str,
    en: &'static str,
) -> StageRow {
    StageRow { stage, holder, work, zh, en }
}

/// One row per stage, in declaration order.
#[rustfmt::skip]
pub const STAGES: &[StageRow] = &[
    row(Stage::Filed,              Some(Party::Retailer),   Some(Work::Triage),             "已提交",         "Filed"),
    row(Stage::NoReason,           Some(Party::Customer),   None,                           "七天无理由, 免检", "Seven-day return, no inspection"),
    row(Stage::RemoteGuidance,     Some(Party::Retailer),   None,                           "远程指导",       "Remote guidance"),
    row(Stage::EvidenceLinked,     Some(Party::Retailer),   None,                           "已有检测单",     "Certificate under review"),
    row(Stage::Returning,          Some(Party::Carrier),    None,                           "上门取件中",     "Pick-up on its way"),
    row(Stage::ChoosingCentre,     Some(Party::Retailer),   Some(Work::ChooseCentre),       "派单中",         "Finding a service centre"),
    row(Stage::Dispatched,         Some(Party::Brand),      None,                           "已派厂家",       "Offered to the brand"),
    row(Stage::Accepted,           Some(Party::Brand),      None,                           "厂家已接单",     "Accepted by the brand"),
    row(Stage::CentreAssigned,     Some(Party::Centre),     None,                           "网点已接单",     "Service centre assigned"),
    row(Stage::TechnicianAssigned, Some(Party::Technician), None,                           "已派工程师",     "Technician assigned"),
    row(Stage::Unreachable,        Some(Party::Technician), None,                           "未联系上您",     "We could not reach you"),
    row(Stage::Appointed,          Some(Party::Technician), None,                           "已预约上门",     "Visit booked"),
    row(Stage::OnSite,             Some(Party::Technician), None,                           "已上门",         "Technician on site"),
    row(Stage::Inspecting,         Some(Party::Technician), None,                           "检测中",         "Inspection under way"),
    row(Stage::VerdictIn,          Some(Party::Retailer),   None,                           "检测单已提交",   "Certificate received"),
    row(Stage::VerdictHeld,        Some(Party::Brand),      None,                           "厂家复核中",     "Brand is reviewing"),
    row(Stage::Deciding,           Some(Party::Retailer),   Some(Work::Decide),             "审核中",         "Decision under way"),
    row(Stage::RemedyOffered,      Some(Party::Customer),   None,                           "请选择处理方式", "Choose a remedy"),
    row(Stage::Refunding,          Some(Party::Payment),    Some(Work::PayRefund),          "退款中",         "Refund on its way"),
    row(Stage::Replacing,          Some(Party::Carrier),    Some(Work::ShipReplacement),    "换新中",         "Replacement on its way"),
    row(Stage::Repairing,          Some(Party::Technician), None,                           "维修中",         "Repair under way"),
    row(Stage::Denied,             Some(Party::Customer),   None,                           "不支持, 可申诉", "Not covered; you may dispute"),
    row(Stage::Compensating,       Some(Party::Payment),    Some(Work::PayCompensation),    "赔付中",         "Compensation on its way"),
    row(Stage::Disputed,           None,                    None,                           "争议处理中",     "Dispute being heard"),
    row(Stage::AwaitConfirm,       Some(Party::Customer),   None,                           "请确认",         "Please confirm"),
    row(Stage::Closed,             None,                    None,                           "已完成",         "Closed"),
    row(Stage::Paused,             None,                    None,                           "暂停",           "Paused"),
    row(Stage::CancelRequested,    Some(Party::Centre),     None,                           "取消中",         "Cancellation requested"),
    row(Stage::Cancelled,          None,                    None,                           "已取消",         "Cancelled"),
];

impl Stage {
    /// This stage's row.
    pub fn row(self) -> &'static StageRow {
        &STAGES[self as usize]
    }

    /// Whether the case has ended here. Only a reopening leaves `Closed`; nothing leaves `Cancelled`.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Closed | Self::Cancelled)
    }
}

/// Every stage in which a case is open.
#[rustfmt::skip]
pub const OPEN: &[Stage] = &[
    Stage::Filed, Stage::NoReason, Stage::RemoteGuidance, Stage::EvidenceLinked, Stage::Returning,
    Stage::ChoosingCentre, Stage::Dispatched, Stage::Accepted, Stage::CentreAssigned,
    Stage::TechnicianAssigned, Stage::Unreachable, Stage::Appointed, Stage::OnSite, Stage::Inspecting,
    Stage::VerdictIn, Stage::VerdictHeld, Stage::Deciding, Stage::RemedyOffered, Stage::Refunding,
    Stage::Replacing, Stage::Repairing, Stage::Denied, Stage::Compensating, Stage::Disputed,
    Stage::AwaitConfirm, Stage::Paused, Stage::CancelRequested,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_one_row_per_stage_in_order() {
        assert_eq!(STAGES.len(), Stage::ALL.len());
        for (row, stage) in STAGES.iter().zip(Stage::ALL) {
            assert_eq!(row.stage, *stage);
        }
        let open: Vec<_> = Stage::ALL.iter().copied().filter(|s| !s.is_ended()).collect();
        assert_eq!(open.len(), OPEN.len());
        assert!(open.iter().all(|stage| OPEN.contains(stage)));
    }
}
