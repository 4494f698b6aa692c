//! `PutPerson`: what grants of authority ask of a person who is not registered.

use parasol_api::admin::v1::{PutPersonRequest, PutPersonResponse};
use parasol_api::limits::{CODE_MAX, FOREIGN_NUMBER_MAX};
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::RowOp;
use parasol_desk::Call;
use parasol_journey::time::Timestamp;
use sea_orm::ActiveValue::Set;
use tonic::Request;

use crate::Verification;
use crate::authority::declared;
use crate::staff::register;
use crate::tables::authority::people;

/// The most certifications of a person.
const CERTIFICATIONS_MAX: usize = 20;
/// The best score there is.
const SCORE_MAX: i32 = 1_000;

pub async fn handle(
    service: &Verification,
    request: Request<PutPersonRequest>,
) -> Result<PutPersonResponse, Error> {
    let call = Call::changing(&request, "PutPerson", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let subject = check.text("subject", &request.subject, FOREIGN_NUMBER_MAX);
    let since = check.optional_instant("since", &request.since);
    let score = check.number("score", request.score, 0..=SCORE_MAX);
    let listed = check.at_most("certifications", &request.certifications, CERTIFICATIONS_MAX);
    for (place, one) in request.certifications.iter().enumerate().take(CERTIFICATIONS_MAX) {
        check.text(&format!("certifications[{place}]"), one, CODE_MAX);
    }
    let (subject, since, score, ()) = check.all((subject, since, score, listed))?;
    let desk = &service.desk;
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    if register::find(&desk.store, &subject).await?.is_some() {
        return Err(Error::new(Reason::StaffRegistered));
    }
    let known = declared(&desk.store, &subject).await?;
    let revision = known.map_or(0, |(revision, _)| revision) + 1;
    let certifications = serde_json::to_string(&request.certifications).map_err(Error::internal)?;
    let row = RowOp::claim(people::ActiveModel {
        subject: Set(subject),
        revision: Set(revision),
        since: Set(since.map_or(0, Timestamp::micros)),
        score: Set(score.into()),
        certifications: Set(certifications),
        said_by: Set(call.principal.to_string()),
        at: Set(desk.clock.now().micros()),
    });
    let answer = PutPersonResponse { revision };
    desk.record(&call, vec![row], &answer, Reason::VersionConflict).await
}
