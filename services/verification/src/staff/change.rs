//! Changing the register: each change is one version of one account, claimed, with what was said beside it.

use std::collections::BTreeMap;

use parasol_api::admin::v1::{StaffChangeKind, StaffMember, StaffSuspensionReason};
use parasol_api::{Error, Reason};
use parasol_casebook::{RowOp, Secret, secret};
use parasol_desk::Call;
use parasol_journey::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, IntoActiveModel as _};
use serde::{Deserialize, Serialize};

use super::identity::{self, Identity};
use super::register::{self, Entry};
use super::views::{Shown, member};
use super::{CERTIFICATIONS_MAX, STAMP, kind_code, reason_code};
use crate::Verification;
use crate::handlers::store_error;
use crate::tables::staff::{certifications, changes, identities, stamps};

/// What remarks are kept under in the vault.
pub const REMARK: &str = "staff_remark";

/// How an account stood after a change, and what the change was about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct After {
    /// The role.
    pub role: String,
    /// The business unit.
    pub unit: String,
    /// The team.
    pub team: String,
    /// Since when with the retailer, or 0.
    pub since: i64,
    /// The score.
    pub score: i64,
    /// Why it was suspended, if that was the change.
    pub reason: String,
    /// Which certification, if the change was about one.
    pub certification: Option<Changed>,
    /// Whether name or document were corrected.
    pub identity_corrected: bool,
}

/// A certification that was given or taken away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// In what.
    pub name: String,
    /// From when on.
    pub valid_from: i64,
    /// Until when, or 0.
    pub valid_until: i64,
}

impl After {
    /// As it was written; of what this release cannot read nothing.
    pub fn read(body: &str) -> Self {
        serde_json::from_str(body).unwrap_or_default()
    }
}

impl Changed {
    /// As a row of somebody's.
    pub fn row(&self, subject: &str) -> certifications::Model {
        certifications::Model {
            subject: subject.to_owned(),
            name: self.name.clone(),
            valid_from: self.valid_from,
            valid_until: self.valid_until,
        }
    }
}

/// What is said beside a change.
pub struct Said {
    /// What kind of change it is.
    pub kind: StaffChangeKind,
    /// In words, or empty.
    pub remark: String,
}

/// A change under way.
pub struct Draft {
    /// The person, as they will be.
    pub entry: Entry,
    /// Who they are.
    pub identity: Option<Identity>,
    reason: StaffSuspensionReason,
    certification: Option<Changed>,
    corrected: bool,
    rows: Vec<RowOp>,
}

impl Draft {
    /// Of somebody registered or about to be.
    pub fn of(entry: Entry, identity: Option<Identity>) -> Self {
        let reason = StaffSuspensionReason::Unspecified;
        Self { entry, identity, reason, certification: None, corrected: false, rows: Vec::new() }
    }

    /// Takes the account out of use.
    pub fn suspend(&mut self, reason: StaffSuspensionReason, by: String, at: Timestamp) {
        let account = &mut self.entry.account;
        account.suspended = reason_code(reason).to_owned();
        account.suspended_by = by;
        account.suspended_at = at.micros();
        self.reason = reason;
    }

    /// Takes it back into use.
    pub fn restore(&mut self) {
        let account = &mut self.entry.account;
        account.suspended.clear();
        account.suspended_by.clear();
        account.suspended_at = 0;
    }

    /// Certifies, in place of an earlier certification in the same.
    ///
    /// # Errors
    /// `FIELD_TOO_LONG` when that would be too many.
    pub fn certify(&mut self, row: certifications::Model) -> Result<(), Error> {
        let subject = self.entry.account.subject.clone();
        let row = certifications::Model { subject, ..row };
        let mut held: BTreeMap<_, _> = std::mem::take(&mut self.entry.certifications)
            .into_iter()
            .map(|one| (one.name.clone(), one))
            .collect();
        held.insert(row.name.clone(), row.clone());
        self.entry.certifications = held.into_values().collect();
        if self.entry.certifications.len() > CERTIFICATIONS_MAX {
            let expected = format!("at most {CERTIFICATIONS_MAX} in all");
            let field = "certification";
            return Err(Error::field(field, Reason::FieldTooLong, &expected).message(expected));
        }
        self.certification = Some(of_row(&row));
        self.rows.push(RowOp::put(row.into_active_model()));
        Ok(())
    }

    /// Takes a certification away.
    ///
    /// # Errors
    /// `NOT_FOUND` when they do not have it.
    pub fn decertify(&mut self, name: &str) -> Result<(), Error> {
        let held = &mut self.entry.certifications;
        let place = held.iter().position(|one| one.name == name);
        let row = held.remove(place.ok_or_else(|| Error::new(Reason::NotFound))?);
        let key = vec![row.subject.clone().into(), row.name.clone().into()];
        self.certification = Some(of_row(&row));
        self.rows.push(RowOp::delete::<certifications::Entity>(key));
        Ok(())
    }

    /// Says who they are. The document must be nobody else's, now and when it is committed.
    ///
    /// # Errors
    /// `STAFF_TAKEN`, naming whose it is.
    pub async fn identify(
        &mut self,
        service: &Verification,
        identity: Identity,
        at: Timestamp,
    ) -> Result<(), Error> {
        let (desk, subject) = (&service.desk, self.entry.account.subject.clone());
        let document = identity.lookup(&desk.key);
        let holder = identities::Entity::find_by_id(document.as_str()).one(desk.store.reader());
        match holder.await.map_err(store_error)? {
            Some(row) if row.subject != subject => {
                return Err(Error::new(Reason::StaffTaken).with("subject", row.subject));
            }
            Some(_) => {}
            None => {
                let row =
                    identities::Model { document: document.clone(), subject: subject.clone() };
                self.rows.push(RowOp::claim(row.into_active_model()));
                let earlier = self.identity.as_ref().map(|known| known.lookup(&desk.key));
                let free =
                    |earlier: String| RowOp::delete::<identities::Entity>(vec![earlier.into()]);
                self.rows.extend(earlier.map(free));
            }
        }
        let body = serde_json::to_string(&identity).map_err(Error::internal)?;
        let (subject, kind) = (identity::vault_id(&subject), identity::KIND);
        self.rows.push(secret(Secret { subject, kind, lookup: document, body }, at));
        self.corrected = self.identity.is_some();
        self.identity = Some(identity);
        Ok(())
    }

    /// The rows of the change, the new version first.
    fn rows(self, call: &Call, said: Said, now: Timestamp) -> Result<Vec<RowOp>, Error> {
        let account = self.entry.account;
        let after = After {
            role: account.role.clone(),
            unit: account.unit.clone(),
            team: account.team.clone(),
            since: account.since,
            score: account.score,
            reason: reason_code(self.reason).to_owned(),
            certification: self.certification,
            identity_corrected: self.corrected,
        };
        let change = changes::ActiveModel {
            subject: Set(account.subject.clone()),
            revision: Set(account.revision),
            kind: Set(kind_code(said.kind).to_owned()),
            body: Set(serde_json::to_string(&after).map_err(Error::internal)?),
            said_by: Set(call.principal.to_string()),
            at: Set(now.micros()),
        };
        let mut rows = vec![RowOp::claim(change)];
        if !said.remark.is_empty() {
            let subject = identity::remark_id(&account.subject, account.revision);
            let body = serde_json::json!({ "text": said.remark }).to_string();
            rows.push(secret(Secret { subject, kind: REMARK, lookup: String::new(), body }, now));
        }
        rows.push(RowOp::put(account.into_active_model()));
        rows.extend(self.rows);
        Ok(rows)
    }
}

fn of_row(row: &certifications::Model) -> Changed {
    Changed { name: row.name.clone(), valid_from: row.valid_from, valid_until: row.valid_until }
}

/// Loads the person that a request wants to change; `None` when it was answered before, with that answer.
///
/// # Errors
/// `NOT_FOUND`, `VERSION_CONFLICT`, and what the store says.
pub async fn begin(
    service: &Verification,
    call: &Call,
    subject: &str,
    expected: Option<u64>,
) -> Result<Begun, Error> {
    let desk = &service.desk;
    if let Some(saved) = desk.saved(call).await? {
        return Ok(Begun::Answered(Box::new(saved)));
    }
    let found = register::find(&desk.store, subject).await?;
    let mut entry = found.ok_or_else(|| Error::new(Reason::NotFound))?;
    let current = u64::try_from(entry.account.revision).unwrap_or_default();
    if expected.is_some_and(|expected| expected != current) {
        return Err(Error::version_conflict(current));
    }
    entry.account.revision += 1;
    let identity = register::identity(&desk.store, subject).await?;
    Ok(Begun::Draft(Box::new(Draft::of(entry, identity))))
}

/// What a request to change somebody begins with.
pub enum Begun {
    /// The change.
    Draft(Box<Draft>),
    /// The answer that was given before.
    Answered(Box<StaffMember>),
}

/// Commits a change and tells every process. `taken` says what it means that somebody was faster.
///
/// # Errors
/// What the store says, and `taken`.
pub async fn commit(
    service: &Verification,
    call: &Call,
    draft: Draft,
    said: Said,
    taken: Reason,
) -> Result<StaffMember, Error> {
    let (desk, now) = (&service.desk, service.desk.clock.now());
    // Answers of changes are saved, and what is saved names nobody.
    let answer = member(&draft.entry, None, Shown::Name);
    let mut rows = draft.rows(call, said, now)?;
    let stamp = stamps::Model { name: STAMP.to_owned(), stamp: desk.ids.next() };
    rows.push(RowOp::put(stamp.into_active_model()));
    let answer = desk.record(call, rows, &answer, taken).await?;
    service.register_changed().await;
    Ok(answer)
}
