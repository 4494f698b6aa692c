//! Rows of the network as files write them, and the same as the contract does, both ways.

use std::collections::BTreeMap;

use parasol_api::Listed as _;
use parasol_api::admin::v1;
use parasol_api::common::v1::{GeoPoint, Money};
use parasol_api::convert::{timestamp, to_timestamp};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Category;
use serde::{Deserialize, Serialize};

/// A line of `counties.jsonl`.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct County {
    county: String,
    province_zh: String,
    province_en: String,
    city_zh: String,
    county_zh: String,
    county_en: String,
    // Both may be left out of a county whose middle nobody knows.
    #[serde(default)]
    lat: f64,
    #[serde(default)]
    lon: f64,
}

/// A line of `brands.jsonl`.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Brand {
    brand: String,
    name_zh: String,
    name_en: String,
    mode: String,
    hotline: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    valid_from: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    valid_until: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    served_by: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suspension: Option<Suspension>,
}

/// A line of `centres.jsonl`.
#[derive(Deserialize, Serialize)]
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
    #[serde(default, skip_serializing_if = "String::is_empty")]
    valid_from: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    valid_until: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hours: Vec<OpeningHours>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    absences: Vec<Absence>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deposit: Option<Deposit>,
    #[serde(default, skip_serializing_if = "is_zero")]
    score: i32,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suspension: Option<Suspension>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct OpeningHours {
    weekday: i32,
    from: String,
    to: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Absence {
    from: String,
    until: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    reason: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Deposit {
    required_fen: i64,
    paid_fen: i64,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Coverage {
    county: String,
    categories: Vec<Category>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    valid_from: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    valid_until: String,
}

/// A line of `technicians.jsonl`.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Technician {
    technician: String,
    centre: String,
    name: String,
    phone: String,
    skills: Vec<Skill>,
    certificates: Vec<License>,
    shifts: Vec<Shift>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    absences: Vec<Absence>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    home: Option<Place>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    territory: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    stock: Vec<StockedPart>,
    #[serde(default, skip_serializing_if = "is_zero")]
    visits_a_day: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suspension: Option<Suspension>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Place {
    lat: f64,
    lon: f64,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StockedPart {
    part_no: String,
    quantity: i32,
}

/// Taken for somebody new only.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Suspension {
    reason: String,
    since: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    by: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Skill {
    category: Category,
    level: i32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    valid_from: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    valid_until: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct License {
    kind: String,
    number: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    valid_from: String,
    valid_until: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Shift {
    weekday: i32,
    from: String,
    to: String,
    break_from: String,
    break_to: String,
}

impl From<County> for v1::County {
    fn from(row: County) -> Self {
        let County { county, province_zh, province_en, city_zh, county_zh, county_en, lat, lon } =
            row;
        Self { county, province_zh, province_en, city_zh, county_zh, county_en, lat, lon }
    }
}

impl From<Brand> for v1::Brand {
    fn from(row: Brand) -> Self {
        Self {
            brand: row.brand,
            name_zh: row.name_zh,
            name_en: row.name_en,
            mode: row.mode,
            hotline: row.hotline,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            served_by: row.served_by,
            attributes: row.attributes,
            suspension: row.suspension.map(Into::into),
            ..Self::default()
        }
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
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            hours: row.hours.into_iter().map(Into::into).collect(),
            absences: row.absences.into_iter().map(Into::into).collect(),
            deposit: row.deposit.map(Into::into),
            score: row.score,
            attributes: row.attributes,
            suspension: row.suspension.map(Into::into),
            ..Self::default()
        }
    }
}

impl From<OpeningHours> for v1::OpeningHours {
    fn from(row: OpeningHours) -> Self {
        let OpeningHours { weekday, from, to } = row;
        Self { weekday, from, to }
    }
}

impl From<Absence> for v1::Absence {
    fn from(row: Absence) -> Self {
        let Absence { from, until, reason } = row;
        Self { from, until, reason }
    }
}

impl From<Deposit> for v1::Deposit {
    fn from(row: Deposit) -> Self {
        let money = |fen| Some(Money { fen, currency: "CNY".to_owned() });
        Self { required: money(row.required_fen), paid: money(row.paid_fen) }
    }
}

impl From<Coverage> for v1::Coverage {
    fn from(row: Coverage) -> Self {
        let categories = row.categories.into_iter().map(|category| category.number()).collect();
        let Coverage { county, valid_from, valid_until, .. } = row;
        Self { county, categories, valid_from, valid_until }
    }
}

impl From<Technician> for v1::Technician {
    fn from(row: Technician) -> Self {
        Self {
            technician: row.technician,
            centre: row.centre,
            name: row.name,
            phone: row.phone,
            skills: row.skills.into_iter().map(Into::into).collect(),
            certificates: row.certificates.into_iter().map(Into::into).collect(),
            shifts: row.shifts.into_iter().map(Into::into).collect(),
            absences: row.absences.into_iter().map(Into::into).collect(),
            home: row.home.map(|home| GeoPoint { lat: home.lat, lon: home.lon }),
            territory: row.territory,
            stock: row.stock.into_iter().map(Into::into).collect(),
            visits_a_day: row.visits_a_day,
            suspension: row.suspension.map(Into::into),
            ..Self::default()
        }
    }
}

impl From<StockedPart> for v1::StockedPart {
    fn from(row: StockedPart) -> Self {
        let StockedPart { part_no, quantity } = row;
        Self { part_no, quantity }
    }
}

impl From<Skill> for v1::Skill {
    fn from(row: Skill) -> Self {
        let Skill { category, level, valid_from, valid_until } = row;
        Self { category: category.number(), level, valid_from, valid_until }
    }
}

impl From<License> for v1::License {
    fn from(row: License) -> Self {
        let License { kind, number, valid_from, valid_until } = row;
        Self { kind, number, valid_from, valid_until }
    }
}

impl From<Shift> for v1::Shift {
    fn from(row: Shift) -> Self {
        let Shift { weekday, from, to, break_from, break_to } = row;
        Self { weekday, from, to, break_from, break_to }
    }
}

/// What the names of reasons begin with in the contract, and in no file.
const REASONS: &str = "SUSPENSION_REASON_";

fn is_zero(number: &i32) -> bool {
    *number == 0
}

impl From<Suspension> for v1::Suspension {
    /// A reason or a time that is none is left out, for the service to refuse.
    fn from(row: Suspension) -> Self {
        let name = format!("{REASONS}{}", row.reason.to_ascii_uppercase());
        let reason = v1::SuspensionReason::from_str_name(&name).unwrap_or_default();
        let since = Timestamp::parse(&row.since).map(to_timestamp);
        Self { reason: reason.into(), since, by: row.by }
    }
}

impl From<v1::Suspension> for Suspension {
    fn from(wire: v1::Suspension) -> Self {
        let name = wire.reason().as_str_name();
        let reason = name.strip_prefix(REASONS).unwrap_or(name).to_ascii_lowercase();
        let since = wire.since.as_ref().and_then(timestamp).map(|at| at.to_string());
        Self { reason, since: since.unwrap_or_default(), by: wire.by }
    }
}

impl From<v1::County> for County {
    fn from(wire: v1::County) -> Self {
        Self {
            county: wire.county,
            province_zh: wire.province_zh,
            province_en: wire.province_en,
            city_zh: wire.city_zh,
            county_zh: wire.county_zh,
            county_en: wire.county_en,
            lat: wire.lat,
            lon: wire.lon,
        }
    }
}

impl From<v1::Brand> for Brand {
    fn from(wire: v1::Brand) -> Self {
        Self {
            brand: wire.brand,
            name_zh: wire.name_zh,
            name_en: wire.name_en,
            mode: wire.mode,
            hotline: wire.hotline,
            valid_from: wire.valid_from,
            valid_until: wire.valid_until,
            served_by: wire.served_by,
            attributes: wire.attributes,
            suspension: wire.suspension.map(Into::into),
        }
    }
}

impl From<v1::Centre> for Centre {
    fn from(wire: v1::Centre) -> Self {
        let coverage = |one: v1::Coverage| Coverage {
            categories: one.categories.iter().filter_map(|n| Category::of_number(*n)).collect(),
            county: one.county,
            valid_from: one.valid_from,
            valid_until: one.valid_until,
        };
        let capacity = wire.daily_capacity.iter();
        let capacity =
            capacity.filter_map(|one| Some((Category::of_number(one.category)?, one.visits)));
        let hours = |one: v1::OpeningHours| OpeningHours {
            weekday: one.weekday,
            from: one.from,
            to: one.to,
        };
        let fen = |money: Option<Money>| money.map_or(0, |money| money.fen);
        let deposit =
            |one: v1::Deposit| Deposit { required_fen: fen(one.required), paid_fen: fen(one.paid) };
        Self {
            daily_capacity: capacity.collect(),
            centre: wire.centre,
            brand: wire.brand,
            name_zh: wire.name_zh,
            name_en: wire.name_en,
            phone: wire.phone,
            county: wire.county,
            address: wire.address,
            lat: wire.lat,
            lon: wire.lon,
            coverage: wire.coverage.into_iter().map(coverage).collect(),
            valid_from: wire.valid_from,
            valid_until: wire.valid_until,
            hours: wire.hours.into_iter().map(hours).collect(),
            absences: wire.absences.into_iter().map(Into::into).collect(),
            deposit: wire.deposit.map(deposit),
            score: wire.score,
            attributes: wire.attributes,
            suspension: wire.suspension.map(Into::into),
        }
    }
}

impl From<v1::Absence> for Absence {
    fn from(wire: v1::Absence) -> Self {
        let v1::Absence { from, until, reason } = wire;
        Self { from, until, reason }
    }
}

impl From<v1::Technician> for Technician {
    fn from(wire: v1::Technician) -> Self {
        let skills = wire.skills.into_iter().filter_map(|one| {
            let category = Category::of_number(one.category)?;
            let v1::Skill { level, valid_from, valid_until, .. } = one;
            Some(Skill { category, level, valid_from, valid_until })
        });
        let license = |one: v1::License| License {
            kind: one.kind,
            number: one.number,
            valid_from: one.valid_from,
            valid_until: one.valid_until,
        };
        let part =
            |one: v1::StockedPart| StockedPart { part_no: one.part_no, quantity: one.quantity };
        let shift = |one: v1::Shift| Shift {
            weekday: one.weekday,
            from: one.from,
            to: one.to,
            break_from: one.break_from,
            break_to: one.break_to,
        };
        Self {
            skills: skills.collect(),
            technician: wire.technician,
            centre: wire.centre,
            name: wire.name,
            phone: wire.phone,
            certificates: wire.certificates.into_iter().map(license).collect(),
            shifts: wire.shifts.into_iter().map(shift).collect(),
            absences: wire.absences.into_iter().map(Into::into).collect(),
            home: wire.home.map(|home| Place { lat: home.lat, lon: home.lon }),
            territory: wire.territory,
            stock: wire.stock.into_iter().map(part).collect(),
            visits_a_day: wire.visits_a_day,
            suspension: wire.suspension.map(Into::into),
        }
    }
}
