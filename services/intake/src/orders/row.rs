//! One row of an import, checked for everything that can be told from the row alone.

use std::collections::BTreeSet;

use parasol_api::intake::v1::import_orders_request::Content;
use parasol_api::intake::v1::{CustomerRow, ImportOrdersRequest, OrderRow, SkuRow};
use parasol_api::limits::{
    CODE_MAX, FOREIGN_NUMBER_MAX, GIFTS_MAX, IMPORT_ROW_BYTES_MAX, NAME_MAX, SHORT_NAME_MAX,
    STREET_MAX,
};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{customer_id, location};
use parasol_journey::gift::Gift;
use parasol_journey::ids::{BrandId, CustomerId, OrderLineId, Serial, Sku};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::{Category, Promise};
use prost::Message;

use crate::handlers::county;
use crate::person::Person;
use crate::tables::{orders, skus};

/// Bytes of a row's message at most, so that the report of a whole import fits into one answer.
const MESSAGE_BYTES_MAX: usize = 96;
/// The most promises of a unit that only the policy knows.
const PROMISE_IDS_MAX: usize = 40;
/// The longest number by which the retailer knows a customer.
const CUSTOMER_KEY_MAX: usize = 64;

/// A row that may be stored, as far as the row alone tells.
pub(crate) enum Row {
    /// A stock keeping unit.
    Sku(skus::Model),
    /// An order line with its customer.
    Order(Box<orders::Model>, Box<Person>),
}

/// Why a row is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub reason: Reason,
    /// In English, for the person who reads the report.
    pub message: String,
    /// The field at fault; empty when it is the whole row.
    pub field: String,
}

impl Fault {
    /// A fault of a field, in the registry's words.
    pub(crate) fn of(field: &str, reason: Reason) -> Self {
        Self { reason, message: reason.summary().to_owned(), field: field.to_owned() }
    }
}

/// Reads a row that came at `now`.
pub(crate) fn read(message: ImportOrdersRequest, now: Timestamp) -> Result<Row, Fault> {
    if message.encoded_len() > IMPORT_ROW_BYTES_MAX {
        return Err(Fault::of("", Reason::RowTooLong));
    }
    let read = match message.content {
        Some(Content::Sku(row)) => read_sku(&row),
        Some(Content::Order(row)) => read_order(&row, now),
        None => return Err(Fault::of("", Reason::RowMalformed)),
    };
    read.map_err(|error| first_fault(&error))
}

/// A report has room for one fault a row.
fn first_fault(error: &Error) -> Fault {
    match error.violations().first() {
        Some(first) => {
            let mut message = format!("expected {}", first.description);
            message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
            Fault { reason: first.reason, message, field: first.field.clone() }
        }
        None => Fault::of("", error.reason()),
    }
}

fn read_sku(row: &SkuRow) -> Result<Row, Error> {
    let mut check = Checker::new();
    let sku = check.id::<Sku>("sku", &row.sku);
    let brand = check.id::<BrandId>("brand", &row.brand);
    let category = check.listed::<Category>("category", row.category);
    let model = check.text("model", &row.model, FOREIGN_NUMBER_MAX);
    let name_zh = check.text("name_zh", &row.name_zh, NAME_MAX);
    let name_en = check.text("name_en", &row.name_en, NAME_MAX);
    let (sku, brand, category, model, name_zh, name_en) =
        check.all((sku, brand, category, model, name_zh, name_en))?;
    Ok(Row::Sku(skus::Model {
        sku: sku.into(),
        brand: brand.into(),
        category: category.as_str().to_owned(),
        model,
        name_zh,
        name_en,
        seller_installs: i64::from(row.seller_installs),
    }))
}

fn read_order(row: &OrderRow, now: Timestamp) -> Result<Row, Error> {
    let mut check = Checker::new();
    let line = check.id::<OrderLineId>("order_line", &row.order_line);
    let sku = check.id::<Sku>("sku", &row.sku);
    let serial = check.id::<Serial>("serial", &row.serial);
    let price = check.number("price_fen", row.price_fen, 1..=parasol_policy::PRICE_FEN_MAX);
    let times = read_times(&mut check, row, now);
    let promises = check.listed_once::<Promise>("promises", &row.promises);
    let own = promise_ids(&mut check, &row.promise_ids);
    let gifts = gifts(&mut check, row);
    let buyer = check.present("customer", &row.customer);
    let buyer = buyer.and_then(|buyer| check.within("customer", |check| read_buyer(check, buyer)));
    let (line, sku, serial, price_fen, (delivered, installed), mut known, (own, gifts), buyer) =
        check.all((line, sku, serial, price, times, promises, own.zip(gifts), buyer))?;
    // In one order, so that the same set is the same text.
    known.sort_unstable();
    let promises: Vec<&str> = known.iter().map(|one| one.as_str()).chain(own).collect();
    let (customer, person) = buyer;
    let order = orders::Model {
        order_line: line.into(),
        sku: sku.into(),
        serial: serial.into(),
        customer: customer.uuid(),
        county: person.county.clone(),
        price_fen,
        delivered_at: delivered.micros(),
        installed_at: installed.map_or(0, Timestamp::micros),
        promises: serde_json::to_string(&promises).map_err(Error::internal)?,
        gifts: serde_json::to_string(&gifts).map_err(Error::internal)?,
        at: now.micros(),
    };
    Ok(Row::Order(Box::new(order), Box::new(person)))
}

/// Promises by id: those the vocabulary lacks, in alphabetical order.
fn promise_ids<'a>(check: &mut Checker, ids: &'a [String]) -> Option<BTreeSet<&'a str>> {
    check.at_most("promise_ids", ids, PROMISE_IDS_MAX)?;
    let mut found = BTreeSet::new();
    for (place, id) in ids.iter().enumerate() {
        let field = format!("promise_ids[{place}]");
        check.text(&field, id, CODE_MAX)?;
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !id.bytes().all(fits) || Promise::parse(id).is_some() || !found.insert(id.as_str()) {
            let expected = "an id of small letters, digits and `_` that `promises` lacks, once";
            return check.refuse(&field, Reason::FieldInvalid, expected);
        }
    }
    Some(found)
}

/// What came with it as a gift, in alphabetical order, with what it was marked with.
fn gifts(check: &mut Checker, row: &OrderRow) -> Option<Vec<Gift>> {
    let (skus, prices) = (&row.gifts, &row.gift_prices_fen);
    check.at_most("gifts", skus, GIFTS_MAX)?;
    if !prices.is_empty() && prices.len() != skus.len() {
        let expected = "one price for each gift, or none at all";
        return check.refuse("gift_prices_fen", Reason::FieldInvalid, expected);
    }
    let mut found: Vec<Gift> = Vec::with_capacity(skus.len());
    for (place, sku) in skus.iter().enumerate() {
        let field = format!("gifts[{place}]");
        let sku = check.id::<Sku>(&field, sku)?;
        if found.iter().any(|gift| gift.sku == sku) {
            return check.refuse(&field, Reason::FieldInvalid, "each gift once");
        }
        let field = format!("gift_prices_fen[{place}]");
        let price = prices.get(place).copied().unwrap_or_default();
        let price_fen = check.number(&field, price, 0..=parasol_policy::PRICE_FEN_MAX)?;
        found.push(Gift { sku, price_fen });
    }
    found.sort_unstable();
    Some(found)
}

fn read_times(
    check: &mut Checker,
    row: &OrderRow,
    now: Timestamp,
) -> Option<(Timestamp, Option<Timestamp>)> {
    let delivered = check.instant("delivered_at", &row.delivered_at);
    let installed = check.optional_instant("installed_at", &row.installed_at);
    let (delivered, installed) = (delivered?, installed?);
    if delivered > now {
        return check.refuse("delivered_at", Reason::DeliveredInFuture, "a moment already past");
    }
    if installed.is_some_and(|at| at < delivered || at > now) {
        let expected = "a moment between delivery and now";
        return check.refuse("installed_at", Reason::FieldInvalid, expected);
    }
    Some((delivered, installed))
}

fn read_buyer(check: &mut Checker, row: &CustomerRow) -> Option<(CustomerId, Person)> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let fits = row.customer.len() <= CUSTOMER_KEY_MAX && row.customer.bytes().all(plain);
    let key = if fits && !row.customer.is_empty() {
        Some(row.customer.clone())
    } else {
        let expected = "1 to 64 ASCII letters, digits, `-`, `_`, `.`";
        check.refuse("customer", Reason::FieldInvalid, expected)
    };
    let name = check.text("name", &row.name, SHORT_NAME_MAX);
    let phone = check.phone("phone", &row.phone);
    let address = check.text("address", &row.address, STREET_MAX);
    let county = county(check, "county", &row.county);
    let location = location::check(check, "location", row.location.as_ref());
    let (key, name, phone, address) = (key?, name?, phone?, address?);
    let (county, location) = (county?.into(), location?);
    let person = Person { name, phone, address, county, location, key };
    Some((customer_id(&person.key), person))
}
