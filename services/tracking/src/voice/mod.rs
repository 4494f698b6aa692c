//! The voice of the customer: surveys, follow-ups, complaints, what was improved, digests and listening seats.
//!
//! Owns the life cycles of [follow-ups](follow_up) and [complaints](complaint), which questions a
//! [survey] asks, and how [digests and reports](report) are counted: all of that is pure. [`store`] writes and
//! reads rows, [`rounds`] does what time brings. Words of customers and of staff about them lie in the vault;
//! tables carry references.
//!
//! What it deliberately does not do: it changes no case. A follow-up or a complaint stands beside its case and has
//! a life of its own; only a survey's answer is an entry of the log.

pub mod complaint;
pub mod file;
pub mod follow_up;
mod ids;
pub(crate) mod migration;
mod project;
pub mod report;
pub mod rounds;
mod seat;
mod service;
pub(crate) mod store;
pub(crate) mod survey;
pub mod tables;
pub(crate) mod views;

pub(crate) use ids::{ComplaintId, FollowUpId, ObjectionId, ProjectId, SeatId, VoiceId};
pub(crate) use project::{CASES_MAX, PROJECTS_MAX, ProjectState};
pub(crate) use seat::{EXPECTED, QUOTA, is_open, seat_id};

/// A closed list with its words, in the order of its twin on the wire, whose first number is 1.
macro_rules! listed {
    ($(#[$doc:meta])* $name:ident = $wire:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every value, in order.
            #[cfg(test)]
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// As tables write it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The value that tables write so.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }

            /// Its twin on the wire.
            pub const fn to_wire(self) -> parasol_api::tracking::v1::$wire {
                match self { $(Self::$variant => parasol_api::tracking::v1::$wire::$variant,)+ }
            }

            /// The value with this twin; `None` for the one that says "not given".
            pub const fn of_wire(wire: parasol_api::tracking::v1::$wire) -> Option<Self> {
                use parasol_api::tracking::v1::$wire as Wire;
                match wire { Wire::Unspecified => None, $(Wire::$variant => Some(Self::$variant),)+ }
            }

            /// The number a table's word has on the wire; 0 for a word that this release does not know.
            pub fn number_of(text: &str) -> i32 {
                Self::parse(text).map_or(0, |value| value.to_wire().into())
            }
        }
    };
}
pub(crate) use listed;

#[cfg(test)]
mod tests {
    use super::{ProjectState, complaint, follow_up};

    #[test]
    fn every_word_reads_back_and_has_its_place_on_the_wire() {
        macro_rules! check {
            ($($list:ty),+) => {$(
                for (value, number) in <$list>::ALL.iter().zip(1..) {
                    assert_eq!(<$list>::parse(value.as_str()), Some(*value));
                    assert_eq!(<$list>::of_wire(value.to_wire()), Some(*value));
                    assert_eq!(<$list>::number_of(value.as_str()), number, "{value:?}");
                }
            )+};
        }
        check!(
            follow_up::Issue,
            follow_up::State,
            complaint::Class,
            complaint::State,
            complaint::Outcome,
            ProjectState
        );
    }
}
