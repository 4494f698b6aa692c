//! One file per method: decode, one step or query, encode.

mod accept_offer;
mod assign_technician;
mod assignment;
mod batch;
mod batch_accept_offers;
mod batch_assign_technicians;
mod batch_decline_offers;
mod check_callback;
mod conformance;
mod create_webhook;
mod credentials;
mod decline_offer;
mod delete_reason_mapping;
mod explain_offers;
mod export_network;
mod get_brand;
mod get_centre;
mod get_county;
mod get_partner_health;
mod get_technician;
mod get_webhook;
mod get_work_order;
mod import_network;
mod install_parts;
mod issue_api_key;
mod list_api_keys;
mod list_brands;
mod list_centres;
mod list_coverage_gaps;
mod list_partner_health;
mod list_partner_messages;
mod list_reason_mappings;
mod list_standing_changes;
mod list_technicians;
mod list_webhook_deliveries;
mod list_webhooks;
mod list_work_at_risk;
mod list_work_orders;
mod lookups;
mod members;
mod put_reason_mapping;
mod put_reroute_rule;
mod raise_anomaly;
mod reason_given;
mod reassign_technician;
mod receive_parts;
mod replay_webhook;
mod report_backorder;
mod report_received;
mod report_returned;
mod request_parts;
mod return_parts;
mod revoke_api_key;
mod rotate_callback_secret;
mod rotate_webhook_secret;
mod ship_parts;
mod stream_offers;
mod suspend;
mod update_network;
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
use crate::messages::noted;

pub use export_network::NetworkStream;

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
        Ok(Response::new(noted(self, "AcceptOffer", request, accept_offer::handle).await?))
    }

    async fn decline_offer(
        &self,
        request: Request<DeclineOfferRequest>,
    ) -> Answered<DeclineOfferResponse> {
        Ok(Response::new(noted(self, "DeclineOffer", request, decline_offer::handle).await?))
    }

    async fn assign_technician(
        &self,
        request: Request<AssignTechnicianRequest>,
    ) -> Answered<AssignTechnicianResponse> {
        Ok(Response::new(
            noted(self, "AssignTechnician", request, assign_technician::handle).await?,
        ))
    }

    async fn reassign_technician(
        &self,
        request: Request<ReassignTechnicianRequest>,
    ) -> Answered<ReassignTechnicianResponse> {
        Ok(Response::new(
            noted(self, "ReassignTechnician", request, reassign_technician::handle).await?,
        ))
    }

    async fn request_parts(
        &self,
        request: Request<RequestPartsRequest>,
    ) -> Answered<RequestPartsResponse> {
        Ok(Response::new(noted(self, "RequestParts", request, request_parts::handle).await?))
    }

    async fn ship_parts(&self, request: Request<ShipPartsRequest>) -> Answered<ShipPartsResponse> {
        Ok(Response::new(noted(self, "ShipParts", request, ship_parts::handle).await?))
    }

    async fn report_received(
        &self,
        request: Request<ReportReceivedRequest>,
    ) -> Answered<ReportReceivedResponse> {
        Ok(Response::new(noted(self, "ReportReceived", request, report_received::handle).await?))
    }

    async fn report_returned(
        &self,
        request: Request<ReportReturnedRequest>,
    ) -> Answered<ReportReturnedResponse> {
        Ok(Response::new(noted(self, "ReportReturned", request, report_returned::handle).await?))
    }

    async fn report_backorder(
        &self,
        request: Request<ReportBackorderRequest>,
    ) -> Answered<ReportBackorderResponse> {
        Ok(Response::new(noted(self, "ReportBackorder", request, report_backorder::handle).await?))
    }

    async fn receive_parts(
        &self,
        request: Request<ReceivePartsRequest>,
    ) -> Answered<ReceivePartsResponse> {
        Ok(Response::new(noted(self, "ReceiveParts", request, receive_parts::handle).await?))
    }

    async fn install_parts(
        &self,
        request: Request<InstallPartsRequest>,
    ) -> Answered<InstallPartsResponse> {
        Ok(Response::new(noted(self, "InstallParts", request, install_parts::handle).await?))
    }

    async fn return_parts(
        &self,
        request: Request<ReturnPartsRequest>,
    ) -> Answered<ReturnPartsResponse> {
        Ok(Response::new(noted(self, "ReturnParts", request, return_parts::handle).await?))
    }

    async fn raise_anomaly(
        &self,
        request: Request<RaiseAnomalyRequest>,
    ) -> Answered<RaiseAnomalyResponse> {
        Ok(Response::new(noted(self, "RaiseAnomaly", request, raise_anomaly::handle).await?))
    }

    async fn batch_accept_offers(
        &self,
        request: Request<BatchAcceptOffersRequest>,
    ) -> Answered<BatchAcceptOffersResponse> {
        Ok(Response::new(batch_accept_offers::handle(self, request).await?))
    }

    async fn batch_decline_offers(
        &self,
        request: Request<BatchDeclineOffersRequest>,
    ) -> Answered<BatchDeclineOffersResponse> {
        Ok(Response::new(batch_decline_offers::handle(self, request).await?))
    }

    async fn batch_assign_technicians(
        &self,
        request: Request<BatchAssignTechniciansRequest>,
    ) -> Answered<BatchAssignTechniciansResponse> {
        Ok(Response::new(batch_assign_technicians::handle(self, request).await?))
    }

    async fn list_partner_messages(
        &self,
        request: Request<ListPartnerMessagesRequest>,
    ) -> Answered<ListPartnerMessagesResponse> {
        Ok(Response::new(list_partner_messages::handle(self, request).await?))
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

    type ExportNetworkStream = NetworkStream;

    async fn export_network(
        &self,
        request: Request<ExportNetworkRequest>,
    ) -> Answered<NetworkStream> {
        Ok(Response::new(export_network::handle(self, request)?))
    }

    async fn get_brand(&self, request: Request<GetBrandRequest>) -> Answered<Brand> {
        Ok(Response::new(get_brand::handle(self, request).await?))
    }

    async fn list_brands(
        &self,
        request: Request<ListBrandsRequest>,
    ) -> Answered<ListBrandsResponse> {
        Ok(Response::new(list_brands::handle(self, request).await?))
    }

    async fn update_brand(&self, request: Request<UpdateBrandRequest>) -> Answered<Brand> {
        Ok(Response::new(update_network::brand(self, request).await?))
    }

    async fn update_centre(&self, request: Request<UpdateCentreRequest>) -> Answered<Centre> {
        Ok(Response::new(update_network::centre(self, request).await?))
    }

    async fn update_technician(
        &self,
        request: Request<UpdateTechnicianRequest>,
    ) -> Answered<Technician> {
        Ok(Response::new(update_network::technician(self, request).await?))
    }

    async fn suspend_brand(&self, request: Request<SuspendBrandRequest>) -> Answered<Brand> {
        Ok(Response::new(suspend::brand(self, request).await?))
    }

    async fn resume_brand(&self, request: Request<ResumeBrandRequest>) -> Answered<Brand> {
        Ok(Response::new(suspend::resume_brand(self, request).await?))
    }

    async fn suspend_centre(&self, request: Request<SuspendCentreRequest>) -> Answered<Centre> {
        Ok(Response::new(suspend::centre(self, request).await?))
    }

    async fn resume_centre(&self, request: Request<ResumeCentreRequest>) -> Answered<Centre> {
        Ok(Response::new(suspend::resume_centre(self, request).await?))
    }

    async fn suspend_technician(
        &self,
        request: Request<SuspendTechnicianRequest>,
    ) -> Answered<Technician> {
        Ok(Response::new(suspend::technician(self, request).await?))
    }

    async fn resume_technician(
        &self,
        request: Request<ResumeTechnicianRequest>,
    ) -> Answered<Technician> {
        Ok(Response::new(suspend::resume_technician(self, request).await?))
    }

    async fn list_standing_changes(
        &self,
        request: Request<ListStandingChangesRequest>,
    ) -> Answered<ListStandingChangesResponse> {
        Ok(Response::new(list_standing_changes::handle(self, request).await?))
    }

    async fn list_work_at_risk(
        &self,
        request: Request<ListWorkAtRiskRequest>,
    ) -> Answered<ListWorkAtRiskResponse> {
        Ok(Response::new(list_work_at_risk::handle(self, request).await?))
    }

    async fn list_coverage_gaps(
        &self,
        request: Request<ListCoverageGapsRequest>,
    ) -> Answered<ListCoverageGapsResponse> {
        Ok(Response::new(list_coverage_gaps::handle(self, request).await?))
    }

    async fn get_county(&self, request: Request<GetCountyRequest>) -> Answered<County> {
        Ok(Response::new(get_county::handle(self, request).await?))
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

    async fn put_reason_mapping(
        &self,
        request: Request<PutReasonMappingRequest>,
    ) -> Answered<ReasonMapping> {
        Ok(Response::new(put_reason_mapping::handle(self, request).await?))
    }

    async fn delete_reason_mapping(
        &self,
        request: Request<DeleteReasonMappingRequest>,
    ) -> Answered<DeleteReasonMappingResponse> {
        Ok(Response::new(delete_reason_mapping::handle(self, request).await?))
    }

    async fn list_reason_mappings(
        &self,
        request: Request<ListReasonMappingsRequest>,
    ) -> Answered<ListReasonMappingsResponse> {
        Ok(Response::new(list_reason_mappings::handle(self, request).await?))
    }

    async fn get_partner_health(
        &self,
        request: Request<GetPartnerHealthRequest>,
    ) -> Answered<PartnerHealth> {
        Ok(Response::new(get_partner_health::handle(self, request).await?))
    }

    async fn list_partner_health(
        &self,
        request: Request<ListPartnerHealthRequest>,
    ) -> Answered<ListPartnerHealthResponse> {
        Ok(Response::new(list_partner_health::handle(self, request).await?))
    }

    async fn put_reroute_rule(
        &self,
        request: Request<PutRerouteRuleRequest>,
    ) -> Answered<RerouteRule> {
        Ok(Response::new(put_reroute_rule::handle(self, request).await?))
    }

    async fn rotate_callback_secret(
        &self,
        request: Request<RotateCallbackSecretRequest>,
    ) -> Answered<CallbackSecret> {
        Ok(Response::new(rotate_callback_secret::handle(self, request).await?))
    }

    async fn check_callback(
        &self,
        request: Request<CheckCallbackRequest>,
    ) -> Answered<CheckedCallback> {
        Ok(Response::new(check_callback::handle(self, request).await?))
    }
}
