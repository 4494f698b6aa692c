//! What is done with a notice whose time has come: sent, and by which way; put off; let go; told along.
//!
//! Pure. Everything a decision needs is handed in.

use std::collections::BTreeMap;

use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Channel;

use super::course::Notice;
use super::hours::{DayTime, Hours, next};
use super::plan::Urgency;
use super::preferences::Preferences;

/// What an operator has set.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// When customers sleep.
    pub hours: Hours,
    /// When those who want one message a day get it.
    pub digest_at: DayTime,
    /// How many notices a customer gets in a day, those that cannot wait aside.
    pub per_day: i64,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Send it by this channel.
    Send(Channel),
    /// Look again then.
    Later(Timestamp),
    /// Let it go, for this reason.
    LetGo(&'static str),
    /// No channel would carry it.
    NoChannel,
}

/// What is known about the moment.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Now.
    pub now: Timestamp,
    /// Whether what the notice says is still true.
    pub holds: bool,
    /// How many the customer has had today.
    pub had_today: i64,
}

/// What is done with a planned notice that is due. `carries` says whether there is a carrier for a channel.
pub fn decide(
    notice: &Notice,
    preferences: &Preferences,
    manners: &Manners,
    moment: Moment,
    carries: impl Fn(Channel) -> bool,
) -> Next {
    let Moment { now, holds, had_today } = moment;
    let row = notice.template.row();
    if !holds {
        return Next::LetGo("superseded");
    }
    if !preferences.wishes.wants(row) {
        return Next::LetGo("not_wanted");
    }
    let hours = preferences.wishes.quiet.unwrap_or(manners.hours);
    let earliest = hours.earliest(row.urgency, now);
    if earliest > now {
        return Next::Later(earliest);
    }
    let is_calm = row.urgency == Urgency::Calm && !row.kind.is_essential();
    let digest = next(notice.planned_at, manners.digest_at);
    if is_calm && preferences.wishes.digest && now < digest {
        return Next::Later(digest);
    }
    let can_wait = row.urgency != Urgency::Now && !row.kind.is_essential();
    if can_wait && notice.sent_at.is_none() && had_today >= manners.per_day {
        return Next::Later(hours.morning(now));
    }
    let wanted = preferences.wishes.channels(row);
    let reaches = |channel: &Channel| {
        carries(*channel)
            && !notice.tried.contains(channel)
            && !preferences.addresses.of(*channel, notice.customer).is_empty()
    };
    // What a channel was busy with goes by the same one.
    let again = notice.channel.filter(reaches);
    match again.or_else(|| wanted.into_iter().find(reaches)) {
        Some(channel) => Next::Send(channel),
        None => Next::NoChannel,
    }
}

/// Notices that go out together, and those that need not go out at all.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Each with its channel.
    pub send: Vec<(Notice, Channel)>,
    /// Those that are told along with one of them.
    pub along: Vec<Notice>,
    /// Those that a newer one makes old.
    pub old: Vec<Notice>,
}

/// Merges what is about to be sent: of notices that replace each other the newest is sent, and calm ones of one
/// customer go in one. What is on its way already is left alone.
pub fn merge(ready: Vec<(Notice, Channel)>, now: Timestamp) -> Merged {
    let mut merged = Merged::default();
    let mut of_customer: BTreeMap<_, Vec<(Notice, Channel)>> = BTreeMap::new();
    for (notice, channel) in ready {
        match notice.sent_at {
            Some(_) => merged.send.push((notice, channel)),
            None => of_customer.entry(notice.customer).or_default().push((notice, channel)),
        }
    }
    for mut all in of_customer.into_values() {
        all.sort_by_key(|(notice, _)| (notice.planned_at, notice.seq));
        let is_old = |place: usize, notice: &Notice| {
            all[place + 1..].iter().any(|(newer, _)| {
                newer.case == notice.case && notice.template.is_replaced_by(newer.template)
            })
        };
        let old: Vec<bool> =
            all.iter().enumerate().map(|(place, (notice, _))| is_old(place, notice)).collect();
        let (mut calm, mut fresh) = (Vec::new(), Vec::new());
        for ((notice, channel), is_old) in all.into_iter().zip(old) {
            let row = notice.template.row();
            if is_old {
                merged.old.push(notice.suppressed("superseded", now));
            } else if row.urgency == Urgency::Calm && !row.kind.is_essential() {
                calm.push((notice, channel));
            } else {
                fresh.push((notice, channel));
            }
        }
        // The newest tells the others along.
        if let Some((leader, channel)) = calm.pop() {
            let into = leader.id;
            merged.along.extend(calm.into_iter().map(|(notice, _)| notice.merged(into, now)));
            fresh.push((leader, channel));
        }
        merged.send.extend(fresh);
    }
    merged
}

#[cfg(test)]
mod tests {
    use parasol_journey::ids::{CaseId, CustomerId};
    use uuid::Uuid;

    use super::*;
    use crate::notices::NoticeId;
    use crate::notices::course::State;
    use crate::notices::plan::{Kind, Template};
    use crate::notices::preferences::{Addresses, Wishes};

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(&format!("2026-06-{text}:00+08:00")).unwrap()
    }

    fn notice(case: u128, seq: u64, template: Template, planned: &str) -> Notice {
        let case = CaseId::new(Uuid::from_u128(case));
        let planned_at = at(planned);
        Notice {
            id: NoticeId::of(case, seq, template),
            case,
            seq,
            template,
            customer: CustomerId::new(Uuid::from_u128(9)),
            state: State::Planned,
            channel: None,
            tried: vec![],
            attempts: 0,
            asks: 0,
            due: Some(planned_at),
            planned_at,
            sent_at: None,
            changed_at: planned_at,
            reason: String::new(),
            merged_into: None,
        }
    }

    fn manners() -> Manners {
        let digest_at = "09:00".parse().unwrap();
        Manners { hours: Hours::default(), digest_at, per_day: 3 }
    }

    fn reachable() -> Preferences {
        let addresses = Addresses { phone: "1".into(), email: "e".into(), push: String::new() };
        Preferences { wishes: Wishes::default(), addresses }
    }

    fn moment(now: &str) -> Moment {
        Moment { now: at(now), holds: true, had_today: 0 }
    }

    #[test]
    fn a_table_of_moments() {
        use Template::{Booked, Code, Confirm, Filed, OnTheWay};
        let day = moment("08T10:00");
        let night = moment("08T23:00");
        let full = Moment { had_today: 3, ..day };
        let gone = Moment { holds: false, ..day };
        let morning = Next::Later(at("09T08:00"));
        let (sms, email) = (Next::Send(Channel::Sms), Next::Send(Channel::Email));
        for (template, moment, expected) in [
            (Filed, day, sms),
            (Filed, night, morning),
            (Booked, night, morning),
            (Confirm, night, morning),
            (OnTheWay, night, sms),
            (Code, night, sms),
            (Filed, full, morning),
            (OnTheWay, full, sms),
            (Confirm, full, email),
            (Confirm, day, email),
            (Booked, gone, Next::LetGo("superseded")),
        ] {
            let notice = notice(1, 1, template, "08T09:59");
            let next = decide(&notice, &reachable(), &manners(), moment, |_| true);
            // Letters prefer the app, then e-mail; there is no app here, and no systems of the retailer's.
            let next = match next {
                Next::Send(Channel::Webhook) => panic!("{template}"),
                other => other,
            };
            assert_eq!(next, expected, "{template} at {}", moment.now);
        }
    }

    #[test]
    fn a_digest_waits_for_its_hour_and_only_what_is_calm_does() {
        let wishes = Wishes { digest: true, ..Wishes::default() };
        let preferences = Preferences { wishes, ..reachable() };
        let of = |template, now| {
            let notice = notice(1, 1, template, "08T10:00");
            decide(&notice, &preferences, &manners(), moment(now), |one| one == Channel::Sms)
        };
        assert_eq!(of(Template::Filed, "08T10:00"), Next::Later(at("09T09:00")));
        assert_eq!(of(Template::Filed, "09T09:00"), Next::Send(Channel::Sms));
        assert_eq!(of(Template::Booked, "08T10:00"), Next::Send(Channel::Sms));
        assert_eq!(of(Template::Confirm, "08T10:00"), Next::Send(Channel::Sms));
    }

    #[test]
    fn who_works_at_night_is_not_disturbed_by_day() {
        use Template::{Booked, OnTheWay};
        let quiet = Hours { from: "09:00".parse().unwrap(), until: "16:00".parse().unwrap() };
        let wishes = Wishes { quiet: Some(quiet), ..Wishes::default() };
        let preferences = Preferences { wishes, ..reachable() };
        let of = |template, now| {
            let notice = notice(1, 1, template, "08T08:00");
            decide(&notice, &preferences, &manners(), moment(now), |one| one == Channel::Sms)
        };
        assert_eq!(of(Booked, "08T10:00"), Next::Later(at("08T16:00")));
        assert_eq!(of(OnTheWay, "08T10:00"), Next::Send(Channel::Sms));
        assert_eq!(of(Booked, "08T23:00"), Next::Send(Channel::Sms), "the house's night is theirs");
    }

    #[test]
    fn channels_are_tried_in_order_and_none_twice() {
        let filed = notice(1, 1, Template::Filed, "08T10:00");
        let mut notice = notice(1, 1, Template::Confirm, "08T10:00");
        let of = |notice: &Notice| {
            let carries = |one| matches!(one, Channel::Sms | Channel::Email | Channel::Push);
            decide(notice, &reachable(), &manners(), moment("08T10:00"), carries)
        };
        assert_eq!(of(&notice), Next::Send(Channel::Email), "no address of the app is known");
        notice.tried.push(Channel::Email);
        assert_eq!(of(&notice), Next::Send(Channel::Sms));
        notice.tried.push(Channel::Sms);
        assert_eq!(of(&notice), Next::NoChannel);
        let wishes = Wishes { muted: vec![Kind::Progress], ..Wishes::default() };
        let preferences = Preferences { wishes, ..reachable() };
        let next = decide(&filed, &preferences, &manners(), moment("08T10:00"), |_| true);
        assert_eq!(next, Next::LetGo("not_wanted"));
    }

    #[test]
    fn the_newest_of_its_kind_is_sent_and_calm_ones_go_in_one() {
        let ready = vec![
            (notice(1, 4, Template::Booked, "08T10:01"), Channel::Sms),
            (notice(1, 1, Template::Filed, "08T09:00"), Channel::Sms),
            (notice(1, 2, Template::Accepted, "08T09:30"), Channel::Sms),
            (notice(1, 5, Template::Moved, "08T10:02"), Channel::Sms),
            (notice(2, 1, Template::Booked, "08T10:00"), Channel::Sms),
            (notice(1, 6, Template::Confirm, "08T10:03"), Channel::Email),
        ];
        let merged = merge(ready, at("08T10:05"));
        let templates = |all: &[Notice]| all.iter().map(|one| one.template).collect::<Vec<_>>();
        let mut sent: Vec<_> =
            merged.send.iter().map(|(one, _)| (one.case, one.template)).collect();
        sent.sort();
        let case = |n| CaseId::new(Uuid::from_u128(n));
        let mut expected = vec![
            (case(2), Template::Booked),
            (case(1), Template::Accepted),
            (case(1), Template::Moved),
            (case(1), Template::Confirm),
        ];
        expected.sort();
        assert_eq!(sent, expected);
        assert_eq!(templates(&merged.old), [Template::Booked]);
        assert_eq!(templates(&merged.along), [Template::Filed]);
        let leader = merged.send.iter().find(|(one, _)| one.template == Template::Accepted);
        assert_eq!(merged.along[0].merged_into, leader.map(|(one, _)| one.id));
        assert!(merged.along.iter().chain(&merged.old).all(|one| one.state == State::Suppressed));
    }
}
