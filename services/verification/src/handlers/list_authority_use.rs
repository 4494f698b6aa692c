//! `ListAuthorityUse`: what was made of authority, held against what was granted.

use parasol_api::admin::v1::{AuthorityUse, ListAuthorityUseRequest, ListAuthorityUseResponse};
use parasol_api::convert::to_money;
use parasol_api::limits::FOREIGN_NUMBER_MAX;
use parasol_api::{Checker, Error, Reason, Role};
use parasol_desk::Call;
use parasol_journey::time::Span;
use tonic::Request;

use super::put_authority::wire_role;
use crate::Verification;
use crate::authority::{Register, Used, used};
use crate::staff::figures::Period;

/// The longest period.
pub const PERIOD_DAYS_MAX: i64 = 400;
/// The most people in an answer.
const PEOPLE_MAX: usize = 500;
/// The most uses that are added up.
pub const USES_MAX: u64 = 20_000;

pub async fn handle(
    service: &Verification,
    request: Request<ListAuthorityUseRequest>,
) -> Result<ListAuthorityUseResponse, Error> {
    let call = Call::reading(&request, "ListAuthorityUse")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let period = period(&mut check, &request.from, &request.until);
    let subject = check.optional_text("subject", &request.subject, FOREIGN_NUMBER_MAX);
    let (Period { from, until }, mut subject) = check.all((period, subject))?;
    let me = &call.principal;
    if me.role == Role::Agent {
        if !subject.is_empty() && subject != me.subject {
            return Err(Error::new(Reason::NotFound));
        }
        subject.clone_from(&me.subject);
    }
    let store = &service.desk.store;
    let (mut people, mut more) = used(store, from, until, &subject, USES_MAX).await?;
    if me.role == Role::Agent {
        // Who has used nothing still wants to know how much they might have.
        let role = me.role.as_str().to_owned();
        people.entry(subject).or_insert_with(|| Used { role, ..Used::default() });
    }
    let now = service.desk.clock.now();
    let register = service.authority_at(now).await?;
    more |= people.len() > PEOPLE_MAX;
    let mut uses = Vec::new();
    for (subject, used) in people.into_iter().take(PEOPLE_MAX) {
        uses.push(view(&register, subject, used).await?);
    }
    Ok(ListAuthorityUseResponse { uses, more })
}

/// The period of a request.
pub fn period(
    check: &mut Checker,
    from: &Option<prost_types::Timestamp>,
    until: &Option<prost_types::Timestamp>,
) -> Option<Period> {
    let (from, until) = (check.instant("from", from), check.instant("until", until));
    let (from, until) = (from?, until?);
    if until <= from || until > from + Span::days(PERIOD_DAYS_MAX) {
        let expected = format!("at most {PERIOD_DAYS_MAX} days after the beginning");
        return check.refuse("until", Reason::FieldInvalid, expected);
    }
    Some(Period { from, until })
}

/// What one person made of their authority, held against what they may give now.
pub async fn view(
    register: &Register<'_>,
    subject: String,
    used: Used,
) -> Result<AuthorityUse, Error> {
    let role = Role::parse(&used.role).unwrap_or(Role::Agent);
    let limit = register.limit(role, &subject).await?;
    Ok(AuthorityUse {
        subject,
        role: wire_role(&used.role).into(),
        granted: Some(to_money(limit.fen)),
        own: Some(to_money(limit.own_fen)),
        count: used.count,
        used: Some(to_money(used.used_fen)),
        most: Some(to_money(used.most_fen)),
        borrowed_count: used.borrowed,
        approved_count: used.approved,
    })
}
