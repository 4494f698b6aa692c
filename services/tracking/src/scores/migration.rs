//! The tables of scores as a migration, the same on both engines.

use parasol_casebook::migration::TableBuilder;
use sea_orm_migration::prelude::*;

/// Creates the tables of scores.
pub struct Scores;

impl MigrationName for Scores {
    fn name(&self) -> &'static str {
        "m0052_tracking_scores"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Scores {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in figures().into_iter().chain(counting()) {
            table.create(manager).await?;
        }
        Ok(())
    }
}

fn figures() -> [TableBuilder; 5] {
    const FIGURE: &[&str] = &["level", "subject", "category", "indicator", "period"];
    [
        TableBuilder::new("score_figures")
            .ids(&["figure"])
            .texts(FIGURE)
            .ints(&["counted", "total", "excluded"])
            .key(&["figure"])
            .index(&["period", "level", "category", "subject"]),
        TableBuilder::new("score_marks")
            .ids(&["figure", "case_id"])
            .ints(&["seq", "at", "value"])
            .texts(&["excluded"])
            .key(&["figure", "case_id", "seq"])
            .index(&["case_id"]),
        TableBuilder::new("score_published")
            .ids(&["figure"])
            .texts(FIGURE)
            .ints(&["counted", "total", "excluded", "median", "p90", "mean"])
            .key(&["figure"])
            .index(&["period", "level", "category", "subject"]),
        TableBuilder::new("score_standings")
            .texts(&["period", "level", "category", "subject"])
            .ints(&["place", "rank", "ranked", "points"])
            .texts(&["groups"])
            .ints(&["cases", "best_of_year"])
            .key(&["period", "level", "category", "subject"]),
        TableBuilder::new("score_restatements")
            .ids(&["figure"])
            .ints(&["pass"])
            .ids(&["case_id"])
            .ints(&["at"])
            .texts(&["cause"])
            .ints(&["counted_before", "total_before", "counted_after", "total_after"])
            .key(&["figure", "pass", "case_id"]),
    ]
}

fn counting() -> [TableBuilder; 5] {
    [
        TableBuilder::new("score_periods")
            .texts(&["period"])
            .ints(&["published_at", "position"])
            .key(&["period"]),
        TableBuilder::new("score_places")
            .texts(&["name"])
            .ids(&["epoch"])
            .ints(&["position", "pass"])
            .key(&["name"]),
        TableBuilder::new("score_passes").ints(&["pass", "at"]).key(&["pass"]),
        TableBuilder::new("score_due").ids(&["because", "case_id"]).key(&["because"]),
        TableBuilder::new("score_baselines")
            .texts(&["category"])
            .ints(&["revision", "gross", "net"])
            .texts(&["source", "said_by"])
            .ints(&["at"])
            .key(&["category", "revision"]),
    ]
}

/// Creates the table of objections.
pub struct Objections;

impl MigrationName for Objections {
    fn name(&self) -> &'static str {
        "m0077_tracking_objections"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Objections {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let objections = TableBuilder::new("score_objections")
            .ids(&["objection"])
            .ints(&["version"])
            .texts(&["brand", "category", "period", "indicator"])
            .ids(&["case_id"])
            .texts(&["state"])
            .ints(&["raised_at", "answered_at"])
            .key(&["objection"])
            .index(&["brand", "period"])
            .index(&["state", "raised_at"]);
        objections.create(manager).await
    }
}

/// Counts everything anew, since there are further indicators. Marks that are there already stay as they are.
pub struct Recount;

impl MigrationName for Recount {
    fn name(&self) -> &'static str {
        "m0081_tracking_recount"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Recount {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let from_the_beginning =
            Query::update().table("score_places").value("position", 0_i64).to_owned();
        manager.execute(from_the_beginning).await
    }
}

/// A row a scorecard, for what is counted from now on. Figures that were counted before stay where they are.
pub struct Cards;

impl MigrationName for Cards {
    fn name(&self) -> &'static str {
        "m0095_tracking_cards"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Cards {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let cards = TableBuilder::new("score_cards")
            .ids(&["card"])
            .texts(&["level", "subject", "category", "period", "body"])
            .key(&["card"])
            .index(&["period", "level", "category", "subject"]);
        cards.create(manager).await
    }
}
