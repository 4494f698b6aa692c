//! The one integration binary: linked once, one module per subject.

mod bad_input;
mod dependencies;
mod house;
mod invariants;
mod killing;
mod limits;
mod parked;
mod program;
mod stories;
mod tidy;
