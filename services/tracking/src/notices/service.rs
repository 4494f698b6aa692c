//! The service of notices: who it needs, what it hosts.

use parasol_api::tracking::v1::notice_service_server::{NoticeService, NoticeServiceServer};
use parasol_api::tracking::v1::{
    GetNoticePreferencesRequest, ListFailedNoticesRequest, ListFailedNoticesResponse,
    ListNoticesRequest, ListNoticesResponse, NoticePreferences, RecordToldRequest,
    RecordToldResponse, RedriveNoticesRequest, RedriveNoticesResponse, TakeReceiptRequest,
    TakeReceiptResponse, UnsubscribeRequest, UnsubscribeResponse, UpdateNoticePreferencesRequest,
};
use parasol_desk::Desk;
use tonic::service::RoutesBuilder;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::handlers;
use super::post::{Notifying, Settings};
use crate::people::People;

/// Notices. Cheap to clone.
#[derive(Clone)]
pub struct Notices {
    pub(super) desk: Desk,
    pub(super) settings: Settings,
    people: People,
}

impl Notices {
    pub(crate) fn new(desk: Desk, people: People, settings: Settings) -> Self {
        Self { desk, settings, people }
    }

    /// The sending as one process does it; `holder` names the process. Whoever runs the service makes rounds of
    /// it.
    pub fn sending(&self, holder: Uuid) -> Notifying {
        let (desk, people) = (self.desk.clone(), self.people.clone());
        Notifying::new(desk, people, self.settings.clone(), holder)
    }

    /// Adds the gRPC service.
    pub fn add_routes(&self, routes: &mut RoutesBuilder) {
        let server = NoticeServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(self.desk.message_bytes));
    }
}

/// Hosts the service: each call goes to the file of its method.
macro_rules! host {
    ($service:ident { $($method:ident($request:ty) -> $response:ty;)+ }) => {
        #[tonic::async_trait]
        impl $service for Notices {
            $(async fn $method(
                &self,
                request: Request<$request>,
            ) -> Result<Response<$response>, Status> {
                Ok(Response::new(handlers::$method::handle(self, request).await?))
            })+
        }
    };
}

host!(NoticeService {
    get_notice_preferences(GetNoticePreferencesRequest) -> NoticePreferences;
    update_notice_preferences(UpdateNoticePreferencesRequest) -> NoticePreferences;
    list_notices(ListNoticesRequest) -> ListNoticesResponse;
    list_failed_notices(ListFailedNoticesRequest) -> ListFailedNoticesResponse;
    redrive_notices(RedriveNoticesRequest) -> RedriveNoticesResponse;
    record_told(RecordToldRequest) -> RecordToldResponse;
    take_receipt(TakeReceiptRequest) -> TakeReceiptResponse;
    unsubscribe(UnsubscribeRequest) -> UnsubscribeResponse;
});
