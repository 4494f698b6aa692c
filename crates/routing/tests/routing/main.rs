//! Plans, boards and reasons, held against arithmetic of the tests' own.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

mod boards;
mod instances;
mod library;
mod optimum;
mod plans;
mod reasons;
mod violations;
