//! Filing on the telephone: for a unit of whoever calls, or out of a case that was merged and is a case of its own
//! after all.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;
use parasol_api::common::v1::CaseKind;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::intake::v1::{
    CheckEntitlementRequest, CheckEntitlementResponse, FileCaseRequest, GetCaseRequest,
};
use parasol_api::limits::{CODE_MAX, FOREIGN_NUMBER_MAX, LONG_TEXT_MAX};
use parasol_api::{Error, Language};

use super::{HOME, case_path};
use crate::Gateway;
use crate::staff::let_in;
use crate::web::choice::{Choice, number};
use crate::web::controls::{Filled, Look, alert, hidden};
use crate::web::door::{failure, status};
use crate::web::form::{Form, REQUEST_ID};
use crate::web::page::{Page, redirect};
use crate::web::posted::Posted;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed};

crate::web::choice::lists! {
    /// What kind of claim it is.
    KIND: CaseKind {
        Quality "quality" "质量问题" "Something is wrong with it";
        NoReason "no_reason" "七天无理由" "Return without a reason";
    }
}

/// `GET /desk/file`.
pub(super) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.desk;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let query = Form::of_query(parts.uri.query());
    let said = match query.get("from") {
        "" => Ok(Form::default()),
        from => said_in(pages, &visitor, from).await,
    };
    let said = said.and_then(|mut form| {
        if form.get("line").is_empty() {
            form.add("line", query.text("line"))?;
        }
        Ok(form)
    });
    match said {
        Ok(form) => page(pages, &visitor, &form, None).await,
        Err(error) => failure(&visitor.guest, &error),
    }
}

/// What was said in another case, as if it had been typed here.
async fn said_in(pages: &Pages, visitor: &Visitor, case_id: &str) -> Result<Form, Error> {
    let request = GetCaseRequest { case_id: case_id.to_owned(), ..GetCaseRequest::default() };
    let mut client = IntakeServiceClient::new(pages.transport_of(visitor));
    let case = client.get_case(request).await.map_err(failed)?.into_inner();
    let kind = KIND.iter().find(|choice| choice.number == case.kind);
    let mut form = Form::default();
    form.add("line", case.order_line)?;
    form.add("serial", case.serial)?;
    form.add("kind", kind.map_or_else(String::new, |choice| choice.value.to_owned()))?;
    form.add("description", case.description)?;
    Ok(form)
}

/// `POST /desk/file`.
pub(super) async fn file(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.desk;
    let posted = match Posted::of(pages, request).await {
        Ok(posted) => posted,
        Err(door) => return *door,
    };
    let Posted { visitor, form, .. } = &posted;
    match posted.then(send(pages, visitor, form)).await {
        Ok(to) => redirect(&to, &visitor.guest),
        Err(error) => page(pages, visitor, form, Some(&error)).await,
    }
}

async fn send(pages: &Pages, visitor: &Visitor, form: &Form) -> Result<String, Error> {
    let request = FileCaseRequest {
        request_id: form.text(REQUEST_ID),
        order_line: form.text("line"),
        serial: form.text("serial"),
        kind: number(KIND, "kind", form.get("kind"))?,
        description: form.text("description"),
        symptom: form.text("symptom"),
        danger: form.is_ticked("danger"),
        declared_intact: form.is_ticked("intact"),
        ..FileCaseRequest::default()
    };
    let mut client = IntakeServiceClient::new(pages.transport_of(visitor));
    let answer = client.file_case(request).await.map_err(failed)?.into_inner();
    let case = answer.case.ok_or_else(|| Error::internal("a filing names no case"))?.case_id;
    let said = if answer.existing { "existing" } else { "filed" };
    Ok(format!("{}?done={said}", case_path(&case)))
}

async fn owed(pages: &Pages, visitor: &Visitor, line: &str) -> Option<CheckEntitlementResponse> {
    let request = CheckEntitlementRequest {
        order_line: line.to_owned(),
        language: visitor.guest.language.pick("zh", "en").to_owned(),
        ..CheckEntitlementRequest::default()
    };
    let mut client = IntakeServiceClient::new(pages.transport_of(visitor));
    Some(client.check_entitlement(request).await.ok()?.into_inner())
}

async fn page(pages: &Pages, visitor: &Visitor, form: &Form, error: Option<&Error>) -> Response {
    let language = visitor.guest.language;
    let t = |zh, en| language.pick(zh, en);
    let title = t("代用户报修", "File a case");
    let line = form.text("line");
    let owed = owed(pages, visitor, &line).await;
    let filled = Filled { of: "file", language, form, error };
    let kinds: Vec<&Choice> = KIND.iter().collect();
    let needed = Look { required: true, ..Look::default() };
    let code = error.map_or(StatusCode::OK, status);
    let text = |name: &'static str| form.text(name);
    let (line, serial, kind, said) = (line, text("serial"), text("kind"), text("description"));
    let body = html! {
        p.back { a href=(HOME) { "‹ " (t("客服台", "Desk")) } }
        h1 { (title) }
        @if let Some(error) = error { (alert(error, language)) }
        @if let Some(owed) = &owed { (rights(owed, language)) }
        form.card #file method="post" action={ (HOME) "/file" } {
            (hidden(pages, visitor, &filled))
            (filled.input("line", t("订单行", "Order line"), Look {
                value: &line, max: FOREIGN_NUMBER_MAX, ..needed
            }))
            (filled.input("serial", t("序列号", "Serial number"), Look {
                value: &serial, max: FOREIGN_NUMBER_MAX, ..Look::default()
            }))
            (filled.select("kind", t("类型", "Kind"), &kinds, Look { value: &kind, ..needed }))
            (filled.area("description", t("用户的描述", "What the customer says"), Look {
                value: &said, max: LONG_TEXT_MAX, ..Look::default()
            }))
            (filled.input("symptom", t("症状代码", "Symptom code"), Look {
                max: CODE_MAX,
                hint: t("例如 leaking、not_cooling", "For example leaking, not_cooling"),
                ..Look::default()
            }))
            (filled.tick("danger", t("有危险（漏电、燃气味、起火）", "Danger: shock, smell of gas, fire")))
            (filled.tick("intact", t("用户声明商品完好（仅无理由退货）", "The customer declares it intact (returns only)")))
            button.main { (t("提交", "File it")) }
        }
    };
    Page { title, head: html! {}, body }.for_visitor(code, visitor)
}

/// What the customer is owed, before anything is filed.
fn rights(owed: &CheckEntitlementResponse, language: Language) -> maud::Markup {
    html! {
        section.card {
            h2 { (language.pick("用户权益", "What the customer is owed")) }
            @if owed.entitlements.is_empty() {
                p.empty { (language.pick("已超出各项期限。", "Every period is over.")) }
            }
            ul { @for one in &owed.entitlements { li { (one.explanation) } } }
            @if !owed.open_case_id.is_empty() {
                p { a href=(case_path(&owed.open_case_id)) {
                    (language.pick("该商品已有未结束的服务单", "The unit has an open case"))
                } }
            }
        }
    }
}
