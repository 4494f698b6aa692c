//! The steps themselves: what each form asks for and what is called with it.

use maud::{Markup, html};
use parasol_api::common::v1::{OfferedRemedy, Party, ProposedWindow};
use parasol_api::convert::timestamp;
use parasol_api::intake::v1::{
    CancelCaseRequest, FinishGuidanceRequest, RemindCaseRequest, ReopenCaseRequest,
};
use parasol_api::limits::{LONG_TEXT_MAX, REMARK_MAX};
use parasol_api::partner::v1::{
    BookAppointmentRequest, ReleaseWindowsRequest, ReportNoShowRequest,
    RescheduleAppointmentRequest, Slot, book_appointment_request, reschedule_appointment_request,
};
use parasol_api::technician::v1::RenewCompletionCodeRequest;
use parasol_api::verification::v1::{
    AnswerDenialRequest, ChooseRemedyRequest, ConfirmOutcomeRequest, DenialAnswer,
    OpenDisputeRequest, RejectOutcomeRequest, SubmitDisputeEvidenceRequest,
};
use parasol_api::{Error, Language, Reason};
use parasol_journey::Stage;

use super::act::Act;
use super::calls::Calls;
use super::case_page::{Forms, Sheet};
use super::words::{REMEDIES, money, payer, remedy};
use super::{case_path, quote};
use crate::web::controls::{Filled, Look};
use crate::web::form::{Form, REQUEST_ID};
use crate::web::photos::{self, Photo};
use crate::web::words::Pick as _;
use crate::web::{failed, times};

/// A form that was sent.
pub(super) struct Sent<'a> {
    /// Who is called.
    pub calls: &'a Calls,
    /// The case.
    pub case: &'a str,
    /// What was typed.
    pub form: &'a Form,
    /// The photos that came with it, now or before.
    pub photos: Vec<Photo>,
}

impl Sent<'_> {
    pub(super) fn request_id(&self) -> String {
        self.form.text(REQUEST_ID)
    }

    pub(super) fn case_id(&self) -> String {
        self.case.to_owned()
    }

    /// The version of the case that the form was made from.
    pub(super) fn etag(&self) -> String {
        self.form.text("etag")
    }
}

/// Sends a step.
///
/// # Errors
/// What the method says, and `FIELD_INVALID` for what no method could be asked with.
pub(super) async fn perform(act: Act, sent: &Sent<'_>) -> Result<(), Error> {
    match act {
        Act::Choose => choose(sent).await,
        Act::Book => book(sent).await,
        Act::ReleaseWindows => release(sent).await,
        Act::Reschedule => reschedule(sent).await,
        Act::Confirm => confirm(sent).await,
        Act::Reject => reject(sent).await,
        Act::AcceptDenial => accept_denial(sent).await,
        Act::AcceptQuote => quote::accept(sent).await,
        Act::Dispute => dispute(sent).await,
        Act::Evidence => add_evidence(sent).await,
        Act::Solved => guided(sent, true).await,
        Act::Unsolved => guided(sent, false).await,
        Act::NoShow => no_show(sent).await,
        Act::RenewCode => renew_code(sent).await,
        Act::Remind => remind(sent).await,
        Act::Cancel => cancel(sent).await,
        Act::Reopen => reopen(sent).await,
    }
}

/// Whether a page offers a step: the journey has it open for the customer, and there is something to do it with.
pub(super) fn offered(act: Act, sheet: &Sheet) -> bool {
    let open = sheet.is_open(act.verb());
    match act {
        Act::ReleaseWindows => open && !proposed(sheet).is_empty(),
        Act::NoShow => open && window_is_over(sheet),
        Act::AcceptQuote => open && quote::is_offered(sheet),
        // Whoever has the turn needs no chasing by themselves.
        Act::Remind => open && !sheet.is_mine(),
        _ => open,
    }
}

fn proposed(sheet: &Sheet) -> &[ProposedWindow] {
    sheet.case.as_ref().map(|case| case.proposed_windows.as_slice()).unwrap_or_default()
}

fn window_is_over(sheet: &Sheet) -> bool {
    let ends = times::ends(sheet.told.appointment_window.as_ref());
    ends.is_some_and(|(_, to)| to <= sheet.now)
}

/// The forms of the customer's own turn, and the way to chase whoever else has it.
pub(super) fn of_turn(sheet: &Sheet, forms: &Forms<'_>) -> Markup {
    let language = sheet.language;
    let stage = sheet.stage();
    html! {
        @match stage {
            Some(Stage::RemedyOffered) => { (choose_form(sheet, forms)) }
            Some(Stage::Denied) => { (denied(sheet)) }
            Some(Stage::AwaitConfirm) => {
                p.ask { (language.pick("问题解决了吗？", "Is the problem solved?")) }
                div.answers {
                    (forms.button(sheet, Act::Confirm, "main"))
                    (link(Act::Reject, sheet, "button"))
                }
            }
            Some(Stage::RemoteGuidance) => {
                p.ask { (language.pick("远程指导有用吗？", "Did the guidance help?")) }
                div.answers {
                    (forms.button(sheet, Act::Solved, "main"))
                    (forms.button(sheet, Act::Unsolved, ""))
                }
            }
            Some(Stage::Disputed) => { (disputed(sheet)) }
            _ => {}
        }
        @if offered(Act::ReleaseWindows, sheet) { (windows_form(sheet, forms)) }
        @else if offered(Act::Book, sheet) {
            p { (link(Act::Book, sheet, "button main")) }
        }
        @if offered(Act::NoShow, sheet) { p { (link(Act::NoShow, sheet, "button")) } }
        @if offered(Act::Remind, sheet) { (chase(sheet, forms)) }
        @if offered(Act::Reopen, sheet) { p { (link(Act::Reopen, sheet, "button")) } }
    }
}

/// What can be done beside the turn, quietly.
pub(super) fn more(sheet: &Sheet) -> Markup {
    let quiet = [Act::Reschedule, Act::Dispute, Act::Cancel];
    let shown: Vec<_> = quiet
        .into_iter()
        .filter(|act| {
            offered(*act, sheet) && !(*act == Act::Dispute && sheet.stage() == Some(Stage::Denied))
        })
        .collect();
    html! {
        nav.more aria-label=(sheet.language.pick("其他操作", "Other things you can do")) {
            ul {
                @for act in shown { li { (link(act, sheet, "")) } }
                li { a href=(case_path(&sheet.id, "links")) {
                    (sheet.language.pick("分享进度", "Share the progress"))
                } }
            }
        }
    }
}

fn link(act: Act, sheet: &Sheet, class: &str) -> Markup {
    html! { a class=(class) href=(case_path(&sheet.id, act.name())) { (act.title(sheet.language)) } }
}

/// The form of a step that has a page of its own.
pub(super) fn page(act: Act, sheet: &Sheet, forms: &Forms<'_>, slots: &[Slot]) -> Markup {
    let language = sheet.language;
    let send = |class: &'static str| html! { button class=(class) { (act.title(language)) } };
    let said = |filled: &Filled<'_>, label: &str, needed: bool, max| {
        filled.area("reason", label, Look { required: needed, max, ..Look::default() })
    };
    match act {
        Act::Book | Act::Reschedule => forms.form(sheet, act, "card", |filled| {
            html! {
                input type="hidden" name="appointment_id" value=(sheet.told.appointment_id);
                (slots_of(slots, filled))
                @if !slots.is_empty() { (send("main")) }
            }
        }),
        Act::Reject => forms.form(sheet, act, "card", |filled| html! {
            p { (language.pick("哪里还不对？我们会重新处理。", "What is still wrong? We look at it again.")) }
            (said(filled, language.pick("说明", "In your words"), true, LONG_TEXT_MAX))
            (send("main"))
        }),
        Act::AcceptDenial => forms.form(sheet, act, "card", |_| html! {
            p { (language.pick(
                "接受后服务单结束。之后七天内仍可重新打开。",
                "The case ends then. You can open it again within seven days.",
            )) }
            (send("main"))
        }),
        Act::AcceptQuote => quote::page(sheet, forms),
        Act::Dispute | Act::Evidence => with_photos(act, sheet, forms),
        Act::NoShow => forms.form(sheet, act, "card", |_| html! {
            p { (language.pick(
                "很抱歉让您久等。记为工程师爽约，您可以优先选择新的时间。",
                "We are sorry. It counts against the technician, and you choose another time first.",
            )) }
            (send("main"))
        }),
        Act::Remind => forms.form(sheet, act, "card", |filled| html! {
            (said(filled, language.pick("想说的话", "Your message"), false, REMARK_MAX))
            (send("main"))
        }),
        Act::Cancel => forms.form(sheet, act, "card", |filled| html! {
            p { (cancelled(sheet)) }
            (said(filled, language.pick("原因", "Why"), false, REMARK_MAX))
            (send("main danger"))
        }),
        Act::Reopen => forms.form(sheet, act, "card", |filled| html! {
            p { (language.pick(
                "完成后七天内可以重新打开一次，会有专人处理。",
                "Within seven days of its end a case can be opened again, once; somebody looks into it.",
            )) }
            (said(filled, language.pick("现在的情况", "What is wrong now"), true, LONG_TEXT_MAX))
            (send("main"))
        }),
        Act::Choose | Act::ReleaseWindows | Act::Confirm | Act::Solved | Act::Unsolved
        | Act::RenewCode => html! {},
    }
}

fn cancelled(sheet: &Sheet) -> &'static str {
    let in_the_field =
        matches!(sheet.stage(), Some(Stage::Appointed | Stage::OnSite | Stage::Inspecting));
    match in_the_field {
        true => sheet.language.pick(
            "如果工程师已经出发，需要现场确认后才会取消，一小时内没有答复则自动取消。",
            "If somebody is on the way already, they are asked first; without an answer it is granted \
             after an hour.",
        ),
        false => sheet.language.pick("服务会马上停止。", "Everything stops at once."),
    }
}

/// The chase: one tap, or with a message.
fn chase(sheet: &Sheet, forms: &Forms<'_>) -> Markup {
    let language = sheet.language;
    let times = sheet.case.as_ref().map_or(0, |case| case.reminders);
    html! {
        div.chase {
            (forms.button(sheet, Act::Remind, ""))
            a href=(case_path(&sheet.id, Act::Remind.name())) { (language.pick("附一句话", "with a message")) }
            @if times > 0 {
                p.hint {
                    @if language == Language::Zh { "您已催过 " (times) " 次，每次都会记录并须答复。" }
                    @else { "Chased " (times) @if times == 1 { " time" } @else { " times" }
                        "; each one is on record and has to be answered." }
                }
            }
        }
    }
}

async fn remind(sent: &Sent<'_>) -> Result<(), Error> {
    let request = RemindCaseRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        message: sent.form.text("reason"),
        ..Default::default()
    };
    sent.calls.intake().remind_case(request).await.map_err(failed)?;
    Ok(())
}

fn choose_form(sheet: &Sheet, forms: &Forms<'_>) -> Markup {
    let language = sheet.language;
    let decision = sheet.case.as_ref().and_then(|case| case.decision.as_ref());
    let offered = decision.map(|decision| decision.remedies.as_slice());
    let offered = offered.filter(|some| !some.is_empty()).unwrap_or(&sheet.told.offered_remedies);
    let options: Vec<_> =
        offered.iter().filter_map(|one| Some((value_of(one)?, option(one, language)))).collect();
    html! {
        (forms.form(sheet, Act::Choose, "choose", |filled| html! {
            input type="hidden" name="etag" value=(sheet.told.etag);
            (filled.radios("remedy", language.pick("您可以选择", "You may choose"), &options, ""))
            button.main { (Act::Choose.title(language)) }
        }))
        (reasons(sheet))
    }
}

fn value_of(offered: &OfferedRemedy) -> Option<String> {
    let known = REMEDIES.iter().find(|(_, remedy)| *remedy == offered.remedy());
    known.map(|(value, _)| (*value).to_owned())
}

fn option(offered: &OfferedRemedy, language: Language) -> Markup {
    html! {
        span.remedy {
            strong { (remedy(offered.remedy(), language)) }
            @if let Some(amount) = &offered.amount { strong.amount { (money(amount)) } }
        }
        @if !offered.explanation.is_empty() { span.hint { (offered.explanation) } }
        span.hint { (payer(&offered.payer, language)) }
    }
}

/// Why it was decided so: the rules that fired and the facts. Those that did not fire are dozens, and an agent's.
fn reasons(sheet: &Sheet) -> Markup {
    let language = sheet.language;
    let Some(told) = &sheet.explained else { return html! {} };
    let rules = told.decision.as_ref().map(|one| one.rules.as_slice()).unwrap_or_default();
    html! {
        details.inner.reasons {
            summary {
                @if sheet.stage() == Some(Stage::Denied) {
                    (language.pick("为什么？", "Why?"))
                } @else { (language.pick("为什么是这些？", "Why these?")) }
            }
            @if !rules.is_empty() {
                h3 { (language.pick("依据", "Grounds")) }
                ul { @for rule in rules { li {
                    (rule.effect) @if !rule.basis.is_empty() { " " span.hint { "(" (rule.basis) ")" } }
                } } }
            }
            @if !told.facts.is_empty() {
                h3 { (language.pick("事实", "Facts")) }
                ul { @for fact in &told.facts { li { (fact) } } }
            }
        }
    }
}

async fn choose(sent: &Sent<'_>) -> Result<(), Error> {
    let wanted = sent.form.get("remedy");
    let known = REMEDIES.iter().find(|(value, _)| *value == wanted);
    let known =
        known.ok_or_else(|| Error::field("remedy", Reason::FieldInvalid, "one of the list"))?;
    let request = ChooseRemedyRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        etag: sent.etag(),
        remedy: known.1.into(),
    };
    sent.calls.decisions().choose_remedy(request).await.map_err(failed)?;
    Ok(())
}

/// A denial, with its reasons and what may be done about it.
fn denied(sheet: &Sheet) -> Markup {
    let next = sheet.explained.as_ref().map(|told| told.next_steps.as_slice()).unwrap_or_default();
    html! {
        (reasons(sheet))
        @if !next.is_empty() { ul { @for step in next { li { (step) } } } }
        div.answers {
            (link(Act::Dispute, sheet, "button main"))
            (link(Act::AcceptDenial, sheet, "button"))
        }
    }
}

async fn accept_denial(sent: &Sent<'_>) -> Result<(), Error> {
    let request = AnswerDenialRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        answer: DenialAnswer::Accept.into(),
        ..Default::default()
    };
    sent.calls.decisions().answer_denial(request).await.map_err(failed)?;
    Ok(())
}

/// How a dispute stands.
fn disputed(sheet: &Sheet) -> Markup {
    let language = sheet.language;
    let Some(dispute) = &sheet.dispute else { return html! {} };
    let t = |zh, en| language.pick(zh, en);
    let waits = match dispute.awaits.as_str() {
        "reply" => t("等待对方答复", "The other side has to answer"),
        "evidence" => t("双方可以补充证据", "Both sides may hand in evidence"),
        "lab" => t("等待检测机构的报告", "A laboratory examines the unit"),
        "panel" => t("专家正在评议", "Experts give their opinions"),
        _ => t("即将裁决", "About to be decided"),
    };
    html! {
        p { strong { (waits) } }
        @if let Some(until) = dispute.evidence_until.as_ref().and_then(timestamp) {
            p { (t("补充证据截止：", "Evidence until: ")) (times::due(until, sheet.now, language)) }
        }
        @if !dispute.statements.is_empty() {
            details.inner {
                summary { (t("双方陈述", "What both sides said")) }
                ul { @for one in &dispute.statements { li { (side(&one.side, language)) ": " (one.text) } } }
            }
        }
        @if offered(Act::Evidence, sheet) { p { (link(Act::Evidence, sheet, "button main")) } }
    }
}

fn side(side: &str, language: Language) -> &'static str {
    match side {
        "customer" => language.pick("您", "You"),
        "brand" => language.pick("厂家", "Brand"),
        "centre" => language.pick("网点", "Service centre"),
        "expert" => language.pick("专家", "Expert"),
        _ => language.pick("平台", "Our team"),
    }
}

/// A statement with photos: opening a dispute, or adding to one.
fn with_photos(act: Act, sheet: &Sheet, forms: &Forms<'_>) -> Markup {
    let language = sheet.language;
    let about = match act {
        Act::Dispute => language.pick(
            "写下您不同意的地方。对方须在 24 小时内答复，之后按双方材料裁决。",
            "Say what you do not agree with. The other side has 24 hours to answer; then it is decided on \
             what both have shown.",
        ),
        _ => language.pick(
            "只有看得见的才能证明：照片、视频、检测报告。",
            "What can be seen proves most: photos, films, reports.",
        ),
    };
    let empty = Form::default();
    let refused = forms.refused.filter(|refused| refused.act == act);
    let filled = Filled {
        of: act.name(),
        language,
        form: refused.map_or(&empty, |refused| refused.form),
        error: refused.map(|refused| refused.error),
    };
    let label = language.pick("您的说明", "In your words");
    let look = Look { required: true, max: LONG_TEXT_MAX, ..Look::default() };
    html! {
        form.card method="post" action=(case_path(&sheet.id, act.name()))
            enctype="multipart/form-data" data-once {
            (crate::web::controls::hidden(forms.pages, forms.visitor, &filled))
            p { (about) }
            (filled.area("reason", label, look))
            (photos::kept(forms.pages, forms.visitor, &filled))
            (photos::inputs(&filled, ""))
            button.main { (act.title(language)) }
        }
    }
}

async fn dispute(sent: &Sent<'_>) -> Result<(), Error> {
    let evidence = sent.photos.iter().map(|photo| photo.evidence(None));
    let request = OpenDisputeRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        reason: sent.form.text("reason"),
        evidence: evidence.collect::<Result<_, _>>()?,
        ..Default::default()
    };
    sent.calls.decisions().open_dispute(request).await.map_err(failed)?;
    Ok(())
}

async fn add_evidence(sent: &Sent<'_>) -> Result<(), Error> {
    let evidence = sent.photos.iter().map(|photo| photo.evidence(None));
    let request = SubmitDisputeEvidenceRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        statement: sent.form.text("reason"),
        evidence: evidence.collect::<Result<_, _>>()?,
        ..Default::default()
    };
    sent.calls.decisions().submit_dispute_evidence(request).await.map_err(failed)?;
    Ok(())
}

/// The windows that were proposed.
fn windows_form(sheet: &Sheet, forms: &Forms<'_>) -> Markup {
    let language = sheet.language;
    let options: Vec<_> = proposed(sheet)
        .iter()
        .map(|one| (one.hold_id.clone(), times::window(one.window.as_ref(), language)))
        .collect();
    html! {
        (forms.form(sheet, Act::Book, "choose", |filled| html! {
            (filled.radios("hold_id", language.pick("哪个时间合适？", "Which time suits you?"), &options, ""))
            button.main { (Act::Book.title(language)) }
        }))
        (forms.button(sheet, Act::ReleaseWindows, "plain"))
    }
}

/// Free windows, by day.
fn slots_of(slots: &[Slot], filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let windows: Vec<_> = slots
        .iter()
        .filter_map(|slot| Some((slot.slot_id.as_str(), times::ends(slot.window.as_ref())?)))
        .collect();
    if windows.is_empty() {
        let none = language.pick(
            "两周内暂时没有空闲时段，工程师会致电您商定。",
            "No time is free in the next two weeks; the technician will call you.",
        );
        return html! { p { (none) } };
    }
    let again = |id: &str| filled.error.is_some() && filled.form.get("slot_id") == id;
    html! {
        @for day in windows.chunk_by(|one, next| one.1.0.shanghai_day() == next.1.0.shanghai_day()) {
            fieldset.slots {
                legend { (times::day(day[0].1.0, language)) }
                @for (id, (from, to)) in day {
                    label {
                        input type="radio" name="slot_id" value=(id) required checked[again(id)];
                        span { (times::hours(*from, *to)) }
                    }
                }
            }
        }
    }
}

async fn book(sent: &Sent<'_>) -> Result<(), Error> {
    use book_appointment_request::Slot;
    let slot = match (sent.form.get("hold_id"), sent.form.get("slot_id")) {
        ("", "") => None,
        ("", slot) => Some(Slot::SlotId(slot.to_owned())),
        (hold, _) => Some(Slot::HoldId(hold.to_owned())),
    };
    let request = BookAppointmentRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        customer_chose: true,
        slot,
        ..Default::default()
    };
    sent.calls.appointments().book_appointment(request).await.map_err(failed)?;
    Ok(())
}

async fn reschedule(sent: &Sent<'_>) -> Result<(), Error> {
    use reschedule_appointment_request::Slot;
    let slot = sent.form.get("slot_id");
    let request = RescheduleAppointmentRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        appointment_id: sent.form.text("appointment_id"),
        asked_by: Party::Customer.into(),
        slot: (!slot.is_empty()).then(|| Slot::SlotId(slot.to_owned())),
        ..Default::default()
    };
    sent.calls.appointments().reschedule_appointment(request).await.map_err(failed)?;
    Ok(())
}

async fn release(sent: &Sent<'_>) -> Result<(), Error> {
    let request = ReleaseWindowsRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        ..Default::default()
    };
    sent.calls.appointments().release_windows(request).await.map_err(failed)?;
    Ok(())
}

async fn no_show(sent: &Sent<'_>) -> Result<(), Error> {
    let request = ReportNoShowRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        ..Default::default()
    };
    sent.calls.appointments().report_no_show(request).await.map_err(failed)?;
    Ok(())
}

async fn confirm(sent: &Sent<'_>) -> Result<(), Error> {
    let request = ConfirmOutcomeRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        ..Default::default()
    };
    sent.calls.decisions().confirm_outcome(request).await.map_err(failed)?;
    Ok(())
}

async fn reject(sent: &Sent<'_>) -> Result<(), Error> {
    let request = RejectOutcomeRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        reason: sent.form.text("reason"),
        ..Default::default()
    };
    sent.calls.decisions().reject_outcome(request).await.map_err(failed)?;
    Ok(())
}

async fn guided(sent: &Sent<'_>, solved: bool) -> Result<(), Error> {
    let request = FinishGuidanceRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        solved,
        ..Default::default()
    };
    sent.calls.intake().finish_guidance(request).await.map_err(failed)?;
    Ok(())
}

async fn renew_code(sent: &Sent<'_>) -> Result<(), Error> {
    let request = RenewCompletionCodeRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        ..Default::default()
    };
    sent.calls.visits().renew_completion_code(request).await.map_err(failed)?;
    Ok(())
}

async fn cancel(sent: &Sent<'_>) -> Result<(), Error> {
    let request = CancelCaseRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        reason: sent.form.text("reason"),
        ..Default::default()
    };
    sent.calls.intake().cancel_case(request).await.map_err(failed)?;
    Ok(())
}

async fn reopen(sent: &Sent<'_>) -> Result<(), Error> {
    let request = ReopenCaseRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        reason: sent.form.text("reason"),
        ..Default::default()
    };
    sent.calls.intake().reopen_case(request).await.map_err(failed)?;
    Ok(())
}
