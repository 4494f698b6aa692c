//! This service's tables.

pub mod share_links;
