//! `AssignVoice`: somebody is to read it.

use parasol_api::tracking::v1::{AssignVoiceRequest, Voice};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use sea_orm::IntoActiveModel as _;
use tonic::Request;

use super::{expect, person};
use crate::Tracking;
use crate::voice::tables::voices;
use crate::voice::{VoiceId, store, views};

pub async fn handle(
    tracking: &Tracking,
    request: Request<AssignVoiceRequest>,
) -> Result<Voice, Error> {
    let call = Call::changing(&request, "AssignVoice", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let id = check.id::<VoiceId>("voice_id", &request.voice_id);
    let expected = check.etag(&request.etag);
    let to = person(&mut check, "assignee", &request.assignee, &call.principal);
    let (id, expected, to) = check.all((id, expected, to))?;
    let desk = &tracking.desk;
    let row = store::voice(&desk.store, id.0).await?;
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    expect(expected, row.version)?;
    let after = voices::Model { version: row.version + 1, assignee: to, ..row };
    let words = store::words(&desk.store, [after.voice]).await?;
    let text = words.get(&after.voice).map_or("", |words| words.text.as_str());
    let answer = views::voice(&after, text);
    let rows = vec![RowOp::put(after.into_active_model())];
    desk.record(&call, rows, &answer, Reason::VersionConflict).await
}
