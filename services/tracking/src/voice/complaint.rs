//! Complaints: classified, owned, acted on, verified, closed. Pure.
//!
//! A complaint is closed only after somebody other than whoever acted has found that it helped.

use super::listed;
use super::tables::complaints::Model;
use parasol_journey::time::Timestamp;
use uuid::Uuid;

listed! {
    /// What a complaint is about.
    Class = ComplaintClass {
        /// The product.
        Product = "product",
        /// Late or missed visits.
        Visit = "visit",
        /// The finding of an inspection.
        Finding = "finding",
        /// Parts and goods.
        Parts = "parts",
        /// Money.
        Money = "money",
        /// How somebody behaved.
        Conduct = "conduct",
        /// A rule of ours, or packaging.
        Policy = "policy",
        /// What the product page said.
        Page = "page",
    }
}

listed! {
    /// How far a complaint has come.
    State = ComplaintState {
        /// It has a class and no owner.
        Classified = "classified",
        /// It has an owner.
        Owned = "owned",
        /// The owner did something about it.
        Acted = "acted",
        /// Somebody else found that it helped.
        Verified = "verified",
        /// Closed.
        Closed = "closed",
    }
}

listed! {
    /// What came of a complaint.
    Outcome = ComplaintOutcome {
        /// The customer got something.
        MadeGood = "made_good",
        /// A process was changed.
        Process = "process",
        /// A notice on the product page.
        ProductNotice = "product_notice",
        /// A project to improve something.
        Project = "project",
        /// Training of somebody.
        Training = "training",
        /// Nothing was wrong.
        Unfounded = "unfounded",
    }
}

/// What happens to a complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Somebody owns it from now on.
    Assign(String),
    /// The owner did something about it.
    Do {
        /// What came of it.
        outcome: Outcome,
        /// The project that came of it; the nil id for none.
        project: Uuid,
    },
    /// Somebody looked whether it helped.
    Verify(bool),
    /// It is closed.
    Close,
}

/// Why nothing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It does not stand where this begins.
    State,
    /// Whoever acted does not verify.
    FourEyes,
}

/// The complaint after an act of somebody, with the word for what happened.
///
/// # Errors
/// Why nothing happens.
pub fn act(
    row: &Model,
    act: &Act,
    by: &str,
    now: Timestamp,
) -> Result<(Model, &'static str), Refused> {
    let state = State::parse(&row.state).ok_or(Refused::State)?;
    let mut after = Model { version: row.version + 1, ..row.clone() };
    let (to, word) = match (act, state) {
        (Act::Assign(owner), State::Classified | State::Owned) => {
            after.owner.clone_from(owner);
            (State::Owned, "assigned")
        }
        (Act::Do { outcome, project }, State::Owned) => {
            outcome.as_str().clone_into(&mut after.outcome);
            by.clone_into(&mut after.acted_by);
            after.project = *project;
            (State::Acted, "acted")
        }
        (Act::Verify(_), State::Acted) if row.acted_by == by => return Err(Refused::FourEyes),
        (Act::Verify(true), State::Acted) => (State::Verified, "verified"),
        (Act::Verify(false), State::Acted) => (State::Owned, "sent_back"),
        (Act::Close, State::Verified) => {
            after.closed_at = now.micros();
            (State::Closed, "closed")
        }
        _ => return Err(Refused::State),
    };
    to.as_str().clone_into(&mut after.state);
    Ok((after, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(state: State) -> Model {
        Model {
            complaint: Uuid::from_u128(1),
            version: 1,
            case_id: Uuid::from_u128(2),
            number: 1,
            brand: "aurora".into(),
            category: "refrigerator".into(),
            sku: "AUR-1".into(),
            class: Class::Visit.as_str().into(),
            state: state.as_str().into(),
            owner: "a-1".into(),
            acted_by: "agent:a-1".into(),
            outcome: String::new(),
            project: Uuid::nil(),
            opened_at: 0,
            closed_at: 0,
        }
    }

    #[test]
    fn every_step_begins_where_the_one_before_ended_and_nowhere_else() {
        let now = Timestamp::from_micros(9);
        let acts = [
            Act::Assign("a-2".into()),
            Act::Do { outcome: Outcome::Process, project: Uuid::nil() },
            Act::Verify(true),
            Act::Verify(false),
            Act::Close,
        ];
        let leads = |state: State, one: &Act| match (state, one) {
            (State::Classified | State::Owned, Act::Assign(_)) => Some(State::Owned),
            (State::Owned, Act::Do { .. }) => Some(State::Acted),
            (State::Acted, Act::Verify(true)) => Some(State::Verified),
            (State::Acted, Act::Verify(false)) => Some(State::Owned),
            (State::Verified, Act::Close) => Some(State::Closed),
            _ => None,
        };
        for state in State::ALL {
            for one in &acts {
                let came = act(&row(*state), one, "manager:m-1", now);
                let stands = came.ok().map(|(after, _)| State::parse(&after.state).unwrap());
                assert_eq!(stands, leads(*state, one), "{state:?} {one:?}");
            }
        }
    }

    #[test]
    fn whoever_acted_does_not_verify() {
        let now = Timestamp::from_micros(9);
        let acted = row(State::Acted);
        assert_eq!(act(&acted, &Act::Verify(true), "agent:a-1", now), Err(Refused::FourEyes));
        assert!(act(&acted, &Act::Verify(true), "agent:a-2", now).is_ok());
    }
}
