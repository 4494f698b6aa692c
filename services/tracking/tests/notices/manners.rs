//! When a customer is told, and how often.

use parasol_api::Role;
use parasol_api::tracking::v1 as wire;
use parasol_api::tracking::v1::notice_service_server::NoticeService as _;
use parasol_journey::event::Window;
use parasol_journey::time::Span;
use parasol_journey::vocab::Party;
use parasol_journey::{ActorKind, Command};
use parasol_tracking::notices::ports::Carriers;

use crate::world::*;

#[tokio::test]
async fn at_night_only_what_cannot_wait_is_sent() {
    let cell = Cell::on_sqlite().await;
    let process = cell.process_with(Carriers::local()).await;
    process.know(customer(), PHONE).await;
    cell.wait_until("10T22:00");
    let asleep = process.refunded(filing()).await;
    let coming = process.booked(filing(), 1).await;
    process.give(coming, ActorKind::Technician, Command::StartTravel { arriving_at: None }).await;
    process.rounds().await;
    assert_eq!(process.states(asleep).await["confirm"], "planned");
    assert_eq!(process.states(coming).await["on_the_way"], "delivered");
    assert_eq!(process.states(coming).await["booked"], "planned");
    cell.wait_until("11T07:59");
    process.rounds().await;
    assert_eq!(process.states(asleep).await["confirm"], "planned");
    cell.wait_until("11T08:00");
    process.rounds().await;
    assert_eq!(process.states(asleep).await["confirm"], "delivered");
}

#[tokio::test]
async fn what_is_true_no_more_is_let_go_and_calm_ones_go_in_one() {
    let cell = Cell::on_sqlite().await;
    let process = cell.process_with(Carriers::local()).await;
    process.know(customer(), PHONE).await;
    cell.wait_until("10T22:00");
    let id = process.booked(filing(), 20).await;
    let case = process.case(id).await;
    let technician = case.technician().unwrap().clone();
    let start = case.visit.unwrap().window.start + Span::hours(2);
    let window = Window { start, end: start + Span::hours(2) };
    let asked_by = Party::Customer;
    let moved = Command::RescheduleAppointment { technician, window, asked_by };
    process.give(id, ActorKind::Customer, moved).await;
    cell.wait_until("11T08:00");
    process.rounds().await;
    let states = process.states(id).await;
    for (template, state) in [
        ("booked", "suppressed"),
        ("moved", "delivered"),
        ("filed", "suppressed"),
        ("accepted", "delivered"),
    ] {
        assert_eq!(states[template], state, "{template} of {states:?}");
    }
    let listed = process.listed(id).await;
    let along = listed.iter().find(|one| one.template == "filed").unwrap();
    assert_eq!((along.reason.as_str(), along.text.as_str()), ("merged", ""));
    let leader = listed.iter().find(|one| one.template == "accepted").unwrap();
    assert_eq!(leader.text.lines().count(), 2, "{}", leader.text);
}

#[tokio::test]
async fn who_wants_one_message_a_day_gets_one_and_codes_and_questions_at_once() {
    let cell = Cell::on_sqlite().await;
    let process = cell.process_with(Carriers::local()).await;
    process.know(customer(), PHONE).await;
    let wishes = wire::UpdateNoticePreferencesRequest {
        request_id: cell.id(),
        digest: true,
        language: "en".to_owned(),
        muted: vec![wire::NoticeKind::Outcome.into(), wire::NoticeKind::Ask.into()],
        ..Default::default()
    };
    process.service.update_notice_preferences(by(Role::Customer, CUSTOMER, wishes)).await.unwrap();
    let id = process.refunded(filing()).await;
    process.rounds().await;
    let states = process.states(id).await;
    assert_eq!(states["filed"], "planned", "tomorrow at nine");
    assert_eq!(states["refund_begun"], "suppressed", "not wanted");
    assert_eq!(states["confirm"], "delivered", "cannot be refused");
    let listed = process.listed(id).await;
    let confirm = listed.iter().find(|one| one.template == "confirm").unwrap();
    assert!(confirm.text.contains("Please confirm"), "{}", confirm.text);
    cell.wait_until("11T09:00");
    process.rounds().await;
    assert_eq!(process.states(id).await["filed"], "delivered");
}

#[tokio::test]
async fn a_customer_hears_so_much_in_a_day_and_the_rest_tomorrow() {
    let cell = Cell::on_sqlite().await;
    let process = cell.process_with(Carriers::local()).await;
    process.know(customer(), PHONE).await;
    let mut cases = Vec::new();
    for _ in 0..101 {
        cases.push(process.file(filing()).await);
        // One at a time, or they would go in one.
        process.rounds().await;
    }
    let last = *cases.last().unwrap();
    assert_eq!(process.states(last).await["filed"], "planned");
    let delivered = process.all().await.iter().filter(|one| one.state == "delivered").count();
    assert_eq!(delivered, 100);
    let id = process.refunded(filing()).await;
    process.rounds().await;
    assert_eq!(process.states(id).await["confirm"], "delivered", "what a case waits for is told");
    cell.wait_until("11T08:00");
    process.rounds().await;
    assert_eq!(process.states(id).await["refund_begun"], "delivered");
    assert_eq!(process.states(id).await["filed"], "suppressed", "told along");
    assert_eq!(process.states(last).await["filed"], "suppressed", "told along");
}

#[tokio::test]
async fn the_evening_before_a_visit_is_remembered_unless_it_was_moved() {
    let cell = Cell::on_sqlite().await;
    let process = cell.process_with(Carriers::local()).await;
    process.know(customer(), PHONE).await;
    let id = process.booked(filing(), 30).await;
    process.rounds().await;
    assert_eq!(process.states(id).await["visit_tomorrow"], "planned");
    cell.wait_until("10T18:00");
    process.rounds().await;
    assert_eq!(process.states(id).await["visit_tomorrow"], "delivered");
}

#[tokio::test]
async fn hours_of_ones_own_take_the_place_of_the_houses() {
    let cell = Cell::on_sqlite().await;
    let process = cell.process_with(Carriers::local()).await;
    process.know(customer(), PHONE).await;
    let wishes = |from: &str, until: &str| wire::UpdateNoticePreferencesRequest {
        request_id: cell.id(),
        quiet_from: from.to_owned(),
        quiet_until: until.to_owned(),
        ..Default::default()
    };
    let change = async |from: &str, until: &str| {
        let wishes = by(Role::Customer, CUSTOMER, wishes(from, until));
        process.service.update_notice_preferences(wishes).await
    };
    for (from, until) in [("22:00", ""), ("", "07:00"), ("9:00", "10:00"), ("08:00", "22:01")] {
        let refused = change(from, until).await.unwrap_err();
        let refused = parasol_api::Error::from_status(&refused);
        assert!(refused.violations()[0].field.starts_with("quiet_"), "{from} {until}");
    }
    let known = change("06:00", "12:00").await.unwrap().into_inner();
    assert_eq!((known.quiet_from.as_str(), known.quiet_until.as_str()), ("06:00", "12:00"));
    cell.wait_until("11T02:00");
    let awake = process.refunded(filing()).await;
    process.rounds().await;
    assert_eq!(process.states(awake).await["confirm"], "delivered", "the house's night is theirs");
    cell.wait_until("11T11:59");
    let asleep = process.refunded(filing()).await;
    process.rounds().await;
    assert_eq!(process.states(asleep).await["confirm"], "planned");
    cell.wait_until("11T12:00");
    process.rounds().await;
    assert_eq!(process.states(asleep).await["confirm"], "delivered");
    let usual = change("", "").await.unwrap().into_inner();
    assert_eq!(usual.quiet_from, "");
}
