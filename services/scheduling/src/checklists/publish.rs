//! What a checklist may be.

use std::collections::BTreeSet;

use parasol_api::common::v1::checklist_field::Form;
use parasol_api::common::v1::{
    Checklist, ChecklistField, ChecklistPhoto, ChoiceForm, NumberForm, NumberRange,
};
use parasol_api::limits::{CODE_MAX, EVIDENCE_MAX, LONG_TEXT_MAX, NAME_MAX};
use parasol_api::{Checker, Reason};
use parasol_journey::certificate::EvidenceKind;
use parasol_journey::vocab::Category;

/// Questions of a checklist.
pub const FIELDS_MAX: usize = 60;
/// Kinds of photos of a checklist.
pub const PHOTOS_MAX: usize = 20;
/// Options of a question.
const OPTIONS_MAX: usize = 20;
/// Photos of one kind that a checklist may want.
const COUNT_MAX: i32 = 10;

/// A checklist that can be published, as it is kept: without what only the house says of it.
pub fn check(check: &mut Checker, wire: &Checklist) -> Option<(Category, Checklist)> {
    let name = name(check, &wire.checklist);
    let category = check.listed("category", wire.category);
    let counted = check.at_most("fields", &wire.fields, FIELDS_MAX).is_some()
        & check.at_most("photos", &wire.photos, PHOTOS_MAX).is_some();
    if !counted {
        return None;
    }
    let mut fine = true;
    if wire.fields.is_empty() && wire.photos.is_empty() {
        fine = wrong(check, "fields", "something that is asked or photographed");
    }
    let mut names = BTreeSet::new();
    for (place, one) in wire.fields.iter().enumerate() {
        fine &= check.within(&format!("fields[{place}]"), |check| {
            field(check, one) & once(check, "field", &one.field, &mut names)
        });
    }
    let mut names = BTreeSet::new();
    for (place, one) in wire.photos.iter().enumerate() {
        fine &= check.within(&format!("photos[{place}]"), |check| {
            photo(check, one) & once(check, "photo", &one.photo, &mut names)
        });
    }
    let wanted: usize =
        wire.photos.iter().filter_map(|photo| usize::try_from(photo.count_min).ok()).sum();
    if wanted > EVIDENCE_MAX {
        fine = wrong(check, "photos", &format!("at most {EVIDENCE_MAX} photos in all"));
    }
    let kept = Checklist { published_at: None, superseded_at: None, ..wire.clone() };
    name?;
    fine.then_some((category?, kept))
}

/// The name of a checklist, for its form.
pub fn name(check: &mut Checker, text: &str) -> Option<String> {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !text.is_empty() && text.len() <= CODE_MAX && text.bytes().all(letters) {
        return Some(text.to_owned());
    }
    let expected = "1 to 40 ASCII letters, digits, `-`, `_`, `.`";
    check.refuse("checklist", Reason::FieldInvalid, expected)
}

fn field(check: &mut Checker, wire: &ChecklistField) -> bool {
    let named = code(check, "field", &wire.field) & labels(check, &wire.label_zh, &wire.label_en);
    let formed = match &wire.form {
        Some(Form::Text(text)) => {
            let longest = i32::try_from(LONG_TEXT_MAX).unwrap_or(i32::MAX);
            check.number("text.characters_max", text.characters_max, 1..=longest).is_some()
        }
        Some(Form::Number(number)) => check.within("number", |check| number_form(check, number)),
        Some(Form::Choice(choice)) => check.within("choice", |check| choice_form(check, choice)),
        Some(Form::YesNo(_)) => true,
        None => {
            let expected = "one of text, number, choice, yes_no";
            check.refuse::<()>("form", Reason::FieldInvalid, expected).is_some()
        }
    };
    named & formed
}

fn number_form(check: &mut Checker, wire: &NumberForm) -> bool {
    let unit = check.optional_text("unit", &wire.unit, CODE_MAX).is_some();
    let Some(possible) = wire.possible.filter(is_range) else {
        return wrong(check, "possible", "`from` and a `to` that is not smaller");
    };
    let inside = |normal: NumberRange| {
        is_range(&normal) && possible.from <= normal.from && normal.to <= possible.to
    };
    match wire.normal {
        Some(normal) if !inside(normal) => wrong(check, "normal", "a range inside `possible`"),
        _ => unit,
    }
}

fn is_range(range: &NumberRange) -> bool {
    range.from.is_finite() && range.to.is_finite() && range.from <= range.to
}

fn choice_form(check: &mut Checker, wire: &ChoiceForm) -> bool {
    if !(2..=OPTIONS_MAX).contains(&wire.options.len()) {
        return wrong(check, "options", &format!("2 to {OPTIONS_MAX} options"));
    }
    let mut names = BTreeSet::new();
    let mut fine = true;
    for (place, one) in wire.options.iter().enumerate() {
        fine &= check.within(&format!("options[{place}]"), |check| {
            code(check, "option", &one.option)
                & labels(check, &one.label_zh, &one.label_en)
                & once(check, "option", &one.option, &mut names)
        });
    }
    fine
}

fn photo(check: &mut Checker, wire: &ChecklistPhoto) -> bool {
    code(check, "photo", &wire.photo)
        & labels(check, &wire.label_zh, &wire.label_en)
        & check.listed::<EvidenceKind>("kind", wire.kind).is_some()
        & check.number("count_min", wire.count_min, 1..=COUNT_MAX).is_some()
}

fn labels(check: &mut Checker, zh: &str, en: &str) -> bool {
    check.text("label_zh", zh, NAME_MAX).is_some() & check.text("label_en", en, NAME_MAX).is_some()
}

fn code(check: &mut Checker, path: &str, text: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !text.is_empty() && text.len() <= CODE_MAX && text.bytes().all(letters) {
        return true;
    }
    let expected = "1 to 40 lower-case ASCII letters, digits, `_`";
    check.refuse::<()>(path, Reason::FieldInvalid, expected).is_some()
}

fn once<'a>(check: &mut Checker, path: &str, text: &'a str, names: &mut BTreeSet<&'a str>) -> bool {
    names.insert(text) || wrong(check, path, "a name that is not taken in this checklist")
}

fn wrong(check: &mut Checker, path: &str, expected: &str) -> bool {
    check.refuse::<()>(path, Reason::ChecklistInvalid, expected).is_some()
}
