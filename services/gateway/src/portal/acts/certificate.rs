//! The certificate of an inspection, on a page of its own: many fields, and photos.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use parasol_api::common::v1::Certificate;
use parasol_api::convert::to_timestamp;
use parasol_api::limits::{CODE_MAX, FOREIGN_NUMBER_MAX, LONG_TEXT_MAX, REMARK_MAX, STATEMENT_MAX};
use parasol_api::partner::v1::SubmitCertificateRequest;
use parasol_api::{Error, Reason};
use parasol_evidence::PHOTO_BYTES_MAX;
use parasol_journey::time::Timestamp;

use super::Sent;
use crate::Gateway;
use crate::portal::act::{Act, Done, action, settle};
use crate::portal::calls::{Calls, failed};
use crate::portal::case_page::{Refused, Sheet};
use crate::portal::choices::{
    CAUSE, CONCLUSION, Choice, EXTERIOR, FUNCTION, HANDLING, LEVEL, PACKAGING, SIGNATURE, number,
};
use crate::portal::controls::{Filled, Look, alert, hidden};
use crate::portal::door::{closed, failure, status};
use crate::portal::form::Form;
use crate::portal::list::unit;
use crate::portal::page::Page;
use crate::portal::session::Visitor;
use crate::portal::upload::PHOTOS_MAX;
use crate::portal::words::Pick as _;
use crate::portal::{HOME, Portal, times};
use crate::web::photos::{Photo, inputs, kept, of_form};
use crate::web::posted::Posted;

/// The hidden field with the moment the page was made.
const MOMENT: &str = "moment";

/// `GET /portal/cases/{case}/certificate`.
pub(in crate::portal) async fn show(
    State(gateway): State<Gateway>,
    Path(case): Path<String>,
    request: Request,
) -> Response {
    let portal = &gateway.portal;
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(portal, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return closed(portal, guest, true),
    };
    match Sheet::gather(portal, &visitor, &case, Form::default()).await {
        Ok(sheet) => page(portal, &visitor, &sheet, None),
        Err(error) => failure(&visitor.guest, &error),
    }
}

/// `POST /portal/cases/{case}/certificate`.
pub(in crate::portal) async fn submit(
    State(gateway): State<Gateway>,
    Path(case): Path<String>,
    request: Request,
) -> Response {
    let portal = &gateway.portal;
    let posted = match Posted::with_photos(portal, &case, request).await {
        Ok(posted) => posted,
        Err(door) => return *door,
    };
    let calls = Calls::of(portal, &posted.visitor);
    let photos = of_form(portal, &posted.visitor, &posted.form);
    let sent = Sent { calls: &calls, case: &case, form: &posted.form };
    let done = posted.then(send(&sent, &photos)).await;
    settle(portal, posted, &case, Act::Certificate, done).await
}

/// The page again, with what was typed and the photos that were kept.
pub(in crate::portal) async fn again(
    portal: &Portal,
    visitor: &Visitor,
    case: &str,
    refused: &Refused,
) -> Response {
    match Sheet::gather(portal, visitor, case, Form::default()).await {
        Ok(sheet) => page(portal, visitor, &sheet, Some(refused)),
        Err(_) => failure(&visitor.guest, &refused.error),
    }
}

/// Submits a certificate with these photos.
pub(super) async fn send(sent: &Sent<'_>, photos: &[Photo]) -> Result<Done, Error> {
    let request = SubmitCertificateRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        certificate: Some(certificate(sent.form, photos)?),
        ..Default::default()
    };
    let answer = sent.calls.verdicts().submit_certificate(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

fn certificate(form: &Form, photos: &[Photo]) -> Result<Certificate, Error> {
    let inspected_at = inspected_at(form)?;
    let listed = |list: &[Choice], field: &str| number(list, field, form.get(field));
    // A photo of an inspection was taken when the unit was inspected; a browser says nothing better.
    let evidence = photos.iter().map(|photo| photo.evidence(inspected_at));
    Ok(Certificate {
        inspected_at: inspected_at.map(to_timestamp),
        model: form.text("model"),
        serial_inside: form.text("serial_inside"),
        serial_outside: form.text("serial_outside"),
        serial_remark: form.text("serial_remark"),
        manufactured_on: form.text("manufactured_on"),
        invoice_present: form.is_ticked("invoice_present"),
        warranty_card_present: form.is_ticked("warranty_card_present"),
        packaging: listed(PACKAGING, "packaging")?,
        exterior: listed(EXTERIOR, "exterior")?,
        function: listed(FUNCTION, "function")?,
        fault_code: form.text("fault_code"),
        finding: form.text("finding"),
        cause: listed(CAUSE, "cause")?,
        cause_sign: form.text("cause_sign"),
        evidence: evidence.collect::<Result<_, _>>()?,
        handling: listed(HANDLING, "handling")?,
        customer_statement: form.text("customer_statement"),
        signature: listed(SIGNATURE, "signature")?,
        conclusion: listed(CONCLUSION, "conclusion")?,
        level: listed(LEVEL, "level")?,
        danger: form.is_ticked("danger"),
        ..Certificate::default()
    })
}

/// When the unit was inspected. A browser's field has minutes only, and a minute may begin before the
/// check-in: the moment of the page is kept exactly and meant unless another was typed.
fn inspected_at(form: &Form) -> Result<Option<Timestamp>, Error> {
    let typed = times::parse("inspected_at", form.get("inspected_at"))?;
    let moment = form.get(MOMENT).parse().ok().map(Timestamp::from_micros);
    let is_moment = moment.is_some_and(|at| times::typed(at) == form.get("inspected_at"));
    Ok(if is_moment { moment } else { typed })
}

fn page(portal: &Portal, visitor: &Visitor, sheet: &Sheet, refused: Option<&Refused>) -> Response {
    let language = sheet.language;
    let Some(order) = &sheet.order else {
        return failure(&visitor.guest, &Error::new(Reason::NotFound));
    };
    let empty = Form::default();
    let filled = Filled {
        of: Act::Certificate.name(),
        language,
        form: refused.map_or(&empty, |refused| &refused.form),
        error: refused.map(|refused| &refused.error),
    };
    let title = Act::Certificate.title(language);
    let back = format!("{HOME}/cases/{}", sheet.case);
    let to = action(&sheet.case, Act::Certificate.name());
    let body = html! {
        p.back { a href=(back) { "‹ " (unit(order.category(), &order.model, language)) } }
        @if let Some(refused) = refused { (alert(&refused.error, language)) }
        h1 { (title) }
        form.card method="post" action=(to) enctype="multipart/form-data" {
            (hidden(portal, visitor, &filled))
            (inspected_unit(sheet, &filled))
            (state_of_unit(&filled))
            (finding(&filled))
            (evidence(portal, visitor, &filled))
            (end(&filled))
            button.main { (title) }
        }
    };
    let code = refused.map_or(StatusCode::OK, |refused| status(&refused.error));
    Page { title, head: html! {}, body }.for_visitor(code, visitor)
}

fn group(legend: &str, controls: Markup) -> Markup {
    html! { fieldset { legend { (legend) } (controls) } }
}

fn inspected_unit(sheet: &Sheet, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let kept = filled.form.get(MOMENT).parse().ok().map(Timestamp::from_micros);
    let moment = kept.unwrap_or(sheet.now);
    let now = times::typed(moment);
    let order = sheet.order.as_ref();
    let model = order.map_or("", |order| order.model.as_str());
    let serial = order.map_or("", |order| order.serial.as_str());
    let text = |max, hint| Look { max, hint, ..Look::default() };
    let hint = language.pick(
        "照铭牌填写；与购买时不同请在下面说明。",
        "As the nameplate has it; say \
        below why, if it is not the one sold.",
    );
    let at = Look { kind: "datetime-local", value: &now, required: true, ..Look::default() };
    let serial = Look { value: serial, required: true, ..text(FOREIGN_NUMBER_MAX, hint) };
    group(
        language.pick("机器", "The unit"),
        html! {
            input type="hidden" name=(MOMENT) value=(moment.micros());
            (filled.input("inspected_at", language.pick("检测时间", "Inspected at"), at))
            (filled.input("model", language.pick("型号", "Model"),
                Look { value: model, ..text(FOREIGN_NUMBER_MAX, "") }))
            (filled.input("serial_inside", language.pick("机身序列号", "Serial number inside"), serial))
            (filled.input("serial_outside", language.pick("外部或包装序列号", "Serial number outside"),
                text(FOREIGN_NUMBER_MAX, "")))
            (filled.input("serial_remark", language.pick("序列号不同的原因", "Why the serial differs"),
                text(REMARK_MAX, "")))
            (filled.input("manufactured_on", language.pick("生产日期", "Manufactured on"),
                Look { kind: "date", ..Look::default() }))
            (filled.tick("invoice_present", language.pick("有发票", "Invoice shown")))
            (filled.tick("warranty_card_present", language.pick("有保修卡", "Warranty card shown")))
        },
    )
}

fn state_of_unit(filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let select = |name: &str, label: &str, list: &'static [Choice]| {
        let needed = Look { required: true, ..Look::default() };
        filled.select(name, label, &list.iter().collect::<Vec<_>>(), needed)
    };
    let hint = language.pick("功能不正常时必填。", "Needed unless it works.");
    group(
        language.pick("状况", "Its state"),
        html! {
            (select("packaging", language.pick("包装", "Packaging"), PACKAGING))
            (select("exterior", language.pick("外观", "Outside"), EXTERIOR))
            (select("function", language.pick("功能", "Function"), FUNCTION))
            (filled.input("fault_code", language.pick("故障代码", "Fault code"),
                Look { max: CODE_MAX, hint, ..Look::default() }))
            (filled.tick("danger", language.pick(
                "有危险（漏气、起火、触电），停止使用", "Danger: the unit must not be used")))
        },
    )
}

fn finding(filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let select = |name: &str, label: &str, list: &'static [Choice]| {
        let needed = Look { required: true, ..Look::default() };
        filled.select(name, label, &list.iter().collect::<Vec<_>>(), needed)
    };
    let hint = language.pick(
        "认定使用不当时需要：撞击点等痕迹，并附外观照片。",
        "Blaming the user needs it, and photos of the outside.",
    );
    let text = |max, hint| Look { max, hint, ..Look::default() };
    group(
        language.pick("检测结果", "Finding"),
        html! {
            (filled.area("finding", language.pick("检测发现", "What was found"), text(LONG_TEXT_MAX, "")))
            (select("cause", language.pick("原因", "Cause"), CAUSE))
            (filled.input("cause_sign", language.pick("证明原因的痕迹", "The sign that shows it"),
                text(REMARK_MAX, hint)))
            (select("handling", language.pick("现场处理", "Done on the spot"), HANDLING))
            (select("conclusion", language.pick("结论", "Conclusion"), CONCLUSION))
        },
    )
}

/// One control for each thing a photo may show: no script is needed to say what is what.
fn evidence(portal: &Portal, visitor: &Visitor, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let most = PHOTO_BYTES_MAX / (1024 * 1024);
    let about = match language {
        parasol_api::Language::Zh => {
            format!("至少一张铭牌照片；共 {PHOTOS_MAX} 张以内，每张不超过 {most} MB。")
        }
        parasol_api::Language::En => {
            format!("At least the nameplate; at most {PHOTOS_MAX} photos of {most} MB each.")
        }
    };
    group(
        language.pick("照片", "Photos"),
        html! {
            p.hint { (about) }
            (kept(portal, visitor, filled))
            (inputs(filled, "nameplate"))
        },
    )
}

fn end(filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let select = |name: &str, label: &str, list: &'static [Choice], look: Look<'_>| {
        filled.select(name, label, &list.iter().collect::<Vec<_>>(), look)
    };
    let needed = Look { required: true, ..Look::default() };
    group(
        language.pick("客户", "The customer"),
        html! {
            (filled.area("customer_statement", language.pick("客户陈述", "What the customer said"),
                Look { max: STATEMENT_MAX, ..Look::default() }))
            (select("signature", language.pick("客户签字", "Signature"), SIGNATURE, needed))
            (select("level", language.pick("检测级别", "Level"), LEVEL,
                Look { value: "first", ..needed }))
        },
    )
}
