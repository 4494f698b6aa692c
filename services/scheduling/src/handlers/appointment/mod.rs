//! `parasol.partner.v1.AppointmentService`.

pub mod book;
pub mod contact_failed;
pub mod day_plans;
pub mod expect_parts;
pub mod find_slots;
pub mod find_urgent_slot;
pub mod hand_over_visit;
pub mod hold_slot;
pub mod no_show;
pub mod plan_day;
pub mod propose_windows;
pub mod release_slot;
pub mod release_windows;
pub mod reschedule;
