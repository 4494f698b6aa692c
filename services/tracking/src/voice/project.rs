//! Improvement projects: what is being changed because customers said so.

use super::listed;

listed! {
    /// How far a project has come.
    ProjectState = ProjectState {
        /// Under way.
        Open = "open",
        /// Its outcome is in force.
        Shipped = "shipped",
        /// Given up.
        Dropped = "dropped",
    }
}

/// How many projects there can be.
pub const PROJECTS_MAX: u64 = 1_000;
/// How many cases can be behind one.
pub const CASES_MAX: u64 = 5_000;
