//! The kernel's tables as migrations, the same on both engines.
//!
//! Forward only. A service adds its own migrations with [`TableBuilder`]; the binary composes them.

use sea_orm_migration::prelude::*;

/// Builds a table of the four column types the house uses, nothing nullable.
pub struct TableBuilder {
    create: TableCreateStatement,
    name: &'static str,
    indexes: Vec<IndexCreateStatement>,
}

impl TableBuilder {
    /// A table with this name.
    pub fn new(name: &'static str) -> Self {
        let mut create = Table::create();
        create.table(name).if_not_exists();
        Self { create, name, indexes: Vec::new() }
    }

    /// UUID columns.
    #[must_use]
    pub fn ids(mut self, names: &[&'static str]) -> Self {
        for name in names {
            self.create.col(ColumnDef::new(*name).uuid().not_null());
        }
        self
    }

    /// Text columns.
    #[must_use]
    pub fn texts(mut self, names: &[&'static str]) -> Self {
        for name in names {
            self.create.col(ColumnDef::new(*name).text().not_null());
        }
        self
    }

    /// Integer columns of 64 bits.
    #[must_use]
    pub fn ints(mut self, names: &[&'static str]) -> Self {
        for name in names {
            self.create.col(ColumnDef::new(*name).big_integer().not_null());
        }
        self
    }

    /// Byte columns.
    #[must_use]
    pub fn bytes(mut self, names: &[&'static str]) -> Self {
        for name in names {
            self.create.col(ColumnDef::new(*name).blob().not_null());
        }
        self
    }

    /// The primary key.
    #[must_use]
    pub fn key(mut self, names: &[&'static str]) -> Self {
        let mut key = Index::create();
        for name in names {
            key.col(*name);
        }
        self.create.primary_key(&mut key);
        self
    }

    /// A further index.
    #[must_use]
    pub fn index(mut self, names: &[&'static str]) -> Self {
        let mut index = Index::create();
        index.name(format!("{}_by_{}", self.name, names.join("_"))).table(self.name);
        index.if_not_exists();
        for name in names {
            index.col(*name);
        }
        self.indexes.push(index.to_owned());
        self
    }

    /// Creates the table and its indexes.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn create(self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        manager.create_table(self.create).await?;
        for index in self.indexes {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// The kernel's migrations, oldest first.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(Kernel),
        Box::new(CommandsAndHorizons),
        Box::new(SealedVault),
        Box::new(ErasedSubjects),
        Box::new(AuditChain),
        Box::new(Holds),
        Box::new(Readers),
    ]
}

struct Kernel;

impl MigrationName for Kernel {
    fn name(&self) -> &'static str {
        "m0001_casebook_kernel"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Kernel {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            TableBuilder::new("cases")
                .ids(&["id"])
                .ints(&["version"])
                .texts(&["stage", "state"])
                .ints(&["updated_at"])
                .key(&["id"]),
            TableBuilder::new("events")
                .ids(&["case_id"])
                .ints(&["seq", "at"])
                .texts(&["body", "trace"])
                .key(&["case_id", "seq"]),
            TableBuilder::new("tasks")
                .ids(&["case_id"])
                .texts(&["task"])
                .ints(&["generation"])
                .texts(&["role"])
                .ints(&["due", "visible_at"])
                .ids(&["lease"])
                .ints(&["attempts"])
                .texts(&["parked"])
                .key(&["case_id", "task", "generation"])
                .index(&["role", "visible_at"]),
            TableBuilder::new("answers")
                .ids(&["key", "case_id", "fingerprint"])
                .bytes(&["body"])
                .ints(&["at"])
                .key(&["key"]),
            TableBuilder::new("audit")
                .ids(&["commit_id"])
                .ints(&["place"])
                .ids(&["case_id"])
                .ints(&["first_seq", "last_seq"])
                .texts(&["principal", "method"])
                .ids(&["key"])
                .ints(&["at"])
                .key(&["commit_id", "place"]),
            TableBuilder::new("commits").ids(&["id"]).texts(&["entries"]).key(&["id"]),
            TableBuilder::new("feed").ints(&["first", "last"]).texts(&["entries"]).key(&["first"]),
            TableBuilder::new("leases")
                .texts(&["name"])
                .ids(&["holder"])
                .ints(&["token", "expires_at"])
                .key(&["name"]),
            TableBuilder::new("meta").texts(&["name", "value"]).key(&["name"]),
            TableBuilder::new("vault")
                .ids(&["subject"])
                .texts(&["kind", "lookup", "body"])
                .ints(&["at"])
                .key(&["subject", "kind"])
                .index(&["lookup"]),
        ];
        for table in tables {
            table.create(manager).await?;
        }
        crate::dialect::tune_hot_tables(manager.get_connection()).await
    }
}

/// Audit and saved answers become one row a command; cases that owe something get a time to be looked
/// at.
struct CommandsAndHorizons;

impl MigrationName for CommandsAndHorizons {
    fn name(&self) -> &'static str {
        "m0002_casebook_commands_and_horizons"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CommandsAndHorizons {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let commands = TableBuilder::new("commands")
            .ids(&["key", "commit_id"])
            .ints(&["place"])
            .ids(&["case_id"])
            .ints(&["first_seq", "last_seq"])
            .texts(&["principal", "method"])
            .ids(&["fingerprint"])
            .bytes(&["body"])
            .ints(&["at"])
            .key(&["key"]);
        commands.create(manager).await?;
        let horizons = TableBuilder::new("horizons")
            .ids(&["case_id"])
            .ints(&["next_look"])
            .key(&["case_id"])
            .index(&["next_look"]);
        horizons.create(manager).await?;
        let connection = manager.get_connection();
        let words = crate::dialect::words(connection);
        let (nil, fresh, nothing) = (words.nil_id, words.fresh_id, words.no_bytes);
        let copy = format!(
            "INSERT INTO commands (key, commit_id, place, case_id, first_seq, last_seq, principal, \
             method, fingerprint, body, at) SELECT CASE WHEN a.key = {nil} THEN {fresh} ELSE a.key \
             END, a.commit_id, a.place, a.case_id, a.first_seq, a.last_seq, a.principal, a.method, \
             COALESCE(s.fingerprint, {nil}), COALESCE(s.body, {nothing}), a.at \
             FROM audit a LEFT JOIN answers s ON s.key = a.key"
        );
        connection.execute_unprepared(&copy).await?;
        let looks = "INSERT INTO horizons (case_id, next_look) SELECT DISTINCT case_id, 0 FROM tasks \
                     WHERE true ON CONFLICT (case_id) DO NOTHING";
        connection.execute_unprepared(looks).await?;
        for table in ["answers", "audit"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// The vault gets the columns of sealed rows. Rows that are there stay in clear until they are sealed one by one,
/// which needs keys that a migration does not have.
struct SealedVault;

impl MigrationName for SealedVault {
    fn name(&self) -> &'static str {
        "m0082_casebook_sealed_vault"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for SealedVault {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let crate::dialect::Words { bytes, no_bytes, .. } = crate::dialect::words(connection);
        let columns = [
            ("sealed_by", "bigint NOT NULL DEFAULT 0".to_owned()),
            ("sealed", format!("{bytes} NOT NULL DEFAULT {no_bytes}")),
        ];
        for (name, definition) in columns {
            if !manager.has_column("vault", name).await? {
                let sql = format!("ALTER TABLE vault ADD COLUMN {name} {definition}");
                connection.execute_unprepared(&sql).await?;
            }
        }
        Ok(())
    }
}

/// Tombstones of subjects that were erased. The vault itself takes nothing about them: no writer has to ask, and
/// none can forget to.
struct ErasedSubjects;

impl MigrationName for ErasedSubjects {
    fn name(&self) -> &'static str {
        "m0083_casebook_erased_subjects"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for ErasedSubjects {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let stones = TableBuilder::new("vault_erased").ids(&["subject"]).ints(&["at"]);
        stones.key(&["subject"]).create(manager).await?;
        crate::dialect::leave_out(manager.get_connection(), "vault", "vault_erased", "subject")
            .await
    }
}

/// Has a table of a service put its rows about whoever is on hold aside when they are deleted, into one that has the same
/// columns. `columns` are all of the table's, `key` those of its key. May be applied twice; to be applied again by whoever
/// adds a column.
///
/// # Errors
/// What the engine says.
pub async fn put_aside(
    manager: &SchemaManager<'_>,
    aside: &crate::Aside,
    columns: &[&'static str],
    key: &[&'static str],
) -> Result<(), DbErr> {
    crate::dialect::put_aside(manager.get_connection(), aside, columns, key).await
}

/// Legal holds: whom they are on, and where the vault puts what is deleted about them. The vault itself does that: nobody
/// who deletes has to ask, and none can forget to.
struct Holds;

impl MigrationName for Holds {
    fn name(&self) -> &'static str {
        "m0090_casebook_holds"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Holds {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let held = TableBuilder::new("vault_held").ids(&["subject", "hold"]);
        held.key(&["subject", "hold"]).create(manager).await?;
        let withheld = TableBuilder::new("vault_withheld")
            .ids(&["subject"])
            .texts(&["kind", "lookup", "body"])
            .ints(&["at", "sealed_by"])
            .bytes(&["sealed"])
            .key(&["subject", "kind"]);
        withheld.create(manager).await?;
        let columns = ["subject", "kind", "lookup", "body", "at", "sealed_by", "sealed"];
        put_aside(manager, &crate::VAULT_ASIDE, &columns, &["subject", "kind"]).await
    }
}

/// The audit trail gets a chain. What a commit leaves for the sequencer names its rows from now on; rows of before
/// are listed, to be linked by the sequencer piece by piece.
struct AuditChain;

impl MigrationName for AuditChain {
    fn name(&self) -> &'static str {
        "m0086_casebook_audit_chain"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for AuditChain {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        if !manager.has_column("commits", "audit").await? {
            let nothing = crate::dialect::words(connection).no_bytes;
            let mut audit = ColumnDef::new("audit");
            audit.blob().not_null().default(Expr::cust(nothing));
            manager
                .alter_table(Table::alter().table("commits").add_column(audit).to_owned())
                .await?;
        }
        // Whoever applies this again has rows that are linked.
        let is_new = !manager.has_table("audit_chain").await?;
        let chain = TableBuilder::new("audit_chain")
            .ints(&["first", "last", "at"])
            .texts(&["key_id"])
            .bytes(&["entries", "link"])
            .key(&["first"]);
        chain.create(manager).await?;
        let backlog = TableBuilder::new("audit_backlog").ints(&["at"]).ids(&["key"]);
        backlog.key(&["at", "key"]).create(manager).await?;
        if is_new {
            let list = "INSERT INTO audit_backlog (at, key) SELECT at, key FROM commands";
            connection.execute_unprepared(list).await?;
        }
        Ok(())
    }
}

/// The table of readers, which the service that watches cases used to make.
struct Readers;

impl MigrationName for Readers {
    fn name(&self) -> &'static str {
        "m0094_casebook_readers"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Readers {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        readers().create(manager).await
    }
}

/// The table of readers; made by whoever comes first.
pub fn readers() -> TableBuilder {
    TableBuilder::new(crate::scope::READERS)
        .texts(&["reader"])
        .ids(&["case_id"])
        .ints(&["ended"])
        .key(&["reader", "case_id"])
        .index(&["reader", "ended", "case_id"])
}

/// Puts policies on every table that says of which case its rows are and has none yet, and makes the role that they are
/// for, [`SEEN_BY`](crate::SEEN_BY). To be called after migrations, whether there were any or not; nothing to do on the
/// embedded engine.
///
/// # Errors
/// What the engine says; that the role is missing and may not be made, with what an administrator has to run.
pub async fn guard_rows(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    crate::dialect::guard_rows(connection).await
}
