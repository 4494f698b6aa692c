//! What customers say, in the words of the desk.

use parasol_api::Language;
use parasol_api::tracking::v1::{
    ComplaintClass, ComplaintOutcome, ComplaintState, FollowUpIssue, FollowUpState, FollowUpTier,
    HeardBy, ProjectState,
};

use crate::web::choice::Choice;
use crate::web::words::Pick as _;

crate::web::choice::lists! {
    /// What a follow-up is about.
    ISSUES: FollowUpIssue {
        LateVisit "late_visit" "没人上门或没人联系" "Nobody came, or nobody called";
        FaultAgain "fault_again" "故障再次出现" "The fault is back";
        Money "money" "款项未到" "Money has not arrived";
        Parts "parts" "配件或商品未到" "Parts or goods have not arrived";
        Conduct "conduct" "服务态度" "How somebody behaved";
        Survey "survey" "回访不满意" "A survey says that something is wrong";
        Policy "policy" "包装或规则" "Packaging, or a rule of ours";
        Other "other" "其他" "Something else";
    }
    /// How high a follow-up has got.
    TIERS: FollowUpTier {
        L1 "l1" "一线" "First line";
        L2 "l2" "二线" "Second line";
        ComplaintDesk "desk" "投诉组" "Complaint desk";
    }
    /// How far a follow-up has come.
    FOLLOW_UP_STATES: FollowUpState {
        Open "open" "待领取" "Nobody has it";
        Taken "taken" "跟进中" "Being worked on";
        Solved "solved" "用户确认已解决" "Solved, says the customer";
        Closed "closed" "已关闭" "Closed";
    }
    /// How the customer's word was heard.
    HEARD: HeardBy {
        Telephone "telephone" "电话" "On the telephone";
        Message "message" "消息" "In a message";
        InPerson "in_person" "当面" "Face to face";
    }
    /// What a complaint is about.
    CLASSES: ComplaintClass {
        Product "product" "商品" "The product";
        Visit "visit" "上门时效" "Late or missed visits";
        Finding "finding" "检测结论" "The finding of an inspection";
        Parts "parts" "配件与商品到货" "Parts and goods";
        Money "money" "款项" "Money";
        Conduct "conduct" "服务态度" "How somebody behaved";
        Policy "policy" "规则或包装" "A rule of ours, or packaging";
        Page "page" "商品页描述" "What the product page said";
    }
    /// How far a complaint has come.
    COMPLAINT_STATES: ComplaintState {
        Classified "classified" "待指派" "Has no owner";
        Owned "owned" "处理中" "Owned";
        Acted "acted" "待核实" "To be verified";
        Verified "verified" "已核实" "Verified";
        Closed "closed" "已关闭" "Closed";
    }
    /// What came of a complaint.
    OUTCOMES: ComplaintOutcome {
        MadeGood "made_good" "已补偿用户" "The customer got something";
        Process "process" "改进流程" "A process was changed";
        ProductNotice "product_notice" "商品页提示" "A notice on the product page";
        Project "project" "立项改进" "A project";
        Training "training" "培训" "Training";
        Unfounded "unfounded" "无过错" "Nothing was wrong";
    }
    /// How far a project has come.
    PROJECT_STATES: ProjectState {
        Open "open" "进行中" "Under way";
        Shipped "shipped" "已落地" "In force";
        Dropped "dropped" "已放弃" "Given up";
    }
}

/// What a number of the contract is called; a dash for none.
pub(super) fn label(list: &[Choice], number: i32, language: Language) -> &'static str {
    let known = list.iter().find(|choice| choice.number == number);
    known.map_or("—", |choice| choice.label(language))
}

/// What a word of a report is called; an unknown one stays as it is.
pub(super) fn counted<'a>(list: &[Choice], word: &'a str, language: Language) -> &'a str {
    list.iter().find(|choice| choice.value == word).map_or(word, |choice| choice.label(language))
}

/// What was done, as the steps of follow-ups and complaints have it.
pub(super) fn act(word: &str, language: Language) -> &str {
    match word {
        "opened" => language.pick("已建立", "Opened"),
        "classified" => language.pick("已分类", "Classified"),
        "assigned" => language.pick("已指派", "Given to somebody"),
        "noted" => language.pick("已记录", "Noted"),
        "escalated" => language.pick("已升级", "Went up a level"),
        "overdue" => language.pick("仍未解决", "Still not solved"),
        "solved" => language.pick("用户确认已解决", "Solved, said the customer"),
        "not_solved" => language.pick("用户表示未解决", "Not solved, said the customer"),
        "acted" => language.pick("已处理", "Something was done"),
        "verified" => language.pick("已核实有效", "It helped"),
        "sent_back" => language.pick("核实无效，退回", "It did not help; sent back"),
        "closed" => language.pick("已关闭", "Closed"),
        other => other,
    }
}

/// Why a case was taken to learn from.
pub(super) fn because(word: &str, language: Language) -> &str {
    match word {
        "lowest_csat" => language.pick("当日满意度最低", "the lowest satisfaction of the day"),
        "complaint" => language.pick("当日投诉", "a complaint of the day"),
        "follow_up" => language.pick("当日跟单", "a follow-up of the day"),
        other => other,
    }
}
