//! By gRPC alone: the work list is read with a cursor, every change is heard once more from the stream, and the
//! connection breaks when one of some answers comes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use parasol::conformance::Cutter;
use parasol::conformance::moves::{self, Ask, Caller, Head, Moved, Unit};
use parasol_api::admin::v1::{ListTechniciansRequest, ListTechniciansResponse};
use parasol_api::common::v1::MessageEffect;
use parasol_api::convert::version_of;
use parasol_api::partner::v1::offer_service_client::OfferServiceClient;
use parasol_api::partner::v1::stream_offers_response::Change as Streamed;
use parasol_api::partner::v1::work_order_change::Change;
use parasol_api::partner::v1::{
    FindSlotsRequest, FindSlotsResponse, GetWorkOrderRequest, ListWorkOrdersRequest,
    ListWorkOrdersResponse, Offer, OfferState, StreamOffersRequest, WorkOrder,
    get_work_order_request::Key,
};
use parasol_api::{Error, Reason};
use parasol_runtime::identity::{Principal, Role};
use prost::Message as _;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::brand::{Draft, Look, News, Sent, Step, Way};
use super::dice::Dice;
use super::town::{REED, Town, caller};

/// Connections of the brand; an answer that is lost takes those of its connection with it.
const CONNECTIONS: usize = 8;
/// One answer of so many is lost.
const LOST_ONE_IN: u64 = 25;
/// One message of so many is sent twice.
const TWICE_ONE_IN: u64 = 5;
/// How often something is asked that changes nothing.
const ASKS_MAX: usize = 60;

const LIST: &str = "/parasol.partner.v1.OfferService/ListWorkOrders";
const GET: &str = "/parasol.partner.v1.OfferService/GetWorkOrder";
const SLOTS: &str = "/parasol.partner.v1.AppointmentService/FindSlots";
const PEOPLE: &str = "/parasol.admin.v1.NetworkService/ListTechnicians";

/// The way of the first brand.
pub struct Grpc {
    callers: Vec<Caller>,
    next: AtomicUsize,
    brand: Principal,
    cursor: String,
    dice: Arc<Dice>,
    pub lost: Arc<AtomicUsize>,
    _cutter: Cutter,
}

impl Grpc {
    pub async fn open(town: &Town, seed: u64) -> Self {
        let (dice, lost) = (Arc::new(Dice::new(seed)), Arc::new(AtomicUsize::new(0)));
        let (own, count) = (Arc::clone(&dice), Arc::clone(&lost));
        let loses = move || {
            let loses = own.one_in(LOST_ONE_IN);
            count.fetch_add(usize::from(loses), Ordering::SeqCst);
            loses
        };
        let target = town.house.node.grpc.to_string();
        let cutter = Cutter::open(target, loses).await.expect("a port is free");
        let address = cutter.address.to_string();
        let callers = (0..CONNECTIONS).map(|_| caller(&town.house, &address)).collect();
        Self {
            callers,
            next: AtomicUsize::new(0),
            brand: Principal::new(Role::Brand, REED).of_brand(REED),
            cursor: String::new(),
            dice,
            lost,
            _cutter: cutter,
        }
    }

    fn caller(&self) -> &Caller {
        &self.callers[self.next.fetch_add(1, Ordering::SeqCst) % self.callers.len()]
    }

    /// Asks until there is an answer; `None` for what is not there.
    async fn ask<Q: prost::Message, R: prost::Message + Default>(
        &self,
        path: &'static str,
        message: &Q,
    ) -> Option<R> {
        for _ in 0..ASKS_MAX {
            match self.caller().ask(&self.brand, path, message).await {
                Ok(answer) => return Some(answer),
                Err(status) => match Error::from_status(&status) {
                    error if is_unknown(&error) => {}
                    error if error.reason().code() == "NOT_FOUND" => return None,
                    error => panic!("{path}: {error}"),
                },
            }
        }
        panic!("{path} had no answer after {ASKS_MAX} tries");
    }
}

impl Way for Grpc {
    type Message = Ask;

    async fn news(&mut self) -> Vec<News> {
        let mut news = Vec::new();
        loop {
            let message = ListWorkOrdersRequest { cursor: self.cursor.clone(), page_size: 50 };
            let page: ListWorkOrdersResponse = self.ask(LIST, &message).await.expect("a page");
            for change in page.changes {
                news.push(match change.change.expect("a change") {
                    Change::Offer(offer) => of_offer(&offer),
                    Change::WorkOrder(order) => of_order(&order),
                });
            }
            self.cursor = page.cursor;
            if !page.more {
                return news;
            }
        }
    }

    async fn look(&self, case: &str) -> Option<Look> {
        let key = Some(Key::CaseId(case.to_owned()));
        let order: WorkOrder = self.ask(GET, &GetWorkOrderRequest { key }).await?;
        let view = order.case.unwrap_or_default();
        Some(Look {
            stage: view.stage().as_str_name().to_owned(),
            version: version_of(&view.etag)?,
            centre: order.centre,
            technician: order.technician,
            appointment: order.appointment_id,
            serial: order.serial,
        })
    }

    async fn message(&self, draft: &Draft) -> Option<Ask> {
        let look = &draft.look;
        let head = Head {
            request_id: draft.request_id.clone(),
            case_id: draft.case.clone(),
            occurred_at: Some(draft.at),
            sequence: draft.sequence,
            ..Head::default()
        };
        let technician = Principal::new(Role::Technician, look.technician.clone()).of_brand(REED);
        Some(match draft.step {
            Step::Accept => moves::accept(&self.brand, &head, &draft.offer),
            Step::Assign => {
                let message =
                    ListTechniciansRequest { centre: look.centre.clone(), ..Default::default() };
                let people: ListTechniciansResponse = self.ask(PEOPLE, &message).await?;
                let count = u64::try_from(people.technicians.len()).ok()?;
                let nth = usize::try_from(self.dice.below(count)).ok()?;
                moves::assign(&self.brand, &head, &people.technicians.get(nth)?.technician)
            }
            Step::Book => {
                let case_id = draft.case.clone();
                let message = FindSlotsRequest { case_id, limit: 20, ..Default::default() };
                let found: FindSlotsResponse = self.ask(SLOTS, &message).await?;
                let count = u64::try_from(found.slots.len()).ok()?;
                let nth = usize::try_from(self.dice.below(count)).ok()?;
                moves::book(&self.brand, &head, &found.slots.get(nth)?.slot_id)
            }
            Step::CheckIn => moves::check_in(&technician, &head, &look.appointment),
            Step::Inspect => {
                let unit = Unit {
                    order_line: String::new(),
                    serial: look.serial.clone(),
                    customer: String::new(),
                    sku: "MODEL-1".to_owned(),
                };
                moves::inspect(&technician, &head, &unit, draft.at)
            }
            Step::Repair => moves::repair(&technician, &head),
        })
    }

    async fn send(&self, message: &Ask) -> Sent {
        match self.caller().send(message).await {
            Ok(body) => {
                let moved = Moved::decode(body.as_slice()).expect("an answer to a message");
                let view = moved.case.clone().unwrap_or_default();
                match moved.effect() {
                    MessageEffect::KeptAsEvidence => Sent::Kept,
                    _ => Sent::Applied(version_of(&view.etag).expect("a version")),
                }
            }
            Err(status) => match Error::from_status(&status) {
                error if is_unknown(&error) => Sent::Lost,
                error => Sent::Refused(error.reason().code().to_owned()),
            },
        }
    }

    fn doubles(&self) -> bool {
        self.dice.one_in(TWICE_ONE_IN)
    }
}

/// Whether nobody knows what became of a call: a connection that breaks gives no reason.
fn is_unknown(error: &Error) -> bool {
    error.is_transient() || error.reason() == Reason::Internal
}

fn of_offer(offer: &Offer) -> News {
    let is_live = offer.state() == OfferState::Offered;
    News {
        id: bare(&offer.offer_id),
        case: offer.case_id.clone(),
        version: version_of(&offer.etag).expect("a version"),
        live_offer: is_live.then(|| offer.offer_id.clone()),
    }
}

fn of_order(order: &WorkOrder) -> News {
    let view = order.case.clone().unwrap_or_default();
    News {
        id: bare(&order.work_order_id),
        case: view.case_id,
        version: version_of(&view.etag).expect("a version"),
        live_offer: None,
    }
}

/// An id without what it is of.
pub fn bare(id: &str) -> String {
    id.rsplit('_').next().unwrap_or_default().to_owned()
}

/// What the stream tells, heard beside the work over the same bad connections.
pub struct Stream {
    pub told: Arc<Mutex<Vec<News>>>,
    pub came: Arc<Notify>,
    pub breaks: Arc<AtomicUsize>,
    _listening: JoinSet<()>,
}

impl Stream {
    pub fn open(way: &Grpc) -> Self {
        let told: Arc<Mutex<Vec<News>>> = Arc::default();
        let (came, breaks) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
        let mut listening = JoinSet::new();
        let (list, bell, broken) = (Arc::clone(&told), Arc::clone(&came), Arc::clone(&breaks));
        let (caller, brand) = (way.callers[0].clone(), way.brand.clone());
        listening.spawn(async move {
            let mut cursor = String::new();
            loop {
                let message = StreamOffersRequest { cursor: cursor.clone() };
                let request = caller.request(&brand, message).expect("a credential is ASCII");
                let mut client = OfferServiceClient::new(caller.channel());
                if let Ok(answer) = client.stream_offers(request).await {
                    let mut stream = answer.into_inner();
                    while let Ok(Some(message)) = stream.message().await {
                        cursor = message.cursor;
                        let news = match message.change {
                            Some(Streamed::Offer(offer)) => of_offer(&offer),
                            Some(Streamed::WorkOrder(order)) => of_order(&order),
                            Some(Streamed::Bookmark(_)) | None => continue,
                        };
                        list.lock().expect("no holder of this lock panics").push(news);
                        bell.notify_waiters();
                    }
                }
                broken.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
            }
        });
        Self { told, came, breaks, _listening: listening }
    }
}
