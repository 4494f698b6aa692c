//! A notice from its event to the customer, and what the case learns of it.

use parasol_casebook::Error;
use parasol_journey::deadline::Clock as Limit;
use parasol_journey::time::Span;
use parasol_journey::vocab::{Channel, Party};
use parasol_journey::{ActorKind, Command, Fact, Stage};
use parasol_testkit::carriers::Mishaps;
use parasol_tracking::notices::ports::Carriers;

use crate::world::*;

macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    Box::pin(super::$name(super::Cell::on_sqlite().await)).await;
                }
            )+
        }

        mod on_postgres {
            $(
                #[tokio::test]
                async fn $name() {
                    Box::pin(super::$name(super::Cell::on_postgres(stringify!($name)).await)).await;
                }
            )+
        }
    };
}

on_both_engines! {
    the_seven_days_begin_with_the_receipt,
    who_cannot_be_told_is_an_agents,
    a_lost_answer_is_asked_about_and_nothing_is_sent_twice,
    a_process_that_dies_between_sending_and_writing_loses_and_doubles_nothing,
    a_refusal_leads_to_another_channel,
    a_receipt_in_between_leaves_a_version_good,
}

/// What is planned is planned in the commit of its event; the customer's silence counts from when they were told.
async fn the_seven_days_begin_with_the_receipt(cell: Cell) {
    let process = cell.process().await;
    process.know(customer(), PHONE).await;
    let id = process.refunded(filing()).await;
    let planned = process.states(id).await;
    assert_eq!(planned.get("confirm").map(String::as_str), Some("planned"));
    assert_eq!(process.owes(id, Limit::Confirm).await, None);
    process.rounds().await;
    assert_eq!(process.states(id).await["confirm"], "sent");
    assert_eq!(process.owes(id, Limit::Confirm).await, None, "taken on is not arrived");
    cell.wait(Span::minutes(2));
    cell.sms.tick();
    process.rounds().await;
    assert_eq!(process.states(id).await["confirm"], "delivered");
    let due = process.owes(id, Limit::Confirm).await.unwrap();
    assert_eq!(due, cell.clock.now() + Span::days(7));
    let told = |fact: &Fact| matches!(fact, Fact::NoticeDelivered { channel: Channel::Sms, .. });
    let log = process.log(id).await;
    assert_eq!(log.iter().filter(|event| told(&event.fact)).count(), 1);
    let reminder = process.all().await.into_iter().find(|one| one.template == "confirm_soon");
    assert_eq!(reminder.unwrap().due, (due - Span::days(2)).micros());
    process.miss(&cell, id, Limit::Confirm).await;
    assert_eq!(process.case(id).await.stage, Stage::Closed);
}

/// Nobody knows the customer's number: the case goes to an agent and silence closes nothing.
async fn who_cannot_be_told_is_an_agents(cell: Cell) {
    let process = cell.process().await;
    let id = process.refunded(filing()).await;
    process.rounds().await;
    let states = process.states(id).await;
    assert_eq!(states["confirm"], "failed");
    let case = process.case(id).await;
    assert_eq!((case.stage, case.holder()), (Stage::AwaitConfirm, Some(Party::Retailer)));
    for _ in 0..12 {
        process.miss(&cell, id, Limit::ReachCustomer).await;
    }
    assert!(cell.clock.now().since(start()) > Span::days(7), "a week has passed");
    assert_eq!(process.case(id).await.stage, Stage::AwaitConfirm);
    assert!(cell.sms.passed().is_empty());
}

async fn a_lost_answer_is_asked_about_and_nothing_is_sent_twice(cell: Cell) {
    let process = cell.process().await;
    process.know(customer(), PHONE).await;
    cell.sms.set_mishaps(Mishaps { executed_then_lost: 1_000, ..Mishaps::NONE });
    let id = process.refunded(filing()).await;
    process.rounds().await;
    let all = process.all().await;
    let confirm = all.iter().find(|one| one.template == "confirm").unwrap();
    assert_eq!((confirm.state.as_str(), confirm.attempts), ("unknown", 1));
    cell.sms.tick();
    cell.wait(Span::minutes(3));
    process.rounds().await;
    assert_eq!(process.states(id).await["confirm"], "delivered");
    let mut numbers: Vec<_> = cell.sms.passed().into_iter().map(|one| one.number).collect();
    let all = numbers.len();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), all, "a number was passed on twice");
    assert_eq!(cell.sms.bitten().get("sent_again"), None);
}

/// The process dies after the carrier has passed the message on and before anybody wrote that down.
async fn a_process_that_dies_between_sending_and_writing_loses_and_doubles_nothing(cell: Cell) {
    use std::sync::atomic::Ordering;
    let process = cell.process().await;
    process.know(customer(), PHONE).await;
    let id = process.refunded(filing()).await;
    cell.stuck.armed.store(true, Ordering::SeqCst);
    let sending = process.sending.clone();
    let mut round = tokio::task::JoinSet::new();
    round.spawn(async move { sending.run_once().await });
    cell.stuck.reached.notified().await;
    round.shutdown().await;
    process.kill().await;
    assert!(!cell.sms.passed().is_empty(), "it was on its way");

    let next = cell.process().await;
    let sent = next.all().await.into_iter().find(|one| one.template == "confirm").unwrap();
    assert_eq!((sent.state.as_str(), sent.attempts), ("sent", 1), "known to be out before it went");
    cell.sms.tick();
    // The lease of the one that died has to lapse.
    cell.wait(Span::minutes(3));
    next.rounds().await;
    assert_eq!(next.states(id).await["confirm"], "delivered");
    assert!(next.owes(id, Limit::Confirm).await.is_some());
    let confirm = cell.sms.passed().into_iter().filter(|one| one.number == number(&sent, 's'));
    assert_eq!(confirm.count(), 1);
    assert_eq!(cell.sms.bitten().get("sent_again"), None, "it was asked about, not sent again");
}

fn number(notice: &parasol_tracking::notices::tables::notices::Model, letter: char) -> String {
    format!("ntc_{}_{letter}", notice.notice.simple())
}

async fn a_refusal_leads_to_another_channel(cell: Cell) {
    let carriers = vec![cell.fake(Channel::Sms), cell.fake(Channel::Webhook)];
    let process = cell.process_with(Carriers::of(carriers)).await;
    process.know(customer(), PHONE).await;
    // A letter goes to the retailer's systems before it becomes a text message.
    cell.sms.reject(&customer().to_string());
    let id = process.refunded(filing()).await;
    process.rounds().await;
    cell.sms.tick();
    cell.wait(Span::minutes(2));
    process.rounds().await;
    let all = process.all().await;
    let confirm = all.iter().find(|one| one.template == "confirm").unwrap();
    assert_eq!((confirm.state.as_str(), confirm.channel.as_str()), ("delivered", "sms"));
    assert_eq!(confirm.tried, "webhook");
    assert!(process.owes(id, Limit::Confirm).await.is_some());
    let numbers: Vec<_> = cell.sms.passed().into_iter().map(|one| one.number).collect();
    assert!(numbers.contains(&number(confirm, 's')) && !numbers.contains(&number(confirm, 'w')));
}

/// Who saw the case just before the notice of it arrived may act on what they saw; who saw less may not.
async fn a_receipt_in_between_leaves_a_version_good(cell: Cell) {
    let process = cell.process().await;
    process.know(customer(), PHONE).await;
    let id = process.refunded(filing()).await;
    let seen = process.case(id).await.version;
    process.rounds().await;
    cell.wait(Span::minutes(2));
    cell.sms.tick();
    process.rounds().await;
    assert_eq!(process.states(id).await["confirm"], "delivered");
    assert_eq!(process.case(id).await.version, seen + 1, "the receipt is an entry");
    let give = async |version, command| {
        process.give_at(Some(version), id, ActorKind::Customer, command).await
    };
    let conflict = |answer: Result<(), Error>| {
        assert!(matches!(answer, Err(Error::VersionConflict { .. })), "{answer:?}");
    };
    conflict(give(seen - 1, Command::Remind).await);
    conflict(give(seen + 2, Command::Remind).await);
    give(seen, Command::Remind).await.unwrap();
    // Of those who saw the same version one acted; the others look again.
    conflict(give(seen, Command::ConfirmOutcome).await);
    conflict(give(seen + 1, Command::ConfirmOutcome).await);
    let now = process.case(id).await.version;
    give(now, Command::ConfirmOutcome).await.unwrap();
    assert_eq!(process.case(id).await.stage, Stage::Closed);
}
