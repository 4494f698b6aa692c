//! Follow-ups (跟单): somebody stays on a problem until the customer says that it is solved. Pure.
//!
//! Each kind of problem has its own time, and every note says when it is looked at next. What runs past its time,
//! or is not looked at when that was said, goes up: first line, second line, complaint desk. Only the customer's
//! word closes it.

use parasol_journey::time::{Span, Timestamp};

use super::listed;
use super::tables::follow_ups::Model;

listed! {
    /// What a follow-up is about.
    Issue = FollowUpIssue {
        /// Nobody came, or nobody called.
        LateVisit = "late_visit",
        /// The fault is back.
        FaultAgain = "fault_again",
        /// Money has not arrived.
        Money = "money",
        /// Parts or goods have not arrived.
        Parts = "parts",
        /// How somebody behaved.
        Conduct = "conduct",
        /// A survey said that something is wrong.
        Survey = "survey",
        /// Packaging, or a rule of ours.
        Policy = "policy",
        /// Anything else.
        Other = "other",
    }
}

listed! {
    /// How far a follow-up has come.
    State = FollowUpState {
        /// Nobody has it.
        Open = "open",
        /// Somebody works on it.
        Taken = "taken",
        /// The customer said that it is solved.
        Solved = "solved",
        /// Closed.
        Closed = "closed",
    }
}

/// The first level.
pub const FIRST_TIER: i64 = 1;
/// The complaint desk, above which there is nobody.
pub const LAST_TIER: i64 = 3;
/// How long after the time that was said for a look it is taken for missed.
const CHECK_GRACE: Span = Span::hours(1);
/// When whoever takes a follow-up looks at it first, at the latest.
const FIRST_CHECK: Span = Span::hours(4);
/// How far ahead the next look may lie.
pub const CHECK_AHEAD_MAX: Span = Span::days(7);
/// How long the complaint desk has until it is reminded again.
const DESK_AGAIN: Span = Span::days(1);

impl Issue {
    /// How long each level has.
    pub const fn time(self) -> Span {
        match self {
            Self::LateVisit => Span::hours(4),
            Self::FaultAgain | Self::Money | Self::Conduct | Self::Survey => Span::days(1),
            Self::Parts | Self::Other => Span::days(2),
            Self::Policy => Span::days(7),
        }
    }
}

/// What happens to a follow-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Somebody has it from now on.
    Assign(String),
    /// Something was done; it is looked at again then.
    Note(Timestamp),
    /// It goes to the next level.
    Escalate,
    /// The customer says whether it is solved.
    Confirm(bool),
    /// It is closed.
    Close,
    /// Its time is over, or it was not looked at.
    Lapse,
}

/// Why nothing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is closed.
    Closed,
    /// The customer has not said that it is solved.
    NotSolved,
    /// There is nobody above.
    AtTop,
    /// Its time is not over.
    NotDue,
}

/// Whether its time is over, or it was not looked at when that was said.
pub fn is_due(row: &Model, now: Timestamp) -> bool {
    let waits = matches!(State::parse(&row.state), Some(State::Open | State::Taken));
    let over = row.valid_until <= now.micros();
    let missed = row.next_check_at > 0 && row.next_check_at <= (now - CHECK_GRACE).micros();
    waits && (over || missed)
}

/// The time before which a look was missed.
pub fn missed_before(now: Timestamp) -> Timestamp {
    now - CHECK_GRACE
}

/// The follow-up after an act, with the word for what happened.
///
/// # Errors
/// Why nothing happens.
pub fn act(row: &Model, act: &Act, now: Timestamp) -> Result<(Model, &'static str), Refused> {
    if State::parse(&row.state) == Some(State::Closed) {
        return Err(Refused::Closed);
    }
    let issue = Issue::parse(&row.issue).unwrap_or(Issue::Other);
    let mut after = Model { version: row.version + 1, ..row.clone() };
    let word = match act {
        Act::Assign(to) => {
            after.assignee.clone_from(to);
            if row.state == State::Open.as_str() {
                set(&mut after, State::Taken);
            }
            let first = (now + FIRST_CHECK).micros().min(row.valid_until.max(now.micros()));
            after.next_check_at = first;
            "assigned"
        }
        Act::Note(next) => {
            after.next_check_at = next.micros();
            "noted"
        }
        Act::Escalate | Act::Lapse => return go_up(row, after, act, issue, now),
        Act::Confirm(true) => {
            set(&mut after, State::Solved);
            after.solved_at = now.micros();
            let first_time = row.opened_at + issue.time().micros();
            after.in_time = i64::from(now.micros() <= first_time);
            "solved"
        }
        Act::Confirm(false) => {
            let is_taken = !row.assignee.is_empty();
            set(&mut after, if is_taken { State::Taken } else { State::Open });
            (after.solved_at, after.in_time) = (0, 0);
            "not_solved"
        }
        Act::Close if row.state == State::Solved.as_str() => {
            set(&mut after, State::Closed);
            after.closed_at = now.micros();
            "closed"
        }
        Act::Close => return Err(Refused::NotSolved),
    };
    Ok((after, word))
}

fn go_up(
    row: &Model,
    mut after: Model,
    act: &Act,
    issue: Issue,
    now: Timestamp,
) -> Result<(Model, &'static str), Refused> {
    let by_time = *act == Act::Lapse;
    if by_time && !is_due(row, now) {
        return Err(Refused::NotDue);
    }
    if row.tier >= LAST_TIER {
        if !by_time {
            return Err(Refused::AtTop);
        }
        // There is nobody above: it stays where it is, and is told of again.
        after.valid_until = (now + DESK_AGAIN).micros();
        after.next_check_at = 0;
        return Ok((after, "overdue"));
    }
    after.tier += 1;
    after.assignee.clear();
    after.next_check_at = 0;
    after.valid_until = (now + issue.time()).micros();
    (after.solved_at, after.in_time) = (0, 0);
    set(&mut after, State::Open);
    Ok((after, "escalated"))
}

fn set(row: &mut Model, state: State) {
    state.as_str().clone_into(&mut row.state);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(issue: Issue) -> Model {
        let now = Timestamp::from_micros(0);
        Model {
            follow_up: uuid::Uuid::from_u128(1),
            version: 1,
            case_id: uuid::Uuid::from_u128(2),
            number: 1,
            brand: "aurora".into(),
            category: "refrigerator".into(),
            issue: issue.as_str().into(),
            tier: FIRST_TIER,
            state: State::Open.as_str().into(),
            assignee: String::new(),
            opened_at: 0,
            valid_until: (now + issue.time()).micros(),
            next_check_at: 0,
            solved_at: 0,
            closed_at: 0,
            in_time: 0,
        }
    }

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_micros(0) + Span::hours(hours)
    }

    #[test]
    fn nothing_closes_a_follow_up_but_the_customers_word() {
        let row = opened(Issue::Money);
        assert_eq!(act(&row, &Act::Close, at(1)), Err(Refused::NotSolved));
        let (taken, _) = act(&row, &Act::Assign("a-1".into()), at(1)).unwrap();
        assert_eq!(act(&taken, &Act::Close, at(1)), Err(Refused::NotSolved));
        let (solved, _) = act(&taken, &Act::Confirm(true), at(2)).unwrap();
        assert_eq!(solved.in_time, 1);
        let (not, _) = act(&solved, &Act::Confirm(false), at(3)).unwrap();
        assert_eq!((not.state.as_str(), not.in_time), ("taken", 0));
        assert_eq!(act(&not, &Act::Close, at(3)), Err(Refused::NotSolved));
        let (closed, word) = act(&solved, &Act::Close, at(3)).unwrap();
        assert_eq!((word, closed.state.as_str()), ("closed", "closed"));
        for any in [Act::Close, Act::Confirm(false), Act::Escalate, Act::Lapse] {
            assert_eq!(act(&closed, &any, at(9)), Err(Refused::Closed));
        }
    }

    #[test]
    fn time_takes_it_up_level_by_level_and_tells_the_desk_again_and_again() {
        let row = opened(Issue::LateVisit);
        assert_eq!(act(&row, &Act::Lapse, at(3)), Err(Refused::NotDue));
        let (second, word) = act(&row, &Act::Lapse, at(4)).unwrap();
        assert_eq!((second.tier, word, second.valid_until), (2, "escalated", at(8).micros()));
        let (desk, _) = act(&second, &Act::Lapse, at(8)).unwrap();
        assert_eq!(desk.tier, LAST_TIER);
        let (again, word) = act(&desk, &Act::Lapse, at(12)).unwrap();
        assert_eq!((again.tier, word), (LAST_TIER, "overdue"));
        assert_eq!(act(&desk, &Act::Escalate, at(12)), Err(Refused::AtTop));
        assert!(!is_due(&again, at(13)), "it is told of once a day");
    }

    #[test]
    fn a_look_that_was_said_and_missed_takes_it_up_before_its_time() {
        let row = opened(Issue::Policy);
        let (taken, _) = act(&row, &Act::Assign("a-1".into()), at(0)).unwrap();
        let (noted, _) = act(&taken, &Act::Note(at(10)), at(1)).unwrap();
        assert!(!is_due(&noted, at(10)));
        assert!(is_due(&noted, at(11)));
        let (up, _) = act(&noted, &Act::Lapse, at(11)).unwrap();
        assert_eq!((up.tier, up.assignee.as_str()), (2, ""));
        let (solved, _) = act(&noted, &Act::Confirm(true), at(10)).unwrap();
        assert!(!is_due(&solved, at(1_000)), "what is solved waits for nobody");
    }

    #[test]
    fn solved_after_the_first_time_is_not_in_time_at_whatever_level() {
        let (second, _) = act(&opened(Issue::Money), &Act::Escalate, at(20)).unwrap();
        let (late, _) = act(&second, &Act::Confirm(true), at(25)).unwrap();
        assert_eq!(late.in_time, 0);
        let (early, _) = act(&second, &Act::Confirm(true), at(23)).unwrap();
        assert_eq!(early.in_time, 1);
    }
}
