//! The case the benchmark drives: twelve durable facts, one signal from outside, one 50 ms timer.
//!
//! Eight are calls through the gRPC API (filing, acceptance, technician, appointment, check-in,
//! certificate, repair, an agent's word that the customer has been told of it), three are the house's own
//! work (triage, offer, decision), one is the timer that closes the case. The agent stands for the notice,
//! which would wait for the morning where the benchmark runs at night. The driver learns from the bell that the house has done its part, so that what is
//! measured is the write path and not a stream.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, bail};
use parasol_api::common::v1::{
    CaseView, Certificate, EvidenceItem, EvidenceKind, Exterior, OnSiteHandling, Packaging,
    Signature, TimeWindow,
};
use parasol_api::convert::to_timestamp;
use parasol_api::intake::v1::{FileCaseRequest, FileCaseResponse};
use parasol_api::partner::v1::{
    AcceptOfferRequest, AcceptOfferResponse, AssignTechnicianRequest, AssignTechnicianResponse,
    BookAppointmentRequest, BookAppointmentResponse, book_appointment_request::Slot,
};
use parasol_api::technician::v1::{
    CheckInRequest, CheckInResponse, CompleteRepairRequest, CompleteRepairResponse,
    SubmitInspectionRequest, SubmitInspectionResponse,
};
use parasol_api::tracking::v1::{RecordToldRequest, RecordToldResponse};
use parasol_api::{Error, Listed as _, Reason};
use parasol_bell::Bell;
use parasol_casebook::{Store, Submitter};
use parasol_journey::ids::CaseId;
use parasol_journey::time::{DAY, MINUTE, Span, Timestamp};
use parasol_journey::vocab::{CaseKind, Cause, Conclusion, Function, Remedy};
use parasol_journey::{Case, Stage};
use parasol_runtime::clock::{Clock, Stopwatch};
use parasol_runtime::config::Config;
use parasol_runtime::identity::{Principal, Role};
use parasol_runtime::transport::local;
use prost::Message;
use uuid::Uuid;

use super::world::{BRAND, TECHNICIANS, customer, order_line, serial, technician};
use crate::demo::Wire;
use crate::node::Node;

/// Connections the drivers share.
const CONNECTIONS: usize = 8;
/// How long a case may stand still before the benchmark gives up.
const PATIENCE: Duration = Duration::from_secs(30);
/// Windows of half an hour a technician's day holds here.
const WINDOWS_A_DAY: usize = 46;

/// What all drivers share.
pub struct Shared {
    pub wires: Vec<Wire>,
    pub submitter: Submitter,
    pub store: Store,
    pub bell: Bell,
    pub clock: Clock,
    /// The next unit nobody has filed for.
    pub next: AtomicUsize,
    /// The first day visits are booked on.
    pub first_day: Timestamp,
    /// Visits given to each centre so far.
    pub visits: Mutex<HashMap<String, usize>>,
}

impl Shared {
    /// Drivers of a node, at its first unit.
    ///
    /// # Errors
    /// When the node cannot be dialled.
    pub fn of(node: &Node, config: &Config) -> anyhow::Result<Self> {
        let address = format!("http://{}", node.grpc);
        let wires = (0..CONNECTIONS)
            .map(|_| Ok(Wire::new(local::dial(&address, &config.limits)?, node.tokens(), None)));
        let tomorrow = (node.clock.now() + Span::days(1)).shanghai_day();
        Ok(Self {
            wires: wires.collect::<anyhow::Result<_>>()?,
            submitter: node.submitter.clone(),
            store: node.store.clone(),
            bell: node.bell.clone(),
            clock: node.clock.clone(),
            next: AtomicUsize::new(0),
            first_day: Timestamp::shanghai_midnight(tomorrow),
            visits: Mutex::default(),
        })
    }
}

/// Where a case's visit stands in its centre's book.
struct Place {
    centre: Principal,
    technician: String,
    /// The how-manieth visit of the centre.
    visit: usize,
}

/// Drives one case after another.
pub struct Driver {
    pub shared: Arc<Shared>,
    pub nth: usize,
    /// One case in so many also asks for a window that is taken; 0 for none.
    pub refused_every: usize,
    /// Each call's method and how long it took.
    pub latencies: Vec<(&'static str, Duration)>,
    pub refused: usize,
}

macro_rules! path {
    ($service:literal, $method:literal) => {
        concat!("/parasol.", $service, "/", $method)
    };
}

impl Driver {
    /// One whole case.
    pub async fn drive(&mut self) -> anyhow::Result<()> {
        let unit = self.shared.next.fetch_add(1, Ordering::Relaxed);
        let id = self.file(unit).await?;
        let mut rings = self.shared.bell.watch_case(id);
        let case = self.until(id, &mut rings, Stage::Dispatched).await?;
        let offer = case.offer.as_ref().context("a dispatched case has an offer")?;
        let centre = Principal::new(Role::Centre, offer.centre.as_str()).of_brand(BRAND);
        let message = AcceptOfferRequest {
            request_id: self.request_id(),
            case_id: id.to_string(),
            offer_id: offer.id.to_string(),
            ..Default::default()
        };
        let path = path!("partner.v1.OfferService", "AcceptOffer");
        let _: AcceptOfferResponse = self.call(&centre, path, &message).await?;
        let place = self.place(centre, offer.centre.as_str());
        let message = AssignTechnicianRequest {
            request_id: self.request_id(),
            case_id: id.to_string(),
            technician: place.technician.clone(),
            ..Default::default()
        };
        let path = path!("partner.v1.OfferService", "AssignTechnician");
        let _: AssignTechnicianResponse = self.call(&place.centre, path, &message).await?;
        self.book(id, unit, &place).await?;
        self.visit(id, unit, &place.technician).await?;
        self.until(id, &mut rings, Stage::Repairing).await?;
        self.finish(id, &place.technician).await?;
        self.tell(id).await?;
        self.until(id, &mut rings, Stage::Closed).await?;
        Ok(())
    }

    /// Technicians of a centre take turns, and each one's days are filled in order.
    fn place(&self, centre: Principal, name: &str) -> Place {
        let mut visits = self.shared.visits.lock().expect("no holder of this lock panics");
        let next = visits.entry(name.to_owned()).or_default();
        let visit = *next;
        *next += 1;
        Place { centre, technician: technician(name, visit), visit }
    }

    /// Files for a unit.
    pub async fn file(&mut self, unit: usize) -> anyhow::Result<CaseId> {
        let player = Principal::new(Role::Customer, customer(unit));
        let message = FileCaseRequest {
            request_id: self.request_id(),
            order_line: order_line(unit),
            serial: serial(unit),
            kind: CaseKind::Quality.number(),
            wish: Remedy::Repair.number(),
            symptom: "not_cooling".to_owned(),
            description: "x".repeat(super::yardstick::BODY),
            ..Default::default()
        };
        let path = path!("intake.v1.IntakeService", "FileCase");
        let filed: FileCaseResponse = self.call(&player, path, &message).await?;
        let CaseView { case_id, .. } = filed.case.unwrap_or_default();
        Ok(case_id.parse()?)
    }

    async fn book(&mut self, id: CaseId, unit: usize, place: &Place) -> anyhow::Result<()> {
        let path = path!("partner.v1.AppointmentService", "BookAppointment");
        let asks_too_often = self.refused_every > 0 && unit.is_multiple_of(self.refused_every);
        // The technician's visit before this one has its window already.
        let earlier = place.visit.checked_sub(TECHNICIANS).filter(|_| asks_too_often);
        if let Some(earlier) = earlier {
            let message = self.booking(id, earlier);
            let answer: anyhow::Result<BookAppointmentResponse> =
                self.call(&place.centre, path, &message).await;
            match answer {
                Ok(_) => return Ok(()),
                Err(error) if is_for(&error, Reason::SlotTaken) => self.refused += 1,
                Err(error) => return Err(error),
            }
        }
        let message = self.booking(id, place.visit);
        let _: BookAppointmentResponse = self.call(&place.centre, path, &message).await?;
        Ok(())
    }

    fn booking(&self, id: CaseId, visit: usize) -> BookAppointmentRequest {
        let nth = visit / TECHNICIANS;
        let (day, slot) = (nth / WINDOWS_A_DAY, nth % WINDOWS_A_DAY);
        let micros = |count: usize, unit: i64| i64::try_from(count).unwrap_or_default() * unit;
        let into_day = micros(slot, 30 * MINUTE);
        let from = self.shared.first_day + Span::from_micros(micros(day, DAY) + into_day);
        let window = TimeWindow {
            from: Some(to_timestamp(from)),
            to: Some(to_timestamp(from + Span::minutes(30))),
        };
        BookAppointmentRequest {
            request_id: self.request_id(),
            case_id: id.to_string(),
            slot: Some(Slot::Window(window)),
            ..Default::default()
        }
    }

    async fn visit(&mut self, id: CaseId, unit: usize, person: &str) -> anyhow::Result<()> {
        let player = Principal::new(Role::Technician, person).of_brand(BRAND);
        let message = CheckInRequest {
            request_id: self.request_id(),
            case_id: id.to_string(),
            ..Default::default()
        };
        let path = path!("technician.v1.VisitService", "CheckIn");
        let _: CheckInResponse = self.call(&player, path, &message).await?;
        let now = Some(to_timestamp(self.shared.clock.now()));
        let photo = |kind: EvidenceKind| EvidenceItem {
            kind: kind.into(),
            sha256: "ab".repeat(32),
            taken_at: now,
        };
        let certificate = Certificate {
            inspected_at: now,
            technician: person.to_owned(),
            model: "BENCH-1".to_owned(),
            serial_inside: serial(unit),
            packaging: Packaging::Missing.into(),
            exterior: Exterior::Intact.into(),
            function: Function::Fault.number(),
            fault_code: "F01".to_owned(),
            cause: Cause::Product.number(),
            evidence: vec![photo(EvidenceKind::Nameplate), photo(EvidenceKind::Fault)],
            handling: OnSiteHandling::None.into(),
            signature: Signature::Signed.into(),
            conclusion: Conclusion::Repairable.number(),
            ..Default::default()
        };
        let message = SubmitInspectionRequest {
            request_id: self.request_id(),
            case_id: id.to_string(),
            certificate: Some(certificate),
            ..Default::default()
        };
        let path = path!("technician.v1.VisitService", "SubmitInspection");
        let _: SubmitInspectionResponse = self.call(&player, path, &message).await?;
        Ok(())
    }

    async fn finish(&mut self, id: CaseId, person: &str) -> anyhow::Result<()> {
        let player = Principal::new(Role::Technician, person).of_brand(BRAND);
        let message = CompleteRepairRequest {
            request_id: self.request_id(),
            case_id: id.to_string(),
            summary: "x".repeat(super::yardstick::BODY),
            function: Function::Normal.number(),
            ..Default::default()
        };
        let path = path!("technician.v1.VisitService", "CompleteRepair");
        let _: CompleteRepairResponse = self.call(&player, path, &message).await?;
        Ok(())
    }

    /// From here on the customer's silence counts.
    async fn tell(&mut self, id: CaseId) -> anyhow::Result<()> {
        let player = Principal::new(Role::Agent, "bench-agent");
        let message = RecordToldRequest {
            request_id: self.request_id(),
            case_id: id.to_string(),
            ..Default::default()
        };
        let path = path!("tracking.v1.NoticeService", "RecordTold");
        match self.call(&player, path, &message).await {
            Ok(RecordToldResponse { .. }) => Ok(()),
            // The house's own notice was there first.
            Err(error) if is_for(&error, Reason::TaskSuperseded) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn call<Q: Message, R: Message + Default>(
        &mut self,
        player: &Principal,
        path: &'static str,
        message: &Q,
    ) -> anyhow::Result<R> {
        let wire = &self.shared.wires[self.nth % self.shared.wires.len()];
        let one = Stopwatch::start();
        let answer = wire.ask(player, path, message).await;
        self.latencies.push((path, one.elapsed()));
        answer.with_context(|| path.to_owned())
    }

    /// The case once it is in a stage; `rings` are its own.
    pub async fn until(
        &self,
        id: CaseId,
        rings: &mut parasol_bell::CaseWatcher,
        stage: Stage,
    ) -> anyhow::Result<Arc<Case>> {
        let started = Stopwatch::start();
        loop {
            let case = match self.shared.submitter.recent_case(id) {
                Some(case) => Some(case),
                None => self.shared.store.case(id).await?.map(Arc::new),
            };
            match case {
                Some(case) if case.stage == stage => return Ok(case),
                Some(case) if case.stage.is_ended() => bail!("{id} ended as {}", case.stage),
                _ => {}
            }
            if started.elapsed() > PATIENCE {
                bail!("{id} never became {stage}");
            }
            let _ = tokio::time::timeout(Duration::from_millis(200), rings.next()).await;
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a client makes its own request ids")]
    fn request_id(&self) -> String {
        Uuid::new_v4().to_string()
    }
}

fn is_for(error: &anyhow::Error, reason: Reason) -> bool {
    let status = error.downcast_ref::<tonic::Status>();
    status.is_some_and(|status| Error::from_status(status).reason() == reason)
}
