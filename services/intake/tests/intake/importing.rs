//! ImportOrders, row by row.

use parasol_api::Reason;
use parasol_api::common::v1::{GeoPoint, RowStatus};
use parasol_api::convert::to_timestamp;
use parasol_api::intake::v1::import_orders_request::Content;
use parasol_api::intake::v1::order_service_server::OrderService;
use parasol_api::intake::v1::{
    GetUnitRequest, ImportOrdersRequest, ImportOrdersResponse, OrderRow,
};
use parasol_desk::customer_id;
use parasol_journey::time::Span;
use parasol_journey::vocab::{Category, Promise};
use prost::Message;

use crate::samples::{FRIDGE, both_skus, order, rows, sku, sold};
use crate::world::{World, agent, by, reason, retailer, start};

fn statuses(answer: &ImportOrdersResponse) -> Vec<(RowStatus, &str, &str)> {
    let results = answer.results.iter();
    results.map(|row| (row.status(), row.reason.as_str(), row.field.as_str())).collect()
}

async fn price(world: &World, serial: &str) -> Option<i64> {
    let request = GetUnitRequest { serial: serial.to_owned(), ..GetUnitRequest::default() };
    let unit = world.intake.get_unit(by(&agent(), request)).await;
    Some(unit.ok()?.into_inner().unit?.price?.fen)
}

#[tokio::test]
async fn every_bad_row_has_its_reason_and_the_rest_is_stored() {
    let world = World::new().await;
    let with = |n, change: fn(&mut OrderRow)| {
        let mut row = order(n);
        change(&mut row);
        Content::Order(row)
    };
    let bad: Vec<(Content, &str, &str)> = vec![
        (with(2, |row| row.sku = "NO-SUCH".into()), "SKU_UNKNOWN", "sku"),
        (
            with(3, |row| row.delivered_at = Some(to_timestamp(start() + Span::days(1)))),
            "DELIVERED_IN_FUTURE",
            "delivered_at",
        ),
        (with(4, |row| row.serial = "S-1".into()), "SERIAL_OF_ANOTHER_ORDER", "serial"),
        (with(1, |_| {}), "ROW_DUPLICATE", "order_line"),
        (with(5, |row| row.price_fen = -1), "FIELD_INVALID", "price_fen"),
        (with(6, |row| row.promises = vec![99]), "FIELD_INVALID", "promises[0]"),
        (with(7, |row| row.promises = vec![1, 1]), "FIELD_INVALID", "promises"),
        (with(8, |row| row.delivered_at = None), "FIELD_INVALID", "delivered_at"),
        (
            with(9, |row| row.installed_at = Some(to_timestamp(start() - Span::days(9)))),
            "FIELD_INVALID",
            "installed_at",
        ),
        (with(10, |row| row.customer = None), "FIELD_INVALID", "customer"),
        (
            with(11, |row| row.customer.as_mut().unwrap().county = "33010".into()),
            "FIELD_INVALID",
            "customer.county",
        ),
        (
            with(12, |row| row.customer.as_mut().unwrap().county = "990101".into()),
            "COUNTY_UNKNOWN",
            "customer.county",
        ),
        (
            with(13, |row| row.customer.as_mut().unwrap().customer = "u 13".into()),
            "FIELD_INVALID",
            "customer.customer",
        ),
        (
            with(14, |row| row.customer.as_mut().unwrap().phone = "call me".into()),
            "FIELD_INVALID",
            "customer.phone",
        ),
        (
            with(15, |row| row.customer.as_mut().unwrap().name = "x".repeat(61)),
            "FIELD_TOO_LONG",
            "customer.name",
        ),
        (with(16, |row| row.order_line = "x".repeat(70_000)), "ROW_TOO_LONG", ""),
        (Content::Sku(sku("", Category::Fan, false)), "FIELD_INVALID", "sku"),
        (Content::Sku(sku(FRIDGE, Category::Fan, false)), "ROW_DUPLICATE", "sku"),
    ];
    let good = both_skus().into_iter().chain([Content::Order(order(1))]);
    let after = [Content::Order(order(17))];
    let expected: Vec<_> = bad.iter().map(|(_, reason, field)| (*reason, *field)).collect();
    let content = good.chain(bad.into_iter().map(|(content, ..)| content)).chain(after);
    let mut stream = rows(1, content);
    stream.push(ImportOrdersRequest::default());

    let answer = world.import(retailer(), stream).await.unwrap();
    let found = statuses(&answer);
    let added = (RowStatus::Added, "", "");
    assert_eq!(found[..3], [added; 3]);
    for (found, (reason, field)) in found[3..].iter().zip(&expected) {
        assert_eq!(*found, (RowStatus::Refused, *reason, *field));
    }
    assert_eq!(found[3 + expected.len()..], [added, (RowStatus::Refused, "ROW_MALFORMED", "")]);
    let refused = expected.len() as i64 + 1;
    assert_eq!((answer.added, answer.refused, answer.rows), (4, refused, 4 + refused));
    let numbers: Vec<_> = answer.results.iter().map(|row| row.row).collect();
    assert_eq!(numbers, (1..=answer.rows).collect::<Vec<_>>());
    assert!(answer.results.iter().all(|row| row.reason.is_empty() == row.message.is_empty()));
    assert_eq!(price(&world, "S-1").await, Some(399_900));
    assert_eq!(price(&world, "S-17").await, Some(399_900));
    for n in 2..=16 {
        assert_eq!(price(&world, &format!("S-{n}")).await, None, "S-{n} is stored");
    }
}

#[tokio::test]
async fn what_was_sold_is_not_rewritten_and_what_may_grow_grows() {
    let world = World::new().await;
    let import = async |request: u128, row: OrderRow| {
        let answer = world.import(retailer(), rows(request, [Content::Order(row)])).await.unwrap();
        let row = &answer.results[0];
        (row.status(), row.reason.clone(), row.field.clone())
    };
    world.import(retailer(), rows(1, both_skus())).await.unwrap();
    let is = |status: RowStatus| (status, String::new(), String::new());
    let changed =
        |field: &str| (RowStatus::Refused, "ORDER_LINE_CHANGED".to_owned(), field.to_owned());
    let base = sold(1, start() - Span::days(3), &[Promise::Return30]);
    assert_eq!(import(2, base.clone()).await, is(RowStatus::Added));
    assert_eq!(import(3, base.clone()).await, is(RowStatus::Unchanged));

    let mut row = base.clone();
    row.price_fen = 1;
    assert_eq!(import(4, row).await, changed("price_fen"));
    let mut row = base.clone();
    row.serial = "S-99".into();
    assert_eq!(import(5, row).await, changed("serial"));
    let mut row = base.clone();
    row.customer.as_mut().unwrap().customer = "u-99".into();
    assert_eq!(import(6, row).await, changed("customer.customer"));
    let mut row = base.clone();
    row.promises.clear();
    assert_eq!(import(7, row).await, changed("promises"));

    let mut row = base.clone();
    row.gifts = vec!["KET-01".into()];
    assert_eq!(import(16, row.clone()).await, changed("gifts"));
    row.gift_prices_fen = vec![9_900, 100];
    assert_eq!(import(18, row.clone()).await.2, "gift_prices_fen", "one for each");
    row.gift_prices_fen = vec![-1];
    assert_eq!(import(19, row.clone()).await.2, "gift_prices_fen[0]");
    row.gift_prices_fen = vec![];
    row.gifts.push("KET-01".into());
    assert_eq!(import(17, row).await.2, "gifts[1]", "each once");

    let mut grown = sold(1, start() - Span::days(3), &[Promise::Return30, Promise::Insurance365]);
    grown.installed_at = Some(to_timestamp(start() - Span::days(2)));
    assert_eq!(import(8, grown.clone()).await, is(RowStatus::Updated));
    assert_eq!(import(9, grown.clone()).await, is(RowStatus::Unchanged));
    let mut row = grown.clone();
    row.installed_at = Some(to_timestamp(start() - Span::days(1)));
    assert_eq!(import(10, row).await, changed("installed_at"));
    let mut moved = grown;
    moved.customer.as_mut().unwrap().address = "另一条路2号".into();
    assert_eq!(import(11, moved.clone()).await, is(RowStatus::Updated));
    assert_eq!(import(12, moved.clone()).await, is(RowStatus::Unchanged));
    moved.customer.as_mut().unwrap().location = Some(GeoPoint { lat: 30.2, lon: 120.15 });
    assert_eq!(import(13, moved.clone()).await, is(RowStatus::Updated));
    assert_eq!(import(14, moved.clone()).await, is(RowStatus::Unchanged));
    let kept = world.desk.store.reveal(customer_id("u-1").uuid(), "customer").await.unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept.unwrap()).unwrap();
    assert_eq!(kept["location"], serde_json::json!({ "lat": 30_200_000, "lon": 120_150_000 }));
    moved.customer.as_mut().unwrap().location = Some(GeoPoint { lat: 30.2, lon: 180.5 });
    let nowhere = import(15, moved).await;
    assert_eq!((nowhere.0, nowhere.2.as_str()), (RowStatus::Refused, "customer.location.lon"));
    assert_eq!(price(&world, "S-1").await, Some(399_900));
    assert_eq!(price(&world, "S-99").await, None);
}

#[tokio::test]
async fn an_import_sent_again_gets_the_same_bytes_also_from_another_process() {
    let world = World::new().await;
    let content = || both_skus().into_iter().chain([Content::Order(order(1))]);
    let first = world.import(retailer(), rows(1, content())).await.unwrap();
    assert_eq!(first.added, 3);
    let again = world.import(retailer(), rows(1, content())).await.unwrap();
    assert_eq!(again.encode_to_vec(), first.encode_to_vec());
    let world = world.restarted().await;
    let again = world.import(retailer(), rows(1, content())).await.unwrap();
    assert_eq!(again.encode_to_vec(), first.encode_to_vec());

    // The same id with another stream is refused and stores nothing.
    let other = content().chain([Content::Order(order(2))]);
    let refused = world.import(retailer(), rows(1, other)).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::RequestIdReused);
    assert_eq!(price(&world, "S-2").await, None);
    // A new id finds everything there.
    let anew = world.import(retailer(), rows(2, content())).await.unwrap();
    assert_eq!((anew.added, anew.unchanged), (0, 3));
}

#[tokio::test]
async fn a_stream_without_id_or_with_too_many_rows_stores_nothing() {
    let world = World::new().await;
    let empty = world.import(retailer(), Vec::new()).await.unwrap_err();
    assert_eq!(empty.reason(), Reason::RequestIdMissing);
    let mut unnamed = rows(1, both_skus());
    unnamed[0].request_id.clear();
    let unnamed = world.import(retailer(), unnamed).await.unwrap_err();
    assert_eq!(unnamed.reason(), Reason::RequestIdMissing);

    let good = both_skus().into_iter().chain([Content::Order(order(1))]);
    let many = good.chain((0..20_000).map(|_| Content::Sku(sku("", Category::Fan, false))));
    let refused = world.import(retailer(), rows(2, many)).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::MessageTooLarge);
    assert_eq!(price(&world, "S-1").await, None);
}

#[tokio::test]
async fn many_rows_go_in_by_chunks_and_a_chunk_knows_those_before_it() {
    let world = World::new().await;
    let sales = (1..=700).map(|n| Content::Order(order(n)));
    // The serial and the line of the first chunk come back in the last one.
    let mut thief = order(701);
    thief.serial = "S-1".into();
    let late = [Content::Order(thief), Content::Order(order(2))];
    let stream = rows(1, both_skus().into_iter().chain(sales).chain(late));
    let answer = world.import(retailer(), stream).await.unwrap();
    assert_eq!((answer.added, answer.refused), (702, 2));
    let last = &statuses(&answer)[702..];
    let serial = (RowStatus::Refused, "SERIAL_OF_ANOTHER_ORDER", "serial");
    assert_eq!(last, [serial, (RowStatus::Refused, "ROW_DUPLICATE", "order_line")]);
    assert_eq!(price(&world, "S-700").await, Some(399_900));
}

#[tokio::test]
async fn two_imports_at_once_sell_a_unit_once() {
    let world = World::new().await;
    world.import(retailer(), rows(1, both_skus())).await.unwrap();
    let sale = |line: &str| {
        let row = OrderRow { order_line: line.to_owned(), ..order(1) };
        [Content::Order(row)]
    };
    let (one, other) = tokio::join!(
        world.import(retailer(), rows(2, sale("L-A"))),
        world.import(retailer(), rows(3, sale("L-B"))),
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((one.added + other.added, one.refused + other.refused), (1, 1));
}

#[tokio::test]
async fn an_unknown_unit_is_not_found() {
    let world = World::new().await;
    let ask = |serial: &str| GetUnitRequest { serial: serial.into(), ..GetUnitRequest::default() };
    let unknown = world.intake.get_unit(by(&agent(), ask("S-404"))).await;
    assert_eq!(reason(unknown), Reason::NotFound);
    let empty = world.intake.get_unit(by(&agent(), GetUnitRequest::default())).await;
    assert_eq!(reason(empty), Reason::FieldInvalid);
}
