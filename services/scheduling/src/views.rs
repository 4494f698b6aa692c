//! What leaves the service about people and visits, and the texts that go into the vault.
//!
//! A technician sees the street and the name (which the edge masks) while the case is open, and nothing once it has
//! ended; of a telephone number only a relay's, around the visit.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use parasol_api::common::v1::{Address, PartLine};
use parasol_api::convert::{case_view, to_timestamp, to_window};
use parasol_api::technician::v1::{CompleteRepairRequest, Visit};
use parasol_api::{Error, Listed};
use parasol_casebook::{Point, RowOp, Secret, Store, secret};
use parasol_desk::location;
use parasol_journey::Case;
use parasol_journey::case::Visit as Booked;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use sea_orm::ActiveValue::Set;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use uuid::Uuid;

use crate::checklists::shelf::name_in_force;
use crate::report::Report;
use crate::stamp::Taken;
use crate::store_error;
use crate::tables::late_actions;

/// What the vault says about a customer; empty where it says nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Customer {
    /// The name.
    pub name: String,
    /// The telephone number.
    pub phone: String,
    /// Where goods are delivered.
    address: Option<Kept>,
    /// Where that is on the map, if it is known.
    location: Option<Point>,
}

/// What the vault says about a filing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filing {
    /// What is wrong, in the customer's words.
    description: String,
    /// The model, if it was known.
    model: String,
    /// Where the unit stands, if not at the delivery address.
    address: Option<Kept>,
    /// Whom to call, if not the customer on the order.
    contact: Option<Contact>,
}

/// Whom to call about a visit.
#[derive(Debug, Deserialize)]
struct Contact {
    name: String,
    phone: String,
}

/// An address: the street alone, or with its county and its place on the map.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Kept {
    Street(String),
    Address {
        street: String,
        #[serde(default)]
        location: Option<Point>,
    },
}

/// Where a unit stands: the street, and its place on the map if that is known. A unit that stands elsewhere
/// than it was delivered has no place but the one said with it.
pub fn whereabouts(person: Customer, filing: Filing) -> (String, Option<Point>) {
    match (filing.address, person.address) {
        (Some(Kept::Address { street, location }), _) => (street, location),
        (Some(Kept::Street(street)), _) => (street, None),
        (None, Some(Kept::Street(street) | Kept::Address { street, .. })) => {
            (street, person.location)
        }
        (None, None) => (String::new(), person.location),
    }
}

/// What the vault says about who filed a case and what was said; empty where it says nothing.
///
/// # Errors
/// What the store says, or that what it holds cannot be read.
pub async fn filed(store: &Store, case: &Case) -> Result<(Customer, Filing), Error> {
    let mut filing = reveal::<Filing>(store, case.id.uuid(), "filing").await?;
    let mut customer: Customer = reveal(store, case.filing.customer.uuid(), "customer").await?;
    if let Some(contact) = filing.contact.take() {
        (customer.name, customer.phone) = (contact.name, contact.phone);
    }
    Ok((customer, filing))
}

/// Whom to call about a case: the customer, or whom they named; empty when the vault holds nothing of them
/// any more.
///
/// # Errors
/// What the store says, or that what it holds cannot be read.
pub async fn customer(store: &Store, case: &Case) -> Result<Customer, Error> {
    Ok(filed(store, case).await?.0)
}

async fn reveal<T>(store: &Store, subject: Uuid, kind: &str) -> Result<T, Error>
where
    T: DeserializeOwned + Default,
{
    match store.reveal(subject, kind).await.map_err(store_error)? {
        Some(body) => serde_json::from_str(&body).map_err(Error::internal),
        None => Ok(T::default()),
    }
}

/// A visit as the technician's day shows it, with the relay number if one may be seen now.
///
/// # Errors
/// What the store says.
pub async fn visit(
    store: &Store,
    case: &Case,
    booked: &Booked,
    relay: Option<&str>,
) -> Result<Visit, Error> {
    let (person, filing) = if case.stage.is_ended() {
        (Customer::default(), Filing::default())
    } else {
        filed(store, case).await?
    };
    let (customer_name, description) = (person.name.clone(), filing.description.clone());
    let model = filing.model.clone();
    let (street, point) = whereabouts(person, filing);
    let (county, location) = (case.filing.county.to_string(), point.map(location::to_wire));
    let order = case.work_order.as_ref().map(|order| order.id.to_string());
    Ok(Visit {
        appointment_id: booked.id.to_string(),
        case: Some(case_view(case)),
        work_order_id: order.unwrap_or_default(),
        technician: booked.technician.to_string(),
        helper: booked.helper.as_ref().map(ToString::to_string).unwrap_or_default(),
        window: Some(to_window(booked.window)),
        address: Some(Address { county, street, location }),
        customer_name,
        relay_phone: relay.unwrap_or_default().to_owned(),
        category: case.filing.category.number(),
        model,
        serial: case.filing.serial.to_string(),
        description,
        danger: case.filing.danger,
        arriving_at: booked.arriving_at.map(to_timestamp),
        checklist: name_in_force(store, case.filing.category).await?,
    })
}

/// Free text that came with a message. The newest of its kind about its subject is kept.
pub struct Remark<'a> {
    /// What kind of text.
    pub kind: &'static str,
    /// The case or appointment it is about.
    pub subject: Uuid,
    /// The text, perhaps none.
    pub text: &'a str,
}

impl Remark<'_> {
    /// The rows that keep it; none for an empty text.
    pub fn rows(&self, at: Timestamp) -> Vec<RowOp> {
        if self.text.is_empty() {
            return Vec::new();
        }
        let (kind, subject) = (self.kind, self.subject);
        vec![kept(kind, subject, json!({ "text": self.text }).to_string(), at)]
    }
}

#[derive(Serialize)]
struct Part<'a> {
    part_no: &'a str,
    name: &'a str,
    quantity: i32,
}

/// The row that keeps what was done in a repair.
pub fn repair_texts(case: CaseId, wire: &CompleteRepairRequest, at: Timestamp) -> RowOp {
    let body = json!({ "summary": wire.summary, "parts_used": parts(&wire.parts_used) });
    kept("repair", case.uuid(), body.to_string(), at)
}

/// The rows that keep the words of a report that came too late, under its own id, and say whose case they belong to: what
/// the log keeps of it is that it came.
pub fn late_action(report: &Report<'_>, taken: Taken, message: &[u8]) -> Vec<RowOp> {
    let body = json!({
        "case": report.head.case.to_string(),
        "appointment": taken.appointment.to_string(),
        "action": report.message,
        "happened_at": taken.at,
        "message": BASE64_STANDARD.encode(message),
    });
    let subject = report.call.key().map_or(taken.appointment.uuid(), |key| key.key);
    let of =
        late_actions::ActiveModel { case_id: Set(report.head.case.uuid()), words: Set(subject) };
    vec![kept("late_action", subject, body.to_string(), taken.received), RowOp::put(of)]
}

fn parts(lines: &[PartLine]) -> Vec<Part<'_>> {
    lines.iter().map(part).collect()
}

fn part(line: &PartLine) -> Part<'_> {
    Part { part_no: &line.part_no, name: &line.name, quantity: line.quantity }
}

fn kept(kind: &'static str, subject: Uuid, body: String, at: Timestamp) -> RowOp {
    secret(Secret { subject, kind, lookup: String::new(), body }, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vault_is_read_in_either_form_of_address() {
        let home = r#"{"address":"一路1号","location":{"lat":1,"lon":2}}"#;
        let read = |filing: &str| {
            let person: Customer = serde_json::from_str(home).unwrap();
            whereabouts(person, serde_json::from_str(filing).unwrap())
        };
        let (lat, lon) = (1, 2);
        let at_home = ("一路1号".to_owned(), Some(Point { lat, lon }));
        assert_eq!(read(r#"{"address":null,"preferred_windows":[]}"#), at_home);
        assert_eq!(read(r#"{"address":"二路2号"}"#), ("二路2号".to_owned(), None));
        let whole = r#"{"description":"x","address":{"county":"330106","street":"二路2号"}}"#;
        assert_eq!(read(whole), ("二路2号".to_owned(), None), "home's place is not this one's");
        let placed =
            r#"{"address":{"county":"330106","street":"二","location":{"lat":3,"lon":4}}}"#;
        assert_eq!(read(placed), ("二".to_owned(), Some(Point { lat: 3, lon: 4 })));
        assert_eq!(whereabouts(Customer::default(), Filing::default()), (String::new(), None));
    }
}
