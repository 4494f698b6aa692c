//! Relay numbers: bound for a visit, shown around its window, given back afterwards, and never anybody's
//! own number.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use parasol_api::Error;
use parasol_api::common::v1::Function;
use parasol_api::technician::v1::stream_my_day_response::Change;
use parasol_api::technician::v1::visit_service_server::VisitService as _;
use parasol_api::technician::v1::{
    CompleteRepairRequest, CompleteVisitRequest, GetRelayNumberRequest, RelayNumber,
    StreamMyDayRequest, Visit,
};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_journey::{ActorKind, Command};
use parasol_runtime::identity::Principal;
use parasol_scheduling::relay::exchange::Exchange;
use parasol_scheduling::relay::local::LocalRelay;
use prost::Message as _;
use tokio::time::timeout;
use uuid::Uuid;

use crate::course::*;
use crate::world::*;

/// The customer's own number, as the world keeps it.
const CUSTOMERS_OWN: &str = "13800008000";
const TECHNICIANS_OWN: &str = "19800000001";
const LIMIT: Duration = Duration::from_secs(20);

struct Relay {
    world: World,
    provider: Arc<LocalRelay>,
    exchange: Exchange,
}

impl Relay {
    async fn new() -> Self {
        let world = World::new().await;
        for technician in [TECHNICIAN, COLLEAGUE] {
            world.network.change(technician, |one| one.phone = TECHNICIANS_OWN.to_owned());
        }
        let provider = Arc::new(LocalRelay::with_numbers(2));
        let exchange = world.scheduling.exchange(provider.clone(), Uuid::from_u128(1));
        Self { world, provider, exchange }
    }

    async fn turn(&self) {
        while self.exchange.run_once().await.unwrap() {}
    }

    /// The visit as the technician's day shows it now.
    async fn visit(&self) -> Visit {
        let request = StreamMyDayRequest::default();
        let stream = self.world.scheduling.stream_my_day(ask(&technician(), request)).await;
        let message = timeout(LIMIT, stream.unwrap().into_inner().next()).await.unwrap().unwrap();
        match message.unwrap().change {
            Some(Change::Visit(visit)) => *visit,
            other => panic!("{other:?} is not a visit"),
        }
    }

    async fn number(&self, by: &Principal, case: CaseId) -> RelayNumber {
        let request = GetRelayNumberRequest { case_id: case.to_string() };
        let answer = self.world.scheduling.get_relay_number(ask(by, request)).await;
        answer.unwrap().into_inner()
    }

    fn dial(&self, from: &str, number: &str) -> Option<String> {
        self.provider.dial(from, number, self.world.clock.now())
    }
}

#[tokio::test]
async fn a_number_is_shown_around_the_window_and_to_both_the_same() {
    let relay = Relay::new().await;
    let case = relay.world.with_technician(TECHNICIAN).await;
    book(&relay.world, case, "08T13:00", "08T15:00").await.unwrap();
    relay.turn().await;
    assert_eq!(relay.provider.lent(), 1, "it is bound from the booking on");
    assert_eq!(relay.visit().await.relay_phone, "", "and not shown before the window");
    assert_eq!(relay.number(&customer(), case).await.number, "");

    relay.world.wait_until(at("2026-06-08T12:00"));
    let shown = relay.visit().await.relay_phone;
    assert_eq!(relay.number(&customer(), case).await.number, shown);
    assert_eq!(relay.number(&agent(), case).await.number, shown);
    assert_eq!(relay.dial(TECHNICIANS_OWN, &shown).as_deref(), Some(CUSTOMERS_OWN));
    assert_eq!(relay.dial(CUSTOMERS_OWN, &shown).as_deref(), Some(TECHNICIANS_OWN));
    assert_eq!(relay.dial("13911112222", &shown), None);

    relay.world.wait_until(at("2026-06-08T17:00"));
    assert_eq!(relay.visit().await.relay_phone, "");
    relay.turn().await;
    assert_eq!(relay.provider.lent(), 0, "it is given back");
    assert_eq!(relay.number(&customer(), case).await.number, "");
}

#[tokio::test]
async fn a_day_is_told_when_the_number_comes_and_goes() {
    let relay = Relay::new().await;
    let case = relay.world.with_technician(TECHNICIAN).await;
    book(&relay.world, case, "08T13:00", "08T15:00").await.unwrap();
    relay.turn().await;
    let open = async |cursor: &str| {
        let request = StreamMyDayRequest { cursor: cursor.to_owned(), ..Default::default() };
        let stream = relay.world.scheduling.stream_my_day(ask(&technician(), request)).await;
        stream.unwrap().into_inner()
    };
    let mut stream = open("").await;
    let mut cursor = String::new();
    for (until, is_shown) in [("12:00", false), ("17:00", true), ("17:01", false)] {
        let message = timeout(LIMIT, stream.next()).await.unwrap().unwrap().unwrap();
        let Some(Change::Visit(visit)) = message.change else { panic!("{message:?}") };
        assert_eq!(!visit.relay_phone.is_empty(), is_shown, "until {until}");
        cursor = message.cursor;
        relay.world.wait_until(at(&format!("2026-06-08T{until}")));
        // Read on from the cursor: what is news does not depend on who still listens.
        stream = open(&cursor).await;
    }
    let message = timeout(LIMIT, open(&cursor).await.next()).await.unwrap().unwrap().unwrap();
    assert!(matches!(message.change, Some(Change::Bookmark(_))), "{message:?}");
}

#[tokio::test]
async fn after_closing_nothing_is_shown_and_the_number_is_given_back() {
    let relay = Relay::new().await;
    let case = in_repair(&relay.world).await;
    relay.turn().await;
    let shown = relay.number(&customer(), case).await.number;
    assert_ne!(shown, "");
    let repaired = CompleteRepairRequest {
        request_id: request_id(&relay.world),
        case_id: case.to_string(),
        summary: "换了继电器".to_owned(),
        function: Function::Normal.into(),
        ..Default::default()
    };
    relay.world.scheduling.complete_repair(ask(&technician(), repaired)).await.unwrap();
    assert_eq!(relay.visit().await.relay_phone, shown, "the customer has yet to confirm");
    let complete = CompleteVisitRequest {
        request_id: request_id(&relay.world),
        case_id: case.to_string(),
        completion_code: relay.world.desk.completion_code(case, 0),
        ..Default::default()
    };
    relay.world.scheduling.complete_visit(ask(&technician(), complete)).await.unwrap();
    assert_eq!(relay.visit().await.relay_phone, "", "at once");
    assert_eq!(relay.number(&customer(), case).await.number, "", "at once");
    relay.turn().await;
    assert_eq!((relay.provider.lent(), relay.dial(CUSTOMERS_OWN, &shown)), (0, None));
}

#[tokio::test]
async fn a_visit_that_moves_keeps_its_number_and_another_technician_gets_another() {
    let relay = Relay::new().await;
    let case = relay.world.with_technician(TECHNICIAN).await;
    book(&relay.world, case, "08T09:00", "08T11:00").await.unwrap();
    relay.turn().await;
    relay.world.wait_until(at("2026-06-08T09:00"));
    let first = relay.number(&customer(), case).await.number;
    assert_ne!(first, "");

    relay.world.give_as(ActorKind::Centre, case, reassign(COLLEAGUE)).await;
    assert_eq!(relay.number(&customer(), case).await.number, "", "not the number of another");
    relay.turn().await;
    assert_eq!(relay.dial(CUSTOMERS_OWN, &first), None);
    book(&relay.world, case, "08T10:00", "08T12:00").await.unwrap();
    relay.turn().await;
    let second = relay.number(&customer(), case).await.number;
    assert!(!second.is_empty() && second != first, "a number rests before it is lent again");
}

fn reassign(technician: &str) -> Command {
    let technician = technician.parse().unwrap();
    Command::ReassignTechnician { technician, helper: None }
}

#[tokio::test]
async fn a_provider_that_is_away_or_full_is_asked_again_later() {
    let relay = Relay::new().await;
    let case = relay.world.with_technician(TECHNICIAN).await;
    book(&relay.world, case, "08T09:00", "08T11:00").await.unwrap();
    relay.provider.set_away(true);
    relay.turn().await;
    relay.provider.set_away(false);
    relay.turn().await;
    assert_eq!(relay.provider.lent(), 0, "it is left alone for a minute");
    relay.world.wait(Span::minutes(1));
    relay.turn().await;
    assert_eq!(relay.provider.lent(), 1);

    for (from, to) in [("08T11:00", "08T12:00"), ("08T13:00", "08T14:00")] {
        let other = relay.world.with_technician(TECHNICIAN).await;
        book(&relay.world, other, from, to).await.unwrap();
    }
    relay.turn().await;
    assert_eq!(relay.provider.lent(), 2, "there are two numbers");
    relay.turn().await;
    assert_eq!(relay.exchange.lent().await.unwrap().len(), 2);
}

/// Each process has a provider of its own here; the numbers are the cell's.
#[tokio::test]
async fn one_process_lends_at_a_time_and_whoever_takes_over_knows_what_is_lent() {
    let relay = Relay::new().await;
    let elsewhere = Arc::new(LocalRelay::with_numbers(3));
    let other = relay.world.scheduling.exchange(elsewhere.clone(), Uuid::from_u128(2));
    let first = relay.world.with_technician(TECHNICIAN).await;
    book(&relay.world, first, "08T13:00", "08T15:00").await.unwrap();
    relay.turn().await;
    let second = relay.world.with_technician(COLLEAGUE).await;
    book(&relay.world, second, "08T13:00", "08T15:00").await.unwrap();
    assert!(!other.run_once().await.unwrap());
    assert_eq!((elsewhere.lent(), other.lent().await.unwrap().len()), (0, 1), "it is another's");

    // The first one is gone, and its lease with it.
    relay.world.wait(Span::minutes(1));
    other.run_once().await.unwrap();
    let lent = other.lent().await.unwrap();
    assert_eq!((elsewhere.lent(), lent.len()), (2, 2));
    assert_ne!(lent[0].number, lent[1].number, "no number is lent twice");
    let third = relay.world.with_technician(TECHNICIAN).await;
    book(&relay.world, third, "08T10:00", "08T12:00").await.unwrap();
    relay.turn().await;
    assert_eq!(other.lent().await.unwrap().len(), 2, "it comes back, and has lost its office");
    other.run_once().await.unwrap();
    assert_eq!(other.lent().await.unwrap().len(), 3);
}

/// Nothing the technician gets about a visit holds the customer's own number, at any time of its day.
#[tokio::test]
async fn a_technician_never_receives_the_customers_number() {
    let relay = Relay::new().await;
    let case = relay.world.filed().await;
    let body = format!(
        r#"{{"description":"打 {CUSTOMERS_OWN} 找我","model":"BCD-520","preferred_windows":[]}}"#
    );
    relay.world.keep(case.uuid(), "filing", &body).await;
    let triage = Command::Triage { path: parasol_journey::event::Path::Inspection, rules: vec![] };
    relay.world.give(case, triage).await;
    relay.world.dispatch(case, CENTRE).await;
    relay.world.assign(case, TECHNICIAN).await;
    book(&relay.world, case, "08T13:00", "08T15:00").await.unwrap();
    relay.turn().await;
    for time in ["08:00", "12:00", "14:00", "16:59", "17:00"] {
        let now = at(&format!("2026-06-08T{time}"));
        if relay.world.clock.now() < now {
            relay.world.wait_until(now);
        }
        let class = parasol_api::visibility::Class::Brand;
        let seen = parasol_api::visibility::shown(
            "parasol.technician.v1.Visit",
            class,
            &relay.visit().await,
        );
        let told = seen.encode_to_vec();
        let told = String::from_utf8_lossy(&told);
        assert!(!told.contains(CUSTOMERS_OWN) && told.contains("张*"), "{time} {told}");
    }
    let stranger = Principal::new(parasol_runtime::identity::Role::Customer, "user-2");
    let request = GetRelayNumberRequest { case_id: case.to_string() };
    let refused = relay.world.scheduling.get_relay_number(ask(&stranger, request)).await;
    let refused = Error::from_status(&refused.unwrap_err());
    assert_eq!(refused.reason(), parasol_api::Reason::NotFound);
}
