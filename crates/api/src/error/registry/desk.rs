//! Reasons of what the retailer's people do: merges, articles, e-mail. A part of the one table, handed on behind
//! the rest like that of visits.

macro_rules! with_desk {
    ($($before:tt)*) => {
        with_cells! {
            $($before)*

            MergeRefused "MERGE_REFUSED" FailedPrecondition
                en "These two cases cannot be merged."
                   "The one that goes on is the same case, is another customer's, or has ended. Nothing was changed."
                   "Name an open case of the same customer."
                zh "这两个服务单不能合并。"
                   "保留的服务单与本单相同、属于其他用户或已结束，未做任何更改。"
                   "请选择同一用户未结束的服务单。";
            ArticlesFull "ARTICLES_FULL" ResourceExhausted
                en "There are as many articles as are kept."
                   "Two thousand are kept, retired ones included, so that those that fit are found at once."
                   "Write a new revision of one that is not needed any more."
                zh "知识条目已达上限。"
                   "最多保留两千条（含已停用的条目），以保证即时匹配。"
                   "请改写一条不再需要的条目。";
            MailUnreadable "MAIL_UNREADABLE" InvalidArgument
                en "That is no e-mail that can be read."
                   "The message has no head, no text, or more than 1 MiB. Nothing was kept."
                   "Hand the message in as it came, without what is attached to it if that is large."
                zh "邮件无法读取。"
                   "邮件没有信头、没有正文，或超过 1 MiB，未留存任何内容。"
                   "请提交原始邮件；附件过大时请先去除附件。";
            MailUnmatched "MAIL_UNMATCHED" NotFound
                en "The e-mail belongs to no case."
                   "Neither its subject nor an address it was sent to holds the mark of a case that is known here."
                   "Let the mail gateway hand it to a person; the mark stands in what was sent to the customer."
                zh "邮件未能对应到服务单。"
                   "主题和收件地址中都没有有效的服务单标记。"
                   "请转人工处理；标记见发给用户的邮件。";
        }
    };
}

pub(super) use with_desk;
