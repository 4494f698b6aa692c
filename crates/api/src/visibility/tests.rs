use prost_reflect::Kind;

use super::*;
use crate::admin::v1::Technician;
use crate::common::v1::{Address, GeoPoint};
use crate::descriptor::pool;
use crate::partner::v1::{WorkOrder, WorkOrderChange, work_order_change::Change};
use crate::tracking::v1::{CaseEntry, TimelineEntry, WatchCasesResponse, watch_cases_response};

fn entry() -> TimelineEntry {
    TimelineEntry {
        seq: 7,
        headline: "工程师已确定".to_owned(),
        actor_name: "王小明".to_owned(),
        actor_phone: "13800138000".to_owned(),
        note: "打 13800138000".to_owned(),
        stage_label: "已派工".to_owned(),
        ..TimelineEntry::default()
    }
}

/// The three personal fields of an entry, as a class sees them.
fn told(class: Class) -> [String; 3] {
    let TimelineEntry { actor_name, actor_phone, note, headline, seq, .. } =
        shown("parasol.tracking.v1.TimelineEntry", class, &entry());
    assert_eq!((headline.as_str(), seq), ("工程师已确定", 7), "what is nobody's stays");
    [actor_name, actor_phone, note]
}

#[test]
fn each_class_sees_what_the_contract_says() {
    for (class, expected) in [
        (Class::Customer, ["王小明", "138****8000", ""]),
        (Class::Brand, ["王小明", "138****8000", "打 ***"]),
        (Class::Platform, ["王小明", "138****8000", "打 ***"]),
        (Class::Audit, ["", "", ""]),
        (Class::Link, ["王**", "", ""]),
    ] {
        assert_eq!(told(class), expected, "{class:?}");
    }
}

#[test]
fn what_lies_deep_is_found_and_what_is_around_it_stays() {
    let order = WorkOrder {
        work_order_id: "wo_1".to_owned(),
        customer_name: "王小明".to_owned(),
        address: Some(Address {
            county: "330106".to_owned(),
            street: "文三路 1 号".to_owned(),
            location: Some(GeoPoint { lat: 30.2, lon: 120.1 }),
        }),
        serial: "SN-1".to_owned(),
        ..WorkOrder::default()
    };
    let change = WorkOrderChange { change: Some(Change::WorkOrder(Box::new(order.clone()))) };
    let name = "parasol.partner.v1.WorkOrderChange";
    let brand = shown(name, Class::Brand, &change);
    let masked = WorkOrder { customer_name: "王**".to_owned(), ..order.clone() };
    assert_eq!(brand.change, Some(Change::WorkOrder(Box::new(masked))));
    let nobody = shown(name, Class::Audit, &change);
    let address = Address {
        county: "330106".to_owned(),
        location: Some(GeoPoint::default()),
        ..Address::default()
    };
    let bare = WorkOrder { customer_name: String::new(), address: Some(address), ..order };
    assert_eq!(nobody.change, Some(Change::WorkOrder(Box::new(bare))));
}

#[test]
fn a_stream_of_many_cases_is_masked_like_one() {
    let entry = CaseEntry { entry: Some(entry()), ..CaseEntry::default() };
    let event = watch_cases_response::Event::Entry(Box::new(entry));
    let message = WatchCasesResponse { event: Some(event), resume_token: "t".to_owned() };
    let seen = shown("parasol.tracking.v1.WatchCasesResponse", Class::Customer, &message);
    let Some(watch_cases_response::Event::Entry(entry)) = seen.event else { panic!("an entry") };
    assert_eq!(entry.entry.unwrap().actor_phone, "138****8000");
    assert_eq!(seen.resume_token, "t");
}

#[test]
fn what_nobody_minds_is_not_copied() {
    let message = TimelineEntry { actor_phone: String::new(), note: String::new(), ..entry() };
    let bytes = message.encode_to_vec();
    let view = View::of("parasol.tracking.v1.TimelineEntry", Class::Customer).unwrap();
    assert!(matches!(view.shown(&bytes), Ok(Cow::Borrowed(_))));
    assert!(View::of("parasol.admin.v1.Brand", Class::Customer).is_none());
    assert!(View::of("parasol.admin.v1.Technician", Class::Brand).is_none(), "their own people");
    assert!(View::of("grpc.health.v1.HealthCheckResponse", Class::Audit).is_none());
}

#[test]
fn nothing_is_shown_of_what_cannot_be_read() {
    let view = View::of("parasol.tracking.v1.TimelineEntry", Class::Customer).unwrap();
    let bytes = entry().encode_to_vec();
    for cut in 1..bytes.len() {
        // Cut between two fields it is a shorter message.
        if TimelineEntry::decode(&bytes[..cut]).is_err() {
            assert_eq!(view.shown(&bytes[..cut]), Err(Malformed), "cut at {cut}");
        }
    }
    assert_eq!(view.shown(&[0x3a, 1, 0xff]), Err(Malformed), "a number that is no text");
    assert_eq!(view.shown(&[0xff; 11]), Err(Malformed));
}

#[test]
fn the_house_itself_is_in_no_class_and_everybody_else_is() {
    for role in Role::ALL {
        assert_eq!(Class::of(Some(*role)).is_none(), *role == Role::Service, "{role}");
    }
    assert_eq!(Class::of(None), Some(Class::Audit));
}

/// Parts of names that sound personal.
const SMELLS: &[&str] = &[
    "phone",
    "name",
    "address",
    "street",
    "note",
    "text",
    "remark",
    "description",
    "statement",
    "reason",
    "said",
    "comment",
    "mail",
    "contact_",
    "mobile",
    "words",
    "answer_text",
];

fn smells(field: &str) -> bool {
    SMELLS.iter().any(|smell| field.contains(smell)) || ["lat", "lon", "raw"].contains(&field)
}

#[test]
fn every_field_that_sounds_personal_says_who_sees_it() {
    let mut wrong = Vec::new();
    let ours = pool().all_messages().filter(|one| one.full_name().starts_with("parasol."));
    for field in ours.flat_map(|message| message.fields().collect::<Vec<_>>()) {
        let holds = matches!(field.kind(), Kind::String | Kind::Bytes | Kind::Double | Kind::Float);
        let said = plan::leaf(&field, plan::option());
        let is_said = said.as_ref().is_some_and(|leaf| leaf.kind != Personal::Unspecified);
        if holds && smells(field.name()) && !is_said {
            wrong.push(format!("{} does not say who sees it", field.full_name()));
        }
        if said.is_some() && !holds {
            wrong.push(format!("{} holds nothing that can be masked", field.full_name()));
        }
        // A log is nobody's to read names in.
        if said.is_some_and(|leaf| leaf.kind != Personal::None && leaf.is_plain(Class::Audit)) {
            wrong.push(format!("{} would stand in logs", field.full_name()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_logged_of_a_message_names_nobody() {
    let logged = format!("{:?}", entry());
    for secret in ["王小明", "13800138000", "打 "] {
        assert!(!logged.contains(secret), "{logged}");
    }
    assert!(logged.contains("工程师已确定") && logged.contains("actor_phone"), "{logged}");
    let technician =
        Technician { name: "李雷".to_owned(), centre: "c-1".to_owned(), ..Technician::default() };
    let logged = format!("{technician:#?}");
    assert!(!logged.contains("李雷") && logged.contains("c-1"), "{logged}");
    assert!(format!("{:?}", TimelineEntry::default()).contains("actor_name: \"\""));
}
