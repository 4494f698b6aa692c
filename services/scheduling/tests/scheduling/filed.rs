//! What a case is filed with.

use parasol_desk::customer_id;
use parasol_journey::event::Filing;
use parasol_journey::pinned::{Contract, RepairsBefore};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::{CaseKind, Category, Remedy};

use crate::world::CUSTOMER;

/// A fridge that was received then and does not cool.
pub fn filing(received_at: Timestamp) -> Filing {
    Filing {
        customer: customer_id(CUSTOMER),
        order_line: "JX1-1".parse().unwrap(),
        sku: "AUR-BCD-520".parse().unwrap(),
        brand: "aurora".parse().unwrap(),
        category: Category::Refrigerator,
        serial: "SN0001".parse().unwrap(),
        county: "330106".parse().unwrap(),
        kind: CaseKind::Quality,
        wants: Some(Remedy::Repair),
        symptom: "not_cooling".into(),
        received_at,
        installed_at: None,
        price_fen: 399_900,
        promises: vec![],
        terms: vec![],
        policy: "cn-2026.1".into(),
        prior_repairs: 0,
        repairs_before: RepairsBefore::default(),
        gifts: vec![],
        contract: Contract::default(),
        declared_intact: false,
        danger: true,
        damaged_on_arrival: false,
    }
}
