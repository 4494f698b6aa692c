//! Technicians' calendars and the links that open them.

use parasol_api::technician::v1::visit_service_server::VisitService as _;
use parasol_api::technician::v1::{
    CalendarLink, CreateCalendarLinkRequest, GetCalendarRequest, RevokeCalendarLinkRequest,
};
use parasol_api::{Error, Reason};
use parasol_journey::{ActorKind, Command};
use parasol_runtime::identity::{Principal, Role};

use crate::course::*;
use crate::world::*;

async fn link(world: &World, by: &Principal, technician: &str) -> Result<CalendarLink, Reason> {
    let request = CreateCalendarLinkRequest {
        request_id: request_id(world),
        technician: technician.to_owned(),
    };
    let answer = world.scheduling.create_calendar_link(ask(by, request)).await;
    answer.map(|it| it.into_inner()).map_err(|status| Error::from_status(&status).reason())
}

async fn revoke(world: &World, by: &Principal, technician: &str) -> Result<(), Reason> {
    let request = RevokeCalendarLinkRequest {
        request_id: request_id(world),
        technician: technician.to_owned(),
    };
    let answer = world.scheduling.revoke_calendar_link(ask(by, request)).await;
    answer.map(|_| ()).map_err(|status| Error::from_status(&status).reason())
}

async fn calendar(world: &World, link: &CalendarLink) -> Result<String, Reason> {
    let token = link.path.strip_prefix("/v1/calendars/").unwrap().strip_suffix(".ics").unwrap();
    let gateway = Principal::new(Role::Service, "gateway");
    let request = GetCalendarRequest { token: token.to_owned(), language: String::new() };
    let answer = world.scheduling.get_calendar(ask(&gateway, request)).await;
    let answer = answer.map_err(|status| Error::from_status(&status).reason())?;
    Ok(answer.into_inner().content)
}

#[tokio::test]
async fn a_link_opens_the_calendar_until_it_is_replaced_or_taken_back() {
    let world = World::new().await;
    let first = link(&world, &technician(), "").await.unwrap();
    assert_eq!(first.technician, TECHNICIAN);
    assert!(!first.path.contains(TECHNICIAN), "{}", first.path);
    assert!(calendar(&world, &first).await.unwrap().starts_with("BEGIN:VCALENDAR\r\n"));

    let second = link(&world, &centre(), TECHNICIAN).await.unwrap();
    assert_eq!(calendar(&world, &first).await, Err(Reason::NotFound));
    assert!(calendar(&world, &second).await.is_ok());
    revoke(&world, &technician(), "").await.unwrap();
    revoke(&world, &technician(), "").await.unwrap();
    assert_eq!(calendar(&world, &second).await, Err(Reason::NotFound));
    let forged = CalendarLink { path: format!("/v1/calendars/{}.ics", "A".repeat(43)), ..second };
    assert_eq!(calendar(&world, &forged).await, Err(Reason::NotFound));
}

#[tokio::test]
async fn a_link_is_made_and_taken_back_by_its_technician_and_the_centre_only() {
    let world = World::new().await;
    let own = link(&world, &technician(), TECHNICIAN).await.unwrap();
    let strangers = [
        (technician(), COLLEAGUE),
        (centre(), STRANGER),
        (centre(), "nobody"),
        (Principal::new(Role::Centre, OTHER_CENTRE), TECHNICIAN),
    ];
    for (by, whose) in strangers {
        assert_eq!(link(&world, &by, whose).await, Err(Reason::TechnicianUnknown), "{by} {whose}");
        assert_eq!(revoke(&world, &by, whose).await, Err(Reason::TechnicianUnknown));
    }
    assert_eq!(link(&world, &centre(), "").await, Err(Reason::FieldInvalid));
    assert!(calendar(&world, &own).await.is_ok());
}

#[tokio::test]
async fn a_visit_keeps_its_name_while_it_moves_and_is_called_off_in_the_open() {
    let world = World::new().await;
    let link = link(&world, &technician(), "").await.unwrap();
    let case = world.with_technician(TECHNICIAN).await;
    let visit = book(&world, case, "08T09:00", "08T11:00").await.unwrap().appointment_id;
    let read = async || {
        let content = calendar(&world, &link).await.unwrap().replace("\r\n ", "");
        let lines = content.lines().map(str::to_owned).collect::<Vec<_>>();
        let value = |name: &str| {
            let found = lines.iter().filter_map(|line| line.strip_prefix(&format!("{name}:")));
            found.map(str::to_owned).collect::<Vec<_>>()
        };
        (value("UID"), value("DTSTART"), value("STATUS"), value("SEQUENCE"), content.clone())
    };
    let (uid, start, status, sequence, content) = read().await;
    assert_eq!(uid, [format!("{visit}@parasol")]);
    assert_eq!((start[0].as_str(), status[0].as_str()), ("20260608T010000Z", "CONFIRMED"));
    let order = world.case(case).await.work_order.unwrap().id.to_string();
    assert!(content.contains(&order) && content.contains("冰箱 · 330106"), "{content}");
    for personal in ["张", "13800008000", "文三路", "不制冷", "SN0001", CUSTOMER] {
        assert!(!content.contains(personal), "{personal} in {content}");
    }
    assert_eq!(read().await.4, content, "the same visits, the same bytes");

    let later = reschedule(&world, case, &visit, "08T13:00", "08T15:00").await;
    let (moved, start, _, rose, _) = read().await;
    assert_eq!(later, visit);
    assert_eq!((moved, start[0].as_str()), (uid, "20260608T050000Z"));
    let number = |sequence: &[String]| sequence[0].parse::<u64>().unwrap();
    assert!(number(&rose) > number(&sequence));

    world.give_as(ActorKind::Customer, case, Command::Cancel).await;
    let (_, _, status, last, _) = read().await;
    assert_eq!(status, ["CANCELLED"]);
    assert!(number(&last) > number(&rose));
}

async fn reschedule(
    world: &World,
    case: parasol_journey::ids::CaseId,
    visit: &str,
    from: &str,
    to: &str,
) -> String {
    use parasol_api::partner::v1::RescheduleAppointmentRequest;
    use parasol_api::partner::v1::appointment_service_server::AppointmentService as _;
    use parasol_api::partner::v1::reschedule_appointment_request::Slot;
    let request = RescheduleAppointmentRequest {
        request_id: request_id(world),
        case_id: case.to_string(),
        appointment_id: visit.to_owned(),
        slot: Some(Slot::Window(window(from, to))),
        asked_by: parasol_api::common::v1::Party::Customer.into(),
        ..Default::default()
    };
    let answer = world.scheduling.reschedule_appointment(ask(&customer(), request)).await;
    answer.unwrap();
    world.case(case).await.visit.unwrap().id.to_string()
}
