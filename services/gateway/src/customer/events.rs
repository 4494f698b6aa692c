//! What the script of a case's page listens to.

use axum::extract::{Path, Request, State};
use axum::response::Response;

use super::calls::Calls;
use crate::Gateway;
use crate::web::live::{admitted, none, place_of, story};

/// `GET /my/cases/{case}/events`.
pub(super) async fn of_case(
    State(gateway): State<Gateway>,
    Path(case): Path<String>,
    request: Request,
) -> Response {
    let pages = &gateway.customer;
    let (parts, _) = request.into_parts();
    let Some(visitor) = admitted(pages, &parts) else { return none() };
    let client = Calls::of(pages, &visitor).tracking();
    story(client, case, place_of(&parts), visitor.guest.language).await
}
