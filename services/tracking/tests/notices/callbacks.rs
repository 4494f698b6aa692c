//! Receipts of providers, signed: late, doubled, out of order, forged.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac as _};
use parasol_api::tracking::v1 as wire;
use parasol_api::tracking::v1::notice_service_server::NoticeService as _;
use parasol_api::{Error, Reason, Role};
use parasol_journey::deadline::Clock as Limit;
use parasol_journey::vocab::Channel;
use parasol_tracking::notices::ports::Carriers;
use sha2::Sha256;

use crate::world::*;

/// A receipt as an adapter signs it.
pub fn signed(cell: &Cell, number: &str, delivered: bool) -> wire::TakeReceiptRequest {
    let state = if delivered { "delivered" } else { "failed" };
    let body = format!(r#"{{"operation":"{number}","state":"{state}","reason":"absent"}}"#);
    let (id, timestamp) = (cell.id(), (cell.clock.now().micros() / 1_000_000).to_string());
    let key = BASE64_STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    let signature = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
    wire::TakeReceiptRequest { id, timestamp, signature, body: body.into_bytes() }
}

#[tokio::test]
async fn a_receipt_starts_the_clock_before_anybody_asks() {
    let cell = Cell::on_sqlite().await;
    let process = cell.process().await;
    process.know(customer(), PHONE).await;
    let id = process.refunded(filing()).await;
    process.rounds().await;
    let take =
        async |request| process.service.take_receipt(by(Role::Service, "gateway", request)).await;
    for passed in cell.sms.passed() {
        // Twice, as providers do.
        let receipt = signed(&cell, &passed.number, true);
        take(receipt.clone()).await.unwrap();
        take(receipt).await.unwrap();
    }
    process.rounds().await;
    assert_eq!(process.states(id).await["confirm"], "delivered");
    assert_eq!(process.owes(id, Limit::Confirm).await, Some(cell.clock.now() + WEEK));
    // Out of order: what arrived has arrived.
    for passed in cell.sms.passed() {
        take(signed(&cell, &passed.number, false)).await.unwrap();
    }
    process.rounds().await;
    assert_eq!(process.states(id).await["confirm"], "delivered");
}

const WEEK: parasol_journey::time::Span = parasol_journey::time::Span::days(7);

#[tokio::test]
async fn a_receipt_that_says_no_leads_to_the_next_channel() {
    let cell = Cell::on_sqlite().await;
    let carriers = vec![cell.fake(Channel::Webhook), cell.fake(Channel::Sms)];
    let process = cell.process_with(Carriers::of(carriers)).await;
    process.know(customer(), PHONE).await;
    let id = process.refunded(filing()).await;
    process.rounds().await;
    let confirm =
        process.listed(id).await.into_iter().find(|one| one.template == "confirm").unwrap();
    let first = format!("{}_w", confirm.notice_id);
    let receipt = signed(&cell, &first, false);
    process.service.take_receipt(by(Role::Service, "gateway", receipt)).await.unwrap();
    process.rounds().await;
    let numbers: Vec<_> = cell.sms.passed().into_iter().map(|one| one.number).collect();
    assert!(numbers.contains(&format!("{}_s", confirm.notice_id)), "{numbers:?}");
    // The first one arrives after all: the customer knows.
    let receipt = signed(&cell, &first, true);
    process.service.take_receipt(by(Role::Service, "gateway", receipt)).await.unwrap();
    process.rounds().await;
    let now = process.listed(id).await.into_iter().find(|one| one.template == "confirm").unwrap();
    assert_eq!(
        (now.state(), now.channel()),
        (wire::NoticeState::Delivered, wire::NoticeChannel::Webhook)
    );
}

#[tokio::test]
async fn what_is_forged_old_or_of_nothing_is_refused_and_moves_nothing() {
    let cell = Cell::on_sqlite().await;
    let process = cell.process().await;
    process.know(customer(), PHONE).await;
    let id = process.refunded(filing()).await;
    process.rounds().await;
    let number = cell.sms.passed()[0].number.clone();
    let take = async |request| {
        let answer = process.service.take_receipt(by(Role::Service, "gateway", request)).await;
        answer.map_err(|status| Error::from_status(&status).reason()).map(drop)
    };
    let good = signed(&cell, &number, true);
    let body = signed(&cell, &number, false).body;
    let forged = wire::TakeReceiptRequest { body, ..good.clone() };
    assert_eq!(take(forged).await, Err(Reason::CallbackUnsigned));
    assert_eq!(take(wire::TakeReceiptRequest::default()).await, Err(Reason::CallbackUnsigned));
    let unknown = format!("ntc_{}_s", "0".repeat(31) + "1");
    assert_eq!(take(signed(&cell, &unknown, true)).await, Err(Reason::NotFound));
    cell.wait(parasol_journey::time::Span::minutes(6));
    assert_eq!(take(good).await, Err(Reason::CallbackExpired));
    assert_eq!(process.owes(id, Limit::Confirm).await, None);
}
