//! `ActOnComplaint`: what the owner did, and what came of it.

use parasol_api::limits::{LONG_TEXT_MAX, REMARK_MAX};
use parasol_api::tracking::v1::{ActOnComplaintRequest, ComplaintOutcome, ComplaintStep};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use tonic::Request;
use uuid::Uuid;

use super::step_complaint;
use crate::Tracking;
use crate::handlers::store_error;
use crate::voice::complaint::{Act, Outcome};
use crate::voice::store::{Words, words_row};
use crate::voice::tables::{complaints, product_notices, projects};
use crate::voice::{ComplaintId, ProjectId};

pub async fn handle(
    tracking: &Tracking,
    request: Request<ActOnComplaintRequest>,
) -> Result<ComplaintStep, Error> {
    let call = Call::changing(&request, "ActOnComplaint", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let id = check.id::<ComplaintId>("complaint_id", &request.complaint_id);
    let expected = check.etag(&request.etag);
    let outcome = check.known::<ComplaintOutcome>("outcome", request.outcome);
    let outcome = outcome.and_then(Outcome::of_wire);
    let text = check.text("text", &request.text, LONG_TEXT_MAX);
    let project = check.optional_id::<ProjectId>("project_id", &request.project_id);
    if matches!((outcome, project), (Some(outcome), Some(project)) if (outcome == Outcome::Project) != project.is_some())
    {
        check.refuse::<()>("project_id", Reason::FieldInvalid, "with a project and only then");
    }
    let is_notice = outcome == Some(Outcome::ProductNotice);
    let mut notice = |field: &str, text: &str| match is_notice {
        true => check.text(field, text, REMARK_MAX),
        false if text.is_empty() => Some(String::new()),
        false => check.refuse(field, Reason::FieldInvalid, "only with a product notice"),
    };
    let (zh, en) =
        (notice("notice_zh", &request.notice_zh), notice("notice_en", &request.notice_en));
    let (id, expected, outcome, text, project, zh, en) =
        check.all((id, expected, outcome, text, project, zh, en))?;
    let desk = &tracking.desk;
    let project = project.map_or(Uuid::nil(), |project| project.0);
    if !project.is_nil() {
        let known = projects::Entity::find_by_id(project).one(desk.store.reader()).await;
        known.map_err(store_error)?.ok_or_else(|| Error::new(Reason::NotFound))?;
    }
    let act = Act::Do { outcome, project };
    let (notice, now) = (desk.ids.next(), desk.clock.now());
    let further = move |after: &complaints::Model| match is_notice {
        false => Vec::new(),
        true => vec![
            words_row(notice, &Words { text: zh, more: en }, now),
            RowOp::put(product_notices::ActiveModel {
                sku: Set(after.sku.clone()),
                notice: Set(notice),
                complaint: Set(after.complaint),
                at: Set(now.micros()),
            }),
        ],
    };
    step_complaint(tracking, &call, (id, expected), &act, &text, further).await
}
