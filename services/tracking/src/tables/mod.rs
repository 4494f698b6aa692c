//! This service's tables.

pub mod readers;
pub mod share_links;
