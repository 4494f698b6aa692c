//! An answer held against its form: every fault at once, each with its reason and the name of the
//! question it is about.

use std::collections::{BTreeMap, BTreeSet};

use parasol_api::common::v1::checklist_answer::Value;
use parasol_api::common::v1::checklist_field::Form;
use parasol_api::common::v1::{
    Certificate, Checklist, ChecklistAnswer, ChecklistField, ChecklistPhoto, ChecklistPhotoAnswer,
    FilledChecklist, NumberForm, NumberRange, Signature,
};
use parasol_api::limits::EVIDENCE_MAX;
use parasol_api::{Checker, Reason};

use super::publish::{FIELDS_MAX, PHOTOS_MAX};

/// What was filled, apart by where it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Filled {
    /// Everything but free texts, in the order of the form. A text that was answered has its place
    /// here, empty.
    pub answers: FilledChecklist,
    /// The free texts, by their field.
    pub texts: BTreeMap<String, String>,
}

/// Reads what was filled. A number outside what is in order is marked.
pub fn check(
    check: &mut Checker,
    form: &Checklist,
    wire: &FilledChecklist,
    certificate: &Certificate,
) -> Option<Filled> {
    let counted = check.at_most("answers", &wire.answers, FIELDS_MAX).is_some()
        & check.at_most("photos", &wire.photos, PHOTOS_MAX).is_some();
    if !counted {
        return None;
    }
    let fields = strangers(check, form, wire);
    let mut texts = BTreeMap::new();
    let mut fine = fields;
    let mut answers = Vec::new();
    for field in &form.fields {
        let mut given = wire.answers.iter().filter(|answer| answer.field == field.field);
        match (given.next().filter(|answer| answer.value.is_some()), given.next()) {
            (_, Some(_)) => fine = wrong(check, &field.field, Reason::AnswerUnknown, "one answer"),
            (Some(answer), None) => match answered(check, field, answer) {
                Some(mut answer) => {
                    if let Some(Value::Text(text)) = &mut answer.value {
                        texts.insert(field.field.clone(), std::mem::take(text));
                    }
                    answers.push(answer);
                }
                None => fine = false,
            },
            (None, None) if field.required => {
                fine = wrong(check, &field.field, Reason::AnswerMissing, "an answer");
            }
            (None, None) => {}
        }
    }
    let mut photos = Vec::new();
    for photo in &form.photos {
        let given = wire.photos.iter().find(|answer| answer.photo == photo.photo);
        match photographed(check, photo, given, certificate) {
            Some(answer) => photos.push(answer),
            None => fine = false,
        }
    }
    let signature_sha256 = signed(check, form, wire, certificate);
    let checklist = form.checklist.clone();
    let signature_sha256 = signature_sha256?;
    fine.then_some(Filled {
        answers: FilledChecklist { checklist, answers, photos, signature_sha256 },
        texts,
    })
}

/// Notes answers to what is not asked.
fn strangers(check: &mut Checker, form: &Checklist, wire: &FilledChecklist) -> bool {
    let mut fine = true;
    for (place, answer) in wire.answers.iter().enumerate() {
        if !form.fields.iter().any(|field| field.field == answer.field) {
            let path = format!("answers[{place}].field");
            fine = wrong(check, &path, Reason::AnswerUnknown, "a question of the checklist");
        }
    }
    let mut seen = BTreeSet::new();
    for (place, answer) in wire.photos.iter().enumerate() {
        let is_asked = form.photos.iter().any(|photo| photo.photo == answer.photo);
        if !is_asked || !seen.insert(&answer.photo) {
            let path = format!("photos[{place}].photo");
            fine = wrong(check, &path, Reason::AnswerUnknown, "a photo of the checklist, once");
        }
    }
    fine
}

fn answered(
    check: &mut Checker,
    field: &ChecklistField,
    answer: &ChecklistAnswer,
) -> Option<ChecklistAnswer> {
    let path = &field.field;
    let mut kept = ChecklistAnswer { out_of_order: false, ..answer.clone() };
    match (&field.form, &answer.value) {
        (Some(Form::Text(form)), Some(Value::Text(text))) => {
            let longest = usize::try_from(form.characters_max).unwrap_or_default();
            match (field.required, text.trim().is_empty()) {
                (true, true) => {
                    wrong(check, path, Reason::AnswerMissing, "an answer").then_some(())?;
                }
                _ => drop(check.optional_text(path, text, longest)?),
            }
        }
        (Some(Form::Number(form)), Some(Value::Number(number))) => {
            kept.out_of_order = measured(check, path, form, *number)?;
        }
        (Some(Form::Choice(form)), Some(Value::Option(option))) => {
            if !form.options.iter().any(|one| one.option == *option) {
                let names: Vec<_> = form.options.iter().map(|one| &*one.option).collect();
                let expected = format!("one of {}", names.join(", "));
                wrong(check, path, Reason::AnswerUnknown, &expected).then_some(())?;
            }
        }
        (Some(Form::YesNo(_)), Some(Value::YesNo(_))) => {}
        (form, _) => {
            let expected = match form {
                Some(Form::Text(_)) => "a text",
                Some(Form::Number(_)) => "a number",
                Some(Form::Choice(_)) => "an option",
                Some(Form::YesNo(_)) | None => "yes or no",
            };
            wrong(check, path, Reason::AnswerUnknown, expected).then_some(())?;
        }
    }
    Some(kept)
}

/// Whether a number that can be is out of order.
fn measured(check: &mut Checker, path: &str, form: &NumberForm, number: f64) -> Option<bool> {
    let holds = |range: NumberRange| range.from <= number && number <= range.to;
    let possible = form.possible.unwrap_or_default();
    // What is no number lies in no range.
    if !holds(possible) {
        let expected = format!("{} to {} {}", possible.from, possible.to, form.unit);
        return check.refuse(path, Reason::MeasurementImpossible, expected.trim_end());
    }
    Some(form.normal.is_some_and(|normal| !holds(normal)))
}

fn photographed(
    check: &mut Checker,
    photo: &ChecklistPhoto,
    answer: Option<&ChecklistPhotoAnswer>,
    certificate: &Certificate,
) -> Option<ChecklistPhotoAnswer> {
    let path = format!("photos.{}", photo.photo);
    let files = answer.map(|answer| answer.sha256.as_slice()).unwrap_or_default();
    check.at_most(&path, files, EVIDENCE_MAX)?;
    let is_evidence = |file: &&String| {
        let mut evidence = certificate.evidence.iter();
        evidence.any(|item| item.sha256 == **file && item.kind == photo.kind)
    };
    let distinct: BTreeSet<_> = files.iter().collect();
    let shown = distinct.iter().filter(|file| is_evidence(file)).count();
    let wanted = usize::try_from(photo.count_min).unwrap_or_default();
    if shown < wanted || shown < distinct.len() {
        let kind = photo.kind().as_str_name();
        let expected = format!("at least {wanted} of the certificate's evidence of {kind}");
        return check.refuse(&path, Reason::PhotosMissing, expected);
    }
    let sha256 = distinct.into_iter().cloned().collect();
    Some(ChecklistPhotoAnswer { photo: photo.photo.clone(), sha256 })
}

fn signed(
    check: &mut Checker,
    form: &Checklist,
    wire: &FilledChecklist,
    certificate: &Certificate,
) -> Option<String> {
    let is_wanted = form.signature && certificate.signature() == Signature::Signed;
    match (wire.signature_sha256.as_str(), is_wanted) {
        ("", true) => {
            check.refuse("signature_sha256", Reason::SignatureMissing, "the customer's signature")
        }
        ("", false) => Some(String::new()),
        (text, _) => check.sha256("signature_sha256", text),
    }
}

fn wrong(check: &mut Checker, path: &str, reason: Reason, expected: &str) -> bool {
    check.refuse::<()>(path, reason, expected).is_some()
}
