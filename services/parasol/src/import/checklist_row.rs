//! Checklists as files write them, and the same as the contract does.

use parasol_api::Listed as _;
use parasol_api::common::v1;
use parasol_api::common::v1::checklist_field::Form;
use parasol_journey::certificate::EvidenceKind;
use parasol_journey::vocab::Category;
use serde::Deserialize;

/// A line of `checklists.jsonl`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checklist {
    checklist: String,
    category: Category,
    signature: bool,
    fields: Vec<Field>,
    photos: Vec<Photo>,
}

/// A question, with one of the four forms.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    field: String,
    label_zh: String,
    label_en: String,
    required: bool,
    text: Option<Text>,
    number: Option<Number>,
    choice: Option<Choice>,
    yes_no: Option<YesNo>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    characters_max: i32,
}

/// Ranges are written `[from, to]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Number {
    #[serde(default)]
    unit: String,
    possible: (f64, f64),
    normal: Option<(f64, f64)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    options: Vec<Opt>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opt {
    option: String,
    label_zh: String,
    label_en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct YesNo {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Photo {
    photo: String,
    label_zh: String,
    label_en: String,
    kind: EvidenceKind,
    count_min: i32,
}

impl From<Checklist> for v1::Checklist {
    fn from(row: Checklist) -> Self {
        Self {
            checklist: row.checklist,
            category: row.category.number(),
            fields: row.fields.into_iter().map(Into::into).collect(),
            photos: row.photos.into_iter().map(Into::into).collect(),
            signature: row.signature,
            ..Self::default()
        }
    }
}

impl From<Field> for v1::ChecklistField {
    fn from(row: Field) -> Self {
        let Field { field, label_zh, label_en, required, text, number, choice, yes_no } = row;
        let text = text.map(|Text { characters_max }| Form::Text(v1::TextForm { characters_max }));
        let number = number.map(|number| Form::Number(number.into()));
        let choice = choice.map(|choice| {
            let options = choice.options.into_iter().map(Into::into).collect();
            Form::Choice(v1::ChoiceForm { options })
        });
        let yes_no = yes_no.map(|YesNo {}| Form::YesNo(v1::YesNoForm {}));
        // A question of two forms is none: the node says so.
        let mut forms = [text, number, choice, yes_no].into_iter().flatten();
        let form = match (forms.next(), forms.next()) {
            (only, None) => only,
            (_, Some(_)) => None,
        };
        Self { field, label_zh, label_en, required, form }
    }
}

impl From<Number> for v1::NumberForm {
    fn from(row: Number) -> Self {
        let range = |(from, to)| v1::NumberRange { from, to };
        let possible = Some(range(row.possible));
        Self { unit: row.unit, possible, normal: row.normal.map(range) }
    }
}

impl From<Opt> for v1::ChoiceOption {
    fn from(row: Opt) -> Self {
        let Opt { option, label_zh, label_en } = row;
        Self { option, label_zh, label_en }
    }
}

impl From<Photo> for v1::ChecklistPhoto {
    fn from(row: Photo) -> Self {
        let Photo { photo, label_zh, label_en, kind, count_min } = row;
        Self { photo, label_zh, label_en, kind: kind.number(), count_min }
    }
}
