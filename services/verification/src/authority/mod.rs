//! How much a person may give alone.
//!
//! Owns grants by role and attributes with their history, what is said of people who are not registered,
//! delegations, and the record of what was used. Of those who are registered the register is asked. Who a person is follows from the credential, never from a field. It
//! deliberately knows nothing of cases: what a decision is worth is for the decision to say.
//!
//! Pure here; the rows are read and written in `store`.

mod store;

use parasol_api::Role;
use parasol_journey::time::{DAY, Timestamp};

pub use store::{Register, Used, declared, use_row, used};

/// The most revisions of grants that are kept.
pub const GRANTS_MAX: u64 = 1_000;
/// The most delegations to one person that are looked at.
pub const DELEGATIONS_MAX: u64 = 50;

/// One revision of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its name.
    pub name: String,
    /// Its revision; 0 for one that comes with the program.
    pub revision: i64,
    /// For whom.
    pub role: Role,
    /// For one person alone; empty for all of the role.
    pub subject: String,
    /// What it asks of them.
    pub asks: Asks,
    /// How much may be given by one decision, in fen.
    pub limit_fen: i64,
    /// From when on it counts.
    pub valid_from: Timestamp,
    /// Until when, if it has an end.
    pub valid_until: Option<Timestamp>,
}

/// What a grant asks of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// Days with the retailer.
    pub tenure_days: i64,
    /// The least score.
    pub score: i64,
    /// A certification; empty for none.
    pub certification: String,
}

/// What is known of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Since when with the retailer, if that is known.
    pub since: Option<Timestamp>,
    /// How they are scored, 0 to 1,000.
    pub score: i64,
    /// What they are certified for.
    pub certifications: Vec<String>,
}

/// What one person lends another, with how much the lender may give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lent {
    /// Who lends.
    pub lender: String,
    /// At most how much, in fen.
    pub cap_fen: i64,
    /// What the lender may give by their own grants, in fen.
    pub own_fen: i64,
}

/// How much a person may give now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    /// With what is lent to them, in fen.
    pub fen: i64,
    /// By their own grants, in fen.
    pub own_fen: i64,
    /// On whose authority it is more than their own; empty when it is not.
    pub lender: String,
}

impl Limit {
    /// On whose authority an amount is given: nobody's as long as their own suffices.
    pub fn lent_by(&self, amount_fen: i64) -> &str {
        if amount_fen > self.own_fen { &self.lender } else { "" }
    }
}

impl Grant {
    fn fits(&self, role: Role, subject: &str, person: &Person, at: Timestamp) -> bool {
        let tenure = person.since.map_or(-1, |since| at.since(since).micros().div_euclid(DAY));
        let asks = &self.asks;
        let certified =
            asks.certification.is_empty() || person.certifications.contains(&asks.certification);
        let tenured = asks.tenure_days == 0 || tenure >= asks.tenure_days;
        let is_theirs = self.subject.is_empty() || self.subject == subject;
        self.role == role && is_theirs && certified && tenured && person.score >= asks.score
    }
}

/// The revisions that count at a time: of each name the highest whose time has come, unless it has ended.
pub fn in_force(grants: &[Grant], at: Timestamp) -> Vec<&Grant> {
    let begun = |one: &&Grant| one.valid_from <= at;
    let mut newest: Vec<&Grant> = Vec::new();
    for grant in grants.iter().filter(begun) {
        match newest.iter_mut().find(|known| known.name == grant.name) {
            Some(known) if known.revision < grant.revision => *known = grant,
            Some(_) => {}
            None => newest.push(grant),
        }
    }
    newest.retain(|one| one.valid_until.is_none_or(|until| at < until));
    newest
}

/// How much a person may give by their own grants: the most that one of them gives.
pub fn own_fen(grants: &[Grant], role: Role, subject: &str, person: &Person, at: Timestamp) -> i64 {
    let fitting =
        in_force(grants, at).into_iter().filter(|one| one.fits(role, subject, person, at));
    fitting.map(|one| one.limit_fen).max().unwrap_or(0)
}

/// How much a person may give, with the most of what is lent to them. What is lent is capped by the
/// lender's own, so nothing that is borrowed is lent on.
pub fn limit(own_fen: i64, lent: &[Lent]) -> Limit {
    let most = lent.iter().max_by_key(|one| one.cap_fen.min(one.own_fen));
    match most.map(|one| (one.cap_fen.min(one.own_fen), &one.lender)) {
        Some((fen, lender)) if fen > own_fen => Limit { fen, own_fen, lender: lender.clone() },
        _ => Limit { fen: own_fen, own_fen, lender: String::new() },
    }
}

#[cfg(test)]
mod tests {
    use parasol_journey::time::Span;

    use super::*;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_micros(0) + Span::days(day)
    }

    fn grant(name: &str, revision: i64, limit_fen: i64, valid_from: Timestamp) -> Grant {
        Grant {
            name: name.to_owned(),
            revision,
            role: Role::Agent,
            subject: String::new(),
            asks: Asks::default(),
            limit_fen,
            valid_from,
            valid_until: None,
        }
    }

    #[test]
    fn a_raise_counts_from_its_day_on_and_the_revision_before_until_then() {
        let grants = [grant("base", 1, 100, at(0)), grant("base", 2, 300, at(10))];
        let limit_on = |day| own_fen(&grants, Role::Agent, "a", &Person::default(), at(day));
        assert_eq!((limit_on(-1), limit_on(9), limit_on(10)), (0, 100, 300));
        let ended = Grant { valid_until: Some(at(20)), ..grants[1].clone() };
        let grants = [grants[0].clone(), ended];
        let limit_on = |day| own_fen(&grants, Role::Agent, "a", &Person::default(), at(day));
        assert_eq!((limit_on(19), limit_on(20)), (300, 0), "an older revision does not come back");
    }

    #[test]
    fn a_grant_asks_for_tenure_score_and_certification() {
        let asks = Asks { tenure_days: 365, score: 800, certification: "large".to_owned() };
        let senior = Grant { asks, ..grant("senior", 1, 500, at(0)) };
        let grants = [grant("base", 1, 100, at(0)), senior];
        let fit =
            Person { since: Some(at(0)), score: 800, certifications: vec!["large".to_owned()] };
        let limit = |person: &Person, day| own_fen(&grants, Role::Agent, "a", person, at(day));
        assert_eq!((limit(&fit, 364), limit(&fit, 365)), (100, 500));
        for lacking in [
            Person { score: 799, ..fit.clone() },
            Person { certifications: vec!["small".to_owned()], ..fit.clone() },
            Person { since: None, ..fit.clone() },
        ] {
            assert_eq!(limit(&lacking, 1_000), 100, "{lacking:?}");
        }
    }

    #[test]
    fn a_grant_is_for_its_role_and_its_person() {
        let mine = Grant { subject: "a-1".to_owned(), ..grant("mine", 1, 700, at(0)) };
        let grants = [mine];
        let limit = |role, subject| own_fen(&grants, role, subject, &Person::default(), at(1));
        assert_eq!(limit(Role::Agent, "a-1"), 700);
        assert_eq!(limit(Role::Agent, "a-2"), 0);
        assert_eq!(limit(Role::Manager, "a-1"), 0);
    }

    #[test]
    fn what_is_lent_is_capped_by_the_lenders_own() {
        let lent = |cap_fen, own_fen| Lent { lender: "m".to_owned(), cap_fen, own_fen };
        assert_eq!(limit(100, &[]).fen, 100);
        assert_eq!(limit(100, &[lent(i64::MAX, 900)]).fen, 900);
        assert_eq!(limit(100, &[lent(400, 900)]).fen, 400);
        let less = limit(100, &[lent(50, 900), lent(900, 0)]);
        assert_eq!((less.fen, less.lender.as_str()), (100, ""));
        let more = limit(100, &[lent(400, 900)]);
        assert_eq!((more.lent_by(100), more.lent_by(101)), ("", "m"));
    }
}
