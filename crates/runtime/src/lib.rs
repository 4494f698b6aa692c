//! What every process of the house runs on: time, ids, tasks, stopping, health, configuration,
//! telemetry, identity and the layers around each call.
//!
//! Nothing here knows a case, a table or a protocol message. Code elsewhere gets time, ids and
//! randomness from here as values, and is started by the supervisor.

pub mod clock;
pub mod config;
pub mod health;
pub mod identity;
pub mod ids;
pub mod metrics;
mod panics;
pub mod shutdown;
pub mod supervisor;
pub mod telemetry;
pub mod trace_context;
pub mod transport;
