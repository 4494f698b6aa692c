//! From the bytes of a line to a row of the contract, or to the reason why not.

use parasol_api::Reason;
use parasol_api::admin::v1::import_network_request::Content as Network;
use parasol_api::common::v1::Checklist;
use parasol_api::intake::v1::FileCaseRequest;
use parasol_api::intake::v1::import_orders_request::Content as Order;
use parasol_api::limits::IMPORT_ROW_BYTES_MAX;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::source::Kind;
use super::{checklist_row, network_row, order_row};

/// Characters of a message about a row; what JSON says may repeat the row.
const MESSAGE_MAX: usize = 200;

/// A row that can be sent.
#[derive(Debug)]
pub(super) struct Row {
    /// What the row is known by within its file.
    pub key: String,
    pub body: Body,
}

/// The row as the contract has it.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Network(Box<Network>),
    Order(Box<Order>),
    Checklist(Box<Checklist>),
    Filing(Box<FileCaseRequest>),
}

/// Why a row is not sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub reason: Reason,
    pub message: String,
    /// The field at fault as a path; empty when it is the whole row.
    pub field: String,
}

pub(super) fn too_long() -> Fault {
    let message = format!("the line is longer than {IMPORT_ROW_BYTES_MAX} bytes");
    Fault { reason: Reason::RowTooLong, message, field: String::new() }
}

/// Reads a line of a file of this kind.
pub(super) fn row(kind: Kind, bytes: &[u8]) -> Result<Row, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|error| Fault {
        reason: Reason::RowNotUtf8,
        message: format!("byte {} is not UTF-8", error.valid_up_to() + 1),
        field: String::new(),
    })?;
    let (key, body) = match kind {
        Kind::Counties => {
            let row: parasol_api::admin::v1::County = read::<network_row::County>(text)?.into();
            (row.county.clone(), Body::Network(Box::new(Network::County(row))))
        }
        Kind::Brands => {
            let row: parasol_api::admin::v1::Brand = read::<network_row::Brand>(text)?.into();
            (row.brand.clone(), Body::Network(Box::new(Network::Brand(row))))
        }
        Kind::Centres => {
            let row: parasol_api::admin::v1::Centre = read::<network_row::Centre>(text)?.into();
            (row.centre.clone(), Body::Network(Box::new(Network::Centre(row))))
        }
        Kind::Technicians => {
            let row = read::<network_row::Technician>(text)?;
            let row: parasol_api::admin::v1::Technician = row.into();
            (row.technician.clone(), Body::Network(Box::new(Network::Technician(row))))
        }
        Kind::Skus => {
            let row: parasol_api::intake::v1::SkuRow = read::<order_row::Sku>(text)?.into();
            (row.sku.clone(), Body::Order(Box::new(Order::Sku(row))))
        }
        Kind::Orders => {
            let row: parasol_api::intake::v1::OrderRow = read::<order_row::Order>(text)?.into();
            (row.order_line.clone(), Body::Order(Box::new(Order::Order(row))))
        }
        Kind::Checklists => {
            let row: Checklist = read::<checklist_row::Checklist>(text)?.into();
            (row.checklist.clone(), Body::Checklist(Box::new(row)))
        }
        Kind::Filings => {
            let row: FileCaseRequest = read::<order_row::Filing>(text)?.into();
            (row.order_line.clone(), Body::Filing(Box::new(row)))
        }
    };
    Ok(Row { key, body })
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    // Serde would take a list as a struct, field by field.
    if !text.trim_start().starts_with('{') {
        let message = "a row is one JSON object, in braces".to_owned();
        return Err(Fault { reason: Reason::RowMalformed, message, field: String::new() });
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let row = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        fault(&path, error.inner())
    })?;
    json.end().map_err(|error| fault(".", &error))?;
    Ok(row)
}

fn fault(path: &str, error: &serde_json::Error) -> Fault {
    let whole = error.to_string();
    // The line is always 1, since each row is read by itself; the report has the true one.
    let what = whole.split(" at line 1 column ").next().unwrap_or(&whole);
    let message = format!("column {}: {what}", error.column());
    let message = message.chars().take(MESSAGE_MAX).collect();
    match error.classify() {
        Category::Data => {
            Fault { reason: Reason::FieldInvalid, message, field: field_of(path, what) }
        }
        Category::Syntax | Category::Eof | Category::Io => {
            Fault { reason: Reason::RowMalformed, message, field: String::new() }
        }
    }
}

/// The path of the field. A field that is missing is named by the message only, and its path ends
/// with what it is missing in.
fn field_of(path: &str, what: &str) -> String {
    let inside = if path == "." { "" } else { path };
    let missing = what.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    match (inside, missing) {
        ("", Some(name)) => name.to_owned(),
        (inside, Some(name)) => format!("{inside}.{name}"),
        (inside, None) => inside.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use parasol_journey::vocab::Promise;

    use super::*;

    const ORDER: &str = r#"{"order_line":"300000010007-1","sku":"MUY-RH-26","serial":"M1","price_fen":245609,"delivered_at":"2026-04-09T11:46:00+08:00","installed_at":null,"promises":["return_30"],"customer":{"customer":"u-1","name":"赵芳","phone":"19900000000","address":"丰收路33号","county":"370103"}}"#;

    fn order(text: &str) -> Result<Row, Fault> {
        row(Kind::Orders, text.as_bytes())
    }

    /// Reason and field of the order with one part replaced.
    fn spoiled(from: &str, to: &str) -> (Reason, String) {
        assert!(ORDER.contains(from), "{from}");
        let fault = order(&ORDER.replacen(from, to, 1)).unwrap_err();
        (fault.reason, fault.field)
    }

    #[test]
    fn a_good_order_becomes_a_row_of_the_contract() {
        let Row { key, body } = order(ORDER).unwrap();
        assert_eq!(key, "300000010007-1");
        let Body::Order(order) = body else { panic!("{body:?}") };
        let Order::Order(row) = *order else { panic!("{order:?}") };
        assert_eq!(row.delivered_at.unwrap().seconds, 1_775_706_360);
        assert_eq!(row.installed_at, None);
        assert_eq!(row.promises, [parasol_api::Listed::number(Promise::Return30)]);
        assert_eq!(row.customer.unwrap().name, "赵芳");
    }

    #[test]
    fn what_is_not_json_is_malformed_and_says_where() {
        let cut = &ORDER[..100];
        let fault = order(cut).unwrap_err();
        assert_eq!((fault.reason, fault.field.as_str()), (Reason::RowMalformed, ""));
        assert!(fault.message.starts_with("column 100: EOF"), "{}", fault.message);
        for text in ["[]", "null", "\"x\"", "nonsense", &format!("{ORDER}{ORDER}")] {
            assert_eq!(order(text).unwrap_err().reason, Reason::RowMalformed, "{text}");
        }
    }

    #[test]
    fn a_field_that_is_wrong_missing_or_unknown_is_named() {
        let field = |path: &str| (Reason::FieldInvalid, path.to_owned());
        assert_eq!(spoiled("\"price_fen\":245609,", ""), field("price_fen"));
        assert_eq!(spoiled(",\"county\":\"370103\"", ""), field("customer.county"));
        assert_eq!(spoiled("\"installed_at\":null,", ""), field("installed_at"));
        assert_eq!(spoiled("245609", "\"245609\""), field("price_fen"));
        assert_eq!(spoiled("245609", "1.5"), field("price_fen"));
        assert_eq!(spoiled("return_30", "return_31"), field("promises[0]"));
        assert_eq!(spoiled("04-09", "02-30"), field("delivered_at"));
        assert_eq!(spoiled("\"sku\"", "\"stock\""), field("stock"));
        assert_eq!(spoiled("\"sku\":", "\"serial\":\"M2\",\"sku\":").0, Reason::FieldInvalid);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_told_by_their_place() {
        let mut bytes = ORDER.as_bytes().to_vec();
        bytes[20] = 0xC3;
        let fault = row(Kind::Orders, &bytes).unwrap_err();
        assert_eq!(fault.reason, Reason::RowNotUtf8);
        assert!(fault.message.contains("byte 21"), "{}", fault.message);
    }

    #[test]
    fn a_message_does_not_repeat_a_whole_row() {
        let long = ORDER.replacen("return_30", &"x".repeat(60_000), 1);
        assert!(order(&long).unwrap_err().message.chars().count() <= MESSAGE_MAX);
    }

    #[test]
    fn the_story_of_a_filing_is_left_out() {
        let filing = r#"{"order_line":"1","kind":"no_reason","wants":"refund","symptom":"","description":"","story":"refund"}"#;
        let Body::Filing(filing) = row(Kind::Filings, filing.as_bytes()).unwrap().body else {
            panic!("a filing");
        };
        assert!(filing.declared_intact && filing.request_id.is_empty());
    }
}
