//! `GetStaffFigures`: what one person did in a period.

use parasol_api::admin::v1::{GetStaffFiguresRequest, StaffFigures};
use parasol_api::limits::FOREIGN_NUMBER_MAX;
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use tonic::Request;

use super::get_staff::is_theirs;
use super::list_authority_use::{USES_MAX, period, view};
use crate::Verification;
use crate::authority::{Used, used};
use crate::staff::figures::of_period;
use crate::staff::register::find;

pub async fn handle(
    service: &Verification,
    request: Request<GetStaffFiguresRequest>,
) -> Result<StaffFigures, Error> {
    let call = Call::reading(&request, "GetStaffFigures")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let subject = check.text("subject", &request.subject, FOREIGN_NUMBER_MAX);
    let period = period(&mut check, &request.from, &request.until);
    let (subject, period) = check.all((subject, period))?;
    let me = &call.principal;
    is_theirs(me, &subject)?;
    let store = &service.desk.store;
    let known = find(store, &subject).await?;
    let did = of_period(store, period, Some(&subject)).await?.remove(&subject);
    let (mut gave, _) = used(store, period.from, period.until, &subject, USES_MAX).await?;
    let gave = gave.remove(&subject);
    if known.is_none() && did.is_none() && gave.is_none() && me.subject != subject {
        return Err(Error::new(Reason::NotFound));
    }
    // Who has used nothing still has a role and a limit.
    let role = known.map_or(me.role, |entry| entry.role()).as_str().to_owned();
    let gave = gave.unwrap_or(Used { role, ..Used::default() });
    let authority = service.authority_at(service.desk.clock.now()).await?;
    let authority = view(&authority, subject.clone(), gave).await?;
    let did = did.unwrap_or_default();
    Ok(StaffFigures {
        subject,
        cases: did.cases,
        decisions: did.decisions,
        overrides: did.overrides,
        goodwill: did.goodwill,
        chases_answered: did.chases,
        chases_in_time: did.chases_in_time,
        reopened: did.reopened,
        authority: Some(authority),
    })
}
