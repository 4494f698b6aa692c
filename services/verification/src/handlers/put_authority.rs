//! `PutAuthority`: a grant, or a new revision of it.

use parasol_api::admin::v1::{
    AuthorityGrant, AuthorityRole, PutAuthorityRequest, PutAuthorityResponse,
};
use parasol_api::convert::{etag, to_money, to_timestamp};
use parasol_api::limits::{CODE_MAX, FOREIGN_NUMBER_MAX, REMARK_MAX};
use parasol_api::{Checker, Error, Reason, Role};
use parasol_casebook::{RowOp, Store};
use parasol_desk::Call;
use parasol_journey::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder};
use tonic::Request;

use super::store_error;
use crate::Verification;
use crate::authority::GRANTS_MAX;
use crate::staff::role_of;
use crate::tables::authority::grants;

/// The longest tenure that may be asked for, in days.
const TENURE_DAYS_MAX: i32 = 36_500;
/// The best score there is.
const SCORE_MAX: i32 = 1_000;

pub async fn handle(
    service: &Verification,
    request: Request<PutAuthorityRequest>,
) -> Result<PutAuthorityResponse, Error> {
    let call = Call::changing(&request, "PutAuthority", &request.get_ref().request_id)?;
    let desk = &service.desk;
    // Asked first: the grant may have begun by now.
    if let Some(saved) = desk.saved(&call).await? {
        return Ok(saved);
    }
    let request = request.into_inner();
    let now = desk.clock.now();
    let mut check = Checker::new();
    let expected = check.etag(&request.etag);
    let wire = check.present("grant", &request.grant);
    let row = wire.and_then(|wire| check.within("grant", |check| read(check, wire, now)));
    let (expected, mut row) = check.all((expected, row))?;
    if grants::Entity::find().count(desk.store.reader()).await.map_err(store_error)? >= GRANTS_MAX {
        let expected = format!("a revision of fewer than {GRANTS_MAX} in all");
        return Err(Error::field("grant", Reason::FieldInvalid, &expected).message(expected));
    }
    let newest = newest_revision(&desk.store, &row.name).await?;
    let known = u64::try_from(newest).unwrap_or_default();
    if expected.is_some_and(|expected| expected != known) {
        return Err(Error::version_conflict(known));
    }
    row.revision = newest + 1;
    row.said_by = call.principal.to_string();
    let version = etag(u64::try_from(row.revision).unwrap_or_default());
    let answer = PutAuthorityResponse { grant: Some(view(&row, true)), etag: version };
    let put = RowOp::claim(active(row));
    desk.record(&call, vec![put], &answer, Reason::VersionConflict).await
}

fn read(check: &mut Checker, wire: &AuthorityGrant, now: Timestamp) -> Option<grants::Model> {
    let name = name(check, "grant", &wire.grant);
    let role = check.known::<AuthorityRole>("role", wire.role);
    let subject = check.optional_text("subject", &wire.subject, FOREIGN_NUMBER_MAX);
    let tenure = check.number("tenure_days_min", wire.tenure_days_min, 0..=TENURE_DAYS_MAX);
    let score = check.number("score_min", wire.score_min, 0..=SCORE_MAX);
    let certification = check.optional_text("certification", &wire.certification, CODE_MAX);
    let limit_fen = check.money("limit", &wire.limit);
    let from = check.optional_instant("valid_from", &wire.valid_from);
    let until = check.optional_instant("valid_until", &wire.valid_until);
    let reason = check.text("reason", &wire.reason, REMARK_MAX);
    let valid_from = from?.unwrap_or(now);
    // What was decided yesterday was decided under yesterday's limits.
    if valid_from < now {
        check.refuse::<()>("valid_from", Reason::FieldInvalid, "now or later");
        return None;
    }
    if until?.is_some_and(|until| until <= valid_from) {
        check.refuse::<()>("valid_until", Reason::FieldInvalid, "later than `valid_from`");
        return None;
    }
    Some(grants::Model {
        name: name?,
        revision: 0,
        role: role_of(role?)?.as_str().to_owned(),
        subject: subject?,
        tenure_days_min: tenure?.into(),
        score_min: score?.into(),
        certification: certification?,
        limit_fen: limit_fen?,
        valid_from: valid_from.micros(),
        valid_until: until?.map_or(0, Timestamp::micros),
        reason: reason?,
        said_by: String::new(),
        at: now.micros(),
    })
}

/// A name of ASCII letters, digits and three signs.
fn name(check: &mut Checker, field: &str, text: &str) -> Option<String> {
    let name = check.text(field, text, FOREIGN_NUMBER_MAX)?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.bytes().all(fits) {
        return Some(name);
    }
    check.refuse(field, Reason::FieldInvalid, "ASCII letters, digits, `-`, `_`, `.`")
}

/// The role of a row on the wire.
pub fn wire_role(role: &str) -> AuthorityRole {
    match Role::parse(role) {
        Some(Role::Agent) => AuthorityRole::Agent,
        Some(Role::Manager) => AuthorityRole::Manager,
        _ => AuthorityRole::Unspecified,
    }
}

async fn newest_revision(store: &Store, name: &str) -> Result<i64, Error> {
    let newest = grants::Entity::find()
        .filter(grants::Column::Name.eq(name))
        .order_by(grants::Column::Revision, Order::Desc)
        .one(store.reader())
        .await
        .map_err(store_error)?;
    Ok(newest.map_or(0, |row| row.revision))
}

fn active(row: grants::Model) -> grants::ActiveModel {
    grants::ActiveModel {
        name: Set(row.name),
        revision: Set(row.revision),
        role: Set(row.role),
        subject: Set(row.subject),
        tenure_days_min: Set(row.tenure_days_min),
        score_min: Set(row.score_min),
        certification: Set(row.certification),
        limit_fen: Set(row.limit_fen),
        valid_from: Set(row.valid_from),
        valid_until: Set(row.valid_until),
        reason: Set(row.reason),
        said_by: Set(row.said_by),
        at: Set(row.at),
    }
}

/// A revision on the wire.
pub fn view(row: &grants::Model, in_force: bool) -> AuthorityGrant {
    let instant = |micros: i64| (micros != 0).then(|| to_timestamp(Timestamp::from_micros(micros)));
    AuthorityGrant {
        grant: row.name.clone(),
        revision: row.revision,
        role: wire_role(&row.role).into(),
        subject: row.subject.clone(),
        tenure_days_min: i32::try_from(row.tenure_days_min).unwrap_or(i32::MAX),
        score_min: i32::try_from(row.score_min).unwrap_or(i32::MAX),
        certification: row.certification.clone(),
        limit: Some(to_money(row.limit_fen)),
        valid_from: instant(row.valid_from),
        valid_until: instant(row.valid_until),
        reason: row.reason.clone(),
        said_by: row.said_by.clone(),
        said_at: instant(row.at),
        in_force,
    }
}
