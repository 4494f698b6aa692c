//! `DecertifyStaff`: a certification is taken away.

use parasol_api::admin::v1::{DecertifyStaffRequest, StaffChangeKind, StaffMember};
use parasol_api::limits::{FOREIGN_NUMBER_MAX, REMARK_MAX};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use tonic::Request;

use crate::Verification;
use crate::staff::change::{Begun, Said, begin, commit};
use crate::staff::views::check_name;

pub async fn handle(
    service: &Verification,
    request: Request<DecertifyStaffRequest>,
) -> Result<StaffMember, Error> {
    let call = Call::changing(&request, "DecertifyStaff", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let subject = check.text("subject", &request.subject, FOREIGN_NUMBER_MAX);
    let wire = check.present("certification", &request.certification);
    let name = wire.and_then(|wire| check.within("certification", |check| check_name(check, wire)));
    let remark = check.text("remark", &request.remark, REMARK_MAX);
    let expected = check.etag(&request.etag);
    let (subject, name, remark, expected) = check.all((subject, name, remark, expected))?;
    let mut draft = match begin(service, &call, &subject, expected).await? {
        Begun::Draft(draft) => draft,
        Begun::Answered(saved) => return Ok(*saved),
    };
    draft.decertify(&name)?;
    let said = Said { kind: StaffChangeKind::Decertified, remark };
    commit(service, &call, *draft, said, Reason::VersionConflict).await
}
