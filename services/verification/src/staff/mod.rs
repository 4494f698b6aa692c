//! The retailer's people: one person, one account.
//!
//! Owns the register of agents and managers with its history, whose document is whose, what they are certified
//! for, the copy of it that the edge asks, and the figures of what they did. Names and documents lie in the
//! vault. It deliberately knows no passwords and makes no credentials: who may sign in as a subject is for
//! whoever issues tokens, and what a registered subject may do is said here.

pub mod change;
pub mod figures;
pub mod identity;
pub mod marks;
pub mod ranking;
pub mod register;
mod roll;
pub mod views;

use parasol_api::Role;
use parasol_api::admin::v1::{AuthorityRole, StaffChangeKind, StaffSuspensionReason};
use parasol_journey::vocab::Category;

pub use roll::Roll;

/// The most people in the register, those who left included. All of them are kept in memory by every process.
pub const STAFF_MAX: u64 = 20_000;
/// The most certifications of one person, past ones included.
pub const CERTIFICATIONS_MAX: usize = 40;
/// The name of the one stamp.
pub const STAMP: &str = "staff";

/// A closed list as tables write it.
macro_rules! codes {
    ($(#[$doc:meta])* $code:ident / $of_code:ident, $wire:ty { $($variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        pub const fn $code(value: $wire) -> &'static str {
            match value { <$wire>::Unspecified => "", $(<$wire>::$variant => $text,)+ }
        }

        /// The value that tables write so; unspecified for any other text.
        pub fn $of_code(text: &str) -> $wire {
            match text { $($text => <$wire>::$variant,)+ _ => <$wire>::Unspecified }
        }
    };
}

codes! {
    /// What a change was, as tables write it.
    kind_code / kind_of, StaffChangeKind {
        Registered = "registered",
        Updated = "updated",
        Suspended = "suspended",
        Restored = "restored",
        Certified = "certified",
        Decertified = "decertified",
    }
}

codes! {
    /// Why somebody is suspended, as tables write it.
    reason_code / reason_of, StaffSuspensionReason {
        Quality = "quality",
        Fraud = "fraud",
        Credential = "credential",
        Leave = "leave",
        Left = "left",
        Other = "other",
    }
}

/// The role of an account as tables and credentials have it.
pub fn role_of(role: AuthorityRole) -> Option<Role> {
    match role {
        AuthorityRole::Agent => Some(Role::Agent),
        AuthorityRole::Manager => Some(Role::Manager),
        AuthorityRole::Unspecified => None,
    }
}

/// The category that a certification is for, if it is for one.
pub fn category_of(name: &str) -> Option<Category> {
    Category::parse(name)
}
