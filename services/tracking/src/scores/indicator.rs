//! The indicators: what is counted, out of what, in which month, and what is left out. Data, one row each.
//!
//! A row says everything about an indicator but how its occurrences are found in a log; that is in
//! [`super::folds`]. Nothing is ranked that has no row here.

use parasol_journey::time::{HOUR, MINUTE};

/// Who can be scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// A brand in a category.
    Brand,
    /// A service centre.
    Centre,
    /// A technician.
    Technician,
    /// An agent of the retailer.
    Agent,
    /// The retailer towards a brand in a category.
    Retailer,
}

impl Level {
    /// Every level.
    pub const ALL: &'static [Self] =
        &[Self::Brand, Self::Centre, Self::Technician, Self::Agent, Self::Retailer];

    /// As tables write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Brand => "brand",
            Self::Centre => "centre",
            Self::Technician => "technician",
            Self::Agent => "agent",
            Self::Retailer => "retailer",
        }
    }

    /// The level that tables write so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|level| level.as_str() == text)
    }

    /// Whether its figures are kept by category.
    pub const fn by_category(self) -> bool {
        matches!(self, Self::Brand | Self::Retailer)
    }
}

/// Where in the customer's course an indicator belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Before the visit.
    Pre,
    /// At the visit and the finding.
    In,
    /// After it.
    After,
    /// The whole way.
    Whole,
}

impl Group {
    /// Every group, in order.
    pub const ALL: &'static [Self] = &[Self::Pre, Self::In, Self::After, Self::Whole];

    /// How much it counts.
    pub const fn weight(self) -> i64 {
        match self {
            Self::Pre | Self::Whole => 20,
            Self::In | Self::After => 30,
        }
    }
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A share, in millionths.
    Share,
    /// A time in microseconds, by its median.
    Time,
    /// A mean of points, in millionths.
    Points,
    /// A mean number, in millionths.
    Count,
    /// A mean amount, in fen.
    Money,
}

/// One of two languages.
pub type Words = (&'static str, &'static str);

/// An indicator.
pub struct Row {
    /// Which.
    pub id: Id,
    /// What it is called, in Chinese and in English.
    pub name: Words,
    /// Where it belongs.
    pub group: Group,
    /// What its value is.
    pub unit: Unit,
    /// Who is measured by it.
    pub levels: &'static [Level],
    /// What is counted.
    pub numerator: Words,
    /// Out of what.
    pub denominator: Words,
    /// Which month an occurrence counts in.
    pub window: Words,
    /// What is left out.
    pub exclusions: Words,
    /// Its weight within its group; 0 is shown and not scored.
    pub weight: i64,
    /// The value that earns all points.
    pub best: i64,
    /// The value that earns none.
    pub worst: i64,
}

impl Row {
    /// Whether more is better.
    pub const fn more_is_better(&self) -> bool {
        self.best > self.worst
    }
}

macro_rules! indicators {
    ($($id:ident $text:literal $zh:literal $en:literal
        $group:ident $unit:ident [$($level:ident)+] $weight:literal : $best:expr => $worst:expr;
        num $num_zh:literal $num_en:literal
        of $of_zh:literal $of_en:literal
        $window:ident $(not $not_zh:literal $not_en:literal)?;)+) => {
        /// The indicators by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Id { $(#[doc = $en] $id,)+ }

        impl Id {
            /// As tables and the wire write it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$id => $text,)+ }
            }

            /// The indicator that is written so.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$id),)+ _ => None }
            }

            /// Its row.
            pub fn row(self) -> &'static Row {
                &INDICATORS[self as usize]
            }
        }

        /// One row for each indicator, in declaration order.
        pub const INDICATORS: &[Row] = &[$(Row {
            id: Id::$id,
            name: ($zh, $en),
            group: Group::$group,
            unit: Unit::$unit,
            levels: &[$(Level::$level,)+],
            numerator: ($num_zh, $num_en),
            denominator: ($of_zh, $of_en),
            window: $window,
            exclusions: [$(($not_zh, $not_en),)? ("", "")][0],
            weight: $weight,
            best: $best,
            worst: $worst,
        },)+];
    };
}

const EVENT: Words = ("发生当月", "the month in which it happened");
const CLOSED: Words = (
    "结案当月; 结案后重新打开的, 从该月撤出, 再次结案时计入",
    "the month of the closing; a case that is opened again is taken out of it and counts when it closes again",
);
const VERDICT: Words = (
    "检测单提交当月; 此后被推翻的, 更正该月",
    "the month of the certificate; one that is overturned later restates that month",
);
const ANSWERED: Words = (
    "首次评价当月; 修改后更正该月",
    "the month of the first answer; a changed answer restates that month",
);

const FIRST: Words = ("首次处理当月", "the month of their first entry in the case");

const PERCENT: i64 = 10_000;
const POINT: i64 = 1_000_000;

indicators! {
    AcceptRate "accept_rate" "接单率" "Offers accepted" Pre Share [Brand Centre] 20: 98 * PERCENT => 60 * PERCENT;
        num "接单的派单" "offers accepted" of "接单、拒单和超时的派单" "offers accepted, declined or lapsed"
        EVENT not "平台收回的派单" "offers that the platform took back";
    AcceptTime "accept_time" "接单时长" "Time to accept" Pre Time [Brand Centre] 10: 15 * MINUTE => 2 * HOUR;
        num "从派单到接单的时间, 取中位数" "from offer to acceptance, by its median" of "接单的派单" "offers accepted"
        EVENT;
    FirstContact "first_contact" "首次联系及时率" "First calls in time" Pre Share [Brand Centre Technician] 15: 98 * PERCENT => 70 * PERCENT;
        num "时限内联系客户" "calls, proposals or bookings within the limit" of "已派工程师" "technicians assigned who called or let the limit pass"
        EVENT;
    OnTime "on_time" "准时上门率" "Visits on time" In Share [Brand Centre Technician] 25: 99 * PERCENT => 80 * PERCENT;
        num "约定时段结束前到达" "arrivals before the end of the window" of "到期的上门" "visits that came due"
        EVENT not "有到达证据而客户不在" "nobody at home, where an arrival at the address is on record; without it the visit counts as missed";
    NoShow "no_show" "爽约率" "Visits nobody came to" In Share [Brand Centre Technician] 15: 0 => 5 * PERCENT;
        num "工程师未上门" "visits nobody came to" of "到期的上门" "visits that came due"
        EVENT;
    FalseCheckIn "false_check_in" "异常签到率" "Doubtful check-ins" In Share [Centre Technician] 10: 0 => 5 * PERCENT;
        num "距地址超过 500 米或定位为模拟" "more than 500 m from the address, or with a simulated position" of "带定位的签到" "check-ins with a position"
        EVENT not "没有定位的签到" "check-ins without a position";
    VerdictTime "verdict_time" "出具检测单时长" "Time to the certificate" In Time [Brand Centre Technician] 10: HOUR => 24 * HOUR;
        num "从签到到检测单, 取中位数" "from check-in to certificate, by its median" of "首次检测" "first inspections"
        EVENT;
    CertificateQuality "certificate_quality" "检测单合格率" "Certificates complete" In Share [Brand Centre Technician] 15: 99 * PERCENT => 80 * PERCENT;
        num "未被挂起、未被质疑的检测单" "certificates neither held nor contested" of "首次检测单" "certificates of first inspections"
        VERDICT;
    UserCause "user_cause" "判定人为占比" "Findings against the user" In Share [Brand Centre Technician] 0: 0 => 100 * PERCENT;
        num "判定为人为或私拆" "cause given as the user's doing" of "首次检测单" "certificates of first inspections"
        EVENT;
    FirstFix "first_fix" "一次修复率" "Fixed at the first visit" In Share [Brand Centre Technician] 20: 90 * PERCENT => 50 * PERCENT;
        num "一次上门即修复" "repaired with one visit, and the case not opened again" of "上门维修并结案" "repairs with a visit, closed"
        CLOSED;
    SecondVisit "second_visit" "二次上门率" "Second visits" In Share [Brand Centre] 10: 5 * PERCENT => 40 * PERCENT;
        num "两次以上上门" "cases with more than one visit" of "有上门并结案" "cases with a visit, closed"
        CLOSED not "因客户现场原因且有到达证据的再次上门" "visits in vain for reasons on the customer's side, where an arrival at the address is on record";
    OverturnOfDisputed "overturn_of_disputed" "争议改判率" "Overturned of those disputed" After Share [Brand Centre Technician] 15: 0 => 50 * PERCENT;
        num "裁决未维持原检测结论" "disputes that did not go against the customer" of "已裁决的争议" "disputes decided"
        EVENT;
    OverturnOfAll "overturn_of_all" "检测改判率" "Overturned of all" After Share [Brand Centre Technician] 10: 0 => 5 * PERCENT;
        num "被改判的检测单" "certificates that a dispute overturned" of "首次检测单" "certificates of first inspections"
        VERDICT;
    RepeatRepair "repeat_repair" "30 天返修率" "Back within 30 days" After Share [Brand Centre Technician] 20: 0 => 15 * PERCENT;
        num "30 天内未修好" "repairs that failed, or were rejected or opened again within 30 days" of "完成的维修" "repairs completed"
        VERDICT;
    Completion24 "completion_24" "24 小时完成率" "Closed within 24 hours" After Share [Brand Centre] 0: 50 * PERCENT => 0;
        num "24 小时内结案" "closed within 24 hours of filing" of "结案" "cases closed"
        CLOSED;
    Completion48 "completion_48" "48 小时完成率" "Closed within 48 hours" After Share [Brand Centre] 10: 70 * PERCENT => 10 * PERCENT;
        num "48 小时内结案" "closed within 48 hours of filing" of "结案" "cases closed"
        CLOSED;
    Completion72 "completion_72" "72 小时完成率" "Closed within 72 hours" After Share [Brand Centre] 10: 90 * PERCENT => 30 * PERCENT;
        num "72 小时内结案" "closed within 72 hours of filing" of "结案" "cases closed"
        CLOSED;
    PartsReturned "parts_returned" "旧件返还及时率" "Old parts back in time" After Share [Brand Centre Technician] 5: 99 * PERCENT => 80 * PERCENT;
        num "期限内返还" "sent back by their day" of "应返还的旧件" "defective parts that are wanted back and are back or overdue"
        EVENT;
    Intervention "intervention" "平台介入率" "Cases disputed" After Share [Brand] 15: 0 => 10 * PERCENT;
        num "发生争议" "cases with a dispute" of "结案" "cases closed"
        CLOSED;
    Upheld "upheld" "有效投诉率" "Complaints found right" After Share [Brand Centre] 15: 0 => 5 * PERCENT;
        num "争议裁决支持客户" "cases with a dispute that did not go against the customer" of "结案" "cases closed"
        CLOSED;
    Breaches "breaches" "超时次数" "Limits missed" After Count [Brand Centre] 10: 0 => 2 * POINT;
        num "应由其承担的超时" "limits missed that are charged to it" of "结案" "cases closed"
        CLOSED;
    CodeUse "code_use" "完工码使用率" "Closed with the code" After Share [Centre Technician] 10: 95 * PERCENT => 50 * PERCENT;
        num "以完工码结案" "closed with the customer's code" of "有上门并结案" "cases with a visit, closed and not refused"
        CLOSED;
    Chased "chased" "催单率" "Cases chased" Whole Share [Brand Centre] 15: 0 => 30 * PERCENT;
        num "客户催过单" "cases the customer chased" of "结案" "cases closed"
        CLOSED;
    FlowGross "flow_gross" "全程时长" "Filing to closing" Whole Time [Brand] 10: 24 * HOUR => 240 * HOUR;
        num "从提交到结案, 取中位数" "from filing to closing, by its median" of "结案" "cases closed"
        CLOSED;
    FlowNet "flow_net" "全程时长 (不含客户)" "Filing to closing without the customer's time" Whole Time [Brand] 10: 24 * HOUR => 240 * HOUR;
        num "从提交到结案, 减去轮到客户的时间, 取中位数" "from filing to closing, less the customer's own turns, by its median" of "结案" "cases closed"
        CLOSED;
    Csat "csat" "满意度" "CSAT" Whole Points [Brand] 15: 5 * POINT => POINT;
        num "满意度 1 至 5 分之和" "the sum of answers, 1 to 5" of "评价" "surveys answered"
        ANSWERED;
    Nps "nps" "净推荐值" "NPS" Whole Points [Brand] 15: POINT => -POINT;
        num "推荐者 (9-10) 减贬损者 (0-6)" "promoters (9 and 10) less detractors (0 to 6)" of "给出推荐分的评价" "surveys with an answer to it"
        ANSWERED;
    BadReview "bad_review" "差评率" "Bad reviews" Whole Share [Brand] 10: 0 => 10 * PERCENT;
        num "满意度 2 分及以下" "answers of 2 or less" of "评价" "surveys answered"
        ANSWERED;
    Rating "rating" "分项评分" "Ratings of its own part" Whole Points [Brand Centre Technician Retailer] 25: 5 * POINT => POINT;
        num "对其所负责环节的平均评分之和" "the sum of each survey's mean rating of its own steps" of "评价了其环节的评价" "surveys that rated one of its steps"
        ANSWERED;
    PartsRating "parts_rating" "配件评分" "Ratings of parts" Whole Points [Brand] 5: 5 * POINT => POINT;
        num "对配件等待的评分之和" "the sum of ratings of the wait for parts" of "评价了配件的评价" "surveys that rated it"
        ANSWERED;
    DeliveryRating "delivery_rating" "取送货评分" "Ratings of delivery" Whole Points [Retailer] 10: 5 * POINT => POINT;
        num "对取送货的评分之和" "the sum of ratings of fetching and bringing" of "评价了取送货的评价" "surveys that rated it"
        ANSWERED;
    IntakeWrongUnit "intake_wrong_unit" "商品信息错误率" "Another unit than filed" Pre Share [Retailer] 20: 0 => 5 * PERCENT;
        num "现场商品与申请不符" "certificates of another serial than was filed, not explained" of "首次检测单" "certificates of first inspections"
        EVENT;
    IntakeNotOurs "intake_not_ours" "误派率" "Offered to the wrong centre" Pre Share [Retailer] 15: 0 => 10 * PERCENT;
        num "以非本店业务或超区拒单" "offers declined as not theirs or out of their area" of "接单、拒单和超时的派单" "offers accepted, declined or lapsed"
        EVENT;
    IntakeProof "intake_proof" "凭证缺失率" "Papers that did not do" Pre Share [Retailer] 10: 0 => 20 * PERCENT;
        num "随单检测单被退回" "certificates of customers that were refused" of "随单检测单" "certificates handed in with cases"
        EVENT;
    IntakeCancelled "intake_cancelled" "错误信息取消率" "Cancelled for wrong data" Pre Share [Retailer] 15: 0 => 5 * PERCENT;
        num "因地址或派单错误而取消" "cases cancelled after the field told of a wrong address, or that the unit is not theirs" of "结案和取消" "cases closed or cancelled"
        CLOSED;
    ChasesUnanswered "chases_unanswered" "催单未答率" "Chases not answered in time" Whole Share [Retailer] 20: 0 => 20 * PERCENT;
        num "超时未答复的催单" "chases whose limit passed" of "催单" "chases that started a limit"
        EVENT;
    FirstResponse "first_response" "催单响应时长" "Time to answer a chase" Whole Time [Agent] 20: 30 * MINUTE => 24 * HOUR;
        num "从催单到答复, 取中位数" "from chase to answer, by its median" of "答复的催单" "chases answered"
        EVENT;
    GuidanceSolved "guidance_solved" "一次解决率" "Solved at first contact" Pre Share [Agent] 20: 60 * PERCENT => 10 * PERCENT;
        num "远程指导解决" "solved by guidance" of "完成的远程指导" "guidance brought to an end"
        EVENT;
    HandReopened "hand_reopened" "人工决定被推翻率" "Decisions by hand that did not hold" After Share [Agent] 20: 0 => 20 * PERCENT;
        num "其后被争议、拒绝或重开" "disputed, rejected or opened again afterwards" of "人工决定" "decisions by hand"
        VERDICT;
    ProposalsRefused "proposals_refused" "提议被拒率" "Proposals refused" After Share [Agent] 10: 0 => 30 * PERCENT;
        num "被复核人拒绝" "refused by a second person" of "提议" "proposals made"
        EVENT not "提议人自行撤回" "those taken back by whoever made them";
    Goodwill "goodwill" "补偿金额" "Goodwill given" After Money [Agent] 0: 0 => 1_000_000;
        num "补偿金额之和" "the sum of goodwill" of "补偿" "goodwill given"
        EVENT;
    FollowUpInTime "follow_up_in_time" "跟单及时解决率" "Follow-ups solved in time" Whole Share [Agent] 20: 98 * PERCENT => 60 * PERCENT;
        num "在首个时限内解决" "solved within the first time" of "关闭的跟单" "follow-ups closed"
        EVENT;
    ChasesInTime "chases_in_time" "催单及时答复率" "Chases answered in time" Whole Share [Agent] 20: 98 * PERCENT => 60 * PERCENT;
        num "时限内答复" "answered within the limit" of "答复的催单" "chases answered"
        EVENT;
    Overrides "overrides" "与规则不同的决定" "Decisions against the policy" After Share [Agent] 0: 0 => 100 * PERCENT;
        num "规则另有结论" "the policy had another answer" of "人工决定" "decisions by hand"
        EVENT;
    AgentActs "agent_acts" "每案处理次数" "Entries a case" Whole Count [Agent] 0: POINT => 20 * POINT;
        num "其处理记录数" "entries of theirs" of "其处理过的案件" "cases with an entry of theirs"
        FIRST;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_indicator_has_one_whole_row_in_its_place() {
        for (place, row) in INDICATORS.iter().enumerate() {
            assert_eq!(row.id as usize, place, "{}", row.id.as_str());
            assert_eq!(Id::parse(row.id.as_str()), Some(row.id));
            assert_ne!(row.best, row.worst, "{} earns nothing", row.id.as_str());
            assert!(!row.levels.is_empty());
            for (zh, en) in [row.name, row.numerator, row.denominator, row.window] {
                assert!(!zh.is_empty() && !en.is_empty(), "{}", row.id.as_str());
            }
        }
        for level in Level::ALL {
            let scored = INDICATORS.iter().filter(|row| row.levels.contains(level));
            assert!(scored.map(|row| row.weight).sum::<i64>() > 0, "{}", level.as_str());
        }
    }
}
