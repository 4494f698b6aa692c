//! Webhooks of partners. What a call writes and what the sender writes are rows of different tables, so
//! that neither can undo the other.

/// Webhooks, as calls left them.
pub mod webhooks {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhooks")]
    pub struct Model {
        /// The webhook.
        #[sea_orm(primary_key, auto_increment = false)]
        pub webhook: Uuid,
        /// What its owner is: `brand` or `centre`.
        #[sea_orm(column_type = "Text")]
        pub role: String,
        /// Which brand or centre.
        #[sea_orm(column_type = "Text")]
        pub subject: String,
        /// Where changes are sent.
        #[sea_orm(column_type = "Text")]
        pub url: String,
        /// 1 unless it is suspended, else 0.
        pub enabled: i64,
        /// Grows with every call that changes the row; each claims its number.
        pub revision: i64,
        /// How many secrets there have been.
        pub secret_number: i64,
        /// Until when the secret before is valid; 0 until the next rotation.
        pub old_until: i64,
        /// How many replays were asked for, the beginning included.
        pub replays: i64,
        /// Where the last of them begins: kind of place.
        pub replay_mode: i64,
        /// Its position.
        pub replay_position: i64,
        /// The last row before it, or nil.
        pub replay_row: Uuid,
        /// When it was made.
        pub created_at: i64,
        /// When a call last changed it.
        pub updated_at: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Keys that calls claim: a partner's places for webhooks, and the revisions of each. Never deleted.
pub mod webhook_claims {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook_claims")]
    pub struct Model {
        /// What is claimed.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub name: String,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How far each webhook has come in the changes of claims, which are in no feed.
pub mod webhook_claim_places {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook_claim_places")]
    pub struct Model {
        /// The webhook.
        #[sea_orm(primary_key, auto_increment = false)]
        pub webhook: Uuid,
        /// The cursor of verification.
        #[sea_orm(column_type = "Text")]
        pub cursor: String,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How far the sending to each webhook has come.
pub mod webhook_lanes {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook_lanes")]
    pub struct Model {
        /// The webhook.
        #[sea_orm(primary_key, auto_increment = false)]
        pub webhook: Uuid,
        /// The epoch of the feed that the place is in.
        pub epoch: Uuid,
        /// Everything before this place was delivered or is in `webhook_retries`: kind of place.
        pub place_mode: i64,
        /// Its position.
        pub place_position: i64,
        /// The last row before it, or nil.
        pub place_row: Uuid,
        /// The replays that were begun.
        pub replays: i64,
        /// The revision of the webhook that was last seen.
        pub revision: i64,
        /// 1 if that revision answered 410 Gone.
        pub gone: i64,
        /// The last number in `webhook_deliveries`.
        pub logged: i64,
        /// Cases in a row whose first attempt failed.
        pub failures: i64,
        /// Cases sent at a time.
        pub width: i64,
        /// Since when it is down, or 0.
        pub down_since: i64,
        /// Failed tries since then.
        pub tries: i64,
        /// When it is tried next, or 0.
        pub try_at: i64,
        /// When it last took a change, or 0.
        pub delivered_at: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Cases with a change that a webhook did not take.
pub mod webhook_retries {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook_retries")]
    pub struct Model {
        /// The webhook.
        #[sea_orm(primary_key, auto_increment = false)]
        pub webhook: Uuid,
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// The version of the case at which the first change not taken was made.
        pub since_seq: i64,
        /// What changed then.
        pub since_row: Uuid,
        /// Attempts that failed.
        pub attempts: i64,
        /// When it is tried next; 0 when it was given up.
        pub next_at: i64,
        /// 1 when it was given up, else 0.
        pub given_up: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What was sent, attempt by attempt. Each number is claimed: of two senders one writes it.
pub mod webhook_deliveries {
    use sea_orm::entity::prelude::*;

    /// A row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook_deliveries")]
    pub struct Model {
        /// The webhook.
        #[sea_orm(primary_key, auto_increment = false)]
        pub webhook: Uuid,
        /// Its number there: 1, 2, 3 …
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// The change.
        #[sea_orm(column_type = "Text")]
        pub event: String,
        /// `offer.changed` or `work_order.changed`.
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        /// The case.
        pub case_id: Uuid,
        /// Which attempt; 0 when it was not sent.
        pub attempt: i64,
        /// What became of it; see [`crate::webhooks::Outcome`].
        #[sea_orm(column_type = "Text")]
        pub outcome: String,
        /// The HTTP status, or 0.
        pub status: i64,
        /// Why there was no answer, or empty.
        #[sea_orm(column_type = "Text")]
        pub failure: String,
        /// How long it took, in microseconds.
        pub latency: i64,
        /// When.
        pub at: i64,
        /// When the case is tried next, or 0.
        pub next_at: i64,
    }

    /// No relations: rows are fetched by key.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
