//! Notices and preferences as the contract has them.

use parasol_api::convert::{etag, to_timestamp};
use parasol_api::tracking::v1 as wire;
use parasol_api::{Checker, Language, Reason};
use parasol_journey::ids::CustomerId;
use parasol_journey::vocab::Channel;

use super::plan::Kind;
use super::{Notice, Preferences, State};

/// Pairs each value of a list with its twin; the arms are exhaustive, so that none is forgotten.
macro_rules! twins {
    ($(#[$only:meta])* $to:ident $of:ident $ours:ident => $theirs:ident { $($variant:ident),+ $(,)? }) => {
        /// The twin on the wire.
        pub fn $to(ours: $ours) -> wire::$theirs {
            match ours { $($ours::$variant => wire::$theirs::$variant,)+ }
        }

        $(#[$only])*
        fn $of(theirs: wire::$theirs) -> Option<$ours> {
            match theirs {
                wire::$theirs::Unspecified => None,
                $(wire::$theirs::$variant => Some($ours::$variant),)+
            }
        }
    };
}

twins!(kind kind_of Kind => NoticeKind {
    Progress, Visit, Outcome, Delay, Dispute, Survey, Code, Ask,
});
twins!(channel channel_of Channel => NoticeChannel { Push, Sms, Email, Webhook, Voice });
// A state is answered and never asked for.
twins!(#[cfg(test)] state state_of State => NoticeState {
    Planned, Sent, Delivered, Failed, Unknown, Suppressed,
});

/// Kinds, each given and at most once.
pub fn kinds(check: &mut Checker, field: &str, numbers: &[i32]) -> Option<Vec<Kind>> {
    listed(check, field, numbers, kind_of)
}

/// Channels, each given and at most once.
pub fn channels(check: &mut Checker, field: &str, numbers: &[i32]) -> Option<Vec<Channel>> {
    listed(check, field, numbers, channel_of)
}

fn listed<W: TryFrom<i32>, T: PartialEq>(
    check: &mut Checker,
    field: &str,
    numbers: &[i32],
    of: impl Fn(W) -> Option<T>,
) -> Option<Vec<T>> {
    let mut values = Vec::new();
    for number in numbers {
        match W::try_from(*number).ok().and_then(&of) {
            Some(value) if !values.contains(&value) => values.push(value),
            _ => return check.refuse(field, Reason::FieldInvalid, "known ones, each at most once"),
        }
    }
    Some(values)
}

/// A notice, with its text where the reader may have it.
pub fn notice(notice: &Notice, text: String) -> wire::Notice {
    wire::Notice {
        notice_id: notice.id.to_string(),
        case_id: notice.case.to_string(),
        seq: i64::try_from(notice.seq).unwrap_or(i64::MAX),
        template: notice.template.as_str().to_owned(),
        kind: kind(notice.template.row().kind).into(),
        state: state(notice.state).into(),
        channel: notice.channel.map_or(0, |one| channel(one).into()),
        planned_at: Some(to_timestamp(notice.planned_at)),
        changed_at: Some(to_timestamp(notice.changed_at)),
        due: notice.due.map(to_timestamp),
        reason: notice.reason.clone(),
        text,
    }
}

/// A language as requests name it.
pub const fn language(language: Language) -> &'static str {
    match language {
        Language::Zh => "zh",
        Language::En => "en",
    }
}

/// What somebody wants, with their addresses as far as they may be shown.
pub fn preferences(customer: CustomerId, known: &Preferences) -> wire::NoticePreferences {
    let Preferences { wishes, addresses } = known;
    wire::NoticePreferences {
        customer_id: customer.to_string(),
        etag: etag(wishes.version),
        language: language(wishes.language).to_owned(),
        muted: wishes.muted.iter().map(|one| kind(*one).into()).collect(),
        refused: wishes.refused.iter().map(|one| channel(*one).into()).collect(),
        digest: wishes.digest,
        email: masked(&addresses.email),
        has_app: !addresses.push.is_empty(),
        quiet_from: wishes.quiet.map_or_else(String::new, |quiet| quiet.from.to_string()),
        quiet_until: wishes.quiet.map_or_else(String::new, |quiet| quiet.until.to_string()),
    }
}

/// An address with the first character of its box: `l***@example.com`.
fn masked(email: &str) -> String {
    let Some((name, domain)) = email.rsplit_once('@') else { return String::new() };
    let first: String = name.chars().take(1).collect();
    format!("{first}***@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_goes_there_and_back() {
        assert!(Kind::ALL.iter().all(|one| kind_of(kind(*one)) == Some(*one)));
        assert!(Channel::ALL.iter().all(|one| channel_of(channel(*one)) == Some(*one)));
        assert!(State::ALL.iter().all(|one| state_of(state(*one)) == Some(*one)));
        for (place, one) in Kind::ALL.iter().enumerate() {
            assert_eq!(i32::from(kind(*one)), i32::try_from(place).unwrap() + 1);
        }
    }

    #[test]
    fn an_address_is_known_again_and_not_told() {
        assert_eq!(masked("li.lei@example.com"), "l***@example.com");
        assert_eq!(masked(""), "");
        assert_eq!(masked("nobody"), "");
    }
}
