//! `parasol.partner.v1.AppointmentService`.

pub mod book;
pub mod contact_failed;
pub mod find_slots;
pub mod hold_slot;
pub mod release_slot;
pub mod reschedule;
