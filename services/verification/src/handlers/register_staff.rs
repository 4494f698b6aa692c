//! `RegisterStaff`: a person gets their one account.

use parasol_api::admin::v1::{AuthorityRole, RegisterStaffRequest, StaffChangeKind, StaffMember};
use parasol_api::limits::{CODE_MAX, FOREIGN_NUMBER_MAX};
use parasol_api::{Checker, Error, Reason};
use parasol_desk::Call;
use parasol_journey::time::Timestamp;
use sea_orm::{EntityTrait, PaginatorTrait};
use tonic::Request;

use super::store_error;
use crate::Verification;
use crate::staff::change::{Draft, Said, commit};
use crate::staff::identity::Identity;
use crate::staff::register::{Entry, find};
use crate::staff::views::check_certification;
use crate::staff::{CERTIFICATIONS_MAX, STAFF_MAX, role_of};
use crate::tables::staff::{accounts, certifications};

pub async fn handle(
    service: &Verification,
    request: Request<RegisterStaffRequest>,
) -> Result<StaffMember, Error> {
    let call = Call::changing(&request, "RegisterStaff", &request.get_ref().request_id)?;
    let (desk, now) = (&service.desk, service.desk.clock.now());
    // Asked first: a certification may have run out by now.
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let request = request.into_inner();
    let mut check = Checker::new();
    let subject = subject(&mut check, &request.subject);
    let role = check.known::<AuthorityRole>("role", request.role).and_then(role_of);
    let wire = check.present("identity", &request.identity);
    let identity =
        wire.and_then(|wire| check.within("identity", |check| Identity::check(check, wire)));
    let unit = check.optional_text("unit", &request.unit, CODE_MAX);
    let team = check.optional_text("team", &request.team, CODE_MAX);
    let since = since(&mut check, &request.since, now);
    let certified = certified(&mut check, &request, now);
    let (subject, role, identity, unit, team, since, certified) =
        check.all((subject, role, identity, unit, team, since, certified))?;
    if find(&desk.store, &subject).await?.is_some() {
        return Err(Error::new(Reason::StaffTaken).with("subject", subject));
    }
    let count = accounts::Entity::find().count(desk.store.reader()).await.map_err(store_error)?;
    if count >= STAFF_MAX {
        return Err(Error::new(Reason::StaffFull));
    }
    let account = accounts::Model {
        subject,
        revision: 1,
        role: role.as_str().to_owned(),
        unit,
        team,
        since: since.map_or(0, Timestamp::micros),
        score: 0,
        suspended: String::new(),
        suspended_at: 0,
        suspended_by: String::new(),
        registered_at: now.micros(),
        registered_by: call.principal.to_string(),
    };
    let mut draft = Draft::of(Entry { account, certifications: Vec::new() }, None);
    draft.identify(service, identity, now).await?;
    for one in certified {
        draft.certify(one)?;
    }
    let said = Said { kind: StaffChangeKind::Registered, remark: String::new() };
    commit(service, &call, draft, said, Reason::StaffTaken).await
}

/// A subject of ASCII letters, digits and four signs.
fn subject(check: &mut Checker, text: &str) -> Option<String> {
    let subject = check.text("subject", text, FOREIGN_NUMBER_MAX)?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
    if subject.bytes().all(fits) {
        return Some(subject);
    }
    check.refuse("subject", Reason::FieldInvalid, "ASCII letters, digits, `-`, `_`, `.`, `@`")
}

/// A beginning that is not ahead, if there is one.
pub fn since(
    check: &mut Checker,
    wire: &Option<prost_types::Timestamp>,
    now: Timestamp,
) -> Option<Option<Timestamp>> {
    let since = check.optional_instant("since", wire)?;
    if since.is_some_and(|since| since > now) {
        return check.refuse("since", Reason::FieldInvalid, "not in the future");
    }
    Some(since)
}

fn certified(
    check: &mut Checker,
    request: &RegisterStaffRequest,
    now: Timestamp,
) -> Option<Vec<certifications::Model>> {
    let wire = &request.certifications;
    check.at_most("certifications", wire, CERTIFICATIONS_MAX)?;
    let mut rows = Vec::new();
    for (place, one) in wire.iter().enumerate() {
        let segment = format!("certifications[{place}]");
        rows.push(check.within(&segment, |check| check_certification(check, one, now))?);
    }
    Some(rows)
}
