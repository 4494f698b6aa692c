//! Rows of the network as messages.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use parasol_api::Listed as _;
use parasol_api::admin::v1;
use parasol_api::common::v1::{GeoPoint, Money};
use parasol_api::convert::etag;
use parasol_journey::vocab::Category;

use super::{
    Absence, Area, Capacity, Days, Licence, Member as _, OpeningHours, Place, Shift, Skill,
    Stocked, certified, listed,
};
use crate::tables::{brands, centres, counties, technicians};

/// Parts of a degree that a coordinate column counts.
pub const MICRODEGREES: f64 = 1_000_000.0;

/// A county for the wire.
pub fn to_county(row: counties::Model) -> v1::County {
    v1::County {
        county: row.county,
        province_zh: row.province_zh,
        province_en: row.province_en,
        city_zh: row.city_zh,
        county_zh: row.county_zh,
        county_en: row.county_en,
        lat: degrees(row.lat),
        lon: degrees(row.lon),
    }
}

/// A brand for the wire.
pub fn to_brand(row: brands::Model) -> v1::Brand {
    let standing = row.standing();
    v1::Brand {
        served_by: listed(&row.served_by),
        attributes: attributes(&row.attributes),
        suspension: standing.suspension(),
        etag: version(standing.revision),
        brand: row.brand,
        name_zh: row.name_zh,
        name_en: row.name_en,
        mode: row.mode,
        hotline: row.hotline,
        valid_from: row.valid_from,
        valid_until: row.valid_until,
    }
}

/// A centre for the wire.
pub fn to_centre(row: centres::Model) -> v1::Centre {
    let standing = row.standing();
    v1::Centre {
        hours: listed::<OpeningHours>(&row.hours)
            .into_iter()
            .map(|one| v1::OpeningHours { weekday: one.weekday, from: one.from, to: one.to })
            .collect(),
        absences: absences(&row.absences),
        deposit: deposit(&row),
        score: i32::try_from(row.score).unwrap_or_default(),
        attributes: attributes(&row.attributes),
        suspension: standing.suspension(),
        etag: version(standing.revision),
        valid_from: row.valid_from,
        valid_until: row.valid_until,
        coverage: listed::<Area>(&row.coverage)
            .into_iter()
            .map(|area| v1::Coverage {
                county: area.county,
                categories: area.categories.into_iter().map(|one| one.number()).collect(),
                valid_from: area.valid_from,
                valid_until: area.valid_until,
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

fn absences(column: &str) -> Vec<v1::Absence> {
    let wire = |one: Absence| v1::Absence { from: one.from, until: one.until, reason: one.reason };
    listed(column).into_iter().map(wire).collect()
}

fn attributes(column: &str) -> BTreeMap<String, String> {
    listed::<(String, String)>(column).into_iter().collect()
}

fn deposit(row: &centres::Model) -> Option<v1::Deposit> {
    let money = |fen| Some(Money { fen, currency: "CNY".to_owned() });
    let (required, paid) = (row.deposit_required, row.deposit_paid);
    let is_any = required != 0 || paid != 0;
    is_any.then(|| v1::Deposit { required: money(required), paid: money(paid) })
}

fn version(revision: i64) -> String {
    etag(u64::try_from(revision).unwrap_or_default())
}

/// Millionths stay far inside what a double holds exactly.
#[expect(clippy::cast_precision_loss, reason = "at most 180 million")]
fn degrees(micro: i64) -> f64 {
    micro as f64 / MICRODEGREES
}

/// A technician for the wire.
pub fn to_technician(row: technicians::Model) -> v1::Technician {
    let standing = row.standing();
    let (skills, licences) = (listed::<Skill>(&row.skills), listed::<Licence>(&row.licences));
    v1::Technician {
        certified: certified(&skills, &licences).into_iter().map(certified_days).collect(),
        home: listed::<Place>(&row.home)
            .first()
            .map(|place| GeoPoint { lat: degrees(place.lat), lon: degrees(place.lon) }),
        territory: listed(&row.territory),
        stock: listed::<Stocked>(&row.stock)
            .into_iter()
            .map(|one| v1::StockedPart { part_no: one.part_no, quantity: one.quantity })
            .collect(),
        visits_a_day: i32::try_from(row.visits_a_day).unwrap_or_default(),
        absences: absences(&row.absences),
        suspension: standing.suspension(),
        etag: version(standing.revision),
        skills: skills
            .into_iter()
            .map(|one| v1::Skill {
                category: one.category.number(),
                level: one.level,
                valid_from: one.valid_from,
                valid_until: one.valid_until,
            })
            .collect(),
        certificates: licences
            .into_iter()
            .map(|one| v1::License {
                kind: one.kind,
                number: one.number,
                valid_until: one.valid_until,
                valid_from: one.valid_from,
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

fn certified_days((category, days): (Category, Days)) -> v1::Certified {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    v1::Certified { category: category.number(), from: day(days.from), until: day(days.until) }
}
