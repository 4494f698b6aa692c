//! Notices: what a customer is told without asking, on their telephone or by e-mail.
//!
//! Owns what is told and when ([`plan`], a table), the words ([`words`], data in two languages), who wants
//! what and how ([`preferences`], [`hours`]), and how a notice is seen through: its states ([`course`], pure),
//! the round that sends and asks ([`post`]), and the ports to whoever carries it ([`ports`]).
//!
//! A notice is planned in the commit of its event, by the projection, as one row that holds references only.
//! Address and text are made when it is sent and kept nowhere. On each channel it has one operation number
//! for its life, which follows from the notice and the channel: what may be out is asked about and never sent
//! under another number.
//!
//! What it deliberately does not do: it tells partners nothing, webhooks do; it decides nothing about a case
//! beyond saying in its log that the customer was told what the case waits for.

mod course;
mod facts;
mod handlers;
mod hours;
mod plan;
pub mod ports;
mod post;
mod preferences;
mod receipts;
mod round;
mod row;
mod service;
pub mod tables;
mod wire;
mod words;

use std::fmt;
use std::str::FromStr;

use parasol_casebook::RowOp;
use parasol_journey::ids::{BadId, CaseId};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Channel;
use sea_orm::ActiveValue::Set;
use uuid::Uuid;

pub use course::{Notice, State};
pub use hours::{DayTime, Hours, QUIET_MAX};
pub use plan::{Kind, Planner, Template};
pub use post::{KEPT, Notifying, Settings};
pub use preferences::{Addresses, Preferences, Wishes};
pub use receipts::{Signed, unsubscribe_token};
pub use round::Manners;
pub use service::Notices;

/// Declares a list: an enum, its values in order, and its text form.
macro_rules! listed {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The text form.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The value with this text form.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
use listed;

/// Names the space of notices. Never change it: what is under way is known by these ids.
const NOTICES: Uuid = Uuid::from_u128(0x8e0c_41b7_92f3_5d61_a4de_0b5c_77f2_19ac);

/// A notice's id, for example `ntc_01905af12b3c7def8123456789abcdef`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId(pub Uuid);

impl NoticeId {
    /// The notice of an entry of a case's log: there is one for each template.
    pub fn of(case: CaseId, seq: u64, template: Template) -> Self {
        let (case, seq) = (case.uuid(), seq.to_be_bytes());
        let name = [case.as_bytes(), &seq[..], template.as_str().as_bytes()].concat();
        Self(Uuid::new_v5(&NOTICES, &name))
    }
}

impl fmt::Display for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ntc_{}", self.0.simple())
    }
}

impl FromStr for NoticeId {
    type Err = BadId;

    /// Reads exactly what `Display` prints.
    fn from_str(text: &str) -> Result<Self, BadId> {
        let id = text.strip_prefix("ntc_").and_then(|hex| Uuid::try_parse(hex).ok()).map(Self);
        id.filter(|id| id.to_string() == text).ok_or(BadId { expected: "notice" })
    }
}

/// The number of a notice on one channel, the same on every attempt; at most 40 characters. It says which
/// notice and which channel, so that a receipt needs no table to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operation {
    /// The notice.
    pub notice: NoticeId,
    /// The channel.
    pub channel: Channel,
}

/// The letter of each channel in a number. Never change one: it stands in numbers that are under way.
const LETTERS: [(Channel, char); 5] = [
    (Channel::Push, 'p'),
    (Channel::Sms, 's'),
    (Channel::Email, 'e'),
    (Channel::Webhook, 'w'),
    (Channel::Voice, 'v'),
];

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = LETTERS.iter().find(|(channel, _)| *channel == self.channel);
        write!(f, "{}_{}", self.notice, letter.map_or('-', |(_, letter)| *letter))
    }
}

impl FromStr for Operation {
    type Err = BadId;

    /// Reads exactly what `Display` prints.
    fn from_str(text: &str) -> Result<Self, BadId> {
        let wrong = || BadId { expected: "operation" };
        let (notice, letter) = text.rsplit_once('_').ok_or_else(wrong)?;
        let known = LETTERS.iter().find(|(_, known)| letter.chars().eq([*known]));
        let (channel, _) = known.ok_or_else(wrong)?;
        Ok(Self { notice: notice.parse()?, channel: *channel })
    }
}

/// What somebody else than the sender says about a notice, as a row that the sender takes up.
fn note(
    notice: NoticeId,
    channel: Option<Channel>,
    said: &str,
    reason: &str,
    at: Timestamp,
) -> RowOp {
    RowOp::put(tables::notice_notes::ActiveModel {
        notice: Set(notice.0),
        channel: Set(channel.map_or("", Channel::as_str).to_owned()),
        said: Set(said.to_owned()),
        // What is not a code is not kept: it may hold a telephone number.
        reason: Set(course::coded(reason)),
        at: Set(at.micros()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_follows_from_notice_and_channel_and_says_both() {
        let case = CaseId::new(Uuid::from_u128(7));
        let notice = NoticeId::of(case, 3, Template::Filed);
        assert_eq!(notice, NoticeId::of(case, 3, Template::Filed));
        assert_ne!(notice, NoticeId::of(case, 4, Template::Filed));
        assert_ne!(notice, NoticeId::of(case, 3, Template::Confirm));
        for channel in Channel::ALL.iter().copied() {
            let operation = Operation { notice, channel };
            let text = operation.to_string();
            assert!(text.len() <= 40, "{text}");
            assert_eq!(text.parse(), Ok(operation));
        }
        for wrong in ["", "ntc_1_s", &format!("{notice}"), &format!("{notice}_x")] {
            assert!(wrong.parse::<Operation>().is_err(), "{wrong}");
        }
    }
}
