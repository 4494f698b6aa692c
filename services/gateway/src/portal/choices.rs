//! Lists that forms offer: what a browser sends, the contract's number, and what a person reads.

use parasol_api::common::v1::{
    AnomalyKind, Cause, CertificateLevel, Conclusion, ContactFailure, DeclineReason, EvidenceKind,
    Exterior, Function, OnSiteHandling, Packaging, Party, Signature, UnableReason,
};
use parasol_api::{Error, Language, Reason};

use super::words::Pick as _;

/// One choice of a list.
pub(super) struct Choice {
    /// What the form sends.
    pub value: &'static str,
    /// What the contract calls it.
    pub number: i32,
    zh: &'static str,
    en: &'static str,
}

impl Choice {
    /// What a person reads.
    pub(super) fn label(&self, language: Language) -> &'static str {
        language.pick(self.zh, self.en)
    }
}

/// The number of what was chosen; 0, which every method refuses, where nothing was.
///
/// # Errors
/// `FIELD_INVALID` for what the list does not hold.
pub(super) fn number(list: &[Choice], field: &str, value: &str) -> Result<i32, Error> {
    if value.is_empty() {
        return Ok(0);
    }
    let chosen = list.iter().find(|choice| choice.value == value);
    let chosen = chosen.map(|choice| choice.number);
    chosen.ok_or_else(|| Error::field(field, Reason::FieldInvalid, "one of the list"))
}

macro_rules! lists {
    ($($(#[$doc:meta])* $list:ident: $kind:ident {
        $($variant:ident $value:literal $zh:literal $en:literal;)+
    })+) => {
        $(
            $(#[$doc])*
            pub(super) const $list: &[Choice] = &[
                $(Choice { value: $value, number: $kind::$variant as i32, zh: $zh, en: $en },)+
            ];
        )+

        /// Every list with how to tell whether the contract knows a number.
        #[cfg(test)]
        const LISTS: &[(&str, &[Choice], fn(i32) -> bool)] = &[
            $((stringify!($list), $list, |number| $kind::try_from(number).is_ok()),)+
        ];
    };
}

lists! {
    /// Why an offer is declined.
    DECLINE: DeclineReason {
        NoCapacity "no_capacity" "来不及，没有空闲的工程师" "No free technician in time";
        OutOfArea "out_of_area" "地址不在服务范围" "Outside our area";
        NoSkill "no_skill" "没有具备技能或证件的人员" "Nobody with the skill or licence";
        Closed "closed" "当时不营业" "Closed at that time";
        NotOurs "not_ours" "不是我们的产品" "Not our product";
        Other "other" "其他（请说明）" "Something else (say what)";
    }

    /// Why the customer was not reached.
    CONTACT: ContactFailure {
        NoAnswer "no_answer" "无人接听" "No answer";
        PhoneOff "phone_off" "关机" "Phone is off";
        WrongNumber "wrong_number" "号码有误" "Wrong number";
        NotReceived "not_received" "客户还没收到货" "Goods not received yet";
        NotNeededNow "not_needed_now" "客户暂时不需要" "Not needed now";
    }

    /// Why a visit could not be finished.
    UNABLE: UnableReason {
        NoAccess "no_access" "进不了门或够不到机器" "No access";
        NoPowerOrWater "no_power_or_water" "没有水电" "No power or water";
        Unsafe "unsafe" "作业不安全" "Unsafe to work";
        Weather "weather" "天气原因" "Weather";
        PartsMissing "parts_missing" "缺配件" "Parts are missing";
        NeedsHelp "needs_help" "需要其他技能或第二人" "Needs another skill or a second person";
    }

    /// What is not as it should be.
    ANOMALY: AnomalyKind {
        AddressWrong "address_wrong" "地址有误" "The address is wrong";
        CustomerUnreachable "customer_unreachable" "联系不上客户" "The customer cannot be reached";
        PartUnavailable "part_unavailable" "配件停产或无货" "A part cannot be had";
        Safety "safety" "有安全隐患" "Somebody or something is in danger";
        FraudSuspected "fraud_suspected" "疑似不实" "The claim does not look honest";
        Other "other" "其他（请说明）" "Something else (say what)";
    }

    /// Who asked for another time.
    ASKED_BY: Party {
        Customer "customer" "客户" "The customer";
        Retailer "retailer" "平台" "The platform";
        Brand "brand" "厂家" "The brand";
        Centre "centre" "网点" "The centre";
        Technician "technician" "工程师" "The technician";
        Carrier "carrier" "物流" "The carrier";
        Payment "payment" "支付" "The payment provider";
        Lab "lab" "检测机构" "The laboratory";
    }

    /// The state of the packaging.
    PACKAGING: Packaging {
        Intact "intact" "完好" "Intact";
        Damaged "damaged" "破损" "Damaged";
        Missing "missing" "没有了" "Missing";
    }

    /// The state of the outside.
    EXTERIOR: Exterior {
        Intact "intact" "完好" "Intact";
        Scratch "scratch" "划痕" "Scratched";
        Dent "dent" "凹陷" "Dented";
        Crack "crack" "开裂" "Cracked";
        ScreenBroken "screen_broken" "屏幕破损" "Screen broken";
    }

    /// Whether the unit works.
    FUNCTION: Function {
        Normal "normal" "正常" "It works";
        Fault "fault" "有故障" "It does not";
        Untested "untested" "无法测试" "Could not be tried";
    }

    /// Why the unit is as it is.
    CAUSE: Cause {
        Product "product" "产品质量" "A defect of the product";
        Transport "transport" "运输损坏" "Damage in transport";
        Installation "installation" "安装问题" "The installation";
        User "user" "使用不当" "The user's doing";
        UnauthorisedOpening "unauthorised_opening" "非授权拆机" "Opened without authority";
        Environment "environment" "水电或环境" "Power, water, surroundings";
        ForceMajeure "force_majeure" "雷击、水灾等" "Lightning, flood and the like";
        Undetermined "undetermined" "无法判断" "Could not be told";
    }

    /// What was done on the spot.
    HANDLING: OnSiteHandling {
        None "none" "未处理" "Nothing";
        Adjusted "adjusted" "调试" "Adjusted";
        Repaired "repaired" "修好" "Repaired";
        PartOrdered "part_ordered" "订配件" "A part was ordered";
        Removed "removed" "拆机带走" "Taken down or away";
    }

    /// Whether the customer signed.
    SIGNATURE: Signature {
        Signed "signed" "已签字" "Signed";
        Refused "refused" "拒绝签字" "Refused to sign";
    }

    /// What the certificate concludes.
    CONCLUSION: Conclusion {
        MeetsReturnExchange "meets" "符合退换货条件" "Meets return or exchange";
        DoesNotMeet "does_not_meet" "不符合退换货条件" "Does not meet them";
        Repairable "repairable" "可维修" "Can be repaired";
        CannotDetermine "cannot_determine" "无法判断" "Cannot be told";
    }

    /// Which inspection it is.
    LEVEL: CertificateLevel {
        First "first" "首次检测" "First inspection";
        Second "second" "二次检测" "Second inspection";
        Lab "lab" "实验室" "Laboratory";
    }

    /// What a photo shows.
    EVIDENCE: EvidenceKind {
        Nameplate "nameplate" "铭牌" "Nameplate";
        Exterior "exterior" "外观" "Outside";
        Fault "fault" "故障" "Fault";
        Video "video" "视频" "Film";
        Measurement "measurement" "测量值" "Measurement";
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_list_holds_what_the_contract_knows_and_no_more() {
        for (name, list, known) in LISTS {
            let numbers: BTreeSet<_> = list.iter().map(|choice| choice.number).collect();
            let contract: BTreeSet<_> = (1..100).filter(|number| known(*number)).collect();
            assert_eq!(numbers, contract, "{name}");
            let values: BTreeSet<_> = list.iter().map(|choice| choice.value).collect();
            assert_eq!(values.len(), list.len(), "{name}: a value stands twice");
        }
    }

    #[test]
    fn nothing_chosen_is_nothing_and_nonsense_is_refused() {
        assert_eq!(number(DECLINE, "reason", "").unwrap(), 0);
        assert_eq!(number(DECLINE, "reason", "other").unwrap(), DeclineReason::Other as i32);
        let error = number(DECLINE, "reason", "<x>").unwrap_err();
        assert_eq!(error.violations()[0].field, "reason");
    }
}
