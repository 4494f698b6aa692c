//! Where forms and what was filled are kept.

use parasol_api::Error;
use parasol_api::common::v1::checklist_answer::Value;
use parasol_api::common::v1::{Checklist, FilledChecklist};
use parasol_api::convert::to_timestamp;
use parasol_casebook::{RowOp, Secret, Store, secret};
use parasol_journey::ids::{CaseId, CertificateId};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Category;
use prost::Message as _;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, Order, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};

use super::fill::Filled;
use crate::store_error;
use crate::tables::{checklists, filled_checklists};

/// What the vault calls the free texts.
const TEXTS: &str = "checklist";

/// A published form.
#[derive(Clone, Debug)]
pub struct Form {
    /// What it asks.
    pub content: Checklist,
    /// When it was published.
    pub published_at: Timestamp,
    /// When another took its place; absent while it is in force.
    pub superseded_at: Option<Timestamp>,
}

impl Form {
    /// The form as callers read it.
    pub fn into_wire(self) -> Checklist {
        Checklist {
            published_at: Some(to_timestamp(self.published_at)),
            superseded_at: self.superseded_at.map(to_timestamp),
            ..self.content
        }
    }
}

/// The row of a form that is published now; the name is claimed.
pub fn published(category: Category, content: &Checklist, at: Timestamp) -> RowOp {
    RowOp::claim(checklists::ActiveModel {
        checklist: Set(content.checklist.clone()),
        category: Set(category.as_str().to_owned()),
        published_at: Set(at.micros()),
        body: Set(content.encode_to_vec()),
    })
}

/// The form of this name.
///
/// # Errors
/// What the store says.
pub async fn form(store: &Store, name: &str) -> Result<Option<Form>, Error> {
    let row =
        checklists::Entity::find_by_id(name).one(store.reader()).await.map_err(store_error)?;
    match row {
        Some(row) => read(store, row).await.map(Some),
        None => Ok(None),
    }
}

/// The form in force for a category.
///
/// # Errors
/// What the store says.
pub async fn in_force(store: &Store, category: Category) -> Result<Option<Form>, Error> {
    let newest = newest_first(checklists::Entity::find())
        .filter(checklists::Column::Category.eq(category.as_str()));
    let row = newest.one(store.reader()).await.map_err(store_error)?;
    row.map(|row| form_of(&row, None)).transpose()
}

/// The name of the form in force for a category; empty when there is none.
///
/// # Errors
/// What the store says.
pub async fn name_in_force(store: &Store, category: Category) -> Result<String, Error> {
    let name: Option<String> = newest_first(checklists::Entity::find())
        .filter(checklists::Column::Category.eq(category.as_str()))
        .select_only()
        .column(checklists::Column::Checklist)
        .into_tuple()
        .one(store.reader())
        .await
        .map_err(store_error)?;
    Ok(name.unwrap_or_default())
}

/// Forms of a category or of all, newest first, after a place in that order.
///
/// # Errors
/// What the store says.
pub async fn page(
    store: &Store,
    category: Option<Category>,
    after: Option<(i64, String)>,
    limit: u64,
) -> Result<Vec<Form>, Error> {
    use checklists::Column;
    let mut query = newest_first(checklists::Entity::find()).limit(limit);
    if let Some(category) = category {
        query = query.filter(Column::Category.eq(category.as_str()));
    }
    if let Some((at, name)) = after {
        let same = Condition::all().add(Column::PublishedAt.eq(at)).add(Column::Checklist.lt(name));
        query = query.filter(Condition::any().add(Column::PublishedAt.lt(at)).add(same));
    }
    let rows = query.all(store.reader()).await.map_err(store_error)?;
    let mut forms = Vec::with_capacity(rows.len());
    for row in rows {
        forms.push(read(store, row).await?);
    }
    Ok(forms)
}

async fn read(store: &Store, row: checklists::Model) -> Result<Form, Error> {
    use checklists::Column;
    let later = Condition::any().add(Column::PublishedAt.gt(row.published_at)).add(
        Condition::all()
            .add(Column::PublishedAt.eq(row.published_at))
            .add(Column::Checklist.gt(&row.checklist)),
    );
    let successor: Option<i64> = checklists::Entity::find()
        .select_only()
        .column(Column::PublishedAt)
        .filter(Column::Category.eq(&row.category))
        .filter(later)
        .order_by(Column::PublishedAt, Order::Asc)
        .into_tuple()
        .one(store.reader())
        .await
        .map_err(store_error)?;
    form_of(&row, successor.map(Timestamp::from_micros))
}

fn form_of(row: &checklists::Model, superseded_at: Option<Timestamp>) -> Result<Form, Error> {
    let content = Checklist::decode(row.body.as_slice()).map_err(Error::internal)?;
    Ok(Form { content, published_at: Timestamp::from_micros(row.published_at), superseded_at })
}

fn newest_first(query: Select<checklists::Entity>) -> Select<checklists::Entity> {
    query
        .order_by(checklists::Column::PublishedAt, Order::Desc)
        .order_by(checklists::Column::Checklist, Order::Desc)
}

/// The rows that keep what was filled with a certificate: free texts in the vault, the rest beside.
pub fn filled_rows(
    filled: &Filled,
    case: CaseId,
    certificate: CertificateId,
    at: Timestamp,
) -> Vec<RowOp> {
    let mut rows = vec![RowOp::put(filled_checklists::ActiveModel {
        certificate: Set(certificate.uuid()),
        case_id: Set(case.uuid()),
        checklist: Set(filled.answers.checklist.clone()),
        filled_at: Set(at.micros()),
        body: Set(filled.answers.encode_to_vec()),
    })];
    if !filled.texts.is_empty() {
        let body = serde_json::to_string(&filled.texts).expect("texts are JSON");
        let (subject, kind, lookup) = (certificate.uuid(), TEXTS, String::new());
        rows.push(secret(Secret { subject, kind, lookup, body }, at));
    }
    rows
}

/// What was filled with a certificate of a case, and when. Texts that the vault no longer has are left
/// out.
///
/// # Errors
/// What the store says.
pub async fn filled(
    store: &Store,
    case: CaseId,
    certificate: CertificateId,
) -> Result<Option<(FilledChecklist, Timestamp)>, Error> {
    let row = filled_checklists::Entity::find_by_id(certificate.uuid());
    let row = row.one(store.reader()).await.map_err(store_error)?;
    let Some(row) = row.filter(|row| row.case_id == case.uuid()) else { return Ok(None) };
    let mut filled = FilledChecklist::decode(row.body.as_slice()).map_err(Error::internal)?;
    let texts = store.reveal(certificate.uuid(), TEXTS).await.map_err(store_error)?;
    let texts: std::collections::BTreeMap<String, String> = match texts {
        Some(body) => serde_json::from_str(&body).map_err(Error::internal)?,
        None => std::collections::BTreeMap::new(),
    };
    filled.answers.retain_mut(|answer| match &mut answer.value {
        Some(Value::Text(text)) => match texts.get(&answer.field) {
            Some(kept) => {
                kept.clone_into(text);
                true
            }
            None => false,
        },
        _ => true,
    });
    Ok(Some((filled, Timestamp::from_micros(row.filled_at))))
}
