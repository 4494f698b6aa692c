//! The tables of this service: indexes into the log, and the network as it was imported. Rows are
//! written by commits of the casebook only; nothing is nullable, absent is empty, 0 or nil.

mod api_key;
pub mod conformance;
mod message;
mod network;
mod standing;
mod webhook;
mod work;

pub use api_key::{api_key_uses, api_keys};
pub use message::{callback_secrets, partner_messages, reason_mappings, reroute_rules};
pub use network::{brands, centres, counties, coverage, technicians};
pub use standing::{coverage_gaps, experiences, network_claims, network_stamps, standing_changes};
pub use webhook::{
    webhook_claim_places, webhook_claims, webhook_deliveries, webhook_lanes, webhook_retries,
    webhooks,
};
pub use work::{choices, movements, offers, part_orders, work_orders};
