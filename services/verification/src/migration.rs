//! The tables of this service as a migration, the same on both engines.

use parasol_casebook::migration::TableBuilder;
use sea_orm_migration::prelude::*;

/// Creates the tables.
pub struct Verification;

impl MigrationName for Verification {
    fn name(&self) -> &'static str {
        "m0005_verification"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Verification {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            TableBuilder::new("certificates")
                .ids(&["certificate", "case_id"])
                .texts(&["level"])
                .ints(&["submitted_at"])
                .texts(&["body"])
                .key(&["certificate"])
                .index(&["case_id"]),
            TableBuilder::new("decisions")
                .ids(&["decision", "case_id"])
                .ints(&["at"])
                .texts(&["maker", "body"])
                .key(&["decision"])
                .index(&["case_id"]),
            TableBuilder::new("calendars")
                .texts(&["version"])
                .ints(&["imported_at"])
                .texts(&["body"])
                .key(&["version"]),
        ];
        for table in tables {
            table.create(manager).await?;
        }
        Ok(())
    }
}

/// Creates the tables of authority and of hearings.
pub struct Hearings;

impl MigrationName for Hearings {
    fn name(&self) -> &'static str {
        "m0041_verification_hearings"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Hearings {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in authority().into_iter().chain(hearings()) {
            table.create(manager).await?;
        }
        Ok(())
    }
}

fn authority() -> [TableBuilder; 4] {
    [
        TableBuilder::new("authority_grants")
            .texts(&["name"])
            .ints(&["revision"])
            .texts(&["role", "subject"])
            .ints(&["tenure_days_min", "score_min"])
            .texts(&["certification"])
            .ints(&["limit_fen", "valid_from", "valid_until"])
            .texts(&["reason", "said_by"])
            .ints(&["at"])
            .key(&["name", "revision"]),
        TableBuilder::new("authority_people")
            .texts(&["subject"])
            .ints(&["revision", "since", "score"])
            .texts(&["certifications", "said_by"])
            .ints(&["at"])
            .key(&["subject", "revision"]),
        TableBuilder::new("authority_delegations")
            .ids(&["delegation"])
            .texts(&["lender", "lender_role", "borrower"])
            .ints(&["valid_from", "valid_until", "cap_fen"])
            .texts(&["reason"])
            .ints(&["ended_at"])
            .key(&["delegation"])
            .index(&["borrower", "valid_until"]),
        TableBuilder::new("authority_uses")
            .ids(&["use_id"])
            .texts(&["person", "role"])
            .ids(&["case_id"])
            .texts(&["kind"])
            .ints(&["amount_fen", "limit_fen"])
            .texts(&["lent_by"])
            .ints(&["at"])
            .key(&["use_id", "person"])
            .index(&["at"])
            .index(&["person", "at"]),
    ]
}

fn hearings() -> [TableBuilder; 3] {
    [
        TableBuilder::new("proposals")
            .ids(&["proposal", "case_id"])
            .texts(&["proposed_by", "kind"])
            .ids(&["words"])
            .ints(&["worth_fen", "at", "expires_at", "open"])
            .key(&["proposal"])
            .index(&["open", "proposal"]),
        TableBuilder::new("dispute_evidence")
            .ids(&["evidence", "case_id"])
            .texts(&["side"])
            .ints(&["at"])
            .key(&["evidence"])
            .index(&["case_id", "at"]),
        TableBuilder::new("decision_marks")
            .ids(&["case_id"])
            .ints(&["seq"])
            .ids(&["decision"])
            .texts(&["brand"])
            .key(&["case_id", "seq"]),
    ]
}

/// Creates the tables of money.
pub struct Settlement;

impl MigrationName for Settlement {
    fn name(&self) -> &'static str {
        "m0024_settlement"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Settlement {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            TableBuilder::new("ledger_entries")
                .ids(&["posting"])
                .ints(&["line"])
                .ids(&["case_id", "claim"])
                .ints(&["at"])
                .texts(&["period", "kind", "account", "party"])
                .ints(&["amount_fen"])
                .key(&["posting", "line"])
                .index(&["case_id"])
                .index(&["party", "period"]),
            TableBuilder::new("payment_legs")
                .texts(&["operation"])
                .ids(&["case_id"])
                .texts(&["kind"])
                .ints(&["amount_fen"])
                .texts(&["state"])
                .ints(&["attempts", "planned_at", "changed_at"])
                .texts(&["reason"])
                .key(&["operation"])
                .index(&["case_id"])
                .index(&["changed_at"])
                .index(&["state", "changed_at"]),
            TableBuilder::new("payment_differences")
                .texts(&["operation", "kind", "day"])
                .ints(&["ours_fen", "theirs_fen", "found_at", "cleared_at"])
                .key(&["operation", "kind"])
                .index(&["cleared_at"]),
            claims_table(),
            TableBuilder::new("claim_steps")
                .ids(&["claim"])
                .ints(&["number", "at"])
                .texts(&["act", "said_by"])
                .key(&["claim", "number"]),
            TableBuilder::new("part_returns")
                .ids(&["case_id"])
                .texts(&["part", "centre"])
                .ints(&["return_by", "charged"])
                .key(&["case_id", "part"])
                .index(&["charged", "return_by"]),
            TableBuilder::new("statements")
                .texts(&["party", "period"])
                .ints(&["closed_at"])
                .texts(&["body"])
                .key(&["party", "period"]),
        ];
        for table in tables {
            table.create(manager).await?;
        }
        Ok(())
    }
}

fn claims_table() -> TableBuilder {
    TableBuilder::new("claims")
        .ids(&["claim"])
        .ints(&["version"])
        .ids(&["case_id"])
        .texts(&["kind", "party", "brand"])
        .ints(&["amount_fen"])
        .texts(&["state"])
        .ids(&["certificate"])
        .texts(&["rules", "reference"])
        .ints(&["raised_at", "respond_by", "changed_at"])
        .texts(&["period"])
        .key(&["claim"])
        .index(&["case_id"])
        .index(&["raised_at", "claim"])
        .index(&["party", "raised_at"])
        .index(&["state", "respond_by"])
}

/// Creates the table of published rule packs.
pub struct Policies;

impl MigrationName for Policies {
    fn name(&self) -> &'static str {
        "m0034_verification_policies"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Policies {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let policies = TableBuilder::new("policies")
            .texts(&["version"])
            .ints(&["published_at"])
            .texts(&["body"])
            .key(&["version"]);
        policies.create(manager).await
    }
}

/// Creates the tables of the retailer's people.
pub struct People;

impl MigrationName for People {
    fn name(&self) -> &'static str {
        "m0056_verification_people"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for People {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            TableBuilder::new("staff_accounts")
                .texts(&["subject"])
                .ints(&["revision"])
                .texts(&["role", "unit", "team"])
                .ints(&["since", "score"])
                .texts(&["suspended"])
                .ints(&["suspended_at"])
                .texts(&["suspended_by"])
                .ints(&["registered_at"])
                .texts(&["registered_by"])
                .key(&["subject"]),
            TableBuilder::new("staff_identities")
                .texts(&["document", "subject"])
                .key(&["document"]),
            TableBuilder::new("staff_certifications")
                .texts(&["subject", "name"])
                .ints(&["valid_from", "valid_until"])
                .key(&["subject", "name"]),
            TableBuilder::new("staff_changes")
                .texts(&["subject"])
                .ints(&["revision"])
                .texts(&["kind", "body", "said_by"])
                .ints(&["at"])
                .key(&["subject", "revision"]),
            TableBuilder::new("staff_stamps").texts(&["name"]).ids(&["stamp"]).key(&["name"]),
            TableBuilder::new("staff_marks")
                .ids(&["case_id"])
                .ints(&["seq"])
                .texts(&["kind", "person"])
                .ints(&["at"])
                .key(&["case_id", "seq", "kind"])
                .index(&["person", "at"])
                .index(&["at"]),
        ];
        for table in tables {
            table.create(manager).await?;
        }
        Ok(())
    }
}

/// Creates the table of faults.
pub struct Faults;

impl MigrationName for Faults {
    fn name(&self) -> &'static str {
        "m0072_verification_faults"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Faults {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let faults = TableBuilder::new("faults")
            .ids(&["case_id"])
            .texts(&["brand", "sku", "category", "batch", "fault_code", "cause"])
            .ints(&["at"])
            .key(&["case_id"])
            .index(&["brand", "at"]);
        faults.create(manager).await
    }
}
