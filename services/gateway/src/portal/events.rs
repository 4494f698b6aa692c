//! Server-sent events of the portal: that the list, or a case, has changed.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use parasol_api::partner::v1::stream_offers_response::Change;
use parasol_api::partner::v1::{StreamOffersRequest, StreamOffersResponse};
use parasol_api::tracking::v1::tracking_service_client::TrackingServiceClient;
use parasol_api::tracking::v1::watch_case_response::Event;
use parasol_api::tracking::v1::{WatchCaseRequest, WatchCaseResponse};

use super::calls::{Calls, failed};
use super::form::Form;
use crate::Gateway;
use crate::web::live::{FROM, Told, admitted, none, refused, told};

impl Told for StreamOffersResponse {
    fn is_change(&self) -> bool {
        !matches!(self.change, Some(Change::Bookmark(_)) | None)
    }
}

impl Told for WatchCaseResponse {
    fn is_change(&self) -> bool {
        !matches!(self.event, Some(Event::Bookmark(_)) | None)
    }
}

/// `GET /portal/events`: whether the list has changed.
pub(super) async fn of_list(State(gateway): State<Gateway>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let cursor = Form::of_query(parts.uri.query()).text(FROM);
    let Some(visitor) = admitted(&gateway.portal, &parts) else { return none() };
    let calls = Calls::of(&gateway.portal, &visitor);
    let request = StreamOffersRequest { cursor };
    match calls.offers().stream_offers(request).await.map_err(failed) {
        Ok(messages) => told(messages.into_inner()),
        Err(error) => refused(&error),
    }
}

/// `GET /portal/cases/{case}/events`: whether a case has.
pub(super) async fn of_case(
    State(gateway): State<Gateway>,
    Path(case_id): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let resume_token = Form::of_query(parts.uri.query()).text(FROM);
    let Some(visitor) = admitted(&gateway.portal, &parts) else { return none() };
    let calls = Calls::of(&gateway.portal, &visitor);
    let request = WatchCaseRequest { case_id, resume_token, ..Default::default() };
    let mut client = TrackingServiceClient::new(calls.transport());
    match client.watch_case(request).await.map_err(failed) {
        Ok(messages) => told(messages.into_inner()),
        Err(error) => refused(&error),
    }
}
