//! `AddNote`: something the retailer's people keep in mind. The log has that there is a note, the vault the words.

use parasol_api::Checker;
use parasol_api::convert::case_view;
use parasol_api::intake::v1::{AddNoteRequest, AddNoteResponse};
use parasol_api::limits::LONG_TEXT_MAX;
use parasol_casebook::{RowOp, Secret, secret};
use parasol_desk::{Call, Result, Step, StepEffect};
use parasol_journey::ids::{CaseId, NoteId};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::NoteSource;
use parasol_journey::{Case, Command};
use serde_json::json;
use tonic::Request;

use crate::Intake;

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<AddNoteRequest>,
) -> Result<AddNoteResponse> {
    let call = Call::changing(&request, "AddNote", &request.get_ref().request_id)?;
    let wire = request.into_inner();
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &wire.case_id);
    let etag = check.etag(&wire.etag);
    let text = check.text("text", &wire.text, LONG_TEXT_MAX);
    let (case, etag, text) = check.all((case, etag, text))?;
    let note = NoteId::new(intake.desk.ids.next());
    let command = move |_: &Case| Ok(Command::Note { note, source: NoteSource::Desk });
    let mut step = Step::new(case, etag, command);
    step.rows = vec![words(note, &text, intake.desk.clock.now())];
    let answer = move |case: &Case, _: StepEffect| AddNoteResponse {
        case: Some(case_view(case)),
        note_id: note.to_string(),
    };
    intake.desk.step(&call, step.answering(answer)).await
}

/// What a note says, as the vault keeps it.
pub(super) fn words(note: NoteId, text: &str, at: Timestamp) -> RowOp {
    let body = json!({ "text": text, "at": at.micros() }).to_string();
    secret(Secret { subject: note.uuid(), kind: "note", lookup: String::new(), body }, at)
}
