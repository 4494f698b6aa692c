//! Rows of what customers say, written and read. Steps of a follow-up or complaint are numbered, and a number can
//! be taken once: of two who act on the same version one has to look again.

use std::collections::HashMap;

use parasol_api::{Error, Reason};
use parasol_casebook::{RowOp, Secret, Store, secret};
use parasol_journey::Case;
use parasol_journey::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, EntityTrait, IntoActiveModel as _, Order, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::follow_up::{self, Issue};
use super::tables::{complaints, follow_ups, surveys, voice_steps, voices};
use super::{ComplaintId, FollowUpId, complaint};
use crate::scores::read::store_error;
use crate::scores::tables::score_due;

/// The kind of what customers and staff say, in the vault.
pub const WORDS: &str = "voice";
/// Open follow-ups, and open complaints, of a case.
pub const OPEN_OF_A_CASE_MAX: usize = 5;
/// Steps of one that are shown.
const STEPS_SHOWN_MAX: usize = 50;
/// Follow-ups, and complaints, of a case that are looked at.
const OF_A_CASE_MAX: u64 = 1_000;

/// What the vault keeps of somebody's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// What was said.
    pub text: String,
    /// The same in English, or what came of it, where there are two.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub more: String,
}

/// The row that keeps words under an id.
pub fn words_row(id: Uuid, words: &Words, at: Timestamp) -> RowOp {
    let body = serde_json::to_string(words).expect("texts are JSON");
    secret(Secret { subject: id, kind: WORDS, lookup: String::new(), body }, at)
}

/// The words under these ids.
///
/// # Errors
/// What the store says.
pub async fn words(
    store: &Store,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Words>, Error> {
    let ids: Vec<Uuid> = ids.into_iter().filter(|id| !id.is_nil()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = store.reveal_many(ids, WORDS).await.map_err(store_error)?;
    let read = |(id, body): (Uuid, String)| Some((id, serde_json::from_str(&body).ok()?));
    Ok(found.into_iter().filter_map(read).collect())
}

/// A step to be written.
pub struct Step<'a> {
    /// The follow-up or complaint.
    pub subject: Uuid,
    /// Its number: the version after it.
    pub number: i64,
    /// What.
    pub act: &'static str,
    /// Who, as role and reference.
    pub said_by: &'a str,
    /// What was said, under a new id; `None` for nothing.
    pub said: Option<(Uuid, &'a str)>,
}

impl Step<'_> {
    /// Its rows. The number is claimed.
    pub fn rows(&self, at: Timestamp) -> Vec<RowOp> {
        let said = self.said.filter(|(_, text)| !text.is_empty());
        let words = said.map(|(id, text)| {
            words_row(id, &Words { text: text.to_owned(), more: String::new() }, at)
        });
        let step = RowOp::claim(voice_steps::ActiveModel {
            subject: Set(self.subject),
            number: Set(self.number),
            at: Set(at.micros()),
            act: Set(self.act.to_owned()),
            said_by: Set(self.said_by.to_owned()),
            words: Set(said.map_or(Uuid::nil(), |(id, _)| id)),
        });
        words.into_iter().chain([step]).collect()
    }
}

/// A follow-up that begins, as its row.
pub fn opening(case: &Case, number: i64, issue: Issue, now: Timestamp) -> follow_ups::Model {
    follow_ups::Model {
        follow_up: FollowUpId::numbered(&case.id.to_string(), number).0,
        version: 1,
        case_id: case.id.uuid(),
        number,
        brand: case.filing.brand.to_string(),
        category: case.filing.category.as_str().to_owned(),
        issue: issue.as_str().to_owned(),
        tier: follow_up::FIRST_TIER,
        state: follow_up::State::Open.as_str().to_owned(),
        assignee: String::new(),
        opened_at: now.micros(),
        valid_until: (now + issue.time()).micros(),
        next_check_at: 0,
        solved_at: 0,
        closed_at: 0,
        in_time: 0,
    }
}

/// A complaint that begins, as its row.
pub fn classified(
    case: &Case,
    number: i64,
    class: complaint::Class,
    now: Timestamp,
) -> complaints::Model {
    complaints::Model {
        complaint: ComplaintId::numbered(&case.id.to_string(), number).0,
        version: 1,
        case_id: case.id.uuid(),
        number,
        brand: case.filing.brand.to_string(),
        category: case.filing.category.as_str().to_owned(),
        sku: case.filing.sku.to_string(),
        class: class.as_str().to_owned(),
        state: complaint::State::Classified.as_str().to_owned(),
        owner: String::new(),
        acted_by: String::new(),
        outcome: String::new(),
        project: Uuid::nil(),
        opened_at: now.micros(),
        closed_at: 0,
    }
}

/// The rows of a follow-up after a step. One that closes is counted anew.
pub fn follow_up_rows(after: &follow_ups::Model, step: &Step<'_>, at: Timestamp) -> Vec<RowOp> {
    let mut rows = step.rows(at);
    rows.push(RowOp::put(after.clone().into_active_model()));
    if after.closed_at > 0 {
        rows.push(RowOp::put(score_due::ActiveModel {
            because: Set(after.follow_up),
            case_id: Set(after.case_id),
        }));
    }
    rows
}

/// The follow-ups of a case.
///
/// # Errors
/// What the store says.
pub async fn follow_ups_of(store: &Store, case: Uuid) -> Result<Vec<follow_ups::Model>, Error> {
    follow_ups::Entity::find()
        .filter(follow_ups::Column::CaseId.eq(case))
        .order_by(follow_ups::Column::Number, Order::Asc)
        .limit(OF_A_CASE_MAX)
        .all(store.reader())
        .await
        .map_err(store_error)
}

/// A follow-up.
///
/// # Errors
/// `NOT_FOUND`, and what the store says.
pub async fn follow_up(store: &Store, id: FollowUpId) -> Result<follow_ups::Model, Error> {
    let row = follow_ups::Entity::find_by_id(id.0).one(store.reader()).await;
    row.map_err(store_error)?.ok_or_else(|| Error::new(Reason::NotFound))
}

/// A complaint.
///
/// # Errors
/// `NOT_FOUND`, and what the store says.
pub async fn complaint(store: &Store, id: ComplaintId) -> Result<complaints::Model, Error> {
    let row = complaints::Entity::find_by_id(id.0).one(store.reader()).await;
    row.map_err(store_error)?.ok_or_else(|| Error::new(Reason::NotFound))
}

/// The complaints of a case.
///
/// # Errors
/// What the store says.
pub async fn complaints_of(store: &Store, case: Uuid) -> Result<Vec<complaints::Model>, Error> {
    complaints::Entity::find()
        .filter(complaints::Column::CaseId.eq(case))
        .limit(OF_A_CASE_MAX)
        .all(store.reader())
        .await
        .map_err(store_error)
}

/// A free text.
///
/// # Errors
/// `NOT_FOUND`, and what the store says.
pub async fn voice(store: &Store, id: Uuid) -> Result<voices::Model, Error> {
    let row = voices::Entity::find_by_id(id).one(store.reader()).await;
    row.map_err(store_error)?.ok_or_else(|| Error::new(Reason::NotFound))
}

/// The newest answer to the survey of a case.
///
/// # Errors
/// What the store says.
pub async fn newest_answer(store: &Store, case: Uuid) -> Result<Option<surveys::Model>, Error> {
    surveys::Entity::find()
        .filter(surveys::Column::CaseId.eq(case))
        .order_by(surveys::Column::Number, Order::Desc)
        .one(store.reader())
        .await
        .map_err(store_error)
}

/// How often the survey of a case was answered.
///
/// # Errors
/// What the store says.
pub async fn answers(store: &Store, case: Uuid) -> Result<i64, Error> {
    let count = surveys::Entity::find().filter(surveys::Column::CaseId.eq(case));
    let count = count.count(store.reader()).await.map_err(store_error)?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

/// Steps by whose they are, the oldest first; of many the newest. With them what was said, where it may be seen.
pub type Steps = HashMap<Uuid, Vec<(voice_steps::Model, String)>>;

/// The steps of follow-ups or complaints.
///
/// # Errors
/// What the store says.
pub async fn steps(store: &Store, subjects: &[Uuid], with_words: bool) -> Result<Steps, Error> {
    let mut steps = Steps::new();
    if subjects.is_empty() {
        return Ok(steps);
    }
    let rows = voice_steps::Entity::find()
        .filter(voice_steps::Column::Subject.is_in(subjects.iter().copied()))
        .order_by(voice_steps::Column::Number, Order::Asc)
        .limit((subjects.len() * STEPS_SHOWN_MAX * 4) as u64)
        .all(store.reader())
        .await
        .map_err(store_error)?;
    let said = match with_words {
        true => words(store, rows.iter().map(|row| row.words)).await?,
        false => HashMap::new(),
    };
    for row in rows {
        let text = said.get(&row.words).map(|words| words.text.clone()).unwrap_or_default();
        steps.entry(row.subject).or_default().push((row, text));
    }
    for of_one in steps.values_mut() {
        let surplus = of_one.len().saturating_sub(STEPS_SHOWN_MAX);
        of_one.drain(..surplus);
    }
    Ok(steps)
}
