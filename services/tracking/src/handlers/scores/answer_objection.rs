//! `AnswerObjection`: whether the retailer agrees, and why. The figure follows the log and not the answer.

use parasol_api::limits::LONG_TEXT_MAX;
use parasol_api::tracking::v1::{AnswerObjectionRequest, ScoreObjection};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use sea_orm::{EntityTrait, IntoActiveModel as _};
use tonic::Request;

use super::with_words;
use crate::Tracking;
use crate::handlers::store_error;
use crate::handlers::voice::expect;
use crate::scores::objection::{self, ObjectionId, State};
use crate::scores::tables::score_objections;
use crate::voice::store::{self, Step, Words, words_row};

pub async fn handle(
    tracking: &Tracking,
    request: Request<AnswerObjectionRequest>,
) -> Result<ScoreObjection, Error> {
    let call = Call::changing(&request, "AnswerObjection", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let id = check.id::<ObjectionId>("objection_id", &request.objection_id);
    let expected = check.etag(&request.etag);
    let text = check.text("text", &request.text, LONG_TEXT_MAX);
    let (id, expected, text) = check.all((id, expected, text))?;
    let (desk, now) = (&tracking.desk, tracking.desk.clock.now());
    let row = score_objections::Entity::find_by_id(id.0).one(desk.store.reader()).await;
    let row = row.map_err(store_error)?.ok_or_else(|| Error::new(Reason::NotFound))?;
    if let Some(saved) = desk.saved::<ScoreObjection>(&call).await? {
        return with_words(&desk.store, saved).await;
    }
    expect(expected, row.version)?;
    if row.state != State::Raised.as_str() {
        return Err(Error::new(Reason::ObjectionAnswered));
    }
    let state = if request.upheld { State::Upheld } else { State::Refused };
    let after = score_objections::Model {
        version: row.version + 1,
        state: state.as_str().to_owned(),
        answered_at: now.micros(),
        ..row
    };
    let said = store::words(&desk.store, [after.objection]).await?.remove(&after.objection);
    let words = Words { more: text, ..said.unwrap_or_default() };
    let said_by = call.principal.to_string();
    let (subject, number, act) = (after.objection, after.version, "answered");
    // The number of a step can be taken once, so that of two answers one is refused.
    let mut rows = Step { subject, number, act, said_by: &said_by, said: None }.rows(now);
    rows.push(words_row(after.objection, &words, now));
    // What is saved has no words: they are the vault's.
    let answer = objection::view(&after, None);
    rows.push(RowOp::put(after.into_active_model()));
    let told = desk.record(&call, rows, &answer, Reason::VersionConflict).await?;
    with_words(&desk.store, told).await
}
