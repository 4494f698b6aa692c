//! The one binary of the house: it composes the services into a node and offers the command line.
//!
//! Owns the wiring ([`node`]), the order of migrations ([`migrations`]), the commands ([`cli`]),
//! the import of files ([`import`]), the demonstration ([`demo`]), the conformance kit
//! ([`conformance`]) and the benchmarks ([`mod@bench`]). What a service decides is the service's; nothing here knows a rule.

pub mod bench;
pub mod cli;
pub mod conformance;
pub mod demo;
pub mod import;
pub mod migrations;
pub mod node;
pub mod vault;
