//! `GetStaff`: one person of the retailer.

use parasol_api::admin::v1::{GetStaffRequest, StaffMember};
use parasol_api::limits::FOREIGN_NUMBER_MAX;
use parasol_api::{Checker, Error, Reason, Role};
use parasol_desk::Call;
use parasol_runtime::identity::Principal;
use tonic::Request;

use crate::Verification;
use crate::staff::register::{find, identity};
use crate::staff::views::{Shown, member};

pub async fn handle(
    service: &Verification,
    request: Request<GetStaffRequest>,
) -> Result<StaffMember, Error> {
    let call = Call::reading(&request, "GetStaff")?;
    let mut check = Checker::new();
    let subject = check.text("subject", &request.get_ref().subject, FOREIGN_NUMBER_MAX);
    let (subject,) = check.all((subject,))?;
    is_theirs(&call.principal, &subject)?;
    let store = &service.desk.store;
    let entry = find(store, &subject).await?.ok_or_else(|| Error::new(Reason::NotFound))?;
    let identity = identity(store, &subject).await?;
    let shown = match call.principal.role {
        Role::Operator => Shown::Document,
        _ => Shown::Name,
    };
    Ok(member(&entry, identity.as_ref(), shown))
}

/// An agent may know of themselves; others answer like those who are not there.
///
/// # Errors
/// `NOT_FOUND`.
pub fn is_theirs(caller: &Principal, subject: &str) -> Result<(), Error> {
    if caller.role == Role::Agent && caller.subject != subject {
        return Err(Error::new(Reason::NotFound));
    }
    Ok(())
}
