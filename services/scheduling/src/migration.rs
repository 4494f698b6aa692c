//! This service's tables as migrations, the same on both engines. Forward only.

use parasol_casebook::migration::TableBuilder;
use sea_orm_migration::prelude::*;

/// This service's migrations, oldest first.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(Scheduling),
        Box::new(Checklists),
        Box::new(Relay),
        Box::new(Categories),
        Box::new(Calendars),
        Box::new(DayPlans),
        Box::new(Helpers),
        Box::new(LateActions),
    ]
}

struct Scheduling;

impl MigrationName for Scheduling {
    fn name(&self) -> &'static str {
        "m0004_scheduling"
    }
}

#[tonic::async_trait]
impl MigrationTrait for Scheduling {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let cells = TableBuilder::new("slot_cells")
            .texts(&["technician"])
            .ints(&["cell"])
            .ids(&["case_id", "appointment"])
            .key(&["technician", "cell"]);
        let appointments = TableBuilder::new("appointments")
            .ids(&["appointment", "case_id"])
            .texts(&["technician", "centre"])
            .ints(&["window_start", "window_end"])
            .texts(&["state"])
            .ints(&["version", "changed_at"])
            .key(&["appointment"])
            .index(&["technician", "window_start"]);
        cells.create(manager).await?;
        appointments.create(manager).await
    }
}

/// The forms of inspections and what was filled.
struct Checklists;

impl MigrationName for Checklists {
    fn name(&self) -> &'static str {
        "m0021_scheduling_checklists"
    }
}

#[tonic::async_trait]
impl MigrationTrait for Checklists {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let checklists = TableBuilder::new("checklists")
            .texts(&["checklist", "category"])
            .ints(&["published_at"])
            .bytes(&["body"])
            .key(&["checklist"])
            .index(&["category", "published_at"]);
        let filled = TableBuilder::new("filled_checklists")
            .ids(&["certificate", "case_id"])
            .texts(&["checklist"])
            .ints(&["filled_at"])
            .bytes(&["body"])
            .key(&["certificate"])
            .index(&["case_id"]);
        checklists.create(manager).await?;
        filled.create(manager).await
    }
}

/// Relay numbers and what has to be looked at.
struct Relay;

impl MigrationName for Relay {
    fn name(&self) -> &'static str {
        "m0022_scheduling_relay"
    }
}

#[tonic::async_trait]
impl MigrationTrait for Relay {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let notes = TableBuilder::new("relay_notes")
            .ids(&["appointment"])
            .ints(&["version"])
            .ids(&["case_id"])
            .ints(&["due"])
            .key(&["appointment", "version"])
            .index(&["due"]);
        let numbers = TableBuilder::new("relay_numbers")
            .ids(&["appointment", "case_id"])
            .texts(&["technician", "number", "binding"])
            .ints(&["until"])
            .key(&["appointment"])
            .index(&["case_id"]);
        notes.create(manager).await?;
        numbers.create(manager).await
    }
}

/// The category of an appointment, for a centre's visits of a day; appointments made before have none
/// and count for none.
struct Categories;

impl MigrationName for Categories {
    fn name(&self) -> &'static str {
        "m0030_scheduling_categories"
    }
}

#[tonic::async_trait]
impl MigrationTrait for Categories {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = || Alias::new("appointments");
        let category =
            ColumnDef::new(Alias::new("category")).text().not_null().default("").to_owned();
        manager.alter_table(Table::alter().table(table()).add_column(category).to_owned()).await?;
        let index = Index::create()
            .name("appointments_centre_window_start")
            .table(table())
            .col(Alias::new("centre"))
            .col(Alias::new("window_start"))
            .to_owned();
        manager.create_index(index).await
    }
}

/// The links to technicians' calendars.
struct Calendars;

impl MigrationName for Calendars {
    fn name(&self) -> &'static str {
        "m0031_scheduling_calendars"
    }
}

#[tonic::async_trait]
impl MigrationTrait for Calendars {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let links = TableBuilder::new("calendar_links")
            .ids(&["link"])
            .texts(&["technician"])
            .ints(&["created_at"])
            .key(&["link"])
            .index(&["technician"]);
        links.create(manager).await
    }
}

/// Plans of days, for a while.
struct DayPlans;

impl MigrationName for DayPlans {
    fn name(&self) -> &'static str {
        "m0032_scheduling_day_plans"
    }
}

#[tonic::async_trait]
impl MigrationTrait for DayPlans {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let plans = TableBuilder::new("day_plans")
            .ids(&["plan"])
            .texts(&["centre"])
            .ints(&["made_at"])
            .bytes(&["body"])
            .key(&["plan"])
            .index(&["centre", "made_at"]);
        plans.create(manager).await
    }
}

/// Who comes along where the work needs two at once; nobody in appointments made before.
struct Helpers;

impl MigrationName for Helpers {
    fn name(&self) -> &'static str {
        "m0033_scheduling_helpers"
    }
}

#[tonic::async_trait]
impl MigrationTrait for Helpers {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = || Alias::new("appointments");
        let helper = ColumnDef::new(Alias::new("helper")).text().not_null().default("").to_owned();
        manager.alter_table(Table::alter().table(table()).add_column(helper).to_owned()).await?;
        let index = Index::create()
            .name("appointments_helper_window_start")
            .table(table())
            .col(Alias::new("helper"))
            .col(Alias::new("window_start"))
            .to_owned();
        manager.create_index(index).await
    }
}

/// Which late reports belong to which case: their words lie under ids that no log names. Those that are there are found by
/// the commands that brought them.
struct LateActions;

impl MigrationName for LateActions {
    fn name(&self) -> &'static str {
        "m0092_scheduling_late_actions"
    }
}

#[tonic::async_trait]
impl MigrationTrait for LateActions {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let late = TableBuilder::new("late_actions").ids(&["case_id", "words"]);
        late.key(&["case_id", "words"]).create(manager).await?;
        let list = "INSERT INTO late_actions (case_id, words) SELECT c.case_id, v.subject \
                    FROM vault v JOIN commands c ON c.key = v.subject WHERE v.kind = 'late_action' \
                    ON CONFLICT (case_id, words) DO NOTHING";
        manager.get_connection().execute_unprepared(list).await.map(|_| ())
    }
}
