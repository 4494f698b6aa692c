//! Reasons of share links: a part of the one table, handed on before the rest like that of visits.

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
        }
    };
}

pub(super) use with_links;
