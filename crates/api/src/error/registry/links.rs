//! Reasons of share links and legal holds: a part of the one table, handed on before the rest like that of visits.

macro_rules! with_links {
    ($($before:tt)*) => {
        with_visits! {
            $($before)*

            ShareLinksFull "SHARE_LINKS_FULL" FailedPrecondition
                en "The case has as many share links as it may have."
                   "Five links to a case can be good at a time; one that was taken back or has expired does not count."
                   "Take one back that is not needed any more, or pass on one that is good."
                zh "分享链接数量已达上限。"
                   "每个服务单最多同时有五个有效分享链接；已撤销或已过期的不计。"
                   "请先撤销不再需要的链接，或直接使用仍有效的链接。";
            HoldsFull "HOLDS_FULL" FailedPrecondition
                en "There are as many legal holds on this as there may be."
                   "Ten holds can be on a case or a customer at a time; those that are over do not count."
                   "Rely on one that is on, or lift one that is not needed any more."
                zh "该对象的法律保全数量已达上限。"
                   "同一服务单或用户最多同时有十项保全；已结束的不计。"
                   "请沿用现有保全，或先解除不再需要的保全。";
            HoldOver "HOLD_OVER" FailedPrecondition
                en "The legal hold is over."
                   "It was lifted, or its end has come. What it alone had put aside is destroyed and does not come back."
                   "List the holds of the subject; place a new one if one is still needed."
                zh "该法律保全已结束。"
                   "保全已被解除或已到期，仅由其保留的数据已销毁且无法恢复。"
                   "请查看该对象的保全列表；如仍有需要，请新建保全。";
        }
    };
}

pub(super) use with_links;
