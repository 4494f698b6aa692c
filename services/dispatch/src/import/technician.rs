//! Technicians, from a message to a row: what they can do and when, where they go, and what they bring along.

use std::collections::HashSet;

use parasol_api::admin::v1;
use parasol_api::common::v1::GeoPoint;
use parasol_api::limits::{CODE_MAX, FOREIGN_NUMBER_MAX, SHORT_NAME_MAX};
use parasol_api::{Checker, Reason};
use parasol_journey::ids::{CentreId, TechnicianId};
use parasol_journey::vocab::Category;

use super::read::{between, county, degrees};
use super::terms::{MIDNIGHT, absences, is_time, suspension, validity};
use crate::network::{Licence, Place, Shift, Skill, Standing, Stocked, column};
use crate::tables::technicians;

/// Skills and licences of one technician, at most.
const SKILLS_MAX: usize = 20;
/// Shifts of one technician, at most.
const SHIFTS_MAX: usize = 14;
/// Counties one technician goes to, at most.
const TERRITORY_MAX: usize = 100;
/// Parts in one technician's vehicle, at most.
const STOCK_MAX: usize = 200;
/// Of one part in a vehicle, at most.
const STOCKED_MAX: i32 = 10_000;
/// Visits of one technician in a day, at most: one for each half hour.
const VISITS_A_DAY_MAX: i32 = 48;

/// Reads a technician. What they are certified for follows from the rest and is not read.
pub(super) fn technician(check: &mut Checker, wire: v1::Technician) -> Option<technicians::Model> {
    let technician = check.id::<TechnicianId>("technician", &wire.technician);
    let centre = check.id::<CentreId>("centre", &wire.centre);
    let name = check.text("name", &wire.name, SHORT_NAME_MAX);
    let phone = check.phone("phone", &wire.phone);
    let skills = skills(check, &wire.skills);
    let licences = licences(check, &wire.certificates);
    let shifts = shifts(check, &wire.shifts);
    let absences = absences(check, &wire.absences);
    let home = home(check, wire.home.as_ref());
    let territory = territory(check, &wire.territory);
    let stock = stock(check, &wire.stock);
    let visits_a_day = check.number("visits_a_day", wire.visits_a_day, 0..=VISITS_A_DAY_MAX);
    let standing = suspension(check, wire.suspension.as_ref());
    let Standing { suspended, by, at, revision } = standing?;
    Some(technicians::Model {
        technician: technician?.to_string(),
        centre: centre?.to_string(),
        name: name?,
        phone: phone?,
        skills: column(&skills?),
        licences: column(&licences?),
        shifts: column(&shifts?),
        absences: column(&absences?),
        home: column(&home?),
        territory: column(&territory?),
        stock: column(&stock?),
        visits_a_day: i64::from(visits_a_day?),
        suspended,
        suspended_by: by,
        suspended_at: at,
        revision,
    })
}

fn skills(check: &mut Checker, wire: &[v1::Skill]) -> Option<Vec<Skill>> {
    between(check, "skills", wire.len(), 1, SKILLS_MAX)?;
    let numbers: Vec<_> = wire.iter().map(|one| one.category).collect();
    let categories = check.listed_once::<Category>("skills", &numbers)?;
    let mut skills = Vec::with_capacity(wire.len());
    for (place, (category, one)) in categories.into_iter().zip(wire).enumerate() {
        let level = check.number("skills", one.level, 1..=3)?;
        let (valid_from, valid_until) = check.within(&format!("skills[{place}]"), |check| {
            validity(check, &one.valid_from, &one.valid_until)
        })?;
        skills.push(Skill { category, level, valid_from, valid_until });
    }
    skills.sort_by_key(|one| one.category);
    Some(skills)
}

fn licences(check: &mut Checker, wire: &[v1::License]) -> Option<Vec<Licence>> {
    between(check, "certificates", wire.len(), 0, SKILLS_MAX)?;
    let licences: Vec<_> = wire
        .iter()
        .enumerate()
        .map(|(place, one)| {
            check.within(&format!("certificates[{place}]"), |check| {
                let kind = check.text("kind", &one.kind, CODE_MAX);
                let number = check.text("number", &one.number, FOREIGN_NUMBER_MAX);
                check.day("valid_until", &one.valid_until)?;
                let (valid_from, valid_until) = validity(check, &one.valid_from, &one.valid_until)?;
                Some(Licence { kind: kind?, number: number?, valid_from, valid_until })
            })
        })
        .collect();
    licences.into_iter().collect()
}

fn shifts(check: &mut Checker, wire: &[v1::Shift]) -> Option<Vec<Shift>> {
    between(check, "shifts", wire.len(), 0, SHIFTS_MAX)?;
    let shifts: Vec<_> = wire
        .iter()
        .enumerate()
        .map(|(place, one)| check.within(&format!("shifts[{place}]"), |check| shift(check, one)))
        .collect();
    let mut shifts: Vec<Shift> = shifts.into_iter().collect::<Option<_>>()?;
    shifts.sort_by(|a, b| (a.weekday, &a.from).cmp(&(b.weekday, &b.from)));
    let overlap = shifts
        .windows(2)
        .any(|pair| pair[0].weekday == pair[1].weekday && pair[1].from < pair[0].to);
    if overlap {
        return check.refuse("shifts", Reason::FieldInvalid, "shifts without overlaps");
    }
    Some(shifts)
}

/// Times are `HH:MM` with two digits each, so their order as texts is their order in the day. A shift may
/// end with the day, and go on with the next one's.
fn shift(check: &mut Checker, wire: &v1::Shift) -> Option<Shift> {
    check.number("weekday", wire.weekday, 1..=7)?;
    let has_break = !(wire.break_from.is_empty() && wire.break_to.is_empty());
    let ends = [("from", &wire.from), ("to", &wire.to)];
    let pause = [("break_from", &wire.break_from), ("break_to", &wire.break_to)];
    for (field, text) in ends.into_iter().chain(pause.into_iter().filter(|_| has_break)) {
        if !(is_time(text) || field == "to" && text == MIDNIGHT) {
            return check.refuse(field, Reason::FieldInvalid, "a time as HH:MM");
        }
    }
    if wire.from >= wire.to {
        return check.refuse("to", Reason::FieldInvalid, "a time later than the begin");
    }
    let inside =
        wire.from <= wire.break_from && wire.break_from < wire.break_to && wire.break_to <= wire.to;
    if has_break && !inside {
        return check.refuse("break_from", Reason::FieldInvalid, "a break inside the shift");
    }
    Some(Shift {
        weekday: wire.weekday,
        from: wire.from.clone(),
        to: wire.to.clone(),
        break_from: wire.break_from.clone(),
        break_to: wire.break_to.clone(),
    })
}

/// None, or one.
fn home(check: &mut Checker, wire: Option<&GeoPoint>) -> Option<Vec<Place>> {
    let Some(wire) = wire else { return Some(Vec::new()) };
    check.within("home", |check| {
        let lat = degrees(check, "lat", wire.lat, 90.0);
        let lon = degrees(check, "lon", wire.lon, 180.0);
        Some(vec![Place { lat: lat?, lon: lon? }])
    })
}

/// Sorted, so that the order in which a file lists counties changes nothing.
fn territory(check: &mut Checker, wire: &[String]) -> Option<Vec<String>> {
    between(check, "territory", wire.len(), 0, TERRITORY_MAX)?;
    let mut counties = Vec::with_capacity(wire.len());
    for (place, code) in wire.iter().enumerate() {
        counties.push(county(check, &format!("territory[{place}]"), code)?);
    }
    counties.sort();
    if counties.windows(2).any(|pair| pair[0] == pair[1]) {
        return check.refuse("territory", Reason::FieldInvalid, "each county at most once");
    }
    Some(counties)
}

/// Sorted by part.
fn stock(check: &mut Checker, wire: &[v1::StockedPart]) -> Option<Vec<Stocked>> {
    between(check, "stock", wire.len(), 0, STOCK_MAX)?;
    let mut known = HashSet::new();
    let read = |(place, one): (usize, &v1::StockedPart)| {
        check.within(&format!("stock[{place}]"), |check| {
            let part_no = check.text("part_no", &one.part_no, FOREIGN_NUMBER_MAX)?;
            let quantity = check.number("quantity", one.quantity, 1..=STOCKED_MAX)?;
            if !known.insert(part_no.clone()) {
                return check.refuse("part_no", Reason::FieldInvalid, "each part at most once");
            }
            Some(Stocked { part_no, quantity })
        })
    };
    let stock: Vec<_> = wire.iter().enumerate().map(read).collect();
    let mut stock: Vec<Stocked> = stock.into_iter().collect::<Option<_>>()?;
    stock.sort_by(|a, b| a.part_no.cmp(&b.part_no));
    Some(stock)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_technician() -> v1::Technician {
        v1::Technician {
            technician: "t-1".into(),
            centre: "c-1".into(),
            name: "刘佳怡".into(),
            phone: "19800000000".into(),
            skills: vec![v1::Skill { category: 1, level: 3, ..v1::Skill::default() }],
            ..v1::Technician::default()
        }
    }

    /// The field at fault, or empty.
    fn at_fault(change: impl FnOnce(&mut v1::Technician)) -> String {
        let mut wire = a_technician();
        change(&mut wire);
        let mut check = Checker::new();
        let row = technician(&mut check, wire);
        match check.finish() {
            Ok(()) => {
                assert!(row.is_some());
                String::new()
            }
            Err(error) => error.violations()[0].field.clone(),
        }
    }

    fn part(part_no: &str, quantity: i32) -> v1::StockedPart {
        v1::StockedPart { part_no: part_no.into(), quantity }
    }

    #[test]
    fn what_they_bring_along_and_where_they_go_has_its_bounds() {
        let county = |n: usize| format!("{:06}", 330_000 + n);
        #[rustfmt::skip]
        let table = [
            (at_fault(|_| {}),                                                              ""),
            (at_fault(|one| one.home = Some(GeoPoint { lat: 30.2, lon: 120.1 })),           ""),
            (at_fault(|one| one.home = Some(GeoPoint { lat: 91.0, lon: 120.1 })),           "home.lat"),
            (at_fault(|one| one.home = Some(GeoPoint { lat: 30.2, lon: f64::NAN })),        "home.lon"),
            (at_fault(|one| one.territory = (0..100).map(county).collect()),           ""),
            (at_fault(|one| one.territory = (0..101).map(county).collect()),           "territory"),
            (at_fault(|one| one.territory = vec!["330106".into(), "330106".into()]),        "territory"),
            (at_fault(|one| one.territory = vec!["330106".into(), "x".into()]),             "territory[1]"),
            (at_fault(|one| one.stock = vec![part("b", 2), part("a", 10_000)]),             ""),
            (at_fault(|one| one.stock = vec![part("a", 0)]),                                "stock[0].quantity"),
            (at_fault(|one| one.stock = vec![part("a", 1), part("a", 1)]),                  "stock[1].part_no"),
            (at_fault(|one| one.stock = (0..201).map(|n| part(&n.to_string(), 1)).collect()), "stock"),
            (at_fault(|one| one.visits_a_day = 49),                                         "visits_a_day"),
            (at_fault(|one| one.visits_a_day = 48),                                         ""),
        ];
        for (place, (found, field)) in table.into_iter().enumerate() {
            assert_eq!(found, field, "row {place}");
        }
    }

    #[test]
    fn skills_and_licences_have_days_in_their_order() {
        let skill = |from: &str, until: &str| {
            let (valid_from, valid_until) = (from.to_owned(), until.to_owned());
            let skill = v1::Skill { category: 1, level: 3, valid_from, valid_until };
            at_fault(|one| one.skills = vec![skill])
        };
        assert_eq!(skill("", ""), "");
        assert_eq!(skill("2026-06-08", "2026-06-08"), "");
        assert_eq!(skill("2026-06-08", "2026-06-07"), "skills[0].valid_until");
        let licence = |from: &str, until: &str| {
            let (valid_from, valid_until) = (from.to_owned(), until.to_owned());
            let (kind, number) = ("gas".to_owned(), "1".to_owned());
            let licence = v1::License { kind, number, valid_until, valid_from };
            at_fault(|one| one.certificates = vec![licence])
        };
        assert_eq!(licence("", "2026-06-08"), "");
        assert_eq!(licence("2026-06-08", ""), "certificates[0].valid_until", "it has an end");
        assert_eq!(licence("2026-06-09", "2026-06-08"), "certificates[0].valid_until");
        assert_eq!(licence("soon", "2026-06-08"), "certificates[0].valid_from");
    }
}
