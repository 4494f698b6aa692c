//! The way to one of several cells: every call of the contract, handed to the cell that has what it is about.
//!
//! Owns which cell that is ([`plan`] says it for every method, from the contract's own descriptors; [`named`] reads it
//! off the ids in a request), how the answers of several cells become one ([`merge`], [`score`]), and what such an
//! answer says of a cell that is missing. It keeps nothing, decides nothing about a case, and checks no credential:
//! the cell that answers does. What is written for several cells is written in one after the other, and nothing is ever
//! committed across two.

mod ask;
mod follow;
mod frames;
mod import;
mod merge;
mod named;
mod places;
pub mod plan;
mod reply;
mod route;
mod score;

pub use route::Router;
