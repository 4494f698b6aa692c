//! Reasons around a visit: a part of the one table, handed on behind the rest like that of disputes.

macro_rules! with_visits {
    ($($before:tt)*) => {
        with_evidence! {
            $($before)*

            ProposedTooOften "PROPOSED_TOO_OFTEN" FailedPrecondition
                en "The customer was asked about windows too often."
                   "Windows can be proposed 20 times in one case, and were."
                   "Call the customer, and book what is agreed."
                zh "征询上门时间的次数过多。"
                   "每个服务单最多征询 20 次上门时间，现已用完。"
                   "请致电客户，约定后直接预约。";
            CodeRenewedTooOften "CODE_RENEWED_TOO_OFTEN" FailedPrecondition
                en "There is no new completion code yet, or no more."
                   "A code stands for at least a minute, and one case has at most five new ones; the message \
                    says from when on there may be the next."
                   "Wait a minute and look for the code on the customer's page again. When there is none left, an \
                    agent ends the visit on the customer's word."
                zh "暂时无法更换完工码。"
                   "每个完工码至少有效一分钟，每个服务单最多更换五次。"
                   "请稍后在服务单页面查看；次数用完后，请联系客服确认完工。";
        }
    };
}

pub(super) use with_visits;
