//! The readers of cases that were there before `case_readers` was: from the cases as they stand, once.
//!
//! The projection writes the rows of every case that moves; this migration writes those of the others, so that a watch
//! over many cases finds them whether or not they ever move again.

use parasol_casebook::tables::{cases, readers as rows};
use parasol_desk::readers;
use parasol_journey::Case;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, QueryFilter,
    QueryOrder, QuerySelect,
};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};
use uuid::Uuid;

/// Cases looked at in one go.
const PAGE: u64 = 200;

/// Writes the rows of every case that has none.
pub struct Readers;

impl MigrationName for Readers {
    fn name(&self) -> &'static str {
        "m0080_tracking_readers"
    }
}

#[tonic::async_trait]
impl MigrationTrait for Readers {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let mut after = Uuid::nil();
        loop {
            let page: Vec<(Uuid, String)> = cases::Entity::find()
                .select_only()
                .columns([cases::Column::Id, cases::Column::State])
                .filter(cases::Column::Id.gt(after))
                .order_by(cases::Column::Id, Order::Asc)
                .limit(PAGE)
                .into_tuple()
                .all(connection)
                .await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = *last;
            // What an earlier build said in words that are not known any more is passed over.
            let known = page.iter().filter_map(|(_, state)| serde_json::from_str(state).ok());
            write(connection, &known.collect::<Vec<Case>>()).await?;
        }
    }
}

async fn write(connection: &impl ConnectionTrait, cases: &[Case]) -> Result<(), DbErr> {
    use rows::Column::{CaseId, Reader};
    let row = |case: &Case, reader| rows::ActiveModel {
        reader: Set(reader),
        case_id: Set(case.id.uuid()),
        ended: Set(i64::from(case.stage.is_ended())),
    };
    let all = cases.iter().flat_map(|case| readers(case).into_iter().map(|one| row(case, one)));
    let all: Vec<_> = all.collect();
    if all.is_empty() {
        return Ok(());
    }
    let keep = OnConflict::columns([Reader, CaseId]).do_nothing().to_owned();
    rows::Entity::insert_many(all).on_conflict(keep).exec_without_returning(connection).await?;
    Ok(())
}
