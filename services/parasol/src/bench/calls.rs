//! The calls of a benchmark's case, as messages: who calls what. Each is made without a network, so that whoever
//! drives cases decides when it is sent and by what it is timed.

use parasol_api::Listed as _;
use parasol_api::common::v1::{
    Certificate, EvidenceItem, EvidenceKind, Exterior, OnSiteHandling, Packaging, Signature,
    TimeWindow,
};
use parasol_api::convert::to_timestamp;
use parasol_api::intake::v1::FileCaseRequest;
use parasol_api::partner::v1::{
    AcceptOfferRequest, AssignTechnicianRequest, BookAppointmentRequest,
    book_appointment_request::Slot,
};
use parasol_api::technician::v1::{CheckInRequest, CompleteRepairRequest, SubmitInspectionRequest};
use parasol_api::tracking::v1::RecordToldRequest;
use parasol_journey::ids::{CaseId, OfferId};
use parasol_journey::time::{DAY, MINUTE, Span, Timestamp};
use parasol_journey::vocab::{CaseKind, Cause, Conclusion, Function, Remedy};
use parasol_runtime::identity::{Principal, Role};
use prost::Message;
use uuid::Uuid;

use super::world::{BRAND, TECHNICIANS, customer, order_line, serial, technician};

/// Windows of half an hour a technician's day holds here.
const WINDOWS_A_DAY: usize = 46;

/// A call: who calls, what, and with which message.
#[derive(Clone, Debug)]
pub struct Call {
    /// As whom.
    pub player: Principal,
    /// The method's path.
    pub path: &'static str,
    /// The message.
    pub body: Vec<u8>,
}

impl Call {
    fn new(player: Principal, path: &'static str, message: &impl Message) -> Self {
        Self { player, path, body: message.encode_to_vec() }
    }
}

macro_rules! path {
    ($service:literal, $method:literal) => {
        concat!("/parasol.", $service, "/", $method)
    };
}

/// Files for a unit.
pub fn file(unit: usize) -> Call {
    let message = FileCaseRequest {
        request_id: request_id(),
        order_line: order_line(unit),
        serial: serial(unit),
        kind: CaseKind::Quality.number(),
        wish: Remedy::Repair.number(),
        symptom: "not_cooling".to_owned(),
        description: "x".repeat(super::yardstick::BODY),
        ..Default::default()
    };
    let player = Principal::new(Role::Customer, customer(unit));
    Call::new(player, path!("intake.v1.IntakeService", "FileCase"), &message)
}

/// Where a case's visit stands in its centre's book.
#[derive(Clone, Debug)]
pub struct Place {
    /// The centre, as whoever calls for it.
    pub centre: Principal,
    /// Who goes.
    pub technician: String,
    /// The how-manieth visit of the centre.
    pub visit: usize,
}

impl Place {
    /// The how-manieth visit of a centre: its technicians take turns, and each one's days are filled in order.
    pub fn new(centre: &str, visit: usize) -> Self {
        let technician = technician(centre, visit);
        Self { centre: Principal::new(Role::Centre, centre).of_brand(BRAND), technician, visit }
    }
}

/// The centre accepts its offer.
pub fn accept(id: CaseId, place: &Place, offer: OfferId) -> Call {
    let message = AcceptOfferRequest {
        request_id: request_id(),
        case_id: id.to_string(),
        offer_id: offer.to_string(),
        ..Default::default()
    };
    Call::new(place.centre.clone(), path!("partner.v1.OfferService", "AcceptOffer"), &message)
}

/// The centre names who goes.
pub fn assign(id: CaseId, place: &Place) -> Call {
    let message = AssignTechnicianRequest {
        request_id: request_id(),
        case_id: id.to_string(),
        technician: place.technician.clone(),
        ..Default::default()
    };
    let path = path!("partner.v1.OfferService", "AssignTechnician");
    Call::new(place.centre.clone(), path, &message)
}

/// The centre books its `visit`-th window from `first_day` on.
pub fn book(id: CaseId, place: &Place, visit: usize, first_day: Timestamp) -> Call {
    let nth = visit / TECHNICIANS;
    let (day, slot) = (nth / WINDOWS_A_DAY, nth % WINDOWS_A_DAY);
    let micros = |count: usize, unit: i64| i64::try_from(count).unwrap_or_default() * unit;
    let from = first_day + Span::from_micros(micros(day, DAY) + micros(slot, 30 * MINUTE));
    let window = TimeWindow {
        from: Some(to_timestamp(from)),
        to: Some(to_timestamp(from + Span::minutes(30))),
    };
    let message = BookAppointmentRequest {
        request_id: request_id(),
        case_id: id.to_string(),
        slot: Some(Slot::Window(window)),
        ..Default::default()
    };
    let path = path!("partner.v1.AppointmentService", "BookAppointment");
    Call::new(place.centre.clone(), path, &message)
}

fn technician_of(place: &Place) -> Principal {
    Principal::new(Role::Technician, place.technician.as_str()).of_brand(BRAND)
}

/// The technician is there.
pub fn check_in(id: CaseId, place: &Place) -> Call {
    let message =
        CheckInRequest { request_id: request_id(), case_id: id.to_string(), ..Default::default() };
    Call::new(technician_of(place), path!("technician.v1.VisitService", "CheckIn"), &message)
}

/// The technician hands in the certificate.
pub fn inspect(id: CaseId, unit: usize, place: &Place, now: Timestamp) -> Call {
    let now = Some(to_timestamp(now));
    let photo = |kind: EvidenceKind| EvidenceItem {
        kind: kind.into(),
        sha256: "ab".repeat(32),
        taken_at: now,
    };
    let certificate = Certificate {
        inspected_at: now,
        technician: place.technician.clone(),
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
        request_id: request_id(),
        case_id: id.to_string(),
        certificate: Some(certificate),
        ..Default::default()
    };
    let path = path!("technician.v1.VisitService", "SubmitInspection");
    Call::new(technician_of(place), path, &message)
}

/// The technician has repaired it.
pub fn complete(id: CaseId, place: &Place) -> Call {
    let message = CompleteRepairRequest {
        request_id: request_id(),
        case_id: id.to_string(),
        summary: "x".repeat(super::yardstick::BODY),
        function: Function::Normal.number(),
        ..Default::default()
    };
    let path = path!("technician.v1.VisitService", "CompleteRepair");
    Call::new(technician_of(place), path, &message)
}

/// An agent has told the customer: from here on their silence counts.
pub fn told(id: CaseId) -> Call {
    let message = RecordToldRequest {
        request_id: request_id(),
        case_id: id.to_string(),
        ..Default::default()
    };
    let player = Principal::new(Role::Agent, "bench-agent");
    Call::new(player, path!("tracking.v1.NoticeService", "RecordTold"), &message)
}

#[expect(clippy::disallowed_methods, reason = "a client makes its own request ids")]
fn request_id() -> String {
    Uuid::new_v4().to_string()
}
