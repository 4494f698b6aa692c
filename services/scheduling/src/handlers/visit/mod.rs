//! `parasol.technician.v1.VisitService`.

pub mod cancel;
pub mod check_in;
pub mod complete_repair;
pub mod complete_visit;
pub mod get_relay_number;
pub mod get_visit_position;
pub mod renew_code;
pub mod report_position;
pub mod report_unable;
pub mod start_travel;
pub mod stream_my_day;
pub mod submit_inspection;
pub mod sync_actions;
pub mod waive_code;
