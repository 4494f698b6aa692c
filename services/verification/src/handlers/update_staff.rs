//! `UpdateStaff`: what is known of a person changes, or was wrong.

use parasol_api::admin::v1::{AuthorityRole, StaffChangeKind, StaffMember, UpdateStaffRequest};
use parasol_api::limits::{CODE_MAX, FOREIGN_NUMBER_MAX, REMARK_MAX};
use parasol_api::{Checker, Error, Reason, Role};
use parasol_desk::Call;
use parasol_journey::time::Timestamp;
use tonic::Request;

use super::register_staff::since;
use crate::Verification;
use crate::staff::change::{Begun, Said, begin, commit};
use crate::staff::identity::Identity;
use crate::staff::role_of;

/// The best score there is.
const SCORE_MAX: i32 = 1_000;

pub async fn handle(
    service: &Verification,
    request: Request<UpdateStaffRequest>,
) -> Result<StaffMember, Error> {
    let call = Call::changing(&request, "UpdateStaff", &request.get_ref().request_id)?;
    let request = request.into_inner();
    let now = service.desk.clock.now();
    let mut check = Checker::new();
    let subject = check.text("subject", &request.subject, FOREIGN_NUMBER_MAX);
    let remark = check.text("remark", &request.remark, REMARK_MAX);
    let expected = check.etag(&request.etag);
    let update = Update::check(&mut check, &request, now);
    let (subject, remark, expected, update) = check.all((subject, remark, expected, update))?;
    let mut draft = match begin(service, &call, &subject, expected).await? {
        Begun::Draft(draft) => draft,
        Begun::Answered(saved) => return Ok(*saved),
    };
    let account = &mut draft.entry.account;
    if let Some(role) = update.role {
        role.as_str().clone_into(&mut account.role);
    }
    account.unit = update.unit.unwrap_or_else(|| account.unit.clone());
    account.team = update.team.unwrap_or_else(|| account.team.clone());
    account.since = update.since.map_or(account.since, Timestamp::micros);
    account.score = update.score.map_or(account.score, i64::from);
    if let Some(identity) = update.identity {
        draft.identify(service, identity, now).await?;
    }
    let said = Said { kind: StaffChangeKind::Updated, remark };
    commit(service, &call, *draft, said, Reason::VersionConflict).await
}

/// What is to change; what is absent stays.
struct Update {
    role: Option<Role>,
    unit: Option<String>,
    team: Option<String>,
    since: Option<Timestamp>,
    score: Option<i32>,
    identity: Option<Identity>,
}

impl Update {
    fn check(check: &mut Checker, request: &UpdateStaffRequest, now: Timestamp) -> Option<Self> {
        let role = present(request.role, |role| {
            check.known::<AuthorityRole>("role", role).and_then(role_of)
        });
        let code = |check: &mut Checker, field, text: &Option<String>| {
            present(text.as_deref(), |text| check.optional_text(field, text, CODE_MAX))
        };
        let unit = code(check, "unit", &request.unit);
        let team = code(check, "team", &request.team);
        let since = since(check, &request.since, now);
        let score = present(request.score, |score| check.number("score", score, 0..=SCORE_MAX));
        let identity = present(request.identity.as_ref(), |wire| {
            check.within("identity", |check| Identity::check(check, wire))
        });
        Some(Self {
            role: role?,
            unit: unit?,
            team: team?,
            since: since?,
            score: score?,
            identity: identity?,
        })
    }
}

/// What may be absent: nothing, or what the check makes of it.
fn present<W, T>(wire: Option<W>, check: impl FnOnce(W) -> Option<T>) -> Option<Option<T>> {
    match wire {
        None => Some(None),
        Some(wire) => check(wire).map(Some),
    }
}
