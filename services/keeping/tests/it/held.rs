//! Legal holds: what is held is stored and not served, and goes once the hold is over.

use parasol_api::admin::v1::privacy_service_server::PrivacyService as _;
use parasol_api::admin::v1::{
    GetPersonalDataRequest, LiftHoldRequest, ListHoldsRequest, PlaceHoldRequest,
};
use parasol_api::convert::to_timestamp;
use parasol_api::{Reason, Role};
use parasol_casebook::tables::{commands, vault_held};
use parasol_desk::customer_id;
use parasol_journey::time::Span;
use parasol_keeping::{holds, person};
use sea_orm::EntityTrait as _;
use uuid::Uuid;

use crate::world::{WHOSE, World, by, by_manager, reason};

on_both_engines!(
    what_is_held_is_stored_and_not_served_until_it_is_lifted,
    a_hold_ends_by_itself,
    who_widened_a_hold_while_it_was_lifted_holds_nothing_for_ever,
    a_hold_covers_its_case_and_what_comes_later_and_no_other_case,
    who_is_erased_while_held_is_put_aside,
    holds_are_refused_and_repeated_as_every_call_is,
    a_customer_gets_what_is_kept_and_nobody_elses,
);

const NONE: [&str; 0] = [];

impl World {
    /// A hold on a customer of the tests.
    pub async fn place(&self, customer: &str, days: Option<i64>) -> String {
        self.place_on(&customer_id(customer).to_string(), days).await
    }

    async fn place_on(&self, subject: &str, days: Option<i64>) -> String {
        let request = self.hold(subject, days);
        self.service.place_hold(by_manager(request)).await.unwrap().into_inner().hold_id
    }

    fn hold(&self, subject: &str, days: Option<i64>) -> PlaceHoldRequest {
        let end = days.map(|days| to_timestamp(self.clock.now() + Span::days(days)));
        PlaceHoldRequest {
            request_id: self.id(),
            subject_id: subject.to_owned(),
            reason: "court-canary wants it".to_owned(),
            ends_at: end,
        }
    }

    async fn lift(&self, hold: &str) -> Result<(), Reason> {
        let request = LiftHoldRequest { request_id: self.id(), hold_id: hold.to_owned() };
        let lifted = self.service.lift_hold(by_manager(request)).await;
        lifted.map(drop).map_err(|status| reason::<()>(Err(status)))
    }

    /// The saved answers, those that are empty aside.
    pub async fn answers(&self) -> Vec<Vec<u8>> {
        let rows = commands::Entity::find().all(self.store.reader()).await.unwrap();
        let answers = rows.into_iter().filter(|row| !row.fingerprint.is_nil());
        answers.map(|row| row.body).filter(|body| !body.is_empty()).collect()
    }
}

async fn what_is_held_is_stored_and_not_served_until_it_is_lifted(world: World) {
    let case = world.file(1, "u-1").await;
    world.say(case, 50, "note").await;
    world.cancel(case).await;
    let hold = world.place_on(&case.to_string(), None).await;
    world.wait(1_100);
    world.keep().await;
    for (id, kind) in [(1, "filing"), (50, "note")] {
        assert_eq!(world.served(Uuid::from_u128(id)).await, NONE);
        assert_eq!(world.aside(Uuid::from_u128(id)).await, [kind]);
    }
    let listed = ListHoldsRequest { subject_id: case.to_string(), over_too: false };
    let listed = async || {
        let listed = world.service.list_holds(by_manager(listed.clone())).await.unwrap();
        listed.into_inner().holds
    };
    let holds = listed().await;
    assert_eq!(holds.len(), 1);
    assert_eq!(
        (holds[0].hold_id.as_str(), holds[0].placed_by.as_str()),
        (&*hold, "manager:manager-1")
    );
    assert_eq!(holds[0].reason, "court-canary wants it");
    for answer in world.answers().await {
        assert!(!String::from_utf8_lossy(&answer).contains("court-canary"), "saved in clear");
    }
    world.lift(&hold).await.unwrap();
    world.keep().await;
    for id in [1, 50] {
        assert_eq!(world.aside(Uuid::from_u128(id)).await, NONE);
    }
    assert_eq!(listed().await, []);
    assert_eq!(world.lift(&hold).await, Err(Reason::HoldOver));
}

/// A pass of retention had found the hold, and was later than the lifting.
async fn who_widened_a_hold_while_it_was_lifted_holds_nothing_for_ever(world: World) {
    let case = world.file(1, "u-1").await;
    world.cancel(case).await;
    let hold = world.place_on(&case.to_string(), None).await;
    world.wait(1_100);
    world.keep().await;
    assert_eq!(world.aside(case.uuid()).await, ["filing"]);
    let held = async || vault_held::Entity::find().all(world.store.reader()).await.unwrap();
    let rows = held().await;
    let ids: Vec<_> = rows.iter().map(|row| row.subject).collect();
    world.lift(&hold).await.unwrap();
    world.store.hold_also(rows[0].hold, &ids).await.unwrap();
    world.keep().await;
    assert_eq!(world.aside(case.uuid()).await, NONE);
    assert_eq!(held().await, []);
}

async fn a_hold_ends_by_itself(world: World) {
    let case = world.file(1, "u-1").await;
    world.cancel(case).await;
    let hold = world.place_on(&case.to_string(), Some(1_200)).await;
    world.wait(1_199);
    world.keep().await;
    assert_eq!(world.aside(case.uuid()).await, ["filing"]);
    world.wait(1);
    world.keep().await;
    world.keep().await;
    assert_eq!(world.aside(case.uuid()).await, NONE);
    let request = ListHoldsRequest { over_too: true, ..ListHoldsRequest::default() };
    let holds = world.service.list_holds(by_manager(request)).await.unwrap().into_inner().holds;
    assert_eq!(
        (holds[0].hold_id.as_str(), holds[0].lifted_by.as_str()),
        (&*hold, "service:keeping")
    );
}

async fn a_hold_covers_its_case_and_what_comes_later_and_no_other_case(world: World) {
    let customer = customer_id("u-1").uuid();
    world.write(vec![world.about(customer, "customer")]).await;
    let (held, other) = (world.file(1, "u-1").await, world.file(2, "u-1").await);
    world.place_on(&held.to_string(), None).await;
    world.say(held, 50, "note").await;
    world.say(other, 60, "note").await;
    world.cancel(held).await;
    world.cancel(other).await;
    world.wait(1_100);
    world.keep().await;
    assert_eq!(world.aside(held.uuid()).await, ["filing"]);
    assert_eq!(world.aside(Uuid::from_u128(50)).await, ["note"], "it was said after the hold");
    for id in [other.uuid(), Uuid::from_u128(60)] {
        assert_eq!(world.served(id).await, NONE);
        assert_eq!(world.aside(id).await, NONE, "another case is not held");
    }
    world.wait(2_600);
    world.keep().await;
    assert_eq!(world.served(customer).await, NONE);
    assert_eq!(world.aside(customer).await, ["customer"], "whose case it is belongs to it");
}

async fn who_is_erased_while_held_is_put_aside(world: World) {
    let id = customer_id("u-1");
    world.write(vec![world.about(id.uuid(), "customer")]).await;
    let hold = world.place("u-1", None).await;
    // Filed after the hold was placed: it is on the customer with all of their cases.
    let case = world.file(1, "u-1").await;
    let store = &world.store;
    let person = person::of_customer(store, &WHOSE, id).await.unwrap();
    assert_eq!(holds::cover(store, &person).await.unwrap().len(), 1);
    store.erase(&person.erasable(), world.clock.now()).await.unwrap();
    for (subject, kind) in [(id.uuid(), "customer"), (case.uuid(), "filing")] {
        assert_eq!(world.served(subject).await, NONE);
        assert_eq!(world.aside(subject).await, [kind]);
    }
    world.lift(&hold).await.unwrap();
    world.keep().await;
    for subject in [id.uuid(), case.uuid()] {
        assert_eq!(world.aside(subject).await, NONE);
    }
}

async fn holds_are_refused_and_repeated_as_every_call_is(world: World) {
    let case = world.file(1, "u-1").await;
    let service = &world.service;
    let request = world.hold(&case.to_string(), None);
    let first = service.place_hold(by_manager(request.clone())).await.unwrap().into_inner();
    let again = service.place_hold(by_manager(request.clone())).await.unwrap().into_inner();
    assert_eq!(first, again);
    let another = PlaceHoldRequest { reason: "another".to_owned(), ..request };
    let refused = reason(service.place_hold(by_manager(another)).await);
    assert_eq!(refused, Reason::RequestIdReused);
    for _ in 1..10 {
        world.place_on(&case.to_string(), None).await;
    }
    let full = world.hold(&case.to_string(), None);
    assert_eq!(reason(service.place_hold(by_manager(full)).await), Reason::HoldsFull);
    let stranger = customer_id("nobody").to_string();
    let unknown = world.hold(&stranger, None);
    assert_eq!(reason(service.place_hold(by_manager(unknown)).await), Reason::NotFound);
    for (subject, days) in [("offer_1", None), (&*stranger, Some(-1)), (&*stranger, Some(4_000))] {
        let wrong = world.hold(subject, days);
        assert_eq!(reason(service.place_hold(by_manager(wrong)).await), Reason::FieldInvalid);
    }
    let unknown = format!("legal_{}", Uuid::from_u128(5).simple());
    assert_eq!(world.lift(&unknown).await, Err(Reason::NotFound));
    assert_eq!(world.lift("legal_x").await, Err(Reason::FieldInvalid));
}

async fn a_customer_gets_what_is_kept_and_nobody_elses(world: World) {
    let id = customer_id("u-1");
    world.write(vec![world.about(id.uuid(), "customer")]).await;
    let case = world.file(1, "u-1").await;
    world.file(2, "u-2").await;
    world.say(case, 50, "note").await;
    let ask = async |role, subject: &str, customer: String| {
        let request = GetPersonalDataRequest { customer_id: customer };
        world.service.get_personal_data(by(role, subject, request)).await
    };
    let own = ask(Role::Customer, "u-1", String::new()).await.unwrap().into_inner();
    assert_eq!((own.customer_id, own.case_ids), (id.to_string(), vec![case.to_string()]));
    let mut kinds: Vec<_> = own.records.iter().map(|record| record.kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["customer", "filing", "note"]);
    assert!(own.records.iter().all(|record| record.data.contains("canary")));
    assert_eq!(own.reveals, []);
    let refused = ask(Role::Customer, "u-2", id.to_string()).await;
    assert_eq!(reason(refused), Reason::NotFound);
    ask(Role::Manager, "manager-1", id.to_string()).await.unwrap();
    // That a manager was given it is told to the customer.
    let own = ask(Role::Customer, "u-1", String::new()).await.unwrap().into_inner();
    let told: Vec<_> = own.reveals.iter().map(|one| (one.reader.as_str(), &*one.method)).collect();
    assert_eq!(told, [("manager:manager-1", "GetPersonalData")]);
}
