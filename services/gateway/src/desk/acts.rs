//! The forms of the steps, and the calls they make.

use maud::{Markup, html};
use parasol_api::Error;
use parasol_api::admin::v1::operations_service_client::OperationsServiceClient;
use parasol_api::admin::v1::{PauseCaseRequest, ResumeCaseRequest};
use parasol_api::common::v1::{NoCodeReason, Party, PauseCause, Remedy};
use parasol_api::convert::to_timestamp;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::intake::v1::*;
use parasol_api::limits::{LONG_TEXT_MAX, REMARK_MAX};
use parasol_api::technician::v1::WaiveCompletionCodeRequest;
use parasol_api::technician::v1::visit_service_client::VisitServiceClient;
use parasol_api::verification::v1::decision_service_client::DecisionServiceClient;
use parasol_api::verification::v1::*;
use parasol_journey::Verb;
use parasol_journey::time::Span;
use parasol_runtime::transport::Transport;

use super::act::Act;
use super::case_page::Sheet;
use crate::staff::words::{money, remedy};
use crate::web::choice::{Choice, number};
use crate::web::controls::{Filled, Look};
use crate::web::form::{Form, REQUEST_ID};
use crate::web::words::Pick as _;
use crate::web::{failed, times};

crate::web::choice::lists! {
    /// Why a case is paused.
    PAUSES: PauseCause {
        CustomerUnreachable "unreachable" "多日联系不上用户" "Customer not reached for days";
        CustomerAskedLater "asked_later" "用户要求改期" "Customer asked for a later time";
        Weather "weather" "天气" "Weather";
        Unsafe "unsafe" "现场不安全" "Not safe to work";
        PartOnOrder "part" "等待配件" "Waiting for a part";
    }
    /// Why there is no completion code.
    NO_CODE: NoCodeReason {
        PhoneLost "phone_lost" "手机丢失或损坏" "The telephone is lost or broken";
        CodeNotReceived "not_received" "没有收到完工码" "No code came";
        CodeLocked "locked" "输错次数过多" "Too many wrong codes";
        CustomerUnable "unable" "用户不便操作" "The customer cannot handle codes";
    }
    /// Who has to act while a case is paused.
    OWNERS: Party {
        Customer "customer" "用户" "Customer";
        Retailer "retailer" "平台" "Retailer";
        Brand "brand" "厂家" "Brand";
        Centre "centre" "网点" "Centre";
        Technician "technician" "工程师" "Technician";
        Carrier "carrier" "物流" "Carrier";
        Payment "payment" "支付" "Payment";
        Lab "lab" "检测机构" "Laboratory";
    }
    /// What can be given.
    REMEDIES: Remedy {
        Repair "repair" "维修" "Repair";
        Replace "replace" "换新" "Replace";
        Refund "refund" "退款" "Refund";
    }
}

/// A form that was sent.
pub(super) struct Sent<'a> {
    /// The way to the services, as whoever signed in.
    pub transport: Transport,
    /// The case.
    pub case: &'a str,
    /// What was typed.
    pub form: &'a Form,
}

impl Sent<'_> {
    fn ids(&self) -> (String, String) {
        (self.form.text(REQUEST_ID), self.case.to_owned())
    }

    fn intake(&self) -> IntakeServiceClient<Transport> {
        IntakeServiceClient::new(self.transport.clone())
    }

    fn decisions(&self) -> DecisionServiceClient<Transport> {
        DecisionServiceClient::new(self.transport.clone())
    }
}

/// Whether a step is offered on a page.
pub(super) fn offered(act: Act, sheet: &Sheet) -> bool {
    let is_open = sheet.open.contains(&act.verb());
    match act {
        Act::Approve => is_open && sheet.proposal.as_ref().is_some_and(|one| one.can_approve),
        Act::Refuse => is_open && sheet.proposal.is_some(),
        Act::Answer => is_open && sheet.case.reminders > 0,
        // Above an agent's authority it becomes a proposal, so it is open wherever one is.
        Act::Decide => is_open || sheet.open.contains(&Verb::Deny),
        Act::Choose => is_open && !sheet.told.offered_remedies.is_empty(),
        _ => is_open,
    }
}

/// The controls of a step.
pub(super) fn controls(act: Act, sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let t = |zh, en| language.pick(zh, en);
    let needed = Look { required: true, ..Look::default() };
    let long = |label: &str| filled.area("reason", label, Look { max: LONG_TEXT_MAX, ..needed });
    let remark =
        |label: &str| filled.area("remark", label, Look { max: REMARK_MAX, ..Look::default() });
    match act {
        Act::Approve | Act::Refuse => html! {
            (proposal(sheet))
            @let look = Look { max: LONG_TEXT_MAX, required: act == Act::Refuse, ..Look::default() };
            (filled.area("reason", t("理由", "Why"), look))
        },
        Act::Answer => filled.area("text", t("答复", "Answer"), Look { max: REMARK_MAX, ..needed }),
        Act::Note => {
            let hint = t("仅内部可见，用户和合作方看不到。", "Seen by the retailer's people only.");
            filled.area("text", t("备注", "Note"), Look { max: LONG_TEXT_MAX, hint, ..needed })
        }
        Act::Decide => decide(filled),
        Act::Goodwill => html! {
            (authority(sheet))
            (filled.input("amount", t("金额（元）", "Amount in yuan"), needed))
            (long(t("理由", "Why")))
        },
        Act::Choose => choose(sheet, filled),
        Act::Waive => html! {
            @let reasons: Vec<_> = NO_CODE.iter().collect();
            (filled.select("why", t("原因", "Why there is no code"), &reasons, needed))
            (filled.area("remark", t("用户的原话与核实方式", "What the customer said, and how you knew them"),
                Look { max: REMARK_MAX, ..needed }))
        },
        Act::Reject | Act::Dispute | Act::Inspect | Act::Reopen => long(t("说明", "In words")),
        Act::Remind => remark(t("用户想说的话", "What the customer wants to say")),
        Act::Pause => pause(sheet, filled),
        Act::Resume | Act::Solved | Act::Unsolved | Act::Cancel => remark(t("说明", "In words")),
        Act::Merge => {
            let hint = t(
                "同一用户的另一张未结束的服务单号。本单将取消，并注明去向。",
                "The number of another open case of the same customer. This one is cancelled and says where it went.",
            );
            filled.input(
                "into",
                t("保留的服务单", "The case that goes on"),
                Look { hint, max: 64, ..needed },
            )
        }
        Act::Confirm | Act::AcceptDenial => html! {},
    }
}

/// What may be given, and what was given lately.
fn authority(sheet: &Sheet) -> Markup {
    let language = sheet.language;
    html! {
        @if let Some(own) = &sheet.authority {
            p.hint {
                (language.pick("您单次可补偿至多 ", "You may give up to "))
                strong { (money(own.granted.as_ref())) }
                (language.pick("；近 30 天共 ", " at once; in the last 30 days you gave "))
                (money(own.used.as_ref())) " (" (own.count) ")"
                (language.pick("。超出部分将提交第二人审批。", ". What is above waits for a second person."))
            }
        }
    }
}

fn proposal(sheet: &Sheet) -> Markup {
    let language = sheet.language;
    let Some(one) = &sheet.proposal else { return html! {} };
    html! {
        input type="hidden" name="proposal_id" value=(one.proposal_id);
        p {
            strong { (money(one.worth.as_ref())) } " · " (one.proposed_by)
            @if one.goodwill { " · " (language.pick("补偿", "goodwill")) }
        }
        blockquote { (one.reason) }
    }
}

fn decide(filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let t = |zh, en| language.pick(zh, en);
    let needed = Look { required: true, ..Look::default() };
    html! {
        fieldset.radios {
            legend { (t("用户可选的方案", "What the customer may choose from")) }
            @for choice in REMEDIES {
                (filled.tick(&format!("remedy_{}", choice.value), choice.label(language)))
            }
            p.hint { (t("都不勾选表示不支持。不会低于规则给出的权益。",
                "None ticked denies the claim. It never falls below what the rules give.")) }
        }
        (filled.input("amount", t("退款金额（元）", "Refund in yuan"), Look {
            hint: t("留空为实付价。", "Empty means the price paid."), ..Look::default()
        }))
        (filled.area("reason", t("理由（用户可见）", "Why (shown to the customer)"), Look {
            max: LONG_TEXT_MAX, ..needed
        }))
    }
}

fn choose(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let options: Vec<_> = sheet
        .told
        .offered_remedies
        .iter()
        .filter_map(|one| {
            let choice = REMEDIES.iter().find(|choice| choice.number == one.remedy)?;
            let label = html! {
                (remedy(one.remedy(), language))
                @if one.amount.is_some() { " " (money(one.amount.as_ref())) }
            };
            Some((choice.value.to_owned(), label))
        })
        .collect();
    filled.radios("remedy", language.pick("方案", "Remedy"), &options, "")
}

fn pause(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let t = |zh, en| language.pick(zh, en);
    let needed = Look { required: true, ..Look::default() };
    let causes: Vec<&Choice> = PAUSES.iter().collect();
    let owners: Vec<&Choice> = OWNERS.iter().collect();
    let tomorrow = times::typed(sheet.now + Span::days(1));
    html! {
        (filled.select("cause", t("原因", "Why"), &causes, needed))
        (filled.select("owner", t("由谁处理", "Who has to act"), &owners, Look {
            value: "customer", ..needed
        }))
        (filled.input("resume_at", t("继续的时间", "Goes on at"), Look {
            kind: "datetime-local", value: &tomorrow,
            hint: t("最长 30 天", "At most 30 days away"), ..needed
        }))
        (filled.area("remark", t("说明", "In words"), Look { max: REMARK_MAX, ..Look::default() }))
    }
}

/// Sends a step.
///
/// # Errors
/// What the form lacks, and what the service says.
pub(super) async fn perform(act: Act, sent: &Sent<'_>) -> Result<(), Error> {
    match act {
        Act::Approve
        | Act::Refuse
        | Act::Decide
        | Act::Goodwill
        | Act::Choose
        | Act::Confirm
        | Act::Reject
        | Act::Inspect
        | Act::Dispute
        | Act::AcceptDenial => decided(act, sent).await,
        Act::Waive => waive(sent).await,
        Act::Pause | Act::Resume => held(act, sent).await,
        _ => taken_in(act, sent).await,
    }
}

async fn decided(act: Act, sent: &Sent<'_>) -> Result<(), Error> {
    let ((request_id, case_id), form) = (sent.ids(), sent.form);
    let (etag, reason) = (String::new(), form.text("reason"));
    let mut client = sent.decisions();
    match act {
        Act::Approve | Act::Refuse => {
            let (proposal_id, refuse) = (form.text("proposal_id"), act == Act::Refuse);
            let request =
                ApproveDecisionRequest { request_id, case_id, etag, proposal_id, refuse, reason };
            client.approve_decision(request).await.map_err(failed)?;
        }
        Act::Decide => {
            let ticked = |one: &&Choice| form.is_ticked(&format!("remedy_{}", one.value));
            let remedies = REMEDIES.iter().filter(ticked).map(|one| one.number).collect();
            let (refund, payer) = (sent.form.amount("amount")?, String::new());
            let request = DecideManuallyRequest {
                request_id,
                case_id,
                etag,
                remedies,
                refund,
                payer,
                reason,
            };
            client.decide_manually(request).await.map_err(failed)?;
        }
        Act::Goodwill => {
            let amount = sent.form.amount("amount")?;
            let request = GrantGoodwillRequest { request_id, case_id, etag, amount, reason };
            client.grant_goodwill(request).await.map_err(failed)?;
        }
        Act::Choose => {
            let remedy = number(REMEDIES, "remedy", form.get("remedy"))?;
            let request = ChooseRemedyRequest { request_id, case_id, etag, remedy };
            client.choose_remedy(request).await.map_err(failed)?;
        }
        Act::Confirm => {
            let request = ConfirmOutcomeRequest { request_id, case_id, etag };
            client.confirm_outcome(request).await.map_err(failed)?;
        }
        Act::Reject => {
            let request = RejectOutcomeRequest { request_id, case_id, etag, reason };
            client.reject_outcome(request).await.map_err(failed)?;
        }
        Act::Inspect => {
            let request = OrderSecondInspectionRequest { request_id, case_id, etag, reason };
            client.order_second_inspection(request).await.map_err(failed)?;
        }
        Act::Dispute => {
            let evidence = Vec::new();
            let request = OpenDisputeRequest { request_id, case_id, etag, reason, evidence };
            client.open_dispute(request).await.map_err(failed)?;
        }
        _ => {
            let (answer, remark) = (DenialAnswer::Accept.into(), String::new());
            let request = AnswerDenialRequest { request_id, case_id, etag, answer, remark };
            client.answer_denial(request).await.map_err(failed)?;
        }
    }
    Ok(())
}

async fn waive(sent: &Sent<'_>) -> Result<(), Error> {
    let (request_id, case_id) = sent.ids();
    let request = WaiveCompletionCodeRequest {
        request_id,
        case_id,
        reason: number(NO_CODE, "why", sent.form.get("why"))?,
        remark: sent.form.text("remark"),
        ..WaiveCompletionCodeRequest::default()
    };
    let mut client = VisitServiceClient::new(sent.transport.clone());
    client.waive_completion_code(request).await.map_err(failed)?;
    Ok(())
}

async fn held(act: Act, sent: &Sent<'_>) -> Result<(), Error> {
    let ((request_id, case_id), form) = (sent.ids(), sent.form);
    let (etag, remark) = (String::new(), form.text("remark"));
    let mut client = OperationsServiceClient::new(sent.transport.clone());
    if act == Act::Resume {
        let request = ResumeCaseRequest { request_id, case_id, etag, remark };
        client.resume_case(request).await.map_err(failed)?;
        return Ok(());
    }
    let request = PauseCaseRequest {
        request_id,
        case_id,
        etag,
        cause: number(PAUSES, "cause", form.get("cause"))?,
        owner: number(OWNERS, "owner", form.get("owner"))?,
        resume_at: times::parse("resume_at", form.get("resume_at"))?.map(to_timestamp),
        remark,
    };
    client.pause_case(request).await.map_err(failed)?;
    Ok(())
}

async fn taken_in(act: Act, sent: &Sent<'_>) -> Result<(), Error> {
    let ((request_id, case_id), form) = (sent.ids(), sent.form);
    let (etag, remark, text) = (String::new(), form.text("remark"), form.text("text"));
    let mut client = sent.intake();
    match act {
        Act::Answer => {
            let request = AnswerReminderRequest { request_id, case_id, etag, text };
            client.answer_reminder(request).await.map_err(failed)?;
        }
        Act::Note => {
            let request = AddNoteRequest { request_id, case_id, etag, text };
            client.add_note(request).await.map_err(failed)?;
        }
        Act::Solved | Act::Unsolved => {
            let solved = act == Act::Solved;
            let request = FinishGuidanceRequest { request_id, case_id, etag, solved, remark };
            client.finish_guidance(request).await.map_err(failed)?;
        }
        Act::Remind => {
            let request = RemindCaseRequest { request_id, case_id, etag, message: remark };
            client.remind_case(request).await.map_err(failed)?;
        }
        Act::Merge => {
            let into_case_id = form.text("into");
            let request = MergeCaseRequest { request_id, case_id, etag, into_case_id };
            client.merge_case(request).await.map_err(failed)?;
        }
        Act::Reopen => {
            let reason = form.text("reason");
            let request = ReopenCaseRequest { request_id, case_id, etag, reason };
            client.reopen_case(request).await.map_err(failed)?;
        }
        _ => {
            let request = CancelCaseRequest { request_id, case_id, etag, reason: remark };
            client.cancel_case(request).await.map_err(failed)?;
        }
    }
    Ok(())
}
