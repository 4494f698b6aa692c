//! Bad input gets its own reason, has a page, and changes nothing.

use parasol_api::common::v1::{RowResult, RowStatus};
use parasol_api::convert::to_timestamp;
use parasol_api::intake::v1::import_orders_request::Content;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::intake::v1::order_service_client::OrderServiceClient;
use parasol_api::intake::v1::{
    CancelCaseRequest, CustomerRow, FileCaseRequest, FileCaseResponse, ImportOrdersRequest,
    OrderRow,
};
use parasol_api::{Error, Listed as _, Reason, error};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::{CaseKind, Remedy};
use parasol_runtime::identity::Role;
use tonic::Status;
use uuid::Uuid;

use crate::house::House;

/// A line of the examples that a customer of theirs can file for.
pub(crate) const ORDER_LINE: &str = "300006285237-1";

fn fresh() -> String {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001).to_string()
}

fn owner_of(order_line: &str) -> (String, String) {
    let (_, orders) =
        parasol::demo::EXAMPLES.iter().find(|(name, _)| *name == "orders.jsonl").expect("orders");
    let line = orders.lines().find(|line| line.contains(order_line)).expect("the order is there");
    let row: serde_json::Value = serde_json::from_str(line).expect("a row is JSON");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    (text(&row["customer"]["customer"]), text(&row["serial"]))
}

/// The customer who bought it.
pub(crate) fn filer() -> String {
    owner_of(ORDER_LINE).0
}

pub(crate) fn filing() -> FileCaseRequest {
    FileCaseRequest {
        request_id: fresh(),
        order_line: ORDER_LINE.to_owned(),
        serial: owner_of(ORDER_LINE).1,
        kind: CaseKind::Quality.number(),
        wish: Remedy::Repair.number(),
        symptom: "leaking".to_owned(),
        description: "it leaks".to_owned(),
        ..FileCaseRequest::default()
    }
}

fn order(at: Timestamp) -> OrderRow {
    OrderRow {
        order_line: "TEST-1".to_owned(),
        sku: "AUR-BCD-520".to_owned(),
        serial: "TESTSERIAL1".to_owned(),
        price_fen: 100_000,
        delivered_at: Some(to_timestamp(at - Span::days(3))),
        customer: Some(CustomerRow {
            customer: "u-test".to_owned(),
            name: "测试".to_owned(),
            phone: "19900000000".to_owned(),
            address: "1 Test Road".to_owned(),
            county: "330106".to_owned(),
            location: None,
        }),
        ..OrderRow::default()
    }
}

/// A SKU of the examples.
fn known_sku() -> String {
    let (_, skus) =
        parasol::demo::EXAMPLES.iter().find(|(name, _)| *name == "skus.jsonl").expect("skus");
    let row: serde_json::Value =
        serde_json::from_str(skus.lines().next().expect("a line")).expect("a row is JSON");
    row["sku"].as_str().unwrap_or_default().to_owned()
}

async fn import(house: &House, orders: Vec<OrderRow>) -> Vec<RowResult> {
    let rows = (1_i64..).zip(orders).map(|(row, order)| ImportOrdersRequest {
        request_id: fresh(),
        row,
        content: Some(Content::Order(order)),
    });
    let rows: Vec<_> = rows.collect();
    let request = house.request(Role::Retailer, "tests", tokio_stream::iter(rows));
    let mut client = OrderServiceClient::new(house.channel.clone());
    client.import_orders(request).await.expect("an import answers").into_inner().results
}

pub(crate) async fn file(
    house: &House,
    message: FileCaseRequest,
) -> Result<FileCaseResponse, Status> {
    let request = house.request(Role::Customer, &filer(), message);
    let mut client = IntakeServiceClient::new(house.channel.clone());
    client.file_case(request).await.map(tonic::Response::into_inner)
}

/// The reason has a page that says what to do, in both languages.
fn has_a_page(reason: Reason) {
    let page = error::page(reason);
    assert!(page.contains(reason.code()) && page.chars().any(|c| c > '\u{4e00}'), "{page}");
}

async fn refused_row(change: impl FnOnce(&mut OrderRow), reason: Reason) {
    let house = House::open().await;
    let mut row = order(house.node.clock.now());
    row.sku = known_sku();
    change(&mut row);
    let before = house.rows().await;
    let results = import(&house, vec![row]).await;
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].status(), RowStatus::Refused, "{:?}", results[0]);
    assert_eq!(results[0].reason, reason.code(), "{:?}", results[0]);
    assert_eq!(house.rows().await, before, "a refused row changed something");
    has_a_page(reason);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_sku() {
    Box::pin(refused_row(|row| row.sku = "NO-SUCH-SKU".to_owned(), Reason::SkuUnknown)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn delivered_in_the_future() {
    let later = Timestamp::parse("2099-01-01T00:00:00Z").expect("an instant");
    Box::pin(refused_row(
        |row| row.delivered_at = Some(to_timestamp(later)),
        Reason::DeliveredInFuture,
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_serial_of_another_order() {
    Box::pin(refused_row(|row| row.serial = owner_of(ORDER_LINE).1, Reason::SerialOfAnotherOrder))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_row_twice() {
    let house = House::open().await;
    let mut row = order(house.node.clock.now());
    row.sku = known_sku();
    let results = import(&house, vec![row.clone(), row]).await;
    let statuses: Vec<_> = results.iter().map(RowResult::status).collect();
    assert_eq!(statuses, [RowStatus::Added, RowStatus::Refused]);
    assert_eq!(results[1].reason, Reason::RowDuplicate.code());
    has_a_page(Reason::RowDuplicate);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_of_a_megabyte() {
    let house = House::open().await;
    let before = house.rows().await;
    let message = FileCaseRequest { description: "x".repeat(1_000_000), ..filing() };
    let error = Error::from_status(&file(&house, message).await.expect_err("it is too long"));
    assert_eq!(error.reason(), Reason::FieldTooLong);
    assert_eq!(error.violations()[0].field, "description");
    assert_eq!(house.rows().await, before);
    has_a_page(Reason::FieldTooLong);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_over_the_limit_of_the_server() {
    let house = House::open().await;
    let before = house.rows().await;
    let message = FileCaseRequest { description: "x".repeat(5_000_000), ..filing() };
    let error = Error::from_status(&file(&house, message).await.expect_err("it is too large"));
    assert_eq!(error.reason(), Reason::MessageTooLarge);
    assert_eq!(house.rows().await, before);
    has_a_page(Reason::MessageTooLarge);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serial_that_is_not_the_orders() {
    let house = House::open().await;
    let before = house.rows().await;
    let message = FileCaseRequest { serial: "SOMETHINGELSE".to_owned(), ..filing() };
    let error = Error::from_status(&file(&house, message).await.expect_err("it is another unit"));
    assert_eq!(error.reason(), Reason::SerialOfAnotherOrder);
    assert_eq!(house.rows().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_etag_that_is_stale() {
    let house = House::open().await;
    let filed = file(&house, filing()).await.expect("a good filing is taken");
    let case = filed.case.expect("a filing answers with its case");
    let message = CancelCaseRequest {
        request_id: Uuid::from_u128(2).to_string(),
        case_id: case.case_id.clone(),
        etag: "\"99\"".to_owned(),
        reason: "changed my mind".to_owned(),
    };
    let request = house.request(Role::Customer, &filer(), message);
    let mut client = IntakeServiceClient::new(house.channel.clone());
    let status = client.cancel_case(request).await.expect_err("the etag is stale");
    let error = Error::from_status(&status);
    assert_eq!(error.reason(), Reason::VersionConflict);
    assert_ne!(error.metadata()["current_etag"], "\"99\"");
    let id = case.case_id.parse().expect("a case id");
    let log = house.node.store.log_after(id, 0, 100).await.expect("the log can be read");
    assert!(log.iter().all(|one| !one.event.stage.is_ended()), "the case was cancelled");
    has_a_page(Reason::VersionConflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_with_another_body() {
    let house = House::open().await;
    let first = file(&house, filing()).await.expect("a good filing is taken");
    let again = file(&house, filing()).await.expect("a repetition is answered");
    assert_eq!(first, again, "a repetition gets the same bytes");
    let before = house.rows().await;
    let other = FileCaseRequest { description: "it leaks a lot".to_owned(), ..filing() };
    let error = Error::from_status(&file(&house, other).await.expect_err("the body differs"));
    assert_eq!(error.reason(), Reason::RequestIdReused);
    assert_eq!(house.rows().await.get("cases"), before.get("cases"));
    assert_eq!(house.rows().await.get("vault"), before.get("vault"));
    has_a_page(Reason::RequestIdReused);
}
