//! Rule packs that operators published: reading them, storing them, and learning of them.

use parasol_api::admin::v1 as wire;
use parasol_api::limits::CODE_MAX;
use parasol_api::{Checker, Reason};
use parasol_casebook::{RowOp, Store};
use parasol_journey::time::Timestamp;
use parasol_policy::{Pack, PackFile, Problem, Shelf};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
};

use crate::tables::policies;

/// The most files of a pack in one request.
const FILES_MAX: usize = 100;
/// The most bytes of all files of a pack together; below that of a message.
const BYTES_MAX: usize = 2 << 20;
/// The most published packs a process learns of: three a day for a year.
const PACKS_MAX: u64 = 1_000;

/// The files of a request.
pub fn files(check: &mut Checker, files: &[wire::PolicyFile]) -> Option<Vec<PackFile>> {
    check.at_most("files", files, FILES_MAX)?;
    if files.is_empty() {
        return check.refuse("files", Reason::FieldInvalid, "at least one file");
    }
    let bytes: usize = files.iter().map(|file| file.text.len()).sum();
    if bytes > BYTES_MAX {
        return check.refuse("files", Reason::FieldTooLong, format!("at most {BYTES_MAX} bytes"));
    }
    let mut read = Vec::with_capacity(files.len());
    for (place, file) in files.iter().enumerate() {
        let name = check.text(&format!("files[{place}].name"), &file.name, CODE_MAX)?;
        read.push(PackFile::new(name, file.text.clone()));
    }
    Some(read)
}

/// What must be put right before a pack is published, in sentences; empty when nothing must.
pub fn faults(pack: &Pack) -> Vec<wire::PolicyProblem> {
    let failed = pack.failed_tests().into_iter().map(|test| wire::PolicyProblem {
        kind: wire::PolicyProblemKind::FailedTest.into(),
        rule: test.rule.to_string(),
        file: test.file.clone(),
        line: i32::try_from(test.line).unwrap_or(i32::MAX),
        text: test.to_string(),
    });
    let untested = pack.untested().into_iter().map(|rule| wire::PolicyProblem {
        kind: wire::PolicyProblemKind::Untested.into(),
        text: format!("rule {rule} has no test"),
        rule: rule.to_string(),
        ..wire::PolicyProblem::default()
    });
    let problems = pack.problems().into_iter().map(|problem| {
        let (kind, rule) = match &problem {
            Problem::Gap { last, .. } => (wire::PolicyProblemKind::Gap, last),
            Problem::Unreachable { rule, .. } => (wire::PolicyProblemKind::Unreachable, rule),
            Problem::Overlap { rule, .. } => (wire::PolicyProblemKind::Overlap, rule),
            Problem::Unsettled { rule } => (wire::PolicyProblemKind::Unsettled, rule),
        };
        wire::PolicyProblem {
            kind: kind.into(),
            rule: rule.to_string(),
            text: problem.to_string(),
            ..wire::PolicyProblem::default()
        }
    });
    problems.chain(failed).chain(untested).collect()
}

/// A pack as the contract has it, without its files.
pub fn view(pack: &Pack) -> wire::Policy {
    let day = |day: chrono::NaiveDate| day.to_string();
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    wire::Policy {
        version: pack.version().to_string(),
        source: pack.source().to_owned(),
        effective_from: day(pack.effective_from()),
        effective_until: pack.effective_until().map_or_else(String::new, day),
        layers: pack
            .layers()
            .iter()
            .map(|layer| wire::PolicyLayer {
                name: layer.name.clone(),
                version: layer.version.clone(),
                source: layer.source.clone(),
                valid_from: day(layer.valid_from),
                valid_until: layer.valid_until.map_or_else(String::new, day),
                rules: count(layer.rules),
            })
            .collect(),
        rules: count(pack.rules().count()),
        promises: count(pack.promises().len()),
        tests: count(pack.tests()),
        ..wire::Policy::default()
    }
}

/// The row of a new pack.
pub fn row(version: &str, text: String, now: Timestamp) -> RowOp {
    RowOp::claim(policies::ActiveModel {
        version: Set(version.to_owned()),
        published_at: Set(now.micros()),
        body: Set(text),
    })
}

/// The stored files of a version, as text.
pub async fn stored(store: &Store, version: &str) -> Result<Option<String>, DbErr> {
    let row = policies::Entity::find_by_id(version.to_owned()).one(store.reader()).await?;
    Ok(row.map(|row| row.body))
}

/// Packs in the order of publishing, after a place in that order.
pub async fn page(
    store: &Store,
    after: Option<(i64, String)>,
    limit: u64,
) -> Result<Vec<policies::Model>, DbErr> {
    use policies::Column::{PublishedAt, Version};
    let mut query = policies::Entity::find()
        .order_by(PublishedAt, Order::Asc)
        .order_by(Version, Order::Asc)
        .limit(limit);
    if let Some((at, version)) = after {
        let same_moment = Condition::all().add(PublishedAt.eq(at)).add(Version.gt(version));
        query = query.filter(Condition::any().add(PublishedAt.gt(at)).add(same_moment));
    }
    query.all(store.reader()).await
}

/// Puts every published pack on a shelf that is not there yet, in the order of publishing.
///
/// # Errors
/// What the store says, or that a stored pack cannot be read by this release.
pub async fn load_packs(store: &Store, shelf: &Shelf) -> Result<(), DbErr> {
    let versions: Vec<String> = policies::Entity::find()
        .select_only()
        .column(policies::Column::Version)
        .order_by(policies::Column::PublishedAt, Order::Asc)
        .order_by(policies::Column::Version, Order::Asc)
        .limit(PACKS_MAX)
        .into_tuple()
        .all(store.reader())
        .await?;
    for version in versions.iter().filter(|version| shelf.of(version).is_none()) {
        if let Some(body) = stored(store, version).await? {
            shelf.put(read(&body)?);
        }
    }
    Ok(())
}

fn read(body: &str) -> Result<Pack, DbErr> {
    let broken = |error: &dyn std::fmt::Display| DbErr::Custom(error.to_string());
    let files: Vec<PackFile> = serde_json::from_str(body).map_err(|error| broken(&error))?;
    Pack::read(&files).map_err(|error| broken(&error))
}
