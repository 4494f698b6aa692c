//! The usual steps of a visit, for tests that are about something else.

use parasol_api::common::v1::{self, TimeWindow};
use parasol_api::convert::to_timestamp;
use parasol_api::partner::v1::appointment_service_server::AppointmentService as _;
use parasol_api::partner::v1::book_appointment_request::Slot;
use parasol_api::partner::v1::{
    BookAppointmentRequest, BookAppointmentResponse, FindSlotsRequest, HoldSlotRequest,
    HoldSlotResponse,
};
use parasol_api::technician::v1::visit_service_server::VisitService as _;
use parasol_api::technician::v1::{
    CheckInRequest, SubmitInspectionRequest, SubmitInspectionResponse,
};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::Principal;
use tonic::{Response, Status};

use crate::world::*;

/// A window by its Shanghai wall clock times in June 2026.
pub fn window(from: &str, to: &str) -> TimeWindow {
    let wire = |text: &str| Some(to_timestamp(at(&format!("2026-06-{text}"))));
    TimeWindow { from: wire(from), to: wire(to) }
}

pub fn book_request(world: &World, case: CaseId, slot: Slot) -> BookAppointmentRequest {
    BookAppointmentRequest {
        request_id: request_id(world),
        case_id: case.to_string(),
        slot: Some(slot),
        ..Default::default()
    }
}

/// Books straight into a window.
pub async fn book(
    world: &World,
    case: CaseId,
    from: &str,
    to: &str,
) -> Result<BookAppointmentResponse, Status> {
    let request = book_request(world, case, Slot::Window(window(from, to)));
    let answer = world.scheduling.book_appointment(ask(&customer(), request)).await;
    answer.map(Response::into_inner)
}

/// The slots a caller is offered.
pub async fn slots(
    world: &World,
    principal: &Principal,
    case: CaseId,
) -> Vec<(String, TimeWindow)> {
    let request = FindSlotsRequest { case_id: case.to_string(), ..Default::default() };
    let answer = world.scheduling.find_slots(ask(principal, request)).await.unwrap();
    let slots = answer.into_inner().slots;
    slots.into_iter().map(|slot| (slot.slot_id, slot.window.unwrap())).collect()
}

pub fn hold_request(world: &World, case: CaseId, slot_id: &str) -> HoldSlotRequest {
    HoldSlotRequest {
        request_id: request_id(world),
        case_id: case.to_string(),
        slot_id: slot_id.to_owned(),
        ..Default::default()
    }
}

pub async fn hold(world: &World, case: CaseId, slot_id: &str) -> Result<HoldSlotResponse, Status> {
    let request = hold_request(world, case, slot_id);
    world.scheduling.hold_slot(ask(&customer(), request)).await.map(Response::into_inner)
}

/// Brings the technician to the door of a case whose visit is booked.
pub async fn check_in(world: &World, case: CaseId) {
    let visit = world.case(case).await.visit.unwrap();
    if world.clock.now() < visit.window.start {
        world.wait_until(visit.window.start);
    }
    let request = CheckInRequest {
        request_id: request_id(world),
        case_id: case.to_string(),
        ..Default::default()
    };
    let by = Principal::new(parasol_runtime::identity::Role::Technician, visit.technician.as_str());
    world.scheduling.check_in(ask(&by, request)).await.unwrap();
}

/// A certificate that nobody has to look at twice: a product fault that can be repaired.
pub fn certificate(now: Timestamp) -> v1::Certificate {
    let at = Some(to_timestamp(now));
    v1::Certificate {
        inspected_at: at,
        model: "BCD-520".to_owned(),
        serial_inside: "SN0001".to_owned(),
        packaging: v1::Packaging::Missing.into(),
        exterior: v1::Exterior::Intact.into(),
        function: v1::Function::Fault.into(),
        fault_code: "E1".to_owned(),
        finding: "压缩机不启动".to_owned(),
        cause: v1::Cause::Product.into(),
        evidence: vec![v1::EvidenceItem {
            kind: v1::EvidenceKind::Nameplate.into(),
            sha256: "0".repeat(64),
            taken_at: at,
        }],
        handling: v1::OnSiteHandling::None.into(),
        parts_used: vec![v1::PartLine {
            part_no: "P-1".to_owned(),
            name: "继电器".to_owned(),
            quantity: 1,
        }],
        signature: v1::Signature::Signed.into(),
        conclusion: v1::Conclusion::Repairable.into(),
        ..Default::default()
    }
}

pub async fn submit(
    world: &World,
    by: &Principal,
    case: CaseId,
    certificate: v1::Certificate,
) -> Result<SubmitInspectionResponse, Status> {
    let request = SubmitInspectionRequest {
        request_id: request_id(world),
        case_id: case.to_string(),
        certificate: Some(certificate),
        ..Default::default()
    };
    world.scheduling.submit_inspection(ask(by, request)).await.map(Response::into_inner)
}

/// A case whose unit is being repaired at the customer's.
pub async fn in_repair(world: &World) -> CaseId {
    let case = world.with_technician(TECHNICIAN).await;
    book(world, case, "08T13:00", "08T15:00").await.unwrap();
    check_in(world, case).await;
    submit(world, &technician(), case, certificate(world.clock.now())).await.unwrap();
    world.decide_repair(case).await;
    case
}
