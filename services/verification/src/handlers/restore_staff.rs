//! `RestoreStaff`: a suspended account comes back into use.

use parasol_api::admin::v1::{RestoreStaffRequest, StaffChangeKind, StaffMember};
use parasol_api::limits::{FOREIGN_NUMBER_MAX, REMARK_MAX};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use tonic::Request;

use crate::Verification;
use crate::staff::change::{Begun, Said, begin, commit};

pub async fn handle(
    service: &Verification,
    request: Request<RestoreStaffRequest>,
) -> Result<StaffMember, Error> {
    let call = Call::changing(&request, "RestoreStaff", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let subject = check.text("subject", &request.subject, FOREIGN_NUMBER_MAX);
    let remark = check.text("remark", &request.remark, REMARK_MAX);
    let expected = check.etag(&request.etag);
    let (subject, remark, expected) = check.all((subject, remark, expected))?;
    let mut draft = match begin(service, &call, &subject, expected).await? {
        Begun::Draft(draft) => draft,
        Begun::Answered(saved) => return Ok(*saved),
    };
    draft.restore();
    let said = Said { kind: StaffChangeKind::Restored, remark };
    commit(service, &call, *draft, said, Reason::VersionConflict).await
}
