//! What is tried by telephone or video before anybody travels, as rows: categories and coded symptoms.
//!
//! That a case is guided first gives and takes nothing: whoever is not helped goes on to an inspection. What
//! the agent tries is not said here.

use chrono::NaiveDate;
use parasol_journey::event::Filing;
use parasol_journey::vocab::{CaseKind, Category};
use serde::Deserialize;

use crate::layer::Validity;

/// The most rows of a pack.
pub(crate) const GUIDANCE_ROWS_MAX: usize = 200;
/// The most symptoms of a row.
const SYMPTOMS_MAX: usize = 50;
/// The longest symptom, in bytes.
const SYMPTOM_BYTES_MAX: usize = 64;

/// A row as a pack's file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GuidanceForm {
    /// Categories it is for; all when not given.
    #[serde(default)]
    categories: Vec<Category>,
    /// The coded symptoms that are tried first.
    symptoms: Vec<String>,
    /// The first day of filing it is for.
    from: Option<NaiveDate>,
    /// The last day of filing it is for.
    until: Option<NaiveDate>,
    /// Where it is written.
    source: String,
}

/// A row, read.
#[derive(Clone, Debug)]
pub(crate) struct Guidance {
    categories: Vec<Category>,
    symptoms: Vec<String>,
    validity: Validity,
}

impl Guidance {
    /// Reads a row. The error says what is wrong, in one sentence.
    pub(crate) fn read(form: GuidanceForm, layer: Validity) -> Result<Self, String> {
        if form.source.trim().is_empty() {
            return Err("`source` is empty".to_owned());
        }
        if form.symptoms.is_empty() || form.symptoms.len() > SYMPTOMS_MAX {
            return Err(format!("`symptoms` must be 1 to {SYMPTOMS_MAX} codes"));
        }
        if let Some(wrong) = form.symptoms.iter().find(|code| !is_symptom(code)) {
            return Err(format!("{wrong:?} is no code: small letters, digits and `_`"));
        }
        let validity = layer.narrowed(form.from, form.until)?;
        Ok(Self { categories: form.categories, symptoms: form.symptoms, validity })
    }

    /// Whether a case filed on a day is guided first. Danger, damage on arrival and a fault that was repaired
    /// before are for somebody who comes.
    pub(crate) fn is_for(&self, filing: &Filing, day: NaiveDate) -> bool {
        let category = self.categories.is_empty() || self.categories.contains(&filing.category);
        let harmless = !filing.danger && !filing.damaged_on_arrival && filing.prior_repairs == 0;
        filing.kind == CaseKind::Quality
            && category
            && harmless
            && self.symptoms.contains(&filing.symptom)
            && self.validity.contains(day)
    }
}

fn is_symptom(code: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !code.is_empty() && code.len() <= SYMPTOM_BYTES_MAX && code.bytes().all(fits)
}
