//! Occurrences that stood in a row each, gathered into a sheet a scorecard, once. See [`sheets`](super::sheets).

use std::collections::BTreeMap;

use parasol_casebook::migration::TableBuilder;
use sea_orm::sea_query::{Alias, Expr, Query, TableDropStatement};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, ExprTrait as _, Order};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};
use uuid::Uuid;

use super::cards::card_id;
use super::sheets::Line;
use super::tables::score_sheets;

/// Cases read in one go.
const PAGE: u64 = 100;
/// Sheets written in one statement.
const WRITTEN: usize = 500;

/// Makes the table of sheets, fills it, and drops that of the single occurrences.
pub struct Sheets;

impl MigrationName for Sheets {
    fn name(&self) -> &'static str {
        "m0087_tracking_sheets"
    }
}

/// Of whom, in which month, and of which case.
type Key = (String, String, String, String, Uuid);

#[tonic::async_trait]
impl MigrationTrait for Sheets {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sheets = TableBuilder::new("score_sheets")
            .ids(&["card", "case_id"])
            .texts(&["level", "subject", "category", "period", "body"])
            .key(&["card", "case_id"])
            .index(&["case_id"]);
        sheets.create(manager).await?;
        let connection = manager.get_connection();
        let mut after = Uuid::nil();
        loop {
            let cases = next(connection, after).await?;
            let Some(last) = cases.last() else { break };
            after = *last;
            write(connection, read(connection, &cases).await?).await?;
        }
        let old = TableDropStatement::new().table(Alias::new("score_marks")).to_owned();
        manager.drop_table(old).await
    }
}

/// The next cases that have any.
async fn next(connection: &impl ConnectionTrait, after: Uuid) -> Result<Vec<Uuid>, DbErr> {
    let query = Query::select()
        .distinct()
        .column(Alias::new("case_id"))
        .from(Alias::new("score_marks"))
        .and_where(Expr::col(Alias::new("case_id")).gt(after))
        .order_by(Alias::new("case_id"), Order::Asc)
        .limit(PAGE)
        .to_owned();
    let rows = connection.query_all(&query).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

async fn read(
    connection: &impl ConnectionTrait,
    cases: &[Uuid],
) -> Result<Vec<(Key, Line)>, DbErr> {
    let of = |table: &'static str, name: &'static str| (Alias::new(table), Alias::new(name));
    let mark = |name| of("score_marks", name);
    let figure = |name| of("score_figures", name);
    let query = Query::select()
        .columns(["level", "subject", "category", "period", "indicator"].map(figure))
        .columns(["case_id", "seq", "at", "value", "excluded"].map(mark))
        .from(Alias::new("score_marks"))
        .inner_join(Alias::new("score_figures"), Expr::col(mark("figure")).equals(figure("figure")))
        .and_where(Expr::col(mark("case_id")).is_in(cases.iter().copied()))
        .to_owned();
    let rows = connection.query_all(&query).await?;
    rows.iter()
        .map(|row| {
            let text = |at: usize| row.try_get_by_index::<String>(at);
            let key: Key = (text(0)?, text(1)?, text(2)?, text(3)?, row.try_get_by_index(5)?);
            let seq: i64 = row.try_get_by_index(6)?;
            let line = Line {
                indicator: text(4)?,
                seq: u64::try_from(seq).unwrap_or_default(),
                at: row.try_get_by_index(7)?,
                value: row.try_get_by_index(8)?,
                excluded: text(9)?,
            };
            Ok((key, line))
        })
        .collect()
}

async fn write(connection: &impl ConnectionTrait, marks: Vec<(Key, Line)>) -> Result<(), DbErr> {
    let mut sheets: BTreeMap<Key, Vec<Line>> = BTreeMap::new();
    for (key, line) in marks {
        sheets.entry(key).or_default().push(line);
    }
    let mut rows = Vec::with_capacity(sheets.len());
    for ((level, subject, category, period, case), lines) in sheets {
        let body = serde_json::to_string(&lines).map_err(|error| DbErr::Json(error.to_string()))?;
        let names = [level, subject, category, period];
        let card = card_id(&names);
        let [level, subject, category, period] = names;
        rows.push(score_sheets::ActiveModel {
            card: Set(card),
            case_id: Set(case),
            level: Set(level),
            subject: Set(subject),
            category: Set(category),
            period: Set(period),
            body: Set(body),
        });
    }
    for part in rows.chunks(WRITTEN) {
        let all = score_sheets::Entity::insert_many(part.to_vec());
        all.exec_without_returning(connection).await?;
    }
    Ok(())
}
