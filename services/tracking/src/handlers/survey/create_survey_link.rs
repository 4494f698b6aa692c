//! `CreateSurveyLink`: a credential for one survey, for the notice that asks for it.

use parasol_api::convert::to_timestamp;
use parasol_api::tracking::v1::{CreateSurveyLinkRequest, SurveyLink};
use parasol_api::{Error, Reason};
use parasol_desk::Call;
use parasol_runtime::identity::link;
use tonic::Request;

use super::case_of;
use crate::Tracking;
use crate::handlers::check_case;
use crate::voice::survey::open_until;

pub async fn handle(
    tracking: &Tracking,
    request: Request<CreateSurveyLinkRequest>,
) -> Result<SurveyLink, Error> {
    let call = Call::reading(&request, "CreateSurveyLink")?;
    let id = check_case(&request.get_ref().case_id)?;
    let desk = &tracking.desk;
    let case = case_of(desk, &call.principal, id).await?;
    let now = desk.clock.now();
    let until = open_until(&case).filter(|until| now < *until);
    let until = until.ok_or_else(|| Error::new(Reason::SurveyNotOpen))?;
    let token = link::survey_token(&desk.key, id, until);
    Ok(SurveyLink { token, expires_at: Some(to_timestamp(until)) })
}
