//! `parasol conformance`: whether two systems keep the contract between retailer and brand, judged from
//! outside.
//!
//! There are two directions. Against a *platform* ([`platform`]) the kit plays a brand's system and the
//! customers: whole courses, then everything a network does to messages. It owns what it needs for that, goods
//! and orders of its own in the brand's own network, so it is for a platform to try things on. Against a *partner*
//! ([`partner`]) it is the platform, a real node of its own, and stands on the ways between the two. The list
//! of checks with their stable codes is in [`checks`].
//!
//! What it deliberately does not do: it looks into no table and calls nothing that a partner, a customer, a
//! retailer or an operator could not call, and it never repairs what it finds.

pub mod checks;
mod cut;
mod goods;
mod kit;
pub mod moves;
pub mod partner;
pub mod platform;
pub(crate) mod port;
mod record;

pub use checks::{Check, Finding, Outcome, Report};
pub use cut::Cutter;
pub use record::record;
