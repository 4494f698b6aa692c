//! `ListMerged`: what was merged with a case.

use parasol_api::Checker;
use parasol_api::intake::v1::{ListMergedRequest, ListMergedResponse};
use parasol_desk::{Call, Result};
use parasol_journey::ids::CaseId;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tonic::Request;

use crate::tables::merged_cases;
use crate::{Intake, unreadable};

/// Cases that are shown at most.
const MERGED_SHOWN_MAX: u64 = 50;

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<ListMergedRequest>,
) -> Result<ListMergedResponse> {
    let call = Call::reading(&request, "ListMerged")?;
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &request.get_ref().case_id);
    let (case,) = check.all((case,))?;
    let case = intake.desk.case(&call.principal, case).await?;
    let merged = merged_cases::Entity::find()
        .filter(merged_cases::Column::IntoCase.eq(case.id.uuid()))
        .order_by(merged_cases::Column::CaseId, Order::Asc)
        .limit(MERGED_SHOWN_MAX)
        .all(intake.desk.store.reader())
        .await
        .map_err(unreadable)?;
    Ok(ListMergedResponse {
        into_case_id: case.merged_into.map_or_else(String::new, |into| into.to_string()),
        merged_case_ids: merged.iter().map(|row| CaseId::new(row.case_id).to_string()).collect(),
    })
}
