//! Objections to figures as both sides see them: what is said, how far it has come, and the answer.

use maud::{Markup, html};
use parasol_api::Language;
use parasol_api::convert::timestamp;
use parasol_api::tracking::v1::{ObjectionState, ScoreObjection};

use super::words::short;
use crate::web::times;
use crate::web::words::{Pick as _, category};

crate::web::choice::lists! {
    /// How far an objection has come.
    STATES: ObjectionState {
        Raised "raised" "待答复" "Waits for an answer";
        Upheld "upheld" "成立" "Upheld";
        Refused "refused" "不成立" "Refused";
    }
}

/// One objection; `case` is where its case is found, empty where whoever looks cannot open one.
pub(crate) fn one(objection: &ScoreObjection, case: &str, language: Language) -> Markup {
    let state = STATES.iter().find(|one| one.number == objection.state);
    html! {
        div.row {
            span.top {
                strong { code { (objection.indicator) } " · " (category(objection.category(), language)) }
                span.badge { (state.map_or("—", |one| one.label(language))) }
            }
            blockquote { (objection.text) }
            @if !objection.answer.is_empty() {
                p { strong { (language.pick("平台答复：", "The retailer: ")) } (objection.answer) }
            }
            span.line.quiet {
                (objection.brand) " · " (objection.period) " · "
                @if case.is_empty() { "…" (short(&objection.case_id)) } @else {
                    a href={ (case) (objection.case_id) } { "…" (short(&objection.case_id)) }
                }
                @if let Some(at) = objection.raised_at.as_ref().and_then(timestamp) {
                    " · " (times::at(at, language))
                }
            }
        }
    }
}
