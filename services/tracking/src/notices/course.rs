//! How a notice is seen through: its states, and what follows from what a channel says.
//!
//! Pure. A state is stored before it matters: that a notice is about to be handed over is written down first,
//! so that whoever comes after a crash asks what became of it. A notice goes to another channel only after the
//! one before has said no; what may have arrived is never sent by another way as if it had not.

use parasol_journey::ids::{CaseId, CustomerId};
use parasol_journey::time::{HOUR, MINUTE, Span, Timestamp};
use parasol_journey::vocab::Channel;
use parasol_journey::{Case, Event};

use super::plan::Template;
use super::{NoticeId, Operation, listed};

/// How often a notice is handed to one channel that is busy or has never heard of it.
pub const ATTEMPTS_MAX: i64 = 8;
/// The shortest and the longest time between two questions about a notice that may be out, and between two
/// attempts.
const ASK_AGAIN_MIN: i64 = MINUTE;
const ASK_AGAIN_MAX: i64 = 6 * HOUR;
/// How long a receipt is waited for.
const RECEIPT_WAIT_MAX: Span = Span::hours(24);
/// The longest pause a busy channel may ask for.
const BUSY_MAX: i64 = 6 * HOUR;
/// Characters kept of a coded reason.
const REASON_MAX: usize = 40;

listed! {
    /// How far a notice has come.
    State {
        /// Nothing was sent.
        Planned = "planned",
        /// About to be handed over, or taken by the channel; no receipt yet.
        Sent = "sent",
        /// It arrived.
        Delivered = "delivered",
        /// Every channel refused it, or there is none.
        Failed = "failed",
        /// The answer was lost; asked about, never sent anew under another number.
        Unknown = "unknown",
        /// Let go: not wanted, told along with another, or true no more.
        Suppressed = "suppressed",
    }
}

/// What may follow what; everything else is refused.
pub const FOLLOWS: &[(State, &[State])] = {
    use State::{Delivered, Failed, Planned, Sent, Suppressed, Unknown};
    &[
        (Planned, &[Planned, Sent, Failed, Suppressed, Delivered]),
        // Back to planned where the channel says that it has not taken it, for another attempt or channel.
        (Sent, &[Planned, Sent, Delivered, Failed, Unknown]),
        (Delivered, &[]),
        // By an operator's word; and a late receipt says that it did arrive.
        (Failed, &[Planned, Delivered]),
        (Unknown, &[Planned, Sent, Delivered, Failed, Unknown]),
        (Suppressed, &[]),
    ]
};

impl State {
    /// Whether a state may follow this one.
    pub fn may_become(self, next: Self) -> bool {
        FOLLOWS.iter().any(|(from, to)| *from == self && to.contains(&next))
    }

    /// Whether the channel may know of the notice, so that it is asked before anything is sent.
    pub const fn is_out(self) -> bool {
        matches!(self, Self::Sent | Self::Unknown)
    }
}

/// What a channel says about a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It arrived.
    Delivered,
    /// Taken on; a receipt follows, or does not.
    Accepted,
    /// Refused; it has not arrived and will not.
    Refused {
        /// Why, coded.
        reason: String,
    },
    /// Not taken now; perhaps later.
    Busy {
        /// How long to wait, in microseconds, if the channel said.
        wait: Option<i64>,
    },
    /// The channel has never heard of it.
    NeverHeard,
    /// The answer was lost.
    Lost,
}

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// The case.
    pub case: CaseId,
    /// The entry it tells of.
    pub seq: u64,
    /// What is told.
    pub template: Template,
    /// Whom.
    pub customer: CustomerId,
    /// How far it has come.
    pub state: State,
    /// The channel it is on.
    pub channel: Option<Channel>,
    /// Channels that failed before.
    pub tried: Vec<Channel>,
    /// How often it was handed to the channel.
    pub attempts: i64,
    /// How often the channel was asked since.
    pub asks: i64,
    /// When to look at it next; `None` when there is nothing more to do.
    pub due: Option<Timestamp>,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// When it was first handed to a channel.
    pub sent_at: Option<Timestamp>,
    /// When its state changed last.
    pub changed_at: Timestamp,
    /// Why it failed or was let go, coded.
    pub reason: String,
    /// The notice that tells it along.
    pub merged_into: Option<NoticeId>,
}

impl Notice {
    /// The notice of an entry, before anything is done about it.
    pub fn planned(case: &Case, event: &Event, template: Template, due: Timestamp) -> Self {
        Self {
            id: NoticeId::of(case.id, event.seq, template),
            case: case.id,
            seq: event.seq,
            template,
            customer: case.filing.customer,
            state: State::Planned,
            channel: None,
            tried: Vec::new(),
            attempts: 0,
            asks: 0,
            due: Some(due),
            planned_at: event.at,
            sent_at: None,
            changed_at: event.at,
            reason: String::new(),
            merged_into: None,
        }
    }

    /// Its number on the channel it is on.
    pub fn operation(&self) -> Option<Operation> {
        self.channel.map(|channel| Operation { notice: self.id, channel })
    }

    /// Whether it has come to its end without arriving: refused everywhere, or nobody knows for too long.
    pub fn is_given_up(&self) -> bool {
        let ended = matches!(self.state, State::Failed | State::Sent | State::Unknown);
        ended && self.due.is_none()
    }

    fn becomes(self, state: State, due: Option<Timestamp>, now: Timestamp) -> Self {
        debug_assert!(self.state.may_become(state), "{} after {}", state, self.state);
        Self { state, due, changed_at: now.max(self.changed_at), ..self }
    }

    /// Waits until another time; nothing was sent.
    #[must_use]
    pub fn put_off(self, until: Timestamp) -> Self {
        Self { due: Some(until), ..self }
    }

    /// Is let go.
    #[must_use]
    pub fn suppressed(self, reason: &'static str, now: Timestamp) -> Self {
        Self { reason: reason.to_owned(), ..self.becomes(State::Suppressed, None, now) }
    }

    /// Is told along with another.
    #[must_use]
    pub fn merged(self, into: NoticeId, now: Timestamp) -> Self {
        Self { merged_into: Some(into), ..self.suppressed("merged", now) }
    }

    /// Is about to be handed to a channel. Looked at soon, in case nobody lives to say what came of it.
    #[must_use]
    pub fn handing_over(self, channel: Channel, now: Timestamp) -> Self {
        let sent_at = self.sent_at.or(Some(now));
        let next = Self { channel: Some(channel), attempts: self.attempts + 1, asks: 0, ..self };
        let due = now + Span::from_micros(ASK_AGAIN_MIN);
        Self { sent_at, ..next.becomes(State::Sent, Some(due), now) }
    }

    /// There is no channel that would carry it.
    #[must_use]
    pub fn without_channel(self, now: Timestamp) -> Self {
        let reason = match self.reason.as_str() {
            "" => "no_address".to_owned(),
            known => known.to_owned(),
        };
        Self { reason, ..self.becomes(State::Failed, None, now) }
    }

    /// What follows from what its channel says. `can_be_asked` says whether the channel answers questions.
    #[must_use]
    pub fn told(self, told: &Told, can_be_asked: bool, now: Timestamp) -> Self {
        if !self.state.is_out() {
            return self;
        }
        match told {
            Told::Delivered => self.arrived(now),
            Told::Accepted => self.waits(State::Sent, can_be_asked, now),
            Told::Lost => self.waits(State::Unknown, can_be_asked, now),
            Told::Refused { reason } => self.refused(reason, now),
            Told::Busy { .. } | Told::NeverHeard if self.attempts >= ATTEMPTS_MAX => {
                self.refused("not_taken", now)
            }
            // Whoever has never heard of a number has not passed it on: the same number may be sent.
            Told::NeverHeard => self.becomes(State::Planned, Some(now), now),
            Told::Busy { wait } => {
                let wait = wait.map(|wait| wait.clamp(ASK_AGAIN_MIN, BUSY_MAX));
                let wait = wait.unwrap_or_else(|| backed_off(self.attempts));
                self.becomes(State::Planned, Some(now + Span::from_micros(wait)), now)
            }
        }
    }

    /// It arrived, whoever says so.
    #[must_use]
    pub fn arrived(self, now: Timestamp) -> Self {
        match self.state.may_become(State::Delivered) {
            true => Self { reason: String::new(), ..self.becomes(State::Delivered, None, now) },
            false => self,
        }
    }

    /// A channel says that it will not arrive by it. Of another channel than the one it is on that is no
    /// news.
    #[must_use]
    pub fn refused_by(self, channel: Channel, reason: &str, now: Timestamp) -> Self {
        let is_on_it = self.state.is_out() && self.channel == Some(channel);
        if is_on_it { self.refused(reason, now) } else { self }
    }

    /// An operator has it sent again, on every channel anew, each under its number.
    #[must_use]
    pub fn redriven(self, now: Timestamp) -> Self {
        if self.state != State::Failed {
            return self;
        }
        let fresh = Self { channel: None, tried: Vec::new(), attempts: 0, asks: 0, ..self };
        Self { reason: String::new(), ..fresh.becomes(State::Planned, Some(now), now) }
    }

    /// To the next channel; which one, and whether there is one, is found when it is its turn.
    fn refused(self, reason: &str, now: Timestamp) -> Self {
        let mut tried = self.tried.clone();
        tried.extend(self.channel);
        let reason = coded(reason);
        let next = Self { channel: None, tried, attempts: 0, asks: 0, reason, ..self };
        next.becomes(State::Planned, Some(now), now)
    }

    /// It may arrive or have arrived: asked about, less and less often, for a while.
    fn waits(self, state: State, can_be_asked: bool, now: Timestamp) -> Self {
        let until = self.sent_at.unwrap_or(now) + RECEIPT_WAIT_MAX;
        let next = match can_be_asked {
            true => (now + Span::from_micros(backed_off(self.asks))).min(until),
            false => until,
        };
        let due = (now < until).then_some(next);
        let reason = match (state, due) {
            (State::Sent, None) => "no_receipt".to_owned(),
            (State::Unknown, None) => "no_answer".to_owned(),
            _ => self.reason.clone(),
        };
        let asks = self.asks + 1;
        Self { asks, reason, ..self.becomes(state, due, now) }
    }
}

/// A minute, doubled each time, up to a quarter of a day.
fn backed_off(times: i64) -> i64 {
    let doubled = ASK_AGAIN_MIN.checked_shl(u32::try_from(times).unwrap_or(u32::MAX).min(32));
    doubled.unwrap_or(ASK_AGAIN_MAX).clamp(ASK_AGAIN_MIN, ASK_AGAIN_MAX)
}

/// A reason as a code: what providers write freely may hold a telephone number.
pub fn coded(reason: &str) -> String {
    let is_code = !reason.is_empty()
        && reason.len() <= REASON_MAX
        && reason.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_code { reason.to_owned() } else { "refused".to_owned() }
}

#[cfg(test)]
mod tests {
    use parasol_journey::ids::CaseId;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn notice() -> Notice {
        let case = CaseId::new(Uuid::from_u128(1));
        let at = Timestamp::from_micros(0);
        Notice {
            id: NoticeId::of(case, 1, Template::Confirm),
            case,
            seq: 1,
            template: Template::Confirm,
            customer: CustomerId::new(Uuid::from_u128(2)),
            state: State::Planned,
            channel: None,
            tried: Vec::new(),
            attempts: 0,
            asks: 0,
            due: Some(at),
            planned_at: at,
            sent_at: None,
            changed_at: at,
            reason: String::new(),
            merged_into: None,
        }
    }

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_micros(minutes * MINUTE)
    }

    #[test]
    fn the_table_has_one_row_per_state_in_order() {
        let states: Vec<_> = FOLLOWS.iter().map(|(from, _)| *from).collect();
        assert_eq!(states, State::ALL);
        assert!(State::ALL.iter().all(|next| !State::Delivered.may_become(*next)));
    }

    #[test]
    fn a_refusal_leads_to_the_next_channel_and_a_lost_answer_does_not() {
        let sent = notice().handing_over(Channel::Sms, at(0));
        let told = Told::Refused { reason: "number_rejected".to_owned() };
        let refused = sent.clone().told(&told, true, at(1));
        assert_eq!((refused.state, refused.tried), (State::Planned, vec![Channel::Sms]));
        assert_eq!((refused.channel, refused.due), (None, Some(at(1))));
        let lost = sent.told(&Told::Lost, true, at(1));
        assert_eq!((lost.state, lost.channel), (State::Unknown, Some(Channel::Sms)));
        assert!(lost.tried.is_empty());
    }

    #[test]
    fn what_nobody_hears_of_is_asked_about_for_a_day_and_then_given_up_where_it_is() {
        for (told, state, reason) in
            [(Told::Lost, State::Unknown, "no_answer"), (Told::Accepted, State::Sent, "no_receipt")]
        {
            let mut notice = notice().handing_over(Channel::Sms, at(0));
            let mut asked = 0;
            while let Some(due) = notice.due {
                notice = notice.told(&told, true, due);
                asked += 1;
            }
            assert_eq!((notice.state, notice.reason.as_str()), (state, reason));
            assert!((5..30).contains(&asked), "{asked} questions");
            assert!(notice.is_given_up());
            assert_eq!(notice.changed_at, at(24 * 60));
        }
    }

    #[test]
    fn a_channel_that_cannot_be_asked_is_waited_for_in_silence() {
        let sent = notice().handing_over(Channel::Email, at(0)).told(&Told::Accepted, false, at(0));
        assert_eq!(sent.due, Some(at(24 * 60)));
        let over = sent.told(&Told::Lost, false, at(24 * 60));
        assert!(over.is_given_up());
    }

    #[test]
    fn a_reason_is_a_code_or_says_no_more_than_no() {
        for (said, kept) in [
            ("number_rejected", "number_rejected"),
            ("13800008000 is not a number", "refused"),
            ("", "refused"),
            ("No", "refused"),
        ] {
            assert_eq!(coded(said), kept);
        }
    }

    #[test]
    fn only_what_failed_is_sent_again_and_then_on_every_channel() {
        let failed = notice().handing_over(Channel::Sms, at(0));
        let told = Told::Refused { reason: "blocked".to_owned() };
        let failed = failed.told(&told, true, at(1)).without_channel(at(2));
        assert_eq!((failed.state, failed.reason.as_str()), (State::Failed, "blocked"));
        let again = failed.clone().redriven(at(3));
        assert_eq!((again.state, again.due, again.tried.len()), (State::Planned, Some(at(3)), 0));
        assert_eq!(failed.arrived(at(3)).state, State::Delivered, "a late receipt counts");
        let unknown = notice().handing_over(Channel::Sms, at(0)).told(&Told::Lost, true, at(1));
        assert_eq!(unknown.clone().redriven(at(2)), unknown, "it may have arrived");
    }

    fn any_told() -> impl Strategy<Value = Told> {
        prop_oneof![
            Just(Told::Delivered),
            Just(Told::Accepted),
            Just(Told::Refused { reason: "x".to_owned() }),
            any::<Option<i64>>().prop_map(|wait| Told::Busy { wait }),
            Just(Told::NeverHeard),
            Just(Told::Lost),
        ]
    }

    proptest! {
        /// Whatever channels say, a notice ends, and each channel is left for another only after a no.
        #[test]
        fn every_notice_ends(
            said in prop::collection::vec(any_told(), 1..200),
            askable in any::<bool>(),
        ) {
            let channels = [Channel::Push, Channel::Sms, Channel::Email];
            let mut notice = notice();
            let mut steps = 0;
            let mut says = said.iter().cycle();
            while let Some(due) = notice.due {
                steps += 1;
                prop_assert!(steps < 2_000, "it never ends");
                if notice.state == State::Planned {
                    let next = notice.channel.or_else(|| {
                        channels.iter().copied().find(|one| !notice.tried.contains(one))
                    });
                    match next {
                        Some(channel) => notice = notice.handing_over(channel, due),
                        None => {
                            notice = notice.without_channel(due);
                            continue;
                        }
                    }
                }
                let told = says.next().unwrap();
                let before = notice.clone();
                notice = notice.told(told, askable, due);
                if notice.channel != before.channel {
                    let exhausted = before.attempts >= ATTEMPTS_MAX;
                    let said_no = matches!(told, Told::Refused { .. }) || exhausted;
                    prop_assert!(said_no, "{told:?}");
                }
            }
        }
    }
}
