//! The one integration binary: linked once, one module per subject.

mod killing;
mod limits;
mod program;
mod stories;
mod tidy;
