//! `CertifyStaff`: a person may judge a category from a day on, or meets what a grant asks for.

use parasol_api::admin::v1::{CertifyStaffRequest, StaffChangeKind, StaffMember};
use parasol_api::limits::{FOREIGN_NUMBER_MAX, REMARK_MAX};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use tonic::Request;

use crate::Verification;
use crate::staff::change::{Begun, Said, begin, commit};
use crate::staff::views::check_certification;

pub async fn handle(
    service: &Verification,
    request: Request<CertifyStaffRequest>,
) -> Result<StaffMember, Error> {
    let call = Call::changing(&request, "CertifyStaff", &request.get_ref().request_id)?;
    // Asked first: the certification may have run out by now.
    if let Some(saved) = service.desk.saved(&call).await? {
        return Ok(saved);
    }
    let request = request.into_inner();
    let now = service.desk.clock.now();
    let mut check = Checker::new();
    let subject = check.text("subject", &request.subject, FOREIGN_NUMBER_MAX);
    let wire = check.present("certification", &request.certification);
    let certification = wire.and_then(|wire| {
        check.within("certification", |check| check_certification(check, wire, now))
    });
    let remark = check.optional_text("remark", &request.remark, REMARK_MAX);
    let expected = check.etag(&request.etag);
    let (subject, certification, remark, expected) =
        check.all((subject, certification, remark, expected))?;
    let mut draft = match begin(service, &call, &subject, expected).await? {
        Begun::Draft(draft) => draft,
        Begun::Answered(saved) => return Ok(*saved),
    };
    draft.certify(certification)?;
    let said = Said { kind: StaffChangeKind::Certified, remark };
    commit(service, &call, *draft, said, Reason::VersionConflict).await
}
