//! `GetMailMark`: the mark that makes an e-mail one of a case.

use parasol_api::Checker;
use parasol_api::intake::v1::{GetMailMarkRequest, MailMark};
use parasol_desk::{Call, Result};
use parasol_journey::ids::CaseId;
use tonic::Request;

use crate::{Intake, mail};

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<GetMailMarkRequest>,
) -> Result<MailMark> {
    let call = Call::reading(&request, "GetMailMark")?;
    let mut check = Checker::new();
    let case = check.id::<CaseId>("case_id", &request.get_ref().case_id);
    let (case,) = check.all((case,))?;
    let case = intake.desk.case(&call.principal, case).await?;
    Ok(MailMark { mark: mail::mark(&intake.desk.key, case.id) })
}
