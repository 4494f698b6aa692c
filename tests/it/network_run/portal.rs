//! The third part: a brand whose centres have no systems. People work its cases by the portal's forms, an impatient
//! finger sends every form twice, and each case still has every step once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use parasol_journey::{ActorKind, Case, Fact, Stage};
use parasol_runtime::identity::{Principal, Role};

use super::town::{REED, Town};
use crate::portal::forms::{Forms, Put};
use crate::portal::signed_in;

/// Cases of the brand.
const CASES: usize = 200;
/// Events of a log.
const LOG_MAX: u64 = 10_000;
/// How far the people get with a case before the house has a part to do, at most.
const STEPS_MAX: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_cases_are_worked_on_the_portal_though_every_form_is_sent_twice() {
    let town = Town::open(CASES).await;
    town.file(REED, 0..CASES).await;
    town.settle().await;
    let mut browsers: BTreeMap<String, Forms> = BTreeMap::new();
    for id in town.cases().await.iter().map(|case| case.id) {
        for _ in 0..STEPS_MAX {
            town.settle().await;
            let store = &town.house.node.store;
            let case = store.case(id).await.expect("the store answers").expect("a case");
            if case.stage == Stage::AwaitConfirm {
                break;
            }
            let working = case.work_order.as_ref().map(|order| &order.centre);
            let centre = working.or(case.offer.as_ref().map(|offer| &offer.centre));
            let centre = centre.expect("a case has a centre").to_string();
            let browser = match browsers.entry(centre) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let who = Principal::new(Role::Centre, entry.key().clone()).of_brand(REED);
                    entry.insert(signed_in(&town.house, &who, "zh").await)
                }
            };
            step(browser, &case).await;
        }
    }
    town.confirm().await;
    for case in town.cases().await {
        assert_eq!(case.stage, Stage::Closed, "{}", case.id);
        every_step_once(&town, &case).await;
    }
}

/// What its people do with a case where it stands; every form is sent twice.
async fn step(browser: &mut Forms, case: &Case) {
    let own = format!("/portal/cases/{}", case.id);
    browser.go(&own).await;
    match case.stage {
        Stage::Dispatched => browser.submit_twice("/accept", &[]).await,
        Stage::CentreAssigned => {
            let person = browser.choices("technician").into_iter().next().expect("a technician");
            browser.submit_twice("/assign", &[("technician", Put::Text(&person))]).await;
        }
        Stage::TechnicianAssigned => {
            let slot = browser.choices("slot_id").into_iter().next().expect("a free slot");
            browser.submit("/hold", &[("slot_id", Put::Text(&slot))]).await;
            browser.submit_twice("/book", &[]).await;
        }
        Stage::Appointed => browser.submit_twice("/check-in", &[]).await,
        Stage::OnSite => {
            browser.go(&format!("{own}/certificate")).await;
            let photo = crate::portal::photo(&case.id.to_string());
            let filled: Vec<(&str, Put<'_>)> = [
                ("packaging", "missing"),
                ("exterior", "intact"),
                ("function", "fault"),
                ("fault_code", "F01"),
                ("finding", "传感器坏了"),
                ("cause", "product"),
                ("handling", "none"),
                ("conclusion", "repairable"),
                ("signature", "signed"),
            ]
            .map(|(name, value)| (name, Put::Text(value)))
            .into_iter()
            .chain(
                ["photo_nameplate", "photo_fault"].map(|name| (name, Put::File("p.jpg", &photo))),
            )
            .collect();
            browser.submit_twice("/certificate", &filled).await;
        }
        Stage::Repairing => {
            let said = [("function", Put::Text("normal")), ("summary", Put::Text("换了传感器"))];
            browser.submit_twice("/repair", &said).await;
        }
        stage => panic!("{} is {stage}, where nobody of the centre has a part", case.id),
    }
    assert_eq!(browser.status, 200, "{} at {}: {}", case.id, case.stage, browser.page);
}

pub async fn every_step_once(town: &Town, case: &Case) {
    let partner = [ActorKind::Brand, ActorKind::Centre, ActorKind::Technician];
    let log = town.house.node.store.log_after(case.id, 0, LOG_MAX).await.expect("a log");
    let theirs = log.iter().map(|logged| &logged.event);
    let theirs: Vec<_> = theirs.filter(|event| partner.contains(&event.actor.kind)).collect();
    let times = |is: fn(&Fact) -> bool| theirs.iter().filter(|event| is(&event.fact)).count();
    let steps = [
        times(|fact| matches!(fact, Fact::OfferAccepted { .. })),
        times(|fact| matches!(fact, Fact::TechnicianAssigned { .. })),
        times(|fact| matches!(fact, Fact::AppointmentBooked { .. })),
        times(|fact| matches!(fact, Fact::CheckedIn { .. })),
        times(|fact| matches!(fact, Fact::CertificateSubmitted { .. })),
        times(|fact| matches!(fact, Fact::RepairCompleted)),
    ];
    assert_eq!(steps, [1; 6], "{}: {:#?}", case.id, log);
    let kept = times(|fact| matches!(fact, Fact::MessageKept { .. }));
    assert_eq!(kept, 0, "{}: a form was taken for another message", case.id);
}
