//! The tables of an imagined service, and its projection.

use parasol_casebook::migration::TableBuilder;
use parasol_casebook::{Change, Projector, RowOp};
use parasol_journey::Stage;
use sea_orm::ActiveValue::Set;
use sea_orm_migration::{DbErr, MigrationName, MigrationTrait, MigratorTrait, SchemaManager};
use uuid::Uuid;

/// Slot cells of technicians: a key that only one case may hold.
pub mod slots {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "slots")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub technician: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub cell: i64,
        pub holder: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Rows with every type of column.
pub mod notes {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "notes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        #[sea_orm(column_type = "Text")]
        pub text: String,
        pub number: i64,
        #[sea_orm(column_type = "Blob")]
        pub bytes: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Where every open case stands; kept by [`Board`].
pub mod board {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "board")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        pub version: i64,
        #[sea_orm(column_type = "Text")]
        pub stage: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub fn slot(technician: &str, cell: i64, holder: u128) -> slots::ActiveModel {
    let holder = Set(Uuid::from_u128(holder));
    slots::ActiveModel { technician: Set(technician.to_owned()), cell: Set(cell), holder }
}

pub fn note(id: u128, text: &str) -> notes::ActiveModel {
    notes::ActiveModel {
        id: Set(Uuid::from_u128(id)),
        text: Set(text.to_owned()),
        number: Set(i64::try_from(id).unwrap_or(i64::MAX)),
        bytes: Set(text.as_bytes().to_vec()),
    }
}

/// Keeps [`board`]: a row per open case.
pub struct Board;

impl Projector for Board {
    fn project(&self, change: &Change<'_>, rows: &mut Vec<RowOp>) {
        let case = change.after;
        if case.stage == Stage::Cancelled {
            rows.push(RowOp::delete::<board::Entity>(vec![case.id.uuid().into()]));
            return;
        }
        rows.push(RowOp::put(board::ActiveModel {
            case_id: Set(case.id.uuid()),
            version: Set(i64::try_from(case.version).unwrap()),
            stage: Set(case.stage.as_str().to_owned()),
        }));
    }
}

/// The kernel's migrations with the service's.
pub struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut all = parasol_casebook::migration::migrations();
        all.push(Box::new(Own));
        all
    }
}

struct Own;

impl MigrationName for Own {
    fn name(&self) -> &'static str {
        "m0002_imagined_service"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Own {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let slots = TableBuilder::new("slots")
            .texts(&["technician"])
            .ints(&["cell"])
            .ids(&["holder"])
            .key(&["technician", "cell"]);
        let notes = TableBuilder::new("notes")
            .ids(&["id"])
            .texts(&["text"])
            .ints(&["number"])
            .bytes(&["bytes"])
            .key(&["id"]);
        let board = TableBuilder::new("board")
            .ids(&["case_id"])
            .ints(&["version"])
            .texts(&["stage"])
            .key(&["case_id"]);
        for table in [slots, notes, board] {
            table.create(manager).await?;
        }
        Ok(())
    }
}
