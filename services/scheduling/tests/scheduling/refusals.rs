//! What every method has in common: empty requests, other people's cases, repetitions, etags.

use parasol_api::common::v1::{ContactFailure, Function, UnableReason};
use parasol_api::convert::to_timestamp;
use parasol_api::partner::v1::appointment_service_server::AppointmentService as _;
use parasol_api::partner::v1::book_appointment_request::Slot;
use parasol_api::partner::v1::reschedule_appointment_request::Slot as NewSlot;
use parasol_api::partner::v1::*;
use parasol_api::technician::v1::visit_service_server::VisitService as _;
use parasol_api::technician::v1::*;
use parasol_api::{Error, Kind, Reason};
use parasol_journey::ids::{AppointmentId, CaseId};
use parasol_journey::time::Span;
use uuid::Uuid;

use crate::course::*;
use crate::world::*;

/// Calls every mutation with a form that is right, as somebody, about a case.
macro_rules! every_mutation {
    ($world:expr, $by:expr, $case:expr, $check:expr) => {{
        let (world, by, case): (&World, _, &str) = ($world, $by, $case);
        let check = $check;
        let hold_id = AppointmentId::new(Uuid::from_u128(5)).to_string();
        let request_id = || request_id(world);
        let case_id = || case.to_owned();
        let slot_id = "A".repeat(64);
        let later = Some(to_timestamp(world.clock.now() + Span::hours(1)));
        macro_rules! call {
            ($method:ident, $message:expr) => {{
                let answer = world.scheduling.$method(ask(by, $message)).await;
                check(stringify!($method), answer.map(|_| ()));
            }};
        }
        call!(
            hold_slot,
            HoldSlotRequest {
                request_id: request_id(),
                case_id: case_id(),
                slot_id: slot_id.clone(),
                ..Default::default()
            }
        );
        call!(
            release_slot,
            ReleaseSlotRequest {
                request_id: request_id(),
                case_id: case_id(),
                hold_id: hold_id.clone(),
                ..Default::default()
            }
        );
        call!(
            book_appointment,
            BookAppointmentRequest {
                request_id: request_id(),
                case_id: case_id(),
                slot: Some(Slot::Window(window("08T09:00", "08T10:00"))),
                ..Default::default()
            }
        );
        call!(
            reschedule_appointment,
            RescheduleAppointmentRequest {
                request_id: request_id(),
                case_id: case_id(),
                appointment_id: hold_id.clone(),
                slot: Some(NewSlot::HoldId(hold_id.clone())),
                asked_by: 1,
                ..Default::default()
            }
        );
        call!(
            report_contact_failed,
            ReportContactFailedRequest {
                request_id: request_id(),
                case_id: case_id(),
                failure: ContactFailure::NoAnswer.into(),
                next_contact_at: later,
                ..Default::default()
            }
        );
        call!(
            report_no_show,
            ReportNoShowRequest {
                request_id: request_id(),
                case_id: case_id(),
                missing: 1,
                ..Default::default()
            }
        );
        call!(
            expect_parts,
            ExpectPartsRequest {
                request_id: request_id(),
                case_id: case_id(),
                arrives_at: later,
                ..Default::default()
            }
        );
        call!(
            propose_windows,
            ProposeWindowsRequest {
                request_id: request_id(),
                case_id: case_id(),
                slot_ids: vec![slot_id.clone()],
                ..Default::default()
            }
        );
        call!(
            release_windows,
            ReleaseWindowsRequest {
                request_id: request_id(),
                case_id: case_id(),
                ..Default::default()
            }
        );
        call!(
            renew_completion_code,
            RenewCompletionCodeRequest {
                request_id: request_id(),
                case_id: case_id(),
                ..Default::default()
            }
        );
        call!(
            acknowledge_cancel,
            AcknowledgeCancelRequest {
                request_id: request_id(),
                case_id: case_id(),
                ..Default::default()
            }
        );
        call!(
            refuse_cancel,
            RefuseCancelRequest {
                request_id: request_id(),
                case_id: case_id(),
                reason: "opened".to_owned(),
                ..Default::default()
            }
        );
        call!(
            start_travel,
            StartTravelRequest {
                request_id: request_id(),
                case_id: case_id(),
                ..Default::default()
            }
        );
        call!(
            check_in,
            CheckInRequest { request_id: request_id(), case_id: case_id(), ..Default::default() }
        );
        call!(
            submit_inspection,
            SubmitInspectionRequest {
                request_id: request_id(),
                case_id: case_id(),
                certificate: Some(certificate(world.clock.now())),
                ..Default::default()
            }
        );
        call!(
            complete_repair,
            CompleteRepairRequest {
                request_id: request_id(),
                case_id: case_id(),
                summary: "x".to_owned(),
                function: Function::Normal.into(),
                ..Default::default()
            }
        );
        call!(
            complete_visit,
            CompleteVisitRequest {
                request_id: request_id(),
                case_id: case_id(),
                completion_code: "123456".to_owned(),
                ..Default::default()
            }
        );
        call!(
            report_unable,
            ReportUnableRequest {
                request_id: request_id(),
                case_id: case_id(),
                reason: UnableReason::Unsafe.into(),
                ..Default::default()
            }
        );
    }};
}

#[tokio::test]
async fn anothers_case_is_as_unknown_as_none() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    book(&world, case, "08T09:00", "08T11:00").await.unwrap();
    let before = world.log_length(case).await;
    let nowhere = CaseId::new(Uuid::from_u128(9)).to_string();
    let not_found = |method: &str, answer: Result<(), tonic::Status>| {
        let error = Error::from_status(&answer.unwrap_err());
        assert_eq!(error.reason(), Reason::NotFound, "{method}");
        assert_eq!(error.text(), Reason::NotFound.summary(), "{method}");
    };
    for outsider in outsiders() {
        every_mutation!(&world, &outsider, &case.to_string(), not_found);
        let request = FindSlotsRequest { case_id: case.to_string(), ..Default::default() };
        not_found(
            "find_slots",
            world.scheduling.find_slots(ask(&outsider, request)).await.map(|_| ()),
        );
    }
    every_mutation!(&world, &agent(), &nowhere, not_found);
    assert_eq!(world.log_length(case).await, before, "nothing was written");
}

#[tokio::test]
async fn an_ended_case_moves_no_more() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let ended = parasol_journey::Command::Cancel;
    world.give_as(parasol_journey::ActorKind::Customer, case, ended).await;
    let ended = |method: &str, answer: Result<(), tonic::Status>| {
        let reason = Error::from_status(&answer.unwrap_err()).reason();
        // What names an appointment that never was is refused for that.
        let unknown = matches!(method, "release_slot" | "reschedule_appointment");
        assert_eq!(reason, if unknown { Reason::NotFound } else { Reason::CaseEnded }, "{method}");
    };
    every_mutation!(&world, &brand(), &case.to_string(), ended);
}

#[tokio::test]
async fn an_empty_request_is_an_invalid_argument() {
    let world = World::new().await;
    macro_rules! empty {
        ($($method:ident($message:ident);)+) => {$(
            for message in [
                $message::default(),
                $message { request_id: request_id(&world), ..Default::default() },
            ] {
                let answer = world.scheduling.$method(ask(&agent(), message.clone())).await;
                let error = Error::from_status(&answer.map(|_| ()).unwrap_err());
                assert_eq!(error.kind(), Kind::InvalidArgument, stringify!($method));
                let nobody = world.scheduling.$method(tonic::Request::new(message)).await;
                let error = Error::from_status(&nobody.map(|_| ()).unwrap_err());
                assert_eq!(error.reason(), Reason::Unauthenticated);
            }
        )+};
    }
    empty! {
        hold_slot(HoldSlotRequest);
        release_slot(ReleaseSlotRequest);
        propose_windows(ProposeWindowsRequest);
        release_windows(ReleaseWindowsRequest);
        renew_completion_code(RenewCompletionCodeRequest);
        waive_completion_code(WaiveCompletionCodeRequest);
        book_appointment(BookAppointmentRequest);
        reschedule_appointment(RescheduleAppointmentRequest);
        report_contact_failed(ReportContactFailedRequest);
        start_travel(StartTravelRequest);
        check_in(CheckInRequest);
        submit_inspection(SubmitInspectionRequest);
        complete_repair(CompleteRepairRequest);
        complete_visit(CompleteVisitRequest);
        report_unable(ReportUnableRequest);
        report_no_show(ReportNoShowRequest);
        expect_parts(ExpectPartsRequest);
        acknowledge_cancel(AcknowledgeCancelRequest);
        refuse_cancel(RefuseCancelRequest);
    }
    let answer = world.scheduling.find_slots(ask(&agent(), FindSlotsRequest::default())).await;
    assert_eq!(reason(answer), Reason::FieldInvalid);
    let request = StreamMyDayRequest::default();
    let answer = world.scheduling.stream_my_day(ask(&centre(), request)).await.map(|_| ());
    assert_eq!(Error::from_status(&answer.unwrap_err()).reason(), Reason::FieldInvalid);
}

#[tokio::test]
async fn every_violation_is_named_at_once() {
    let world = World::new().await;
    let future = Some(to_timestamp(world.clock.now() + Span::hours(1)));
    let request = || HoldSlotRequest {
        request_id: request_id(&world),
        case_id: "case_1".to_owned(),
        etag: "soon".to_owned(),
        partner_order_no: "x".repeat(65),
        occurred_at: future,
        partner_sequence: -1,
        slot_id: "slot".to_owned(),
    };
    let fields = async |by| {
        let refused = world.scheduling.hold_slot(ask(&by, request())).await.unwrap_err();
        let violations = Error::from_status(&refused).violations().to_vec();
        violations.into_iter().map(|one| one.field).collect::<Vec<_>>()
    };
    let all = ["case_id", "etag", "partner_order_no", "partner_sequence", "occurred_at", "slot_id"];
    assert_eq!(fields(centre()).await, all);
    assert_eq!(fields(agent()).await, ["case_id", "etag", "slot_id"], "no partner, no stamp");
}

#[tokio::test]
async fn the_same_request_is_the_same_answer_and_another_body_is_refused() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let request = book_request(&world, case, Slot::Window(window("08T09:00", "08T10:00")));
    let first = world.scheduling.book_appointment(ask(&customer(), request.clone())).await.unwrap();
    let first = first.into_inner();
    // Later, with other shifts, by then a case in another stage: what was answered is answered.
    world.network.set_hours(TECHNICIAN, ["20:00", "21:00", "", ""]);
    world.wait_until(at("2026-06-08T10:00"));
    world.let_deadlines_pass().await;
    let again = world.scheduling.book_appointment(ask(&customer(), request.clone())).await.unwrap();
    assert_eq!(again.into_inner(), first);
    assert_eq!(world.calls_of("BookAppointment").await, 1);
    assert_eq!(world.cells().await, 0);

    let other = BookAppointmentRequest { customer_chose: true, ..request.clone() };
    let refused = world.scheduling.book_appointment(ask(&customer(), other)).await;
    assert_eq!(reason(refused), Reason::RequestIdReused);
    // Another caller's request id is another request.
    let refused = world.scheduling.book_appointment(ask(&agent(), request)).await;
    assert_eq!(reason(refused), Reason::WindowInPast);
}

#[tokio::test]
async fn a_stale_etag_is_refused_with_the_current_one() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    let version = world.log_length(case).await;
    let slot = || Slot::Window(window("08T09:00", "08T10:00"));
    let stale = BookAppointmentRequest {
        etag: parasol_api::convert::etag(version - 1),
        ..book_request(&world, case, slot())
    };
    let refused = world.scheduling.book_appointment(ask(&customer(), stale)).await.unwrap_err();
    let refused = Error::from_status(&refused);
    assert_eq!(refused.reason(), Reason::VersionConflict);
    assert_eq!(refused.metadata()["current_etag"], parasol_api::convert::etag(version));
    let fresh = BookAppointmentRequest {
        etag: parasol_api::convert::etag(version),
        ..book_request(&world, case, slot())
    };
    world.scheduling.book_appointment(ask(&customer(), fresh)).await.unwrap();
}
