//! Something is not as it should be: said to the platform, and nothing moves.

use maud::{Markup, html};
use parasol_api::Error;
use parasol_api::limits::REMARK_MAX;
use parasol_api::partner::v1::RaiseAnomalyRequest;

use super::Sent;
use crate::portal::act::Done;
use crate::portal::calls::failed;
use crate::portal::choices::{ANOMALY, number};
use crate::portal::controls::{Filled, Look};
use crate::portal::words::Pick as _;

pub(super) async fn raise(sent: &Sent<'_>) -> Result<Done, Error> {
    let request = RaiseAnomalyRequest {
        request_id: sent.request_id(),
        case_id: sent.case_id(),
        kind: number(ANOMALY, "kind", sent.form.get("kind"))?,
        text: sent.form.text("text"),
        ..Default::default()
    };
    let answer = sent.calls.offers().raise_anomaly(request).await.map_err(failed)?;
    Ok(Done::of(answer.into_inner().effect))
}

pub(super) fn raise_form(filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let kinds: Vec<_> = ANOMALY.iter().collect();
    html! {
        (filled.select("kind", language.pick("情况", "What"), &kinds, Look {
            required: true,
            ..Look::default()
        }))
        (filled.area("text", language.pick("说明", "In words"), Look {
            max: REMARK_MAX,
            ..Look::default()
        }))
    }
}
