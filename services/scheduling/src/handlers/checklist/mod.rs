//! `parasol.admin.v1.ChecklistService`.

pub mod get;
pub mod get_filled;
pub mod list;
pub mod publish;
