//! What happened, in one line, in the reader's language.
//!
//! Written for the customer, who is spoken to: no codes, no staff ids, nothing a brand noted for itself. To all
//! [others](others) the customer is spoken of.

mod others;

use parasol_api::{Language, Role};
use parasol_journey::deadline::Clock;
use parasol_journey::event::{Awaited, Ending, Path, Window};
use parasol_journey::vocab::{AnomalyKind, NoteSource, Party, Remedy};
use parasol_journey::{Fact, Stage};

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// The customer.
    Customer,
    /// Somebody whose work the case is.
    Inside,
    /// Whoever holds a link: what a remedy is worth is not theirs to know.
    Guest,
}

impl Listener {
    /// Who a reader is.
    pub const fn of(role: Role) -> Self {
        match role {
            Role::Customer => Self::Customer,
            Role::Link => Self::Guest,
            _ => Self::Inside,
        }
    }
}

/// The line for a fact.
pub fn headline(fact: &Fact, listener: Listener, language: Language) -> String {
    let (zh, en) = others::line(fact, listener)
        .or_else(|| before_the_visit(fact))
        .or_else(|| visit(fact))
        .or_else(|| outcome(fact))
        .unwrap_or_else(|| bend(fact));
    match language {
        Language::Zh => zh,
        Language::En => en,
    }
}

type Line = (String, String);

fn say(zh: &str, en: &str) -> Option<Line> {
    Some((zh.to_owned(), en.to_owned()))
}

fn before_the_visit(fact: &Fact) -> Option<Line> {
    match fact {
        Fact::Filed(_) => say("您的申请已提交", "Your request was filed"),
        Fact::Triaged { path, .. } => match path {
            Path::Inspection => say("需上门检测, 正在派单", "A home inspection is needed"),
            Path::NoReason => {
                say("七天无理由退货, 免检测", "Seven-day return, no inspection needed")
            }
            Path::RemoteGuidance => say("客服先远程指导", "An agent will guide you first"),
            Path::NoVisit => say("无需上门, 直接审核", "No visit is needed"),
        },
        Fact::GuidanceSolved => say("远程指导已解决", "Solved by remote guidance"),
        Fact::GuidanceFailed => {
            say("远程指导未解决, 安排上门", "Not solved remotely; a visit follows")
        }
        Fact::CertificateLinked { .. } => say("已收到您的检测单", "Your certificate was received"),
        Fact::LinkedCertificateRefused { .. } => {
            say("检测单不适用, 安排上门检测", "The certificate does not fit; a visit follows")
        }
        Fact::DeclaredIntact => say("您已声明商品完好", "You declared the unit intact"),
        Fact::PickedUp { intact: true, missing_gifts } if !missing_gifts.is_empty() => say(
            "已取件, 商品完好, 赠品未一并退回, 从退款中扣除其标明的价款",
            "Picked up, intact; a gift did not come back, and its marked price is kept back",
        ),
        Fact::PickedUp { intact: true, .. } => say("已取件, 商品完好", "Picked up, intact"),
        Fact::PickedUp { intact: false, .. } => say("已取件, 商品有损", "Picked up, not intact"),
        Fact::OfferMade { number: 1, .. } => say("已派给服务网点", "Offered to a service centre"),
        Fact::OfferMade { number, .. } => Some((
            format!("已改派第 {number} 家服务网点"),
            format!("Offered to another service centre (number {number})"),
        )),
        Fact::OfferAccepted { .. } => say("厂家已接单", "The brand accepted"),
        Fact::OfferDeclined { .. } => {
            say("网点无法承接, 继续派单", "The centre cannot take it; we go on")
        }
        Fact::OfferExpired { .. } => {
            say("网点未及时接单, 继续派单", "The centre did not answer in time; we go on")
        }
        Fact::OfferWithdrawn { .. } => say("已收回派单, 重新安排", "Taken back; we arrange anew"),
        Fact::CoverageExhausted { .. } => {
            say("暂无可用网点, 由平台处理", "No centre is left; we decide ourselves")
        }
        Fact::CentreAssigned { .. } => say("服务网点已确定", "A service centre is on it"),
        Fact::TechnicianAssigned { .. } => say("工程师已确定", "A technician is assigned"),
        _ => None,
    }
}

fn visit(fact: &Fact) -> Option<Line> {
    match fact {
        Fact::ContactFailed { .. } => {
            say("未能联系上您, 稍后再试", "We could not reach you and will try again")
        }
        Fact::SlotHeld { window, .. } => {
            Some(with_window("已为您保留时间", "A time is held for you", *window))
        }
        Fact::WindowsProposed { .. } => {
            say("请选择合适的上门时间", "Please choose which time suits you")
        }
        Fact::WindowsReleased => say("征询的时间已失效", "The proposed times are off the table"),
        Fact::SlotReleased { .. } => say("保留的时间已释放", "The held time was released"),
        Fact::AppointmentBooked { window, .. } => {
            Some(with_window("上门时间已约定", "Your visit is booked", *window))
        }
        Fact::AppointmentRescheduled { window, .. } => {
            Some(with_window("上门时间已更改", "Your visit was moved", *window))
        }
        Fact::VisitHandedOver { .. } => {
            say("上门工程师已更换, 时间不变", "Another technician comes, at the same time")
        }
        Fact::TravelStarted { .. } => say("工程师已出发", "The technician is on the way"),
        Fact::CheckedIn { .. } => say("工程师已上门", "The technician has arrived"),
        Fact::NoShow { by: Party::Customer } => say("上门时无人在家", "Nobody was at home"),
        Fact::NoShow { .. } => {
            say("工程师未按时上门, 我们深表歉意", "The technician did not come; we are sorry")
        }
        Fact::VisitFailed { .. } => say("本次上门未能完成", "The visit could not be finished"),
        Fact::TurnedAway { .. } => {
            say("工程师已到门口, 应您要求取消", "Cancelled with the technician at the door")
        }
        Fact::InspectionStarted => say("开始检测", "Inspection started"),
        Fact::CertificateSubmitted { .. } => say("检测单已提交", "The certificate is in"),
        Fact::CertificateAccepted { .. } => say("检测单已审核通过", "The certificate is complete"),
        Fact::CertificateHeld { .. } => say("检测结论待厂家复核", "The brand reviews the finding"),
        Fact::CertificateConfirmed { .. } => {
            say("厂家已确认检测结论", "The brand confirmed the finding")
        }
        Fact::CertificateContested { .. } => say(
            "厂家对结论有异议, 两份意见均保留",
            "The brand sees it differently; both views are kept",
        ),
        _ => None,
    }
}

fn outcome(fact: &Fact) -> Option<Line> {
    match fact {
        Fact::Decided(_) => say("审核完成, 方案已出", "Decided; your options are ready"),
        Fact::Denied(_) => say("审核未通过, 您可以申诉", "Not covered; you may dispute"),
        Fact::SentToAgent { .. } => say("转人工审核", "An agent decides"),
        Fact::BackToDecision { .. } => {
            say("逾期未处理, 由平台决定", "Overdue; we decide ourselves")
        }
        Fact::SecondInspectionOrdered { .. } => {
            say("安排另一网点复检", "Another centre will inspect again")
        }
        Fact::RemedyChosen { remedy, amount_fen } => Some(match remedy {
            Remedy::Repair => ("处理方式: 维修".into(), "Remedy: repair".into()),
            Remedy::Replace => ("处理方式: 换新".into(), "Remedy: replacement".into()),
            Remedy::Refund => (
                format!("处理方式: 退款 ¥{}", yuan(*amount_fen)),
                format!("Remedy: refund of CNY {}", yuan(*amount_fen)),
            ),
        }),
        Fact::ReplacementOrdered { .. } => say("新机已安排发货", "The new unit is ordered"),
        Fact::PaymentAccepted { .. } => say("支付机构已受理", "The payment is under way"),
        Fact::PartsRequested { .. } => say("已申请配件", "Parts were requested"),
        Fact::PartsShipped { .. } => say("配件已发出", "Parts are on their way"),
        Fact::PartsBackordered { expected_at, .. } => {
            let day = expected_at.shanghai();
            Some((
                format!("配件延期, 预计{}到货", day.format("%m月%d日")),
                format!("Parts come later, on {}", day.format("%d %b")),
            ))
        }
        Fact::PartsExpected { at } => {
            let day = at.shanghai();
            Some((
                format!("所需配件预计{}到货", day.format("%m月%d日")),
                format!("The parts for the next visit come on {}", day.format("%d %b")),
            ))
        }
        Fact::PartsReceived { .. } => say("配件已到货", "The parts are here"),
        Fact::PartsInstalled { .. } => say("配件已更换", "The parts are built in"),
        Fact::PartsReturned { .. } => say("旧件已返还厂家", "The defective part went back"),
        Fact::UnitReceived => say("维修中心已收到商品", "The workshop has the unit"),
        Fact::UnitReturned => say("商品已送回", "The unit is on its way back"),
        Fact::RepairCompleted => say("维修完成", "Repaired"),
        Fact::RepairFailed => say("维修未能解决", "The repair did not help"),
        Fact::RefundPaid { .. } => say("退款已到账", "The refund is paid"),
        Fact::ReplacementDelivered { .. } => {
            say("新机已送达, 旧机已取回", "The new unit is here, the old one taken")
        }
        Fact::CompensationPaid { .. } => say("赔付已到账", "The compensation is paid"),
        Fact::GoodwillGranted { amount_fen } => Some((
            format!("客服为您申请了补偿 ¥{}", yuan(*amount_fen)),
            format!("Goodwill of CNY {} was granted", yuan(*amount_fen)),
        )),
        Fact::CodeRenewed => say("完工码已更换", "There is a new completion code"),
        Fact::CodeWaived { .. } => {
            say("已由客服与您确认完工", "An agent confirmed with you that the work is done")
        }
        Fact::CodeRefused => say("完工码不正确", "The completion code was wrong"),
        Fact::OutcomeRejected => {
            say("您对结果不满意, 重新处理", "You were not satisfied; we look again")
        }
        Fact::Closed { ending } => match ending {
            Ending::Code => say("完工码已核对, 服务完成", "Completion code matched; done"),
            Ending::CodeWaived => say("客服确认完工, 服务完成", "Confirmed to an agent; done"),
            Ending::Confirmed => say("您已确认, 服务完成", "You confirmed; done"),
            Ending::Silence => say("到期未反馈, 服务完成", "No objection in time; done"),
            Ending::DenialAccepted => say("已结束", "Ended"),
        },
        _ => None,
    }
}

fn bend(fact: &Fact) -> Line {
    let line = match fact {
        Fact::DisputeOpened { .. } => say("争议已受理", "Your dispute is being heard"),
        Fact::DisputeAnswered { by: Party::Brand | Party::Centre, .. } => {
            say("厂家已答复", "The brand answered")
        }
        Fact::DisputeAnswered { .. } => say("已收到答复", "An answer came in"),
        Fact::DisputeAwaits { awaited: Awaited::Lab, .. } => {
            say("送第三方检测", "The unit goes to a laboratory")
        }
        Fact::DisputeAwaits { .. } => say("等待补充材料", "Waiting for more evidence"),
        Fact::EvidenceAdded { by: Party::Customer, .. } => {
            say("已收到您的证据", "Your evidence was received")
        }
        Fact::EvidenceAdded { .. } => say("对方已提交证据", "The other side handed in evidence"),
        Fact::UnitAtLab => say("检测机构已收到商品", "The laboratory has the unit"),
        Fact::PanelConvened { .. } => say("已请专家评议", "Experts were asked for their opinions"),
        Fact::OpinionGiven { .. } => say("一位专家已提交意见", "An expert gave an opinion"),
        Fact::PanelConcluded { .. } => say("专家组已有结论", "The experts came to a finding"),
        Fact::DisputeDecided { loser: Party::Customer, .. } => {
            say("争议裁决: 维持原结论", "The dispute is decided; the finding stands")
        }
        Fact::DisputeDecided { .. } => {
            say("争议裁决: 支持您", "The dispute is decided in your favour")
        }
        Fact::DecisionProposed(_) => say("方案待复核", "A second person looks at the proposal"),
        Fact::ProposalApproved { .. } => say("方案已复核", "A second person agreed"),
        Fact::ProposalRefused { .. } | Fact::ProposalLapsed { .. } => {
            say("重新拟定方案", "Another way is looked for")
        }
        Fact::RepairQuoted { amount_fen, .. } => Some((
            format!("付费维修报价 ¥{}", yuan(*amount_fen)),
            format!("A repair at CNY {} is offered to you", yuan(*amount_fen)),
        )),
        Fact::QuoteAccepted { .. } => {
            say("您已接受维修报价", "You accepted the price of the repair")
        }
        Fact::DisputeHeard => say("争议进入裁决", "Your dispute goes to its decision"),
        Fact::Reopened => say("案件已重新打开", "The case is open again"),
        Fact::Paused { .. } => say("已暂停", "Paused"),
        Fact::Resumed => say("已恢复", "Going on"),
        Fact::CancelRequested => say("取消中, 等待现场确认", "Cancellation is asked of the field"),
        Fact::CancelRefused { .. } => say("现场已开始, 暂不能取消", "Too far along to cancel"),
        Fact::Cancelled => say("已取消", "Cancelled"),
        Fact::Reminded => say("您的催单已收到", "Your reminder was received"),
        Fact::ReminderAnswered => say("催单已答复", "Your reminder was answered"),
        Fact::NoticeDelivered { .. } => say("通知已送达您", "You have been told"),
        Fact::NoticeUndelivered { .. } => {
            say("通知未能送达, 客服将联系您", "No notice reached you; an agent gets in touch")
        }
        Fact::AnomalyRaised { kind, .. } => anomaly(*kind),
        Fact::Noted { source: NoteSource::Desk, .. } => say("客服备注", "A note of the desk"),
        Fact::Noted { source: NoteSource::Mail, .. } => say("收到邮件", "An e-mail came in"),
        Fact::Merged { .. } => {
            say("与您的另一服务单合并处理", "It goes on in another case of yours")
        }
        Fact::PromiseStarted { .. } => say("一项服务时限开始计时", "A promised time began to run"),
        Fact::SurveyAnswered { .. } => say("感谢您的评价", "Thank you for your answer"),
        Fact::PromiseMissed { .. } => {
            say("一项服务时限未兑现, 已记录", "A promised time was not kept; it is on record")
        }
        Fact::DeadlineMissed { clock, charged_to } => Some(missed(*clock, *charged_to)),
        _ => say("记录已更新", "The record was updated"),
    };
    line.unwrap_or_default()
}

fn anomaly(kind: AnomalyKind) -> Option<Line> {
    match kind {
        AnomalyKind::AddressWrong => say("异常: 地址有误", "Anomaly: the address is wrong"),
        AnomalyKind::CustomerUnreachable => {
            say("异常: 联系不上客户", "Anomaly: the customer cannot be reached")
        }
        AnomalyKind::PartUnavailable => say("异常: 缺件", "Anomaly: a part is not to be had"),
        AnomalyKind::Safety => say("异常: 安全风险", "Anomaly: somebody is in danger"),
        AnomalyKind::FraudSuspected => {
            say("异常: 疑似虚假申请", "Anomaly: the claim does not look honest")
        }
        AnomalyKind::Other => say("异常: 其他", "Anomaly: something else"),
    }
}

fn missed(clock: Clock, by: Party) -> Line {
    match clock {
        Clock::AcceptAlarm => {
            ("网点尚未答复, 已提醒".into(), "No answer yet; the centre was alarmed".into())
        }
        _ => {
            let (zh, en) = by.names();
            (format!("{zh}超时, 已记录"), format!("The {en} is late; it is on record"))
        }
    }
}

fn with_window(zh: &str, en: &str, window: Window) -> Line {
    let (from, to) = (window.start.shanghai(), window.end.shanghai());
    let times = format!("{}-{}", from.format("%H:%M"), to.format("%H:%M"));
    (
        format!("{zh}: {} {times}", from.format("%m月%d日")),
        format!("{en}: {} {times}", from.format("%d %b")),
    )
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// What a stage is called to a reader.
pub fn stage_words(stage: Stage, listener: Listener) -> (&'static str, &'static str) {
    let is_customer = listener == Listener::Customer;
    match stage {
        Stage::Unreachable if !is_customer => ("未联系上客户", "The customer could not be reached"),
        Stage::RemedyOffered if !is_customer => {
            ("待客户选择处理方式", "The customer chooses a remedy")
        }
        Stage::AwaitConfirm if !is_customer => ("待客户确认", "The customer is asked to confirm"),
        Stage::Denied if !is_customer => {
            ("不支持, 客户可申诉", "Not covered; the customer may dispute")
        }
        stage => (stage.row().zh, stage.row().en),
    }
}

/// What follows when a clock runs out, for the reader.
pub fn if_missed(clock: Clock, listener: Listener, language: Language) -> &'static str {
    use parasol_journey::deadline::Miss;
    let is_customer = listener == Listener::Customer;
    let (zh, en) = match clock.row().miss {
        Miss::ReachByAgent if !is_customer => {
            ("由客服联系客户", "an agent gets in touch with the customer")
        }
        Miss::NoShow if !is_customer => {
            ("视为爽约, 客户优先改约", "it counts as a no-show and the customer chooses first")
        }
        Miss::ReleaseWindows if !is_customer => (
            "时段释放, 工程师将致电客户",
            "the times go free and the technician calls the customer",
        ),
        Miss::Redispatch | Miss::ExpireOffer => ("改派其他网点", "another centre is asked"),
        Miss::DecideWithoutBrand => {
            ("平台直接决定, 费用由厂家承担", "we decide at the brand's cost")
        }
        Miss::DecideAgain => ("由平台决定", "we decide"),
        Miss::Escalate(_) => ("升级处理并计入考核", "it is escalated and counted"),
        Miss::Record => ("计入考核", "it is counted"),
        Miss::ReachByAgent => ("由客服联系您", "an agent gets in touch with you"),
        Miss::NoShow => ("视为爽约, 优先改约", "it counts as a no-show and you choose first"),
        Miss::ReleaseWindows => {
            ("时段释放, 工程师将致电您", "the times go free and the technician calls you")
        }
        Miss::ReleaseHold => ("保留的时间释放", "the held time goes free"),
        Miss::ChooseForCustomer => ("按首选方案处理", "the first option is carried out"),
        Miss::Close => ("自动完成", "the case closes"),
        Miss::Cancel => ("自动取消", "the case is cancelled"),
        Miss::Hear => ("按现有材料裁决", "it is decided on what there is"),
        Miss::LapseProposal => ("提议失效", "the proposal lapses"),
        Miss::Resume => ("自动恢复", "the case goes on"),
        Miss::Never => ("", ""),
    };
    match language {
        Language::Zh => zh,
        Language::En => en,
    }
}
