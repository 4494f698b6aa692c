//! From a message to a row, or to the first thing that is wrong with it.

use std::collections::HashSet;

use parasol_api::admin::v1::import_network_request::Content;
use parasol_api::admin::v1::{self, ImportNetworkRequest};
use parasol_api::limits::{IMPORT_ROW_BYTES_MAX, NAME_MAX, PHONE_MAX, SHORT_NAME_MAX, STREET_MAX};
use parasol_api::{Checker, Reason};
use parasol_journey::ids::{BrandId, CentreId};
use parasol_journey::vocab::Category;
use prost::Message as _;

use super::technician::technician;
use super::terms::{absences, attributes, deposit, hours, suspension, validity};
use super::{Fault, Row};
use crate::network::{Area, Capacity, MICRODEGREES, Standing, column};
use crate::tables::{brands, centres, counties};

/// Counties one centre goes to, at most.
const AREAS_MAX: usize = 500;
/// Visits a day, at most.
const VISITS_MAX: i32 = 1_000;
/// Brands whose networks are asked on a brand's behalf, at most.
const LENDERS_MAX: usize = 5;
/// How a brand can take part.
const MODES: [&str; 3] = ["api", "portal", "managed"];

/// Reads a row.
///
/// # Errors
/// The first fault found.
pub fn read(message: ImportNetworkRequest) -> Result<Row, Fault> {
    if message.encoded_len() > IMPORT_ROW_BYTES_MAX {
        return Err(Fault::of("", Reason::RowTooLong));
    }
    let mut check = Checker::new();
    let row = match message.content {
        None => return Err(Fault::of("", Reason::RowMalformed)),
        Some(Content::County(wire)) => {
            check.within("county", |check| place(check, wire)).map(Row::County)
        }
        Some(Content::Brand(wire)) => {
            let row = check.within("brand", |check| brand(check, wire));
            row.map(|row| Row::Brand(Box::new(row)))
        }
        Some(Content::Centre(wire)) => {
            let row = check.within("centre", |check| centre(check, wire));
            row.map(|row| Row::Centre(Box::new(row)))
        }
        Some(Content::Technician(wire)) => {
            let row = check.within("technician", |check| technician(check, wire));
            row.map(|row| Row::Technician(Box::new(row)))
        }
    };
    check.all((row,)).map(|(row,)| row).map_err(|error| {
        let first = error.violations().first();
        Fault {
            reason: error.reason(),
            field: first.map_or_else(String::new, |first| first.field.clone()),
            message: first
                .map_or_else(String::new, |first| format!("expected {}", first.description)),
        }
    })
}

fn place(check: &mut Checker, wire: v1::County) -> Option<counties::Model> {
    let code = county(check, "county", &wire.county);
    let province_zh = check.text("province_zh", &wire.province_zh, SHORT_NAME_MAX);
    let province_en = check.text("province_en", &wire.province_en, SHORT_NAME_MAX);
    let city_zh = check.text("city_zh", &wire.city_zh, SHORT_NAME_MAX);
    let county_zh = check.text("county_zh", &wire.county_zh, SHORT_NAME_MAX);
    let county_en = check.text("county_en", &wire.county_en, SHORT_NAME_MAX);
    let lat = degrees(check, "lat", wire.lat, 90.0);
    let lon = degrees(check, "lon", wire.lon, 180.0);
    Some(counties::Model {
        county: code?,
        province_zh: province_zh?,
        province_en: province_en?,
        city_zh: city_zh?,
        county_zh: county_zh?,
        county_en: county_en?,
        lat: lat?,
        lon: lon?,
    })
}

fn brand(check: &mut Checker, wire: v1::Brand) -> Option<brands::Model> {
    let brand = check.id::<BrandId>("brand", &wire.brand);
    let name_zh = check.text("name_zh", &wire.name_zh, SHORT_NAME_MAX);
    let name_en = check.text("name_en", &wire.name_en, SHORT_NAME_MAX);
    if !MODES.contains(&wire.mode.as_str()) {
        check.refuse::<()>("mode", Reason::FieldInvalid, "one of api, portal, managed");
    }
    let hotline = check.optional_text("hotline", &wire.hotline, PHONE_MAX);
    let validity = validity(check, &wire.valid_from, &wire.valid_until);
    let lenders = lenders(check, &wire);
    let attributes = attributes(check, &wire.attributes);
    let standing = suspension(check, wire.suspension.as_ref());
    let (valid_from, valid_until) = validity?;
    let Standing { suspended, by, at, revision } = standing?;
    Some(brands::Model {
        brand: brand?.to_string(),
        name_zh: name_zh?,
        name_en: name_en?,
        mode: wire.mode,
        hotline: hotline?,
        valid_from,
        valid_until,
        served_by: column(&lenders?),
        attributes: column(&attributes?),
        suspended,
        suspended_by: by,
        suspended_at: at,
        revision,
    })
}

/// In the order in which they are to be asked.
fn lenders(check: &mut Checker, wire: &v1::Brand) -> Option<Vec<String>> {
    between(check, "served_by", wire.served_by.len(), 0, LENDERS_MAX)?;
    let mut lenders = Vec::new();
    for (place, lender) in wire.served_by.iter().enumerate() {
        let field = format!("served_by[{place}]");
        let lender = check.id::<BrandId>(&field, lender)?.to_string();
        if lender == wire.brand || lenders.contains(&lender) {
            return check.refuse(&field, Reason::FieldInvalid, "other brands, each at most once");
        }
        lenders.push(lender);
    }
    Some(lenders)
}

fn centre(check: &mut Checker, wire: v1::Centre) -> Option<centres::Model> {
    let centre = check.id::<CentreId>("centre", &wire.centre);
    let brand = check.id::<BrandId>("brand", &wire.brand);
    let name_zh = check.text("name_zh", &wire.name_zh, NAME_MAX);
    let name_en = check.text("name_en", &wire.name_en, NAME_MAX);
    let phone = check.optional_text("phone", &wire.phone, PHONE_MAX);
    let county = county(check, "county", &wire.county);
    let address = check.optional_text("address", &wire.address, STREET_MAX);
    let lat = degrees(check, "lat", wire.lat, 90.0);
    let lon = degrees(check, "lon", wire.lon, 180.0);
    let coverage = coverage(check, &wire.coverage);
    let daily_capacity = capacity(check, &wire.daily_capacity);
    let validity = validity(check, &wire.valid_from, &wire.valid_until);
    let hours = hours(check, &wire.hours);
    let absences = absences(check, &wire.absences);
    let deposit = deposit(check, wire.deposit.as_ref());
    let score = check.number("score", wire.score, 0..=100);
    let attributes = attributes(check, &wire.attributes);
    let standing = suspension(check, wire.suspension.as_ref());
    let ((valid_from, valid_until), (deposit_required, deposit_paid)) = (validity?, deposit?);
    let Standing { suspended, by, at, revision } = standing?;
    Some(centres::Model {
        centre: centre?.to_string(),
        brand: brand?.to_string(),
        name_zh: name_zh?,
        name_en: name_en?,
        phone: phone?,
        county: county?,
        address: address?,
        lat: lat?,
        lon: lon?,
        coverage: column(&coverage?),
        daily_capacity: column(&daily_capacity?),
        valid_from,
        valid_until,
        hours: column(&hours?),
        absences: column(&absences?),
        deposit_required,
        deposit_paid,
        score: i64::from(score?),
        attributes: column(&attributes?),
        suspended,
        suspended_by: by,
        suspended_at: at,
        revision,
    })
}

/// A code of GB/T 2260 at county level has six digits; which of them exist changes by the year, and a
/// county that nobody lives in is simply never asked for.
pub(super) fn county(check: &mut Checker, field: &str, text: &str) -> Option<String> {
    if text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.to_owned());
    }
    check.refuse(field, Reason::CountyUnknown, "a county code of GB/T 2260: six digits")
}

#[expect(clippy::cast_possible_truncation, reason = "within 180 million after the check")]
pub(super) fn degrees(check: &mut Checker, field: &str, value: f64, limit: f64) -> Option<i64> {
    if value.is_finite() && value.abs() <= limit {
        return Some((value * MICRODEGREES).round() as i64);
    }
    check.refuse(field, Reason::FieldInvalid, format!("-{limit} to {limit}"))
}

/// Sorted, so that the order in which a file lists counties changes nothing.
fn coverage(check: &mut Checker, wire: &[v1::Coverage]) -> Option<Vec<Area>> {
    between(check, "coverage", wire.len(), 1, AREAS_MAX)?;
    let mut counties = HashSet::new();
    let areas: Vec<_> = wire
        .iter()
        .enumerate()
        .map(|(place, area)| {
            check.within(&format!("coverage[{place}]"), |check| {
                let county = county(check, "county", &area.county)?;
                let mut categories =
                    check.listed_once::<Category>("categories", &area.categories)?;
                between(check, "categories", categories.len(), 1, Category::ALL.len())?;
                if !counties.insert(county.clone()) {
                    return check.refuse("county", Reason::FieldInvalid, "each at most once");
                }
                categories.sort();
                let (valid_from, valid_until) =
                    validity(check, &area.valid_from, &area.valid_until)?;
                Some(Area { county, categories, valid_from, valid_until })
            })
        })
        .collect();
    let mut areas: Vec<Area> = areas.into_iter().collect::<Option<_>>()?;
    areas.sort_by(|a, b| a.county.cmp(&b.county));
    Some(areas)
}

fn capacity(check: &mut Checker, wire: &[v1::CategoryCapacity]) -> Option<Vec<Capacity>> {
    let numbers: Vec<_> = wire.iter().map(|one| one.category).collect();
    let categories = check.listed_once::<Category>("daily_capacity", &numbers)?;
    let mut capacity = Vec::with_capacity(wire.len());
    for (category, one) in categories.into_iter().zip(wire) {
        let visits = check.number("daily_capacity", one.visits, 0..=VISITS_MAX)?;
        capacity.push(Capacity { category, visits: visits.unsigned_abs() });
    }
    capacity.sort_by_key(|one| one.category);
    Some(capacity)
}

pub(super) fn between(
    check: &mut Checker,
    field: &str,
    count: usize,
    min: usize,
    max: usize,
) -> Option<()> {
    if count > max {
        return check.refuse(field, Reason::FieldTooLong, format!("at most {max} items"));
    }
    if count < min {
        return check.refuse(field, Reason::FieldInvalid, format!("at least {min} items"));
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn technician_with(shifts: Vec<v1::Shift>) -> Result<Row, Fault> {
        read(ImportNetworkRequest {
            content: Some(Content::Technician(v1::Technician {
                technician: "t-1".into(),
                centre: "c-1".into(),
                name: "刘佳怡".into(),
                phone: "19800000000".into(),
                skills: vec![v1::Skill { category: 1, level: 3, ..v1::Skill::default() }],
                shifts,
                ..v1::Technician::default()
            })),
            ..ImportNetworkRequest::default()
        })
    }

    fn shift(weekday: i32, times: [&str; 4]) -> v1::Shift {
        let [from, to, break_from, break_to] = times.map(str::to_owned);
        v1::Shift { weekday, from, to, break_from, break_to }
    }

    #[test]
    fn shifts_lie_in_a_day_with_their_break_inside_and_do_not_overlap() {
        let early = shift(1, ["08:30", "12:00", "", ""]);
        let late = shift(1, ["12:00", "17:30", "14:00", "15:00"]);
        assert!(technician_with(vec![late.clone(), early.clone()]).is_ok());
        assert!(technician_with(vec![shift(1, ["20:00", "24:00", "", ""])]).is_ok());
        #[rustfmt::skip]
        let wrong = [
            (vec![shift(8, ["08:30", "12:00", "", ""])],             "technician.shifts[0].weekday"),
            (vec![shift(1, ["8:30", "12:00", "", ""])],              "technician.shifts[0].from"),
            (vec![shift(1, ["12:00", "12:00", "", ""])],             "technician.shifts[0].to"),
            (vec![shift(1, ["08:30", "24:01", "", ""])],             "technician.shifts[0].to"),
            (vec![shift(1, ["24:00", "24:00", "", ""])],             "technician.shifts[0].from"),
            (vec![shift(1, ["08:30", "17:00", "12:00", ""])],        "technician.shifts[0].break_to"),
            (vec![shift(1, ["08:30", "17:00", "16:00", "18:00"])],   "technician.shifts[0].break_from"),
            (vec![early.clone(), shift(1, ["11:59", "13:00", "", ""])], "technician.shifts"),
            (vec![early; 15],                                        "technician.shifts"),
        ];
        for (shifts, field) in wrong {
            assert_eq!(technician_with(shifts).unwrap_err().field, field);
        }
    }

    #[test]
    fn a_row_of_no_kind_or_of_too_many_bytes_is_refused_whole() {
        let empty = read(ImportNetworkRequest::default()).unwrap_err();
        assert_eq!(empty.reason, Reason::RowMalformed);
        let long =
            v1::Brand { name_zh: "长".repeat(IMPORT_ROW_BYTES_MAX), ..v1::Brand::default() };
        let content = Some(Content::Brand(long));
        let long = read(ImportNetworkRequest { content, ..ImportNetworkRequest::default() });
        assert_eq!(long.unwrap_err().reason, Reason::RowTooLong);
    }
}
