//! Rows of a small network, as operators import them: brands with centres of one county each, their technicians,
//! one refrigerator a brand, and orders.

use parasol::conformance::moves::Unit;
use parasol::import::Source;
use parasol_journey::time::{Span, Timestamp};
use serde_json::{Value, json};

/// Who bought a unit.
#[derive(Clone, Copy, Debug)]
pub struct Buyer {
    pub name: &'static str,
    pub phone: &'static str,
    pub address: &'static str,
}

/// Somebody nobody looks for.
pub const ANYBODY: Buyer = Buyer { name: "测试", phone: "19900000000", address: "1 Test Road" };

/// A file of the import.
pub fn file(name: &'static str, rows: impl IntoIterator<Item = Value>) -> Source {
    let lines: Vec<_> = rows.into_iter().map(|row| row.to_string()).collect();
    // The program keeps its own files for ever; the lines of a test may stay as long.
    Source::text(name, lines.join("\n").leak())
}

/// A brand that works by API.
pub fn brand(id: &str) -> Value {
    json!({"brand": id, "name_zh": "品牌", "name_en": id, "mode": "api", "hotline": "400-000-0199"})
}

/// A centre that goes to one county for refrigerators, so many a day.
pub fn centre(id: &str, brand: &str, county: &str, daily: u32) -> Value {
    json!({
        "centre": id, "brand": brand, "name_zh": "网点", "name_en": id,
        "phone": "400-000-0198", "county": county, "address": "1 Test Road",
        "lat": 30.2, "lon": 120.1,
        "coverage": [{"county": county, "categories": ["refrigerator"]}],
        "daily_capacity": {"refrigerator": daily},
    })
}

/// A technician who works every day from midnight until `until`.
pub fn technician(id: &str, centre: &str, until: &str) -> Value {
    let shift = |weekday: i32| json!({"weekday": weekday, "from": "00:00", "to": until, "break_from": "", "break_to": ""});
    json!({
        "technician": id, "centre": centre, "name": "技师", "phone": "19800000000",
        "skills": [{"category": "refrigerator", "level": 3}],
        "certificates": [{"kind": "electrician", "number": "E-1", "valid_until": "2099-12-31"}],
        "shifts": (1..=7).map(shift).collect::<Vec<_>>(),
    })
}

/// The refrigerator of a brand.
pub fn sku(brand: &str) -> Value {
    json!({
        "sku": format!("{brand}-sku"), "brand": brand, "category": "refrigerator",
        "model": "MODEL-1", "name_zh": "冰箱", "name_en": "Fridge", "seller_installs": false,
    })
}

/// A refrigerator that was sold, and delivered sixty days before a demonstration begins.
pub fn order(unit: &Unit, buyer: Buyer, county: &str) -> Value {
    let delivered = Timestamp::parse(parasol::demo::START).expect("an instant") - Span::days(60);
    let Buyer { name, phone, address } = buyer;
    json!({
        "order_line": unit.order_line, "sku": unit.sku, "serial": unit.serial,
        "price_fen": 399_900, "delivered_at": delivered.to_string(), "installed_at": null,
        "promises": [],
        "customer": {
            "customer": unit.customer, "name": name, "phone": phone,
            "address": address, "county": county,
        },
    })
}
