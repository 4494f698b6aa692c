//! `ListProjects`: what is being improved, with the cases behind it and the promise that came of it.

use parasol_api::tracking::v1::{ListProjectsRequest, ListProjectsResponse, Project};
use parasol_api::{Checker, Error};
use parasol_casebook::Store;
use parasol_desk::{Call, Purpose};
use parasol_journey::ids::CaseId;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use tonic::Request;

use super::{cut, place};
use crate::Tracking;
use crate::handlers::store_error;
use crate::voice::store::{self, Words};
use crate::voice::tables::{project_cases, projects};
use crate::voice::views::{etag_of, instant};
use crate::voice::{ProjectId, ProjectState};

/// Cases of a project that are told.
const CASES_SHOWN_MAX: u64 = 200;

pub async fn handle(
    tracking: &Tracking,
    request: Request<ListProjectsRequest>,
) -> Result<ListProjectsResponse, Error> {
    use projects::Column;
    let call = Call::reading(&request, "ListProjects")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(request.page_size);
    let (size,) = check.all((size,))?;
    let (key, principal) = (&*tracking.desk.key, &call.principal);
    let pages = Purpose { key, domain: "projects-page", principal, bound: b"" };
    let mut wanted = Condition::all();
    if let Some((at, id)) = place(&pages, &request.page_token)? {
        let same = Condition::all().add(Column::MadeAt.eq(at)).add(Column::Project.lt(id));
        wanted = wanted.add(Condition::any().add(Column::MadeAt.lt(at)).add(same));
    }
    let store = &tracking.desk.store;
    let mut rows = projects::Entity::find()
        .filter(wanted)
        .order_by(Column::MadeAt, Order::Desc)
        .order_by(Column::Project, Order::Desc)
        .limit(size as u64 + 1)
        .all(store.reader())
        .await
        .map_err(store_error)?;
    let next_page_token = cut(&mut rows, size, &pages, |row| (row.made_at, row.project));
    let words = store::words(store, rows.iter().map(|row| row.project)).await?;
    let mut projects = Vec::with_capacity(rows.len());
    for row in &rows {
        projects.push(project(store, row, words.get(&row.project)).await?);
    }
    Ok(ListProjectsResponse { projects, next_page_token })
}

/// A project on the wire.
pub async fn project(
    store: &Store,
    row: &projects::Model,
    words: Option<&Words>,
) -> Result<Project, Error> {
    let behind = project_cases::Entity::find()
        .filter(project_cases::Column::Project.eq(row.project))
        .order_by(project_cases::Column::At, Order::Desc);
    let cases = behind.clone().count(store.reader()).await.map_err(store_error)?;
    let newest = behind.limit(CASES_SHOWN_MAX).all(store.reader()).await.map_err(store_error)?;
    let words = words.cloned().unwrap_or_default();
    Ok(Project {
        project_id: ProjectId(row.project).to_string(),
        etag: etag_of(row.version),
        name: words.text,
        owner: row.owner.clone(),
        state: ProjectState::number_of(&row.state),
        outcome: words.more,
        promise: row.promise.clone(),
        case_ids: newest.iter().map(|one| CaseId::new(one.case_id).to_string()).collect(),
        cases: i32::try_from(cases).unwrap_or(i32::MAX),
        made_at: instant(row.made_at),
    })
}
