//! Rows of the network as messages.

use parasol_api::Listed as _;
use parasol_api::admin::v1;

use super::{Area, Capacity, Licence, Shift, Skill, listed};
use crate::tables::{centres, technicians};

/// Parts of a degree that a coordinate column counts.
pub const MICRODEGREES: f64 = 1_000_000.0;

/// A centre for the wire.
pub fn to_centre(row: centres::Model) -> v1::Centre {
    v1::Centre {
        coverage: listed::<Area>(&row.coverage)
            .into_iter()
            .map(|area| v1::Coverage {
                county: area.county,
                categories: area.categories.into_iter().map(|one| one.number()).collect(),
            })
            .collect(),
        daily_capacity: listed::<Capacity>(&row.daily_capacity)
            .into_iter()
            .map(|one| v1::CategoryCapacity {
                category: one.category.number(),
                visits: i32::try_from(one.visits).unwrap_or(i32::MAX),
            })
            .collect(),
        centre: row.centre,
        brand: row.brand,
        name_zh: row.name_zh,
        name_en: row.name_en,
        phone: row.phone,
        county: row.county,
        address: row.address,
        lat: degrees(row.lat),
        lon: degrees(row.lon),
    }
}

/// Millionths stay far inside what a double holds exactly.
#[expect(clippy::cast_precision_loss, reason = "at most 180 million")]
fn degrees(micro: i64) -> f64 {
    micro as f64 / MICRODEGREES
}

/// A technician for the wire.
pub fn to_technician(row: technicians::Model) -> v1::Technician {
    v1::Technician {
        skills: listed::<Skill>(&row.skills)
            .into_iter()
            .map(|one| v1::Skill { category: one.category.number(), level: one.level })
            .collect(),
        certificates: listed::<Licence>(&row.licences)
            .into_iter()
            .map(|one| v1::License {
                kind: one.kind,
                number: one.number,
                valid_until: one.valid_until,
            })
            .collect(),
        shifts: listed::<Shift>(&row.shifts)
            .into_iter()
            .map(|one| v1::Shift {
                weekday: one.weekday,
                from: one.from,
                to: one.to,
                break_from: one.break_from,
                break_to: one.break_to,
            })
            .collect(),
        technician: row.technician,
        centre: row.centre,
        name: row.name,
        phone: row.phone,
    }
}
