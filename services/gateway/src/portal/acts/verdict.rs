//! The brand's word on a certificate, and answers to disputes.

use maud::{Markup, html};
use parasol_api::Error;
use parasol_api::limits::{LONG_TEXT_MAX, REMARK_MAX};
use parasol_api::partner::v1::{
    CertificateNote, ConfirmCertificateRequest, ContestCertificateRequest,
};
use parasol_api::verification::v1::ReplyToDisputeRequest;

use super::Sent;
use crate::portal::act::Done;
use crate::portal::calls::failed;
use crate::portal::case_page::Sheet;
use crate::portal::choices::{CAUSE, CONCLUSION, Choice, FUNCTION, LEVEL, number};
use crate::portal::controls::{Filled, Look, fact};
use crate::portal::words::Pick as _;

/// The certificate that waits for the brand's word: the newest.
pub(super) fn held(sheet: &Sheet) -> Option<&CertificateNote> {
    sheet.order.as_ref()?.certificates.last()
}

pub(super) async fn confirm(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = ConfirmCertificateRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        certificate_id: sent.form.text("certificate_id"),
        remark: sent.form.text("remark"),
        ..Default::default()
    };
    let answer = sent.calls.verdicts().confirm_certificate(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn confirm_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    html! {
        (which(sheet))
        (summary(sheet))
        (filled.input("remark", language.pick("备注（客户看不到）", "Remark, never shown to the \
            customer"), Look { max: REMARK_MAX, ..Look::default() }))
    }
}

pub(super) async fn contest(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = ContestCertificateRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        certificate_id: sent.form.text("certificate_id"),
        reason: sent.form.text("reason"),
        cause: number(CAUSE, "cause", sent.form.get("cause"))?,
        ..Default::default()
    };
    let answer = sent.calls.verdicts().contest_certificate(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn contest_form(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let causes: Vec<_> = CAUSE.iter().collect();
    let needed = Look { required: true, ..Look::default() };
    html! {
        (which(sheet))
        (filled.select("cause", language.pick("厂家认为的原因", "The cause, says the brand"),
            &causes, needed))
        (filled.area("reason", language.pick("理由", "Why"), Look {
            required: true,
            max: LONG_TEXT_MAX,
            ..Look::default()
        }))
    }
}

pub(super) async fn reply(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = ReplyToDisputeRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        reply: sent.form.text("reply"),
        concede: sent.form.is_ticked("concede"),
        ..Default::default()
    };
    let answer = sent.calls.decisions().reply_to_dispute(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn reply_form(filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    html! {
        (filled.area("reply", language.pick("答复", "Answer"), Look {
            required: true,
            max: LONG_TEXT_MAX,
            ..Look::default()
        }))
        (filled.tick("concede", language.pick("同意客户的诉求", "The customer is right")))
    }
}

/// The certificate that is meant: the one this page shows.
fn which(sheet: &Sheet) -> Markup {
    let id = held(sheet).map_or("", |note| note.certificate_id.as_str());
    html! { input type="hidden" name="certificate_id" value=(id); }
}

/// What the certificate says, in short.
fn summary(sheet: &Sheet) -> Markup {
    let language = sheet.language;
    let Some(note) = held(sheet) else { return html! {} };
    let label = |list: &'static [Choice], number: i32| {
        let choice = list.iter().find(|choice| choice.number == number);
        choice.map_or("—", |choice| choice.label(language))
    };
    let yes = |it: bool| if it { language.pick("是", "yes") } else { language.pick("否", "no") };
    html! {
        dl {
            (fact(language.pick("级别", "Level"), label(LEVEL, note.level), true))
            (fact(language.pick("功能", "Function"), label(FUNCTION, note.function), true))
            (fact(language.pick("原因", "Cause"), label(CAUSE, note.cause), true))
            (fact(language.pick("结论", "Conclusion"), label(CONCLUSION, note.conclusion), true))
            (fact(language.pick("序列号相符", "Serial number fits"), yes(note.serial_matches), true))
            (fact(language.pick("证据充分", "Evidence suffices"), yes(note.evidence_ok), true))
        }
    }
}
