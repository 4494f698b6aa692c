//! Looking at certificates again: whether each is still what was sealed.

use std::collections::HashMap;

use parasol_casebook::Store;
use parasol_journey::certificate::Certificate;
use parasol_journey::event::Fact;
use parasol_journey::ids::{CaseId, CertificateId};
use sea_orm::{
    ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{SealKeys, digest, table};
use crate::tables::certificates;

/// Certificates looked at in one query.
const PAGE: u64 = 200;
/// Entries of a log that are searched for its certificates.
const LOG_MAX: u64 = 10_000;

/// What was found.
#[derive(Debug, Default)]
pub struct Audit {
    /// Certificates looked at.
    pub checked: u64,
    /// Those that are what was sealed.
    pub sound: u64,
    /// Those that came in before there were seals, and are what the log says.
    pub unsealed: u64,
    /// Those that are not what they were, each with what is wrong.
    pub problems: Vec<(CaseId, CertificateId, Problem)>,
}

/// What is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The log of its case does not hold it.
    #[error("the log of the case does not hold it")]
    NotInTheLog,
    /// The index says something else than the log.
    #[error("the index says something else than the log")]
    IndexDiffers,
    /// The log says something else than was sealed.
    #[error("its content or evidence is not what was sealed")]
    ContentDiffers,
    /// Its words are others than those that came with it.
    #[error("its words are not those that came with it")]
    WordsDiffer,
    /// The seal was not made with the key it names.
    #[error("the seal is not genuine")]
    SealForged,
    /// The seal names a key that is not among those given.
    #[error("the seal was made with key {0}, which is not known here")]
    KeyUnknown(String),
}

/// Looks at certificates of the store: of one case, or of all.
///
/// # Errors
/// What the engine says.
pub async fn audit(store: &Store, keys: &SealKeys, case: Option<CaseId>) -> Result<Audit, DbErr> {
    let mut found = Audit::default();
    let mut after = Uuid::nil();
    loop {
        let mut query = certificates::Entity::find()
            .filter(certificates::Column::Certificate.gt(after))
            .order_by_asc(certificates::Column::Certificate)
            .limit(PAGE);
        if let Some(case) = case {
            query = query.filter(certificates::Column::CaseId.eq(case.uuid()));
        }
        let rows = query.all(store.reader()).await?;
        let Some(last) = rows.last() else { return Ok(found) };
        after = last.certificate;
        let ids = rows.iter().map(|row| row.certificate);
        let seals = table::Entity::find().filter(table::Column::Certificate.is_in(ids.clone()));
        let seals = seals.all(store.reader()).await?;
        let seals: HashMap<Uuid, table::Model> =
            seals.into_iter().map(|seal| (seal.certificate, seal)).collect();
        let words: HashMap<Uuid, String> =
            store.reveal_many(ids, "certificate").await?.into_iter().collect();
        for row in &rows {
            let id = CertificateId::new(row.certificate);
            let logged = of_log(store, CaseId::new(row.case_id), id).await?;
            let seal = seals.get(&row.certificate);
            let words = words.get(&row.certificate).map(String::as_str);
            found.checked += 1;
            match check(keys, row, logged.as_ref(), seal, words) {
                Err(problem) => found.problems.push((CaseId::new(row.case_id), id, problem)),
                Ok(true) => found.sound += 1,
                Ok(false) => found.unsealed += 1,
            }
        }
    }
}

async fn of_log(
    store: &Store,
    case: CaseId,
    id: CertificateId,
) -> Result<Option<Certificate>, DbErr> {
    let log = store.log_after(case, 0, LOG_MAX).await?;
    Ok(log.into_iter().find_map(|logged| match logged.event.fact {
        Fact::CertificateSubmitted { certificate, .. } if certificate.id == id => {
            Some(*certificate)
        }
        _ => None,
    }))
}

/// Whether a certificate is sealed, or what is wrong with it.
fn check(
    keys: &SealKeys,
    row: &certificates::Model,
    logged: Option<&Certificate>,
    seal: Option<&table::Model>,
    words: Option<&str>,
) -> Result<bool, Problem> {
    let logged = logged.ok_or(Problem::NotInTheLog)?;
    let index = serde_json::from_str::<Certificate>(&row.body);
    if index.as_ref().ok() != Some(logged) {
        return Err(Problem::IndexDiffers);
    }
    // Words may have been erased, never changed.
    let of_words = words.map(|words| hex::encode(Sha256::digest(words)));
    if !logged.words.is_empty() && of_words.is_some_and(|of_words| of_words != logged.words) {
        return Err(Problem::WordsDiffer);
    }
    let Some(seal) = seal else { return Ok(false) };
    let digest = digest(CaseId::new(row.case_id), logged);
    if seal.digest != hex::encode(digest) {
        return Err(Problem::ContentDiffers);
    }
    match keys.verify(&seal.key_id, &digest, &seal.code) {
        Some(true) => Ok(true),
        Some(false) => Err(Problem::SealForged),
        None => Err(Problem::KeyUnknown(seal.key_id.clone())),
    }
}
