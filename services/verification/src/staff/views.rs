//! People and what was changed of them, as the wire has them.

use parasol_api::admin::v1::staff_certification::Subject;
use parasol_api::admin::v1::{StaffCertification, StaffChange, StaffMember, StaffSuspension};
use parasol_api::convert::{Listed, etag, to_timestamp};
use parasol_api::limits::CODE_MAX;
use parasol_api::{Checker, Reason};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Category;
use prost_types::Timestamp as Instant;

use super::change::After;
use super::identity::Identity;
use super::register::Entry;
use super::{category_of, kind_of, reason_of};
use crate::handlers::put_authority::wire_role;
use crate::tables::staff::{certifications, changes};

/// What of somebody's identity is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The name.
    Name,
    /// The name, and the document in part.
    Document,
}

/// A person.
pub fn member(entry: &Entry, identity: Option<&Identity>, shown: Shown) -> StaffMember {
    let account = &entry.account;
    let document = identity.filter(|_| shown == Shown::Document);
    let suspension = (!account.suspended.is_empty()).then(|| StaffSuspension {
        reason: reason_of(&account.suspended).into(),
        since: instant(account.suspended_at),
        by: account.suspended_by.clone(),
    });
    StaffMember {
        subject: account.subject.clone(),
        role: wire_role(&account.role).into(),
        unit: account.unit.clone(),
        team: account.team.clone(),
        since: instant(account.since),
        score: i32::try_from(account.score).unwrap_or(i32::MAX),
        certifications: entry.certifications.iter().map(certification).collect(),
        suspension,
        name: identity.map(|one| one.name.clone()).unwrap_or_default(),
        identity_kind: document.map(Identity::kind).unwrap_or_default().into(),
        identity_masked: document.map(Identity::masked).unwrap_or_default(),
        registered_at: instant(account.registered_at),
        registered_by: account.registered_by.clone(),
        etag: version(account.revision),
    }
}

/// A change, with what was said beside it.
pub fn change(row: &changes::Model, remark: String) -> StaffChange {
    let after = After::read(&row.body);
    let certification = after.certification.map(|one| certification(&one.row(&row.subject)));
    StaffChange {
        kind: kind_of(&row.kind).into(),
        reason: reason_of(&after.reason).into(),
        certification,
        role: wire_role(&after.role).into(),
        unit: after.unit,
        team: after.team,
        since: instant(after.since),
        score: i32::try_from(after.score).unwrap_or(i32::MAX),
        identity_corrected: after.identity_corrected,
        remark,
        by: row.said_by.clone(),
        at: instant(row.at),
        etag: version(row.revision),
    }
}

fn certification(row: &certifications::Model) -> StaffCertification {
    let subject = match category_of(&row.name) {
        Some(category) => Subject::Category(category.number()),
        None => Subject::Name(row.name.clone()),
    };
    StaffCertification {
        subject: Some(subject),
        valid_from: instant(row.valid_from),
        valid_until: instant(row.valid_until),
    }
}

/// The name a certification is kept under.
pub fn check_name(check: &mut Checker, wire: &StaffCertification) -> Option<String> {
    match &wire.subject {
        Some(Subject::Category(number)) => {
            let category = check.listed::<Category>("category", *number)?;
            Some(category.as_str().to_owned())
        }
        Some(Subject::Name(name)) => {
            let name = check.text("name", name, CODE_MAX)?;
            match category_of(&name) {
                None => Some(name),
                Some(_) => check.refuse("name", Reason::FieldInvalid, "no name of a category"),
            }
        }
        None => check.refuse("subject", Reason::FieldInvalid, "a category or a name"),
    }
}

/// A certification of a request; one that names no beginning begins now.
pub fn check_certification(
    check: &mut Checker,
    wire: &StaffCertification,
    now: Timestamp,
) -> Option<certifications::Model> {
    let name = check_name(check, wire);
    let from = check.optional_instant("valid_from", &wire.valid_from);
    let until = check.optional_instant("valid_until", &wire.valid_until);
    let (name, from, until) = (name?, from?.unwrap_or(now), until?);
    if until.is_some_and(|until| until <= from) {
        return check.refuse("valid_until", Reason::FieldInvalid, "later than `valid_from`");
    }
    Some(certifications::Model {
        subject: String::new(),
        name,
        valid_from: from.micros(),
        valid_until: until.map_or(0, Timestamp::micros),
    })
}

fn instant(micros: i64) -> Option<Instant> {
    (micros != 0).then(|| to_timestamp(Timestamp::from_micros(micros)))
}

fn version(revision: i64) -> String {
    etag(u64::try_from(revision).unwrap_or_default())
}
