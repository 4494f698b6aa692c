//! `SuspendStaff`: an account goes out of use, at once.

use parasol_api::admin::v1::{
    StaffChangeKind, StaffMember, StaffSuspensionReason, SuspendStaffRequest,
};
use parasol_api::limits::{FOREIGN_NUMBER_MAX, REMARK_MAX};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use tonic::Request;

use crate::Verification;
use crate::staff::change::{Begun, Said, begin, commit};

pub async fn handle(
    service: &Verification,
    request: Request<SuspendStaffRequest>,
) -> Result<StaffMember, Error> {
    let call = Call::changing(&request, "SuspendStaff", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let subject = check.text("subject", &request.subject, FOREIGN_NUMBER_MAX);
    let reason = check.known::<StaffSuspensionReason>("reason", request.reason);
    let remark = match reason {
        Some(StaffSuspensionReason::Other) => check.text("remark", &request.remark, REMARK_MAX),
        _ => check.optional_text("remark", &request.remark, REMARK_MAX),
    };
    let expected = check.etag(&request.etag);
    let (subject, reason, remark, expected) = check.all((subject, reason, remark, expected))?;
    let mut draft = match begin(service, &call, &subject, expected).await? {
        Begun::Draft(draft) => draft,
        Begun::Answered(saved) => return Ok(*saved),
    };
    draft.suspend(reason, call.principal.to_string(), service.desk.clock.now());
    let said = Said { kind: StaffChangeKind::Suspended, remark };
    commit(service, &call, *draft, said, Reason::VersionConflict).await
}
