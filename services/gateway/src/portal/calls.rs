//! The calls a page makes, each with the credential of whoever signed in.

use parasol_api::admin::v1::network_service_client::NetworkServiceClient;
use parasol_api::admin::v1::{Centre, ListCentresRequest, ListTechniciansRequest, Technician};
use parasol_api::partner::v1::appointment_service_client::AppointmentServiceClient;
use parasol_api::partner::v1::get_work_order_request::Key;
use parasol_api::partner::v1::offer_service_client::OfferServiceClient;
use parasol_api::partner::v1::verdict_service_client::VerdictServiceClient;
use parasol_api::partner::v1::work_order_change::Change;
use parasol_api::partner::v1::{
    FindSlotsRequest, GetWorkOrderRequest, ListWorkOrdersRequest, Offer, Slot, WorkOrder,
};
use parasol_api::technician::v1::visit_service_client::VisitServiceClient;
use parasol_api::tracking::v1::tracking_service_client::TrackingServiceClient;
use parasol_api::tracking::v1::{GetTimelineRequest, Timeline};
use parasol_api::verification::v1::decision_service_client::DecisionServiceClient;
use parasol_api::{Error, Language};
use parasol_runtime::transport::Transport;

use super::Portal;
use super::session::Visitor;
pub(super) use crate::web::failed;

/// Changes asked for at a time.
const PAGE: i32 = 200;
/// How often is asked for one page; a brand with more open work sees the first of it.
const LOOKS_MAX: usize = 5;
/// Slots shown.
const SLOTS: i32 = 24;

/// The clients of a visitor.
pub(super) struct Calls(Transport);

/// Everything that is open for a partner, as it is now.
#[derive(Default)]
pub(super) struct Open {
    /// Offers, answered and waiting.
    pub offers: Vec<Offer>,
    /// Work orders.
    pub orders: Vec<WorkOrder>,
    /// Whether there is more than is shown.
    pub more: bool,
    /// The place that all this is as new as.
    pub cursor: String,
}

impl Calls {
    /// The clients of this visitor.
    pub(super) fn of(portal: &Portal, visitor: &Visitor) -> Self {
        Self(portal.transport_of(visitor))
    }

    /// The way, for a client made elsewhere.
    pub(super) fn transport(&self) -> Transport {
        self.0.clone()
    }

    /// Offers and work orders.
    pub(super) fn offers(&self) -> OfferServiceClient<Transport> {
        OfferServiceClient::new(self.0.clone())
    }

    /// Appointments.
    pub(super) fn appointments(&self) -> AppointmentServiceClient<Transport> {
        AppointmentServiceClient::new(self.0.clone())
    }

    /// What is reported from the door.
    pub(super) fn visits(&self) -> VisitServiceClient<Transport> {
        VisitServiceClient::new(self.0.clone())
    }

    /// Certificates.
    pub(super) fn verdicts(&self) -> VerdictServiceClient<Transport> {
        VerdictServiceClient::new(self.0.clone())
    }

    /// Disputes.
    pub(super) fn decisions(&self) -> DecisionServiceClient<Transport> {
        DecisionServiceClient::new(self.0.clone())
    }

    /// Everything open.
    pub(super) async fn open(&self) -> Result<Open, Error> {
        let mut open = Open::default();
        for _ in 0..LOOKS_MAX {
            let cursor = open.cursor.clone();
            let request = ListWorkOrdersRequest { cursor, page_size: PAGE };
            let page = self.offers().list_work_orders(request).await.map_err(failed)?.into_inner();
            for change in page.changes.into_iter().filter_map(|one| one.change) {
                match change {
                    Change::Offer(offer) => {
                        open.offers.retain(|known| known.offer_id != offer.offer_id);
                        open.offers.push(*offer);
                    }
                    Change::WorkOrder(order) => {
                        open.orders.retain(|known| known.work_order_id != order.work_order_id);
                        open.orders.push(*order);
                    }
                }
            }
            open.cursor = page.cursor;
            if !page.more {
                return Ok(open);
            }
        }
        open.more = true;
        Ok(open)
    }

    /// The live work order of a case.
    pub(super) async fn order(&self, case: &str) -> Result<WorkOrder, Error> {
        let request = GetWorkOrderRequest { key: Some(Key::CaseId(case.to_owned())) };
        let answer = self.offers().get_work_order(request).await.map_err(failed)?;
        Ok(answer.into_inner())
    }

    /// A work order by its own id.
    pub(super) async fn order_by_id(&self, id: &str) -> Result<WorkOrder, Error> {
        let request = GetWorkOrderRequest { key: Some(Key::WorkOrderId(id.to_owned())) };
        let answer = self.offers().get_work_order(request).await.map_err(failed)?;
        Ok(answer.into_inner())
    }

    /// The story of a case.
    pub(super) async fn timeline(&self, case: &str, language: Language) -> Result<Timeline, Error> {
        let language = match language {
            Language::Zh => "zh",
            Language::En => "en",
        };
        let request =
            GetTimelineRequest { case_id: case.to_owned(), language: language.to_owned() };
        let mut client = TrackingServiceClient::new(self.0.clone());
        Ok(client.get_timeline(request).await.map_err(failed)?.into_inner())
    }

    /// The people of a centre, the first two hundred.
    pub(super) async fn technicians(&self, centre: &str) -> Result<Vec<Technician>, Error> {
        let centre = centre.to_owned();
        let request = ListTechniciansRequest { page_size: PAGE, centre, ..Default::default() };
        let mut client = NetworkServiceClient::new(self.0.clone());
        let answer = client.list_technicians(request).await.map_err(failed)?;
        Ok(answer.into_inner().technicians)
    }

    /// The centres of the visitor, the first two hundred.
    pub(super) async fn centres(&self) -> Result<Vec<Centre>, Error> {
        let request = ListCentresRequest { page_size: PAGE, ..Default::default() };
        let mut client = NetworkServiceClient::new(self.0.clone());
        Ok(client.list_centres(request).await.map_err(failed)?.into_inner().centres)
    }

    /// Times at which the assigned technician could come, in the next two weeks.
    pub(super) async fn slots(&self, case: &str) -> Result<Vec<Slot>, Error> {
        let request = FindSlotsRequest {
            case_id: case.to_owned(),
            days: 14,
            limit: SLOTS,
            ..Default::default()
        };
        Ok(self.appointments().find_slots(request).await.map_err(failed)?.into_inner().slots)
    }
}
