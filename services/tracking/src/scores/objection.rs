//! Objections of brands to what a figure counts. Pure, but for the shape of a row.
//!
//! An objection is about one occurrence, and there is one for it. It changes no figure: figures are counted from logs
//! and from nothing else, so what is wrong is put right by a step of the case.

use parasol_api::tracking::v1::{ObjectionState, ScoreObjection};
use parasol_journey::ids::CaseId;
use uuid::Uuid;

use super::tables::score_objections::Model;
use crate::voice::store::Words;
use crate::voice::views::{category, etag_of, instant};

pub(crate) use crate::voice::ObjectionId;

/// Objections of a brand to one month.
pub const OBJECTIONS_MAX: u64 = 200;

/// How far an objection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits for an answer.
    Raised,
    /// The retailer agrees.
    Upheld,
    /// The retailer does not.
    Refused,
}

impl State {
    /// As tables write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Upheld => "upheld",
            Self::Refused => "refused",
        }
    }

    fn on_the_wire(text: &str) -> ObjectionState {
        match text {
            "raised" => ObjectionState::Raised,
            "upheld" => ObjectionState::Upheld,
            "refused" => ObjectionState::Refused,
            _ => ObjectionState::Unspecified,
        }
    }
}

impl ObjectionId {
    /// The objection to what a figure counts of a case.
    pub fn of(figure: Uuid, case: CaseId) -> Self {
        Self(Uuid::new_v5(&figure, case.uuid().as_bytes()))
    }
}

/// An objection on the wire, with its words.
pub fn view(row: &Model, words: Option<&Words>) -> ScoreObjection {
    let words = words.cloned().unwrap_or_default();
    ScoreObjection {
        objection_id: ObjectionId(row.objection).to_string(),
        etag: etag_of(row.version),
        brand: row.brand.clone(),
        category: category(&row.category),
        period: row.period.clone(),
        indicator: row.indicator.clone(),
        case_id: CaseId::new(row.case_id).to_string(),
        text: words.text,
        state: State::on_the_wire(&row.state).into(),
        raised_at: instant(row.raised_at),
        answer: words.more,
        answered_at: instant(row.answered_at),
    }
}
