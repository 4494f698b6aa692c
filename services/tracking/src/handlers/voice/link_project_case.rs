//! `LinkProjectCase`: a case is behind a project.

use parasol_api::tracking::v1::{LinkProjectCaseRequest, LinkProjectCaseResponse};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::ids::CaseId;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use tonic::Request;

use crate::Tracking;
use crate::handlers::store_error;
use crate::voice::tables::{project_cases, projects};
use crate::voice::{CASES_MAX, ProjectId};

pub async fn handle(
    tracking: &Tracking,
    request: Request<LinkProjectCaseRequest>,
) -> Result<LinkProjectCaseResponse, Error> {
    let call = Call::changing(&request, "LinkProjectCase", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let project = check.id::<ProjectId>("project_id", &request.project_id);
    let case = check.id::<CaseId>("case_id", &request.case_id);
    let (project, case) = check.all((project, case))?;
    let desk = &tracking.desk;
    let reader = desk.store.reader();
    let known = projects::Entity::find_by_id(project.0).one(reader).await.map_err(store_error)?;
    known.ok_or_else(|| Error::new(Reason::NotFound))?;
    desk.case(&call.principal, case).await?;
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let count = project_cases::Entity::find()
        .filter(project_cases::Column::Project.eq(project.0))
        .count(reader)
        .await
        .map_err(store_error)?;
    if count >= CASES_MAX {
        return Err(Error::new(Reason::ProjectsFull));
    }
    let row = RowOp::put(project_cases::ActiveModel {
        project: Set(project.0),
        case_id: Set(case.uuid()),
        at: Set(desk.clock.now().micros()),
        said_by: Set(call.principal.to_string()),
    });
    let (project_id, case_id) = (project.to_string(), case.to_string());
    let answer = LinkProjectCaseResponse { project_id, case_id };
    desk.record(&call, vec![row], &answer, None).await
}
