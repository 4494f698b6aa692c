//! Reasons around surveys and what customers say: a part of the one table, handed on behind the rest.

macro_rules! with_voice {
    ($($before:tt)*) => {
        with_staff! {
            $($before)*

            SurveyNotOpen "SURVEY_NOT_OPEN" FailedPrecondition
                en "The survey cannot be answered now."
                   "A survey opens when the case closes and ends 14 days later."
                   "Wait for the case to close, or call us."
                zh "当前无法填写评价。"
                   "评价在服务单完成后开放，14 天内有效。"
                   "请在服务单完成后填写，或联系客服。";
            SurveyChangedTooOften "SURVEY_CHANGED_TOO_OFTEN" FailedPrecondition
                en "The survey was changed too often."
                   "An answer can be changed ten times; the last one counts."
                   "Call us if something has to be said."
                zh "评价修改次数过多。"
                   "评价最多可修改十次，以最后一次为准。"
                   "如需补充，请联系客服。";
            FollowUpNotSolved "FOLLOW_UP_NOT_SOLVED" FailedPrecondition
                en "The customer has not said that it is solved."
                   "A follow-up is closed on the customer's word and on nothing else."
                   "Ask the customer, record the answer with `ConfirmFollowUp`, then close."
                zh "客户尚未确认问题已解决。"
                   "跟单须经客户确认解决后才能关闭。"
                   "请联系客户确认并记录后再关闭。";
            FollowUpClosed "FOLLOW_UP_CLOSED" FailedPrecondition
                en "The follow-up is closed."
                   "It was closed before; nothing was changed."
                   "Open a new one if something is wrong again."
                zh "该跟单已关闭。"
                   "跟单已关闭，未做任何更改。"
                   "如问题再次出现，请新建跟单。";
            FollowUpAtTop "FOLLOW_UP_AT_TOP" FailedPrecondition
                en "The follow-up is at the highest level."
                   "Above the complaint desk there is nobody it could go to."
                   "Open a complaint, or assign it to a manager."
                zh "该跟单已在最高级别。"
                   "投诉专席之上没有更高级别。"
                   "请登记投诉，或指派给主管。";
            FollowUpsFull "FOLLOW_UPS_FULL" FailedPrecondition
                en "The case has as many open follow-ups as it may have."
                   "Five follow-ups of a case can be open at once."
                   "Add a note to one of them."
                zh "该服务单的跟单数量已满。"
                   "每个服务单最多同时有五个未关闭的跟单。"
                   "请在已有跟单中补充。";
            VoiceNotAssigned "VOICE_NOT_ASSIGNED" FailedPrecondition
                en "The text is somebody else's to read, or nobody's yet."
                   "Only whoever a text is assigned to marks it as read."
                   "Assign it to yourself first."
                zh "该留言未分配给您。"
                   "只有被分配的人员可以标记已读。"
                   "请先分配给自己。";
            ComplaintState "COMPLAINT_STATE" FailedPrecondition
                en "The complaint does not stand where this step begins."
                   "A complaint is classified, owned, acted on, verified and closed, in this order; the metadata \
                    names where it stands."
                   "Read the complaint again, and take the step that is due."
                zh "投诉当前状态不支持此操作。"
                   "投诉须依次经过分类、指派、处理、验证、关闭；元数据给出了当前状态。"
                   "请刷新后按顺序处理。";
            ComplaintsFull "COMPLAINTS_FULL" FailedPrecondition
                en "The case has as many open complaints as it may have."
                   "Five complaints of a case can be open at once."
                   "Go on with one of them."
                zh "该服务单的投诉数量已满。"
                   "每个服务单最多同时有五个未关闭的投诉。"
                   "请在已有投诉中处理。";
            ProjectsFull "PROJECTS_FULL" FailedPrecondition
                en "There are as many projects, or cases of one, as there may be."
                   "There can be 1,000 projects, and 5,000 cases behind one."
                   "Go on with one that there is."
                zh "改进项目或其关联服务单数量已满。"
                   "最多 1,000 个项目，每个项目最多关联 5,000 个服务单。"
                   "请使用已有项目。";
            SeatsFull "SEATS_FULL" FailedPrecondition
                en "All seats of the month are booked."
                   "A person books at most eight seats a month."
                   "Take one that is booked, or wait for the next month."
                zh "本月旁听名额已满。"
                   "每人每月最多预约八次旁听。"
                   "请使用已预约的名额，或等待下月。";
            SeatNotNow "SEAT_NOT_NOW" FailedPrecondition
                en "The seat cannot be taken now."
                   "A seat is open for two hours from the time it was booked for."
                   "Come at its time, or book another one."
                zh "当前不在旁听时段内。"
                   "旁听自预约时间起两小时内有效。"
                   "请按预约时间进入，或重新预约。";
            ScoreNotInPreview "SCORE_NOT_IN_PREVIEW" FailedPrecondition
                en "The month is not open to objections."
                   "A brand objects in the ten days between the end of a month and its publication. Before them figures \
                    still move, after them they are frozen and changes are told beside them."
                   "Object in the preview; what is wrong with a case can be put right in the case at any time."
                zh "该月份当前不受理异议。"
                   "异议只在月份结束后、公布前的十天预览期内受理；此前数字仍在变化，此后数字已冻结，更正另行注明。"
                   "请在预览期内提出；服务单本身的问题随时可在服务单内更正。";
            ObjectionRaised "OBJECTION_RAISED" AlreadyExists
                en "There is an objection to this occurrence already."
                   "One objection is taken for each case behind a figure. Nothing was changed."
                   "Read the one there is."
                zh "该条已提出过异议。"
                   "一个指标下的每张服务单只受理一次异议，未做任何更改。"
                   "请查看已提出的异议。";
            ObjectionsFull "OBJECTIONS_FULL" ResourceExhausted
                en "There are as many objections to this month as are taken."
                   "A brand raises at most 200 to one month."
                   "Wait until the ones there are have been answered, and speak with the retailer."
                zh "该月份的异议数量已满。"
                   "每个品牌每月最多提出 200 条异议。"
                   "请等待已有异议答复，或与平台联系。";
            ObjectionAnswered "OBJECTION_ANSWERED" FailedPrecondition
                en "The objection was answered already."
                   "An answer is given once and stays."
                   "Read the answer."
                zh "该异议已答复。"
                   "答复一经作出即不再更改。"
                   "请查看答复。";
        }
    };
}

pub(super) use with_voice;
