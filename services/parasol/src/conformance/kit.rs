//! What the checks of a platform share: the way to it, who calls, and how far the kit has come.
//!
//! The kit is the brand, its technicians, the customers, and the retailer that sells to them. It learns of
//! offers as a brand does, from the stream.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use parasol_api::admin::v1::{
    GetOverviewRequest, ListTechniciansRequest, ListTechniciansResponse, Overview,
};
use parasol_api::common::v1::{CaseView, MessageEffect, Stage};
use parasol_api::convert::{timestamp, version_of};
use parasol_api::intake::v1::{CancelCaseRequest, CancelCaseResponse, Case, GetCaseRequest};
use parasol_api::partner::v1::offer_service_client::OfferServiceClient;
use parasol_api::partner::v1::stream_offers_response::Change;
use parasol_api::partner::v1::work_order_change::Change as PagedChange;
use parasol_api::partner::v1::{
    FindSlotsRequest, FindSlotsResponse, ListWorkOrdersRequest, ListWorkOrdersResponse, Offer,
    OfferState, StreamOffersRequest, StreamOffersResponse, WorkOrder,
};
use parasol_api::tracking::v1::tracking_service_client::TrackingServiceClient;
use parasol_api::tracking::v1::{WatchCaseRequest, watch_case_response::Event};
use parasol_api::{Error, Reason};
use parasol_journey::time::Timestamp;
use parasol_runtime::config::Limits;
use parasol_runtime::identity::{Principal, Role};
use prost::Message as _;
use tonic::{Status, Streaming};
use uuid::Uuid;

use super::goods::Goods;
use super::moves::{self, Ask, Head, Moved, Unit};
use crate::demo::Wire;

/// How long the platform may take for what it does by itself.
pub const PATIENCE: Duration = Duration::from_secs(30);

const GET_CASE: &str = "/parasol.intake.v1.IntakeService/GetCase";
const CANCEL_CASE: &str = "/parasol.intake.v1.IntakeService/CancelCase";
const LIST_TECHNICIANS: &str = "/parasol.admin.v1.NetworkService/ListTechnicians";
const FIND_SLOTS: &str = "/parasol.partner.v1.AppointmentService/FindSlots";
const LIST_WORK_ORDERS: &str = "/parasol.partner.v1.OfferService/ListWorkOrders";
const GET_OVERVIEW: &str = "/parasol.admin.v1.OperationsService/GetOverview";

/// A case of the run.
#[derive(Clone, Debug)]
pub struct Filed {
    pub case_id: String,
    pub unit: Unit,
    pub customer: Principal,
}

/// The players and what they know.
pub struct Kit {
    pub wire: Wire,
    /// Where the platform takes gRPC, as host and port.
    pub address: String,
    /// Limits of connections to it.
    pub limits: Limits,
    pub partner: Principal,
    /// A brand that the platform knows nothing of.
    pub stranger: Principal,
    pub operator: Principal,
    retailer: Principal,
    pub goods: Goods,
    run: Uuid,
    count: u64,
    stream: Streaming<StreamOffersResponse>,
    offers: HashMap<String, Offer>,
    /// Where the feed stood before the run.
    pub begin: String,
    /// How long whoever has the turn may take.
    pub patience: Duration,
    /// Cases of the run, oldest first.
    pub cases: Vec<Filed>,
    /// Refusals so far, by reason.
    pub refusals: BTreeMap<&'static str, usize>,
}

impl Kit {
    /// A kit for one run; `run` names it and must be new.
    pub async fn open(
        wire: Wire,
        (address, limits): (String, Limits),
        brand: &str,
        run: Uuid,
    ) -> anyhow::Result<Self> {
        let operator = Principal::new(Role::Operator, "conformance");
        let goods = Goods::of(&wire, &operator, brand).await?;
        let partner = Principal::new(Role::Brand, brand).of_brand(brand);
        let begin = end_of_feed(&wire, &partner).await?;
        let stream = follow(&wire, &partner, &begin).await?;
        Ok(Self {
            wire,
            address,
            limits,
            partner,
            stranger: Principal::new(Role::Brand, "conformance-other")
                .of_brand("conformance-other"),
            operator,
            retailer: Principal::new(Role::Retailer, "conformance"),
            goods,
            run,
            count: 0,
            stream,
            offers: HashMap::new(),
            begin,
            patience: PATIENCE,
            cases: Vec::new(),
            refusals: BTreeMap::new(),
        })
    }

    /// A request id that was not used before.
    pub fn fresh(&mut self) -> String {
        self.count += 1;
        Uuid::new_v5(&self.run, &self.count.to_be_bytes()).to_string()
    }

    /// The head of a message about a case, with a request id of its own.
    pub fn head(&mut self, filed: &Filed) -> Head {
        Head { request_id: self.fresh(), case_id: filed.case_id.clone(), ..Head::default() }
    }

    /// What the platform's clock shows.
    pub async fn now(&self) -> anyhow::Result<Timestamp> {
        let message = GetOverviewRequest::default();
        let told: Overview = self.wire.ask(&self.operator, GET_OVERVIEW, &message).await?;
        told.now.as_ref().and_then(timestamp).context("an overview tells the time")
    }

    /// Sends a call; a refusal is counted by its reason.
    pub async fn send(&mut self, ask: &Ask) -> Result<Vec<u8>, Status> {
        let answer = self.wire.raw(&ask.player, ask.path, ask.body.clone()).await;
        if let Err(status) = &answer {
            self.count_refusal(status);
        }
        answer
    }

    pub fn count_refusal(&mut self, status: &Status) {
        *self.refusals.entry(Error::from_status(status).reason().code()).or_default() += 1;
    }

    /// Sends a call that has to move its case, and answers with the case after it.
    pub async fn moves(&mut self, ask: &Ask) -> anyhow::Result<CaseView> {
        let body = self.send(ask).await.with_context(|| ask.path.to_owned())?;
        let moved = Moved::decode(body.as_slice())?;
        let kept = moved.effect == i32::from(MessageEffect::KeptAsEvidence);
        ensure!(!kept, "{} was kept as evidence and moved nothing", ask.path);
        moved.case.with_context(|| format!("{} answers without the case", ask.path))
    }

    /// Sends a call that has to be refused for this reason.
    pub async fn refused(&mut self, ask: &Ask, reason: Reason) -> anyhow::Result<Error> {
        match self.send(ask).await {
            Ok(_) => bail!("{} was taken; {} was to be expected", ask.path, reason.code()),
            Err(status) => {
                let error = Error::from_status(&status);
                let got = error.reason();
                ensure!(got == reason, "{} answered {error}, not {}", ask.path, reason.code());
                Ok(error)
            }
        }
    }

    /// The case as its customer sees it.
    pub async fn case(&self, filed: &Filed) -> anyhow::Result<Case> {
        let message = GetCaseRequest { case_id: filed.case_id.clone(), ..Default::default() };
        Ok(self.wire.ask(&filed.customer, GET_CASE, &message).await?)
    }

    /// Its version and stage.
    pub async fn stands(&self, filed: &Filed) -> anyhow::Result<(u64, Stage)> {
        let view = self.case(filed).await?.view.unwrap_or_default();
        Ok((version_of(&view.etag).context("an etag is a version")?, view.stage()))
    }

    /// Sells a unit and files for it.
    pub async fn file(&mut self) -> anyhow::Result<Filed> {
        let (nth, now) = (u64::try_from(self.cases.len())? + 1, self.now().await?);
        let unit = self.goods.sell(&self.wire, &self.retailer, (self.run, nth), now).await?;
        let customer = Principal::new(Role::Customer, unit.customer.clone());
        let id = self.fresh();
        let view = self.moves(&moves::file(&customer, &id, &unit)).await?;
        let filed = Filed { case_id: view.case_id, unit, customer };
        self.cases.push(filed.clone());
        Ok(filed)
    }

    /// The customer wants it no more.
    pub async fn cancel(&mut self, filed: &Filed) -> anyhow::Result<()> {
        let message = CancelCaseRequest {
            request_id: self.fresh(),
            case_id: filed.case_id.clone(),
            reason: "no_longer_needed".to_owned(),
            ..Default::default()
        };
        let _: CancelCaseResponse = self.wire.ask(&filed.customer, CANCEL_CASE, &message).await?;
        Ok(())
    }

    /// A new case and its first offer.
    pub async fn offered(&mut self) -> anyhow::Result<(Filed, Offer)> {
        let filed = self.file().await?;
        let offer = self.offer(&filed, "").await?;
        Ok((filed, offer))
    }

    /// A new case that was accepted.
    pub async fn accepted(&mut self) -> anyhow::Result<Filed> {
        let (filed, offer) = self.offered().await?;
        let ask = moves::accept(&self.partner.clone(), &self.head(&filed), &offer.offer_id);
        self.moves(&ask).await?;
        Ok(filed)
    }

    /// The live offer of a case, other than `not`, once the brand has heard of it.
    pub async fn offer(&mut self, filed: &Filed, not: &str) -> anyhow::Result<Offer> {
        let heard = async {
            loop {
                let known = self.offers.get(&filed.case_id);
                let live = known.filter(|offer| offer.state() == OfferState::Offered);
                if let Some(offer) = live.filter(|offer| offer.offer_id != not) {
                    return Ok(offer.clone());
                }
                let message = self.stream.message().await?;
                let message = message.context("the stream of offers ended")?;
                if let Some(Change::Offer(offer)) = message.change {
                    self.offers.insert(offer.case_id.clone(), *offer);
                }
            }
        };
        let heard: anyhow::Result<Result<Offer, anyhow::Error>> =
            tokio::time::timeout(PATIENCE, heard).await.map_err(|_| {
                anyhow::anyhow!("{}: no offer came within {PATIENCE:?}", filed.case_id)
            });
        heard?
    }

    /// Waits until a case is in one of these stages.
    pub async fn until(&self, filed: &Filed, stages: &[Stage]) -> anyhow::Result<Stage> {
        let message = WatchCaseRequest { case_id: filed.case_id.clone(), ..Default::default() };
        let request = self.wire.request(&filed.customer, message)?;
        let mut client = TrackingServiceClient::new(self.wire.channel());
        let mut stream = client.watch_case(request).await?.into_inner();
        let watched = async {
            while let Some(message) = stream.message().await? {
                if let Some(Event::Entry(entry)) = message.event {
                    let (stage, version) = (entry.stage(), entry.seq.unsigned_abs());
                    // What was passed on the way counts for nothing.
                    if stages.contains(&stage) && self.stands(filed).await?.0 == version {
                        return Ok(stage);
                    }
                }
            }
            bail!("the watch ended")
        };
        let late = |_| anyhow::anyhow!("{} did not get to {stages:?} in time", filed.case_id);
        tokio::time::timeout(self.patience, watched).await.map_err(late)?
    }

    /// Names the first technician who may go; the case has a centre.
    pub async fn assign(&mut self, filed: &Filed) -> anyhow::Result<CaseView> {
        for person in self.people(filed).await? {
            let ask = moves::assign(&self.partner.clone(), &self.head(filed), &person);
            match self.moves(&ask).await {
                Err(error) if reason_of(&error) == Some(Reason::TechnicianNotCertified) => {}
                other => return other,
            }
        }
        bail!("the centre of {} has nobody who may do this work", filed.case_id)
    }

    /// Somebody of the centre of a case who may go; nobody is named.
    pub async fn somebody(&self, filed: &Filed) -> anyhow::Result<String> {
        let first = self.people(filed).await?.into_iter().next();
        first.with_context(|| format!("the centre of {} has nobody", filed.case_id))
    }

    async fn people(&self, filed: &Filed) -> anyhow::Result<Vec<String>> {
        let centre = self.case(filed).await?.centre;
        let message = ListTechniciansRequest { centre, page_size: 200, ..Default::default() };
        let people: ListTechniciansResponse =
            self.wire.ask(&self.partner, LIST_TECHNICIANS, &message).await?;
        Ok(people.technicians.into_iter().map(|person| person.technician).collect())
    }

    /// The technician of a case, as a caller.
    pub async fn technician(&self, filed: &Filed) -> anyhow::Result<Principal> {
        let name = self.case(filed).await?.technician;
        Ok(Principal::new(Role::Technician, name).of_brand(self.goods.brand.clone()))
    }

    /// Books the first window that is free; the case has a technician.
    pub async fn book(&mut self, filed: &Filed) -> anyhow::Result<CaseView> {
        let message = FindSlotsRequest { case_id: filed.case_id.clone(), ..Default::default() };
        let found: FindSlotsResponse = self.wire.ask(&self.partner, FIND_SLOTS, &message).await?;
        for slot in found.slots {
            let ask = moves::book(&self.partner.clone(), &self.head(filed), &slot.slot_id);
            match self.moves(&ask).await {
                Err(error)
                    if matches!(
                        reason_of(&error),
                        Some(Reason::SlotTaken | Reason::WindowInPast)
                    ) => {}
                other => return other,
            }
        }
        bail!("no window is free")
    }

    /// What changed for a partner after a cursor, read with this page size to the end; each change with the
    /// cursor after its page.
    pub async fn changes(
        &self,
        partner: &Principal,
        cursor: &str,
        page_size: i32,
    ) -> anyhow::Result<Vec<(String, String)>> {
        let mut told = Vec::new();
        let mut message = ListWorkOrdersRequest { cursor: cursor.to_owned(), page_size };
        loop {
            let page: ListWorkOrdersResponse =
                self.wire.ask(partner, LIST_WORK_ORDERS, &message).await?;
            ensure!(
                usize::try_from(page_size).is_ok_and(|size| page.changes.len() <= size),
                "a page of {page_size} holds {}",
                page.changes.len()
            );
            message.cursor = page.cursor;
            for change in page.changes {
                let name = match change.change {
                    Some(PagedChange::Offer(offer)) => offer_named(&offer),
                    Some(PagedChange::WorkOrder(order)) => order_named(&order),
                    None => bail!("a change is neither an offer nor a work order"),
                };
                told.push((name, message.cursor.clone()));
            }
            if !page.more {
                return Ok(told);
            }
        }
    }

    /// The same through the stream, from a cursor until this change.
    pub async fn streamed(&self, cursor: &str, until: &str) -> anyhow::Result<Vec<String>> {
        let mut stream = follow(&self.wire, &self.partner, cursor).await?;
        let read = async {
            let mut told = Vec::new();
            while let Some(message) = stream.message().await? {
                told.push(match message.change {
                    Some(Change::Offer(offer)) => offer_named(&offer),
                    Some(Change::WorkOrder(order)) => order_named(&order),
                    Some(Change::Bookmark(_)) | None => continue,
                });
                if told.last().is_some_and(|last| last == until) {
                    return Ok(told);
                }
            }
            bail!("the stream of offers ended")
        };
        let late = |_| anyhow::anyhow!("the stream never told {until}");
        tokio::time::timeout(PATIENCE, read).await.map_err(late)?
    }
}

/// A change of an offer by what it is, of which case, and how it stands.
fn offer_named(offer: &Offer) -> String {
    format!("{} {} {:?}", offer.case_id, offer.offer_id, offer.state())
}

/// The same of a work order.
fn order_named(order: &WorkOrder) -> String {
    let case = order.case.as_ref().map(|case| case.case_id.as_str()).unwrap_or_default();
    format!("{case} {} {:?}", order.work_order_id, order.state())
}

/// The reason of a refusal, if it is one.
pub fn reason_of(error: &anyhow::Error) -> Option<Reason> {
    let status = error.chain().find_map(|cause| cause.downcast_ref::<Status>())?;
    Some(Error::from_status(status).reason())
}

async fn follow(
    wire: &Wire,
    partner: &Principal,
    cursor: &str,
) -> anyhow::Result<Streaming<StreamOffersResponse>> {
    let request = wire.request(partner, StreamOffersRequest { cursor: cursor.to_owned() })?;
    let mut client = OfferServiceClient::new(wire.channel());
    Ok(client.stream_offers(request).await?.into_inner())
}

/// The cursor behind everything there is.
async fn end_of_feed(wire: &Wire, partner: &Principal) -> anyhow::Result<String> {
    let mut message = ListWorkOrdersRequest { cursor: String::new(), page_size: 200 };
    loop {
        let page: ListWorkOrdersResponse = wire.ask(partner, LIST_WORK_ORDERS, &message).await?;
        message.cursor = page.cursor;
        if !page.more {
            return Ok(message.cursor);
        }
    }
}
