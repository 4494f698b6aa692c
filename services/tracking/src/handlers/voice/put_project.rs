//! `PutProject`: something is to be improved because customers said so.

use parasol_api::limits::{CODE_MAX, FOREIGN_NUMBER_MAX, NAME_MAX, REMARK_MAX};
use parasol_api::tracking::v1::{Project, ProjectState as Wire, PutProjectRequest};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use sea_orm::{EntityTrait, IntoActiveModel as _, PaginatorTrait};
use tonic::Request;

use super::{expect, list_projects};
use crate::Tracking;
use crate::handlers::store_error;
use crate::voice::store::{Step, Words, words_row};
use crate::voice::tables::projects;
use crate::voice::{PROJECTS_MAX, ProjectId, ProjectState};

pub async fn handle(
    tracking: &Tracking,
    request: Request<PutProjectRequest>,
) -> Result<Project, Error> {
    let call = Call::changing(&request, "PutProject", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let id = check.optional_id::<ProjectId>("project_id", &request.project_id);
    let expected = check.etag(&request.etag);
    if !request.project_id.is_empty() && matches!(expected, Some(None)) {
        check.refuse::<()>("etag", Reason::FieldInvalid, "the version to change");
    }
    let name = check.text("name", &request.name, NAME_MAX);
    let owner = check.text("owner", &request.owner, FOREIGN_NUMBER_MAX);
    let state = check.known::<Wire>("state", request.state).and_then(ProjectState::of_wire);
    let outcome = match state {
        Some(ProjectState::Shipped) => check.text("outcome", &request.outcome, REMARK_MAX),
        _ => check.optional_text("outcome", &request.outcome, REMARK_MAX),
    };
    let promise = check.optional_text("promise", &request.promise, CODE_MAX);
    let (id, expected, name, owner, state, outcome, promise) =
        check.all((id, expected, name, owner, state, outcome, promise))?;
    let desk = &tracking.desk;
    let reader = desk.store.reader();
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let before = match id {
        Some(id) => {
            let row = projects::Entity::find_by_id(id.0).one(reader).await.map_err(store_error)?;
            Some(row.ok_or_else(|| Error::new(Reason::NotFound))?)
        }
        None => None,
    };
    expect(expected.filter(|_| id.is_some()), before.as_ref().map_or(0, |row| row.version))?;
    if before.is_none() {
        let count = projects::Entity::find().count(reader).await.map_err(store_error)?;
        if count >= PROJECTS_MAX {
            return Err(Error::new(Reason::ProjectsFull));
        }
    }
    let now = desk.clock.now();
    let after = projects::Model {
        project: before.as_ref().map_or_else(|| desk.ids.next(), |row| row.project),
        version: before.as_ref().map_or(0, |row| row.version) + 1,
        owner,
        state: state.as_str().to_owned(),
        promise,
        made_at: before.as_ref().map_or(now.micros(), |row| row.made_at),
    };
    let words = Words { text: name, more: outcome };
    let answer = list_projects::project(&desk.store, &after, Some(&words)).await?;
    let said_by = call.principal.to_string();
    let (subject, number) = (after.project, after.version);
    let step = Step { subject, number, act: "put", said_by: &said_by, said: None };
    let mut rows = step.rows(now);
    rows.push(words_row(after.project, &words, now));
    rows.push(RowOp::put(after.into_active_model()));
    desk.record(&call, rows, &answer, Reason::VersionConflict).await
}
