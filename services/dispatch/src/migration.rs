//! The tables of this service as a migration.

use parasol_casebook::migration::TableBuilder;
use sea_orm_migration::prelude::*;

/// The migrations of this service, oldest first.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(Dispatch),
        Box::new(Webhooks),
        Box::new(Messages),
        Box::new(Conformance),
        Box::new(Callbacks),
        Box::new(Network),
        Box::new(Resources),
        Box::new(Helpers),
        Box::new(ClaimPlaces),
        Box::new(ApiKeys),
        Box::new(Counts),
    ]
}

struct Dispatch;

impl MigrationName for Dispatch {
    fn name(&self) -> &'static str {
        "m0003_dispatch"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Dispatch {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in network().into_iter().chain(work()) {
            table.create(manager).await?;
        }
        Ok(())
    }
}

struct Webhooks;

impl MigrationName for Webhooks {
    fn name(&self) -> &'static str {
        "m0010_dispatch_webhooks"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Webhooks {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in webhooks() {
            table.create(manager).await?;
        }
        Ok(())
    }
}

struct Messages;

impl MigrationName for Messages {
    fn name(&self) -> &'static str {
        "m0014_dispatch_messages"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Messages {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in messages() {
            table.create(manager).await?;
        }
        Ok(())
    }
}

struct Callbacks;

impl MigrationName for Callbacks {
    fn name(&self) -> &'static str {
        "m0015_dispatch_callbacks"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Callbacks {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let secrets = TableBuilder::new("callback_secrets")
            .texts(&["partner"])
            .ints(&["number", "old_until"])
            .key(&["partner"]);
        let rules =
            TableBuilder::new("reroute_rules").texts(&["brand"]).ints(&["after"]).key(&["brand"]);
        for table in [secrets, rules] {
            table.create(manager).await?;
        }
        Ok(())
    }
}

struct ApiKeys;

impl MigrationName for ApiKeys {
    fn name(&self) -> &'static str {
        "m0085_dispatch_api_keys"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for ApiKeys {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let keys = TableBuilder::new("api_keys")
            .ids(&["key"])
            .texts(&["fingerprint", "role", "subject", "brand"])
            .ints(&["issued_at", "expires_at", "revoked_at"])
            .key(&["key"])
            .index(&["role", "subject", "key"]);
        // Beside the keys: what is written down of a use must not bring one back that was taken away meanwhile.
        let uses = TableBuilder::new("api_key_uses").ids(&["key"]).ints(&["day"]).key(&["key"]);
        for table in [keys, uses] {
            table.create(manager).await?;
        }
        Ok(())
    }
}

fn messages() -> Vec<TableBuilder> {
    vec![
        // Read by partner, newest first; by case within a partner's.
        TableBuilder::new("partner_messages")
            .texts(&["partner"])
            .ids(&["message"])
            .texts(&["method"])
            .ids(&["request", "case_id"])
            .ints(&["received_at", "occurred_at", "sequence"])
            .texts(&["outcome", "reason", "read_as", "raw"])
            .key(&["partner", "message"])
            .index(&["case_id", "partner"]),
        TableBuilder::new("reason_mappings")
            .texts(&["brand", "list", "partner_reason", "reason"])
            .ints(&["updated_at"])
            .key(&["brand", "list", "partner_reason"]),
    ]
}

struct Conformance;

impl MigrationName for Conformance {
    fn name(&self) -> &'static str {
        "m0019_dispatch_conformance"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Conformance {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = TableBuilder::new("conformance")
            .texts(&["brand", "side", "kit_release", "kit_commit", "recorded_by", "checks"])
            .ints(&["started_at", "recorded_at"])
            .key(&["brand", "side"]);
        table.create(manager).await
    }
}

struct Network;

impl MigrationName for Network {
    fn name(&self) -> &'static str {
        "m0020_dispatch_network"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Network {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_columns(manager, NETWORK_COLUMNS).await?;
        for table in standing() {
            table.create(manager).await?;
        }
        // The few that are suspended, among the many that are not.
        for (table, key) in [("centres", "centre"), ("technicians", "technician")] {
            let mut index = Index::create();
            index.name(format!("{table}_by_suspended_{key}")).table(table);
            index.if_not_exists().col("suspended").col(key);
            manager.create_index(index.to_owned()).await?;
        }
        Ok(())
    }
}

struct Resources;

impl MigrationName for Resources {
    fn name(&self) -> &'static str {
        "m0021_dispatch_resources"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Resources {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_columns(manager, RESOURCE_COLUMNS).await
    }
}

struct Helpers;

impl MigrationName for Helpers {
    fn name(&self) -> &'static str {
        "m0032_dispatch_helpers"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Helpers {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_columns(manager, &[("work_orders", &[("helper", "")], &[])]).await
    }
}

/// What a technician brings along, and where their day begins.
const RESOURCE_COLUMNS: &[Columns] = &[(
    "technicians",
    &[("home", "[]"), ("territory", "[]"), ("stock", "[]")],
    &[("visits_a_day", 0)],
)];

struct ClaimPlaces;

impl MigrationName for ClaimPlaces {
    fn name(&self) -> &'static str {
        "m0066_dispatch_claim_places"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for ClaimPlaces {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let places = TableBuilder::new("webhook_claim_places")
            .ids(&["webhook"])
            .texts(&["cursor"])
            .key(&["webhook"]);
        places.create(manager).await
    }
}

async fn add_columns(manager: &SchemaManager<'_>, all: &[Columns]) -> Result<(), DbErr> {
    for (table, texts, ints) in all {
        for (name, default) in *texts {
            let mut column = ColumnDef::new(*name);
            column.text().not_null().default(*default);
            add_column(manager, table, column).await?;
        }
        for (name, default) in *ints {
            let mut column = ColumnDef::new(*name);
            column.big_integer().not_null().default(*default);
            add_column(manager, table, column).await?;
        }
    }
    Ok(())
}

async fn add_column(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: ColumnDef,
) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table(table).add_column(column).to_owned()).await
}

type Defaults<T> = &'static [(&'static str, T)];

/// A table with further columns, of texts and of integers.
type Columns = (&'static str, Defaults<&'static str>, Defaults<i64>);

/// Columns of the first tables of the network, with what they hold in rows that were there before.
const NETWORK_COLUMNS: &[Columns] = &[
    (
        "brands",
        &[
            ("valid_from", ""),
            ("valid_until", ""),
            ("served_by", "[]"),
            ("attributes", "[]"),
            ("suspended", ""),
            ("suspended_by", ""),
        ],
        &[("suspended_at", 0), ("revision", 1)],
    ),
    (
        "centres",
        &[
            ("valid_from", ""),
            ("valid_until", ""),
            ("hours", "[]"),
            ("absences", "[]"),
            ("attributes", "[]"),
            ("suspended", ""),
            ("suspended_by", ""),
        ],
        &[
            ("deposit_required", 0),
            ("deposit_paid", 0),
            ("score", 0),
            ("suspended_at", 0),
            ("revision", 1),
        ],
    ),
    ("coverage", &[("valid_from", ""), ("valid_until", "")], &[]),
    (
        "technicians",
        &[("absences", "[]"), ("suspended", ""), ("suspended_by", "")],
        &[("suspended_at", 0), ("revision", 1)],
    ),
];

fn standing() -> Vec<TableBuilder> {
    vec![
        TableBuilder::new("counties")
            .texts(&["county", "province_zh", "province_en", "city_zh", "county_zh", "county_en"])
            .ints(&["lat", "lon"])
            .key(&["county"]),
        TableBuilder::new("network_stamps").texts(&["name"]).ids(&["stamp"]).key(&["name"]),
        TableBuilder::new("network_claims").texts(&["name"]).key(&["name"]),
        TableBuilder::new("standing_changes")
            .texts(&["kind", "subject"])
            .ints(&["revision"])
            .texts(&["reason", "remark", "said_by"])
            .ints(&["at"])
            .key(&["kind", "subject", "revision"]),
        TableBuilder::new("coverage_gaps")
            .texts(&["brand", "county", "category"])
            .ids(&["case_id"])
            .ints(&["filed_at", "lent"])
            .key(&["brand", "county", "category", "case_id"]),
        // The choice of a centre reads the prefix: what one customer has seen.
        TableBuilder::new("experiences")
            .ids(&["customer", "case_id"])
            .texts(&["outcome", "centre"])
            .ints(&["at"])
            .key(&["customer", "case_id", "outcome"]),
    ]
}

fn network() -> Vec<TableBuilder> {
    vec![
        TableBuilder::new("brands")
            .texts(&["brand", "name_zh", "name_en", "mode", "hotline"])
            .key(&["brand"]),
        TableBuilder::new("centres")
            .texts(&["centre", "brand", "name_zh", "name_en", "phone", "county", "address"])
            .ints(&["lat", "lon"])
            .texts(&["coverage", "daily_capacity"])
            .key(&["centre"])
            .index(&["brand", "centre"]),
        // The choice of a centre reads the prefix (county, brand).
        TableBuilder::new("coverage")
            .texts(&["county", "brand", "category", "centre", "home_county"])
            .ints(&["visits"])
            .key(&["county", "brand", "category", "centre"]),
        TableBuilder::new("technicians")
            .texts(&["technician", "centre", "name", "phone", "skills", "licences", "shifts"])
            .key(&["technician"])
            .index(&["centre", "technician"]),
    ]
}

fn work() -> Vec<TableBuilder> {
    vec![
        // By case for the feed, by partner for a reader's first look, by day for capacity.
        TableBuilder::new("offers")
            .ids(&["offer", "case_id"])
            .ints(&["number"])
            .texts(&["brand", "centre", "category", "state", "reason"])
            .ints(&["offered_at", "expires_at", "changed_at", "changed_seq", "open"])
            .key(&["offer"])
            .index(&["case_id"])
            .index(&["brand", "open", "offer"])
            .index(&["centre", "open", "offer"])
            .index(&["centre", "category", "offered_at"]),
        TableBuilder::new("work_orders")
            .ids(&["work_order", "case_id", "offer"])
            .texts(&["brand", "centre", "technician", "state", "partner_order"])
            .ids(&["appointment"])
            .ints(&["window_start", "window_end", "changed_at", "changed_seq", "open"])
            .key(&["work_order"])
            .index(&["case_id"])
            .index(&["brand", "open", "work_order"])
            .index(&["centre", "open", "work_order"]),
        TableBuilder::new("part_orders")
            .ids(&["part_order", "case_id", "work_order"])
            .texts(&["lines"])
            .ints(&["ordered_at", "expected_at"])
            .key(&["part_order"])
            .index(&["case_id"]),
        TableBuilder::new("movements")
            .ids(&["subject"])
            .texts(&["kind"])
            .ids(&["case_id"])
            .texts(&["carrier", "tracking_no"])
            .ints(&["at", "expected_at"])
            .key(&["subject", "kind"])
            .index(&["case_id"]),
        TableBuilder::new("choices")
            .ids(&["case_id"])
            .ints(&["version"])
            .texts(&["centre", "ranking"])
            .ints(&["at"])
            .key(&["case_id", "version"]),
    ]
}

fn webhooks() -> Vec<TableBuilder> {
    vec![
        TableBuilder::new("webhooks")
            .ids(&["webhook"])
            .texts(&["role", "subject", "url"])
            .ints(&["enabled", "revision", "secret_number", "old_until"])
            .ints(&["replays", "replay_mode", "replay_position"])
            .ids(&["replay_row"])
            .ints(&["created_at", "updated_at"])
            .key(&["webhook"])
            .index(&["role", "subject", "webhook"]),
        TableBuilder::new("webhook_claims").texts(&["name"]).key(&["name"]),
        TableBuilder::new("webhook_lanes")
            .ids(&["webhook", "epoch"])
            .ints(&["place_mode", "place_position"])
            .ids(&["place_row"])
            .ints(&["replays", "revision", "gone", "logged", "failures", "width"])
            .ints(&["down_since", "tries", "try_at", "delivered_at"])
            .key(&["webhook"]),
        // Those of a case, and those that are due.
        TableBuilder::new("webhook_retries")
            .ids(&["webhook", "case_id"])
            .ints(&["since_seq"])
            .ids(&["since_row"])
            .ints(&["attempts", "next_at", "given_up"])
            .key(&["webhook", "case_id"])
            .index(&["webhook", "given_up", "next_at"]),
        TableBuilder::new("webhook_deliveries")
            .ids(&["webhook"])
            .ints(&["number"])
            .texts(&["event", "kind"])
            .ids(&["case_id"])
            .ints(&["attempt"])
            .texts(&["outcome"])
            .ints(&["status"])
            .texts(&["failure"])
            .ints(&["latency", "at", "next_at"])
            .key(&["webhook", "number"]),
    ]
}

/// What is counted of a centre's offers, in the index that finds them. The one it takes the place of has the same
/// beginning, so that whoever still asks as before finds the new one.
struct Counts;

impl MigrationName for Counts {
    fn name(&self) -> &'static str {
        "m0096_dispatch_counts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Counts {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::create()
            .name("offers_by_centre_category_offered_at_state")
            .table("offers")
            .col("centre")
            .col("category")
            .col("offered_at")
            .col("state")
            .to_owned();
        manager.create_index(index).await?;
        let old =
            Index::drop().name("offers_by_centre_category_offered_at").table("offers").to_owned();
        manager.drop_index(old).await
    }
}
