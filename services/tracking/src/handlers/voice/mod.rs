//! One file per method of the voice service, and those of the score service about what customers say.

pub mod act_on_complaint;
pub mod assign_complaint;
pub mod assign_follow_up;
pub mod assign_voice;
pub mod attend_seat;
pub mod book_seat;
pub mod close_complaint;
pub mod close_follow_up;
pub mod confirm_follow_up;
pub mod escalate_follow_up;
pub mod get_voc_digest;
pub mod get_voc_report;
pub mod link_project_case;
pub mod list_complaints;
pub mod list_follow_ups;
pub mod list_product_notices;
pub mod list_projects;
pub mod list_seats;
pub mod list_voices;
pub mod note_follow_up;
pub mod open_complaint;
pub mod open_follow_up;
pub mod put_project;
pub mod read_voice;
pub mod verify_complaint;

use parasol_api::limits::FOREIGN_NUMBER_MAX;
use parasol_api::tracking::v1::{ComplaintStep, FollowUpStep};
use parasol_api::{Checker, Error, Reason, Role};
use parasol_casebook::RowOp;
use parasol_desk::{Call, Purpose};
use parasol_journey::ids::CaseId;
use parasol_runtime::identity::Principal;
use sea_orm::IntoActiveModel as _;
use uuid::Uuid;

use crate::Tracking;
use crate::voice::store::{self, Step};
use crate::voice::tables::{complaints, follow_ups};
use crate::voice::{ComplaintId, FollowUpId, complaint, follow_up, views};

/// Somebody by the subject of their credential; the caller where nobody is named.
fn person(check: &mut Checker, field: &str, text: &str, caller: &Principal) -> Option<String> {
    match check.optional_text(field, text, FOREIGN_NUMBER_MAX)?.trim() {
        "" => Some(caller.subject.clone()),
        named => Some(named.to_owned()),
    }
}

/// Refuses a caller who saw another version.
pub(in crate::handlers) fn expect(expected: Option<u64>, version: i64) -> Result<(), Error> {
    let known = u64::try_from(version).unwrap_or_default();
    match expected {
        Some(expected) if expected != known => Err(Error::version_conflict(known)),
        _ => Ok(()),
    }
}

/// A step of a follow-up by a caller who may see its case.
async fn step_follow_up(
    tracking: &Tracking,
    call: &Call,
    (id, expected): (FollowUpId, Option<u64>),
    act: &follow_up::Act,
    text: &str,
) -> Result<FollowUpStep, Error> {
    let desk = &tracking.desk;
    let row = store::follow_up(&desk.store, id).await?;
    desk.case(&call.principal, CaseId::new(row.case_id)).await?;
    if let Some(saved) = desk.saved(call).await? {
        return Ok(saved);
    }
    expect(expected, row.version)?;
    let now = desk.clock.now();
    let (after, word) = follow_up::act(&row, act, now).map_err(|refused| {
        Error::new(match refused {
            follow_up::Refused::NotSolved => Reason::FollowUpNotSolved,
            follow_up::Refused::AtTop => Reason::FollowUpAtTop,
            follow_up::Refused::Closed | follow_up::Refused::NotDue => Reason::FollowUpClosed,
        })
    })?;
    let said_by = call.principal.to_string();
    let rows = follow_up_rows(tracking, &after, word, &said_by, text);
    desk.record(call, rows, &views::follow_up_step(&after), Reason::VersionConflict).await
}

fn follow_up_rows(
    tracking: &Tracking,
    after: &follow_ups::Model,
    act: &'static str,
    said_by: &str,
    text: &str,
) -> Vec<RowOp> {
    let said = Some((tracking.desk.ids.next(), text));
    let step = Step { subject: after.follow_up, number: after.version, act, said_by, said };
    store::follow_up_rows(after, &step, tracking.desk.clock.now())
}

/// A step of a complaint, with further rows that follow from it.
async fn step_complaint(
    tracking: &Tracking,
    call: &Call,
    (id, expected): (ComplaintId, Option<u64>),
    act: &complaint::Act,
    text: &str,
    further: impl FnOnce(&complaints::Model) -> Vec<RowOp>,
) -> Result<ComplaintStep, Error> {
    let desk = &tracking.desk;
    let row = store::complaint(&desk.store, id).await?;
    if let Some(saved) = desk.saved(call).await? {
        return Ok(saved);
    }
    expect(expected, row.version)?;
    let now = desk.clock.now();
    let said_by = call.principal.to_string();
    let (after, word) =
        complaint::act(&row, act, &said_by, now).map_err(|refused| match refused {
            complaint::Refused::State => {
                Error::new(Reason::ComplaintState).with("state", row.state.clone())
            }
            complaint::Refused::FourEyes => Error::new(Reason::FourEyesNeeded),
        })?;
    let said = Some((desk.ids.next(), text));
    let (subject, number) = (after.complaint, after.version);
    let mut rows = Step { subject, number, act: word, said_by: &said_by, said }.rows(now);
    rows.push(RowOp::put(after.clone().into_active_model()));
    rows.extend(further(&after));
    desk.record(call, rows, &views::complaint_step(&after), Reason::VersionConflict).await
}

/// Whether a caller reads what people said; who runs the system does not.
fn reads_words(caller: &Principal) -> bool {
    matches!(caller.role, Role::Agent | Role::Manager)
}

/// Where a page of a list in the order of a number and an id goes on.
pub(in crate::handlers) fn place(
    pages: &Purpose<'_>,
    token: &str,
) -> Result<Option<(i64, Uuid)>, Error> {
    match pages.after(token)?.as_str() {
        "" => Ok(None),
        text => {
            let place = text
                .split_once('/')
                .and_then(|(number, id)| Some((number.parse().ok()?, Uuid::try_parse(id).ok()?)));
            place.map(Some).ok_or_else(|| Error::new(Reason::PageTokenInvalid))
        }
    }
}

/// Cuts one row too many off and says where the next page goes on.
pub(in crate::handlers) fn cut<R>(
    rows: &mut Vec<R>,
    size: usize,
    pages: &Purpose<'_>,
    stands: impl Fn(&R) -> (i64, Uuid),
) -> String {
    let has_more = rows.len() > size;
    rows.truncate(size);
    let last = rows.last().filter(|_| has_more).map(stands);
    last.map_or_else(String::new, |(number, id)| {
        pages.seal(format!("{number}/{}", id.simple()).as_bytes())
    })
}
