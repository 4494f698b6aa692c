//! The registry of reasons: one row each, with what happened, why, and what to do next.
//!
//! A reason is for ever: its code stands in clients' code. A row may be reworded, never renamed or
//! given another meaning. `docs/errors/` is made from this table.

mod cells;
mod desk;
mod disputes;
mod evidence;
mod identity;
mod links;
mod staff;
mod visits;
mod voice;

use self::{
    cells::with_cells, desk::with_desk, disputes::with_disputes, evidence::with_evidence,
    identity::with_identity, links::with_links, staff::with_staff, visits::with_visits,
    voice::with_voice,
};
use super::reason::reasons;

with_identity! { reasons,
    // Who is calling, and what they may do.
    CallbackUnsigned "CALLBACK_UNSIGNED" Unauthenticated
        en "The callback is not signed by the partner it names."
           "None of its signatures is that of a valid secret over `id.timestamp.body`, a header is missing, or \
            the partner takes no callbacks; all of them answer alike."
           "Check the secret, sign the bytes of the body as they are sent, and rotate the secret if it is lost."
        zh "回调签名无效。"
           "签名与有效密钥不符、缺少请求头，或该合作方未开通回调；几种情况回答相同。"
           "请核对密钥并对实际发送的内容签名；密钥遗失请轮换。";
    CallbackExpired "CALLBACK_EXPIRED" Unauthenticated
        en "The callback is older than five minutes, or from the future."
           "Its `webhook-timestamp` must be within five minutes of our clock, so that nobody can send it later on."
           "Set the clock; sign anew with the present time and the same `webhook-id`."
        zh "回调已过期。"
           "回调时间与系统时间相差须在五分钟之内，以防重放。"
           "请校准时钟，以当前时间重新签名，`webhook-id` 不变。";
    CallbackTypeUnknown "CALLBACK_TYPE_UNKNOWN" InvalidArgument
        en "The callback is of no type that is taken."
           "Its `type` is not among those that stand for a method of the partner API; the metadata lists them."
           "Send one of those types, with the fields of its method in `data`."
        zh "回调类型不支持。"
           "`type` 不在可受理的类型之内；元数据列出了全部类型。"
           "请使用列出的类型，并在 `data` 中填写对应方法的字段。";
    PermissionDenied "PERMISSION_DENIED" PermissionDenied
        en "The caller may not use this method."
           "The credential's role is not among the roles the method is open to."
           "Call with a credential of another role; the method's comment lists the callers."
        zh "您没有权限进行此操作。"
           "当前身份的角色不在该方法允许的角色之内。"
           "请使用有权限的账号，或联系客服。";
    AuthorityExceeded "AUTHORITY_EXCEEDED" PermissionDenied
        en "The decision is above the caller's authority."
           "Each role and person has a limit; the metadata names it."
           "Decide within the limit, or hand the case to somebody with a higher one."
        zh "超出您的处理权限。"
           "每个角色和人员都有金额与类型上限，元数据中给出了上限。"
           "请在权限内处理，或转交更高权限的人员。";
    FormStale "FORM_STALE" PermissionDenied
        en "The form is not one of this session."
           "The page was opened before the last sign-in, or another site sent the form. Nothing was changed."
           "Check what is filled in below and send it again from this page."
        zh "表单已失效。"
           "页面是在上次登录之前打开的，或表单来自其他网站，未做任何更改。"
           "请核对下面的内容后重新提交。";
    NotFound "NOT_FOUND" NotFound
        en "There is no such thing, or it is not the caller's."
           "The id is unknown, or belongs to somebody else; both answer alike, so that ids cannot be probed."
           "Check the id and the account. If it was made a moment ago elsewhere, try again shortly."
        zh "没有找到相关记录。"
           "编号不存在或不属于当前账号；两种情况回答相同。"
           "请核对编号和账号后再试。";
    Unimplemented "UNIMPLEMENTED" Unimplemented
        en "The server does not know this method."
           "The client is newer than the server, or the role that hosts the method does not run here."
           "Check the address and the server's version; reflection lists what it knows."
        zh "该功能暂不可用。"
           "客户端比服务端新，或该服务未在此处运行。"
           "请稍后再试或联系客服。";

    // The shape of a request.
    RequestIdMissing "REQUEST_ID_MISSING" InvalidArgument
        en "The request carries no valid request id."
           "Every change needs a UUID made by the caller, so that sending it again is safe."
           "Make a UUID for each intent and keep it for every retry of that intent."
        zh "请求缺少有效的请求编号。"
           "每次变更都需要调用方生成的 UUID，以便安全重试。"
           "请刷新页面后重新提交。";
    RequestIdReused "REQUEST_ID_REUSED" InvalidArgument
        en "The request id was used before for another request."
           "The same caller sent the same id to the same method with another body. Nothing was changed."
           "Make a new request id for a new intent; send the very same body when retrying."
        zh "请求编号已被另一请求使用。"
           "同一调用方对同一方法使用了相同编号但内容不同，未做任何更改。"
           "新的操作请使用新的编号。";
    AnswerGone "ANSWER_GONE" FailedPrecondition
        en "The answer to this request is not kept any more."
           "The same request took effect, longer ago than answers are kept (retention.answers_days). Nothing was \
            changed now."
           "Read what came of it instead of sending it again; make a new request id for a new intent."
        zh "该请求的处理结果已不再保留。"
           "相同请求早已生效，其结果已超过保留期限；本次未做任何更改。"
           "请直接查看当前状态；新的操作请使用新的编号。";
    FieldInvalid "FIELD_INVALID" InvalidArgument
        en "A field does not hold what it should."
           "A required field is empty, a value lies outside its range, or a list does not know it; \
            the violations name each field."
           "Correct the fields named and send again with a new request id."
        zh "填写的内容有误。"
           "必填项为空、数值超出范围或选项不存在；详情列出了每个字段。"
           "请按提示修改后重新提交。";
    FieldTooLong "FIELD_TOO_LONG" InvalidArgument
        en "A text is longer than its limit."
           "Every text has a limit in characters, stated in the field's comment and in the violation."
           "Shorten the text and send again with a new request id."
        zh "填写的内容过长。"
           "每个文本字段都有字数上限，详情中给出了上限。"
           "请缩短后重新提交。";
    MessageTooLarge "MESSAGE_TOO_LARGE" InvalidArgument
        en "The message is larger than the limit."
           "One message may hold at most so many bytes; nothing of it was read."
           "Send less at once: shorter texts, fewer items, more calls."
        zh "提交的内容过大。"
           "单条消息的字节数超过上限，内容未被读取。"
           "请减少内容或分多次提交。";
    PageTokenInvalid "PAGE_TOKEN_INVALID" InvalidArgument
        en "The page token is not one of ours."
           "It was altered, belongs to another caller or another list, or is too old."
           "Start again with an empty token, and pass tokens on unchanged."
        zh "翻页信息已失效。"
           "翻页令牌被改动、属于其他账号或列表，或已过期。"
           "请从第一页重新开始。";
    ResyncRequired "RESYNC_REQUIRED" OutOfRange
        en "The stream cannot go on from this token."
           "The token is forged, foreign, from the future or older than what is kept."
           "Read the whole once (GetTimeline, or an empty cursor) and go on from the token that comes with it."
        zh "实时进度需要重新同步。"
           "续传令牌无效、不属于当前账号、超前或已过期。"
           "请刷新页面，系统会从完整进度重新开始。";

    // The state of a case.
    VersionConflict "VERSION_CONFLICT" Aborted
        en "The case has changed since the caller looked."
           "The etag sent is not the current one; the metadata gives the current one. Nothing was \
            changed."
           "Read the case again, look whether the change is still wanted, and send it with the new \
            etag."
        zh "服务单已有更新。"
           "提交时所依据的版本不是最新版本，未做任何更改。"
           "请刷新后确认再操作。";
    IllegalTransition "ILLEGAL_TRANSITION" FailedPrecondition
        en "The case does not allow this step now."
           "The step does not fit where the case stands, or not for this caller; the metadata \
            gives the stage and the steps open now."
           "Take one of the open steps, or wait until the case has moved on."
        zh "当前进度不支持此操作。"
           "该操作与服务单所处阶段不符；元数据给出了当前阶段和可进行的操作。"
           "请选择当前可用的操作。";
    CaseEnded "CASE_ENDED" FailedPrecondition
        en "The case has ended."
           "A closed or cancelled case changes only by reopening."
           "Stop work on it. A customer may reopen a closed case within seven days."
        zh "服务单已结束。"
           "已完成或已取消的服务单只能通过重新开启来变更。"
           "如仍有问题，可在完成后七天内重新开启。";
    AppealWindowOver "APPEAL_WINDOW_OVER" FailedPrecondition
        en "The time for an appeal is over."
           "A closed case may be reopened for seven days; they have passed."
           "File a new case for a new problem."
        zh "申诉期已过。"
           "服务单完成后七天内可以重新开启，现已超过。"
           "如有新的问题，请提交新的服务单。";
    DisputeHeard "DISPUTE_HEARD" FailedPrecondition
        en "The dispute has been heard to its end."
           "A case is heard once and appealed once; the decision is final."
           "Nothing more can be done in this case. The law's ways stay open."
        zh "争议已处理完毕。"
           "每个服务单处理一次争议和一次申诉，结论为最终结论。"
           "您仍可通过法律途径维护权益。";
    PauseTooLong "PAUSE_TOO_LONG" FailedPrecondition
        en "The pause is not allowed."
           "It is too long, all pauses of the case together are, or a party would stop the clock \
            that measures it."
           "Choose an earlier time to go on, or another owner."
        zh "暂停时间过长。"
           "单次或累计暂停超过上限，或暂停方正是被计时的一方。"
           "请选择更早的恢复时间。";
    EvidenceFull "EVIDENCE_FULL" FailedPrecondition
        en "The case keeps no further messages or files."
           "It keeps two hundred messages that came late or twice, fifty anomalies, twenty pieces of \
            further evidence, fifty part orders under way, and two hundred photos and films; this one would \
            be one more. Nothing was changed."
           "Stop sending it; read the case and act on where it stands now."
        zh "该服务单不再留存更多消息或文件。"
           "迟到或重复的消息最多两百条、异常最多五十条、补充举证最多二十次、在途配件单最多五十张、照片和视频最多两百个，现已达到上限，未做任何更改。"
           "请停止重复发送，并按服务单当前进度操作。";
    MessageStale "MESSAGE_STALE" FailedPrecondition
        en "The message is older than one that was applied before."
           "Its sequence is not above that of the last message of the same sender that moved the case. It is \
            kept as evidence and moves nothing; the answer says so in `effect`."
           "Do not send it again; read the case and act on where it stands now."
        zh "消息已过时。"
           "其序号不大于同一发送方已生效的最后一条消息，已作为证据留存，未做任何更改。"
           "请勿重复发送，并按服务单当前进度操作。";
    PartNotAwaited "PART_NOT_AWAITED" FailedPrecondition
        en "Nothing of the kind is to come of these parts."
           "The part order is not at that point: it was received, built in or given back before, or the repair \
            it was for is over. Nothing was changed."
           "Read the work order; it shows each part order with its state."
        zh "该配件单当前无需此操作。"
           "配件已收到、已安装、已返还，或对应的维修已结束，未做任何更改。"
           "请查看工单中各配件单的状态。";
    ClaimNotOpen "CLAIM_NOT_OPEN" FailedPrecondition
        en "The claim does not allow this step now."
           "It was answered, withdrawn or netted before, its seven days are over, or finance has to look at it \
            first. Nothing was changed."
           "Read the claim again; what is left to do follows from its state."
        zh "该索赔当前不支持此操作。"
           "索赔已答复、已撤回、已结算、已超过七天，或须先由财务处理，未做任何更改。"
           "请刷新索赔后按其状态操作。";
    FundsKnown "FUNDS_KNOWN" FailedPrecondition
        en "The document was entered before."
           "Each reference counts once per partner and kind, so that nothing is owed twice. Nothing was \
            changed."
           "Nothing needs to be done; correct the reference if it is another document."
        zh "该单据已登记。"
           "同一合作方、同一类型的单据编号只计一次，以免重复入账，未做任何更改。"
           "无需再次登记；如为另一单据，请更正编号。";
    ProviderStatementMissing "PROVIDER_STATEMENT_MISSING" FailedPrecondition
        en "The payment provider gave no statement."
           "It keeps none, or did not answer with one; nothing was compared."
           "Try again later; where the provider keeps none, compare its own report by hand."
        zh "支付机构未提供对账单。"
           "支付机构不提供对账单，或未正常返回，未进行对账。"
           "请稍后再试；如支付机构不提供对账单，请人工核对。";
    ReasonUnmapped "REASON_UNMAPPED" InvalidArgument
        en "The partner's own reason code is not in the brand's mapping."
           "A code of the brand's stands for one of ours only after an operator has said which; the violation \
            names the field and lists the codes that are known."
           "Send our reason with it, which is then taken, or have the code mapped and send again with a new \
            request id."
        zh "厂家原因码未登记。"
           "厂家的原因码须由运营人员登记对应关系后才能使用；详情列出了已登记的原因码。"
           "请同时填写本系统的原因，或联系运营登记后重新提交。";
    RemindedTooOften "REMINDED_TOO_OFTEN" FailedPrecondition
        en "The case has been chased too often."
           "A case counts a hundred reminders; further ones would say nothing new. Nothing was changed."
           "Wait for the answer to the last reminder, or let an agent look at the case."
        zh "催单次数已达上限。"
           "每个服务单最多记录一百次催单，未做任何更改。"
           "请等待回复，或联系客服处理。";
    TaskSuperseded "TASK_SUPERSEDED" FailedPrecondition
        en "The task is no longer needed."
           "The case went on and armed it anew or cancelled it."
           "Nothing; the newer task, if there is one, does the work."
        zh "该任务已被替代。"
           "服务单已继续，任务已重新安排或取消。"
           "无需操作。";

    // Orders and units.
    OrderLineUnknown "ORDER_LINE_UNKNOWN" NotFound
        en "There is no such order line, or it is not the caller's."
           "The number is mistyped, the order has not been imported yet, or it belongs to somebody \
            else."
           "Check the number; an order shows up a few minutes after it was shipped."
        zh "没有找到该订单。"
           "订单号有误、订单尚未同步，或不属于当前账号。"
           "请核对订单号，或稍后再试。";
    OrderLineChanged "ORDER_LINE_CHANGED" AlreadyExists
        en "The order line is stored with other content."
           "What was sold is not rewritten: a row with the same number differs from the stored one."
           "Check the row; send a correction under the retailer's agreed procedure."
        zh "该订单行已存在且内容不同。"
           "已入库的销售记录不会被改写。"
           "请核对该行数据。";
    SerialOfAnotherOrder "SERIAL_OF_ANOTHER_ORDER" FailedPrecondition
        en "The serial number belongs to another order."
           "A unit is sold once; this serial was shipped on another order line."
           "Read the nameplate again, or file on the order the unit came with."
        zh "序列号属于另一笔订单。"
           "每台机器只对应一笔订单，该序列号已在其他订单出库。"
           "请核对机身铭牌，或用对应的订单提交。";
    UnitHasOpenCase "UNIT_HAS_OPEN_CASE" FailedPrecondition
        en "The unit has another open case."
           "A unit has one open case at a time, and a newer one was filed after this one ended."
           "Go on with the open case; what is still wrong belongs there."
        zh "该商品已有处理中的服务单。"
           "每台机器同一时间只有一个处理中的服务单，此单结束后已提交新的服务单。"
           "请在处理中的服务单里继续。";
    SkuUnknown "SKU_UNKNOWN" InvalidArgument
        en "The stock keeping unit is not known."
           "No such row was imported before this one."
           "Import the stock keeping unit first, then this row again."
        zh "商品编号不存在。"
           "此前没有导入该商品。"
           "请先导入商品，再导入此行。";
    DeliveredInFuture "DELIVERED_IN_FUTURE" InvalidArgument
        en "The unit is said to be delivered in the future."
           "The delivery time lies after now: a wrong year, a wrong zone, or an order not \
            delivered yet."
           "Correct the time, or send the row after delivery."
        zh "送达时间晚于当前时间。"
           "年份或时区有误，或订单尚未送达。"
           "请更正时间，或在送达后再提交。";

    // Rows of an import.
    RowDuplicate "ROW_DUPLICATE" AlreadyExists
        en "The row's key came before in the same import."
           "Two rows of one file name the same thing; the first one counts."
           "Keep one of the two and import again."
        zh "同一文件中有重复行。"
           "两行编号相同，以先出现的一行为准。"
           "请保留其中一行后重新导入。";
    RowMalformed "ROW_MALFORMED" InvalidArgument
        en "The row cannot be read."
           "It is not one JSON object, or it is of no known kind. A field that is missing or wrong is \
            FIELD_INVALID."
           "Correct the row as the schema says and import again."
        zh "该行无法解析。"
           "不是一个完整的 JSON 对象，或类型未知。字段缺失或有误时为 FIELD_INVALID。"
           "请按格式说明更正后重新导入。";
    RowNotUtf8 "ROW_NOT_UTF8" InvalidArgument
        en "The row is not UTF-8."
           "The file was written in another encoding, for example GBK, or is damaged."
           "Convert the file to UTF-8 and import again."
        zh "该行不是 UTF-8 编码。"
           "文件可能是 GBK 等其他编码，或已损坏。"
           "请转换为 UTF-8 后重新导入。";
    RowTooLong "ROW_TOO_LONG" InvalidArgument
        en "The row is longer than the limit."
           "One row may hold at most 64 KiB."
           "Shorten it and import again."
        zh "该行过长。"
           "单行最多 64 KiB。"
           "请缩短后重新导入。";

    // The network.
    BrandUnknown "BRAND_UNKNOWN" InvalidArgument
        en "The brand is not known."
           "No such brand was imported before."
           "Import the brand first, or correct its id."
        zh "品牌不存在。"
           "此前没有导入该品牌。"
           "请先导入品牌或更正编号。";
    CentreUnknown "CENTRE_UNKNOWN" InvalidArgument
        en "The service centre is not known, or not the caller's."
           "The id is mistyped, or belongs to another brand."
           "List the centres and use one of those ids."
        zh "网点不存在。"
           "网点编号有误，或属于其他品牌。"
           "请核对网点编号。";
    CentrePassedOver "CENTRE_PASSED_OVER" FailedPrecondition
        en "The centre is out for this case."
           "It was asked before and declined or stayed silent, or it gave the certificate under \
            dispute."
           "Choose another centre."
        zh "该网点不再承接此服务单。"
           "该网点此前已拒绝或未响应，或出具了有争议的检测单。"
           "请选择其他网点。";
    CentreNotOffered "CENTRE_NOT_OFFERED" FailedPrecondition
        en "The centre was not offered this case."
           "A service centre accepts for itself; only the brand may name another one."
           "Accept without naming another centre, or let the brand name it."
        zh "该服务单未派给此网点。"
           "网点只能为自己接单，只有厂家可以指定其他网点。"
           "请为本网点接单，或由厂家指定网点。";
    CountyUnknown "COUNTY_UNKNOWN" InvalidArgument
        en "The county code is not known."
           "It is not a code of GB/T 2260 at county level that the network knows."
           "Use the six-digit code of the county."
        zh "区县代码不存在。"
           "不是系统已知的 GB/T 2260 县级代码。"
           "请使用六位区县代码。";
    TechnicianUnknown "TECHNICIAN_UNKNOWN" InvalidArgument
        en "The technician is not known, or of another centre."
           "The id is mistyped, not imported yet, or belongs to another centre."
           "List the centre's technicians and use one of those ids."
        zh "工程师不存在。"
           "编号有误、尚未导入，或属于其他网点。"
           "请核对工程师编号。";
    TechnicianNotCertified "TECHNICIAN_NOT_CERTIFIED" FailedPrecondition
        en "The technician may not do this work."
           "The skill for the category or a required licence is missing or has run out."
           "Name another technician, or import the renewed licence."
        zh "该工程师不具备所需资质。"
           "缺少该品类的技能，或所需证件缺失、过期。"
           "请更换工程师或更新证件。";
    TechnicianSuspended "TECHNICIAN_SUSPENDED" FailedPrecondition
        en "The technician is suspended."
           "The operator has taken the technician out of service for now."
           "Name another technician, or ask the operator."
        zh "该工程师已被暂停派工。"
           "平台运营方已暂停该工程师接单。"
           "请更换工程师，或联系平台运营方。";
    TechnicianNotAssigned "TECHNICIAN_NOT_ASSIGNED" FailedPrecondition
        en "The technician is not the one on the job."
           "Another technician was assigned, or nobody yet."
           "Reassign first, or let the assigned technician act."
        zh "该工程师不是本单的工程师。"
           "本单已指派他人或尚未指派。"
           "请先改派，或由被指派的工程师操作。";

    // Webhooks.
    WebhooksFull "WEBHOOKS_FULL" FailedPrecondition
        en "The partner has as many webhooks as it may have."
           "A brand or a centre may have five; nothing was made."
           "Change the address of one of them, or enable one that is suspended."
        zh "回调地址数量已达上限。"
           "每个厂家或网点最多五个，未做任何更改。"
           "请修改或启用已有的回调地址。";

    // Offers.
    OfferSuperseded "OFFER_SUPERSEDED" FailedPrecondition
        en "The offer is no longer the live one."
           "The case went to another centre, or another answer came first."
           "Do nothing for this offer; read the list of work orders."
        zh "该派单已失效。"
           "服务单已派给其他网点，或已有其他答复。"
           "请刷新派单列表。";
    OfferExpired "OFFER_EXPIRED" FailedPrecondition
        en "The offer has expired."
           "It was not answered before its time."
           "Answer the next offers in time; this one is gone."
        zh "该派单已超时。"
           "未在时限内答复。"
           "请及时处理后续派单。";

    // Appointments and visits.
    WindowInPast "WINDOW_IN_PAST" InvalidArgument
        en "The window lies in the past."
           "Its end, or its begin, is before now."
           "Choose a window ahead."
        zh "所选时间已过。"
           "时间窗口早于当前时间。"
           "请选择之后的时间。";
    WindowInvalid "WINDOW_INVALID" InvalidArgument
        en "The window is not one."
           "It ends before it begins, is longer than a day, or lies too far ahead."
           "Choose a window of at most a day within the next 90 days."
        zh "所选时间无效。"
           "结束早于开始、超过一天，或距今过远。"
           "请重新选择时间。";
    SlotTaken "SLOT_TAKEN" FailedPrecondition
        en "Somebody else took the slot."
           "A slot is free until it is held or booked; another customer was faster."
           "Find slots again and choose another one."
        zh "该时段刚被约满。"
           "时段在被保留或预约前对所有人开放。"
           "请重新选择时段。";
    HoldExpired "HOLD_EXPIRED" FailedPrecondition
        en "The slot is not held any more."
           "A hold lasts a limited time, and a new hold ends the old one."
           "Hold a slot again and book it before it expires."
        zh "保留的时段已释放。"
           "时段保留有时限，或已被新的保留替代。"
           "请重新选择时段。";
    PlanExpired "PLAN_EXPIRED" FailedPrecondition
        en "The day plan cannot be committed any more."
           "A plan holds for an hour: what it was made from changes all the time."
           "Plan the day again and commit the new plan."
        zh "排班方案已过期。"
           "方案在一小时内有效，之后预约情况可能已变化。"
           "请重新生成方案后再提交。";
    NextContactRequired "NEXT_CONTACT_REQUIRED" InvalidArgument
        en "The next attempt has no valid time."
           "A failed contact must say when the customer will be tried again: ahead, within seven \
            days."
           "Send the report again with that time."
        zh "请填写下次联系时间。"
           "联系失败必须约定七天内的下次联系时间。"
           "请补充后重新提交。";
    PartsDateMissing "PARTS_DATE_MISSING" FailedPrecondition
        en "The parts that the next visit needs have no arrival date."
           "The visit before could not be finished because parts were missing, and nobody has said yet \
            when they arrive."
           "Say when they arrive (ExpectParts), then book at or after that time."
        zh "所需配件尚无到货日期。"
           "上次上门因缺件未能完成，到货日期还没有登记。"
           "请先登记到货日期，再预约该日期及之后的时间。";
    PartsNotThere "PARTS_NOT_THERE" FailedPrecondition
        en "The parts that the next visit needs are not there by then."
           "The visit before could not be finished because parts were missing; they arrive later than \
            the time asked for."
           "Book at or after the time in `from`."
        zh "届时配件尚未到货。"
           "上次上门因缺件未能完成，配件到货晚于所选时间。"
           "请预约 `from` 所示时间及之后的时间。";
    HelpNeeded "HELP_NEEDED" FailedPrecondition
        en "The next visit needs a second technician, or another one."
           "The technician could not finish the visit before alone."
           "Name a helper of the same centre or another technician (ReassignTechnician), then book."
        zh "下次上门需增派或更换工程师。"
           "上次上门一人无法完成。"
           "请先增派协助工程师或更换工程师，再预约。";
    NoShowTooEarly "NO_SHOW_TOO_EARLY" FailedPrecondition
        en "It is too early to say that nobody came."
           "A technician is missing once the arrival window is over, a customer once it has begun or \
            somebody stands at the door."
           "Wait until the time in `from`, then report it."
        zh "现在还不能认定爽约。"
           "预约时段结束后才能认定工程师爽约；时段开始或工程师到门口后才能认定用户爽约。"
           "请在 `from` 所示时间之后再上报。";
    CodeWrong "CODE_WRONG" InvalidArgument
        en "The completion code is wrong."
           "It is not the code sent to the customer; the metadata says how many attempts are left."
           "Ask the customer for the code again; it can be sent anew."
        zh "完工码不正确。"
           "与发送给客户的完工码不一致。"
           "请向客户核对完工码。";
    CodeLocked "CODE_LOCKED" ResourceExhausted
        en "Too many wrong completion codes."
           "The code is locked for a while after repeated wrong attempts."
           "Wait until the retry time, or let an agent help."
        zh "完工码输入错误次数过多。"
           "多次输入错误后暂时锁定。"
           "请稍后再试或联系客服。";

    // Certificates and decisions.
    CertificateInvalid "CERTIFICATE_INVALID" InvalidArgument
        en "The certificate cannot be one of this visit."
           "It misses what it must have or contradicts itself; the violations name each fault."
           "Correct the faults and submit a new certificate."
        zh "检测单不符合要求。"
           "缺少必备内容或前后矛盾，详情列出了每一项。"
           "请更正后重新提交。";
    CertificateUnknown "CERTIFICATE_UNKNOWN" FailedPrecondition
        en "The certificate is not the one in question."
           "It belongs to another case or was replaced by a newer one."
           "Read the case and name the certificate it waits for."
        zh "检测单不匹配。"
           "该检测单属于其他服务单，或已被新的检测单替代。"
           "请刷新后操作最新的检测单。";

    // The checklist.
    ChecklistInvalid "CHECKLIST_INVALID" InvalidArgument
        en "The checklist cannot be published."
           "It names something twice, has a range or a list that cannot be answered, or its name is known \
            with other content; the violations name each fault."
           "Correct the faults and publish it; a correction of a published checklist needs a new name."
        zh "检查表无法发布。"
           "名称重复、范围或选项无法作答，或同名检查表内容不同；详情列出了每一项。"
           "请更正后发布；已发布的检查表须使用新名称。";
    ChecklistRequired "CHECKLIST_REQUIRED" FailedPrecondition
        en "The checklist has to be filled."
           "One is in force for the unit's category, and the inspection came without it; the message \
            names it."
           "Get the checklist, fill it, and submit the inspection with it."
        zh "需要填写检查表。"
           "该品类已启用检查表，本次检测未附检查表。"
           "请按检查表填写后重新提交。";
    ChecklistUnknown "CHECKLIST_UNKNOWN" FailedPrecondition
        en "The checklist is not the one to fill."
           "It is not published, is for another category, or was superseded more than seven days ago; the \
            message names the one in force."
           "Get the checklist in force, fill it, and submit the inspection with it."
        zh "检查表不适用。"
           "该检查表未发布、属于其他品类，或已被替换超过七天。"
           "请获取现行检查表，填写后重新提交。";
    AnswerMissing "ANSWER_MISSING" InvalidArgument
        en "A question of the checklist is not answered."
           "The checklist requires it."
           "Answer it and submit again with a new request id."
        zh "检查表有必填项未填写。"
           "该项为必填项。"
           "请填写后重新提交。";
    AnswerUnknown "ANSWER_UNKNOWN" InvalidArgument
        en "An answer does not fit the checklist."
           "The checklist has no such question, photo or option, it is answered twice, or in another form."
           "Fill the checklist as it was published and submit again with a new request id."
        zh "检查表的填写内容与表不符。"
           "表中没有该项或该选项、重复填写，或填写形式不符。"
           "请按已发布的检查表填写后重新提交。";
    MeasurementImpossible "MEASUREMENT_IMPOSSIBLE" InvalidArgument
        en "A number of the checklist cannot be."
           "It lies outside what is possible there, so it is taken for a slip; what is only out of order is \
            taken and marked."
           "Measure again, mind the unit, and submit again with a new request id."
        zh "检查表中的数值不合理。"
           "数值超出可能的范围，视为误填；仅超出正常范围的数值会被接受并标记。"
           "请核对单位并重新测量后提交。";
    PhotosMissing "PHOTOS_MISSING" InvalidArgument
        en "Photos that the checklist wants are missing."
           "There are fewer than it wants, or they do not stand among the certificate's evidence with the \
            kind that is wanted."
           "Take the photos, add them to the evidence, and submit again with a new request id."
        zh "缺少检查表要求的照片。"
           "照片数量不足，或未按要求的类型列入检测单的证据。"
           "请补拍并列入证据后重新提交。";
    SignatureMissing "SIGNATURE_MISSING" InvalidArgument
        en "The customer's signature is missing."
           "The checklist wants it and the certificate says that the customer signed."
           "Send the picture of the signature, or say on the certificate that the customer refused."
        zh "缺少客户签名。"
           "检查表要求客户签名，且检测单写明客户已签名。"
           "请附上签名图片，或在检测单中注明客户拒签。";
    RemedyNotOffered "REMEDY_NOT_OFFERED" FailedPrecondition
        en "The remedy is not on offer."
           "The decision offers others; the metadata lists them."
           "Choose one of those, or dispute the decision."
        zh "该处理方式不可选。"
           "当前结论提供的是其他处理方式。"
           "请从可选方式中选择，或提出申诉。";
    DecisionInvalid "DECISION_INVALID" InvalidArgument
        en "The decision is not one."
           "It names no rule, offers nothing without denying, or falls below what the policy gives."
           "Name the rule and the remedies, within what the customer is owed."
        zh "处理结论不完整。"
           "没有依据，或低于客户应得的权益。"
           "请补充依据和处理方式。";

    AmountOutOfRange "AMOUNT_OUT_OF_RANGE" FailedPrecondition
        en "The amount is not within what may be given."
           "It is nothing, or more than the unit cost together with what was paid back before; the \
            metadata gives the most."
           "Name an amount within it; more than that is a decision, not goodwill."
        zh "金额超出可给付范围。"
           "金额为零，或与此前已付金额合计超过实付价款；元数据中给出了上限。"
           "请在上限内填写；超出部分需作出处理决定。";

    // Calendars and clocks.
    CalendarNotCovered "CALENDAR_NOT_COVERED" FailedPrecondition
        en "Working days cannot be counted that far."
           "The public holidays of that year are not known yet, and none are guessed."
           "An operator imports a newer calendar; then send again."
        zh "暂无法计算该日期的工作日。"
           "该年度的节假日安排尚未发布或导入。"
           "请稍后再试或联系客服。";
    CalendarInvalid "CALENDAR_INVALID" InvalidArgument
        en "The calendar cannot be stored."
           "Days are doubled, out of order or outside its span, it names no source, or its version \
            is known with other content."
           "Correct the calendar, or give it a new version."
        zh "日历数据有误。"
           "日期重复、乱序或超出范围，缺少来源，或版本号已被使用。"
           "请更正或使用新的版本号。";
    PolicyInvalid "POLICY_INVALID" InvalidArgument
        en "The rule pack cannot be published."
           "It cannot be read, has a gap, a dead row or a row without a test, a test of it fails, or its \
            version is known with other content."
           "Check it with ValidatePolicy or `parasol policy validate`, then correct it or give it a new version."
        zh "规则包无法发布。"
           "规则包无法读取，存在缺口、永不生效的规则或缺少测试的规则，测试未通过，或版本号已被使用。"
           "请先校验规则包，更正后重试，或使用新的版本号。";
    PolicyUnknown "POLICY_UNKNOWN" InvalidArgument
        en "There is no such version of the policy."
           "The version is neither built in nor published."
           "Ask for one that ListPolicies names."
        zh "没有该版本的规则包。"
           "该版本既非内置也未发布。"
           "请使用规则包列表中的版本。";
    DecisionNotReplayable "DECISION_NOT_REPLAYABLE" FailedPrecondition
        en "The decision cannot be asked again."
           "A person made it, the pack it was made by is not here, or its facts cannot be worked out."
           "Look at the decision itself."
        zh "该决定无法重算。"
           "该决定由人工作出，所用规则包不在本系统，或事实无法还原。"
           "请直接查看该决定。";
    ClockNotTest "CLOCK_NOT_TEST" FailedPrecondition
        en "The clock cannot be moved."
           "The process runs on real time; only a test clock can be moved."
           "Start with the test clock to try out courses that last days."
        zh "时钟不可调整。"
           "当前使用真实时间，仅测试时钟可以调整。"
           "请在测试模式下使用。";

    // The state of the system.
    Overloaded "OVERLOADED" ResourceExhausted
        en "Too much is asked at once."
           "A queue is full, a rate limit is reached, or a reader is too slow for its stream."
           "Wait the time given, then send again with the same request id; resume a stream from \
            its last token."
        zh "系统繁忙。"
           "请求过多，或接收过慢。"
           "请稍后再试。";
    StoreUnavailable "STORE_UNAVAILABLE" Unavailable
        en "The store cannot be reached."
           "The database is away, full, or changing over; the step may or may not have been taken."
           "Send the very same request again with the same request id; it takes effect once."
        zh "服务暂时不可用。"
           "数据服务暂时无法访问。"
           "请稍后再试，重复提交不会重复处理。";
    DeadlineExceeded "DEADLINE_EXCEEDED" DeadlineExceeded
        en "The answer did not come in time."
           "The call's deadline passed; the step may or may not have been taken."
           "Send the very same request again with the same request id; it takes effect once."
        zh "请求超时。"
           "未能在时限内完成。"
           "请重试，重复提交不会重复处理。";
    Internal "INTERNAL" Internal
        en "Something went wrong on our side."
           "A defect or a broken part; it is logged under the trace of this call."
           "Send it again once with the same request id; if it stays, tell us the trace id."
        zh "系统出现异常。"
           "我们已记录此问题。"
           "请稍后再试；如仍失败请联系客服。";
}
