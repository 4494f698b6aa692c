//! Calendars: imported, put in force, listed.

use parasol_api::admin::v1::policy_service_server::PolicyService as _;
use parasol_api::admin::v1::{
    Calendar, CalendarDay, CalendarDayKind, ImportCalendarRequest, ImportCalendarResponse,
    ListCalendarsRequest,
};
use parasol_api::{Reason, Role};
use parasol_journey::time::Span;
use parasol_verification::calendar_in_force;
use tonic::Status;

use crate::world::{World, by, fields, reason, refused};

fn calendar(version: &str) -> Calendar {
    let day = |day: &str, kind: CalendarDayKind| CalendarDay {
        day: day.to_owned(),
        kind: kind.into(),
        name_zh: "春节".to_owned(),
        name_en: "Spring Festival".to_owned(),
    };
    Calendar {
        version: version.to_owned(),
        sources: vec!["notice of the State Council".to_owned()],
        covered_from: "2026-01-01".to_owned(),
        covered_until: "2027-12-31".to_owned(),
        weekends_are_legal_holidays: true,
        days: vec![
            day("2027-02-06", CalendarDayKind::Holiday),
            day("2027-02-14", CalendarDayKind::MakeUp),
        ],
    }
}

impl World {
    async fn import(
        &self,
        request_id: &str,
        calendar: Calendar,
    ) -> Result<ImportCalendarResponse, Status> {
        let request =
            ImportCalendarRequest { request_id: request_id.to_owned(), calendar: Some(calendar) };
        let answer = self.service.import_calendar(by(Role::Operator, "op", request)).await;
        answer.map(tonic::Response::into_inner)
    }

    fn in_force(&self) -> String {
        self.desk.submitter.rules().calendar.version().to_owned()
    }
}

#[tokio::test]
async fn the_calendar_imported_last_is_in_force_and_found_again_at_start() {
    let world = World::new().await;
    let embedded = world.in_force();
    assert_eq!(calendar_in_force(&world.desk.store).await.unwrap().version(), embedded);
    let first = world.id();
    let answer = world.import(&first, calendar("cn-2027.1")).await.unwrap();
    assert_eq!(
        (answer.version.as_str(), answer.covered_until.as_str()),
        ("cn-2027.1", "2027-12-31")
    );
    assert_eq!(world.in_force(), "cn-2027.1");
    world.wait(Span::hours(1));
    world.import(&world.id(), calendar("cn-2027.2")).await.unwrap();
    assert_eq!(world.in_force(), "cn-2027.2");

    assert_eq!(world.import(&first, calendar("cn-2027.1")).await.unwrap(), answer);
    assert_eq!(world.in_force(), "cn-2027.2", "a repetition brings nothing back");
    let found = calendar_in_force(&world.desk.store).await.unwrap();
    assert_eq!(found.version(), "cn-2027.2");
    assert!(!found.is_working_day("2027-02-06".parse().unwrap()).unwrap());
    assert!(found.is_working_day("2027-02-14".parse().unwrap()).unwrap());
}

#[tokio::test]
async fn a_calendar_that_cannot_be_right_changes_nothing() {
    let world = World::new().await;
    let before = world.in_force();
    world.import(&world.id(), calendar("cn-2027.1")).await.unwrap();
    let mut doubled = calendar("a");
    doubled.days[1] = doubled.days[0].clone();
    let mut weekday = calendar("b");
    weekday.days[1].day = "2027-02-15".to_owned();
    let mut known = calendar("cn-2027.1");
    known.days.pop();
    let embedded = calendar(&before);
    let mut past = calendar("c");
    past.covered_from = "2027-01-01".to_owned();
    let mut homeless = calendar("d");
    homeless.sources.clear();
    for wrong in [doubled, weekday, known, embedded, past, homeless] {
        let version = wrong.version.clone();
        let error = refused(world.import(&world.id(), wrong).await);
        assert_eq!(error.reason(), Reason::CalendarInvalid, "{version}");
        assert!(!error.text().is_empty());
    }
    assert_eq!(world.in_force(), "cn-2027.1");
    // The same content once more is no contradiction.
    world.import(&world.id(), calendar("cn-2027.1")).await.unwrap();
}

#[tokio::test]
async fn every_fault_of_form_is_named() {
    let world = World::new().await;
    let mut wrong = calendar("");
    wrong.covered_until = "soon".to_owned();
    wrong.days[1].kind = 0;
    wrong.days[1].name_zh.clear();
    let error = refused(world.import(&world.id(), wrong).await);
    let expected = [
        "calendar.version",
        "calendar.covered_until",
        "calendar.days[1].kind",
        "calendar.days[1].name_zh",
    ];
    assert_eq!(fields(&error), expected);
    let nothing = ImportCalendarRequest::default();
    let answer = world.service.import_calendar(by(Role::Operator, "op", nothing)).await;
    assert_eq!(reason(answer), Reason::RequestIdMissing);
    let id = world.id();
    let request = ImportCalendarRequest { request_id: id.clone(), calendar: None };
    let answer = world.service.import_calendar(by(Role::Operator, "op", request)).await;
    assert_eq!(fields(&refused(answer)), ["calendar"]);
    world.import(&id, calendar("cn-2027.1")).await.unwrap();
    let reused = world.import(&id, calendar("cn-2027.9")).await;
    assert_eq!(reason(reused), Reason::RequestIdReused);
    assert_eq!(world.in_force(), "cn-2027.1");
}

#[tokio::test]
async fn calendars_are_listed_page_by_page_with_tokens_of_ones_own() {
    let world = World::new().await;
    for version in ["one", "two", "three"] {
        world.import(&world.id(), calendar(version)).await.unwrap();
        world.wait(Span::hours(1));
    }
    let ask = |page_token: String, include_days: bool| ListCalendarsRequest {
        page_size: 2,
        page_token,
        include_days,
    };
    let first = ask(String::new(), true);
    let page = world.service.list_calendars(by(Role::Operator, "op", first)).await;
    let page = page.unwrap().into_inner();
    let versions: Vec<_> = page.calendars.iter().map(|one| one.version.as_str()).collect();
    assert_eq!(versions, ["three", "two"]);
    assert_eq!(page.calendars[0], calendar("three"));
    let token = page.next_page_token;
    let next = ask(token.clone(), true);
    let rest = world.service.list_calendars(by(Role::Operator, "op", next)).await;
    let rest = rest.unwrap().into_inner();
    assert_eq!((rest.calendars.len(), rest.next_page_token.as_str()), (1, ""));

    for (subject, token, days) in [
        ("another", token.clone(), true),
        ("op", token.clone(), false),
        ("op", format!("00{token}"), true),
        ("op", "x".to_owned(), true),
    ] {
        let foreign = world.service.list_calendars(by(Role::Operator, subject, ask(token, days)));
        assert_eq!(reason(foreign.await), Reason::PageTokenInvalid);
    }
    let negative = ListCalendarsRequest { page_size: -1, ..ListCalendarsRequest::default() };
    let negative = world.service.list_calendars(by(Role::Operator, "op", negative)).await;
    assert_eq!(reason(negative), Reason::FieldInvalid);
    let plain = ListCalendarsRequest::default();
    let plain = world.service.list_calendars(by(Role::Operator, "op", plain)).await.unwrap();
    assert!(plain.into_inner().calendars.iter().all(|one| one.days.is_empty()));
}
