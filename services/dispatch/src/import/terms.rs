//! The terms on which somebody takes part, from a message to columns: validity, opening hours, absences,
//! deposit, attributes, and the suspension of somebody new.

use std::collections::BTreeMap;

use parasol_api::admin::v1;
use parasol_api::limits::CODE_MAX;
use parasol_api::{Checker, Reason};

use super::read::between;
use crate::network::{Absence, OpeningHours, Standing};

/// Opening hours of a centre, at most.
const HOURS_MAX: usize = 14;
/// Absences of a centre or a technician, at most.
const ABSENCES_MAX: usize = 50;
/// Attributes of a brand or a centre, at most.
const ATTRIBUTES_MAX: usize = 20;
/// Characters of an attribute's value, at most.
const ATTRIBUTE_VALUE_MAX: usize = 200;
/// Characters in who said something, at most: a role and an id.
const SAID_BY_MAX: usize = 120;
/// The end of a day as an hour.
pub const MIDNIGHT: &str = "24:00";

/// First and last day, as columns hold them.
pub fn validity(check: &mut Checker, from: &str, until: &str) -> Option<(String, String)> {
    let first = optional_day(check, "valid_from", from);
    let last = optional_day(check, "valid_until", until);
    let (first, last) = (first?, last?);
    // Days with four digits of a year are ordered as texts are.
    if !first.is_empty() && !last.is_empty() && last < first {
        return check.refuse("valid_until", Reason::FieldInvalid, "not before valid_from");
    }
    Some((first, last))
}

fn optional_day(check: &mut Checker, field: &str, text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    check.day(field, text).map(|day| day.to_string())
}

/// Opening hours, sorted.
pub fn hours(check: &mut Checker, wire: &[v1::OpeningHours]) -> Option<Vec<OpeningHours>> {
    between(check, "hours", wire.len(), 0, HOURS_MAX)?;
    let read = |(place, one): (usize, &v1::OpeningHours)| {
        check.within(&format!("hours[{place}]"), |check| opening_hours(check, one))
    };
    let hours: Vec<_> = wire.iter().enumerate().map(read).collect();
    let mut hours: Vec<OpeningHours> = hours.into_iter().collect::<Option<_>>()?;
    hours.sort_by(|a, b| (a.weekday, &a.from).cmp(&(b.weekday, &b.from)));
    let overlap = hours
        .windows(2)
        .any(|pair| pair[0].weekday == pair[1].weekday && pair[1].from < pair[0].to);
    if overlap {
        return check.refuse("hours", Reason::FieldInvalid, "hours without overlaps");
    }
    Some(hours)
}

/// Times are `HH:MM` with two digits each, so their order as texts is their order in the day.
fn opening_hours(check: &mut Checker, wire: &v1::OpeningHours) -> Option<OpeningHours> {
    let weekday = check.number("weekday", wire.weekday, 1..=7)?;
    if !is_time(&wire.from) {
        return check.refuse("from", Reason::FieldInvalid, "a time as HH:MM");
    }
    if wire.to != MIDNIGHT && !is_time(&wire.to) {
        return check.refuse("to", Reason::FieldInvalid, "a time as HH:MM");
    }
    if wire.from >= wire.to {
        return check.refuse("to", Reason::FieldInvalid, "a time later than the begin");
    }
    Some(OpeningHours { weekday, from: wire.from.clone(), to: wire.to.clone() })
}

/// Whether a text is a time of the day as `HH:MM`.
pub fn is_time(text: &str) -> bool {
    text.len() == 5 && chrono::NaiveTime::parse_from_str(text, "%H:%M").is_ok()
}

/// Absences, sorted.
pub fn absences(check: &mut Checker, wire: &[v1::Absence]) -> Option<Vec<Absence>> {
    between(check, "absences", wire.len(), 0, ABSENCES_MAX)?;
    let read = |(place, one): (usize, &v1::Absence)| {
        check.within(&format!("absences[{place}]"), |check| absence(check, one))
    };
    let absences: Vec<_> = wire.iter().enumerate().map(read).collect();
    let mut absences: Vec<Absence> = absences.into_iter().collect::<Option<_>>()?;
    absences.sort_by(|a, b| (&a.from, &a.until).cmp(&(&b.from, &b.until)));
    Some(absences)
}

fn absence(check: &mut Checker, wire: &v1::Absence) -> Option<Absence> {
    let from = check.day("from", &wire.from);
    let until = check.day("until", &wire.until);
    let reason = check.optional_text("reason", &wire.reason, CODE_MAX);
    let (from, until) = (from?, until?);
    if until < from {
        return check.refuse("until", Reason::FieldInvalid, "not before from");
    }
    Some(Absence { from: from.to_string(), until: until.to_string(), reason: reason? })
}

/// What has to lie with the platform and what does, in fen.
pub fn deposit(check: &mut Checker, wire: Option<&v1::Deposit>) -> Option<(i64, i64)> {
    let Some(wire) = wire else { return Some((0, 0)) };
    check.within("deposit", |check| {
        let required = check.money("required", &wire.required);
        let paid = check.money("paid", &wire.paid);
        Some((required?, paid?))
    })
}

/// Attributes, by name.
pub fn attributes(
    check: &mut Checker,
    wire: &BTreeMap<String, String>,
) -> Option<Vec<(String, String)>> {
    between(check, "attributes", wire.len(), 0, ATTRIBUTES_MAX)?;
    let mut attributes = Vec::with_capacity(wire.len());
    for (name, value) in wire {
        let is_name =
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !is_name || name.is_empty() || name.len() > CODE_MAX {
            let expected = "names of at most 40 ASCII letters, digits, `-`, `_`, `.`";
            return check.refuse("attributes", Reason::FieldInvalid, expected);
        }
        let field = format!("attributes.{name}");
        let value = check.optional_text(&field, value, ATTRIBUTE_VALUE_MAX)?;
        attributes.push((name.clone(), value));
    }
    Some(attributes)
}

/// The standing of somebody new.
pub fn suspension(check: &mut Checker, wire: Option<&v1::Suspension>) -> Option<Standing> {
    if let Some(wire) = wire {
        check.within("suspension", |check| {
            let reason = check.known::<v1::SuspensionReason>("reason", wire.reason);
            let since = check.instant("since", &wire.since);
            let by = check.optional_text("by", &wire.by, SAID_BY_MAX);
            Some((reason?, since?, by?))
        })?;
    }
    Some(Standing::of_new(wire))
}

#[cfg(test)]
mod tests {
    use parasol_api::common::v1::Money;

    use super::*;

    /// The field at fault, if there is one.
    fn at_fault<T>(read: impl FnOnce(&mut Checker) -> Option<T>) -> String {
        let mut check = Checker::new();
        let value = read(&mut check);
        match check.finish() {
            Ok(()) => {
                assert!(value.is_some());
                String::new()
            }
            Err(error) => error.violations()[0].field.clone(),
        }
    }

    fn open(weekday: i32, from: &str, to: &str) -> v1::OpeningHours {
        v1::OpeningHours { weekday, from: from.into(), to: to.into() }
    }

    #[test]
    fn hours_lie_in_a_day_and_do_not_overlap() {
        let early = open(1, "08:30", "12:00");
        #[rustfmt::skip]
        let table = [
            (vec![open(1, "12:00", "24:00"), early.clone()],            ""),
            (vec![open(0, "08:30", "12:00")],                           "hours[0].weekday"),
            (vec![early.clone(), open(1, "8:30", "12:00")],             "hours[1].from"),
            (vec![open(1, "24:00", "24:00")],                           "hours[0].from"),
            (vec![open(1, "12:00", "24:01")],                           "hours[0].to"),
            (vec![open(1, "12:00", "12:00")],                           "hours[0].to"),
            (vec![early.clone(), open(1, "11:59", "13:00")],            "hours"),
            (vec![early; 15],                                           "hours"),
        ];
        for (wire, field) in table {
            assert_eq!(at_fault(|check| hours(check, &wire)), field, "{wire:?}");
        }
    }

    #[test]
    fn days_are_days_in_their_order() {
        let valid = |from, until| at_fault(|check| validity(check, from, until));
        assert_eq!(valid("", ""), "");
        assert_eq!(valid("2026-06-08", "2026-06-08"), "");
        assert_eq!(valid("2026-06-08", "2026-06-07"), "valid_until");
        assert_eq!(valid("2026-6-8", ""), "valid_from");
        let away = |from: &str, until: &str| {
            let one = v1::Absence { from: from.into(), until: until.into(), reason: "x".into() };
            at_fault(|check| absences(check, &[one]))
        };
        assert_eq!(away("2026-06-08", "2026-06-08"), "");
        assert_eq!(away("2026-06-08", "2026-06-07"), "absences[0].until");
        assert_eq!(away("", "2026-06-07"), "absences[0].from");
    }

    #[test]
    fn attributes_are_few_and_short() {
        let one = |name: &str, value: &str| {
            let wire = BTreeMap::from([(name.to_owned(), value.to_owned())]);
            at_fault(|check| attributes(check, &wire))
        };
        assert_eq!(one("sap.vendor-no", "4711"), "");
        assert_eq!(one("vendor", &"长".repeat(201)), "attributes.vendor");
        for name in ["", "a b", "名", &"x".repeat(41)] {
            assert_eq!(one(name, "4711"), "attributes", "{name}");
        }
        let many = (0..21).map(|n| (format!("a{n}"), String::new())).collect();
        assert_eq!(at_fault(|check| attributes(check, &many)), "attributes");
    }

    #[test]
    fn a_deposit_has_both_amounts_and_a_suspension_a_reason_and_a_time() {
        let money = |fen| Some(Money { fen, currency: "CNY".into() });
        let wire = v1::Deposit { required: money(5), paid: money(4) };
        assert_eq!(deposit(&mut Checker::new(), Some(&wire)), Some((5, 4)));
        let half = v1::Deposit { required: money(5), paid: None };
        assert_eq!(at_fault(|check| deposit(check, Some(&half))), "deposit.paid");
        let none = v1::Suspension::default();
        assert_eq!(at_fault(|check| suspension(check, Some(&none))), "suspension.reason");
        assert_eq!(at_fault(|check| suspension(check, None)), "");
    }
}
