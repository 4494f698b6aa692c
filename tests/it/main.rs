//! The one integration binary: linked once, one module per subject.

mod tidy;
