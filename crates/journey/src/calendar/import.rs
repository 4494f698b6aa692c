//! Reads a calendar from JSON and refuses one that cannot be right.
//!
//! Operators import next year's calendar on the day it is announced; a slip there would move every
//! deadline, so the shape of the data is checked before any of it is used.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;

use super::{Calendar, Exception, ExceptionKind, is_weekend};

/// The largest calendar text accepted, in bytes.
pub const CALENDAR_BYTES_MAX: usize = 1024 * 1024;
/// The most days one calendar may list.
pub const DAYS_MAX: usize = 10_000;
/// The longest version, name or line of the source, in bytes.
pub const TEXT_LEN_MAX: usize = 512;
/// The longest covered range, in days: a hundred years.
const COVERED_DAYS_MAX: i64 = 36_525;

/// Why a text is not a calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The text is larger than [`CALENDAR_BYTES_MAX`].
    #[error("the calendar has {bytes} bytes, more than the {CALENDAR_BYTES_MAX} allowed")]
    TooLarge {
        /// The size of the text.
        bytes: usize,
    },
    /// Not JSON, a field missing or unknown, or a date that does not exist.
    #[error("the calendar is not in the documented form: {0}")]
    Malformed(String),
    /// More than [`DAYS_MAX`] days.
    #[error("the calendar lists {days} days, more than the {DAYS_MAX} allowed")]
    TooManyDays {
        /// How many are listed.
        days: usize,
    },
    /// A version, name or line of the source is empty or longer than [`TEXT_LEN_MAX`].
    #[error("the calendar's {field} is empty or longer than {TEXT_LEN_MAX} bytes")]
    BadText {
        /// Which one.
        field: &'static str,
    },
    /// The covered range ends before it starts or is longer than a hundred years.
    #[error("the calendar cannot cover {from} to {until}")]
    BadRange {
        /// First covered day.
        from: NaiveDate,
        /// Last covered day.
        until: NaiveDate,
    },
    /// A listed day lies outside the covered range.
    #[error("{day} lies outside the covered range")]
    OutsideRange {
        /// The day.
        day: NaiveDate,
    },
    /// A day is listed twice.
    #[error("{day} is listed twice")]
    Duplicate {
        /// The day.
        day: NaiveDate,
    },
    /// A day stands after a later one.
    #[error("{day} is out of order")]
    OutOfOrder {
        /// The day.
        day: NaiveDate,
    },
    /// A make-up working day that is not a Saturday or Sunday.
    #[error("{day} is a make-up working day but not a Saturday or Sunday")]
    MakeUpOnWeekday {
        /// The day.
        day: NaiveDate,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    version: String,
    source: Vec<String>,
    covered_from: NaiveDate,
    covered_until: NaiveDate,
    #[serde(default = "weekends_are_legal_holidays_default")]
    weekends_are_legal_holidays: bool,
    days: Vec<DayRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DayRow {
    day: NaiveDate,
    kind: ExceptionKind,
    name_zh: String,
    name_en: String,
}

fn weekends_are_legal_holidays_default() -> bool {
    true
}

impl Calendar {
    /// Reads a calendar in the form of the embedded one: `version`, `source`, `covered_from`,
    /// `covered_until`, optionally `weekends_are_legal_holidays`, and `days` in order, each with
    /// `day`, `kind` (`holiday` or `make_up`), `name_zh` and `name_en`.
    ///
    /// # Errors
    /// The first thing found wrong, as a [`CalendarError`].
    pub fn from_json(text: &str) -> Result<Self, CalendarError> {
        if text.len() > CALENDAR_BYTES_MAX {
            return Err(CalendarError::TooLarge { bytes: text.len() });
        }
        let file: CalendarFile = serde_json::from_str(text)
            .map_err(|error| CalendarError::Malformed(error.to_string()))?;
        check_head(&file)?;
        let mut exceptions = BTreeMap::new();
        for row in file.days {
            check_row(&row, file.covered_from, file.covered_until)?;
            if let Some((&before, _)) = exceptions.last_key_value() {
                check_order(before, row.day)?;
            }
            let DayRow { day, kind, name_zh, name_en } = row;
            exceptions.insert(day, Exception { kind, name_zh, name_en });
        }
        Ok(Self {
            version: file.version,
            source: file.source,
            covered_from: file.covered_from,
            covered_until: file.covered_until,
            weekends_are_legal_holidays: file.weekends_are_legal_holidays,
            exceptions,
        })
    }
}

fn check_head(file: &CalendarFile) -> Result<(), CalendarError> {
    check_text("version", &file.version)?;
    if file.source.is_empty() {
        return Err(CalendarError::BadText { field: "source" });
    }
    file.source.iter().try_for_each(|line| check_text("source", line))?;
    let (from, until) = (file.covered_from, file.covered_until);
    if !(0..COVERED_DAYS_MAX).contains(&until.signed_duration_since(from).num_days()) {
        return Err(CalendarError::BadRange { from, until });
    }
    if file.days.len() > DAYS_MAX {
        return Err(CalendarError::TooManyDays { days: file.days.len() });
    }
    Ok(())
}

fn check_row(row: &DayRow, from: NaiveDate, until: NaiveDate) -> Result<(), CalendarError> {
    let day = row.day;
    check_text("name_zh", &row.name_zh)?;
    check_text("name_en", &row.name_en)?;
    if !(from..=until).contains(&day) {
        return Err(CalendarError::OutsideRange { day });
    }
    if row.kind == ExceptionKind::MakeUp && !is_weekend(day) {
        return Err(CalendarError::MakeUpOnWeekday { day });
    }
    Ok(())
}

fn check_order(before: NaiveDate, day: NaiveDate) -> Result<(), CalendarError> {
    match day.cmp(&before) {
        std::cmp::Ordering::Greater => Ok(()),
        std::cmp::Ordering::Equal => Err(CalendarError::Duplicate { day }),
        std::cmp::Ordering::Less => Err(CalendarError::OutOfOrder { day }),
    }
}

fn check_text(field: &'static str, text: &str) -> Result<(), CalendarError> {
    if text.trim().is_empty() || text.len() > TEXT_LEN_MAX {
        return Err(CalendarError::BadText { field });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{
        "version": "x-1", "source": ["a notice"],
        "covered_from": "2026-01-01", "covered_until": "2026-12-31",
        "days": [
            {"day": "2026-01-01", "kind": "holiday", "name_zh": "元旦", "name_en": "New Year"},
            {"day": "2026-01-04", "kind": "make_up", "name_zh": "元旦", "name_en": "New Year"}
        ]
    }"#;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_embedded_calendar_passes_the_check_of_imports() {
        let text = include_str!("../../data/calendar-cn.json");
        assert_eq!(Calendar::from_json(text).as_ref(), Ok(Calendar::china()));
    }

    #[test]
    fn each_slip_has_its_own_refusal() {
        assert!(Calendar::from_json(GOOD).is_ok());
        let first =
            r#"{"day": "2026-01-01", "kind": "holiday", "name_zh": "元旦", "name_en": "New Year"}"#;
        let (jan1, jan4) = (day("2026-01-01"), day("2026-01-04"));
        let table = [
            (r#""x-1""#, r#""  ""#, CalendarError::BadText { field: "version" }),
            (r#"["a notice"]"#, "[]", CalendarError::BadText { field: "source" }),
            (
                r#""covered_from": "2026-01-01""#,
                r#""covered_from": "2027-01-01""#,
                CalendarError::BadRange { from: day("2027-01-01"), until: day("2026-12-31") },
            ),
            (
                r#""covered_from": "2026-01-01""#,
                r#""covered_from": "1026-01-01""#,
                CalendarError::BadRange { from: day("1026-01-01"), until: day("2026-12-31") },
            ),
            (
                r#""covered_from": "2026-01-01""#,
                r#""covered_from": "2026-01-02""#,
                CalendarError::OutsideRange { day: jan1 },
            ),
            (r#""2026-01-04""#, r#""2026-01-01""#, CalendarError::MakeUpOnWeekday { day: jan1 }),
            (first, &first.replace("01-01", "01-05"), CalendarError::OutOfOrder { day: jan4 }),
            (first, &format!("{first}, {first}"), CalendarError::Duplicate { day: jan1 }),
        ];
        for (from, to, expected) in table {
            assert!(GOOD.contains(from), "{from} is not in the sample");
            assert_eq!(Calendar::from_json(&GOOD.replacen(from, to, 1)), Err(expected));
        }
    }

    #[test]
    fn what_is_not_in_the_documented_form_is_malformed() {
        for (from, to) in [
            ("\"version\"", "\"edition\""),
            ("make_up", "extra"),
            ("2026-01-04", "2026-02-30"),
            ("{", ""),
        ] {
            let answer = Calendar::from_json(&GOOD.replacen(from, to, 1));
            assert!(matches!(answer, Err(CalendarError::Malformed(_))), "{to}: {answer:?}");
        }
    }

    #[test]
    fn size_has_limits() {
        let padded = format!("{GOOD}{}", " ".repeat(CALENDAR_BYTES_MAX));
        let bytes = padded.len();
        assert_eq!(Calendar::from_json(&padded), Err(CalendarError::TooLarge { bytes }));

        let row = r#"{"day":"2026-01-01","kind":"holiday","name_zh":"a","name_en":"a"}"#;
        let rows = vec![row; DAYS_MAX + 1].join(",");
        let head = GOOD.split("\"days\"").next().unwrap();
        assert_eq!(
            Calendar::from_json(&format!("{head}\"days\":[{rows}]}}")),
            Err(CalendarError::TooManyDays { days: DAYS_MAX + 1 })
        );
    }
}
