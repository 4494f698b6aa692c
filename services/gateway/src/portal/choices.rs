//! Lists that the forms of partners offer.

use parasol_api::common::v1::{
    AnomalyKind, Cause, CertificateLevel, Conclusion, ContactFailure, DeclineReason, Exterior,
    Function, OnSiteHandling, Packaging, Party, QuoteLineKind, Signature, UnableReason,
};

pub(super) use crate::web::choice::{Choice, number};

crate::web::choice::lists! {
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

    /// What a line of a quote is for.
    QUOTED: QuoteLineKind {
        Parts "parts" "配件" "Parts";
        Labour "labour" "人工" "Labour";
        Travel "travel" "上门" "Travel";
        Other "other" "其他" "Something else";
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
}
