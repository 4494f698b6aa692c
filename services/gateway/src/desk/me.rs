//! What somebody at the desk sees of themselves: the account, certifications, figures, and what they may give.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;
use parasol_api::Reason;
use parasol_api::admin::v1::GetStaffRequest;
use parasol_api::admin::v1::staff_service_client::StaffServiceClient;

use super::voice;
use crate::Gateway;
use crate::staff::let_in;
use crate::staff::people;
use crate::web::controls::alert;
use crate::web::door::failure;
use crate::web::failed;
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::words::Pick as _;

/// Where it lies.
pub(super) const PATH: &str = "/desk/me";

/// `GET /desk/me`.
pub(super) async fn show(State(gateway): State<Gateway>, request: Request) -> Response {
    let pages = &gateway.desk;
    let (parts, visitor) = match let_in(pages, request) {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let (language, now) = (visitor.guest.language, visitor.guest.now);
    let days = people::days(&Form::of_query(parts.uri.query()));
    let subject = visitor.principal.subject.clone();
    let transport = pages.transport_of(&visitor);
    let figures = people::read_figures(transport.clone(), &subject, days, now).await;
    let asked = GetStaffRequest { subject };
    let one = match StaffServiceClient::new(transport).get_staff(asked).await.map_err(failed) {
        Ok(one) => Some(one.into_inner()),
        // Whoever is not registered acts as their credential says, where that is allowed.
        Err(error) if error.reason() == Reason::NotFound => None,
        Err(error) => return failure(&visitor.guest, &error),
    };
    let title = language.pick("我的账号", "My account");
    let body = html! {
        h1 { (title) }
        (voice::ways(PATH, &visitor))
        @match &one {
            Some(one) => (people::facts(one, now, language)),
            None => p.notice { (language.pick("此账号未登记。", "This account is not registered.")) },
        }
        section.card {
            h2 { (language.pick("工作情况", "What became of my work")) }
            (people::periods(&format!("{PATH}?"), days, language))
            @match &figures {
                Ok(told) => (people::figures(told, language)),
                Err(error) if error.reason() == Reason::NotFound => p.empty { (language.pick("没有。", "Nothing.")) },
                Err(error) => (alert(error, language)),
            }
        }
    };
    Page { title, head: html! {}, body }.for_visitor(StatusCode::OK, &visitor)
}
