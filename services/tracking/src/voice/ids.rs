//! Ids of what stands beside cases. What a case or a person has several of follows from whose it is and its
//! number, so that two at once cannot both be the third.

use std::fmt;
use std::str::FromStr;

use parasol_journey::ids::BadId;
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}", $prefix, self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            /// Reads exactly what `Display` prints.
            fn from_str(text: &str) -> Result<Self, BadId> {
                let hex = text.strip_prefix(concat!($prefix, "_"));
                let id = hex.and_then(|hex| Uuid::try_parse(hex).ok()).map(Self);
                id.filter(|id| id.to_string() == text).ok_or(BadId { expected: $kind })
            }
        }
    };
}

macro_rules! numbered {
    ($($name:ident)+) => {$(
        impl $name {
            /// The id of the how-manieth one of somebody's.
            pub fn numbered(whose: &str, number: i64) -> Self {
                let name = format!("{}/{whose}/{number}", stringify!($name));
                Self(Uuid::new_v5(&NUMBERED, name.as_bytes()))
            }
        }
    )+};
}

/// Names the space of these ids. Never change it: stored rows are found by them.
const NUMBERED: Uuid = Uuid::from_u128(0x8b77_02de_46f1_5a3c_9d08_63b5_17ea_f4c2);

id!(/// A follow-up.
    FollowUpId, "fu", "follow-up");
id!(/// A free text of a survey.
    VoiceId, "voice", "voice");
id!(/// A complaint.
    ComplaintId, "cmp", "complaint");
id!(/// An improvement project.
    ProjectId, "proj", "project");
id!(/// A listening seat.
    SeatId, "seat", "seat");
id!(/// An objection to what a figure counts.
    ObjectionId, "obj", "objection");

numbered! { FollowUpId ComplaintId SeatId }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_what_it_prints_and_nothing_else() {
        let id = FollowUpId::numbered("case_1", 3);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_ne!(id, FollowUpId::numbered("case_1", 4));
        assert_ne!(id.0, ComplaintId::numbered("case_1", 3).0);
        for wrong in ["", "fu_", "cmp_01905af12b3c7def8123456789abcdef", "fu_x"] {
            assert!(wrong.parse::<FollowUpId>().is_err(), "{wrong}");
        }
    }
}
