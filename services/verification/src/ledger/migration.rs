//! The lock on the books: neither engine changes or deletes a line, an act on a claim or a closed statement, nor
//! enters anything into a month that is closed. Not even a mistake of ours does.

use parasol_casebook::migration::TableBuilder;
use sea_orm::{ConnectionTrait as _, DbBackend};
use sea_orm_migration::prelude::*;

/// Tables of which a row stays as it was written.
const FIXED: [&str; 3] = ["ledger_entries", "claim_steps", "statements"];

/// When an entry is refused: its partner's month is closed, and it is not what closes it.
const TOO_LATE: &str = "NEW.party <> '' AND NEW.kind <> 'netted' AND EXISTS \
    (SELECT 1 FROM statements WHERE party = NEW.party AND period = NEW.period)";

/// Creates the triggers, the lines of providers' statements, and the books of the till.
pub struct Books;

impl MigrationName for Books {
    fn name(&self) -> &'static str {
        "m0064_verification_books"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Books {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            TableBuilder::new("payment_lines")
                .texts(&["operation", "day"])
                .ints(&["theirs_fen"])
                .key(&["operation", "day"])
                .index(&["day"]),
            TableBuilder::new("till_payments")
                .texts(&["operation"])
                .ints(&["amount_fen"])
                .ids(&["customer"])
                .texts(&["day"])
                .ints(&["at"])
                .key(&["operation"])
                .index(&["day", "operation"]),
        ];
        for table in tables {
            table.create(manager).await?;
        }
        let connection = manager.get_connection();
        for statement in locks(manager.get_database_backend()) {
            connection.execute_unprepared(&statement).await?;
        }
        Ok(())
    }
}

fn locks(engine: DbBackend) -> Vec<String> {
    let (stays, closed) = ("what is in the books stays", "the month is closed");
    match engine {
        DbBackend::Postgres => {
            let functions = [
                format!(
                    "CREATE OR REPLACE FUNCTION books_stay() RETURNS trigger LANGUAGE plpgsql AS $$ \
                     BEGIN RAISE EXCEPTION '{stays}'; END $$"
                ),
                format!(
                    "CREATE OR REPLACE FUNCTION books_open() RETURNS trigger LANGUAGE plpgsql AS $$ \
                     BEGIN IF {TOO_LATE} THEN RAISE EXCEPTION '{closed}'; END IF; RETURN NEW; END $$"
                ),
                "CREATE TRIGGER ledger_entries_open BEFORE INSERT ON ledger_entries \
                 FOR EACH ROW EXECUTE FUNCTION books_open()"
                    .to_owned(),
            ];
            let triggers = FIXED.map(|table| {
                format!(
                    "CREATE TRIGGER {table}_stay BEFORE UPDATE OR DELETE ON {table} \
                     FOR EACH ROW EXECUTE FUNCTION books_stay()"
                )
            });
            functions.into_iter().chain(triggers).collect()
        }
        _ => {
            let open = format!(
                "CREATE TRIGGER ledger_entries_open BEFORE INSERT ON ledger_entries WHEN {TOO_LATE} \
                 BEGIN SELECT RAISE(ABORT, '{closed}'); END"
            );
            let stay = FIXED.iter().flat_map(|table| {
                ["UPDATE", "DELETE"].map(|what| {
                    let name = format!("{table}_stay_{}", what.to_lowercase());
                    format!(
                        "CREATE TRIGGER {name} BEFORE {what} ON {table} \
                         BEGIN SELECT RAISE(ABORT, '{stays}'); END"
                    )
                })
            });
            std::iter::once(open).chain(stay).collect()
        }
    }
}
