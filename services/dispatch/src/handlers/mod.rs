//! One file per method: decode, one step or query, encode.

mod accept_offer;
mod assign_technician;
mod assignment;
mod create_webhook;
mod decline_offer;
mod explain_offers;
mod get_centre;
mod get_technician;
mod get_webhook;
mod get_work_order;
mod import_network;
mod list_centres;
mod list_technicians;
mod list_webhook_deliveries;
mod list_webhooks;
mod list_work_orders;
mod lookups;
mod reassign_technician;
mod replay_webhook;
mod report_received;
mod report_returned;
mod request_parts;
mod rotate_webhook_secret;
mod ship_parts;
mod stream_offers;
mod update_webhook;
mod webhook_secret;
mod work_step;

use parasol_api::admin::v1::network_service_server::NetworkService;
use parasol_api::admin::v1::*;
use parasol_api::partner::v1::offer_service_server::OfferService;
use parasol_api::partner::v1::*;
use tonic::{Request, Response, Status, Streaming};

use crate::Dispatch;
use crate::changes::OfferStream;

type Answered<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl OfferService for Dispatch {
    type StreamOffersStream = OfferStream;

    async fn stream_offers(&self, request: Request<StreamOffersRequest>) -> Answered<OfferStream> {
        Ok(Response::new(stream_offers::handle(self, request).await?))
    }

    async fn list_work_orders(
        &self,
        request: Request<ListWorkOrdersRequest>,
    ) -> Answered<ListWorkOrdersResponse> {
        Ok(Response::new(list_work_orders::handle(self, request).await?))
    }

    async fn explain_offers(
        &self,
        request: Request<ExplainOffersRequest>,
    ) -> Answered<OfferExplanation> {
        Ok(Response::new(explain_offers::handle(self, request).await?))
    }

    async fn get_work_order(&self, request: Request<GetWorkOrderRequest>) -> Answered<WorkOrder> {
        Ok(Response::new(get_work_order::handle(self, request).await?))
    }

    async fn accept_offer(
        &self,
        request: Request<AcceptOfferRequest>,
    ) -> Answered<AcceptOfferResponse> {
        Ok(Response::new(accept_offer::handle(self, request).await?))
    }

    async fn decline_offer(
        &self,
        request: Request<DeclineOfferRequest>,
    ) -> Answered<DeclineOfferResponse> {
        Ok(Response::new(decline_offer::handle(self, request).await?))
    }

    async fn assign_technician(
        &self,
        request: Request<AssignTechnicianRequest>,
    ) -> Answered<AssignTechnicianResponse> {
        Ok(Response::new(assign_technician::handle(self, request).await?))
    }

    async fn reassign_technician(
        &self,
        request: Request<ReassignTechnicianRequest>,
    ) -> Answered<ReassignTechnicianResponse> {
        Ok(Response::new(reassign_technician::handle(self, request).await?))
    }

    async fn request_parts(
        &self,
        request: Request<RequestPartsRequest>,
    ) -> Answered<RequestPartsResponse> {
        Ok(Response::new(request_parts::handle(self, request).await?))
    }

    async fn ship_parts(&self, request: Request<ShipPartsRequest>) -> Answered<ShipPartsResponse> {
        Ok(Response::new(ship_parts::handle(self, request).await?))
    }

    async fn report_received(
        &self,
        request: Request<ReportReceivedRequest>,
    ) -> Answered<ReportReceivedResponse> {
        Ok(Response::new(report_received::handle(self, request).await?))
    }

    async fn report_returned(
        &self,
        request: Request<ReportReturnedRequest>,
    ) -> Answered<ReportReturnedResponse> {
        Ok(Response::new(report_returned::handle(self, request).await?))
    }
}

#[tonic::async_trait]
impl NetworkService for Dispatch {
    async fn import_network(
        &self,
        request: Request<Streaming<ImportNetworkRequest>>,
    ) -> Answered<ImportNetworkResponse> {
        Ok(Response::new(import_network::handle(self, request).await?))
    }

    async fn get_centre(&self, request: Request<GetCentreRequest>) -> Answered<Centre> {
        Ok(Response::new(get_centre::handle(self, request).await?))
    }

    async fn list_centres(
        &self,
        request: Request<ListCentresRequest>,
    ) -> Answered<ListCentresResponse> {
        Ok(Response::new(list_centres::handle(self, request).await?))
    }

    async fn get_technician(&self, request: Request<GetTechnicianRequest>) -> Answered<Technician> {
        Ok(Response::new(get_technician::handle(self, request).await?))
    }

    async fn list_technicians(
        &self,
        request: Request<ListTechniciansRequest>,
    ) -> Answered<ListTechniciansResponse> {
        Ok(Response::new(list_technicians::handle(self, request).await?))
    }

    async fn create_webhook(
        &self,
        request: Request<CreateWebhookRequest>,
    ) -> Answered<WebhookSecret> {
        Ok(Response::new(create_webhook::handle(self, request).await?))
    }

    async fn get_webhook(&self, request: Request<GetWebhookRequest>) -> Answered<Webhook> {
        Ok(Response::new(get_webhook::handle(self, request).await?))
    }

    async fn list_webhooks(
        &self,
        request: Request<ListWebhooksRequest>,
    ) -> Answered<ListWebhooksResponse> {
        Ok(Response::new(list_webhooks::handle(self, request).await?))
    }

    async fn update_webhook(&self, request: Request<UpdateWebhookRequest>) -> Answered<Webhook> {
        Ok(Response::new(update_webhook::handle(self, request).await?))
    }

    async fn rotate_webhook_secret(
        &self,
        request: Request<RotateWebhookSecretRequest>,
    ) -> Answered<WebhookSecret> {
        Ok(Response::new(rotate_webhook_secret::handle(self, request).await?))
    }

    async fn replay_webhook(&self, request: Request<ReplayWebhookRequest>) -> Answered<Webhook> {
        Ok(Response::new(replay_webhook::handle(self, request).await?))
    }

    async fn list_webhook_deliveries(
        &self,
        request: Request<ListWebhookDeliveriesRequest>,
    ) -> Answered<ListWebhookDeliveriesResponse> {
        Ok(Response::new(list_webhook_deliveries::handle(self, request).await?))
    }
}
