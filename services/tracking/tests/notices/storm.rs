//! Hundreds of notices, a carrier that misbehaves, processes that die anywhere.
//!
//! What must hold: no notice is lost, no number rings twice, and none that may have arrived is sent by another
//! way; and every fault must have bitten, or the run has proven nothing.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use parasol_api::Role;
use parasol_api::tracking::v1::notice_service_server::NoticeService as _;
use parasol_desk::customer_id;
use parasol_journey::Stage;
use parasol_journey::time::Span;
use parasol_journey::vocab::Channel;
use parasol_testkit::carriers::{Answer, Mishaps};
use parasol_tracking::notices::Operation;
use parasol_tracking::notices::ports::Carriers;

use crate::callbacks::signed;
use crate::world::*;

/// Cases that wait for their customers.
const CASES: usize = 150;
/// Rounds of a minute.
const ROUNDS: usize = 2_000;

mod on_sqlite {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nothing_is_lost_and_nothing_rings_twice() {
        Box::pin(super::storm(super::Cell::on_sqlite().await)).await;
    }
}

mod on_postgres {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nothing_is_lost_and_nothing_rings_twice() {
        Box::pin(super::storm(super::Cell::on_postgres("notices_storm").await)).await;
    }
}

async fn process_of(cell: &Cell) -> Process {
    let carriers = vec![cell.fake(Channel::Webhook), cell.fake(Channel::Sms)];
    cell.process_with(Carriers::of(carriers)).await
}

async fn storm(cell: Cell) {
    let mut process = process_of(&cell).await;
    let mut cases = Vec::new();
    for place in 0..CASES {
        let customer = customer_id(&format!("u-{place}"));
        process.know(customer, &format!("139{place:08}")).await;
        cases.push(process.refunded(filing_of(customer)).await);
    }
    cell.sms.set_mishaps(Mishaps::STORMY);
    let mut deaths = 0;
    for round in 0..ROUNDS {
        if round % 3 == 1 && deaths < 12 {
            cell.stuck.armed.store(true, Ordering::SeqCst);
        }
        let sending = process.sending.clone();
        let mut rounds = tokio::task::JoinSet::new();
        rounds.spawn(async move { sending.run_once().await });
        let ended = tokio::select! {
            biased;
            () = cell.stuck.reached.notified() => None,
            ended = rounds.join_next() => ended,
        };
        match ended {
            Some(ended) => {
                ended.unwrap().unwrap();
            }
            None => {
                rounds.shutdown().await;
                process.kill().await;
                process = process_of(&cell).await;
                deaths += 1;
                // Whoever held the lease is gone.
                cell.wait(Span::minutes(2));
            }
        }
        cell.sms.tick();
        for receipt in cell.sms.receipts() {
            let request = signed(&cell, &receipt.number, receipt.delivered);
            let taken = process.service.take_receipt(by(Role::Service, "gateway", request)).await;
            taken.unwrap();
        }
        cell.wait(Span::minutes(if round < 60 { 1 } else { 20 }));
        // Reminders of silence that is to come stay planned.
        let is_open = |one: &&parasol_tracking::notices::tables::notices::Model| {
            one.due > 0 && one.template != "confirm_soon"
        };
        if process.all().await.iter().find(is_open).is_none() {
            break;
        }
    }
    assert!(deaths >= 5, "only {deaths} deaths");
    check(&cell, &process, &cases).await;
}

async fn check(cell: &Cell, process: &Process, cases: &[parasol_journey::ids::CaseId]) {
    let all = process.all().await;
    let mut ends: BTreeMap<_, usize> = BTreeMap::new();
    for notice in all.iter().filter(|one| one.template != "confirm_soon") {
        assert_eq!(notice.due, 0, "{} is {}", notice.template, notice.state);
        *ends.entry(notice.state.clone()).or_default() += 1;
    }
    // Every number rang once; and a second channel was used after a refusal only.
    let passed = cell.sms.passed();
    let bitten = cell.sms.bitten();
    cell.sms.set_mishaps(Mishaps::NONE);
    let mut rang: BTreeMap<_, Vec<Channel>> = BTreeMap::new();
    for one in &passed {
        let Operation { notice, channel } = one.number.parse().unwrap();
        rang.entry(notice).or_default().push(channel);
    }
    for (notice, channels) in &rang {
        let row = all.iter().find(|one| one.notice == notice.0).unwrap();
        for (place, channel) in channels.iter().enumerate() {
            let later = &channels[place + 1..];
            assert!(!later.contains(channel), "{notice} rang twice under a number: {channels:?}");
            if later.is_empty() {
                continue;
            }
            // By our books and by the carrier's.
            let refused = row.tried.split(',').any(|one| one == channel.as_str());
            assert!(refused, "{notice} left {channel} without a no: {row:?}");
            let number = Operation { notice: *notice, channel: *channel }.to_string();
            let theirs = cell.sms.query(&number);
            assert!(matches!(theirs, Answer::Failed(_)), "{number} rang twice: {theirs:?}");
        }
    }
    for id in cases {
        let confirm = all.iter().find(|one| one.case_id == id.uuid() && one.template == "confirm");
        let (confirm, case) = (confirm.unwrap(), process.case(*id).await);
        assert_eq!(case.stage, Stage::AwaitConfirm);
        let told = case.asked.unwrap().told_at.is_some();
        assert_eq!(told, confirm.state == "delivered", "{id}: {}", confirm.state);
        assert_eq!(case.asked.unwrap().unreached && !told, confirm.state != "delivered");
    }
    println!("{ends:?}, {bitten:?}");
    assert!(ends["delivered"] > CASES, "{ends:?}");
    for what in [
        "error_before",
        "executed_then_lost",
        "request_lost",
        "rate_limited",
        "rejected",
        "undelivered",
        "question_lost",
        "receipt_twice",
        "receipt_late",
        "receipt_lost",
    ] {
        assert!(bitten.get(what).is_some_and(|times| *times > 0), "{what} never bit");
    }
}
