//! `ReceiveMail`: an e-mail as a note of the case whose mark it carries.

use parasol_api::intake::v1::{ReceiveMailRequest, ReceiveMailResponse};
use parasol_api::{Error, Reason};
use parasol_desk::{Call, Result, Step, StepEffect};
use parasol_journey::ids::NoteId;
use parasol_journey::vocab::NoteSource;
use parasol_journey::{Case, Command};
use tonic::Request;

use super::add_note::words;
use crate::{Intake, mail};

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<ReceiveMailRequest>,
) -> Result<ReceiveMailResponse> {
    let call = Call::changing(&request, "ReceiveMail", &request.get_ref().request_id)?;
    let wire = request.into_inner();
    let read = mail::read(&wire.message).ok_or_else(|| Error::new(Reason::MailUnreadable))?;
    let unmatched = || Error::new(Reason::MailUnmatched);
    let id = read.case(&intake.desk.key).ok_or_else(unmatched)?;
    // A mark stays good for as long as there is a key; the case may be gone.
    if intake.desk.case_to_prepare(id, |_| true).await?.is_none() {
        return Err(unmatched());
    }
    let (text, cut) = read.note();
    let note = NoteId::new(intake.desk.ids.next());
    let command = move |_: &Case| Ok(Command::Note { note, source: NoteSource::Mail });
    let mut step = Step::new(id, None, command);
    step.rows = vec![words(note, &text, intake.desk.clock.now())];
    let files_dropped = i32::try_from(read.files).unwrap_or(i32::MAX);
    let answer = move |case: &Case, _: StepEffect| ReceiveMailResponse {
        case_id: case.id.to_string(),
        note_id: note.to_string(),
        cut,
        files_dropped,
    };
    intake.desk.step(&call, step.answering(answer)).await
}
