//! The tables of this service: indexes into the log, and the network as it was imported. Rows are
//! written by commits of the casebook only; nothing is nullable, absent is empty, 0 or nil.

mod network;
mod work;

pub use network::{brands, centres, coverage, technicians};
pub use work::{choices, movements, offers, part_orders, work_orders};
