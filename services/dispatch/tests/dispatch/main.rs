//! The dispatch service against a real store: a file of SQLite, and where order matters a server of
//! PostgreSQL as well. Time moves only when told and ids are seeded.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

mod accepting;
mod api_keys;
mod assigning;
mod batching;
mod calling_back;
mod changing;
mod choosing;
mod conformance;
mod importing;
mod lending;
mod mapping;
mod messaging;
mod network;
mod repairing;
mod risk;
mod scored;
mod seeing;
mod suspending;
mod watching;
mod webhooks;
mod world;
