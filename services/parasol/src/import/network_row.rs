//! Rows of the network as files write them, and the same as the contract does.

use std::collections::BTreeMap;

use parasol_api::Listed as _;
use parasol_api::admin::v1;
use parasol_journey::vocab::Category;
use serde::Deserialize;

/// A line of `brands.jsonl`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Brand {
    brand: String,
    name_zh: String,
    name_en: String,
    mode: String,
    hotline: String,
}

/// A line of `centres.jsonl`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Centre {
    centre: String,
    brand: String,
    name_zh: String,
    name_en: String,
    phone: String,
    county: String,
    address: String,
    lat: f64,
    lon: f64,
    coverage: Vec<Coverage>,
    daily_capacity: BTreeMap<Category, i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Coverage {
    county: String,
    categories: Vec<Category>,
}

/// A line of `technicians.jsonl`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Technician {
    technician: String,
    centre: String,
    name: String,
    phone: String,
    skills: Vec<Skill>,
    certificates: Vec<License>,
    shifts: Vec<Shift>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Skill {
    category: Category,
    level: i32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct License {
    kind: String,
    number: String,
    valid_until: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shift {
    weekday: i32,
    from: String,
    to: String,
    break_from: String,
    break_to: String,
}

impl From<Brand> for v1::Brand {
    fn from(row: Brand) -> Self {
        let Brand { brand, name_zh, name_en, mode, hotline } = row;
        Self { brand, name_zh, name_en, mode, hotline }
    }
}

impl From<Centre> for v1::Centre {
    fn from(row: Centre) -> Self {
        let Centre { centre, brand, name_zh, name_en, phone, county, address, lat, lon, .. } = row;
        let capacity = |(category, visits): (Category, i32)| v1::CategoryCapacity {
            category: category.number(),
            visits,
        };
        Self {
            coverage: row.coverage.into_iter().map(Into::into).collect(),
            daily_capacity: row.daily_capacity.into_iter().map(capacity).collect(),
            centre,
            brand,
            name_zh,
            name_en,
            phone,
            county,
            address,
            lat,
            lon,
        }
    }
}

impl From<Coverage> for v1::Coverage {
    fn from(row: Coverage) -> Self {
        let categories = row.categories.into_iter().map(|category| category.number()).collect();
        Self { county: row.county, categories }
    }
}

impl From<Technician> for v1::Technician {
    fn from(row: Technician) -> Self {
        let Technician { technician, centre, name, phone, skills, certificates, shifts } = row;
        Self {
            technician,
            centre,
            name,
            phone,
            skills: skills.into_iter().map(Into::into).collect(),
            certificates: certificates.into_iter().map(Into::into).collect(),
            shifts: shifts.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Skill> for v1::Skill {
    fn from(row: Skill) -> Self {
        Self { category: row.category.number(), level: row.level }
    }
}

impl From<License> for v1::License {
    fn from(row: License) -> Self {
        let License { kind, number, valid_until } = row;
        Self { kind, number, valid_until }
    }
}

impl From<Shift> for v1::Shift {
    fn from(row: Shift) -> Self {
        let Shift { weekday, from, to, break_from, break_to } = row;
        Self { weekday, from, to, break_from, break_to }
    }
}
